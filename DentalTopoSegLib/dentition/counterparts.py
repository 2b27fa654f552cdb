"""The two sides of a jaw against each other: a tooth and its counterpart on the other side are mirror images.

Where a tooth is absent, the row alone may fit two sets of numbers. If 21 stands where 22 is expected, its mirror image
is 11, not 12. How well the crowns of two places match by mirrored shape speaks for or against a set of numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from . import MIXED_CLASS_FDI, arch_order, is_upper

#: Log-likelihood ratio of "a tooth and its counterpart" against "a tooth and its counterpart's neighbour" (second row)
#: by how much less alike two crowns are than the best matches of both, mm (first row). Measured on 4,360 pairs of the
#: labelled jaws of 3D-IOSSeg (Li et al. 2024) as `mirrored_distances` has it, twice at random poses.
_EXCESS_MM = (0.0, 0.025, 0.075, 0.125, 0.175)
_RATIO = (1.4, 0.5, -0.7, -1.4, -2.0)
WEIGHT = 0.5
"""How much of that ratio counts: the crown network has seen the same shapes."""
_SIDE = 8  # places of a side
_ROUNDS = 3
_FEWEST = 3  # crowns of a side from which the best match among them says something


class Solution(NamedTuple):
    """Score of a set of numbers, its place (or -1) per ordered instance, the marginals (n, 16), and what counterparts
    added (n, 16) to the score of every instance on every place."""

    score: float
    places: list[int]
    marginals: np.ndarray
    added: np.ndarray


Solve = Callable[[np.ndarray], Solution]
"""From an addition (n, 16) to the score of every instance on every place to the best numbers."""


def mirrored_distances(shapes: np.ndarray) -> np.ndarray:
    """How unlike the mirror image of each other crowns are.

    Parameters
    ----------
    shapes : numpy.ndarray
        (K, P, 3) mm: P points of each crown about its centre, x along the arch in one sense for all.

    Returns
    -------
    numpy.ndarray
        (K, K) mm: mean distance between the points of one and the nearest points of the mirrored other (Chamfer
        distance), symmetric; 0 on the diagonal, which says nothing.
    """
    from scipy.spatial import cKDTree

    count = len(shapes)
    shapes = np.asarray(shapes, float)
    plain = [cKDTree(points) for points in shapes]
    mirrored = [points * [-1.0, 1.0, 1.0] for points in shapes]
    one_way = np.zeros((count, count))
    for i in range(count):
        for j in range(count):
            if i != j:
                one_way[i, j] = plain[j].query(mirrored[i])[0].mean()
    return (one_way + one_way.T) / 2


def tangents(centres: np.ndarray) -> np.ndarray:
    """(K,) angle of the arch's direction at each of the ordered centres (K, 3), radians about z."""
    if len(centres) == 1:
        return np.zeros(1)
    padded = np.vstack([centres[:1], centres, centres[-1:]])[:, :2]
    step = padded[2:] - padded[:-2]
    return np.arctan2(step[:, 1], step[:, 0])


def along_the_arch(points: np.ndarray) -> np.ndarray:
    """Crowns (K, P, 3) mm in the order of the arch, each about its centre and turned about z so that the arch runs
    along +x: what `mirrored_distances` compares."""
    centres = points.mean(1)
    angle = tangents(centres)
    cos, sin, zero, one = np.cos(angle), np.sin(angle), np.zeros(len(angle)), np.ones(len(angle))
    turn = np.stack([np.stack([cos, sin, zero], 1), np.stack([-sin, cos, zero], 1), np.stack([zero, zero, one], 1)], 1)
    return np.einsum("kij,kpj->kpi", turn, points - centres[:, None])


