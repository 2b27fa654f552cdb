"""The kinds of mesh files: a new one is an entry of `FORMATS`, with the module that knows it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import hps, obj, ply, stl, vtp
from .foreign import foreign_kind
from .labelled import LabelWriter, write_labelled_ply, write_labelled_vtp
from .mesh import Parsed

#: So much of a file is looked at to tell its kind.
LOOK_BYTES = 1 << 20


@dataclass(frozen=True)
class MeshFormat:
    """One kind of mesh file.

    Parameters
    ----------
    name : str
        What people call it.
    suffix : str
        In lower case, with the dot.
    holds : callable
        `holds(head, size)`: whether a file of `size` bytes that begins with these is of this kind for certain.
    read : callable, optional
        `read(content, max_faces)`: the mesh; raises `mesh.Problem`.
    read_file : callable, optional
        `read_file(path, content, max_faces)` instead, for a kind that a package opens by itself.
    write_labelled : callable, optional
        A `LabelWriter`; None for a kind that holds no labels.
    own_suffix : bool
        Whether the suffix is for nothing else. 3Shape's is DICOM's: there the content tells.
    """

    name: str
    suffix: str
    holds: Callable[[bytes, int], bool]
    read: Callable[[bytes, int], Parsed] | None = None
    read_file: Callable[[Path, bytes, int], Parsed] | None = None
    write_labelled: LabelWriter | None = None
    own_suffix: bool = True

    def parse(self, path: Path, content: bytes, max_faces: int) -> Parsed:
        """The mesh of a file with this content. Raises `mesh.Problem`."""
        if self.read_file is not None:
            return self.read_file(path, content, max_faces)
        if self.read is None:
            raise NotImplementedError(f"{self.name} has no reader")
        return self.read(content, max_faces)


STL = MeshFormat("STL", ".stl", stl.holds, stl.read)
VTP = MeshFormat("VTP", ".vtp", vtp.holds, vtp.read, write_labelled=write_labelled_vtp)
FORMATS = (
    STL,
    MeshFormat("PLY", ".ply", ply.holds, ply.read, write_labelled=write_labelled_ply),
    MeshFormat("OBJ", ".obj", obj.holds, obj.read),
    VTP,
    MeshFormat("3Shape", ".dcm", hps.holds, read_file=hps.read_file, own_suffix=False),
)
_OWN = tuple(kind for kind in FORMATS if kind.own_suffix)
#: Those that are for nothing else.
MESH_SUFFIXES = tuple(kind.suffix for kind in _OWN)
#: What every program can export, for sentences.
KINDS = ", ".join(kind.name for kind in _OWN[:-1]) + f" or {_OWN[-1].name}"


def format_of_name(path: str | os.PathLike[str]) -> MeshFormat | None:
    """The kind that the suffix stands for, None for one that is not known or is also for other files."""
    suffix = Path(path).suffix.lower()
    return next((kind for kind in _OWN if kind.suffix == suffix), None)


def format_of_content(head: bytes, size: int) -> MeshFormat | None:
    """The kind that a file of `size` bytes is by its beginning, None where that does not tell for certain."""
    return next((kind for kind in FORMATS if kind.holds(head, size)), None)


def is_mesh_file(path: str | os.PathLike[str]) -> bool:
    """True for what is to be read, or refused, as a mesh: a file with a mesh's suffix, or one with a mesh's content."""
    path = Path(path)
    if os.path.isdir(path):
        return False
    if format_of_name(path) is not None:
        return True
    try:
        if not os.path.isfile(path):  # a pipe or a device may never end
            return False
        with path.open("rb") as stream:
            head = stream.read(LOOK_BYTES)
            size = stream.seek(0, os.SEEK_END)
    except OSError:
        return False  # the reader will say what is wrong with it
    if format_of_content(head, size) is not None:
        return True
    foreign = foreign_kind(head, path.suffix.lower())
    return foreign is not None and foreign.mesh
