"""The segmentation in a child process: progress while it runs, one outcome when it ends; the GUI never waits.

The child is the real Python behind Slicer's launcher PythonSlicer; it speaks one JSON object per line (see
DentalTopoSegLib.runs.worker). Killing the launcher alone would leave it running, but the child also ends when its stdin
does, and QProcess closes that.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import qt
from slicer.i18n import tr as _

from .LibraryWords import WORDS
from .Processes import ChildProcess, failedToStart

#: Lines of the child's stderr that are kept for a report.
TAIL_LINES = 20
#: How long a cancelled child may take to tidy up before it is ended by force.
GRACE_MS = 3000


@dataclass(frozen=True)
class Progress:
    """stage: what is being done, in words; fraction: 0..1 of the whole; secondsLeft: None while nobody can tell."""

    stage: str
    fraction: float
    secondsLeft: float | None


@dataclass(frozen=True)
class Outcome:
    """How the child ended. code: its exit code, negative or -1 where the system ended it; message: one sentence, empty
    when all went well; lastLines: the end of its stderr, for a report."""

    code: int
    message: str
    lastLines: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        return self.code == 0

    @property
    def wasCancelled(self) -> bool:
        return self.code == cancelledCode()


class WorkerProcess:
    """One job at a time. onProgress(Progress) and onFinished(Outcome) are called from the GUI's event loop."""

    def __init__(self, onProgress: Callable[[Progress], None], onFinished: Callable[[Outcome], None]) -> None:
        self.onProgress = onProgress
        self.onFinished = onFinished
        self._child = None
        self._cancelFile = None
        self._cancelled = False
        self._lastEvent = None
        self._rest = ""
        self._stderr = ""
        self.graceMs = GRACE_MS

    @property
    def isRunning(self) -> bool:
        return self._child is not None

    @property
    def isCancelling(self) -> bool:
        return self._child is not None and self._cancelled

    @property
    def pid(self) -> int:
        """The child's process id, 0 while there is none."""
        return self._child.process.processId() if self._child is not None else 0

    def start(self, jobPath: Path, cancelFile: Path) -> None:
        """Start the job; RuntimeError when one is running."""
        if self.isRunning:
            raise RuntimeError(_("A segmentation is running already."))
        self._cancelFile, self._cancelled, self._lastEvent = cancelFile, False, None
        self._rest = self._stderr = ""
        arguments = ["DentalTopoSegLib.runs.worker", str(jobPath)]
        self._child = ChildProcess(arguments, self._onEnded, self._onOutput, self._onErrorOutput)
        self._child.start()

    def cancel(self) -> None:
        """Ask the child to stop; by force if it does not within the time of grace. onFinished is called as ever."""
        if not self.isRunning or self._cancelled:
            return
        self._cancelled = True
        self._cancelFile.touch()
        self._child.closeInput()
        qt.QTimer.singleShot(self.graceMs, self._child.kill)

    def abandon(self, waitMs: int = 2000) -> None:
        """End the child now and tell nobody: the scene or the module is going away. Waits until it is gone."""
        if self.isRunning:
            self._forget().abandon(waitMs)

    # ---------------------------------------------------------------- what the child says

    def _onOutput(self, text: str) -> None:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._take(line)

    def _take(self, line: str) -> None:
        try:
            event = json.loads(line)
            kind = event["event"]
        except (ValueError, KeyError, TypeError):
            return  # what a library prints is none of our events
        if kind != "progress":
            self._lastEvent = event
        elif self.isRunning and not self._cancelled:
            stage = WORDS.gettext(event["stage"])
            self.onProgress(Progress(stage[:1].upper() + stage[1:], float(event["fraction"]), event["eta_s"]))

    def _onErrorOutput(self, text: str) -> None:
        self._stderr = "\n".join((self._stderr + text).split("\n")[-TAIL_LINES:])

    # ---------------------------------------------------------------- its end

    def _onEnded(self, started: bool, code: int) -> None:
        cancelled, event = self._cancelled, self._lastEvent or {}
        self._forget()
        lines = tuple(line for line in self._stderr.split("\n") if line.strip())
        if not started:
            self.onFinished(Outcome(-1, failedToStart(), lines))
            return
        if cancelled and code != 0:
            code = cancelledCode()
        message = "" if code == 0 else _sentence(code, event.get("message"), lines)
        self.onFinished(Outcome(code, message, lines))

    def _forget(self) -> ChildProcess:
        """Let go of the child and return it."""
        child, self._child = self._child, None
        return child


def cancelledCode() -> int:
    """The exit code of a child that the user stopped."""
    from DentalTopoSegLib.errors import Cancelled

    return Cancelled.exit_code


def _sentence(code: int, message: str | None, lines: tuple[str, ...]) -> str:
    from DentalTopoSegLib.runs.events import exit_sentence

    return exit_sentence(code, message, lines)
