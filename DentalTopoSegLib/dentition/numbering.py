"""One FDI number per tooth: order along the arch, uniqueness, expected distances between neighbours.

Input are tooth instances (no numbers yet) with the network's class probabilities. Steps: fit a mean dentition
to the instances, which gives the head's frame; decide the jaw of each; order the instances of a jaw along its
arch; then dynamic programming over ordered instances x the 16 places of the arch finds the best numbers, each
used once, increasing along the arch. The same lattice, summed instead of maximised (forward-backward), gives
each tooth's posterior probability.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from . import CLASS_FDI, MIXED_CLASS_FDI, arch_order, crown_width_mm, is_tooth
from .counterparts import Solution, weigh_sides

#: Mean crown centroids (R, A, S) mm of the patient's right side, positions 1 to 8, upper then lower, in occlusion:
#: median over 56 patients' labelled intraoral scans (both sides, mirrored) after rigid alignment; third molars set from
#: their neighbour distances, because only 11 and 19 were seen. 3D-IOSSeg, Li et al. 2024, Comput Biol Med 168:107821.
_MEAN_UPPER = (
    (4.4, 0.8, 4.7),
    (11.3, -2.0, 4.4),
    (16.9, -6.9, 3.8),
    (19.7, -14.3, 2.5),
    (22.3, -21.1, 1.9),
    (24.2, -29.5, 1.7),
    (27.6, -39.2, 2.0),
    (27.8, -48.4, 3.5),
)
_MEAN_LOWER = (
    (2.7, -0.8, -0.8),
    (8.1, -1.8, -1.1),
    (13.5, -5.2, -1.7),
    (17.4, -11.1, -1.8),
    (19.8, -18.2, -2.1),
    (22.7, -27.1, -2.2),
    (24.9, -37.3, -1.8),
    (27.6, -46.0, -0.6),
)
#: Distance between the crown centroids of neighbours, mean and sd in mm: 1|1, 1-2, 2-3, ... 7-8. Same source,
#: 58 to 118 pairs each (12 and 20 for 7-8).
_NEIGHBOURS_UPPER = ((8.8, 0.6), (7.8, 0.5), (7.6, 0.5), (8.1, 0.5), (7.5, 0.6), (8.9, 0.5), (10.3, 0.5), (9.5, 0.9))
_NEIGHBOURS_LOWER = ((5.4, 0.4), (5.6, 0.4), (6.5, 0.4), (7.5, 0.5), (7.7, 0.8), (9.5, 0.6), (11.1, 0.6), (9.2, 1.0))

_ROOT_SHIFT_MM = 5.0  # the centroid of a whole tooth lies about this much nearer to the apex than that of its crown
_CENTROID_SD_MM = 1.0  # added to the neighbour distances' sd: roots diverge, segmentations err
_FLOOR = 1e-3  # smallest probability believed; a confident network error must not overrule the whole arch
_SPACING_WEIGHT = 0.8
_WORST_SPACING = -6.0
_SKIP = (0.7, 0.1)  # cost of a place left empty between teeth: any tooth, third molar
_SKIP_MOST = 2.5  # what any number of empty places can cost together
_SKIP_END = 0.25  # per place beyond the last tooth of a side: third molars and cropped fields are common
_MILK_FLOOR = 1e-6  # the same of milk teeth, where nobody said that it is a child: none is made up to fit the row
_MILK = 1.0  # cost of a milk tooth where nobody said that it is a child
_DOUBT_POWER = 4  # of "it is a tooth" in the cost of rejection: even odds are enough to reject
_NEVER = -1e3
_REJECT = 8.5  # cost of calling a whole tooth "no tooth"; less for small objects and those the network doubts


@dataclass(frozen=True)
class Numbering:
    """fdi (N,) uint8, 0 where the instance was rejected as no tooth or a double; confidence (N,) in 0..1, 0 where
    rejected; score: log-score of the chosen numbers, for comparing; frame: the (3, 3) rotation and (3,) shift of the
    mean dentition; posterior (N,): of the chosen place along its arch, 0 where rejected; sides (N, 16): what its
    counterpart on the other side adds to its log-score on every place."""

    fdi: np.ndarray
    confidence: np.ndarray
    score: float
    frame: tuple[np.ndarray, np.ndarray]
    posterior: np.ndarray
    sides: np.ndarray


@dataclass(frozen=True)
class _JawPriors:
    """What the lattice needs to know about one jaw's 16 places, patient's right to left."""

    fdi: tuple[int, ...]
    classes: np.ndarray
    milk_fdi: tuple[int, ...]  # the milk tooth on the place, 0 where there is none
    milk_classes: np.ndarray
    milk_wider: np.ndarray  # (16,) mm that half of its crown is wider than half of the permanent one's
    distance: np.ndarray  # (16, 16) expected mm between teeth on two places
    closed: np.ndarray  # the same if the teeth between are absent and the gap was closed
    sd: np.ndarray
    skip: np.ndarray  # (17,) cost of leaving empty all places before index k between teeth, cumulative
    end: np.ndarray  # (17,) the same beyond the last tooth of a side


def mean_dentition() -> dict[int, np.ndarray]:
    """FDI -> mean centroid of the whole tooth (R, A, S) mm, teeth in occlusion, origin at the front near the bite.

    Measured on crowns and moved towards the roots: what numbers are found with. `arch.expected_place` is what numbers
    are judged by.
    """
    mean = {}
    for table, right, left, sign in ((_MEAN_UPPER, 1, 2, 1.0), (_MEAN_LOWER, 4, 3, -1.0)):
        for k, (x, y, z) in enumerate(table, start=1):
            mean[10 * right + k] = np.array([x, y, z + sign * _ROOT_SHIFT_MM])
            mean[10 * left + k] = np.array([-x, y, z + sign * _ROOT_SHIFT_MM])
    return mean


def _make_jaw(which: str) -> _JawPriors:
    order = arch_order(which)
    mean = mean_dentition()
    places = np.array([mean[f] for f in order])
    distance = np.linalg.norm(places[:, None] - places[None], axis=-1)
    table = _NEIGHBOURS_UPPER if which == "upper" else _NEIGHBOURS_LOWER
    sd = np.hypot(_CENTROID_SD_MM, 0.07 * distance)
    steps = [table[7 - k] for k in range(7)] + [table[0]] + [table[k] for k in range(1, 8)]
    for k, (step, spread) in enumerate(steps):
        distance[k, k + 1] = step
        sd[k, k + 1] = np.hypot(_CENTROID_SD_MM, spread)
    half = np.array([np.mean([s[0] for s in steps[max(k - 1, 0) : k + 1]]) / 2 for k in range(16)])
    closed = half[:, None] + half[None]
    costs = np.array([_SKIP[1] if f % 10 == 8 else _SKIP[0] for f in order])
    classes = np.array([CLASS_FDI.index(f) for f in order])
    end = np.full(16, _SKIP_END)
    milk = tuple(f + 40 if f % 10 <= 5 else 0 for f in order)
    return _JawPriors(
        fdi=order,
        classes=classes,
        milk_fdi=milk,
        milk_classes=np.array([MIXED_CLASS_FDI.index(f) for f in milk]),
        milk_wider=np.array(
            [(crown_width_mm(m) - crown_width_mm(f)) / 2 if m else 0.0 for m, f in zip(milk, order, strict=True)]
        ),
        distance=distance,
        closed=np.minimum(closed, distance),
        sd=sd,
        skip=_cumulative(costs),
        end=_cumulative(end),
    )


def _cumulative(costs: np.ndarray) -> np.ndarray:
    return np.r_[0.0, np.cumsum(costs)]


def _without(jaw: _JawPriors, absent: Collection[int]) -> _JawPriors:
    """The jaw where some teeth are known not to be: an empty place that is expected costs nothing."""
    gone = np.isin(jaw.fdi, list(absent))
    if not gone.any():
        return jaw
    costs = np.where(gone, 0.0, np.diff(jaw.skip)), np.where(gone, 0.0, np.diff(jaw.end))
    return replace(jaw, skip=_cumulative(costs[0]), end=_cumulative(costs[1]))


_JAWS = {which: _make_jaw(which) for which in ("upper", "lower")}


def fit_frame(probabilities: np.ndarray, centroids: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation (3, 3) and shift (3,) with mean_dentition() = rotation @ centroid + shift, least squares,
    robust.

    Each instance is matched to its expected place under its probabilities. Three pseudo-pairs hold the
    rotation near the scan's own axes (Wahba's problem, solved by SVD: Kabsch 1976), so that few teeth or
    mirrored probabilities cannot turn the head upside down.
    """
    mean = np.array([(0.0, 0.0, 0.0), *(mean_dentition()[f] for f in CLASS_FDI[1:])])
    teeth = np.maximum(probabilities[:, 1:], 1e-9)
    teeth = teeth / teeth.sum(1, keepdims=True)
    target = teeth @ mean[1:]
    weights = weights * teeth.max(1)
    shift, rotation = np.zeros(3), np.eye(3)
    trust = np.ones(len(centroids))
    for _ in range(6):
        w = weights * trust + 1e-9
        w = w / w.sum()
        a, b = w @ centroids, w @ target
        cross = (centroids - a).T @ ((target - b) * w[:, None]) + 60.0 * np.eye(3)
        u, _, vt = np.linalg.svd(cross)
        flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
        rotation = (u @ flip @ vt).T
        shift = b - rotation @ a
        error = np.linalg.norm(centroids @ rotation.T + shift - target, axis=1)
        trust = 1.0 / (1.0 + (error / 8.0) ** 2)
    return rotation, shift


