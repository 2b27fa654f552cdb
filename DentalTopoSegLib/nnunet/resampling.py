"""Resampling as nnU-Net does it, axis by axis.

nnU-Net calls `scipy.ndimage.zoom` with `grid_mode` and repeated edges (through scikit-image), for volumes of unequal
spacing slice by slice, and takes the nearest slice across. Each of these is linear and acts on one axis at a time, so
it is a matrix per axis: what scipy itself makes of an identity matrix. With the matrices a volume is resampled in its
own float32, and logits a plane at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

#: Spacings of which the largest is more than so many times the smallest are resampled slice by slice.
ANISOTROPY = 3.0
_NOTHING = 1e-6  # of a weight: rounding


@dataclass(frozen=True)
class Rule:
    """How one kind of data is resampled: orders of the splines within and across slices; separate: whether slice by
    slice, None where the spacing decides; keep_single: whether logits stay in single precision once they are resampled,
    as nnU-Net's resampling by torch leaves them."""

    order: int = 3
    order_across: int = 0
    separate: bool | None = None
    keep_single: bool = False


def shape_at(shape: tuple[int, ...], spacing: tuple[float, ...], wanted: tuple[float, ...]) -> tuple[int, ...]:
    """The shape at another spacing.

    Examples
    --------
    >>> shape_at((100, 50, 50), (1.0, 0.5, 0.5), (0.4, 0.4, 0.4))
    (250, 62, 62)
    """
    return tuple(round(s / w * n) for n, s, w in zip(shape, spacing, wanted, strict=True))


def axis_across(rule: Rule, spacing: tuple[float, ...], wanted: tuple[float, ...]) -> int | None:
    """The axis across slices that are resampled one by one; None where all axes are resampled alike."""
    if rule.separate is False:
        return None
    if rule.separate or max(spacing) / min(spacing) > ANISOTROPY:
        decides = spacing
    elif max(wanted) / min(wanted) > ANISOTROPY:
        decides = wanted
    else:
        return None
    coarse = [axis for axis, size in enumerate(decides) if max(decides) / size == 1]
    return coarse[0] if len(coarse) == 1 else None


@lru_cache(maxsize=16)
def axis_matrix(size: int, wanted: int, order: int, across: bool) -> np.ndarray:
    """(wanted, size) float32: what resampling does to one axis. across: between slices, where samples lie alike but the
    nearest one is taken by `map_coordinates`."""
    from scipy import ndimage

    eye = np.eye(size)
    if across:
        places = size / wanted * (np.arange(wanted) + 0.5) - 0.5
        where = np.array(np.meshgrid(places, np.arange(size), indexing="ij"))
        return ndimage.map_coordinates(eye, where, order=order, mode="nearest").astype(np.float32)
    # one column at a time: along the columns scipy would interpolate as well
    columns = [ndimage.zoom(row, wanted / size, order=order, mode="nearest", grid_mode=True) for row in eye]
    return np.stack(columns, 1).astype(np.float32)


def resample(
    array: np.ndarray,
    wanted: tuple[int, ...],
    spacing: tuple[float, ...],
    wanted_spacing: tuple[float, ...],
    rule: Rule,
) -> np.ndarray:
    """Resample a volume (a, b, c) of float32 to a shape; values stay within those there were, of their slice where
    slices are resampled one by one."""
    if tuple(array.shape) == tuple(wanted):
        return array
    across = axis_across(rule, spacing, wanted_spacing)
    inside = tuple(axis for axis in range(3) if axis != across)
    low, high = array.min(inside, keepdims=True), array.max(inside, keepdims=True)
    for axis in sorted(inside, key=lambda axis: wanted[axis] / array.shape[axis]):
        if array.shape[axis] != wanted[axis]:
            array = _along(array, axis_matrix(array.shape[axis], wanted[axis], rule.order, False), axis)
    np.clip(array, low, high, out=array if array.flags.writeable else None)
    if across is not None and array.shape[across] != wanted[across]:
        array = _along(array, axis_matrix(array.shape[across], wanted[across], rule.order_across, True), across)
    return array


def _along(array: np.ndarray, matrix: np.ndarray, axis: int) -> np.ndarray:
    if axis == 0:
        return (matrix @ array.reshape(len(array), -1)).reshape(len(matrix), *array.shape[1:])
    return matrix @ array if axis == 1 else array @ matrix.T


def axis_taps(size: int, wanted: int, order: int, across: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What resampling by an order of 0 or 1 does to one axis: (first index, second index, weight of the second)."""
    if size == wanted:
        each = np.arange(size)
        return each, each, np.zeros(size, np.float32)
    matrix = axis_matrix(size, wanted, order, across)
    rows = np.arange(len(matrix))
    first = (np.abs(matrix) > _NOTHING).argmax(1)
    second = np.minimum(first + 1, matrix.shape[1] - 1)
    weight = np.where(second > first, matrix[rows, second], np.float32(0))
    return first, second, weight.astype(np.float32)
