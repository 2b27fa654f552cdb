"""From a surface to what the network reads: points with normals, levels of farthest points, neighbour lists.

Level 0 holds up to 24,000 points about 0.55 mm apart; levels 1 to 4 are prefixes of one farthest-point order
(Eldar et al. 1997), so that level l+1 is a subset of level l and its spacing (about 1.2, 2.4, 5 and 10 mm) does not
depend on how finely the scan is meshed. Neighbours are found here, outside the network, which therefore is
a plain chain of gathers and matrix products.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

#: Surface per point at levels 0 to 4, mm^2.
AREA_PER_POINT = (0.28, 1.5, 6.0, 24.0, 96.0)
MAX_POINTS = 24_000
#: The smallest number of points on a level; below it neighbours would repeat.
MIN_LEVEL = 17
NEIGHBOURS = 16
GROUP = (24, 16, 16, 16)  # points of level l pooled into one of level l + 1
INTERPOLATE = 3


@dataclass(frozen=True)
class Cloud:
    """Points in a farthest-point order and their neighbourhoods.

    points, normals (N0, 3) float32, mm and unit vectors. counts: points per level, N0 first. knn[l] (Nl, 16):
    neighbours within level l. group[l] (Nl+1, k): points of level l around each of level l + 1. up[l] (Nl, 3)
    and up_weight[l] (Nl, 3): how level l is interpolated from level l + 1. All indices int32.
    """

    points: np.ndarray
    normals: np.ndarray
    counts: tuple[int, ...]
    knn: tuple[np.ndarray, ...]
    group: tuple[np.ndarray, ...]
    up: tuple[np.ndarray, ...]
    up_weight: tuple[np.ndarray, ...]

    def feed(self) -> dict[str, np.ndarray]:
        """The network's inputs by name."""
        inputs = {"points": self.points, "normals": self.normals}
        for level, array in enumerate(self.knn):
            inputs[f"knn{level}"] = array
        for level in range(len(self.group)):
            inputs[f"group{level}"] = self.group[level]
            inputs[f"up{level}"] = self.up[level]
            inputs[f"weight{level}"] = self.up_weight[level]
        return inputs


def level_counts(area_mm2: float, available: int, areas: Sequence[float] = AREA_PER_POINT) -> tuple[int, ...]:
    """Points per level for a surface of this area (mm^2) of which `available` points can be taken.

    A surface too large for 24,000 points at the usual spacing is sampled more coarsely on every level.
    """
    stretch = max(1.0, area_mm2 / (areas[0] * MAX_POINTS))
    counts = [min(int(area_mm2 / (a * stretch)), MAX_POINTS) for a in areas]
    counts[0] = min(max(counts[0], MIN_LEVEL), available)
    for level in range(1, len(counts)):
        counts[level] = min(max(counts[level], MIN_LEVEL), counts[level - 1])
    return tuple(counts)


def farthest_points(points: np.ndarray, count: int, away_from: np.ndarray | None = None) -> np.ndarray:
    """Indices (count,) of a farthest-point order of points (N, 3).

    It begins with the point farthest from `away_from` (3,), by default the mean of the points, so that a turned and
    shifted surface is sampled at the same points.
    """
    from fpsample import bucket_fps_kdline_sampling

    points = np.asarray(points, np.float64)
    offset = points - points.mean(0)
    start = offset.mean(0) if away_from is None else np.asarray(away_from, np.float64) - points.mean(0)
    # fpsample sorts the points before it looks up the one to start with. A further point apart from all others along a
    # fourth axis stays the first of them: it is the start, and the farthest from it comes next.
    apart = 2 * np.sqrt(max(((offset - start) ** 2).sum(1).max(), 1e-6))
    data = np.zeros((len(points) + 1, 4), np.float32)
    data[0] = *start, -apart
    data[1:, :3] = offset
    height = int(np.clip(np.log2(max(len(data) / 64, 2)), 1, 7))
    order = np.asarray(bucket_fps_kdline_sampling(data, count + 1, h=height, start_idx=0), np.int64)[1:] - 1
    return np.where(order < 0, order[0], order)  # nothing is left but points that coincide with chosen ones


def build_cloud(points: np.ndarray, normals: np.ndarray, counts: Sequence[int], workers: int = 1) -> Cloud:
    """The cloud of points (N0, 3) already in order: the first counts[l] of them are level l.

    ValueError when there are fewer than `MIN_LEVEL` points.
    """
    if len(points) < MIN_LEVEL:
        raise ValueError(f"A cloud needs at least {MIN_LEVEL} points, not {len(points)}.")
    points = np.ascontiguousarray(points, np.float32)
    trees = [cKDTree(points[:n], balanced_tree=False, compact_nodes=False) for n in counts]
    knn, group, up, up_weight = [], [], [], []
    for level, n in enumerate(counts):
        knn.append(_nearest(trees[level], points[:n], NEIGHBOURS, workers)[1])
        if level + 1 < len(counts):
            m = counts[level + 1]
            group.append(_nearest(trees[level], points[:m], GROUP[level], workers)[1])
            distance, index = _nearest(trees[level + 1], points[:n], INTERPOLATE, workers)
            weight = 1.0 / (distance.astype(np.float32) + 1e-2)
            up.append(index)
            up_weight.append(weight / weight.sum(1, keepdims=True))
    return Cloud(
        points,
        np.ascontiguousarray(normals, np.float32),
        tuple(counts),
        tuple(knn),
        tuple(group),
        tuple(up),
        tuple(up_weight),
    )


def _nearest(tree: cKDTree, points: np.ndarray, k: int, workers: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances and indices of the k nearest; where the level has fewer points the last one is repeated."""
    have = min(k, tree.n)
    distance, index = tree.query(points, k=list(range(1, have + 1)), workers=workers)
    if have < k:
        distance = np.pad(distance, ((0, 0), (0, k - have)), mode="edge")
        index = np.pad(index, ((0, 0), (0, k - have)), mode="edge")
    return distance, index.astype(np.int32)
