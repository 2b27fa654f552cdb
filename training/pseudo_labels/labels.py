"""Pseudo labels of one scan: what a network says of it, kept where it is sure, refined where it doubts, dropped else.

The mask of all teeth is taken as good, only numbers are doubted: a voxel of the mask whose number is dropped becomes
unknown, never background. Arrays are (z, y, x); class indices are those of `CLASS_FDI`, 255 is unknown. Nothing here
decides a side: numbers come from the network, and the order along the arch may confirm or correct one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from DentalTopoSegLib.dentition import CLASS_FDI, quadrant
from DentalTopoSegLib.dentition.numbering import number_teeth
from training.volumes.losses import IGNORE

LEAST_VOXELS = 36
"""Of a piece of tooth; from "Coarse-to-Fine Pseudo Annotations for Semi-supervised Teeth Segmentation"."""
HALF = 0.5
FULL = np.ones((3, 3, 3), bool)
"""Voxels that share a corner are neighbours."""

KEPT, REFINED, DROPPED = "kept", "refined", "dropped"


@dataclass(frozen=True)
class Limits:
    """From which values on a number is believed.

    Parameters
    ----------
    keep
        Mean probability of its number, over a tooth's voxels, from which a tooth is kept as it is.
    doubt
        The same, below which it is dropped and not refined.
    order
        Posterior probability of a tooth's place in the row, from which the row's number is taken for a doubtful tooth.
    thought
        Mean probability that the network itself must give to that number.
    voxel
        Probability of its number from which a voxel is kept; below it is unknown.
    smooth
        Standard deviation, in voxels, with which the numbers of doubtful teeth are smoothed.
    least
        Voxels of the smallest piece.
    """

    keep: float = 0.9
    doubt: float = 0.4
    order: float = 0.8
    thought: float = 0.1
    voxel: float = 0.5
    smooth: float = 1.5
    least: int = LEAST_VOXELS


@dataclass(frozen=True)
class Tooth:
    """A connected tooth of a map: its class, its voxels' number, its mean probability, and what became of it."""

    number: int
    voxels: int
    confidence: float
    fate: str


def mask_of(probabilities: np.ndarray) -> np.ndarray:
    """Where a tooth is likelier than none, of class probabilities (C, z, y, x)."""
    return probabilities[0] < HALF


