"""DICOM folders sorted out: which files are one scan, in which order, and whether a slice is missing.

Nothing here keeps or prints a patient's name, id or birth date: a scan is called after its folder.
The geometry is taken from Image Position and Image Orientation (Patient), DICOM PS3.3 C.7.6.2; file names and
instance numbers are not trusted.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import InputError, MemoryLimitError
from .grid import IDENTITY, Volume
from .limits import check_grid

# A series with fewer than this share of the largest one's voxels is a scout, a key image, a report page.
SIDE_SERIES_SHARE = 0.2
MIN_SLICES = 8
# Slice distances may differ this much from their median: rounding in the header, not a missing slice.
DISTANCE_TOLERANCE = 0.1

_TAGS = [
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "SeriesNumber",
    "Modality",
    "ImageType",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "NumberOfFrames",
    "SamplesPerPixel",
    "RescaleSlope",
    "RescaleIntercept",
    "SpacingBetweenSlices",
    "SliceThickness",
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
]


@dataclass(frozen=True)
class Series:
    """Image files that belong together: same series, size and orientation."""

    uid: str
    number: str
    modality: str
    rows: int
    columns: int
    localizer: bool
    headers: tuple  # of (Path, pydicom Dataset)

    @property
    def slices(self) -> int:
        return sum(int(getattr(h, "NumberOfFrames", None) or 1) for _, h in self.headers)

    @property
    def voxels(self) -> int:
        return self.rows * self.columns * self.slices

    def describe(self) -> str:
        number = f"series {self.number}" if self.number else "a series without number"
        return f"{number} ({self.slices} slices of {self.columns} x {self.rows}, id ...{self.uid[-8:]})"


def is_dicom(path: Path) -> bool:
    """True for a folder, which can be nothing else here, and for a DICOM file."""
    return path.is_dir() or is_dicom_file(path)


def is_dicom_file(path: Path) -> bool:
    """True when the file carries DICOM's preamble ("DICM" at byte 128) or is called .dcm."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(132)
    return head[128:] == b"DICM" or path.suffix.lower() in (".dcm", ".dicom")


def read_dicom(path: Path, max_voxels: int, series: str | None = None) -> tuple[Volume, list[str]]:
    """Read the one scan in a folder (sub-folders included), or the series that a single file belongs to.

    Returns the volume, with the name that the folder (of a scan in one file: the file) has, and warnings on what was
    left aside. Raises InputError when no scan, several similar scans, missing or uneven slices are found;
    MemoryLimitError above `max_voxels`.
    """
    folder = path if path.is_dir() else path.parent
    warnings: list[str] = []
    chosen = _find(path, series, warnings)
    multi_frame = len(chosen.headers) == 1 and chosen.slices > 1
    volume = (_read_multi_frame if multi_frame else _read_slices)(chosen, path, max_voxels)
    source = path if multi_frame and path.is_file() else folder
    return replace(volume, name=os.path.basename(os.path.abspath(source))), warnings


def series_files(path: Path, series: str | None = None) -> list[Path]:
    """The files that `read_dicom` takes for the one scan in a folder, or for a file's series. Raises InputError."""
    return [file for file, _ in _find(path, series, []).headers]


def _find(path: Path, series: str | None, warnings: list[str]) -> Series:
    folder = path if path.is_dir() else path.parent
    found, unreadable = _scan_folder(folder if path.is_dir() else path)
    if path.is_file():
        if not found:
            raise InputError(f"'{path}' is not an image in DICOM, or it is cut short: copy or export it again.")
        own = found[0]
        if own.slices == 1:
            found, unreadable = _scan_folder(folder, recursive=False)
            found = [s for s in found if s.uid == own.uid]
    if unreadable:
        raise InputError(
            f"In '{folder}' the file '{unreadable[0].name}' ({len(unreadable)} in all) is DICOM but cut short or "
            "damaged: copy or export the scan again."
        )
    return _choose(found, path, series, warnings)


