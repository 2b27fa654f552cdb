"""Runs that lay intraoral scans over a CBCT and put scanned crowns on its roots."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..checks.findings.kinds.two_numbers import KIND as TWO_NUMBERS
from ..checks.repair import make_edit, take_numbers
from ..dentition import TwoNumbers, is_upper
from ..errors import OutputError, UsageError
from ..exports.surfaces import SURFACE_FORMATS, TRIMESH, write_surfaces
from ..exports.tooth_surfaces import ToothSurface
from ..files.json_text import plain, write_report_json
from ..files.meshes import write_vtp
from ..files.meshes.geometry import labels_of_faces
from ..files.names import bare_name
from ..files.seg_nrrd import write_seg_nrrd
from ..files.transactions import all_or_nothing, require_writable
from ..files.volumes import Volume, safe_stem
from ..fusion import (
    CbctTooth,
    Decision,
    FusedTooth,
    Pose,
    TeethMatch,
    cbct_teeth,
    decide_numbers,
    find_pose,
    fused_tooth,
    match_teeth,
    partner_notes,
    refuse_pose,
    residuals_on,
)
from ..fusion.pose import SMALL_GICP
from ..options import DEFAULTS, RunOptions
from ..pictures.fused_jaws import FusedJaw, fused_jaws_png
from ..reports.checksums import add_checksums
from ..reports.fusion_report import SCHEMA
from ..reports.report import DISCLAIMER, versions
from ..stages import LAY_SCANS
from .earlier_fusion import take_earlier_away
from .fusion_inputs import (
    NumberedCbct,
    NumberedJaw,
    is_labelled,
    numbered_cbct,
    numbered_jaws,
    read_image,
    require_fusion,
)
from .job import Job

_LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])


@dataclass(frozen=True)
class FusionRun:
    """report: as in <name>_fusion.json; files: those written, by kind."""

    report: dict[str, Any]
    files: dict[str, Path]


@dataclass(frozen=True)
class _Laid:
    """One jaw in its place. fdi: (W,), the numbers that hold; residuals: (W,) mm, see `fusion.residuals_on`; fused:
    teeth, numbered as they hold."""

    jaw: NumberedJaw
    pose: Pose
    match: TeethMatch
    decision: Decision
    crowns: dict[int, CbctTooth]
    fused: list[FusedTooth]
    residuals: np.ndarray
    fdi: np.ndarray


def fuse(
    cbct: str | os.PathLike[str],
    scans: Sequence[str | os.PathLike[str]],
    output: str | os.PathLike[str],
    options: RunOptions = DEFAULTS,
    *,
    labels: str | os.PathLike[str] | None = None,
    kind: str = "stl",
    jaw: str | None = None,
    unit: str | None = None,
    series: str | None = None,
    orientation: str | None = None,
    name: str | None = None,
) -> FusionRun:
    """Lay one or two jaws' scans over a CBCT; write transforms, fused teeth and a report, all or none.

    What is not segmented yet is segmented first; those results are written into the folder too, and stay where the
    scans do not fit. What an earlier fusion of this name wrote there, and this one does not, is taken away.

    Parameters
    ----------
    cbct : path
        The CBCT's grey values.
    scans : sequence of path
        One mesh, or the upper and the lower jaw's. A mesh with tooth labels (VTP, PLY) is taken as it is.
    output : path
        The results' folder.
    options : RunOptions
        How to compute.
    labels : path, optional
        The CBCT's label map; None segments it.
    kind : str
        Of the fused teeth's files: one of `exports.surfaces.SURFACE_FORMATS`.
    jaw : str, optional
        Which jaw a single scan is.
    unit : str, optional
        Of the meshes.
    series, orientation : str, optional
        Of the CBCT, see `files.volumes.read_volume`.
    name : str, optional
        Of the results instead of the CBCT's, a bare file name.

    Raises
    ------
    DentalTopoSegError
        Each kind there is; InputError for a scan of another jaw or another patient.
    """
    jaws = [jaw] if jaw else None
    job = Job([cbct, *scans], output, "fusion", jaws, unit, name, series=series, orientation=orientation, labels=labels)
    return fuse_job(job, options, kind)


def fuse_job(job: Job, options: RunOptions = DEFAULTS, kind: str = "stl") -> FusionRun:
    """Do a job of the kind "fusion"; see `fuse`."""
    if kind not in SURFACE_FORMATS:
        raise UsageError(f"The format '{kind}' is unknown: use {', '.join(SURFACE_FORMATS)}.")
    require_fusion(job.inputs, job.jaws)
    if job.name:
        bare_name(job.name, "The results' name (--name)")
    image, warnings = read_image(job)
    labelled = [is_labelled(path) for path in job.inputs[1:]]
    TRIMESH.require()
    SMALL_GICP.require()
    folder = Path(job.output)
    require_writable(folder)
    inputs = [*job.inputs, *([job.labels] if job.labels is not None else [])]
    complete = job.labels is not None and all(labelled)
    with nullcontext(folder) if complete else all_or_nothing(folder, inputs) as stage:  # none of a jaw that is another
        inside = replace(job, output=stage)
        scan = numbered_cbct(inside, image, warnings, options)
        jaws = numbered_jaws(inside, labelled, options)
    laid = _laid_jaws(jaws, scan, options)
    options.stop_if_cancelled()
    return _written(folder, job.name or safe_stem(image.name), scan, laid, kind, inputs)


def _laid_jaws(jaws: Sequence[NumberedJaw], scan: NumberedCbct, options: RunOptions) -> list[_Laid]:
    laid = []
    for i, one in enumerate(jaws):

        def tell(share: float, i: int = i) -> None:
            options.stop_if_cancelled()
            options.progress(LAY_SCANS, i + share, len(jaws))

        laid.append(_laid(one, scan, tell))
    options.progress(LAY_SCANS, len(jaws), len(jaws))
    return laid


def _laid(one: NumberedJaw, scan: NumberedCbct, tell: Callable[[float], None]) -> _Laid:
    tell(0.0)
    present = [int(n) for n in np.unique(scan.labels.array) if n]
    crowns = cbct_teeth(scan.image, scan.labels, [n for n in present if is_upper(n) == (one.jaw == "upper")])
    tell(0.3)
    pose = find_pose(one.scan, crowns, one.name)
    refuse_pose(pose, one.name, one.jaw)
    match = match_teeth(one.scan, pose, crowns)
    numbers = {int(n) for n in np.unique(one.scan.fdi) if n}
    decision = decide_numbers(match.pairs, present, numbers, scan.known, one.known)
    fused = []
    for i, (tooth, number) in enumerate(match.pairs.items()):
        tell(0.5 + 0.5 * i / len(match.pairs))
        found = fused_tooth(crowns[tooth], one.scan, number, pose)
        holds = decision.cbct.get(tooth, tooth)
        fused.append(replace(found, surface=replace(found.surface, fdi=holds)))
    table = np.arange(256, dtype=np.uint8)
    for old, new in decision.scan.items():
        table[old] = new
    return _Laid(one, pose, match, decision, crowns, fused, residuals_on(one.scan, pose, crowns), table[one.scan.fdi])


def _written(
    folder: Path,
    name: str,
    scan: NumberedCbct,
    laid: Sequence[_Laid],
    kind: str,
    inputs: Sequence[str | os.PathLike[str]],
) -> FusionRun:
    surfaces = [tooth.surface for one in laid for tooth in one.fused]
    told = [_jaw_report(one, name) for one in laid]
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "disclaimer": DISCLAIMER,
        "name": name,
        "space": "LPS",
        "jaws": told,
        "findings": [finding.to_dict() for one in laid for finding in _findings(one)],
        "warnings": [*scan.warnings, *(text for one in laid for text in one.jaw.warnings)],
        "provenance": {"versions": versions()},
    }
    report["warnings"] += [note for part in told for note in part["notes"]]
    labels, confidence, known = _numbers_that_hold(scan, laid)
    with all_or_nothing(folder, inputs) as stage:
        files = write_surfaces(kind, surfaces, lambda part: stage / f"{name}_fused{'_' if part else ''}{part}.{kind}")
        files["labels"] = write_seg_nrrd(labels, stage / f"{name}_fused_teeth.seg.nrrd", confidence, known)
        for one, part in zip(laid, told, strict=True):
            which = one.jaw.jaw
            files[f"{which}_transform"] = stage / part["transform"]
            write_transform(one.pose, files[f"{which}_transform"])
            files[f"{which}_scan"] = _write_scan(one, stage / part["mesh"])
        files["picture"] = fused_jaws_png(stage / f"{name}_fusion.png", [_picture_of(one) for one in laid], name)
        files["report"] = stage / f"{name}_fusion.json"
        report["files"] = {what: path.name for what, path in files.items()}
        report["warnings"] += take_earlier_away(stage, files["report"].name, report["files"].values())
        report = plain(add_checksums(report, stage))
        write_report_json(report, files["report"])
    return FusionRun(report, {what: folder / path.name for what, path in files.items()})


def _numbers_that_hold(scan: NumberedCbct, laid: Sequence[_Laid]) -> tuple[Volume, Any, Any]:
    """The CBCT's labels, confidences and what is known, with the numbers that hold."""
    labels, confidence, known = scan.labels, scan.confidence, scan.known
    numbers: dict[int, int] = {}
    two_numbers: dict[int, TwoNumbers] = {}
    for one in laid:
        numbers |= one.decision.cbct
        two_numbers |= one.decision.of_cbct()
    if two_numbers:
        edit = make_edit(labels, take_numbers(numbers, two_numbers))
        labels = labels.with_array(labels.array.copy())
        edit.apply(labels.array)
        confidence, known = edit.confidence(confidence), edit.known(known)
    return labels, confidence, known


