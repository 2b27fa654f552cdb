"""From the network's classes and axes, the same for both jaws, to the numbers and axes of the head."""

from __future__ import annotations

import numpy as np

from ..dentition import CLASS_FDI


def jaw_probabilities(classes: np.ndarray, jaw: str) -> np.ndarray:
    """(K, 17) of the network -> (K, 33) in the order of dentition.CLASS_FDI, for the given jaw."""
    plus, minus = (20, 10) if jaw == "upper" else (40, 30)
    out = np.zeros((len(classes), len(CLASS_FDI)))
    out[:, 0] = classes[:, 0]
    for c in range(1, 17):
        fdi = plus + c if c <= 8 else minus + c - 8
        out[:, CLASS_FDI.index(fdi)] = classes[:, c]
    return out


def to_head(points: np.ndarray, jaw: str) -> np.ndarray:
    """Canonical mm -> R, A, S mm of the head; the jaws 8 mm from the plane between them."""
    if jaw == "lower":
        return points - np.array([0.0, 0.0, 8.0])
    return points * np.array([-1.0, 1.0, -1.0]) + np.array([0.0, 0.0, 8.0])
