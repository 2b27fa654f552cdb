"""not_in_bite: two jaws that were not scanned, or not exported, in the bite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ....dentition.words import Sentence, Template
from ...measures.jaw_pair import JawPair
from ..finding import Finding, Kind

#: Crowns that run this deep (mm, 99th percentile) into the other jaw's were not scanned in the bite. In 57 pairs
#: of 3D-IOSSeg that are in the bite it is at most 1.3 mm, in the two that are not 5.9 and 6.5 mm.
OVERLAP_MM = 2.5
#: In the bite some teeth touch: 0.2 mm at most between the face centres of those 57 pairs, on coarse meshes.
APART_MM = 2.0
#: Cosine of the largest angle between the two chewing planes, and between the two fronts, of jaws in the bite;
#: among those pairs 0.81 at least, because a front is only estimated where teeth are missing on one side.
FACING = 0.6


class NotInBite(Kind):
    code = "not_in_bite"
    label = Template("not in the bite")
    words = Template(
        "The two jaws are not in the bite: {reason:words}. "
        "Teeth and numbers are not affected, but contacts between the jaws cannot be judged."
    )
    facing = Template("they do not face each other")
    apart = Template("they are {millimetres} mm apart")
    overlapping = Template("their crowns run up to {millimetres} mm into each other")

    def sentence(self, finding: Finding) -> Sentence:
        reason, length = finding.detail["reason"], finding.detail["about_mm"]
        if reason == "facing":
            return self.words(reason=self.facing())
        return self.words(reason=(self.apart if reason == "apart" else self.overlapping)(millimetres=length))

    def find_in_pair(self, pair: JawPair) -> Iterator[Finding]:
        if pair.is_one_jaw or pair.is_exchanged or not all(case.teeth for case in pair):
            return
        upper, lower = pair.upper, pair.lower
        reason, length, place = None, None, None
        gap, overlap, deepest = pair.meeting()
        detail: dict[str, Any] = {"gap_mm": round(gap, 2), "overlap_mm": round(overlap, 2)}
        if upper.axes is not None and lower.axes is not None:
            front, top = (float(upper.axes[k] @ lower.axes[k]) for k in (1, 2))
            detail |= {"front_cosine": round(front, 2), "top_cosine": round(top, 2)}
            if min(front, top) < FACING:
                reason = "facing"
        if reason is None and gap > APART_MM:
            reason, length = "apart", round(gap)
        if reason is None and overlap > OVERLAP_MM:
            reason, length, place = "overlapping", round(overlap), lower.in_file(deepest)
        if reason is not None:
            detail |= {"reason": reason, "about_mm": length}
            yield Finding(self.code, (), place, "warning", None, detail)


KIND = NotInBite()
