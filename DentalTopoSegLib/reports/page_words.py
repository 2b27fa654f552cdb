"""What a page says, and how it is said in a language."""

from __future__ import annotations

from html import escape
from typing import Any

from ..dentition.words import DECIMAL_MARK, Language, Sentence, Template
from .languages import LANGUAGE_CODE, catalogue

TITLE = Template("Teeth of {name}")
CBCT = Template("Cone beam CT")
UPPER_SCAN = Template("Intraoral scan, upper jaw")
LOWER_SCAN = Template("Intraoral scan, lower jaw")
TEETH_COUNT = Template("{count} tooth: {upper} upper, {lower} lower.", "{count} teeth: {upper} upper, {lower} lower.")
CHECKS = Template("Checks: {counts:words}.")
NOTHING_WRONG = Template("nothing was found wrong with it")
#: How often what was found of a severity, the gravest first.
SEVERITY_COUNTS = {
    "error": Template("{count} contradiction", "{count} contradictions"),
    "warning": Template("{count} thing to look at", "{count} things to look at"),
    "info": Template("{count} note", "{count} notes"),
}
#: What a severity means to the reader.
SEVERITIES = {
    "error": Template("Contradiction: correct it before you use the result"),
    "warning": Template("Probably wrong: look at it"),
    "info": Template("For your information"),
}
TO_FINDINGS = Template("Skip to the findings")

CHART = Template("Tooth chart (FDI)")
RIGHT, LEFT = Template("Patient's right"), Template("Patient's left")
TOOTH_NAMED = Template("Tooth {fdi:tooth}, {name:words}")
TOOTH_FINDINGS = Template("{count} finding", "{count} findings")
NOT_FOUND = Template("Tooth {fdi:tooth}, {name:words}: not found")
STATED_ABSENT = Template("Tooth {fdi:tooth}, {name:words}: stated absent")
STATES = {
    "fine": Template("nothing found"),
    "info": Template("a note"),
    "warning": Template("look at it"),
    "error": Template("contradiction"),
    "missing": Template("no tooth found"),
    "absent": Template("stated absent"),
}
NOTHING_CHOSEN = Template("Choose a tooth or a finding: it is then shown in the chart, in 3D and in the tables.")

VIEWER = Template("Teeth in 3D")
VIEWER_ROLE = Template("3D view")
VIEWER_HELP = Template(
    "Drag to turn, use the wheel or two fingers to come nearer, click a tooth to choose it. With the keyboard: arrow "
    "keys turn, + and − come nearer and go away, Home looks from the front, Escape chooses nothing."
)
NO_VIEWER = Template("This browser shows no 3D view (WebGL is not available): the pictures below show the same teeth.")
NO_SCRIPT = Template("Scripts are switched off: the 3D view and the links between teeth and findings do not work.")
VIEWS = {
    "front": Template("Front"),
    "right": Template("Right side"),
    "left": Template("Left side"),
    "above": Template("From above"),
    "below": Template("From below"),
}
SWITCHES = {
    "upper": Template("Upper teeth"),
    "lower": Template("Lower teeth"),
    "gum": Template("Gum"),
    "numbers": Template("Numbers"),
    "colors": Template("A colour per tooth"),
}

FINDINGS = Template("Findings")
NO_FINDINGS = Template("The checks found nothing to say.")
REPAIR = Template("Possible repair: {repair}.")
REPAIRS = Template("Possible repairs:")
PLACE = Template("Place (right, front, up; mm): {place}")
PLACE_IN_FILE = Template("Place in the file (x, y, z): {place}")
SHOW = Template("Show {teeth:teeth}")
SHOW_PLACE = Template("Show the place")

PICTURES = Template("Pictures")
TEETH = Template("Teeth, from the patient's right to left")
TEETH_UPPER = Template("Teeth, upper jaw, from the patient's right to left")
TEETH_LOWER = Template("Teeth, lower jaw, from the patient's right to left")

NOTES = Template("Notes on {name}")
MADE = Template("How this was made")
PAGE_DATE = Template("This page was written")
PROGRAMS = Template("Programs")
NETWORKS = Template("Networks")
LOOKED_TWICE = Template("They looked twice (test-time augmentation).")
DURATION = Template("Computing time")
SECONDS = Template("{seconds:.1f} s")
FILES = Template("Files and their SHA-256 checksums")
CONFIDENCE = Template("Confidence")
PROBABILITY_MEANS = Template(
    "The probability, estimated on synthetic scans, that a tooth with this number is there and is outlined well."
)
SCORE_MEANS = Template("The network's own score for the number of a tooth; it is not a measured probability.")
VIEWER_MADE = Template("The 3D view is made with three.js {version} (MIT licence).")
LICENCE = Template("Licence of three.js")


class Words:
    """Says the page's texts in a language, ready to stand in HTML.

    Parameters
    ----------
    language : str or Catalogue
        One of `languages.languages()`, or the caller's own words.

    Raises
    ------
    InputError
        For a language that is not there.
    """

    def __init__(self, language: Language) -> None:
        self.catalogue = catalogue(language)

    @property
    def code(self) -> str:
        """The language's code, for `lang`: "en" where the catalogue does not say."""
        return self(LANGUAGE_CODE)

    def __call__(self, what: Template | Sentence | str, **fields: Any) -> str:
        """A text with its fields, escaped."""
        return escape(self.plain(what, **fields))

    def plain(self, what: Template | Sentence | str, **fields: Any) -> str:
        """The same as it is, for what is escaped later. A plain text is looked up as one of the catalogue's."""
        if isinstance(what, str):
            return self.catalogue.gettext(what) if what else ""
        said = what(**fields) if isinstance(what, Template) else what
        return said.say(language=self.catalogue)

    def number(self, text: str) -> str:
        """A number that was written in English, escaped."""
        return escape(self.unit(text))

    def unit(self, text: str) -> str:
        """The same as it is; it stays with its unit in one line."""
        return text.replace(DECIMAL_MARK, self.plain(DECIMAL_MARK)).replace(" ", "\u00a0")