def _write_scan(one: _Laid, path: Path) -> Path:
    """The scan where it lies in the CBCT, with its numbers and residuals."""
    surface = one.jaw.scan.surface
    of_points = {"FDI": one.fdi, "Residual_mm": one.residuals}
    places = one.pose.apply(surface.vertices).astype(np.float32)
    return write_vtp(path, places, surface.faces, of_points, {"Label": labels_of_faces(one.fdi, surface.faces)})


def _picture_of(one: _Laid) -> FusedJaw:
    surface = one.jaw.scan.surface
    return FusedJaw(
        one.jaw.jaw,
        [(tooth.surface, tooth.scanned) for tooth in one.fused],
        ToothSurface(0, one.pose.apply(surface.vertices), surface.faces),
        one.fdi,
        one.residuals,
        one.pose.median_mm,
    )


def _findings(one: _Laid) -> list[Any]:
    """Of the CBCT's numbers, at the crowns' middles."""
    now = {one.decision.cbct.get(tooth, tooth): crown for tooth, crown in one.crowns.items()}

    def place(fdi: int) -> tuple[float, float, float]:
        x, y, z = (now[fdi].surface.vertices[now[fdi].crown].mean(0) * _LPS_TO_RAS).tolist()
        return x, y, z

    return list(TWO_NUMBERS.found(one.decision.of_cbct(), place))


