"""Intraoral scans as model nodes coloured by tooth: FDI numbers per point and triangle, a colour table with names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .. import dentition
from ..dentition import GINGIVA_RGB, Known
from ..dentition.naming import tooth_title
from ..errors import InputError, UsageError
from ..files.json_text import parse_json
from ..files.meshes import Mesh, clean, read_mesh
from ..ios.segmenting import JawSegmentation
from ..reports.report import known_of
from .loading import add_surface
from .nodes import SceneError, place_beside, to_world
from .terminology import new_color_node

FDI_ARRAY = "FDI"
INSTANCE_ARRAY = "Instance"
JAW = "DentalTopoSeg.Jaw"
OTHER_JAW = "DentalTopoSeg.otherJaw"
_WHAT = "The model"
_KNOWN = ("jaw", "jaw_stated", "jaw_inferred", "jaw_confidence", "frame_confidence", "inside_out", "mm_per_unit")
#: Colour of teeth that are faded, and of teeth that are hidden (as gingiva).
_FADED_RGB = (205, 200, 195)


def add_jaw(source: Any, matrix: np.ndarray, folder: Path, report: Mapping[str, Any], numbering: str, name: str) -> Any:
    """A new model node with the teeth of the worker's result (its files lie in folder), beside its source.

    matrix: (4, 4), the source's transform when the job was made.
    """
    mesh, _ = read_mesh(folder / report["files"]["mesh"])
    vertices = mesh.vertices
    if not np.array_equal(matrix, np.eye(4)):
        back = np.linalg.inv(matrix)
        vertices = vertices @ back[:3, :3].T + back[:3, 3]
    scene = source.GetScene()
    node = add_surface(scene, vertices, mesh.faces, name)
    fdi = mesh.point_data[FDI_ARRAY].astype(np.uint8)
    # a number is given to one instance at most, so numbers tell instances apart
    set_labels(node, fdi, mesh.cell_data["Label"].astype(np.uint8), fdi.astype(np.int32))
    known = {key: report[key] for key in _KNOWN}
    known["confidence"] = {str(row["fdi"]): row["confidence"] for row in report["teeth"]}
    known["known"] = known_of(report).to_dict()
    node.SetAttribute(JAW, json.dumps(known))
    _colour(node, numbering)
    node.SetAndObserveTransformNodeID(source.GetTransformNodeID())
    place_beside(node, source)
    return node


def set_labels(node: Any, fdi: np.ndarray, face_fdi: np.ndarray, instance: np.ndarray) -> None:
    """Write FDI numbers and instances per point (V,) and FDI numbers per triangle (F,) into a model node."""
    from vtk.util.numpy_support import numpy_to_vtk

    surface = node.GetPolyData()
    for data, name, values, kind in (
        (surface.GetPointData(), FDI_ARRAY, fdi, np.uint8),
        (surface.GetPointData(), INSTANCE_ARRAY, instance, np.int32),
        (surface.GetCellData(), FDI_ARRAY, face_fdi, np.uint8),
    ):
        array = numpy_to_vtk(np.ascontiguousarray(values, kind), deep=True)
        array.SetName(name)
        data.AddArray(array)
    surface.GetCellData().SetActiveScalars(FDI_ARRAY)
    surface.Modified()


def _colour(node: Any, numbering: str) -> None:
    import vtk

    colors = new_color_node(node.GetScene(), f"{node.GetName()} colours", numbering)
    colors.SetHideFromEditors(True)
    shown = node.GetDisplayNode()
    shown.SetActiveScalar(FDI_ARRAY, vtk.vtkAssignAttribute.CELL_DATA)
    shown.SetAndObserveColorNodeID(colors.GetID())
    shown.SetScalarRangeFlag(shown.UseColorNodeScalarRange)
    shown.SetScalarVisibility(True)
    shown.SetInterpolation(shown.FlatInterpolation)


def is_coloured_jaw(node: Any) -> bool:
    """True for a model that `add_jaw` made, also after saving and loading."""
    surface = node.GetPolyData() if node.GetMesh() is not None else None
    if surface is None or node.GetAttribute(JAW) is None:
        return False
    return surface.GetPointData().HasArray(FDI_ARRAY) == 1 and surface.GetCellData().HasArray(FDI_ARRAY) == 1


def pair(first: Any, second: Any) -> None:
    """The two jaws of one patient know each other."""
    first.SetNodeReferenceID(OTHER_JAW, second.GetID())
    second.SetNodeReferenceID(OTHER_JAW, first.GetID())


def jaws_of(node: Any) -> tuple[Any, ...]:
    """The model itself, or both jaws of a pair, the upper one first."""
    other = node.GetNodeReference(OTHER_JAW)
    if other is None or not is_coloured_jaw(other):
        return (node,)
    return (node, other) if about(node)["jaw"] == "upper" else (other, node)


def about(node: Any) -> dict[str, Any]:
    """What the segmentation knew of a jaw. Raises SceneError when somebody edited it into nonsense."""
    try:
        return parse_json(node.GetAttribute(JAW) or "", f"What is known of the jaw '{node.GetName()}'")
    except InputError as error:
        raise SceneError(
            "What is known of the jaw '{name}' is damaged: segment the scan again.", name=node.GetName()
        ) from error


def known_about(node: Any) -> Known:
    """What is known of a jaw's teeth beside its labels; nothing where an earlier version made it. Raises as `about`."""
    try:
        return Known.from_dict(about(node).get("known") or {})
    except (AttributeError, KeyError, TypeError, ValueError, UsageError) as error:
        raise SceneError(
            "What is known of the jaw '{name}' is damaged: segment the scan again.", name=node.GetName()
        ) from error


