"""The segmentation in a child process: progress while it runs, one outcome when it ends; the GUI never waits.

The child is the real Python behind Slicer's launcher PythonSlicer; it speaks one JSON object per line (see
DentalTopoSegLib.runs.worker). Killing the launcher alone would leave it running, but the child also ends when its stdin
does, and QProcess closes that.
"""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import qt

from .Library import pythonPath

#: Lines of the child's stderr that are kept for a report.
TAIL_LINES = 20


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


def pythonExecutable() -> str:
    """Slicer's Python for child processes; this interpreter where there is no Slicer application."""
    return shutil.which("PythonSlicer") or sys.executable


def libraryProcess(arguments: list):
    """A QProcess that would run `python -m` with these arguments and the library at hand; not started yet."""
    environment = qt.QProcessEnvironment.systemEnvironment()
    environment.insert("PYTHONPATH", pythonPath())
    environment.insert("PYTHONUTF8", "1")
    process = qt.QProcess()
    process.setProcessEnvironment(environment)
    process.setProgram(pythonExecutable())
    process.setArguments(["-m", *arguments])
    return process


class WorkerProcess:
    """One job at a time. onProgress(Progress) and onFinished(Outcome) are called from the GUI's event loop."""

    #: How long a cancelled child may take to tidy up before it is ended by force.
    GRACE_MS = 3000

    def __init__(self, onProgress: Callable[[Progress], None], onFinished: Callable[[Outcome], None]) -> None:
        self.onProgress = onProgress
        self.onFinished = onFinished
        self._process = None
        self._cancelFile = None
        self._cancelled = False
        self._notStarted = False
        self._lastEvent = None
        self._rest = ""
        self._stderr = ""
        self._graceTimer = qt.QTimer()
        self._graceTimer.interval = self.GRACE_MS
        self._graceTimer.timeout.connect(self._endByForce)

    @property
    def isRunning(self) -> bool:
        return self._process is not None

    @property
    def isCancelling(self) -> bool:
        return self._process is not None and self._cancelled

    def start(self, jobPath: Path, cancelFile: Path) -> None:
        """Start the job; RuntimeError when one is running."""
        if self.isRunning:
            raise RuntimeError("A segmentation is running already.")
        self._cancelFile, self._cancelled, self._lastEvent = cancelFile, False, None
        self._notStarted = False
        self._rest = self._stderr = ""
        process = libraryProcess(["DentalTopoSegLib.runs.worker", str(jobPath)])
        process.readyReadStandardOutput.connect(self._onOutput)
        process.readyReadStandardError.connect(self._onErrorOutput)
        process.finished.connect(self._onEnded)
        process.errorOccurred.connect(self._onError)
        self._process = process
        process.start()

    def cancel(self) -> None:
        """Ask the child to stop; by force if it does not within the time of grace. onFinished is called as ever."""
        if not self.isRunning or self._cancelled:
            return
        self._cancelled = True
        self._cancelFile.touch()
        self._process.closeWriteChannel()
        self._graceTimer.start()

    def abandon(self, waitMs: int = 2000) -> None:
        """End the child now and tell nobody: the scene or the module is going away. Waits until it is gone."""
        if not self.isRunning:
            return
        process = self._forget()
        process.closeWriteChannel()  # the child behind the launcher ends with its stdin
        if not process.waitForFinished(waitMs):
            process.kill()
            process.waitForFinished(waitMs)

    # ---------------------------------------------------------------- what the child says

    def _onOutput(self) -> None:
        if self._process is None:
            return
        self._rest += textOf(self._process.readAllStandardOutput())
        *lines, self._rest = self._rest.split("\n")
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
        elif not self._cancelled:
            stage = event["stage"]
            self.onProgress(Progress(stage[:1].upper() + stage[1:], float(event["fraction"]), event["eta_s"]))

    def _onErrorOutput(self) -> None:
        if self._process is not None:
            text = self._stderr + textOf(self._process.readAllStandardError())
            self._stderr = "\n".join(text.split("\n")[-TAIL_LINES:])

    # ---------------------------------------------------------------- its end

    def _onError(self, error) -> None:
        if error == qt.QProcess.FailedToStart:  # the only error that `finished` does not follow
            self._notStarted = True
            self._onEnded()

    def _onEnded(self, *_arguments) -> None:
        if self._process is None:
            return
        self._onOutput()
        self._onErrorOutput()
        cancelled, event, process = self._cancelled, self._lastEvent or {}, self._forget()
        lines = tuple(line for line in self._stderr.split("\n") if line.strip())
        if self._notStarted:
            self.onFinished(Outcome(-1, failedToStart(), lines))
            return
        crashed = process.exitStatus() != qt.QProcess.NormalExit
        code = -9 if crashed else process.exitCode()
        if cancelled and code != 0:
            code = cancelledCode()
        message = "" if code == 0 else _sentence(code, event.get("message"), lines)
        self.onFinished(Outcome(code, message, lines))

    def _endByForce(self) -> None:
        self._graceTimer.stop()
        if self._process is not None:
            self._process.kill()

    def _forget(self):
        """Let go of the process object and return it; its signals are no longer listened to."""
        process, self._process = self._process, None
        self._graceTimer.stop()
        process.readyReadStandardOutput.disconnect(self._onOutput)
        process.readyReadStandardError.disconnect(self._onErrorOutput)
        process.finished.disconnect(self._onEnded)
        process.errorOccurred.disconnect(self._onError)
        process.deleteLater()
        return process


def cancelledCode() -> int:
    """The exit code of a child that the user stopped."""
    from DentalTopoSegLib.errors import Cancelled

    return Cancelled.exit_code


def _sentence(code: int, message: str | None, lines: tuple[str, ...]) -> str:
    from DentalTopoSegLib.runs.events import exit_sentence

    return exit_sentence(code, message, lines)


def failedToStart() -> str:
    from slicer.i18n import tr as _

    return _("Slicer's Python ({program}) cannot be started: install Slicer again.").format(program=pythonExecutable())


def textOf(array) -> str:
    """The text of a QByteArray, whose data() is bytes or, in some versions of Slicer, already text."""
    data = array.data()
    return data if isinstance(data, str) else bytes(data).decode("utf-8", "replace")
