"""What can be a scan: sizes, voxel sizes and axes that are taken, and the sentences for those that are not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...errors import InputError, MemoryLimitError
from .grid import Volume

# 1024 x 1024 x 600: the largest CBCT sold today (18 cm at 0.2 mm) passes, and as int16 it fits in 1.3 GB.
MAX_VOXELS = 640_000_000
MIN_SIZE = 8
SPACING_RANGE_MM = (0.02, 10.0)
COARSE_SPACING_MM = 0.8
MAX_EXTENT_MM = 2500.0
ORTHOGONAL_TOLERANCE = 1e-3


def require_3d(path: Path, size: Sequence[int]) -> None:
    """InputError for flat images and time series; a fourth axis of length 1 is accepted."""
    if len(size) > 3 and size[2] == 1 and max(size[3:]) > 1:
        shown = " x ".join(str(n) for n in size)
        raise InputError(
            f"'{path}' holds flat pictures along a fourth axis ({shown}), not a volume: save it with its slices along "
            "the third axis."
        )
    if len(size) < 3 or min(size[:3]) == 1:
        shown = " x ".join(str(n) for n in size)
        raise InputError(
            f"'{path}' is a flat picture ({shown} pixels), not a volume: give the whole scan "
            "(for DICOM, the folder with all slices)."
        )
    if len(size) > 3 and max(size[3:]) > 1:
        raise InputError(f"'{path}' holds {max(size[3:])} volumes in one file: save the one you want on its own.")


def check_grid(
    path: Path,
    size: Sequence[int],
    spacing: Sequence[float],
    direction: Sequence[float],
    max_voxels: int = MAX_VOXELS,
) -> None:
    """Refuse a grid (x, y, z order) that cannot be a scan, from its header alone; errors as read_volume."""
    shown = " x ".join(str(n) for n in size)
    low, high = SPACING_RANGE_MM
    if not all(np.isfinite(s) and low <= s <= high for s in spacing):
        voxel = " x ".join(f"{s:g}" for s in spacing)
        raise InputError(
            f"'{path}' states a voxel size of {voxel} mm, which cannot be right ({low:g} to {high:g} mm is "
            "accepted): export the scan again with its true voxel size."
        )
    voxels = int(np.prod([int(n) for n in size], dtype=object))
    if voxels > max_voxels:
        raise MemoryLimitError(
            f"'{path}' has {shown} voxels, more than the {max_voxels / 1e6:.0f} million that fit in "
            "bounded memory: crop it to the jaws or export it with larger voxels (0.3 mm is enough)."
        )
    if max(n * s for n, s in zip(size, spacing, strict=True)) > MAX_EXTENT_MM:
        raise InputError(f"'{path}' would be longer than {MAX_EXTENT_MM / 1000:g} m: its voxel size must be wrong.")
    matrix = np.clip(np.reshape(direction, (3, 3)), -10, 10)  # products of absurd numbers would have no value
    if not np.allclose(matrix.T @ matrix, np.eye(3), atol=ORTHOGONAL_TOLERANCE):
        raise InputError(
            f"'{path}' has axes that are not at right angles (a sheared grid): re-export it on a straight grid."
        )


def check_scan_geometry(volume: Volume, path: Path) -> list[str]:
    """Refuse scans too small to hold a tooth; return warnings about coarse voxels."""
    if min(volume.shape) < MIN_SIZE:
        shown = " x ".join(str(n) for n in volume.shape[::-1])
        raise InputError(f"'{path}' is only {shown} voxels: too few to hold teeth. Give the whole scan.")
    coarsest = max(volume.spacing)
    if coarsest > COARSE_SPACING_MM + 1e-3:  # NIfTI keeps 0.8 as 0.80000001
        return [
            f"The voxels are {coarsest:.2g} mm wide; above {COARSE_SPACING_MM} mm neighbouring teeth and "
            "thin roots are often merged or lost. Check the result closely."
        ]
    return []
