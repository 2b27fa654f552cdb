"""Which files of a DICOM folder are one scan, and the scan itself.

Nothing here keeps or prints a patient's name, id or birth date: a scan is called after its folder.
File names and instance numbers are not trusted.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ....errors import InputError
from ...names import one_line
from ..grid import IDENTITY, Volume
from ..limits import check_grid
from .folders import files_in, is_dicom_file
from .geometry import stack_slices
from .header import DicomHeader, read_image_header, without_pydicom_warnings
from .pixels import read_frames, read_slices

# A series with fewer than this share of the largest one's voxels is a scout, a key image, a report page.
SIDE_SERIES_SHARE = 0.2
MIN_SLICES = 8
MAX_FRAMES = 65_536


@dataclass(frozen=True)
class Series:
    """Image files that belong together: same series, size and orientation."""

    uid: str
    number: str
    modality: str
    rows: int
    columns: int
    localizer: bool
    headers: tuple[DicomHeader, ...]

    @property
    def slices(self) -> int:
        return sum(_frames(header) for header in self.headers)

    @property
    def voxels(self) -> int:
        return self.rows * self.columns * self.slices

    def describe(self) -> str:
        number = f"series {one_line(self.number)}" if self.number else "a series without number"
        return f"{number} ({self.slices} slices of {self.columns} x {self.rows}, id ...{one_line(self.uid[-8:])})"


def read_dicom(path: Path, max_voxels: int, series: str | None = None) -> tuple[Volume, list[str]]:
    """Read the one scan in a folder (sub-folders included), or the series that a single file belongs to.

    Returns the volume, with the name that the folder (of a scan in one file: the file) has, and warnings on what was
    left aside. Raises InputError when no scan, several similar scans, missing or uneven slices are found, and with
    the tag for a header that is damaged or out of bounds; MemoryLimitError above `max_voxels`.
    """
    folder = path if path.is_dir() else path.parent
    warnings: list[str] = []
    with without_pydicom_warnings():
        chosen = _find(path, series, warnings)
        multi_frame = len(chosen.headers) == 1 and chosen.slices > 1
        volume = (_read_multi_frame if multi_frame else _read_slices)(chosen, path, max_voxels)
    source = path if multi_frame and path.is_file() else folder
    return replace(volume, name=os.path.basename(os.path.abspath(source))), warnings


def series_files(path: Path, series: str | None = None) -> list[Path]:
    """The files that `read_dicom` takes for the one scan in a folder, or for a file's series. Raises InputError."""
    with without_pydicom_warnings():
        return [header.path for header in _find(path, series, []).headers]


def _find(path: Path, series: str | None, warnings: list[str]) -> Series:
    if path.is_dir():
        return _choose(_scan(files_in(path)), path, series, warnings)
    found = _scan([path])
    if not found:
        raise InputError(f"'{path}' is not an image in DICOM, or it is cut short: copy or export it again.")
    own = found[0]
    if own.slices == 1:
        found = [s for s in _scan(files_in(path.parent, recursive=False)) if s.uid == own.uid]
    return _choose(found, path, series, warnings)


def _scan(files: list[Path]) -> list[Series]:
    """All image series among the files. Raises InputError for a damaged DICOM file: it may be one of their slices."""
    groups: dict[tuple, list[DicomHeader]] = defaultdict(list)
    seen = set()
    for file in files:
        header = read_image_header(file)
        if header is None:
            if file.stat().st_size == 0 and is_dicom_file(file):
                raise InputError(f"'{file}' is empty (0 bytes): copy or export the scan again.")
            continue
        if not header.has("Rows") or not header.has("Columns"):
            if _is_image_class(header):
                raise InputError(
                    f"'{file}' is DICOM but cut short or damaged (it has no Rows and Columns): copy or export the scan "
                    "again."
                )
            continue
        uid = header.text("SOPInstanceUID") or str(file)
        if uid in seen:  # the same slice copied twice
            continue
        seen.add(uid)
        groups[_group_key(header)].append(header)
    return [
        Series(
            uid=key[0],
            number=headers[0].text("SeriesNumber"),
            modality=headers[0].text("Modality"),
            rows=key[1],
            columns=key[2],
            localizer=key[4],
            headers=tuple(headers),
        )
        for key, headers in groups.items()
    ]


def _is_image_class(header: DicomHeader) -> bool:
    """True when the file says it is a picture but the picture's description is missing (cut short)."""
    media = DicomHeader(header.path, header.dataset.file_meta).text("MediaStorageSOPClassUID")
    return media.startswith(("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"))  # CT, MR


def _frames(header: DicomHeader) -> int:
    return header.count("NumberOfFrames", 0, MAX_FRAMES, 1) or 1


def _group_key(header: DicomHeader) -> tuple:
    axes = tuple(round(v, 2) + 0.0 for v in header.numbers("ImageOrientationPatient", 6) or ())
    # Two multi-frame files of one series are two scans, not two slices.
    own = header.text("SOPInstanceUID") if _frames(header) > 1 else ""
    return (
        header.text("SeriesInstanceUID"),
        header.count("Rows", 1, 65535),
        header.count("Columns", 1, 65535),
        axes,
        "LOCALIZER" in header.text("ImageType").upper(),
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
    headers = list(series.headers)
    _require_grey(headers, path)
    stack = stack_slices(headers, path)
    check_grid(path, (series.columns, series.rows, len(headers)), stack.spacing, IDENTITY, max_voxels)
    array = read_slices([headers[i] for i in stack.order], path)
    return Volume(array, stack.spacing, stack.origin, stack.direction)


def _read_multi_frame(series: Series, path: Path, max_voxels: int) -> Volume:
    _require_grey(series.headers, path)
    return read_frames(series.headers[0], series.slices, path, max_voxels)


def _require_grey(headers: Sequence[DicomHeader], path: Path) -> None:
    if any(header.count("SamplesPerPixel", 1, 4, 1) != 1 for header in headers):
        raise InputError(f"'{path}' holds colour pictures, not a grey-value scan: export the original scan.")
