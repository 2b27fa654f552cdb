"""Labelled scans as files: `<name>_image.nii.gz` beside `<name>_labels.nii.gz` (FDI numbers) on the same grid, and
`<name>_structures.nii.gz` (values of `dentition.structures`) where what surrounds the teeth is known too."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume, write_volume

IMAGE, LABELS, STRUCTURES = "_image.nii.gz", "_labels.nii.gz", "_structures.nii.gz"
RAS_TO_LPS = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)


def write_pair(
    folder: Path,
    name: str,
    image: np.ndarray,
    labels: np.ndarray,
    spacing: float,
    origin: np.ndarray,
    structures: np.ndarray | None = None,
) -> None:
    """Write a scan and its labels, making the folder.

    Parameters
    ----------
    folder, name : Path, str
        Where, and the first part of both file names.
    image, labels : numpy.ndarray
        (z, y, x) along RAS+ axes: int16 grey values, uint8 FDI numbers.
    spacing : float
        Edge of a voxel, mm.
    origin : numpy.ndarray
        (3,) RAS mm of voxel (0, 0, 0).
    structures : numpy.ndarray, optional
        (z, y, x) uint8 values of `dentition.structures`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lps = (-float(origin[0]), -float(origin[1]), float(origin[2]))
    for array, end in ((image, IMAGE), (labels, LABELS), (structures, STRUCTURES)):
        if array is not None:
            write_volume(Volume(array, (spacing,) * 3, lps, RAS_TO_LPS, name), folder / f"{name}{end}")


def find_pairs(folder: Path) -> list[tuple[str, Path, Path]]:
    """(name, image, labels) of every labelled scan in `folder`, by name.

    Raises
    ------
    InputError
        The folder holds none.
    """
    names = [path.name.removesuffix(IMAGE) for path in sorted(folder.glob(f"*{IMAGE}"))]
    pairs = [(name, folder / f"{name}{IMAGE}", folder / f"{name}{LABELS}") for name in names]
    found = [pair for pair in pairs if pair[2].is_file()]
    if not found:
        raise InputError(f"{folder} holds no <name>{IMAGE} with <name>{LABELS}: name another.")
    return found
