"""VTK XML PolyData (.vtp) in and out, without vtk (a 100 MB install for one file format).

Format: "VTK XML Formats" (docs.vtk.org) and the code of vtkXMLDataParser. Read: ascii, inline binary (base64) and
appended (raw or base64) arrays, uncompressed or compressed with zlib or LZMA, either byte order, UInt32 or UInt64
headers, several pieces, polygons and strips. Document types are refused: they are how XML is made to explode.
"""

from __future__ import annotations

import base64
import binascii
import lzma
import re
import zlib
from collections.abc import Callable, Mapping
from html import escape

import numpy as np

from . import mesh
from .geometry import fan
from .mesh import (
    MAX_DATA_BYTES,
    Parsed,
    Problem,
    TooMuch,
    coordinates,
    of_triangles,
    require_bounded_triangles,
)
from .text import floats, integers, start_of
from .xml_tree import Node, parse

#: The array of the vertices' colours.
COLOURS = "RGB"
_TYPES = {
    name: np.dtype(name.lower()).str[1:]
    for name in ("Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float32", "Float64")
}
_NAMES = {code: name for name, code in _TYPES.items()}
_MAX_RATIO = 1100  # zlib reaches 1032:1; what claims more is a bomb. LZMA is held to the same.
#: A decoder of LZMA takes as much as its dictionary; blocks are far smaller.
_MAX_LZMA_BYTES = 1 << 28
_MAX_BLOCKS = 1 << 20
_BLOCK_BYTES = 1 << 20
# Bounded, as a search for an end that never comes would begin anew at every beginning.
_APPENDED = re.compile(
    rb"<AppendedData\b[^<>]{0,999}?encoding\s{0,9}=\s{0,9}[\"'](\w{1,99})[\"'][^<>]{0,999}>\s{0,999}_"
)
_POLY_DATA = re.compile(rb"<VTKFile\b[^<>]{0,999}\bPolyData\b")
_DAMAGED = "is a damaged VTP file ({reason}): copy or export it again."


def holds(head: bytes, size: int) -> bool:
    """Whether this is the beginning of a VTP file."""
    return is_xml(head) and _POLY_DATA.search(head) is not None


def is_xml(head: bytes) -> bool:
    """Whether this is the beginning of an XML file, of whatever kind."""
    return start_of(head).startswith((b"<?xml", b"<VTKFile", b"<!DOCTYPE"))


def read(data: bytes, max_faces: int) -> Parsed:
    """Points, triangles and scalar arrays of a VTP file. Raises Problem."""
    appended = _APPENDED.search(data)
    tree, tail, encoding = data, b"", ""
    if appended:
        tree = data[: appended.start()] + b"</VTKFile>"
        tail, encoding = data[appended.end() :], appended.group(1).decode("ascii").lower()
        if encoding == "base64":
            tail = bytes(tail.partition(b"<")[0]).strip()
    root = parse(tree, ("DataArray",), _DAMAGED)
    if root.tag != "VTKFile":
        raise Problem("is an XML file, but no VTK PolyData (.vtp): give STL, PLY, OBJ or VTP.")
    kind = root.attributes.get("type", "")
    if kind != "PolyData":
        raise Problem(f"is a VTK file of type '{kind[:40]}', not a surface: save it as PolyData (.vtp).")
    arrays = _Arrays(root.attributes, tail, encoding)
    nodes = root.one("PolyData").all("Piece")
    _require_bounded_pieces(nodes, max_faces)
    return _join([_piece(node, arrays, max_faces) for node in nodes], max_faces)


def _require_bounded_pieces(nodes: list[Node], max_faces: int) -> None:
    """Refuse what all pieces together announce beyond the bounds, before any of it is read."""
    faces = sum(_whole(node, key, "0") for node in nodes for key in ("NumberOfPolys", "NumberOfStrips"))
    points = sum(_whole(node, "NumberOfPoints", "0") for node in nodes)
    if faces > max_faces:
        raise TooMuch(f"announces {faces:,} faces", max_faces)
    if points > 3 * max_faces:
        raise TooMuch(f"announces {points:,} points", 3 * max_faces)


