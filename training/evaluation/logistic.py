"""The regression behind the confidence of CBCT teeth: its fit, left out in turn, and what it is worth.

A row is one predicted tooth: "scan", "features" (see `cbct.confidence.FEATURES`) and whether it is "right".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import minimize

from DentalTopoSegLib.cbct.confidence import FEATURES, Calibrator
from DentalTopoSegLib.checks.measures.label_map import Case
from DentalTopoSegLib.checks.metrics.calibration import auroc, brier_score, expected_calibration_error, reliability
from DentalTopoSegLib.errors import InputError

STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0)
"""Tried strengths of regularisation: multiples of half the squared length of the standardised coefficients."""

FOLDS = 6
LEAST_WRONG = 10
"""Fewer wrong (or right) teeth in FIT_FOLDER teach nothing."""

THRESHOLDS = (0.5, 0.6, 0.7, 0.8, 0.9)

IN_VAIN = 0.05
"""Share of the right teeth that may be flagged where `scores` tells how many of the wrong ones are then caught."""


def matrix(rows: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    """(N, len(FEATURES)) features and (N,) 1.0 where right."""
    values = np.array([[row["features"][name] for name in FEATURES] for row in rows], float)
    return values.reshape(-1, len(FEATURES)), np.array([float(row["right"]) for row in rows])


def fit(values: np.ndarray, right: np.ndarray, strength: float) -> Calibrator:
    """Logistic regression on (N, len(FEATURES)) standardised features with coefficients of the signs in `FEATURES`.

    Minimises sum log(1 + exp(-y z)) + strength / 2 |coefficients|^2 (the intercept is free, so the mean confidence is
    the share of right teeth), by L-BFGS-B from zero. A feature without spread in the data has coefficient 0 and is
    left out, as is one whose sign the data contradict. Raises InputError when all teeth are right or all wrong."""
    _require(right, 1)
    mean, spread = values.mean(0), values.std(0)
    used = spread > 1e-9
    z = (values[:, used] - mean[used]) / spread[used]
    signs = np.array(list(FEATURES.values()))[used]
    side = np.where(right > 0, 1.0, -1.0)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        margin = side * (z @ w[1:] + w[0])
        slope = -side / (1 + np.exp(np.clip(margin, -500, 500)))
        gradient = np.r_[slope.sum(), z.T @ slope + strength * w[1:]]
        return float(np.logaddexp(0, -margin).sum() + strength / 2 * (w[1:] ** 2).sum()), gradient

    bounds = [(None, None), *((0, None) if s > 0 else (None, 0) for s in signs)]
    options = {"maxiter": 2000, "ftol": 1e-12, "gtol": 1e-9}
    best = minimize(loss, np.zeros(1 + len(signs)), jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    kept = np.abs(best[1:]) > 1e-4
    columns = np.flatnonzero(used)[kept]
    names = list(FEATURES)
    return Calibrator(
        id="",
        networks={},
        features=tuple(names[k] for k in columns),
        mean=mean[columns],
        scale=spread[columns],
        low=values[:, columns].min(0),
        high=values[:, columns].max(0),
        coefficients=best[1:][kept],
        intercept=float(best[0]),
    )


def _require(right: np.ndarray, least: int) -> None:
    found = int(min(right.sum(), len(right) - right.sum()))
    if found < least:
        raise InputError(
            f"Only {found} of {len(right)} teeth are of one kind (right or wrong), at least {least} are needed: "
            "add scans to the folder that is fitted on."
        )


def fold_of(rows: list[dict[str, Any]]) -> np.ndarray:
    """(N,) which of `FOLDS` each row is in: whole patients, so mouths with the same teeth are never apart.

    A patient is the scan's name up to the second underscore (phantom_007, phantom_007_2)."""
    patients = [row["scan"].split("_")[:2] for row in rows]
    order = {tuple(p): i for i, p in enumerate(sorted({tuple(p) for p in patients}))}
    return np.array([order[tuple(p)] % FOLDS for p in patients])


def out_of_fold(values: np.ndarray, right: np.ndarray, folds: np.ndarray, strength: float) -> np.ndarray:
    """(N,) confidence of each row from a fit without its fold."""
    out = np.zeros(len(right))
    for fold in np.unique(folds):
        mine = folds == fold
        out[mine] = fit(values[~mine], right[~mine], strength).confidence(values[mine])
    return out


def log_loss(confidence: np.ndarray, right: np.ndarray) -> float:
    """Mean negative log-likelihood."""
    p = np.clip(confidence, 1e-9, 1 - 1e-9)
    return float(-np.mean(right * np.log(p) + (1 - right) * np.log(1 - p)))


def best_fit(rows: list[dict[str, Any]]) -> tuple[Calibrator, float, np.ndarray]:
    """The calibrator of all rows, its strength (of `STRENGTHS`, least log loss out of fold), and the out-of-fold
    confidences (N,). Raises InputError with fewer than `LEAST_WRONG` teeth of a kind."""
    values, right = matrix(rows)
    _require(right, LEAST_WRONG)
    folds = fold_of(rows)
    tried = [(log_loss(out_of_fold(values, right, folds, s), right), s) for s in STRENGTHS]
    strength = min(tried)[1]
    return fit(values, right, strength), strength, out_of_fold(values, right, folds, strength)


def scores(confidence: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    """ECE, Brier score, AUROC of wrong teeth, the reliability table, what each of `THRESHOLDS` flags, and what is
    caught where `IN_VAIN` of the right teeth are flagged."""
    return {
        "teeth": len(right),
        "wrong": int((right == 0).sum()),
        "ece": expected_calibration_error(confidence, right),
        "brier": brier_score(confidence, right),
        "auroc": auroc(confidence, right),
        "reliability": reliability(confidence, right),
        "thresholds": [count_flagged(confidence, right, t) for t in sorted({*THRESHOLDS, Case.low_confidence})],
        "caught": caught(confidence, right),
    }


def caught(confidence: np.ndarray, right: np.ndarray) -> dict[str, Any]:
    """The highest threshold below which at most `IN_VAIN` of the right teeth lie, and `count_flagged` there."""
    sure = np.sort(confidence[right > 0])
    allowed = int(IN_VAIN * len(sure))
    return count_flagged(confidence, right, float(sure[allowed]) if allowed < len(sure) else 1.0)


def count_flagged(confidence: np.ndarray, right: np.ndarray, threshold: float) -> dict[str, Any]:
    """Of the teeth below threshold: how many, how many of the wrong ones, how many right ones in vain."""
    low = confidence < threshold
    return {
        "threshold": threshold,
        "flagged": int(low.sum()),
        "wrong_flagged": int((low & (right == 0)).sum()),
        "right_flagged": int((low & (right > 0)).sum()),
    }
