"""fragment: a tooth in several pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ....dentition.words import Sentence, Template
from ...measures.case import DentitionCase
from ...repair import Repair, join_pieces, remove_pieces
from ..finding import Finding, Kind
from ..pieces import loose_pieces
from ..repairs import without_looking

#: Loose pieces that are together less than this share of the tooth are taken away rather than joined to it.
SMALL_SHARE = 0.2
#: So many places of pieces are listed.
MOST_PLACES = 20


class Fragment(Kind):
    code = "fragment"
    label = Template("in pieces")
    in_label_map = Template(
        "Tooth {fdi:tooth} is in {pieces:words}; the largest loose one has {size:.1f} mm³ "
        "and lies {away} mm from the middle of the tooth."
    )
    on_surface = Template(
        "Tooth {fdi:tooth} is in {pieces:words}; the largest loose one has {size:.0f} mm² "
        "and lies {away} mm from the middle of the tooth."
    )
    two = Template("two pieces")
    three = Template("three pieces")
    several = Template("{number} pieces")

    def sentence(self, finding: Finding) -> Sentence:
        detail = finding.detail
        (fdi,), number = finding.teeth, detail["count"]
        pieces = {2: self.two(), 3: self.three()}.get(number) or self.several(number=number)
        words = self.on_surface if "pieces_mm2" in detail else self.in_label_map
        return words(fdi=fdi, pieces=pieces, size=detail["largest"], away=detail["away_mm"])

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair]:
        (fdi,), places = finding.teeth, finding.detail.get("positions_ras")
        if finding.repair == "join_pieces":
            return [join_pieces(fdi), remove_pieces(fdi, places)]
        return [without_looking(remove_pieces(fdi, places))]

    def find(self, case: DentitionCase) -> Iterator[Finding]:
        shown, kept = case.decimals
        for fdi in case.teeth:
            loose = loose_pieces(case, fdi)
            if case.gathers_specks:
                loose = [piece for piece in loose if piece.size >= case.negligible]
            if not loose:
                continue
            largest, total = loose[0], sum(piece.size for piece in loose)
            detail: dict[str, Any] = {f"pieces_{case.size_key}": [round(piece.size, kept) for piece in loose]}
            if not case.gathers_specks:  # else all loose pieces go, wherever they are
                detail["positions_ras"] = [[round(float(c), 2) for c in piece.centre] for piece in loose[:MOST_PLACES]]
            detail["count"] = len(loose) + 1
            detail["largest"] = round(largest.size, shown)
            detail["away_mm"] = round(float(np.linalg.norm(largest.centre - case.middle(fdi))))
            small = total < SMALL_SHARE * case.whole_size(fdi)
            yield Finding(
                self.code,
                (fdi,),
                case.in_file(largest.centre),
                "info" if total < case.negligible else "warning",
                "remove_fragment" if small else "join_pieces",
                detail,
            )


KIND = Fragment()
