"""implant_as_tooth: what has a tooth's number stands on an implant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....dentition.words import Sentence, Template
from ...measures.label_map import Case
from ...repair import Repair, delete
from ..finding import Finding, Kind

#: A tooth beside an implant has bone between; one that touches it over this area (mm²) is its crown or a part of it.
_CONTACT_MM2 = 4.0


class ImplantAsTooth(Kind):
    code = "implant_as_tooth"
    label = Template("implant, not a tooth")
    words = Template("Tooth {fdi:tooth} stands on an implant: it is the implant's crown or a part of it, not a tooth.")

    def sentence(self, finding: Finding) -> Sentence:
        return self.words(fdi=finding.teeth[0])

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        return [delete(finding.teeth[0])]

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        if case.around is None or "implant" not in case.around.boxes:
            return
        for fdi in case.teeth:
            area = case.around.contact_mm2(fdi, "implant")
            if area >= _CONTACT_MM2:
                detail = {"contact_mm2": round(area, 1)}
                yield Finding(self.code, (fdi,), case.place(fdi), "warning", "delete", detail)


KIND = ImplantAsTooth()
