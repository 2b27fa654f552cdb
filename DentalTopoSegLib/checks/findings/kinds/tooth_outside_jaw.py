"""tooth_outside_jaw: a tooth that no bone of its jaw holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....dentition import jaw
from ....dentition.words import Sentence, Template
from ...measures.label_map import Case
from ...measures.subvoxel import shortest_line
from ...measures.surroundings import JAWS
from ...repair import Repair, delete
from ..finding import Finding, Kind
from ..words import JAW

#: A tooth held by bone has some nearer than this, mm: ligament and lost cortical plates together are less.
_HELD_MM = 3.0


class ToothOutsideJaw(Kind):
    code = "tooth_outside_jaw"
    label = Template("outside the jaw")
    words = Template("Tooth {fdi:tooth} is not held by the {jaw:words} jaw: its bone is {mm:.0f} mm away.")

    def sentence(self, finding: Finding) -> Sentence:
        (fdi,) = finding.teeth
        return self.words(fdi=fdi, jaw=JAW[jaw(fdi)](), mm=finding.detail["mm"])

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        return [delete(finding.teeth[0])]

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        around = case.around
        if around is None:
            return
        for fdi in case.teeth:
            key = JAWS[jaw(fdi)]
            if key not in around.boxes or len(around.socket(fdi)):
                continue
            line = shortest_line(around.tooth_surface(fdi), around.surface(key))
            if line is not None and line.length_mm > _HELD_MM:
                yield Finding(self.code, (fdi,), case.place(fdi), "warning", "delete", {"mm": round(line.length_mm, 1)})


KIND = ToothOutsideJaw()
