"""How well a predicted dentition agrees with a reference: overlap, boundaries, numbers, counts, topology.

All scores are shares between 0 and 1 (`acs` can fall below 0), higher is better except for `cer`. A score
that is undefined (nothing to measure) is None, never a silent 0 or 1. The formulas are those of the topology-
constrained quantised nnU-Net paper where named so (TCA, ACS, CER, BF1), and of DeepMind's surface-distance
for NSD.

Boundary elements: every grid corner whose 2x2x2 voxels are partly inside the tooth is one boundary element.
Its position is the corner, as in surface-distance; its weight is the area of the surface inside that 2x2x2
cell, estimated as |mean gradient of the mask| x cell volume (surface-distance reads it from a marching-cubes
table). The estimate is exact on flat faces and larger at corners, so NSD comes out slightly lower: by up to
0.005 on tooth-like shapes with voxels up to 0.5 mm, up to 0.02 with 1 mm voxels. NSD weights elements by area,
BF1 counts them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...files.volumes.boxes import Box, tooth_boxes, union
from ..topology import adjacency, betti_numbers

if TYPE_CHECKING:
    from ...files.volumes import Volume

#: Distance within which two boundaries count as the same, mm: the usual tolerance for teeth in CBCT.
BOUNDARY_TOLERANCE_MM = 0.5
#: Overlap from which a reference tooth counts as found.
DETECTION_IOU = 0.5


# ---------------------------------------------------------------- overlap


def overlap_counts(pred: Volume, ref: Volume) -> dict[tuple[int, int], int]:
    """Voxels per pair {(predicted FDI, reference FDI): count}, over voxels where either is a tooth."""
    pred_boxes, ref_boxes = tooth_boxes(pred.array), tooth_boxes(ref.array)
    boxes = [*pred_boxes.values(), *ref_boxes.values()]
    if not boxes:
        return {}
    around = union(boxes)
    p, r = pred.array[around].ravel(), ref.array[around].ravel()
    tooth = (p != 0) | (r != 0)
    # FDI numbers are below 100, so a pair fits one small integer
    counts = np.bincount(p[tooth].astype(np.int64) * 100 + r[tooth])
    return {divmod(int(i), 100): int(counts[i]) for i in np.flatnonzero(counts)}


def _sizes(overlaps: dict[tuple[int, int], int], side: int) -> dict[int, int]:
    sizes: dict[int, int] = {}
    for pair, n in overlaps.items():
        if pair[side]:
            sizes[pair[side]] = sizes.get(pair[side], 0) + n
    return sizes


def per_tooth_dice(pred: Volume, ref: Volume) -> dict[int, float]:
    """Dice = 2 |P and R| / (|P| + |R|) of every tooth in either map, by FDI; 0 when only one map has it."""
    overlaps = overlap_counts(pred, ref)
    return _per_tooth(overlaps, lambda both, p, r: 2 * both / (p + r))


def per_tooth_iou(pred: Volume, ref: Volume) -> dict[int, float]:
    """IoU = |P and R| / |P or R| of every tooth in either map, by FDI; 0 when only one map has it."""
    overlaps = overlap_counts(pred, ref)
    return _per_tooth(overlaps, lambda both, p, r: both / (p + r - both))


def _per_tooth(overlaps: dict[tuple[int, int], int], score) -> dict[int, float]:
    p, r = _sizes(overlaps, 0), _sizes(overlaps, 1)
    return {fdi: score(overlaps.get((fdi, fdi), 0), p.get(fdi, 0), r.get(fdi, 0)) for fdi in sorted({*p, *r})}


# ---------------------------------------------------------------- boundaries


@lru_cache(maxsize=16)
def _element_areas(spacing_zyx: tuple[float, float, float]) -> np.ndarray:
    """(256,) surface area in mm^2 inside a 2x2x2 cell by its bit pattern (bit 4z + 2y + x)."""
    corners = (np.arange(256)[:, None] >> np.arange(8) & 1).reshape(256, 2, 2, 2).astype(float)
    gradient = np.stack(
        [
            (corners.take(1, axis) - corners.take(0, axis)).mean(axis=(1, 2)) / s
            for axis, s in zip((1, 2, 3), spacing_zyx, strict=True)
        ],
        axis=-1,
    )
    areas = np.linalg.norm(gradient, axis=-1) * float(np.prod(spacing_zyx))
    # Symmetric patterns (a sheet or a diagonal inside one cell) have no mean gradient but still are boundary
    smallest = areas[areas > 1e-9].min()
    areas[1:255] = np.maximum(areas[1:255], smallest)
    return areas


def boundary_elements(mask: np.ndarray, spacing_zyx: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Boundary elements of a 3D mask: (n, 3) zyx positions in mm from voxel (0, 0, 0), (n,) areas in mm^2."""
    padded = np.pad(mask, 1).astype(np.uint8)
    code = np.zeros(tuple(n - 1 for n in padded.shape), np.uint8)
    for bit in range(8):
        z, y, x = bit >> 2 & 1, bit >> 1 & 1, bit & 1
        code |= padded[z : z + code.shape[0], y : y + code.shape[1], x : x + code.shape[2]] << np.uint8(bit)
    where = np.nonzero((code != 0) & (code != 255))
    positions = (np.stack(where, axis=-1) - 0.5) * np.asarray(spacing_zyx)
    return positions, _element_areas(tuple(spacing_zyx))[code[where]]


