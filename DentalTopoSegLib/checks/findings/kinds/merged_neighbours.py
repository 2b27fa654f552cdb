"""merged_neighbours: two teeth under one number, or one tooth under two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....dentition import jaw, neighbours
from ....dentition.words import Sentence, Template
from ...measures.case import DentitionCase
from ...measures.jaw import JawCase
from ...measures.label_map import Case, contact_limit_mm2
from ...repair import Repair, merge, separate, split
from ..finding import Finding, Kind

#: A tooth holds its neighbour too from its own usual size and this share of the neighbour's on.
SHARE_OF_NEIGHBOUR = 0.6


def neighbour_within(case: DentitionCase, fdi: int) -> int | None:
    """The absent neighbour that a tooth, as large and wide as two, probably holds; None of a tooth that goes on outside
    the scan, whose size says nothing, nor its neighbour's absence."""
    if not case.sizes_comparable or case.is_cut(fdi):
        return None
    size = case.pieces(fdi)[0].size
    for other in neighbours(fdi, case.absent):
        enough = case.usual_size(fdi) + SHARE_OF_NEIGHBOUR * case.usual_size(other)
        if case.is_free(other) and size >= enough and case.is_as_wide_as_two(fdi, other):
            return other
    return None


class MergedNeighbours(Kind):
    code = "merged_neighbours"
    label = Template("two in one?")
    two_in_one = Template(
        "Tooth {fdi:tooth} is as large as two teeth and {other:tooth} was not found: they were probably taken for one."
    )
    wide_contact = Template(
        "Teeth {first:tooth} and {second:tooth} share an unusually large border ({area} mm²): "
        "they may be one tooth, or not be separated where they should be."
    )

    def sentence(self, finding: Finding) -> Sentence:
        first, second = finding.teeth
        if finding.detail.get("suggested"):
            return self.two_in_one(fdi=first, other=second)
        return self.wide_contact(first=first, second=second, area=finding.detail["about_mm2"])

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        a, b = finding.teeth
        return [split(a, b)] if finding.detail.get("suggested") else [separate(a, b), merge(a, b), merge(b, a)]

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        for fdi in case.teeth:
            other = neighbour_within(case, fdi)
            if other is not None:
                yield self._two_in_one(case, fdi, other, case.pieces(fdi)[0].size)
        yield from self._wide_contacts(case)

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        for fdi, crown in case.crowns.items():
            other = neighbour_within(case, fdi)
            if other is not None:
                width = {} if crown.width_mm is None else {"width_mm": round(crown.width_mm, 1)}
                yield self._two_in_one(case, fdi, other, crown.area_mm2, **width)

    def _two_in_one(self, case: DentitionCase, fdi: int, other: int, size: float, **more: float) -> Finding:
        detail = {case.size_name: round(size, 1), f"usual_{case.size_key}": round(case.usual_size(fdi), 1)}
        detail |= {**more, "suggested": other}
        return Finding(self.code, (fdi, other), case.place(fdi), "error", "split_teeth", detail)

    def _wide_contacts(self, case: Case) -> Iterator[Finding]:
        """Two numbers that share so large a border that it probably runs through one tooth."""
        for (a, b), area in sorted(case.contacts.items()):
            smaller = min(case.whole_size(a), case.whole_size(b))
            same_jaw = jaw(a) == jaw(b)
            limit = contact_limit_mm2(smaller, same_jaw)
            if area > limit:
                detail = {"contact_mm2": round(area, 1), "limit_mm2": round(limit, 1), "about_mm2": round(area)}
                place = case.in_file((case.middle(a) + case.middle(b)) / 2)
                repair = "split_teeth" if same_jaw else "renumber"
                yield Finding(self.code, (a, b), place, "warning", repair, detail)


KIND = MergedNeighbours()
