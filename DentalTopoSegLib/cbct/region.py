"""Where the dentition is in a scan: the place that the coarse map's teeth agree on, and the box around it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..dentition import CLASS_FDI
from ..dentition.numbering import mean_dentition
from ..errors import NoTeethError
from ..files.volumes import Volume
from .inference import CoarseMap
from .instances import HALF, ISLAND_MM3

_LEAST_TOOTH_MM3 = 120.0  # of coarse tooth voxels in the whole scan, and in one connected piece; less is no dentition
_BOX_MARGIN_MM = 9.0
_MOST_TOOTH_CM3 = 100.0  # 32 large teeth have half of it
_VOTE_MM = 4.0  # raster of the votes for the dentition's place
_AGREE_MM = 28.0  # votes this near agree: a head tilted by 25 degrees, an open mouth, a large or small jaw
_FAR_MM = 24.0  # further than this from every tooth of the mean dentition stands no tooth


@dataclass(frozen=True)
class DentalRegion:
    """Where the dentition is. box: lower and upper corner (R, A, S mm). origin: RAS mm of the mean
    dentition's origin."""

    box: tuple[tuple[float, float, float], tuple[float, float, float]]
    origin: np.ndarray


def find_dental_region(coarse: CoarseMap, volume: Volume) -> DentalRegion:
    """Find the dentition in the coarse map; NoTeethError if there is none.

    Every tooth voxel votes for the place of the whole dentition: its own place minus that of its number in
    the mean dentition (a generalised Hough transform, Ballard 1981). Teeth agree; vertebrae or ear bones
    taken for teeth vote all over the scan.
    """
    from scipy import ndimage
    from scipy.spatial import cKDTree

    tooth = coarse.tooth >= HALF
    cell = coarse.spacing**3
    where = np.argwhere(tooth)
    if len(where) * cell < _LEAST_TOOTH_MM3:
        raise NoTeethError(no_teeth_message(volume))
    points = coarse.to_ras(where)
    number = coarse.probabilities[1:, tooth].argmax(0)
    mean = _mean_places()
    votes = points - mean[number]
    origin = _agreed_place(votes, coarse.probabilities[1:, tooth].max(0) / 255.0)
    agree = np.linalg.norm(votes - origin, axis=1) < _AGREE_MM
    labels, count = ndimage.label(tooth, np.ones((3, 3, 3)))
    owner = labels[tooth]
    support = np.bincount(owner, weights=agree, minlength=count + 1) * cell
    biggest = support.max()
    if support.sum() < _LEAST_TOOTH_MM3 or biggest < _LEAST_TOOTH_MM3:
        raise NoTeethError(no_teeth_message(volume, len(where) * cell / 1000))
    # a component may run on into something else, so only its voxels not too far from a mean tooth count
    close = cKDTree(origin + mean).query(points)[0] < _FAR_MM
    mine = points[(support[owner] >= ISLAND_MM3) & close]
    low, high = mine.min(0) - _BOX_MARGIN_MM, mine.max(0) + _BOX_MARGIN_MM
    bounds = volume.ras_bounds()
    low, high = np.maximum(low, bounds[0]), np.minimum(high, bounds[1])
    return DentalRegion((tuple(low.tolist()), tuple(high.tolist())), origin)


def _agreed_place(votes: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(3,) where most of the votes (N, 3) with weights (N,) agree: the peak of their raster, then their mean."""
    from scipy import ndimage

    low = votes.min(0) - 3 * _VOTE_MM
    index = np.rint((votes - low) / _VOTE_MM).astype(int)
    table = np.zeros(index.max(0) + 4)
    np.add.at(table, tuple(index.T), weight)
    table = ndimage.gaussian_filter(table, 10.0 / _VOTE_MM, mode="constant")
    origin = low + np.array(np.unravel_index(table.argmax(), table.shape)) * _VOTE_MM
    for _ in range(5):
        near = np.linalg.norm(votes - origin, axis=1) < _AGREE_MM
        origin = np.average(votes[near], axis=0, weights=weight[near] + 1e-6) if near.any() else origin
    return origin


@lru_cache(maxsize=1)
def _mean_places() -> np.ndarray:
    """(32, 3) mean places of the teeth in the order of CLASS_FDI, R, A, S mm."""
    return np.array([mean_dentition()[f] for f in CLASS_FDI[1:]])


def near_arch(votes: np.ndarray, centroids: np.ndarray, origin: np.ndarray) -> np.ndarray:
    """Boolean (N,): which instances lie near some tooth of the mean dentition and not too far from the one
    they look like."""
    distance = np.linalg.norm((centroids - origin)[:, None] - _mean_places()[None], axis=2)
    teeth = votes[:, 1:] / np.maximum(votes[:, 1:].sum(1, keepdims=True), 1e-9)
    return (distance.min(1) < _FAR_MM) & ((teeth * np.minimum(distance, 80.0)).sum(1) < _AGREE_MM + 5.0)


def no_teeth_message(volume: Volume, found_cm3: float = 0.0) -> str:
    """Why a scan in which the network saw this much tooth (cm^3) is refused, for people."""
    size = " x ".join(f"{n * s:.0f}" for n, s in zip(volume.array.shape[::-1], volume.spacing, strict=True))
    if found_cm3 > _MOST_TOOTH_CM3:
        return (
            f"No dentition was found in {volume.name} ({size} mm): the network took {found_cm3:.0f} cm^3 for tooth, "
            "more than any mouth holds, so it cannot read this kind of scan."
        )
    return (
        f"No teeth were found in {volume.name} ({size} mm): check that it is a CBCT or CT of the jaws, that its "
        "spacing is right and that the teeth are in the field of view."
    )
