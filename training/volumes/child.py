"""A command of `python -m training` run for another process: it ends when that one does, however it does.

    PYTHON -m training.volumes.child COMMAND ...

Its stdin is a pipe that the other holds open. Once that closes, the command is interrupted as by Ctrl-C, so that a
training writes its checkpoint, and ended a while later.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import time

from DentalTopoSegLib.runs.parent_pipe import take_stdin, when_closed

PATIENCE_S = 60.0
"""How long a command has to stop."""


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(PATIENCE_S)
    os._exit(1)


def _run() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs are told to ignore it
    when_closed(take_stdin(), _stop)
    try:
        runpy.run_module("training", run_name="__main__", alter_sys=True)
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


if __name__ == "__main__":
    _run()
