"""How far a whole run is and how long it will take, from the stages it reports. Standard library only."""

from __future__ import annotations

#: Seconds per stage of typical runs on two cores, in the order they come: the means of a phantom of 367 x 333 x 300
#: voxels of 0.3 mm and a real CBCT of 360 x 360 x 330 of 0.5 mm; of intraoral scans the means of two jaws.
_SCAN_S = {
    "Reading the scan": 0.5, "load the networks": 0.15, "prepare the scan": 0.35, "find the teeth": 1.5,
    "draw the borders": 2.5, "separate the teeth": 0.2, "number the teeth": 0.05, "place on the scan": 0.4,
    "Checking the teeth": 0.3, "Writing the results": 0.3,
}  # fmt: skip
_PICTURE_S = 2.0
#: Asked once per jaw, in turn.
_JAW_S = {
    "Finding the jaw's position": 0.15, "Sampling the surface": 0.15, "Finding the teeth": 1.2,
    "Separating the teeth": 0.1, "Drawing the borders": 0.1, "Numbering the teeth": 0.02,
}  # fmt: skip
_JAWS_AROUND_S = {"Reading the scan": 0.1, "Checking the teeth": 0.05, "Writing the results": 0.4}
#: A time left is only named after so many seconds of work, or this share of it.
_LEAST_S = 2.0
_LEAST_SHARE = 0.05


class Timeline:
    """``at(stage, done, total)`` -> the share of the whole run that is done, 0 to 1, never less than before."""

    def __init__(self, jaws: int = 0, picture: bool = False) -> None:
        """jaws: how many intraoral scans, 0 for a CBCT. picture: a CBCT's picture is drawn too."""
        if jaws:
            per_jaw = {stage: jaws * s for stage, s in _JAW_S.items()}
            around = {stage: jaws * s for stage, s in _JAWS_AROUND_S.items()}
            stages = {"Reading the scan": around.pop("Reading the scan"), **per_jaw, **around}
        else:
            stages = dict(_SCAN_S)
            stages["Writing the results"] += _PICTURE_S if picture else 0.0
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
        if self._jaws and stage in _JAW_S:
            # "stage, k of n": the stage begins on jaw k; the stages of jaw k come before those of jaw k + 1
            jaw = min(int(done), self._jaws)
            before = (self._start[stage] - self._start["Finding the jaw's position"]) / self._jaws
            return self._start["Finding the jaw's position"] + jaw * sum(_JAW_S.values()) + before * (jaw < self._jaws)
        return self._start[stage] + self._length[stage] * (done / total if total else 0.0)


def seconds_left(share: float, elapsed_s: float) -> float | None:
    """Time left at the pace so far; None while too little is done to tell."""
    if share <= 0 or (elapsed_s < _LEAST_S and share < _LEAST_SHARE):
        return None
    return elapsed_s * (1.0 - share) / share
