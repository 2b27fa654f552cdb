"""Mandibular canals out of their probability: one piece on each side, joined along the jaw where it breaks off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

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
_WORTH = 0.65
"""Probability below which a canal's end is given up."""
_GAP_COST = 0.15
"""Of a millimetre drawn without being seen, against one that is certain: what lies beyond a gap must be worth it."""
_RADIUS_MM, _REACH_MM = 1.2, 2.0
"""Of what is drawn around a canal's line where its edge is not seen, and of what is seen that belongs to it."""
_LEAST_RADIUS_MM = 1.0
"""Of a canal (2 to 4 mm wide): its line stays so far from teeth, since no canal runs inside of one."""
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
        bool (z, y, x): the part of the mask that was put around its line where its edge is not seen.
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


def find_canal(
    probability: np.ndarray,
    jaw: np.ndarray,
    spacing: float,
    lumen: np.ndarray | None = None,
    teeth: np.ndarray | None = None,
) -> Canal | None:
    """The canal of one side.

    Parameters
    ----------
    probability : numpy.ndarray
        uint8 (z, y, x), 255 = certain.
    jaw : numpy.ndarray
        bool (z, y, x): where the lower jaw and its canals are; a join stays inside.
    spacing : float
        Edge of a voxel, mm.
    lumen : numpy.ndarray, optional
        uint8 (z, y, x), how sure it is that a place is inside of the canal, where `probability` tells its course.
    teeth : numpy.ndarray, optional
        bool (z, y, x): where they are; no canal runs there.

    Returns
    -------
    Canal or None
        None where there is none.
    """
    from scipy import ndimage

    inside = probability if lumen is None else lumen
    if teeth is not None:
        probability, inside = np.where(teeth, 0, probability), np.where(teeth, 0, inside)
    used = ndimage.find_objects((probability >= SEEN).view(np.uint8))
    if not used:
        return None
    box = _box_around(([s.start for s in used[0]], [s.stop - 1 for s in used[0]]), int(_DETOUR_MM / spacing), jaw.shape)
    roots = np.zeros(1, bool) if teeth is None else teeth[box]
    near_root = _within(roots, _LEAST_RADIUS_MM / spacing) if roots.any() else np.zeros(jaw[box].shape, bool)
    one = _find_in_box(probability[box], jaw[box], spacing, inside[box], near_root)
    if one is None:
        return None
    whole = np.zeros((2, *jaw.shape), bool)
    for place, mask in zip(whole, (one.mask, one.drawn), strict=True):
        place[box] = mask
    return replace(one, mask=whole[0], drawn=whole[1], line=one.line + [s.start for s in box])


def _find_in_box(
    probability: np.ndarray, jaw: np.ndarray, spacing: float, lumen: np.ndarray, near_root: np.ndarray
) -> Canal | None:
    """As `find_canal`; near_root: bool (z, y, x), where a tooth is too near for the line."""
    from scipy import ndimage
    from scipy.spatial import cKDTree

    labels = _pieces_of(probability)
    sizes = np.bincount(labels.ravel(), minlength=1)[1:] * spacing**3
    sure = np.bincount(labels[probability >= _SURE], minlength=len(sizes) + 1)[1:] * spacing**3
    order = [int(n) + 1 for n in np.argsort(-sure, kind="stable") if sizes[n] >= _STONE_MM3]
    if not order or sure[order[0] - 1] < _LEAST_MM3:
        return None
    boxes = ndimage.find_objects(labels)
    points = {n: np.argwhere(labels[boxes[n - 1]] == n) + [s.start for s in boxes[n - 1]] for n in order}
    own, left = points[order[0]], order[1:]
    mask = labels == order[0]
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
        mask |= (labels == nearest) | _thick(way, mask.shape, spacing)
        own = np.concatenate([own, points[nearest]])
    line = _line_along(mask, probability, labels > 0, np.where(near_root, 0.0, (probability / 255 + lumen / 255) / 2))
    unseen = probability[tuple(line.T)] < SEEN
    pieces = 1 + int(np.count_nonzero(np.diff(unseen, prepend=False) & unseen))
    near = ndimage.distance_transform_cdt(~_on(line, mask.shape), "chessboard") <= int(_REACH_MM / spacing)
    inside = lumen >= _SURE
    seen = mask & near & inside
    at_lumen = ndimage.binary_dilation(seen, _FULL)  # what the line touches is the canal, whose edge is seen
    drawn = _thick(line[~at_lumen[tuple(line.T)]], mask.shape, spacing) & ~seen & ~near_root
    return Canal(seen | drawn | _on(line, mask.shape), line, drawn, pieces, _unseen_mm(line, probability, spacing))


