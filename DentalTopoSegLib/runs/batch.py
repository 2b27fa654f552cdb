"""Many scans, one after the other: every scan in a folder, each in a process of its own, with a summary."""

from __future__ import annotations

import os
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from typing import Any

from ..dentition import Stated
from ..errors import EXIT_MEANINGS, Cancelled, DentalTopoSegError, InputError
from ..files.hps import is_hps_file
from ..files.json_text import plain
from ..files.meshes import MESH_SUFFIXES, is_mesh_file, mesh_stem
from ..files.transactions import all_or_nothing, require_writable
from ..files.volumes import SCAN_SUFFIXES, require_orientation, safe_stem
from ..files.volumes.dicom import is_dicom_file, is_directory_file, series_files
from ..networks.folders import entries_of
from ..networks.tasks import task_names
from ..options import DEFAULTS, RunOptions
from ..reports.checksums import compare_files
from ..reports.page import write_table
from ..reports.report import known_of, read_report
from ..reports.stated import stated_text
from . import watching
from .anonymous import anonymous_name
from .events import Tell
from .job import PAIR, Job

SUMMARY = "summary.csv"
_COLUMNS = ("scan", "name", "state", "teeth", "errors", "warnings", "notes", "seconds", "message")
_SUFFIXES = (*SCAN_SUFFIXES, *MESH_SUFFIXES)
_RESULT_ENDINGS = (
    "_teeth.nii.gz",
    "_teeth.seg.nrrd",
    "_teeth.vtp",
    "_teeth.ply",
    "_truth.nii.gz",
    "_teeth.dcm",
    "_stl.dcm",
    "_structures.seg.nrrd",
)


