"""Scores of what lies around and in the teeth against the truth, each a list of values: one per canal, tooth, implant.

Names end in what is measured: "dsc", "nsd" (normalised surface Dice, `tolerance_of`), "cl_dice", "course_mm" and
"course_95_mm" (distance between centrelines), "one_piece", "own_side", "found", "called_tooth".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from DentalTopoSegLib.checks.measures.canals import pieces_of
from DentalTopoSegLib.checks.metrics.boundaries import nsd_of
from DentalTopoSegLib.checks.metrics.overlap import dice
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.files.volumes.boxes import Box, box_of, grow, tooth_boxes, union
from training.evaluation.centrelines import score_course
from training.evaluation.error_kinds import tooth_type

Values = Mapping[str, list[float]]
"""Score -> its values in one scan."""

AROUND = ("upper_jaw", "mandible", "airway")
SIDED = ("canal", "sinus")
TISSUES = ("pulp", "enamel", "filling", "crown", "implant", "bracket")
COUNTS_AS = {"post": "filling", "bridge": "crown"}
"""What nothing in a few millimetres tells apart is scored as one."""
SIDES = ("left", "right")

LEAST_PULP_MM3 = 1.0
"""A smaller pulp is scored with all others, not as that of its tooth."""
LEAST_MM3 = 2.0
"""Of a structure that the truth has: less is a remnant at the field's edge."""


def tolerance_of(key: str) -> float:
    """Within how many mm two surfaces count as the same: 1 of what is found at 1 mm, 0.5 of what is in the teeth."""
    return 0.5 if key in TISSUES else 1.0


def score_structures(pred: Volume, ref: Volume, teeth: Volume, true_teeth: Volume) -> dict[str, list[float]]:
    """Score one scan.

    Parameters
    ----------
    pred, ref : Volume
        Values of `dentition.structures` on one grid, zero outside of the scan's field.
    teeth, true_teeth : Volume
        FDI numbers on the same grid.

    Returns
    -------
    dict
        `Values`. What the truth does not have is not scored.
    """
    pred, ref = _folded(pred), _folded(ref)
    values: defaultdict[str, list[float]] = defaultdict(list)
    for key in (*AROUND, *TISSUES):
        _overlap(key, key, pred, ref, values)
    for key in SIDED:
        for side in SIDES:
            _overlap(key, f"{key}_{side}", pred, ref, values)
        _sides(key, pred, ref, values)
    _courses(pred, ref, values)
    _pulps(pred, ref, true_teeth, values)
    _implants(pred, ref, teeth, true_teeth, values)
    return dict(values)


def _folded(structures: Volume) -> Volume:
    table = np.arange(256, dtype=np.uint8)
    for key, other in COUNTS_AS.items():
        table[structure(key).value] = structure(other).value
    return structures.with_array(table[structures.array])


def _mask(structures: Volume, key: str, around: Box | None = None) -> np.ndarray:
    return structures.array[around or ...] == structure(key).value


def _overlap(name: str, key: str, pred: Volume, ref: Volume, values: dict[str, list[float]]) -> None:
    """DSC and NSD of a structure that the truth has."""
    a, b = _mask(pred, key), _mask(ref, key)
    size = np.count_nonzero(b)
    if size * ref.voxel_volume_mm3 < LEAST_MM3:
        return
    values[f"{name}_dsc"].append(dice(np.count_nonzero(a & b), np.count_nonzero(a), size))
    values[f"{name}_nsd"].append(nsd_of(pred, ref, structure(key).value, tolerance_of(key)))


def _sides(key: str, pred: Volume, ref: Volume, values: dict[str, list[float]]) -> None:
    """Whether most of what was found of a side's structure has that side's name; nothing where none was found."""
    predicted = {side: _mask(pred, f"{key}_{side}") for side in SIDES}
    for side, other in zip(SIDES, SIDES[::-1], strict=True):
        truth = _mask(ref, f"{key}_{side}")
        own, wrong = (np.count_nonzero(predicted[s] & truth) for s in (side, other))
        if own + wrong:
            values[f"{key}_own_side"].append(float(own > wrong))


def _courses(pred: Volume, ref: Volume, values: dict[str, list[float]]) -> None:
    """The courses of the two mandibular canals."""
    for side in SIDES:
        key = f"canal_{side}"
        masks = [_mask(one, key) for one in (pred, ref)]
        if np.count_nonzero(masks[1]) * ref.voxel_volume_mm3 < LEAST_MM3:
            continue
        around = grow(union(box for mask in masks for box in _boxes(mask)), 1)
        a, b = (mask[around] for mask in masks)
        course = score_course(a, b, (ref.spacing[2], ref.spacing[1], ref.spacing[0]))
        values["canal_cl_dice"].append(course.cl_dice)
        values["canal_one_piece"].append(float(len(pieces_of(a, around, pred)) == 1) if a.any() else 0.0)
        if course.mean_mm is not None and course.far_mm is not None:
            values["canal_course_mm"].append(course.mean_mm)
            values["canal_course_95_mm"].append(course.far_mm)


def _boxes(mask: np.ndarray) -> Iterable[Box]:
    from scipy import ndimage

    return (box_of(box) for box in ndimage.find_objects(mask.view(np.uint8)))


def _pulps(pred: Volume, ref: Volume, true_teeth: Volume, values: dict[str, list[float]]) -> None:
    """DSC of each tooth's pulp, by the kind of tooth: what of both lies in the true tooth."""
    for fdi, box in tooth_boxes(true_teeth.array).items():
        tooth = true_teeth.array[box] == fdi
        a, b = (_mask(one, "pulp", box) & tooth for one in (pred, ref))
        size = np.count_nonzero(b)
        if size * ref.voxel_volume_mm3 >= LEAST_PULP_MM3:
            score = dice(np.count_nonzero(a & b), np.count_nonzero(a), size)
            values["pulp_of_tooth_dsc"].append(score)
            values[f"pulp_of_{tooth_type(fdi).replace(' ', '_')}_dsc"].append(score)


def _implants(pred: Volume, ref: Volume, teeth: Volume, true_teeth: Volume, values: dict[str, list[float]]) -> None:
    """Of each implant: whether more than half of it is called implant; and whether it is called a tooth: more than half
    of it is, or it and its crown are more than half of what has a tooth's number."""
    from scipy import ndimage

    block = np.ones((3, 3, 3), bool)
    implants, count = ndimage.label(_mask(ref, "implant"), block)
    standing = (_mask(ref, "implant") | _mask(ref, "crown")) & (true_teeth.array == 0)
    bodies, _ = ndimage.label(standing, block)
    sizes = np.bincount(teeth.array.ravel(), minlength=256)
    for number in range(1, count + 1):
        own = implants == number
        size = np.count_nonzero(own)
        if size * ref.voxel_volume_mm3 < LEAST_MM3:
            continue
        values["implant_found"].append(float(2 * np.count_nonzero(_mask(pred, "implant") & own) > size))
        body = np.isin(bodies, np.unique(bodies[own & (bodies > 0)])) & (bodies > 0)
        numbers = np.bincount(teeth.array[body], minlength=256)
        most_of_a_tooth = bool((2 * numbers[1:] > sizes[1:])[numbers[1:] > 0].any())
        covered = 2 * np.count_nonzero((teeth.array > 0) & own) > size
        values["implant_called_tooth"].append(float(most_of_a_tooth or covered))
