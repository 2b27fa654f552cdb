"""Which part a repair of one piece speaks of: a second tooth with a number, or an object without one."""

from __future__ import annotations

from typing import Any

from ....dentition.words import Sentence
from ..bench import Bench, tooth_words
from ..repair import Place, RepairRefusedError


def second_tooth_of(bench: Bench, teeth: tuple[int, ...], place: Place) -> Any:
    """The piece of the tooth whose centre is at a place; of what has no number where `teeth` is empty.

    Raises
    ------
    RepairRefusedError
        Where the tooth is in one piece, or nothing is at the place any more.
    """
    if not teeth:
        return bench.part_at(bench.unnumbered(), place, Sentence("What has no number"))
    (fdi,) = teeth
    parts = bench.parts(fdi)
    if len(parts) < 2:
        raise RepairRefusedError(
            "Tooth {fdi:tooth} is in one piece: there is no second tooth with its number.", fdi=fdi
        )
    return bench.part_at(parts, place, tooth_words(fdi))