def _scan_folder(path: Path, recursive: bool = True) -> tuple[list[Series], list[Path]]:
    """All image series under a folder (or in one file), and the DICOM files whose header cannot be read."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    if path.is_file():
        files = [path]
    elif recursive:
        files = [Path(top) / name for top, folders, names in os.walk(path) for name in names if not folders.sort()]
    else:
        files = [p for p in path.iterdir() if p.is_file()]
    groups: dict[tuple, list] = defaultdict(list)
    unreadable, seen = [], set()
    for file in sorted(files):
        if file.name.upper() == "DICOMDIR" or file.name.startswith("."):
            continue
        try:
            header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=_TAGS)
        except (InvalidDicomError, UnicodeDecodeError):
            continue  # a text, a picture, a viewer: not DICOM
        except (OSError, EOFError, ValueError, AttributeError, KeyError, TypeError):
            unreadable.append(file)
            continue
        if "Rows" not in header or "Columns" not in header:
            if file.stat().st_size == 0 or _is_image_class(header):
                unreadable.append(file)
            continue
        uid = str(header.get("SOPInstanceUID", file))
        if uid in seen:  # the same slice copied twice
            continue
        seen.add(uid)
        groups[_group_key(header)].append((file, header))
    series = []
    for (uid, rows, columns, _, localizer, _), headers in groups.items():
        first = headers[0][1]
        number = "" if first.get("SeriesNumber") is None else str(first.SeriesNumber)
        modality = str(first.get("Modality", ""))
        series.append(Series(uid, number, modality, rows, columns, localizer, tuple(headers)))
    return series, unreadable


def _is_image_class(header) -> bool:
    """True when the file says it is a picture but the picture's description is missing (cut short)."""
    media = str(getattr(getattr(header, "file_meta", None), "MediaStorageSOPClassUID", ""))
    return media.startswith(("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"))  # CT, MR


def _group_key(header) -> tuple:
    orientation = header.get("ImageOrientationPatient")
    axes = () if orientation is None else tuple(round(float(v), 2) + 0.0 for v in orientation)
    localizer = any("LOCALIZER" in str(v).upper() for v in header.get("ImageType") or ())
    frames = int(header.get("NumberOfFrames") or 1)
    # Two multi-frame files of one series are two scans, not two slices.
    own = str(header.get("SOPInstanceUID", "")) if frames > 1 else ""
    return (
        str(header.get("SeriesInstanceUID", "")),
        int(header.Rows),
        int(header.Columns),
        axes,
        localizer,
        own,
    )


def _choose(found: list[Series], path: Path, series: str | None, warnings: list[str]) -> Series:
    if not found:
        raise InputError(f"'{path}' holds no DICOM images: give the folder with the scan's slices, or the scan's file.")
    if series is not None:
        wanted = [s for s in found if series in (s.number, s.uid) or (len(series) > 3 and s.uid.endswith(series))]
        wanted = [s for s in wanted if s.voxels >= SIDE_SERIES_SHARE * max(w.voxels for w in wanted)]
        if len(wanted) == 1:
            return wanted[0]
        problem = "is not in" if not wanted else "names several scans in"
        raise InputError(f"Series '{series}' {problem} '{path}', which holds {_listing(found)}: choose one of them.")
    scans = [s for s in found if not s.localizer and s.slices >= MIN_SLICES]
    if not scans:
        raise InputError(f"'{path}' holds no scan of {MIN_SLICES} slices or more, only {_listing(found)}.")
    largest = max(s.voxels for s in scans)
    scans = [s for s in scans if s.voxels >= SIDE_SERIES_SHARE * largest]
    if len(scans) > 1:
        raise InputError(
            f"'{path}' holds {len(scans)} scans: {_listing(scans)}. Choose one with --series and its number or id, "
            "or keep one scan per folder."
        )
    aside = [s for s in found if s is not scans[0]]
    if aside:
        warnings.append(f"Left aside as scout or side pictures: {_listing(aside)}.")
    return scans[0]


