"""The bench that repairs work on: what they ask of labelled teeth, be these voxels or the vertices of a surface."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ...dentition import arch_order, is_deciduous, jaw
from ...dentition.words import Sentence
from .edit import Edit
from .repair import NumberTakenError, Place, Repair, RepairRefusedError


class Bench(ABC):
    """Labels to change, and what is asked of them. The labels it was made for stay; `edit` tells what has changed.

    A part is some of the dentition's voxels or vertices; only the bench that gave it knows how it is kept.

    Attributes
    ----------
    numbers : dict
        {old FDI number: new number} of whole teeth that were renumbered so far, 0 for those taken out.
    """

    def __init__(self) -> None:
        self.numbers: dict[int, int] = {}

    # ------------------------------------------------------------ what there is

    @property
    @abstractmethod
    def teeth(self) -> Sequence[int]:
        """The FDI numbers that are there before the repair, in order."""

    @abstractmethod
    def parts(self, fdi: int) -> list[Any]:
        """The connected pieces of a tooth, the largest first."""

    @abstractmethod
    def loose_parts(self, fdi: int, places: Iterable[Place] | None = None) -> list[Any]:
        """The pieces beside the main one that are no tooth of their own.

        Parameters
        ----------
        fdi : int
            The tooth.
        places : iterable of (x, y, z), optional
            Centres of the pieces that are meant, RAS mm; surfaces take all pieces that are no second tooth.
        """

    @abstractmethod
    def specks(self, fdi: int) -> list[Any]:
        """The loose pieces that are too small to be of any interest."""

    @abstractmethod
    def hollows(self, fdi: int) -> list[Any]:
        """What only this tooth surrounds: hollows, or patches of gingiva. Raises RepairRefusedError for none."""

    @abstractmethod
    def unnumbered(self) -> list[Any]:
        """What was taken for teeth but has no number. Raises RepairRefusedError where there is no such thing."""

    @abstractmethod
    def centre_distances(self, parts: Sequence[Any], place: Place) -> np.ndarray:
        """(N,) How far the centres of parts lie from a place of the file, in units of what is taken for the same."""

    @abstractmethod
    def touching_parts(self, fdi: int, other: int) -> list[Any]:
        """The connected pieces of a tooth that touch another one, the largest first."""

    @abstractmethod
    def surrounding(self, part: Any) -> np.ndarray:
        """(N,) FDI numbers, 0 for none, of what touches a part."""

    # ------------------------------------------------------------ changes

    @abstractmethod
    def label(self, part: Any, fdi: int) -> None:
        """Give a part a tooth's number, or 0 to make it none."""

    @abstractmethod
    def relabel(self, numbers: Mapping[int, int]) -> None:
        """Give whole teeth other numbers at once, {old: new}."""

    @abstractmethod
    def turn_over(self) -> dict[int, int]:
        """Take the dentition for the other jaw's; returns what each number then has to be."""

    @abstractmethod
    def carry_out(self, repair: Repair) -> None:
        """Make the repair in this world. Raises RepairRefusedError where this world has nothing like it."""

    @abstractmethod
    def edit(self, repair: Repair) -> Edit:
        """All that was changed."""

    # ------------------------------------------------------------ alike in both worlds

    def require(self, *teeth: int) -> None:
        """Raises RepairRefusedError where one of the teeth is not there."""
        for fdi in teeth:
            if fdi not in self.teeth:
                raise RepairRefusedError("There is no tooth {fdi:tooth} here.", fdi=fdi)

    def require_free(self, fdi: int, why: str, /, *, swap: Repair | None = None, **fields: Any) -> None:
        """Raises NumberTakenError (`why`, `swap` and `fields` are its own) where the number is a tooth's already."""
        if fdi in self.teeth:
            raise NumberTakenError(why, swap=swap, **fields)

    def part_at(self, parts: Sequence[Any], place: Place, what: Sentence) -> Any:
        """The part whose centre is at a place. Raises RepairRefusedError where none is there any more.

        Parameters
        ----------
        parts : sequence
            Those it may be.
        place : (x, y, z)
            In the file's own coordinates.
        what : Sentence
            What the parts belong to.
        """
        far = self.centre_distances(parts, place)
        if not len(far) or far.min() > 1:
            raise RepairRefusedError(
                "{what:words} has changed since it was checked: check again for a new proposal.", what=what
            )
        return parts[int(far.argmin())]

    def give_away(self, part: Any) -> None:
        """A stray part becomes nothing, or part of the tooth that surrounds most of it, where it would leave a hole."""
        around = self.surrounding(part)
        counts = np.bincount(around, minlength=1)
        self.label(part, int(counts.argmax()) if 2 * counts.max() > len(around) else 0)


def tooth_words(fdi: int) -> Sentence:
    """The tooth at the beginning of a sentence."""
    return Sentence("Tooth {fdi:tooth}", fdi=fdi)


def nothing_here(repair: Repair) -> RepairRefusedError:
    """The refusal where there is no tooth at all."""
    return RepairRefusedError("There is no tooth here to do this with: {what:clause}.", what=repair.sentence)


def along_row(centres: Mapping[int, np.ndarray], fdi: int) -> np.ndarray:
    """(3,) vector along the arch at a tooth from its neighbours' centres, towards the patient's left; zero where it
    stands alone."""
    row = [number for number in arch_order(jaw(fdi), is_deciduous(fdi)) if number in centres]
    i = row.index(fdi)
    return centres[row[min(i + 1, len(row) - 1)]] - centres[row[max(i - 1, 0)]]


def stands_before(fdi: int, other: int) -> bool:
    """True where, from the patient's right to left, `other` follows `fdi`."""
    order = arch_order(jaw(fdi), is_deciduous(fdi))
    return order.index(other) > order.index(fdi)
