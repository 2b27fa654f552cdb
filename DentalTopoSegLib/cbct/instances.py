"""From two probability maps to tooth instances: components of the core, split and merged by the coarse numbers, grown to the border.

All arrays are (z, y, x) on the fine upright grid. Foreground is 26-connected, background 6-connected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..dentition import CLASS_FDI
from ..volumes import Volume
from .inference import CoarseMap

_FULL = np.ones((3, 3, 3), bool)
HALF = 128  # of 255
#: Usual volume of a whole tooth, mm^3, positions 1 to 8: means of the two rooted dentitions Open-Full-Jaw (patient 26,
#: Gholamalizadeh et al. 2022) and OpenMandible (Vukicevic et al. 2021), rounded.
_USUAL_UPPER = (490, 400, 490, 400, 400, 740, 650, 640)
_USUAL_LOWER = (240, 260, 390, 340, 400, 880, 710, 700)
_CORE_SHARE = 0.65  # of a tooth's volume lies deeper than 0.6 mm
_SPECK_MM3 = 5.0  # core components below this are noise; whole teeth below _ISLAND_MM3 are islands
_ISLAND_MM3 = 20.0
_TOUCH_MM = 2.5  # pieces of one tooth lie at most this far apart, through tooth
_APART_MM = 3.5  # horizontal distance of two neighbours' middles is at least this
_FLOOD_LEVELS = 12
_GROW_STEPS = 10  # voxels a core may grow: thin root tips have no core


def usual_volume(class_index: int) -> float:
    """mm^3 of a whole tooth of this class (index into CLASS_FDI, not 0)."""
    fdi = CLASS_FDI[class_index]
    return float((_USUAL_UPPER if fdi < 30 else _USUAL_LOWER)[fdi % 10 - 1])


@dataclass
class Instances:
    """labels: int16, 0 or 1..N; votes: (N, 33) mean coarse probabilities over each core; core_mm3: (N,)."""

    labels: np.ndarray
    votes: np.ndarray
    core_mm3: np.ndarray

    def __len__(self) -> int:
        return len(self.votes)


def neighbour_offsets(shape: tuple[int, ...], full: bool) -> list[int]:
    """Flat index offsets of the 26 (or 6) neighbours in an array of this shape."""
    _, h, w = shape
    steps = [(z, y, x) for z in (-1, 0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return [(z * h + y) * w + x for z, y, x in steps if (abs(z) + abs(y) + abs(x)) in ((1, 2, 3) if full else (1,))]


def grow(labels: np.ndarray, allowed: np.ndarray, priority: np.ndarray, steps: int) -> np.ndarray:
    """Spread labels into allowed voxels, one layer of voxels per step, 6 and 26 neighbours in turn (nearly round).

    A voxel reached by several labels takes that of the neighbour with the highest priority (uint8), then the first in index
    order: deterministic. Returns a new array; the work grows with the labelled voxels, not with the volume.
    """
    shape = tuple(n + 2 for n in labels.shape)
    inner = (slice(1, -1),) * 3
    lab, rank = np.zeros(shape, labels.dtype), np.zeros(shape, np.uint8)
    lab[inner], rank[inner] = labels, priority
    flat, level = lab.reshape(-1), rank.reshape(-1)
    free = np.zeros(shape, bool)
    free[inner] = allowed & (labels == 0)
    free = free.ravel()
    older, newer = np.zeros(0, np.intp), np.flatnonzero(flat)
    for step in range(steps):
        full = step % 2 == 1
        offsets = neighbour_offsets(shape, full)
        # corners of the last layer but one were no neighbours in a step over faces
        seeds = np.concatenate([older, newer]) if full else newer
        front = [near[free[near]] for near in (seeds + offset for offset in offsets)]
        front = np.unique(np.concatenate(front)) if front else np.zeros(0, np.intp)
        best, chosen = np.full(len(front), -1, np.int16), np.zeros(len(front), labels.dtype)
        for offset in offsets:
            near = flat[front + offset]
            value = np.where(near > 0, level[front + offset].astype(np.int16), np.int16(-1))
            better = value > best
            best[better], chosen[better] = value[better], near[better]
        flat[front] = chosen
        level[front] = np.minimum(level[front], 1)  # what grew late must not outrank a true core
        free[front] = False
        older, newer = newer, front
        if len(newer) == 0 and (full or len(older) == 0):
            break
    return lab[inner].copy()


def _votes(ids: np.ndarray, cells: np.ndarray, count: int, coarse: CoarseMap) -> tuple[np.ndarray, np.ndarray]:
    """Mean probabilities (count, 33) per instance 1..count, and the volume (voxels) of each instance per most likely number (count,
    33). ids, cells: instance and flat coarse cell of every voxel."""
    from scipy import sparse

    used, where = np.unique(cells, return_inverse=True)
    table = coarse.probabilities.reshape(coarse.probabilities.shape[0], -1)[:, used].T.astype(np.float64)
    weight = sparse.coo_matrix((np.ones(len(ids)), (ids - 1, where)), shape=(count, len(used))).tocsr()
    total = np.asarray(weight.sum(1)).ravel()
    likely = sparse.coo_matrix((np.ones(len(used)), (np.arange(len(used)), 1 + table[:, 1:].argmax(1))),
                               shape=(len(used), table.shape[1])).tocsr()
    mean = weight @ table / np.maximum(total, 1)[:, None]
    return mean / np.maximum(mean.sum(1, keepdims=True), 1e-9), np.asarray((weight @ likely).todense())


def _cells(flat: np.ndarray, grid: Volume, coarse: CoarseMap) -> np.ndarray:
    """Flat index of the nearest coarse voxel for flat indices of the fine grid."""
    z, y, x = np.unravel_index(flat, grid.array.shape)
    iz, iy, ix = coarse.nearest(grid)
    _, _, h, w = coarse.probabilities.shape
    return (iz[z] * h + iy[y]) * w + ix[x]


def find_instances(tooth: np.ndarray, core: np.ndarray, coarse: CoarseMap, grid: Volume) -> Instances:
    """tooth, core: uint8 probabilities on grid. Returns one instance per tooth-like object, cores grown to the tooth's border."""
    from scipy import ndimage

    voxel = grid.voxel_volume_mm3
    labels, count = ndimage.label((core >= HALF) & (tooth >= HALF), _FULL)
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
    if _split(labels, regions * voxel, coarse, grid):
        ids = labels.ravel()[flat].astype(np.int64)
        count = int(labels.max())
        mean, regions = _votes(ids, cells, count, coarse)
    sizes = np.bincount(ids, minlength=count + 1)[1:] * voxel
    target = _merge(labels, flat, ids, mean, sizes, tooth)
    if (target != np.arange(count + 1)).any():
        table, inverse = np.unique(target, return_inverse=True)
        labels = inverse.astype(np.int16)[labels]
        ids = inverse[ids]
        count = len(table) - 1
        mean, _ = _votes(ids, cells, count, coarse)
        sizes = np.bincount(ids, minlength=count + 1)[1:] * voxel
    return Instances(grow(labels, tooth >= HALF, core, _GROW_STEPS), mean, sizes)


