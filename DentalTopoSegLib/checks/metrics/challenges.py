"""Scores as the scripts of challenges compute them, for comparing with their published figures.

Teeth3DS (3DTeethSeg'22, evaluation/evaluation.py) and ToothFairy2 and 3 (evaluation/evaluation.py of each). What a
script does other than its challenge describes is kept, and said here. For judging a result take `surfaces` and
`label_maps`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...dentition import FDI_PERMANENT, label_layout
from .overlap import mean

#: By challenge the classes that are scored.
TOOTHFAIRY_CLASSES: dict[str, tuple[int, ...]] = {
    "toothfairy2": (*range(1, 11), *FDI_PERMANENT),
    "toothfairy3": (*range(1, 11), *FDI_PERMANENT, 103, 104, 105, 150),
}
#: ToothFairy3 scores all pulps (111 to 148) as one class.
_PULP = 150
_NEAR = 0.5  # of a tooth's size, for TIR
_ABSENT_TIMES = 5.0  # the penalty for a tooth without a partner


def teeth3ds_script_scores(
    vertices: np.ndarray,
    predicted: Mapping[str, np.ndarray],
    reference: Mapping[str, np.ndarray],
) -> dict[str, float]:
    """TLA, TSA and TIR of one jaw, and exp(-TLA), which the script averages.

    Teeth are instances; a predicted instance with more than one label is gingiva. Reference and predicted centroids are
    paired one to one with the least sum of distances (not with the nearest, as the challenge describes). A tooth's size
    is the root of the sum of squared distances of its vertices to the centroid, by axis, so it grows with their number;
    a reference tooth without a partner adds five times its norm to TLA. TSA is the micro-averaged F1 of tooth and
    gingiva, that is the share of vertices that are rightly called one or the other. TIR counts among the paired teeth
    only.

    Parameters
    ----------
    vertices : numpy.ndarray
        (V, 3), in any unit.
    predicted, reference : mapping
        "labels" and "instances", (V,) each, 0 for gingiva, as in a Teeth3DS file.

    Returns
    -------
    dict
        "TLA", "exp(-TLA)", "TSA", "TIR". Where nothing is paired the script ends; here TIR is 0 then, as it is for a
        scan without a prediction.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    found, instances = _predicted_teeth(vertices, predicted)
    teeth = []
    for instance in np.unique(reference["instances"])[np.unique(reference["instances"]) != 0]:
        here = reference["instances"] == instance
        centre = vertices[here].mean(axis=0)
        size = np.sqrt(((centre - vertices[here]) ** 2).sum(axis=0))
        teeth.append((int(reference["labels"][here][0]), centre, size))
    pairs: dict[int, int] = {}
    if teeth and found:
        rows, columns = linear_sum_assignment(cdist([c for _, c, _ in teeth], [c for _, c in found]))
        pairs = dict(zip(rows.tolist(), columns.tolist(), strict=True))
    far, right = 0.0, 0
    for i, (label, centre, size) in enumerate(teeth):
        if i not in pairs:
            far += _ABSENT_TIMES * float(np.linalg.norm(size))
            continue
        its_label, its_centre = found[pairs[i]]
        apart = float(np.linalg.norm((centre - its_centre) / size))
        far += apart
        right += apart < _NEAR and its_label == label
    tla = far / len(teeth) if teeth else 0.0
    same = (instances != 0) == (reference["instances"] != 0)
    return {
        "TLA": tla,
        "exp(-TLA)": float(np.exp(-tla)),
        "TSA": float(np.mean(same)),
        "TIR": right / len(pairs) if pairs else 0.0,
    }


def _predicted_teeth(
    vertices: np.ndarray, predicted: Mapping[str, np.ndarray]
) -> tuple[list[tuple[int, np.ndarray]], np.ndarray]:
    """(label, centroid) of the instances with one label, and the instances without the others."""
    instances = np.array(predicted["instances"])
    found = []
    for instance in np.unique(instances):
        here = instances == instance
        labels = np.unique(predicted["labels"][here])
        if instance == 0:
            continue
        if len(labels) == 1:
            found.append((int(labels[0]), vertices[here].mean(axis=0)))
        else:
            instances[here] = 0
    return found, instances


