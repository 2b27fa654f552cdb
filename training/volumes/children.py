"""Commands of `python -m training` in processes of their own, all of which end together."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from DentalTopoSegLib.errors import DentalTopoSegError

ROOT = Path(__file__).resolve().parents[2]
CHILD = (sys.executable, "-m", "training.volumes.child")
LOOK_S = 0.5
PATIENCE_S = 90.0
"""How long commands have to stop: a training writes its checkpoint."""


@dataclass
class _Child:
    name: str
    endless: bool
    process: subprocess.Popen
    log: Path

    def last_words(self) -> str:
        """The last line of what it said."""
        lines = [line for line in self.log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else "it said nothing"


class Children:
    """The processes of a run, to be used as a context: all are stopped at its end.

    Parameters
    ----------
    logs : Path
        Folder for what each of them says, `<name>.log`.
    program : sequence of str
        What runs a command; it must end when its stdin does.
    """

    def __init__(self, logs: Path, program: Sequence[str] = CHILD) -> None:
        self.logs, self.program = logs, program
        self._children: list[_Child] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(
        self,
        name: str,
        command: Sequence[object],
        endless: bool = False,
        nice: int = 0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start a command.

        Parameters
        ----------
        name : str
            What it is called in sentences, and its log.
        command : sequence
            The command of `python -m training` with its arguments.
        endless : bool
            Whether it runs until it is stopped: then its end is a fault, whatever its exit code.
        nice : int
            How far it stands back for the CPU.
        environment : mapping, optional
            Variables set beside this process's.
        """
        log = self.logs / f"{name.replace(' ', '_')}.log"
        line = [*self.program, *map(str, command)]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
        variables = {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1", **(environment or {})}
        with open(log, "ab") as stream:
            process = subprocess.Popen(
                line, stdin=subprocess.PIPE, stdout=stream, stderr=stream, env=variables, start_new_session=True
            )  # a session of its own: Ctrl-C reaches this process alone, which then stops every child once
        self._children.append(_Child(name, endless, process, log))
        if nice and hasattr(os, "setpriority"):
            with suppress(ProcessLookupError):
                os.setpriority(os.PRIO_PROCESS, process.pid, nice)

    def check(self) -> None:
        """Look after all of them.

        Raises
        ------
        DentalTopoSegError
            One has ended that should not have, or not so.
        """
        for child in self._children:
            code = child.process.poll()
            if code is None or (code == 0 and not child.endless):
                continue
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise DentalTopoSegError(
                f"The {child.name} ended with {how} ({child.last_words()}), so everything was stopped: "
                f"see {child.log}; the same command goes on."
            )

    def finished(self) -> set[str]:
        """Names of those that have ended well."""
        return {child.name for child in self._children if child.process.poll() == 0}

    def wait(self, done: Callable[[], bool] | None = None, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait until `done` says so; without it, until all that are not endless have ended.

        Parameters
        ----------
        done, meanwhile : callable
            Asked and called twice a second.

        Raises
        ------
        DentalTopoSegError
            As `check`.
        """
        finished = done or self._all_ended
        while True:
            over = finished()
            self.check()
            if over:
                return
            meanwhile()
            time.sleep(LOOK_S)

    def _all_ended(self) -> bool:
        return all(child.process.poll() is not None for child in self._children if not child.endless)

    def stop(self) -> None:
        """Close the pipes of all, at which those that still run interrupt themselves; end what does not in time."""
        for child in self._children:
            with suppress(OSError):
                child.process.stdin.close()
        end = time.monotonic() + PATIENCE_S
        for child in self._children:
            try:
                child.process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        self._children.clear()

    def __enter__(self) -> Children:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
