"""Exchange the sides or the jaws of all teeth."""

from __future__ import annotations

from ....dentition import jaw, mirrored
from ....dentition.words import Sentence
from ..bench import Bench, nothing_here
from ..repair import Repair


class SwapSides(Repair):
    """Exchange left and right of all teeth, or of those of one jaw."""

    kind = "swap_sides"
    keeps_confidence = True
    exchanges_sides = True

    @property
    def sentence(self) -> Sentence:
        which = self.arguments["jaw"]
        if which is None:
            return Sentence("Exchange left and right for all teeth")
        return Sentence("Exchange left and right for all {jaw:words} teeth", jaw=which)

    def change(self, bench: Bench) -> None:
        numbers = {fdi: mirrored(fdi) for fdi in bench.teeth if self.arguments["jaw"] in (None, jaw(fdi))}
        if not numbers:
            raise nothing_here(self)
        bench.relabel(numbers)


def swap_sides(which: str | None = None) -> Repair:
    """Exchange left and right of all teeth, or of the "upper" or "lower" ones."""
    return SwapSides((), {"jaw": which})


class SwapJaws(Repair):
    """Exchange upper and lower of all teeth."""

    kind = "swap_jaws"
    words = "Exchange upper and lower for all teeth"
    keeps_confidence = True

    def change(self, bench: Bench) -> None:
        if not bench.teeth:
            raise nothing_here(self)
        bench.relabel(bench.turn_over())


def swap_jaws() -> Repair:
    """Exchange upper and lower for all teeth."""
    return SwapJaws(())
