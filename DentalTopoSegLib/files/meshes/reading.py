"""Reading scan meshes: the format is told from the content, and whatever is no mesh is refused in one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ...errors import InputError, MemoryLimitError
from ..regular_files import may_not_be_read, require_regular_file
from ..volumes import safe_stem
from . import stl, vtp
from .foreign import foreign_kind
from .formats import KINDS, LOOK_BYTES, MESH_SUFFIXES, STL, VTP, MeshFormat, format_of_content
from .geometry import equal_rows
from .mesh import Mesh, Parsed, Problem, TooMuch
from .text import is_text

# A scanner's finest export has about 1 million triangles; ten times that still fits in 4 GB.
MAX_FACES = 10_000_000
MAX_BYTES = 2_000_000_000


def read_mesh(path: str | os.PathLike[str]) -> tuple[Mesh, list[str]]:
    """Read a scan mesh, whatever its suffix says.

    Parameters
    ----------
    path : path
        STL (binary or ASCII), PLY, OBJ, VTP, or 3Shape's .dcm (HPS).

    Returns
    -------
    mesh : Mesh
        In its file's order, axes and units.
    warnings : list of str
        In plain words.

    Raises
    ------
    InputError
        For everything that is no surface mesh.
    MemoryLimitError
        Above `MAX_FACES` triangles.
    """
    path = Path(path)
    data = _content(path)
    try:
        kind, parsed = _parse(path, data)
        del data
        _require_surface(parsed)
    except TooMuch as problem:
        raise MemoryLimitError(f"'{path}' {problem}: export it with fewer triangles.") from problem
    except Problem as problem:
        raise InputError(f"'{path}' {problem}") from problem
    except MemoryError as error:
        raise MemoryLimitError(
            f"'{path}' does not fit in this computer's memory: export it with fewer triangles."
        ) from error
    warnings = list(parsed.warnings)
    suffix = path.suffix.lower()
    if suffix != kind.suffix:
        shown = f"is called {suffix}" if suffix else "has no suffix"
        warnings.insert(0, f"The file {shown} but holds a mesh in {kind.name} format; it was read as {kind.name}.")
    return _mesh(parsed, mesh_stem(path)), warnings


def mesh_stem(path: str | os.PathLike[str]) -> str:
    """The name results are called after: the file's name without its suffix, safe on every file system."""
    name = safe_stem(path)
    stem, suffix = os.path.splitext(name)
    return (stem.strip(" .") or "scan") if suffix.lower() in MESH_SUFFIXES else name


def _content(path: Path) -> bytes:
    require_regular_file(path, f"one mesh file ({KINDS})")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise MemoryLimitError(
                f"'{path}' is {size / 1e9:.1f} GB, more than the {MAX_BYTES / 1e9:.0f} GB that fit in bounded memory: "
                "export it with fewer triangles, or as binary STL or PLY."
            )
        return path.read_bytes()
    except PermissionError as error:
        raise InputError(may_not_be_read(path)) from error
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror or error}): copy it again.") from error


def _parse(path: Path, data: bytes) -> tuple[MeshFormat, Parsed]:
    """The format found in the content, and the mesh."""
    head = data[:LOOK_BYTES]
    kind = format_of_content(head, len(data))
    if kind is not None:
        return kind, kind.parse(path, data, MAX_FACES)
    foreign = foreign_kind(head, path.suffix.lower())
    if foreign is not None:
        raise Problem(f"is {foreign.what}: {foreign.how.format(kinds=KINDS)}")
    if vtp.is_xml(head):
        return VTP, vtp.read(data, MAX_FACES)  # it knows what is wrong with it
    if is_text(head):
        raise Problem(f"is a text file, but holds no mesh: give {KINDS}.")
    if path.suffix.lower() == ".stl":
        return STL, _odd_binary_stl(data)
    raise Problem(f"is not a mesh this program can read: give {KINDS}.")


def _odd_binary_stl(data: bytes) -> Parsed:
    """A file called .stl that is neither text nor of the length its header announces."""
    if len(data) >= stl.HEADER_BYTES and not 0 < stl.triangle_count(data) <= 10 * MAX_FACES:
        raise Problem(f"is no STL file, or a damaged one: give the scan as {KINDS}.")
    return stl.read_binary(data, MAX_FACES)


def _require_surface(parsed: Parsed) -> None:
    count = len(parsed.vertices)
    if not len(parsed.faces):
        if count and not parsed.soup:
            raise Problem(
                f"is a point cloud: {count:,} points, but no triangles. Export the scan as a surface mesh ({KINDS})."
            )
        raise Problem("is an empty mesh (no triangles): export the scan again.")
    low, high = int(parsed.faces.min()), int(parsed.faces.max())
    if low < 0 or high >= count:
        raise Problem(
            f"is damaged: a triangle uses point {low if low < 0 else high:,}, but there are only {count:,} points. "
            "Copy or export it again."
        )


def _mesh(parsed: Parsed, name: str) -> Mesh:
    faces = parsed.faces.astype(np.int32, copy=False)
    if parsed.soup:
        first, of_corner = equal_rows(parsed.vertices)
        return Mesh(parsed.vertices[first], of_corner.reshape(-1, 3), name, of_corner)
    file_vertex = np.arange(len(parsed.vertices), dtype=np.int32)
    return Mesh(parsed.vertices, faces, name, file_vertex, parsed.point_data, parsed.cell_data, parsed.unit)
