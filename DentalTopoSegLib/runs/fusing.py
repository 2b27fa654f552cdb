"""Runs that lay intraoral scans over a CBCT and put scanned crowns on its roots."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..dentition import is_upper
from ..errors import InputError, OutputError, UsageError
from ..exports.surfaces import SURFACE_FORMATS, TRIMESH, write_surfaces
from ..files.json_text import write_report_json
from ..files.label_maps import read_fdi_labels
from ..files.meshes import is_mesh_file, read_mesh
from ..files.transactions import all_or_nothing, require_writable
from ..files.volumes import read_volume, safe_stem
from ..fusion import cbct_teeth, find_pose, fused_tooth, match_teeth, number_notes, refuse_pose
from ..fusion.pose import SMALL_GICP, Pose, jaw_of
from ..options import DEFAULTS, RunOptions
from ..reports.report import DISCLAIMER, versions
from .job import PAIR, Job
from .segmenting import segment

if TYPE_CHECKING:
    from ..exports.tooth_surfaces import ToothSurface
    from ..files.volumes import Volume
    from ..fusion import TeethMatch
    from ..fusion.pose import NumberedScan

#: What marks a JSON file as that of a fusion.
SCHEMA = "dentaltoposeg-fusion-1"
#: From this probability on, what a scan's shape says of its jaw is taken for true.
_SURE_OF_JAW = 0.85
_STAGE = "Laying the scans over the CBCT"


@dataclass(frozen=True)
class FusionRun:
    """report: as in <name>_fusion.json; files: those written, by kind."""

    report: dict[str, Any]
    files: dict[str, Path]


@dataclass(frozen=True)
class _Jaw:
    name: str
    jaw: str
    scan: NumberedScan
    warnings: list[str]


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
) -> FusionRun:
    """Lay one or two jaws' scans over a CBCT; write transforms, fused teeth and a report, all or none.

    What is not segmented yet is segmented first; those results are written into the folder too, and stay where the
    scans do not fit.

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

    Raises
    ------
    DentalTopoSegError
        Each kind there is; InputError for a scan of another jaw or another patient.
    """
    folder = Path(output)
    _require_sense(cbct, scans, kind, jaw)
    volume, warnings = read_volume(cbct, series=series, orientation=orientation)
    labelled = [_is_labelled(path) for path in scans]
    TRIMESH.require()
    SMALL_GICP.require()
    require_writable(folder)
    inputs = [cbct, *scans, *([labels] if labels is not None else [])]
    if labels is not None:
        teeth, more = read_fdi_labels(labels, orientation=orientation)
        warnings += more
        if not teeth.same_grid(volume):
            raise InputError(f"'{labels}' is no label map of '{cbct}': the two have different voxels.")
    else:
        teeth = _segmented_cbct(Job([cbct], folder, series=series, orientation=orientation), options)
    jaws = _jaws(scans, labelled, folder, options, jaw, unit)
    _require_right_jaws(jaws, scans, jaw)
    name = safe_stem(volume.name)
    surfaces: list[ToothSurface] = []
    told, poses = [], []
    for i, one in enumerate(jaws):
        options.stop_if_cancelled()
        options.progress(_STAGE, i, len(jaws))
        pose, match, fused = _fused_jaw(one, volume, teeth)
        surfaces += fused
        poses.append(pose)
        told.append(_jaw_report(one, pose, match, f"{name}_{one.jaw}_scan.tfm"))
        warnings += one.warnings
    options.progress(_STAGE, len(jaws), len(jaws))
    report: dict[str, Any] = {
        "schema": SCHEMA,
        "name": name,
        "space": "LPS",
        "jaws": told,
        "warnings": warnings + [note for part in told for note in part["notes"]],
        "provenance": {"versions": versions()},
        "disclaimer": DISCLAIMER,
    }
    options.stop_if_cancelled()
    with all_or_nothing(folder, inputs) as stage:
        files = write_surfaces(kind, surfaces, lambda part: stage / f"{name}_fused{'_' if part else ''}{part}.{kind}")
        for one, pose in zip(jaws, poses, strict=True):
            files[f"{one.jaw}_transform"] = stage / f"{name}_{one.jaw}_scan.tfm"
            write_transform(pose, files[f"{one.jaw}_transform"])
        files["report"] = stage / f"{name}_fusion.json"
        report["files"] = {what: path.name for what, path in files.items()}
        write_report_json(report, files["report"])
    return FusionRun(report, {what: folder / path.name for what, path in files.items()})


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
    except RuntimeError as error:
        raise OutputError(f"'{path}' cannot be written: look whether the disk is full.") from error


def _require_sense(
    cbct: str | os.PathLike[str], scans: Sequence[str | os.PathLike[str]], kind: str, jaw: str | None
) -> None:
    if kind not in SURFACE_FORMATS:
        raise UsageError(f"The format '{kind}' is unknown: use {', '.join(SURFACE_FORMATS)}.")
    if not 1 <= len(scans) <= 2:
        raise UsageError("Give the CBCT and the mesh of one jaw, or of both: first the upper, then the lower jaw.")
    if len(scans) == 2 and jaw:
        raise UsageError("With two jaws their order says which is which (upper first): leave --jaw out.")
    if is_mesh_file(cbct):
        raise InputError(f"'{cbct}' is a mesh: give the CBCT first, and the jaws' meshes then.")
    if Path(cbct).exists():
        for path in scans:
            if not is_mesh_file(path):
                raise InputError(f"'{path}' is no mesh: give an intraoral scan (STL, PLY, OBJ, VTP).")


def _is_labelled(path: str | os.PathLike[str]) -> bool:
    from ..files.jaw_labels import holds_labels

    return holds_labels(read_mesh(path)[0])


def _segmented_cbct(job: Job, options: RunOptions) -> Volume:
    labels = segment(job, options).labels
    if labels is None:
        raise InputError(f"'{job.inputs[0]}' was segmented without numbered teeth: give a label map (--labels).")
    return labels


def _jaws(
    scans: Sequence[str | os.PathLike[str]],
    labelled: Sequence[bool],
    folder: Path,
    options: RunOptions,
    jaw: str | None,
    unit: str | None,
) -> list[_Jaw]:
    """The scans with numbered teeth, the upper jaw first where both are given."""
    from ..files.jaw_labels import read_labelled_jaw
    from .checking import require_teeth

    if not any(labelled):
        job = Job(scans, folder, jaws=[jaw] if jaw else None, unit=unit)
        run = segment(job, options)
        return [
            _Jaw(report["name"], found.jaw, found, list(report["warnings"]))
            for report, found in zip(run.reports, run.segmentations, strict=True)
        ]
    stated = list(PAIR) if len(scans) == 2 else [jaw]
    jaws = []
    for path, known, which in zip(scans, labelled, stated, strict=True):
        if known:
            one, warnings = read_labelled_jaw(path, unit=unit)
            require_teeth(one, path)
            jaws.append(_Jaw(one.mesh.name, jaw_of(one), one, warnings))
        else:
            run = segment(Job([path], folder, jaws=[which] if which else None, unit=unit), options)
            found = run.segmentations[0]
            jaws.append(_Jaw(run.reports[0]["name"], found.jaw, found, list(run.reports[0]["warnings"])))
    return jaws


def _require_right_jaws(jaws: Sequence[_Jaw], scans: Sequence[str | os.PathLike[str]], jaw: str | None) -> None:
    """Refuse a scan that is another jaw than it is given as, by its teeth's numbers or by its shape."""
    stated = list(PAIR) if len(scans) == 2 else [jaw] * len(jaws)
    for one, given in zip(jaws, stated, strict=True):
        looks = getattr(one.scan, "jaw_inferred", one.jaw)
        sure = getattr(one.scan, "jaw_confidence", 1.0)
        seen = looks if sure >= _SURE_OF_JAW else one.jaw
        if given is not None and seen != given:
            raise InputError(
                f"'{one.name}' is given as the {given} jaw, but it is the {seen} one: give the upper jaw first and "
                "the lower jaw second, or the scan of the other jaw."
            )


