"""The moment in which results get their names: a few milliseconds that a stop of the process waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class FinalMove:
    """Says whether the moment is now.

    Attributes
    ----------
    stop_asked : callable
        Whether the user wants to stop: then the move does not begin.
    under_way : bool
        True within the moment.
    done : int
        How many there were.
    """

    def __init__(self) -> None:
        self.stop_asked: Callable[[], bool] = bool
        self.under_way = False
        self.done = 0

    @contextmanager
    def uncut(self) -> Iterator[None]:
        """Around the move. Raises KeyboardInterrupt instead of beginning where the user wants to stop."""
        self.under_way = True
        try:
            if self.stop_asked():
                raise KeyboardInterrupt
            yield
            self.done += 1
        finally:
            self.under_way = False


#: The process's own, as its signals are.
FINAL_MOVE = FinalMove()
