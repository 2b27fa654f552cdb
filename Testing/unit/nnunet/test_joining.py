"""Teeth of one network, numbered by another."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from DentalTopoSegLib.nnunet.joining import number_separated, parts_of, separate_teeth
from DentalTopoSegLib.phantom import make_phantom

CENTER, BORDER = 1, 2
MM = (0.5, 0.5, 0.5)


def two_touching() -> tuple[np.ndarray, np.ndarray]:
    """(centers and borders, the true teeth): two cubes of 6 mm side by side."""
    truth = np.zeros((20, 20, 30), np.int32)
    truth[4:16, 4:16, 3:15], truth[4:16, 4:16, 15:27] = 1, 2
    answer = np.zeros(truth.shape, np.uint8)
    for tooth in (1, 2):
        inside = ndimage.binary_erosion(truth == tooth, iterations=2)
        answer[truth == tooth] = BORDER
        answer[inside] = CENTER
    answer[ndimage.binary_erosion(truth == 1, iterations=2)] = CENTER
    return answer, truth


def test_touching_teeth_come_apart_where_they_touch() -> None:
    answer, truth = two_touching()
    teeth = separate_teeth(answer, CENTER, BORDER, MM)
    assert teeth.max() == 2
    np.testing.assert_array_equal(teeth, truth)


def test_crumbs_and_borders_without_a_center_are_dropped() -> None:
    answer, truth = two_touching()
    answer[0, 0, 0] = CENTER
    answer[19, 15:20, 0:3] = BORDER
    np.testing.assert_array_equal(separate_teeth(answer, CENTER, BORDER, MM), truth)


def test_a_center_of_16_mm3_is_no_tooth_and_a_larger_one_is() -> None:
    answer = np.zeros((12, 12, 12), np.uint8)
    answer[2:6, 2:6, 2:10] = CENTER  # 128 voxels of 0.125 mm3
    assert not separate_teeth(answer, CENTER, BORDER, MM).any()
    answer[6, 2, 2] = CENTER
    assert separate_teeth(answer, CENTER, BORDER, MM).max() == 1


def test_distances_are_millimetres() -> None:
    answer = np.full((1, 40, 12), BORDER, np.uint8)
    answer[0, :20, :1], answer[0, :, 11:] = CENTER, CENTER
    teeth = separate_teeth(answer, CENTER, BORDER, (8.0, 1.0, 0.5))
    columns = np.flatnonzero(teeth[0, 5] == teeth[0, 5, 0])
    assert columns.tolist() == list(range(6))
    assert teeth[0, 39, 2] == teeth[0, 39, 11]


def test_a_tooth_gets_the_number_of_most_of_it() -> None:
    answer, truth = two_touching()
    fdi = np.where(truth == 1, 16, 0).astype(np.uint8)
    fdi[truth == 2] = 17
    fdi[:, :, 15:18][truth[:, :, 15:18] == 2] = 16  # the first network's border lies elsewhere
    numbered = number_separated(separate_teeth(answer, CENTER, BORDER, MM), fdi)
    np.testing.assert_array_equal(numbered, np.select([truth == 1, truth == 2], [16, 17], 0))


def test_what_is_mostly_nothing_to_the_other_network_gets_no_number() -> None:
    answer, truth = two_touching()
    fdi = np.where(truth == 1, 16, 0).astype(np.uint8)
    fdi[5, 5, 20] = 17
    numbered = number_separated(separate_teeth(answer, CENTER, BORDER, MM), fdi)
    assert set(np.unique(numbered)) == {0, 16}


def test_a_phantom_survives_the_round_trip() -> None:
    labels = make_phantom(seed=3, spacing_mm=0.6, fov_mm=(76.0, 70.0, 60.0), fillings=0).labels
    fdi = labels.array
    answer = np.zeros(fdi.shape, np.uint8)
    for tooth in np.unique(fdi[fdi > 0]):
        answer[fdi == tooth] = BORDER
        answer[ndimage.binary_erosion(fdi == tooth)] = CENTER
    numbered = number_separated(separate_teeth(answer, CENTER, BORDER, labels.spacing[::-1]), fdi)
    assert len(np.unique(numbered)) > 20
    assert (numbered == fdi)[fdi > 0].mean() > 0.98


@pytest.mark.parametrize("names", [{1: "center"}, {1: "center", 2: "tooth"}, {1: "core", 2: "border", 3: "pulp"}])
def test_other_networks_are_none_that_takes_apart(names: dict[int, str]) -> None:
    assert parts_of(names) is None


def test_nothing_found_is_nothing() -> None:
    empty = np.zeros((4, 4, 4), np.uint8)
    assert not separate_teeth(empty, CENTER, BORDER, MM).any()
    assert not number_separated(empty.astype(np.int32), empty).any()
