"""speckles: crumbs of tooth labels on a surface, one finding for the jaw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....dentition.words import Sentence, Template
from ...measures.jaw import JawCase
from ...repair import Repair, remove_specks
from ..finding import Finding, Kind
from ..pieces import loose_pieces
from ..repairs import without_looking


class Speckles(Kind):
    code = "speckles"
    label = Template("specks")
    words = Template(
        "{count} speck of a tooth's number lies away from the tooth, "
        "each smaller than {limit:.0f} mm² ({teeth:teeth}).",
        "{count} specks of tooth numbers lie away from the tooth, each smaller than {limit:.0f} mm² ({teeth:teeth}).",
    )

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        return self.words(count=detail["count"], limit=detail["limit_mm2"], teeth=finding.teeth)

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        return [without_looking(remove_specks(finding.teeth))]

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        specks = [
            (fdi, piece) for fdi in case.teeth for piece in loose_pieces(case, fdi) if piece.size < case.negligible
        ]
        if specks:
            largest = max((piece for _, piece in specks), key=lambda piece: piece.size)
            area = sum(piece.size for _, piece in specks)
            detail = {"count": len(specks), "area_mm2": round(area, 2), "limit_mm2": case.negligible}
            teeth = tuple(sorted({fdi for fdi, _ in specks}))
            yield Finding(self.code, teeth, case.in_file(largest.centre), "info", "remove_fragment", detail)


KIND = Speckles()
