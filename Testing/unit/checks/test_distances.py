"""Distances between bodies of label maps against the exact ones of the bodies that were drawn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bodies import SPACINGS, cone_to_tube, directions, grid, places, round_cone, tube
from hypothesis import given, settings
from hypothesis import strategies as st

from DentalTopoSegLib.checks.measures.subvoxel import (
    distance_uncertainty_mm,
    search_tree,
    shortest_line,
    surface_points,
)
from DentalTopoSegLib.files.volumes.boxes import box_of

#: Mean absolute error allowed at these spacings, mm; 0.3 mm are promised.
ALLOWED = dict(zip(SPACINGS, (0.06, 0.08, 0.16, 0.12, 0.10), strict=True))


def points_of(mask: np.ndarray, volume) -> np.ndarray:
    box = box_of(slice(int(w.min()), int(w.max()) + 1) for w in np.nonzero(mask))
    return surface_points(mask[box], box, volume)


def measured_and_true(spacing: tuple[float, ...], seed: int):
    """A root over a canal, in any direction to each other and to the voxels."""
    rng = np.random.default_rng(seed)
    volume, way = grid(spacing, 13.0, rng), directions(rng)
    tip, canal, apart = rng.uniform(0.5, 1.2), rng.uniform(1.0, 2.0), rng.uniform(0.2, 3.0)
    through = -way[:, 2] * (canal + apart / 2)
    a = through + way[:, 2] * (canal + apart + tip)
    lean = way[:, 2] + 0.5 * way[:, :2] @ rng.uniform(-1, 1, 2)
    b = a + 7.0 * lean / np.linalg.norm(lean)
    where = places(volume)
    root = round_cone(where, a, b, tip, 2.2) <= 0
    nerve = tube(where, through, way[:, 0], canal) <= 0
    line = shortest_line(points_of(root, volume), points_of(nerve, volume))
    return line, cone_to_tube(a, b, tip, 2.2, through, way[:, 0], canal), volume, (a, b, tip, through, way, canal)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_root_to_canal(spacing: tuple[float, ...]) -> None:
    runs = [measured_and_true(spacing, seed) for seed in range(12)]
    errors = np.array([line.length_mm - true for line, true, _, _ in runs])
    assert np.abs(errors).mean() <= ALLOWED[spacing]
    unsure = distance_uncertainty_mm(runs[0][2])
    assert unsure == pytest.approx(max(spacing) / 2)
    assert (np.abs(errors) <= unsure).mean() >= 0.9
    for line, _, volume, (a, b, tip, through, way, canal) in runs:  # its ends lie on the two bodies
        assert abs(round_cone(line.start, a, b, tip, 2.2)) <= max(volume.spacing)
        assert abs(tube(line.end, through, way[:, 0], canal)) <= max(volume.spacing)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), spacing=st.sampled_from(SPACINGS))
def test_no_distance_is_far_off(seed: int, spacing: tuple[float, ...]) -> None:
    line, true, _, _ = measured_and_true(spacing, seed)
    assert abs(line.length_mm - true) <= 0.7 * max(spacing)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_a_distance_is_the_same_wherever_the_head_lies(seed: int) -> None:
    """Turning the whole grid in space changes no distance, and turns its line."""
    line, _, volume, _ = measured_and_true((0.5, 0.5, 0.5), seed)
    rng = np.random.default_rng(seed + 1)
    turn, flip = directions(rng), np.diag([-1.0, -1.0, 1.0])
    turned = replace(
        volume,
        origin=tuple(flip @ turn @ flip @ np.array(volume.origin)),
        direction=tuple((flip @ turn @ flip @ np.reshape(volume.direction, (3, 3))).ravel()),
    )
    ends = turned.index_to_ras(volume.ras_to_index(np.array([line.start, line.end])))
    np.testing.assert_allclose(ends, np.array([line.start, line.end]) @ turn.T, atol=1e-6)
    assert np.linalg.norm(ends[1] - ends[0]) == pytest.approx(line.length_mm, abs=1e-6)


def test_a_body_that_the_scan_cuts_has_no_surface_there() -> None:
    volume = grid((0.3, 0.3, 0.3), (9.0, 6.0, 6.0), None)
    mask = tube(places(volume), np.zeros(3), np.array([1.0, 0.0, 0.0]), 1.5) <= 0
    points = points_of(mask, volume)
    radius = np.linalg.norm(points[:, 1:], axis=1)
    assert radius.min() > 1.3  # no lids
    assert abs(points[:, 0]).max() > 4.0  # and the wall goes to the end


def test_nothing_has_no_line() -> None:
    assert shortest_line(np.zeros((0, 3)), np.zeros((2, 3))) is None


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), apart=st.floats(0.0, 30.0), count=st.integers(1, 60))
def test_the_shortest_line_is_the_shortest_of_all(seed: int, apart: float, count: int) -> None:
    """However few of the points it looks at closely."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(count, 3)), rng.normal(size=(40, 3)) + [apart, 0, 0]
    every = np.linalg.norm(first[:, None] - second, axis=2)
    at = np.unravel_index(np.argmin(every), every.shape)
    for to in (second, search_tree(second)):
        line = shortest_line(first, to)
        np.testing.assert_array_equal([line.start, line.end], [first[at[0]], second[at[1]]])
        assert shortest_line(first, to, float(every.min()) * 0.99 - 1e-6) is None
        assert shortest_line(first, to, float(every.min()) * 1.01 + 1e-6).length_mm == line.length_mm
