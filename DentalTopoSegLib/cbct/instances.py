"""From two probability maps to tooth instances: components of the core, split and merged by the coarse
numbers, grown to the border.

All arrays are (z, y, x) on the fine upright grid. Foreground is 26-connected, background 6-connected.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..dentition import CLASS_FDI
from ..files.volumes import Volume
from .inference import CoarseMap
from .splitting import (
    CORE_SHARE,
    FULL,
    LEAST_APART_MM,
    cut_at_levels,
    cut_at_necks,
    cut_by_numbers,
    grow,
    likely_numbers,
    usual_volume,
)

HALF = 128  # of 255
_SPECK_MM3 = 5.0  # core components below this are noise; whole teeth below ISLAND_MM3 are islands
ISLAND_MM3 = 20.0
#: Share of background votes from which a piece has no votes that could disagree.
SILENT = 0.97
_TOUCH_MM = 2.5  # pieces of one tooth lie at most this far apart, through tooth
_GROW_STEPS = 10  # voxels a core may grow: thin root tips have no core


@dataclass
class Instances:
    """labels: int16, 0 or 1..N; votes: (N, 33) mean coarse probabilities over each core; core_mm3: (N,)."""

    labels: np.ndarray
    votes: np.ndarray
    core_mm3: np.ndarray

    def __len__(self) -> int:
        return len(self.votes)


def _votes(ids: np.ndarray, cells: np.ndarray, count: int, coarse: CoarseMap) -> tuple[np.ndarray, np.ndarray]:
    """Mean probabilities (count, 33) per instance 1..count, and the volume (voxels) of each instance per most
    likely number (count, 33; 0 where the coarse map sees none). ids, cells: instance and flat coarse cell of every
    voxel."""
    from scipy import sparse

    used, where = np.unique(cells, return_inverse=True)
    table = coarse.probabilities.reshape(coarse.probabilities.shape[0], -1)[:, used].T.astype(np.float64)
    weight = sparse.coo_matrix((np.ones(len(ids)), (ids - 1, where)), shape=(count, len(used))).tocsr()
    total = np.asarray(weight.sum(1)).ravel()
    likely = sparse.coo_matrix(
        (np.ones(len(used)), (np.arange(len(used)), likely_numbers(table.T))), shape=(len(used), table.shape[1])
    ).tocsr()
    mean = weight @ table / np.maximum(total, 1)[:, None]
    return mean / np.maximum(mean.sum(1, keepdims=True), 1e-9), np.asarray((weight @ likely).todense())


def _cells(flat: np.ndarray, grid: Volume, coarse: CoarseMap) -> np.ndarray:
    """Flat index of the nearest coarse voxel for flat indices of the fine grid."""
    z, y, x = np.unravel_index(flat, grid.array.shape)
    iz, iy, ix = coarse.nearest(grid)
    _, _, h, w = coarse.probabilities.shape
    return (iz[z] * h + iy[y]) * w + ix[x]


def find_instances(tooth: np.ndarray, core: np.ndarray, coarse: CoarseMap, grid: Volume) -> Instances:
    """tooth, core: uint8 probabilities on grid. Returns one instance per tooth-like object, cores grown to
    the tooth's border."""
    from scipy import ndimage

    voxel = grid.voxel_volume_mm3
    labels, count = ndimage.label((core >= HALF) & (tooth >= HALF), FULL)
    flat = np.flatnonzero(labels)
    ids = labels.ravel()[flat]
    keep = np.bincount(ids, minlength=count + 1) * voxel >= _SPECK_MM3
    keep[0] = False
    renumber = np.cumsum(keep) * keep
    labels = renumber.astype(np.int16)[labels]
    flat, ids = flat[keep[ids]], renumber[ids[keep[ids]]]
    count = int(keep.sum())
    if count == 0:
        return Instances(labels, np.zeros((0, len(CLASS_FDI))), np.zeros(0))
    cells = _cells(flat, grid, coarse)
    mean, regions = _votes(ids, cells, count, coarse)
    cuts: list[Callable[[np.ndarray], bool]] = [
        lambda regions_mm3: cut_at_levels(labels, regions_mm3, core, grid),
        lambda regions_mm3: cut_by_numbers(labels, regions_mm3, coarse, grid),
        lambda regions_mm3: cut_at_necks(labels, regions_mm3, coarse, grid),
    ]
    for cut in cuts:
        if cut(regions * voxel):
            ids = labels.ravel()[flat].astype(np.int64)
            count = int(labels.max())
            mean, regions = _votes(ids, cells, count, coarse)
    sizes = np.bincount(ids, minlength=count + 1)[1:] * voxel
    target = _merge(labels, flat, ids, mean, sizes, tooth, grid.spacing[0])
    if (target != np.arange(count + 1)).any():
        table, inverse = np.unique(target, return_inverse=True)
        labels = inverse.astype(np.int16)[labels]
        ids = inverse[ids]
        count = len(table) - 1
        mean, _ = _votes(ids, cells, count, coarse)
        sizes = np.bincount(ids, minlength=count + 1)[1:] * voxel
    return Instances(grow(labels, tooth >= HALF, core, _GROW_STEPS), mean, sizes)


