"""Reading the one scan of a DICOM folder, or of a file: which files, in which order, and their grey values."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ....errors import InputError
from ...names import one_line
from ..grid import IDENTITY, Volume
from ..limits import check_grid
from ..orientation import not_used, orientation_of
from .folders import is_directory_file
from .frames import Frame, frames_of, positions_of
from .geometry import stack_from_first, stack_slices, unit_axes
from .header import DicomHeader, without_pydicom_warnings
from .pixels import read_frames, same_pixels
from .series import Series, find_series

#: Slices nearer to each other than this, in mm, may be one slice twice.
_SAME_PLACE_MM = 1e-3


def read_dicom(
    path: Path, max_voxels: int, series: str | None = None, orientation: str | None = None
) -> tuple[Volume, list[str]]:
    """Read the one scan in a folder (sub-folders included), or the series that a single file belongs to.

    A CD's DICOMDIR stands for its folder. Returns the volume, with the name that the folder (of a scan in one file: the
    file) has, and warnings on what was left aside. Raises InputError when no scan, several similar scans, missing or
    uneven slices are found, and with the tag for a header that is damaged or out of bounds; MemoryLimitError above
    `max_voxels`. orientation: of a file that does not say where left and right are, as in `read_volume`.
    """
    folder = path if path.is_dir() else path.parent
    warnings: list[str] = []
    with without_pydicom_warnings():
        chosen = find_series(path, series, warnings)
        volume = _read(chosen, path, max_voxels, orientation, warnings)
    own_file = chosen.many_in_one_file and path.is_file() and not is_directory_file(path)
    source = path if own_file else folder
    return replace(volume, name=os.path.basename(os.path.abspath(source))), warnings


def series_files(path: Path, series: str | None = None) -> list[Path]:
    """The files that `read_dicom` takes for the one scan in a folder, or for a file's series. Raises InputError."""
    with without_pydicom_warnings():
        chosen = find_series(path, series, [])
        return list(dict.fromkeys(f.header.path for f in _frames(chosen, path, [])))


def _read(series: Series, path: Path, max_voxels: int, orientation: str | None, warnings: list[str]) -> Volume:
    _require_grey(series.headers, path)
    frames = _frames(series, path, warnings)
    if series.many_in_one_file and any(frame.position is None for frame in frames[1:]):
        stack, notes = stack_from_first(series.headers[0], frames, path, orientation)
        warnings += notes
    else:
        stack = stack_slices(frames, path)
        warnings += not_used(orientation, orientation_of(stack.direction))
    check_grid(path, (series.columns, series.rows, len(frames)), stack.spacing, IDENTITY, max_voxels)
    array = read_frames([frames[i] for i in stack.order], path)
    return Volume(array, stack.spacing, stack.origin, stack.direction, orientation_stated=stack.orientation_stated)


def _frames(series: Series, path: Path, warnings: list[str]) -> list[Frame]:
    """The frames of a scan, each once. Raises InputError where two in one place differ."""
    if series.many_in_one_file:
        return list(series.frames) or frames_of(series.headers[0])
    for taken, copy in series.copies:
        _require_same(taken, copy, path)
    frames = [frame for header in series.headers for frame in frames_of(header)]
    if series.merged:
        warnings.append("Each slice calls itself a series of its own; together they were taken as one scan.")
    kept = _each_once(frames, path)
    twice = len(frames) - len(kept)
    if twice:
        slices = "1 slice is" if twice == 1 else f"{twice} slices are"
        warnings.append(f"{slices} there twice with equal grey values: each was taken once.")
    return kept


def _each_once(frames: list[Frame], path: Path) -> list[Frame]:
    """Without the slices that are there twice. Raises InputError where two in one place differ."""
    if len(frames) < 2 or any(frame.position is None or frame.axes is None for frame in frames):
        return frames
    normal = np.cross(*unit_axes(frames[0], path))
    heights = positions_of(frames) @ normal
    kept: list[int] = []
    for at in np.argsort(heights, kind="stable"):
        if kept and heights[at] - heights[kept[-1]] < _SAME_PLACE_MM:
            _require_same(frames[kept[-1]].header, frames[at].header, path)
        else:
            kept.append(int(at))
    return [frames[at] for at in sorted(kept)]


def _require_same(kept: DicomHeader, copy: DicomHeader, path: Path) -> None:
    if kept.path != copy.path and not same_pixels(kept, copy):
        raise InputError(
            f"'{path}' has two different slices at the same place ('{one_line(kept.path.name)}' and "
            f"'{one_line(copy.path.name)}'), as if two scans were mixed: keep one scan per folder."
        )


def _require_grey(headers: Sequence[DicomHeader], path: Path) -> None:
    if any(header.count("SamplesPerPixel", 1, 4, 1) != 1 for header in headers):
        raise InputError(f"'{path}' holds colour pictures, not a grey-value scan: export the original scan.")
    for header in headers:
        shown = header.text("PhotometricInterpretation").strip().upper()
        if shown == "MONOCHROME1":
            raise InputError(
                f"'{path}' states that its low values are bright (PhotometricInterpretation MONOCHROME1), so that "
                "nobody can say whether its grey values are turned around: export it with MONOCHROME2."
            )
        if shown not in ("", "MONOCHROME2"):
            raise header.wrong("PhotometricInterpretation", "the grey values of a scan (MONOCHROME2) are expected")
