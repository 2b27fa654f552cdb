"""Which of the numbered teeth are crowns that stand on an implant."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..files.volumes import Volume
from ..files.volumes.boxes import Box

_LEAST_IMPLANT_MM3 = 50.0
"""Of an implant that bears a crown; mini-implants of orthodontists have 10 to 30."""
_GAP_MM = 2.5
"""From the implant's end to the crown, at most: abutments are often lost between the two."""
_OFF_AXIS_MM = 4.0
"""From the implant's axis to the middle of the crown, at most."""
_REACH_MM = 9.0
"""From the implant's axis to the crown's farthest voxel, at most: a tooth that lies across the axis reaches farther."""
_BESIDE = 0.1
"""Share of a crown beside the implant instead of beyond its end, at most: a neighbour's root has more."""
_END_MM = 1.0
"""A crown may come down over the implant's shoulder so far."""


def crowns_on_implants(
    implants: Iterable[tuple[np.ndarray, Box]], teeth: np.ndarray, pulp: np.ndarray, grid: Volume
) -> list[int]:
    """Numbers of the "teeth" that are crowns on implants.

    A crown lies beyond one end of its implant, in line with it, and has neither a root beside it nor a pulp.

    Parameters
    ----------
    implants : iterable of (numpy.ndarray, tuple of slice)
        Mask of each, in its box.
    teeth : numpy.ndarray
        uint8 FDI labels (z, y, x).
    pulp : numpy.ndarray
        bool, of the same shape.
    grid : Volume
        The grid of both, for its spacing.
    """
    spacing = np.asarray(grid.spacing[::-1], float)
    found: set[int] = set()
    for mask, box in implants:
        if np.count_nonzero(mask) * grid.voxel_volume_mm3 < _LEAST_IMPLANT_MM3:
            continue
        points = (np.argwhere(mask) + [s.start for s in box]) * spacing
        middle = points.mean(0)
        axis = np.linalg.svd(points - middle, full_matrices=False)[2][0]
        along = (points - middle) @ axis
        low, high = float(along.min()), float(along.max())
        margin = np.ceil((_GAP_MM + 2.0 * _REACH_MM) / spacing).astype(int)
        near = tuple(
            slice(max(s.start - m, 0), min(s.stop + m, n)) for s, m, n in zip(box, margin, teeth.shape, strict=True)
        )
        for fdi in np.unique(teeth[near]):
            if fdi == 0 or pulp[teeth == fdi].any():
                continue
            own = np.argwhere(teeth == fdi) * spacing - middle
            height = own @ axis
            off = own - height[:, None] * axis
            beside = (height > low + _END_MM) & (height < high - _END_MM)
            beyond = max(height.min() - high, low - height.max())
            if (
                beside.mean() <= _BESIDE
                and beyond <= _GAP_MM
                and np.linalg.norm(off.mean(0)) <= _OFF_AXIS_MM
                and np.linalg.norm(off, axis=1).max() <= _REACH_MM
                and (height.mean() > high or height.mean() < low)
            ):
                found.add(int(fdi))
    return sorted(found)
