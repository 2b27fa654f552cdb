"""Volumes in mm: reading with plain refusals, resampling in bounded memory, writing whole or not at all."""

from .arrays import from_numpy, to_napari
from .field import find_outside
from .formats import SCAN_SUFFIXES, read_header, safe_stem
from .grid import IDENTITY, Volume
from .header import VolumeHeader
from .limits import COARSE_SPACING_MM, MAX_VOXELS
from .orientation import notes_on_places, require_orientation
from .parts import common_grid, placed_on
from .reading import read_label_file, read_labels, read_volume
from .resampling import resample_like, resample_ras
from .writing import require_utf8, write_volume

__all__ = [
    "COARSE_SPACING_MM",
    "IDENTITY",
    "MAX_VOXELS",
    "SCAN_SUFFIXES",
    "Volume",
    "VolumeHeader",
    "common_grid",
    "find_outside",
    "from_numpy",
    "notes_on_places",
    "placed_on",
    "read_header",
    "read_label_file",
    "read_labels",
    "read_volume",
    "require_orientation",
    "require_utf8",
    "resample_like",
    "resample_ras",
    "safe_stem",
    "to_napari",
    "write_volume",
]
