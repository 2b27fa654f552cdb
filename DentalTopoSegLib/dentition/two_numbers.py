"""The numbers that a CBCT and an intraoral scan of one patient give to the same tooth, where these differ."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .teeth import is_tooth

_TEXT = re.compile(r"([1-8][1-8]) ([1-8][1-8]) (-|[01](?:\.\d{1,9})?) (-|[01](?:\.\d{1,9})?) ([01])", re.ASCII)


@dataclass(frozen=True)
class TwoNumbers:
    """One tooth that two scans number differently.

    Parameters
    ----------
    cbct, scan : int
        Its FDI number in the CBCT, and in the intraoral scan, before either was changed.
    cbct_score, scan_score : float, optional
        0 to 1, what each scan's own network gives to its own number; None where that is not kept.
    decided : bool
        One of the two was taken for both; else a person has to say which is right.
    """

    cbct: int
    scan: int
    cbct_score: float | None = None
    scan_score: float | None = None
    decided: bool = False

    def other_than(self, fdi: int) -> int:
        """The one of the two numbers that is not this one."""
        return self.scan if fdi == self.cbct else self.cbct

    def to_dict(self) -> dict[str, Any]:
        """The JSON object."""
        scores = {"cbct_score": self.cbct_score, "scan_score": self.scan_score}
        return {"cbct": self.cbct, "scan": self.scan, **scores, "decided": self.decided}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> TwoNumbers:
        """Of a JSON object that is known to be one."""
        scores = (content.get("cbct_score"), content.get("scan_score"))
        first, second = (None if score is None else float(score) for score in scores)
        return cls(int(content["cbct"]), int(content["scan"]), first, second, bool(content["decided"]))

    def to_text(self) -> str:
        """For a tag of a segment."""
        scores = ("-" if s is None else f"{s:.4f}" for s in (self.cbct_score, self.scan_score))
        return f"{self.cbct} {self.scan} {' '.join(scores)} {int(self.decided)}"

    @classmethod
    def of_text(cls, text: str) -> TwoNumbers | None:
        """What `to_text` wrote; None of a text that says no such thing."""
        found = _TEXT.fullmatch(text)
        if found is None or not all(is_tooth(int(found[i])) for i in (1, 2)):
            return None
        first, second = (None if found[i] == "-" else min(float(found[i]), 1.0) for i in (3, 4))
        return cls(int(found[1]), int(found[2]), first, second, found[5] == "1")


def runs_of(numbers: Mapping[int, TwoNumbers]) -> list[dict[int, int]]:
    """Teeth whose numbers can only change together, {number now: the other scan's number}, a run each.

    Parameters
    ----------
    numbers : mapping
        By the FDI number that the tooth has now.

    Examples
    --------
    >>> runs_of({15: TwoNumbers(15, 16), 16: TwoNumbers(16, 17), 24: TwoNumbers(24, 25)})
    [{15: 16, 16: 17}, {24: 25}]
    """
    others = {fdi: two.other_than(fdi) for fdi, two in sorted(numbers.items()) if fdi in (two.cbct, two.scan)}
    runs: list[dict[int, int]] = []
    for fdi, other in others.items():
        touching = [run for run in runs if other in run or fdi in run.values()]
        joined = {fdi: other}
        for run in touching:
            joined |= run
        runs = [run for run in runs if not any(run is one for one in touching)]
        runs.append(dict(sorted(joined.items())))
    return sorted(runs, key=lambda run: next(iter(run)))
