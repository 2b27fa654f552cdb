"""Whole runs on results that are on the disk: repair them, hand them over in other formats."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks.findings import Finding, check_dentition, check_jaws, repairs_for
from ..checks.repair import Repair, make_edit
from ..errors import InputError, NoTeethError
from ..files.label_maps import read_fdi_labels, stored_confidence
from ..files.results import all_or_nothing, write_labelmap, write_seg_nrrd
from ..files.volumes import Volume

if TYPE_CHECKING:
    from ..files.meshes import Mesh
    from ..ios.segmenting import JawSegmentation

SURFACE_FORMATS = ("stl", "obj", "ply", "glb")
FORMATS = (*SURFACE_FORMATS, "nifti", "seg.nrrd", "dicom-seg", "csv", "html")
_ROUNDS = 5


@dataclass
class Result:
    """A label map, or a labelled jaw with the mesh of its file, with its findings and report."""

    name: str
    report: dict[str, Any]
    findings: list[Finding]
    warnings: list[str]
    labels: Volume | None = None
    confidence: dict[int, float] | None = None
    jaw: JawSegmentation | None = None
    mesh: Mesh | None = None


def open_result(path: str | os.PathLike[str], numbering: str | None = None) -> Result:
    """A result: label map, labelled mesh (VTP, PLY), or a run's <name>_report.json with its files beside it.

    Findings are those of `check`. Raises InputError for what is none of these, NoTeethError for an empty one.
    """
    from .jaws import is_mesh_file

    path = Path(path)
    if path.suffix.lower() == ".json":
        return _of_report(path)
    if is_mesh_file(path):
        from ..files.meshes import read_mesh
        from .jaws import check_mesh

        run = check_mesh(path, numbering=numbering)
        mesh, _ = read_mesh(path)
        name = mesh.name.removesuffix("_teeth")
        return Result(name, run.report, run.findings, [], jaw=run.segmentations[0], mesh=mesh)
    from .volumes import describe

    labels, warnings = read_fdi_labels(path, numbering)
    if not labels.array.any():
        raise NoTeethError(f"'{path}' is empty: no voxel is labelled as a tooth.")
    confidence = stored_confidence(labels) or None
    report = describe(labels, labels.name, confidence)
    report["warnings"] = list(warnings)
    name = labels.name.removesuffix("_teeth")
    return Result(name, report, check_dentition(labels, confidence), warnings, labels, confidence)


def _of_report(path: Path) -> Result:
    """The result a report belongs to; the report is taken as it is, with the confidences and what made it."""
    from ..reports.report import SCHEMA

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror or error}).") from error
    except ValueError as error:
        raise InputError(f"'{path}' is damaged: it is no JSON text.") from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise InputError(f"'{path}' is no report of DentalTopoSeg: give a <name>_report.json.")
    files = content.get("files") or {}
    beside = next((path.parent / files[kind] for kind in ("mesh", "segmentation", "labels") if kind in files), None)
    if beside is None or not beside.exists():
        wanted = f" '{beside.name}'" if beside is not None else ""
        raise InputError(f"The labels{wanted} that '{path}' reports on are not beside it: keep a run's files together.")
    result = open_result(beside)
    result.name, result.report = content["name"], content
    return result


# ---------------------------------------------------------------- repair


@dataclass
class Repaired:
    """done: titles of the repairs made. refused: sentences for those that were not possible. before, after: the
    findings. path: the file written."""

    done: list[str]
    refused: list[str]
    before: list[Finding]
    after: list[Finding]
    path: Path


def repairs_of(result: Result) -> list[tuple[Finding, list[Repair]]]:
    """Every finding with what can be done about it, in the order of `check`."""
    return [(finding, repairs_for(finding, result.findings)) for finding in result.findings]


def repair_file(
    path: str | os.PathLike[str],
    output: str | os.PathLike[str],
    *,
    finding: int | None = None,
    choice: int = 1,
    number: int | None = None,
    all_safe: bool = False,
    numbering: str | None = None,
) -> Repaired:
    """Repair a label map or a labelled mesh and write it to another file.

    finding: its number in the list of `check`, from 1; choice: which of its proposed repairs, from 1; number: the FDI
    number for a repair that needs one. all_safe: every repair that mends a shape and changes no number, checked again
    after each; what is refused is told and left. output: .nii.gz, .seg.nrrd, ... of a label map, .vtp or .ply of a
    mesh. Raises InputError when the finding is not there or its repair is not possible; then nothing is written.
    """
    result = open_result(path, numbering)
    output = Path(output)
    _require_other_file(path, output)
    work = _LabelMap(result) if result.labels is not None else _Jaw(result)
    before, done, refused = result.findings, [], []
    if all_safe:
        done, refused = _repair_safely(work, before)
        if not done:
            raise InputError(
                " ".join(refused) if refused else f"'{path}' has no finding that can be repaired without looking."
            )
    else:
        repair = _chosen(result, finding, choice, number)
        work.apply(repair)
        done = [repair.title]
    work.write(output)
    return Repaired(done, refused, before, work.findings(), output)


def _require_other_file(path: str | os.PathLike[str], output: Path) -> None:
    if Path(path).resolve() == output.resolve():
        raise InputError(f"'{output}' is the file to be repaired: write the result to another one.")


def _chosen(result: Result, finding: int | None, choice: int, number: int | None) -> Repair:
    count = len(result.findings)
    if finding is None or not 1 <= finding <= count:
        raise InputError(f"'{result.name}' has {count} finding(s): choose one by its number, 1 to {count}.")
    found = result.findings[finding - 1]
    repairs = repairs_for(found, result.findings)
    if not repairs:
        raise InputError(f"Only a person can settle this finding: {found.message}")
    if not 1 <= choice <= len(repairs):
        raise InputError(f"Finding {finding} has {len(repairs)} possible repair(s): choose 1 to {len(repairs)}.")
    repair = repairs[choice - 1]
    if not repair.needs_number:
        if number is not None:
            raise InputError(f"No number is needed to do this: {repair.title.lower()}.")
        return repair
    if number is None:
        raise InputError(f"Give the FDI number (--number) to do this: {repair.title.lower()}.")
    return repair.with_number(number)


def _repair_safely(work: _LabelMap | _Jaw, found: list[Finding]) -> tuple[list[str], list[str]]:
    done: list[str] = []
    refused: dict[str, str] = {}
    for _ in range(_ROUNDS):
        todo = [repair for finding in found for repair in repairs_for(finding, found) if repair.safe]
        todo = [repair for repair in todo if repair.title not in refused]
        if not todo:
            break
        for repair in todo:
            try:
                work.apply(repair)
                done.append(repair.title)
            except InputError as error:
                refused[repair.title] = str(error)
        found = work.findings()
    return done, list(refused.values())


class _LabelMap:
    """A label map under repair."""

    def __init__(self, result: Result) -> None:
        self.labels = result.labels.with_array(result.labels.array.copy())
        self.confidence = result.confidence

    def apply(self, repair: Repair) -> None:
        edit = make_edit(self.labels, repair)
        edit.apply(self.labels.array)
        self.confidence = None if self.confidence is None else edit.confidence(self.confidence)

    def findings(self) -> list[Finding]:
        return check_dentition(self.labels, self.confidence) if self.labels.array.any() else []

    def write(self, output: Path) -> None:
        with all_or_nothing(output.absolute().parent) as stage:
            if output.name.lower().endswith(".seg.nrrd"):
                write_seg_nrrd(self.labels, stage / output.name, self.confidence)
            else:
                write_labelmap(self.labels, stage / output.name)


class _Jaw:
    """A labelled jaw under repair."""

    def __init__(self, result: Result) -> None:
        self.jaw, self.mesh, self.name = result.jaw, result.mesh, result.name

    def apply(self, repair: Repair) -> None:
        self.jaw = make_edit(self.jaw, repair).apply(self.jaw)

    def findings(self) -> list[Finding]:
        return check_jaws([self.jaw], [self.name], [self.jaw.jaw]) if np.any(self.jaw.fdi) else []

    def write(self, output: Path) -> None:
        from .jaws import write_labelled_mesh

        with all_or_nothing(output.absolute().parent) as stage:
            write_labelled_mesh(stage / output.name, self.mesh, self.jaw)


# ---------------------------------------------------------------- export


def export_result(
    path: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    kind: str,
    *,
    numbering: str | None = None,
    scan: str | os.PathLike[str] | None = None,
    series: str | None = None,
    space: str = "LPS",
) -> tuple[dict[str, Path], list[str]]:
    """Write a result into a folder in another format, all files or none; ({kind: path}, warnings).

    kind: one of `FORMATS`. scan: the scan it was made from: its DICOM files are needed for "dicom-seg", and with it
    the page "html" shows slices. space: "LPS" or "RAS", of surfaces from label maps. Raises InputError for a kind that
    does not fit the result, or where an optional package is absent; OutputError.
    """
    if kind not in FORMATS:
        raise InputError(f"The format '{kind}' is unknown: use {', '.join(FORMATS)}.")
    result = open_result(path, numbering)
    folder = Path(folder)
    if kind in SURFACE_FORMATS:
        return _write_surfaces(result, folder, kind, space), result.warnings
    if kind == "csv":
        from ..reports.page import write_csv

        with all_or_nothing(folder) as stage:
            files = write_csv(result.report, stage, result.name)
        return {name: folder / file.name for name, file in files.items()}, result.warnings
    writers: dict[str, tuple[str, Callable[[Path], Any]]] = {
        "html": (f"{result.name}_report.html", partial(_write_html, result, scan, series)),
    }
    if result.labels is not None:
        writers |= {
            "nifti": (f"{result.name}_teeth.nii.gz", partial(write_labelmap, result.labels)),
            "seg.nrrd": (
                f"{result.name}_teeth.seg.nrrd", lambda file: write_seg_nrrd(result.labels, file, result.confidence),
            ),
            "dicom-seg": (f"{result.name}_teeth.dcm", partial(_write_dicom_seg, result, scan, series)),
        }  # fmt: skip
    if kind not in writers:
        raise InputError(
            f"'{path}' is an intraoral scan: it has no voxels for {kind}; use {', '.join(SURFACE_FORMATS)}."
        )
    name, write = writers[kind]
    with all_or_nothing(folder) as stage:
        write(stage / name)
    return {kind: folder / name}, result.warnings


def _write_surfaces(result: Result, folder: Path, kind: str, space: str) -> dict[str, Path]:
    from ..exports.tooth_surfaces import surfaces_of_jaw, surfaces_of_labels, write_surfaces

    if result.labels is not None:
        return write_surfaces(surfaces_of_labels(result.labels, space), folder, result.name, kind, space=space)
    scale = result.jaw.surface.scale
    surfaces = surfaces_of_jaw(result.jaw.surface.vertices / scale, result.jaw.surface.faces, result.jaw.face_fdi)
    return write_surfaces(surfaces, folder, result.name, kind, mm_per_unit=scale, in_head=False)


def _write_dicom_seg(result: Result, scan: str | os.PathLike[str] | None, series: str | None, file: Path) -> None:
    from ..exports.dicom_seg import write_dicom_seg

    if scan is None:
        raise InputError("A DICOM SEG belongs to the DICOM files of its scan: give their folder with --scan.")
    write_dicom_seg(result.labels, scan, file, series=series)


def _write_html(result: Result, scan: str | os.PathLike[str] | None, series: str | None, file: Path) -> None:
    from ..reports.page import write_report_html

    with TemporaryDirectory() as folder:
        picture = Path(folder) / "teeth.png"
        _draw(result, scan, series, picture)
        write_report_html(result.report, file, [picture])


def _draw(result: Result, scan: str | os.PathLike[str] | None, series: str | None, picture: Path) -> None:
    if result.jaw is not None:
        from ..pictures.jaws import jaw_png

        drawn: Mapping[str, Any] = {
            "vertices": result.jaw.surface.vertices, "normals": result.jaw.surface.normals,
            "faces": result.jaw.surface.faces, "face_fdi": result.jaw.face_fdi, "jaw": result.jaw.jaw,
            "frame": result.jaw.frame, "scale": result.jaw.surface.scale,
        }  # fmt: skip
        jaw_png(picture, [drawn], result.name, result.findings)
    elif scan is not None:
        from ..files.volumes import read_volume
        from ..pictures.volumes import overlay_png

        overlay_png(read_volume(scan, series=series)[0], result.labels, picture, title=result.name)
    else:
        from ..pictures.volumes import views_png

        views_png(result.labels, picture)
