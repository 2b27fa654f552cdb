"""Mandibular canals out of their probability: one piece on each side, joined along the jaw where it breaks off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..files.volumes.boxes import Box, box_of

_SURE, SEEN = 128, 40
"""Probabilities (255 = certain): a canal's pieces are of the one; what has the other between them counts as seen."""
_LEAST_MM3, _STONE_MM3 = 12.0, 3.0
"""Of a piece that shows that there is a canal, and of one that only shows where it runs on: less is a marrow space."""
_STONE_TOP = 64
"""Probability that what shows where a canal runs on reaches somewhere."""
_LONGEST_GAP_MM = 40.0
"""Further apart two pieces are not joined."""
_FLOOR = 0.03
"""Probability at least that a gap is given in the lower jaw, so that the way through it stays short."""
_DETOUR_MM = 10.0
"""So far around the straight line between two pieces the way between them may lead."""
_FULL = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Canal:
    """One canal on the grid.

    Attributes
    ----------
    mask : numpy.ndarray
        bool (z, y, x).
    line : numpy.ndarray
        (N, 3) voxels z, y, x from one end to the other, each a neighbour by its face of the one before.
    drawn : numpy.ndarray
        bool (z, y, x): the part of the mask that was put between its pieces.
    pieces : int
        How many pieces the network saw.
    joined_mm : float
        Length of what was put between them.
    """

    mask: np.ndarray
    line: np.ndarray
    drawn: np.ndarray
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
    from scipy.spatial import cKDTree

    labels = _pieces_of(probability)
    sizes = np.bincount(labels.ravel(), minlength=1)[1:] * spacing**3
    sure = np.bincount(labels[probability >= _SURE], minlength=len(sizes) + 1)[1:] * spacing**3
    order = [int(n) + 1 for n in np.argsort(-sure, kind="stable") if sizes[n] >= _STONE_MM3]
    if not order or sure[order[0] - 1] < _LEAST_MM3:
        return None
    points = {number: np.argwhere(labels == number) for number in order}
    own, left = points[order[0]], order[1:]
    mask, drawn = labels == order[0], np.zeros(labels.shape, bool)
    joined, pieces = 0.0, 1
    while left:  # the nearest first, so that a canal in three pieces is joined along its course
        tree = cKDTree(own)
        away = {number: tree.query(points[number]) for number in left}
        nearest = min(left, key=lambda number: float(away[number][0].min()))
        left.remove(nearest)
        distances, partners = away[nearest]
        at = int(distances.argmin())
        if distances[at] * spacing > _LONGEST_GAP_MM:
            break
        way = _way_between(mask, labels == nearest, (own[partners[at]], points[nearest][at]), probability, jaw, spacing)
        if way is None:
            continue
        unseen = _unseen_mm(way, probability, spacing)
        pieces += unseen > 0
        joined += unseen
        tube = _thick(way, mask.shape) & ~mask
        mask |= (labels == nearest) | tube
        drawn |= tube & ~(labels == nearest)
        own = np.concatenate([own, points[nearest]])
    line = _line_along(mask, probability)
    near = ndimage.distance_transform_cdt(~_on(line, mask.shape), "chessboard") <= 2
    certain = np.isin(labels, [number for number in order if sure[number - 1] >= _LEAST_MM3])
    return Canal(mask & (certain | near), line, drawn & near, pieces, joined)


def _pieces_of(probability: np.ndarray) -> np.ndarray:
    """The pieces that the network is sure of by their numbers, and after them those of which it has an inkling."""
    from scipy import ndimage

    labels, count = ndimage.label(probability >= _SURE, _FULL)
    faint, number = ndimage.label(probability >= SEEN, _FULL)
    if number:
        tops = ndimage.maximum(probability, faint, np.arange(number + 1))
        stones = (tops >= _STONE_TOP) & (tops < _SURE)
        stones[0] = False
        own = stones[faint]
        labels[own] = faint[own] + count
    return labels