def _split(labels: np.ndarray, regions_mm3: np.ndarray, coarse: CoarseMap, grid: Volume) -> bool:
    """Cut components that hold several teeth (labels in place). A component is cut only if it is as large as the teeth it is
    cut into: two numbers inside one tooth are doubt, not two teeth. Returns True if anything was cut."""
    from scipy import ndimage

    boxes = ndimage.find_objects(labels)
    new = len(boxes)
    cut = False
    usual = np.array([np.inf, *(usual_volume(c) * _CORE_SHARE for c in range(1, len(CLASS_FDI)))])
    volumes = regions_mm3.sum(1)
    whole = volumes / usual[regions_mm3.argmax(1)]
    # teeth of one mouth are large or small together
    usual = usual * np.clip(np.median(whole[whole > 0.4]) if (whole > 0.4).any() else 1.0, 0.7, 1.5)
    for k, box in enumerate(boxes):
        strong = [int(c) for c in np.argsort(-regions_mm3[k], kind="stable") if regions_mm3[k][c] >= 0.25 * usual[c]]
        while len(strong) > 1 and volumes[k] < 0.75 * sum(usual[c] for c in strong):
            strong.pop()
        if len(strong) < 2:
            continue
        mask = labels[box] == k + 1
        parts = _watershed(mask, strong, box, coarse, grid)
        if parts is None:
            continue
        view = labels[box]
        for j in range(2, int(parts.max()) + 1):
            new += 1
            view[parts == j] = new
        cut = True
    return cut