class _Boundary:
    """The boundary elements of one tooth in mm of the grid, ready to be searched."""

    def __init__(self, labels: Volume, fdi: int, box: Box) -> None:
        from scipy.spatial import cKDTree

        spacing = tuple(float(s) for s in labels.spacing[::-1])
        positions, self.areas = boundary_elements(labels.array[box] == fdi, spacing)
        self.positions = positions + np.array([s.start for s in box]) * spacing
        self.tree = cKDTree(self.positions)

    def near(self, other: _Boundary, tolerance_mm: float) -> np.ndarray:
        """(n,) bool: which of these elements lie within the tolerance of the other boundary."""
        limit = tolerance_mm + 1e-6  # a distance of exactly the tolerance counts as within
        return np.isfinite(other.tree.query(self.positions, distance_upper_bound=limit)[0])


def _surface_scores(pred: _Boundary, ref: _Boundary, tolerance_mm: float) -> tuple[float, float]:
    """(NSD, BF1) of two boundaries."""
    p, r = pred.near(ref, tolerance_mm), ref.near(pred, tolerance_mm)
    nsd_value = (pred.areas[p].sum() + ref.areas[r].sum()) / (pred.areas.sum() + ref.areas.sum())
    precision, recall = p.mean(), r.mean()
    bf1_value = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    return float(nsd_value), float(bf1_value)


def _surfaces(pred: Volume, ref: Volume, tolerance_mm: float) -> dict[int, tuple[float, float]]:
    """(NSD, BF1) of every tooth in either map, by FDI number; zeros when only one has it."""
    boxes = tooth_boxes(pred.array), tooth_boxes(ref.array)
    scores: dict[int, tuple[float, float]] = {}
    for fdi in sorted({*boxes[0], *boxes[1]}):
        if fdi in boxes[0] and fdi in boxes[1]:
            boundaries = [_Boundary(v, fdi, b[fdi]) for v, b in zip((pred, ref), boxes, strict=True)]
            scores[fdi] = _surface_scores(*boundaries, tolerance_mm)
        else:
            scores[fdi] = (0.0, 0.0)
    return scores


def nsd(pred: Volume, ref: Volume, tolerance_mm: float = BOUNDARY_TOLERANCE_MM) -> dict[int, float]:
    """Normalised surface Dice per tooth: the share of both surfaces' area within the tolerance of the other.

    NSD = (area of P's boundary within t of R's + area of R's within t of P's) / (area of both). Source:
    Nikolov et al. 2021, "surface Dice similarity coefficient"; boundary elements as the module's docstring
    says.
    """
    return {fdi: score[0] for fdi, score in _surfaces(pred, ref, tolerance_mm).items()}


