"""A jaw in a doubtful frame is turned to where its teeth stand in a dentition."""

from __future__ import annotations

import numpy as np
import pytest
from toy_jaws import toy_jaw

from DentalTopoSegLib.ios.sampling import Cloud, build_cloud, farthest_points, level_counts
from DentalTopoSegLib.ios.settling import settle

SIDES = {"lower": {4: 0, 3: 8}, "upper": {2: 0, 1: 8}}


class KnowsTheTeeth:
    """Answers from the truth of each point; the surer, the less the jaw is turned from where it was made."""

    def __init__(self, points: np.ndarray, classes: np.ndarray) -> None:
        self.points, self.classes = points, classes
        self.asked = 0

    def run_named(self, feed: dict, cancelled: object = None) -> dict:
        self.asked += 1
        posed = feed["points"].astype(float)
        cosine = (posed * self.points).sum() / (self.points**2).sum()
        sure = 0.55 + 0.4 * max(cosine, 0.0)
        p = np.full((len(posed), 17), (1 - sure) / 16)
        p[np.arange(len(posed)), self.classes] = sure
        centres = np.stack(
            [posed[self.classes == c].mean(0) if (self.classes == c).any() else np.zeros(3) for c in range(17)]
        )
        return {"probabilities": p, "offsets": (centres[self.classes] - posed) / 5.0}


def piece(which: str, side: int) -> tuple[Cloud, np.ndarray, KnowsTheTeeth]:
    """A quadrant (side -1 or 1) of a toy jaw in the canonical frame, its areas and the network that knows it."""
    toy = toy_jaw(which)
    canonical = toy.vertices * (1 if which == "lower" else np.array([-1, 1, -1]))
    kept = np.nonzero(side * canonical[:, 0] > -3)[0]
    order = kept[farthest_points(canonical[kept], 1500)]
    points = canonical[order] - canonical[order].mean(0)
    fdi = toy.fdi[order].astype(int)
    classes = np.array([0 if f == 0 else SIDES[which][f // 10] + f % 10 for f in fdi])
    counts = level_counts(2000.0, 1500)
    return build_cloud(points, points, counts), np.full(1500, 1.3), KnowsTheTeeth(points, classes)


def angle_deg(matrix: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(matrix) - 1) / 2, -1, 1))))


@pytest.mark.parametrize("which", ["lower", "upper"])
@pytest.mark.parametrize("degrees", [-75.0, -35.0, 0.0, 50.0, 80.0])
def test_a_quadrant_turned_about_the_vertical_comes_back(which: str, degrees: float):
    cloud, area, network = piece(which, 1)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    off = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    turned = Cloud(
        (cloud.points @ off.T).astype(np.float32),
        (cloud.normals @ off.T).astype(np.float32),
        cloud.counts,
        cloud.knn,
        cloud.group,
        cloud.up,
        cloud.up_weight,
    )
    found = settle(turned, area, which, network)
    assert angle_deg(found @ off) < 15.0
    assert found @ found.T == pytest.approx(np.eye(3), abs=1e-6)
    assert network.asked <= 15


def test_a_surface_without_teeth_is_left_as_it_lies():
    cloud, area, network = piece("lower", -1)
    network.classes = np.zeros_like(network.classes)
    assert settle(cloud, area, "lower", network) == pytest.approx(np.eye(3))
