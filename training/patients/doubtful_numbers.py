"""Scans of 3D-IOSSeg whose reference gives a tooth another number than its crown's shape does."""

from __future__ import annotations

import numpy as np

#: In these scans the reference goes on counting where a tooth is absent and the gap has closed, so that a first molar
#: is called 45 and a canine 42, or it calls a canine 14, or a child's milk teeth by the numbers of their successors.
#: Numbers by the crowns' shape, read off pictures by us, not by a dentist: for training, while every score is against
#: the reference as it is.
BY_SHAPE = {
    "009_lower": {35: 36, 36: 37, 45: 46, 46: 47},
    "009_upper": {15: 16, 16: 17, 17: 18, 25: 26, 26: 27, 27: 28},
    "038_lower": {34: 33},
    "051_upper": {25: 26, 26: 27},
    "068_lower": {32: 33, 33: 34, 34: 35, 35: 36, 36: 37, 42: 43, 43: 44, 44: 46, 45: 47, 46: 48},
    "069_lower": {35: 36, 36: 37, 45: 46, 46: 47},
    "072_lower": {33: 73, 34: 74, 35: 75, 43: 83, 44: 84, 45: 85},
    "072_upper": {13: 53, 14: 54, 15: 55, 23: 63, 24: 64, 25: 65},
    "078_upper": {14: 13, 24: 23},
    "091_lower": {42: 43, 43: 44, 44: 45, 45: 46, 46: 47},
}

#: The only child among the patients: it trains no crown network, so that milk teeth can be tested on it.
CHILD = "072"


def by_shape(name: str, fdi: np.ndarray) -> np.ndarray:
    """FDI numbers (N,) of a scan of the data pack with its reference's doubtful numbers replaced (BY_SHAPE)."""
    table = np.arange(256, dtype=np.uint8)
    for given, meant in BY_SHAPE.get(name, {}).items():
        table[given] = meant
    return table[fdi]


def permanent_by_shape(name: str, fdi: np.ndarray) -> np.ndarray:
    """`by_shape` for phantoms, whose teeth are all permanent: milk teeth keep their successors' numbers."""
    meant = by_shape(name, fdi)
    return np.where(meant > 50, fdi, meant)
