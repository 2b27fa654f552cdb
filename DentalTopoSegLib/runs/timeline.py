"""How far a whole run is and how long it will take, from the stages it reports."""

from __future__ import annotations

from ..stages import (
    AROUND_JAWS_SECONDS,
    DRAW_BORDERS,
    FIND_POSITION_OF_JAW,
    FIND_TEETH,
    JAW_SECONDS,
    PICTURE_SECONDS,
    READ,
    SCAN_SECONDS,
    TTA_TIMES,
    WRITE,
)

#: A time left is only named after so many seconds of work, or this share of it.
_LEAST_S = 2.0
_LEAST_SHARE = 0.05


class Timeline:
    """`at(stage, done, total)` -> the share of the whole run that is done, 0 to 1, never less than before."""

    def __init__(self, jaws: int = 0, picture: bool = False, tta: bool = False) -> None:
        """jaws: how many intraoral scans, 0 for a CBCT. picture: a CBCT's picture is drawn too. tta: its networks look
        twice."""
        if jaws:
            per_jaw = {stage: jaws * s for stage, s in JAW_SECONDS.items()}
            around = {stage: jaws * s for stage, s in AROUND_JAWS_SECONDS.items()}
            stages = {READ: around.pop(READ), **per_jaw, **around}
        else:
            stages = dict(SCAN_SECONDS)
            stages[WRITE] += PICTURE_SECONDS if picture else 0.0
            if tta:
                stages |= {stage: TTA_TIMES * stages[stage] for stage in (FIND_TEETH, DRAW_BORDERS)}
        self._jaws = jaws
        self._whole = sum(stages.values())
        self._start: dict[str, float] = {}
        self._length = stages
        passed = 0.0
        for stage, seconds in stages.items():
            self._start[stage] = passed
            passed += seconds
        self._share = 0.0

    def at(self, stage: str, done: float, total: float) -> float:
        """An unknown stage leaves the share where it is."""
        if stage in self._start:
            self._share = max(self._share, min(self._passed(stage, done, total) / self._whole, 1.0))
        return self._share

    def _passed(self, stage: str, done: float, total: float) -> float:
        if self._jaws and stage in JAW_SECONDS:
            # "stage, k of n": the stage begins on jaw k; the stages of jaw k come before those of jaw k + 1
            jaw = min(int(done), self._jaws)
            before = (self._start[stage] - self._start[FIND_POSITION_OF_JAW]) / self._jaws
            return self._start[FIND_POSITION_OF_JAW] + jaw * sum(JAW_SECONDS.values()) + before * (jaw < self._jaws)
        return self._start[stage] + self._length[stage] * (done / total if total else 0.0)


def seconds_left(share: float, elapsed_s: float) -> float | None:
    """Time left at the pace so far; None while too little is done to tell."""
    if share <= 0 or (elapsed_s < _LEAST_S and share < _LEAST_SHARE):
        return None
    return elapsed_s * (1.0 - share) / share