def write_transform(pose: Pose, path: Path) -> None:
    """Write a pose as an ITK transform file (text).

    As ITK's registration does, it takes places of the CBCT (fixed, LPS mm) to places of the scan (moving); 3D Slicer,
    which reads such files so, moves the scan onto the CBCT by it. Raises OutputError.
    """
    import SimpleITK as sitk

    inverse = np.linalg.inv(pose.matrix)
    transform = sitk.AffineTransform(3)
    transform.SetMatrix(inverse[:3, :3].ravel().tolist())
    transform.SetTranslation(inverse[:3, 3].tolist())
    try:
        sitk.WriteTransform(transform, str(path))
        # a disk that refuses the last bytes is told to nobody
        if not np.allclose(sitk.ReadTransform(str(path)).GetParameters(), transform.GetParameters(), rtol=0, atol=1e-9):
            raise RuntimeError("it holds something else")
    except RuntimeError as error:
        raise OutputError(f"'{path}' cannot be written: look whether the disk is full.") from error


def _jaw_report(one: _Laid, name: str) -> dict[str, Any]:
    jaw, pose, match = one.jaw, one.pose, one.match
    notes = partner_notes(match)
    if abs(jaw.scan.surface.scale - 1) > 1e-9:
        notes.append(
            f"The transform of '{jaw.name}' is for the scan in millimetres; a unit of its file is "
            f"{jaw.scan.surface.scale:g} mm."
        )
    return {
        "scan": jaw.name,
        "jaw": jaw.jaw,
        "scan_to_cbct": pose.matrix.tolist(),
        "mm_per_unit": float(jaw.scan.surface.scale),
        "transform": f"{name}_{jaw.jaw}_scan.tfm",
        "mesh": f"{name}_{jaw.jaw}_scan.vtp",
        "residual_median_mm": round(pose.median_mm, 4),
        "share_that_fits": round(pose.inliers, 4),
        "teeth": [_tooth_row(one, tooth, number) for tooth, number in match.pairs.items()],
        "only_in_scan": match.scan_only,
        "only_in_cbct": match.cbct_only,
        "numbers": _numbers(match.pairs, one.decision),
        "notes": notes,
    }


def _tooth_row(one: _Laid, tooth: int, number: int) -> dict[str, Any]:
    residual = one.pose.residuals.get(number)
    two = one.decision.two_numbers.get(tooth)
    holds = one.decision.cbct.get(tooth, tooth)
    whose = "both" if two is None else "undecided" if not two.decided else "scan" if holds == number else "cbct"
    return {
        "fdi": holds,
        "fdi_in_cbct": tooth,
        "fdi_in_scan": number,
        "number_from": whose,
        "residual_median_mm": None if residual is None else round(residual.median_mm, 4),
        "residual_p95_mm": None if residual is None else round(residual.p95_mm, 4),
        "places": 0 if residual is None else residual.places,
    }


def _numbers(pairs: Mapping[int, int], decision: Decision) -> dict[str, Any]:
    """Numbers before and after."""
    after = {decision.cbct.get(tooth, tooth): decision.scan.get(number, number) for tooth, number in pairs.items()}
    return {
        "agree_before": sum(tooth == number for tooth, number in pairs.items()),
        "agree_after": sum(tooth == number for tooth, number in after.items()),
        "changed_in_cbct": {str(old): new for old, new in sorted(decision.cbct.items())},
        "changed_in_scan": {str(old): new for old, new in sorted(decision.scan.items())},
        "two_numbers": [two.to_dict() for _, two in sorted(decision.two_numbers.items())],
    }
