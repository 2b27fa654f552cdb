"""One segmentation in a process of its own: ``python -m DentalTopoSegLib.runs.worker JOB.json``.

For host programs that must stay usable meanwhile. The job is a JSON object (see `Job`). What happens comes out on
stdout, one ASCII JSON object per line::

    {"event": "progress", "stage": "...", "done": 1, "total": 8, "fraction": 0.31, "eta_s": 4.2 or null}
    {"event": "done", "reports": [paths], "files": [{kind: path}, ...]}
    {"event": "error", "exit_code": 3, "kind": "InputError", "message": "one sentence"}

The last line is "done" or "error", and the exit code that of the command line. On stderr come the last lines of the
traceback, only where nobody expected the error. To stop it, close its stdin or create the job's cancel file: it ends
within a second with code 130 and leaves nothing.

The work is done by a second process, which this one watches: so it can be stopped in the middle of a step that asks
nobody, and its crash is told like any other error. Results are moved to their folder by the watching process, which
makes "whole or not at all" hold in every case; only if that one is killed itself, a hidden folder may be left, which
the next run takes away (exports.remove_leftovers).
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import (
    EXIT_MEANINGS,
    Cancelled,
    DentalTopoSegError,
    InputError,
    MemoryLimitError,
    UsageError,
    as_refusal,
    refusal_body,
)
from .job import Job
from .timeline import Timeline, seconds_left

_POLL_S = 0.05
#: Progress within one stage is told at most so often.
_TELL_S = 0.1
_TAIL_LINES = 15
#: How systems name a process that was ended for want of memory or by force: the signal, as Python or a shell tells it.
_ENDED_BY_FORCE = (-9, 137)
_INSIDE = "--inside"


class CrashError(DentalTopoSegError):
    """The process that did the work ended without a word."""


def exit_sentence(code: int | None, message: str | None = None, last_lines: Sequence[str] = ()) -> str:
    """What to tell the person at the screen when the worker has ended.

    code: its exit code; negative or None where the system ended it. message: of its "error" event, if one came.
    last_lines: the end of its stderr.
    """
    if message:
        return message
    if code == 0:
        return "The segmentation is done."
    last = next((line.strip() for line in reversed(last_lines) if line.strip()), "")
    detail = f" Its last words: {last}" if last else ""
    if code in _ENDED_BY_FORCE:
        return (
            "The segmentation was ended by the system, most often because memory ran out: close other programs, or "
            f"crop the scan to the jaws.{detail}"
        )
    if code in EXIT_MEANINGS and code != 1:
        return f"The segmentation ended: {EXIT_MEANINGS[code]}.{detail}"
    return f"The segmentation ended unexpectedly (code {code}): please report it.{detail}"


# ---------------------------------------------------------------- the process that watches


def main(argv: Sequence[str] | None = None) -> int:
    """Run the job whose file is named in ``argv`` (default: the process's arguments); returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == [_INSIDE]:
        return _work(Path(arguments[1]))
    with contextlib.suppress(ValueError):  # not the main thread: the host program has its own way to stop
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    tail: list[str] = []
    last = _last_event(arguments, tail)
    code = last.get("exit_code", 0)
    if code == 1:
        print("\n".join(tail[-_TAIL_LINES:]), file=sys.stderr)
    with contextlib.suppress(OSError):  # nobody may be listening any more
        _tell(last)
    return code


def _last_event(arguments: Sequence[str], tail: list[str]) -> dict[str, Any]:
    try:
        if len(arguments) != 1:
            raise UsageError("Give one job file: python -m DentalTopoSegLib.runs.worker JOB.json")
        job = Job.read(arguments[0])
        stdin_ended = threading.Event()
        _when_stdin_ends(stdin_ended.set)
        return run_job(job, _tell, stdin_ended.is_set, tail)
    except RefusedInsideError as refused:
        return refused.event
    except BaseException as error:
        return _error_event(error, tail)


def _error_event(error: BaseException, tail: list[str]) -> dict[str, Any]:
    """The event that tells of this exception; the traceback of one that nobody expected goes into ``tail``."""
    refusal = as_refusal(error)
    if refusal is not None:
        return {"event": "error", **refusal_body(refusal)}
    tail[:] = traceback.format_exception(error)
    tail[:] = "".join(tail).splitlines()
    return {"event": "error", "exit_code": 1, "kind": type(error).__name__, "message": exit_sentence(1, None, tail)}


def _tell(event: dict[str, Any], stream: Any = None) -> None:
    stream = stream or sys.stdout
    stream.write(json.dumps(event, ensure_ascii=True, allow_nan=False) + "\n")
    stream.flush()


class RefusedInsideError(Exception):
    """The working process has already put into words why there is no result; event: its "error" event."""

    def __init__(self, event: dict[str, Any]) -> None:
        super().__init__(event["message"])
        self.event = event


def run_job(
    job: Job,
    tell: Callable[[dict[str, Any]], None],
    stopped: Callable[[], bool],
    tail: list[str] | None = None,
) -> dict[str, Any]:
    """Do a job in a process of its own; returns its "done" event once the files are in place.

    tell: gets the "progress" events; an OSError of it stops the job. stopped: asked twenty times a second. tail: gets
    the end of what the work wrote to stderr. Raises RefusedInsideError for what the work was refused for, Cancelled,
    CrashError, MemoryLimitError, OutputError; then nothing is left on the disk.
    """
    from ..files.transactions import all_or_nothing

    tail = [] if tail is None else tail
    output = Path(os.path.abspath(job.output))
    with all_or_nothing(output) as stage:
        process = _start(job, stage)
        messages: queue.Queue[tuple[str, str]] = queue.Queue()
        readers = [
            threading.Thread(target=_read_lines, args=(stream, name, messages), daemon=True)
            for stream, name in ((process.stdout, "out"), (process.stderr, "err"))
        ]
        try:
            for reader in readers:
                reader.start()
            last = _follow(process, readers, messages, tell, lambda: stopped() or _exists(job.cancel_file), tail)
        finally:
            process.kill()  # nothing happens where it has ended
            process.wait()
            with contextlib.suppress(OSError):
                process.stdin.close()
        if last is None:
            raise _crash(process.returncode, tail)
        if last["event"] == "error":
            raise RefusedInsideError(last)
        _keep_the_inputs(job.inputs, output, stage)
    last["reports"] = [str(output / name) for name in last["reports"]]
    last["files"] = [{kind: str(output / name) for kind, name in files.items()} for files in last["files"]]
    return last


def _exists(path: str | None) -> bool:
    return path is not None and os.path.exists(path)


def _start(job: Job, stage: Path) -> subprocess.Popen:
    """The working process; the job is the first line of its stdin, which stays open as long as it should live."""
    library = str(Path(__file__).resolve().parents[2])
    paths = [library, *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(
        [sys.executable, "-m", "DentalTopoSegLib.runs.worker", _INSIDE, str(stage)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", errors="replace",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"},
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )  # fmt: skip
    with contextlib.suppress(OSError):  # one that died at once is told as a crash
        process.stdin.write(json.dumps(asdict(job)) + "\n")
        process.stdin.flush()
    return process


def _when_stdin_ends(act: Callable[[], None]) -> None:
    """Call from a thread once the other end of stdin is closed; a process without stdin is never told."""

    def wait() -> None:
        try:
            while os.read(0, 4096):
                pass
        except OSError:
            return
        act()

    threading.Thread(target=wait, daemon=True).start()


def _read_lines(stream: Any, name: str, messages: queue.Queue) -> None:
    for line in stream:
        messages.put((name, line.rstrip("\n")))


def _follow(
    process: subprocess.Popen,
    readers: Sequence[threading.Thread],
    messages: queue.Queue,
    tell: Callable[[dict[str, Any]], None],
    stopped: Callable[[], bool],
    tail: list[str],
) -> dict[str, Any] | None:
    """Hand on the progress until the process has ended; its last event, None if it ended without one. Raises
    Cancelled as soon as somebody wants to stop."""
    last = None
    while True:
        ended = process.poll() is not None and not any(reader.is_alive() for reader in readers)
        try:
            kind, text = messages.get(timeout=_POLL_S)
        except queue.Empty:
            kind = text = ""
        if stopped():
            raise Cancelled()
        if kind == "out":
            event = _event(text)
            if event is None:
                tail.append(text)
            elif event["event"] == "progress":
                _hand_on(event, tell)
            else:
                last = event
        elif kind == "err":
            tail[:] = [*tail[-_TAIL_LINES:], text]
        elif ended:
            return last


def _event(line: str) -> dict[str, Any] | None:
    """None for a line that the end of the process cut off."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def _hand_on(event: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    try:
        tell(event)
    except OSError as error:  # the host program is gone
        raise Cancelled() from error


def _crash(code: int, tail: list[str]) -> DentalTopoSegError:
    sentence = exit_sentence(code, None, tail)
    return MemoryLimitError(sentence) if code in _ENDED_BY_FORCE else CrashError(sentence)


def _keep_the_inputs(inputs: Sequence[str], output: Path, stage: Path) -> None:
    targets = {(output / file.name).resolve() for file in stage.iterdir()}
    for path in inputs:
        if Path(path).resolve() in targets:
            raise InputError(f"The results would replace '{path}' itself: choose another folder or another name.")


# ---------------------------------------------------------------- the process that works


def _work(stage: Path) -> int:
    """Do the job on stdin with ``stage`` for its output folder; events name files, not paths."""
    events = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # what libraries print must not come between the events
    sys.stdout = sys.stderr

    def orphaned() -> None:
        shutil.rmtree(stage, ignore_errors=True)
        os._exit(Cancelled.exit_code)

    job = Job(**json.loads(sys.stdin.buffer.readline()))
    _when_stdin_ends(orphaned)
    tail: list[str] = []
    try:
        event = _segment(job, stage, lambda event: _tell(event, events))
    except BaseException as error:
        event = _error_event(error, tail)
        event["message"] = re.sub(r"[/\\]\.dentaltoposeg-[^/\\']*", "", event["message"])  # not the user's folder
    if tail:
        print("\n".join(tail), file=sys.stderr, flush=True)
    _tell(event, events)
    return event.get("exit_code", 0)


def _segment(job: Job, stage: Path, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    if job.is_mesh:
        return _segment_jaws(job, stage, tell)
    if len(job.inputs) > 1:
        raise InputError("Give one CBCT at a time. Two files are only taken as the meshes of an upper and a lower jaw.")
    _refuse(job, ("jaws", "unit", "per_tooth"), "intraoral scans")
    from .volumes import segment_scan

    run = segment_scan(
        job.inputs[0], stage, series=job.series, name=job.name, threads=job.threads, precision=job.precision,
        provider=job.provider, picture=job.picture, progress=_Progress(Timeline(picture=job.picture), tell),
    )  # fmt: skip
    return _done([run.files])


def _segment_jaws(job: Job, stage: Path, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    from .jaws import segment_scans

    _refuse(job, ("series",), "CBCT")
    inputs, jaws = list(job.inputs), list(job.jaws or [])
    if len(jaws) > len(inputs):
        raise InputError(f"The job names {len(jaws)} jaws for {len(inputs)} scans: name one for each.")
    jaws += [None] * (len(inputs) - len(jaws))
    turned = len(inputs) == 2 and (jaws[0] == "lower" or jaws[1] == "upper")
    if len(inputs) == 2 and jaws[0] == jaws[1] is not None:
        raise InputError(f"Both scans are said to be the {jaws[0]} jaw: give one upper and one lower jaw.")
    run = segment_scans(
        inputs[::-1] if turned else inputs, stage, jaw=jaws[0] if len(inputs) == 1 else None, unit=job.unit,
        per_tooth=job.per_tooth, name=job.name, threads=job.threads, precision=job.precision, provider=job.provider,
        progress=_Progress(Timeline(jaws=len(inputs)), tell),
    )  # fmt: skip
    return _done(run.files[::-1] if turned else run.files)


def _refuse(job: Job, options: Sequence[str], kind: str) -> None:
    for option in options:
        value = getattr(job, option)
        if any(value) if isinstance(value, list) else value:
            raise InputError(f"'{option}' is only for {kind}: leave it out of this job.")


def _done(files: Sequence[dict[str, Path]]) -> dict[str, Any]:
    names = [{kind: path.name for kind, path in written.items()} for written in files]
    return {"event": "done", "reports": [written["report"] for written in names], "files": names}


class _Progress:
    """Called as ``progress(stage, done, total)``; tells the event, not more often than anybody can read."""

    def __init__(self, timeline: Timeline, tell: Callable[[dict[str, Any]], None]) -> None:
        self._timeline, self._tell = timeline, tell
        self._started = time.monotonic()
        self._told = (-1.0, "")

    def __call__(self, stage: str, done: float, total: float) -> None:
        share = self._timeline.at(stage, done, total)
        now = time.monotonic()
        if stage == self._told[1] and now - self._told[0] < _TELL_S and done < total:
            return
        self._told = now, stage
        left = seconds_left(share, now - self._started)
        self._tell(
            {
                "event": "progress", "stage": stage, "done": done, "total": total, "fraction": round(share, 4),
                "eta_s": None if left is None else round(left, 1),
            }
        )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
