"""frame_uncertain: it is not clear which way the jaw lies in its file."""

from __future__ import annotations

from collections.abc import Iterator

from ....dentition.words import Sentence, Template
from ...measures.jaw import JawCase
from ..finding import Finding, Kind

#: A pose found with less than this confidence should be looked at.
DOUBTFUL = 0.5


class FrameUncertain(Kind):
    code = "frame_uncertain"
    label = Template("how does it lie?")
    words = Template(
        "It is not certain how the jaw lies in '{name}' (confidence {percent} %): "
        "check front and back, and the numbers."
    )

    def sentence(self, finding: Finding) -> Sentence:
        return self.words(name=finding.detail["name"], percent=finding.detail["percent"])

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        sure = float(case.segmentation.frame_confidence)
        if sure < DOUBTFUL:
            detail = {"confidence": round(sure, 3), "name": case.name, "percent": round(100 * sure)}
            yield Finding(self.code, tuple(sorted(case.teeth)), None, "warning", None, detail)


KIND = FrameUncertain()
