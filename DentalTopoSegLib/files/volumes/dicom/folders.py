"""The files of a DICOM folder, within bounds and without opening what is no file."""

from __future__ import annotations

import os
from pathlib import Path

from ....errors import InputError
from ...hps import is_hps_file
from ...names import one_line
from ...regular_files import may_not_be_read
from .header import FIRST_BYTES, PREAMBLE, starts_like_dicom

#: Every visit of a full CD holds fewer; one scan has a thousand at most.
MAX_FILES = 100_000
MAX_FOLDER_DEPTH = 64
_SUFFIXES = (".dcm", ".dicom")


def is_dicom(path: Path) -> bool:
    """True for a folder, which can be nothing else here, and for a DICOM file."""
    return os.path.isdir(path) or is_dicom_file(path)


def is_dicom_file(path: Path) -> bool:
    """True when the file carries DICOM's preamble ("DICM" at byte 128), begins as a data set does, or is called .dcm.

    At most `FIRST_BYTES` are read; for a file that may not be read its name tells. A mesh of 3Shape's called .dcm is
    none.
    """
    if not os.path.isfile(path):
        return False  # pipes and devices would wait for ever
    named = path.suffix.lower() in _SUFFIXES
    try:
        with path.open("rb") as stream:
            head = stream.read(PREAMBLE)
            if head[128:] == b"DICM":
                return True
            bare = starts_like_dicom(head + stream.read(FIRST_BYTES - PREAMBLE))
    except OSError:
        return named
    return bare or (named and not is_hps_file(path))


def is_directory_file(path: Path) -> bool:
    """True for the file that lists what a CD holds: it is called DICOMDIR."""
    return path.name.upper() == "DICOMDIR"


def files_in(folder: Path, recursive: bool = True) -> list[Path]:
    """The files of a folder that may be slices, sorted: no hidden ones, no DICOMDIR, no pipes or devices.

    Raises InputError for what may be a part of the scan and cannot be looked at (a folder without permission, a link
    into nowhere), and above `MAX_FILES`.
    """
    files: list[Path] = []
    seen, waiting = 0, [(folder, 0)]
    while waiting:
        here, depth = waiting.pop()
        if depth > MAX_FOLDER_DEPTH:
            raise InputError(
                f"'{folder}' has folders in more than {MAX_FOLDER_DEPTH} levels: give the folder that holds the scan."
            )
        try:
            with os.scandir(here) as entries:
                for entry in entries:
                    seen += 1
                    if seen > MAX_FILES:
                        raise InputError(
                            f"'{folder}' holds more than {MAX_FILES} files: give the folder that holds one scan."
                        )
                    if entry.is_dir(follow_symlinks=False):
                        if recursive:
                            waiting.append((here / entry.name, depth + 1))
                    elif not entry.name.startswith(".") and not is_directory_file(Path(entry.name)):
                        files += _file(folder, here, entry)
        except PermissionError as error:
            raise InputError(may_not_be_read(here)) from error
        except OSError as error:
            raise InputError(f"'{here}' cannot be opened ({error.strerror or error}): copy the scan again.") from error
    return sorted(files)


def _file(folder: Path, here: Path, entry: os.DirEntry[str]) -> list[Path]:
    if os.path.isfile(entry.path):  # the entry's own question fails for links in a circle
        return [here / entry.name]
    if entry.is_symlink() and not os.path.exists(entry.path):
        raise InputError(
            f"In '{folder}' the file '{one_line(entry.name)}' is a link to something that is not there: copy the scan "
            "again, or take the link away."
        )
    return []
