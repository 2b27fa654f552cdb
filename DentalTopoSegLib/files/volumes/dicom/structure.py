"""Whether a DICOM file has the bytes that its elements promise, before a decoder believes them.

The decoder takes memory for an element by its stated length, and goes into sequences as deep as they are nested; so
every length and every level is looked at first. Only the few bytes before each value are read.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ....errors import InputError
from ...names import shown
from .header import DEFLATED, LONG_VRS, MAX_HEADER_BYTES, DicomHeader, HeaderStream, read_meta

MAX_DEPTH = 32
MAX_ELEMENTS = 1_000_000
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_DATA = 0x7FE00010
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
#: Its data set is in little endian, its pixels are not.
_GE_BIG_ENDIAN = "1.2.840.113619.5.2"
_META = "meta information"  # always explicit
_SHORT = {
    *(b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS"),
    *(b"ST", b"TM", b"UI", b"UL", b"US", b"\0\0"),  # the decoder takes the last one too
}
_CHUNK = 1 << 20


@dataclass
class PixelData:
    """Where the pixels of a file are.

    Parameters
    ----------
    length : int
        Bytes of the value, or of all fragments together.
    offset : int
        Where the value begins.
    fragments : list of (int, int)
        (offset in the file, bytes) of each fragment of encapsulated data, the table of offsets left out.
    encapsulated : bool
        True for pixels that are compressed.
    """

    length: int = -1
    offset: int = -1
    fragments: list[tuple[int, int]] = field(default_factory=list)
    encapsulated: bool = False


@dataclass
class _Level:
    """What is walked through: a data set, a sequence, an item; `end` is None where a delimiter ends it."""

    end: int | None
    explicit: bool
    fragments: bool = False


def require_pixels(header: DicomHeader, frames: int) -> None:
    """Refuse a file whose elements, or whose pixels, are not there as its header states. Raises InputError.

    Size and type are bounded, each element lies in the file, as many pixels as needed are stored, and compressed
    frames decode to the stated size.
    """
    path = header.path
    rows, columns = header.count("Rows", 1, 65535), header.count("Columns", 1, 65535)
    samples = header.count("SamplesPerPixel", 1, 4, 1)
    allocated = header.count("BitsAllocated", 1, 64)
    stored = header.count("BitsStored", 1, allocated, allocated)
    header.count("HighBit", 0, allocated - 1, stored - 1)
    header.count("PixelRepresentation", 0, 1, 0)
    needed = (rows * columns * samples * frames * allocated + 7) // 8
    try:
        with path.open("rb") as stream:
            pixels = locate_pixels(stream, path, needed)
            if pixels.length < 0:
                raise InputError(f"'{path}' is cut short: it has no PixelData. Copy or export the scan again.")
            if not pixels.encapsulated:
                if pixels.length < needed:
                    raise InputError(
                        f"'{path}' is cut short: its PixelData has {pixels.length} bytes, where {columns} x {rows} "
                        f"pixels in {frames} frames of {allocated} bits need {needed}. Copy or export the scan again."
                    )
                return
            if len(pixels.fragments) < frames:
                raise InputError(
                    f"'{path}' is cut short: its PixelData has {len(pixels.fragments)} compressed parts for {frames} "
                    "frames. Copy or export the scan again."
                )
            for offset, length in pixels.fragments:
                size = _codestream_size(stream, offset, length)
                if size is not None and size != (columns, rows, samples):
                    raise InputError(
                        f"'{path}' is damaged: a compressed frame says that it has {size[0]} x {size[1]} pixels of "
                        f"{size[2]} values, where Columns and Rows say {columns} x {rows} of {samples}. "
                        "Export the scan again."
                    )
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror or error}): copy it again.") from error


def pixels_in_file(path: Path, needed: int) -> tuple[int, str] | None:
    """(offset, byte order "<" or ">") of pixels that lie in a file as they are; None where they are packed.

    needed: bytes of all pixels. Raises InputError, OSError.
    """
    with HeaderStream(path) as head:
        syntax = read_meta(head).syntax
    if syntax in (DEFLATED, _GE_BIG_ENDIAN):
        return None
    with path.open("rb") as stream:
        pixels = locate_pixels(stream, path, needed)
    if pixels.encapsulated or pixels.length < needed:
        return None
    return pixels.offset, ">" if syntax == _BIG_ENDIAN else "<"


def locate_pixels(stream: BinaryIO, path: Path, needed: int) -> PixelData:
    """Walk through all elements of a file; InputError for one that does not lie in it.

    needed: bytes that the pixels have when decoded, as a bound for a deflated file.
    """
    with HeaderStream(path) as head:
        meta = read_meta(head)
        size = head.size
    if meta.end:
        _walk(stream, path, meta.begin, meta.end, _META)
    if meta.syntax != DEFLATED:
        return _walk(stream, path, meta.end, size, meta.syntax)
    stream.seek(meta.end)
    first, size = _inflate(stream, path, needed + MAX_HEADER_BYTES)
    return _walk(io.BytesIO(first), path, 0, size, meta.syntax)


def _inflate(stream: BinaryIO, path: Path, limit: int) -> tuple[bytes, int]:
    """(first bytes, number of all) of a deflated data set, which is counted but not kept. Raises InputError."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    first, size, rest = bytearray(), 0, stream.read(_CHUNK)
    try:
        while rest and not inflate.eof:
            part = inflate.decompress(rest, _CHUNK)
            first += part[: max(0, MAX_HEADER_BYTES - len(first))]
            size += len(part)
            if size > limit:
                raise InputError(
                    f"'{path}' is damaged: it inflates to more than the {limit} bytes that its header and its pixels "
                    "can have. Export the scan again."
                )
            rest = inflate.unconsumed_tail or stream.read(_CHUNK)
    except zlib.error as error:
        raise InputError(f"'{path}' is damaged (it cannot be inflated): copy or export the scan again.") from error
    if not inflate.eof:
        raise InputError(f"'{path}' is cut short (its deflated data do not end): copy or export the scan again.")
    return bytes(first), size