def bf1(pred: Volume, ref: Volume, tolerance_mm: float = BOUNDARY_TOLERANCE_MM) -> dict[int, float]:
    """Boundary F1 per tooth: harmonic mean of boundary precision and recall, elements counted."""
    return {fdi: score[1] for fdi, score in _surfaces(pred, ref, tolerance_mm).items()}


# ---------------------------------------------------------------- finding and numbering teeth


def identification(pred: Volume, ref: Volume, iou: float = DETECTION_IOU) -> dict[str, Any]:
    """Which reference teeth were found, whatever their number, and which got the right one.

    Predicted and reference teeth (one instance per label) are matched one to one by greatest IoU >= `iou`.
    Returns "matches" {reference FDI: predicted FDI or None}, "detection_precision" (matched / predicted),
    "detection_recall" (matched / reference), "detection_f1", "identification_accuracy" (right number /
    matched).
    """
    return _identification(overlap_counts(pred, ref), iou)


def _identification(overlaps: dict[tuple[int, int], int], iou: float) -> dict[str, Any]:
    p, r = _sizes(overlaps, 0), _sizes(overlaps, 1)
    scored = [(both / (p[a] + r[b] - both), a, b) for (a, b), both in overlaps.items() if a and b]
    matches: dict[int, int | None] = dict.fromkeys(sorted(r))
    taken: set[int] = set()
    for value, a, b in sorted(scored, key=lambda s: (-s[0], s[1], s[2])):
        if value >= iou and a not in taken and matches[b] is None:
            matches[b] = a
            taken.add(a)
    right = sum(a == b for b, a in matches.items())
    return {
        "matches": matches,
        "detection_precision": len(taken) / len(p) if p else None,
        "detection_recall": len(taken) / len(r) if r else None,
        "detection_f1": 2 * len(taken) / (len(p) + len(r)) if p or r else None,
        "identification_accuracy": right / len(taken) if taken else None,
    }


# ---------------------------------------------------------------- counts and topology of a dentition


def tca(pred: Volume, ref: Volume) -> float:
    """Tooth count accuracy of one scan: 1.0 when both maps hold equally many teeth (labels), else 0.0."""
    return float(len(tooth_boxes(pred.array)) == len(tooth_boxes(ref.array)))


def acs(pred: Volume, ref: Volume) -> float | None:
    """Adjacency consistency score, 1 - |A_S symmetric-difference A_M| / |A_M|; None when A_M is empty.

    A = pairs of neighbouring teeth, see `topology.adjacency`. Not clamped: below 0 when most pairs are wrong.
    """
    predicted, true = adjacency(pred), adjacency(ref)
    return 1 - len(predicted ^ true) / len(true) if true else None


def cer(pred: Volume, ref: Volume, voids: bool = False) -> float | None:
    """Cavity error rate: the share of reference teeth whose b1 differs in the prediction (paper's formula).

    The paper calls b1 "cavities"; in 3D b1 counts tunnels, so `voids=True` asks for b1 and b2 to agree. A
    reference tooth that the prediction lacks counts as an error (by the bare formula a missed tooth without
    tunnels would count as right). None when the reference has no teeth.
    """
    return _cer(_betti_by_tooth(pred), _betti_by_tooth(ref), voids)


def _betti_by_tooth(labels: Volume) -> dict[int, tuple[int, int, int]]:
    boxes = tooth_boxes(labels.array)
    return {fdi: betti_numbers(labels.array[box] == fdi) for fdi, box in sorted(boxes.items())}


def _cer(pred: dict[int, tuple], ref: dict[int, tuple], voids: bool) -> float | None:
    if not ref:
        return None
    last = 3 if voids else 2
    return sum(fdi not in pred or pred[fdi][1:last] != b[1:last] for fdi, b in ref.items()) / len(ref)


