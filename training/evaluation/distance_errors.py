"""How far the distances that a dentist reads are off: measured on a result as on the truth, by the library's measures.

Only teeth that were found and numbered rightly are compared (IoU from `DETECTION_IOU` on): what became of the others
say the scores of the teeth. Values are absolute errors: "root_to_canal_mm", "root_to_sinus_mm" (of each tooth's nearest
root; "near_canal_mm" and "near_sinus_mm" where the truth is below `NEAR_MM`), "tooth_length_mm", "tooth_axis_deg". A
distance that the truth has and the result has not is counted in "canal_distance_known" and "sinus_distance_known".
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from DentalTopoSegLib.checks.measures.label_map import Case
from DentalTopoSegLib.checks.measures.surroundings import Surroundings
from DentalTopoSegLib.checks.metrics.label_maps import identification
from DentalTopoSegLib.dentition import is_upper
from DentalTopoSegLib.files.volumes import Volume

NEAR_MM = 5.0
"""Below this a distance decides what a surgeon does."""


def distance_errors(pred: Volume, ref: Volume, teeth: Volume, true_teeth: Volume) -> dict[str, list[float]]:
    """`structure_values.Values` of one scan, of the same arguments."""
    matches = identification(teeth, true_teeth)["matches"]
    measured, true = (_around(*maps) for maps in ((teeth, pred), (true_teeth, ref)))
    errors: defaultdict[str, list[float]] = defaultdict(list)
    for fdi in sorted(fdi for fdi, mate in matches.items() if mate == fdi):
        _clearances(fdi, measured, true, errors)
        one, other = measured.shape(fdi), true.shape(fdi)
        if one is not None and other is not None:
            errors["tooth_length_mm"].append(abs(one.length_mm - other.length_mm))
            cosine = abs(float(one.axis @ other.axis))  # an axis has no sense
            errors["tooth_axis_deg"].append(float(np.rad2deg(np.arccos(min(cosine, 1.0)))))
    return dict(errors)


def _around(teeth: Volume, structures: Volume) -> Surroundings:
    around = Case(teeth, {}, structures=structures).around
    assert around is not None  # structures were given
    return around


def _clearances(fdi: int, measured: Surroundings, true: Surroundings, errors: dict[str, list[float]]) -> None:
    what = "sinus" if is_upper(fdi) else "canal"
    truth = true.clearances(fdi)
    if not truth:
        return
    found = measured.clearances(fdi)
    errors[f"{what}_distance_known"].append(float(bool(found)))
    if found:
        mm = truth[0].line.length_mm
        error = abs(found[0].line.length_mm - mm)
        errors[f"root_to_{what}_mm"].append(error)
        if mm < NEAR_MM:
            errors[f"near_{what}_mm"].append(error)
