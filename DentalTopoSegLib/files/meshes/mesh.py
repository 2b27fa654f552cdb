"""What a scan mesh is: as the file has it (Mesh), and as it is computed on (Surface)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .geometry import face_areas, vertex_normals


@dataclass(frozen=True)
class Mesh:
    """A mesh as its file has it: file order, file axes, file units; nothing dropped.

    Parameters
    ----------
    vertices : ndarray
        (V, 3) float64. PLY, OBJ, VTP: the file's points in the file's order, never merged. STL, which has no shared
        points: its corners welded where exactly equal, in order of first appearance.
    faces : ndarray
        (F, 3) int32, in file order; polygons of the file are fanned into triangles in place.
    name : str
        What results are called after.
    file_vertex : ndarray
        (Vf,) int32, file vertex -> row of `vertices` (STL: the 3F corners; else 0..V-1).
    point_data, cell_data : dict of ndarray
        The scalar arrays of VTP and PLY by name, (V,) and (F,); empty otherwise.
    """

    vertices: np.ndarray
    faces: np.ndarray
    name: str
    file_vertex: np.ndarray
    point_data: dict[str, np.ndarray] = field(default_factory=dict)
    cell_data: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class Surface:
    """A mesh made fit for computing: millimetres, equal points welded, only valid triangles.

    Parameters
    ----------
    vertices : ndarray
        (W, 3) float64 mm, on the file's axes (only scaled), each used by a face.
    faces : ndarray
        (G, 3) int32, none degenerate, none twice.
    scale : float
        File unit -> mm.
    of_vertex : ndarray
        (V,) int32, Mesh vertex -> Surface vertex, -1 where dropped (unused or not a number).
    of_face : ndarray
        (F,) int32, Mesh face -> Surface face, -1 where dropped; a duplicate maps to the face kept.
    """

    vertices: np.ndarray
    faces: np.ndarray
    scale: float
    of_vertex: np.ndarray
    of_face: np.ndarray

    @cached_property
    def areas(self) -> np.ndarray:
        """(G,) mm^2 of the faces."""
        return face_areas(self.vertices, self.faces)

    @cached_property
    def normals(self) -> np.ndarray:
        """(W, 3) unit normals of the vertices as the faces turn, outward unless the scan is inside out."""
        return vertex_normals(self.vertices, self.faces)


@dataclass(frozen=True)
class Parsed:
    """What a format's reader hands to `read_mesh`; shapes as in Mesh.

    `soup`: the vertices are three corners per face in order (STL), to be welded.
    """

    vertices: np.ndarray
    faces: np.ndarray
    point_data: dict[str, np.ndarray] = field(default_factory=dict)
    cell_data: dict[str, np.ndarray] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    soup: bool = False


class Problem(Exception):  # noqa: N818 - internal; read_mesh turns it into an InputError
    """Why a file cannot be used: the rest of a sentence that begins with the file's name."""


class TooMuch(Problem):
    """The same, for files beyond the size that bounded memory allows."""


def coordinates(vertices: np.ndarray) -> np.ndarray:
    """Little-endian float32 where that loses nothing (all that comes from STL), else float64."""
    single = np.asarray(vertices, "<f4")
    return single if np.array_equal(single, vertices, equal_nan=True) else np.asarray(vertices, "<f8")
