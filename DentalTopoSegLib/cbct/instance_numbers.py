"""From instances to numbered teeth: which can be teeth, their numbers, and what speaks for each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np

from ..dentition import CLASS_FDI, Stated, ToothEvidence
from ..dentition.counterparts import weighed_classes
from ..dentition.numbering import Numbering, number_teeth
from ..files.volumes import Volume
from .confidence import DOUBTFUL, FEATURES, Evidence, features_of
from .crown_shapes import unlike_crowns
from .instances import ISLAND_MM3, Instances
from .joining import join_rejected
from .region import DentalRegion, near_arch

_SURELY_TOOTH = 0.55  # mean tooth probability of an instance the coarse map may doubt
_BACKGROUND = (0.5, 0.97)  # share of background votes: above the first it must be surely tooth, above the second never
_CLEARLY = (
    0.85,
    150.0,
)  # mean tooth probability and mm^3 from which an instance is a tooth, whatever the coarse map says
_CLEAR_BACKGROUND = 0.5  # what its background vote counts as then, at most: the coarse map may have overlooked it
_OWN_SHARE = 0.6  # of its votes for a number that nobody has: a clear tooth outside the row gets it
_LEAST_TOOTH_MM3 = 60.0  # a smaller instance is a crumb, unless the scan's edge cuts it
_WORTH_A_WORD_MM3 = 60.0  # an object this large that got no number is named to the user
_NAMED = 4  # of them, the largest
_NOTHING = Stated()


@dataclass(frozen=True)
class NumberedTeeth:
    """Labels and what is known of each tooth.

    labels: uint8 FDI (z, y, x) on the fine grid. scores: FDI -> 0..1, the numbering's own. features: FDI -> what the
    confidence is computed from, by name. notes: sentences about objects left out. evidence: FDI -> what its number was
    found from.
    """

    labels: np.ndarray
    scores: dict[int, float] = field(default_factory=dict)
    features: dict[int, dict[str, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    evidence: dict[int, ToothEvidence] = field(default_factory=dict)


@dataclass(frozen=True)
class _Measures:
    """Per instance (N,): centroids (N, 3) RAS mm, volumes mm^3, mean tooth probability, share of doubtful voxels."""

    centroids: np.ndarray
    volumes: np.ndarray
    surely: np.ndarray
    doubtful: np.ndarray


def number_instances(
    found: Instances, tooth: np.ndarray, grid: Volume, region: DentalRegion, stated: Stated = _NOTHING
) -> NumberedTeeth:
    """Give every plausible instance its FDI number; rejected pieces join the tooth they touch.

    Parameters
    ----------
    found : Instances
        On grid.
    tooth : numpy.ndarray
        uint8 (z, y, x), probability of tooth on grid, 255 = certain.
    grid : Volume
        The fine upright grid.
    region : DentalRegion
        Where the dentition is.
    stated : Stated
        What the clinician knows: absent teeth get no number.

    Returns
    -------
    NumberedTeeth
    """
    from scipy import ndimage

    if len(found) == 0:
        return NumberedTeeth(np.zeros(grid.array.shape, np.uint8))
    measures = _measure(found, tooth, grid)
    plausible = _plausible(found, measures, region)
    votes, centroids, volumes = found.votes[plausible], measures.centroids[plausible], measures.volumes[plausible]
    clear = _clear(measures)[plausible]
    votes[clear, 0] = np.minimum(votes[clear, 0], _CLEAR_BACKGROUND)
    unlike = unlike_crowns(found.labels, plausible, grid, votes, centroids, volumes)
    row = number_teeth(votes, centroids, volumes, absent=stated.absent, milk=stated.milk, unlike=unlike)
    result = _with_teeth_outside_the_row(row, votes, clear, stated.absent)
    fdi = np.zeros(len(found) + 1, np.uint8)
    fdi[plausible + 1] = result.fdi
    joined = join_rejected(found, fdi, measures.volumes, ndimage.find_objects(found.labels))
    labels = fdi[found.labels]
    scores = {int(f): round(float(c), 4) for f, c in zip(result.fdi, result.confidence, strict=True) if f}
    features = _features(found, fdi, measures, plausible, result, labels)
    lost = [
        int(k)
        for k in plausible
        if fdi[k + 1] == 0
        and measures.volumes[k] >= _WORTH_A_WORD_MM3
        and found.votes[k, 0] < _BACKGROUND[0]
        and not joined[k]
    ]
    evidence = {  # what stands outside the row keeps its number when the row is numbered again
        int(f): ToothEvidence.of(*basis)
        for f, *basis in zip(row.fdi, weighed_classes(votes, row.fdi, row.sides), centroids, volumes, strict=True)
        if f
    }
    return NumberedTeeth(labels, scores, features, _notes(lost, measures), evidence)


def _measure(found: Instances, tooth: np.ndarray, grid: Volume) -> _Measures:
    flat = np.flatnonzero(found.labels)
    ids = found.labels.reshape(-1)[flat].astype(np.int64)

    def per_instance(weights: np.ndarray | None = None) -> np.ndarray:
        return np.bincount(ids, weights=weights, minlength=len(found) + 1)[1:]

    number = per_instance().astype(float)
    count = np.maximum(number, 1)
    index = np.stack([per_instance(c) for c in np.unravel_index(flat, grid.array.shape)], 1)
    inside = tooth.reshape(-1)[flat]
    return _Measures(
        centroids=grid.index_to_ras(index / count[:, None]),
        volumes=number * grid.voxel_volume_mm3,
        surely=per_instance(inside / 255.0) / count,
        doubtful=per_instance(inside < DOUBTFUL) / count,
    )


def _plausible(found: Instances, measures: _Measures, region: DentalRegion) -> np.ndarray:
    """Indices of the instances that can be teeth: large and sure enough, and near the arch."""
    background = found.votes[:, 0]
    sure = (measures.surely >= _SURELY_TOOTH) | (background < _BACKGROUND[0])
    near_teeth = (background < _BACKGROUND[1]) | _clear(measures)
    cut = at_edge(found.labels)[1 : len(found) + 1]
    large = measures.volumes >= np.where(cut, ISLAND_MM3, _LEAST_TOOTH_MM3)
    index = np.nonzero(large & sure & near_teeth)[0]
    return index[near_arch(found.votes[index], measures.centroids[index], region.origin)]


def _with_teeth_outside_the_row(
    result: Numbering, votes: np.ndarray, clear: np.ndarray, absent: Collection[int]
) -> Numbering:
    """Give clear teeth that the row had no place for, impacted ones above all, the number their votes agree on, if
    nobody has it. The row does not speak for them: their posterior stays 0, so the confidence doubts them."""
    fdi, confidence = result.fdi.copy(), result.confidence.copy()
    teeth = votes[:, 1:] / np.maximum(votes[:, 1:].sum(1, keepdims=True), 1e-9)
    outside = np.nonzero((fdi == 0) & clear)[0]
    for k in outside[np.argsort(-teeth[outside].max(1), kind="stable")]:
        number, share = CLASS_FDI[1 + int(teeth[k].argmax())], float(teeth[k].max())
        if share >= _OWN_SHARE and number not in fdi and number not in absent:
            fdi[k], confidence[k] = number, share * (1 - votes[k, 0])
    return replace(result, fdi=fdi, confidence=confidence)


def _clear(measures: _Measures) -> np.ndarray:
    """(N,) bool: what the border network is sure of is a tooth, also where the coarse network sees none: behind an
    absent neighbour, impacted, beside an implant."""
    return (measures.surely >= _CLEARLY[0]) & (measures.volumes >= _CLEARLY[1])


def _features(
    found: Instances,
    fdi: np.ndarray,
    measures: _Measures,
    plausible: np.ndarray,
    result: Numbering,
    labels: np.ndarray,
) -> dict[int, dict[str, float]]:
    """`FEATURES` of every numbered tooth; fdi (N + 1,) as joined, labels made from it."""
    kept = np.nonzero(result.fdi)[0]
    mine, given = plausible[kept], result.fdi[kept]
    rotation, shift = result.frame
    values = features_of(
        Evidence(
            fdi=given,
            posterior=result.posterior[kept],
            votes=found.votes[mine],
            volume_mm3=np.bincount(fdi[1:], weights=measures.volumes, minlength=256)[given],  # with what was joined
            doubtful=measures.doubtful[mine],
            local_mm=measures.centroids[mine] @ rotation.T + shift,
            at_edge=at_edge(labels)[given],
        )
    )
    return {int(f): dict(zip(FEATURES, map(float, row), strict=True)) for f, row in zip(given, values, strict=True)}


def _notes(lost: list[int], measures: _Measures) -> list[str]:
    if not lost:
        return []
    places = "; ".join(
        f"{measures.volumes[k]:.0f} mm^3 at R {r:.0f}, A {a:.0f}, S {s:.0f} mm"
        for k in sorted(lost, key=lambda k: -measures.volumes[k])[:_NAMED]
        for r, a, s in (measures.centroids[k],)
    )
    return [
        f"{len(lost)} tooth-like object(s) got no number ({places}): extra teeth, pieces of a neighbour, or no teeth."
    ]


def at_edge(labels: np.ndarray) -> np.ndarray:
    """Bool by number (256, or as many as there are): which numbers of a label map reach one of its outermost two
    planes. The dental box ends that near to a tooth only where the scan ends."""
    found = np.zeros(max(256, int(labels.max(initial=0)) + 1), bool)
    for axis in range(3):
        planes = np.moveaxis(labels, axis, 0)
        for outer in (planes[:2], planes[-2:]):
            found[outer] = True
    found[0] = False
    return found