# ---------------------------------------------------------------- how far confidences can be believed


def expected_calibration_error(confidence: Iterable[float], correct: Iterable[bool], bins: int = 10) -> float:
    """ECE = sum_b n_b / n |share correct in b - mean confidence in b| over bins of equal width; 0 is best.

    Bin b holds confidences in (b / bins, (b + 1) / bins], the first one 0 as well. Source: Guo et al. 2017, "On
    calibration of modern neural networks", equation 3. Raises `InputError`: nothing given, lengths that differ,
    values outside 0..1, bins < 1.
    """
    rows = reliability(confidence, correct, bins)
    total = sum(row["count"] for row in rows)
    return float(sum(row["count"] / total * abs(row["correct"] - row["confidence"]) for row in rows))


def reliability(confidence: Iterable[float], correct: Iterable[bool], bins: int = 10) -> list[dict[str, float]]:
    """The bins of `expected_calibration_error` that hold anything: "low", "high", "count", mean "confidence", share
    "correct". Raises as it does."""
    p, right = _confidences(confidence, correct)
    if bins < 1:
        raise InputError(f"Confidences cannot be sorted into {bins} bins: at least one is needed.")
    edges = np.linspace(0, 1, bins + 1)
    where = np.clip(np.searchsorted(edges, p, side="left") - 1, 0, bins - 1)
    rows = []
    for b in np.unique(where):
        mine = where == b
        rows.append(
            {
                "low": float(edges[b]),
                "high": float(edges[b + 1]),
                "count": int(mine.sum()),
                "confidence": float(p[mine].mean()),
                "correct": float(right[mine].mean()),
            }
        )
    return rows


def brier_score(confidence: Iterable[float], correct: Iterable[bool]) -> float:
    """Mean of (confidence - correct)^2, 0 is best (Brier 1950). Raises as `expected_calibration_error`."""
    p, right = _confidences(confidence, correct)
    return float(np.mean((p - right) ** 2))


def auroc(confidence: Iterable[float], correct: Iterable[bool]) -> float | None:
    """Probability that a correct one has a higher confidence than a wrong one, ties count half; None if all are alike.

    Area under the ROC curve as the Mann-Whitney statistic. Raises as `expected_calibration_error`."""
    p, right = _confidences(confidence, correct)
    high, low = p[right > 0], np.sort(p[right == 0])
    if len(high) == 0 or len(low) == 0:
        return None
    below, upto = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
    return float((below + upto).sum() / 2 / len(high) / len(low))


def _confidences(confidence: Iterable[float], correct: Iterable[bool]) -> tuple[np.ndarray, np.ndarray]:
    p, right = np.array(list(confidence), float), np.array(list(correct), float)
    if len(p) == 0 or p.shape != right.shape:
        raise InputError(f"{len(p)} confidences and {len(right)} answers: as many of each are needed, at least one.")
    if not ((p >= 0) & (p <= 1)).all():  # NaN is outside, too
        raise InputError("A confidence lies outside 0..1, so it is no probability.")
    return p, right


# ---------------------------------------------------------------- everything at once


