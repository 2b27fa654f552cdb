"""Teeth from votes, and the path of one jaw with a network that knows the answer."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.ios.instances import find_instances, instance_energy
from DentalTopoSegLib.ios.islands import remove_islands
from DentalTopoSegLib.ios.network import MIRRORED, predict
from DentalTopoSegLib.ios.sampling import build_cloud, farthest_points, level_counts


def two_teeth(rng: np.random.Generator, apart: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, votes and areas of gingiva and two crowns `apart` mm from each other, and the truth."""
    truth = np.repeat([0, 1, 2], [300, 200, 200])
    p = np.full((700, 17), 0.01)
    p[truth == 0, 0] = 0.84
    p[truth == 1, 6] = 0.84
    p[truth == 2, 6] = 0.44  # both called 6, the second less surely
    p[truth == 2, 7] = 0.41
    votes = np.where(truth == 2, apart, 0.0)[:, None] * np.array([1.0, 0, 0]) + rng.normal(0, 0.4, (700, 3))
    return p, votes, np.full(700, 0.3), truth


def test_two_crowns_with_one_number_come_apart() -> None:
    p, votes, area, truth = two_teeth(np.random.default_rng(0), 8.0)
    found = find_instances(p, votes, area)
    assert len(found) == 2
    label = instance_energy(p, votes, found).argmin(1)
    assert np.mean((label > 0) == (truth > 0)) == 1.0
    assert len(np.unique(label[truth == 1])) == 1 and len(np.unique(label[truth == 2])) == 1
    assert label[truth == 1][0] != label[truth == 2][0]


def test_one_crown_with_two_numbers_stays_one() -> None:
    p, votes, area, _ = two_teeth(np.random.default_rng(1), 0.0)
    assert len(find_instances(p, votes, area)) == 1


def test_gingiva_alone_holds_no_tooth() -> None:
    p = np.zeros((50, 17))
    p[:, 0] = 1.0
    assert len(find_instances(p, np.zeros((50, 3)), np.ones(50))) == 0


def test_small_pieces_go_to_what_surrounds_them_and_large_ones_stay() -> None:
    labels = np.array([2, 2, 2, 1, 1, 1, 2, 1, 1, 0, 0, 1, 1, 0])
    pairs = np.array([[k, k + 1] for k in range(13)])
    cleaned, kept = remove_islands(labels, pairs, np.full(14, 10.0), least_mm2=15.0)
    assert cleaned.tolist() == [2, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1]
    assert kept == [(1, 30.0)]  # 30 mm^2 of tooth 1 beyond the gingiva: to be looked at, not hidden


def test_level_counts_follow_the_surface_and_not_the_mesh() -> None:
    assert level_counts(4700.0, 10**6)[1:] == level_counts(4700.0, 20_000)[1:]
    assert level_counts(50_000.0, 10**6)[0] == 24_000
    assert min(level_counts(5.0, 40)) >= 17


def farthest_by_hand(points: np.ndarray, count: int, start: int) -> list[int]:
    """The farthest-point order of Eldar et al. without any short cut."""
    chosen, distance = [start], np.full(len(points), np.inf)
    while len(chosen) < count:
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
        chosen.append(int(distance.argmax()))
    return chosen


@pytest.mark.parametrize("count", [3, 40, 900])
def test_farthest_points_begin_where_they_are_told_and_are_the_same_in_any_position(count: int) -> None:
    rng = np.random.default_rng(count)
    points = rng.normal(0, (20, 15, 4), (count, 3))
    asked = min(count, 200)
    first = int(np.linalg.norm(points - points.mean(0), axis=1).argmax())
    order = farthest_points(points, asked)
    assert order.tolist() == farthest_by_hand(points, asked, first)
    moved = points @ Rotation.random(rng=rng).as_matrix().T + [150, -90, 60]
    assert farthest_points(moved, asked).tolist() == order.tolist()
    far = int(np.linalg.norm(points - points[1], axis=1).argmax())
    assert farthest_points(points, asked, points[1]).tolist() == farthest_by_hand(points, asked, far)


def test_points_that_coincide_are_repeated_and_none_is_invented() -> None:
    points = np.repeat(np.random.default_rng(0).normal(0, 5, (4, 3)), 2, axis=0)
    order = farthest_points(points, 8)
    assert order.min() >= 0 and len(np.unique(points[order], axis=0)) == 4
    assert farthest_points(points[:1], 1).tolist() == [0]


def test_the_cloud_is_nested_and_its_neighbours_are_the_nearest() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(0, 10, (900, 3)).astype(np.float32)
    order = farthest_points(points, 900)
    assert sorted(order) == list(range(900))
    cloud = build_cloud(points[order], points[order], (900, 200, 60, 20, 17))
    near = np.linalg.norm(cloud.points[5] - cloud.points, axis=1)
    assert set(cloud.knn[0][5]) == set(np.argsort(near)[:16])
    assert all(index.max() < n for index, n in zip(cloud.knn, cloud.counts, strict=True))
    assert np.allclose(cloud.up_weight[0].sum(1), 1.0, atol=1e-5)


def test_mirroring_twice_is_the_identity() -> None:
    assert np.array_equal(MIRRORED[MIRRORED], np.arange(17))


def test_the_mirrored_answer_is_turned_back() -> None:
    class LeftIsOne:
        """Calls everything at x > 0 position 1 there, at x < 0 position 1 here, and votes 5 mm towards +x."""

        def run_named(self, feed: dict, cancelled: object = None) -> dict:
            p = np.zeros((len(feed["points"]), 17), np.float32)
            p[np.arange(len(p)), np.where(feed["points"][:, 0] > 0, 1, 9)] = 1
            return {"probabilities": p, "offsets": np.tile([[1.0, 0, 0]], (len(p), 1)).astype(np.float32)}

    points = np.random.default_rng(0).normal(0, 10, (400, 3)).astype(np.float32)
    cloud = build_cloud(points, points, (400, 100, 40, 20, 17))
    both = predict(cloud, LeftIsOne(), mirror=True)
    once = predict(cloud, LeftIsOne(), mirror=False)
    assert np.array_equal(both.probabilities, once.probabilities)
    assert both.votes == pytest.approx(cloud.points, abs=1e-5)  # +5 and -5 mm cancel