def numbers_of(probabilities: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """uint8 class indices: the likeliest tooth of every voxel of the mask, 0 elsewhere."""
    return np.where(mask, probabilities[1:].argmax(0) + 1, 0).astype(np.uint8)


def number_probability(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """float32: how likely the voxel's number is, given that it is a tooth; 0 where the label is 0 or unknown."""
    known = (labels > 0) & (labels != IGNORE)
    result = np.zeros(labels.shape, np.float32)
    teeth = np.maximum(1.0 - probabilities[0][known], 1e-6)
    result[known] = np.minimum(probabilities[:, known][labels[known], np.arange(int(known.sum()))] / teeth, 1.0)
    return result


# --- Clean-up -------------------------------------------------------------------------------------------------------


def join_pieces(labels: np.ndarray, least: int = LEAST_VOXELS) -> np.ndarray:
    """Pieces of a number beside its largest one take the number of the other tooth that they touch most.

    The same of pieces under `least` voxels, also if they are their number's largest. What touches no other tooth stays
    as it is; so do unknown voxels.
    """
    result = labels.copy()
    for number, box in _boxes(labels):
        wide = _grown(box)
        own = labels[wide] == number
        pieces, count = ndimage.label(own, FULL)
        sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
        for piece, place in enumerate(ndimage.find_objects(pieces), 1):
            if piece == sizes.argmax() + 1 and sizes[piece - 1] >= least:
                continue
            near = _grown(place)
            where = pieces[near] == piece
            ring = labels[wide][near][ndimage.binary_dilation(where, FULL) & ~own[near]]
            ring = ring[(ring > 0) & (ring != IGNORE)]
            if len(ring):
                result[wide][near][where] = np.bincount(ring).argmax()
    return result


def clean_up(labels: np.ndarray, least: int = LEAST_VOXELS) -> np.ndarray:
    """Without pieces under `least` voxels, and of each number with its largest piece only (the others are stray); the
    rest is background."""
    result = labels.copy()
    for number, box in _boxes(labels):
        pieces, count = ndimage.label(labels[box] == number, FULL)
        sizes = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
        keep = int(sizes.argmax()) + 1 if sizes.max() >= least else 0
        result[box][(pieces > 0) & (pieces != keep)] = 0
    return result


# --- Filter and refinement ------------------------------------------------------------------------------------------


def instances_of(labels: np.ndarray, least: int = LEAST_VOXELS) -> tuple[np.ndarray, list[int]]:
    """Connected teeth: an int32 map of 1, 2, ..., and the number of each. Smaller pieces than `least` are 0; a number
    that stands in two places is two teeth."""
    result, numbers = np.zeros(labels.shape, np.int32), []
    for number, box in _boxes(labels):
        pieces, count = ndimage.label(labels[box] == number, FULL)
        large = np.bincount(pieces.ravel(), minlength=count + 1) >= least
        large[0] = False
        names = np.where(large, len(numbers) + np.cumsum(large), 0).astype(np.int32)
        result[box] += names[pieces]
        numbers += [number] * int(large.sum())
    return result, numbers


def drop_doubtful(labels: np.ndarray, probabilities: np.ndarray, limits: Limits) -> tuple[np.ndarray, list[Tooth]]:
    """The filter alone: teeth of whose number the network is not sure become unknown.

    Parameters
    ----------
    labels : numpy.ndarray
        uint8 class indices.
    probabilities : numpy.ndarray
        (33, z, y, x).
    limits : Limits
        "keep", "voxel" and "least" count.

    Returns
    -------
    labels : numpy.ndarray
        With 255 for what was dropped; pieces under "least" voxels are background.
    teeth : list of Tooth
        What became of every one.
    """
    instances, numbers = instances_of(labels, limits.least)
    confidence = number_probability(probabilities, labels)
    result, teeth = np.where(instances > 0, labels, 0).astype(np.uint8), []
    for number, (own, sure, count) in zip(numbers, _measured(instances, confidence, len(numbers)), strict=True):
        kept = sure >= limits.keep
        result[own & (confidence < limits.voxel) if kept else own] = IGNORE
        teeth.append(Tooth(number, count, sure, KEPT if kept else DROPPED))
    return result, teeth


def smooth_numbers(probabilities: np.ndarray, mask: np.ndarray, where: np.ndarray, sigma: float) -> np.ndarray:
    """uint8: the likeliest number at the voxels `where`, after the numbers' probabilities were averaged over the
    neighbouring voxels of the mask (a Gaussian of `sigma` voxels); 0 elsewhere."""
    result = np.zeros(mask.shape, np.uint8)
    if not where.any():
        return result
    (box,) = ndimage.find_objects(where.astype(np.uint8))
    wide = _grown(box, int(np.ceil(3 * sigma)))
    best = np.zeros(mask[wide].shape, np.float32)
    for number in range(1, len(probabilities)):
        values = probabilities[number][wide] * mask[wide]
        if values.max() < 0.01:
            continue
        values = ndimage.gaussian_filter(values.astype(np.float32), sigma, mode="constant")
        better = values > best
        result[wide][better] = number
        best[better] = values[better]
    result[~where] = 0
    return result


def order_along_the_arch(
    instances: np.ndarray, probabilities: np.ndarray, to_ras: Callable[[np.ndarray], np.ndarray], voxel_mm3: float
) -> list[tuple[int, float]]:
    """What the row of teeth says of every one: its class, and the posterior probability of its place.

    The row is `dentition.numbering`'s: each number once, in order, at usual distances. Class 0 for what it takes for no
    tooth or for a double.

    Parameters
    ----------
    instances : numpy.ndarray
        1 to n, 0 elsewhere.
    probabilities : numpy.ndarray
        (33, z, y, x).
    to_ras : callable
        (N, 3) indices z, y, x -> (N, 3) RAS mm.
    voxel_mm3 : float
        Volume of a voxel.
    """
    count = int(instances.max(initial=0))
    if not count:
        return []
    where = np.argwhere(instances > 0)
    which = instances[tuple(where.T)] - 1
    sizes = np.bincount(which, minlength=count)
    votes = np.stack([np.bincount(which, p[tuple(where.T)], count) for p in probabilities], 1) / sizes[:, None]
    centres = np.stack([np.bincount(which, axis, count) for axis in where.T], 1) / sizes[:, None]
    row = number_teeth(votes, to_ras(centres), sizes * voxel_mm3)
    return [(CLASS_FDI.index(int(f)), float(p)) for f, p in zip(row.fdi, row.posterior, strict=True)]


def refine(
    labels: np.ndarray,
    probabilities: np.ndarray,
    limits: Limits,
    to_ras: Callable[[np.ndarray], np.ndarray],
    voxel_mm3: float,
) -> tuple[np.ndarray, list[Tooth]]:
    """Filter and refinement: sure teeth are kept, doubtful ones smoothed, joined to their neighbours and numbered by
    their place in the row, the others dropped.

    A sure tooth that the row numbers otherwise is dropped as well: one of the two is wrong. A doubtful tooth takes the
    row's number if its place is likely enough, the network has thought of that number too, it lies in the quadrant that
    the network names, and no kept tooth has it.

    Parameters
    ----------
    labels, probabilities
        As `drop_doubtful` has them.
    limits : Limits
        All of them.
    to_ras, voxel_mm3
        As `order_along_the_arch` has them.

    Returns
    -------
    labels : numpy.ndarray
        With 255 for what was dropped; pieces under "least" voxels are background.
    teeth : list of Tooth
        What became of every one, by its number after it.
    """
    instances, numbers = instances_of(labels, limits.least)
    sures = _measured(instances, number_probability(probabilities, labels), len(numbers))
    doubtful = np.isin(instances, [k for k, (_, sure, _) in enumerate(sures, 1) if sure < limits.keep])
    mask = (labels > 0) & (labels != IGNORE)
    smoothed = np.where(doubtful, smooth_numbers(probabilities, mask, doubtful, limits.smooth), labels)
    joined = join_pieces(smoothed, limits.least)
    instances, numbers = instances_of(joined, limits.least)
    confidence = number_probability(probabilities, joined)
    measured = _measured(instances, confidence, len(numbers))
    row = order_along_the_arch(instances, probabilities, to_ras, voxel_mm3)

    def may_take(number: int, value: float, own: np.ndarray, by_row: int, posterior: float) -> bool:
        quadrants = quadrant(CLASS_FDI[number]), quadrant(CLASS_FDI[by_row]) if by_row else 0
        if not limits.doubt <= value < limits.keep or quadrants[0] != quadrants[1] or by_row in taken:
            return False
        return posterior >= limits.order and float(probabilities[by_row][own].mean()) >= limits.thought

    sure = [value >= limits.keep and number == by_row
            for number, (_, value, _), (by_row, _) in zip(numbers, measured, row, strict=True)]  # fmt: skip
    taken = {number for number, kept in zip(numbers, sure, strict=True) if kept}
    result, teeth = np.where(instances > 0, joined, 0).astype(np.uint8), []
    for k, number in enumerate(numbers):
        (own, value, count), (by_row, posterior) = measured[k], row[k]
        if sure[k]:
            fate = KEPT
            result[own & (confidence < limits.voxel)] = IGNORE
        elif may_take(number, value, own, by_row, posterior):
            fate, number = REFINED, by_row
            taken.add(by_row)
            result[own] = by_row
        else:
            fate = DROPPED
            result[own] = IGNORE
        teeth.append(Tooth(number, count, value, fate))
    return result, teeth


# --- For comparison -------------------------------------------------------------------------------------------------


def worsen(probabilities: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """The answer (33, z, y, x) of a poor network: in a share of the quadrants every tooth looks like its distal
    neighbour, the last but one and the last like the last."""
    result = probabilities.copy()
    for first in range(1, len(probabilities), 8):
        if rng.random() < share:
            result[first] = 0
            result[first + 1 : first + 8] = probabilities[first : first + 7]
            result[first + 7] += probabilities[first + 7]
    return result


def _measured(instances: np.ndarray, confidence: np.ndarray, count: int) -> list[tuple[np.ndarray, float, int]]:
    """(mask, mean confidence, voxels) of every instance."""
    which = instances.ravel()
    sizes = np.bincount(which, minlength=count + 1)
    sums = np.bincount(which, confidence.ravel(), count + 1)
    return [(instances == k, float(sums[k] / sizes[k]), int(sizes[k])) for k in range(1, count + 1)]


def _boxes(labels: np.ndarray) -> list[tuple[int, tuple[slice, ...]]]:
    """(number, box) of every known tooth of a map."""
    known = np.where(labels == IGNORE, 0, labels)
    return [(n, box) for n, box in enumerate(ndimage.find_objects(known), 1) if box is not None]


def _grown(box: tuple[slice, ...], by: int = 1) -> tuple[slice, ...]:
    return tuple(slice(max(0, s.start - by), s.stop + by) for s in box)