def _on(line: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """bool of this shape: the voxels of a line (N, 3)."""
    mask = np.zeros(shape, bool)
    mask[tuple(line.T)] = True
    return mask


def _line_along(mask: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(N, 3) voxels along a connected mask between its farthest ends, by steps over faces."""
    from scipy.sparse.csgraph import dijkstra

    box = _box_around((np.argwhere(mask).min(0), np.argwhere(mask).max(0)), 0, mask.shape)
    graph, places = _graph(mask[box], 1.0 / (_FLOOR + probability[box] / 255.0))
    start = 0
    for _ in range(2):  # from anywhere to one end, from that to the other
        distance, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
        start = int(np.argmax(np.where(np.isfinite(distance), distance, -1)))
    way = places[_way_back(before, start)] + [s.start for s in box]
    line = [way[0]]
    for place in way[1:]:
        for axis in np.flatnonzero(place != line[-1]):  # a step over a corner becomes steps over faces
            step = line[-1].copy()
            step[axis] = place[axis]
            line.append(step)
    return np.array(line)


def _way_between(
    a: np.ndarray,
    b: np.ndarray,
    ends: tuple[np.ndarray, np.ndarray],
    probability: np.ndarray,
    jaw: np.ndarray,
    spacing: float,
) -> np.ndarray | None:
    """(N, 3) voxels of the cheapest way from one piece to another: short, inside of the jaw, through what looks like a
    canal. ends: where the two are nearest to each other. None where the jaw does not lead there."""
    from scipy.sparse.csgraph import dijkstra

    box = _box_around(ends, int(_DETOUR_MM / spacing), a.shape)
    a, b = a[box], b[box]
    graph, free = _graph(jaw[box] | a | b, np.where(a | b, 0.01, 1.0 / (_FLOOR + probability[box] / 255.0)))
    corner = np.array([s.start for s in box])
    start, end = (int(np.flatnonzero((free == place - corner).all(1))[0]) for place in ends)
    distance, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
    if not np.isfinite(distance[end]):
        return None
    places = free[_way_back(before, end)]
    between = np.flatnonzero(~(a | b)[tuple(places.T)])
    if not len(between):
        return places[:1] + corner
    return places[max(0, between[0] - 1) : between[-1] + 2] + corner


def _graph(free: np.ndarray, cost: np.ndarray) -> tuple[Any, np.ndarray]:
    """The steps between the voxels of a mask, each as long as it is and as dear as the two cost; and their places."""
    from scipy.sparse import coo_matrix

    places = np.argwhere(free)
    number = np.full(free.shape, -1)
    number[free] = np.arange(len(places))
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
    ends = np.concatenate(rows), np.concatenate(columns)
    return coo_matrix((np.concatenate(weights), ends), shape=(len(places),) * 2).tocsr(), places


def _way_back(before: np.ndarray, end: int) -> np.ndarray:
    """Numbers of the voxels from an end back to where a search began."""
    way = [end]
    while before[way[-1]] >= 0:
        way.append(int(before[way[-1]]))
    return np.array(way)


def _unseen_mm(way: np.ndarray, probability: np.ndarray, spacing: float) -> float:
    """Length of a way (N, 3) where the network saw no canal."""
    steps = np.linalg.norm(np.diff(way, axis=0), axis=1) * spacing
    unseen = probability[tuple(way.T)] < SEEN
    return float(steps[unseen[1:] | unseen[:-1]].sum())


def _thick(way: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A way (N, 3) as a tube one voxel around it: bool of this shape."""
    line = np.zeros(shape, bool)
    for step in ((0, 0, 0), *(tuple(sign * np.eye(3, dtype=int)[a]) for a in range(3) for sign in (-1, 1))):
        places = way + step
        line[tuple(places[((places >= 0) & (places < shape)).all(1)].T)] = True
    return line


def _box_around(ends: tuple[np.ndarray, np.ndarray], margin: int, shape: tuple[int, ...]) -> Box:
    low, high = np.minimum(*ends) - margin, np.maximum(*ends) + margin + 1
    return box_of(slice(max(0, int(a)), min(n, int(b))) for a, b, n in zip(low, high, shape, strict=True))
