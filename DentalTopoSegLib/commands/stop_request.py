"""Ctrl-C and SIGTERM while a command runs."""

from __future__ import annotations

import math
import signal
import threading
import time
from _thread import interrupt_main
from collections.abc import Callable
from typing import Any

# A network is looked after ten times a second; a busy machine may stretch that.
_LOOKED_LATELY_S = 1.5
#: From the signal to the next interrupt of what has swallowed or not noticed it, and to the end that does not wait.
_AGAIN_S = 0.3
_LEAVE_S = 0.6
#: What is being moved to its place when that end has come gets so much more.
_MOVE_S = 10.0
_NUMBERS = (signal.SIGINT, signal.SIGTERM)


def not_now() -> bool:
    """The answer of a process in which nothing must not be cut."""
    return False


class StopRequest:
    """Ctrl-C and SIGTERM: at once where nothing needs care, by asking where a network runs, in any case within a second.

    A network runs in threads of its own, and leaving the process under them aborts it. So while somebody looks at
    `asked()` (the segmentation does, ten times a second) the first signal only makes it true; a second signal, or
    one that nobody would notice, interrupts. An interrupt can be lost: within an import it becomes an ImportError,
    compiled code swallows it or goes on for seconds. So a thread, which the operating system's own handler wakes,
    interrupts once more and then ends the process. A context manager; outside the main thread signals are left alone.

    Parameters
    ----------
    leave : callable
        Ends the process; called from the thread.
    uncut : callable
        Whether the process is just then in a moment of which nothing may be cut: that is waited for.
    """

    def __init__(self, leave: Callable[[], None], uncut: Callable[[], bool] = not_now) -> None:
        self._leave, self._uncut = leave, uncut
        self._looked = -math.inf
        self._wanted = False
        self._ended = threading.Event()
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

    def settle(self) -> None:
        """From now on nothing is interrupted any more, and nothing ended: the command itself is at its end."""
        self._ended.set()

    def _handle(self, signum: int, frame: Any) -> None:
        polite = not self._wanted and time.monotonic() - self._looked < _LOOKED_LATELY_S
        self._wanted = True
        if not (polite or self._ended.is_set() or self._uncut()):
            raise KeyboardInterrupt

    def _watch(self, woken: Any) -> None:
        with woken:
            while not set(told := woken.recv(64)) & set(_NUMBERS):
                if not told:
                    return
        if self._ended.wait(_AGAIN_S):
            return
        interrupt_main()
        if self._ended.wait(_LEAVE_S - _AGAIN_S):
            return
        end = time.monotonic() + _MOVE_S
        while self._uncut() and time.monotonic() < end:
            if self._ended.wait(0.01):
                return
        self._leave()

    def __enter__(self) -> StopRequest:
        for number in _NUMBERS:
            try:
                self._previous[number] = signal.signal(number, self._handle)
            except ValueError:  # not the main thread: the host program has its own way to stop
                return self
        from socket import socketpair  # takes longer to import than the rest: the handlers come first

        woken, self._waker = socketpair()  # what Windows too takes for this
        self._waker.setblocking(False)
        self._previous_wakeup = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(woken,), name="stop request", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._waker is not None:
            signal.set_wakeup_fd(self._previous_wakeup)
            self._waker.close()
        for number, handler in self._previous.items():
            signal.signal(number, handler)
