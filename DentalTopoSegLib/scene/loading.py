"""The library's volumes and meshes as nodes, for scans that were not loaded by the application."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..files.volumes import Volume
from .nodes import to_vtk


def add_volume(scene: Any, volume: Volume, name: str) -> Any:
    """A new volume node that holds a copy of the voxels, at their place in the world."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk

    image = vtk.vtkImageData()
    image.SetDimensions(volume.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(volume.array).ravel(), deep=True))
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.SetIJKToRASMatrix(to_vtk(volume.index_to_ras_matrix()))
    node.SetAndObserveImageData(image)
    node.CreateDefaultDisplayNodes()
    return node


def add_surface(scene: Any, vertices: np.ndarray, faces: np.ndarray, name: str) -> Any:
    """A new model node with vertices (V, 3) in world coordinates and triangles (F, 3)."""
    node = scene.AddNewNodeByClass("vtkMRMLModelNode", name)
    node.SetAndObservePolyData(surface(vertices, faces))
    node.CreateDefaultDisplayNodes()
    return node


def surface(vertices: np.ndarray, faces: np.ndarray) -> Any:
    """vtkPolyData of vertices (V, 3) and triangles (F, 3), in their order."""
    import vtk
    from vtk.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray

    points, cells, made = vtk.vtkPoints(), vtk.vtkCellArray(), vtk.vtkPolyData()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(vertices, np.float64), deep=True))
    offsets = numpy_to_vtkIdTypeArray(np.arange(0, 3 * len(faces) + 1, 3, dtype=np.int64), deep=True)
    cells.SetData(offsets, numpy_to_vtkIdTypeArray(np.ascontiguousarray(faces, np.int64).ravel(), deep=True))
    made.SetPoints(points)
    made.SetPolys(cells)
    return made
