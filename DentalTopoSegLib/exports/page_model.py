"""The surfaces of a page's 3D view: fewer triangles, and packed."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..errors import InputError
from ..files.packages import install_hint
from ..files.volumes import Volume
from ..pictures.jaws import prepare_jaw
from ..reports.page_content import Model, Part
from .tooth_surfaces import VTK, ToothSurface, surfaces_of_jaw, surfaces_of_labels

#: Triangles at most: of each tooth, and of the gingiva.
_TOOTH_FACES, _GUM_FACES = 4_000, 30_000
_STEPS = 65_535
_LEVEL = 9
#: RAS mm to the view's x (left), y (up) and z (front).
_FROM_RAS = np.array([[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])


def model_of_labels(labels: Volume, findings: Sequence[Any]) -> Model | None:
    """Of a label map (FDI) with its `Finding`s; None where nothing is large enough for a surface. InputError without
    VTK."""
    surfaces = [
        ToothSurface(surface.fdi, surface.vertices @ _FROM_RAS.T, surface.faces)
        for surface in surfaces_of_labels(labels, "RAS")
    ]
    marks = {
        i: _FROM_RAS @ finding.position_ras for i, finding in enumerate(findings) if finding.position_ras is not None
    }
    return _model(surfaces, marks)


def model_of_jaw(jaw: Mapping[str, Any], findings: Sequence[Any]) -> Model | None:
    """Of a labelled jaw, as `pictures.jaws.jaw_png` takes it, turned as it sits in a head. InputError without VTK."""
    drawn = prepare_jaw(jaw)
    turn = _FROM_RAS @ drawn.to_head
    marks = {
        i: turn @ drawn.from_file(finding.position_ras)
        for i, finding in enumerate(findings)
        if finding.position_ras is not None and finding.detail.get("jaw", drawn.which) == drawn.which
    }
    return _model(surfaces_of_jaw(drawn.points @ turn.T, drawn.faces, drawn.fdi), marks)


def _model(surfaces: Sequence[ToothSurface], marks: Mapping[int, np.ndarray]) -> Model | None:
    if not any(surface.fdi for surface in surfaces):
        return None
    fewer = [_with_fewer_faces(surface) for surface in surfaces]
    every = np.concatenate([surface.vertices for surface in fewer])
    lower, upper = every.min(axis=0), every.max(axis=0)
    step = np.maximum(upper - lower, 1e-6) / _STEPS
    parts, blocks = [], []
    for surface in fewer:
        order, faces = _as_they_come(surface.faces)
        wide = len(order) > _STEPS
        places = np.rint((surface.vertices[order] - lower) / step).astype(np.uint16)
        blocks += [
            _differences(places.T, np.uint16),
            _differences(faces.reshape(1, -1), np.uint32 if wide else np.uint16),
        ]
        parts.append(Part(surface.fdi, len(order), len(faces), wide))
    return Model(
        parts,
        zlib.compress(b"".join(blocks), _LEVEL),
        _place(lower),
        _place(lower + step * _STEPS),
        {i: _place(mark) for i, mark in marks.items()},
    )


def _place(values: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (round(float(value), 4) for value in values)
    return x, y, z


def _as_they_come(faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The vertices in the order in which triangles use them, and the triangles (F, 3) with their new numbers: small
    differences, which pack well."""
    used, first, inverse = np.unique(faces, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return used[order], place[inverse].reshape(-1, 3)


def _differences(rows: np.ndarray, kind: type[np.unsignedinteger[Any]]) -> bytes:
    """Each value (rows, n) less the one before in its row, modulo the type."""
    values = rows.astype(np.int64)
    return bytes(np.diff(values, axis=1, prepend=0).astype(kind).astype(np.dtype(kind).newbyteorder("<")).tobytes())


def _with_fewer_faces(surface: ToothSurface) -> ToothSurface:
    """At most so many triangles as the part may have; its border stays where it is, so that parts meet."""
    most = _TOOTH_FACES if surface.fdi else _GUM_FACES
    if len(surface.faces) <= most:
        return surface
    try:
        from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
        from vtkmodules.vtkCommonCore import vtkPoints
        from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
        from vtkmodules.vtkFiltersCore import vtkDecimatePro
    except ImportError as error:
        raise InputError(f"The 3D view needs VTK, which is not installed: {install_hint(VTK)}") from error
    points, cells, mesh = vtkPoints(), vtkCellArray(), vtkPolyData()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(surface.vertices, np.float64), deep=True))
    count = len(surface.faces)
    connectivity = np.ascontiguousarray(surface.faces, np.int64).ravel()
    cells.SetData(
        numpy_to_vtkIdTypeArray(np.arange(0, 3 * count + 1, 3, dtype=np.int64), deep=True),
        numpy_to_vtkIdTypeArray(connectivity, deep=True),
    )
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    decimate = vtkDecimatePro()
    decimate.SetInputData(mesh)
    decimate.SetTargetReduction(1 - most / count)
    decimate.PreserveTopologyOn()
    decimate.BoundaryVertexDeletionOff()
    decimate.SplittingOff()
    decimate.Update()
    fewer = decimate.GetOutput()
    return ToothSurface(
        surface.fdi,
        vtk_to_numpy(fewer.GetPoints().GetData()).astype(float),
        vtk_to_numpy(fewer.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int32),
    )