def _watershed(mask: np.ndarray, numbers: list[int], box: tuple[slice, ...], coarse: CoarseMap, grid: Volume) -> np.ndarray | None:
    """Cut a mask into len(numbers) parts at its necks: watershed of the distance to the surface, seeded where the coarse map is
    sure of each number. None if a seed is empty."""
    from scipy import ndimage

    index = [c[s] for c, s in zip(coarse.nearest(grid), box, strict=True)]
    table = coarse.probabilities[(slice(None), *np.ix_(*index))]
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1, 1:-1]
    likely = table[1:].argmax(0) + 1
    numbers = _side_by_side(mask, likely, numbers, grid.spacing[0])
    if len(numbers) < 2:
        return None
    markers = np.zeros(mask.shape, np.int8)
    for j, number in enumerate(numbers, start=1):
        region = mask & (likely == number)
        if not region.any():
            return None
        inner = region & (depth >= 0.6 * np.percentile(depth[region], 95))
        parts, n = ndimage.label(inner, _FULL)
        # only the largest part: a stray seed inside the neighbour would tear it apart
        biggest = 1 + int(np.argmax(np.bincount(parts.ravel())[1:])) if n > 1 else 1
        markers[parts == biggest] = j
    # flood from the seeds outwards, deep voxels first: the labels meet at the necks
    even = np.ones(mask.shape, np.uint8)
    for level in np.linspace(float(depth.max()), 0.0, _FLOOD_LEVELS + 1)[1:]:
        markers = grow(markers, mask & (depth >= level), even, max(mask.shape) * 3)
    return markers


def _side_by_side(mask: np.ndarray, likely: np.ndarray, numbers: list[int], spacing: float) -> list[int]:
    """The numbers, strongest first, without those whose region lies above or below a stronger one of the same jaw: neighbours in
    an arch stand side by side, two numbers on top of each other are doubt about one tooth."""
    kept: list[tuple[int, np.ndarray]] = []
    for number in numbers:
        centre = np.argwhere(mask & (likely == number)).mean(0) * spacing if (mask & (likely == number)).any() else None
        if centre is None:
            continue
        upper = CLASS_FDI[number] < 30
        if all((CLASS_FDI[other] < 30) != upper or np.hypot(*(centre - place)[1:]) >= _APART_MM for other, place in kept):
            kept.append((number, centre))
    return [number for number, _ in kept]


def _merge(labels: np.ndarray, flat: np.ndarray, ids: np.ndarray, mean: np.ndarray, sizes: np.ndarray, tooth: np.ndarray) -> np.ndarray:
    """Which components are pieces of one tooth: array (count + 1,), the component each one joins (itself if alone).

    Two touching pieces join if both have the same best number and together are no larger than a large tooth of that number, or
    if one is too small to be a tooth and the other's number is among its likely ones.
    """
    from scipy.spatial import cKDTree

    count = len(mean)
    target = np.arange(count + 1)
    if count < 2:
        return target
    best = mean[:, 1:].argmax(1) + 1
    teeth = mean[:, 1:] / np.maximum(mean[:, 1:].sum(1, keepdims=True), 1e-9)
    usual = np.array([usual_volume(int(b)) for b in best]) * _CORE_SHARE
    small = sizes < 0.35 * usual
    order = np.argsort(ids, kind="stable")
    ends = np.searchsorted(ids[order], np.arange(1, count + 2))
    places = np.stack(np.unravel_index(flat, labels.shape), 1)
    spot = [places[order[ends[k]:ends[k + 1]]] for k in range(count)]
    low, high = np.array([s.min(0) for s in spot]), np.array([s.max(0) for s in spot])
    trees: dict[int, cKDTree] = {}
    reach = _TOUCH_MM / 0.5

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
            same = best[a] == best[b] and (small[a] or small[b] or sizes[a] + sizes[b] < 1.6 * max(usual[a], usual[b]))
            s, t = (a, b) if sizes[a] < sizes[b] else (b, a)
            stray = small[s] and not small[t] and teeth[s, best[t] - 1] >= 0.15
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
