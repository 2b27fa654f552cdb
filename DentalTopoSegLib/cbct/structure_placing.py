"""Structures from their network's grid onto the scan's own, in time and memory that a large scan bears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..files.volumes import Volume, resample_like
from ..files.volumes.boxes import Box, box_of
from .instances import HALF
from .placing import reach_on_scan

_SLAB_VOXELS = 48_000_000  # of the scan's grid placed at once


def doubled(array: np.ndarray) -> np.ndarray:
    """uint8 (z, y, x) at twice the resolution, linearly interpolated: the middles of a voxel's halves lie a quarter of
    its edge from its own middle."""
    for axis in range(3):
        first = np.moveaxis(array, axis, 0)
        out = np.empty((*array.shape[:axis], 2 * array.shape[axis], *array.shape[axis + 1 :]), np.uint8)
        halves = np.moveaxis(out, axis, 0)
        between = _mean(first[:-1], first[1:])
        halves[0], halves[-1] = first[0], first[-1]
        halves[2::2] = _mean(first[1:], between)
        halves[1:-1:2] = _mean(first[:-1], between)
        array = out
    return array


def _mean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of bytes, in bytes, rounded down."""
    return (a & b) + ((a ^ b) >> 1)


def doubled_grid(grid: Volume, array: np.ndarray) -> Volume:
    """The grid of `doubled`, with this array."""
    corner = grid.index_to_ras(np.full(3, -0.25))
    spacing = (grid.spacing[0] / 2, grid.spacing[1] / 2, grid.spacing[2] / 2)
    return replace(grid, array=array, spacing=spacing, origin=(-corner[0], -corner[1], corner[2]))


def place_labels(labels: Volume, scan: Volume) -> np.ndarray:
    """uint8 labels on the scan's grid: to each of its voxels the label at its middle, 0 outside.

    Parameters
    ----------
    labels : Volume
        uint8 (z, y, x).
    scan : Volume
        Any orientation.
    """
    out = np.zeros(scan.array.shape, np.uint8)
    box = reach_on_scan(labels.array, labels, scan)
    if box is None:
        return out
    rows = _rows_by_axis(labels, scan, box)
    if rows is None:
        for target, part in _slabs(out, scan, box):
            target[:] = resample_like(labels, part, "nearest", default=0).array
        return out
    order, index, inside = rows
    source = labels.array.transpose(order)
    placed, (yy, xx) = out[box], index[1:]
    kept = np.ix_(inside[1], inside[2])
    for z in np.flatnonzero(inside[0]):
        placed[z][kept] = source[index[0][z]][np.ix_(yy[inside[1]], xx[inside[2]])]
    return out


def place_one(soft: np.ndarray, grid: Volume, scan: Volume, box: Box) -> np.ndarray:
    """bool of the shape of a box of the scan: where a probability (uint8, 255 = certain) is at least one half, linearly
    interpolated.

    Parameters
    ----------
    soft : numpy.ndarray
        uint8 (z, y, x) on the grid.
    grid, scan : Volume
        Both grids, the scan's in any orientation.
    box : Box
        Of the scan's voxels.
    """
    out = np.zeros(tuple(s.stop - s.start for s in box), bool)
    volume = grid.with_array(soft)
    whole = box_of(slice(0, n) for n in out.shape)
    corner = scan.index_to_ras(np.array([s.start for s in box]))
    empty = np.broadcast_to(np.zeros((), np.uint8), out.shape)
    part = replace(scan, array=empty, origin=(-corner[0], -corner[1], corner[2]))
    for target, slab in _slabs(out, part, whole):
        target[:] = resample_like(volume, slab, "linear", default=0).array >= HALF
    return out


def _slabs(out: np.ndarray, scan: Volume, box: Box) -> Iterator[tuple[np.ndarray, Volume]]:
    """Parts of a box of the scan, each a view of `out` and the grid under it."""
    placed = out[box]
    rows = max(1, _SLAB_VOXELS // max(1, placed.shape[1] * placed.shape[2]))
    for z in range(0, len(placed), rows):
        target = placed[z : z + rows]
        corner = scan.index_to_ras(np.array([box[0].start + z, box[1].start, box[2].start]))
        empty = np.broadcast_to(np.zeros((), np.uint8), target.shape)
        yield target, replace(scan, array=empty, origin=(-corner[0], -corner[1], corner[2]))


def _rows_by_axis(
    labels: Volume, scan: Volume, box: Box
) -> tuple[list[int], list[np.ndarray], list[np.ndarray]] | None:
    """Where the scan's axes are the labels' axes, in whatever order and direction: that order, and for each axis of the
    box the index on the labels' axis and whether it lies within. None for a scan that stands askew."""
    start = np.array([s.start for s in box], float)
    zero = labels.ras_to_index(scan.index_to_ras(start))
    steps = np.array([labels.ras_to_index(scan.index_to_ras(start + np.eye(3)[a])) - zero for a in range(3)])
    order = np.abs(steps).argmax(1)
    rest = steps.copy()
    rest[np.arange(3), order] = 0
    sizes = np.array([s.stop - s.start for s in box])
    if len(set(order.tolist())) < 3 or (np.abs(rest) * sizes[:, None]).max() > 0.05:
        return None
    index, inside = [], []
    for axis in range(3):
        along = np.rint(zero[order[axis]] + steps[axis, order[axis]] * np.arange(sizes[axis])).astype(np.intp)
        index.append(along)
        inside.append((along >= 0) & (along < labels.array.shape[order[axis]]))
    return order.tolist(), index, inside
