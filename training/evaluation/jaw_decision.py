"""Fit how surface and crowns are weighed when the jaw is decided, from what `evaluate-jaws` wrote.

    python -m training fit-jaw scores.json

The weights belong into `DentalTopoSegLib.ios.deciding`. Wanted are jaws whose networks never saw their patients. There
is no constant term: before anything is seen both jaws are as likely; and no opinion counts for more than it says, since
other scanners differ more from these jaws than what is made of them. Every folder of the evaluation weighs the same.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.ios.deciding import LEAST_PROBABILITY
from training.export.score_tables import markdown_table

OPINIONS = ("surface", "crowns")
GROUPS = 5
"""Of patients, for measuring weights on others than they were fitted on."""
_EDGES = (0.5, 0.65, 0.8, 0.9, 0.97, 0.995)


def fit(logits: np.ndarray, upper: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """(2,) weights, 0 to 1, of logits (N, 2) for `upper` (N,) bool; weight (N,) of each jaw."""
    side = np.where(upper, 1.0, -1.0)

    def loss(w: np.ndarray) -> float:
        return float((weight * np.logaddexp(0, -side * (logits @ w))).sum() / weight.sum() + 1e-3 * (w**2).sum())

    return minimize(loss, np.full(2, 0.5), bounds=[(0, 1)] * 2).x


def read_tries(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Logits (N, 2), whether it is an upper jaw (N,), weight (N,) and patient (N,) of all tries.

    InputError for tries of a crown network that does not tell the jaw.
    """
    tries: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))["tries"]
    logits = [[one["jaw_logits"][name] for name in OPINIONS] for one in tries.values()]
    if not logits or any(None in row for row in logits):
        raise InputError(f"'{path}' has jaws of which surface and crowns do not both say which they are.")
    groups = [one["group"] for one in tries.values()]
    weight = np.array([1 / groups.count(group) for group in groups])
    patient = np.array([name.split("/")[-1].split("_")[0] for name in tries])
    return np.array(logits), np.array([one["jaw"] == "upper" for one in tries.values()]), weight, patient


def on_others(logits: np.ndarray, upper: np.ndarray, weight: np.ndarray, patient: np.ndarray) -> np.ndarray:
    """(N,) probability of the upper jaw from weights fitted on other patients."""
    names = np.unique(patient)
    group = np.searchsorted(names, patient) % GROUPS
    odds = np.zeros(len(logits))
    for g in range(GROUPS):
        mine = group == g
        if mine.any() and not mine.all():
            odds[mine] = logits[mine] @ fit(logits[~mine], upper[~mine], weight[~mine])
    return 1 / (1 + np.exp(-np.clip(odds, -30, 30)))


def reliability(probability: np.ndarray, upper: np.ndarray) -> str:
    """Markdown: how often the likelier jaw is the right one, by how probable it was said to be."""
    sure, right = np.maximum(probability, 1 - probability), (probability >= 0.5) == upper
    rows = []
    for low, high in zip(_EDGES, (*_EDGES[1:], 1.0001), strict=True):
        mine = (sure >= low) & (sure < high)
        if mine.any():
            span = f"{low:.3g}-{min(high, 1):.3g}"
            rows.append((span, mine.sum(), f"{sure[mine].mean():.3f}", f"{right[mine].mean():.3f}"))
    return markdown_table(("said", "tries", "mean", "right"), rows, right=True)


def main(argv: list[str] | None = None) -> None:
    """Print weights and what they are worth."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scores", type=Path, help="JSON of evaluate-jaws")
    arguments = parser.parse_args(argv)
    logits, upper, weight, patient = read_tries(arguments.scores)
    surface, crowns = fit(logits, upper, weight)
    print(f"SURFACE_WEIGHT, CROWNS_WEIGHT = {surface:.3f}, {crowns:.3f}\n")
    probability = on_others(logits, upper, weight, patient)
    sure, right = np.maximum(probability, 1 - probability), (probability >= 0.5) == upper
    taken = sure >= LEAST_PROBABILITY
    print(
        f"On other patients: {(taken & right).sum()} of {len(upper)} right, {(~taken).sum()} asked about (below "
        f"{LEAST_PROBABILITY}), {(taken & ~right).sum()} wrong.\n\n{reliability(probability, upper)}\n"
    )
    for name, column in zip(OPINIONS, logits.T, strict=True):
        print(f"{name} alone: {((column > 0) == upper).mean():.1%} right")
