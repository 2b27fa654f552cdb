"""order_broken: teeth that overtake each other along their arch; milk teeth are a row of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....dentition import arch_order, is_deciduous, jaw
from ....dentition.arch import place_along_arch
from ....dentition.words import Sentence, Template
from ...measures.case import DentitionCase
from ...repair import Repair, renumber_run
from ..finding import Finding, Kind

#: Neighbours must overtake each other by this much (mm along the arch) before their order is called broken.
ORDER_MM = 1.5


class OrderBroken(Kind):
    code = "order_broken"
    label = Template("order")
    words = Template("{teeth:Teeth} do not stand in the order of their numbers.")

    def sentence(self, finding: Finding) -> Sentence:
        return self.words(teeth=finding.teeth)

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair] | None:
        """The numbers of the group in the order in which its teeth stand, from the patient's right to left."""
        along = {int(fdi): place for fdi, place in finding.detail.get("along_arch_mm", {}).items()}
        order = arch_order(jaw(finding.teeth[0]), is_deciduous(finding.teeth[0]))
        if not set(finding.teeth) <= set(order) & set(along):
            return None
        standing = sorted(finding.teeth, key=lambda fdi: (along[fdi], order.index(fdi)))
        numbers = zip(standing, sorted(finding.teeth, key=order.index), strict=True)
        changed = {old: new for old, new in numbers if old != new}
        return [renumber_run(changed)] if changed else None

    def find(self, case: DentitionCase) -> Iterator[Finding]:
        frame = case.frame
        if frame is None or not case.numbers_trusted:
            return
        misplaced = case.on_wrong_side | case.in_wrong_jaw
        for which in ("upper", "lower"):
            for deciduous in (False, True):
                row = [f for f in arch_order(which, deciduous) if f in case.centres and f not in misplaced]
                along = {fdi: place_along_arch(frame, which, case.centres[fdi]) for fdi in row}
                for group in _overtaking(row, along):
                    detail = {"along_arch_mm": {str(fdi): round(along[fdi], 1) for fdi in group}}
                    yield Finding(self.code, group, case.mean_place(group), "warning", "renumber", detail)


def _overtaking(teeth: list[int], along: dict[int, float]) -> list[tuple[int, ...]]:
    """Groups of teeth connected by being in the wrong order relative to each other."""
    groups: list[set[int]] = []
    for i, first in enumerate(teeth):
        for second in teeth[i + 1 :]:
            if along[first] > along[second] + ORDER_MM:
                touched = [g for g in groups if first in g or second in g]
                groups = [g for g in groups if g not in touched]
                groups.append({first, second}.union(*touched))
    return [tuple(sorted(group)) for group in groups]


KIND = OrderBroken()
