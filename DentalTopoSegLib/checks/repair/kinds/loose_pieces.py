"""Take away what lies loose beside a tooth."""

from __future__ import annotations

from collections.abc import Iterable

from ..bench import Bench
from ..repair import Place, Repair, point, tooth


class RemovePieces(Repair):
    """Keep the largest piece of a tooth, and second teeth with its number."""

    kind = "remove_pieces"
    words = "Remove the small pieces of tooth {teeth[0]:tooth}"

    def change(self, bench: Bench) -> None:
        for part in bench.loose_parts(self.teeth[0], self.arguments.get("places")):
            bench.give_away(part)


def remove_pieces(fdi: int, places: Iterable[Place] | None = None) -> Repair:
    """Keep the largest piece of the tooth. places: only the pieces whose centres these are (RAS mm) go."""
    return RemovePieces((tooth(fdi),), {} if places is None else {"places": [point(place) for place in places]})


class RemoveSpecks(Repair):
    """Take away the specks of tooth numbers that lie loose, each too small to be a finding of its own."""

    kind = "remove_specks"
    words = "Remove the loose specks of {teeth:teeth}"

    def change(self, bench: Bench) -> None:
        for fdi in self.teeth:
            bench.require(fdi)
            for part in bench.specks(fdi):
                bench.give_away(part)


def remove_specks(teeth: Iterable[int]) -> Repair:
    """Take away all loose specks of these teeth."""
    return RemoveSpecks(tuple(map(tooth, teeth)))
