"""Take out what is no tooth."""

from __future__ import annotations

from ....dentition.words import Sentence
from ..bench import Bench
from ..repair import Place, Repair, point, tooth
from .second_teeth import second_tooth_of


class Delete(Repair):
    """Take a whole tooth out."""

    kind = "delete"
    words = "Remove tooth {teeth[0]:tooth}: it is no tooth"

    def change(self, bench: Bench) -> None:
        (fdi,) = self.teeth
        for part in bench.parts(fdi):
            bench.label(part, 0)
        bench.numbers[fdi] = 0


def delete(fdi: int) -> Repair:
    """Take a tooth out, as one that is none."""
    return Delete((tooth(fdi),))


class DeletePiece(Repair):
    """Take one piece of a tooth out, or an object without a number."""

    kind = "delete_piece"

    @property
    def sentence(self) -> Sentence:
        if self.teeth:
            return Sentence("Remove the second tooth {fdi:tooth}: it is no tooth", fdi=self.teeth[0])
        return Sentence("Remove what has no number: it is no tooth")

    def change(self, bench: Bench) -> None:
        part = second_tooth_of(bench, self.teeth, self.arguments["place"])
        if self.teeth:
            bench.give_away(part)
        else:
            bench.label(part, 0)


def delete_piece(fdi: int | None, place: Place) -> Repair:
    """Take out the one piece of a tooth whose centre is at `place`; None: an object without a number (surfaces)."""
    return DeletePiece((tooth(fdi),) if fdi else (), {"place": point(place)})
