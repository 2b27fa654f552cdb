"""Which tooth is each crown of a jaw? A small network looks at the crowns one by one and as a row.

The surface network numbers by place, and places deceive where a tooth was extracted and the gap has closed. Here
every crown is described by its own shape, in axes that follow the arch, and by where its neighbours stand; a
transformer over the row of crowns weighs both. It also says what is a milk tooth, what is no tooth (a bump of
gingiva), and, asked without knowing it, in which jaw such crowns stand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..dentition.counterparts import mirrored_distances, tangents
from .network import PointNetwork
from .sampling import farthest_points

#: Points that describe one crown.
CROWN_POINTS = 96
#: Fewer surface points than this are no crown that could be described.
FEWEST_POINTS = 8
_SHAPE_MM = 5.0
_PLACE_MM = 30.0
_STEP_MM = 10.0
PLACE_FEATURES = 13
#: Answers of the network: 16 permanent teeth of the upper jaw, 16 of the lower, 10 milk teeth of each, no tooth. Within
#: a jaw first those at x > 0 from the midline, then those at x < 0.
PERMANENT, MILK = 16, 10
CLASSES = 2 * (PERMANENT + MILK) + 1
#: Where the answers of a jaw begin: its permanent and its milk teeth.
FIRST = {"upper": (0, 2 * PERMANENT), "lower": (PERMANENT, 2 * PERMANENT + MILK)}
_JAW_INPUT = {"upper": 1.0, "lower": -1.0, None: 0.0}


@dataclass(frozen=True)
class CrownRow:
    """Crowns in their order along the arch: order (K,) their rows in what was given, shapes (K, P, 6) float32
    points and normals in the crown's own axes, places (K, 13) float32."""

    order: np.ndarray
    shapes: np.ndarray
    places: np.ndarray


@dataclass(frozen=True)
class CrownAnswer:
    """What the network says of `count` crowns.

    upper_logit: of all crowns together being of an upper jaw, found without knowing the jaw; 0 where no crown could be
    described or the network cannot tell. jaw: the one that the probabilities are of. teeth (count, 16): permanent
    teeth, places 1 to 8 at x > 0, then at x < 0; milk (count, 10): places 1 to 5 likewise; none (count,): no tooth.
    The three add up to 1. unlike (count, count) mm: how unlike each other's mirror image the crowns are, NaN where one
    could not be described.
    """

    upper_logit: float
    jaw: str
    teeth: np.ndarray
    milk: np.ndarray
    none: np.ndarray
    unlike: np.ndarray


def arch_order_of(centres: np.ndarray) -> np.ndarray:
    """(K,) order of crown centres (K, 3), canonical mm, from the end at x < 0 to the end at x > 0.

    By the angle about the middle between the arch's ends. Four molars of one side or fewer, turned by more than some 10
    degrees, may come in another order.
    """
    x, y = centres[:, 0], centres[:, 1]
    middle = np.array([(x.min() + x.max()) / 2, y.min() - 1.0])
    return np.argsort(np.arctan2(x - middle[0], y - middle[1]), kind="stable")


def describe(points: np.ndarray, normals: np.ndarray, jaw: str | None) -> CrownRow:
    """The row of K crowns from points (K, P, 3) canonical mm and unit normals (K, P, 3).

    jaw: "upper", "lower" or None, where it is not known.
    """
    centres = points.mean(1)
    order = arch_order_of(centres)
    points, normals, centres = points[order], normals[order], centres[order]
    count = len(order)
    angle = tangents(centres)
    cos, sin, zero, one = np.cos(angle), np.sin(angle), np.zeros(count), np.ones(count)
    # rows of the turn that brings the arch's direction to +x
    turn = np.stack([np.stack([cos, sin, zero], 1), np.stack([-sin, cos, zero], 1), np.stack([zero, zero, one], 1)], 1)
    local = np.einsum("kij,kpj->kpi", turn, points - centres[:, None]) / _SHAPE_MM
    shapes = np.concatenate([local, np.einsum("kij,kpj->kpi", turn, normals)], -1)
    step = np.linalg.norm(np.diff(centres, axis=0), axis=1) / _STEP_MM
    rank = np.arange(count)
    places = np.concatenate(
        [
            (centres - centres.mean(0)) / _PLACE_MM,
            np.stack(
                [
                    cos,
                    sin,
                    np.r_[0, step],
                    np.r_[step, 0],
                    (rank > 0) * 1.0,
                    (rank < count - 1) * 1.0,
                    rank / 8 - 1,
                    (count - 1 - rank) / 8 - 1,
                    np.full(count, count / 8 - 1),
                    one * _JAW_INPUT[jaw],
                ],
                1,
            ),
        ],
        1,
    )
    return CrownRow(order, shapes.astype(np.float32), places.astype(np.float32))


