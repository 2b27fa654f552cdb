"""FDI tables: unique names, codes and colours, the standard's wording, round trips between numberings."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from DentalTopoSegLib import dentition as d
from DentalTopoSegLib.errors import InputError

ALL_TEETH = d.FDI_PERMANENT + d.FDI_DECIDUOUS
teeth = st.sampled_from(ALL_TEETH)


def context_group(number: int) -> dict[str, str]:
    """{code: meaning} of one DICOM context group, from pydicom's copy of PS3.16."""
    from pydicom.sr._cid_dict import cid_concepts
    from pydicom.sr._concepts_dict import concepts

    entries: dict[str, str] = {}
    for keyword in cid_concepts[number]["SCT"]:
        for code, (meaning, groups) in concepts["SCT"][keyword].items():
            if number in groups:
                entries[code] = meaning
    return entries


def test_counts_and_class_order():
    assert len(d.FDI_PERMANENT) == 32
    assert len(d.FDI_DECIDUOUS) == 20
    assert d.CLASS_FDI[:9] == (0, 11, 12, 13, 14, 15, 16, 17, 18)
    assert len(d.CLASS_FDI) == 33
    assert list(d.CLASS_FDI) == sorted(d.CLASS_FDI)


@pytest.mark.parametrize("what", [d.name, d.plain_name, d.snomed_code, d.color, d.fdi_to_universal, d.fdi_to_palmer])
def test_every_tooth_has_its_own(what):
    assert len({what(fdi) for fdi in ALL_TEETH}) == len(ALL_TEETH)


def test_colors_of_permanent_teeth_can_be_told_apart():
    for a, b in itertools.combinations(d.FDI_PERMANENT, 2):
        assert np.linalg.norm(np.subtract(d.color(a), d.color(b))) > 25, (a, b)
    for fdi in ALL_TEETH:
        assert all(isinstance(c, int) and 0 <= c <= 255 for c in d.color(fdi))
        for other in (*d.neighbours(fdi), *d.antagonists(fdi), d.mirrored(fdi)):
            assert np.linalg.norm(np.subtract(d.color(fdi), d.color(other))) > 30, (fdi, other)


@pytest.mark.parametrize(("group", "expected"), [(4018, d.FDI_PERMANENT), (4019, d.FDI_DECIDUOUS)])
def test_names_and_codes_are_those_of_the_dicom_context_groups(group, expected):
    assert {d.snomed_code(fdi): d.name(fdi) for fdi in expected} == context_group(group)


def test_public_code_dictionary_agrees_on_a_few():
    codes = pytest.importorskip("pydicom.sr.codedict").codes
    assert codes.cid4018.PermanentMaxillaryRightCentralIncisorTooth.value == d.snomed_code(11)
    assert codes.cid4018.MandibularLeftThirdMolarTooth.value == d.snomed_code(38)
    assert codes.cid4019.DeciduousMandibularRightSecondMolarTooth.value == d.snomed_code(85)


@settings(deadline=None)  # a busy machine is no bug
@given(teeth)
def test_the_name_says_jaw_side_and_kind(fdi):
    words = d.name(fdi).lower().split()
    assert ("maxillary" in words) == d.is_upper(fdi)
    assert ("right" in words) == d.is_right(fdi)
    assert ("deciduous" in words) == d.is_deciduous(fdi)
    plain = d.plain_name(fdi)
    assert plain.startswith(f"{d.jaw(fdi)} {'right' if d.is_right(fdi) else 'left'} ")


@settings(deadline=None)  # a busy machine is no bug
@given(teeth)
def test_numberings_round_trip(fdi):
    assert d.universal_to_fdi(d.fdi_to_universal(fdi)) == fdi
    assert d.palmer_to_fdi(d.fdi_to_palmer(fdi)) == fdi
    assert d.universal_to_fdi(d.fdi_to_universal(fdi).lower()) == fdi
    assert d.palmer_to_fdi(d.fdi_to_palmer(fdi).lower()) == fdi


