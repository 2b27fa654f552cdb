"""Files people hand over that are no mesh read here: told by their first bytes or name, and what to do with them."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass

_EXPORT = "export it as {kinds}."
_GIVE = "give the intraoral scan as {kinds}."
_UNPACK = "unpack it first."
_MODEL_OF_3MF = re.compile(rb"3D/[^/]{1,80}\.model", re.IGNORECASE)


@dataclass(frozen=True)
class Foreign:
    """A kind of file that is not read.

    what: the rest of a sentence "'x' is ...". how: what to do. holds: whether a file that begins so is of this kind.
    suffixes: of files that are of this kind where their beginning does not say another. mesh: whether it holds
    surfaces or points, so that it was given as an intraoral scan and for no volume.
    """

    what: str
    how: str
    holds: Callable[[bytes], object] | None = None
    suffixes: tuple[str, ...] = ()
    mesh: bool = True


def _begins(*words: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(words)


def _matches(pattern: bytes) -> Callable[[bytes], object]:
    return re.compile(pattern).match


_POINTS = "a point cloud, without triangles"
KINDS = (
    Foreign(
        "a 3MF file", _EXPORT, lambda head: head.startswith(b"PK\x03\x04") and _MODEL_OF_3MF.search(head), (".3mf",)
    ),
    Foreign("a zip archive", "unpack it, or give {kinds}.", _begins(b"PK\x03\x04"), mesh=False),
    Foreign("compressed (gzip)", _UNPACK, _begins(b"\x1f\x8b"), mesh=False),
    Foreign("a 7z archive", _UNPACK, _begins(b"7z\xbc\xaf"), mesh=False),
    Foreign("a RAR archive", _UNPACK, _begins(b"Rar!"), mesh=False),
    Foreign("a glTF file", _EXPORT, _begins(b"glTF"), (".glb", ".gltf")),
    Foreign("an OFF file", _EXPORT, _matches(rb"\s*(ST)?C?N?4?n?OFF\b"), (".off", ".coff")),
    Foreign("a VRML file", _EXPORT, _begins(b"#VRML"), (".wrl", ".vrml")),
    Foreign("an X3D file", _EXPORT, suffixes=(".x3d", ".x3db", ".x3dv")),
    Foreign("a Collada file", _EXPORT, suffixes=(".dae",)),
    Foreign("an FBX file", _EXPORT, _begins(b"Kaydara FBX Binary"), (".fbx",)),
    Foreign("an OpenCTM file", _EXPORT, _begins(b"OCTM"), (".ctm",)),
    Foreign("an AMF file", _EXPORT, suffixes=(".amf",)),
    Foreign("a 3DS file", _EXPORT, suffixes=(".3ds",)),
    Foreign("a file of Blender", _EXPORT, _begins(b"BLENDER"), (".blend",)),
    Foreign("a STEP file", _EXPORT, _begins(b"ISO-10303-21"), (".step", ".stp")),
    Foreign("an IGES file", _EXPORT, suffixes=(".iges", ".igs")),
    Foreign("a DXF file", _EXPORT, suffixes=(".dxf",)),
    Foreign(_POINTS, "export the scan as a surface ({kinds}).", suffixes=(".xyz", ".pts", ".pcd", ".e57")),
    Foreign(
        "a legacy VTK file",
        "save it as .vtp (VTK XML PolyData).",
        lambda head: head.startswith(b"# vtk DataFile") and re.search(rb"DATASET\s+(POLY|UNSTR)", head),
    ),
    Foreign("a legacy VTK file", "save it as .vtp (VTK XML PolyData).", _begins(b"# vtk DataFile"), mesh=False),
    Foreign("a volume (NRRD), not a surface mesh", _GIVE, _begins(b"NRRD"), mesh=False),
    Foreign("a DICOM file, not a surface mesh", _GIVE, lambda head: head[128:132] == b"DICM", mesh=False),
    Foreign("a picture, not a mesh", "give {kinds}.", _begins(b"\x89PNG", b"\xff\xd8\xff"), mesh=False),
    Foreign("a PDF, not a mesh", "give {kinds}.", _begins(b"%PDF"), mesh=False),
    Foreign(
        "text in UTF-16",
        "save it as UTF-8, or export the scan again ({kinds}).",
        _begins(codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
        mesh=False,
    ),
)


def foreign_kind(head: bytes, suffix: str) -> Foreign | None:
    """What a file that is no mesh read here is, by its beginning or else its suffix (lower case); None where neither
    is known."""
    of_content = (kind for kind in KINDS if kind.holds is not None and kind.holds(head))
    return next(of_content, None) or next((kind for kind in KINDS if suffix in kind.suffixes), None)
