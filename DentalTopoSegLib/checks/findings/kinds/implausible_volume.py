"""implausible_volume: a tooth outside the generous range of its kind; cut teeth may be too small, never too large."""

from __future__ import annotations

from collections.abc import Iterator

from ....dentition import volume_range_mm3
from ....dentition.words import Sentence, Template
from ...measures.label_map import Case
from ..finding import Finding, Kind


class ImplausibleVolume(Kind):
    code = "implausible_volume"
    label = Template("size?")
    large = Template(
        "Tooth {fdi:tooth} is implausibly large: {volume} mm³, where {low:.0f} to {high:.0f} mm³ is usual."
    )
    small = Template(
        "Tooth {fdi:tooth} is implausibly small: {volume} mm³, where {low:.0f} to {high:.0f} mm³ is usual."
    )

    pulp = Template("Of tooth {fdi:tooth} only the pulp is labelled: {volume} mm³.")

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        if detail.get("is_pulp"):
            return self.pulp(fdi=finding.teeth[0], volume=detail["about_mm3"])
        low, high = detail["range_mm3"]
        words = self.large if detail["is_large"] else self.small
        return words(fdi=finding.teeth[0], volume=detail["about_mm3"], low=low, high=high)

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        if not case.sizes_comparable:
            return
        for fdi in case.teeth:
            low, high = volume_range_mm3(fdi)
            volume = case.pieces(fdi)[0].volume_mm3
            if volume > high or (volume < low and not case.is_cut(fdi)):
                detail = {"volume_mm3": round(volume, 1), "range_mm3": [low, high]}
                detail |= {"is_large": volume > high, "about_mm3": round(volume)}
                if volume < low and case.around is not None and case.around.is_pulp_alone(fdi):
                    detail["is_pulp"] = True
                yield Finding(self.code, (fdi,), case.place(fdi), "warning", None, detail)


KIND = ImplausibleVolume()
