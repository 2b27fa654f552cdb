"""What a repair is: a kind with the teeth and arguments it needs, its words, and how it is made on a bench."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from ...dentition import Stated, TwoNumbers, is_tooth
from ...dentition.words import SOURCE_LANGUAGE, Language, Sentence, SpokenError
from ...errors import InputError
from ..measures.case import Place


class RepairRefusedError(SpokenError, InputError):
    """A repair that cannot be made; it says why, and what to do instead."""


class NumberTakenError(RepairRefusedError):
    """The number is another tooth's.

    Parameters
    ----------
    why, **fields
        As of `RepairRefusedError`.
    swap : Repair, optional
        What exchanges the two numbers, where that makes sense.
    """

    def __init__(self, why: str | Sentence, /, *, swap: Repair | None = None, **fields: Any) -> None:
        super().__init__(why, **fields)
        self.swap = swap


@dataclass(frozen=True)
class Repair:
    """One change of the labels, not yet made; each kind is a subclass in `kinds`.

    A kind overrides `change` where label maps and surfaces are changed alike, `change_label_map` and `change_surface`
    where they are not. Where a world has nothing like it, it says so with `not_of_label_maps` or `not_of_surfaces`.

    Parameters
    ----------
    teeth : tuple of int
        The FDI numbers it touches, () for all.
    arguments : mapping
        What else it needs to know.
    safe : bool
        It mends a shape and changes no number, so that it may be made without looking.
    """

    teeth: tuple[int, ...]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    safe: bool = False

    #: The name of the function that makes a repair of this kind.
    kind: ClassVar[str]
    #: Template of its title; its fields are `teeth` and the arguments. A kind with several overrides `sentence`.
    words: ClassVar[str]
    #: Why a label map, or a surface, cannot be repaired so; None where it can.
    not_of_label_maps: ClassVar[Sentence | None] = None
    not_of_surfaces: ClassVar[Sentence | None] = None
    #: True of what changes the structures around the teeth instead (`canals.make_structure_edit`).
    of_structures: ClassVar[bool] = False
    #: True where the structures around the teeth may have to change with them (`sides.make_sides_edit`).
    exchanges_sides: ClassVar[bool] = False
    #: True where teeth change places as a whole, so that each is as sure of its new number as it was of the old one.
    keeps_confidence: ClassVar[bool] = False
    #: True where numbers are found anew from what they were found from, which therefore goes with the teeth.
    keeps_evidence: ClassVar[bool] = False

    @property
    def stated(self) -> Stated | None:
        """What is stated of the dentition from now on; None: what was stated before."""
        return None

    @property
    def two_numbers(self) -> Mapping[int, TwoNumbers] | None:
        """Which teeth two scans number differently from now on, by FDI number; None: those that were."""
        return None

    @property
    def changes_labels(self) -> bool:
        """False for what only is stated: it needs no voxels or vertices."""
        return True

    @property
    def sentence(self) -> Sentence:
        """What it does, for the user; without a full stop."""
        return Sentence(self.words, teeth=self.teeth, **self.arguments)

    @property
    def title(self) -> str:
        """What it does, in English with FDI numbers."""
        return str(self.sentence)

    def say(self, numbering: str = "FDI", language: Language = SOURCE_LANGUAGE) -> str:
        """What it does, in a numbering and a language."""
        return self.sentence.say(numbering, language)

    @property
    def needs_number(self) -> bool:
        """True when the user has to choose a number first; see `with_number`."""
        return "to" in self.arguments and self.arguments["to"] is None

    def with_number(self, fdi: int) -> Repair:
        """The repair with the number chosen.

        Raises
        ------
        InputError
            For what is no FDI tooth.
        RepairRefusedError
            Where no number is needed.
        """
        if not self.needs_number:
            raise RepairRefusedError("No number is needed to do this: {what:clause}.", what=self.sentence)
        return replace(self, arguments={**self.arguments, "to": tooth(fdi)})

    # ------------------------------------------------------------ making it; benches know repairs, not the reverse

    def change(self, bench: Any) -> None:
        """Change the labels on the bench. Raises RepairRefusedError where that is not possible."""
        raise NotImplementedError(f"{type(self).__name__} changes nothing.")

    def change_label_map(self, bench: Any) -> None:
        """Change a label map; bench: a `LabelMapBench`."""
        self.change(bench)

    def change_surface(self, bench: Any) -> None:
        """Change the labels of a surface; bench: a `JawBench`."""
        self.change(bench)


def tooth(fdi: int) -> int:
    """The number itself. Raises InputError for what is no FDI tooth number."""
    if not is_tooth(fdi):
        raise InputError(f"{fdi} is not an FDI tooth number: use 11-48, or 51-85 for milk teeth.")
    return int(fdi)


def point(place: Place) -> Place:
    """A place as three plain floats."""
    x, y, z = map(float, place)
    return x, y, z
