"""Padding: values that a scanner puts where it measured nothing (PixelPaddingValue, DICOM PS3.3 C.7.5.1.1.2)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .frames import Frame
from .header import DicomHeader

Interval = tuple[float, float]


def padding_of(header: DicomHeader) -> Interval | None:
    """(lowest, highest) stored value that is padding, None where the file declares none. Raises InputError."""
    value = header.number("PixelPaddingValue", -(2.0**31), 2.0**32)
    if value is None:
        return None
    limit = header.number("PixelPaddingRangeLimit", -(2.0**31), 2.0**32)
    ends = sorted(_as_stored(header, v) for v in (value, value if limit is None else limit))
    return ends[0], ends[1]


def _as_stored(header: DicomHeader, value: float) -> float:
    """The value in the range of the pixels: some writers state -2000 as 63536."""
    bits = header.count("BitsAllocated", 1, 64)
    signed = header.count("PixelRepresentation", 0, 1, 0)
    whole = 2.0**bits
    if signed and value >= whole / 2:
        return value - whole
    return value + whole if not signed and value < 0 else value


def fill_padding(array: np.ndarray, frames: Sequence[Frame]) -> None:
    """Set what is padding in grey values (z, y, x) to the darkest one that was measured: it is air to all that follows.

    A value that the scan measures too is padding only where it reaches the edge of its slice.
    """
    padding = [_grey(frame) for frame in frames]
    if all(interval is None for interval in padding):
        return
    low, high, there = np.inf, -np.inf, False
    for part, interval in zip(array, padding, strict=True):
        measured = np.ones(part.shape, bool) if interval is None else ~_within(part, interval)
        there = there or not measured.all()
        if measured.any():
            values = part[measured]
            low, high = min(low, values.min()), max(high, values.max())
    if not there or not np.isfinite(low):
        return
    for part, interval in zip(array, padding, strict=True):
        if interval is None:
            continue
        mask = _within(part, interval)
        if low < interval[1] and interval[0] < high:
            mask = _reaching_edge(mask)
        part[mask] = low


def _grey(frame: Frame) -> Interval | None:
    stored = padding_of(frame.header)
    if stored is None:
        return None
    ends = sorted(frame.slope * v + frame.intercept for v in stored)
    margin = abs(frame.slope) * 0.25
    return ends[0] - margin, ends[1] + margin


def _within(part: np.ndarray, interval: Interval) -> np.ndarray:
    return (part >= interval[0]) & (part <= interval[1])


def _reaching_edge(mask: np.ndarray) -> np.ndarray:
    """The pieces (4-connected) of a (y, x) mask that touch its border."""
    from scipy import ndimage

    pieces, count = ndimage.label(mask)
    if not count:
        return mask
    touching = np.zeros(count + 1, bool)
    for edge in (pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]):
        touching[edge] = True
    touching[0] = False
    return touching[pieces]
