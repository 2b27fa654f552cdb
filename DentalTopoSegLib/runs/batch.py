"""Many scans: every scan in a folder, or every case of a table, each in a process of its own, with a summary."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..dentition import Stated
from ..errors import Cancelled, InputError, OutputError, UsageError
from ..files.transactions import all_or_nothing, require_writable, reserved
from ..options import DEFAULTS, RunOptions
from ..reports.batch_page import write_batch_page
from ..reports.page import write_table
from .batch_item import Wishes
from .cases import Item, items_of_folder, items_of_table, read_cases, with_fusions
from .course import Course, Progress
from .local import LocalRunner, Messages, is_stop
from .refusals import refuse_structures
from .rows import unnamed
from .scans import look_through
from .sizes import cores, jobs_for

SUMMARY = "summary.csv"
PAGE = "summary.html"
#: As many at once as cores and memory allow.
AUTO = "auto"
_COLUMNS = ("scan", "name", "case", "state", "teeth", "errors", "warnings", "notes", "seconds", "message")
_POLL_S = 0.05
#: The summary is written again after so many seconds, and after so many times as many as writing it took.
_WRITE_S, _WRITE_TIMES = 2.0, 20.0


@dataclass
class Batch:
    """rows: one per scan, with the columns of the summary, in the order of the scans; state "done", "done before",
    "changed" or "failed", the last with the exit code that the scan by itself would have. summary, page: their
    files."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    summary: Path | None = None
    page: Path | None = None

    def count(self, state: str) -> int:
        return sum(row.get("state") == state for row in self.rows)


def no_progress(progress: Progress) -> None:
    """For callers who want none."""


