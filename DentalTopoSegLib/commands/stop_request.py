"""Ctrl-C and SIGTERM while a command runs."""

from __future__ import annotations

import math
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

_NUMBERS = (signal.SIGINT, signal.SIGTERM)
# Who looks does so ten times a second; a busy machine may stretch that.
_LOOKED_LATELY_S = 1.5
#: For those who look, to end by themselves and say more.
_GRACE_S = 0.25
#: For what is just being moved to its place.
_MOVE_S = 10.0
_POLL_S = 0.005


def not_now() -> bool:
    """The answer of a process in which nothing must not be cut."""
    return False


class StopRequest:
    """Ctrl-C and SIGTERM: the command ends within a second, whatever it is doing.

    No KeyboardInterrupt is raised: within an import it becomes an ImportError or a crash, compiled code swallows it or
    goes on for seconds. Instead the operating system's handler wakes a thread. While somebody looks at `asked()` (the
    segmentation does, ten times a second) that one leaves them some time to end by themselves; then it ends the process
    under whatever runs. A context manager; outside the main thread signals are left alone.

    Parameters
    ----------
    leave : callable
        Ends the process; called from the thread.
    uncut : callable
        Whether the process is in a moment of which nothing may be cut: that is waited for.
    """

    def __init__(self, leave: Callable[[], None], uncut: Callable[[], bool] = not_now) -> None:
        self._leave, self._uncut = leave, uncut
        self._looked = -math.inf
        self._wanted = self._at_end = False
        self._one_ends = threading.Lock()
        self._previous: dict[int, Any] = {}
        self._previous_wakeup = -1
        self._waker: Any = None

    def asked(self) -> bool:
        """True once the user wants to stop; asking says that it is looked after."""
        self._looked = time.monotonic()
        return self._wanted

    def wanted(self) -> bool:
        """True once the user wants to stop."""
        return self._wanted

    def close(self) -> None:
        """The command is at its end: from now on nobody ends the process. Does not return where somebody does."""
        with self._one_ends:
            self._at_end = True

    def _handle(self, signum: int, frame: Any) -> None:
        self._wanted = True

    def _watch(self, woken: Any) -> None:
        with woken:
            told = b""
            while not set(told) & set(_NUMBERS):
                told = woken.recv(64)
                if not told:
                    return
            self._wanted = True
            sys.setswitchinterval(1e-4)  # what is computing must not keep this thread waiting
            if time.monotonic() - self._looked < _LOOKED_LATELY_S:
                self._wait(lambda: not self._at_end, _GRACE_S)
            self._wait(self._uncut, _MOVE_S)
            with self._one_ends:
                if not self._at_end:
                    self._leave()
            while woken.recv(64):
                pass

    @staticmethod
    def _wait(while_true: Callable[[], bool], at_most: float) -> None:
        end = time.monotonic() + at_most
        while while_true() and time.monotonic() < end:
            time.sleep(_POLL_S)

    def __enter__(self) -> StopRequest:
        for number in _NUMBERS:
            try:
                self._previous[number] = signal.signal(number, self._handle)
            except ValueError:  # not the main thread: the host program has its own way to stop
                return self
        from socket import socketpair  # what Windows too takes for this

        woken, self._waker = socketpair()
        self._waker.setblocking(False)
        self._previous_wakeup = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(woken,), name="stop request", daemon=True).start()
        if self._wanted:  # between the two
            self._waker.send(bytes([signal.SIGTERM]))
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
        if self._waker is not None:
            signal.set_wakeup_fd(self._previous_wakeup)
            self._waker.close()
        for number, handler in self._previous.items():
            signal.signal(number, handler)
