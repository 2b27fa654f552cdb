"""A folder into which a scanner drops scans: each is segmented once, when it is whole.

The folder is looked through again and again, because systems tell nobody of what other computers write into a network
drive.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import EXIT_MEANINGS, Cancelled, DentalTopoSegError, InputError
from ..files.json_text import read_json, write_report_json
from ..files.meshes import is_mesh_file
from ..files.transactions import all_or_nothing, require_writable
from ..options import DEFAULTS, RunOptions
from . import watching
from .anonymous import anonymous_name
from .job import Job
from .refusals import refuse_structures
from .rows import row_before
from .scans import scans_in, unreadable_in

#: What has been done, for the next start; without names, as they may be patients'.
LEDGER = "watched.json"
#: Seconds for which a scan must not have changed before it counts as whole.
SETTLE_S = 10.0
#: Seconds between two looks.
LOOK_S = 2.0
#: Who wants to stop is asked so often.
_ASK_S = 0.1
_LEDGER_SCHEMA = "dentaltoposeg-watched-1"

#: {path below the folder: (size, time of the last change)}.
_Snapshot = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Told:
    """What became of a scan: its name (a code where names are anonymous), "done", "done before", "changed" (results
    that somebody has changed stay) or "failed", and a sentence where there is one."""

    name: str
    state: str
    message: str = ""


@dataclass
class WatchedFolder:
    """Watches a folder until it is told to stop.

    Parameters
    ----------
    folder : Path
        Where scans appear, in any depth.
    output : Path
        For the results and the ledger.
    options : RunOptions
        How to compute; `cancelled` is asked ten times a second.
    tell : callable
        Gets what became of each scan, and notes about the folder.
    settle_s : float
        Seconds for which a scan must not have changed.
    picture : bool
        Also draw <name>_teeth.png of every CBCT.
    orientation : str, optional
        Of the CBCTs whose files do not say where left and right are; see `Job`.
    anonymous_names : bool
        Call results by a code of the scan's content, and tell no name of a file.
    progress : callable
        `progress(name, worker event)`.
    """

    folder: Path
    output: Path
    options: RunOptions = DEFAULTS
    tell: Callable[[Told], None] = lambda told: None
    settle_s: float = SETTLE_S
    picture: bool = False
    orientation: str | None = None
    anonymous_names: bool = False
    progress: Callable[[str, dict[str, Any]], None] = lambda name, event: None
    counts: dict[str, int] = field(default_factory=dict)
    _ledger: dict[str, str] = field(default_factory=dict)
    _snapshot: _Snapshot = field(default_factory=dict)
    _found: list[tuple[Path, str]] = field(default_factory=list)
    _seen: dict[Path, tuple[str, float]] = field(default_factory=dict)
    _away: str = ""

    def run(self, once: bool = False) -> dict[str, int]:
        """Watch; how many scans came to each state.

        Parameters
        ----------
        once : bool
            End when all that is there is done.

        Raises
        ------
        Cancelled
            Where somebody wants to stop, with what is done.
        InputError
            For a folder that is not there at the beginning, and a damaged ledger.
        UsageError
            For structures that are asked of somebody's nnU-Net.
        OutputError
            For everything the disk refuses.
        """
        refuse_structures(self.options)
        scans_in(self.folder, self.output)
        require_writable(self.output)
        self._ledger = _read_ledger(self.output / LEDGER)
        try:
            while True:
                waiting = self._look()
                if once and not waiting:
                    return self.counts
                self._wait(min(LOOK_S, self.settle_s))
        except (Cancelled, KeyboardInterrupt) as stopped:  # wherever it was: what is done is told
            raise self._stopped() from stopped

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while True:
            self._stop_if_asked()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(_ASK_S, left))

    def _stop_if_asked(self) -> None:
        if self.options.cancelled():
            raise self._stopped()

    def _stopped(self) -> Cancelled:
        done, failed = self.counts.get("done", 0), self.counts.get("failed", 0)
        return Cancelled(
            f"Stopped watching; {done} scans done, {failed} without a result. The same command goes on where this "
            "ended."
        )

    def _look(self) -> bool:
        """Do what is whole and not done; whether anything is still waited for."""
        try:
            snapshot = _snapshot_of(self.folder)
            if snapshot != self._snapshot or not self._snapshot:
                self._found = [*scans_in(self.folder, self.output), *self._unreadable()]
                self._snapshot = snapshot
        except (InputError, OSError) as error:  # a network drive may come back
            self._note_away(str(error))
            return True
        self._away = ""
        waiting = False
        for path, name in self._found:
            self._stop_if_asked()
            mark, key = _mark(path, self.folder, snapshot), _key(path, self.folder)
            if self._ledger.get(key) == mark:
                continue
            before, since = self._seen.get(path, ("", 0.0))
            if mark != before:
                self._seen[path] = mark, time.monotonic()
                waiting = True
            elif time.monotonic() - since < self.settle_s:
                waiting = True
            else:
                told = self._do(path, name, known=key in self._ledger)
                self._ledger[key] = mark
                self.counts[told.state] = self.counts.get(told.state, 0) + 1
                self._keep_ledger()  # first: who hears that a scan is done may stop at once
                self.tell(told)
        return waiting

    def _unreadable(self) -> Iterator[tuple[Path, str]]:
        """Under an empty name: they may be scans once whoever writes them lets go."""
        return ((path, "") for path, _ in unreadable_in(self.folder, self.output))

    def _note_away(self, message: str) -> None:
        if message != self._away:  # once, not at every look
            self._away = message
            self.tell(Told("", "waiting", "The folder cannot be looked through; it is tried again."))

    def _do(self, path: Path, name: str, known: bool) -> Told:
        shown = name
        try:
            if not name:
                raise InputError(f"'{path.name}' cannot be read: check who may read it.")
            name = shown = anonymous_name([path]) if self.anonymous_names else name
            wanted = () if is_mesh_file(path) else self.options.structures
            row = None if known else row_before(self.output, name, structures=wanted)
            if known:  # its scan has changed: only what somebody has changed by hand is left
                row = _left_as_it_is(row_before(self.output, name))
            if row is None:
                self._segment(path, name)
                row = {"state": "done"}
            told = Told(shown, row["state"], row.get("message", ""))
        except watching.RefusedInsideError as refused:
            if refused.event["exit_code"] == Cancelled.exit_code:  # Ctrl-C reaches both processes
                raise self._stopped() from refused
            told = self._failed(shown, refused.event["message"], refused.event["exit_code"])
        except Cancelled as cancelled:
            raise self._stopped() from cancelled
        except DentalTopoSegError as error:
            told = self._failed(shown, str(error), error.exit_code)
        except OSError as error:
            told = self._failed(shown, f"It cannot be segmented ({error.strerror or error}).", InputError.exit_code)
        return told

    def _failed(self, name: str, message: str, exit_code: int) -> Told:
        """Messages hold names of files, which may be a patient's."""
        return Told(name, "failed", EXIT_MEANINGS[exit_code] if self.anonymous_names else message)

    def _segment(self, path: Path, name: str) -> None:
        mesh = is_mesh_file(path)
        job = Job([os.path.abspath(path)], self.output, "mesh" if mesh else "volume", name=name)
        options = self.options
        if mesh:
            options = replace(options, models=None, tta=False, structures=())
        else:
            job = replace(job, picture=self.picture, orientation=self.orientation)
        watching.run_job(job, options, lambda event: self.progress(name, event))

    def _keep_ledger(self) -> None:
        with all_or_nothing(self.output) as stage:
            write_report_json({"schema": _LEDGER_SCHEMA, "scans": self._ledger}, stage / LEDGER)


