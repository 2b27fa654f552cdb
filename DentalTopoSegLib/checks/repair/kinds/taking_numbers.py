"""Take the numbers that hold for two scans of one patient that were laid over each other."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from ....dentition import TwoNumbers
from ....dentition.words import Sentence
from ....errors import InputError
from ..bench import Bench
from ..repair import Repair, tooth
from .renumbering import relabel_all


class TakeNumbers(Repair):
    """Give teeth the numbers that a CBCT and an intraoral scan have together, and note where the two differ."""

    kind = "take_numbers"
    keeps_evidence = True

    @property
    def two_numbers(self) -> Mapping[int, TwoNumbers]:
        """Which teeth the two number differently, by the numbers after the change."""
        two_numbers: Mapping[int, TwoNumbers] = self.arguments["two_numbers"]
        return two_numbers

    @property
    def sentence(self) -> Sentence:
        steps = [
            Sentence("{old:tooth} becomes {new:tooth}", old=old, new=new)
            for old, new in sorted(self.arguments["numbers"].items())
        ]
        if not steps:
            return Sentence("Compare the numbers of the CBCT and the intraoral scan")
        listed = reduce(lambda first, rest: Sentence("{first:words}, {rest:words}", first=first, rest=rest), steps)
        return Sentence("Take the numbers of the CBCT and the intraoral scan together: {steps:words}", steps=listed)

    @property
    def changes_labels(self) -> bool:
        return bool(self.arguments["numbers"])

    def change(self, bench: Bench) -> None:
        relabel_all(bench, self.arguments["numbers"])


def take_numbers(numbers: Mapping[int, int], two_numbers: Mapping[int, TwoNumbers]) -> Repair:
    """Give teeth the numbers that two scans have together.

    Parameters
    ----------
    numbers : mapping
        {FDI number: new number} of the teeth that change; the new ones must be free or given away.
    two_numbers : mapping
        Where the two scans differ, by the new numbers.

    Raises
    ------
    InputError
        Where two teeth would get one number.
    """
    changed = {tooth(old): tooth(new) for old, new in numbers.items() if old != new}
    if len(set(changed.values())) < len(changed):
        raise InputError("Give every tooth a number of its own.")
    return TakeNumbers(tuple(sorted(changed)), {"numbers": changed, "two_numbers": dict(two_numbers)})
