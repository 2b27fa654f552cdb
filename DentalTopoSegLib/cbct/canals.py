"""Mandibular canals out of their probability: one piece on each side, joined along the jaw where it breaks off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..files.volumes.boxes import Box, box_of

_SEED, _RIM = 128, 64
"""A canal has a core of this probability (255 = certain) and reaches as far as that of its rim."""
_LEAST_MM3 = 12.0
"""Of a piece; less is a marrow space."""
_LONGEST_GAP_MM = 25.0
"""Further apart two pieces are not joined."""
_FLOOR = 0.03
"""Probability at least that a gap is given in the lower jaw, so that the way through it stays short."""
_FULL = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Canal:
    """One canal on the grid.

    Attributes
    ----------
    mask : numpy.ndarray
        bool (z, y, x).
    pieces : int
        How many pieces the network saw.
    joined_mm : float
        Length of what was put between them.
    """

    mask: np.ndarray
    pieces: int
    joined_mm: float


def find_canal(probability: np.ndarray, jaw: np.ndarray, spacing: float) -> Canal | None:
    """The canal of one side.

    Parameters
    ----------
    probability : numpy.ndarray
        uint8 (z, y, x), 255 = certain.
    jaw : numpy.ndarray
        bool (z, y, x): where the lower jaw and its canals are; a join stays inside.
    spacing : float
        Edge of a voxel, mm.

    Returns
    -------
    Canal or None
        None where there is none.
    """
    from scipy import ndimage

    pieces, count = ndimage.label(probability >= _RIM, _FULL)
    if not count:
        return None
    index = np.arange(1, count + 1)
    sizes = ndimage.sum_labels(probability >= _SEED, pieces, index) * spacing**3
    good = index[sizes >= _LEAST_MM3]
    if not len(good):
        return None
    order = good[np.argsort(-sizes[good - 1])]
    mask = pieces == order[0]
    joined, seen = 0.0, 1
    left = list(order[1:])
    while left:  # the nearest first, so that a canal in three pieces is joined along its course
        away = ndimage.distance_transform_edt(~mask) * spacing
        nearest = ndimage.minimum(away, pieces, left)
        place = int(np.argmin(nearest))
        if nearest[place] > _LONGEST_GAP_MM:
            break
        other = pieces == left.pop(place)
        way = _way_between(mask, other, probability, jaw, spacing)
        if way is None:
            continue
        seen += 1
        joined += float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum()) * spacing
        mask |= other
        mask |= _thick(way, mask.shape)
    return Canal(mask, seen, joined)


def _way_between(
    a: np.ndarray, b: np.ndarray, probability: np.ndarray, jaw: np.ndarray, spacing: float
) -> np.ndarray | None:
    """(N, 3) voxels of the cheapest way from one piece to another: short, inside of the jaw, through what looks like a
    canal. None where the jaw does not lead there."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import dijkstra

    box = _box_around(a | b, int(6 / spacing), a.shape)
    a, b = a[box], b[box]
    free = jaw[box] | a | b
    cost = np.where(a | b, 0.01, 1.0 / (_FLOOR + probability[box] / 255.0))
    number = np.full(free.shape, -1)
    number[free] = np.arange(np.count_nonzero(free))
    rows, columns, weights = [], [], []
    for step in np.ndindex(3, 3, 3):
        move = np.array(step) - 1
        if tuple(move) <= (0, 0, 0):
            continue
        here = tuple(slice(max(0, -m), min(n, n - m)) for m, n in zip(move, free.shape, strict=True))
        there = tuple(slice(max(0, m), min(n, n + m)) for m, n in zip(move, free.shape, strict=True))
        both = free[here] & free[there]
        rows.append(number[here][both])
        columns.append(number[there][both])
        weights.append(0.5 * np.linalg.norm(move) * (cost[here] + cost[there])[both])
    count = int(free.sum())
    graph = coo_matrix(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))), shape=(count, count)
    ).tocsr()
    start, ends = int(number[a][0]), number[b]
    distance, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    end = int(ends[np.argmin(distance[ends])])
    if not np.isfinite(distance[end]):
        return None
    way = [end]
    while before[way[-1]] >= 0:
        way.append(int(before[way[-1]]))
    places = np.argwhere(free)[np.array(way)]  # in the order of their numbers
    between = ~(a | b)[tuple(places.T)]
    kept = np.flatnonzero(between)
    if not len(kept):
        return places[:1] + [s.start for s in box]
    return places[max(0, kept[0] - 1) : kept[-1] + 2] + [s.start for s in box]


def _thick(way: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A way (N, 3) as a tube one voxel around it: bool of this shape."""
    from scipy import ndimage

    line = np.zeros(shape, bool)
    line[tuple(way.T)] = True
    return ndimage.binary_dilation(line)


def _box_around(mask: np.ndarray, margin: int, shape: tuple[int, ...]) -> Box:
    sides = []
    for axis, size in enumerate(shape):
        used = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        sides.append(slice(max(0, int(used[0]) - margin), min(size, int(used[-1]) + 1 + margin)))
    return box_of(sides)