def change_about(node: Any, **values: Any) -> None:
    """Change some of what `about` tells."""
    node.SetAttribute(JAW, json.dumps({**about(node), **values}))


def segmentation_of(node: Any) -> JawSegmentation:
    """The coloured model in the world as the library's checks and repairs take it.

    Raises SceneError when its surface was changed so that no triangle fits any more.
    """
    from vtk.util.numpy_support import vtk_to_numpy

    from ..checks.measures.jaw import JawCase

    surface, known, matrix = node.GetPolyData(), about(node), to_world(node, _WHAT)
    cells = surface.GetPolys()
    if (
        cells.GetNumberOfCells() == 0
        or cells.GetMaxCellSize() != 3
        or surface.GetNumberOfCells() != cells.GetNumberOfCells()
    ):
        raise SceneError("'{name}' is no longer a surface of triangles: segment the scan again.", name=node.GetName())
    points = vtk_to_numpy(surface.GetPoints().GetData()).astype(float)
    points = points @ matrix[:3, :3].T + matrix[:3, 3]
    faces = vtk_to_numpy(cells.GetConnectivityArray()).reshape(-1, 3).astype(np.int32)
    mesh = Mesh(points, faces, node.GetName(), np.arange(len(points), dtype=np.int32))
    clean_surface, _ = clean(mesh, _UNITS[known["mm_per_unit"]])
    fdi = _gather(surface.GetPointData().GetArray(FDI_ARRAY), clean_surface.of_vertex, len(clean_surface.vertices))
    face_fdi = _gather(surface.GetCellData().GetArray(FDI_ARRAY), clean_surface.of_face, len(clean_surface.faces))
    instances = surface.GetPointData().GetArray(INSTANCE_ARRAY)
    instance = (
        fdi.astype(np.int32)
        if instances is None
        else _gather(instances, clean_surface.of_vertex, len(clean_surface.vertices)).astype(np.int32)
    )
    jaw = JawSegmentation(
        surface=clean_surface,
        fdi=fdi,
        face_fdi=face_fdi,
        instance=instance,
        confidence={int(f): float(c) for f, c in known["confidence"].items() if c is not None},
        jaw=known["jaw"],
        jaw_inferred=known["jaw_inferred"],
        jaw_confidence=known["jaw_confidence"],
        frame=np.eye(4),
        frame_confidence=known["frame_confidence"],
        inside_out=known["inside_out"],
        known=known_about(node),
    )
    jaw.frame[:] = JawCase(jaw, node.GetName()).frame_matrix()
    return jaw


_UNITS = {1.0: "mm", 10.0: "cm", 1000.0: "m", 25.4: "inch"}


def _gather(array: Any, index: np.ndarray, count: int) -> np.ndarray:
    """Values of file points or triangles on those of the clean surface; index -1 was dropped."""
    from vtk.util.numpy_support import vtk_to_numpy

    values, kept = vtk_to_numpy(array), index >= 0
    result = np.zeros(count, values.dtype)
    result[index[kept]] = values[kept]
    return result


def write_back(node: Any, jaw: JawSegmentation) -> None:
    """The labels of a jaw into the model it was made of; what the clean surface dropped stays as it was."""
    from vtk.util.numpy_support import vtk_to_numpy

    surface = node.GetPolyData()
    values = []
    for data, name, index, new in (
        (surface.GetPointData(), FDI_ARRAY, jaw.surface.of_vertex, jaw.fdi),
        (surface.GetCellData(), FDI_ARRAY, jaw.surface.of_face, jaw.face_fdi),
        (surface.GetPointData(), INSTANCE_ARRAY, jaw.surface.of_vertex, jaw.instance),
    ):
        old = data.GetArray(name)
        array = np.zeros(len(index), np.int32) if old is None else vtk_to_numpy(old).copy()
        array[index >= 0] = np.asarray(new)[index[index >= 0]]
        values.append(array)
    set_labels(node, *values)
    node.Modified()


def show_teeth(node: Any, numbering: str, emphasised: set[int] | None, hide: bool = False) -> None:
    """Colours and names of a jaw's teeth; emphasised: only these in their own colour, the others faded, or as gum."""
    colors = node.GetDisplayNode().GetColorNode() if node.GetDisplayNode() else None
    if colors is None or not colors.IsA("vtkMRMLColorTableNode"):
        raise SceneError("The colours of '{name}' are gone: segment the scan again.", name=node.GetName())
    modifying = colors.StartModify()
    for fdi in dentition.FDI_PERMANENT + dentition.FDI_DECIDUOUS:
        rgb = dentition.color(fdi)
        if emphasised is not None and fdi not in emphasised:
            red, green, blue = ((c + 4 * f) // 5 for c, f in zip(rgb, _FADED_RGB, strict=True))
            rgb = GINGIVA_RGB if hide else (red, green, blue)
        colors.SetColor(fdi, tooth_title(fdi, numbering), *(c / 255 for c in rgb), 1.0)
    colors.EndModify(modifying)