def _within(mask: np.ndarray, reach: float) -> np.ndarray:
    """bool: what is at most so many voxels away from a mask."""
    from scipy import ndimage

    return np.asarray(ndimage.distance_transform_edt(~mask) <= reach)


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


def _line_along(mask: np.ndarray, probability: np.ndarray, seen: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """(N, 3) voxels along a connected mask, by steps over faces: of the cheapest ways the one that passes the most of
    what is surely a canal; what is faint at its ends (of the places seen) costs more than it is worth.

    inner: (z, y, x) 0 to 1, how likely a canal's middle may be there: what makes a way cheap, so that in bends it stays
    inside of the canal.
    """
    from scipy.sparse.csgraph import dijkstra

    box = _box_around((np.argwhere(mask).min(0), np.argwhere(mask).max(0)), 0, mask.shape)
    graph, places = _graph(mask[box], 1.0 / (_FLOOR + inner[box]))
    worth = np.where(seen[box], probability[box] / 255.0 - _WORTH, -_GAP_COST)[mask[box]]
    start = int(np.argmax(probability[box][mask[box]]))
    for _ in range(2):  # from anywhere to one end, from that to the other
        distance, before = dijkstra(graph, directed=False, indices=start, return_predecessors=True)
        start = int(np.argmax(_gain(distance, before, places, worth)))
    way = places[_way_back(before, start)] + [s.start for s in box]
    line = [way[0]]
    for place in way[1:]:
        for axis in np.flatnonzero(place != line[-1]):  # a step over a corner becomes steps over faces
            step = line[-1].copy()
            step[axis] = place[axis]
            line.append(step)
    return np.array(line)


def _gain(distance: np.ndarray, before: np.ndarray, places: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """(N,) what the cheapest way to each of the places is worth, from where a search began."""
    gain = np.full(len(places), -np.inf)
    order = np.argsort(distance, kind="stable")
    gain[order[0]] = 0.0
    lengths = np.linalg.norm(places - places[np.maximum(before, 0)], axis=1)
    for place in order[1:]:
        if before[place] >= 0:
            gain[place] = gain[before[place]] + worth[place] * lengths[place]
    return gain


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


def _thick(way: np.ndarray, shape: tuple[int, ...], spacing: float) -> np.ndarray:
    """A way (N, 3) as a tube of `_RADIUS_MM`: bool of this shape."""
    line = np.zeros(shape, bool)
    steps = np.argwhere(np.ones((2 * int(_RADIUS_MM / spacing) + 1,) * 3, bool)) - int(_RADIUS_MM / spacing)
    for step in steps[np.linalg.norm(steps, axis=1) * spacing <= _RADIUS_MM]:
        places = way + step
        line[tuple(places[((places >= 0) & (places < shape)).all(1)].T)] = True
    return line


def _box_around(ends: ArrayLike, margin: int, shape: tuple[int, ...]) -> Box:
    low, high = np.min(ends, 0) - margin, np.max(ends, 0) + margin + 1
    return box_of(slice(max(0, int(a)), min(n, int(b))) for a, b, n in zip(low, high, shape, strict=True))
