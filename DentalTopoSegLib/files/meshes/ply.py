"""PLY: ASCII and binary of either byte order in, binary little-endian out.

Format: G. Turk, "The PLY Polygon File Format", 1994. A row of an element may hold lists of any length, so binary
elements are read with a fixed row type where all rows are alike (all triangles), row by row where they are not.
"""

from __future__ import annotations

import io
import itertools
import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .geometry import fan
from .mesh import Parsed, Problem, TooMuch, coordinates, of_triangles, require_bounded_triangles
from .text import BadNumber, describe, floats, require_short_lines

_HEADER_END = re.compile(rb"(?:^|[\r\n])end_header[ \t]*(\r\n|\n|\r)")
_MAX_HEADER = 1 << 22
_MAX_ELEMENTS = 100
_MAX_PROPERTIES = 1000
_NAMES = {"i1": "char", "u1": "uchar", "i2": "short", "u2": "ushort", "i4": "int", "u4": "uint"}
_NAMES |= {"f4": "float", "f8": "double"}
#: By the names of the format and by the newer ones (int8, float32).
_TYPES = {name: code for code, name in _NAMES.items()} | {np.dtype(code).name: code for code in _NAMES}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_FACE_LISTS = ("vertex_indices", "vertex_index")
_CHUNK_LINES = 1 << 16


@dataclass(frozen=True)
class _Property:
    name: str
    dtype: np.dtype
    count: np.dtype | None = None  # of a list: the type of its length


@dataclass
class _Element:
    name: str
    count: int
    properties: list[_Property]


@dataclass(frozen=True)
class _List:
    """A list property of all rows: `values` in a row and `sizes` (rows,)."""

    values: np.ndarray
    sizes: np.ndarray


def holds(head: bytes, size: int) -> bool:
    """Whether this is the beginning of a PLY file."""
    return re.match(rb"ply[ \t]*[\r\n]", head) is not None


def read(data: bytes, max_faces: int) -> Parsed:
    """Vertices and faces of a PLY file, with their scalar properties. Raises Problem."""
    order, elements, start = _header(data)
    _require_bounded(elements, max_faces)
    rows = _ascii_rows(data, start, elements) if order == "" else _binary_rows(data, start, elements)
    columns: dict[str, dict[str, np.ndarray | _List]] = {}
    for element, values in zip(elements, rows, strict=True):
        columns.setdefault(element.name, values)
    vertex, face = columns["vertex"], columns.get("face", {})
    axes = [along for axis in "xyz" if isinstance(along := vertex.get(axis), np.ndarray)]
    if len(axes) < 3:
        raise Problem("is a PLY file whose points have no x, y and z: export it again.")
    with np.errstate(invalid="ignore"):  # a signalling NaN of a damaged file; NaN is refused later
        points = np.stack([along.astype(np.float64) for along in axes], axis=1)
    corners = next((found for name in _FACE_LISTS if isinstance(found := face.get(name), _List)), None)
    if corners is None:
        if columns.get("tristrips"):
            raise Problem("stores its triangles as strips: export it as plain triangles.")
        return Parsed(points, np.zeros((0, 3), np.int32))
    require_bounded_triangles(corners.sizes, max_faces)
    triangles, polygon = fan(corners.values, corners.sizes)
    point_data = {k: v for k, v in vertex.items() if k not in "xyz" and isinstance(v, np.ndarray)}
    cell_data = of_triangles({k: v for k, v in face.items() if isinstance(v, np.ndarray)}, polygon)
    return Parsed(points, _whole(triangles), point_data, cell_data)


def _require_bounded(elements: list[_Element], max_faces: int) -> None:
    """Refuse what the header announces beyond all bounds, before any of it is read."""
    if len(elements) > _MAX_ELEMENTS or sum(len(element.properties) for element in elements) > _MAX_PROPERTIES:
        raise Problem(
            f"has a damaged PLY header (more than {_MAX_ELEMENTS:,} elements or {_MAX_PROPERTIES:,} properties): "
            "export it again."
        )
    for element in elements:
        bound = max_faces if element.name == "face" else 3 * max_faces
        if element.count > bound:
            raise TooMuch(f"announces {_count_text(element.count)} {_shown(element)}", bound)


def _shown(element: _Element) -> str:
    return {"vertex": "points", "face": "faces"}.get(element.name, f"'{element.name[:40]}' entries")


def _count_text(count: int) -> str:
    return f"{count:,}" if count < 1 << 63 else "far too many"


