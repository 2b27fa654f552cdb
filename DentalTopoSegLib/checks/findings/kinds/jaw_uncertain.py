"""jaw_uncertain: which jaw it is was inferred from little evidence."""

from __future__ import annotations

from collections.abc import Iterator

from ....dentition.words import Sentence, Template
from ...measures.jaw import JawCase
from ..finding import Finding, Kind
from ..words import A_JAW

#: An inferred jaw below this confidence should be stated by the user.
DOUBTFUL = 0.95


class JawUncertain(Kind):
    code = "jaw_uncertain"
    label = Template("which jaw?")
    words = Template(
        "It is not certain that '{name}' is {looks:words} (confidence {percent} %): state the jaw if you know it."
    )

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        return self.words(name=detail["name"], looks=A_JAW[detail["inferred"]](), percent=detail["percent"])

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        looks, sure = case.segmentation.jaw_inferred, float(case.segmentation.jaw_confidence)
        if looks == case.which and case.stated is None and sure < DOUBTFUL:
            detail = {"inferred": looks, "confidence": round(sure, 3), "stated": None}
            detail |= {"name": case.name, "percent": round(100 * sure)}
            yield Finding(self.code, tuple(sorted(case.teeth)), None, "warning", None, detail)


KIND = JawUncertain()