def run_batch(
    folder: str | os.PathLike[str] | None,
    output: str | os.PathLike[str],
    options: RunOptions = DEFAULTS,
    *,
    table: str | os.PathLike[str] | None = None,
    cases: bool = False,
    fuse: bool = False,
    picture: bool = False,
    orientation: str | None = None,
    again: bool = False,
    anonymous_names: bool = False,
    subfolders: bool = False,
    jobs: int | str = 1,
    scheduler: str | None = None,
    progress: Callable[[Progress], None] = no_progress,
) -> Batch:
    """Segment every scan in a folder, or of a table, and keep <output>/summary.csv and summary.html up to date.

    A scan whose results are all there is not done again, so a batch that was stopped goes on where it was; results
    that somebody has changed since are left, and told. One that cannot be read or used, or crashes, is a row of the
    summary and does not stop the rest; a disk that takes nothing more does. A second batch into the same folder is
    refused while one is at work.

    Parameters
    ----------
    folder : path, optional
        Holds the scans, in any depth; see `scans_in`. With a table: where its scans are told from.
    output : path
        For the results and the summary.
    options : RunOptions
        How to compute; `progress` is not called, each scan has a process of its own. Without `threads` the processes
        share the cores; on a cluster each gets one.
    table : path, optional
        The cases, instead of all that lies in the folder; see `cases.read_cases`.
    cases : bool
        In a folder: segment the two jaws of a case together; see `cases.items_of_folder`.
    fuse : bool
        Of a table, or with `cases`: lay the scans of each case that has a CBCT over it, too; see `fusing.fuse`.
    picture : bool
        Also draw <name>_teeth.png of every CBCT.
    orientation : str, optional
        Of the CBCTs whose files do not say where left and right are; see `Job`.
    again : bool
        Also do scans again whose results are there.
    anonymous_names : bool
        Call results by a code of the scan's content (`anonymous.anonymous_name`), and write neither a path nor a
        message into the summary; only the rows that are returned say which scan has which code.
    subfolders : bool
        Put the results of each scan into a folder of its own, called like they are: thousands of scans in one folder
        keep each other waiting.
    jobs : int or str
        Scans at once; `AUTO`: as many as cores and free memory allow.
    scheduler : str, optional
        Address of a Dask scheduler whose workers do the scans, instead of this computer.
    progress : callable
        Told from the calling thread.

    Returns
    -------
    Batch
        The rows of the summary.

    Raises
    ------
    InputError
        For a folder without scans, and a table that is none.
    UsageError
        For wishes that make no sense together, and a scheduler that does not answer.
    OutputError, Cancelled
        What is done stays done; the message says how much that is.
    """
    output = Path(output)
    wishes = Wishes(output, picture, orientation, again, anonymous_names, subfolders)
    wishes.require_sense()
    Stated(options.absent, options.milk).require_teeth()
    refuse_structures(options)
    if scheduler is not None and jobs not in (1, AUTO):
        raise UsageError("--jobs is for this computer, --scheduler for others: give one of the two.")
    items = _items(folder, output, table, cases)
    if fuse:
        items = _fused(items, table is not None or cases)
    require_writable(output)
    batch = Batch(summary=output / SUMMARY, page=output / PAGE)
    course = Course(items)
    with reserved(output, "batch") as claim:
        messages: Messages = queue.Queue()
        written = _Written(batch, wishes)
        if scheduler is None:
            count = jobs_for(items, options, picture) if jobs == AUTO else min(int(jobs), len(items))
            threads = options.threads or (None if count == 1 else max(1, cores() // count))
            runner: Any = LocalRunner(items, wishes, replace(options, threads=threads), count, messages)
        else:
            from .cluster import ClusterRunner

            runner = ClusterRunner(scheduler, items, wishes, options, claim, messages)
        rows: list[dict[str, Any] | None] = [None] * len(items)
        try:
            _follow(messages, runner, rows, course, written, options, progress)
        except BaseException as error:
            runner.stop()
            _take_rows(messages, rows)
            written.now(rows, quietly=isinstance(error, OutputError))
            if is_stop(error):
                raise _stopped(batch, len(items)) from error
            if isinstance(error, OutputError):
                raise OutputError(f"{error} {_so_far(batch, len(items))}") from error
            raise
        runner.stop()
        written.now(rows)
    return batch


def _items(
    folder: str | os.PathLike[str] | None, output: Path, table: str | os.PathLike[str] | None, cases: bool
) -> list[Item]:
    if table is not None:
        if cases:
            raise UsageError("A table says which scans are one case: leave --cases out.")
        return items_of_table(read_cases(table, folder), Path(folder if folder is not None else Path(table).parent))
    if folder is None:
        raise UsageError("Give the folder that holds the scans, or a table of them (--table).")
    items = items_of_folder(Path(folder), look_through(folder, output), cases)
    if not items:
        raise InputError(
            f"'{folder}' holds no scan: no NIfTI, NRRD, MetaImage, STL, PLY, OBJ, VTP, 3Shape or DICOM file."
        )
    return items


def _fused(items: list[Item], cases: bool) -> list[Item]:
    """With the cases that have a CBCT and a jaw as one item each; refused before the long work where that cannot be."""
    from ..exports.surfaces import TRIMESH
    from ..fusion.pose import SMALL_GICP

    if not cases:
        raise UsageError("What is fused belongs to one case: give a table of the cases (--table), or --cases.")
    found = with_fusions(items)
    if not any(item.parts for item in found):
        raise InputError("No case has a CBCT and the scan of a jaw: there is nothing to fuse (--fuse).")
    TRIMESH.require()
    SMALL_GICP.require()
    return found


def _follow(
    messages: Messages,
    runner: Any,
    rows: list[dict[str, Any] | None],
    course: Course,
    written: _Written,
    options: RunOptions,
    progress: Callable[[Progress], None],
) -> None:
    """Until all rows are there."""
    while course.done < len(rows):
        options.stop_if_cancelled()
        try:
            what, *told = messages.get(timeout=_POLL_S)
        except queue.Empty:
            runner.look()
            written.again(rows)
            continue
        if what == "stopped":
            raise told[0]
        if what == "progress":
            progress(course.at(*told))
            continue
        index, row = told
        if rows[index] is not None:
            continue
        rows[index] = row
        progress(course.ended(index, row))
        if row.get("exit_code") == OutputError.exit_code:
            require_writable(written.folder)  # a disk that is full is no fault of the scan's
        written.again(rows)


def _take_rows(messages: Messages, rows: list[dict[str, Any] | None]) -> None:
    """The rows that came while nobody looked."""
    while not messages.empty():
        what, *told = messages.get()
        if what == "row" and rows[told[0]] is None:
            rows[told[0]] = told[1]


class _Written:
    """The summary on the disk: written again and again, whole, but not so often that it takes the time of the scans."""

    def __init__(self, batch: Batch, wishes: Wishes) -> None:
        self.folder = wishes.output
        self._batch, self._wishes = batch, wishes
        self._next = time.monotonic() + _WRITE_S
        self._known = 0

    def again(self, rows: list[dict[str, Any] | None]) -> None:
        """Where it is time, and there is something new."""
        if time.monotonic() >= self._next and sum(row is not None for row in rows) > self._known:
            self.now(rows)

    def now(self, rows: list[dict[str, Any] | None], quietly: bool = False) -> None:
        """Write it; quietly: where the disk refuses, leave the one before, as somebody is told of that already."""
        started = time.monotonic()
        self._batch.rows = [row for row in rows if row is not None]
        self._known = len(self._batch.rows)
        wishes = self._wishes
        shown = [unnamed(row) for row in self._batch.rows] if wishes.anonymous_names else self._batch.rows
        try:
            with all_or_nothing(self.folder) as stage:
                write_table(stage / SUMMARY, shown, _COLUMNS)
                write_batch_page(stage / PAGE, shown, len(rows), self._links)
        except OutputError:
            if not quietly:
                raise
        took = time.monotonic() - started
        self._next = time.monotonic() + max(_WRITE_S, _WRITE_TIMES * took)

    def _links(self, row: Mapping[str, Any]) -> list[tuple[str, str]]:
        """[(words, address)] of what there is to read on a row's scan."""
        folders = [self._wishes.folder_of(row["name"])]
        links = []
        for name in row.get("results", ()):
            if name.removesuffix("_cbct") != name:  # the parts of a fused case may have folders of their own
                folders.append(self._wishes.folder_of(name))
            files = (f"{name}_report.html", f"{name}_report.json")
            paths = [folder / file for folder in folders for file in files]
            if row.get("fused") == name:
                paths = [folders[0] / f"{name}_fusion.png"]
            path = next((path for path in paths if path.is_file()), None)
            if path is not None:
                links.append((name, path.relative_to(self.folder).as_posix()))
        return links


def _stopped(batch: Batch, scans: int) -> Cancelled:
    """What to say of a batch that was stopped."""
    return Cancelled(_so_far(batch, scans)) if batch.rows else Cancelled()


def _so_far(batch: Batch, scans: int) -> str:
    finished = batch.count("done") + batch.count("done before")
    return (
        f"Stopped after {len(batch.rows)} of {scans} scans, {finished} of them with whole results in "
        f"'{(batch.summary or Path(SUMMARY)).parent}': the same command goes on with the others."
    )