class _Arrays:
    """Decodes DataArray elements the way the VTKFile element says."""

    def __init__(self, attributes: dict[str, str], appended: bytes, encoding: str) -> None:
        self._order = ">" if attributes.get("byte_order") == "BigEndian" else "<"
        header = attributes.get("header_type", "UInt32")
        if header not in ("UInt32", "UInt64"):
            raise Problem(_DAMAGED.format(reason=f"header type '{header[:20]}'"))
        self._header = np.dtype(self._order + _TYPES[header])
        compressor = attributes.get("compressor", "")
        if compressor not in ("", "vtkZLibDataCompressor", "vtkLZMADataCompressor"):
            raise Problem(f"is compressed with '{compressor[:40]}': save it with zlib compression, or as STL or PLY.")
        self._decompress = {"vtkZLibDataCompressor": _zlib, "vtkLZMADataCompressor": _lzma}.get(compressor)
        self._appended, self._encoding = appended, encoding
        self._left = MAX_DATA_BYTES

    def read(self, node: Node, expected: int, more: int = 0) -> np.ndarray:
        """The values in a row (n,); `expected`: how many there must be, and `more` how many more there may be.

        What the array announces is held against that before it is decoded.
        """
        name = node.attributes.get("Name", "Points")[:40]
        code = _TYPES.get(node.attributes.get("type", ""))
        if code is None:
            raise Problem(_DAMAGED.format(reason=f"array '{name}' has no type known here"))
        dtype, most = np.dtype(self._order + code), expected + more
        self._left -= dtype.itemsize * most
        if self._left < 0:
            raise TooMuch(f"has arrays of {self._too_many():,.0f} MB or more", f"{MAX_DATA_BYTES / 1e6:,.0f} MB")
        kind = node.attributes.get("format", "ascii")
        if kind == "ascii":
            words = "".join(node.text).split(None, most)
            if len(words) > most:
                raise Problem(_DAMAGED.format(reason=f"array '{name}' has more than {expected:,} values"))
            values = self._ascii(words, np.dtype(code), name)
        elif kind == "binary":
            text = "".join(node.text).encode("ascii", "replace").translate(None, b" \t\r\n")
            values = self._values(_Base64(text, name), dtype, name, expected, more)
        elif kind == "appended":
            if self._encoding not in ("raw", "base64"):
                raise Problem(_DAMAGED.format(reason=f"array '{name}' is not in the file"))
            offset = _whole(node, "offset")
            if offset >= len(self._appended):
                raise _short(name)
            source = (_Raw if self._encoding == "raw" else _Base64)(self._appended, name, offset)
            values = self._values(source, dtype, name, expected, more)
        else:
            raise Problem(_DAMAGED.format(reason=f"array '{name}' in format '{kind[:20]}'"))
        _require_fits(len(values), name, expected, more)
        return values

    def _too_many(self) -> float:
        return (MAX_DATA_BYTES - self._left) / 1e6

    @staticmethod
    def _ascii(words: list[str], dtype: np.dtype, name: str) -> np.ndarray:
        encoded = [word.encode("utf-8", "replace") for word in words]
        if dtype.kind == "f":
            with np.errstate(over="ignore"):
                return floats(encoded).astype(dtype)
        values = integers(encoded)
        limits = np.iinfo(dtype)
        if len(values) and (values.min() < limits.min or values.max() > limits.max):
            raise Problem(_DAMAGED.format(reason=f"a value of array '{name}' is outside its type"))
        return values.astype(dtype)

    def _values(self, source: _Raw | _Base64, dtype: np.dtype, name: str, expected: int, more: int) -> np.ndarray:
        def require_fits(size: int) -> None:
            if size % dtype.itemsize:
                raise Problem(_DAMAGED.format(reason=f"array '{name}' ends within a number"))
            _require_fits(size // dtype.itemsize, name, expected, more)

        values = np.frombuffer(self._content(source, name, require_fits), dtype)
        return values.astype(dtype.newbyteorder("="), copy=False)

    def _content(self, source: _Raw | _Base64, name: str, require_fits: Callable[[int], None]) -> bytes:
        word = self._header.itemsize
        if not self._decompress:
            size = self._numbers(source.take(0, word))[0]
            require_fits(size)
            return source.take(word, size)
        blocks, block, last = self._numbers(source.take(0, 3 * word))
        if not blocks:
            require_fits(0)
            return b""
        whole = block * (blocks - 1) + (last or block)
        require_fits(whole)
        if blocks > min(max(whole, 1), _MAX_BLOCKS):
            raise Problem(_DAMAGED.format(reason=f"array '{name}' is in {blocks:,} blocks"))
        header = source.take(0, (3 + blocks) * word)
        sizes = self._numbers(header)[3:]
        if whole > _MAX_RATIO * sum(sizes) + 1024:
            raise Problem(_DAMAGED.format(reason=f"array '{name}' claims an impossible size"))
        body = source.after(len(header), sum(sizes))
        parts, at = [], 0
        for i, size in enumerate(sizes):
            length = last if last and i == blocks - 1 else block
            parts.append(self._decompress(body[at : at + size], length, name))
            at += size
        return b"".join(parts)

    def _numbers(self, content: bytes) -> list[int]:
        return np.frombuffer(content, self._header).tolist()


def _require_fits(count: int, name: str, expected: int, more: int) -> None:
    if not expected <= count <= expected + more:
        raise Problem(_DAMAGED.format(reason=f"array '{name}' has {count:,} values, not {expected:,}"))


def _short(name: str) -> Problem:
    return Problem(f"is cut short: array '{name}' is not complete. Copy or export it again.")


class _Raw:
    """Bytes as they are, from an offset in the appended data."""

    def __init__(self, data: bytes, name: str, offset: int = 0) -> None:
        self._data, self._name, self._offset = data, name, offset

    def take(self, start: int, size: int) -> bytes:
        """`size` bytes from `start`, in the run that the offset begins."""
        begin = self._offset + start
        if begin + size > len(self._data):
            raise _short(self._name)
        return self._data[begin : begin + size]

    after = take  # what follows a header of a compressed array


class _Base64:
    """The same from base64 text; a compressed array's header is encoded, and padded, on its own."""

    def __init__(self, data: bytes, name: str, offset: int = 0) -> None:
        self._data, self._name, self._offset = data, name, offset

    def take(self, start: int, size: int) -> bytes:
        return self._decode(self._offset, start + size)[start:]

    def after(self, header: int, size: int) -> bytes:
        return self._decode(self._offset + 4 * -(-header // 3), size)

    def _decode(self, begin: int, size: int) -> bytes:
        text = self._data[begin : begin + 4 * -(-size // 3)]
        try:
            content = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError) as error:
            raise Problem(_DAMAGED.format(reason=f"array '{self._name}' is no base64")) from error
        if len(content) < size:
            raise _short(self._name)
        return content[:size]


def _zlib(content: bytes, length: int, name: str) -> bytes:
    return _inflate(zlib.decompressobj().decompress, content, length, name)


def _lzma(content: bytes, length: int, name: str) -> bytes:
    return _inflate(lzma.LZMADecompressor(memlimit=_MAX_LZMA_BYTES).decompress, content, length, name)


def _inflate(decompress: Callable[..., bytes], content: bytes, length: int, name: str) -> bytes:
    try:
        result = decompress(content, length + 1)
    except (zlib.error, lzma.LZMAError) as error:
        raise Problem(_DAMAGED.format(reason=f"array '{name}' cannot be decompressed")) from error
    if len(result) != length:
        raise Problem(_DAMAGED.format(reason=f"array '{name}' has not the size it announces"))
    return result


def _whole(node: Node, key: str, default: str = "") -> int:
    value = node.attributes.get(key, default).strip()
    if not (value.isascii() and value.isdigit() and len(value) < 16):
        raise Problem(_DAMAGED.format(reason=f"'{key}' of {node.tag} is '{value[:20]}'"))
    return int(value)


def _piece(node: Node, arrays: _Arrays, max_faces: int) -> Parsed:
    points = _whole(node, "NumberOfPoints", "0")
    cells = {tag: _whole(node, f"NumberOf{tag}", "0") for tag in ("Verts", "Lines", "Polys", "Strips")}
    vertices = np.zeros((0, 3))
    if points:
        array = next(iter(node.one("Points").all("DataArray")), None)
        if array is None:
            raise Problem(_DAMAGED.format(reason="it has no points"))
        vertices = arrays.read(array, 3 * points).astype(np.float64).reshape(-1, 3)
    triangles, polygon = fan(*_cells(node.one("Polys"), arrays, cells["Polys"], max_faces))
    strips, strip = _unroll_strips(*_cells(node.one("Strips"), arrays, cells["Strips"], max_faces))
    before = cells["Verts"] + cells["Lines"]
    cell = np.concatenate([polygon, strip + cells["Polys"]]) + before
    point_data = _scalars(node.one("PointData"), arrays, points)
    cell_data = of_triangles(_scalars(node.one("CellData"), arrays, sum(cells.values())), cell)
    return Parsed(vertices, np.concatenate([triangles, strips]).astype(np.int64), point_data, cell_data)


def _cells(node: Node, arrays: _Arrays, count: int, max_faces: int) -> tuple[np.ndarray, np.ndarray]:
    """The corners of all cells in a row and the number of corners of each (count,)."""
    if not count:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    found = {array.attributes.get("Name"): array for array in node.all("DataArray")}
    if not {"connectivity", "offsets"} <= set(found):
        raise Problem(_DAMAGED.format(reason=f"{node.tag} without connectivity and offsets"))
    ends = _indices(arrays.read(found["offsets"], count, more=1))
    if len(ends) == count + 1 and ends[0] == 0:  # vtk's own arrays begin with 0, and some writers keep that
        ends = ends[1:]
    sizes = np.diff(ends, prepend=0)
    if len(ends) != count or (sizes < 0).any():
        raise Problem(_DAMAGED.format(reason=f"the offsets of {node.tag} do not fit"))
    require_bounded_triangles(sizes, max_faces)
    return _indices(arrays.read(found["connectivity"], int(ends[-1]))), sizes


def _indices(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind not in "iu" or (len(values) and (values.max() > 1 << 40 or values.min() < 0)):
        raise Problem(_DAMAGED.format(reason="point numbers that are none"))
    return values.astype(np.int64, copy=False)


def _unroll_strips(corners: np.ndarray, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Triangle strips as triangles, every second one turned so that all face the same way."""
    start = np.cumsum(sizes) - sizes
    count = np.maximum(sizes - 2, 0)
    strip = np.repeat(np.arange(len(sizes)), count)
    step = np.arange(len(strip)) - np.repeat(np.cumsum(count) - count, count)
    first = start[strip] + step
    odd = step % 2
    return np.stack([corners[first], corners[first + 1 + odd], corners[first + 2 - odd]], axis=1), strip


def _scalars(node: Node, arrays: _Arrays, count: int) -> dict[str, np.ndarray]:
    """The arrays with one number per point or cell, by name; the colours as three of them."""
    result: dict[str, np.ndarray] = {}
    for array in node.all("DataArray"):
        attributes = array.attributes
        name, components = attributes.get("Name", ""), attributes.get("NumberOfComponents", "1").strip()
        if attributes.get("type") in _TYPES and components in ("", "0", "1"):
            result.setdefault(name, arrays.read(array, count))
        elif name == COLOURS and attributes.get("type") == "UInt8" and components == "3":
            channels = arrays.read(array, 3 * count).reshape(-1, 3).T
            result |= {
                name: channel for name, channel in zip(mesh.COLOURS, channels, strict=True) if name not in result
            }
    return result


def _join(pieces: list[Parsed], max_faces: int) -> Parsed:
    if not pieces:
        return Parsed(np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    faces, before = [], 0
    for piece in pieces:
        if len(piece.faces) and int(piece.faces.max()) >= len(piece.vertices):
            raise Problem(_DAMAGED.format(reason="a face uses a point that is not there"))
        faces.append(piece.faces + before)
        before += len(piece.vertices)
    if sum(map(len, faces)) > max_faces:
        raise TooMuch(f"has {sum(map(len, faces)):,} triangles", max_faces)
    point_data = _join_arrays([piece.point_data for piece in pieces])
    cell_data = _join_arrays([piece.cell_data for piece in pieces])
    return Parsed(np.concatenate([p.vertices for p in pieces]), np.concatenate(faces), point_data, cell_data)


def _join_arrays(parts: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Those that every piece has."""
    common = [name for name in parts[0] if all(name in part for part in parts)]
    return {name: np.concatenate([part[name] for part in parts]) for name in common}


def to_bytes(
    vertices: np.ndarray,
    faces: np.ndarray,
    point_arrays: Mapping[str, np.ndarray],
    cell_arrays: Mapping[str, np.ndarray],
) -> bytes:
    """A VTP file, inline base64 of zlib; arguments as `write_vtp`."""
    offsets = np.arange(3, 3 * len(faces) + 1, 3, dtype="<i4")
    lines = [
        '<?xml version="1.0"?>',
        '<VTKFile type="PolyData" version="1.0" byte_order="LittleEndian" header_type="UInt64" '
        'compressor="vtkZLibDataCompressor">',
        "<PolyData>",
        f'<Piece NumberOfPoints="{len(vertices)}" NumberOfVerts="0" NumberOfLines="0" NumberOfStrips="0" '
        f'NumberOfPolys="{len(faces)}">',
        *_section("PointData", point_arrays, len(vertices)),
        *_section("CellData", cell_arrays, len(faces)),
        *_section("Points", {"Points": coordinates(vertices).reshape(-1, 3)}, len(vertices)),
        "<Polys>",
        _data_array("connectivity", np.asarray(faces, "<i4").ravel()),
        _data_array("offsets", offsets),
        "</Polys>",
        "</Piece>",
        "</PolyData>",
        "</VTKFile>",
        "",
    ]
    return "\n".join(lines).encode("utf-8")


def _section(tag: str, arrays: Mapping[str, np.ndarray], count: int) -> list[str]:
    lines = [f"<{tag}>"]
    for name, values in arrays.items():
        if len(values) != count:
            raise ValueError(f"array {name} has {len(values)} rows, not {count}")
        lines.append(_data_array(name, np.asarray(values)))
    return [*lines, f"</{tag}>"]


def _data_array(name: str, values: np.ndarray) -> str:
    if values.dtype.kind == "b":
        values = values.astype(np.uint8)
    values = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
    components = f' NumberOfComponents="{values.shape[1]}"' if values.ndim == 2 else ""
    kind = _NAMES[values.dtype.str[1:]]
    return f'<DataArray type="{kind}" Name="{escape(name)}"{components} format="binary">{_encode(values)}</DataArray>'


def _encode(values: np.ndarray) -> str:
    content = values.reshape(-1).data.cast("B") if values.size else b""
    blocks = [zlib.compress(content[at : at + _BLOCK_BYTES], 1) for at in range(0, len(content), _BLOCK_BYTES)]
    header = np.array([len(blocks), _BLOCK_BYTES, len(content) % _BLOCK_BYTES, *map(len, blocks)], "<u8").tobytes()
    return (base64.b64encode(header) + base64.b64encode(b"".join(blocks))).decode("ascii")
