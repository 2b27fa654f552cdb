"""Odd but real DICOM: enhanced objects frame by frame, objects beside a scan, and how a volume is compared in space."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, RLELossless, generate_uid

from DentalTopoSegLib.files.volumes import Volume

LEGACY_CONVERTED_CT = "1.2.840.10008.5.1.4.1.1.2.2"
#: Dimensions of an object with one stack: StackID, InStackPositionNumber.
IN_STACK = (0x00209056, 0x00209057)
CRANIOFACIAL_3D = "1.2.840.10008.5.1.4.1.1.13.1.2"


@dataclass
class OneFrame:
    """A frame of an enhanced object: stored pixels, where they lie, and what else its functional groups say."""

    pixels: np.ndarray
    position: tuple[float, ...]
    axes: tuple[float, ...] | None = None
    slope: float = 1.0
    intercept: float = 0.0
    stack: str = ""
    time: int = 0
    indices: tuple[int, ...] = ()
    measures: tuple[float, float] | None = None


@dataclass
class Enhanced:
    """An enhanced object to be written; what is stated in `per_frame` is not in the shared functional groups."""

    frames: list[OneFrame]
    axes: tuple[float, ...]
    pixel_spacing: tuple[float, float]
    sop_class: str = EnhancedCTImageStorage
    per_frame: frozenset[str] = frozenset()
    dimensions: tuple[int, ...] = ()
    extra: dict[str, object] = field(default_factory=dict)
    compressed: bool = False
    distance: float | None = None

    def write(self, path: Path) -> Path:
        file = new_file(path, self.sop_class)
        file.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
        file.NumberOfFrames = len(self.frames)
        shared = Dataset()
        for name, keyword in _MACROS.items():
            if name not in self.per_frame:
                setattr(shared, keyword, [self._macro(name, self.frames[0])])
        file.SharedFunctionalGroupsSequence = [shared]
        if self.dimensions:
            file.DimensionIndexSequence = [_pointer(tag) for tag in self.dimensions]
        file.PerFrameFunctionalGroupsSequence = [self._groups(frame) for frame in self.frames]
        store(file, np.stack([frame.pixels for frame in self.frames]))
        for keyword, value in self.extra.items():
            setattr(file, keyword, value)
        if self.compressed:
            file.compress(RLELossless, generate_instance_uid=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.save_as(path, enforce_file_format=True)
        return path

    def _groups(self, frame: OneFrame) -> Dataset:
        group, place, content = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient = [float(round(v, 6)) for v in frame.position]
        group.PlanePositionSequence = [place]
        if frame.stack:
            content.StackID = frame.stack
        if frame.time:
            content.TemporalPositionIndex = frame.time
        if frame.indices:
            content.DimensionIndexValues = list(frame.indices)
            content.InStackPositionNumber = frame.indices[-1]
        group.FrameContentSequence = [content]
        for name in self.per_frame:
            setattr(group, _MACROS[name], [self._macro(name, frame)])
        return group

    def _macro(self, name: str, frame: OneFrame) -> Dataset:
        macro = Dataset()
        if name == "orientation":
            macro.ImageOrientationPatient = [float(round(v, 9)) for v in frame.axes or self.axes]
        elif name == "measures":
            macro.PixelSpacing = list(frame.measures or self.pixel_spacing)
            if self.distance:
                macro.SliceThickness = macro.SpacingBetweenSlices = self.distance
        else:
            macro.RescaleSlope, macro.RescaleIntercept = frame.slope, frame.intercept
        return macro


_MACROS = {
    "orientation": "PlaneOrientationSequence",
    "measures": "PixelMeasuresSequence",
    "values": "PixelValueTransformationSequence",
}


def enhanced(volume: Volume, order: Iterable[int] | None = None, **options) -> Enhanced:
    """The volume as an enhanced object, its frames stored in any order, with the place of each in one stack."""
    frames = frames_of(volume)
    for number, frame in enumerate(frames, start=1):
        frame.stack, frame.indices = "1", (1, number)
    chosen = frames if order is None else [frames[i] for i in order]
    options = {"dimensions": IN_STACK, "distance": volume.spacing[2]} | options
    return Enhanced(chosen, in_plane(volume), (volume.spacing[1], volume.spacing[0]), **options)


def frames_of(volume: Volume) -> list[OneFrame]:
    axes = np.reshape(volume.direction, (3, 3))
    step = volume.spacing[2] * axes[:, 2]
    return [OneFrame(part, tuple(np.asarray(volume.origin) + k * step)) for k, part in enumerate(volume.array)]


def in_plane(volume: Volume) -> tuple[float, ...]:
    axes = np.reshape(volume.direction, (3, 3))
    return (*axes[:, 0], *axes[:, 1])


def new_file(path: Path, sop_class: str = CTImageStorage, modality: str = "CT") -> FileDataset:
    """A data set without pixels, of a study of its own."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = sop_class, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = sop_class, meta.MediaStorageSOPInstanceUID
    file.SeriesInstanceUID, file.StudyInstanceUID, file.Modality = generate_uid(), generate_uid(), modality
    file.SeriesNumber = 1
    return file