@dataclass
class Batch:
    """rows: one per scan, with the columns of the summary; state "done", "done before", "changed" or "failed", the last
    with the exit code that the scan by itself would have."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    summary: Path | None = None

    def count(self, state: str) -> int:
        return sum(row.get("state") == state for row in self.rows)


def scans_in(folder: str | os.PathLike[str], apart: Path | None = None) -> list[tuple[Path, str]]:
    """[(scan, name of its results)] of all scans under a folder, in the order of their paths.

    A scan is a volume file, a mesh, or a folder with DICOM files; results of other runs, what lies in the folder
    `apart` and what cannot be read are left out. Names come from the path below the folder, so that they differ. Raises
    InputError when the folder is not there.
    """
    return [(found.path, found.name) for found in _look_through(folder, apart) if found.reason is None]


def unreadable_in(folder: str | os.PathLike[str], apart: Path | None = None) -> list[tuple[Path, str]]:
    """[(file or folder, why)] of what lies under a folder and cannot be read, so that nobody can say whether it is a
    scan; as `scans_in`."""
    return [(found.path, found.reason) for found in _look_through(folder, apart) if found.reason is not None]


@dataclass(frozen=True)
class _Found:
    """A scan and the name of its results; or a file or folder of which nobody can say what it is, and why."""

    path: Path
    name: str
    reason: str | None = None


def _look_through(folder: str | os.PathLike[str], apart: Path | None) -> list[_Found]:
    root = Path(folder)
    if not os.path.isdir(root):
        raise InputError(f"'{root}' is no folder: give the folder that holds the scans.")
    found: list[_Found] = []
    taken: set[str] = set()
    for path, reason in sorted(_scans(root, os.path.realpath(apart) if apart else None), key=itemgetter(0)):
        if reason is not None:
            found.append(_Found(path, "", reason))
            continue
        relative = path.relative_to(root)
        own = mesh_stem(path) if path.suffix.lower() in MESH_SUFFIXES else safe_stem(path)
        stem = safe_stem("_".join((*relative.parts[:-1], own)))
        name, number = stem, 2
        while _folded(name) in taken:
            name, number = f"{stem}_{number}", number + 1
        taken.add(_folded(name))
        found.append(_Found(path, name))
    return found


def _folded(name: str) -> str:
    """Equal for names that are one on some file system."""
    return unicodedata.normalize("NFC", name).casefold()


def _scans(root: Path, apart: str | None) -> Iterator[tuple[Path, str | None]]:
    """(scan, None), and (file or folder, why it cannot be read)."""
    unreadable: list[tuple[Path, str | None]] = []

    def not_listed(error: OSError) -> None:
        unreadable.append((Path(error.filename), _reason(error)))

    whole: list[Path] = []  # folders of a CD that are one scan
    for top, folders, names in os.walk(root, onerror=not_listed):
        here = Path(top)
        folders[:] = [name for name in folders if not name.startswith(".") and os.path.realpath(here / name) != apart]
        files = [here / name for name in names if not name.startswith(".") and not name.endswith(_RESULT_ENDINGS)]
        scans = [path for path in files if path.name.lower().endswith(_SUFFIXES) or _is_3shape(path)]
        yield from ((path, None) for path in scans)
        rest = [path for path in files if path not in set(scans)]
        others = [_dicom_or_reason(path) for path in rest]
        if any(is_directory_file(path) for path in files) and _is_one_scan(here):
            whole.append(here)
            yield here, None
        elif any(other is True for other in others):
            if not any(cd in here.parents for cd in whole):
                yield here, None
        else:
            yield from ((path, why) for path, why in zip(rest, others, strict=True) if isinstance(why, str))
    yield from unreadable


def _is_3shape(path: Path) -> bool:
    """Whether a file is a mesh of 3Shape's, whose suffix is DICOM's."""
    return path.suffix.lower() == ".dcm" and is_hps_file(path)


def _dicom_or_reason(path: Path) -> bool | str:
    """Whether a file is DICOM that may be a slice; the reason where it cannot be read."""
    if not os.path.isfile(path):
        return False
    try:
        path.open("rb").close()
    except OSError as error:
        return _reason(error)
    return is_dicom_file(path) and not is_directory_file(path)


def _is_one_scan(folder: Path) -> bool:
    """Whether a CD's folder, with all below, is one scan; several are looked for where their slices are."""
    try:
        return bool(series_files(folder))
    except InputError:
        return False


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def run_batch(
    folder: str | os.PathLike[str],
    output: str | os.PathLike[str],
    options: RunOptions = DEFAULTS,
    *,
    picture: bool = False,
    orientation: str | None = None,
    again: bool = False,
    anonymous_names: bool = False,
    progress: Callable[[int, int, str, dict[str, Any]], None] = lambda done, total, name, event: None,
) -> Batch:
    """Segment every scan in a folder, and keep <output>/summary.csv up to date after each.

    A scan whose results are all there is not done again, so a batch that was stopped goes on where it was; results
    that somebody has changed since are left, and told. One that cannot be read or used, or crashes, is a row of the
    summary and does not stop the rest.

    Parameters
    ----------
    folder : path
        Holds the scans, in any depth; see `scans_in`.
    output : path
        For the results and the summary.
    options : RunOptions
        How to compute; `progress` is not called, each scan has a process of its own.
    picture : bool
        Also draw <name>_teeth.png of every CBCT.
    orientation : str, optional
        Of the CBCTs whose files do not say where left and right are; see `Job`.
    again : bool
        Also do scans again whose results are there.
    anonymous_names : bool
        Call results by a code of the scan's content (`anonymous.anonymous_name`), and write neither a path nor a
        message into the summary; only the rows that are returned say which scan has which code.
    progress : callable
        `progress(scans done, scans, name, worker event)`.

    Returns
    -------
    Batch
        The rows of the summary.

    Raises
    ------
    InputError
        For a folder without scans.
    OutputError, Cancelled
        What is done stays done; the message says how much that is.
    """
    require_orientation(orientation)
    output = Path(output)
    found = _look_through(folder, output)
    if not found:
        raise InputError(
            f"'{folder}' holds no scan: no NIfTI, NRRD, MetaImage, STL, PLY, OBJ, VTP, 3Shape or DICOM file."
        )
    Stated(options.absent, options.milk).require_teeth()
    networks = None if options.models is None else entries_of(options.models)
    require_writable(output)
    batch = Batch(summary=output / SUMMARY)
    try:
        for done, one in enumerate(found):
            row: dict[str, Any] = {"scan": one.path.relative_to(folder).as_posix() or ".", "name": one.name}
            batch.rows.append(row)
            try:
                row["name"] = name = anonymous_name([one.path]) if anonymous_names and not one.reason else one.name
            except InputError as error:
                row |= {"name": "", **_failed(str(error), error.exit_code)}
            else:
                tell = lambda event, done=done, name=name: progress(done, len(found), name, event)  # noqa: E731
                stated = Stated(options.absent, options.milk)
                own = own_checksums(networks, is_mesh_file(one.path))
                before = None if again or one.reason else row_before(output, name, stated, orientation, own)
                by = options if own else replace(options, models=None)
                row |= before or _one(
                    replace(one, name=name), output, by, tell, picture=picture, orientation=orientation
                )
            with all_or_nothing(output) as stage:
                write_table(stage / SUMMARY, map(_unnamed, batch.rows) if anonymous_names else batch.rows, _COLUMNS)
    except (Cancelled, KeyboardInterrupt) as stopped:
        raise _stopped(batch, len(found)) from stopped
    return batch


def _stopped(batch: Batch, scans: int) -> Cancelled:
    """What to say of a batch that was stopped."""
    ended = sum("state" in row for row in batch.rows)
    if not ended:
        return Cancelled()
    finished = batch.count("done") + batch.count("done before")
    return Cancelled(
        f"Stopped after {ended} of {scans} scans, {finished} of them with whole results in "
        f"'{(batch.summary or Path(SUMMARY)).parent}': the same command goes on with the others."
    )


