"""Sentences: what is a tooth is said in the numbering, what is a number stays as it is."""

from __future__ import annotations

import re

import pytest

from DentalTopoSegLib.dentition.words import Sentence, SpokenError, Template, fields_of
from DentalTopoSegLib.errors import InputError


def test_a_count_that_looks_like_a_tooth_is_no_tooth() -> None:
    said = Sentence("Tooth {fdi:tooth} has {cusps} cusps.", fdi=11, cusps=11)
    assert str(said) == "Tooth 11 has 11 cusps."
    assert said.say("Universal") == "Tooth 8 has 11 cusps."
    assert said.say("Palmer") == "Tooth UR1 has 11 cusps."


@pytest.mark.parametrize(
    ("teeth", "fdi", "universal"),
    [((16,), "Tooth 16 fits.", "Tooth 3 fits."), ((14, 15, 16), "Teeth 14, 15 and 16 fits.", "Teeth 5, 4 and 3 fits.")],
)
def test_several_teeth(teeth: tuple[int, ...], fdi: str, universal: str) -> None:
    said = Sentence("{teeth:Teeth} fits.", teeth=teeth)
    assert (said.say(), said.say("Universal")) == (fdi, universal)
    assert Sentence("of {teeth:teeth}", teeth=(11, 21)).say() == "of teeth 11 and 21"


def test_sentences_within_sentences_share_the_numbering() -> None:
    reason = Sentence("it touches {fdi:tooth}", fdi=21)
    said = Sentence("Look at {fdi:tooth}: {reason:words}.", fdi=11, reason=reason)
    assert said.say("Universal") == "Look at 8: it touches 9."


def test_plurals() -> None:
    def holes(count: int) -> str:
        return str(Sentence("one hole", plural="{count} holes", count=count))

    assert (holes(1), holes(2), holes(0)) == ("one hole", "2 holes", "0 holes")


def test_an_unknown_numbering_is_refused_and_an_unknown_language_is_english() -> None:
    said = Sentence("Tooth {fdi:tooth}", fdi=11)
    with pytest.raises(InputError, match="unknown"):
        said.say("ADA")
    assert said.say(language="tlh") == "Tooth 11"


def test_a_plural_needs_a_count() -> None:
    with pytest.raises(ValueError, match="count"):
        Sentence("one", plural="{count}")


class Shouting:
    """A language of capitals that leaves fields alone."""

    def gettext(self, message: str) -> str:
        return "".join(part if part.startswith("{") else part.upper() for part in re.split(r"({[^}]*})", message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


def test_a_caller_can_bring_a_language_of_its_own() -> None:
    side = Template("right")()
    said = Sentence("{teeth:Teeth} on the {side:words}", teeth=(11, 12), side=side)
    assert said.say("Universal", Shouting()) == "TEETH 8 AND 7 ON THE RIGHT"
    holes = Template("one hole", "{count} holes")
    assert [holes(count=n).say(language=Shouting()) for n in (1, 2)] == ["ONE HOLE", "2 HOLES"]


def test_a_refusal_is_said_in_numbering_and_language() -> None:
    error = SpokenError("Tooth {fdi:tooth} of '{name}' is gone.", fdi=16, name="{odd}")
    assert str(error) == "Tooth 16 of '{odd}' is gone."
    error.numbering, error.language = "Palmer", Shouting()
    assert str(error) == "TOOTH UR6 OF '{odd}' IS GONE."


def test_fields_of_a_template() -> None:
    assert fields_of("{fdi:tooth} and {gap:.1f} of {name}") == {("fdi", "tooth"), ("gap", ".1f"), ("name", "")}
    assert fields_of("none") == frozenset()
    with pytest.raises(ValueError, match="Single"):
        fields_of("{")
