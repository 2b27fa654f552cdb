"""A tooth near a structure that a surgeon keeps away from: what the kinds for canals and sinuses share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

from ...dentition.words import Sentence, Template
from ..measures.case import Place
from ..measures.label_map import Case
from .finding import Finding, Kind

#: How roots are called, by their names in measures.
ROOT = {
    "mesial": Template("mesial"),
    "distal": Template("distal"),
    "buccal": Template("buccal"),
    "lingual": Template("lingual"),
    "palatal": Template("palatal"),
    "mesiobuccal": Template("mesiobuccal"),
    "distobuccal": Template("distobuccal"),
    "mesiolingual": Template("mesiolingual"),
}


def shown_uncertainty(mm: float) -> float:
    """An uncertainty in mm to the tenth that is shown: rounded up, so that nobody reads less than it is."""
    return math.ceil(10 * mm - 1e-6) / 10


class Nearness(Kind):
    """A tooth that comes nearer to a structure than `limit_mm`, beyond the uncertainty of the distance."""

    limit_mm: ClassVar[float]
    #: The structures it is about.
    keys: ClassVar[tuple[str, ...]]
    of_root: ClassVar[Template]
    of_tooth: ClassVar[Template]
    root_touches: ClassVar[Template]
    tooth_touches: ClassVar[Template]

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        (fdi,), distance, unsure, root = finding.teeth, detail["mm"], detail["uncertainty_mm"], ROOT.get(detail["root"])
        touches = distance <= unsure
        if root is None:
            words = self.tooth_touches if touches else self.of_tooth
            return words(fdi=fdi, mm=distance, unsure=shown_uncertainty(unsure))
        words = self.root_touches if touches else self.of_root
        return words(fdi=fdi, mm=distance, unsure=shown_uncertainty(unsure), root=root())

    def near(self, case: Case) -> Iterator[tuple[int, Place, dict[str, Any]]]:
        """The teeth that are near, where to look, and what a finding keeps of it."""
        if case.around is None:
            return
        for fdi in case.teeth:
            measured = (one for one in case.around.clearances(fdi) if not one.unseen)
            near = next((one for one in measured if one.key in self.keys), None)
            if near is not None and near.line.length_mm + near.uncertainty_mm <= self.limit_mm:
                place = case.in_file((near.line.start + near.line.end) / 2)
                yield fdi, place, {**near.to_dict(), "limit_mm": self.limit_mm}
