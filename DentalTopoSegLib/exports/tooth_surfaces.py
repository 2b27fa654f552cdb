"""Teeth as surfaces, of label maps and of labelled jaws.

Each tooth of a label map is smoothed by itself (`voxel_rendering.smooth_tooth`, at least one voxel wide, so that the
voxels' stairs go) and VTK's Flying Edges finds the level that holds the tooth's own volume, closed. VTK because 3D
Slicer brings it, so nothing has to be installed there. The surfaces are pictures of the label map, not a second result:
volumes and checks are those of the voxels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .. import dentition
from ..dentition import GINGIVA_RGB
from ..dentition.structures import BY_VALUE, Structure
from ..errors import InputError
from ..files.packages import install_hint
from ..files.volumes import Volume
from ..files.volumes.boxes import Box, box_of, tooth_boxes
from ..pictures.voxel_rendering import smooth_tooth

SPACES = ("LPS", "RAS")
#: Finds surfaces; as in pyproject.toml.
VTK = "vtk>=9.2"
#: A surface's lattice is as fine as the voxels, but not finer or coarser than this, mm.
_FINEST_MM, _COARSEST_MM = 0.2, 0.5
#: How far the level may move from 0.5.
_LEVELS = (0.3, 0.6)


@dataclass(frozen=True)
class ToothSurface:
    """fdi: its number, 0 for the gingiva, or a structure's value (`dentition.structures`). vertices: (V, 3) mm or file
    units. faces: (F, 3), normals outwards."""

    fdi: int
    vertices: np.ndarray
    faces: np.ndarray

    @property
    def name(self) -> str:
        """ "16", "gingiva" or "canal_left": how files and nodes are called."""
        if self.structure is not None:
            return self.structure.key
        return str(self.fdi) if self.fdi else "gingiva"

    @property
    def structure(self) -> Structure | None:
        """The structure that it is of; None of a tooth and of the gingiva."""
        return BY_VALUE.get(self.fdi)

    @property
    def color(self) -> tuple[int, int, int]:
        """(r, g, b) 0-255."""
        if self.structure is not None:
            return self.structure.color
        return dentition.color(self.fdi) if self.fdi else GINGIVA_RGB


def surfaces_of_labels(labels: Volume, space: str = "LPS") -> list[ToothSurface]:
    """The closed surface of every tooth of a label map, in FDI order.

    Parameters
    ----------
    labels : Volume
        FDI numbers (z, y, x).
    space : str
        "LPS" or "RAS": the axes of the vertices, in mm.

    Raises
    ------
    InputError
        For an unknown space, for values that are no FDI numbers, and where VTK is absent.
    """
    return _surfaces(labels, tooth_boxes(labels.array), space)


def surfaces_of_structures(structures: Volume, space: str = "LPS") -> list[ToothSurface]:
    """The closed surface of every structure, in the order of their values; as `surfaces_of_labels`.

    structures: values of `dentition.structures` (z, y, x).
    """
    from scipy import ndimage

    boxes = enumerate(ndimage.find_objects(structures.array), start=1)
    return _surfaces(structures, {value: box_of(box) for value, box in boxes if box and value in BY_VALUE}, space)


def _surfaces(labels: Volume, boxes: Mapping[int, Box], space: str) -> list[ToothSurface]:
    if space not in SPACES:
        raise InputError(f"Coordinates '{space}' are unknown: use LPS or RAS.")
    flip = np.array([-1.0, -1.0, 1.0]) if space == "LPS" else np.ones(3)
    spacing = float(np.clip(min(labels.spacing), _FINEST_MM, _COARSEST_MM))
    found = []
    for fdi, box in sorted(boxes.items()):
        field, lower = smooth_tooth(labels, fdi, box, spacing)
        volume = np.count_nonzero(labels.array[box] == fdi) * labels.voxel_volume_mm3
        vertices, faces = _level_surface(field, _level_of(field, volume / spacing**3))
        if len(faces):  # a speck of a voxel or two is smoothed away
            ras = lower + (vertices + 0.5) * spacing
            found.append(ToothSurface(fdi, ras * flip, faces))
    return found


def _level_of(field: np.ndarray, voxels: float) -> float:
    """The level above which so many voxels lie: 0.5 would shrink what is convex, by 7 % for incisors of 0.5 mm."""
    rank = int(np.clip(round(voxels), 1, field.size - 1))
    value = float(np.clip(np.partition(field, field.size - rank, axis=None)[field.size - rank], *_LEVELS))
    # between two of the field's values: a lattice point on the level itself would give triangles without area
    below, above = field[field < value], field[field >= value]
    return float((below.max(initial=0.0) + above.min(initial=1.0)) / 2)


def _level_surface(field: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """(V, 3) places in x, y, z lattice steps and (F, 3) faces of a field's (z, y, x) level, high values inside."""
    try:
        from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
        from vtkmodules.vtkCommonDataModel import vtkImageData
        from vtkmodules.vtkFiltersCore import vtkFlyingEdges3D
    except ImportError as error:
        hint = install_hint(VTK)
        raise InputError(f"Surfaces of a label map need VTK, which is not installed: {hint}") from error
    image = vtkImageData()
    image.SetDimensions(*field.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(field, np.float32).ravel()))
    edges = vtkFlyingEdges3D()
    edges.SetInputData(image)
    edges.SetValue(0, level)
    edges.ComputeNormalsOff()
    edges.ComputeScalarsOff()
    edges.Update()
    surface = edges.GetOutput()
    if not surface.GetNumberOfPolys():
        return np.zeros((0, 3)), np.zeros((0, 3), np.int32)
    vertices = vtk_to_numpy(surface.GetPoints().GetData()).astype(float)
    faces = vtk_to_numpy(surface.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int32)
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    inwards = np.einsum("ij,ij->", a, np.cross(b, c)) < 0
    return vertices, faces[:, ::-1] if inwards else faces


def surfaces_of_jaw(vertices: np.ndarray, faces: np.ndarray, face_fdi: np.ndarray) -> list[ToothSurface]:
    """A labelled jaw cut into its crowns, in FDI order, and the gingiva last; coordinates as they are.

    vertices (V, 3), faces (F, 3), face_fdi (F,): FDI number per face, 0 gingiva.
    """
    numbers = [int(fdi) for fdi in np.unique(face_fdi)]
    found = []
    for fdi in (*(n for n in numbers if n), *(n for n in numbers if not n)):
        used, part = np.unique(faces[face_fdi == fdi], return_inverse=True)
        found.append(ToothSurface(fdi, vertices[used], part.reshape(-1, 3).astype(np.int32)))
    return found
