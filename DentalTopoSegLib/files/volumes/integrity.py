"""Is the whole file there? A cut-short copy must not become a scan with an empty half.

Of SimpleITK's readers some fail on a truncated file, others hand out zeros with a warning on the C++ side. So the
expected size is worked out from the header and compared with what the file holds.
"""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

from ...errors import InputError
from .nifti import nifti_header

_CHUNK = 1 << 22


def require_whole_nifti(path: Path, needed: int, just_written: bool) -> None:
    """InputError when a single-file NIfTI, plain or gzipped, holds fewer bytes than its header promises.

    needed: bytes of the voxels as SimpleITK has them; not asked, as on the disk they may be narrower (scl_slope turns
    int16 into float). just_written: the end of a gzip file may speak for all of it, as only a full disk is feared; a
    file from elsewhere is unpacked with its checksum.
    """
    with path.open("rb") as stream:
        compressed = stream.read(2) == b"\x1f\x8b"
    header = nifti_header(path, compressed)
    if header is not None:
        expected = header.total_bytes
        quick = expected if just_written else 0
        _compare(path, gzip_content_size(path, quick) if compressed else path.stat().st_size, expected)


def require_whole_data(path: Path, needed: int, just_written: bool) -> None:
    """InputError when an NRRD or MetaImage, or its detached data, holds less than the `needed` bytes of voxels.

    just_written: as in `require_whole_nifti`.
    """
    data = _data_part(path)
    if data is None:
        return
    file, offset, encoding = data
    if not file.exists():
        raise InputError(f"'{path}' points to its voxels in '{file.name}', which is not there: copy both files.")
    if encoding == "raw":
        _compare(path, file.stat().st_size - offset, needed)
    elif not (just_written and path.name.lower().endswith(".nrrd") and _stated_size(file) == needed & 0xFFFFFFFF):
        _compare(path, _inflated_size(file, offset), needed)


def _compare(path: Path, held: int, expected: int) -> None:
    if held < expected:
        share = 100 * max(held, 0) / expected
        raise InputError(f"'{path}' is cut short ({share:.0f} % of it is there): copy or export it again.")


def gzip_content_size(path: Path, minimum: int) -> int:
    """Uncompressed bytes in a gzip file; 0 when its end is missing and less than `minimum` can be unpacked.

    The last four bytes of a whole single-member file state the size: the quick way. When they do not agree with
    `minimum` (0: do not ask them) the file may be cut or made of several members, and only unpacking tells.
    """
    if minimum and _stated_size(path) == minimum & 0xFFFFFFFF:
        return minimum
    total = 0
    try:
        with gzip.open(path, "rb") as stream:
            while chunk := stream.read(_CHUNK):
                total += len(chunk)
    except (EOFError, OSError, zlib.error):
        return min(total, max(minimum - 1, 0))
    return total


def _stated_size(path: Path) -> int:
    """The last four bytes of a gzip file: its uncompressed size modulo 2^32 (RFC 1952, ISIZE)."""
    with path.open("rb") as stream:
        stream.seek(-4, os.SEEK_END)
        return int.from_bytes(stream.read(4), "little")


def _data_part(path: Path) -> tuple[Path, int, str] | None:
    """(file with the voxels, byte offset, "raw" or "gzip") of an NRRD or MetaImage; None when unusual."""
    with path.open("rb") as stream:
        head = stream.read(1 << 20)
    if head.startswith(b"NRRD"):
        end = head.find(b"\n\n")
        crlf = head.find(b"\r\n\r\n")
        if 0 <= crlf < (end if end >= 0 else len(head)):
            end, gap = crlf, 4
        else:
            gap = 2
        fields = _fields(head[: end if end >= 0 else len(head)], b":")
        encoding = {"raw": "raw", "gzip": "gzip", "gz": "gzip"}.get(fields.get("encoding", ""))
        file = fields.get("data file", fields.get("datafile"))
        if encoding is None or (file or "").upper().startswith("LIST") or "byte skip" in fields:
            return None
        if file is None:
            return (path, end + gap, encoding) if end >= 0 else None
        return path.parent / file, 0, encoding
    marker = head.find(b"ElementDataFile")
    if marker < 0:
        return None
    end = head.find(b"\n", marker)
    fields = _fields(head[: end if end >= 0 else len(head)], b"=")
    file = fields.get("elementdatafile", "")
    encoding = "gzip" if fields.get("compresseddata", "false").lower() == "true" else "raw"
    if "headersize" in fields or file.upper().startswith("LIST") or "%" in file:
        return None
    return (path, end + 1, encoding) if file.upper() == "LOCAL" else (path.parent / file, 0, encoding)


def _fields(header: bytes, separator: bytes) -> dict[str, str]:
    pairs = (line.split(separator, 1) for line in header.splitlines() if separator in line)
    return {k.decode("utf-8", "replace").strip().lower(): v.decode("utf-8", "replace").strip() for k, v in pairs}


def _inflated_size(file: Path, offset: int) -> int:
    """Bytes that a zlib or gzip stream starting at `offset` unpacks to, as far as it goes."""
    total = 0
    with file.open("rb") as stream:
        stream.seek(offset)
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)  # 32: zlib or gzip header, whichever is there
        try:
            while chunk := stream.read(_CHUNK):
                while chunk:
                    total += len(unpacker.decompress(chunk))
                    chunk = unpacker.unused_data
                    if unpacker.eof and chunk:
                        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        except zlib.error:
            return total
    return total