def crown_points(
    points: np.ndarray, normals: np.ndarray, labels: np.ndarray, count: int, size: int = CROWN_POINTS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Evenly spread points and normals (K, size, 3) of the crowns labelled 1..count, and which (K,) they are (from 0).

    points, normals (N, 3), labels (N,). Crowns with fewer than FEWEST_POINTS points are left out; those with fewer
    than `size` repeat theirs.
    """
    chosen_points, chosen_normals, which = [], [], []
    for k in range(count):
        rows = np.nonzero(labels == k + 1)[0]
        if len(rows) < FEWEST_POINTS:
            continue
        order = rows[farthest_points(points[rows], min(size, len(rows)))]
        order = np.resize(order, size)
        chosen_points.append(points[order])
        chosen_normals.append(normals[order])
        which.append(k)
    if not which:
        return np.zeros((0, size, 3)), np.zeros((0, size, 3)), np.zeros(0, int)
    return np.stack(chosen_points), np.stack(chosen_normals), np.array(which)


def ask_crowns(
    points: np.ndarray,
    normals: np.ndarray,
    labels: np.ndarray,
    count: int,
    jaw: str | None,
    model: PointNetwork,
    cancelled: Callable[[], bool] | None = None,
) -> CrownAnswer:
    """Which tooth is each labelled crown, and in which jaw do they stand?

    Parameters
    ----------
    points, normals : numpy.ndarray
        (N, 3) of the jaw's surface, canonical mm and unit vectors.
    labels : numpy.ndarray
        (N,) 0 gingiva, 1 to `count` crowns.
    count : int
        Crowns.
    jaw : str or None
        "upper" or "lower"; None: the one that the crowns look like.
    model : PointNetwork
        The crown network. One that answers with 16 classes only knows permanent teeth and no jaw.
    cancelled : callable, optional
        Asked during the run.

    Returns
    -------
    CrownAnswer
        A crown too small to be described gets the same probability for each permanent tooth.

    Raises
    ------
    ValueError
        Without a jaw, for a network that cannot tell it.
    """
    chosen, turned, which = crown_points(points, normals, labels, count)
    teeth, milk, none = np.full((count, PERMANENT), 1 / PERMANENT), np.zeros((count, MILK)), np.zeros(count)
    unlike = np.full((count, count), np.nan)
    if len(which) == 0:
        return CrownAnswer(0.0, jaw or "upper", teeth, milk, none, unlike)
    row = describe(chosen, turned, None)
    answer = model.run_named({"shapes": row.shapes, "places": row.places}, cancelled)
    rows = which[row.order]
    unlike[np.ix_(rows, rows)] = mirrored_distances(row.shapes[..., :3] * _SHAPE_MM)
    if "upper_logit" not in answer:
        if jaw is None:
            raise ValueError("This crown network cannot tell the jaw: give it.")
        row = describe(chosen, turned, jaw)
        teeth[rows] = model.run_named({"shapes": row.shapes, "places": row.places}, cancelled)["probabilities"]
        return CrownAnswer(0.0, jaw, teeth, milk, none, unlike)
    logit = float(np.ravel(answer["upper_logit"])[0])
    jaw = jaw or ("upper" if logit >= 0 else "lower")
    row = describe(chosen, turned, jaw)
    p = model.run_named({"shapes": row.shapes, "places": row.places}, cancelled)["probabilities"]
    first, first_milk = FIRST[jaw]
    mine = np.concatenate([p[:, first : first + PERMANENT], p[:, first_milk : first_milk + MILK], p[:, -1:]], 1)
    mine = np.maximum(mine.astype(float), 1e-9)
    mine /= mine.sum(1, keepdims=True)
    teeth[rows], milk[rows], none[rows] = mine[:, :PERMANENT], mine[:, PERMANENT:-1], mine[:, -1]
    return CrownAnswer(logit, jaw, teeth, milk, none, unlike)
