"""Crowns as a row: their order along the arch, their own axes, and the answer given back to the right crown."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from DentalTopoSegLib.ios.crowns import (
    CROWN_POINTS,
    PLACE_FEATURES,
    arch_order_of,
    crown_points,
    crown_probabilities,
    describe,
)
from DentalTopoSegLib.ios.segmenting import both_opinions


def arch(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Centres (K, 3) along a dental arch from x < 0 to x > 0, and a cloud (K, 40, 3) around each."""
    angle = np.linspace(-1.4, 1.4, count)
    centres = np.stack([28 * np.sin(angle), 45 * (np.cos(angle) - 1), 0 * angle], 1)
    cloud = np.random.default_rng(seed).normal(0, 2, (count, 40, 3))
    return centres, centres[:, None] + cloud - cloud.mean(1, keepdims=True)


class Nearest:
    """Calls the k-th crown of the row class k, whatever its shape."""

    def run_named(self, feed: dict, cancelled: object = None) -> dict:
        n = len(feed["places"])
        assert feed["shapes"].shape == (n, CROWN_POINTS, 6) and feed["places"].shape == (n, PLACE_FEATURES)
        return {"probabilities": np.eye(16, dtype=np.float32)[:n]}


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 16), start=st.integers(0, 10), tilt=st.floats(-0.3, 0.3))
def test_the_order_follows_the_arch_however_the_crowns_are_listed(seed: int, count: int, start: int, tilt: float):
    centres, _ = arch(16)
    centres = centres[start : start + count]
    if len(centres) < 5:
        tilt /= 2  # a few molars alone, turned further, may as well stand side by side
    turn = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
    listed = np.random.default_rng(seed).permutation(len(centres))
    order = arch_order_of((centres @ turn.T)[listed])
    assert listed[order].tolist() == list(range(len(centres)))


def test_a_crown_looks_the_same_wherever_it_stands_on_the_arch():
    """The same cloud, turned with the arch, has the same shape in its own axes."""
    centres, _ = arch(14)
    cloud = np.random.default_rng(1).normal(0, 2, (CROWN_POINTS, 3))
    cloud -= cloud.mean(0)
    row = describe(np.repeat(centres[:, None], CROWN_POINTS, 1) + cloud, np.ones((14, CROWN_POINTS, 3)), True)
    angle = np.arctan2(row.places[:, 4], row.places[:, 3])
    for k in (3, 9):
        turn = np.array([[np.cos(angle[k]), np.sin(angle[k]), 0], [-np.sin(angle[k]), np.cos(angle[k]), 0], [0, 0, 1]])
        assert row.shapes[k, :, :3] == pytest.approx(cloud @ turn.T / 5.0, abs=1e-5)


def test_places_tell_upper_from_lower_and_ends_from_the_middle():
    _, points = arch(5)
    upper, lower = (describe(points, points, which).places for which in (True, False))
    assert (upper != lower).sum() == 5
    assert upper[0, 7] == 0 and upper[-1, 8] == 0 and upper[1:-1, 7:9].all()


def test_each_crown_gets_its_own_answer():
    _, points = arch(6)
    listed = np.array([4, 0, 5, 2, 1, 3])  # label k+1 belongs to the listed[k]-th of the arch
    cloud = points[listed].reshape(-1, 3)
    labels = np.repeat(np.arange(1, 7), 40)
    p = crown_probabilities(cloud, cloud, labels, 6, True, Nearest())
    assert p.argmax(1).tolist() == listed.tolist()


def test_a_crown_of_a_few_points_is_left_open():
    _, points = arch(3)
    cloud = np.concatenate([points[0], points[1], points[2][:3]])
    labels = np.repeat([1, 2, 3], [40, 40, 3])
    p = crown_probabilities(cloud, cloud, labels, 3, False, Nearest())
    assert p[2] == pytest.approx(np.full(16, 1 / 16))
    assert p[:2].argmax(1).tolist() == [0, 1]
    none = crown_probabilities(cloud, cloud, np.zeros(len(cloud), int), 2, False, Nearest())
    assert none == pytest.approx(np.full((2, 16), 1 / 16))


def test_points_of_a_crown_are_spread_and_its_own():
    _, points = arch(2)
    cloud = points.reshape(-1, 3)
    chosen, _, which = crown_points(cloud, cloud, np.repeat([2, 0], 40), 2, size=50)
    assert which.tolist() == [1]
    assert {tuple(p) for p in chosen[0]} == {tuple(p) for p in points[0]}


def test_two_opinions_are_weighed_and_gingiva_is_the_surface_networks():
    surface = np.full((1, 17), 1e-4)
    surface[0, 0], surface[0, 6], surface[0, 7] = 0.2, 0.5, 0.3
    crowns = np.full((1, 16), 1e-4)
    crowns[0, 6], crowns[0, 5] = 0.9, 0.1  # class 7, then class 6
    both = both_opinions(surface, crowns)
    assert both[0, 0] == pytest.approx(0.2) and both.sum() == pytest.approx(1.0, abs=1e-2)
    assert both[0].argmax() == 7
    flat = both_opinions(surface, np.full((1, 16), 1 / 16))
    assert flat[0, 1:].argmax() + 1 == 6
