"""Volumes out: the suffix chooses the format; checked after writing, and whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from ...errors import InputError, OutputError, UsageError
from ..transactions import atomic_path, destination, require_file_name
from .content import require_whole
from .formats import WRITTEN_SUFFIXES, read_header
from .grid import Volume


def write_volume(volume: Volume, path: str | os.PathLike[str]) -> Path:
    """Write compressed, whole or not at all.

    Parameters
    ----------
    volume : Volume
        A scan or label map.
    path : path
        Its suffix chooses the format.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        For everything the disk refuses.
    UsageError
        For a suffix of no format.
    """
    return write_image(volume.to_sitk(), Path(path))


def write_image(image, path: Path) -> Path:
    """Write a SimpleITK image atomically and check that all of it reached the disk. Raises OutputError."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)  # its C++ warnings mean nothing to a clinician
    _require_writable_name(path)
    with atomic_path(path) as temporary:
        temporary.touch()  # the disk's own reason for refusing the name; SimpleITK has none
        try:
            sitk.WriteImage(image, str(temporary), useCompression=True)
            require_whole(read_header(temporary), just_written=True)  # some of ITK's writers do not report a full disk
        except (RuntimeError, InputError) as error:
            raise OutputError(
                f"'{destination(path)}' cannot be written: the disk is full or out of reach. Choose another folder."
            ) from error
    return path


def _require_writable_name(path: Path) -> None:
    shown = destination(path)
    if not path.name.lower().endswith(WRITTEN_SUFFIXES):
        raise UsageError(f"'{shown}' cannot be written: its name must end in {', '.join(WRITTEN_SUFFIXES)}.")
    require_file_name(path)
    require_utf8(path)


def require_utf8(path: Path) -> None:
    """Raise OutputError for a file or folder to write to whose path is not in UTF-8: SimpleITK cannot open it."""
    try:
        str(path.absolute()).encode()
    except UnicodeEncodeError as error:
        raise OutputError(
            f"'{destination(path)}' cannot be written: its name or a folder's is not in UTF-8. Rename it or choose "
            "another folder."
        ) from error
