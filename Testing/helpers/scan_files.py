"""Small scans on disk for tests: a gradient block, written in every format a user may bring."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, EnhancedCTImageStorage, ExplicitVRLittleEndian, generate_uid

from DentalTopoSegLib.dentition import arch_order
from DentalTopoSegLib.files.volumes import Volume


def block(shape: tuple[int, int, int] = (14, 12, 10), spacing=(0.3, 0.4, 0.5)) -> Volume:
    """A volume whose every voxel differs, so that any flip or swap of axes shows."""
    array = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    return Volume(array, spacing, (-3.0, 5.0, 7.0), name="block")


def write_file(volume: Volume, path: Path) -> Path:
    sitk.WriteImage(volume.to_sitk(), str(path), useCompression=path.suffix in (".gz", ".nrrd"))
    return path


def write_dicom(
    folder: Path,
    volume: Volume,
    *,
    number: int = 1,
    leave_out: tuple[int, ...] = (),
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "AXIAL"),
    slope: float = 1.0,
    prefix: str = "slice",
) -> str:
    """Write the volume as CT slices in shuffled file order; returns the SeriesInstanceUID."""
    folder.mkdir(parents=True, exist_ok=True)
    series, study, frame = generate_uid(), generate_uid(), generate_uid()
    axes = np.reshape(volume.direction, (3, 3))
    order = np.random.default_rng(0).permutation(len(volume.array))
    for index, pixels in enumerate(volume.array):
        if index in leave_out:
            continue
        path = folder / f"{prefix}{order[index]:03d}.dcm"
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        slice_ = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
        slice_.SOPClassUID, slice_.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        slice_.SeriesInstanceUID, slice_.StudyInstanceUID, slice_.FrameOfReferenceUID = series, study, frame
        slice_.Modality, slice_.SeriesNumber, slice_.InstanceNumber = "CT", number, int(order[index]) + 1
        slice_.PatientName, slice_.PatientID, slice_.PatientBirthDate = "Secret^Patient", "ID4711", "19700101"
        slice_.ImageType = list(image_type)
        position = np.asarray(volume.origin) + index * volume.spacing[2] * axes[:, 2]
        slice_.ImagePositionPatient = [float(round(v, 6)) for v in position]
        slice_.ImageOrientationPatient = [float(round(v, 9)) for v in (*axes[:, 0], *axes[:, 1])]
        slice_.PixelSpacing = [volume.spacing[1], volume.spacing[0]]
        slice_.SliceThickness = volume.spacing[2]
        _store(slice_, pixels.astype(np.int16), slope)
        slice_.save_as(path, enforce_file_format=True)
    return series


def _store(slice_: Dataset, pixels: np.ndarray, slope: float) -> None:
    slice_.Rows, slice_.Columns = pixels.shape
    slice_.SamplesPerPixel, slice_.PhotometricInterpretation = 1, "MONOCHROME2"
    slice_.BitsAllocated, slice_.BitsStored, slice_.HighBit, slice_.PixelRepresentation = 16, 16, 15, 1
    slice_.RescaleSlope, slice_.RescaleIntercept = slope, 0
    slice_.PixelData = pixels.tobytes()


def oblique_direction(degrees: float = 20.0) -> tuple[float, ...]:
    """A proper rotation about an axis that is parallel to none of the patient's."""
    angle, axis = np.deg2rad(degrees), np.array([1.0, 2.0, 3.0]) / np.sqrt(14)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    matrix = np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    return tuple(matrix.ravel())