def _unnamed(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the summary may hold it: paths and messages have names of folders and files in them."""
    shown = {**row, "scan": row["name"]}
    return {**shown, "message": EXIT_MEANINGS[row["exit_code"]]} if "exit_code" in row else shown


def _one(
    one: _Found, output: Path, options: RunOptions, tell: Tell, *, picture: bool, orientation: str | None
) -> dict[str, Any]:
    """The row of one scan: what was found, or why there is nothing."""
    if one.reason is not None:
        return _failed(f"'{one.path.name}' cannot be read ({one.reason}).", InputError.exit_code)
    started = time.monotonic()
    try:
        mesh = is_mesh_file(one.path)
        kind = "mesh" if mesh else "volume"
        job = Job([os.path.abspath(one.path)], output, kind, name=one.name)
        job = job if mesh else replace(job, picture=picture, orientation=orientation)
        watching.run_job(job, options, tell)
    except watching.RefusedInsideError as refused:
        if refused.event["exit_code"] == Cancelled.exit_code:  # Ctrl-C reaches both processes
            raise Cancelled() from refused
        found = _failed(refused.event["message"], refused.event["exit_code"])
    except Cancelled:
        raise
    except DentalTopoSegError as error:
        found = _failed(str(error), error.exit_code)
    except OSError as error:  # gone or refused in the meantime, or no process to be had
        found = _failed(f"'{one.path.name}' cannot be segmented ({_reason(error)}).", InputError.exit_code)
    else:
        found = row_after(output, one.name)
    return {**found, "seconds": round(time.monotonic() - started, 1)}


def _failed(message: str, exit_code: int) -> dict[str, Any]:
    return {"state": "failed", "message": message, "exit_code": exit_code}


def row_before(
    output: Path,
    name: str,
    stated: Stated | None = None,
    orientation: str | None = None,
    own: frozenset[str] | None = None,
) -> dict[str, Any] | None:
    """The row of a scan that needs no run: its results are there, or somebody has changed them and they stay.

    stated: what is stated of the teeth now; where it is something, results of which something else was stated are none;
    where it is nothing they stay, and the row says what was stated. orientation: the same of how scans lie whose files
    do not say it. own: the checksums of the networks that are to be run in place of installed ones: results of others
    are none; empty for the installed ones; None where it does not matter.
    """
    reports = _reports_of(output, name)
    if not reports:
        return None
    compared = [compare_files(report, output) for report in reports]
    if changed := [file for one in compared for file in one.changed]:
        shown = ", ".join(f"'{file}'" for file in changed)
        message = (
            f"{shown} changed after '{reports[0]['name']}_report.json' was written: left as it is; `check` says what "
            "it holds now, --again segments the scan anew."
        )
        return {"state": "changed", "message": message}
    if any(one.missing for one in compared) or (stated and any(known_of(r).stated != stated for r in reports)):
        return None
    if orientation and any(r.get("orientation_stated", orientation) != orientation for r in reports):
        return None
    if own is not None and any(_is_of_others(report, own) for report in reports):
        return None
    row = {"state": "done before", **_numbers(reports)}
    said = "" if stated else stated_text(reports[0])
    return row | ({"message": f"{said} So it was done before; --again segments the scan anew."} if said else {})


def own_checksums(networks: Sequence[Mapping[str, Any]] | None, mesh: bool) -> frozenset[str]:
    """SHA-256 of a folder's networks (its entries; None without a folder) for meshes, or for CBCT."""
    kinds = ("surface",) if mesh else ("volume", "foreign")
    tasks = {task for kind in kinds for task in task_names(kind)}
    return frozenset(str(entry["sha256"]) for entry in networks or () if entry["task"] in tasks)


def _is_of_others(report: dict[str, Any], own: frozenset[str]) -> bool:
    """Whether a report is not of the networks with these checksums; of none given, whether not of installed ones."""
    models = (report.get("provenance") or {}).get("models") or ()
    told = [model for model in models if isinstance(model, dict)]
    if own:
        return not own & {str(model.get("sha256")) for model in told}
    return any(model.get("task") == "nnunet" or model.get("installed") is False for model in told)


def row_after(output: Path, name: str) -> dict[str, Any]:
    """The row of a scan whose run has just ended well."""
    return {"state": "done", **_numbers(_reports_of(output, name))}


def _reports_of(output: Path, name: str) -> list[dict[str, Any]]:
    """The report of a scan, or those of the two jaws that one file held; none where they are absent."""
    whole = _report_of(output, name)
    if whole is not None:
        return [whole]
    jaws = [report for which in PAIR if (report := _report_of(output, f"{name}_{which}")) is not None]
    return jaws if [report.get("other_jaw") for report in jaws] == [f"{name}_{which}" for which in PAIR[::-1]] else []


def _report_of(output: Path, name: str) -> dict[str, Any] | None:
    """The report of a scan, None where it is absent or from something else."""
    try:
        report = read_report(output / f"{name}_report.json")
    except InputError:
        return None
    return report if report.get("files") else None


def _numbers(reports: list[dict[str, Any]]) -> dict[str, Any]:
    severities = [finding["severity"] for finding in (reports[0].get("findings", ()) if reports else ())]
    counts = {
        column: severities.count(s) for column, s in (("errors", "error"), ("warnings", "warning"), ("notes", "info"))
    }
    teeth = sum(report.get("count", {}).get("total") or 0 for report in reports) if reports else None
    return plain({"teeth": teeth, **counts})
