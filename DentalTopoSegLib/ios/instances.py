"""Tooth instances from the network's votes: every point of a crown says where the centre of its tooth lies.

The centres are the modes of these votes (peaks of their density); a point belongs to the tooth whose
centre it votes for and whose class it resembles. Teeth that touch, or that the classes confuse (two teeth
called 6, half a tooth called 7), come apart or together here; numbers are given later.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

#: Votes scatter by about this much around the true centre, mm.
VOTE_SD_MM = 0.9
BANDWIDTH_MM = 1.6
#: Modes nearer than this are one tooth: lower incisors, the narrowest, stand 5.4 mm apart (sd 0.4).
SAME_TOOTH_MM = 3.0
#: Crown surface that a mode needs to be a tooth at all, mm^2: less than a third of the smallest crown.
MIN_AREA_MM2 = 8.0
#: Crown surface times the lead of tooth over gingiva that it needs: gingival bumps behind the last tooth are small, and
#: the network doubts them.
MIN_SURE_MM2 = 12.0
_GRID_MM = 0.6
_MOST_CELLS = 400  # per axis: 24 cm
_FAR = 9.0  # cost beyond which every centre is equally wrong for a vote


@dataclass(frozen=True)
class Instances:
    """centres (K, 3) mm, classes (K, C) mean class probabilities over the crown, area (K,) mm^2."""

    centres: np.ndarray
    classes: np.ndarray
    area: np.ndarray

    def __len__(self) -> int:
        return len(self.centres)


def find_instances(probabilities: np.ndarray, votes: np.ndarray, area: np.ndarray) -> Instances:
    """Teeth from N surface elements: probabilities (N, C) with gingiva first, votes (N, 3) mm for the centre
    of the tooth, area (N,) mm^2.

    The order of the instances is that of their area, largest first; none when nothing looks like a tooth.
    """
    tooth = 1.0 - probabilities[:, 0]
    sure = tooth > 0.5
    if not sure.any():
        return Instances(np.zeros((0, 3)), np.zeros((0, probabilities.shape[1])), np.zeros(0))
    points, weight = votes[sure], (tooth * area)[sure]
    centres = _modes(points, weight)
    nearest = cKDTree(centres).query(points)[1]
    size = np.bincount(nearest, area[sure], len(centres))
    kept = np.nonzero(size >= MIN_AREA_MM2)[0]
    if len(kept) == 0:
        return Instances(np.zeros((0, 3)), np.zeros((0, probabilities.shape[1])), np.zeros(0))
    distance, nearest = cKDTree(centres[kept]).query(points)
    trusted = weight * np.exp(-0.5 * (distance / (2 * VOTE_SD_MM)) ** 2)
    total = np.bincount(nearest, trusted, len(kept)) + 1e-12
    columns = probabilities[sure].T
    classes = np.stack([np.bincount(nearest, trusted * c, len(kept)) for c in columns], 1) / total[:, None]
    size = np.bincount(nearest, area[sure], len(kept))
    order = np.argsort(-size, kind="stable")
    order = order[(size * (1 - 2 * classes[:, 0]))[order] >= MIN_SURE_MM2]
    return Instances(centres[kept][order], classes[order], size[order])


def _modes(points: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(K, 3) peaks of the votes' density (Gaussian kernel on a grid), no two nearer than SAME_TOOTH_MM.

    Each peak is then moved to the mean of the votes around it, which the grid cannot place better than a cell.
    """
    low = points.min(0) - 3 * BANDWIDTH_MM
    shape = np.minimum(np.ceil((points.max(0) + 3 * BANDWIDTH_MM - low) / _GRID_MM).astype(int) + 1, _MOST_CELLS)
    cell = np.minimum(np.floor((points - low) / _GRID_MM).astype(int), shape - 1)
    density = np.bincount(np.ravel_multi_index(cell.T, shape), weight, int(np.prod(shape))).reshape(shape)
    density = ndimage.gaussian_filter(density, BANDWIDTH_MM / _GRID_MM, mode="constant", truncate=3.0)
    peak = (density == ndimage.maximum_filter(density, size=3)) & (density > 1e-6 * density.max())
    where = np.argwhere(peak)
    places = low + (where + 0.5) * _GRID_MM
    height = density[peak]
    tree = cKDTree(points)
    centres: list[np.ndarray] = []
    for k in np.argsort(-height, kind="stable"):
        if all(np.linalg.norm(places[k] - c) >= SAME_TOOTH_MM for c in centres):
            near = tree.query_ball_point(places[k], SAME_TOOTH_MM / 2)
            centres.append(np.average(points[near], axis=0, weights=weight[near]) if near else places[k])
    return np.array(centres)


def instance_energy(probabilities: np.ndarray, votes: np.ndarray, instances: Instances) -> np.ndarray:
    """(N, 1 + K) cost, -ln of the probability of gingiva and of each instance.

    A tooth's share of p(tooth) grows with how near the vote falls to its centre and with the agreement between
    the point's classes and the instance's.
    """
    n, k = len(probabilities), len(instances)
    out = np.empty((n, k + 1))
    gingiva = np.clip(probabilities[:, 0], 1e-6, 1 - 1e-6)
    out[:, 0] = -np.log(gingiva)
    if k == 0:
        return out
    distance = ((votes[:, None] - instances.centres[None]) ** 2).sum(-1) / (2 * VOTE_SD_MM**2)
    # compared only among the nearest: the tails of a Gaussian would overrule everything
    distance = np.minimum(distance - distance.min(1, keepdims=True), _FAR)
    teeth = probabilities[:, 1:] / (1 - gingiva)[:, None]
    mean = instances.classes[:, 1:] / instances.classes[:, 1:].sum(1, keepdims=True)
    alike = -np.log(teeth @ mean.T + 0.02)
    score = -(distance + alike)
    score -= score.max(1, keepdims=True)
    share = np.exp(score)
    share /= share.sum(1, keepdims=True)
    out[:, 1:] = -np.log(1 - gingiva)[:, None] - np.log(share + 1e-6)
    return out
