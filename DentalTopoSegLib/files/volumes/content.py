"""The voxels that a header promises, decoded piece by piece into one array, and never more than promised."""

from __future__ import annotations

import bz2
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ...errors import InputError
from .header import VolumeHeader, require_data_files

_READ = 1 << 18
_PIECE = 1 << 22
# So many bytes may follow the voxels in a compressed file before its checksum is no longer waited for.
_TRAILING = 1 << 20
# A gzip file may have this many parts more than kilobytes; programs that write several make them of 64 kB or more.
_SPARE_MEMBERS = 1000
# Deflate (RFC 1951) codes at most 258 bytes in two bits.
_DEFLATE_RATIO = 1032

# A piece of content, and whether a compressed part ends with it: its checksum has then been compared.
Pieces = Iterator[tuple[bytes, bool]]


def read_voxels(header: VolumeHeader) -> np.ndarray:
    """The voxels (z, y, x) in their stored type; float32 where they are stored as float64 or rescaled.

    One copy is held, and some megabytes. Raises InputError for a file that is cut short or damaged, MemoryError.
    """
    _require_plausible_size(header)
    stored = header.dtype
    rescaled = (header.slope, header.intercept) != (1.0, 0.0)
    native = stored.newbyteorder("=")
    target = np.dtype(np.float32) if rescaled or native == np.float64 else native
    array = np.empty(header.size[2::-1], target)
    if target == native and not rescaled:
        view = array.data.cast("B")

        def put(at: int, part: memoryview) -> None:
            view[at : at + len(part)] = part

        _copy(header, put)
        if not stored.isnative:
            array.byteswap(inplace=True)
        return array
    flat, rest = array.reshape(-1), b""

    def convert(at: int, part: memoryview) -> None:
        nonlocal rest
        first = (at - len(rest)) // stored.itemsize
        content = rest + part
        values = np.frombuffer(content, stored, len(content) // stored.itemsize)
        rest = content[len(values) * stored.itemsize :]
        with np.errstate(over="ignore", invalid="ignore"):
            if rescaled:
                values = values if stored.kind == "f" else values.astype(np.float32)
                values = values.astype(np.float64) * header.slope + header.intercept
            flat[first : first + len(values)] = values

    _copy(header, convert)
    return array


def require_whole(header: VolumeHeader, *, just_written: bool = False) -> None:
    """InputError when the data files hold fewer bytes than the header promises.

    just_written: the end of a gzip file may speak for all of it, as only a full disk is feared.
    """
    _require_plausible_size(header)
    content = header.skip + header.bytes_needed
    if header.encoding == "raw":
        return
    if just_written and header.encoding == "gzip" and _stated_size(header.data_files[0]) == content & 0xFFFFFFFF:
        return
    _copy(header, lambda at, part: None)


def read_start(path: Path, count: int) -> bytes:
    """The first `count` bytes of a file's content, unpacked where it is a gzip file; fewer where it has no more."""
    content = b""
    encoding = "gzip" if is_gzip(path) else "raw"
    try:
        for piece, _ in _pieces(path, 0, encoding):
            content += piece
            if len(content) >= count:
                break
    except (EOFError, zlib.error) as error:
        if len(content) < count:
            raise InputError(f"'{path}' is damaged (it cannot be unpacked): copy or export it again.") from error
    return content[:count]


def is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _require_plausible_size(header: VolumeHeader) -> None:
    """Refuse at once what is not there or cannot hold the voxels, however well it is packed."""
    require_data_files(header)
    share = header.bytes_needed // len(header.data_files)
    most = {"raw": 1, "gzip": _DEFLATE_RATIO, "zlib": _DEFLATE_RATIO}.get(header.encoding)
    if most is None:
        return
    for file in header.data_files:
        held = file.stat().st_size - max(header.offset, 0)
        if held * most < header.skip + share:
            raise _cut_short(header, held * most - header.skip, share)


def _copy(header: VolumeHeader, put: Callable[[int, memoryview], None]) -> None:
    """Hand the bytes of all voxels over in order: put(byte of the voxels at which the piece begins, piece)."""
    share = header.bytes_needed // len(header.data_files)
    for number, file in enumerate(header.data_files):
        offset = header.offset if header.offset >= 0 else file.stat().st_size - share
        begin, end, total, ended = header.skip, header.skip + share, 0, False
        try:
            for piece, ended in _pieces(file, offset, header.encoding):
                first, last = max(begin - total, 0), min(len(piece), end - total)
                if last > first:
                    put(number * share + total + first - begin, memoryview(piece)[first:last])
                total += len(piece)
                if total >= end and (ended or total >= end + _TRAILING):
                    break
        except (EOFError, zlib.error) as error:
            raise InputError(_not_unpacked(header.path, error, total / end)) from error
        if total < end:
            raise _cut_short(header, total - begin, share)


def _not_unpacked(path: Path, error: Exception, share: float) -> str:
    """A stream without an end is cut short; one whose content or checksum is wrong is damaged."""
    percent = int(100 * share)
    shown = f" ({percent} % of it can be unpacked)" if percent < 99 else " near its end"
    what = "cut short or damaged" if isinstance(error, EOFError) else "damaged"
    return f"'{path}' is {what}{shown}: copy or export it again."


def _cut_short(header: VolumeHeader, held: int, share: int) -> InputError:
    percent = 100 * max(held, 0) / share
    return InputError(f"'{header.path}' is cut short ({percent:.0f} % of it is there): copy or export it again.")


def _stated_size(path: Path) -> int:
    """The last four bytes of a gzip file: its uncompressed size modulo 2^32 (RFC 1952, ISIZE)."""
    with path.open("rb") as stream:
        stream.seek(-4, os.SEEK_END)
        return int.from_bytes(stream.read(4), "little")


def _pieces(path: Path, offset: int, encoding: str) -> Pieces:
    """A file's content from `offset` on, decoded, in pieces of some megabytes at most.

    EOFError when the end of a compressed part is missing, zlib.error when it is damaged (the checksum included).
    """
    with path.open("rb") as stream:
        stream.seek(offset)
        if encoding == "raw":
            while piece := stream.read(_PIECE):
                yield piece, True
        elif encoding == "bzip2":
            yield from _bunzip(stream)
        else:
            yield from _inflate(stream)


def _inflate(stream: BinaryIO) -> Pieces:
    """zlib (RFC 1950) or gzip (RFC 1952, of one or more members); zeros after a member are padding."""
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: either of the two
    packed, inside, members, total, padding = b"", False, 0, 0, 0
    while True:
        if not packed:
            packed = stream.read(_READ)
        if not inside:
            found, padding = len(packed), padding + len(packed)
            packed = packed.lstrip(b"\0") if members else packed
            if not packed and found and padding < _TRAILING:
                continue
            if not packed:
                return
            inside, padding = True, 0
        piece = unpacker.decompress(packed, _PIECE)
        total += len(piece)
        if not packed and not piece and not unpacker.eof:
            raise EOFError("the compressed part has no end")
        yield piece, unpacker.eof
        if unpacker.eof:
            packed, inside, members = unpacker.unused_data, False, members + 1
            if members > _SPARE_MEMBERS + total // 1024:
                raise zlib.error("more parts than content")
            unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        else:
            packed = unpacker.unconsumed_tail


def _bunzip(stream: BinaryIO) -> Pieces:
    unpacker = bz2.BZ2Decompressor()
    while not unpacker.eof:
        packed = stream.read(_READ) if unpacker.needs_input else b""
        if not packed and unpacker.needs_input:
            raise EOFError("the compressed part has no end")
        try:
            piece = unpacker.decompress(packed, _PIECE)
        except OSError as error:
            raise zlib.error(str(error)) from error
        yield piece, unpacker.eof
