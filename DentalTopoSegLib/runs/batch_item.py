"""One item of a batch: done before, or done here in a process of its own, and its row."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from ..dentition import Stated
from ..errors import Cancelled, DentalTopoSegError, InputError
from ..files.volumes import require_orientation
from ..networks.folders import entries_of
from ..options import RunOptions
from ..reports.checksums import compare_files
from ..reports.fusion_report import read_fusion_report
from . import watching
from .anonymous import anonymous_name
from .cases import Item
from .job import Job
from .rows import failed_row, own_checksums, reports_of, row_after, row_before
from .scans import reason_of

#: `told(name of the results, worker event)`.
Told = Callable[[str, dict[str, Any]], None]
#: Held while a process computes: whoever enters it waits until there is memory.
Turn = Callable[[Item], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Wishes:
    """What a batch wants of each of its items; all of it can be sent to another computer.

    Parameters
    ----------
    output : Path
        For the results.
    picture : bool
        Also draw <name>_teeth.png of every CBCT.
    orientation : str, optional
        Of the CBCTs whose files do not say where left and right are; see `Job`.
    again : bool
        Also do items again whose results are there.
    anonymous_names : bool
        Call results by a code of the scan's content (`anonymous.anonymous_name`).
    subfolders : bool
        The results of each item in a folder of its own.
    """

    output: Path
    picture: bool = False
    orientation: str | None = None
    again: bool = False
    anonymous_names: bool = False
    subfolders: bool = False

    def require_sense(self) -> None:
        """Raises UsageError."""
        require_orientation(self.orientation)

    def folder_of(self, name: str) -> Path:
        """Where the results with this name lie."""
        return self.output / name if self.subfolders else self.output


def _at_once(item: Item) -> AbstractContextManager[None]:
    return nullcontext()


def row_of(item: Item, wishes: Wishes, options: RunOptions, told: Told, turn: Turn = _at_once) -> dict[str, Any]:
    """Do what is to be done of an item.

    Parameters
    ----------
    item : Item
        The scan, or the two jaws.
    wishes : Wishes
        Of the whole batch.
    options : RunOptions
        How to compute; `cancelled` is asked, `progress` is not called.
    told : callable
        Gets the worker's events.
    turn : callable
        Entered for the time of the computation.

    Returns
    -------
    dict
        The row, with the columns of the summary.

    Raises
    ------
    Cancelled
        Where somebody wants to stop. Everything else that is wrong with a scan is in its row.
    """
    if item.parts:
        return _fused_row(item, wishes, options, told, turn)
    row: dict[str, Any] = {"scan": item.scan, "name": item.name, "case": item.case}
    if item.reason is not None:
        message = f"'{item.inputs[0].name}' cannot be read ({item.reason})."
        return row | failed_row(message, InputError.exit_code)
    try:
        name = anonymous_name(item.inputs) if wishes.anonymous_names else item.name
    except InputError as error:
        return row | {"name": "", **failed_row(str(error), error.exit_code)}
    row["name"] = name
    stated = item.stated if item.stated is not None else Stated(options.absent, options.milk)
    options = replace(options, absent=stated.absent, milk=stated.milk)
    orientation = None if item.mesh else item.orientation or wishes.orientation
    networks = None if options.models is None else entries_of(options.models)
    own = own_checksums(networks, item.mesh)
    options = options if own else replace(options, models=None)
    if item.mesh:
        options = replace(options, tta=False, structures=())
    if not wishes.again:
        before = row_before(wishes.folder_of(name), name, stated, orientation, own, item.pair, options.structures)
        if before is not None:
            return row | before
    with turn(item):
        return row | _computed(item, name, orientation, wishes, options, told)


def _computed(
    item: Item, name: str, orientation: str | None, wishes: Wishes, options: RunOptions, told: Told
) -> dict[str, Any]:
    """What was found, or why there is nothing."""
    started = time.monotonic()
    output = wishes.folder_of(name)
    job = Job([os.path.abspath(path) for path in item.inputs], output, name=name)
    if item.mesh:
        job = replace(job, kind="mesh", jaws=[item.jaw] if item.jaw else None)
    else:
        job = replace(job, kind="volume", picture=wishes.picture, orientation=orientation)
    failed = _failure(job, item, options, lambda event: told(name, event))
    found = row_after(output, name, item.pair) if failed is None else failed
    return {**found, "seconds": round(time.monotonic() - started, 1)}


def _failure(
    job: Job, item: Item, options: RunOptions, tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any] | None:
    """Do a job in a process of its own; the row of its failure, None where it went well."""
    try:
        watching.run_job(job, options, tell)
    except watching.RefusedInsideError as refused:
        if refused.event["exit_code"] == Cancelled.exit_code:  # Ctrl-C reaches all processes
            raise Cancelled() from refused
        return failed_row(refused.event["message"], refused.event["exit_code"])
    except Cancelled:
        raise
    except DentalTopoSegError as error:
        return failed_row(str(error), error.exit_code)
    except OSError as error:  # gone or refused in the meantime, or no process to be had
        message = f"'{item.inputs[0].name}' cannot be segmented ({reason_of(error)})."
        return failed_row(message, InputError.exit_code)
    return None


# ---------------------------------------------------------------- a case to be fused


def _fused_row(item: Item, wishes: Wishes, options: RunOptions, told: Told, turn: Turn) -> dict[str, Any]:
    """Its parts first, each as if it were alone, so that their results stay whatever comes of the fusion."""
    row: dict[str, Any] = {"scan": item.scan, "name": item.name, "case": item.case}
    steps = len(item.parts) + 1

    def tell(step: int, name: str, event: dict[str, Any]) -> None:
        told(name, {**event, "fraction": (step + float(event.get("fraction", 0.0))) / steps})

    done = []
    for step, part in enumerate(item.parts):
        done.append(row_of(part, wishes, options, partial(tell, step), turn))
    row |= _together(done)
    if wishes.anonymous_names:
        row["name"] = done[0]["name"]
    failed = next((part for part in done if part["state"] == "failed"), None)
    if failed is not None:
        return row | failed_row(failed["message"], failed["exit_code"])
    name, folder = row["name"], wishes.folder_of(row["name"])
    report = None if wishes.again else _fusion_before(folder, name)
    if report is not None and all(part["state"] != "done" for part in done):
        changed = next((part for part in done if part["state"] == "changed"), None)
        state = {"state": "done before"} if changed is None else {"state": "changed", "message": changed["message"]}
        return row | _of_fusion(report, row) | state
    started = time.monotonic()
    try:
        job = _fusion_job(item, done, wishes, name)
    except InputError as error:  # somebody has taken results away meanwhile
        return row | failed_row(str(error), error.exit_code)
    job = replace(job, orientation=item.parts[0].orientation or wishes.orientation)
    with turn(item):
        failure = _failure(job, item, options, lambda event: tell(steps - 1, name, event))
    row["seconds"] = round(row["seconds"] + time.monotonic() - started, 1)
    if failure is not None:
        return row | failure
    report = _fusion_before(folder, name)
    return row | {"state": "done"} | (_of_fusion(report, row) if report is not None else {})


def _together(done: list[dict[str, Any]]) -> dict[str, Any]:
    """What the rows of a case's parts say together; teeth are those of the CBCT."""
    numbers = {key: sum(part.get(key) or 0 for part in done) for key in ("errors", "warnings", "notes")}
    seconds = round(sum(float(part.get("seconds") or 0.0) for part in done), 1)
    results = [name for part in done for name in part.get("results", ())]
    return {"teeth": done[0].get("teeth"), **numbers, "results": results, "seconds": seconds}


