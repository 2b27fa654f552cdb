"""Teeth drawn in three dimensions with numpy alone: an orthographic, shaded view of a label map from one
side.

Each tooth is smoothed and drawn by itself into a depth buffer, so neighbours keep a sharp border between them
and only the few voxels of one tooth are ever in memory as floats.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .. import dentition
from ..files.volumes import Volume, resample_ras
from .drawing import BACKGROUND, largest_pieces
from .shading import HALFWAY, LIGHT, VISIBLE_SHARE, borders, brightness, palette

SMOOTHING_MM = 0.35


@dataclass(frozen=True)
class View:
    """A camera: which RAS axis it looks along, from which end, and which axis runs to the picture's right.

    `toward`/`right`: (axis 0 = R, 1 = A, 2 = S; sign). Up is always Superior.
    """

    title: str
    toward: tuple[int, int]
    right: tuple[int, int]


VIEWS = (
    View("from the patient's right", (0, 1), (1, 1)),
    View("from the front", (1, 1), (0, -1)),
    View("from the patient's left", (0, -1), (1, -1)),
)


Field = tuple[int, np.ndarray, np.ndarray]


def tooth_fields(labels: Volume, spacing_mm: float) -> list[Field]:
    """(FDI, smooth field, lower RAS corner) of every tooth of a label map, to be drawn from any side."""
    return [(fdi, *smooth_tooth(labels, fdi, box, spacing_mm)) for fdi, box in _boxes(labels)]


def render(fields: list[Field], view: View, spacing_mm: float) -> tuple[np.ndarray, dict[int, tuple[float, float]]]:
    """Draw `tooth_fields` as seen by `view`; one pixel is `spacing_mm` wide, the fields' own spacing.

    Returns an (height, width, 3) uint8 picture and where each visible tooth is, {fdi: (column, row)}.
    """
    if not fields:
        return np.full((64, 64, 3), BACKGROUND, np.uint8), {}
    lower = np.min([f[2] for f in fields], axis=0)
    upper = np.max([f[2] + np.array(f[1].shape[::-1]) * spacing_mm for f in fields], axis=0)
    size = np.rint((upper - lower) / spacing_mm).astype(int) + 1
    width, height = int(size[view.right[0]]), int(size[2])
    depth = np.full((height, width), -np.inf, np.float32)
    owner = np.zeros((height, width), np.uint8)
    shade = np.zeros((height, width), np.float32)
    whole_area = {}
    for fdi, field, corner in fields:
        seen, tooth_depth, tooth_shade = _project(field, view)
        whole_area[fdi] = int(seen.sum())
        start = np.rint((corner - lower) / spacing_mm).astype(int)
        row = height - start[2] - seen.shape[0]
        along = start[view.right[0]]
        column = along if view.right[1] > 0 else width - along - seen.shape[1]
        window = (slice(row, row + seen.shape[0]), slice(column, column + seen.shape[1]))
        # Depth counts towards the viewer, from the common corner of all teeth.
        offset = start[view.toward[0]]
        whole = size[view.toward[0]]
        tooth_depth = tooth_depth + (offset if view.toward[1] > 0 else whole - offset - field.shape[2 - view.toward[0]])
        nearer = seen & (tooth_depth > depth[window])
        depth[window][nearer] = tooth_depth[nearer]
        owner[window][nearer] = fdi
        shade[window][nearer] = tooth_shade[nearer]
    picture = _paint(owner, shade, depth)
    places = {}
    for fdi in np.unique(owner[owner > 0]):
        seen = owner == fdi
        if seen.sum() >= VISIBLE_SHARE * whole_area[int(fdi)]:
            places[int(fdi)] = largest_pieces(seen, share=1.0)[0]
    return picture, places


def _boxes(labels: Volume) -> list[tuple[int, tuple[slice, ...]]]:
    from scipy import ndimage

    found = ndimage.find_objects(labels.array.astype(np.uint8, copy=False))
    return [(i, b) for i, b in enumerate(found, start=1) if b is not None and dentition.is_tooth(i)]


def smooth_tooth(labels: Volume, fdi: int, box: tuple[slice, ...], spacing_mm: float) -> tuple[np.ndarray, np.ndarray]:
    """One tooth as a smooth upright RAS field (z, y, x), 0.5 at its surface, and its lower RAS corner."""
    from scipy import ndimage

    # At least one voxel: less leaves the voxels' stairs on the surface.
    sigma = [max(SMOOTHING_MM, max(labels.spacing)) / s for s in labels.spacing[::-1]]
    margin = [int(np.ceil(3 * s)) + 1 for s in sigma]
    start = np.array([b.start - m for b, m in zip(box, margin, strict=True)])
    mask = np.pad(labels.array[box] == fdi, [(m, m) for m in margin]).astype(np.float32)
    mask = ndimage.gaussian_filter(mask, sigma, truncate=3.0)
    first = labels.index_to_ras(start)
    part = replace(labels, array=mask, origin=(-first[0], -first[1], first[2]), metadata={})
    # Snapped to a common lattice, so that teeth meet in the picture without half-pixel gaps.
    lower, upper = part.ras_bounds()
    lower = np.floor(lower / spacing_mm) * spacing_mm
    upright = resample_ras(part, spacing_mm, (lower, upper), default=0.0)
    return upright.array, lower


def _project(field: np.ndarray, view: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(seen, depth, shade), each (rows, columns), of a field's 0.5 surface; depth in voxels to the viewer."""
    # Bring the volume to (up, right, towards the viewer), all growing that way.
    axes = (0, 2 - view.right[0], 2 - view.toward[0])
    volume = np.transpose(field, axes)
    volume = volume[::-1, :: view.right[1], :: view.toward[1]]
    inside = volume >= 0.5
    seen = np.logical_or.reduce(inside, axis=2)
    last = volume.shape[2] - 1 - np.argmax(inside[:, :, ::-1], axis=2)
    rows, columns = np.nonzero(seen)
    d = last[rows, columns]
    here = volume[rows, columns, d]
    beyond = volume[rows, columns, np.minimum(d + 1, volume.shape[2] - 1)]
    fraction = np.clip((here - 0.5) / np.maximum(here - beyond, 1e-6), 0, 1)
    depth = np.zeros(seen.shape, np.float32)
    depth[rows, columns] = d + fraction
    normal = np.stack(
        [
            _difference(volume, rows, columns, d, axis=1),
            -_difference(volume, rows, columns, d, axis=0),
            _difference(volume, rows, columns, d, axis=2),
        ]
    )
    normal /= -np.maximum(np.linalg.norm(normal, axis=0), 1e-6)
    shade = np.zeros(seen.shape, np.float32)
    shine = np.clip(HALFWAY @ normal, 0, 1) ** 40
    shade[rows, columns] = brightness(LIGHT @ normal) + 0.25 * shine
    return seen, depth, shade


def _difference(volume: np.ndarray, rows: np.ndarray, columns: np.ndarray, d: np.ndarray, axis: int) -> np.ndarray:
    index = [rows, columns, d]
    after, before = list(index), list(index)
    after[axis] = np.minimum(index[axis] + 1, volume.shape[axis] - 1)
    before[axis] = np.maximum(index[axis] - 1, 0)
    return volume[tuple(after)] - volume[tuple(before)]


def _paint(owner: np.ndarray, shade: np.ndarray, depth: np.ndarray) -> np.ndarray:
    colors = palette().astype(np.float32)
    seen = owner > 0
    picture = np.empty((*owner.shape, 3), np.float32)
    picture[:] = BACKGROUND
    near, far = depth[seen].max(), depth[seen].min()
    # Far teeth are dimmer: without perspective nothing else tells the back of the arch from its front.
    dim = 1.0 - 0.45 * (near - depth[seen]) / max(near - far, 1.0)
    lit = colors[owner[seen]] * (shade[seen] * dim)[:, None]
    picture[seen] = lit + np.clip(shade[seen] - 1, 0, 1)[:, None] * 200
    picture[borders(owner, seen, both_sides=False)] *= 0.55
    return np.clip(picture, 0, 255).astype(np.uint8)
