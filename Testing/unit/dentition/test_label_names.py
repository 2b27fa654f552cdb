"""Labels of others: teeth by the words of their names, everything else by its own name."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from DentalTopoSegLib.dentition import FDI_PERMANENT
from DentalTopoSegLib.dentition import label_names as module
from DentalTopoSegLib.dentition.label_names import Labels, tooth_of

_KINDS = (
    "Central Incisor",
    "Lateral Incisor",
    "Canine",
    "First Premolar",
    "Second Premolar",
    "First Molar",
    "Second Molar",
    "Third Molar (Wisdom Tooth)",
)
_QUADRANTS = ("Upper Right", "Upper Left", "Lower Left", "Lower Right")
TOOTHFAIRY = {10 * q + p: f"{side} {kind}" for q, side in enumerate(_QUADRANTS, 1) for p, kind in enumerate(_KINDS, 1)}
OTHERS = {
    1: "Lower Jawbone",
    2: "Upper Jawbone",
    3: "Left Inferior Alveolar Canal",
    8: "Bridge",
    9: "Crown",
    10: "Implant",
    19: "NA1",
}


def test_examples() -> None:
    assert doctest.testmod(module).failed == 0


def test_the_teeth_of_toothfairy_are_their_fdi_numbers() -> None:
    found = Labels.of(TOOTHFAIRY | OTHERS)
    assert found.teeth == {fdi: fdi for fdi in FDI_PERMANENT}
    assert [s.name for s in found.structures] == list(OTHERS.values())


def test_the_teeth_of_totalsegmentator_are_their_fdi_numbers_and_their_pulps_are_none() -> None:
    plain = {fdi: name.replace(" (Wisdom Tooth)", "").lower().replace(" ", "_") for fdi, name in TOOTHFAIRY.items()}
    teeth = {10 + i: f"{name}_fdi{fdi}" for i, (fdi, name) in enumerate(plain.items())}
    pulps = {50 + i: f"{name}_pulp_fdi{fdi}" for i, (fdi, name) in enumerate(plain.items())}
    found = Labels.of(teeth | pulps)
    assert found.teeth == dict(zip(teeth, plain, strict=True))
    assert len(found.structures) == 32


@pytest.mark.parametrize(
    ("name", "tooth"),
    [
        ("tooth_16", 16),
        ("FDI 48", 48),
        ("Maxillary left 2nd molar", 27),
        ("Lower Right Second Milk Molar", 85),
        ("tooth 19", None),
        ("Upper Teeth", None),
        ("Mandible", None),
        ("Upper Right First Molar Root", None),
        ("Right First Molar", None),
        ("16", None),
    ],
)
def test_one_name(name: str, tooth: int | None) -> None:
    assert tooth_of(name) == tooth


def test_bare_numbers_are_teeth_only_where_they_can_be_nothing_else() -> None:
    assert Labels.of({i: str(fdi) for i, fdi in enumerate(FDI_PERMANENT, 1)}).teeth[1] == 11
    assert not Labels.of({i: str(i) for i in range(1, 33)}).teeth  # Universal, or a row
    assert not Labels.of({i: str(i) for i in range(1, 37)}).teeth  # ToothSeg's own


def test_a_row_of_named_teeth_is_read_by_its_names() -> None:
    """ToothSeg's numbering network: ToothFairy2's names, values of 1 to 32."""
    found = Labels.of({i: TOOTHFAIRY[fdi] for i, fdi in enumerate(FDI_PERMANENT, 1)})
    assert found.teeth == dict(enumerate(FDI_PERMANENT, 1))
    assert not found.structures


def test_dentalsegmentators_labels_are_structures() -> None:
    names = ["Upper Skull", "Mandible", "Upper Teeth", "Lower Teeth", "Mandibular canal"]
    found = Labels.of(dict(enumerate(names, 1)))
    assert not found.teeth
    assert [s.name for s in found.structures] == names


def test_two_labels_of_one_tooth_keep_their_names() -> None:
    found = Labels.of({1: "tooth 16", 2: "upper right first molar", 3: "tooth 17"})
    assert found.teeth == {3: 17}
    assert [s.name for s in found.structures] == ["tooth 16", "upper right first molar"]


def test_values_become_teeth_and_structures() -> None:
    found = Labels.of({1: "Mandible", 2: "tooth 16"})
    array = np.array([[[0, 1, 2]]], np.uint16)
    assert found.tooth_map(array).tolist() == [[[0, 0, 16]]]
    assert found.structure_map(array).tolist() == [[[0, 1, 0]]]
