"""canal_in_pieces: a mandibular canal that is interrupted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....dentition.structures import structure
from ....dentition.words import Sentence, Template
from ...measures.canals import gaps_between
from ...measures.label_map import Case
from ...measures.surroundings import CANALS
from ...repair import Repair, join_canal
from ...repair.canals import JOIN_MM
from ..finding import Finding, Kind
from ..words import STRUCTURE


class CanalInPieces(Kind):
    code = "canal_in_pieces"
    label = Template("canal in pieces")
    words = Template("The {name:words} is in {pieces} pieces; the widest gap is {gap:.1f} mm.")

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        return self.words(name=STRUCTURE[detail["structure"]](), pieces=detail["pieces"], gap=detail["gap_mm"])

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair] | None:
        key, gap = finding.detail.get("structure"), finding.detail.get("gap_mm")
        if key is None or gap is None:
            return None
        return [join_canal(key, gap)] if gap <= JOIN_MM else []

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        if case.around is None:
            return
        for key in CANALS:
            pieces = case.around.canal_pieces(key)
            if len(pieces) < 2 or (structure(key).side is None and len(pieces) == 2):
                continue  # where sides are not told, two pieces are the two canals
            gaps = gaps_between(pieces)
            widest = max(gaps, key=lambda gap: gap.line.length_mm).line
            detail = {
                "structure": key,
                "pieces": len(pieces),
                "gap_mm": round(widest.length_mm, 1),
                "line_ras": [[round(float(c), 2) for c in end] for end in (widest.start, widest.end)],
            }
            joins = structure(key).side is not None and widest.length_mm <= JOIN_MM
            repair = "join_canal" if joins else None
            yield Finding(self.code, (), case.in_file((widest.start + widest.end) / 2), "warning", repair, detail)


KIND = CanalInPieces()
