"""3Shape's meshes (HPS, called .dcm) in, through the optional package open3sdcm, which also knows those with a key.

The package is compiled and believes what a file says of itself. So the XML is looked through first: no document types,
one surface, counts within bounds that fit the bytes that are there; and what comes back is held against the counts, and
against the check sum that files with a key carry.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError
from ..hps import is_hps
from ..native_words import silenced
from ..packages import Package
from .mesh import COLOURS, Parsed, Problem, TooMuch
from .xml_tree import Node, parse

OPEN3SDCM = Package(
    "open3sdcm>=1.1.4",
    "threeshape",
    "reads scans in 3Shape's own format",
    "is a scan in 3Shape's own format (HPS), no DICOM. To read it needs",
    1,
    ', or export it as STL, PLY or OBJ in 3Shape\'s software ("Export scans").',
)
#: 3Shape's scanners give some 500,000 at most, and what the package does grows faster than their number.
MAX_FACES = 3_000_000
#: Of the picture that holds the colours.
_MAX_PIXELS = 120_000_000
_POINT_BYTES = 12
_SCHEMES = ("CA", "CB", "CC", "CE")
_WITH_KEY = "CE"
_WHITE = re.compile(rb"[ \r\n]+")
_DAMAGED = "is a damaged 3Shape file ({reason}): copy or export it again."
_LOCKED = "is a 3Shape file locked with a key not known here: export it as STL, PLY or OBJ in 3Shape's software."
_WITHOUT_COLOURS = "The scan's colours could not be read ({reason}); its shape is as in the file."


@dataclass(frozen=True)
class _Announced:
    """What the file says of its surface: counts, and the check sum of its points' bytes where there is one."""

    points: int
    faces: int
    check: int | None
    scheme: str


def holds(head: bytes, size: int) -> bool:
    """Whether this is the beginning of a mesh of 3Shape's."""
    return is_hps(head)


def read_file(path: Path, data: bytes, max_faces: int) -> Parsed:
    """Points and triangles of 3Shape's mesh in the order of the file, with colours where it has a picture of them.

    Parameters
    ----------
    path : Path
        The file, which the package opens itself.
    data : bytes
        Its content.
    max_faces : int
        More are refused before they are read.

    Raises
    ------
    Problem
        For what is damaged, locked, or no single surface; and where the package is absent.
    """
    announced = _look_through(data, min(max_faces, MAX_FACES))
    try:
        package = OPEN3SDCM.require()
    except InputError as error:
        raise Problem(f"{OPEN3SDCM.needs} {OPEN3SDCM.absent}") from error
    try:
        with silenced():
            mesh = package.load(path)
    except (RuntimeError, ValueError, TypeError) as error:  # all it knows
        raise Problem(_DAMAGED.format(reason="its surface cannot be decoded")) from error
    vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
    _require_as_announced(announced, vertices, faces)
    point_data, warnings = _colours(mesh, faces, len(vertices))
    return Parsed(vertices.astype(np.float64), faces.astype(np.int64), point_data, warnings=warnings, unit="mm")


