"""Boxes of voxels: (z, y, x) slices with whole, non-negative ends."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ...dentition import is_tooth
from ...errors import InputError

Box = tuple[slice, slice, slice]


def box_of(slices: Iterable[slice]) -> Box:
    """The box of three slices, in the order z, y, x. ValueError for another number of them."""
    z, y, x = slices
    return z, y, x


def union(boxes: Iterable[Box]) -> Box:
    """The smallest box around all of them. ValueError for none."""
    several = list(boxes)
    return box_of(slice(min(box[a].start for box in several), max(box[a].stop for box in several)) for a in range(3))


def shift(box: Box, by: Box) -> Box:
    """A box inside the box `by`, in the axes that `by` lies in."""
    return box_of(slice(s.start + t.start, s.stop + t.start) for s, t in zip(box, by, strict=True))


def grow(box: Box, margin: int) -> Box:
    """The box with some voxels more on every side; ends beyond an array's are cut off by indexing."""
    return box_of(slice(max(s.start - margin, 0), s.stop + margin) for s in box)


def tooth_boxes(array: np.ndarray) -> dict[int, Box]:
    """Bounding box (slices) of every label in a (z, y, x) label array, by FDI number.

    Raises `InputError` when the array is not 3D, not of integers, or holds a value that is no FDI tooth.
    """
    from scipy import ndimage

    if array.ndim != 3:
        raise InputError(f"A label map has three dimensions; this one has {array.ndim}.")
    if array.dtype == bool or not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"A label map holds whole FDI numbers; this one holds values of type {array.dtype}.")
    crop = _occupied(array)
    if crop is None:
        return {}
    inside = array[crop]
    low, high = int(inside.min()), int(inside.max())
    if low >= 0 and high < 1024:
        found = {i + 1: box for i, box in enumerate(ndimage.find_objects(inside)) if box is not None}
    else:
        found = {int(v): None for v in np.unique(inside) if v != 0}
    strangers = sorted(v for v in found if not is_tooth(v))
    if strangers:
        shown = ", ".join(map(str, strangers[:5])) + (", ..." if len(strangers) > 5 else "")
        raise InputError(
            f"The label map holds {shown}, which is no FDI tooth number; name its numbering, "
            "or relabel it to FDI with everything that is not a tooth set to 0."
        )
    return {fdi: shift(box, crop) for fdi, box in found.items()}


def _occupied(array: np.ndarray) -> Box | None:
    """The smallest box that holds every non-zero voxel; None when there is none."""
    box: list[slice] = []
    view = array
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        used = np.flatnonzero(view.any(axis=others))
        if used.size == 0:
            return None
        part = slice(int(used[0]), int(used[-1]) + 1)
        box.append(part)
        view = view[(slice(None),) * axis + (part,)]
    return box_of(box)
