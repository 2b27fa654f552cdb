"""cut_by_scan_border: the scan of a surface ends on the crown."""

from __future__ import annotations

from collections.abc import Iterator

from ....dentition.words import Sentence, Template
from ...measures.jaw import JawCase
from ..finding import Finding, Kind


class CutByScanBorder(Kind):
    code = "cut_by_scan_border"
    label = Template("cut off")
    words = Template(
        "Tooth {fdi:tooth} is cut by the border of the scan ({length} mm of its outline); its crown is not complete."
    )

    def sentence(self, finding: Finding) -> Sentence:
        return self.words(fdi=finding.teeth[0], length=finding.detail["about_mm"])

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        for fdi, crown in case.crowns.items():
            if crown.is_cut:
                detail = {"border_mm": round(crown.border_mm, 1), "about_mm": round(crown.border_mm)}
                yield Finding(self.code, (fdi,), case.place(fdi), "info", None, detail)


KIND = CutByScanBorder()
