"""Child processes of the module, so made that Qt never loses one while it still speaks of it.

In Slicer a Qt object without a parent belongs to Python and dies with its last reference: when that falls inside one of
the object's own signals, Qt goes on with an object that is gone and Slicer crashes. So every process has a parent that
lives as long as the module's code, nobody is told of its end before its signal is over, and it is deleted by the event
loop.
"""

import codecs
import shutil
import sys
from collections.abc import Callable

import qt
from slicer.i18n import tr as _

from .Library import pythonPath

_kept = {}


def owner():
    """The parent of what has no widget to belong to; plain QObjects cannot be made in Slicer's Python, timers can."""
    if "owner" not in _kept:
        _kept["owner"] = qt.QTimer()
    return _kept["owner"]


def pythonExecutable() -> str:
    """Slicer's Python for child processes; this interpreter where there is no Slicer application."""
    return shutil.which("PythonSlicer") or sys.executable


def libraryProcess(arguments: list):
    """A QProcess that would run `python -m` with these arguments and the library at hand; not started yet."""
    environment = qt.QProcessEnvironment.systemEnvironment()
    environment.insert("PYTHONPATH", pythonPath())
    environment.insert("PYTHONUTF8", "1")
    environment.insert("PYTHONSAFEPATH", "1")  # nothing is imported from the folder that Slicer was started in
    process = qt.QProcess(owner())
    process.setProcessEnvironment(environment)
    process.setProgram(pythonExecutable())
    process.setArguments(["-m", *arguments])
    return process


class ChildProcess:
    """One run of a library's program.

    onOutput(text) and onErrorOutput(text) come while it runs. onEnded(started, code) comes once, from the event loop
    and never inside a signal of the process, also where it could not be started. code: its exit code, -9 where the
    system ended it.
    """

    def __init__(
        self,
        arguments: list,
        onEnded: Callable[[bool, int], None],
        onOutput: Callable[[str], None],
        onErrorOutput: Callable[[str], None],
    ) -> None:
        self._onEnded, self._onOutput, self._onErrorOutput = onEnded, onOutput, onErrorOutput
        self._ending = False
        decoder = codecs.getincrementaldecoder("utf-8")
        self._output, self._errorOutput = decoder("replace"), decoder("replace")  # a letter may come in two pieces
        self.process = libraryProcess(arguments)
        self.process.readyReadStandardOutput.connect(self._readOutput)
        self.process.readyReadStandardError.connect(self._readErrorOutput)
        self.process.finished.connect(self._onFinished)
        self.process.errorOccurred.connect(self._onError)

    def start(self) -> None:
        """Start it; a failure is told by onEnded."""
        self.process.start()

    def closeInput(self) -> None:
        """End its stdin, by which the child behind Slicer's launcher knows that it is to end."""
        if self.process is not None:
            self.process.closeWriteChannel()

    def kill(self) -> None:
        """End it by force; onEnded comes as ever."""
        if self.process is not None:
            self.process.kill()

    def abandon(self, waitMs: int = 2000) -> None:
        """End it now and tell nobody; waits until it is gone, by force if it takes longer."""
        process = self._release()
        if process is None or process.state() == qt.QProcess.NotRunning:
            return
        process.closeWriteChannel()
        if not process.waitForFinished(waitMs):
            process.kill()
            process.waitForFinished(waitMs)

    # ---------------------------------------------------------------- signals

    def _readOutput(self) -> None:
        if self.process is not None:
            self._tell(self._onOutput, textOf(self.process.readAllStandardOutput(), self._output))

    def _readErrorOutput(self) -> None:
        if self.process is not None:
            self._tell(self._onErrorOutput, textOf(self.process.readAllStandardError(), self._errorOutput))

    def _tell(self, listener: Callable[[str], None], text: str) -> None:
        if text:
            listener(text)

    def _onError(self, error) -> None:
        if error == qt.QProcess.FailedToStart:  # the only error that `finished` does not follow
            self._end(False, -1)

    def _onFinished(self, *_arguments) -> None:
        if self.process is not None:
            crashed = self.process.exitStatus() != qt.QProcess.NormalExit
            self._end(True, -9 if crashed else self.process.exitCode())

    def _end(self, started: bool, code: int) -> None:
        if self._ending or self.process is None:
            return
        self._ending = True
        qt.QTimer.singleShot(0, lambda: self._tellEnd(started, code))

    def _tellEnd(self, started: bool, code: int) -> None:
        if started:
            self._readOutput()
            self._readErrorOutput()
        if self._release() is not None:
            self._onEnded(started, code)

    def _release(self):
        """Let go of the QProcess and return it, None when it was let go already; nobody listens to it any more."""
        process, self.process = self.process, None
        if process is not None:
            process.readyReadStandardOutput.disconnect(self._readOutput)
            process.readyReadStandardError.disconnect(self._readErrorOutput)
            process.finished.disconnect(self._onFinished)
            process.errorOccurred.disconnect(self._onError)
            process.deleteLater()
        return process


def failedToStart() -> str:
    """What the user is told when there is no Python to start."""
    return _("Slicer's Python ({program}) cannot be started: install Slicer again.").format(program=pythonExecutable())


def textOf(array, decoder) -> str:
    """The text of a QByteArray, whose data() is bytes or, in some versions of Slicer, already text."""
    data = array.data()
    return data if isinstance(data, str) else decoder.decode(bytes(data))