def _listing(series: list[Series]) -> str:
    shown = sorted(series, key=lambda s: (s.number.zfill(12), s.uid))
    more = f" and {len(shown) - 8} more" if len(shown) > 8 else ""
    return "; ".join(s.describe() for s in shown[:8]) + more


def _read_slices(series: Series, path: Path, max_voxels: int) -> Volume:
    headers = [h for _, h in series.headers]
    first = headers[0]
    if any(int(h.get("SamplesPerPixel") or 1) != 1 for h in headers):
        raise InputError(f"'{path}' holds colour pictures, not a grey-value scan: export the original scan.")
    if any(h.get("ImagePositionPatient") is None or h.get("ImageOrientationPatient") is None for h in headers):
        raise InputError(f"'{path}' does not say where its slices lie (no Image Position): export the original scan.")
    spacings = {tuple(round(float(v), 5) for v in h.get("PixelSpacing") or ()) for h in headers}
    if len(spacings) != 1 or len(next(iter(spacings))) != 2:
        raise InputError(f"'{path}' does not state one pixel size for all slices: export the original scan.")
    row_spacing, column_spacing = next(iter(spacings))
    axes = np.array([float(v) for v in first.ImageOrientationPatient])
    x_axis, y_axis = _unit(axes[:3]), _unit(axes[3:])
    if abs(x_axis @ y_axis) > 1e-3:
        raise InputError(f"'{path}' has slice axes that are not at right angles: export the original scan.")
    normal = np.cross(x_axis, y_axis)
    positions = np.array([[float(v) for v in h.ImagePositionPatient] for h in headers])
    order = np.argsort(positions @ normal, kind="stable")
    positions = positions[order]
    step = check_slice_positions(positions, normal, path)
    spacing = (column_spacing, row_spacing, step)
    check_grid(path, (series.columns, series.rows, len(headers)), spacing, IDENTITY, max_voxels)
    array = _pixels([series.headers[i] for i in order], path)
    direction = np.stack([x_axis, y_axis, normal], axis=1).ravel()
    return Volume(array, spacing, tuple(positions[0]), tuple(direction))


def check_slice_positions(positions: np.ndarray, normal: np.ndarray, path: Path) -> float:
    """Mean slice distance in mm of (n, 3) LPS positions sorted along `normal`.

    Raises InputError for missing slices (says where), two slices in one place, uneven distances and sheared
    stacks.
    """
    heights = positions @ normal
    gaps = np.diff(heights)
    typical = float(np.median(gaps))
    if typical <= 1e-3 or gaps.min() < DISTANCE_TOLERANCE * typical:
        raise InputError(
            f"'{path}' has two different slices at the same place (near {heights[int(gaps.argmin())]:.1f} mm "
            "along the stack), as if two scans were mixed: keep one scan per folder."
        )
    widest = int(gaps.argmax())
    if gaps[widest] > 1.5 * typical:
        missing = int(sum(round(g / typical) - 1 for g in gaps if g > 1.5 * typical))
        raise InputError(
            f"'{path}' lacks {missing} of its slices: the first gap is after slice "
            f"{int(np.argmax(gaps > 1.5 * typical)) + 1} of {len(positions)}, and the widest goes from "
            f"{heights[widest]:.1f} to {heights[widest + 1]:.1f} mm along the stack ({typical:.2f} mm is usual). "
            "Copy the whole scan again."
        )
    if np.abs(gaps - typical).max() > DISTANCE_TOLERANCE * typical:
        raise InputError(
            f"'{path}' has uneven slice distances ({gaps.min():.2f} to {gaps.max():.2f} mm): export it with even ones."
        )
    drift = positions[-1] - positions[0]
    sideways = float(np.linalg.norm(drift - (drift @ normal) * normal))
    if sideways > 0.01 * abs(float(drift @ normal)) + 0.05:
        raise InputError(
            f"'{path}' is a leaning stack (gantry tilt, {sideways:.1f} mm sideways): export it on a straight grid."
        )
    return float(heights[-1] - heights[0]) / (len(heights) - 1)


