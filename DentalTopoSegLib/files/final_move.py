"""The moment in which results get their names: a few milliseconds that a stop of the process waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class FinalMove:
    """Says whether the moment is now.

    Attributes
    ----------
    stop_asked : callable
        Whether the user wants to stop: then the move does not begin.
    done : int
        How many there were.
    """

    def __init__(self) -> None:
        self.stop_asked: Callable[[], bool] = bool
        self.done = 0
        self._under_way = 0
        self._one_counts = threading.Lock()

    @property
    def under_way(self) -> bool:
        """True within the moment of any thread."""
        return self._under_way > 0

    @contextmanager
    def uncut(self) -> Iterator[None]:
        """Around the move. Raises KeyboardInterrupt instead of beginning where the user wants to stop."""
        self._count(1)
        try:
            if self.stop_asked():
                raise KeyboardInterrupt
            yield
            self.done += 1
        finally:
            self._count(-1)

    def _count(self, by: int) -> None:
        with self._one_counts:
            self._under_way += by


#: The process's own, as its signals are.
FINAL_MOVE = FinalMove()
