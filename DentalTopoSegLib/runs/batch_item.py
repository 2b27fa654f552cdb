"""One item of a batch: done before, or done here in a process of its own, and its row."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..dentition import Stated
from ..errors import Cancelled, DentalTopoSegError, InputError
from ..files.volumes import require_orientation
from ..networks.folders import entries_of
from ..options import RunOptions
from . import watching
from .anonymous import anonymous_name
from .cases import Item
from .job import Job
from .rows import failed_row, own_checksums, row_after, row_before
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
    if not wishes.again:
        before = row_before(wishes.folder_of(name), name, stated, orientation, own, item.pair)
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
    try:
        job = Job([os.path.abspath(path) for path in item.inputs], output, name=name)
        if item.mesh:
            job = replace(job, kind="mesh", jaws=[item.jaw] if item.jaw else None)
            options = replace(options, tta=False)
        else:
            job = replace(job, kind="volume", picture=wishes.picture, orientation=orientation)
        watching.run_job(job, options, lambda event: told(name, event))
    except watching.RefusedInsideError as refused:
        if refused.event["exit_code"] == Cancelled.exit_code:  # Ctrl-C reaches all processes
            raise Cancelled() from refused
        found = failed_row(refused.event["message"], refused.event["exit_code"])
    except Cancelled:
        raise
    except DentalTopoSegError as error:
        found = failed_row(str(error), error.exit_code)
    except OSError as error:  # gone or refused in the meantime, or no process to be had
        message = f"'{item.inputs[0].name}' cannot be segmented ({reason_of(error)})."
        found = failed_row(message, InputError.exit_code)
    else:
        found = row_after(output, name, item.pair)
    return {**found, "seconds": round(time.monotonic() - started, 1)}