def _of_fusion(report: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """What a fusion's report adds to the row."""
    name, undecided = report["name"], sum(one["severity"] == "warning" for one in report["findings"])
    added = {"fused": name, "results": [*row["results"], name], "warnings": row["warnings"] + undecided}
    if undecided:
        added["message"] = (
            f"The numbers of {undecided} {'tooth' if undecided == 1 else 'teeth'} differ between CBCT and intraoral "
            f"scan: '{name}_fusion.json' names them."
        )
    return added


def _fusion_before(folder: Path, name: str) -> dict[str, Any] | None:
    """The report of a fusion whose files are all there, as they were written."""
    try:
        report = read_fusion_report(folder / f"{name}_fusion.json")
    except InputError:
        return None
    compared = compare_files(report, folder)
    return None if compared.missing or compared.changed else report


def _fusion_job(item: Item, done: list[dict[str, Any]], wishes: Wishes, name: str) -> Job:
    """The job that lays the jaws' results over the CBCT's."""
    cbct, *jaws = [
        (report["files"], folder, report.get("jaw"))
        for one, part in zip(item.parts, done, strict=True)
        for folder in (wishes.folder_of(part["name"]),)
        for report in _reports_of_part(folder, part["name"], one)
    ]
    jaws.sort(key=lambda one: one[2] != "upper")
    meshes = [folder / files["mesh"] for files, folder, _ in jaws]
    return Job(
        [os.path.abspath(path) for path in (item.inputs[0], *meshes)],
        wishes.folder_of(name),
        "fusion",
        [jaws[0][2]] if len(jaws) == 1 else None,
        name=name,
        labels=os.path.abspath(cbct[1] / cbct[0]["labels"]),
    )


def _reports_of_part(folder: Path, name: str, part: Item) -> list[dict[str, Any]]:
    reports = reports_of(folder, name, part.pair)
    if not reports:
        raise InputError(f"The results of '{name}' are no longer in '{folder}': run the same command again.")
    return reports
