"""What a finding is, and what a kind of finding is: its code, its words, its rule, and the repairs that settle it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from ...dentition.words import SOURCE_LANGUAGE, Language, Sentence, Template

if TYPE_CHECKING:
    from ..measures.case import DentitionCase
    from ..measures.jaw import JawCase
    from ..measures.jaw_pair import JawPair
    from ..measures.label_map import Case
    from ..repair import Repair

#: From the gravest: the labels contradict themselves, are probably wrong, or are worth a note.
SEVERITIES = ("error", "warning", "info")
_READ_BACK = Template("{words}")


@dataclass(frozen=True)
class Finding:
    """One thing to look at: a code with fields, from which its kind makes the words.

    Parameters
    ----------
    code : str
        One of `CODES`.
    teeth : tuple of int
        The FDI numbers concerned.
    position_ras : (x, y, z) or None
        Where to look: RAS mm; of an intraoral scan the coordinates and unit of its own file. None when there is no
        one place.
    severity : str
        One of `SEVERITIES`.
    repair : str, optional
        What would settle it, as reports name it; `repairs_for` gives the repairs themselves.
    detail : dict
        The fields of the words and the numbers behind them, JSON-ready.
    text : str, optional
        The words of a finding that was written without the fields of its sentence; they are said as they are.
    """

    code: str
    teeth: tuple[int, ...]
    position_ras: tuple[float, float, float] | None
    severity: str
    repair: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    text: str | None = None

    @property
    def kind(self) -> Kind:
        """The kind of this code. KeyError for a code that this version does not know."""
        return _KINDS[self.code]

    @property
    def sentence(self) -> Sentence:
        """What was found, as words that know which of them are teeth."""
        return self.kind.sentence(self) if self.text is None else _READ_BACK(words=self.text)

    @property
    def message(self) -> str:
        """What was found, in English with FDI numbers."""
        return str(self.sentence)

    def say(self, numbering: str = "FDI", language: Language = SOURCE_LANGUAGE) -> str:
        """What was found, in a numbering and a language."""
        return self.sentence.say(numbering, language)

    def to_dict(self) -> dict[str, Any]:
        """The finding as JSON-ready types; positions rounded to 0.01 mm."""
        place = self.position_ras
        return {
            "code": self.code,
            "teeth": list(self.teeth),
            "position_ras": None if place is None else [round(float(c), 2) for c in place],
            "severity": self.severity,
            "message": self.message,
            "repair": self.repair,
            "detail": deepcopy(self.detail),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], numbering: str = "FDI") -> Finding:
        """A finding of a report or a scene; numbering: that of its message.

        One whose words cannot be made from its fields as they were written, because another version wrote it or fewer
        fields were kept, says the stored message in every numbering and language.

        Raises
        ------
        KeyError
            Naming what is missing of code, teeth, severity and message.
        """
        place = values.get("position_ras")
        finding = cls(
            values["code"],
            tuple(values["teeth"]),
            None if place is None else tuple(place),
            values["severity"],
            values.get("repair"),
            dict(values.get("detail") or {}),
        )
        message = values["message"]
        return finding if finding._is_told_as(message, numbering) else replace(finding, text=message)

    def _is_told_as(self, message: str, numbering: str) -> bool:
        try:
            return self.say(numbering) == message
        except (KeyError, IndexError, TypeError, ValueError):
            return False  # an unknown code; a field, or a tooth, of the words that was not written or is another now


class Kind(ABC):
    """A kind of finding; each is a subclass in `kinds`. Its words are class attributes, so that `templates` finds them.

    A rule that is the same for label maps and surfaces is `find`; one of a single world overrides `find_in_label_map`
    or `find_on_surface` instead.
    """

    code: ClassVar[str]
    #: A few words for lists and views: "hole".
    label: ClassVar[Template]
    #: False for what can be said of a jaw without teeth too; then no other rule is asked.
    needs_teeth: ClassVar[bool] = True
    #: Codes that say the same better when the two jaws of a dentition are compared.
    told_better_by: ClassVar[frozenset[str]] = frozenset()

    @property
    def templates(self) -> list[Template]:
        """The words of this kind."""
        return [value for value in vars(type(self)).values() if isinstance(value, Template)]

    @abstractmethod
    def sentence(self, finding: Finding) -> Sentence:
        """The words of a finding of this kind. KeyError when `detail` lacks a field of theirs."""

    def repairs(self, finding: Finding, others: Sequence[Finding]) -> list[Repair] | None:
        """What would settle it, the most likely first; None: only a person can, or too few fields were kept."""
        return None

    # ------------------------------------------------------------ rules

    def find(self, case: DentitionCase) -> Iterator[Finding]:
        """What is found in a label map and on a surface alike."""
        return iter(())

    def find_in_label_map(self, case: Case) -> Iterator[Finding]:
        """What is found in a label map."""
        return self.find(case)

    def find_on_surface(self, case: JawCase) -> Iterator[Finding]:
        """What is found on a jaw surface."""
        return self.find(case)

    def find_in_pair(self, pair: JawPair) -> Iterator[Finding]:
        """What is found when the two jaws of one dentition are compared."""
        return iter(())

    def find_after(self, case: DentitionCase, found: Sequence[Finding]) -> Iterator[Finding]:
        """What can only be judged when it is known what the other rules have found."""
        return iter(())


_KINDS: dict[str, Kind] = {}


def register(*kinds: Kind) -> tuple[Kind, ...]:
    """The kinds in the order given, known by their codes from now on.

    Raises
    ------
    ValueError
        When two have the same code.
    """
    for kind in kinds:
        if kind.code in _KINDS:
            raise ValueError(f"Two kinds of findings have the code {kind.code}: give each its own.")
        _KINDS[kind.code] = kind
    return kinds
