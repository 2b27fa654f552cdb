"""Surfaces of voxel masks finer than their voxels, and the shortest line between two of them.

A mask says of each voxel whether its centre is inside, so its surface lies anywhere between the last centre inside and
the first outside. The surface taken here is where the mask, smoothed by a Gaussian of half a voxel, crosses one half:
a quarter of a voxel narrower smoothing leaves the voxels' stairs, wider smoothing shortens root tips.

How far a distance is off was measured on analytic bodies (tubes of 1 to 2 mm radius, cones with round tips of 0.5 to
1.2 mm radius, 0.2 to 3 mm apart, in any direction to the voxels; `Testing/unit/checks/test_distances.py`): 0.05 mm on
average at 0.2 and 0.3 mm, 0.1 mm at 0.5 mm, and never more than 0.6 voxels. That is the voxels' part alone: what the
label map itself has wrong comes on top.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...files.volumes.boxes import Box

if TYPE_CHECKING:
    from ...files.volumes import Volume

#: Of the smoothing, voxels.
SMOOTHING_VOXELS = 0.5
_MARGIN = 3
#: With 95 % probability a distance is nearer to the truth than this part of the largest voxel edge.
_EXPANDED = 0.5
#: Every so manieth point bounds how long the shortest line between two surfaces can be.
_FEW = 16


@dataclass(frozen=True)
class Line:
    """The shortest straight line between two bodies.

    Parameters
    ----------
    start, end : (3,) array
        RAS mm, on the first and on the second body.
    """

    start: np.ndarray
    end: np.ndarray

    @property
    def length_mm(self) -> float:
        return float(np.linalg.norm(self.end - self.start))


def distance_uncertainty_mm(labels: Volume) -> float:
    """The expanded uncertainty (95 %, mm) that the voxels leave in a distance between two bodies of a label map."""
    return _EXPANDED * max(labels.spacing)


def surface_points(mask: np.ndarray, box: Box, labels: Volume) -> np.ndarray:
    """Points of a mask's surface, about two to a surface voxel.

    Parameters
    ----------
    mask : (z, y, x) bool array
        What lies inside.
    box : Box
        Where in the label map the mask lies.
    labels : Volume
        The grid.

    Returns
    -------
    (n, 3) array
        RAS mm; none of an empty mask.
    """
    from scipy import ndimage

    # beyond the grid's end nothing is known: a body cut there has no surface there, so it goes on as it is
    padded = np.pad(mask, _MARGIN)
    for axis, (part, size) in enumerate(zip(box, labels.array.shape, strict=True)):
        _carry_on(padded, axis, part.start == 0, part.stop >= size)
    field = ndimage.gaussian_filter(padded.astype(np.float32), SMOOTHING_VOXELS, truncate=6.0)
    shift = np.array([part.start for part in box]) - _MARGIN
    index = _crossings(field, 0.5) + shift
    inside = ((index >= -0.5) & (index <= np.array(labels.array.shape) - 0.5)).all(axis=1)
    return labels.index_to_ras(index[inside])


def _carry_on(padded: np.ndarray, axis: int, first: bool, last: bool) -> None:
    """Repeat the outermost slices of the mask where it reaches an end of the grid."""
    view = np.moveaxis(padded, axis, 0)
    if first:
        view[:_MARGIN] = view[_MARGIN]
    if last:
        view[-_MARGIN:] = view[-_MARGIN - 1]


def _crossings(field: np.ndarray, level: float) -> np.ndarray:
    """(n, 3) (z, y, x) indices where the field crosses the level between two neighbouring voxels, linearly."""
    found, inside = [], field > level
    for axis in range(3):
        along, there = np.moveaxis(field, axis, 0), np.moveaxis(inside, axis, 0)
        crosses = there[:-1] != there[1:]
        at = np.argwhere(crosses).astype(float)
        before, after = along[:-1][crosses], along[1:][crosses]
        at[:, 0] += (level - before) / (after - before)
        order = np.argsort([axis, *(k for k in range(3) if k != axis)])
        found.append(at[:, order])
    return np.concatenate(found)


def search_tree(points: np.ndarray) -> Any:
    """A `scipy.spatial.cKDTree` of (n, 3) points, for `shortest_line` where it is asked more than once."""
    from scipy.spatial import cKDTree

    return cKDTree(points)


def shortest_line(first: np.ndarray, second: np.ndarray | Any, within_mm: float = np.inf) -> Line | None:
    """The shortest line between two sets of surface points, (n, 3) and (m, 3) RAS mm, the second as they are or as a
    `search_tree`; None where one is empty, or they are farther apart."""
    tree = search_tree(second) if isinstance(second, np.ndarray) else second
    if not len(first) or not tree.n:
        return None
    # that a point is farther away than some other is quicker seen than how far away it is
    bound = min(within_mm, tree.query(first[::_FEW], distance_upper_bound=within_mm)[0].min())
    distances, nearest = tree.query(first, distance_upper_bound=bound * (1 + 1e-9) + 1e-9)
    at = int(np.argmin(distances))
    return Line(first[at], tree.data[nearest[at]]) if np.isfinite(distances[at]) else None
