"""doubled_number: two teeth with one number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....dentition.words import Sentence, Template
from ...measures.case import DentitionCase
from ...repair import Repair, delete_piece, renumber_piece
from ..finding import Finding, Kind


class DoubledNumber(Kind):
    code = "doubled_number"
    label = Template("number given twice")
    words = Template("The number {fdi:tooth} is given to two teeth.")
    second_may_be = Template("The number {fdi:tooth} is given to two teeth; the second one may be tooth {free:tooth}.")
    one_may_be = Template("The number {fdi:tooth} is given to two teeth; one of them may be tooth {free:tooth}.")

    def sentence(self, finding: Finding) -> Sentence:
        (fdi,) = finding.teeth
        free = finding.detail["suggested"]
        if not free:
            return self.words(fdi=fdi)
        return (self.one_may_be if "area_mm2" in finding.detail else self.second_may_be)(fdi=fdi, free=free)

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair] | None:
        (fdi,), place, free = finding.teeth, finding.position_ras, finding.detail.get("suggested")
        if place is None:
            return None
        first = [renumber_piece(fdi, place, free)] if free else []
        return [*first, delete_piece(fdi, place), renumber_piece(fdi, place)]

    def find(self, case: DentitionCase) -> Iterator[Finding]:
        for fdi in case.teeth:
            for second in case.second_teeth(fdi):
                free, piece = case.free_number(fdi, second)
                detail = {case.size_name: round(piece.size, case.decimals[0] + 1), "suggested": free}
                yield Finding(self.code, (fdi,), case.in_file(piece.centre), "error", "renumber", detail)


KIND = DoubledNumber()
