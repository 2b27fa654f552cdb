"""The items of a batch on this computer: several at once, as far as cores and memory go."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any

from ..errors import Cancelled, MemoryLimitError
from ..options import RunOptions
from .batch_item import Wishes, row_of
from .cases import Item
from .sizes import free_memory, memory_budget, memory_of

#: What a batch is told: ("progress", index, name, event), ("row", index, row) or ("stopped", the exception).
Messages = queue.Queue[tuple[Any, ...]]
_LOOK_S = 0.2


class Room:
    """The memory that a batch may take, given to its processes in the order in which they ask.

    Parameters
    ----------
    budget : int
        Bytes.
    free : callable
        Bytes that are free in this moment.
    """

    def __init__(self, budget: int, free: Callable[[], int] = free_memory) -> None:
        self._budget, self._free = budget, free
        self._taken = self._inside = self._entered = 0
        self._closed = False
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def take(self, size: int, stop_if_cancelled: Callable[[], None], alone: bool = False) -> Iterator[Company]:
        """Hold so many bytes. One process gets in however much it takes; alone: when all others are out."""
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while not (self._waiting[0] is ticket and self._fits(size, alone)):
                    self._changed.wait(_LOOK_S)
                    stop_if_cancelled()
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
            self._taken += size
            self._inside += 1
            self._entered += 1
            self._closed = alone
            company = Company(self._inside > 1, self._entered)
        try:
            yield company
        finally:
            with self._changed:
                company.had_any |= self._entered > company.number
                self._taken -= size
                self._inside -= 1
                self._closed = False
                self._changed.notify_all()

    def _fits(self, size: int, alone: bool) -> bool:
        if not self._inside:
            return True
        return not (alone or self._closed) and self._taken + size <= self._budget and self._free() >= size


class Company:
    """Whether a process had others beside it; number: it was the so manyth to begin."""

    def __init__(self, had_any: bool, number: int) -> None:
        self.had_any, self.number = had_any, number


class LocalRunner:
    """Does items in threads, each of which watches one process at a time.

    Parameters
    ----------
    items : sequence of Item
        What is to be done, in this order.
    wishes, options : Wishes, RunOptions
        How; `options.cancelled` is asked by every thread.
    jobs : int
        At most so many at once.
    messages : queue
        Gets what happens.
    """

    def __init__(
        self, items: Sequence[Item], wishes: Wishes, options: RunOptions, jobs: int, messages: Messages
    ) -> None:
        self._items, self._wishes, self._messages = items, wishes, messages
        self._stop = threading.Event()
        self._options = replace(options, cancelled=lambda: self._stop.is_set() or options.cancelled())
        self._next = iter(range(len(items)))
        self._one_takes = threading.Lock()
        self._room = Room(memory_budget()) if jobs > 1 else None
        self._threads = [threading.Thread(target=self._work, name="batch", daemon=True) for _ in range(jobs)]
        for thread in self._threads:
            thread.start()

    def look(self) -> None:
        """Nothing to look after: threads tell their end."""

    def stop(self) -> None:
        """End all processes; returns when they and what they have begun are gone."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                with self._one_takes:
                    index = next(self._next, None)
                if index is None:
                    return
                self._messages.put(("row", index, self._row(index)))
        except BaseException as error:  # noqa: BLE001 - whoever reads the messages raises it
            self._messages.put(("stopped", error))

    def _row(self, index: int) -> dict[str, Any]:
        item = self._items[index]
        company = Company(False, 0)

        @contextmanager
        def turn(item: Item, alone: bool = False) -> Iterator[None]:
            nonlocal company
            if self._room is None:
                yield
                return
            size = memory_of(item, self._options, self._wishes.picture)
            with self._room.take(size, self._options.stop_if_cancelled, alone) as company:
                yield

        def by_itself(item: Item) -> AbstractContextManager[None]:
            return turn(item, alone=True)

        def told(name: str, event: dict[str, Any]) -> None:
            self._messages.put(("progress", index, name, event))

        row = row_of(item, self._wishes, self._options, told, turn)
        if row.get("exit_code") == MemoryLimitError.exit_code and company.had_any:
            # beside others the memory did not suffice: without them it may
            row = row_of(item, self._wishes, self._options, told, by_itself)
        return row


def is_stop(error: BaseException) -> bool:
    """Whether this is the user's wish, and no fault."""
    return isinstance(error, (Cancelled, KeyboardInterrupt))
