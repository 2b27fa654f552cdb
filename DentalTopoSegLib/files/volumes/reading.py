"""Reading scans and label maps, header first, with one plain sentence for everything that cannot be used."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import InputError, MemoryLimitError
from ..regular_files import require_regular_file
from .content import read_voxels
from .formats import format_of, read_header, safe_stem
from .grid import Volume
from .limits import MAX_VOXELS, check_grid, check_scan_geometry, require_3d
from .orientation import require_orientation, resolve

# Outside of a round field that is half as high as its box, many programs write NaN: that is 61 % of the box.
_MOST_UNDEFINED = 0.75
#: Different values. Noise gives a scan thousands, also where 8 bits are left of them more than half of the 256; a label
#: map has some 32 teeth and the structures around them.
_MOST_LABELS = 100
#: With fewer it may as well be something drawn, to try the program with.
_FEWEST_LABELS = 6
#: The values of every layout of labels (`dentition.label_layouts`) fit a byte.
_HIGHEST_LABEL = 255


def read_volume(
    path: str | os.PathLike[str],
    max_voxels: int = MAX_VOXELS,
    series: str | None = None,
    orientation: str | None = None,
) -> tuple[Volume, list[str]]:
    """Read a CBCT scan: NIfTI, NRRD, MetaImage, a DICOM file, or a DICOM folder.

    Parameters
    ----------
    path : path
        The scan's file, or the folder with its slices.
    max_voxels : int
        More are refused before they are read.
    series : str, optional
        Which DICOM series to take: its SeriesNumber, or the end of its SeriesInstanceUID.
    orientation : str, optional
        Of a file that does not say where left and right are: the sides of the patient to which columns, rows and slices
        run, such as "LPS"; of a NIfTI file that says it twice and differently: "sform" or "qform". What a file says
        itself holds.

    Returns
    -------
    volume : Volume
        The scan in its smallest faithful type, array (z, y, x), spacing in mm.
    warnings : list of str
        What was left aside or looks odd, in plain words.

    Raises
    ------
    InputError
        For everything that cannot be a CBCT, label maps too, and where left and right are not known.
    UsageError
        For an orientation that is none.
    MemoryLimitError
        Above `max_voxels`.

    Examples
    --------
    >>> read_volume("patient/scan.nii.gz")
    Traceback (most recent call last):
        ...
    DentalTopoSegLib.errors.InputError: 'patient/scan.nii.gz' does not exist: check the path.
    """
    path = Path(path)
    if not os.path.isdir(path):
        require_regular_file(path, "the scan's file, or the folder with its slices")
    require_orientation(orientation)
    kind = format_of(path)
    if kind is not None and kind.read is not None:
        volume, warnings = kind.read(path, max_voxels, series, orientation)
        volume = replace(volume, name=safe_stem(volume.name))
    else:
        if series is not None:
            raise InputError(f"'{path}' is not DICOM, so there is no series to choose: leave the option out.")
        volume, warnings = _read_file(path, max_voxels, orientation)
    warnings += check_scan_geometry(volume, path)
    return _clean_intensities(volume, path, warnings), warnings


def read_labels(path: str | os.PathLike[str], max_voxels: int = MAX_VOXELS, orientation: str | None = None) -> Volume:
    """The label map of `read_label_file`, without its warnings."""
    return read_label_file(path, max_voxels, orientation)[0]


def read_label_file(
    path: str | os.PathLike[str], max_voxels: int = MAX_VOXELS, orientation: str | None = None
) -> tuple[Volume, list[str]]:
    """Read a label map in any numbering.

    Parameters
    ----------
    path : path
        NIfTI, NRRD (.seg.nrrd too) or MetaImage.
    max_voxels : int
        More are refused before they are read.
    orientation : str, optional
        As in `read_volume`.

    Returns
    -------
    volume : Volume
        Whole numbers (z, y, x) as uint8 or uint16; `metadata` has the header of a .seg.nrrd.
    warnings : list of str
        About where it lies, in plain words.

    Raises
    ------
    InputError
        For what holds fractions, negative numbers or numbers above 65535, for what cannot be read, and where left and
        right are not known.
    UsageError
        For an orientation that is none.
    """
    path = require_regular_file(path, "the label map's file (NIfTI, NRRD or MetaImage)")
    volume, warnings = _read_file(path, max_voxels, orientation)
    array = volume.array
    if array.dtype.kind == "f" and not all(np.isfinite(part).all() and (np.rint(part) == part).all() for part in array):
        raise InputError(f"'{path}' is no label map: it holds fractions or NaN. Give the labels, not the scan.")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high > 65535:
        raise InputError(
            f"'{path}' is no label map: its values run from {low} to {high}. Give the labels, not the scan."
        )
    return replace(volume, array=array.astype(np.uint8 if high < 256 else np.uint16, copy=False)), warnings


def _read_file(path: Path, max_voxels: int, orientation: str | None) -> tuple[Volume, list[str]]:
    """One volume file, header first so that nothing huge is ever allocated, and what to tell of where it lies."""
    header = read_header(path)
    require_3d(path, header.size)
    if header.components != 1:
        raise InputError(
            f"'{path}' has {header.components} values per voxel (colour, vectors or overlapping segments): export it "
            "as one plain grey or label value per voxel."
        )
    check_grid(path, header.size[:3], header.spacing, header.direction, max_voxels)
    header, notes = resolve(header, orientation)
    check_grid(path, header.size[:3], header.spacing, header.direction, max_voxels)
    try:
        array = read_voxels(header)
    except MemoryError as error:
        raise MemoryLimitError(f"'{path}' does not fit in this computer's memory: crop or down-sample it.") from error
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror or error}): copy it again.") from error
    grid = header.spacing, header.origin, header.direction
    return Volume(array, *grid, safe_stem(path), header.metadata, header.orientation_stated), notes


def _clean_intensities(volume: Volume, path: Path, warnings: list[str]) -> Volume:
    """Refuse constant and mostly undefined scans; replace single NaN/inf; shrink the type without loss."""
    array = volume.array
    if array.dtype.kind == "f":
        bad = sum(int(np.count_nonzero(~np.isfinite(part))) for part in array)
        if bad > _MOST_UNDEFINED * array.size:
            raise InputError(
                f"'{path}' has no valid number (NaN or infinite) in {100 * bad / array.size:.0f} % of its "
                "voxels: export the scan again."
            )
        array = array.astype(np.float32, copy=False)
        if bad or not all(np.isfinite(part).all() for part in array):
            lowest = min(float(part.min(initial=np.inf, where=np.isfinite(part))) for part in array)
            for part in array:
                part[~np.isfinite(part)] = lowest
            warnings.append(
                f"{bad} voxels held no valid number (NaN or infinite); they were treated as the darkest grey."
            )
    low, high = array.min(), array.max()
    if low == high:
        raise InputError(f"'{path}' is empty: every voxel has the same value ({low:g}). Export the scan again.")
    if low >= 0 and high <= _HIGHEST_LABEL and (labels := _label_values(array)):
        raise InputError(
            f"'{path}' looks like a label map, not like a scan: its voxels hold only {labels} different "
            f"values, whole numbers from {low:g} to {high:g}. Give the scan that was segmented."
        )
    if array.dtype.kind in "iu" and array.dtype.itemsize > 2:
        fits = np.iinfo(np.int16).min <= low and high <= np.iinfo(np.int16).max
        array = array.astype(np.int16 if fits else np.float32)
    return replace(volume, array=array)


def _label_values(array: np.ndarray) -> int:
    """How many different values, not below 0, an array has; 0 where they may be those of a scan."""
    values: np.ndarray = np.zeros(0, array.dtype)
    for part in array:
        if array.dtype.kind == "f" and not (np.rint(part) == part).all():
            return 0
        values = np.union1d(values, part)
        if len(values) > _MOST_LABELS:
            return 0
    return len(values) if len(values) >= _FEWEST_LABELS else 0