def evaluate_pair(
    pred: Volume, ref: Volume, tolerance_mm: float = BOUNDARY_TOLERANCE_MM, iou: float = DETECTION_IOU
) -> dict[str, Any]:
    """All scores of one predicted label map against its reference, both FDI on the same grid; JSON-ready.

    Means ("dice", "iou", "nsd", "bf1") run over the reference teeth, a missed or misnumbered one counts 0;
    "dice_all" also counts every invented tooth as 0; "tooth_dice" ignores numbers (tooth against background).
    "teeth" holds the scores of each tooth in either map, by FDI number as text.
    Raises `InputError` when the grids differ, a map is no FDI label map, or the reference holds no teeth.
    """
    if not pred.same_grid(ref):
        raise InputError(
            f"{pred.name} and {ref.name} are not on the same grid "
            f"({_grid_text(pred)} against {_grid_text(ref)}): resample one onto the other first."
        )
    overlaps = overlap_counts(pred, ref)
    p, r = _sizes(overlaps, 0), _sizes(overlaps, 1)
    if not r:
        raise InputError(f"The reference {ref.name} holds no teeth, so there is nothing to compare with.")
    dice = _per_tooth(overlaps, lambda both, a, b: 2 * both / (a + b))
    jaccard = _per_tooth(overlaps, lambda both, a, b: both / (a + b - both))
    surfaces = _surfaces(pred, ref, tolerance_mm)
    betti_pred, betti_ref = _betti_by_tooth(pred), _betti_by_tooth(ref)
    found = _identification(overlaps, iou)
    matches = found.pop("matches")
    inside = sum(n for (a, b), n in overlaps.items() if a and b)
    return {
        "pred": pred.name,
        "ref": ref.name,
        "tolerance_mm": tolerance_mm,
        "detection_iou": iou,
        "count_pred": len(p),
        "count_ref": len(r),
        "missed": sorted(b for b, a in matches.items() if a is None),
        "misnumbered": {str(b): a for b, a in matches.items() if a not in (None, b)},
        "invented": sorted(set(p) - {a for a in matches.values() if a is not None}),
        "dice": _mean(dice[fdi] for fdi in r),
        "dice_all": _mean(dice.values()),
        "tooth_dice": 2 * inside / (sum(p.values()) + sum(r.values())),
        "iou": _mean(jaccard[fdi] for fdi in r),
        "nsd": _mean(surfaces[fdi][0] for fdi in r),
        "bf1": _mean(surfaces[fdi][1] for fdi in r),
        **found,
        "tca": float(len(p) == len(r)),
        "acs": acs(pred, ref),
        "cer": _cer(betti_pred, betti_ref, voids=False),
        "cer_with_voids": _cer(betti_pred, betti_ref, voids=True),
        "teeth": {
            str(fdi): {
                "dice": dice[fdi],
                "iou": jaccard[fdi],
                "nsd": surfaces[fdi][0],
                "bf1": surfaces[fdi][1],
                "in_pred": fdi in p,
                "in_ref": fdi in r,
                "predicted_as": matches.get(fdi),
                "betti_pred": list(betti_pred.get(fdi, (0, 0, 0))),
                "betti_ref": list(betti_ref.get(fdi, (0, 0, 0))),
            }
            for fdi in dice
        },
    }


def _grid_text(volume: Volume) -> str:
    size = " x ".join(str(n) for n in volume.array.shape[::-1])
    spacing = " x ".join(f"{s:g}" for s in volume.spacing)
    return f"{size} voxels of {spacing} mm"


def _mean(values: Iterable[float | None]) -> float | None:
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


_AVERAGED = (
    "dice",
    "dice_all",
    "tooth_dice",
    "iou",
    "nsd",
    "bf1",
    "detection_precision",
    "detection_recall",
    "detection_f1",
    "identification_accuracy",
    "tca",
    "acs",
    "cer",
    "cer_with_voids",
)


def aggregate(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Means over scans of `evaluate_pair` results, each scan weighted alike; undefined scores are left out.

    "tca" becomes the share of scans with the right tooth count. "teeth" holds the mean Dice, NSD and the
    number of scans of every tooth over the scans whose reference has it. "scans" is the number of results.
    Raises `InputError` on an empty list.
    """
    if not results:
        raise InputError("There are no results to average: evaluate at least one pair of label maps.")
    summary: dict[str, Any] = {"scans": len(results)}
    summary.update({key: _mean(result[key] for result in results) for key in _AVERAGED})
    teeth: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        for fdi, scores in result["teeth"].items():
            if scores["in_ref"]:
                teeth.setdefault(fdi, []).append(scores)
    summary["teeth"] = {
        fdi: {
            "scans": len(scores),
            **{key: _mean(s[key] for s in scores) for key in ("dice", "iou", "nsd", "bf1")},
        }
        for fdi, scores in sorted(teeth.items())
    }
    return summary
