"""Whole runs on results that are on the disk: repair them, hand them over in other formats."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..checks.findings import Finding, check_dentition, check_jaws, repairs_for
from ..checks.repair import Repair, make_edit
from ..errors import InputError
from ..exports import ExportOptions, Result, export, export_format
from ..files.jaw_labels import read_labelled_jaw, write_labelled_mesh
from ..files.label_maps import write_labelmap
from ..files.meshes import is_mesh_file
from ..files.seg_nrrd import stored_confidence, write_seg_nrrd
from ..files.transactions import all_or_nothing
from ..reports.report import read_report
from .checking import examine_jaw, examine_label_map, read_label_map, require_teeth

_ROUNDS = 5


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
    files = content.get("files") or {}
    beside = next((path.parent / files[kind] for kind in ("mesh", "segmentation", "labels") if kind in files), None)
    if beside is None or not beside.exists():
        wanted = f" '{beside.name}'" if beside is not None else ""
        raise InputError(f"The labels{wanted} that '{path}' reports on are not beside it: keep a run's files together.")
    if report_only:
        return Result(beside, content["name"], [], lambda: open_result(beside).examination, stored_report=content)
    return replace(open_result(beside), name=content["name"], stored_report=content)


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

    kind: the name of one of `exports.FORMATS`. scan: the scan it was made from: its DICOM files are needed for
    "dicom-seg", and with it the page "html" shows slices. space: "LPS" or "RAS", of surfaces from label maps. Raises
    InputError for a kind that does not fit the result, or where an optional package is absent; OutputError.
    """
    chosen = export_format(kind)
    result = open_result(path, numbering, report_only=chosen.report_only)
    return export(result, folder, chosen, ExportOptions(scan, series, space)), result.warnings
