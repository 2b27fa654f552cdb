"""The teeth of a CBCT as surfaces for registration: where their edge is in the grey values, finer than a voxel.

A label map's surface is smoothed and ends where a network said so; the edge that a scanner of surfaces sees lies where
the grey values are half-way between the tooth's and those beside it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from .. import dentition
from ..exports.tooth_surfaces import ToothSurface, surfaces_of_labels
from ..files.meshes import vertex_normals
from ..files.volumes import Volume
from ..files.volumes.boxes import tooth_boxes

_LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])
#: So much of a tooth, from its biting surface along its axis, stands out of the gum, mm.
CROWN_MM = 7.0
#: A tooth's longest axis is its own only if it is this steep (cosine); of a tooth cut by the field it may lie across.
_STEEP = 0.8
#: Where along the normal the grey values of tooth and surroundings are taken, mm from the edge.
_INSIDE_MM, _OUTSIDE_MM = (0.4, 1.0), (0.5, 1.1)
_PROFILE_STEP_MM = 0.1
#: How far outwards another tooth, or the end of the scan, spoils the edge, mm.
_BESIDE_MM = (0.5, 1.0, 1.5)
#: An edge's contrast is at least this share of its jaw's usual one: filled, blurred and bony places have less or none.
_LEAST_CONTRAST = 0.4


@dataclass(frozen=True)
class CbctTooth:
    """A tooth of a CBCT.

    Parameters
    ----------
    surface : ToothSurface
        Closed, LPS mm; vertices of the crown lie on the edge of the grey values where it was found.
    normals : ndarray
        (V, 3) outwards.
    crown : ndarray
        (V,) bool, the part that stands out of the gum.
    edge : ndarray
        (V,) bool, whether the grey values show an edge there: the part to be registered.
    axis : ndarray
        (3,) unit vector towards the bite.
    """

    surface: ToothSurface
    normals: np.ndarray
    crown: np.ndarray
    edge: np.ndarray
    axis: np.ndarray

    @property
    def points(self) -> np.ndarray:
        """(N, 3) LPS mm, the places on the edge."""
        return self.surface.vertices[self.edge]


def cbct_teeth(scan: Volume, labels: Volume, only: Collection[int] | None = None) -> dict[int, CbctTooth]:
    """The teeth of a CBCT with the crowns' edges, by FDI number.

    Parameters
    ----------
    scan, labels : Volume
        Grey values, and FDI numbers on the same grid.
    only : collection of int, optional
        FDI numbers to take; None takes all.

    Raises
    ------
    InputError
        For values that are no FDI numbers, and where VTK is absent.
    """
    if only is not None:
        labels = labels.with_array(np.where(np.isin(labels.array, list(only)), labels.array, 0).astype(np.uint8))
    found = {}
    for surface in surfaces_of_labels(labels, "LPS"):
        axis = _axis(labels, surface.fdi)
        for _ in range(2):  # the second profile starts at the edge and along better normals
            surface, edge, crown = _moved_to_edge(scan, labels, surface, axis)
        normals = vertex_normals(surface.vertices, surface.faces)
        found[surface.fdi] = CbctTooth(surface, normals, crown, edge, axis)
    return found


def _axis(labels: Volume, fdi: int) -> np.ndarray:
    """(3,) LPS unit vector from the root to the bite; the longest axis of the tooth, or straight down or up."""
    box = tooth_boxes(labels.array)[fdi]
    start = np.array([side.start for side in box])
    voxels = labels.index_to_ras(np.argwhere(labels.array[box] == fdi) + start) * _LPS_TO_RAS
    vertical = np.array([0.0, 0.0, -1.0 if dentition.is_upper(fdi) else 1.0])
    axis = np.linalg.eigh(np.cov(voxels.T))[1][:, -1] if len(voxels) > 3 else vertical
    steep = axis @ vertical
    return axis * np.sign(steep) if abs(steep) >= _STEEP else vertical


def _moved_to_edge(
    scan: Volume, labels: Volume, surface: ToothSurface, axis: np.ndarray
) -> tuple[ToothSurface, np.ndarray, np.ndarray]:
    """The surface with its crown's vertices on the edge; which of them have one; which belong to the crown."""
    from scipy import ndimage

    vertices = surface.vertices
    normals = vertex_normals(vertices, surface.faces)
    height = vertices @ axis
    crown = height > np.percentile(height, 99.5) - CROWN_MM
    voxel = max(scan.spacing)
    reach = max(_INSIDE_MM[1], _OUTSIDE_MM[1]) + voxel
    offsets = np.arange(-reach, reach + 1e-6, _PROFILE_STEP_MM)
    places = vertices[crown][:, None] + offsets[None, :, None] * normals[crown][:, None]
    profile = _sample(scan.array, scan, places, ndimage, order=1)
    inside = np.median(profile[:, (offsets >= -_INSIDE_MM[1]) & (offsets <= -_INSIDE_MM[0])], axis=1)
    outside = np.median(profile[:, (offsets >= _OUTSIDE_MM[0]) & (offsets <= _OUTSIDE_MM[1])], axis=1)
    shift, crossed = _crossing(profile - ((inside + outside) / 2)[:, None], offsets, voxel)
    contrast = inside - outside
    usual = np.percentile(contrast, 75) if len(contrast) else 0.0
    beside = vertices[crown][:, None] + np.array(_BESIDE_MM)[None, :, None] * normals[crown][:, None]
    neighbours = _sample(labels.array, labels, beside, ndimage, order=0)
    alone = np.isin(neighbours, (0, surface.fdi)).all(axis=1)
    sound = crossed & alone & (contrast > _LEAST_CONTRAST * usual) & (contrast > 0)
    edge = np.zeros(len(vertices), bool)
    edge[crown] = sound
    moved = vertices.copy()
    moved[edge] += shift[sound, None] * normals[edge]
    return replace(surface, vertices=moved), edge, crown


def _sample(array: np.ndarray, grid: Volume, places: np.ndarray, ndimage, order: int) -> np.ndarray:
    """Values at (N, K, 3) LPS places, (N, K); nearest voxels (order 0) or between them (1)."""
    index = grid.ras_to_index(places * _LPS_TO_RAS)
    kind = array.dtype if order == 0 else np.float32
    return ndimage.map_coordinates(array, np.moveaxis(index, -1, 0), output=kind, order=order, mode="nearest")


def _crossing(above: np.ndarray, offsets: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Where (N, K) profiles fall through zero nearest to offset 0, mm, and whether they do so within reach."""
    falls = (above[:, :-1] > 0) & (above[:, 1:] <= 0)
    drop = np.where(falls, above[:, :-1] - above[:, 1:], 1.0)
    at = offsets[:-1] + np.where(falls, above[:, :-1] / drop, 0.0) * _PROFILE_STEP_MM
    distance = np.where(falls, np.abs(at), np.inf)
    nearest = distance.argmin(axis=1)
    rows = np.arange(len(above))
    return at[rows, nearest], distance[rows, nearest] <= reach
