"""Loose pieces, which two kinds of findings share out among them."""

from __future__ import annotations

from ..measures.case import DentitionCase, Piece


def loose_pieces(case: DentitionCase, fdi: int) -> list[Piece]:
    """The pieces beside the main one that are no tooth of their own, the largest first."""
    second = case.second_teeth(fdi)
    return [piece for piece in case.pieces(fdi)[1:] if not any(piece is other for other in second)]
