"""hole: gingiva in the middle of a crown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....dentition.words import Sentence, Template
from ...measures.jaw import JawCase
from ...repair import Repair, fill
from ..finding import Finding, Kind
from ..repairs import without_looking


class Hole(Kind):
    code = "hole"
    label = Template("gap in surface")
    words = Template(
        "Tooth {fdi:tooth} has a patch of gum in its surface, {area:.1f} mm² in all.",
        "Tooth {fdi:tooth} has {count} patches of gum in its surface, {area:.1f} mm² in all.",
    )

    def sentence(self, finding: Finding) -> Sentence:
        return self.words(fdi=finding.teeth[0], count=finding.detail["count"], area=finding.detail["about_mm2"])

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        return [without_looking(fill(finding.teeth[0]))]

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        for fdi, crown in case.crowns.items():
            if crown.holes:
                total = sum(patch.area_mm2 for patch in crown.holes)
                severity = "info" if total < case.negligible else "warning"
                detail = {"count": len(crown.holes), "area_mm2": round(total, 2), "about_mm2": round(total, 1)}
                yield Finding(self.code, (fdi,), case.in_file(crown.holes[0].centre), severity, "fill_hole", detail)


KIND = Hole()
