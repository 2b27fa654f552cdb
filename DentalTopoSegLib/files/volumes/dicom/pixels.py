"""The grey values of slices and frames, decoded by ITK's GDCM after everything it would believe is checked."""

from __future__ import annotations

import errno
import filecmp
import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....errors import InputError, MemoryLimitError
from ...native_words import silenced
from .frames import Frame, frame_count, frames_of, rescale
from .header import DicomHeader, read_image_header
from .kinds import RESCALED_BY_GROUPS, require_decodable, sop_class
from .padding import fill_padding
from .structure import pixels_in_file, require_pixels


def read_frames(frames: Sequence[Frame], path: Path) -> np.ndarray:
    """Grey values (z, y, x) of frames in the order given, padding as air. Raises InputError, MemoryLimitError."""
    files = {frame.header.path: frame.header for frame in frames}
    for header in files.values():
        require_decodable(header)
        require_pixels(header, frame_count(header))
    try:
        if len(files) == len(frames):
            array = _from_slices(frames, path)
        elif len(files) == 1:
            array = _from_one_file(frames, path)
        else:
            raise InputError(f"'{path}' holds one scan in several parts: export it in one file, or a file per slice.")
        fill_padding(array, frames)
    except MemoryError as error:
        raise MemoryLimitError(f"'{path}' does not fit in this computer's memory: crop or down-sample it.") from error
    return array


def same_pixels(one: DicomHeader, other: DicomHeader) -> bool:
    """Whether two files of one slice hold the same grey values. Raises InputError for one that is damaged."""
    if filecmp.cmp(one.path, other.path, shallow=False):
        return True
    first, second = (read_frames(frames_of(header), header.path) for header in (one, other))
    return bool(np.array_equal(first, second))


def _from_slices(frames: Sequence[Frame], path: Path) -> np.ndarray:
    """From files of one frame each; ITK rescales each by its own tags."""
    import SimpleITK as sitk

    reader = sitk.ImageSeriesReader()
    scales = {(frame.slope, frame.intercept) for frame in frames}
    if not all(slope.is_integer() and intercept.is_integer() for slope, intercept in scales):
        reader.SetOutputPixelType(sitk.sitkFloat32)
    elif len(scales) > 1:
        reader.SetOutputPixelType(sitk.sitkInt32)
    with _decoding(), _encodable([frame.header.path for frame in frames]) as files:
        try:
            _require_size(files[0], frames[0].header, 1)
            reader.SetFileNames(files)
            image = reader.Execute()
        except RuntimeError as error:
            culprit = next((f.header.path for f, file in zip(frames, files, strict=True) if not _reads(file)), None)
            where = f" ('{culprit.name}')" if culprit else ""
            raise InputError(f"A slice of '{path}' is damaged or cut short{where}: copy the scan again.") from error
    return sitk.GetArrayFromImage(image)


def _from_one_file(frames: Sequence[Frame], path: Path) -> np.ndarray:
    """From a file of many: read where they lie, one after the other, or decoded by ITK where they are compressed."""
    stored = _stored_frames(frames[0].header)
    if stored is None:
        return _decoded(frames, path)
    whole = all(value.is_integer() for frame in frames for value in (frame.slope, frame.intercept))
    dtype: type = np.float32
    if whole:
        ends = [f.slope * float(v) + f.intercept for f in frames for v in _ends(stored.values(f.number))]
        fits = min(ends) >= -(2**15) and max(ends) < 2**15
        dtype = np.int16 if fits else np.int32 if max(map(abs, ends)) < 2**31 else np.float32
    array = np.empty((len(frames), *stored.array.shape[1:]), dtype)
    for part, frame in zip(array, frames, strict=True):
        values = stored.values(frame.number)
        part[:] = values if (frame.slope, frame.intercept) == (1.0, 0.0) else values * frame.slope + frame.intercept
    return array


def _ends(values: np.ndarray) -> tuple[float, float]:
    return values.min(), values.max()


@dataclass(frozen=True)
class _Stored:
    """The values (frame, y, x) as they lie in a file, and by how many bits each is larger than what it holds."""

    array: np.ndarray
    spare_bits: int

    def values(self, number: int) -> np.ndarray:
        """(y, x) of one frame, without what other programs may keep in the bits above, such as overlays."""
        frame = np.asarray(self.array[number])
        if self.spare_bits:
            native = frame.astype(frame.dtype.newbyteorder("="))
            frame = (native << self.spare_bits) >> self.spare_bits
        return frame


def _stored_frames(header: DicomHeader) -> _Stored | None:
    """The stored values where they lie in the file; None for what has to be unpacked first."""
    allocated = header.count("BitsAllocated", 1, 64)
    stored = header.count("BitsStored", 1, allocated, allocated)
    high = header.count("HighBit", 0, allocated - 1, stored - 1)
    if allocated not in (8, 16, 32) or high != stored - 1:
        return None
    shape = frame_count(header), header.count("Rows", 1, 65535), header.count("Columns", 1, 65535)
    place = pixels_in_file(header.path, math.prod(shape) * allocated // 8)
    if place is None:
        return None
    offset, order = place
    kind = "i" if header.count("PixelRepresentation", 0, 1, 0) else "u"
    try:
        array = np.memmap(header.path, np.dtype(f"{order}{kind}{allocated // 8}"), "r", offset, shape)
    except OSError as error:
        if error.errno != errno.ENOMEM:
            raise
        raise MemoryError from error  # no room left for the file among the process's addresses
    return _Stored(array, allocated - stored)


def _decoded(frames: Sequence[Frame], path: Path) -> np.ndarray:
    """Frames that ITK unpacks, all of the file at once; it rescales them all alike, which is taken back."""
    import SimpleITK as sitk

    header = frames[0].header
    reader = sitk.ImageFileReader()
    with _decoding(), _encodable([header.path]) as files:
        reader.SetFileName(files[0])
        try:
            _require_size(files[0], header, frame_count(header))
            image = reader.Execute()
        except RuntimeError as error:
            raise InputError(f"'{path}' is damaged or cut short: copy or export the scan again.") from error
    array = sitk.GetArrayViewFromImage(image)
    scales = {(frame.slope, frame.intercept) for frame in frames}
    slope, intercept = _itk_scale(header)
    numbers = [frame.number for frame in frames]
    if scales == {(slope, intercept)}:
        return array[numbers]
    whole = all(value.is_integer() for scale in scales for value in scale)
    out = np.empty((len(frames), *array.shape[1:]), np.int32 if whole else np.float32)
    for part, frame in zip(out, frames, strict=True):
        stored = np.rint((array[frame.number].astype(np.float64) - intercept) / slope)
        part[:] = stored * frame.slope + frame.intercept
    return out


def _itk_scale(header: DicomHeader) -> tuple[float, float]:
    """(slope, intercept) that ITK's GDCM applies to all frames: the shared ones, or else those of the first frame."""
    detailed = read_image_header(header.path, frames=True)
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        groups = detailed.items(keyword)[:1] if detailed and sop_class(header) in RESCALED_BY_GROUPS else []
        values = groups[0].items("PixelValueTransformationSequence") if groups else []
        if values and (found := rescale(values[0])) is not None:
            return found
    return rescale(header) or (1.0, 0.0)


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
    with silenced():
        yield
