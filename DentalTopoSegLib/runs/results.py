"""Runs on results that are on the disk: take them up again, hand them over in other formats."""

from __future__ import annotations

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..dentition import Confidence, Known
from ..dentition.words import SOURCE_LANGUAGE, Language
from ..errors import InputError, OutputError, UsageError
from ..exports import ExportOptions, Result
from ..exports.registry import export, export_format, left_from_before
from ..files.jaw_labels import read_labelled_jaw
from ..files.meshes import is_mesh_file
from ..files.seg_nrrd import stored_confidence, stored_known
from ..files.structures import known_structures, read_structures
from ..files.transactions import settle
from ..reports.checksums import compare_files
from ..reports.report import confidence_of, known_of, read_report
from .checking import (
    examine_jaw,
    examine_label_map,
    kept_beside,
    read_teeth,
    require_teeth,
    structures_beside,
    warnings_of,
    with_absent,
)
from .refusals import refuse_options


def open_result(
    path: str | os.PathLike[str],
    numbering: str | None = None,
    *,
    report_only: bool = False,
    orientation: str | None = None,
    absent: Collection[int] = (),
    around: Path | None = None,
) -> Result:
    """A result: label map, labelled mesh (VTP, PLY), or a run's <name>_report.json with its files beside it.

    Nothing is checked before it is asked for. report_only: labels beside a report are left alone. orientation: of a
    label map that does not say where left and right are. absent: teeth that are stated absent beside those that the
    file or the report beside it names. around: of a label map, the file of what a run found around its teeth, which a
    report names itself. Raises InputError for what is none of these, NoTeethError for an empty one.
    """
    path = Path(path)
    if path.suffix.lower() == ".json":
        refuse_options("labels (a report says itself what was stated)", absent=sorted(absent))
        refuse_options("labels (those of a report are known)", numbering=numbering, orientation=orientation)
        return _of_report(path, report_only)
    if not is_mesh_file(path):
        return _of_label_map(path, numbering, orientation=orientation, absent=absent, around=around)
    refuse_options("label maps", orientation=orientation)
    return _of_jaw(path, numbering, absent=absent)


def _of_jaw(path: Path, numbering: str | None, known: Known | None = None, absent: Collection[int] = ()) -> Result:
    jaw, warnings = read_labelled_jaw(path, numbering=numbering)
    require_teeth(jaw, path)
    name = jaw.mesh.name.removesuffix("_teeth")
    known = with_absent(kept_beside(path, name) if known is None else known, absent)
    return Result(
        path,
        name,
        [],
        lambda: examine_jaw(jaw, warnings, known=known),
        labelled=jaw,
        known=known,
        companions=_companions(path, name),
    )


def _of_label_map(
    path: Path,
    numbering: str | None,
    confidence: Confidence | None = None,
    known: Known | None = None,
    orientation: str | None = None,
    absent: Collection[int] = (),
    around: Path | None = None,
) -> Result:
    """confidence, known: in place of what the file itself has. around: the file of structures that a run wrote beside,
    where the map itself has none; without it, the one that is called after the map."""
    read = read_teeth(path, numbering, orientation)
    labels, warnings, structures = read.teeth, warnings_of(read), read.structures
    companions = _companions(path, labels.name.removesuffix("_teeth"))
    if structures is None and around is None:
        structures, beside, more = structures_beside(path, labels)
        companions += [file for file in (beside,) if file is not None and file not in companions]
        warnings += more
    elif structures is None and around is not None and around.exists():
        structures = known_structures(*read_structures(around))
        if structures is not None and not structures.same_grid(labels):
            raise InputError(f"'{around}' does not lie on the grid of '{path.name}': keep a run's files as they are.")
    confidence = confidence or stored_confidence(labels) or None
    name = labels.name.removesuffix("_teeth")
    known = with_absent(known or stored_known(labels) or kept_beside(path, name), absent)
    return Result(
        path,
        name,
        warnings,
        lambda: examine_label_map(labels, confidence, warnings=warnings, known=known, structures=structures),
        labels,
        confidence,
        structures=structures,
        known=known,
        companions=companions,
    )


