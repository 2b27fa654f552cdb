"""Sentences that know which of their words are teeth, so that they can be said in any numbering and language.

A `Sentence` is a template with fields; nothing ever reads tooth numbers back out of a text. Templates are English and
double as the keys of a catalogue::

    said = Sentence("{teeth:Teeth} lie apart by {gap:.0f} mm.", teeth=(14, 15), gap=3.2)
    str(said)                    # "Teeth 14 and 15 lie apart by 3 mm."
    said.say("Universal")        # "Teeth 5 and 4 lie apart by 3 mm."

Format specifications beside Python's own: `{fdi:tooth}` is one tooth's number, `{teeth:numbers}` "14, 15 and 16",
`{teeth:teeth}` "tooth 16" or "teeth 14 and 15", `{teeth:Teeth}` the same at the beginning of a sentence,
`{part:words}` another `Sentence` or a word of the catalogue, `{part:clause}` the same inside a sentence: its first
letter is small.

A language is a `Catalogue`, such as `reports.languages.catalogue` reads from the translations that are shipped; an
application that has its own way to translate hands that over. Named alone, it is English.
"""

from __future__ import annotations

import gettext
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from ..errors import DentalTopoSegError
from .naming import checked_numbering, tooth_text

SOURCE_LANGUAGE = "en"
#: One tooth and several, at the beginning of a sentence and inside one; and how a list ends.
BEGINNING = ("Tooth {numbers}", "Teeth {numbers}")
INSIDE = ("tooth {numbers}", "teeth {numbers}")
AND = "{first} and {last}"
#: Between the whole and its tenths.
DECIMAL_MARK = "."


class Catalogue(Protocol):
    """The words of one language, as those of the standard library's `gettext` translations."""

    def gettext(self, message: str, /) -> str:
        """A text or template in this language; itself where it has none."""

    def ngettext(self, msgid1: str, msgid2: str, n: int, /) -> str:
        """One of two templates, for one thing or for several, in this language."""


#: English by its name, or the words of another language.
Language = str | Catalogue


class Sentence:
    """A text with fields, said when it is known in which numbering and language.

    Parameters
    ----------
    text : str
        Template, see the module's text.
    plural : str, optional
        Template where `count` is not 1.
    count : int, optional
        Also a field of this name.
    **fields
        What the template speaks of. Teeth are FDI numbers.
    """

    def __init__(self, text: str, /, *, plural: str | None = None, count: int | None = None, **fields: Any) -> None:
        if (plural is None) != (count is None):
            raise ValueError("A plural needs a count, and a count a plural: give both or none.")
        self.text, self.plural, self.count = text, plural, count
        self.fields: dict[str, Any] = fields if count is None else {**fields, "count": count}

    def say(self, numbering: str = "FDI", language: Language = SOURCE_LANGUAGE) -> str:
        """The sentence with its teeth in a numbering ("FDI", "Universal", "Palmer") and in a language.

        Raises
        ------
        InputError
            For a numbering that does not exist.
        """
        words = _catalogue(language)
        if self.plural is None or self.count is None:
            template = words.gettext(self.text)
        else:
            template = words.ngettext(self.text, self.plural, self.count)
        return _Speaker(checked_numbering(numbering), language).vformat(template, (), self.fields)

    def __str__(self) -> str:
        return self.say()

    def __repr__(self) -> str:
        return f"Sentence({self.text!r}, {self.fields!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sentence):
            return NotImplemented
        return (self.text, self.plural, self.fields) == (other.text, other.plural, other.fields)

    def __hash__(self) -> int:
        return hash((self.text, self.plural))


@dataclass(frozen=True)
class Template:
    """The words of a `Sentence` without its fields: an entry of the catalogue.

    Parameters
    ----------
    text : str
        See the module's text.
    plural : str, optional
        The words where the field `count` is not 1.
    """

    text: str
    plural: str | None = None

    def __call__(self, /, *, count: int | None = None, **fields: Any) -> Sentence:
        """The sentence with its fields."""
        return Sentence(self.text, plural=self.plural, count=count, **fields)


class _Speaker(string.Formatter):
    """`str.format` with the specifications of the module's text."""

    def __init__(self, numbering: str, language: Language) -> None:
        self.numbering, self.language = numbering, language

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "tooth":
            return tooth_text(value, self.numbering)
        if format_spec == "numbers":
            return self._numbers(value)
        if format_spec in ("teeth", "Teeth"):
            teeth = tuple(value)
            one, several = BEGINNING if format_spec == "Teeth" else INSIDE
            text = _catalogue(self.language).ngettext(one, several, len(teeth))
            return text.format(numbers=self._numbers(teeth))
        if format_spec == "words":
            if isinstance(value, Sentence):
                return value.say(self.numbering, self.language)
            return _catalogue(self.language).gettext(value) if value else ""
        if format_spec == "clause":
            text = self.format_field(value, "words")
            return text[:1].lower() + text[1:]
        formatted: str = super().format_field(value, format_spec)
        if isinstance(value, float):
            return formatted.replace(DECIMAL_MARK, _catalogue(self.language).gettext(DECIMAL_MARK))
        return formatted

    def _numbers(self, teeth: Iterable[int]) -> str:
        said = [tooth_text(fdi, self.numbering) for fdi in teeth]
        if len(said) < 2:
            return "".join(said)
        template = _catalogue(self.language).gettext(AND)
        return template.format(first=", ".join(said[:-1]), last=said[-1])


class SpokenError(DentalTopoSegError):
    """A refusal whose words know which of them are teeth.

    Parameters
    ----------
    why : str or Sentence
        Why, and what to do instead; a template or a whole sentence.
    **fields
        Of the template.

    Attributes
    ----------
    sentence : Sentence
        The reason.
    numbering, language : str or Catalogue
        How `str` says it; whoever shows the refusal to a user of another numbering sets them.
    """

    def __init__(self, why: str | Sentence, /, **fields: Any) -> None:
        self.sentence = why if isinstance(why, Sentence) else Sentence(why, **fields)
        self.numbering: str = "FDI"
        self.language: Language = SOURCE_LANGUAGE
        super().__init__(str(self))

    def __str__(self) -> str:
        return self.sentence.say(self.numbering, self.language)


def fields_of(template: str) -> frozenset[tuple[str, str]]:
    """(name, format) of the fields in a template: a translation must have the same.

    `clause` counts as `words`: a language whose nouns are capitals says a clause as it stands.

    Raises
    ------
    ValueError
        For braces that are no fields.
    """
    fields = ((name, spec or "") for _, name, spec, _ in string.Formatter().parse(template) if name is not None)
    return frozenset((name, "words" if spec == "clause" else spec) for name, spec in fields)


def _catalogue(language: Language) -> Catalogue:
    """The words of a language; of one that is only named the English ones: who has others gives its catalogue."""
    return gettext.NullTranslations() if isinstance(language, str) else language


def said(text: Sentence | str, numbering: str = "FDI", language: Language = SOURCE_LANGUAGE) -> str:
    """A sentence in a numbering and language; a plain text as it is."""
    return text.say(numbering, language) if isinstance(text, Sentence) else text
