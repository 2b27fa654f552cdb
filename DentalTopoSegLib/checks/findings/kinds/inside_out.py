"""inside_out: the faces look into the tissue, as after a mirroring that forgot to turn them."""

from __future__ import annotations

from collections.abc import Iterator

from ....dentition.words import Sentence, Template
from ...measures.jaw import JawCase
from ..finding import Finding, Kind


class InsideOut(Kind):
    code = "inside_out"
    label = Template("inside out")
    words = Template("The surface of '{name}' is inside out: the exporter may have mirrored it; check left and right.")

    def sentence(self, finding: Finding) -> Sentence:
        return self.words(name=finding.detail["name"])

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        if case.segmentation.inside_out:
            teeth = tuple(sorted(case.teeth))
            yield Finding(self.code, teeth, None, "warning", None, {"name": case.name})


KIND = InsideOut()
