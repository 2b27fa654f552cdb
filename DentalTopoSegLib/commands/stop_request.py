"""Ctrl-C while a command runs."""

from __future__ import annotations

import math
import signal
import time
from typing import Any

# A network is looked after ten times a second; a busy machine may stretch that.
_LOOKED_LATELY_S = 1.5


class StopRequest:
    """Ctrl-C and SIGTERM while a command runs: at once where nothing needs care, by asking where a network runs.

    A network runs in threads of its own, and leaving the process under them aborts it. So while somebody looks at
    `asked()` (the segmentation does, ten times a second) the first signal only makes it true; a second signal, or
    one that nobody would notice, interrupts. A context manager; outside the main thread signals are left alone.
    """

    def __init__(self) -> None:
        self._looked = -math.inf
        self._asked = False
        self._previous: dict[int, Any] = {}

    def asked(self) -> bool:
        """True once the user wants to stop."""
        self._looked = time.monotonic()
        return self._asked

    def _handle(self, signum: int, frame: Any) -> None:
        if self._asked or time.monotonic() - self._looked > _LOOKED_LATELY_S:
            raise KeyboardInterrupt
        self._asked = True

    def __enter__(self) -> StopRequest:
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._previous[number] = signal.signal(number, self._handle)
            except ValueError:  # not the main thread: the host program has its own way to stop
                break
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
