"""The grey values of slices and frames, decoded by ITK's GDCM after everything it would believe is checked."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from ....errors import InputError, MemoryLimitError
from ..grid import IDENTITY, Volume
from ..limits import check_grid
from .geometry import check_slice_positions, frame_positions
from .header import DicomHeader, read_image_header
from .structure import require_pixels

#: Grey values beyond this are no measurement, and overflow the decoder's whole numbers.
MAX_RESCALE = 1e6
_STDERR = 2


def read_slices(headers: Sequence[DicomHeader], path: Path) -> np.ndarray:
    """Rescaled grey values (z, y, x) of slice files in the order given. Raises InputError, MemoryLimitError."""
    import SimpleITK as sitk

    first = headers[0]
    scales = set()
    for header in headers:
        scales.add(_rescale(header))
        require_pixels(header, 1)
    whole = all(slope.is_integer() and intercept.is_integer() for slope, intercept in scales)
    reader = sitk.ImageSeriesReader()
    if not whole:
        reader.SetOutputPixelType(sitk.sitkFloat32)
    elif len(scales) > 1:
        reader.SetOutputPixelType(sitk.sitkInt32)
    with _decoding(), _encodable([header.path for header in headers]) as files:
        try:
            _require_size(files[0], first, 1)
            reader.SetFileNames(files)
            image = reader.Execute()
        except RuntimeError as error:
            culprit = next((h.path for h, f in zip(headers, files, strict=True) if not _reads(f)), None)
            where = f" ('{culprit.name}')" if culprit else ""
            raise InputError(f"A slice of '{path}' is damaged or cut short{where}: copy the scan again.") from error
        except MemoryError as error:
            raise MemoryLimitError(
                f"'{path}' does not fit in this computer's memory: crop or down-sample it."
            ) from error
    return sitk.GetArrayFromImage(image)


def read_frames(header: DicomHeader, frames: int, path: Path, max_voxels: int) -> Volume:
    """An enhanced or classic multi-frame file; frame positions are checked where they are stated."""
    import SimpleITK as sitk

    file = header.path
    rows, columns = header.count("Rows", 1, 65535), header.count("Columns", 1, 65535)
    distance = header.number("SpacingBetweenSlices") or header.number("SliceThickness")
    detailed = read_image_header(file, frames=True)
    stated = frame_positions(detailed) if detailed else None
    if stated is not None:
        positions, normal = stated
        if len(positions) != frames:
            raise InputError(
                f"'{path}' is damaged: it has {frames} frames (NumberOfFrames) and {len(positions)} positions "
                "(PerFrameFunctionalGroupsSequence). Export the scan again."
            )
        # Frames may run against the normal; the reader keeps their order, so only the distances are checked.
        heights = positions @ normal
        distance = check_slice_positions(positions[np.argsort(heights)], normal, path)
    elif not distance:
        raise InputError(f"'{path}' does not state the distance of its slices: export the scan as a DICOM folder.")
    check_grid(path, (columns, rows, frames), (1, 1, distance), IDENTITY, max_voxels)
    _rescale(header)
    require_pixels(header, frames)
    with _decoding(), _encodable([file]) as files:
        reader = sitk.ImageFileReader()
        reader.SetFileName(files[0])
        try:
            _require_size(files[0], header, frames)
            reader.ReadImageInformation()
            spacing = (*reader.GetSpacing()[:2], distance)
            check_grid(path, (columns, rows, frames), spacing, IDENTITY, max_voxels)
            image = reader.Execute()
        except RuntimeError as error:
            raise InputError(f"'{path}' is damaged or cut short: copy or export the scan again.") from error
        except MemoryError as error:
            raise MemoryLimitError(
                f"'{path}' does not fit in this computer's memory: crop or down-sample it."
            ) from error
    return replace(Volume.from_sitk(image), spacing=spacing)


def _rescale(header: DicomHeader) -> tuple[float, float]:
    """(slope, intercept), 1 and 0 where not stated. Raises InputError for a slope that leaves one grey value."""
    slope = header.number("RescaleSlope", -MAX_RESCALE, MAX_RESCALE)
    intercept = header.number("RescaleIntercept", -MAX_RESCALE, MAX_RESCALE)
    if slope == 0:
        raise header.wrong("RescaleSlope", "a number other than 0 is expected")
    return 1.0 if slope is None else slope, intercept or 0.0


def _require_size(file: str, header: DicomHeader, frames: int) -> None:
    """InputError when the decoder sees another size than the header that was checked."""
    import SimpleITK as sitk

    reader = sitk.ImageFileReader()
    reader.SetFileName(file)
    reader.ReadImageInformation()
    expected = (header.count("Columns", 1, 65535), header.count("Rows", 1, 65535), frames)
    size = tuple(reader.GetSize())
    if size != expected:
        raise InputError(
            f"'{header.path}' is damaged: it states its size twice, as {' x '.join(map(str, size))} and as "
            f"{' x '.join(map(str, expected))} (Columns, Rows, NumberOfFrames). Export the scan again."
        )


def _reads(file: str) -> bool:
    import SimpleITK as sitk

    try:
        sitk.ReadImage(file)
    except RuntimeError:
        return False
    return True


@contextmanager
def _encodable(files: Sequence[Path]) -> Iterator[list[str]]:
    """The names for ITK, which takes only text: files with other names are reached by links of ours."""
    names = [os.fspath(file) for file in files]
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        with tempfile.TemporaryDirectory() as folder:
            links = [os.path.join(folder, f"{number}.dcm") for number in range(len(names))]
            for name, link in zip(names, links, strict=True):
                os.symlink(os.path.abspath(name), link)
            yield links
    else:
        yield names


@contextmanager
def _decoding() -> Iterator[None]:
    """Drops what the decoders themselves print on standard error: what matters comes as an exception."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        kept = os.dup(_STDERR)
    except OSError:  # a program without a console has none
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), _STDERR)
        yield
    finally:
        os.dup2(kept, _STDERR)
        os.close(kept)
