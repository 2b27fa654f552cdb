"""structure_wrong_side: a left canal or sinus on the patient's right, or the reverse."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ....dentition.structures import structure
from ....dentition.words import Sentence, Template
from ...measures.label_map import Case
from ...measures.surroundings import CANALS
from ..finding import Finding, Kind
from ..words import SIDE, STRUCTURE

_PAIRS = (("canal_left", "canal_right"), ("sinus_left", "sinus_right"))
#: A structure must lie this far beyond the midline, mm: the midline is known by the teeth alone.
_BEYOND_MM = 5.0


class StructureWrongSide(Kind):
    """By the image's own directions: with both sides labelled, the left one must lie to the left of the right one; with
    one alone, and each piece of a canal, on its side of the arch's midline."""

    code = "structure_wrong_side"
    label = Template("wrong side")
    words = Template(
        "The {name:words} lies on the patient's {side:words}: left and right are exchanged, or the file says wrongly "
        "how it lies."
    )

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        return self.words(name=STRUCTURE[detail["structure"]](), side=SIDE[detail["side"]]())

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        around = case.around
        if around is None:
            return
        for pair in _PAIRS:
            middles = {key: around.surface(key).mean(axis=0) for key in pair if key in around.boxes}
            limit = _BEYOND_MM
            if len(middles) == 2:
                midline, limit = float(np.mean([middle[0] for middle in middles.values()])), 0.0
            elif case.frame is not None and middles:
                midline = float((case.frame.place(11)[0] + case.frame.place(21)[0]) / 2)
            else:
                continue
            for key, middle in middles.items():
                places = [middle] if _beyond(key, middle, midline) > limit else _strayed(case, key)
                if places:
                    other = "right" if structure(key).side == "left" else "left"
                    detail = {"structure": key, "side": other}
                    yield Finding(self.code, (), case.in_file(places[0]), "error", None, detail)


def _beyond(key: str, place: np.ndarray, midline: float) -> float:
    """How far a place lies on the side that is not the structure's, mm; R grows to the right."""
    return float(place[0] - midline) * (1 if structure(key).side == "left" else -1)


def _strayed(case: Case, key: str) -> list[np.ndarray]:
    """The middles of a canal's pieces that lie beyond the arch's midline; none where the teeth show no arch."""
    if key not in CANALS or case.around is None or case.frame is None:
        return []
    midline = float((case.frame.place(11)[0] + case.frame.place(21)[0]) / 2)
    middles = [piece.surface.mean(axis=0) for piece in case.around.canal_pieces(key)]
    return [middle for middle in middles if _beyond(key, middle, midline) > _BEYOND_MM]


KIND = StructureWrongSide()
