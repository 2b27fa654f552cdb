"""left_right_mirrored: sides exchanged, of the whole dentition, of one jaw, or of single teeth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ....dentition import is_right, jaw, mirrored
from ....dentition.words import Sentence, Template
from ...measures.case import DentitionCase
from ...measures.jaw import JawCase
from ...measures.label_map import Case
from ...repair import Repair, swap_sides
from ..finding import Finding, Kind
from ..repairs import renumber_to_twin
from ..words import JAW, MAY_BE, SIDE


class LeftRightMirrored(Kind):
    code = "left_right_mirrored"
    label = Template("wrong side")
    whole = Template("Left and right are exchanged: the teeth fit their places only when every number changes sides.")
    one_jaw = Template(
        "Left and right are exchanged in the {jaw:words} jaw: "
        "its teeth fit their places only when every number changes sides."
    )
    one_tooth = Template(
        "Tooth {fdi:tooth} belongs to the {side:words} side but stands on the {other:words}{hint:words}."
    )

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        if "suggested" in detail:
            (fdi,) = finding.teeth
            sides = ("right", "left") if is_right(fdi) else ("left", "right")
            hint = MAY_BE(fdi=detail["suggested"]) if detail["suggested"] else None
            return self.one_tooth(fdi=fdi, side=SIDE[sides[0]](), other=SIDE[sides[1]](), hint=hint)
        return self.one_jaw(jaw=JAW[detail["jaw"]]()) if "jaw" in detail else self.whole()

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        if finding.repair == "renumber":
            return renumber_to_twin(finding, others, mirrored(finding.teeth[0]))
        jaws = {jaw(fdi) for fdi in finding.teeth}
        whole = "jaw" not in finding.detail or len(jaws) > 1
        return [swap_sides(None if whole else finding.detail["jaw"])]

    def find(self, case: DentitionCase) -> Iterator[Finding]:
        """Single teeth that stand beyond the midline."""
        for fdi in sorted(case.on_wrong_side):
            free = mirrored(fdi) not in case.measures
            detail = {"suggested": mirrored(fdi) if free else None}
            yield Finding(self.code, (fdi,), case.mean_place((fdi,)), "error", "renumber", detail)

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        if case.relabelling is not None:
            swap, frame = case.relabelling
            if swap in ("upper mirrored", "lower mirrored"):
                which = swap.split()[0]
                teeth = [fdi for fdi in case.teeth if jaw(fdi) == which]
                yield self._whole(case, teeth, {"jaw": which, "residual_mm": round(frame.residual_mm, 2)})
            if swap in ("mirrored", "both"):
                yield self._whole(case, case.teeth, {"residual_mm": round(frame.residual_mm, 2)})
        yield from self.find(case)

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        """Numbers that run the wrong way round the arch, seen from outside the surface, and single teeth."""
        if case.relabelling is not None:
            swap, frame = case.relabelling
            if swap in ("mirrored", "both", f"{case.which} mirrored"):
                yield self._whole(case, case.teeth, {"residual_mm": round(frame.residual_mm, 2)})
        yield from self.find(case)

    def _whole(self, case: DentitionCase, teeth: Sequence[int], detail: dict[str, Any]) -> Finding:
        teeth = tuple(sorted(teeth))
        return Finding(self.code, teeth, case.mean_place(teeth), "error", "swap_left_right", detail)


KIND = LeftRightMirrored()
