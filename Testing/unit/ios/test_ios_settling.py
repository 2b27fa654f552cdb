"""A jaw in a doubtful frame is turned to where its teeth stand in a dentition."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from toy_jaws import toy_jaw

from DentalTopoSegLib.dentition import Stated
from DentalTopoSegLib.ios import segmenting
from DentalTopoSegLib.ios.orienting import Frame
from DentalTopoSegLib.ios.sampling import Cloud, build_cloud, farthest_points, level_counts
from DentalTopoSegLib.ios.settling import ROUND_DEG, look_up, settle, turned

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
    found, sure = settle(turned(cloud, off), area, which, network)
    assert angle_deg(found @ off) < 15.0
    assert found @ found.T == pytest.approx(np.eye(3), abs=1e-6)
    assert network.asked <= 15
    assert 0.8 < sure < 1


@pytest.mark.parametrize("tilt", [(40.0, 0.0, 0.0), (90.0, 20.0, 70.0), (170.0, 0.0, 120.0)])
def test_a_piece_that_looks_sideways_comes_back_from_where_it_looks_up(tilt: tuple[float, ...]):
    cloud, area, network = piece("lower", 1)
    up = np.broadcast_to([0.0, 0.0, 1.0], cloud.normals.shape).astype(np.float32)
    off = Rotation.from_euler("xyz", tilt, degrees=True).as_matrix()
    given = turned(replace(cloud, normals=up), off)
    lift = look_up(given, area)
    assert lift is not None and (lift @ off)[2, 2] == pytest.approx(1.0, abs=1e-5)
    found, _ = settle(turned(given, lift), area, "lower", network, starts=ROUND_DEG)
    assert angle_deg(found @ lift @ off) < 15.0


def test_a_few_teeth_do_not_say_which_way_up_they_are():
    cloud, area, network = piece("lower", 1)
    front = np.isin(network.classes, [3, 4, 5, 6])
    network.classes = np.where(front, network.classes, 0)
    assert settle(cloud, area, "lower", network, fewest=4)[1] > 0
    assert settle(cloud, area, "lower", network, fewest=5)[1] == -np.inf


def test_what_looks_up_already_or_nowhere_is_not_lifted():
    cloud, area, _ = piece("lower", 1)
    assert look_up(replace(cloud, normals=np.tile(np.float32([0.3, 0.0, 0.95]), (len(area), 1))), area) is None
    nowhere = np.where(np.arange(len(area))[:, None] % 2, 1.0, -1.0) * np.float32([1.0, 0.0, 0.0])
    assert look_up(replace(cloud, normals=nowhere), area) is None


@pytest.mark.parametrize(("given", "lifted", "taken"), [(0.9, 0.95, True), (0.95, 0.9, False), (-np.inf, -0.1, True)])
def test_the_surer_of_both_ways_up_is_taken(monkeypatch: pytest.MonkeyPatch, given: float, lifted: float, taken: bool):
    """A frame that was taken for inside out is none where the piece looks up with its normals as they were."""
    cloud, area, _ = piece("lower", 1)
    sideways = Rotation.from_euler("x", 70, degrees=True).as_matrix()
    up = np.broadcast_to([0.0, 0.0, 1.0], cloud.normals.shape).astype(np.float32)
    run = segmenting._JawRun(None, None, "piece", None, {"surface": None}, 1, None, Stated())  # type: ignore[arg-type]
    run.cloud = turned(replace(cloud, normals=-up), sideways)
    run.frame = Frame(np.eye(4), 0.1, 0.5, True, 60.0)
    run.whole, run.areas, run.order, run.normals = True, area, np.arange(len(area)), -up
    monkeypatch.setattr(
        segmenting, "settle", lambda *_, starts=None, fewest=2: (np.eye(3), lifted if starts else given)
    )
    run.settle_frame()
    assert run.frame.inside_out != taken
    looks = run.cloud.normals.mean(0)
    assert looks == pytest.approx([0, 0, 1] if taken else sideways @ [0, 0, -1], abs=1e-5)
    assert (run.normals[0, 2] > 0) == taken
    assert run.frame.matrix[:3, :3] @ (sideways @ [0, 0, 1]) == pytest.approx(
        [0, 0, 1] if taken else sideways @ [0, 0, 1], abs=1e-5
    )


def test_a_surface_without_teeth_is_left_as_it_lies():
    cloud, area, network = piece("lower", -1)
    network.classes = np.zeros_like(network.classes)
    turn, sure = settle(cloud, area, "lower", network)
    assert turn == pytest.approx(np.eye(3)) and sure == -np.inf