def _whole(indices: np.ndarray) -> np.ndarray:
    if indices.dtype.kind == "f":  # indices written as "3.0"
        if not (np.isfinite(indices) & (indices == np.rint(indices)) & (np.abs(indices) < 1 << 31)).all():
            raise Problem("is damaged: a triangle's point numbers are no whole numbers. Export it again.")
        return indices.astype(np.int64)
    return indices.astype(np.int64) if indices.dtype.kind == "u" else indices


def _header(data: bytes) -> tuple[str, list[_Element], int]:
    """Byte order ("" for ASCII), the elements, and where their data begins."""
    end = _HEADER_END.search(data, 0, _MAX_HEADER)
    if not end:
        raise Problem("is cut short: its PLY header has no end. Copy or export it again.")
    lines = data[: end.start()].decode("ascii", "replace").splitlines()
    order, elements = None, []
    for number, line in enumerate(lines[1:], start=2):
        words = line.split()
        try:
            match words:
                case [] | ["comment" | "obj_info", *_]:
                    continue
                case ["format", kind, _]:
                    order = _ORDERS[kind]
                case ["element", name, count] if count.isascii() and count.isdigit():
                    elements.append(_Element(name, int(count), []))
                case ["property", "list", count, kind, name]:
                    length = np.dtype((order or "<") + _TYPES[count])
                    if length.kind == "f":
                        raise KeyError(count)
                    elements[-1].properties.append(_Property(name, np.dtype((order or "<") + _TYPES[kind]), length))
                case ["property", kind, name]:
                    elements[-1].properties.append(_Property(name, np.dtype((order or "<") + _TYPES[kind])))
                case _:
                    raise KeyError(line)
        except (KeyError, IndexError, ValueError, TypeError):
            raise Problem(f"has a damaged PLY header (line {number}: '{line[:40]}'): export it again.") from None
    if order is None or not any(e.name == "vertex" for e in elements):
        raise Problem("has a damaged PLY header (no format or no points): export it again.")
    ending = end.end()
    if end.group(1) == b"\r\n" and b"\r\n" not in data[: end.start()]:
        ending -= 1  # old Mac line ends, and data that begins with a byte that looks like one
    return order, elements, ending


def _cut_short(element: _Element, rows: int) -> Problem:
    return Problem(
        f"is cut short: its header announces {element.count:,} {_shown(element)}, but it holds only {rows:,}. "
        "Copy or export it again."
    )


