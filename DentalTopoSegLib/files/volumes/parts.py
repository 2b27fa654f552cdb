"""Label maps that hold only a box of a scan's grid, as DICOM segmentations and other programs' exports do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .boxes import Box, box_of
from .grid import Volume
from .limits import MAX_VOXELS

_SAME_PLACE_MM = 1e-2
_SAME_AXES = 1e-4
_RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])


def placed_on(part: Volume, grid: Volume) -> Volume | None:
    """A label map on the grid of another volume, every voxel its own and background around it.

    Parameters
    ----------
    part : Volume
        Labels, 0 for background.
    grid : Volume
        Of which only the grid counts.

    Returns
    -------
    Volume or None
        `part` itself where it is on that grid already; None where its voxels are no voxels of the grid (another
        spacing, orientation, or a shift by a part of a voxel), and where labels lie outside.
    """
    if part.same_grid(grid, _SAME_PLACE_MM):
        return part
    start = _start_on(grid, part)
    if start is None:
        return None
    stop = start + np.asarray(part.shape)
    low, high = np.maximum(start, 0), np.minimum(stop, grid.shape)
    if (low >= high).any():
        return None
    inner = part.array[_box(low - start, high - start)]
    if np.count_nonzero(inner) < np.count_nonzero(part.array):
        return None
    whole = np.zeros(grid.shape, part.array.dtype)
    whole[_box(low, high)] = inner
    return replace(part, array=whole, spacing=grid.spacing, origin=grid.origin, direction=grid.direction)


def common_grid(first: Volume, second: Volume) -> Volume | None:
    """The box around both, on which `placed_on` puts them; its array takes no memory.

    None where their voxels are not of one grid.
    """
    start = _start_on(first, second)
    if start is None:
        return None
    low = np.minimum(start, 0)
    high = np.maximum(start + np.asarray(second.shape), first.shape)
    shape = tuple(int(n) for n in high - low)
    if np.prod(shape, dtype=object) > MAX_VOXELS:
        return None
    x, y, z = (first.index_to_ras(low) * _RAS_TO_LPS).tolist()
    nothing = np.broadcast_to(np.zeros((), np.uint8), shape)
    return replace(first, array=nothing, origin=(x, y, z))


def _start_on(grid: Volume, part: Volume) -> np.ndarray | None:
    """(3,) index in the grid (z, y, x; also outside) of the part's first voxel; None where its voxels are others."""
    if not np.allclose(grid.direction, part.direction, atol=_SAME_AXES):
        return None
    ends = np.array([[0, 0, 0], np.asarray(part.shape) - 1])
    places = part.index_to_ras(ends)
    start = np.rint(grid.ras_to_index(places[0]))
    if np.abs(grid.index_to_ras(start + ends) - places).max() > _SAME_PLACE_MM:
        return None
    return start.astype(int)


def _box(low: np.ndarray, high: np.ndarray) -> Box:
    return box_of(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