def _look_through(data: bytes, max_faces: int) -> _Announced:
    root = parse(data, ("Schema", "Vertices", "Facets"), _DAMAGED)
    surfaces = list(root.below("Binary_data"))
    if root.tag != "HPS" or len(surfaces) != 1:
        raise Problem(_DAMAGED.format(reason=f"it has {len(surfaces)} blocks with a surface"))
    points, facets = (list(surfaces[0].below(tag)) for tag in ("Vertices", "Facets"))
    if len(points) != 1 or len(facets) != 1:
        raise Problem(
            f"is a 3Shape file with {max(len(points), len(facets))} surfaces, of which there must be one: export the "
            "jaw as STL, PLY or OBJ."
        )
    scheme = "".join(text for node in root.below("Schema") for text in node.text)
    if scheme not in _SCHEMES:
        raise Problem(f"is a 3Shape file of a kind not known here ('{scheme[:20]}'): export it as STL, PLY or OBJ.")
    vertex_count, face_count = _whole(points[0], "vertex_count"), _whole(facets[0], "facet_count")
    if face_count > max_faces:
        raise TooMuch(f"announces {face_count:,} triangles", max_faces)
    if vertex_count > 3 * max_faces:
        raise TooMuch(f"announces {vertex_count:,} points", 3 * max_faces)
    if not face_count:
        raise Problem("is an empty mesh (no triangles): export the scan again.")
    held = _decoded_size(points[0], vertex_count * _POINT_BYTES), _decoded_size(facets[0], 0)
    if held[0] < vertex_count * _POINT_BYTES:
        raise Problem(
            f"is cut short: it announces {vertex_count:,} points, but holds only {held[0] // _POINT_BYTES:,}. "
            "Copy or export it again."
        )
    if held[1] < face_count:  # every triangle takes a byte or more
        raise Problem(
            f"is cut short: it announces {face_count:,} triangles, but they are not all there. Copy it again."
        )
    _require_bounded_pictures(root, len(data))
    check = points[0].attributes.get("check_value", "")
    return _Announced(vertex_count, face_count, int(check) if check.isascii() and check.isdigit() else None, scheme)


def _decoded_size(node: Node, expected: int) -> int:
    """How many bytes the base64 text of an element holds, which the package reserves as the element says."""
    text = _WHITE.sub(b"", "".join(node.text).encode())
    announced = _whole(node, "base64_encoded_bytes")
    try:
        held = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError) as error:
        raise Problem(_DAMAGED.format(reason=f"{node.tag} is no base64")) from error
    if announced > max(len(text), expected):
        raise Problem(_DAMAGED.format(reason=f"{node.tag} is shorter than it says"))
    return held


def _require_bounded_pictures(root: Node, size: int) -> None:
    """The package reserves what the elements of colours announce."""
    for tag in ("PerVertexTextureCoord", "TextureImage"):
        for node in root.below(tag):
            if "Base64EncodedBytes" in node.attributes and _whole(node, "Base64EncodedBytes") > size:
                raise Problem(_DAMAGED.format(reason=f"{tag} is shorter than it says"))


def _whole(node: Node, key: str) -> int:
    value = node.attributes.get(key, "").strip()
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise Problem(_DAMAGED.format(reason=f"{key} of {node.tag} is '{value[:20]}'"))
    return int(value)


def _require_as_announced(announced: _Announced, vertices: np.ndarray, faces: np.ndarray) -> None:
    if len(vertices) == announced.points and announced.check is not None:
        found = zlib.adler32(np.ascontiguousarray(vertices, "<f4").tobytes()).to_bytes(4, "little")
        if int.from_bytes(found, "big") != announced.check:
            locked = announced.scheme == _WITH_KEY
            raise Problem(_LOCKED if locked else _DAMAGED.format(reason="its points do not have their check sum"))
    if len(vertices) != announced.points or len(faces) != announced.faces:
        reason = (
            f"{len(vertices):,} points and {len(faces):,} triangles of {announced.points:,} and {announced.faces:,}"
        )
        raise Problem(_DAMAGED.format(reason=reason))


def _colours(mesh: Any, faces: np.ndarray, count: int) -> tuple[dict[str, np.ndarray], tuple[str, ...]]:
    """The points' colours out of the picture, by the names that PLY has for them; and what there is to say."""
    picture, corners = mesh.texture, mesh.uv
    if picture is None or corners is None or int(faces.max()) >= count:
        return {}, ()
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(picture)) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                return {}, (_WITHOUT_COLOURS.format(reason="their picture is too large"),)
            pixels = np.asarray(opened.convert("RGB"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return {}, (_WITHOUT_COLOURS.format(reason="their picture is damaged"),)
    corners = np.asarray(corners, np.float64)
    known = np.isfinite(corners).all(axis=1)
    height, width = pixels.shape[:2]
    column, row = (np.clip(corners[known] * (width, height), 0, (width - 1, height - 1))).astype(np.int64).T
    colours = np.full((count, 3), 255, np.uint8)
    colours[faces.ravel()[known]] = pixels[row, column]
    return {name: colours[:, i] for i, name in enumerate(COLOURS)}, ()