def _unit(vector: np.ndarray) -> np.ndarray:
    length = float(np.linalg.norm(vector))
    if not 0.9 < length < 1.1:
        raise InputError("The DICOM slices state an impossible orientation: export the original scan.")
    return vector / length


def _pixels(headers: list, path: Path) -> np.ndarray:
    """Rescaled grey values (z, y, x) of the ordered slice files."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    scales = {(float(h.get("RescaleSlope") or 1), float(h.get("RescaleIntercept") or 0)) for _, h in headers}
    whole = all(slope.is_integer() and intercept.is_integer() for slope, intercept in scales)
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames([str(file) for file, _ in headers])
    if not whole:
        reader.SetOutputPixelType(sitk.sitkFloat32)
    elif len(scales) > 1:
        reader.SetOutputPixelType(sitk.sitkInt32)
    try:
        image = reader.Execute()
    except RuntimeError as error:
        culprit = next((f for f, _ in headers if not _reads(f)), None)
        where = f" ('{culprit.name}')" if culprit else ""
        raise InputError(f"A slice of '{path}' is damaged or cut short{where}: copy the scan again.") from error
    except MemoryError as error:
        raise MemoryLimitError(f"'{path}' does not fit in this computer's memory: crop or down-sample it.") from error
    return sitk.GetArrayFromImage(image)


def _reads(file: Path) -> bool:
    import SimpleITK as sitk

    try:
        sitk.ReadImage(str(file))
    except RuntimeError:
        return False
    return True


def _read_multi_frame(series: Series, path: Path, max_voxels: int) -> Volume:
    """An enhanced or classic multi-frame file; frame positions are checked where they are stated."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    file, header = series.headers[0]
    if int(header.get("SamplesPerPixel") or 1) != 1:
        raise InputError(f"'{path}' holds colour pictures, not a grey-value scan: export the original scan.")
    positions, axes = _frame_positions(header)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(file))
    try:
        reader.ReadImageInformation()
        spacing = list(reader.GetSpacing())
        if positions is not None and axes is not None:
            normal = np.cross(_unit(axes[:3]), _unit(axes[3:]))
            # Frames may run against the normal; the reader keeps their order, so only the distances are checked.
            heights = positions @ normal
            spacing[2] = check_slice_positions(positions[np.argsort(heights)], normal, path)
        elif header.get("SpacingBetweenSlices") or header.get("SliceThickness"):
            spacing[2] = float(header.get("SpacingBetweenSlices") or header.get("SliceThickness"))
        else:
            raise InputError(f"'{path}' does not state the distance of its slices: export the scan as a DICOM folder.")
        check_grid(path, (series.columns, series.rows, series.slices), spacing, IDENTITY, max_voxels)
        image = reader.Execute()
    except RuntimeError as error:
        raise InputError(f"'{path}' is damaged or cut short: copy or export the scan again.") from error
    return replace(Volume.from_sitk(image), spacing=tuple(spacing))


def _frame_positions(header) -> tuple[np.ndarray | None, np.ndarray | None]:
    """((n, 3) LPS positions, (6,) orientation) of an enhanced object's frames, None where not stated."""
    frames: Sequence[Any] = header.get("PerFrameFunctionalGroupsSequence") or ()
    shared: Sequence[Any] = header.get("SharedFunctionalGroupsSequence") or ()
    try:
        positions = np.array([[float(v) for v in f.PlanePositionSequence[0].ImagePositionPatient] for f in frames])
        holder = shared[0] if shared and "PlaneOrientationSequence" in shared[0] else frames[0]
        axes = np.array([float(v) for v in holder.PlaneOrientationSequence[0].ImageOrientationPatient])
    except (AttributeError, IndexError):
        return None, None
    return positions, axes
