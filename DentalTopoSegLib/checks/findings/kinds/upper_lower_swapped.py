"""upper_lower_swapped: jaws exchanged, of the whole dentition, of two files, or of single teeth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ....dentition import flipped_jaw, is_deciduous, is_upper, jaw, position
from ....dentition.words import Sentence, Template
from ...measures.jaw import JawCase
from ...measures.jaw_pair import JawPair
from ...measures.label_map import Case
from ...repair import Repair, renumber, swap_jaws
from ..finding import Finding, Kind
from ..repairs import renumber_to_twin
from ..words import JAW, MAY_BE

#: Share of teeth whose roots must point the wrong way before a single jaw is called swapped, and how many show it.
ROOT_VOTE = 0.75
FEWEST_ROOTS = 5
#: Skewness of a tooth's volume along the vertical from which on it shows where the root is.
ROOT_SKEWNESS = 0.1


class UpperLowerSwapped(Kind):
    code = "upper_lower_swapped"
    label = Template("wrong jaw")
    whole = Template(
        "Upper and lower jaw are exchanged: the teeth fit their places only when every number changes jaws."
    )
    roots_point_down = Template(
        "The teeth are numbered as upper teeth, but their roots point down: upper and lower jaw are probably exchanged."
    )
    roots_point_up = Template(
        "The teeth are numbered as lower teeth, but their roots point up: upper and lower jaw are probably exchanged."
    )
    two_files = Template(
        "Upper and lower jaw are probably exchanged: '{first}' looks like the {looks:words} jaw and "
        "'{second}' like the {other:words}."
    )
    one_tooth = Template(
        "Tooth {fdi:tooth} belongs to the {jaw:words} jaw but stands in the {other:words}{hint:words}."
    )
    one_number = Template("Tooth {fdi:tooth} belongs to the {jaw:words} jaw but stands among {other:words} teeth.")

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        if "names" in detail:
            first, second = detail["names"]
            looks, other = (JAW[which]() for which in detail["look"])
            return self.two_files(first=first, second=second, looks=looks, other=other)
        if "teeth_against" in detail:
            return self.roots_point_down() if is_upper(finding.teeth[0]) else self.roots_point_up()
        if "residual_mm" in detail:
            return self.whole()
        (fdi,) = finding.teeth
        words: dict[str, Any] = {"fdi": fdi, "jaw": JAW[jaw(fdi)]()}
        if "suggested" in detail:
            hint = MAY_BE(fdi=detail["suggested"]) if detail["suggested"] else None
            return self.one_tooth(**words, other=JAW[jaw(flipped_jaw(fdi))](), hint=hint)
        return self.one_number(**words, other=JAW[detail["jaw"]]())

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        if finding.repair != "renumber":
            return [swap_jaws()]
        (fdi,) = finding.teeth
        if "suggested" not in finding.detail:  # a number of the other jaw on a surface
            return [renumber(fdi, flipped_jaw(fdi)), renumber(fdi)]
        return renumber_to_twin(finding, others, flipped_jaw(fdi))

    # ------------------------------------------------------------ label maps

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        teeth = tuple(sorted(case.teeth))
        if case.relabelling is not None:
            swap, frame = case.relabelling
            if swap in ("flipped", "both"):
                yield self._whole(case, teeth, {"residual_mm": round(frame.residual_mm, 2)})
            elif swap == "none" and len({jaw(fdi) for fdi in teeth}) == 1:
                yield from self._against_roots(case, teeth, frame.rotation[:, 2])
        for fdi in sorted(case.in_wrong_jaw):
            free = flipped_jaw(fdi) not in case.measures
            detail = {"suggested": flipped_jaw(fdi) if free else None}
            yield Finding(self.code, (fdi,), case.mean_place((fdi,)), "error", "renumber", detail)

    def _whole(self, case: Case, teeth: tuple[int, ...], detail: dict[str, Any]) -> Finding:
        return Finding(self.code, teeth, case.mean_place(teeth), "error", "swap_upper_lower", detail)

    def _against_roots(self, case: Case, teeth: tuple[int, ...], up: np.ndarray) -> Iterator[Finding]:
        """One jaw alone fits either way round; there the roots decide, which taper upwards in the upper jaw.

        A tooth holds most of its volume in the crown, so the distribution of its voxels along the head's
        vertical has its long tail (the sign of its third moment) towards the root tip.
        """
        against = counted = 0
        for fdi in teeth:
            if case.measures[fdi].touches_border or is_deciduous(fdi) or position(fdi) == 8:
                continue
            height = case.points(fdi) @ up
            height = (height - height.mean()) / max(height.std(), 1e-6)
            tail = float((height**3).mean())
            if abs(tail) > ROOT_SKEWNESS:
                counted += 1
                against += (tail > 0) != is_upper(fdi)
        if counted >= FEWEST_ROOTS and against >= ROOT_VOTE * counted:
            yield self._whole(case, teeth, {"teeth_against": against, "teeth_counted": counted})

    # ------------------------------------------------------------ surfaces

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        """Single numbers that cannot be on this jaw."""
        for fdi in sorted(case.teeth):
            if jaw(fdi) != case.which:
                yield Finding(self.code, (fdi,), case.place(fdi), "error", "renumber")

    def find_in_pair(self, pair: JawPair) -> Iterator[Finding]:
        """Exchanged files."""
        if pair.is_exchanged:
            detail: dict[str, Any] = {case.which: {"inferred": case.segmentation.jaw_inferred} for case in pair}
            detail |= {"names": pair.names, "look": pair.looks}
            yield Finding(self.code, (), None, "error", "swap_upper_lower", detail)


KIND = UpperLowerSwapped()