def _binary_rows(data: bytes, position: int, elements: list[_Element]) -> Iterator[dict[str, np.ndarray | _List]]:
    for element in elements:
        if not element.properties or not element.count:
            yield _empty(element)
            continue
        lengths = _first_lengths(data, position, element)
        row = _row_type(element, lengths)
        columns = None
        if lengths is not None and element.count * row.itemsize <= len(data) - position:
            columns = _alike(np.frombuffer(data, row, element.count, position), element, lengths)
        if columns is not None:
            position += element.count * row.itemsize
        elif any(p.count for p in element.properties):
            columns, position = _row_by_row(data, position, element)
        else:
            raise _cut_short(element, (len(data) - position) // row.itemsize)
        yield columns


def _empty(element: _Element) -> dict[str, np.ndarray | _List]:
    none = np.zeros(0, np.int64)
    return {p.name: _List(none, none) if p.count else none for p in element.properties}


def _first_lengths(data: bytes, position: int, element: _Element) -> list[int] | None:
    """The lengths of the lists in the first row; None where the data ends before."""
    lengths = []
    for prop in element.properties:
        if prop.count:
            if position + prop.count.itemsize > len(data):
                return None
            length = int(np.frombuffer(data, prop.count, 1, position)[0])
            if length < 0 or length * prop.dtype.itemsize > len(data):
                return None
            lengths.append(length)
            position += prop.count.itemsize + length * prop.dtype.itemsize
        else:
            position += prop.dtype.itemsize
    return lengths


def _row_type(element: _Element, lengths: list[int] | None) -> np.dtype:
    fields, left = [], iter(lengths or [])
    for i, prop in enumerate(element.properties):
        if prop.count:
            fields += [(f"n{i}", prop.count), (f"v{i}", prop.dtype, (next(left, 0),))]
        else:
            fields.append((f"v{i}", prop.dtype))
    return np.dtype(fields)


def _alike(rows: np.ndarray, element: _Element, lengths: list[int]) -> dict[str, np.ndarray | _List] | None:
    """The columns where every row has lists as long as the first row's; None where not."""
    columns: dict[str, np.ndarray | _List] = {}
    left = iter(lengths)
    for i, prop in enumerate(element.properties):
        values = rows[f"v{i}"]
        values = values.astype(values.dtype.newbyteorder("="))
        if prop.count:
            length = next(left)
            if not (rows[f"n{i}"] == length).all():
                return None
            columns.setdefault(prop.name, _List(values.ravel(), np.full(len(rows), length, np.int64)))
        else:
            columns.setdefault(prop.name, values)
    return columns


def _row_by_row(data: bytes, position: int, element: _Element) -> tuple[dict[str, np.ndarray | _List], int]:
    """An element whose lists differ in length: walk over the rows for the lengths, then gather by length."""
    steps = [(p.count, p.count.itemsize if p.count else 0, p.dtype.itemsize) for p in element.properties]
    starts, sizes = ([array("q") for _ in steps] for _ in range(2))  # 8 bytes a number, in a list they are 40
    total = len(data)
    orders: list[Literal["big", "little"]] = [
        "big" if p.count is not None and p.count.str[0] == ">" else "little" for p in element.properties
    ]
    signed = [p.count is not None and p.count.kind == "i" for p in element.properties]
    program = list(zip(steps, orders, signed, starts, sizes, strict=True))
    for row in range(element.count):
        for (counted, count_bytes, item), order, sign, start, size in program:
            length = 1
            if counted is not None:
                length = int.from_bytes(data[position : position + count_bytes], order, signed=sign)
                position += count_bytes
                if length < 0:
                    raise Problem("is damaged: a face has a negative number of corners. Copy or export it again.")
            start.append(position)
            size.append(length)
            position += length * item
        if position > total:
            raise _cut_short(element, row)
    raw = np.frombuffer(data, np.uint8)
    columns: dict[str, np.ndarray | _List] = {}
    for prop, start, size in zip(element.properties, starts, sizes, strict=True):
        values = _gather(raw, np.frombuffer(start, np.int64), np.frombuffer(size, np.int64), prop.dtype)
        columns.setdefault(prop.name, _List(values, np.frombuffer(size, np.int64)) if prop.count else values)
    return columns, position


def _gather(raw: np.ndarray, starts: np.ndarray, sizes: np.ndarray, dtype: np.dtype) -> np.ndarray:
    out = np.empty(int(sizes.sum()), dtype.newbyteorder("="))
    place = np.cumsum(sizes) - sizes
    for size in np.unique(sizes):
        here = sizes == size
        where = starts[here][:, None] + np.arange(size * dtype.itemsize)
        out[place[here][:, None] + np.arange(size)] = raw[where].view(dtype)
    return out


def _ascii_rows(data: bytes, position: int, elements: list[_Element]) -> Iterator[dict[str, np.ndarray | _List]]:
    body = data[position:]
    if b"\n" not in body:
        body = body.replace(b"\r", b"\n")
    first_line = data[:position].count(b"\n") + 1
    require_short_lines(body)
    lines = filter(bytes.strip, io.BytesIO(body))  # without blank lines
    for element in elements:
        try:
            yield _ascii_element(lines, element)
        except BadNumber as error:
            raise _name_line(body, error, first_line) from error


def _ascii_element(lines: Iterator[bytes], element: _Element) -> dict[str, np.ndarray | _List]:
    if not element.properties or not element.count:
        return _empty(element)
    parts: list[list[np.ndarray]] = [[] for _ in element.properties]
    sizes: list[list[np.ndarray]] = [[] for _ in element.properties]
    done = 0
    while done < element.count:
        chunk = list(itertools.islice(lines, min(_CHUNK_LINES, element.count - done)))
        if not chunk:
            raise _cut_short(element, done)
        words = b" ".join(chunk).split()
        for i, (values, lengths) in enumerate(_ascii_chunk(words, chunk, element)):
            parts[i].append(values)
            sizes[i].append(lengths)
        done += len(chunk)
    columns: dict[str, np.ndarray | _List] = {}
    for prop, part, size in zip(element.properties, parts, sizes, strict=True):
        values = np.concatenate(part)
        if prop.count is None:
            if prop.dtype.kind != "f":
                _require_inside(values, prop)
            with np.errstate(over="ignore"):  # what is too large for a float is infinite, as in every PLY reader
                columns.setdefault(prop.name, values.astype(prop.dtype.newbyteorder("=")))
        else:
            columns.setdefault(prop.name, _List(values, np.concatenate(size)))
    return columns


def _require_inside(values: np.ndarray, prop: _Property) -> None:
    limits = np.iinfo(prop.dtype)
    if not (np.isfinite(values) & (values >= limits.min) & (values <= limits.max)).all():
        raise Problem(f"is damaged: a value of '{prop.name}' is outside its type. Export it again.")


def _ascii_chunk(words: list[bytes], chunk: list[bytes], element: _Element) -> list[tuple[np.ndarray, np.ndarray]]:
    """Values and list lengths of every property in some lines; all at once where all lines are alike."""
    width, rest = divmod(len(words), len(chunk))
    if not rest:
        table = floats(words).reshape(len(chunk), width)
        columns, at = [], 0
        for prop in element.properties:
            length = 1
            if prop.count:
                if at >= width or not (table[:, at] == table[0, at]).all():
                    break
                length = int(table[0, at]) if 0 <= table[0, at] <= width else -1
                at += 1
            if length < 0 or at + length > width:
                break
            columns.append((table[:, at : at + length].ravel(), np.full(len(chunk), length, np.int64)))
            at += length
        else:
            if at == width:
                return columns
    return _ascii_line_by_line(chunk, element)


def _ascii_line_by_line(chunk: list[bytes], element: _Element) -> list[tuple[np.ndarray, np.ndarray]]:
    values: list[list[float]] = [[] for _ in element.properties]
    sizes: list[list[int]] = [[] for _ in element.properties]
    for line in chunk:
        row, at = floats(line.split()).tolist(), 0
        for prop, value, size in zip(element.properties, values, sizes, strict=True):
            length = 1
            if prop.count:
                length = int(row[at]) if at < len(row) and 0 <= row[at] < len(row) else -1
                at += 1
            if length < 0 or at + length > len(row):
                raise _odd_line(line)
            value += row[at : at + length]
            size.append(length)
            at += length
        if at != len(row):
            raise _odd_line(line)
    return [(np.array(v, np.float64), np.array(s, np.int64)) for v, s in zip(values, sizes, strict=True)]


def _odd_line(line: bytes) -> Problem:
    shown = line.strip()[:40].decode("utf-8", "replace")
    return Problem(f"is damaged: '{shown}' has too few or too many numbers for its place. Copy or export it again.")


def _name_line(body: bytes, error: BadNumber, first_line: int) -> Problem:
    for number, line in enumerate(body.split(b"\n"), start=first_line):
        if error.word in line.split():
            return Problem(describe(error.word, number))
    return error


def to_bytes(
    vertices: np.ndarray,
    faces: np.ndarray,
    rgb: np.ndarray | None,
    scalars: Mapping[str, np.ndarray],
    comment: str = "",
) -> bytes:
    """A binary little-endian PLY; arguments as `write_ply`."""
    points = coordinates(vertices)
    columns: list[tuple[str, np.ndarray]] = [(axis, points[:, i]) for i, axis in enumerate("xyz")]
    if rgb is not None:
        columns += [(name, np.asarray(rgb, np.uint8)[:, i]) for i, name in enumerate(("red", "green", "blue"))]
    columns += [(name, _storable(values)) for name, values in scalars.items()]
    rows = np.empty(len(points), [(name, values.dtype.newbyteorder("<")) for name, values in columns])
    for name, values in columns:
        rows[name] = values
    triangles = np.empty(len(faces), [("n", "u1"), ("v", "<i4", 3)])
    triangles["n"], triangles["v"] = 3, faces
    header = ["ply", "format binary_little_endian 1.0", "comment written by DentalTopoSeg"]
    header += [f"comment {comment}"] if comment else []
    header.append(f"element vertex {len(points)}")
    header += [f"property {_NAMES[values.dtype.str[1:]]} {name}" for name, values in columns]
    header += [f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", ""]
    return "\n".join(header).encode("ascii") + rows.tobytes() + triangles.tobytes()


def _storable(values: np.ndarray) -> np.ndarray:
    """The values in a type PLY has: 64-bit integers as 32-bit, booleans as bytes."""
    values = np.asarray(values)
    if values.dtype.kind == "b":
        return values.astype(np.uint8)
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        return values.astype(np.int32)
    return values.astype(np.float32) if values.dtype == np.float16 else values