@functools.cache
def toy_dentition(spacing: float = 0.8, missing: tuple[int, ...] = (38, 48)) -> tuple[Volume, Volume]:
    """(image, labels): ellipsoid teeth on two arches, bright in grey noise, upright, quick to build.

    The upper arch stands above the lower one, the patient's right is at the start of each arch order.
    """
    shape = (int(44 / spacing), int(60 / spacing), int(70 / spacing))
    grid = Volume(np.zeros(shape, np.uint8), (spacing,) * 3, (34.0, 20.0, -22.0), (-1, 0, 0, 0, -1, 0, 0, 0, 1))
    ras = grid.index_to_ras(np.indices(shape).transpose(1, 2, 3, 0))
    labels = np.zeros(shape, np.uint8)
    for jaw, height in (("upper", 9.0), ("lower", -9.0)):
        for fdi, angle in zip(arch_order(jaw), np.linspace(0.06, np.pi - 0.06, 16), strict=True):
            if fdi in missing:
                continue
            centre = np.array([26 * np.cos(angle), -18 + 44 * np.sin(angle), height])
            inside = (((ras - centre) / (3.2, 3.2, 8.0)) ** 2).sum(axis=-1) < 1
            labels[inside] = fdi
    noise = np.random.default_rng(0).normal(0, 30, shape)
    image = (noise + 100 + 1500 * (labels > 0)).astype(np.int16)
    for array in (image, labels):  # shared by many tests, so nobody may change it
        array.setflags(write=False)
    return replace(grid, array=image, name="toy"), replace(grid, array=labels, name="toy")


def write_multi_frame(path: Path, volume: Volume, *, leave_out: tuple[int, ...] = (), enhanced: bool = True) -> Path:
    """All slices in one file: an Enhanced CT object, or a classic one that states no slice positions."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = EnhancedCTImageStorage if enhanced else CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.SOPClassUID, file.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    file.SeriesInstanceUID, file.StudyInstanceUID, file.Modality = generate_uid(), generate_uid(), "CT"
    file.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    kept = [i for i in range(len(volume.array)) if i not in leave_out]
    file.NumberOfFrames = len(kept)
    axes = np.reshape(volume.direction, (3, 3))
    if enhanced:
        shared, orientation, measures, values = Dataset(), Dataset(), Dataset(), Dataset()
        orientation.ImageOrientationPatient = [float(round(v, 9)) for v in (*axes[:, 0], *axes[:, 1])]
        measures.PixelSpacing = [volume.spacing[1], volume.spacing[0]]
        measures.SliceThickness = volume.spacing[2]
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = 1, 0, "HU"
        shared.PlaneOrientationSequence = [orientation]
        shared.PixelMeasuresSequence = [measures]
        shared.PixelValueTransformationSequence = [values]
        file.SharedFunctionalGroupsSequence = [shared]
        frames = []
        for i in kept:
            frame, place = Dataset(), Dataset()
            position = np.asarray(volume.origin) + i * volume.spacing[2] * axes[:, 2]
            place.ImagePositionPatient = [float(round(v, 6)) for v in position]
            frame.PlanePositionSequence = [place]
            frames.append(frame)
        file.PerFrameFunctionalGroupsSequence = frames
    else:
        file.PixelSpacing = [volume.spacing[1], volume.spacing[0]]
    _store(file, volume.array[0].astype(np.int16), 1.0)
    file.PixelData = volume.array[kept].astype(np.int16).tobytes()
    file.save_as(path, enforce_file_format=True)
    return path


#: What a DICOM SEG takes over from its scan.
_TAKEN_OVER = (
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyID",
    "ReferringPhysicianName",
    "PositionReferenceIndicator",
)


def write_clinical_dicom(folder: Path, volume: Volume, *, number: int = 1) -> None:
    """Write the volume as a clinic's CT slices, with the tags that a DICOM SEG takes over from them."""
    import pydicom

    write_dicom(folder, volume, number=number)
    study, frame = generate_uid(), generate_uid()
    for i, file in enumerate(sorted(folder.iterdir())):
        slice_ = pydicom.dcmread(file)
        slice_.StudyInstanceUID, slice_.FrameOfReferenceUID = study, frame
        for keyword in _TAKEN_OVER:
            if keyword not in slice_:
                setattr(slice_, keyword, "")
        slice_.InstanceNumber = i + 1
        slice_.save_as(file)