def arch_parameter(local: np.ndarray) -> np.ndarray:
    """Place along the arch of points (N, 3) in the frame of the mean dentition: grows from the right third
    molar to the left.

    The angle about the middle of the arch in front, then straight back on both sides, in mm of a 25 mm wide
    arch.
    """
    x, y = local[:, 0], local[:, 1] + 26.0
    front = 25.0 * np.arctan2(-x, np.maximum(y, 1e-6))
    side = -np.sign(np.where(x == 0, 1e-6, x)) * (25.0 * np.pi / 2 + np.maximum(-y, 0))
    return np.where(y > 0, front, side)


def _spacing_scores(jaw: _JawPriors, distance: np.ndarray) -> np.ndarray:
    """(16, 16) score (<= 0) of two neighbours this far apart (mm, (16, 16)) standing on two places."""
    z_open = (distance - jaw.distance) / jaw.sd
    z_closed = (distance - jaw.closed) / (jaw.sd + 0.5)
    fit = np.maximum(-0.5 * z_open**2, -0.5 * z_closed**2 - 0.7)
    return _SPACING_WEIGHT * np.maximum(fit, _WORST_SPACING)


def _lattice(
    jaw: _JawPriors, emission: np.ndarray, reject: np.ndarray, points: np.ndarray, wider: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Local scores of the lattice for n ordered instances.

    emission (n, 16), reject (n,): scores of each instance's place and of its rejection; points (n, 3) mm; wider (n, 16)
    mm by which half of its crown is wider than the place's permanent one.
    Returns start (n, 16), step (n, n, 16, 16) and stop (n, 16): scores of beginning, going on from (k, a) to
    (i, b), ending. Instances passed over are rejected.
    """
    n = len(emission)
    rejected = np.r_[0.0, np.cumsum(reject)]
    places = np.arange(16)
    start = emission + rejected[:n, None] - jaw.end[None, :-1]
    stop = (rejected[n] - rejected[1:])[:, None] - (jaw.end[-1] - jaw.end[1:])[None, :]
    step = np.full((n, n, 16, 16), -np.inf)
    forward = places[:, None] < places[None, :]
    empty = jaw.skip[None, :-1] - jaw.skip[1:, None]  # the places strictly between a and b
    # the second absent neighbour surprises less than the first: whole segments of teeth are lost together
    empty = _SKIP_MOST * (1 - np.exp(-np.maximum(empty, 0) / _SKIP_MOST))
    for k in range(n):
        for i in range(k + 1, n):
            apart = float(np.linalg.norm(points[i] - points[k])) - wider[k][:, None] - wider[i][None, :]
            score = _spacing_scores(jaw, apart) - empty
            score = score + emission[i][None, :] + (rejected[i] - rejected[k + 1])
            step[k, i] = np.where(forward, score, -np.inf)
    return start, step, stop


def _logsumexp(a: np.ndarray, axis: tuple[int, ...] | int | None = None) -> np.ndarray:
    top = np.max(a, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        out = np.log(np.sum(np.exp(a - top), axis=axis, keepdims=True)) + top
    return np.squeeze(out, axis=axis)


def _best_path(lattice: tuple[np.ndarray, ...], all_rejected: float) -> tuple[float, list[int]]:
    """Viterbi: score and place index (or -1: rejected) per ordered instance."""
    start, step, stop = lattice
    n = len(start)
    best, back = start.copy(), np.full((n, 16, 2), -1)
    for i in range(n):
        if i:
            candidate = best[:i, :, None] + step[:i, i]  # (k, a, b)
            flat = candidate.reshape(i * 16, 16)
            arg = flat.argmax(0)
            value = flat[arg, np.arange(16)]
            better = value > best[i]
            best[i] = np.where(better, value, best[i])
            back[i, better] = np.stack(np.divmod(arg, 16), -1)[better]
    total = best + stop
    score = float(total.max())
    places = [-1] * n
    if score < all_rejected:
        return all_rejected, places
    i, b = (int(v) for v in np.unravel_index(total.argmax(), total.shape))
    while i >= 0:
        places[i] = b
        i, b = (int(v) for v in back[i, b])
    return score, places


def _marginals(lattice: tuple[np.ndarray, ...], all_rejected: float) -> np.ndarray:
    """Forward-backward: posterior (n, 16) that instance i stands on place b, under the same scores."""
    start, step, stop = lattice
    n = len(start)
    ahead, behind = start.copy(), stop.copy()
    for i in range(1, n):
        ahead[i] = np.logaddexp(ahead[i], _logsumexp(ahead[:i, :, None] + step[:i, i], axis=(0, 1)))
    for k in range(n - 2, -1, -1):
        behind[k] = np.logaddexp(behind[k], _logsumexp(step[k, k + 1 :] + behind[k + 1 :, None, :], axis=(0, 2)))
    total = np.logaddexp(_logsumexp(ahead + stop), all_rejected)
    return np.exp(ahead + behind - total)


def _solve(
    jaw: _JawPriors, emission: np.ndarray, reject: np.ndarray, points: np.ndarray, wider: np.ndarray
) -> tuple[float, list[int], np.ndarray]:
    lattice = _lattice(jaw, emission, reject, points, wider)
    none = float(reject.sum()) - jaw.end[-1]
    score, places = _best_path(lattice, none)
    return score, places, _marginals(lattice, none)


def number_teeth(
    probabilities: np.ndarray,
    centroids_ras: np.ndarray,
    volumes_mm3: np.ndarray,
    *,
    absent: Collection[int] = (),
    milk: bool | None = None,
    no_tooth: np.ndarray | None = None,
    unlike: np.ndarray | None = None,
) -> Numbering:
    """Give each of N tooth instances its FDI number, at most once per number.

    The result does not depend on the order of the instances.

    Parameters
    ----------
    probabilities : numpy.ndarray
        (N, 33), a network's mean class probabilities over each instance, in the order of `CLASS_FDI` (0 first), or
        (N, 53) with milk teeth, in that of `MIXED_CLASS_FDI`.
    centroids_ras : numpy.ndarray
        (N, 3), R, A, S mm; any head pose within about 45 degrees of the axes.
    volumes_mm3 : numpy.ndarray
        (N,), mm^3.
    absent : collection of int, optional
        FDI numbers of teeth known not to be there: no instance gets one of them, and their places may be empty at
        no cost. A milk tooth may still stand where its successor is absent.
    milk : bool, optional
        Whether it is a child: False gives permanent numbers only, True believes in milk teeth more readily. Without
        it the network decides. Nothing changes for (N, 33), which knows no milk teeth.
    no_tooth : numpy.ndarray, optional
        (N,) probability that the instance is no tooth, by another network than the class probabilities.
    unlike : numpy.ndarray, optional
        (N, N) mm, how unlike each other's mirror image the instances are (`counterparts.mirrored_distances`); not a
        number where it is not known. With it the two sides of a jaw are weighed against each other.

    Returns
    -------
    Numbering

    Raises
    ------
    ValueError
        For shapes that do not fit, numbers that are not finite, or an absent tooth that is none.

    Examples
    --------
    Three teeth at their mean places, of whose numbers the network is sure:

    >>> teeth = (12, 11, 21)
    >>> sure = np.eye(33)[[CLASS_FDI.index(fdi) for fdi in teeth]]
    >>> places = np.array([mean_dentition()[fdi] for fdi in teeth])
    >>> number_teeth(sure, places, np.full(3, 450.0)).fdi.tolist()
    [12, 11, 21]
    """
    p = np.asarray(probabilities, float)
    points, volumes = np.asarray(centroids_ras, float), np.asarray(volumes_mm3, float)
    n = len(p)
    if (
        p.ndim != 2
        or p.shape[1] not in (len(CLASS_FDI), len(MIXED_CLASS_FDI))
        or points.shape != (n, 3)
        or volumes.shape != (n,)
    ):
        raise ValueError(
            f"Numbering needs (N, 33) or (N, 53), (N, 3) and (N,); it got {p.shape}, {points.shape}, {volumes.shape}."
        )
    nothing = np.zeros(n) if no_tooth is None else np.asarray(no_tooth, float)
    if nothing.shape != (n,):
        raise ValueError(f"Numbering needs (N,) for what is no tooth; it got {nothing.shape}.")
    apart = np.full((n, n), np.nan) if unlike is None else np.asarray(unlike, float)
    if apart.shape != (n, n):
        raise ValueError(f"Numbering needs (N, N) for mirrored distances; it got {apart.shape}.")
    if not all(np.isfinite(a).all() for a in (p, points, volumes, nothing)):
        raise ValueError("Numbering needs finite probabilities, centroids and volumes.")
    if odd := sorted(set(absent) - {f for f in absent if is_tooth(f)}):
        raise ValueError(f"Absent teeth must be FDI numbers; {odd[0]} is none.")
    fdi, confidence, posterior, sides = np.zeros(n, np.uint8), np.zeros(n), np.zeros(n), np.zeros((n, 16))
    if n == 0:
        return Numbering(fdi, confidence, 0.0, (np.eye(3), np.zeros(3)), posterior, sides)
    # a canonical order first: sums and ties must not depend on how the instances were listed
    canon = np.lexsort((*points.T, volumes))
    p, points, volumes, nothing = _allowed(p[canon], absent, milk), points[canon], volumes[canon], nothing[canon]
    apart = apart[np.ix_(canon, canon)]

    sure = (1 - p[:, 0]) * (1 - np.clip(nothing, 0, 1))
    rotation, shift = fit_frame(_by_place(p), points, np.minimum(volumes, 600.0) * sure + 1e-6)
    local = points @ rotation.T + shift
    teeth = np.maximum(p[:, 1:], 1e-9)
    teeth = teeth / teeth.sum(1, keepdims=True)
    up = _by_place(teeth, 0)[:, :16].sum(1)
    odds = np.clip(np.log(up + 1e-3) - np.log(1 - up + 1e-3), -5, 5) + np.clip(local[:, 2] / 3.0, -2.5, 2.5)
    along = arch_parameter(local)
    out_fdi, out_confidence, out_posterior, total = np.zeros(n, np.uint8), np.zeros(n), np.zeros(n), 0.0
    for which, mine in (("upper", odds >= 0), ("lower", odds < 0)):
        index = np.nonzero(mine)[0]
        if len(index) == 0:
            continue
        index = index[np.argsort(along[index], kind="stable")]
        jaw = _without(_JAWS[which], absent)
        instances = _Instances(
            p[:, 0], nothing, teeth, points, volumes, along, *_emissions(jaw, teeth, absent, milk), apart
        )
        (score, places, marginal, added), index = _number_jaw(jaw, index, instances)
        total += score
        sides[canon[index]] = added
        for row, (i, place) in enumerate(zip(index, places, strict=True)):
            if place >= 0:
                number = (jaw.milk_fdi if instances.is_milk[i, place] else jaw.fdi)[place]
                out_fdi[i] = number
                said = teeth[i, MIXED_CLASS_FDI.index(number) - 1]
                side = 1 / (1 + np.exp(-abs(odds[i])))
                out_posterior[i] = marginal[row, place]
                out_confidence[i] = np.sqrt(marginal[row, place] * side * said)
    fdi[canon], confidence[canon] = out_fdi, np.clip(out_confidence, 0, 1)
    posterior[canon] = np.clip(out_posterior, 0, 1)
    return Numbering(fdi, confidence, total, (rotation, shift), posterior, sides)


def _allowed(p: np.ndarray, absent: Collection[int], milk: bool | None) -> np.ndarray:
    """Class probabilities with those of absent teeth (and of milk teeth, where there are none) spread over the others;
    background keeps its own, and so do milk teeth where nobody said that it is a child: that a permanent tooth is
    absent makes of an adult's premolar no milk tooth."""
    names = np.array(MIXED_CLASS_FDI[: p.shape[1]])
    gone = np.isin(names, list(absent)) | ((names > 50) & (milk is False))
    if not gone.any():
        return p
    teeth = np.where(gone, 0.0, np.maximum(p, 0.0))[:, 1:] + 1e-6 * ~gone[1:]
    takes = ~gone[1:] & ((names[1:] < 50) | bool(milk))
    kept = np.where(takes, 0.0, teeth)
    rest = np.maximum(p[:, 1:].sum(1, keepdims=True) - kept.sum(1, keepdims=True), 0.0)
    sums = np.maximum((teeth * takes).sum(1, keepdims=True), 1e-12)
    return np.concatenate([p[:, :1], kept + teeth * takes / sums * rest], 1)


def _by_place(p: np.ndarray, first: int = 1) -> np.ndarray:
    """Class probabilities with those of milk teeth added to the permanent teeth on their places.

    first: columns before the first tooth."""
    permanent = len(CLASS_FDI) - 1 + first
    if p.shape[1] == permanent:
        return p
    out = p[:, :permanent].copy()
    for k, fdi in enumerate(MIXED_CLASS_FDI[len(CLASS_FDI) :]):
        out[:, CLASS_FDI.index(fdi - 40) - 1 + first] += p[:, permanent + k]
    return out


@dataclass(frozen=True)
class _Instances:
    """What the lattice needs to know of N instances: background (N,), nothing (N,) probability of no tooth, teeth
    (N, 32 or 52), points (N, 3), volumes (N,), along (N,), score (N, 16) of standing on each place, is_milk (N, 16) as
    a milk tooth, unlike (N, N) mm each other's mirror image, NaN where not known."""

    background: np.ndarray
    nothing: np.ndarray
    teeth: np.ndarray
    points: np.ndarray
    volumes: np.ndarray
    along: np.ndarray
    score: np.ndarray
    is_milk: np.ndarray
    unlike: np.ndarray


def _emissions(
    jaw: _JawPriors, teeth: np.ndarray, absent: Collection[int], milk: bool | None
) -> tuple[np.ndarray, np.ndarray]:
    """(N, 16) log-score of each instance on each place, and where it is better as a milk tooth."""
    permanent = np.log(np.maximum(teeth[:, jaw.classes - 1], _FLOOR))
    permanent[:, np.isin(jaw.fdi, list(absent))] = -np.inf
    if teeth.shape[1] < len(MIXED_CLASS_FDI) - 1 or milk is False:
        return permanent, np.zeros(permanent.shape, bool)
    floor, cost = (_FLOOR, 0.0) if milk else (_MILK_FLOOR, _MILK)
    as_milk = np.log(np.maximum(teeth[:, jaw.milk_classes - 1], floor)) - cost
    as_milk[:, np.isin(jaw.milk_fdi, [0, *absent])] = -np.inf
    return np.maximum(permanent, as_milk), as_milk > permanent


def _number_jaw(jaw: _JawPriors, index: np.ndarray, given: _Instances) -> tuple[Solution, np.ndarray]:
    """Number one jaw's instances; `index` in arch order, returned in that of the solution: of two that nearly share a
    place in crowding both orders are tried."""
    tooth = 1 - np.clip(given.nothing, 0, 1)
    doubt = (1 - np.clip(given.background, 0, 0.95)) * tooth**_DOUBT_POWER
    reject_all = -_REJECT * doubt * np.clip(given.volumes / 150.0, 0.15, 1.0)
    score_all = given.score + np.log(np.maximum(tooth, _FLOOR))[:, None]
    wider = np.where(given.is_milk, jaw.milk_wider, 0.0)

    def solve(order: np.ndarray) -> Solution:
        found = _solve(jaw, score_all[order], reject_all[order], given.points[order], wider[order])
        return Solution(*found, np.zeros((len(order), 16)))

    best = solve(index)
    for k in range(len(index) - 1):
        if abs(given.along[index[k + 1]] - given.along[index[k]]) <= 3.0:
            swapped = index.copy()
            swapped[[k, k + 1]] = swapped[[k + 1, k]]
            other = solve(swapped)
            if other.score > best.score + 1e-9:
                best, index = other, swapped
    unlike = given.unlike[np.ix_(index, index)]
    if np.isnan(unlike).all():
        return best, index
    # what is a tooth was decided before: a crown unlike its counterpart may be another tooth, but not none
    reject = np.where(np.asarray(best.places) >= 0, _NEVER, reject_all[index])

    def weighed(added: np.ndarray) -> Solution:
        return Solution(*_solve(jaw, score_all[index] + added, reject, given.points[index], wider[index]), added)

    return weigh_sides(weighed, best, unlike), index