@pytest.mark.parametrize(
    ("fdi", "universal", "palmer"),
    [(18, "1", "UR8"), (11, "8", "UR1"), (21, "9", "UL1"), (28, "16", "UL8"),
     (38, "17", "LL8"), (31, "24", "LL1"), (41, "25", "LR1"), (48, "32", "LR8"),
     (55, "A", "URE"), (65, "J", "ULE"), (75, "K", "LLE"), (85, "T", "LRE")],
)  # fmt: skip
def test_landmarks_of_the_numberings(fdi, universal, palmer):
    assert (d.fdi_to_universal(fdi), d.fdi_to_palmer(fdi)) == (universal, palmer)


@settings(deadline=None)  # a busy machine is no bug
@given(teeth)
def test_mirroring_and_swapping_jaws_are_their_own_inverses(fdi):
    for change in (d.mirrored, d.flipped_jaw):
        assert change(change(fdi)) == fdi
        assert d.position(change(fdi)) == d.position(fdi)
    assert d.is_right(d.mirrored(fdi)) != d.is_right(fdi)
    assert d.is_upper(d.mirrored(fdi)) == d.is_upper(fdi)
    assert d.is_upper(d.flipped_jaw(fdi)) != d.is_upper(fdi)
    assert d.is_right(d.flipped_jaw(fdi)) == d.is_right(fdi)


def test_examples_of_mirroring_neighbours_and_antagonists():
    assert (d.mirrored(11), d.mirrored(31), d.flipped_jaw(11), d.flipped_jaw(21)) == (21, 41, 41, 31)
    assert d.neighbours(11) == (12, 21)
    assert d.neighbours(18) == (17,)
    assert d.neighbours(41) == (42, 31)
    assert d.antagonists(16) == (46, 47)
    assert d.antagonists(36) == (25, 26)
    assert d.antagonists(41) == (11,)
    assert d.antagonists(28) == (38,)


@settings(deadline=None)  # a busy machine is no bug
@given(teeth)
def test_neighbours_and_antagonists_are_mutual(fdi):
    assert all(fdi in d.neighbours(other) for other in d.neighbours(fdi))
    assert all(fdi in d.antagonists(other) for other in d.antagonists(fdi))


@pytest.mark.parametrize("jaw", ["upper", "lower"])
@pytest.mark.parametrize("deciduous", [False, True])
def test_arch_order_runs_from_right_to_left(jaw, deciduous):
    order = d.arch_order(jaw, deciduous)
    places = [d.arch_position(fdi) for fdi in order]
    assert places == sorted(places)
    assert set(order) == {f for f in ALL_TEETH if d.jaw(f) == jaw and d.is_deciduous(f) == deciduous}


def test_plausible_volumes_grow_from_incisors_to_molars():
    for fdi in ALL_TEETH:
        low, high = d.volume_range_mm3(fdi)
        assert 0 < low < high
        assert d.volume_range_mm3(d.mirrored(fdi)) == (low, high)
    assert d.volume_range_mm3(16)[0] > d.volume_range_mm3(12)[0]
    assert d.volume_range_mm3(41)[1] < d.volume_range_mm3(46)[1]


@settings(deadline=None)  # a busy machine is no bug
@given(st.integers().filter(lambda n: n not in ALL_TEETH))
def test_other_numbers_are_refused_in_words(number):
    with pytest.raises(ValueError, match="not an FDI tooth"):
        d.name(number)
    assert not d.is_tooth(number)


@pytest.mark.parametrize("bad", [0, 33, "", "U", "-1", "1.5"])
def test_bad_universal_numbers_are_refused(bad):
    with pytest.raises(ValueError, match="Universal"):
        d.universal_to_fdi(bad)


@pytest.mark.parametrize("bad", ["", "UR9", "UR0", "XX1", "URF", "16"])
def test_bad_palmer_texts_are_refused(bad):
    with pytest.raises(ValueError, match="Palmer"):
        d.palmer_to_fdi(bad)


def test_values_of_other_programs_label_maps():
    assert d.label_values("fdi")[16] == 16
    assert d.label_values("fdi")[116] == 16
    universal = d.label_values("universal")
    assert sorted(universal) == list(range(1, 33))
    assert (universal[1], universal[32]) == (18, 48)
    total = d.label_values("totalsegmentator")
    assert (total[11], total[19], total[34], total[42], total[46], total[77]) == (11, 21, 38, 48, 11, 48)
    assert 10 not in total
    assert 43 not in total
    with pytest.raises(InputError, match="sequential"):
        d.label_values("zsigmondy")
