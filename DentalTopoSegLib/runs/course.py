"""How far a batch is, and how long it will take, learnt from the scans that are done."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..stages import AROUND_JAWS_SECONDS, JAW_SECONDS, LAY_SECONDS, SCAN_SECONDS
from .cases import Item
from .timeline import seconds_left

_JAW_S = sum(JAW_SECONDS.values()) + sum(AROUND_JAWS_SECONDS.values())
#: Seconds of an item until one of its kind is done, by its kind.
_FIRST_GUESS_S = {"volume": sum(SCAN_SECONDS.values()), "mesh": _JAW_S, "pair": 2 * _JAW_S}
_FIRST_GUESS_S["fusion"] = _FIRST_GUESS_S["volume"] + _FIRST_GUESS_S["pair"] + 2 * LAY_SECONDS


@dataclass(frozen=True)
class Progress:
    """A moment of a batch.

    Parameters
    ----------
    done, total : int
        Scans that have ended, and all.
    fraction : float
        Of the whole work, 0 to 1.
    left_s : float, optional
        Seconds left at the pace so far; None while too little is done to tell.
    name : str
        What the results are called of the scan that this is about.
    stage : str
        What is done with it; "" when it has ended.
    row : dict, optional
        Its row, when it has ended.
    """

    done: int
    total: int
    fraction: float
    left_s: float | None
    name: str
    stage: str = ""
    row: dict[str, Any] | None = None


class Course:
    """Follows the items of a batch. An item weighs what those of its kind took on the average; items that were done
    before, or refused, weigh what they took, nearly nothing.

    Parameters
    ----------
    items : sequence of Item
        All of them.
    clock : callable
        Seconds.
    """

    def __init__(self, items: Sequence[Item], clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = clock()
        self._kinds = [_kind(item) for item in items]
        self._left = {kind: self._kinds.count(kind) for kind in _FIRST_GUESS_S}
        self._took = dict.fromkeys(_FIRST_GUESS_S, (0, 0.0))  # computed: how many, and seconds of all
        self._running: dict[int, float] = {}
        self._passed = 0.0
        self.done = 0

    def at(self, index: int, name: str, event: dict[str, Any]) -> Progress:
        """After a worker's event."""
        self._running[index] = float(event.get("fraction", 0.0))
        return self._progress(name, stage=event.get("stage", ""))

    def ended(self, index: int, row: dict[str, Any]) -> Progress:
        """After an item has ended."""
        self._running.pop(index, None)
        kind = self._kinds[index]
        self._left[kind] -= 1
        self.done += 1
        seconds = float(row.get("seconds") or 0.0)
        self._passed += seconds
        if row["state"] == "done":
            count, all_seconds = self._took[kind]
            self._took[kind] = count + 1, all_seconds + seconds
        return self._progress(row["name"], row=row)

    def _progress(self, name: str, stage: str = "", row: dict[str, Any] | None = None) -> Progress:
        total = len(self._kinds)
        inside = sum(share * self._weight(self._kinds[index]) for index, share in self._running.items())
        left = sum(count * self._weight(kind) for kind, count in self._left.items()) - inside
        passed = self._passed + inside
        share = passed / (passed + left) if passed + left > 0 else 0.0
        left_s = 0.0 if self.done == total else seconds_left(share, self._clock() - self._started)
        fraction = (self.done + sum(self._running.values())) / total
        return Progress(self.done, total, fraction, left_s, name, stage, row)

    def _weight(self, kind: str) -> float:
        count, seconds = self._took[kind]
        return seconds / count if count else _FIRST_GUESS_S[kind]


def _kind(item: Item) -> str:
    return "fusion" if item.parts else "pair" if item.pair else "mesh" if item.mesh else "volume"


def in_words(seconds: float) -> str:
    """A time that is left, as people say it.

    >>> in_words(40), in_words(400), in_words(8000), in_words(400_000)
    ('1 min', '7 min', '2 h 13 min', '4 d 15 h')
    """
    minutes = max(1, round(seconds / 60))
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min"
    return f"{hours // 24} d {hours % 24} h"
