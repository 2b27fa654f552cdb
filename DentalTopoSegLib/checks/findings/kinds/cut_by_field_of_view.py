"""cut_by_field_of_view: the tooth goes on outside the volume."""

from __future__ import annotations

from collections.abc import Iterator

from ....dentition.words import Sentence, Template
from ...measures.label_map import Case
from ..finding import Finding, Kind


class CutByFieldOfView(Kind):
    code = "cut_by_field_of_view"
    label = Template("cut off")
    words = Template("Tooth {fdi:tooth} is cut by the edge of the scan; its volume is not that of the whole tooth.")

    def sentence(self, finding: Finding) -> Sentence:
        return self.words(fdi=finding.teeth[0])

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        for fdi in case.teeth:
            if case.is_cut(fdi):
                detail = {"volume_mm3": round(case.whole_size(fdi), 1)}
                yield Finding(self.code, (fdi,), case.place(fdi), "info", None, detail)


KIND = CutByFieldOfView()
