"""From the network's classes and axes, the same for both jaws, to the numbers and axes of the head."""

from __future__ import annotations

import numpy as np

from ..dentition import CLASS_FDI, MIXED_CLASS_FDI


def jaw_probabilities(classes: np.ndarray, jaw: str) -> np.ndarray:
    """(K, 17) of the network -> (K, 33) in the order of dentition.CLASS_FDI, for the given jaw.

    With milk teeth (K, 27), places 1 to 5 at x > 0 and then at x < 0 behind the others -> (K, 53), MIXED_CLASS_FDI.
    """
    plus, minus = (20, 10) if jaw == "upper" else (40, 30)
    fdi = [0, *(plus + n for n in range(1, 9)), *(minus + n for n in range(1, 9))]
    names = CLASS_FDI
    if classes.shape[1] > len(fdi):
        fdi += [*(plus + 40 + n for n in range(1, 6)), *(minus + 40 + n for n in range(1, 6))]
        names = MIXED_CLASS_FDI
    out = np.zeros((len(classes), len(names)))
    out[:, [names.index(f) for f in fdi]] = classes
    return out


def to_head(points: np.ndarray, jaw: str) -> np.ndarray:
    """Canonical mm -> R, A, S mm of the head; the jaws 8 mm from the plane between them."""
    if jaw == "lower":
        return points - np.array([0.0, 0.0, 8.0])
    return points * np.array([-1.0, 1.0, -1.0]) + np.array([0.0, 0.0, 8.0])
