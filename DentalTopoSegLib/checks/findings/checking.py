"""From a numbered dentition to its findings: label maps, jaw surfaces, and the two jaws of one patient."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ...dentition import Confidence, TwoNumbers, is_tooth
from ...errors import InputError, NoTeethError
from ..measures.case import DentitionCase
from ..measures.jaw import JawCase
from ..measures.jaw_pair import JawPair
from ..measures.label_map import Case
from .finding import SEVERITIES, Finding
from .kinds import CODES, KINDS

if TYPE_CHECKING:
    from ...files.volumes import Volume
    from ...ios.segmenting import JawSegmentation
    from ..repair import Repair


def check_dentition(
    labels: Volume,
    confidence: Mapping[int, float] | None = None,
    image_valid_mask: np.ndarray | None = None,
    *,
    absent: Collection[int] = (),
    structures: Volume | None = None,
    two_numbers: Mapping[int, TwoNumbers] | None = None,
) -> list[Finding]:
    """Every finding of an FDI label map, the gravest first.

    Parameters
    ----------
    labels : Volume
        FDI numbers, 0 where there is no tooth.
    confidence : mapping, optional
        {FDI number: 0..1} where known. Only where a `dentition.Confidence` says that it is calibrated, the words tell
        it as the probability that the tooth is right.
    image_valid_mask : (z, y, x) bool array, optional
        True where the scan holds image data (a round field of view leaves corners empty).
    absent : collection of int
        Teeth that the clinician states are not there: nobody misses them.
    structures : Volume, optional
        What lies around and in the teeth, values of `dentition.structures` on the same grid.
    two_numbers : mapping, optional
        By FDI number, of teeth that an intraoral scan laid over the scan numbers differently.

    Raises
    ------
    NoTeethError
        For a map without teeth.
    InputError
        For values that are no FDI numbers, or a mask of another shape.
    """
    case = measured_case(
        labels, confidence, image_valid_mask, absent=absent, structures=structures, two_numbers=two_numbers
    )
    return findings_of(case)


def measured_case(
    labels: Volume,
    confidence: Mapping[int, float] | None = None,
    image_valid_mask: np.ndarray | None = None,
    *,
    absent: Collection[int] = (),
    structures: Volume | None = None,
    two_numbers: Mapping[int, TwoNumbers] | None = None,
) -> Case:
    """What `check_dentition` judges; parameters and refusals are its."""
    if image_valid_mask is not None and image_valid_mask.shape != labels.array.shape:
        raise InputError(
            f"The mask of valid voxels has shape {image_valid_mask.shape}, the label map {labels.name} has "
            f"{labels.array.shape}: give one of the same shape."
        )
    confidence = Confidence.of(confidence)
    unknown = sorted(fdi for fdi in confidence if not is_tooth(fdi))
    if unknown:
        raise InputError(f"A confidence is given for {unknown[0]}, which is no FDI tooth number.")
    case = Case(labels, confidence, image_valid_mask, absent=absent, structures=structures, two_numbers=two_numbers)
    if not case.teeth:
        raise NoTeethError(f"The label map {labels.name} holds no teeth: every voxel is 0.")
    return case


def check_jaws(
    jaws: Sequence[JawSegmentation], names: Sequence[str], stated: Sequence[str | None] | None = None
) -> list[Finding]:
    """Every finding of one jaw or of the two jaws of one dentition, the gravest first.

    A finding's `position_ras` is a point on the user's own file, in the file's coordinates and unit; its `detail` names
    the jaw.

    Parameters
    ----------
    jaws : sequence of JawSegmentation
        One or two numbered surfaces.
    names : sequence of str
        What each scan is called in messages.
    stated : sequence, optional
        The jaw that the user gave for each ("upper", "lower"), None where it was inferred.

    Raises
    ------
    NoTeethError
        When no surface has a tooth.
    InputError
        For more than two jaws.
    """
    if not 1 <= len(jaws) <= 2 or len(jaws) != len(names):
        raise InputError("Give one jaw, or the upper and the lower jaw, each with its name.")
    said = [None] * len(jaws) if stated is None else stated
    return check_cases([JawCase(*given) for given in zip(jaws, names, said, strict=True)])


def check_cases(cases: Sequence[JawCase]) -> list[Finding]:
    """`check_jaws` of jaws that are measured already."""
    if not any(case.teeth for case in cases):
        raise NoTeethError(f"No teeth are labelled on '{cases[0].name}'.")
    found = []
    for case in cases:
        found += [replace(finding, detail={**finding.detail, "jaw": case.which}) for finding in findings_of(case)]
    if len(cases) == 2:
        pair = JawPair(*cases)
        together = [finding for kind in KINDS for finding in kind.find_in_pair(pair)]
        codes = {finding.code for finding in together}
        found = [finding for finding in found if not finding.kind.told_better_by & codes] + together
    return sorted(found, key=_gravity)


def findings_of(case: DentitionCase) -> list[Finding]:
    """Every finding of a measured label map or of one measured jaw, the gravest first."""
    kinds = [kind for kind in KINDS if case.teeth or not kind.needs_teeth]
    found: list[Finding] = []
    for kind in kinds:
        if isinstance(case, Case):
            found += kind.find_in_label_map(case)
        if isinstance(case, JawCase):
            found += kind.find_on_surface(case)
    found += [finding for kind in kinds for finding in kind.find_after(case, found)]
    return sorted(found, key=_gravity)


def _gravity(finding: Finding) -> tuple:
    severity, code = SEVERITIES.index(finding.severity), CODES.index(finding.code)
    return severity, code, finding.teeth, finding.position_ras or (), finding.detail.get("jaw", "")


def repairs_for(finding: Finding, others: Iterable[Finding] = ()) -> list[Repair]:
    """The repairs that would settle a finding, the most likely first; none where only a person can.

    Parameters
    ----------
    finding : Finding
        Of a check, or read from a report.
    others : iterable of Finding
        The findings of the same check, which sometimes tell one repair from another.

    Returns
    -------
    list of Repair
        Those that need a number (`Repair.needs_number`) come last.
    """
    if finding.repair is None or finding.code not in CODES:
        return []
    return finding.kind.repairs(finding, list(others)) or []