def _merge(
    labels: np.ndarray,
    flat: np.ndarray,
    ids: np.ndarray,
    mean: np.ndarray,
    sizes: np.ndarray,
    tooth: np.ndarray,
    spacing: float,
) -> np.ndarray:
    """Which components are pieces of one tooth: array (count + 1,), the component each one joins (itself if
    alone).

    Two touching pieces join if both have the same best number and either one is too small to be a tooth or they
    lie above each other (crown and root) and together are no larger than a large tooth of that number; or if one
    is too small and the other's number is among its likely ones, or the coarse map sees no tooth in it. spacing: of the
    grid, mm.
    """
    from scipy.spatial import cKDTree

    count = len(mean)
    target = np.arange(count + 1)
    if count < 2:
        return target
    best = mean[:, 1:].argmax(1) + 1
    teeth = mean[:, 1:] / np.maximum(mean[:, 1:].sum(1, keepdims=True), 1e-9)
    usual = np.array([usual_volume(int(b)) for b in best]) * CORE_SHARE
    small = sizes < 0.35 * usual
    silent = mean[:, 0] >= SILENT
    order = np.argsort(ids, kind="stable")
    ends = np.searchsorted(ids[order], np.arange(1, count + 2))
    places = np.stack(np.unravel_index(flat, labels.shape), 1)
    spot = [places[order[ends[k] : ends[k + 1]]] for k in range(count)]
    low, high = np.array([s.min(0) for s in spot]), np.array([s.max(0) for s in spot])
    middle = np.array([s.mean(0) for s in spot])
    trees: dict[int, cKDTree] = {}
    reach = _TOUCH_MM / spacing

    def gap(a: int, b: int) -> float:
        """Smallest distance in voxels between two components; inf if it does not lead through tooth."""
        for k in (a, b):
            if k not in trees:
                trees[k] = cKDTree(spot[k])
        small_one, large_one = (a, b) if len(spot[a]) < len(spot[b]) else (b, a)
        d, where = trees[large_one].query(spot[small_one], distance_upper_bound=reach + 1e-6)
        i = int(np.argmin(d))
        if not np.isfinite(d[i]):
            return np.inf
        line = np.linspace(spot[small_one][i], spot[large_one][where[i]], 8).round().astype(int)
        return float(d[i]) if (tooth[tuple(line.T)] >= HALF // 2).mean() >= 0.7 else np.inf

    pairs = []
    for a in range(count):
        for b in range(a + 1, count):
            if (low[a] - reach > high[b]).any() or (low[b] - reach > high[a]).any():
                continue
            # two tooth-sized pieces side by side are neighbours, whatever number the blurred coarse map gives them
            stacked = np.hypot(*(middle[a] - middle[b])[1:]) * spacing < LEAST_APART_MM
            whole = stacked and sizes[a] + sizes[b] < 1.6 * max(usual[a], usual[b])
            same = best[a] == best[b] and (small[a] or small[b] or whole)
            s, t = (a, b) if sizes[a] < sizes[b] else (b, a)
            stray = small[s] and not small[t] and (teeth[s, best[t] - 1] >= 0.15 or silent[s])
            if same or stray:
                distance = gap(a, b)
                if np.isfinite(distance):
                    pairs.append((not same, distance, -sizes[t], s, t))
    total = sizes.astype(float).copy()
    for _, _, _, s, t in sorted(pairs):
        root_s, root_t = target[s + 1], target[t + 1]
        if root_s == root_t or total[root_s - 1] + total[root_t - 1] > 2.0 * usual[t]:
            continue
        total[root_t - 1] += total[root_s - 1]
        target[target == root_s] = root_t
    return target
