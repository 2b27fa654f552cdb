"""Names of results that tell nothing of the patient: a code of what is in the scan's files."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path

from ..errors import InputError
from ..files.journal import sha256_of
from ..files.regular_files import require_regular_file
from ..files.volumes.dicom import is_dicom, series_files

#: Of the code; among a million scans two have the same with a probability of 2 in 1000.
_DIGITS = 12
#: Headers whose voxels lie in other files, and where they name them.
_DETACHED = (".nhdr", ".mhd", ".hdr", ".img")
_DATA_FILE = re.compile(rb"(?:data ?file|ElementDataFile)\s*[:=]\s*(\S.*)", re.IGNORECASE)
_HEADER_BYTES = 1 << 20


def anonymous_name(inputs: Sequence[str | os.PathLike[str]], series: str | None = None) -> str:
    """The name of a scan's results made of nothing but its content: the same wherever the files lie and however they
    are called, another for another scan. It cannot be turned back; who has the scan can make it again.

    Parameters
    ----------
    inputs : sequence of path
        One CBCT (file or DICOM folder), or the meshes of one or two jaws.
    series : str, optional
        The DICOM series that is taken.

    Returns
    -------
    str
        "scan-" and twelve hexadecimal digits.

    Raises
    ------
    InputError
        For files that cannot be read.
    """
    whole = hashlib.sha256()
    for path in map(Path, inputs):
        # by content, not by name: copies of a DICOM folder have their files called and ordered in any way
        for digest in sorted(_digest(file) for file in _files_of(path, series)):
            whole.update(digest)
    return f"scan-{whole.hexdigest()[:_DIGITS]}"


def _files_of(path: Path, series: str | None) -> list[Path]:
    try:
        dicom = path.exists() and is_dicom(path)
    except OSError as error:
        raise _cannot_read(path, error) from error
    if dicom:
        return series_files(path, series)
    return [path, *_data_files(path)] if path.suffix.lower() in _DETACHED else [path]


def _data_files(header: Path) -> list[Path]:
    """The files that may hold a header's voxels: those it names, and those called like it."""
    try:
        with header.open("rb") as stream:
            lines = [_DATA_FILE.fullmatch(line.rstrip()) for line in stream.read(_HEADER_BYTES).splitlines()]
        named = {os.fsdecode(line[1]) for line in lines if line}
        beside = [file for file in header.parent.iterdir() if file != header and file.is_file()]
    except OSError as error:
        raise _cannot_read(header, error) from error
    listed = any(name.upper() == "LIST" or "%" in name for name in named)  # many files: then all of the folder
    return [file for file in beside if listed or file.name in named or file.name.startswith(f"{header.stem}.")]


def _digest(path: Path) -> bytes:
    try:
        return bytes.fromhex(sha256_of(require_regular_file(path)))
    except OSError as error:
        raise _cannot_read(path, error) from error


def _cannot_read(path: Path, error: OSError) -> InputError:
    return InputError(f"'{path}' cannot be read ({error.strerror or error}).")