def _walk(stream: BinaryIO, path: Path, start: int, size: int, syntax: str) -> PixelData:
    order = ">" if syntax == _BIG_ENDIAN else "<"
    stream.seek(start)
    explicit = syntax == _META or _is_vr(stream.read(8)[4:6])
    levels, pixels, at = [_Level(size, explicit)], PixelData(), start
    for _ in range(MAX_ELEMENTS):
        while (end := levels[-1].end) is not None and at >= end and len(levels) > 1:
            levels.pop()
        if len(levels) == 1 and at >= size:
            return pixels
        stream.seek(at)
        head = stream.read(12)
        if len(head) < 8:
            if len(levels) == 1 and pixels.length >= 0:
                return pixels  # a few bytes behind the last element
            raise InputError(f"'{path}' is cut short: its last element is not whole. Copy or export the scan again.")
        tag, length, value_at, vr = _element(head, at, order, levels[-1].explicit)
        if tag in (_ITEM_END, _SEQUENCE_END):
            if len(levels) > 1:
                levels.pop()
            at += 8
            continue
        level = levels[-1]
        if level.explicit and tag != _ITEM and vr not in LONG_VRS and vr not in _SHORT:
            raise InputError(
                f"'{path}' is damaged: its element {_shown(tag)} has the value representation "
                f"{shown(head[4:6].decode('latin-1'))}, which DICOM does not know. Copy or export the scan again."
            )
        _require_inside(path, tag, length, size - value_at)
        if level.fragments:
            if length == _UNDEFINED or tag != _ITEM:
                raise InputError(f"'{path}' is damaged: its compressed pixels are no list of parts. Export it again.")
            if len(levels) == 2 and level is levels[1]:
                pixels.fragments.append((value_at, length))
                pixels.length += length
            at = value_at + length
            continue
        deeper = _enter(stream, tag, vr, length, value_at, level)
        if tag == _PIXEL_DATA and len(levels) == 1:
            pixels = PixelData(0 if deeper else length, value_at, [], deeper is not None)
        if deeper is None:
            at = value_at + length
            continue
        if len(levels) > MAX_DEPTH:
            raise InputError(f"'{path}' is damaged: its sequences are nested more than {MAX_DEPTH} deep.")
        levels.append(deeper)
        at = value_at
    raise InputError(f"'{path}' is damaged: it has more than {MAX_ELEMENTS} elements. Export the scan again.")


