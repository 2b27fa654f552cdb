"""same_jaw: two files of one jaw, where an upper and a lower one belong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ....dentition.words import Sentence, Template
from ...measures.jaw_pair import JawPair
from ..finding import Finding, Kind
from ..words import A_JAW


class SameJaw(Kind):
    code = "same_jaw"
    label = Template("same jaw twice")
    same_scan = Template("'{first}' and '{second}' are the same scan: give one upper and one lower jaw.")
    alike = Template("'{first}' and '{second}' both look like {looks:words}: one of them is probably the wrong file.")

    def sentence(self, finding: Finding) -> Sentence:
        first, second = finding.detail["names"]
        looks = finding.detail["both_look"]
        if looks is None:
            return self.same_scan(first=first, second=second)
        return self.alike(first=first, second=second, looks=A_JAW[looks]())

    def find_in_pair(self, pair: JawPair) -> Iterator[Finding]:
        if pair.is_one_jaw:
            detail: dict[str, Any] = {case.which: {"inferred": case.segmentation.jaw_inferred} for case in pair}
            detail |= {"names": pair.names, "both_look": None if pair.is_one_scan else pair.looks[0]}
            yield Finding(self.code, (), None, "error", None, detail)


KIND = SameJaw()