def _fused_jaw(one: _Jaw, volume: Volume, labels: Volume) -> tuple[Pose, TeethMatch, list[ToothSurface]]:
    numbers = [int(n) for n in np.unique(labels.array) if n and is_upper(int(n)) == (one.jaw == "upper")]
    crowns = cbct_teeth(volume, labels, numbers)
    pose = find_pose(one.scan, crowns, one.name)
    refuse_pose(pose, one.name, one.jaw)
    match = match_teeth(one.scan, pose, crowns)
    fused = [fused_tooth(crowns[tooth], one.scan, number, pose) for tooth, number in match.pairs.items()]
    return pose, match, fused


def _jaw_report(one: _Jaw, pose: Pose, match: TeethMatch, transform: str) -> dict[str, Any]:
    teeth = []
    for tooth, number in match.pairs.items():
        residual = pose.residuals.get(number)
        teeth.append(
            {
                "fdi": tooth,
                "fdi_in_scan": number,
                "residual_median_mm": None if residual is None else round(residual.median_mm, 4),
                "residual_p95_mm": None if residual is None else round(residual.p95_mm, 4),
                "places": 0 if residual is None else residual.places,
            }
        )
    notes = number_notes(match)
    if abs(one.scan.surface.scale - 1) > 1e-9:
        notes.append(
            f"The transform of '{one.name}' is for the scan in millimetres; a unit of its file is "
            f"{one.scan.surface.scale:g} mm."
        )
    return {
        "scan": one.name,
        "jaw": one.jaw,
        "scan_to_cbct": pose.matrix.tolist(),
        "transform": transform,
        "residual_median_mm": round(pose.median_mm, 4),
        "share_that_fits": round(pose.inliers, 4),
        "teeth": teeth,
        "only_in_scan": match.scan_only,
        "only_in_cbct": match.cbct_only,
        "notes": notes,
    }
