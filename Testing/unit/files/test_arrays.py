"""Volumes from arrays, and layers for napari."""

from __future__ import annotations

import numpy as np
import pytest
from scan_files import block, oblique_direction, toy_dentition

import DentalTopoSegLib as library
from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.files.volumes import Volume

SIDES = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "S": (0, 0, 1), "I": (0, 0, -1)}


@pytest.mark.parametrize("word", ["LPS", "RAS", "RPI", "SAL"])
def test_an_array_lies_as_it_is_said(word: str) -> None:
    """A step along each axis goes to the side of its letter, as far as that axis's spacing."""
    volume = library.from_numpy(block().array, (0.5, 0.4, 0.3), word, origin=(1, 2, 3))
    np.testing.assert_allclose(volume.index_to_ras((0, 0, 0)), (-1, -2, 3))
    for axis, letter, step in ((2, word[0], 0.3), (1, word[1], 0.4), (0, word[2], 0.5)):
        index = [0, 0, 0]
        index[axis] = 1
        gone = volume.index_to_ras(index) - volume.index_to_ras((0, 0, 0))
        np.testing.assert_allclose(gone, step * np.array(SIDES[letter]), atol=1e-12)


def test_labels_of_an_array_are_checked() -> None:
    """With left and right as said: the same array the other way round has its teeth on the wrong side."""
    labels = toy_dentition()[1]
    assert labels.direction == library.from_numpy(labels.array, (1, 1, 1), "RAS").direction
    right = library.from_numpy(labels.array, labels.spacing[::-1], "RAS", origin=labels.origin)
    np.testing.assert_allclose(right.index_to_ras_matrix(), labels.index_to_ras_matrix())
    codes = [f.code for f in library.check(right)]
    wrong = library.from_numpy(labels.array, labels.spacing[::-1], "LAS")
    assert "left_right_mirrored" not in codes
    assert "left_right_mirrored" in [f.code for f in library.check(wrong)]


@pytest.mark.parametrize(
    ("array", "spacing", "word", "error", "words"),
    [
        (np.zeros((2, 2)), (1, 1, 1), "LPS", InputError, "three axes"),
        (np.zeros((2, 2, 2), object), (1, 1, 1), "LPS", InputError, "give numbers"),
        (np.zeros((2, 2, 2)), (1, 1), "LPS", InputError, "three numbers"),
        (np.zeros((2, 2, 2)), (1, 1, 0), "LPS", InputError, "must be positive"),
        (np.zeros((2, 2, 2)), (1, 1, 1), "LLS", UsageError, "is unknown"),
        (np.zeros((2, 2, 2)), (1, 1, 1), "sform", UsageError, "three letters"),
    ],
)
def test_refusals(array, spacing, word, error, words) -> None:
    with pytest.raises(error, match=words):
        library.from_numpy(array, spacing, word)


def test_a_layer_for_napari_lies_where_the_volume_does() -> None:
    volume = Volume(block().array, (0.3, 0.4, 0.5), (3.0, -5.0, 7.0), oblique_direction(), "scan")
    array, given, kind = library.to_napari(volume)
    assert array is volume.array
    assert (given["name"], kind) == ("scan", "image")
    index = (2, 5, 7)
    top, back, left, one = given["affine"] @ (*index, 1)
    np.testing.assert_allclose((-left, -back, top, one), (*volume.index_to_ras(index), 1))
    assert library.to_napari(toy_dentition()[1], labels=True)[2] == "labels"
    with pytest.raises(InputError, match="whole numbers"):
        library.to_napari(volume.with_array(volume.array / 2.0), labels=True)
