"""The structures around the teeth: their values, codes and colours."""

from __future__ import annotations

import pytest

from DentalTopoSegLib import dentition
from DentalTopoSegLib.dentition.label_names import structure_of
from DentalTopoSegLib.dentition.structures import (
    BY_KEY,
    PRIVATE_SCHEME,
    STRUCTURES,
    is_structure,
    structure,
)

#: What other programs and stored maps of ours rely on.
STABLE = {
    "upper_jaw": 201,
    "mandible": 202,
    "canal_left": 203,
    "canal_right": 204,
    "sinus_left": 205,
    "sinus_right": 206,
    "airway": 207,
    "pulp": 208,
    "enamel": 209,
    "implant": 211,
    "crown": 212,
    "bridge": 213,
    "filling": 214,
    "post": 215,
    "bracket": 216,
}


def test_values_are_stable_and_no_teeth() -> None:
    assert {key: BY_KEY[key].value for key in STABLE} == STABLE
    assert len({one.value for one in STRUCTURES}) == len(STRUCTURES) == len(BY_KEY)
    assert not any(dentition.is_tooth(one.value) for one in STRUCTURES)
    assert all(148 < one.value <= 255 for one in STRUCTURES)  # above FDI numbers and the pulps of FDI layouts
    assert is_structure(203) and not is_structure(11) and not is_structure(0)


def test_colours_are_their_own() -> None:
    teeth = {dentition.color(fdi) for fdi in dentition.FDI_PERMANENT + dentition.FDI_DECIDUOUS}
    colours = {one.color for one in STRUCTURES}
    assert len(colours) == len(STRUCTURES) and not colours & teeth


def test_sides_are_those_of_their_names() -> None:
    for one in STRUCTURES:
        word = next((side for side in ("left", "right") if side in one.key.split("_")), None)
        assert one.side == word and (word is None or word in one.name)
        assert (one.modifier[2].lower() if one.modifier else None) == word


def test_codes_are_dicoms_or_say_that_they_are_ours() -> None:
    codes = pytest.importorskip("pydicom.sr._concepts_dict").concepts["SCT"]
    known = {value for words in codes.values() for value in words}
    for one in STRUCTURES:
        for code in filter(None, (one.category, one.code, one.modifier)):
            value, scheme, meaning = code
            assert len(value) <= 16 and len(scheme) <= 16 and len(meaning) <= 64
            if scheme == "SCT" and value != "25742001":  # orthodontic appliance: SNOMED CT only
                assert value in known, meaning
            else:
                assert scheme in ("SCT", PRIVATE_SCHEME) and scheme.isupper()


def test_unknown_words_are_refused() -> None:
    assert structure("mandible").value == 202
    with pytest.raises(ValueError, match="'jaw' is no structure: use one of upper_jaw, mandible"):
        structure("jaw")


@pytest.mark.parametrize(
    ("layout", "value", "key"),
    [
        ("toothfairy2", 1, "mandible"),
        ("toothfairy2", 3, "canal_left"),
        ("toothfairy3", 4, "canal_right"),
        ("toothfairy3", 105, "lingual_canal"),
        ("toothfairy3", 136, "pulp"),
        ("totalsegmentator", 6, "sinus_right"),
        ("totalsegmentator", 10, "implant"),
        ("totalsegmentator", 43, "incisive_canal_left"),
        ("dentalsegmentator", 5, "canal"),
        ("craniofacial", 5, "sinus"),
        ("fdi", 203, "canal_left"),
    ],
)
def test_values_of_other_programs_mean_structures(layout: str, value: int, key: str) -> None:
    assert dentition.label_layout(layout).structures[value] == key


def test_every_value_beside_teeth_has_its_name_and_its_structure() -> None:
    for layout in (dentition.label_layout(name) for name in ("totalsegmentator", "toothfairy2", "toothfairy3")):
        for value, name in layout.others.items():
            assert structure_of(name) == layout.structures[value]


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Left Inferior Alveolar Canal", "canal_left"),
        ("right_maxillary_sinus", "sinus_right"),
        ("Upper Jawbone", "upper_jaw"),
        ("Maxilla & Upper Skull", "upper_jaw"),
        ("upper_right_first_molar_pulp_fdi116", "pulp"),
        ("Mandibular canal", "canal"),
        ("Frontal sinus", None),
        ("mandibular incisive canal", None),  # of two: which one, nobody guesses
        ("left mandible", None),
        ("Upper Teeth", None),
    ],
)
def test_names_tell_structures(name: str, key: str | None) -> None:
    assert structure_of(name) == key


def test_our_own_names_are_read_back() -> None:
    assert {structure_of(one.name) for one in STRUCTURES} == set(BY_KEY)