def _left_as_it_is(row: dict[str, Any] | None) -> dict[str, Any] | None:
    return row if row is not None and row["state"] == "changed" else None


def _snapshot_of(folder: Path) -> _Snapshot:
    """Sizes and times of all files below a folder. Raises OSError."""

    def refuse(error: OSError) -> None:
        if Path(error.filename) == folder:
            raise error

    found: _Snapshot = {}
    for top, _, names in os.walk(folder, onerror=refuse):
        for name in names:
            path = os.path.join(top, name)
            try:
                state = os.stat(path)
            except OSError:  # gone between the two, or not ours to look at: then it is told as unreadable
                continue
            found[os.path.relpath(path, folder)] = state.st_size, state.st_mtime_ns
    return found


def _mark(path: Path, folder: Path, snapshot: _Snapshot) -> str:
    """What a scan's files look like from outside: another mark when one is written, added or taken away."""
    relative = os.path.relpath(path, folder)
    if path.is_dir():
        below = "" if relative == os.curdir else relative + os.sep
        files = {name: state for name, state in snapshot.items() if name.startswith(below)}
    else:  # with what may belong to it: the voxels of a detached header, a mesh's colours
        start = os.path.join(os.path.dirname(relative), path.name.split(".")[0] + ".")
        files = {name: state for name, state in snapshot.items() if name == relative or name.startswith(start)}
    return hashlib.sha256(repr(sorted(files.items())).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _key(path: Path, folder: Path) -> str:
    relative = os.path.relpath(path, folder)
    return hashlib.sha256(relative.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _read_ledger(path: Path) -> dict[str, str]:
    """What an earlier run has done, nothing where there was none. Raises InputError for what is no ledger."""
    if not path.exists():
        return {}
    content = read_json(path)
    scans = content.get("scans") if isinstance(content, dict) and content.get("schema") == _LEDGER_SCHEMA else None
    if not isinstance(scans, dict) or not all(isinstance(mark, str) for mark in scans.values()):
        raise InputError(f"'{path}' is damaged: move it away; scans without results are then done again.")
    return scans