def store(file: Dataset, pixels: np.ndarray) -> None:
    bits = 8 * pixels.dtype.itemsize
    file.Rows, file.Columns = pixels.shape[-2:]
    file.SamplesPerPixel, file.PhotometricInterpretation = 1, "MONOCHROME2"
    file.BitsAllocated, file.BitsStored, file.HighBit = bits, bits, bits - 1
    file.PixelRepresentation = int(pixels.dtype.kind == "i")
    file.PixelData = np.ascontiguousarray(pixels).tobytes()


def write_object(path: Path, sop_class: str, modality: str, pixels: np.ndarray | None = None, **tags) -> Path:
    """What may lie beside a scan; with pixels, an image."""
    file = new_file(path, sop_class, modality)
    if pixels is not None:
        store(file, pixels)
        if pixels.ndim == 3:
            file.NumberOfFrames = len(pixels)
    for keyword, value in tags.items():
        setattr(file, keyword, value)
    file.save_as(path, enforce_file_format=True)
    return path


def edit(folder: Path, change: Callable[[Dataset, int], None]) -> Path:
    """Change the slices of a folder, in the order of their positions."""
    files = sorted(((pydicom.dcmread(p), p) for p in folder.iterdir()), key=lambda f: f[0].ImagePositionPatient[2])
    for index, (file, path) in enumerate(files):
        change(file, index)
        file.save_as(path, enforce_file_format=True)
    return folder


def write_bare(file: Dataset, path: Path, explicit: bool = False) -> None:
    """Without preamble and meta information, as old exports are."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, not explicit
    fresh = Dataset()
    fresh.update(file)
    write_dataset(stream, fresh)
    path.write_bytes(stream.getvalue())


def assert_same_in_space(read: Volume, expected: Volume, tolerance_mm: float = 1e-3) -> None:
    """The same grey value at every place of the patient, however the axes of the grid run."""
    assert sorted(read.shape) == sorted(expected.shape)
    points = np.indices(expected.shape).reshape(3, -1).T
    ras = expected.index_to_ras(points)
    index = np.rint(read.ras_to_index(ras)).astype(int)
    np.testing.assert_allclose(read.index_to_ras(index), ras, atol=tolerance_mm)
    np.testing.assert_array_equal(read.array[tuple(index.T)], expected.array.ravel())


def scrambled(count: int, seed: int = 5) -> Sequence[int]:
    return [int(i) for i in np.random.default_rng(seed).permutation(count)]


def _pointer(tag: int) -> Dataset:
    item = Dataset()
    item.DimensionIndexPointer = tag
    if tag in IN_STACK:
        item.FunctionalGroupPointer = 0x00209111  # FrameContentSequence
    return item
