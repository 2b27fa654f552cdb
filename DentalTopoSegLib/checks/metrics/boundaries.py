"""How near the boundaries of two teeth of label maps lie: normalised surface Dice and boundary F1.

Boundary elements: every grid corner whose 2x2x2 voxels are partly inside the tooth is one boundary element.
Its position is the corner, as in surface-distance; its weight is the area of the surface inside that 2x2x2
cell, estimated as |mean gradient of the mask| x cell volume (surface-distance reads it from a marching-cubes
table). The estimate is exact on flat faces and larger at corners, so NSD comes out slightly lower: by up to
0.005 on tooth-like shapes with voxels up to 0.5 mm, up to 0.02 with 1 mm voxels. NSD weights elements by area,
BF1 counts them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ...files.volumes.boxes import Box, tooth_boxes
from .overlap import f1

if TYPE_CHECKING:
    from ...files.volumes import Volume

#: Distance within which two boundaries count as the same, mm: the usual tolerance for teeth in CBCT.
BOUNDARY_TOLERANCE_MM = 0.5


def nsd(pred: Volume, ref: Volume, tolerance_mm: float = BOUNDARY_TOLERANCE_MM) -> dict[int, float]:
    """Normalised surface Dice per tooth: the share of both surfaces' area within the tolerance of the other.

    NSD = (area of P's boundary within t of R's + area of R's within t of P's) / (area of both). Source:
    Nikolov et al. 2021, "surface Dice similarity coefficient"; boundary elements as the module's docstring
    says.
    """
    return {fdi: score[0] for fdi, score in surface_scores(pred, ref, tolerance_mm).items()}


def bf1(pred: Volume, ref: Volume, tolerance_mm: float = BOUNDARY_TOLERANCE_MM) -> dict[int, float]:
    """Boundary F1 per tooth: harmonic mean of boundary precision and recall, elements counted."""
    return {fdi: score[1] for fdi, score in surface_scores(pred, ref, tolerance_mm).items()}


def surface_scores(pred: Volume, ref: Volume, tolerance_mm: float) -> dict[int, tuple[float, float]]:
    """(NSD, BF1) of every tooth in either map, by FDI number; zeros when only one has it."""
    boxes = tooth_boxes(pred.array), tooth_boxes(ref.array)
    scores: dict[int, tuple[float, float]] = {}
    for fdi in sorted({*boxes[0], *boxes[1]}):
        if fdi in boxes[0] and fdi in boxes[1]:
            scores[fdi] = _compare(
                _Boundary(pred, fdi, boxes[0][fdi]), _Boundary(ref, fdi, boxes[1][fdi]), tolerance_mm
            )
        else:
            scores[fdi] = (0.0, 0.0)
    return scores


def _compare(pred: _Boundary, ref: _Boundary, tolerance_mm: float) -> tuple[float, float]:
    """(NSD, BF1) of two boundaries."""
    p, r = pred.near(ref, tolerance_mm), ref.near(pred, tolerance_mm)
    nsd_value = (pred.areas[p].sum() + ref.areas[r].sum()) / (pred.areas.sum() + ref.areas.sum())
    return float(nsd_value), f1(p.mean(), r.mean())


def nsd_of(pred: Volume, ref: Volume, value: int, tolerance_mm: float) -> float:
    """`nsd` of whatever has this value in two label maps on one grid; 0 where one of them has none of it."""
    from scipy import ndimage

    boxes = [ndimage.find_objects((one.array == value).view(np.uint8)) for one in (pred, ref)]
    if not all(boxes):
        return 0.0
    return _compare(_Boundary(pred, value, boxes[0][0]), _Boundary(ref, value, boxes[1][0]), tolerance_mm)[0]


class _Boundary:
    """The boundary elements of one tooth in mm of the grid, ready to be searched."""

    def __init__(self, labels: Volume, fdi: int, box: Box) -> None:
        from scipy.spatial import cKDTree

        x, y, z = (float(s) for s in labels.spacing)
        spacing = z, y, x
        positions, self.areas = boundary_elements(labels.array[box] == fdi, spacing)
        self.positions = positions + np.array([s.start for s in box]) * spacing
        self.tree = cKDTree(self.positions)

    def near(self, other: _Boundary, tolerance_mm: float) -> np.ndarray:
        """(n,) bool: which of these elements lie within the tolerance of the other boundary."""
        limit = tolerance_mm + 1e-6  # a distance of exactly the tolerance counts as within
        return np.isfinite(other.tree.query(self.positions, distance_upper_bound=limit)[0])


def boundary_elements(mask: np.ndarray, spacing_zyx: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Boundary elements of a 3D mask: (n, 3) zyx positions in mm from voxel (0, 0, 0), (n,) areas in mm^2."""
    padded = np.pad(mask, 1).astype(np.uint8)
    code = np.zeros(tuple(n - 1 for n in padded.shape), np.uint8)
    for bit in range(8):
        z, y, x = bit >> 2 & 1, bit >> 1 & 1, bit & 1
        code |= padded[z : z + code.shape[0], y : y + code.shape[1], x : x + code.shape[2]] << np.uint8(bit)
    where = np.nonzero((code != 0) & (code != 255))
    positions = (np.stack(where, axis=-1) - 0.5) * np.asarray(spacing_zyx)
    return positions, _element_areas(tuple(spacing_zyx))[code[where]]


@lru_cache(maxsize=16)
def _element_areas(spacing_zyx: tuple[float, float, float]) -> np.ndarray:
    """(256,) surface area in mm^2 inside a 2x2x2 cell by its bit pattern (bit 4z + 2y + x)."""
    corners = (np.arange(256)[:, None] >> np.arange(8) & 1).reshape(256, 2, 2, 2).astype(float)
    gradient = np.stack(
        [
            (corners.take(1, axis) - corners.take(0, axis)).mean(axis=(1, 2)) / s
            for axis, s in zip((1, 2, 3), spacing_zyx, strict=True)
        ],
        axis=-1,
    )
    areas = np.linalg.norm(gradient, axis=-1) * float(np.prod(spacing_zyx))
    # Symmetric patterns (a sheet or a diagonal inside one cell) have no mean gradient but still are boundary
    smallest = areas[areas > 1e-9].min()
    areas[1:255] = np.maximum(areas[1:255], smallest)
    return areas
