"""One segmentation in a process of its own: `python -m DentalTopoSegLib.runs.worker JOB.json`.

For host programs that must stay usable meanwhile. The job is a JSON object (see `job.JobFile`). What happens comes out
on stdout, one ASCII JSON object per line::

    {"event": "progress", "stage": "...", "done": 1, "total": 8, "fraction": 0.31, "eta_s": 4.2 or null}
    {"event": "done", "reports": [paths], "files": [{kind: path}, ...]}
    {"event": "error", "exit_code": 3, "kind": "InputError", "message": "one sentence"}

The last line is "done" or "error", and the exit code that of the command line. On stderr come the last lines of the
traceback, only where nobody expected the error. To stop it, close its stdin or create the job's cancel file: it ends
within a second with code 130 and leaves nothing.

The work is done by a second process (`working`), which this one watches (`watching`): so it can be stopped in the
middle of a step that asks nobody, and its crash is told like any other error. Results are moved to their folder by the
watching process, which makes "whole or not at all" hold in every case; only if that one is killed itself, a hidden
folder may be left, which the next run takes away (transactions.settle).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..errors import DONE, Cancelled, DentalTopoSegError, UsageError
from .events import INSIDE, TAIL_LINES, RefusedInsideError, error_event, tell
from .parent_pipe import take_stdin, when_closed


def main(argv: Sequence[str] | None = None) -> int:
    """Run the job whose file is named in `argv` (default: the process's arguments); returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == [INSIDE]:
        return _work_inside(Path(arguments[1]))
    stop = threading.Event()
    with contextlib.suppress(ValueError):  # not the main thread: the host program has its own way to stop
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
    tail: list[str] = []
    last = _last_event(arguments, stop, tail)
    code = last.get("exit_code", DONE)
    if code == DentalTopoSegError.exit_code:
        print("\n".join(tail[-TAIL_LINES:]), file=sys.stderr)
    with contextlib.suppress(OSError):  # nobody may be listening any more
        tell(last)
    return code


def _work_inside(stage: Path) -> int:
    """The job comes on stdin; who has sent it may die while what is needed for it is imported."""
    from ..files.transactions import remove_surely

    job = sys.stdin.buffer.readline()

    def orphaned() -> None:
        remove_surely(stage)
        os._exit(Cancelled.exit_code)

    when_closed(take_stdin(), orphaned)
    from .working import work

    return work(job, stage)


def _last_event(arguments: Sequence[str], stop: threading.Event, tail: list[str]) -> dict[str, Any]:
    try:
        if len(arguments) != 1:
            raise UsageError("Give one job file: python -m DentalTopoSegLib.runs.worker JOB.json")
        return _run(arguments[0], stop, tail)
    except RefusedInsideError as refused:
        return error_event(Cancelled(), tail) if stop.is_set() else refused.event
    except BaseException as error:  # noqa: BLE001
        return error_event(error, tail)


def _run(job_file: str, stop: threading.Event, tail: list[str]) -> dict[str, Any]:
    """The imports take a second and come when signals are looked after."""
    from dataclasses import replace

    from .job import JobFile
    from .watching import run_job

    given = JobFile.read(job_file)
    when_closed(take_stdin(), stop.set)
    options = replace(given.options, cancelled=lambda: stop.is_set() or _exists(given.cancel_file))
    options.stop_if_cancelled()
    return run_job(given.job, options, tell, tail)


def _exists(path: str | None) -> bool:
    return path is not None and os.path.exists(path)


if __name__ == "__main__":
    sys.exit(main())
