"""Make one tooth of what two numbers hold."""

from __future__ import annotations

from ..bench import Bench
from ..repair import Repair, RepairRefusedError, tooth


class Merge(Repair):
    """Give the pieces of one number that touch another tooth to it."""

    kind = "merge"
    words = "Add what touches tooth {teeth[1]:tooth} under the number {teeth[0]:tooth} to tooth {teeth[1]:tooth}"

    def change(self, bench: Bench) -> None:
        part, whole = self.teeth
        bench.require(part, whole)
        touching = bench.touching_parts(part, whole)
        if not touching:
            raise RepairRefusedError(
                "Nothing with the number {part:tooth} touches tooth {whole:tooth}: there is nothing to add to it.",
                part=part,
                whole=whole,
            )
        if len(touching) == len(bench.parts(part)):
            bench.numbers[part] = whole
        for piece in touching:
            bench.label(piece, whole)


def merge(part: int, whole: int) -> Repair:
    """Give the pieces of `part` that touch tooth `whole` to it."""
    return Merge((tooth(part), tooth(whole)))
