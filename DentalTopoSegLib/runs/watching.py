"""The process that watches: it starts the one that works, hands on what that says, and puts its files in place."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

from ..errors import Cancelled, DentalTopoSegError, MemoryLimitError
from ..files.transactions import all_or_nothing
from ..options import RunOptions
from .events import ENDED_BY_FORCE, INSIDE, TAIL_LINES, RefusedInsideError, Tell, exit_sentence
from .job import Job, JobFile

_POLL_S = 0.05
#: Not `-m`: that imports from the current folder first, where a scan's folder may have brought a module along.
_WORKER = (
    "import sys; sys.path[:] = filter(None, sys.path); from DentalTopoSegLib.runs.worker import main; sys.exit(main())"
)


class CrashError(DentalTopoSegError):
    """The process that did the work ended without a word."""


def run_job(job: Job, options: RunOptions, tell: Tell, tail: list[str] | None = None) -> dict[str, Any]:
    """Do a job in a process of its own.

    Parameters
    ----------
    job : Job
        What to segment.
    options : RunOptions
        How to compute; `cancelled` is asked twenty times a second, `progress` is not called.
    tell : callable
        Gets the "progress" events; an OSError of it stops the job.
    tail : list of str, optional
        Gets the end of what the work wrote to stderr.

    Returns
    -------
    dict
        The "done" event, once the files are in place.

    Raises
    ------
    RefusedInsideError
        For what the work was refused for.
    Cancelled, CrashError, MemoryLimitError, OutputError
        As for all of them, nothing is left on the disk.
    """
    tail = [] if tail is None else tail
    output = Path(os.path.abspath(job.output))
    inputs = [*job.inputs, *([job.labels] if job.labels is not None else [])]
    with all_or_nothing(output, inputs=inputs) as stage:
        watched = _Watched(job, options, stage, tail)
        try:
            last = watched.follow(tell, options)
        finally:
            watched.end()
        if last is None:
            raise _crash(watched.process.returncode, tail)
        if last["event"] == "error":
            raise RefusedInsideError(last)
    last["reports"] = [str(output / name) for name in last["reports"]]
    last["files"] = [{kind: str(output / name) for kind, name in files.items()} for files in last["files"]]
    return last


class _Watched:
    """The working process; the job is the first line of its stdin, which stays open as long as it should live."""

    def __init__(self, job: Job, options: RunOptions, stage: Path, tail: list[str]) -> None:
        self.tail = tail
        self.messages: queue.Queue[tuple[str, str]] = queue.Queue()
        library = str(Path(__file__).resolve().parents[2])
        paths = [library, *filter(None, [os.environ.get("PYTHONPATH")])]
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _WORKER, INSIDE, str(stage)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUTF8": "1"},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:  # it is not the output that the system refuses
            raise CrashError(
                f"The process that segments cannot be started ({error.strerror or error}): close other programs and "
                "try again."
            ) from error
        self.stdin: IO[str] = self.process.stdin  # type: ignore[assignment] # it is a pipe
        with contextlib.suppress(OSError):  # one that died at once is told as a crash
            self.stdin.write(json.dumps(JobFile(job, options).to_dict()) + "\n")
            self.stdin.flush()
        self.readers = [
            threading.Thread(target=self._read_lines, args=(stream, name), daemon=True)
            for stream, name in ((self.process.stdout, "out"), (self.process.stderr, "err"))
        ]
        for reader in self.readers:
            reader.start()

    def end(self) -> None:
        """End the process where it still runs."""
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self.stdin.close()

    def follow(self, tell: Tell, options: RunOptions) -> dict[str, Any] | None:
        """Hand on the progress until the process has ended; its last event, None if it ended without one. Raises
        Cancelled as soon as somebody wants to stop."""
        last = None
        while True:
            ended = self.process.poll() is not None and not any(reader.is_alive() for reader in self.readers)
            try:
                kind, text = self.messages.get(timeout=_POLL_S)
            except queue.Empty:
                kind = text = ""
            options.stop_if_cancelled()
            if kind == "out":
                event = _event(text)
                if event is None:
                    self.tail.append(text)
                elif event["event"] == "progress":
                    _hand_on(event, tell)
                else:
                    last = event
            elif kind == "err":
                self.tail[:] = [*self.tail[-TAIL_LINES:], text]
            elif ended:
                return last

    def _read_lines(self, stream: IO[str], name: str) -> None:
        for line in stream:
            self.messages.put((name, line.rstrip("\n")))


def _event(line: str) -> dict[str, Any] | None:
    """None for a line that the end of the process cut off."""
    try:
        return json.loads(line)
    except ValueError:
        return None


def _hand_on(event: dict[str, Any], tell: Tell) -> None:
    try:
        tell(event)
    except OSError as error:  # the host program is gone
        raise Cancelled() from error


def _crash(code: int, tail: list[str]) -> DentalTopoSegError:
    sentence = exit_sentence(code, None, tail)
    return MemoryLimitError(sentence) if code in ENDED_BY_FORCE else CrashError(sentence)
