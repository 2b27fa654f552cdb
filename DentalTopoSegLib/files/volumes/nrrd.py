"""Headers of NRRD files, attached and detached, those of 3D Slicer's segmentations included.

Format: "Definition of NRRD File Format" (teem.sourceforge.net/nrrd/format.html), versions 1 to 5.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import InputError
from ..names import shown
from .foreign import no_file_of
from .grid import IDENTITY
from .header import (
    MAX_AXES,
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
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(
        ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"), "i8"
    ),
    **dict.fromkeys(
        ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
        "u8",
    ),
    "float": "f4",
    "double": "f8",
}
_ENCODINGS = {"raw": "raw", "gzip": "gzip", "gz": "gzip", "bzip2": "bzip2", "bz2": "bzip2"}
_TEXT_ENCODINGS = ("txt", "text", "ascii", "hex", "zrl")
_ENDIANS = {"little": "<", "big": ">"}
# Spaces in which left and right are known, with the signs that turn them into LPS; a fourth axis is time.
_SPACES = {
    **dict.fromkeys(("left-posterior-superior", "lps", "left-posterior-superior-time", "lpst"), (1.0, 1.0, 1.0)),
    **dict.fromkeys(("right-anterior-superior", "ras", "right-anterior-superior-time", "rast"), (-1.0, -1.0, 1.0)),
    **dict.fromkeys(("left-anterior-superior", "las", "left-anterior-superior-time", "last"), (1.0, -1.0, 1.0)),
}
_SPACE_AXES = {
    **{name: 4 if name.endswith("-time") or len(name) == 4 else 3 for name in _SPACES},
    **dict.fromkeys(("scanner-xyz", "3d-right-handed", "3d-left-handed"), 3),
    **dict.fromkeys(("scanner-xyz-time", "3d-right-handed-time", "3d-left-handed-time"), 4),
}
# Millimetres of a unit; a file that names none means them.
_MILLIMETRES = {
    **dict.fromkeys(("", "mm", "millimeter", "millimeters", "millimetre", "millimetres"), 1.0),
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre", "centimetres"), 10.0),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), 1e3),
    **dict.fromkeys(("um", "\u00b5m", "\u03bcm", "micron", "microns", "micrometer", "micrometers", "micrometre"), 1e-3),
}
# Without the spaces that the names of some may have.
_FIELDS = """
content number type blocksize dimension space spacedimension sizes spacings thicknesses axismins axismaxs
spacedirections centers centerings kinds labels units min max oldmin oldmax endian encoding lineskip byteskip
sampleunits spaceunits spaceorigin measurementframe datafile
"""
_KNOWN = frozenset(_FIELDS.split())
_KINDS = """
domain space time list point vector covariant-vector normal stub scalar complex 2-vector 3-color rgb-color hsv-color
xyz-color 4-color rgba-color 3-vector 3-gradient 3-normal 4-vector quaternion 2d-symmetric-matrix 2d-matrix
2d-masked-symmetric-matrix 2d-masked-matrix 3d-symmetric-matrix 3d-masked-symmetric-matrix 3d-matrix 3d-masked-matrix
??? none
"""
_DOMAIN_KINDS = ("domain", "space", "time", "???", "none")
_LPS = "left-posterior-superior"


def read_nrrd_header(path: Path) -> VolumeHeader:
    """The header of a .nrrd, .nhdr or .seg.nrrd. Raises InputError."""
    head = read_head(path)
    if not re.match(rb"NRRD000[1-9]\r?\n", head):
        raise no_file_of("NRRD", path)
    fields, pairs, end, listed = _parse(path, head)
    axes = _Axes(fields)
    spacing, origin, direction = axes.geometry()
    encoding, offset, skip, files = _data(path, fields, end, listed, axes.sizes)
    return VolumeHeader(
        path=path,
        size=tuple(axes.sizes[a] for a in axes.domain),
        dtype=_dtype(fields),
        data_files=files,
        spacing=spacing,
        origin=origin,
        direction=direction,
        components=math.prod(n for a, n in enumerate(axes.sizes) if a not in axes.domain),
        encoding=encoding,
        offset=offset,
        skip=skip,
        metadata={**axes.metadata(), **pairs},
        unplaced=axes.unplaced(),
    )


def _parse(path: Path, head: bytes) -> tuple[Fields, dict[str, str], int, list[str]]:
    """Fields by name (lower case, no spaces), key/value pairs, the byte after the header, and the files of a LIST."""
    fields: dict[str, str] = {}
    pairs: dict[str, str] = {}
    lines = header_lines(path, head)
    next(lines)  # the magic word
    for number, (line, end) in enumerate(lines, start=2):
        if not line:
            return Fields(path, fields), pairs, end, []
        if line.startswith("#"):
            continue
        field, pair = f"{line} ".find(": "), line.find(":=")
        if pair >= 0 and (field < 0 or pair < field):
            pairs[_unescape(line[:pair])] = _unescape(line[pair + 2 :])
            continue
        if field < 0:
            raise InputError(f"'{path}' cannot be read: line {number} of its header, {shown(line)}, is no field.")
        name, value = line[:field].lower().replace(" ", ""), line[field + 1 :].strip()
        if name not in _KNOWN:
            raise InputError(
                f"'{path}' cannot be read: line {number} of its header, {shown(line)}, is no field of NRRD."
            )
        if name in fields:
            raise wrong_field(path, shown(line[:field]), value, "each field may stand once")
        fields[name] = value
        if name == "datafile" and value.upper().split()[:1] == ["LIST"]:
            return Fields(path, fields), pairs, end, [text for text, _ in lines if text]
    if len(head) == MAX_HEADER_BYTES:
        raise InputError(f"'{path}' cannot be read: its header does not end within {MAX_HEADER_BYTES} bytes.")
    if "datafile" not in fields:
        raise InputError(f"'{path}' is cut short within its header: copy or export it again.")
    return Fields(path, fields), pairs, len(head), []


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "\\": "\\"}.get(m[1], m[0]), text)


def _dtype(fields: Fields) -> np.dtype:
    kind = np.dtype(fields.choice("type", _TYPES))
    order = fields.choice("endian", _ENDIANS) if kind.itemsize > 1 else "="
    return kind.newbyteorder(order)  # type: ignore[arg-type]


class _Axes:
    """The axes of the array: which are the volume's own (domain), where they lie, and what is noted about them."""

    def __init__(self, fields: Fields) -> None:
        self.fields = fields
        (count,) = fields.integers("dimension", 1, 1, MAX_AXES)
        self.sizes = fields.integers("sizes", count, 1, (1 << 31) - 1)
        self.kinds = fields.values.get("kinds", "").lower().split() or ["none"] * count
        if len(self.kinds) != count or not set(self.kinds) <= set(_KINDS.split()):
            raise wrong_field(fields.path, "kinds", fields.get("kinds"), f"{count} kinds of axes are expected")
        self.centers = fields.values.get("centers", fields.values.get("centerings", "")).lower().split()
        self.space = fields.values.get("space", "").lower()
        self.vectors = self._vectors(count)
        self.domain = [a for a in range(count) if self._is_domain(a)]

    def _is_domain(self, axis: int) -> bool:
        placed = self.vectors is None or self.vectors[axis] is not None
        return self.kinds[axis] in _DOMAIN_KINDS and placed

    def _vectors(self, count: int) -> list[tuple[float, ...] | None] | None:
        """The space direction of each axis, None for an axis outside space; None when the file has no space."""
        fields = self.fields
        if not self.space and "spacedimension" not in fields.values:
            return None
        if self.space:
            if self.space not in _SPACE_AXES:
                raise wrong_field(fields.path, "space", self.space, "a space of three axes, such as LPS, is expected")
            self.space_axes = _SPACE_AXES[self.space]
        else:
            (self.space_axes,) = fields.integers("spacedimension", 1, 1, MAX_AXES)
        value = fields.get("spacedirections")
        if not value:
            raise InputError(
                f"'{fields.path}' cannot be read: its header names a space but no space directions. Export it again."
            )
        words = re.findall(r"\([^()]*\)|[^\s()]+", value)
        if len(words) != count:
            raise wrong_field(fields.path, "space directions", value, f"{count} vectors are expected")
        return [
            None if w.lower() == "none" or "nan" in w.lower() else self._vector("space directions", w) for w in words
        ]

    def _vector(self, name: str, word: str) -> tuple[float, ...]:
        words = [part.strip() for part in word.removeprefix("(").removesuffix(")").split(",")]
        return self.fields.parse_floats(name, words, self.space_axes)

    def geometry(self) -> tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, ...]]:
        """Spacing (mm), origin (LPS mm) and direction (3x3, row-major) of the first three axes."""
        if len(self.domain) < 3:
            return (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), IDENTITY  # a flat picture, which its size tells
        if self.vectors is None:
            return self._plain_geometry()
        if "spacings" in self.fields.values:
            raise wrong_field(
                self.fields.path, "spacings", self.fields.get("spacings"), "space directions tell it already"
            )
        signs = _SPACES.get(self.space, (1.0, 1.0, 1.0))
        units = self._units("space units", "spaceunits", self.space_axes)
        spacing, columns = [], []
        for axis in self.domain[:3]:
            vector = [unit * v for unit, v in zip(units, self.vectors[axis] or (), strict=False)]
            length = math.sqrt(sum(v * v for v in vector))
            if not 0 < length < math.inf:
                raise wrong_field(
                    self.fields.path, "space directions", str(vector), "vectors of some length are expected"
                )
            spacing.append(length)
            columns.append([sign * (1.0 / length * v) for sign, v in zip(signs, vector, strict=False)])
        origin = [0.0, 0.0, 0.0]
        value = self.fields.values.get("spaceorigin", "nan")
        if "nan" not in value.lower():
            stated = self._vector("space origin", value)
            origin = [sign * unit * v for sign, unit, v in zip(signs, units, stated, strict=False)]
        return _three(spacing), _three(origin), tuple(np.transpose(columns)[:3].ravel().tolist())

    def _plain_geometry(self):
        """Of a file that knows no space: spacings alone, and the axes' least positions where it has them."""
        spacings = self._per_axis("spacings")
        if not all(math.isfinite(spacings[a]) for a in self.domain[:3]):
            raise InputError(
                f"'{self.fields.path}' does not say how large its voxels are (its header has no spacings): export it "
                "again from the program that knows it."
            )
        units = self._units("units", "units", len(self.sizes))
        least = self._per_axis("axismins")
        origin = [0.0, 0.0, 0.0]
        if all(math.isfinite(least[a]) for a in self.domain[:3]):
            for i, a in enumerate(self.domain[:3]):
                node = a < len(self.centers) and self.centers[a] == "node"
                origin[i] = (least[a] + (0.0 if node else spacings[a] / 2)) * units[a]
        return _three([spacings[a] * units[a] for a in self.domain[:3]]), _three(origin), IDENTITY

    def _per_axis(self, name: str) -> list[float]:
        """A number for each axis, NaN where none is stated."""
        words = self.fields.values.get(name, "").split()
        if not words:
            return [math.nan] * len(self.sizes)
        if len(words) != len(self.sizes):
            raise wrong_field(self.fields.path, name, " ".join(words), f"{len(self.sizes)} numbers are expected")
        return [math.nan if w.lower() == "nan" else self.fields.parse_floats(name, [w], 1)[0] for w in words]

    def _units(self, shown: str, name: str, count: int) -> list[float]:
        """Millimetres of each axis' unit."""
        value = self.fields.values.get(name, "")
        words = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|([^\s"]+)', value)] or [""] * count
        found = [_MILLIMETRES.get("" if w in ("???", "none") else w) for w in (w.strip().lower() for w in words)]
        if self.domain and name == "units":  # those of other axes mean nothing here
            found = [1.0 if a not in self.domain[:3] else unit for a, unit in enumerate(found)]
        if name == "spaceunits":
            found = [*found[:3], *(1.0 for _ in found[3:])]
        if len(found) != count or None in found:
            raise wrong_field(self.fields.path, shown, value, f'{count} units are expected, such as "mm", "m" or "um"')
        return [unit for unit in found if unit is not None]

    def unplaced(self) -> str:
        """Why left and right are not known; "" where they are."""
        if self.space in _SPACES:
            return ""
        return f"its space is {shown(self.space)}, not the patient's" if self.space else "its header names no space"

    def metadata(self) -> dict[str, str]:
        """What is noted about the axes, under ITK's keys."""
        found = {"ITK_InputFilterName": "NrrdImageIO"}
        for i, axis in enumerate(self.domain):
            if self.kinds[axis] not in ("none", "???"):
                found[f"NRRD_kinds[{i}]"] = self.kinds[axis]
        for i, axis in enumerate(self.domain):
            if axis < len(self.centers) and self.centers[axis] in ("cell", "node"):
                found[f"NRRD_centerings[{i}]"] = self.centers[axis]
        if self.space:
            found["NRRD_space"] = _LPS if self.space in _SPACES else self.space
        if content := self.fields.get("content"):
            found["NRRD_content"] = content
        return found


def _three(values: Sequence[float]) -> tuple[float, float, float]:
    x, y, z = values[:3]
    return x, y, z


def _data(
    path: Path, fields: Fields, end: int, listed: list[str], sizes: Sequence[int]
) -> tuple[str, int, int, tuple[Path, ...]]:
    """Encoding, offset in the file, bytes to skip in the decoded content, and the files with the voxels."""
    if fields.required("encoding").lower() in _TEXT_ENCODINGS:
        raise wrong_field(
            path, "encoding", fields.get("encoding"), "raw or gzip is expected: save it again in one of the two"
        )
    encoding = fields.choice("encoding", _ENCODINGS)
    fields.integers("lineskip", 1, 0, 0, "0")
    (skip,) = fields.integers("byteskip", 1, -1 if encoding == "raw" else 0, MAX_OFFSET, "0")
    names = fields.get("datafile")
    files = (path,) if names is None else _detached(path, names, listed, sizes)
    offset = end if names is None else 0
    if encoding != "raw":
        return encoding, offset, skip, files
    return encoding, -1 if skip < 0 else offset + skip, 0, files


def _detached(path: Path, value: str, listed: list[str], sizes: Sequence[int]) -> tuple[Path, ...]:
    words = value.split()
    if words[:1] and words[0].upper() == "LIST":
        return files_beside(path, "data file", listed, _parts(path, words[1:], sizes))
    if len(words) not in (4, 5) or not all(re.fullmatch(r"-?[0-9]{1,9}", word) for word in words[1:]):
        return files_beside(path, "data file", [value])
    first, last, step = (int(word) for word in words[1:4])
    if step == 0:
        raise wrong_field(path, "data file", value, "a step other than 0 is expected")
    numbers = range(first, last + (1 if step > 0 else -1), step)
    names = numbered_files(path, "data file", words[0], numbers)
    return files_beside(path, "data file", names, _parts(path, words[4:], sizes))


def _parts(path: Path, words: Sequence[str], sizes: Sequence[int]) -> int:
    """Number of files when each holds so many axes of the array; all but the last one unless it is said."""
    axes = int(words[0]) if words and words[0].isdecimal() and len(words[0]) < 3 else len(sizes) - 1
    if not 1 <= axes <= len(sizes):
        raise wrong_field(path, "data file", " ".join(words), f"1 to {len(sizes)} axes a file are expected")
    return math.prod(sizes[axes:])
