"""low_confidence: the segmenter itself doubts that the tooth is there and has this number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ....dentition.words import Sentence, Template
from ...measures.case import DentitionCase
from ...repair import Repair, renumber
from ..finding import Finding, Kind


class LowConfidence(Kind):
    code = "low_confidence"
    label = Template("number?")
    words = Template("Please check tooth {fdi:tooth} and its number: {doubt:words}.")
    unknown = Template("its confidence is unknown")
    score = Template("its score is low ({percent} %)")
    share = Template(
        "about {few} of 10 such teeth are expected to be right (confidence {percent} %, estimated on synthetic scans)"
    )
    hardly_any = Template(
        "fewer than 1 of 10 such teeth are expected to be right (confidence {percent} %, estimated on synthetic scans)"
    )

    def sentence(self, finding: Finding) -> Sentence:
        fdi, detail = finding.teeth[0], finding.detail
        percent = detail["percent"]
        if percent is None:
            return self.words(fdi=fdi, doubt=self.unknown())
        if not detail.get("calibrated", False):  # only a measured probability is told as a share of teeth
            return self.words(fdi=fdi, doubt=self.score(percent=percent))
        few = detail["of_ten"]
        doubt = self.share(few=few, percent=percent) if few else self.hardly_any(percent=percent)
        return self.words(fdi=fdi, doubt=doubt)

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        return [renumber(finding.teeth[0])]

    def find(self, case: DentitionCase) -> Iterator[Finding]:
        for fdi, value in sorted(case.confidence.items()):
            if fdi not in case.measures or value >= case.low_confidence:
                continue
            known = bool(np.isfinite(value))
            detail = {"confidence": round(float(value), 4) if known else None, "threshold": case.low_confidence}
            detail["calibrated"] = case.confidence.calibrated
            detail["percent"] = round(100 * value) if known else None
            if case.confidence.calibrated:
                detail["of_ten"] = max(0, min(10, round(10 * value))) if known else None
            yield Finding(self.code, (fdi,), case.place(fdi), "warning", "renumber", detail)


KIND = LowConfidence()
