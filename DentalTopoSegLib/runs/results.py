"""Runs on results that are on the disk: take them up again, hand them over in other formats."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from ..exports import ExportOptions, Result
from ..exports.registry import export, export_format
from ..files.jaw_labels import read_labelled_jaw
from ..files.meshes import is_mesh_file
from ..files.seg_nrrd import stored_confidence
from ..reports.report import read_report
from .checking import examine_jaw, examine_label_map, read_label_map, require_teeth


def open_result(path: str | os.PathLike[str], numbering: str | None = None, *, report_only: bool = False) -> Result:
    """A result: label map, labelled mesh (VTP, PLY), or a run's <name>_report.json with its files beside it.

    Nothing is checked before it is asked for. report_only: labels beside a report are left alone. Raises InputError for
    what is none of these, NoTeethError for an empty one.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        return _of_report(path, report_only)
    return _of_jaw(path, numbering) if is_mesh_file(path) else _of_label_map(path, numbering)


def _of_jaw(path: Path, numbering: str | None) -> Result:
    jaw, warnings = read_labelled_jaw(path, numbering=numbering)
    require_teeth(jaw, path)
    name = jaw.mesh.name.removesuffix("_teeth")
    return Result(path, name, [], lambda: examine_jaw(jaw, warnings), labelled=jaw)


def _of_label_map(path: Path, numbering: str | None) -> Result:
    labels, warnings = read_label_map(path, numbering)
    confidence = stored_confidence(labels) or None
    name = labels.name.removesuffix("_teeth")
    return Result(
        path, name, warnings, lambda: examine_label_map(labels, confidence, warnings=warnings), labels, confidence
    )


def _of_report(path: Path, report_only: bool) -> Result:
    """The result a report belongs to; the report is taken as it is, with the confidences and what made it."""
    content = read_report(path)
    files = content.get("files", {})
    beside = next((path.parent / files[kind] for kind in ("mesh", "segmentation", "labels") if kind in files), None)
    if beside is None or not beside.exists():
        wanted = f" '{beside.name}'" if beside is not None else ""
        raise InputError(f"The labels{wanted} that '{path}' reports on are not beside it: keep a run's files together.")
    warnings = _links(beside)
    if report_only:
        return Result(beside, content["name"], warnings, lambda: open_result(beside).examination, stored_report=content)
    result = open_result(beside)
    return replace(result, name=content["name"], warnings=[*warnings, *result.warnings], stored_report=content)


def _links(file: Path) -> list[str]:
    """A link may lead out of the folder, as whoever keeps results put it there; but it is told."""
    target = file.resolve()
    return [] if target.parent == file.parent.resolve() else [f"'{file.name}' is a link to '{target}'."]


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

    kind: the name of one of `exports.FORMATS`. scan: the scan it was made from: its DICOM files are needed for
    "dicom-seg", and with it the page "html" shows slices. space: "LPS" or "RAS", of surfaces from label maps. Raises
    InputError for a kind that does not fit the result, or where an optional package is absent; OutputError.
    """
    chosen = export_format(kind)
    result = open_result(path, numbering, report_only=chosen.report_only)
    return export(result, folder, chosen, ExportOptions(scan, series, space)), result.warnings
