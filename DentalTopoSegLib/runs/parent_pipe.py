"""The pipe that a parent holds open as long as it wants the work done: on stdin at first, then out of the way."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable

_LOOK_S = 0.05


def take_stdin() -> int | None:
    """Put the null device in stdin's place and return the pipe that was there; None where there was none.

    On Windows a library that looks at the standard handles while it is loaded (numpy's OpenBLAS does, by libgfortran)
    waits for a read of handle 0 that another thread has begun, for ever: numpy issue 24290, cpython issue 78961.
    """
    try:
        pipe: int | None = os.dup(0)
    except OSError:
        pipe = None
    null = os.open(os.devnull, os.O_RDONLY)
    if null != 0:
        os.dup2(null, 0)
        os.close(null)
    return pipe


def when_closed(pipe: int | None, act: Callable[[], None]) -> None:
    """Call from a thread once the other end of a pipe is closed; without a pipe never."""
    if pipe is None:
        return

    def wait() -> None:
        with contextlib.suppress(OSError):
            _wait_for_end(pipe)
            act()

    threading.Thread(target=wait, name="parent pipe", daemon=True).start()


def _wait_for_end(pipe: int) -> None:
    if sys.platform == "win32":
        import _winapi
        import msvcrt

        handle = msvcrt.get_osfhandle(pipe)
        try:
            while True:  # no read is ever left pending, whatever else looks at this pipe
                if _winapi.PeekNamedPipe(handle, 0)[0]:
                    os.read(pipe, 4096)
                time.sleep(_LOOK_S)
        except BrokenPipeError:
            return
        except OSError:  # no pipe but a file or a console
            pass
    while os.read(pipe, 4096):
        pass
