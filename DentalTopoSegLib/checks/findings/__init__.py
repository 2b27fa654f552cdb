"""Findings: what is wrong or worth a look in a numbered dentition, in plain words, with a place to jump to.

`check_dentition` measures the label map once and asks every rule: `shape` for one tooth at a time,
`places` for where teeth stand, `missing` for those that are not there; `live` checks a map that is being
edited. They judge the label map, not the patient: a finding says "look here" and names the repair that
would make the map consistent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ...dentition import is_tooth
from ...errors import InputError, NoTeethError
from ..measures.label_map import Case
from .finding import CODES, SEVERITIES, Finding
from .missing import missing_teeth
from .shape import (
    cut_teeth,
    fragments,
    implausible_volumes,
    low_confidences,
    merged_teeth,
    second_teeth,
    tunnels,
    voids,
    wide_contacts,
)
from .standing import in_the_wrong_jaw, on_the_wrong_side, out_of_order, swapped_as_a_whole

if TYPE_CHECKING:
    from ...files.volumes import Volume

__all__ = ["CODES", "RULES", "SEVERITIES", "Finding", "check_dentition"]

#: A rule is a function of a Case that yields findings. `missing_teeth` comes after them: it also needs to
#: know which absent numbers they have found under another name.
RULES = (
    swapped_as_a_whole, on_the_wrong_side, in_the_wrong_jaw, out_of_order, second_teeth, fragments,
    merged_teeth, wide_contacts, tunnels, voids, implausible_volumes, low_confidences, cut_teeth,
)  # fmt: skip


def check_dentition(
    labels: Volume,
    confidence: Mapping[int, float] | None = None,
    image_valid_mask: np.ndarray | None = None,
    *,
    calibrated: bool = True,
) -> list[Finding]:
    """Every finding of an FDI label map, the gravest first.

    confidence: {FDI: 0..1} where known, the probability that the tooth is right. calibrated: False when it is only
    a score (networks without a calibration, see `cbct.Segmentation.calibrated`); the sentences then say so.
    image_valid_mask: bool array of the map's shape, True where the scan holds image data (a round field of view
    leaves corners empty).
    Raises `NoTeethError` for a map without teeth, `InputError` for values that are no FDI numbers or a
    mask of another shape.
    """
    if image_valid_mask is not None and image_valid_mask.shape != labels.array.shape:
        raise InputError(
            f"The mask of valid voxels has shape {image_valid_mask.shape}, the label map {labels.name} has "
            f"{labels.array.shape}: give one of the same shape."
        )
    confidence = dict(confidence or {})
    unknown = sorted(fdi for fdi in confidence if not is_tooth(fdi))
    if unknown:
        raise InputError(f"A confidence is given for {unknown[0]}, which is no FDI tooth number.")
    case = Case(labels, confidence, image_valid_mask, calibrated=calibrated)
    if not case.measures:
        raise NoTeethError(f"The label map {labels.name} holds no teeth: every voxel is 0.")
    return findings_of(case)


def findings_of(case: Case) -> list[Finding]:
    """Every finding of a measured label map, the gravest first."""
    found = [finding for rule in RULES for finding in rule(case)]
    claimed = {finding.detail.get("suggested") for finding in found} - {None}
    found.extend(missing_teeth(case, claimed))

    def gravity(finding: Finding) -> tuple:
        severity, code = SEVERITIES.index(finding.severity), CODES.index(finding.code)
        return severity, code, finding.teeth, finding.position_ras or ()

    return sorted(found, key=gravity)
