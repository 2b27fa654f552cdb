"""Number the teeth again when the clinician states more about them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import reduce

from ....dentition import Known, Stated
from ....dentition.numbering_again import numbers_again
from ....dentition.words import Sentence, Template
from ..bench import Bench
from ..repair import Repair, RepairRefusedError

_ABSENT = Template("{teeth:Teeth} is absent", "{teeth:Teeth} are absent")
_NOT_ABSENT = Template("{teeth:Teeth} is not absent", "{teeth:Teeth} are not absent")


class NumberAgain(Repair):
    """Let what is stated of the teeth hold: none has an absent tooth's number, and the others follow."""

    kind = "number_again"
    keeps_evidence = True

    @property
    def stated(self) -> Stated:
        """What holds from now on."""
        stated: Stated = self.arguments["stated"]
        return stated

    @property
    def sentence(self) -> Sentence:
        said = [*self._absence(), *self._dentition(), *self._steps()]
        return reduce(lambda first, rest: Sentence("{first:words}, {rest:words}", first=first, rest=rest), said)

    def _absence(self) -> list[Sentence]:
        before, now = self.arguments["before"].absent, self.stated.absent
        added, withdrawn = sorted(now - before), sorted(before - now)
        said = [_ABSENT(count=len(added), teeth=tuple(added))] if added else []
        return said + ([_NOT_ABSENT(count=len(withdrawn), teeth=tuple(withdrawn))] if withdrawn else [])

    def _dentition(self) -> list[Sentence]:
        if self.arguments["before"].milk == self.stated.milk:
            return []
        if self.stated.milk is None:
            return [Sentence("Milk teeth or not is left open")]
        return [Sentence("There may be milk teeth") if self.stated.milk else Sentence("All teeth are permanent")]

    def _steps(self) -> list[Sentence]:
        return [
            Sentence("{old:tooth} becomes {new:tooth}", old=old, new=new)
            if new
            else Sentence("{old:tooth} is left without a number", old=old)
            for old, new in sorted(self.arguments["numbers"].items())
        ]

    @property
    def changes_labels(self) -> bool:
        return bool(self.arguments["numbers"])

    def change(self, bench: Bench) -> None:
        numbers = self.arguments["numbers"]
        bench.require(*numbers)
        for new in numbers.values():
            if new and new not in numbers:
                bench.require_free(
                    new, "The number {new:tooth} is another tooth's: give that tooth another first.", new=new
                )
        bench.relabel(numbers)


def number_again(known: Known, teeth: Collection[int], stated: Stated) -> Repair:
    """Number teeth again with what is stated now; those whose numbers a person gave keep them.

    Parameters
    ----------
    known : Known
        What the result they belong to knows.
    teeth : collection of int
        FDI numbers of the teeth that are there.
    stated : Stated
        What holds from now on.

    Raises
    ------
    RepairRefusedError
        Where that is stated already, where a tooth that is there would be absent and nothing is kept of what its
        number was found from, and where no tooth would keep a number.
    """
    if stated == known.stated:
        raise RepairRefusedError("This is stated already: there is nothing to change.")
    contradicted = sorted(fdi for fdi in stated.absent if fdi in teeth and fdi not in known.evidence)
    if contradicted and not known.evidence:
        raise RepairRefusedError(
            "With this result it was not kept what its numbers were found from (another program's, or an earlier "
            "version's): give tooth {fdi:tooth} another number, remove it, or segment the scan again.",
            fdi=contradicted[0],
        )
    if contradicted:
        raise RepairRefusedError(
            "The number {fdi:tooth} was given by hand, so it is not found anew: give this tooth another number, or "
            "remove it, first.",
            fdi=contradicted[0],
        )
    numbers = numbers_again(known, teeth, stated)
    if teeth and not any(numbers.get(fdi, fdi) for fdi in teeth):
        raise RepairRefusedError("No tooth would keep a number: state only those that are absent.")
    return NumberAgain(tuple(sorted(numbers)), {"stated": stated, "before": known.stated, "numbers": numbers})


def together(repairs: Sequence[Repair]) -> Repair:
    """One repair of those of a dentition's two jaws, of which the same is stated."""
    numbers = {old: new for repair in repairs for old, new in repair.arguments["numbers"].items()}
    return NumberAgain(tuple(sorted(numbers)), {**repairs[0].arguments, "numbers": numbers})


def numbers_within(repair: Repair, teeth: Collection[int]) -> Repair:
    """Of a repair of a whole dentition's numbers what concerns the teeth of one jaw."""
    numbers = {old: new for old, new in repair.arguments["numbers"].items() if old in teeth}
    return replace(repair, teeth=tuple(sorted(numbers)), arguments={**repair.arguments, "numbers": numbers})
