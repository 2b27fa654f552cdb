"""How well a canal's course is found: clDice and the distance between centrelines (Shit et al., CVPR 2021,
arXiv:2003.07311). Skeletons are those of scikit-image (Lee et al., CVGIP 1994;56:462)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DentalTopoSegLib.checks.metrics.overlap import f1


@dataclass(frozen=True)
class CourseScores:
    """How one tube follows another.

    Attributes
    ----------
    cl_dice : float
        Harmonic mean of the share of each skeleton that lies in the other's mask, 0 to 1.
    mean_mm, far_mm : float or None
        Mean distance between the skeletons, the mean of both directions; and the larger of the two directions' 95th
        percentiles. None where one of them is empty.
    """

    cl_dice: float
    mean_mm: float | None
    far_mm: float | None


def score_course(pred: np.ndarray, ref: np.ndarray, spacing_zyx: tuple[float, float, float]) -> CourseScores:
    """Compare two tubes.

    Parameters
    ----------
    pred, ref : numpy.ndarray
        Masks (z, y, x) of one grid.
    spacing_zyx : tuple of float
        Voxel edges, mm.

    Returns
    -------
    CourseScores
        Where both are empty the skeletons agree on nothing: clDice 0.
    """
    from scipy.spatial import cKDTree
    from skimage.morphology import skeletonize

    ours, theirs = (np.argwhere(skeletonize(mask)) if mask.any() else np.zeros((0, 3), int) for mask in (pred, ref))
    if not len(ours) or not len(theirs):
        return CourseScores(0.0, None, None)
    cl_dice = f1(float(ref[tuple(ours.T)].mean()), float(pred[tuple(theirs.T)].mean()))
    ours, theirs = ours * np.array(spacing_zyx), theirs * np.array(spacing_zyx)
    ways = [cKDTree(theirs).query(ours)[0], cKDTree(ours).query(theirs)[0]]
    mean_mm = float(np.mean([way.mean() for way in ways]))
    return CourseScores(cl_dice, mean_mm, float(max(np.percentile(way, 95) for way in ways)))
