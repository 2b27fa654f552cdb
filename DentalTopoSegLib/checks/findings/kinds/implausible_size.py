"""implausible_size: a crown whose surface or width its kind does not have; a cut crown may be small."""

from __future__ import annotations

from collections.abc import Iterator

from ....dentition.crown_sizes import area_range_mm2, usual_area_mm2, usual_width_mm, width_range_mm
from ....dentition.words import Sentence, Template
from ...measures.jaw import JawCase
from ..finding import Finding, Kind
from .merged_neighbours import neighbour_within


class ImplausibleSize(Kind):
    code = "implausible_size"
    label = Template("size?")
    large_surface = Template(
        "The crown of tooth {fdi:tooth} is implausibly large: its surface is {value} mm², "
        "where {usual} mm² is usual and {low} to {high} mm² are believable."
    )
    small_surface = Template(
        "The crown of tooth {fdi:tooth} is implausibly small: its surface is {value} mm², "
        "where {usual} mm² is usual and {low} to {high} mm² are believable."
    )
    large_width = Template(
        "The crown of tooth {fdi:tooth} is implausibly large: its width is {value} mm, "
        "where {usual} mm is usual and {low} to {high} mm are believable."
    )
    small_width = Template(
        "The crown of tooth {fdi:tooth} is implausibly small: its width is {value} mm, "
        "where {usual} mm is usual and {low} to {high} mm are believable."
    )

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        low, high = detail["believable"]
        words = {
            ("surface", True): self.large_surface,
            ("surface", False): self.small_surface,
            ("width", True): self.large_width,
            ("width", False): self.small_width,
        }[detail["measure"], detail["is_large"]]
        return words(fdi=finding.teeth[0], value=detail["about"], usual=detail["usual"], low=low, high=high)

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        for fdi, crown in case.crowns.items():
            if neighbour_within(case, fdi) is not None:
                continue
            for what, value, limits, usual in (
                ("surface", crown.pieces[0].area_mm2, area_range_mm2(fdi), usual_area_mm2(fdi)),
                ("width", crown.width_mm, width_range_mm(fdi), usual_width_mm(fdi)),
            ):
                if value is None or limits[0] <= value <= limits[1] or (value < limits[0] and crown.is_cut):
                    continue
                detail = {
                    "measure": what,
                    "value": round(value, 1),
                    "range": [round(limit, 1) for limit in limits],
                    "is_large": value > limits[1],
                    "about": round(value),
                    "usual": round(usual),
                    "believable": [round(limit) for limit in limits],
                }
                yield Finding(self.code, (fdi,), case.place(fdi), "warning", None, detail)
                break


KIND = ImplausibleSize()