def weighed_classes(probabilities: np.ndarray, fdi: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Class probabilities as they are where each tooth's counterpart stands.

    Parameters
    ----------
    probabilities : numpy.ndarray
        (N, 33 or 53), in the order of `MIXED_CLASS_FDI`.
    fdi : numpy.ndarray
        (N,) the numbers found; without one (0) nothing changes.
    added : numpy.ndarray
        (N, 16), `Numbering.sides`.

    Returns
    -------
    numpy.ndarray
        (N, 33 or 53) with the same share of background.
    """
    names = MIXED_CLASS_FDI[: probabilities.shape[1]]
    out = np.array(probabilities, float)
    for row, number, scores in zip(out, fdi, added, strict=True):
        if not number or not scores.any():
            continue
        order = arch_order("upper" if is_upper(int(number)) else "lower")
        place = {name: k for k, first in enumerate(order) for name in (first, first + 40)}
        teeth = row[1:] * np.exp([scores[place[name]] if name in place else 0.0 for name in names[1:]])
        row[1:] = teeth * row[1:].sum() / max(teeth.sum(), 1e-12)
    return out


def weigh_sides(solve: Solve, first: Solution, unlike: np.ndarray) -> Solution:
    """The numbers of a jaw when its sides are weighed against each other.

    One side's numbers are held while the other's are found anew, then the other way round, as long as the score with
    all pairs counted once rises.

    Parameters
    ----------
    solve : callable
        Finds the best numbers under additions to the scores.
    first : Solution
        Without additions.
    unlike : numpy.ndarray
        (n, n) mm, as `mirrored_distances` has it, of the ordered instances; not a number where it is not known.

    Returns
    -------
    Solution
        Marginals under the counterparts' additions to both sides.
    """
    best, places = first.score + _pairs(first.places, unlike), first.places
    for _ in range(_ROUNDS):
        tried = []
        for held_right in (True, False):
            found = solve(_for(places, unlike, held_right))
            tried.append((found.score, found.places))
        score, other = max(tried, key=lambda one: one[0])
        if score <= best + 1e-9 or other == places:
            break
        best, places = score, other
    both = _addition(places, unlike)
    return Solution(best, places, solve(both).marginals, both)


def _for(places: list[int], unlike: np.ndarray, held_right: bool) -> np.ndarray:
    """Additions that hold one side's numbers and weigh the other's by them; rejected instances stay free."""
    addition = _addition(places, unlike)
    at = np.asarray(places)
    held = (at >= 0) & ((at < _SIDE) == held_right)
    ours = np.arange(2 * _SIDE) < _SIDE if held_right else np.arange(2 * _SIDE) >= _SIDE
    addition[:, ours] = np.where(held[:, None], 0.0, -np.inf)[:, :1]
    addition[held] = -np.inf
    addition[held, at[held]] = 0.0
    return addition


def _addition(places: list[int], unlike: np.ndarray) -> np.ndarray:
    """(n, 16) what each instance's counterpart says to it on every place; 0 where nobody stands there."""
    addition = np.zeros((len(places), 2 * _SIDE))
    ratio = _ratios(places, unlike)
    for j, place in enumerate(places):
        if place >= 0:
            addition[:, 2 * _SIDE - 1 - place] = ratio[:, j]
    return addition


def _pairs(places: list[int], unlike: np.ndarray) -> float:
    """What all pairs say together."""
    ratio = _ratios(places, unlike)
    at = {place: k for k, place in enumerate(places) if place >= 0}
    return float(sum(ratio[k, at[15 - place]] for place, k in at.items() if place < _SIDE and 15 - place in at))


def _ratios(places: list[int], unlike: np.ndarray) -> np.ndarray:
    """(n, n) weighted log-likelihood ratio of two instances being counterparts; 0 where too little is known."""
    at = np.asarray(places)
    distance = np.where(np.isfinite(unlike), unlike, np.inf)
    sides = np.where(at < 0, 0, np.where(at < _SIDE, 1, 2))
    if min((sides == 1).sum(), (sides == 2).sum()) < _FEWEST:
        return np.zeros(unlike.shape)
    across = sides[:, None] + sides[None, :] == 3
    best = np.where(across, distance, np.inf).min(1)
    with np.errstate(invalid="ignore"):
        excess = distance - (best[:, None] + best[None, :]) / 2
    ratio = WEIGHT * np.interp(np.where(np.isfinite(excess), excess, 0.0), _EXCESS_MM, _RATIO)
    last = np.zeros(len(at), bool)
    numbered = np.nonzero(at >= 0)[0]
    last[numbered[[0, -1]]] = True  # often half in the scan, or half erupted: unlike its counterpart for that alone
    ratio = np.where(last[:, None] | last[None, :], np.maximum(ratio, 0.0), ratio)
    return np.where(np.isfinite(excess), ratio, 0.0)
