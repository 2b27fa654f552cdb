"""What scores of volumes and of surfaces have in common: overlaps of pairs of labels, Dice, IoU, F1 and means."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

#: Overlap from which a reference tooth counts as found.
DETECTION_IOU = 0.5

#: Elements per pair of labels, {(predicted, reference): count}; 0 is no tooth.
Overlaps = dict[tuple[int, int], int]


def count_pairs(predicted: np.ndarray, reference: np.ndarray) -> Overlaps:
    """How many elements bear each pair of labels, where either is a tooth.

    Parameters
    ----------
    predicted, reference : numpy.ndarray
        Labels of the same elements (voxels or faces), of one shape; integers, 0 is no tooth.

    Examples
    --------
    >>> count_pairs(np.array([0, 11, 11, 12]), np.array([0, 11, 12, 12]))
    {(11, 11): 1, (11, 12): 1, (12, 12): 1}
    """
    tooth = (predicted != 0) | (reference != 0)
    p, r = predicted[tooth].astype(np.int64), reference[tooth].astype(np.int64)
    base = int(r.max(initial=0)) + 1
    counts = np.bincount(p * base + r)
    return {divmod(int(i), base): int(counts[i]) for i in np.flatnonzero(counts)}


def sizes(overlaps: Overlaps, side: int) -> dict[int, int]:
    """Elements of every label of one side: 0 predicted, 1 reference."""
    found: dict[int, int] = {}
    for pair, n in overlaps.items():
        if pair[side]:
            found[pair[side]] = found.get(pair[side], 0) + n
    return found


def dice(both: float, p: float, r: float) -> float:
    """2 |P and R| / (|P| + |R|), from the sizes of the intersection and of both; 0 where there is neither."""
    return float(2 * both / (p + r)) if p + r else 0.0


def iou(both: float, p: float, r: float) -> float:
    """|P and R| / |P or R|, as `dice`."""
    return float(both / (p + r - both)) if p + r - both else 0.0


def f1(precision: float, recall: float) -> float:
    """Their harmonic mean, 0 where both are 0."""
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def mean(values: Iterable[float | None]) -> float | None:
    """Of the values that are defined; None where there is none."""
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None
