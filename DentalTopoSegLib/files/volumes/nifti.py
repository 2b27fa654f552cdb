"""Compressed NIfTI (.nii.gz) unpacked once: voxels and checksum in one pass.

A CBCT of 67 million voxels takes longer to inflate than to segment in part: ITK's reader and a check for cut-short
files of its own would inflate it twice. Layout: NIfTI-1 (nifti1.h, 348 bytes) and NIfTI-2 (nifti2.h, 540 bytes).
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...errors import InputError

_CHUNK = 1 << 18
_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 256: "i1", 512: "u2"}  # NIfTI's codes of what a scan or labels come in


@dataclass(frozen=True)
class NiftiHeader:
    """What the header says of the voxels. order: "<" or ">"; datatype: NIfTI's code; slope, inter: scl_slope and
    scl_inter; offset: byte of the first voxel; dims: sizes (x, y, z, ...)."""

    order: str
    dims: tuple[int, ...]
    datatype: int
    bits: int
    offset: int
    slope: float
    inter: float

    @property
    def voxels(self) -> int:
        return int(np.prod(self.dims, dtype=object))

    @property
    def total_bytes(self) -> int:
        """Bytes of the whole single file, header included."""
        return self.offset + self.voxels * (self.bits // 8)


def nifti_header(path: Path, compressed: bool) -> NiftiHeader | None:
    """The header of a single-file NIfTI-1/2, None when it is neither. InputError when not even that can be unpacked."""
    opener = gzip.open if compressed else open
    try:
        with opener(path, "rb") as stream:
            header = stream.read(540)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"'{path}' is damaged at its very beginning: copy or export it again.") from error

    def value(kind: str, at: int, count: int = 1) -> np.ndarray:
        return np.frombuffer(header, order + kind, count, at)

    for order in "<>":
        if len(header) >= 348 and value("i4", 0)[0] == 348:
            dims, code, bits = value("i2", 40, 8), value("i2", 70)[0], value("i2", 72)[0]
            offset, slope, inter = value("f4", 108, 3)
        elif len(header) >= 540 and value("i4", 0)[0] == 540:
            dims, code, bits = value("i8", 16, 8), value("i2", 12)[0], value("i2", 14)[0]
            offset, (slope, inter) = value("i8", 168)[0], value("f8", 176, 2)
        else:
            continue
        sizes = tuple(int(d) for d in dims[1 : 1 + max(int(dims[0]), 1)])
        return NiftiHeader(order, sizes, int(code), int(bits), int(offset), float(slope), float(inter))
    return None


def unpack_nifti(path: Path, shape: tuple[int, int, int], dtype: np.dtype) -> np.ndarray | None:
    """Voxels (z, y, x) of a .nii.gz whose stored values are the scan's, unpacked in one pass with its checksum.

    shape, dtype: what ITK's reader announces. None where its reader has to do more (rescaled or byte-swapped values,
    unusual types, another kind of file). InputError when the file is cut short or damaged; MemoryError.
    """
    with path.open("rb") as stream:
        if stream.read(2) != b"\x1f\x8b":
            return None
    header = nifti_header(path, compressed=True)
    if (
        header is None
        or header.order != "<"
        or _TYPES.get(header.datatype) is None
        or np.dtype("<" + _TYPES[header.datatype]) != dtype
        or header.bits != 8 * dtype.itemsize
        or header.dims != shape[::-1]
        or header.offset < 348
        or header.slope not in (0.0, 1.0)
        or header.inter != 0.0
    ):
        return None
    array = np.empty(shape, dtype)
    voxels = array.data.cast("B")
    skip, total = header.offset, 0
    try:
        for chunk in _inflate(path):
            begin, end = max(skip - total, 0), min(len(chunk), skip + len(voxels) - total)
            if end > begin:
                voxels[total + begin - skip : total + end - skip] = memoryview(chunk)[begin:end]
            total += len(chunk)
    except (EOFError, zlib.error) as error:
        raise InputError(
            f"'{path}' is cut short or damaged ({100 * min(total / header.total_bytes, 1):.0f} % of it can be "
            "unpacked): copy or export it again."
        ) from error
    if total < header.total_bytes:
        raise InputError(
            f"'{path}' is cut short ({100 * total / header.total_bytes:.0f} % of it is there): copy or export it again."
        )
    return array


def _inflate(path: Path) -> Iterator[bytes]:
    """The content of a gzip file of one or more members (RFC 1952), piece by piece; EOFError when its end is missing,
    zlib.error when it is damaged (the checksum included). Zeros after a member are padding."""
    with path.open("rb") as stream:
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        started = False
        while chunk := stream.read(_CHUNK):
            while chunk:
                if not started and not (chunk := chunk.lstrip(b"\0")):
                    break
                started = True
                yield unpacker.decompress(chunk)
                chunk = unpacker.unused_data
                if unpacker.eof:
                    unpacker, started = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16), False
        if started:
            raise EOFError(f"{path} ends within a gzip member")
