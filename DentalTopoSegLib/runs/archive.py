"""A run on a scan in a picture archive: fetch, segment, write; and store what a viewer there can show."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InputError, UsageError
from ..exports import ExportOptions, export
from ..exports.registry import export_format
from ..files.names import bare_name
from ..files.transactions import all_or_nothing, require_writable
from ..options import DEFAULTS, RunOptions
from ..pacs import Address, Archive, Series
from .anonymous import anonymous_name
from .job import Job
from .results import open_result
from .segmenting import segment

FETCH, STORE = "Fetching the scan", "Storing the results"
#: The modality of CBCT.
_MODALITY = "CT"
_SCAN_FOLDER = "scan"


@dataclass(frozen=True)
class ArchiveJob:
    """What to take out of an archive, and what to do with the results.

    Parameters
    ----------
    address : Address
        Where the archive is.
    study : str
        Its UID.
    output : Path
        The results' folder.
    series : str, optional
        Which series: its number, or the end of its UID; None takes the only one of CT images.
    store : bool
        Whether DICOM SEG, of the teeth and of what was found around them, goes back into the archive.
    surfaces : bool
        Whether the teeth's surfaces are made as DICOM STL, and go back with it.
    name : str, optional
        Of the results; None makes a code of the scan's content.
    picture : bool
        Also draw <name>_teeth.png.
    """

    address: Address
    study: str
    output: Path
    series: str | None = None
    store: bool = False
    surfaces: bool = False
    name: str | None = None
    picture: bool = False


@dataclass
class ArchiveRun:
    """What is there afterwards: the report, the written files by kind, and how many of them are in the archive."""

    report: dict[str, Any]
    files: dict[str, Path] = field(default_factory=dict)
    stored: int = 0


def segment_from_archive(job: ArchiveJob, options: RunOptions = DEFAULTS) -> ArchiveRun:
    """Fetch a CBCT, segment it, write the results with a DICOM SEG, and store that where it is wanted.

    The scan itself is kept in a hidden folder of the output for as long as it is worked on. Results are whole in the
    output before anything is stored, so that they are there whatever the archive does.

    Parameters
    ----------
    job : ArchiveJob
        What to take, and what to do with the results.
    options : RunOptions
        How to compute.

    Returns
    -------
    ArchiveRun

    Raises
    ------
    InputError
        Where the archive does not give the scan; and as `segmenting.segment`.
    OutputError
        Where the results cannot be written or are not all stored.
    UsageError
        For a study that is no UID, and surfaces without an own format.
    """
    if job.name:
        bare_name(job.name, "The results' name (--name)")
    kinds = ["dicom-seg", *(["dicom-stl"] if job.surfaces else [])]
    for kind in kinds:
        for package in export_format(kind).packages:
            package.require()  # before the long work
    archive = Archive(job.address)
    series = choose_series(archive.series(job.study), job.series)
    require_writable(job.output)
    made: dict[str, Path] = {}
    with all_or_nothing(job.output) as stage:
        scan = stage / _SCAN_FOLDER
        scan.mkdir()
        total = series.instances or 1
        options.progress(FETCH, 0, total)
        archive.fetch(job.study, series, scan, lambda done, of: options.progress(FETCH, done, of), options.cancelled)
        name = job.name or anonymous_name([scan])
        run = segment(Job([scan], stage, kind="volume", name=name, picture=job.picture), options)
        written = dict(run.files[0])
        # by its report it would wait for this very stage
        result = open_result(written["segmentation"], around=written.get("structures"))
        for kind in kinds:
            options.stop_if_cancelled()
            files = export(result, stage, export_format(kind), ExportOptions(scan))
            made |= {kind if len(files) == 1 else f"{kind} {what}": path for what, path in files.items()}
        shutil.rmtree(scan)
    written = {kind: job.output / path.name for kind, path in (written | made).items()}
    stored = _store(archive, [written[kind] for kind in made], options) if job.store else 0
    return ArchiveRun(run.report, written, stored)


def choose_series(found: Sequence[Series], wanted: str | None) -> Series:
    """The series that is wanted, else the only one of CT images.

    Raises
    ------
    InputError
        Where that is none or several; their numbers and sizes are told.
    UsageError
        For a wish that is neither a number nor the end of a UID.
    """
    if wanted is not None and not wanted.replace(".", "").isdecimal():
        raise UsageError("The series (--series) is chosen by its number or the end of its UID.")
    scans = [one for one in found if one.modality == _MODALITY]
    if wanted is None:
        fitting = scans
    else:
        fitting = [one for one in found if one.number == wanted] or [one for one in found if one.uid.endswith(wanted)]
    if len(fitting) == 1:
        return fitting[0]
    listed = ", ".join(_shown(one) for one in (fitting or scans or found))
    if not fitting:
        said = "no such series" if wanted is not None else "no series of CT images"
        raise InputError(f"The study has {said}; it has: {listed}.")
    raise InputError(f"The study has several series that fit: {listed}. Choose one with --series NUMBER.")


def _shown(series: Series) -> str:
    size = "" if series.instances is None else f", {series.instances} files"
    return f"number {series.number or 'unknown'} ({series.modality or 'unknown modality'}{size})"


def _store(archive: Archive, files: Sequence[Path], options: RunOptions) -> int:
    options.progress(STORE, 0, len(files))
    archive.store(files, lambda done, of: options.progress(STORE, done, of))
    return len(files)
