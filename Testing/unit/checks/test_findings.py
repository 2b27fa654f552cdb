"""Every finding: a label map that calls for it, and a neighbouring one that does not.

The label maps start from the tidy dentition of toy_teeth, about which there is nothing to say.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from toy_teeth import DIRECTION, TEETH, at, paint, place, relabel, tidy, volume

from DentalTopoSegLib.checks.findings import CODES, SEVERITIES, check_dentition
from DentalTopoSegLib.checks.measures.label_map import Case
from DentalTopoSegLib.dentition import Confidence, arch_order, flipped_jaw, is_upper, mirrored
from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.volumes import Volume


@pytest.fixture
def array() -> np.ndarray:
    return tidy().copy()


def check(array: np.ndarray, code: str | None = None, **kwargs):
    found = check_dentition(volume(array), **kwargs)
    for finding in found:
        assert finding.code in CODES
        assert finding.severity in SEVERITIES
        assert finding.message.endswith(".")
        json.dumps(finding.to_dict(), allow_nan=False)
    return found if code is None else [f for f in found if f.code == code]


def near(finding, fdi: int, tolerance_mm: float) -> bool:
    return bool(np.linalg.norm(finding.position_ras - place(fdi)) < tolerance_mm)


def test_nothing_to_say_about_a_tidy_dentition(array):
    assert check(array) == []


def test_third_molars_in_place_are_nothing_special(array):
    for fdi in (18, 28, 38, 48):
        paint(array, fdi, scale=0.8)
    assert check(array) == []


# ---------------------------------------------------------------- missing and extra teeth


def test_a_missing_tooth_leaves_a_gap(array):
    (finding,) = check(relabel(array, {15: 0}))
    assert (finding.code, finding.teeth, finding.severity) == ("missing_tooth", (15,), "warning")
    assert "gap of" in finding.message
    assert near(finding, 15, 3)
    assert 4 < finding.detail["space_mm"] < 9


def test_a_closed_space_is_only_mentioned(array):
    # 14 was extracted and 15, 16, 17 drawn forward: take 14 and put the hind teeth one place further on
    array = relabel(array, {14: 0, 15: 0, 16: 0, 17: 0})
    forward = at(14) - at(15)
    for fdi in (15, 16, 17):
        paint(array, fdi, at(fdi) + forward)
    (finding,) = check(array, "missing_tooth")
    assert (finding.teeth, finding.severity) == ((14,), "info")
    assert finding.message == "Tooth 14 was not found; the space between 13 and 15 is closed."


def test_neighbouring_missing_teeth_are_one_finding(array):
    (finding,) = check(relabel(array, {35: 0, 36: 0}))
    assert finding.teeth == (35, 36)
    assert finding.message.startswith("Teeth 35 and 36 were not found; there is a gap of")


def test_a_missing_last_molar_is_reported_at_its_place(array):
    (finding,) = check(relabel(array, {47: 0}))
    assert (finding.teeth, finding.severity) == ((47,), "warning")
    assert near(finding, 47, 3)


def test_a_missing_tooth_outside_the_scan_is_only_mentioned(array):
    found = check(array[:, int(at(46)[1]) - 12 :], "missing_tooth")
    assert [f.teeth for f in found] == [(17,), (27,), (37,), (47,)]
    assert all(f.severity == "info" and "outside the scan" in f.message for f in found)
    mask = np.ones(array.shape, bool)
    mask[:, : int(at(46)[1]) - 12] = False
    (finding,) = check(relabel(array, {47: 0}), "missing_tooth", image_valid_mask=mask)
    assert (finding.teeth, finding.severity) == ((47,), "info")


@pytest.mark.parametrize("column", [22, 25, 40, 62, 68, 74, 90, 115, 118, 121])
def test_a_part_of_a_scan_misses_no_tooth_of_the_rest(array, column):
    """Wherever it ends, and though a network finds no tooth of which little is left there."""
    half = array[:, :, :column].copy()
    sizes, whole = np.bincount(half.ravel(), minlength=256), np.bincount(array.ravel(), minlength=256)
    half[np.isin(half, np.flatnonzero(sizes < 0.6 * whole))] = 0
    found = check(half)
    assert {f.code for f in found if f.severity != "info"} == set()
    assert all("outside the scan" in f.message for f in found if f.code == "missing_tooth")
    assert sorted(fdi for f in found if f.code == "missing_tooth" for fdi in f.teeth) == sorted(
        fdi for fdi in TEETH if not (half == fdi).any()
    )


def test_a_tooth_that_goes_on_outside_is_not_as_large_as_two(array):
    both = relabel(array, {36: 37})
    z, y, x = np.round((at(36) + at(37)) / 2).astype(int)
    both[z - 6 : z + 6, y - 8 : y + 8, x - 5 : x + 5] = 37
    first = int(np.nonzero(both == 37)[1].min())
    assert check(both, "merged_neighbours")
    assert check(both[:, first + 1 :], "merged_neighbours") == []


def test_what_the_scan_would_show_is_missed_and_the_rest_is_not(array):
    half = array[:, :, : int(at(11)[2]) + 4].copy()
    kept = [fdi for fdi in TEETH if (half == fdi).any() and fdi < 30]
    last = kept[-1] if kept[-1] > 20 else kept[0]
    half[half == last] = 0
    found = [f for f in check(half, "missing_tooth") if any(fdi < 30 for fdi in f.teeth)]
    assert [f.severity for f in found] == ["warning", "info"]
    assert found[0].teeth == (last,)


def test_an_absent_jaw_is_one_finding(array):
    (finding,) = check(np.where(array < 30, array, 0))
    assert (finding.code, finding.teeth, finding.severity) == ("missing_tooth", (), "info")
    assert "No lower tooth" in finding.message


def test_a_milk_tooth_stands_for_its_successor(array):
    assert check(relabel(array, {15: 55, 45: 85}), "missing_tooth") == []


def test_a_supernumerary_tooth(array):
    paint(array, 11, at(11, 0, -24, -8))
    found = check(array)
    assert [f.code for f in found] == ["doubled_number", "extra_tooth"]
    assert [f.teeth for f in found] == [(11,), (11,)]


def test_a_doubled_number_with_a_free_one_beside_it(array):
    found = check(relabel(array, {15: 16}))
    (finding,) = [f for f in found if f.code == "doubled_number"]
    assert (finding.teeth, finding.severity, finding.detail["suggested"]) == ((16,), "error", 15)
    assert near(finding, 15, 2)
    assert not [f for f in found if f.code in ("extra_tooth", "fragment", "missing_tooth")]


# ---------------------------------------------------------------- pieces, holes, hollows


def test_a_fragment_beside_its_tooth(array):
    z, y, x = np.round(at(46)).astype(int)
    array[z - 2 : z + 2, y - 2 : y + 2, x - 20 : x - 16] = 46
    (finding,) = check(array)
    assert (finding.code, finding.teeth, finding.repair) == ("fragment", (46,), "remove_fragment")
    assert finding.message.startswith("Tooth 46 is in two pieces; the largest loose one has 8.0 mm³")
    assert finding.severity == "warning"


def test_a_crumb_is_only_mentioned(array):
    z, y, x = np.round(at(46)).astype(int)
    array[z, y, x - 18] = 46
    (finding,) = check(array)
    assert (finding.code, finding.severity) == ("fragment", "info")


def test_a_tooth_cut_across_is_a_fragment_and_no_second_tooth(array):
    z = round(at(16)[0])
    array[z + 4 : z + 7][array[z + 4 : z + 7] == 16] = 0
    (finding,) = check(array)
    assert (finding.code, finding.teeth, finding.repair) == ("fragment", (16,), "join_pieces")


def test_a_tunnel_and_where_it_is(array):
    z, y, _ = np.round(at(26)).astype(int)
    drill = array[z : z + 2, y : y + 2]
    drill[drill == 26] = 0
    (finding,) = check(array)
    assert (finding.code, finding.teeth, finding.repair) == ("tunnel", (26,), "close_tunnel")
    assert finding.detail["count"] == 1
    assert near(finding, 26, 3)


def test_a_dent_is_no_tunnel(array):
    z, y, x = np.round(at(26)).astype(int)
    drill = array[z : z + 2, y : y + 2, x:]
    drill[drill == 26] = 0
    assert check(array) == []


def test_a_void_and_where_it_is(array):
    z, y, x = np.round(at(36)).astype(int)
    array[z : z + 3, y : y + 3, x : x + 3] = 0
    (finding,) = check(array)
    assert (finding.code, finding.teeth, finding.repair) == ("void", (36,), "fill_void")
    assert finding.severity == "warning"
    assert finding.detail["volume_mm3"] == pytest.approx(27 * 0.125)
    assert near(finding, 36, 2)


def test_a_bubble_is_only_mentioned(array):
    array[tuple(np.round(at(36)).astype(int))] = 0
    (finding,) = check(array)
    assert (finding.code, finding.severity) == ("void", "info")


# ---------------------------------------------------------------- merged teeth


def test_two_teeth_under_one_number(array):
    array = relabel(array, {36: 37})
    z, y, x = np.round((at(36) + at(37)) / 2).astype(int)
    array[z - 6 : z + 6, y - 8 : y + 8, x - 5 : x + 5] = 37
    found = check(array)
    assert [f.code for f in found if f.severity == "error"] == ["merged_neighbours"]
    (finding,) = [f for f in found if f.code == "merged_neighbours"]
    assert (finding.teeth, finding.repair) == ((37, 36), "split_teeth")
    assert not [f for f in found if f.code == "missing_tooth"]


def test_a_large_tooth_beside_a_gap_is_not_two(array):
    array = relabel(array, {36: 0, 37: 0})
    paint(array, 37, scale=1.1)
    assert check(array, "merged_neighbours") == []


def test_one_tooth_under_two_numbers(array):
    x = round(at(36)[2])
    half = array[:, :, x:]
    half[half == 36] = 35
    (finding,) = check(array, "merged_neighbours")
    assert finding.teeth == (35, 36)
    assert finding.detail["contact_mm2"] > finding.detail["limit_mm2"]


# ---------------------------------------------------------------- numbers that contradict places


def turned(array: np.ndarray, degrees: float) -> Volume:
    """The same voxels on oblique axes: the head held askew by this angle about (1, 1, 1)."""
    from scipy.spatial.transform import Rotation

    rotation = Rotation.from_rotvec(np.deg2rad(degrees) * np.ones(3) / np.sqrt(3)).as_matrix()
    return volume(array, tuple((rotation @ np.reshape(DIRECTION, (3, 3))).ravel()))


def only(array: np.ndarray, jaws: str) -> np.ndarray:
    """The teeth of the "upper" or "lower" jaw, or of "both"."""
    keep = {"both": array > 0, "upper": array < 30, "lower": array > 30}[jaws]
    return np.where(keep, array, 0).astype(np.uint8)


@pytest.mark.parametrize("degrees", [0, 40])
@pytest.mark.parametrize("jaws", ["both", "upper", "lower"])
def test_left_and_right_exchanged(array, jaws, degrees):
    array = only(array, jaws)
    assert not {f.code for f in check_dentition(turned(array, degrees))} - {"missing_tooth"}
    swapped = relabel(array, {fdi: mirrored(fdi) for fdi in TEETH})
    found = check_dentition(turned(swapped, degrees))
    assert {f.code for f in found if f.severity != "info"} == {"left_right_mirrored"}
    assert found[0].teeth == tuple(sorted(set(np.unique(swapped).tolist()) - {0}))
    assert (found[0].severity, found[0].repair) == ("error", "swap_left_right")


@pytest.mark.parametrize("degrees", [0, 40])
@pytest.mark.parametrize("jaws", ["both", "upper", "lower"])
def test_upper_and_lower_exchanged(array, jaws, degrees):
    array = only(array, jaws)
    swapped = relabel(array, {fdi: flipped_jaw(fdi) for fdi in TEETH})
    found = [f for f in check_dentition(turned(swapped, degrees)) if f.severity == "error"]
    assert [f.code for f in found] == ["upper_lower_swapped"]
    assert found[0].repair == "swap_upper_lower"
    assert len(found[0].teeth) == (14 if jaws != "both" else 28)


def test_everything_exchanged_gives_both(array):
    swapped = relabel(array, {fdi: flipped_jaw(mirrored(fdi)) for fdi in TEETH})
    assert [f.code for f in check(swapped)] == ["left_right_mirrored", "upper_lower_swapped"]


def test_one_jaw_mirrored_is_one_finding(array):
    found = check(relabel(array, {fdi: mirrored(fdi) for fdi in TEETH if is_upper(fdi)}))
    (finding,) = found
    assert (finding.code, finding.repair) == ("left_right_mirrored", "swap_left_right")
    assert finding.teeth == tuple(fdi for fdi in TEETH if is_upper(fdi))
    assert "in the upper jaw" in finding.message


def test_one_tooth_on_the_wrong_side(array):
    found = check(relabel(array, {13: 23, 23: 0}))
    (finding,) = [f for f in found if f.code == "left_right_mirrored"]
    assert (finding.teeth, finding.severity, finding.repair) == ((23,), "error", "renumber")
    assert finding.message == "Tooth 23 belongs to the left side but stands on the right; it may be 13."
    assert near(finding, 13, 2)
    assert not [f for f in found if f.code in ("order_broken", "missing_tooth") and 13 not in f.teeth]


def test_a_shifted_midline_is_not_a_wrong_side(array):
    array = relabel(array, {11: 0, 21: 0})
    paint(array, 11, at(11, 0, 0, -12))  # 6 mm to the left, over the midline
    assert check(array, "left_right_mirrored") == []


def test_one_tooth_in_the_wrong_jaw(array):
    found = check(relabel(array, {46: 16, 16: 0}))
    (finding,) = [f for f in found if f.code == "upper_lower_swapped"]
    assert finding.teeth == (16,)
    assert finding.message == "Tooth 16 belongs to the upper jaw but stands in the lower; it may be 46."
    assert near(finding, 46, 2)


def test_a_deep_tooth_is_not_in_the_wrong_jaw(array):
    array = relabel(array, {13: 0})
    paint(array, 13, at(13, 10, 0, 0))  # impacted, 5 mm higher
    assert check(array, "upper_lower_swapped") == []


@pytest.mark.parametrize("pair", [(14, 15), (11, 21), (46, 47), (33, 34)])
def test_exchanged_neighbours_break_the_order(array, pair):
    a, b = pair
    (finding,) = check(relabel(array, {a: b, b: a}), "order_broken")
    assert finding.teeth == pair
    assert finding.message.endswith("do not stand in the order of their numbers.")
    assert np.linalg.norm(finding.position_ras - (place(a) + place(b)) / 2) < 2


def test_numbers_shifted_by_one_keep_the_order(array):
    order = [fdi for fdi in arch_order("upper") if fdi in TEETH]
    shifted = relabel(array, {17: 0, **dict(zip(order[1:], order[:-1], strict=True))})
    assert check(shifted, "order_broken") == []


# ---------------------------------------------------------------- size, confidence, field of view


def test_implausibly_large_and_small_teeth(array):
    large = np.pad(array, [(0, 12)] * 3)
    paint(large, 16, at(16, 0, 0, 4), scale=1.65)
    columns = np.nonzero(large == 16)[2]
    cut = large[:, :, : int(columns.max())]  # what goes on outside the scan is larger still
    assert (16,) in [f.teeth for f in check(cut, "cut_by_field_of_view")]
    for labels in (large, cut):
        (finding,) = check(labels, "implausible_volume")
        assert finding.teeth == (16,)
        assert "implausibly large" in finding.message
    small = relabel(array, {16: 0})
    paint(small, 16, scale=0.6)
    (finding,) = check(small, "implausible_volume")
    assert finding.teeth == (16,)
    assert "implausibly small" in finding.message


def test_a_moderately_small_tooth_is_plausible(array):
    small = relabel(array, {16: 0})
    paint(small, 16, scale=0.92)
    assert check(small, "implausible_volume") == []


def test_low_confidence(array):
    confidence = Confidence(dict.fromkeys(TEETH, 0.97) | {25: 0.41, 26: Case.low_confidence}, calibrated=True)
    (finding,) = check(array, confidence=confidence)
    assert (finding.code, finding.teeth) == ("low_confidence", (25,))
    assert finding.message == (
        "Please check tooth 25 and its number: about 4 of 10 such teeth are expected to be right (confidence 41 %, "
        "estimated on synthetic scans)."
    )
    assert finding.detail.items() >= {"confidence": 0.41, "threshold": Case.low_confidence, "calibrated": True}.items()


@pytest.mark.parametrize(
    ("value", "calibrated", "wanted"),
    [
        (
            0.02,
            True,
            "fewer than 1 of 10 such teeth are expected to be right (confidence 2 %, estimated on synthetic scans).",
        ),
        (
            0.69,
            True,
            "about 7 of 10 such teeth are expected to be right (confidence 69 %, estimated on synthetic scans).",
        ),
        (0.41, False, "its score is low (41 %)."),
        (np.nan, True, "its confidence is unknown."),
    ],
)
def test_only_a_measured_confidence_is_told_as_a_share(array, value, calibrated, wanted):
    (finding,) = check(array, confidence=Confidence({25: value}, calibrated=calibrated))
    assert finding.message == f"Please check tooth 25 and its number: {wanted}"


def test_what_does_not_say_that_it_was_measured_is_a_score(array):
    (finding,) = check(array, confidence={25: 0.41})
    assert finding.message.endswith("its score is low (41 %).")


def test_confidence_that_is_not_a_number_is_low(array):
    (finding,) = check_dentition(volume(array), {25: float("nan")})
    assert (finding.code, finding.teeth) == ("low_confidence", (25,))


def test_a_tooth_cut_by_the_edge_of_the_volume(array):
    cut = array[:, : round(at(11)[1])]
    assert {f.teeth[0] for f in check(cut, "cut_by_field_of_view")} >= {11, 21}
    (first, *_) = check(cut, "cut_by_field_of_view")
    assert first.severity == "info"
    assert not [f for f in check(cut, "implausible_volume") if f.teeth[0] in (11, 21)]


def test_a_tooth_cut_by_a_round_field_of_view(array):
    valid = np.ones(array.shape, bool)
    valid[:, : round(at(47)[1])] = False
    codes = {(f.code, f.teeth) for f in check(array, image_valid_mask=valid)}
    assert codes == {
        ("cut_by_field_of_view", (37,)),
        ("cut_by_field_of_view", (47,)),
        ("cut_by_field_of_view", (17,)),
        ("cut_by_field_of_view", (27,)),
    }
    assert check(array, image_valid_mask=np.ones(array.shape, bool)) == []


# ---------------------------------------------------------------- the list as a whole


def test_the_gravest_comes_first(array):
    z, y, x = np.round(at(36)).astype(int)
    array[z, y, x] = 0
    found = check(relabel(array, {46: 0, 11: 21}))
    order = [SEVERITIES.index(f.severity) for f in found]
    assert order == sorted(order)
    assert {f.severity for f in found} == set(SEVERITIES)


def test_a_few_teeth_say_nothing_about_places(array):
    few = np.where(np.isin(array, (31, 32, 41, 42)), array, 0)
    assert not {f.code for f in check(few)} - {"missing_tooth"}


def test_an_empty_label_map_is_refused(array):
    with pytest.raises(NoTeethError, match="holds no teeth"):
        check_dentition(volume(np.zeros_like(array)))


def test_wrong_arguments_are_refused(array):
    with pytest.raises(InputError, match="same shape"):
        check_dentition(volume(array), image_valid_mask=np.ones((2, 2, 2), bool))
    with pytest.raises(InputError, match="no FDI tooth"):
        check_dentition(volume(array), {99: 0.5})
    with pytest.raises(InputError, match="no FDI tooth"):
        check_dentition(volume(relabel(array, {11: 9})))