def _companions(path: Path, name: str) -> list[Path]:
    """The report beside a run's labels, and the other files it names; one that cannot be read may be it."""
    report = path.with_name(f"{name}_report.json")
    if not report.is_file():
        return []
    try:
        files = (read_report(report).get("files") or {}).values()
    except InputError:
        return [report]
    return [report, *(path.parent / file for file in files)] if path.name in files else []


def _of_report(path: Path, report_only: bool) -> Result:
    """The result a report belongs to, with the confidences and what made it; where the labels are no longer those it
    was written with, a report of now takes its place."""
    with suppress(OutputError):  # a folder that can only be read stays as it is: the checksums tell what fits
        settle(path.parent)
    content = read_report(path)
    files = content.get("files", {})
    labels = {kind: path.parent / files[kind] for kind in ("mesh", "segmentation", "labels") if kind in files}
    beside = next(iter(labels.values()), None)
    if beside is None:
        raise InputError(f"'{path}' does not say which labels it reports on: give the label map or mesh itself.")
    if not beside.exists():
        raise InputError(
            f"The labels '{beside.name}' that '{path}' reports on are not beside it: keep a run's files together."
        )
    changed = compare_files(content, path.parent).changed
    warnings = _links(beside) + [
        f"'{file.name}' is no longer what '{path.name}' was written with: this takes '{beside.name}'."
        for file in labels.values()
        if file != beside and file.name in changed
    ]
    report: dict[str, Any] | None = content
    if beside.name in changed:
        report = None
        warnings.append(f"'{beside.name}' is no longer what '{path.name}' was written with: it was checked anew.")
    companions = [path, *(path.parent / file for file in files.values())]

    known = known_of(content)

    def open_labels() -> Result:
        if is_mesh_file(beside):
            return _of_jaw(beside, None, known if report else replace(known, evidence={}))
        around = path.parent / files["structures"] if "structures" in files else None
        return _of_label_map(
            beside, None, confidence_of(report) if report else None, known if report else None, around=around
        )

    if report_only:
        return Result(
            beside,
            content["name"],
            warnings,
            lambda: open_labels().examination,
            stored_report=report,
            companions=companions,
        )
    opened = open_labels()
    warnings += opened.warnings
    return replace(opened, name=content["name"], warnings=warnings, stored_report=report, companions=companions)


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
    orientation: str | None = None,
    absent: Collection[int] = (),
    language: Language = SOURCE_LANGUAGE,
    to_numbering: str = "fdi",
) -> tuple[dict[str, Path], list[str]]:
    """Write a result into a folder in another format, all files or none; ({kind: path}, warnings).

    kind: the name of one of `exports.FORMATS`. scan: the scan it was made from: its DICOM files are needed for
    "dicom-seg", and with it the page "html" shows slices. space: "LPS" or "RAS", of surfaces from label maps.
    orientation: of files that do not say where left and right are. absent: teeth that are stated absent beside those
    that the file says itself. language: of the page, as `reports.languages.catalogue` takes it. to_numbering: of the
    values of "nifti", one of `dentition.LABEL_NUMBERINGS`. Raises InputError for a kind that does not fit the result,
    or where an optional package is absent; OutputError.
    """
    chosen = export_format(kind)
    if kind != "nifti" and to_numbering != "fdi":
        raise UsageError("--to-numbering is only for --format nifti: other formats hold FDI numbers or tooth codes.")
    of_labels = None if scan is not None and Path(path).suffix.lower() == ".json" else orientation  # then the scan's
    result = open_result(path, numbering, report_only=chosen.report_only, orientation=of_labels, absent=absent)
    options = ExportOptions(scan, series, space, orientation, language, to_numbering)
    files = export(result, folder, chosen, options)
    left = left_from_before(result.name, folder, chosen, files.values())
    more = [f"Of an earlier export, and no longer in this result: {', '.join(left)}."] if left else []
    return files, [*result.warnings, *more]
