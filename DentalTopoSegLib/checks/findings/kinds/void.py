"""void: b2 > 0, a hollow enclosed on all sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....dentition.words import Sentence, Template
from ...measures.label_map import Case
from ...repair import Repair, fill
from ..finding import Finding, Kind
from ..repairs import without_looking


class Void(Kind):
    code = "void"
    label = Template("hollow")
    words = Template(
        "Tooth {fdi:tooth} has an enclosed hollow of {volume:.1f} mm³ in all.",
        "Tooth {fdi:tooth} has {count} enclosed hollows of {volume:.1f} mm³ in all.",
    )

    def sentence(self, finding: Finding) -> Sentence:
        return self.words(fdi=finding.teeth[0], count=finding.detail["count"], volume=finding.detail["about_mm3"])

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        return [without_looking(fill(finding.teeth[0]))]

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        for fdi, measure in case.measures.items():
            if measure.voids:
                total = sum(part.volume_mm3 for part in measure.voids)
                severity = "info" if total < case.negligible else "warning"
                detail = {"count": len(measure.voids), "volume_mm3": round(total, 3), "about_mm3": round(total, 1)}
                yield Finding(self.code, (fdi,), measure.voids[0].position_ras, severity, "fill_void", detail)


KIND = Void()
