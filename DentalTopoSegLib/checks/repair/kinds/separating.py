"""Leave a gap between two teeth that touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import shapes
from ..repair import Repair, RepairRefusedError, tooth

if TYPE_CHECKING:
    from ..jaw_bench import JawBench
    from ..label_map_bench import LabelMapBench


class Separate(Repair):
    """Leave one voxel, or one row of vertices, free between two teeth wherever they touch: at the cost of the larger
    one, or of the other where that would break it."""

    kind = "separate"
    words = "Leave a gap between teeth {teeth[0]:tooth} and {teeth[1]:tooth}"

    def change_label_map(self, bench: LabelMapBench) -> None:
        a, b = self.teeth
        bench.require(a, b)
        if not shapes.touching(bench.window, a, b).any():
            raise self._nothing_to_separate()
        bench.window[:] = shapes.leave_gap(bench.window, a, b)

    def change_surface(self, bench: JawBench) -> None:
        a, b = self.teeth
        bench.require(a, b)
        if not bench.border(a, b).any():
            raise self._nothing_to_separate()
        larger = sorted(self.teeth, key=lambda fdi: -bench.vertex_area[bench.fdi == fdi].sum())
        for own, other in (larger, larger[::-1]):
            gone = _border_with_crumbs(bench, own, bench.border(own, other))
            if gone is not None:
                bench.label(np.flatnonzero(gone), 0)
                return
        raise RepairRefusedError(
            "Tooth {a:tooth} would fall into pieces if a gap were left between {a:tooth} and {b:tooth}: "
            "draw the border by hand.",
            a=a,
            b=b,
        )

    def _nothing_to_separate(self) -> RepairRefusedError:
        a, b = self.teeth
        return RepairRefusedError("Teeth {a:tooth} and {b:tooth} do not touch: there is nothing to separate.", a=a, b=b)


def _border_with_crumbs(bench: JawBench, fdi: int, border: np.ndarray) -> np.ndarray | None:
    """(V,) bool: a tooth's border and the crumbs beyond it; None where the tooth would fall into real pieces."""
    least = shapes.CRUMB_SHARE * bench.vertex_area[bench.fdi == fdi].sum()
    gone = border.copy()
    for piece in bench.parts(fdi):
        kept = np.zeros(len(border), bool)
        kept[piece] = True
        rest = bench.pieces(kept & ~border)
        if not rest:
            return None
        for crumb in rest[1:]:
            if bench.vertex_area[crumb].sum() > least:
                return None
            gone[crumb] = True
    return gone


def separate(a: int, b: int) -> Repair:
    """Leave a gap between two teeth wherever they touch."""
    return Separate((tooth(a), tooth(b)))
