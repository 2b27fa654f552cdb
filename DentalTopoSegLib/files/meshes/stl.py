"""STL: binary and ASCII in, binary out."""

from __future__ import annotations

import re

import numpy as np

from .geometry import face_normals
from .mesh import Parsed, Problem, TooMuch
from .text import BadNumber, describe, floats, is_text, start_of

HEADER_BYTES = 84
TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_CHUNK_BYTES = 1 << 20  # small enough for its words to stay in the cache
_WORDS = 21  # "facet normal . . . outer loop vertex . . . vertex . . . vertex . . . endloop endfacet"
_FIXED = {0: b"facet", 1: b"normal", 5: b"outer", 6: b"loop", 7: b"vertex", 11: b"vertex", 15: b"vertex"}
_FIXED |= {19: b"endloop", 20: b"endfacet"}
_COORDINATES = (8, 9, 10, 12, 13, 14, 16, 17, 18)
_FACET_OR_END = re.compile(rb"^[ \t\r\f\v]*facet\s+normal\b|endsolid", re.MULTILINE | re.IGNORECASE)
_SOLID_LINE = re.compile(rb"^[ \t\r\f\v]*(end[ \t]*)?solid\b[^\n]*", re.MULTILINE)
_HEADER = b"Binary STL, written by DentalTopoSeg".ljust(80)


def triangle_count(data: bytes) -> int:
    """How many triangles the header of a binary STL announces."""
    return int.from_bytes(data[80:HEADER_BYTES], "little")


def holds(head: bytes, size: int) -> bool:
    """Whether this is the beginning of an STL file of `size` bytes."""
    # binary first, because many binary STL files begin with "solid"
    return _is_exactly_binary(head, size) or (
        is_text(head) and start_of(head)[:5].lower() == b"solid" and _FACET_OR_END.search(head) is not None
    )


def read(data: bytes, max_faces: int) -> Parsed:
    """All triangles of an STL file, as the length or the text tells its kind. Raises Problem."""
    return (read_binary if _is_exactly_binary(data, len(data)) else read_ascii)(data, max_faces)


def _is_exactly_binary(head: bytes, size: int) -> bool:
    """Whether the size is what the header of a binary STL announces, to the byte."""
    return len(head) >= HEADER_BYTES and size == HEADER_BYTES + TRIANGLE.itemsize * triangle_count(head)


def read_binary(data: bytes, max_faces: int) -> Parsed:
    """All triangles of a binary STL; raises Problem where it is cut short."""
    if len(data) < HEADER_BYTES:
        raise Problem(f"is cut short: it has only {len(data)} bytes. Copy or export it again.")
    count, held = triangle_count(data), (len(data) - HEADER_BYTES) // TRIANGLE.itemsize
    if count > held:
        raise Problem(
            f"is cut short: its header announces {count:,} triangles, but it holds only {held:,}. "
            "Copy or export it again."
        )
    if count > max_faces:
        raise TooMuch(f"has {count:,} triangles", max_faces)
    corners = np.frombuffer(data, TRIANGLE, count, HEADER_BYTES)["corners"]
    extra = len(data) - HEADER_BYTES - count * TRIANGLE.itemsize
    warnings = (f"{extra:,} bytes after the last triangle of the STL file were ignored.",) if extra else ()
    return _soup(corners.astype(np.float64).reshape(-1, 3), warnings)


def read_ascii(data: bytes, max_faces: int) -> Parsed:
    """All triangles of an ASCII STL (any number of solids); raises Problem naming the line that is wrong."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    parts, faces, position = [], 0, 0
    while True:
        chunk = data[position : position + _CHUNK_BYTES].lower()
        end = chunk.rfind(b"endfacet")
        if end < 0:
            break
        end += len(b"endfacet")
        words = _without_solids(chunk[:end]).split()
        facets = len(words) // _WORDS
        if len(words) % _WORDS or any(set(words[k::_WORDS]) != {word} for k, word in _FIXED.items()):
            raise _wrong_line(data)
        faces += facets
        if faces > max_faces:
            raise TooMuch(f"has {faces:,} triangles or more", max_faces)
        try:
            columns = [floats(words[k::_WORDS]) for k in _COORDINATES]
        except BadNumber as error:
            raise _wrong_line(data) from error
        parts.append(np.stack(columns, axis=1).reshape(-1, 3))
        position += end
    rest = data[position : position + _CHUNK_BYTES].lower()
    if _without_solids(rest).strip() or len(data) - position > _CHUNK_BYTES:
        raise _wrong_line(data)
    warnings: tuple[str, ...] = ()
    if b"endsolid" not in rest and parts:
        warnings = ("The STL file ends without 'endsolid': it may have been cut short. Look whether all is there.",)
    return _soup(np.concatenate(parts) if parts else np.zeros((0, 3)), warnings)


def _without_solids(text: bytes) -> bytes:
    return _SOLID_LINE.sub(b"", text) if b"solid" in text else text


def _wrong_line(data: bytes) -> Problem:
    """What is wrong with an ASCII STL, found line by line (slow, only for the message)."""
    words: list[bytes] = []
    facets, place = 0, 0
    for number, line in enumerate(data.lower().split(b"\n"), start=1):
        if not words and _SOLID_LINE.match(line):
            continue
        for word in line.split():
            if place in _FIXED and word != _FIXED[place]:
                shown = word[:24].decode("utf-8", "replace")
                return Problem(
                    f"is no valid ASCII STL: line {number:,} has '{shown}' where '{_FIXED[place].decode()}' should "
                    "be. Export it again."
                )
            if place in _COORDINATES:
                try:
                    floats([word])
                except BadNumber:
                    return Problem(describe(word, number))
            place = (place + 1) % _WORDS
            facets += place == 0
            words = [word] if place else []
    return Problem(f"is cut short: it breaks off in the middle of triangle {facets + 1:,}. Copy or export it again.")


def _soup(corners: np.ndarray, warnings: tuple[str, ...]) -> Parsed:
    faces = np.arange(len(corners), dtype=np.int32).reshape(-1, 3)
    return Parsed(corners, faces, warnings=warnings, soup=True)


def to_bytes(vertices: np.ndarray, faces: np.ndarray, comment: str = "") -> bytes:
    """A binary STL of (V, 3) vertices and (F, 3) faces; the comment goes into its header."""
    triangles = np.zeros(len(faces), TRIANGLE)
    triangles["normal"] = face_normals(vertices, faces)
    triangles["corners"] = np.asarray(vertices, np.float32)[faces]
    header = (_HEADER.rstrip() + f" {comment}".encode("ascii") if comment else _HEADER)[:80].ljust(80)
    return header + len(faces).to_bytes(4, "little") + triangles.tobytes()
