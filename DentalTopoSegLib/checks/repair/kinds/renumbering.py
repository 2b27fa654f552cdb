"""Give teeth other numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from ....dentition.words import Sentence
from ....errors import InputError
from ..bench import Bench
from ..repair import Place, Repair, RepairRefusedError, point, tooth
from .second_teeth import second_tooth_of


def relabel_all(bench: Bench, numbers: Mapping[int, int]) -> None:
    """Give teeth new numbers {old: new} at once. Raises RepairRefusedError for a tooth that is not there, and for a new
    number that a tooth has which gets none."""
    for old, new in numbers.items():
        bench.require(old)
        if new not in numbers:
            why = "The number {new:tooth} is another tooth's: give that tooth a number too."
            bench.require_free(new, why, new=new)
    bench.relabel(numbers)


class Renumber(Repair):
    """Give a whole tooth another number that is free."""

    kind = "renumber"

    @property
    def sentence(self) -> Sentence:
        if self.needs_number:
            return Sentence("Give tooth {fdi:tooth} another number", fdi=self.teeth[0])
        return Sentence("Give tooth {fdi:tooth} the number {to:tooth}", fdi=self.teeth[0], to=self.arguments["to"])

    def change(self, bench: Bench) -> None:
        (fdi,), to = self.teeth, self.arguments["to"]
        if fdi == to:
            raise RepairRefusedError("Tooth {fdi:tooth} has this number already.", fdi=fdi)
        bench.require(fdi)
        why = "The number {to:tooth} is another tooth's: exchange the two numbers instead."
        bench.require_free(to, why, swap=swap(fdi, to), to=to)
        bench.relabel({fdi: to})


def renumber(fdi: int, to: int | None = None) -> Repair:
    """Give a tooth another number; None: the user will choose it."""
    return Renumber((tooth(fdi),), {"to": None if to is None else tooth(to)})


class RenumberPiece(Repair):
    """Give one piece of a tooth, or an object without a number, a number of its own."""

    kind = "renumber_piece"

    @property
    def sentence(self) -> Sentence:
        if self.teeth:
            what = Sentence("the second tooth {fdi:tooth}", fdi=self.teeth[0])
        else:
            what = Sentence("what has no number")
        if self.needs_number:
            return Sentence("Give {what:words} a number of its own", what=what)
        return Sentence("Give {what:words} the number {to:tooth}", what=what, to=self.arguments["to"])

    def change(self, bench: Bench) -> None:
        to = self.arguments["to"]
        bench.require_free(to, "The number {to:tooth} is another tooth's: choose one that is free.", to=to)
        bench.label(second_tooth_of(bench, self.teeth, self.arguments["place"]), to)


def renumber_piece(fdi: int | None, place: Place, to: int | None = None) -> Repair:
    """Give the piece of a tooth whose centre is at `place` a number of its own; fdi None: an object without one."""
    arguments = {"place": point(place), "to": None if to is None else tooth(to)}
    return RenumberPiece((tooth(fdi),) if fdi else (), arguments)


class Swap(Repair):
    """Exchange the numbers of two teeth."""

    kind = "swap"
    words = "Exchange the numbers {teeth[0]:tooth} and {teeth[1]:tooth}"

    def change(self, bench: Bench) -> None:
        a, b = self.teeth
        if a == b:
            raise RepairRefusedError("Choose two teeth: {fdi:tooth} cannot change its number with itself.", fdi=a)
        bench.require(a, b)
        bench.relabel({a: b, b: a})


def swap(a: int, b: int) -> Repair:
    """Exchange two numbers."""
    return Swap((tooth(a), tooth(b)))


class RenumberRun(Repair):
    """Give several teeth other numbers at once; the new ones must be free or given away."""

    kind = "renumber_run"

    @property
    def sentence(self) -> Sentence:
        steps = [
            Sentence("{old:tooth} becomes {new:tooth}", old=old, new=new)
            for old, new in sorted(self.arguments["numbers"].items())
        ]
        listed = reduce(lambda first, rest: Sentence("{first:words}, {rest:words}", first=first, rest=rest), steps)
        return Sentence("Renumber as they stand: {steps:words}", steps=listed)

    def change(self, bench: Bench) -> None:
        relabel_all(bench, self.arguments["numbers"])


def renumber_run(numbers: Mapping[int, int]) -> Repair:
    """Give several teeth other numbers at once, {number: new number}; the new ones must be free or given away."""
    changed = {tooth(old): tooth(new) for old, new in numbers.items() if old != new}
    if not changed or len(set(changed.values())) < len(changed):
        raise InputError("Give every tooth a number of its own, and at least one of them another than it has.")
    return RenumberRun(tuple(sorted(changed)), {"numbers": changed})
