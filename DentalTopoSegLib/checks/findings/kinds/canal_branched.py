"""canal_branched: a mandibular canal with more than two ends."""

from __future__ import annotations

from collections.abc import Iterator

from ....dentition.words import Sentence, Template
from ...measures.label_map import Case
from ..finding import Finding, Kind
from ..words import STRUCTURE


class CanalBranched(Kind):
    """Bifid canals are seen in a quarter of all persons on CBCT, in 3 of 100 on panoramic images (docs/sources.md): a
    branch may be one, and is worth a look because it changes where a needle or a drill must not go."""

    code = "canal_branched"
    label = Template("canal with branches")
    words = Template(
        "The {name:words} has {ends} ends; a canal has two. It may be two canals, or have run into a vessel."
    )

    def sentence(self, finding: Finding) -> Sentence:
        return self.words(name=STRUCTURE[finding.detail["structure"]](), ends=finding.detail["count"])

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        if case.around is None:
            return
        for key in ("canal_left", "canal_right"):
            for piece in case.around.canal_pieces(key):
                if piece.number_of_ends > 2:
                    place = case.in_file(piece.places.mean(axis=0))
                    detail = {"structure": key, "count": piece.number_of_ends}
                    yield Finding(self.code, (), place, "info", None, detail)


KIND = CanalBranched()
