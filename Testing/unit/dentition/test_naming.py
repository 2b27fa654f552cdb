"""Teeth on the screen in three numberings, in lists and titles."""

from __future__ import annotations

import pytest

from DentalTopoSegLib import dentition
from DentalTopoSegLib.dentition.naming import (
    NUMBERINGS,
    fdi_from_texts,
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
