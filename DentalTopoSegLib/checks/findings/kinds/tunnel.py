"""tunnel: b1 > 0, a hole that runs through a tooth. Fused roots can do that by nature, so it is a warning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....dentition.words import Sentence, Template
from ...measures.label_map import Case
from ...repair import Repair, close_tunnels
from ..finding import Finding, Kind
from ..repairs import without_looking


class Tunnel(Kind):
    code = "tunnel"
    label = Template("hole")
    words = Template(
        "Tooth {fdi:tooth} has a hole running through it.", "Tooth {fdi:tooth} has {count} holes running through it."
    )

    def sentence(self, finding: Finding) -> Sentence:
        return self.words(fdi=finding.teeth[0], count=finding.detail["count"])

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        return [without_looking(close_tunnels(finding.teeth[0]))]

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        for fdi, measure in case.measures.items():
            if measure.betti[1] > 0:
                places = case.tunnel_places(fdi)
                positions = [[round(c, 2) for c in place] for place in places]
                detail = {"count": measure.betti[1], "positions_ras": positions}
                yield Finding(self.code, (fdi,), places[0], "warning", "close_tunnel", detail)


KIND = Tunnel()
