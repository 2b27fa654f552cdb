"""Teeth on the screen in three numberings, in titles and inside sentences, where other numbers stay as they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from DentalTopoSegLib import dentition
from DentalTopoSegLib.checks.findings import Finding
from DentalTopoSegLib.dentition.naming import (
    NUMBERINGS,
    fdi_from_texts,
    sentence,
    spoken_teeth,
    tooth_text,
    tooth_title,
)
from DentalTopoSegLib.errors import InputError

TEETH = dentition.FDI_PERMANENT + dentition.FDI_DECIDUOUS


@pytest.mark.parametrize("numbering", NUMBERINGS)
def test_titles_are_unique(numbering) -> None:
    assert len({tooth_title(fdi, numbering) for fdi in TEETH}) == 52
    assert len({tooth_text(fdi, numbering) for fdi in TEETH}) == 52


def test_titles() -> None:
    assert tooth_title(16) == "16 upper right first molar"
    assert tooth_title(16, "Universal") == "3 upper right first molar"
    assert tooth_title(75, "Palmer") == "LLE lower left second milk molar"
    with pytest.raises(InputError, match="unknown"):
        tooth_title(16, "ADA")


@pytest.mark.parametrize(
    ("message", "teeth", "wanted"),
    [
        ("Tooth 16 is in two pieces; the largest loose one has 16.3 mm³ and lies 16 mm from the middle.",
         (16,), "Tooth 3 is in two pieces; the largest loose one has 16.3 mm³ and lies 16 mm from the middle."),
        ("Tooth 16 is in 16 pieces; 17.", (16, 17), "Tooth 3 is in 16 pieces; 2."),
        ("Teeth 14, 15 and 16 do not stand in the order of their numbers.", (14, 15, 16),
         "Teeth 5, 4 and 3 do not stand in the order of their numbers."),
        ("Tooth 11 has 11 holes running through it.", (11,), "Tooth 8 has 11 holes running through it."),
        ("Tooth 12 has 12 enclosed hollows of 12.0 mm³ in all.", (12,),
         "Tooth 7 has 12 enclosed hollows of 12.0 mm³ in all."),
        ("The crown of tooth 22 is implausibly large: its width is 22 mm, where 22 mm is usual and 21 to 22 mm are "
         "believable.", (22, 21),
         "The crown of tooth 10 is implausibly large: its width is 22 mm, where 22 mm is usual and 21 to 22 mm are "
         "believable."),
        ("The number of tooth 36 is uncertain (confidence 36 %).", (36,),
         "The number of tooth 19 is uncertain (confidence 36 %)."),
        ("Please check tooth 16 and its number: about 4 of 10 such teeth are expected to be right (confidence 36 %, "
         "estimated on synthetic scans).", (16,),
         "Please check tooth 3 and its number: about 4 of 10 such teeth are expected to be right (confidence 36 %, "
         "estimated on synthetic scans)."),
        ("No tooth was found on 'scan 16 of 11'.", (16, 11), "No tooth was found on 'scan 16 of 11'."),
        ("Teeth 11 and 21 share an unusually large border (21 mm²): they may be one tooth.", (11, 21),
         "Teeth 8 and 9 share an unusually large border (21 mm²): they may be one tooth."),
        ("Tooth 31 was not found; there is a gap of 31 mm between 32 and 41.", (31, 32, 41),
         "Tooth 24 was not found; there is a gap of 31 mm between 23 and 25."),
        ("Renumber as they stand: 14 becomes 15, 15 becomes 14", (14, 15),
         "Renumber as they stand: 5 becomes 4, 4 becomes 5"),
    ],
)  # fmt: skip
def test_only_tooth_numbers_change(message, teeth, wanted) -> None:
    assert sentence(message, teeth, "Universal") == wanted
    assert sentence(message, teeth) == message


@given(st.sampled_from(TEETH), st.sampled_from(("Universal", "Palmer")), st.integers(10, 99))
def test_a_number_the_finding_does_not_speak_of_stays(fdi, numbering, other) -> None:
    if other != fdi:
        text = f"Tooth {fdi} is as {other} as {other}."
        assert sentence(text, (fdi,), numbering) == f"Tooth {tooth_text(fdi, numbering)} is as {other} as {other}."


def test_every_sentence_of_the_checks_speaks_only_of_its_teeth() -> None:
    """The toy dentition with all that can be wrong: no FDI number may stay in a Palmer sentence."""
    import re

    from scan_files import toy_dentition

    from DentalTopoSegLib.checks.findings import check_dentition

    labels = toy_dentition(missing=(38, 48, 14, 35, 36))[1]
    array = labels.array.copy()
    array[array == 25] = 24
    array[array == 11] = 12
    array[array == 44] = 34
    found = check_dentition(labels.with_array(array), {16: 0.2})
    assert len({finding.code for finding in found}) >= 5
    for finding in found:
        text = sentence(finding.message, spoken_teeth(finding), "Palmer")
        assert not re.search(r"\b[Tt](?:oo|ee)th \d", text), text
        assert not re.search(r"\d\d and \d\d\b", text), text


def test_teeth_a_sentence_may_name() -> None:
    finding = Finding(
        "missing_tooth", (36,), None, "warning", "x", None, {"between": [35, 37], "suggested": None, "space_mm": 11}
    )
    assert spoken_teeth(finding) == {35, 36, 37}


@pytest.mark.parametrize(
    ("tag", "terminology", "name", "fdi"),
    [
        ("16", "", "anything", 16),
        ("16", "x~y~SCT^424399000^Permanent maxillary left central incisor tooth~^^", "16", 21),
        ("", "", "Tooth 36", 36),
        ("", "", "tooth_11", 11),
        ("", "", "16 upper right first molar", 16),
        ("", "", "160", None),
        ("", "", "mandible 36", None),
        ("99", "", "", None),
        ("", "", "19", None),
    ],
)
def test_which_tooth_a_segment_is(tag, terminology, name, fdi) -> None:
    assert fdi_from_texts(tag, terminology, name) == fdi
