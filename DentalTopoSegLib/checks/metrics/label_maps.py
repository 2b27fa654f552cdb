"""How well a predicted dentition agrees with a reference: overlap, boundaries, numbers, counts, topology.

All scores are shares between 0 and 1 (`acs` can fall below 0), higher is better except for `cer`. A score
that is undefined (nothing to measure) is None, never a silent 0 or 1. The formulas are those of the topology-
constrained quantised nnU-Net paper where named so (TCA, ACS, CER, BF1), and of DeepMind's surface-distance
for NSD.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import InputError
from ...files.volumes import common_grid, placed_on
from ...files.volumes.boxes import tooth_boxes, union
from ..topology import adjacency, betti_numbers
from .boundaries import BOUNDARY_TOLERANCE_MM, surface_scores
from .overlap import DETECTION_IOU, Overlaps, count_pairs, dice, iou, mean, sizes
from .structures import structure_scores

if TYPE_CHECKING:
    from ...files.volumes import Volume


def overlap_counts(pred: Volume, ref: Volume) -> Overlaps:
    """Voxels per pair {(predicted FDI, reference FDI): count}, over voxels where either is a tooth."""
    pred_boxes, ref_boxes = tooth_boxes(pred.array), tooth_boxes(ref.array)
    boxes = [*pred_boxes.values(), *ref_boxes.values()]
    if not boxes:
        return {}
    around = union(boxes)
    return count_pairs(pred.array[around], ref.array[around])


def per_tooth_dice(pred: Volume, ref: Volume) -> dict[int, float]:
    """Dice = 2 |P and R| / (|P| + |R|) of every tooth in either map, by FDI; 0 when only one map has it."""
    return _per_tooth(overlap_counts(pred, ref), dice)


def per_tooth_iou(pred: Volume, ref: Volume) -> dict[int, float]:
    """IoU = |P and R| / |P or R| of every tooth in either map, by FDI; 0 when only one map has it."""
    return _per_tooth(overlap_counts(pred, ref), iou)


def _per_tooth(overlaps: Overlaps, score: Callable[[float, float, float], float]) -> dict[int, float]:
    p, r = sizes(overlaps, 0), sizes(overlaps, 1)
    return {fdi: score(overlaps.get((fdi, fdi), 0), p.get(fdi, 0), r.get(fdi, 0)) for fdi in sorted({*p, *r})}


def identification(pred: Volume, ref: Volume, least_iou: float = DETECTION_IOU) -> dict[str, Any]:
    """Which reference teeth were found, whatever their number, and which got the right one.

    Predicted and reference teeth (one instance per label) are matched one to one by greatest IoU >= `least_iou`.
    Returns "matches" {reference FDI: predicted FDI or None}, "detection_precision" (matched / predicted),
    "detection_recall" (matched / reference), "detection_f1", "identification_accuracy" (right number /
    matched).
    """
    return _identification(overlap_counts(pred, ref), least_iou)


def _identification(overlaps: Overlaps, least_iou: float) -> dict[str, Any]:
    p, r = sizes(overlaps, 0), sizes(overlaps, 1)
    scored = [(iou(both, p[a], r[b]), a, b) for (a, b), both in overlaps.items() if a and b]
    matches: dict[int, int | None] = dict.fromkeys(sorted(r))
    taken: set[int] = set()
    for value, a, b in sorted(scored, key=lambda s: (-s[0], s[1], s[2])):
        if value >= least_iou and a not in taken and matches[b] is None:
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


def _placed(part: Volume, grid: Volume) -> Volume:
    placed = placed_on(part, grid)
    assert placed is not None  # the grid is around it
    return placed


def _betti_by_tooth(labels: Volume) -> dict[int, tuple[int, int, int]]:
    boxes = tooth_boxes(labels.array)
    return {fdi: betti_numbers(labels.array[box] == fdi) for fdi, box in sorted(boxes.items())}


def _cer(pred: dict[int, tuple], ref: dict[int, tuple], voids: bool) -> float | None:
    if not ref:
        return None
    last = 3 if voids else 2
    return sum(fdi not in pred or pred[fdi][1:last] != b[1:last] for fdi, b in ref.items()) / len(ref)


def evaluate_pair(
    pred: Volume,
    ref: Volume,
    tolerance_mm: float = BOUNDARY_TOLERANCE_MM,
    least_iou: float = DETECTION_IOU,
    structures: tuple[Volume | None, Volume | None] = (None, None),
) -> dict[str, Any]:
    """All scores of one predicted label map against its reference.

    Parameters
    ----------
    pred, ref : Volume
        FDI label maps on the same grid; or on boxes of one grid, as DICOM segmentations are: what lies outside of a
        box is background then.
    tolerance_mm : float
        Within which two boundaries count as the same.
    least_iou : float
        From which overlap on a reference tooth counts as found.
    structures : tuple of Volume or None
        What lies around the teeth in the two maps: adds "structures", `structures.structure_scores`, where the
        reference has any.

    Returns
    -------
    dict
        JSON-ready. Means ("dice", "iou", "nsd", "bf1") run over the reference teeth, a missed or misnumbered one
        counts 0; "dice_all" also counts every invented tooth as 0; "tooth_dice" ignores numbers (tooth against
        background). "teeth" holds the scores of each tooth in either map, by FDI number as text.

    Raises
    ------
    InputError
        When the grids differ, a map is no FDI label map, or the reference holds no teeth.
    """
    if not pred.same_grid(ref):
        # a box of a scan is smaller than the scan: as large, and elsewhere, it has lost its place
        grid = common_grid(pred, ref) if pred.shape != ref.shape else None
        if grid is None:
            raise InputError(
                f"{pred.name} and {ref.name} are not on the same grid "
                f"({_difference(pred, ref)}): resample one onto the other first."
            )
        pred, ref = _placed(pred, grid), _placed(ref, grid)
        first, second = structures
        structures = (first and _placed(first, grid), second and _placed(second, grid))
    overlaps = overlap_counts(pred, ref)
    p, r = sizes(overlaps, 0), sizes(overlaps, 1)
    if not r:
        raise InputError(f"The reference {ref.name} holds no teeth, so there is nothing to compare with.")
    dices, ious = _per_tooth(overlaps, dice), _per_tooth(overlaps, iou)
    surfaces = surface_scores(pred, ref, tolerance_mm)
    betti_pred, betti_ref = _betti_by_tooth(pred), _betti_by_tooth(ref)
    found = _identification(overlaps, least_iou)
    matches = found.pop("matches")
    inside = sum(n for (a, b), n in overlaps.items() if a and b)
    return {
        "pred": pred.name,
        "ref": ref.name,
        "tolerance_mm": tolerance_mm,
        "detection_iou": least_iou,
        "count_pred": len(p),
        "count_ref": len(r),
        "missed": sorted(b for b, a in matches.items() if a is None),
        "misnumbered": {str(b): a for b, a in matches.items() if a not in (None, b)},
        "invented": sorted(set(p) - {a for a in matches.values() if a is not None}),
        "dice": mean(dices[fdi] for fdi in r),
        "dice_all": mean(dices.values()),
        "tooth_dice": dice(inside, sum(p.values()), sum(r.values())),
        "iou": mean(ious[fdi] for fdi in r),
        "nsd": mean(surfaces[fdi][0] for fdi in r),
        "bf1": mean(surfaces[fdi][1] for fdi in r),
        **found,
        "tca": float(len(p) == len(r)),
        "acs": acs(pred, ref),
        "cer": _cer(betti_pred, betti_ref, voids=False),
        "cer_with_voids": _cer(betti_pred, betti_ref, voids=True),
        "teeth": {
            str(fdi): {
                "dice": dices[fdi],
                "iou": ious[fdi],
                "nsd": surfaces[fdi][0],
                "bf1": surfaces[fdi][1],
                "in_pred": fdi in p,
                "in_ref": fdi in r,
                "predicted_as": matches.get(fdi),
                "betti_pred": list(betti_pred.get(fdi, (0, 0, 0))),
                "betti_ref": list(betti_ref.get(fdi, (0, 0, 0))),
            }
            for fdi in dices
        },
        **({} if structures[1] is None else {"structures": structure_scores(*structures)}),
    }


def _difference(pred: Volume, ref: Volume) -> str:
    """In what two grids differ, in words."""
    if _grid_text(pred) != _grid_text(ref):
        return f"{_grid_text(pred)} against {_grid_text(ref)}"
    corners = np.array([(0, 0, 0), np.subtract(ref.shape, 1)])
    apart = float(np.linalg.norm(pred.index_to_ras(corners) - ref.index_to_ras(corners), axis=1).max())
    turned = not np.allclose(pred.direction, ref.direction, atol=1e-4)
    axes = "their axes run to other sides, and " if turned else ""
    return f"their voxels are as many and as large, but {axes}they lie up to {apart:.3g} mm apart"


def _grid_text(volume: Volume) -> str:
    size = " x ".join(str(n) for n in volume.array.shape[::-1])
    spacing = " x ".join(f"{s:g}" for s in volume.spacing)
    return f"{size} voxels of {spacing} mm"


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
    summary.update({key: mean(result[key] for result in results) for key in _AVERAGED})
    teeth: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        for fdi, scores in result["teeth"].items():
            if scores["in_ref"]:
                teeth.setdefault(fdi, []).append(scores)
    summary["teeth"] = {
        fdi: {
            "scans": len(scores),
            **{key: mean(s[key] for s in scores) for key in ("dice", "iou", "nsd", "bf1")},
        }
        for fdi, scores in sorted(teeth.items())
    }
    return summary
