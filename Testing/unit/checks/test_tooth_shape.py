"""Axis, length and roots of drawn teeth against the exact ones; how they stand to the occlusal plane."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import SPACINGS, directions, ellipsoid, grid, places, round_cone
from hypothesis import given, settings
from hypothesis import strategies as st

from DentalTopoSegLib.checks.measures.bite import occlusal_normal, stand_of
from DentalTopoSegLib.checks.measures.subvoxel import surface_points
from DentalTopoSegLib.checks.measures.tooth_shape import (
    AXIS_DEG,
    LENGTH_VOXELS,
    ToothShape,
    find_roots,
    named_roots,
    tooth_shape,
)
from DentalTopoSegLib.files.volumes.boxes import box_of


def shape_of(mask: np.ndarray, volume, fdi: int = 46, up=None) -> tuple[ToothShape | None, np.ndarray, np.ndarray]:
    """The shape of a drawn tooth, its mask in its box and the places of its voxels."""
    box = box_of(slice(int(w.min()), int(w.max()) + 1) for w in np.nonzero(mask))
    points = volume.index_to_ras(np.argwhere(mask))
    return tooth_shape(fdi, points, surface_points(mask[box], box, volume), up), mask[box], points


def cone(spacing: tuple[float, ...], seed: int):
    """A tooth with one root, leaning any way: its true axis to the root, length, and what was measured."""
    rng = np.random.default_rng(seed)
    volume, way = grid(spacing, 26.0, rng), directions(rng)
    crown, tip, long = rng.uniform(2.8, 4.5), rng.uniform(0.6, 1.2), rng.uniform(13.0, 17.0)
    a = -way[:, 2] * long / 2
    mask = round_cone(places(volume), a, a + way[:, 2] * long, crown, tip) <= 0
    return way[:, 2], long + crown + tip, shape_of(mask, volume)[0]


@pytest.mark.parametrize("spacing", SPACINGS[1:])
def test_axis_and_length_of_teeth_with_one_root(spacing: tuple[float, ...]) -> None:
    lengths, angles = [], []
    for seed in range(4):
        axis, length, shape = cone(spacing, seed)
        assert shape is not None
        lengths.append(abs(shape.length_mm - length))
        angles.append(np.degrees(np.arccos(np.clip(axis @ shape.axis, -1, 1))))  # and the root is told from the crown
    assert max(lengths) <= LENGTH_VOXELS * max(spacing) and np.mean(lengths) <= 0.3
    assert max(angles) <= AXIS_DEG / 2


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6), spacing=st.sampled_from(SPACINGS[1:4]))
def test_axis_and_length_of_ellipsoids(seed: int, spacing: tuple[float, ...]) -> None:
    rng = np.random.default_rng(seed)
    volume, way = grid(spacing, 26.0, rng), directions(rng)
    radii = (rng.uniform(2.5, 4.5), rng.uniform(2.5, 5.0), rng.uniform(8.5, 12.0))
    mask = ellipsoid(places(volume), np.zeros(3), way, radii) <= 0
    shape, _, _ = shape_of(mask, volume, up=way[:, 2] * 0.9)
    assert shape is not None
    assert shape.axis @ way[:, 2] <= -np.cos(np.radians(AXIS_DEG))  # a lower tooth: the root is down
    assert abs(shape.length_mm - 2 * radii[2]) <= LENGTH_VOXELS * max(spacing)


def test_a_ball_has_no_axis() -> None:
    volume = grid((0.5, 0.5, 0.5), 12.0, None)
    assert shape_of(ellipsoid(places(volume), np.zeros(3), np.eye(3), (5.0, 5.0, 5.0)) <= 0, volume)[0] is None


def test_what_looks_alike_at_both_ends_is_not_guessed() -> None:
    volume = grid((0.5, 0.5, 0.5), 26.0, None)
    mask = ellipsoid(places(volume), np.zeros(3), np.eye(3), (3.0, 3.0, 11.0)) <= 0
    assert shape_of(mask, volume)[0] is None
    shape, _, _ = shape_of(mask, volume, fdi=16, up=np.array([0.0, 0.0, 1.0]))
    assert shape is not None and shape.axis[2] > 0.99  # an upper tooth: the root is up


# ---------------------------------------------------------------- roots

MOLARS = {
    46: {"mesial": (0.0, 3.2), "distal": (0.0, -3.2)},
    36: {"mesial": (0.0, 3.2), "distal": (0.0, -3.2)},
    14: {"buccal": (2.4, 0.0), "palatal": (-2.4, 0.0)},
    16: {"mesiobuccal": (2.6, 2.8), "distobuccal": (2.6, -2.8), "palatal": (-4.0, 0.0)},
}


@pytest.mark.parametrize("fdi", MOLARS)
@pytest.mark.parametrize("spacing", [(0.3, 0.3, 0.3), (0.3, 0.3, 0.5)])
def test_roots_are_found_and_named(fdi: int, spacing: tuple[float, ...]) -> None:
    """Roots at these offsets (to the cheek, to the midline) from the axis, on a crown."""
    rng = np.random.default_rng(fdi)
    volume, way = grid(spacing, 27.0, rng), directions(rng)
    outwards, mesial, down = way[:, 0], way[:, 1], way[:, 2]
    where = places(volume)
    field = ellipsoid(where, -5.0 * down, way, (5.0, 5.5, 4.5)) <= 0
    tips = {name: 10.0 * down + out * outwards + front * mesial for name, (out, front) in MOLARS[fdi].items()}
    for tip in tips.values():
        across = tip - 10.0 * down
        field |= round_cone(where, -3.0 * down + 0.5 * across, tip, 2.0, 0.8) <= 0
    shape, mask, points = shape_of(field, volume, fdi)
    assert shape is not None
    roots = named_roots(fdi, find_roots(mask, points, shape), outwards, mesial)
    assert {root.name for root in roots} == set(tips)
    for root in roots:
        # the farthest point of the root's round end
        assert np.linalg.norm(root.tip - tips[root.name]) <= 0.8 + max(spacing)


def test_one_root_is_one() -> None:
    volume = grid((0.3, 0.3, 0.3), 22.0, None)
    a, b = np.array([0.0, 0.0, 7.0]), np.array([0.0, 0.0, -8.0])
    shape, mask, points = shape_of(round_cone(places(volume), a, b, 3.5, 0.8) <= 0, volume)
    assert shape is not None
    (root,) = find_roots(mask, points, shape)
    assert root.tip[2] < -8.2 and root.name == ""


# ---------------------------------------------------------------- how teeth stand


def standing(tip: float, torque: float, fdi: int, along: np.ndarray, normal: np.ndarray, right: bool) -> ToothShape:
    """A tooth whose crown leans so, degrees, to the midline and to the cheek."""
    up = -normal if fdi < 30 else normal  # to the bite
    mesial = along if right else -along
    crown = up + np.tan(np.radians(tip)) * mesial + np.tan(np.radians(torque)) * np.cross(along, normal)
    return ToothShape(-crown / np.linalg.norm(crown), np.zeros(3), -10.0, 10.0)


@settings(max_examples=40, deadline=None)
@given(
    tip=st.floats(-60, 60),
    torque=st.floats(-60, 60),
    seed=st.integers(0, 1000),
    fdi=st.sampled_from([11, 16, 26, 33, 46]),
)
def test_tip_and_torque_are_those_drawn(tip: float, torque: float, seed: int, fdi: int) -> None:
    way = directions(np.random.default_rng(seed))
    right = fdi // 10 in (1, 4)
    shape = standing(tip, torque, fdi, way[:, 0], way[:, 2], right)
    stand = stand_of(fdi, shape, way[:, 2], way[:, 0] + 0.3 * way[:, 2], right)
    assert stand.tip_deg == pytest.approx(tip, abs=1e-6) and stand.torque_deg == pytest.approx(torque, abs=1e-6)
    both = np.degrees(np.arctan(np.hypot(np.tan(np.radians(tip)), np.tan(np.radians(torque)))))
    assert stand.inclination_deg == pytest.approx(both, abs=1e-6)


def test_the_occlusal_plane_leaves_out_a_tooth_that_is_not_through() -> None:
    down = np.array([0.0, 0.0, -1.0])
    ends = {33: (-13, 14, 0), 36: (-24, -6, 0.2), 43: (13, 14, 0), 46: (24, -6, -0.1), 41: (2, 20, 0.1)}
    shapes = {fdi: ToothShape(down, np.array(end) + 8.0 * down, -8.0, 8.0) for fdi, end in ends.items()}
    up = np.array([0.1, 0.0, 1.0])
    normal = occlusal_normal("lower", shapes, up)
    assert normal is not None and normal[2] > 0.999
    shapes[48] = ToothShape(down, np.array([28.0, -22.0, -20.0]), -8.0, 8.0)
    with_deep_one = occlusal_normal("lower", shapes, up)
    assert with_deep_one is not None
    np.testing.assert_allclose(with_deep_one, normal)
    assert occlusal_normal("upper", shapes, up) is None
