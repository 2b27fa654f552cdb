"""The languages that pages can be written in: the translations of the module of 3D Slicer, read without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from xml.etree import ElementTree

from ..dentition.words import SOURCE_LANGUAGE, Catalogue, Language, Template, fields_of
from ..errors import InputError
from ..networks.resources import resources_dir

#: Where the .ts files have the library's texts.
_CONTEXT = "DentalTopoSegLib"
_FILE = "DentalTopoSeg_{language}.ts"
#: The code of the language that the texts are in, for the page's `lang`.
LANGUAGE_CODE = Template("en")


class Translation:
    """A catalogue (`dentition.words.Catalogue`) of texts by their English ones; what has none stays English."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def gettext(self, message: str, /) -> str:
        """A text in this language."""
        return self._texts.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int, /) -> str:
        """The text for one thing, or that for several."""
        return self.gettext(msgid1 if n == 1 else msgid2)


def languages() -> tuple[str, ...]:
    """The codes of the languages there are, English first. Raises ModelError where Resources are not found."""
    before, after = _FILE.split("{language}")
    found = sorted(path.name[len(before) : -len(after)] for path in _folder().glob(before + "*" + after))
    return (SOURCE_LANGUAGE, *found)


def catalogue(language: Language) -> Catalogue:
    """The words of a language.

    Parameters
    ----------
    language : str or Catalogue
        One of `languages()`; a catalogue of the caller's own is taken as it is.

    Raises
    ------
    InputError
        For a language that is not there.
    """
    if not isinstance(language, str):
        return language
    if language not in languages():
        raise InputError(f"The language '{language}' is unknown: use {', '.join(languages())}.")
    return _read(language)


@lru_cache(maxsize=8)
def _read(language: str) -> Translation:
    if language == SOURCE_LANGUAGE:
        return Translation({})
    texts: dict[str, str] = {}
    for context in ElementTree.parse(_folder() / _FILE.format(language=language)).getroot().iter("context"):
        if context.findtext("name") == _CONTEXT:
            for message in context.iter("message"):
                source, translated = message.findtext("source") or "", message.findtext("translation") or ""
                if translated and fields_of(translated) == fields_of(source):
                    texts[source] = translated
    return Translation(texts)


def _folder() -> Path:
    return resources_dir() / "Translations"
