"""Fill what is hollow in a tooth."""

from __future__ import annotations

from ..bench import Bench
from ..repair import Repair, tooth


class Fill(Repair):
    """Fill the hollows inside a tooth; on surfaces the patches of gingiva."""

    kind = "fill"
    words = "Fill what is hollow in tooth {teeth[0]:tooth}"

    def change(self, bench: Bench) -> None:
        (fdi,) = self.teeth
        for part in bench.hollows(fdi):
            bench.label(part, fdi)


def fill(fdi: int) -> Repair:
    """Fill the hollows inside a tooth; on surfaces the patches of gingiva."""
    return Fill((tooth(fdi),))
