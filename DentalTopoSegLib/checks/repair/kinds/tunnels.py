"""Close the holes that run through a tooth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....dentition.words import Sentence
from ...topology import betti_numbers
from .. import shapes
from ..repair import Repair, RepairRefusedError, tooth

if TYPE_CHECKING:
    from ..label_map_bench import LabelMapBench


class CloseTunnels(Repair):
    """Fill each tunnel of a tooth, or take away the thin bridge that makes it, whichever is the smaller change."""

    kind = "close_tunnels"
    words = "Close the hole through tooth {teeth[0]:tooth}"
    not_of_surfaces = Sentence(
        "This repair is for label maps of CBCT: a surface has no inside that a hole could run through."
    )

    def change_label_map(self, bench: LabelMapBench) -> None:
        (fdi,) = self.teeth
        bench.require(fdi)
        view = bench.window[bench.crop(fdi)]
        mask = view == fdi
        if betti_numbers(mask)[1] == 0:
            raise RepairRefusedError("No hole runs through tooth {fdi:tooth}: there is nothing to close.", fdi=fdi)
        closed = shapes.close_tunnels(mask, view == 0)
        view[mask & ~closed] = 0
        view[closed] = fdi


def close_tunnels(fdi: int) -> Repair:
    """Close the holes that run through a tooth."""
    return CloseTunnels((tooth(fdi),))
