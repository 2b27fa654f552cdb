"""extra_tooth: more teeth than there are numbers, or something like a tooth without a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ....dentition.words import Sentence, Template
from ...measures.jaw import JawCase
from ...measures.label_map import Case
from ...repair import Repair, delete_piece, renumber_piece
from ..finding import Finding, Kind

#: Without a number, only a piece of at least this size (mm^2) may be a tooth.
TOOTH_LIKE_MM2 = 20.0


class ExtraTooth(Kind):
    code = "extra_tooth"
    label = Template("one too many?")
    one_too_many = Template(
        "There is one tooth more than there are numbers near tooth {fdi:tooth}: "
        "a supernumerary tooth, or something that is no tooth."
    )
    without_number = Template(
        "Something like a tooth near {near:tooth} has no number: a supernumerary tooth, a part of a neighbour, "
        "or something that is no tooth."
    )

    def sentence(self, finding: Finding) -> Sentence:
        if finding.teeth:
            return self.one_too_many(fdi=finding.teeth[0])
        return self.without_number(near=finding.detail["near"])

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair] | None:
        fdi, place = finding.teeth[0] if finding.teeth else None, finding.position_ras
        return None if place is None else [delete_piece(fdi, place), renumber_piece(fdi, place)]

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        """Second teeth of a number, when no number near is free."""
        for fdi in case.teeth:
            for second in case.second_teeth(fdi):
                if case.free_number(fdi, second)[0] is None:
                    detail = {"volume_mm3": round(second.volume_mm3, 2)}
                    place = case.in_file(second.centre)
                    yield Finding(self.code, (fdi,), place, "warning", "remove_fragment", detail)

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        """Pieces that were taken for teeth but got no number."""
        for part in case.unnumbered():
            if part.area_mm2 < TOOTH_LIKE_MM2:
                continue
            nearest = min(case.teeth, key=lambda fdi: float(np.linalg.norm(case.middle(fdi) - part.centre)))
            detail = {"area_mm2": round(part.area_mm2, 1), "near": nearest}
            yield Finding(self.code, (), case.in_file(part.centre), "warning", "renumber", detail)


KIND = ExtraTooth()
