"""Teeth and structures as surfaces in files: one STL, OBJ or PLY for each, or one GLB with a node for each.

Coordinates: millimetres, LPS by default, as 3D Slicer and DICOM tools expect of STL, OBJ and PLY; RAS on request. GLB
has axes and a unit of its own: metres, +Y the patient's top, +Z the front. Surfaces of intraoral scans keep their
file's coordinates (GLB: its axes, in metres).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from .export_format import ExportFormat, ExportOptions, Group, Package, PathOf
from .result import Result

if TYPE_CHECKING:
    from .tooth_surfaces import ToothSurface

TRIMESH = Package("trimesh>=4.0", "export", "writes OBJ and GLB files", "OBJ and GLB files need", 1)


@dataclass(frozen=True)
class _Place:
    """Of surfaces: space "LPS" or "RAS", None on an intraoral scan's own axes; mm_per_unit of their coordinates."""

    space: str | None
    mm_per_unit: float = 1.0

    @property
    def note(self) -> str:
        """For the files whose format has room for it; 3D Slicer reads this comment."""
        return f"SPACE={self.space}" if self.space else ""


def _surfaces(result: Result, space: str) -> tuple[list[ToothSurface], _Place]:
    from .tooth_surfaces import surfaces_of_jaw, surfaces_of_labels, surfaces_of_structures

    if result.labelled is None:
        found, place = surfaces_of_labels(result.label_map, space), _Place(space)
        if found and result.structures is not None:
            found += surfaces_of_structures(result.structures, space)
    else:
        surface = result.labelled.surface
        found = surfaces_of_jaw(surface.vertices / surface.scale, surface.faces, result.labelled.face_fdi)
        place = _Place(None, surface.scale)
    if not found:
        raise InputError("There is no tooth to write.")
    return found, place


# ---------------------------------------------------------------- one file per tooth


def _write_each(
    write: Callable[[Path, ToothSurface, str], None], result: Result, path_of: PathOf, options: ExportOptions
) -> dict[str, Path]:
    return _each(write, *_surfaces(result, options.space), path_of)


def _each(
    write: Callable[[Path, ToothSurface, str], None], surfaces: list[ToothSurface], place: _Place, path_of: PathOf
) -> dict[str, Path]:
    files = {}
    for surface in surfaces:
        is_tooth = surface.fdi and surface.structure is None
        path = files[f"tooth_{surface.fdi}" if is_tooth else surface.name] = path_of(surface.name)
        write(path, surface, place.note)
    return files


def _stl(path: Path, surface: ToothSurface, note: str) -> None:
    from ..files.meshes import write_stl

    write_stl(path, surface.vertices, surface.faces, note)


def _ply(path: Path, surface: ToothSurface, note: str) -> None:
    import numpy as np

    from ..files.meshes import write_ply

    colors = np.tile(np.array(surface.color, np.uint8), (len(surface.vertices), 1))
    write_ply(path, surface.vertices, surface.faces, colors, comment=note)


def _obj(path: Path, surface: ToothSurface, note: str) -> None:
    from .. import dentition

    mesh = TRIMESH.require().Trimesh(surface.vertices, surface.faces, process=False)
    title = "gingiva"
    if surface.structure is not None:
        title = surface.structure.name
    elif surface.fdi:
        title = f"tooth {surface.name} {dentition.plain_name(surface.fdi)}"
    text = mesh.export(file_type="obj", header=f"{title} {note}".strip(), include_normals=False)
    path.write_text(text, encoding="utf-8")


# ---------------------------------------------------------------- all teeth in one file


def _write_glb(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    return _one_glb(*_surfaces(result, options.space), path_of)


def _one_glb(surfaces: list[ToothSurface], place: _Place, path_of: PathOf) -> dict[str, Path]:
    trimesh = TRIMESH.require()
    axes, scale = _glb_axes(place.space), place.mm_per_unit / 1000.0
    scene = trimesh.Scene()
    for surface in surfaces:
        material = trimesh.visual.material.PBRMaterial(
            name=surface.name, baseColorFactor=[*surface.color, 255], metallicFactor=0.0, roughnessFactor=0.5
        )
        visual = trimesh.visual.TextureVisuals(material=material)
        mesh = trimesh.Trimesh(surface.vertices @ axes.T * scale, surface.faces, visual=visual, process=False)
        scene.add_geometry(mesh, node_name=surface.name, geom_name=surface.name)
    path = path_of("")
    path.write_bytes(scene.export(file_type="glb", include_normals=True))
    return {"teeth": path}


def _glb_axes(space: str | None):
    """(3, 3) rows: the patient's left, top and front in the surfaces' axes, glTF's X, Y and Z; None keeps the axes."""
    import numpy as np

    if space is None:
        return np.eye(3)
    left, front = (1.0, -1.0) if space == "LPS" else (-1.0, 1.0)
    return np.array([[left, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, front, 0.0]])


#: The formats of `write_surfaces`.
SURFACE_FORMATS = ("stl", "ply", "glb")


def write_surfaces(kind: str, surfaces: list[ToothSurface], path_of: PathOf) -> dict[str, Path]:
    """Write closed surfaces in LPS mm as one of `SURFACE_FORMATS`; the files by kind.

    path_of: where "16" goes, and "" of a format with all teeth in one file. Raises OutputError, and InputError where
    trimesh is needed and absent.
    """
    place = _Place("LPS")
    if kind == "glb":
        return _one_glb(surfaces, place, path_of)
    return _each({"stl": _stl, "ply": _ply}[kind], surfaces, place, path_of)


STL = ExportFormat(
    name="stl",
    title="STL",
    purpose="for 3D printing and planning programs",
    group=Group.SURFACES,
    pattern="{name}_{part}.stl",
    write=partial(_write_each, _stl),
)
OBJ = ExportFormat(
    name="obj",
    title="OBJ",
    purpose="for programs that read no STL",
    group=Group.SURFACES,
    pattern="{name}_{part}.obj",
    write=partial(_write_each, _obj),
    packages=(TRIMESH,),
)
PLY = ExportFormat(
    name="ply",
    title="PLY",
    purpose="with the teeth's colours",
    group=Group.SURFACES,
    pattern="{name}_{part}.ply",
    write=partial(_write_each, _ply),
)
GLB = ExportFormat(
    name="glb",
    title="GLB",
    purpose="one file with all teeth, for viewers and web pages",
    group=Group.SURFACES,
    pattern="{name}_teeth.glb",
    write=_write_glb,
    packages=(TRIMESH,),
)
