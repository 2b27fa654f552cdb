"""Headers of MetaImage files: .mha, and .mhd with its voxels in other files.

Format: MetaIO's documentation (itk.org/Wiki/MetaIO) and, for synonyms, the order in which its reader takes them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import InputError
from ..names import shown
from .foreign import no_file_of
from .grid import IDENTITY
from .header import (
    MAX_HEADER_BYTES,
    MAX_OFFSET,
    Fields,
    VolumeHeader,
    files_beside,
    header_lines,
    numbered_files,
    read_head,
    wrong_field,
)

_TYPES = {
    "met_char": "i1",
    "met_uchar": "u1",
    "met_short": "i2",
    "met_ushort": "u2",
    "met_int": "i4",
    "met_uint": "u4",
    "met_long": "i4",
    "met_ulong": "u4",
    "met_long_long": "i8",
    "met_ulong_long": "u8",
    "met_float": "f4",
    "met_double": "f8",
}
_BOOLEANS = {"true": "1", "t": "1", "1": "1", "false": "", "f": "", "0": "", "no": ""}
_MAX_AXES = 10
# The fields that MetaIO knows; any other is a note.
_FIELDS = """
ObjectType ObjectSubType NDims Name ID ParentID FileFormatVersion Comment AcquisitionDate CompressedData
CompressedDataSize BinaryData ElementByteOrderMSB BinaryDataByteOrderMSB Color Position Origin Offset TransformMatrix
Rotation Orientation CenterOfRotation DistanceUnits AnatomicalOrientation ElementSpacing DimSize HeaderSize Modality
ImagePosition ElementOrigin ElementDirection SequenceID ElementMin ElementMax ElementNumberOfChannels ElementSize
ElementNBits ElementToIntensityFunctionSlope ElementToIntensityFunctionOffset ElementType ElementDataFile
"""
_KNOWN = frozenset(_FIELDS.split())
_ORIGINS = ("Origin", "Position", "Offset")
_DIRECTIONS = ("TransformMatrix", "Rotation", "Orientation")
# Millimetres of DistanceUnits.
_UNITS = {"?": "1", "": "1", "mm": "1", "um": "1e-3", "cm": "10", "m": "1e3"}
# AnatomicalOrientation of axes that run to the left, back and top: it names where they come from.
_FROM_LPS = "RAI"


def read_metaimage_header(path: Path) -> VolumeHeader:
    """The header of a .mha or .mhd. Raises InputError."""
    head = read_head(path)
    fields, end, listed = _parse(path, head)
    if fields.values.get("ObjectType", "Image").lower() != "image":
        raise wrong_field(path, "ObjectType", fields.get("ObjectType"), "Image is expected")
    (axes,) = fields.integers("NDims", 1, 1, _MAX_AXES)
    size = fields.integers("DimSize", axes, 1, (1 << 31) - 1)
    (components,) = fields.integers("ElementNumberOfChannels", 1, 1, 1 << 16, "1")
    if not fields.choice("BinaryData", _BOOLEANS, "True"):
        raise wrong_field(
            path, "BinaryData", fields.get("BinaryData"), "True is expected: save it again in binary form"
        )
    order = "ElementByteOrderMSB" if "ElementByteOrderMSB" in fields.values else "BinaryDataByteOrderMSB"
    order = "BinaryDataByteOrderMSB" if "BinaryDataByteOrderMSB" in fields.values else order
    dtype = np.dtype((">" if fields.choice(order, _BOOLEANS, "False") else "<") + fields.choice("ElementType", _TYPES))
    files, offset, packed = _data(path, fields, end, listed, size)
    spacing, origin, direction = _geometry(fields, axes)
    notes = {key: value for key, value in fields.values.items() if key not in _KNOWN}
    return VolumeHeader(
        path=path,
        size=size,
        dtype=dtype,
        data_files=files,
        spacing=spacing,
        origin=origin,
        direction=direction,
        components=components,
        encoding="zlib" if packed else "raw",
        offset=offset,
        metadata={
            "ITK_InputFilterName": "MetaImageIO",
            "Modality": fields.values.get("Modality", "MET_MOD_UNKNOWN"),
            **notes,
        },
        unplaced=_unplaced(fields),
    )


def _parse(path: Path, head: bytes) -> tuple[Fields, int, list[str]]:
    """Fields by name, the byte after the header, and the lines behind it (the names of a LIST)."""
    values: dict[str, str] = {}
    lines = header_lines(path, head)
    for number, (line, end) in enumerate(lines, start=1):
        if not line.strip():
            continue
        at = min((i for i in (line.find("="), line.find(":")) if i >= 0), default=-1)
        if at < 0:
            if not values:
                break
            raise InputError(f"'{path}' cannot be read: line {number} of its header, {shown(line)}, is no field.")
        name, value = line[:at].strip(), line[at + 1 :].strip()
        if name in values and name in _KNOWN:
            raise wrong_field(path, name, value, "each field may stand once")
        values[name] = value
        if name == "ElementDataFile":
            listed = [text.strip() for text, _ in lines] if _is_list(value) else []
            return Fields(path, values), end, [text for text in listed if text]
    if "NDims" not in values and "ObjectType" not in values:
        raise no_file_of("MetaImage", path)
    if len(head) == MAX_HEADER_BYTES:
        raise InputError(f"'{path}' cannot be read: its header does not end within {MAX_HEADER_BYTES} bytes.")
    raise InputError(f"'{path}' is cut short within its header: copy or export it again.")


def _is_list(value: str) -> bool:
    return value.split()[:1] == ["LIST"]


def _geometry(fields: Fields, axes: int):
    """Spacing (mm), origin (LPS mm) and direction (3x3, row-major) of the first three axes."""
    if axes < 3:
        return (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), IDENTITY  # a flat picture, which its size tells
    named = (
        "ElementSpacing" if "ElementSpacing" in fields.values or "ElementSize" not in fields.values else "ElementSize"
    )
    if named not in fields.values:
        raise InputError(
            f"'{fields.path}' does not say how large its voxels are (its header has no ElementSpacing): export it "
            "again from the program that knows it."
        )
    unit = float(fields.choice("DistanceUnits", _UNITS, "mm")) if fields.get("DistanceUnits") else 1.0
    spacing = fields.floats(named, axes)
    where = next((name for name in _ORIGINS if name in fields.values), "Offset")
    origin = fields.floats(where, axes, " ".join("0" * axes))
    how = next((name for name in _DIRECTIONS if name in fields.values), "TransformMatrix")
    identity = " ".join(str(int(v)) for v in np.eye(axes).ravel())
    matrix = np.reshape(fields.floats(how, axes * axes, identity), (axes, axes))
    spacing, origin = (tuple(v * unit for v in values[:3]) for values in (spacing, origin))
    return spacing, origin, tuple(matrix[:3, :3].T.ravel().tolist())


def _unplaced(fields: Fields) -> str:
    """Why left and right are not known; "" where they are."""
    stated = any(name in fields.values for name in _DIRECTIONS)
    if stated or fields.values.get("AnatomicalOrientation", "").upper() == _FROM_LPS:
        return ""
    return "its header has no TransformMatrix"


def _data(
    path: Path, fields: Fields, end: int, listed: list[str], size: Sequence[int]
) -> tuple[tuple[Path, ...], int, bool]:
    """The files with the voxels, the offset in each, and whether they are compressed."""
    value = fields.required("ElementDataFile")
    packed = bool(fields.choice("CompressedData", _BOOLEANS, "False"))
    (header,) = fields.integers("HeaderSize", 1, -1, MAX_OFFSET, "0")
    files: tuple[Path, ...] = (path,)
    offset = 0
    if value.lower() == "local":
        offset = end
    elif _is_list(value):
        axes = _axes_per_file(path, value, len(size))
        files = files_beside(path, "ElementDataFile", listed, math.prod(size[axes:]))
    elif "%" in value:
        files = files_beside(path, "ElementDataFile", _numbered(path, value, size[-1]), size[-1])
    else:
        files = files_beside(path, "ElementDataFile", [value])
    if header < 0 and packed:
        raise wrong_field(path, "HeaderSize", header, "0 or more is expected where the voxels are compressed")
    return files, header or offset, packed


def _axes_per_file(path: Path, value: str, axes: int) -> int:
    words = value.split()[1:]
    if not words:
        return axes - 1
    if len(words) > 1 or not words[0].isdecimal() or not 1 <= int(words[0][:3]) < axes:
        raise wrong_field(path, "ElementDataFile", value, f"1 to {axes - 1} axes a file are expected")
    return int(words[0])


def _numbered(path: Path, value: str, count: int) -> list[str]:
    """The names of a pattern with, where they stand behind it, the first and last number and the step."""
    words = value.split()
    numbers = [int(w) for w in words[1:] if w.isdecimal() and len(w) < 10]
    if len(numbers) != len(words) - 1 or len(numbers) > 3:
        raise wrong_field(path, "ElementDataFile", value, "a pattern and up to three whole numbers are expected")
    first = numbers[0] if numbers else 1
    step = numbers[2] if len(numbers) == 3 else 1
    last = numbers[1] if len(numbers) > 1 else first + count - 1
    if step < 1:
        raise wrong_field(path, "ElementDataFile", value, "a step of 1 or more is expected")
    return numbered_files(path, "ElementDataFile", words[0], range(first, last + 1, step))
