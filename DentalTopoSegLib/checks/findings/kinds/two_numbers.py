"""two_numbers: a CBCT and an intraoral scan laid over it give one tooth different numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ....dentition import TwoNumbers
from ....dentition.two_numbers import runs_of
from ....dentition.words import Sentence, Template
from ...measures.case import DentitionCase, Place
from ...repair import Repair, renumber, renumber_run
from ..finding import Finding, Kind


class TwoNumbersFound(Kind):
    code = "two_numbers"
    label = Template("two numbers")
    undecided = Template(
        "The same tooth is {cbct:words} in the CBCT and {scan:words} in the intraoral scan: "
        "please decide which number is right."
    )
    taken = Template(
        "The same tooth was {cbct:words} in the CBCT and {scan:words} in the intraoral scan: "
        "{fdi:tooth} was taken for both, please check."
    )
    number = Template("{number:tooth}")
    scored = Template("{number:tooth} (score {percent} %)")

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        cbct, scan = (self._number(detail[which], detail[f"{which}_percent"]) for which in ("cbct", "scan"))
        if detail["decided"]:
            return self.taken(fdi=finding.teeth[0], cbct=cbct, scan=scan)
        return self.undecided(cbct=cbct, scan=scan)

    def _number(self, number: int, percent: int | None) -> Sentence:
        return self.number(number=number) if percent is None else self.scored(number=number, percent=percent)

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair] | None:
        """The other scan's numbers, of all teeth that can only change together; or any number."""
        fdi = finding.teeth[0]
        numbers = {int(old): new for old, new in (finding.detail.get("numbers") or {}).items()}
        if fdi not in numbers:
            return [renumber(fdi)]
        repair = renumber(fdi, numbers[fdi]) if len(numbers) == 1 else renumber_run(numbers)
        return [repair, renumber(fdi)]

    def find(self, case: DentitionCase) -> Iterator[Finding]:
        there = {fdi: two for fdi, two in case.two_numbers.items() if fdi in case.measures}
        yield from self.found(there, case.place)

    def found(self, two_numbers: Mapping[int, TwoNumbers], place: Callable[[int], Place | None]) -> Iterator[Finding]:
        """A finding for every tooth that two scans number differently and nobody has numbered since.

        Parameters
        ----------
        two_numbers : mapping
            By the FDI number that the tooth has now.
        place : callable
            Where a tooth is, by that number.
        """
        for run in runs_of(two_numbers):
            for fdi in run:
                two = two_numbers[fdi]
                detail = {
                    "cbct": two.cbct,
                    "scan": two.scan,
                    "cbct_percent": _percent(two.cbct_score),
                    "scan_percent": _percent(two.scan_score),
                    "decided": two.decided,
                    "numbers": {str(old): new for old, new in run.items()},
                }
                severity = "info" if two.decided else "warning"
                yield Finding(self.code, (fdi,), place(fdi), severity, "renumber", detail)


def _percent(score: float | None) -> int | None:
    return None if score is None else round(100 * score)


KIND = TwoNumbersFound()
