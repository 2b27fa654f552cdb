"""Tooth numbers of a mesh, from any tool and in files: arrays of a VTP or PLY, or a JSON in Teeth3DS's layout.

The arrays are known by their names (letters' case aside): points `FDI`, `Label`, `UniversalID`, `Universal_ID`,
`PredictedID`; cells the same. FDI and Universal numbers are told apart by their values, gingiva is 0 (FDI) or 33
(Universal, as in DCBIA's tools).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from .. import dentition
from ..errors import InputError, UsageError
from .meshes import Mesh, Surface, clean, read_mesh, read_teeth3ds_json
from .meshes.formats import FORMATS, format_of_name
from .meshes.geometry import labels_of_faces, labels_of_vertices
from .meshes.labelled import UNIVERSAL_GINGIVA, LabelWriter
from .transactions import destination

#: What the label values of meshes may mean.
MESH_NUMBERINGS = ("fdi", "universal")
_FDI_FIRST = ("fdi", "label", "labels", "toothid", "tooth_id")
_UNIVERSAL_FIRST = ("universalid", "universal_id", "predictedid", "predicted_id")


@dataclass(frozen=True)
class LabelledJaw:
    """A mesh with tooth numbers on its clean surface.

    fdi (W,), face_fdi (G,) uint8: FDI number per surface vertex and face, 0 gingiva. jaw: what the label file says,
    else None. source: which array or file the numbers are from, for messages.
    """

    mesh: Mesh
    surface: Surface
    fdi: np.ndarray
    face_fdi: np.ndarray
    jaw: str | None
    source: str


def read_labelled_jaw(
    path: str | os.PathLike[str],
    labels: str | os.PathLike[str] | None = None,
    *,
    numbering: str | None = None,
    unit: str | None = None,
) -> tuple[LabelledJaw, list[str]]:
    """Read a labelled mesh, or a mesh and its Teeth3DS JSON.

    Parameters
    ----------
    path : path
        The mesh.
    labels : path, optional
        A Teeth3DS JSON with labels for it.
    numbering : str, optional
        "fdi" or "universal" instead of what the values suggest.
    unit : str, optional
        Of the file's coordinates; None guesses it from the size.

    Returns
    -------
    jaw : LabelledJaw
        The mesh, its clean surface in mm and the FDI numbers on it.
    warnings : list of str
        In plain words.

    Raises
    ------
    InputError
        No mesh, no labels, labels of another mesh, values that are no teeth.
    """
    if numbering is not None and numbering not in MESH_NUMBERINGS:
        raise InputError(f"Numbering '{numbering}' is not for meshes: use fdi or universal, or leave it out.")
    mesh, warnings = read_mesh(path)
    surface, more = clean(mesh, unit)
    warnings += more
    if labels is not None:
        return _from_json(Path(labels), mesh, surface, numbering), warnings
    return _from_arrays(Path(path), mesh, surface, numbering), warnings


def _from_json(path: Path, mesh: Mesh, surface: Surface, numbering: str | None) -> LabelledJaw:
    content = read_teeth3ds_json(path)
    values = content["labels"]
    if len(values) == len(mesh.file_vertex):
        of_vertex = np.zeros(len(mesh.vertices), np.int64)
        of_vertex[mesh.file_vertex] = values
    elif len(values) == len(mesh.vertices):  # an STL labelled by a tool that welds its corners on loading
        of_vertex = values
    else:
        raise InputError(
            f"'{path}' has labels for {len(values):,} vertices, but '{mesh.name}' has {len(mesh.file_vertex):,}: "
            "give the mesh the labels were made for."
        )
    fdi = _as_fdi(of_vertex, f"'{path}'", numbering, universal_first=False)
    return _of_vertices(mesh, surface, fdi, content["jaw"], path.name)


def labels_on(jaw: LabelledJaw, path: str | os.PathLike[str], numbering: str | None = None) -> LabelledJaw:
    """The labels of a Teeth3DS JSON on the mesh of an already labelled jaw. Raises InputError as reading does."""
    return _from_json(Path(path), jaw.mesh, jaw.surface, numbering)


def _from_arrays(path: Path, mesh: Mesh, surface: Surface, numbering: str | None) -> LabelledJaw:
    for names, universal in ((_FDI_FIRST, False), (_UNIVERSAL_FIRST, True)):
        for data, kind in ((mesh.point_data, "points"), (mesh.cell_data, "cells")):
            name = _array_name(data, names)
            if name is None:
                continue
            source = f"'{path}' (array {name} of its {kind})"
            fdi = _as_fdi(data[name], source, numbering, universal)
            if kind == "points":
                return _of_vertices(mesh, surface, fdi, None, name)
            return _of_cells(mesh, surface, fdi, name)
    raise InputError(
        f"'{path}' has no tooth labels: give a VTP or PLY with an array FDI, Label, UniversalID or PredictedID, "
        "or the labels in a Teeth3DS JSON file."
    )


def holds_labels(mesh: Mesh) -> bool:
    """Whether a mesh has an array that is called as tooth labels are."""
    names = _FDI_FIRST + _UNIVERSAL_FIRST
    return any(_array_name(data, names) is not None for data in (mesh.point_data, mesh.cell_data))


def _array_name(data: Mapping[str, np.ndarray], names: tuple[str, ...]) -> str | None:
    known = {name.lower(): name for name, values in data.items() if np.ndim(values) == 1}
    return next((known[name] for name in names if name in known), None)


def _as_fdi(values: np.ndarray, source: str, numbering: str | None, universal_first: bool) -> np.ndarray:
    """(N,) uint8 FDI numbers of stored values; InputError where they are no teeth."""
    values = np.asarray(values)
    if not np.isfinite(values).all() or (values != np.rint(values)).any() or values.min(initial=0) < 0:
        raise InputError(f"{source} holds values that are no tooth numbers: FDI (11 to 85) or Universal (1 to 32).")
    present = np.unique(values.astype(np.int64))
    teeth = present[(present != 0) & (present != UNIVERSAL_GINGIVA)]
    is_fdi = all(dentition.is_tooth(int(v)) for v in present[present != 0])
    is_universal = bool((teeth <= 32).all())
    if numbering is None:
        gum_is_33 = UNIVERSAL_GINGIVA in present and 0 not in present
        likely = ("universal", "fdi") if (universal_first and not (is_fdi and 0 in present)) else ("fdi", "universal")
        if gum_is_33 and is_universal:
            likely = ("universal", "fdi")
        fits = {"fdi": is_fdi, "universal": is_universal and (universal_first or UNIVERSAL_GINGIVA in present)}
        numbering = next((name for name in likely if fits[name]), None)
    elif not (is_fdi if numbering == "fdi" else is_universal):
        numbering = None
    if numbering is None:
        shown = ", ".join(str(v) for v in teeth[:8]) + (" ..." if len(teeth) > 8 else "")
        raise InputError(
            f"{source} holds the values {shown}, which are neither FDI numbers nor Universal numbers with gum 33: "
            "convert them, or state --numbering universal."
        )
    table = np.zeros(int(present.max(initial=0)) + 1, np.uint8)
    for value in teeth.tolist() + ([UNIVERSAL_GINGIVA] if numbering == "fdi" and UNIVERSAL_GINGIVA in present else []):
        table[value] = value if numbering == "fdi" else dentition.universal_to_fdi(value)
    return table[values.astype(np.int64)]


def _of_vertices(mesh: Mesh, surface: Surface, fdi: np.ndarray, jaw: str | None, source: str) -> LabelledJaw:
    kept = surface.of_vertex >= 0
    on_surface = np.zeros(len(surface.vertices), np.uint8)
    on_surface[surface.of_vertex[kept]] = fdi[kept]
    return LabelledJaw(mesh, surface, on_surface, labels_of_faces(on_surface, surface.faces), jaw, source)


def _of_cells(mesh: Mesh, surface: Surface, fdi: np.ndarray, source: str) -> LabelledJaw:
    kept = surface.of_face >= 0
    on_faces = np.zeros(len(surface.faces), np.uint8)
    on_faces[surface.of_face[kept]] = fdi[kept]
    on_vertices = most_of_vertex(surface.faces, on_faces, len(surface.vertices))
    return LabelledJaw(mesh, surface, on_vertices, on_faces, None, source)


def most_of_vertex(faces: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """(count,) uint8: the label most faces around each vertex have; the smaller one wins a draw."""
    present, compact = np.unique(labels, return_inverse=True)
    most = labels_of_vertices(compact.ravel(), faces, np.ones(len(faces)), count)
    return present[most].astype(np.uint8)


# ---------------------------------------------------------------- written


class LabelledSurface(Protocol):
    """What is numbered, as `ios.segmenting.JawSegmentation`: fdi, instance (W,) and face_fdi (G,) of the surface."""

    @property
    def surface(self) -> Surface: ...

    @property
    def fdi(self) -> np.ndarray: ...

    @property
    def face_fdi(self) -> np.ndarray: ...

    @property
    def instance(self) -> np.ndarray: ...


@dataclass(frozen=True)
class LabelsOnFile:
    """Tooth numbers on the mesh as its file has it.

    Triangles with a corner that is no number are left out of the meshes written; such corners lie in the middle, used
    by nothing, so that every index stays that of the file.
    """

    vertices: np.ndarray  # (V, 3) file coordinates
    faces: np.ndarray  # (F', 3)
    fdi: np.ndarray  # (V,)
    face_fdi: np.ndarray  # (F',)
    file_fdi: np.ndarray  # (Vf,) per vertex of the file, STL corners too
    file_instance: np.ndarray
    colours: np.ndarray | None = None  # (V, 3) uint8 as scanned

    def write(self, path: Path, write: LabelWriter) -> Path:
        """Write the mesh with its labels by the writer of a format."""
        return write(path, self.vertices, self.faces, self.fdi, self.face_fdi, self.colours)


def labels_on_file(mesh: Mesh, jaw: LabelledSurface) -> LabelsOnFile:
    """The labels of a mesh's clean surface on the mesh itself."""
    # index -1 (dropped from the surface) finds the appended 0
    fdi = np.append(np.asarray(jaw.fdi), 0).astype(np.uint8)[jaw.surface.of_vertex]
    face_fdi = np.append(np.asarray(jaw.face_fdi), 0).astype(np.uint8)[jaw.surface.of_face]
    instance = np.append(np.where(np.asarray(jaw.fdi) > 0, jaw.instance, 0), 0)[jaw.surface.of_vertex]
    vertices, faces = mesh.vertices, mesh.faces
    finite = np.isfinite(vertices).all(1)
    if not finite.all():
        vertices = np.where(finite[:, None], vertices, vertices[finite].mean(0))
        kept = finite[faces].all(1)
        faces, face_fdi = faces[kept], face_fdi[kept]
    return LabelsOnFile(vertices, faces, fdi, face_fdi, fdi[mesh.file_vertex], instance[mesh.file_vertex], mesh.colours)


def write_labelled_mesh(path: str | os.PathLike[str], mesh: Mesh, jaw: LabelledSurface) -> Path:
    """Write a mesh with its labels, as a run does.

    Parameters
    ----------
    path : path
        .vtp gets arrays, .ply colours and a property.
    mesh : Mesh
        As its file has it.
    jaw : LabelledSurface
        The labels on its clean surface.

    Raises
    ------
    InputError
        For a suffix whose format holds no labels.
    OutputError
        For everything the disk refuses.
    """
    path = Path(path)
    kind = format_of_name(path)
    if kind is None or kind.write_labelled is None:
        able = " or ".join(sorted((k.suffix for k in FORMATS if k.write_labelled), reverse=True))
        raise UsageError(f"'{destination(path)}' must end in {able}: other mesh formats hold no labels.")
    return labels_on_file(mesh, jaw).write(path, kind.write_labelled)
