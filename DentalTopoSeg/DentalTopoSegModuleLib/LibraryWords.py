"""What the library says, in the language of the application: findings, repairs, refusals, names of teeth and stages.

The library knows neither Qt nor Slicer; it is handed a catalogue (DentalTopoSegLib.dentition.words) that asks Slicer's
translation function. Its texts are in the .ts files under one context; Testing/gui/translations.py puts them there.
"""

import logging

from slicer.i18n import translate

CONTEXT = "DentalTopoSegLib"


class LibraryWords:
    """A catalogue as the library's sentences ask for one."""

    def gettext(self, message: str) -> str:
        """The text in the application's language; itself where there is none, or a wrong one."""
        if not message:
            return ""
        translated = translate(CONTEXT, message)
        if translated == message or _hasSameFields(message, translated):
            return translated
        logging.warning(f"The translation of '{message}' has other fields: '{translated}'")
        return message

    def ngettext(self, one: str, several: str, count: int) -> str:
        """The text for one thing, or that for several."""
        return self.gettext(one if count == 1 else several)


WORDS = LibraryWords()


def sentenceOf(error: Exception) -> str:
    """What an error tells the user, in her language where the library can say it there."""
    from DentalTopoSegLib.dentition.words import SpokenError

    return error.sentence.say(error.numbering, WORDS) if isinstance(error, SpokenError) else str(error)


def toothTitle(fdi: int, numbering: str) -> str:
    """Number and name: "16 upper right first molar"."""
    from DentalTopoSegLib.dentition import plain_name
    from DentalTopoSegLib.scene import tooth_text

    return f"{tooth_text(fdi, numbering)} {WORDS.gettext(plain_name(fdi))}"


def _hasSameFields(message: str, translated: str) -> bool:
    from DentalTopoSegLib.dentition.words import fields_of

    try:
        return fields_of(message) == fields_of(translated)
    except ValueError:  # braces that are no fields
        return False
