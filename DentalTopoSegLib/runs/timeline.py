"""How far a whole run is and how long it will take, from the stages it reports."""

from __future__ import annotations

from ..stages import (
    AROUND_JAWS_SECONDS,
    DRAW_BORDERS,
    FIND_POSITION_OF_JAW,
    FIND_TEETH,
    JAW_SECONDS,
    LAY_SCANS,
    LAY_SECONDS,
    PICTURE_SECONDS,
    READ,
    SCAN_SECONDS,
    STRUCTURE_STAGES,
    TTA_TIMES,
    WRITE,
)

#: A time left is only named after so many seconds of work, or this share of it.
_LEAST_S = 2.0
_LEAST_SHARE = 0.05


class Timeline:
    """`at(stage, done, total)` -> the share of the whole run that is done, 0 to 1, never less than before."""

    def __init__(self, jaws: int = 0, picture: bool = False, tta: bool = False, structures: bool = False) -> None:
        """jaws: how many intraoral scans, 0 for a CBCT. picture: a CBCT's picture is drawn too. tta: its networks look
        twice. structures: what lies around the teeth is found too."""
        if jaws:
            per_jaw = {stage: jaws * s for stage, s in JAW_SECONDS.items()}
            around = {stage: jaws * s for stage, s in AROUND_JAWS_SECONDS.items()}
            stages = {READ: around.pop(READ), **per_jaw, **around}
        else:
            stages = {stage: s for stage, s in SCAN_SECONDS.items() if structures or stage not in STRUCTURE_STAGES}
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

    @property
    def seconds(self) -> float:
        """How long all of it takes where the stages' seconds were measured."""
        return self._whole

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


class FusionTimeline:
    """The same of a fusion: its CBCT, its jaws, then the laying over one another.

    Parameters
    ----------
    cbct : Timeline, optional
        Where the CBCT is segmented too.
    segmented : Timeline, optional
        Of the jaws that are segmented too, all together.
    jaws : int
        How many are laid over it.
    """

    def __init__(self, cbct: Timeline | None, segmented: Timeline | None, jaws: int) -> None:
        self._parts = [part for part in (cbct, segmented) if part is not None]
        self._ended = 0
        self._wrote = False
        self._whole = sum(part.seconds for part in self._parts) + jaws * LAY_SECONDS
        self._jaws = jaws
        self._share = 0.0

    def at(self, stage: str, done: float, total: float) -> float:
        """As of `Timeline`. A part that reads after another has written is the next one."""
        if stage == LAY_SCANS:
            self._ended = len(self._parts)
            passed = self._jaws * LAY_SECONDS * (done / total if total else 0.0)
        else:
            if stage == READ and self._wrote:
                self._ended += 1
            self._wrote = stage == WRITE
            running = self._parts[self._ended : self._ended + 1]
            passed = sum(part.seconds * part.at(stage, done, total) for part in running)
        before = sum(part.seconds for part in self._parts[: self._ended])
        self._share = max(self._share, min((before + passed) / self._whole, 1.0))
        return self._share


def seconds_left(share: float, elapsed_s: float) -> float | None:
    """Time left at the pace so far; None while too little is done to tell."""
    if share <= 0 or (elapsed_s < _LEAST_S and share < _LEAST_SHARE):
        return None
    return elapsed_s * (1.0 - share) / share
