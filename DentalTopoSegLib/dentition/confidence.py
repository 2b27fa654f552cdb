"""How sure a network is of its teeth, and what that number means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

#: What a confidence is: the share of such teeth that are right, as measured, or a number that only orders teeth.
PROBABILITY, SCORE = "probability", "score"
#: What stands in the place of a calibration's name where there is none.
NO_CALIBRATION = "uncalibrated"


class Confidence(dict[int, float]):
    """FDI number -> 0 to 1, where known; what the numbers mean goes with them.

    Parameters
    ----------
    values : mapping or iterable of pairs
        By FDI number.
    calibrated : bool
        Whether they are measured probabilities. What does not say so is a score.

    Examples
    --------
    >>> sure = Confidence({16: 0.93}, calibrated=True)
    >>> sure[16], sure.meaning, Confidence.of({16: 0.93}).meaning
    (0.93, 'probability', 'score')
    """

    def __init__(
        self, values: Mapping[int, float] | Iterable[tuple[int, float]] = (), *, calibrated: bool = False
    ) -> None:
        super().__init__(values)
        self.calibrated = calibrated

    @classmethod
    def of(cls, values: Mapping[int, float] | None) -> Confidence:
        """A copy that keeps what the numbers mean; other mappings hold scores, None nothing."""
        return cls(values or {}, calibrated=getattr(values, "calibrated", False))

    @property
    def meaning(self) -> str:
        """`PROBABILITY` or `SCORE`."""
        return PROBABILITY if self.calibrated else SCORE
