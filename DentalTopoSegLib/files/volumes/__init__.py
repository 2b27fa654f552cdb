"""Volumes in mm: reading with plain refusals, resampling in bounded memory, writing whole or not at all."""

from .grid import IDENTITY, Volume
from .reading import COARSE_SPACING_MM, MAX_VOXELS, read_labels, read_volume, safe_stem
from .resampling import resample_like, resample_ras
from .writing import atomic_path, write_volume

__all__ = [
    "COARSE_SPACING_MM",
    "IDENTITY",
    "MAX_VOXELS",
    "Volume",
    "atomic_path",
    "read_labels",
    "read_volume",
    "resample_like",
    "resample_ras",
    "safe_stem",
    "write_volume",
]
