"""wrong_jaw: the shape contradicts the jaw in use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....dentition.words import Sentence, Template
from ...measures.jaw import JawCase
from ...repair import Repair, swap_jaws
from ..finding import Finding, Kind
from ..words import A_JAW, JAW

#: From this confidence on a jaw that contradicts the one in use is an error, not a doubt.
SURE = 0.8


class WrongJaw(Kind):
    code = "wrong_jaw"
    label = Template("wrong jaw")
    words = Template("This looks like {looks:words}, but {said:words} ('{name}', confidence {percent} %).")
    stated = Template("{jaw:words} was stated")
    taken = Template("it was taken for {jaw:words}")
    told_better_by = frozenset(("same_jaw", "upper_lower_swapped"))

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        used = detail["jaw"]
        said = self.stated(jaw=JAW[used]()) if detail["stated"] else self.taken(jaw=A_JAW[used]())
        looks = A_JAW[detail["inferred"]]()
        return self.words(looks=looks, said=said, name=detail["name"], percent=detail["percent"])

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        return [swap_jaws()]

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        looks, sure = case.segmentation.jaw_inferred, float(case.segmentation.jaw_confidence)
        if looks != case.which:
            yield Finding(
                self.code,
                tuple(sorted(case.teeth)),
                None,
                "error" if sure >= SURE else "warning",
                "swap_upper_lower",
                {
                    "inferred": looks,
                    "confidence": round(sure, 3),
                    "stated": case.stated,
                    "name": case.name,
                    "percent": round(100 * sure),
                },
            )


KIND = WrongJaw()
