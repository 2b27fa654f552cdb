"""The sides of a jaw weighed against each other: a tooth is like the mirror image of its counterpart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.dentition.counterparts import mirrored_distances
from DentalTopoSegLib.dentition.numbering import mean_dentition, number_teeth
from Testing.unit.dentition.test_numbering import QUICK, dentition

RIGHT = (17, 16, 15, 14, 13, 12, 11)
LEFT = (21, 22, 24, 25, 26, 27)
"""The upper left canine is absent."""
ALIKE, UNLIKE = 0.5, 0.95


def doubtful_row(sure: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A row after a gap at the midline: 21 and 22 are `sure`ly called 22 and 23."""
    teeth = RIGHT + LEFT
    probabilities = np.full((len(teeth), 33), 1e-4)
    for row, fdi in zip(probabilities, teeth, strict=True):
        row[CLASS_FDI.index(fdi)] = 1.0
        if fdi in (21, 22):
            row[CLASS_FDI.index(fdi)], row[CLASS_FDI.index(fdi + 1)] = 1 - sure, sure
    probabilities /= probabilities.sum(1, keepdims=True)
    places = {**mean_dentition()}
    points = np.array([(places[f] + places[f + 1]) / 2 if f in (21, 22) else places[f] for f in teeth])
    return probabilities, points, np.full(len(teeth), 450.0)


def distances(teeth: tuple[int, ...]) -> np.ndarray:
    """(N, N) mm: alike are teeth of one place, unlike all others."""
    place = np.array(teeth) % 10
    return np.where(place[:, None] == place[None, :], ALIKE, UNLIKE)


def test_a_tooth_is_numbered_like_the_one_it_mirrors() -> None:
    row = doubtful_row(0.7)
    alone = number_teeth(*row).fdi.tolist()
    assert alone == [*RIGHT, 22, 23, 24, 25, 26, 27]
    assert number_teeth(*row, unlike=distances(RIGHT + LEFT)).fdi.tolist() == [*RIGHT, *LEFT]


def test_what_is_not_known_changes_nothing() -> None:
    row = doubtful_row(0.7)
    plain, unknown = number_teeth(*row), number_teeth(*row, unlike=np.full((13, 13), np.nan))
    assert unknown.fdi.tolist() == plain.fdi.tolist()
    np.testing.assert_array_equal(unknown.confidence, plain.confidence)


def test_a_last_tooth_that_is_half_in_the_scan_keeps_its_number() -> None:
    teeth = (*RIGHT, 21, 22, 23, 24, 25, 26, 27)
    probabilities, points, volumes = dentition(teeth, np.random.default_rng(0), noise=0.0)
    probabilities[0] = 1e-4
    probabilities[0, [CLASS_FDI.index(17), CLASS_FDI.index(18)]] = 0.5, 0.5
    assert number_teeth(probabilities, points, volumes).fdi[0] == 17
    cut = distances(teeth)
    cut[0, :] = cut[:, 0] = 1.5
    assert number_teeth(probabilities, points, volumes, unlike=cut).fdi.tolist() == list(teeth)


def test_no_tooth_is_given_up_because_its_counterpart_is_another() -> None:
    teeth = (*RIGHT, 21, 22, 23, 24, 25, 26, 27)
    basis = dentition(teeth, np.random.default_rng(1))
    odd = distances(teeth)
    odd[4, :] = odd[:, 4] = 3.0  # 13, a stump say
    assert (number_teeth(*basis, unlike=odd).fdi > 0).all()


@QUICK
@given(st.integers(0, 10**6))
def test_the_mirrored_patient_gets_the_mirrored_numbers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    teeth = tuple(f for f in (*RIGHT, 21, 22, 23, 24, 25, 26, 27) if rng.random() < 0.85)
    probabilities, points, volumes = dentition(teeth, rng, blur=0.6)
    apart = rng.uniform(0.4, 1.2, (len(teeth), len(teeth)))
    apart = (apart + apart.T) / 2
    swapped = np.array([CLASS_FDI.index(f + 10 if f // 10 in (1, 3) else f - 10) if f else 0 for f in CLASS_FDI])
    other = number_teeth(probabilities[:, swapped], points * [-1, 1, 1], volumes, unlike=apart)
    mirrored = [f + 10 if f // 10 == 1 else f - 10 if f else 0 for f in map(int, other.fdi)]
    assert mirrored == number_teeth(probabilities, points, volumes, unlike=apart).fdi.tolist()


def test_distances_of_another_shape_are_refused() -> None:
    row = doubtful_row(0.7)
    with pytest.raises(ValueError, match=r"\(N, N\)"):
        number_teeth(*row, unlike=np.zeros((3, 3)))


@QUICK
@given(st.integers(0, 10**6))
def test_a_crown_and_its_mirror_image_are_at_no_distance(seed: int) -> None:
    rng = np.random.default_rng(seed)
    crown, other = rng.normal(0, 3, (2, 40, 3))
    apart = mirrored_distances(np.stack([crown, rng.permutation(crown * [-1, 1, 1]), other]))
    assert apart[0, 1] == pytest.approx(0, abs=1e-12)
    assert apart[0, 2] > 0.3
    np.testing.assert_array_equal(apart, apart.T)
    np.testing.assert_array_equal(np.diag(apart), 0)


def test_the_distance_is_the_mean_way_to_the_nearest_point() -> None:
    one, other = np.array([[1.0, 0, 0], [0, 0, 0]]), np.array([[-1.0, 0, 2.0], [0, 0, 2.0]])
    assert mirrored_distances(np.stack([one, other]))[0, 1] == pytest.approx(2.0)