def teeth3ds_total(scores: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """The challenge's table over scans {name: `teeth3ds_script_scores`}: the means, TLA as exp(-TLA), and "score",
    their mean. A scan without a prediction counts 0 in each."""
    total = {
        "TLA": float(np.mean([one["exp(-TLA)"] for one in scores.values()])),
        "TSA": float(np.mean([one["TSA"] for one in scores.values()])),
        "TIR": float(np.mean([one["TIR"] for one in scores.values()])),
    }
    return {**total, "score": float(np.mean(list(total.values())))}


#: Of a scan without a prediction.
TEETH3DS_NONE = {"exp(-TLA)": 0.0, "TSA": 0.0, "TIR": 0.0}


def toothfairy_scores(predicted: np.ndarray, reference: np.ndarray, challenge: str) -> dict[str, Any]:
    """Dice and the 95th percentile of the Hausdorff distance (HD95) of each class, and their means over all classes.

    A class that neither has counts with Dice 1 and HD95 0; one that only one of the two has with Dice 0 and, as HD95,
    the diagonal of the array. Distances are in voxels, whatever their size.

    Parameters
    ----------
    predicted, reference : numpy.ndarray
        Values of the challenge (z, y, x), of one shape.
    challenge : str
        "toothfairy2" or "toothfairy3"; the latter scores all pulps as one class, 150.

    Returns
    -------
    dict
        "dice", "hd95": the means; "classes": {value: {"name", "dice", "hd95"}}.
    """
    names = {**label_layout(challenge).others, _PULP: "pulp"}
    if challenge == "toothfairy3":
        predicted, reference = _one_pulp(predicted), _one_pulp(reference)
    rows: dict[str, dict[str, Any]] = {}
    for value in TOOTHFAIRY_CLASSES[challenge]:
        a, b = _cut(predicted == value, reference == value)
        total = int(a.sum()) + int(b.sum())
        if total == 0:
            dice, far = 1.0, 0.0
        elif not a.any() or not b.any():
            dice, far = 0.0, float(np.linalg.norm(reference.shape))
        else:
            dice, far = 2.0 * int((a & b).sum()) / total, hd95(a, b)
        rows[str(value)] = {"name": names.get(value, f"tooth {value}"), "dice": dice, "hd95": far}
    return {
        "dice": mean(row["dice"] for row in rows.values()),
        "hd95": mean(row["hd95"] for row in rows.values()),
        "classes": rows,
    }


def _one_pulp(values: np.ndarray) -> np.ndarray:
    joined = values.astype(np.uint16)  # a copy
    joined[np.isin(values, [100 + fdi for fdi in FDI_PERMANENT])] = _PULP
    return joined


def _cut(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both masks within the box around both: surfaces and distances are the same there."""
    both = a | b
    if not both.any():
        return a, b
    box = []
    for axis in range(3):
        line = np.flatnonzero(both.any(axis=tuple(k for k in range(3) if k != axis)))
        box.append(slice(line[0], line[-1] + 1))
    return a[tuple(box)], b[tuple(box)]


def hd95(a: np.ndarray, b: np.ndarray) -> float:
    """The 95th percentile of the distances, both ways together, between the surface voxels (6-connected) of two masks
    that are not empty, in voxels; as `medpy.metric.binary.hd95`."""
    from scipy import ndimage

    def surface(mask: np.ndarray) -> np.ndarray:
        return mask & ~ndimage.binary_erosion(mask)

    one, other = surface(a), surface(b)
    to_other = ndimage.distance_transform_edt(~other)[one]
    to_one = ndimage.distance_transform_edt(~one)[other]
    return float(np.percentile(np.r_[to_other, to_one], 95))
