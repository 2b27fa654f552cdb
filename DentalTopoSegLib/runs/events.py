"""What the worker says: one JSON object per line, and a sentence for every way it can end."""

from __future__ import annotations

import json
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import DONE, EXIT_MEANINGS, as_refusal, refusal_body
from .timeline import FusionTimeline, Timeline, seconds_left

#: How systems name a process that was ended for want of memory or by force: the signal, as Python or a shell tells it.
ENDED_BY_FORCE = (-9, 137)
#: Progress within one stage is told at most so often.
_TELL_S = 0.1

#: The worker's argument that makes it the process that works.
INSIDE = "--inside"
#: Lines of the work's stderr that are kept.
TAIL_LINES = 20

#: Gets the events one by one.
Tell = Callable[[dict[str, Any]], None]


class RefusedInsideError(Exception):
    """The working process has already put into words why there is no result; event: its "error" event."""

    def __init__(self, event: dict[str, Any]) -> None:
        super().__init__(event["message"])
        self.event = event


def exit_sentence(code: int | None, message: str | None = None, last_lines: Sequence[str] = ()) -> str:
    """What to tell the person at the screen when the worker has ended.

    code: its exit code; negative or None where the system ended it. message: of its "error" event, if one came.
    last_lines: the end of its stderr.
    """
    if message:
        return message
    if code == DONE:
        return "The segmentation is done."
    last = next((line.strip() for line in reversed(last_lines) if line.strip()), "")
    detail = f" Its last words: {last}" if last else ""
    if code in ENDED_BY_FORCE:
        return (
            "The segmentation was ended by the system, most often because memory ran out: close other programs, or "
            f"crop the scan to the jaws.{detail}"
        )
    if code in EXIT_MEANINGS and code != 1:
        return f"The segmentation ended: {EXIT_MEANINGS[code]}.{detail}"
    return f"The segmentation ended unexpectedly (code {code}): please report it.{detail}"


def error_event(error: BaseException, tail: list[str]) -> dict[str, Any]:
    """The event that tells of this exception; the traceback of one that nobody expected goes into `tail`."""
    refusal = as_refusal(error)
    if refusal is not None:
        return {"event": "error", **refusal_body(refusal)}
    tail[:] = traceback.format_exception(error)
    tail[:] = "".join(tail).splitlines()
    return {"event": "error", "exit_code": 1, "kind": type(error).__name__, "message": exit_sentence(1, None, tail)}


def tell(event: dict[str, Any], stream: Any = None) -> None:
    stream = stream or sys.stdout
    stream.write(json.dumps(event, ensure_ascii=True, allow_nan=False) + "\n")
    stream.flush()


class ProgressEvents:
    """Called as `progress(stage, done, total)`; tells the event, not more often than anybody can read."""

    def __init__(self, timeline: Timeline | FusionTimeline, tell: Tell) -> None:
        self._timeline, self._tell = timeline, tell
        self._started = time.monotonic()
        self._told = (-1.0, "")

    def __call__(self, stage: str, done: float, total: float) -> None:
        share = self._timeline.at(stage, done, total)
        now = time.monotonic()
        if stage == self._told[1] and now - self._told[0] < _TELL_S and done < total:
            return
        self._told = now, stage
        left = seconds_left(share, now - self._started)
        self._tell(
            {
                "event": "progress",
                "stage": stage,
                "done": done,
                "total": total,
                "fraction": round(share, 4),
                "eta_s": None if left is None else round(left, 1),
            }
        )
