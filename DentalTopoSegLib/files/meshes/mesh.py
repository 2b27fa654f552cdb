"""What a scan mesh is: as the file has it (Mesh), and as it is computed on (Surface)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .geometry import areas_of, face_crosses, normals_around

#: What the arrays of vertices' colours are called, as in PLY.
COLOURS = ("red", "green", "blue")
#: Of all arrays of a file together.
MAX_DATA_BYTES = 1_000_000_000


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
        The scalar arrays of VTP and PLY by name, (V,) and (F,); those of colours also of OBJ and 3Shape's files.
    unit : str, optional
        That of the coordinates ("mm"), where the format has but one.
    """

    vertices: np.ndarray
    faces: np.ndarray
    name: str
    file_vertex: np.ndarray
    point_data: dict[str, np.ndarray] = field(default_factory=dict)
    cell_data: dict[str, np.ndarray] = field(default_factory=dict)
    unit: str | None = None

    @property
    def colours(self) -> np.ndarray | None:
        """(V, 3) uint8 red, green and blue of the vertices as scanned; None where the file has none."""
        found = [self.point_data.get(name) for name in COLOURS]
        channels = [channel for channel in found if channel is not None and channel.dtype == np.uint8]
        return np.stack(channels, axis=1) if len(channels) == len(COLOURS) else None


@dataclass(frozen=True)
class Surface:
    """A mesh made fit for computing: millimetres, equal points welded, only valid triangles.

    Parameters
    ----------
    vertices : ndarray
        (W, 3) float64 mm, on the file's axes (only scaled), each used by a face.
    faces : ndarray
        (G, 3) int32, none degenerate, none twice; neighbours run the same way round wherever that is possible.
    scale : float
        File unit -> mm.
    of_vertex : ndarray
        (V,) int32, Mesh vertex -> Surface vertex, -1 where dropped (unused, not a number or far away).
    of_face : ndarray
        (F,) int32, Mesh face -> Surface face, -1 where dropped; a duplicate maps to the face kept.
    """

    vertices: np.ndarray
    faces: np.ndarray
    scale: float
    of_vertex: np.ndarray
    of_face: np.ndarray

    @cached_property
    def crosses(self) -> np.ndarray:
        """(G, 3) normals of the faces as they turn, each twice as long as its face has mm^2."""
        return face_crosses(self.vertices, self.faces)

    @cached_property
    def areas(self) -> np.ndarray:
        """(G,) mm^2 of the faces."""
        return areas_of(self.crosses)

    @cached_property
    def normals(self) -> np.ndarray:
        """(W, 3) unit normals of the vertices as the faces turn, outward unless the scan is inside out."""
        return normals_around(self.crosses, self.faces, len(self.vertices))


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
    unit: str | None = None


class Problem(Exception):  # noqa: N818 - internal; read_mesh turns it into an InputError
    """Why a file cannot be used: the rest of a sentence that begins with the file's name."""


class TooMuch(Problem):
    """The same, for files beyond what bounded memory allows.

    Parameters
    ----------
    what : str
        What the file has.
    bound : int or str
        What fits.
    """

    def __init__(self, what: str, bound: int | str) -> None:
        if isinstance(bound, int):
            bound = f"{bound / 1e6:.0f} million" if bound >= 1_000_000 else f"{bound:,}"
        super().__init__(f"{what}, more than the {bound} that fit in bounded memory")


def require_bounded_triangles(sizes: np.ndarray, max_faces: int) -> None:
    """Refuse polygons or strips of so many corners (P,) before they become triangles. Raises TooMuch."""
    count = int(np.maximum(sizes.astype(np.int64, copy=False) - 2, 0).sum())
    if count > max_faces:
        raise TooMuch(f"has {count:,} triangles", max_faces)


def of_triangles(cell_data: Mapping[str, np.ndarray], cell: np.ndarray) -> dict[str, np.ndarray]:
    """Values of cells as those of their triangles; `cell`: (T,) the cell of each. Raises TooMuch.

    One polygon of many corners has many triangles: its few values may become too many.
    """
    size = len(cell) * sum(values.itemsize for values in cell_data.values())
    if size > MAX_DATA_BYTES:
        raise TooMuch(f"has {size / 1e6:,.0f} MB of values at its triangles", f"{MAX_DATA_BYTES / 1e6:,.0f} MB")
    return {name: values[cell] for name, values in cell_data.items()}


def coordinates(vertices: np.ndarray) -> np.ndarray:
    """Little-endian float32 where that loses nothing (all that comes from STL), else float64."""
    single = np.asarray(vertices, "<f4")
    return single if np.array_equal(single, vertices, equal_nan=True) else np.asarray(vertices, "<f8")