def _element(head: bytes, at: int, order: str, explicit: bool) -> tuple[int, int, int, bytes]:
    """(tag, length, where the value starts, value representation or b"") of the element whose first bytes are given."""
    group, element = struct.unpack_from(order + "HH", head)
    tag = group << 16 | element
    vr = head[4:6]
    if tag in (_ITEM, _ITEM_END, _SEQUENCE_END) or not explicit:
        return tag, struct.unpack_from(order + "I", head, 4)[0], at + 8, b""
    if vr in LONG_VRS:
        length = struct.unpack_from(order + "I", head, 8)[0] if len(head) == 12 else _UNDEFINED - 1
        return tag, length, at + 12, vr
    return tag, struct.unpack_from(order + "H", head, 6)[0], at + 8, vr


def _is_vr(two: bytes) -> bool:
    return len(two) == 2 and all(65 <= c <= 90 for c in two)


def _require_inside(path: Path, tag: int, length: int, left: int) -> None:
    if length != _UNDEFINED and length > left:
        raise InputError(
            f"'{path}' is cut short or damaged: its element {_shown(tag)} says that it has "
            f"{length} bytes, where {max(0, left)} are left. Copy or export the scan again."
        )


def _shown(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"


def _enter(stream: BinaryIO, tag: int, vr: bytes, length: int, value_at: int, level: _Level) -> _Level | None:
    """The level that an element opens; None for one whose value is only passed over."""
    if tag == _ITEM:
        return _Level(None if length == _UNDEFINED else value_at + length, level.explicit)
    if length == _UNDEFINED:
        if tag == _PIXEL_DATA or vr in (b"OB", b"OW"):
            return _Level(None, level.explicit, fragments=True)
        return _Level(None, level.explicit and vr != b"UN")
    if vr not in (b"SQ", b"UN", b"") or length < 8:
        return None
    stream.seek(value_at)
    if stream.read(4) not in (b"\xfe\xff\x00\xe0", b"\xff\xfe\xe0\x00"):
        return None
    return _Level(value_at + length, level.explicit and vr != b"UN")


def _codestream_size(stream: BinaryIO, offset: int, length: int) -> tuple[int, int, int] | None:
    """(columns, rows, values per pixel) that a JPEG, JPEG-LS or JPEG 2000 frame states; None for other bytes."""
    stream.seek(offset)
    head = stream.read(min(length, 64))
    if head[:4] == b"\xff\x4f\xff\x51" and len(head) >= 42:
        right, lower, left, upper = struct.unpack_from(">IIII", head, 8)
        return right - left, lower - upper, struct.unpack_from(">H", head, 40)[0]
    if head[:2] != b"\xff\xd8":
        return None
    for kind, at, size in _jpeg_segments(stream, offset + 2, offset + length):
        if kind == 0xF7 or (0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC)):
            stream.seek(at)
            frame = stream.read(min(size, 6))
            if len(frame) == 6:
                rows, columns = struct.unpack_from(">HH", frame, 1)
                return columns, rows, frame[5]
    return None


def _jpeg_segments(stream: BinaryIO, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """(marker, where its content starts, bytes of it) of the segments before the first scan."""
    while at + 4 <= end:
        stream.seek(at)
        mark, kind, size = struct.unpack(">BBH", stream.read(4))
        if mark != 0xFF or kind == 0xDA or size < 2:
            return
        yield kind, at + 4, size - 2
        at += 2 + size
