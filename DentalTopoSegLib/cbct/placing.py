"""From numbered instances to clean label maps: whole teeth without islands or voids, put back on the scan's
own grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..files.volumes import Volume, resample_like
from ..files.volumes.boxes import Box, box_of
from ..files.volumes.boxes import grow as enlarge
from .instances import HALF
from .splitting import grow

_FULL = np.ones((3, 3, 3), bool)
_SPREAD = 2  # voxels that a number reaches beyond its tooth, for the nearest of them to be asked
_SLAB_VOXELS = 48_000_000  # of the scan's grid placed at once


def clean(labels: np.ndarray, least_voxels: int) -> np.ndarray:
    """Per tooth: keep the largest 26-connected piece and other pieces of at least least_voxels, fill voids (6-connected
    background), also with the lesser part of a neighbour that lies in one; a tooth that lies there whole stays.

    labels: uint8 (z, y, x), changed in place and returned. Each tooth is handled in its own bounding box.
    """
    from scipy import ndimage

    for value, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        view = labels[box]
        mask = view == value
        pieces, count = ndimage.label(mask, _FULL)
        if count > 1:
            sizes = np.bincount(pieces.ravel())
            sizes[0] = 0
            keep = sizes >= least_voxels
            keep[int(sizes.argmax())] = True
            keep[0] = False
            view[mask & ~keep[pieces]] = 0
            mask &= keep[pieces]
        filled = _fill_voids(mask)
        for other in np.unique(view[filled & ~mask]):
            enclosed = filled & (view == other)
            if not other or 2 * np.count_nonzero(enclosed) < np.count_nonzero(labels == other):
                view[enclosed] = value
    return labels


def _fill_voids(mask: np.ndarray) -> np.ndarray:
    """mask with every 6-connected background region that does not reach the box's faces filled."""
    from scipy import ndimage

    outside, count = ndimage.label(~mask)
    if count <= 1:
        return mask
    faces = np.zeros(count + 1, bool)
    for axis in range(3):
        for side in (0, -1):
            faces[np.unique(np.take(outside, side, axis=axis))] = True
    faces[0] = False
    return mask | ((outside > 0) & ~faces[outside])


def reach_on_scan(labels: np.ndarray, grid: Volume, scan: Volume) -> Box | None:
    """The box of the scan's voxels that labels on grid can reach, None if they reach none."""
    used = used_box(labels)
    if used is None:
        return None
    ends = [(s.start - 1.5, s.stop + 0.5) for s in used]
    corners = np.array([[ends[a][i >> a & 1] for a in range(3)] for i in range(8)])
    index = scan.ras_to_index(grid.index_to_ras(corners))
    low = np.clip(np.floor(index.min(0)).astype(int), 0, np.array(scan.array.shape))
    high = np.clip(np.ceil(index.max(0)).astype(int) + 1, 0, np.array(scan.array.shape))
    if (high <= low).any():
        return None
    return box_of(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


def used_box(labels: np.ndarray) -> Box | None:
    """The smallest box around all labels, None if there are none."""
    used = [np.flatnonzero(labels.any(axis=tuple(a for a in range(3) if a != axis))) for axis in range(3)]
    if len(used[0]) == 0:
        return None
    return box_of(slice(int(u[0]), int(u[-1]) + 1) for u in used)


def place(labels: np.ndarray, tooth: np.ndarray, grid: Volume, scan: Volume) -> np.ndarray:
    """Put FDI labels (uint8, on grid) onto the scan's grid: the tooth probability is interpolated and cut at
    one half, the number is that of the nearest voxel. Any orientation; bounded memory. Returns uint8 of the
    scan's shape."""
    out = np.zeros(scan.array.shape, np.uint8)
    box = reach_on_scan(labels, grid, scan)
    used = used_box(labels)
    if box is None or used is None:
        return out
    near = enlarge(used, _SPREAD + 1)
    labels, tooth = labels[near], tooth[near]
    corner = grid.index_to_ras(np.array([s.start for s in near]))
    grid = replace(grid, array=labels, origin=(-corner[0], -corner[1], corner[2]))
    # what was dropped must not come back through interpolation, what was filled must not get lost
    edge = grow(labels, tooth < HALF, tooth, 1)
    probability = np.where(
        labels > 0, np.maximum(tooth, HALF), np.where(edge > 0, np.minimum(tooth, HALF - 1), 0)
    ).astype(np.uint8)
    spread = grow(edge, np.ones(labels.shape, bool), tooth, _SPREAD)
    soft, number = grid.with_array(probability), grid.with_array(spread)

    placed = out[box]
    rows = max(1, _SLAB_VOXELS // (placed.shape[1] * placed.shape[2]))
    for z in range(0, len(placed), rows):
        target = placed[z : z + rows]
        corner = scan.index_to_ras(np.array([box[0].start + z, box[1].start, box[2].start]))
        empty = np.broadcast_to(np.zeros((), np.uint8), target.shape)
        part = replace(scan, array=empty, origin=(-corner[0], -corner[1], corner[2]))
        inside = resample_like(soft, part, "linear", default=0).array >= HALF
        np.copyto(target, resample_like(number, part, "nearest", default=0).array, where=inside)
    return out
