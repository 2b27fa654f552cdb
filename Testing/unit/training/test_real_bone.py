"""Scans drawn from label maps of real bone: jaws told apart, plates outside, teeth that have numbers."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the phantom engine draws with torch (training only)")

from DentalTopoSegLib.dentition.structures import structure  # noqa: E402
from DentalTopoSegLib.errors import InputError  # noqa: E402
from training.patients.canvas import Grid  # noqa: E402
from training.patients.real_bone import draw_real_bone, jaws_of, main, signed_distance  # noqa: E402

SPACING = 0.5
UPPER, LOWER = structure("upper_jaw").value, structure("mandible").value


@pytest.fixture
def labels() -> np.ndarray:
    """Two plates of bone with a tooth in each, and a crumb near the upper one."""
    array = np.zeros((70, 60, 60), np.uint8)
    array[5:25, 15:45, 10:50] = array[45:60, 15:45, 10:50] = 1
    array[16:33, 26:34, 18:26] = 7
    array[37:52, 26:34, 34:42] = 9
    array[62:64, 20:22, 20:22] = 1
    return array


def test_the_jaws_are_told_by_height(labels):
    upper, lower = jaws_of(labels == 1)
    assert upper[50, 20, 20] and upper[62, 20, 20] and not upper[10, 20, 20]
    assert lower[10, 20, 20] and not (upper & lower).any()
    np.testing.assert_array_equal(upper | lower, labels == 1)
    with pytest.raises(InputError, match="not in two pieces"):
        jaws_of(labels[:30] == 1)


def test_signed_distances_are_those_to_the_faces():
    mask = np.zeros((9, 9, 9), bool)
    mask[2:7, 2:7, 2:7] = True
    distance = signed_distance(mask, SPACING)
    assert distance[4, 4, 4] == pytest.approx(-1.25) and distance[4, 4, 8] == pytest.approx(0.75)
    assert (signed_distance(np.zeros_like(mask), SPACING) > 100).all()


def test_what_is_drawn_looks_as_it_is_labelled(labels):
    grid = Grid(np.zeros(3), SPACING, labels.shape)
    image, teeth, structures = draw_real_bone(labels, {7: 36}, grid, np.random.default_rng(1))
    image = image.numpy()
    np.testing.assert_array_equal(teeth == 36, labels == 7)
    assert set(np.unique(teeth)) == {0, 36}  # the other tooth has no number
    assert structures[50, 20, 20] == UPPER and structures[10, 20, 20] == LOWER
    assert not structures[labels > 1].any()
    plate, spongy = image[5, 20:40, 15:45].mean(), image[12:16, 36:40, 34:46].mean()
    soft, enamel = image[28:32, 16:20, 12:16].mean(), image[31:33, 26, 18:26].mean()
    assert soft < spongy < plate < enamel
    assert image[60:62, 28:32, 28:32].mean() < 0  # air over the palate, beyond its soft lining
    other = draw_real_bone(labels, {7: 36}, grid, np.random.default_rng(1))[0]
    np.testing.assert_array_equal(image, other.numpy())


def test_data_that_is_not_there_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), str(tmp_path / "out")])
    assert "name the data pack's folder" in capsys.readouterr().err
