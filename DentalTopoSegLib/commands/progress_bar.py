"""Progress on a terminal, or in a log."""

from __future__ import annotations

import sys
import threading
from typing import Any


class ProgressBar:
    """One tqdm bar per stage on a terminal: share done and time left; where stderr goes into a file or another program,
    one line when a stage begins. Called as `bar(stage, done, total)`."""

    def __init__(self, enabled: bool = True) -> None:
        self.enabled = enabled
        self.stage: str | None = None
        self.bar: Any = None
        self._told: str | None = None

    def __call__(self, stage: str, done: float, total: float) -> None:
        if not self.enabled:
            return
        if not sys.stderr.isatty():
            self._tell(stage)
            return
        if stage != self.stage:
            self.close()
            self._open(total, f"{_shown(stage):<27}", "{elapsed} elapsed, {remaining} left")
            self.stage = stage
        self.bar.total = total
        self.bar.update(done - self.bar.n)

    def overall(self, shown: str, fraction: float, left: str) -> None:
        """One bar for many things: its words, the share done of all, and the time left in words. Only on a terminal."""
        if not self.enabled or not sys.stderr.isatty():
            return
        if self.bar is None:
            self._open(1.0, shown, "{elapsed} elapsed{postfix}")
        self.bar.set_description_str(shown, refresh=False)
        self.bar.set_postfix_str(left, refresh=False)
        self.bar.update(fraction - self.bar.n)

    def _open(self, total: float, shown: str, end: str) -> None:
        from tqdm import tqdm

        # its own is shared between processes, by a semaphore in the system's memory
        tqdm.set_lock(threading.RLock())
        form = "{desc}: {percentage:3.0f} %|{bar:24}| " + end
        self.bar = tqdm(total=total, desc=shown, bar_format=form, leave=True)

    def _tell(self, stage: str) -> None:
        if stage != self._told:
            from .streams import say

            self._told = stage
            say(_shown(stage))

    def close(self) -> None:
        """Leave the current bar as it is and forget it."""
        if self.bar is not None:
            self.bar.close()
        self.bar = self.stage = None


def _shown(stage: str) -> str:
    return stage[:1].upper() + stage[1:]
