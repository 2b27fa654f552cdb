"""Volumes out: the suffix chooses the format; checked after writing, and whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from ...errors import InputError, OutputError
from ..transactions import atomic_path
from .formats import require_complete
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
    """
    return write_image(volume.to_sitk(), Path(path))


def write_image(image, path: Path) -> Path:
    """Write a SimpleITK image atomically and check that all of it reached the disk. Raises OutputError."""
    import SimpleITK as sitk

    with atomic_path(path) as temporary:
        try:
            sitk.WriteImage(image, str(temporary), useCompression=True)
            reader = sitk.ImageFileReader()
            reader.SetFileName(str(temporary))
            reader.ReadImageInformation()
            require_complete(temporary, reader, just_written=True)  # a full disk: some ITK writers do not report it
        except (RuntimeError, InputError) as error:
            raise OutputError(
                f"'{path}' cannot be written: the folder is full, read-only or gone. Choose another folder."
            ) from error
    return path
