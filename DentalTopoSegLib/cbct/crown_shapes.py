"""Crowns of tooth instances as points, and how unlike the mirror image of each other they are."""

from __future__ import annotations

import numpy as np

from ..dentition import CLASS_FDI, is_upper
from ..dentition.counterparts import along_the_arch, mirrored_distances
from ..dentition.numbering import arch_parameter, fit_frame
from ..files.volumes import Volume

CROWN_MM = 7.0
"""How far from the chewing surface or edge crowns are compared: roots vary more from side to side."""
_POINTS = 160
_FEWEST_POINTS = 60
_FEWEST_CROWNS = 4
_UPPER = np.array([bool(fdi) and is_upper(fdi) for fdi in CLASS_FDI])


def unlike_crowns(
    labels: np.ndarray, index: np.ndarray, grid: Volume, votes: np.ndarray, centroids: np.ndarray, volumes: np.ndarray
) -> np.ndarray:
    """How unlike each other's mirror image the crowns of instances are, within each jaw.

    Parameters
    ----------
    labels : numpy.ndarray
        (z, y, x) instances 1 to N.
    index : numpy.ndarray
        (M,) which of them, from 0.
    grid : Volume
        Where labels lies.
    votes, centroids, volumes : numpy.ndarray
        (M, 33) class probabilities, (M, 3) RAS mm and (M,) mm^3 of those.

    Returns
    -------
    numpy.ndarray
        (M, M) mm, as `dentition.counterparts.mirrored_distances` has it; NaN between jaws, and for what shows too
        little of a crown.
    """
    from scipy import ndimage

    out = np.full((len(index), len(index)), np.nan)
    if len(index) < _FEWEST_CROWNS:
        return out
    boxes = ndimage.find_objects(labels)
    rotation, shift = fit_frame(votes, centroids, np.minimum(volumes, 600.0) * (1 - votes[:, 0]) + 1e-6)
    local = centroids @ rotation.T + shift
    along = arch_parameter(local)
    upper = votes[:, _UPPER].sum(1) > votes[:, 1:].sum(1) / 2
    for jaw in (True, False):
        crowns = {}
        for row in np.nonzero(upper == jaw)[0]:
            points = _crown(labels, int(index[row]) + 1, boxes[index[row]], grid, rotation, jaw)
            if points is not None:
                crowns[int(row)] = points
        if len(crowns) < _FEWEST_CROWNS:
            continue
        order = sorted(crowns, key=lambda row: along[row])
        out[np.ix_(order, order)] = mirrored_distances(along_the_arch(np.stack([crowns[row] for row in order])))
    return out


def _crown(
    labels: np.ndarray, number: int, box: tuple[slice, ...], grid: Volume, rotation: np.ndarray, upper: bool
) -> np.ndarray | None:
    """(P, 3) points on the surface of a crown in the frame of the mean dentition, mm; None if there are too few."""
    from scipy import ndimage

    mask = labels[box] == number
    surface = np.argwhere(mask & ~ndimage.binary_erosion(mask)) + [side.start for side in box]
    points = grid.index_to_ras(surface) @ rotation.T
    height = points[:, 2].min() - points[:, 2] if upper else points[:, 2] - points[:, 2].max()
    points = points[height > -CROWN_MM]
    if len(points) < _FEWEST_POINTS:
        return None
    return points[np.linspace(0, len(points) - 1, _POINTS).astype(int)]
