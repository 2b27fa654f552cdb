"""Draw what lies between the pieces of a tooth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import shapes
from ..repair import Repair, RepairRefusedError, tooth

if TYPE_CHECKING:
    from ..jaw_bench import JawBench
    from ..label_map_bench import LabelMapBench


class JoinPieces(Repair):
    """Make one piece of a tooth by what lies free between its pieces, where that is little."""

    kind = "join_pieces"
    words = "Join the pieces of tooth {teeth[0]:tooth}"

    def change_label_map(self, bench: LabelMapBench) -> None:
        (fdi,) = self.teeth
        bench.require(fdi)
        view = bench.window[bench.crop(fdi)]
        mask = view == fdi
        if len(shapes.pieces(mask)[1]) < 2:
            raise _in_one_piece(fdi)
        view[shapes.join(mask, view == 0, bench.labels.spacing[::-1])] = fdi

    def change_surface(self, bench: JawBench) -> None:
        (fdi,) = self.teeth
        loose = bench.loose_parts(fdi)
        if not loose:
            raise _in_one_piece(fdi)
        before = np.zeros(len(bench.fdi), bool)
        before[np.concatenate([bench.parts(fdi)[0], *loose])] = True
        added = _join(bench, fdi, before) & ~before
        share = bench.vertex_area[added].sum() / bench.vertex_area[before].sum()
        if share > shapes.JOIN_SHARE:
            raise RepairRefusedError(
                "Tooth {fdi:tooth} would grow by {percent:.0f} % to become one piece: draw the part between.",
                fdi=fdi,
                percent=100 * share,
            )
        bench.label(np.flatnonzero(added), fdi)
        for gap in bench.gaps(fdi):
            bench.label(gap, fdi)


def _join(bench: JawBench, fdi: int, pieces: np.ndarray) -> np.ndarray:
    """(V,) bool: the pieces of a tooth, made one by the gingiva that lies between them."""
    from scipy.spatial import cKDTree

    whole = pieces
    step = float(np.linalg.norm(np.diff(bench.vertices[bench.edges], axis=1), axis=2).mean())
    gingiva = np.flatnonzero(bench.fdi == 0)
    while len(parts := bench.pieces(whole)) > 1:
        main = cKDTree(bench.vertices[parts[0]])
        gaps = [float(main.query(bench.vertices[part])[0].min()) for part in parts[1:]]
        gap, other = min(gaps), parts[1 + int(np.argmin(gaps))]
        if gap > shapes.JOIN_MM:
            raise RepairRefusedError(
                "Tooth {fdi:tooth} is in pieces that lie {gap:.0f} mm apart, too far to be joined: "
                "draw the part between.",
                fdi=fdi,
                gap=gap,
            )
        points = bench.vertices[gingiva]
        way = main.query(points)[0] + cKDTree(bench.vertices[other]).query(points)[0]
        for slack in (1.0, 2.0, 3.0):
            grown = whole.copy()
            grown[gingiva[way <= gap + slack * step]] = True
            if len(bench.pieces(grown)) < len(parts):
                break
        else:
            raise RepairRefusedError(
                "Tooth {fdi:tooth} is in pieces with another tooth between them: draw the part between.", fdi=fdi
            )
        whole = grown
    return whole


def _in_one_piece(fdi: int) -> RepairRefusedError:
    return RepairRefusedError("Tooth {fdi:tooth} is in one piece: there is nothing to join.", fdi=fdi)


def join_pieces(fdi: int) -> Repair:
    """Draw what lies between the pieces of the tooth."""
    return JoinPieces((tooth(fdi),))
