"""How far confidences can be believed: calibration error, Brier score, and how well they tell right from wrong."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...errors import InputError


def expected_calibration_error(confidence: Iterable[float], correct: Iterable[bool], bins: int = 10) -> float:
    """ECE = sum_b n_b / n |share correct in b - mean confidence in b| over bins of equal width; 0 is best.

    Bin b holds confidences in (b / bins, (b + 1) / bins], the first one 0 as well. Source: Guo et al. 2017, "On
    calibration of modern neural networks", equation 3. Raises `InputError`: nothing given, lengths that differ,
    values outside 0..1, bins < 1.
    """
    rows = reliability(confidence, correct, bins)
    total = sum(row["count"] for row in rows)
    return float(sum(row["count"] / total * abs(row["correct"] - row["confidence"]) for row in rows))


def reliability(confidence: Iterable[float], correct: Iterable[bool], bins: int = 10) -> list[dict[str, float]]:
    """The bins of `expected_calibration_error` that hold anything: "low", "high", "count", mean "confidence", share
    "correct". Raises as it does."""
    p, right = _confidences(confidence, correct)
    if bins < 1:
        raise InputError(f"Confidences cannot be sorted into {bins} bins: at least one is needed.")
    edges = np.linspace(0, 1, bins + 1)
    where = np.clip(np.searchsorted(edges, p, side="left") - 1, 0, bins - 1)
    rows = []
    for b in np.unique(where):
        mine = where == b
        rows.append(
            {
                "low": float(edges[b]),
                "high": float(edges[b + 1]),
                "count": int(mine.sum()),
                "confidence": float(p[mine].mean()),
                "correct": float(right[mine].mean()),
            }
        )
    return rows


def brier_score(confidence: Iterable[float], correct: Iterable[bool]) -> float:
    """Mean of (confidence - correct)^2, 0 is best (Brier 1950). Raises as `expected_calibration_error`."""
    p, right = _confidences(confidence, correct)
    return float(np.mean((p - right) ** 2))


def auroc(confidence: Iterable[float], correct: Iterable[bool]) -> float | None:
    """Probability that a correct one has a higher confidence than a wrong one, ties count half; None if all are alike.

    Area under the ROC curve as the Mann-Whitney statistic. Raises as `expected_calibration_error`."""
    p, right = _confidences(confidence, correct)
    high, low = p[right > 0], np.sort(p[right == 0])
    if len(high) == 0 or len(low) == 0:
        return None
    below, upto = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
    return float((below + upto).sum() / 2 / len(high) / len(low))


def _confidences(confidence: Iterable[float], correct: Iterable[bool]) -> tuple[np.ndarray, np.ndarray]:
    p, right = np.array(list(confidence), float), np.array(list(correct), float)
    if len(p) == 0 or p.shape != right.shape:
        raise InputError(f"{len(p)} confidences and {len(right)} answers: as many of each are needed, at least one.")
    if not ((p >= 0) & (p <= 1)).all():  # NaN is outside, too
        raise InputError("A confidence lies outside 0..1, so it is no probability.")
    return p, right
