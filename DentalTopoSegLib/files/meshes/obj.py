"""Wavefront OBJ in: points in the file's order, never split at texture seams, polygons fanned into triangles."""

from __future__ import annotations

import io
import re

import numpy as np

from .geometry import fan
from .mesh import COLOURS, Parsed, Problem, TooMuch
from .text import BadNumber, describe, floats, integers, is_text, require_short_lines, take_lines

_CHUNK_LINES = 1 << 16
_POINT_LINE = re.compile(rb"^[ \t]*v[ \t]+[-+.\d]", re.MULTILINE)
_TEXTURE_AND_NORMAL = re.compile(rb"/[^\s]*")
_WIDTHS = (4, 5, 7, 8)  # the word "v" with x y z, and w or red green blue (alpha)
_WITH_COLOUR = 7
# Every keyword of the format and of the common extensions: anything else means that this is no OBJ file.
_IGNORED = frozenset(
    b"vt vn vp l p o g s mg mtllib usemtl maplib usemap curv curv2 surf parm trim hole scrv sp end con cstype deg bmat "
    b"step bevel c_interp d_interp lod shadow_obj trace_obj ctech stech call csh vc usemat xf bzp cdc cdp res".split()
)


def holds(head: bytes, size: int) -> bool:
    """Whether this is the beginning of an OBJ file: text with a line that states a point."""
    return is_text(head) and _POINT_LINE.search(head) is not None


def read(data: bytes, max_faces: int) -> Parsed:
    """Points and triangles of an OBJ file. Raises Problem, naming the line."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    if b"\\" in data:
        data = re.sub(rb"\\\r?\n", b" ", data)  # a line continued on the next
    require_short_lines(data)
    lines = map(bytes.strip, io.BytesIO(data))
    points, colours, triangles, point_count, face_count, line_count = [], [], [], 0, 0, 0
    while chunk := take_lines(lines, _CHUNK_LINES):
        try:
            here = [line for line in chunk if line[:2] in (b"v ", b"v\t")]
            _require_known(chunk)
            if here:
                places, tints = _points(here)
                points.append(places)
                colours.append(tints)
            faces = _faces(chunk, point_count)
        except BadNumber as error:
            raise Problem(describe(error.word, line_count + _find(chunk, error.word))) from error
        triangles.append(faces)
        point_count += len(here)
        face_count += len(faces)
        line_count += len(chunk)
        if point_count > 3 * max_faces:
            raise TooMuch(f"has {point_count:,} points or more", 3 * max_faces)
        if face_count > max_faces:
            raise TooMuch(f"has {face_count:,} triangles or more", max_faces)
    return Parsed(
        np.concatenate(points) if points else np.zeros((0, 3)),
        np.concatenate(triangles) if triangles else np.zeros((0, 3), np.int64),
        _colours(colours),
    )


def _colours(parts: list[np.ndarray | None]) -> dict[str, np.ndarray]:
    """The points' colours by the names that PLY has for them, where every point has one: parts of 1 or of 255."""
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return {}
    values = np.nan_to_num(np.concatenate(known))
    whole = values.max(initial=0) > 1
    return {name: np.clip(np.rint(values[:, i] * (1 if whole else 255)), 0, 255).astype(np.uint8)
            for i, name in enumerate(COLOURS)}  # fmt: skip


def _find(chunk: list[bytes], word: bytes) -> int:
    return next((i for i, line in enumerate(chunk, start=1) if word in line.replace(b"/", b" ").split()[1:]), 1)


def _require_known(chunk: list[bytes]) -> None:
    others = (line for line in chunk if line and line[:2] not in (b"v ", b"f ", b"v\t", b"f\t") and line[:1] != b"#")
    for word in {line.split(None, 1)[0] for line in others} - _IGNORED:
        shown = word[:24].decode("utf-8", "replace")
        raise Problem(f"is no OBJ file, or a damaged one: a line begins with '{shown}'. Copy or export it again.")


def _points(lines: list[bytes]) -> tuple[np.ndarray, np.ndarray | None]:
    """(n, 3) coordinates in some lines, and (n, 3) colours where all of them have one."""
    words = b" ".join(lines).split()
    width, rest = divmod(len(words), len(lines))
    if not rest and width in _WIDTHS and set(words[::width]) == {b"v"}:
        columns = [floats(words[axis::width]) for axis in range(1, width)]
        return np.stack(columns[:3], axis=1), np.stack(columns[-3:], axis=1) if width == _WITH_COLOUR else None
    rows = [line.split() for line in lines]  # points with and without colours
    for row in rows:
        if len(row) not in _WIDTHS:
            shown = b" ".join(row)[:40].decode("utf-8", "replace")
            raise Problem(f"is damaged: the point '{shown}' does not have three coordinates. Copy or export it again.")
    return floats([word for row in rows for word in row[1:4]]).reshape(-1, 3), None


def _faces(chunk: list[bytes], points_before: int) -> np.ndarray:
    """(n, 3) int64 from 0: the faces in some lines; those of a file count from 1, or backwards if negative."""
    lines = [line for line in chunk if line[:2] in (b"f ", b"f\t")]
    if not lines:
        return np.zeros((0, 3), np.int64)
    text = b" ".join(lines)
    words = (_TEXTURE_AND_NORMAL.sub(b"", text) if b"/" in text else text).split()
    if len(words) == 4 * len(lines) and set(words[::4]) == {b"f"}:
        sizes = np.full(len(lines), 3)
        corners = integers([word for k in (1, 2, 3) for word in words[k::4]]).reshape(3, -1).T.ravel()
    else:
        sizes = np.array([len(line.split()) - 1 for line in lines])
        corners = integers([word for word in words if word != b"f"])
        if len(corners) != sizes.sum() or (sizes < 3).any():
            raise Problem("is damaged: a face does not have three or more points. Copy or export it again.")
    if not corners.all():
        raise Problem("is damaged: a face uses point 0, but an OBJ file counts from 1. Export it again.")
    if (corners < 0).any():
        seen = np.cumsum([line[:2] in (b"v ", b"v\t") for line in chunk]) + points_before
        at_face = seen[[line[:2] in (b"f ", b"f\t") for line in chunk]]
        corners = np.where(corners < 0, corners + np.repeat(at_face, sizes), corners - 1)
    else:
        corners = corners - 1
    return fan(corners, sizes)[0]
