"""A label map as a DICOM Segmentation (one segment per tooth, coded by DICOM CID 4018/4019), with highdicom.

The object belongs to the patient of the scan, so it carries the patient's data from the scan's own DICOM files: the
only file of this library that does.
"""

from __future__ import annotations

import os
import re
import struct
import warnings
from pathlib import Path

import numpy as np

from .. import __version__, dentition
from ..errors import InputError
from ..files.seg_nrrd import CATEGORY, segment_name
from ..files.transactions import atomic_path
from ..files.volumes import MAX_VOXELS, Volume
from ..files.volumes.boxes import tooth_boxes, union
from ..files.volumes.dicom import DicomHeader, read_dicom, read_source_header, series_files
from .export_format import ExportFormat, ExportOptions, Group, Package, PathOf, Scan
from .result import Result

HIGHDICOM = Package("highdicom>=0.24", "dicom", "writes DICOM segmentations", "DICOM SEG needs", 3)
#: How far the label map's corners may lie outside the scan, in voxels.
_OUTSIDE_VOXELS = 1.0
#: Every file of the scan has them, with a value.
_IDENTITY = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
#: What a frame of reference is called by: without it the segments lie nowhere (PS3.3, type 1).
_PLACE = "FrameOfReferenceUID"
#: Taken over from the first file, where they may be empty (PS3.3, type 2): what is absent there is filled empty.
_TAKEN_OVER = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyID",
    "ReferringPhysicianName",
    "PositionReferenceIndicator",
)
#: What highdicom and pydicom raise for tags that are absent or have improper values.
_REFUSALS = (AttributeError, LookupError, OverflowError, TypeError, ValueError, struct.error)


def write_dicom_seg(
    labels: Volume,
    source: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    series: str | None = None,
) -> Path:
    """Write an FDI label map as DICOM SEG.

    Parameters
    ----------
    labels : Volume
        FDI numbers (z, y, x) on their own grid, which must lie in the scan.
    source : path
        The DICOM folder or file of the scan that the label map was made from.
    path : path
        The file.
    series : str, optional
        Which series of the folder: its SeriesNumber, or the end of its SeriesInstanceUID.

    Raises
    ------
    InputError
        Where highdicom is absent, the source is no DICOM or another scan, or no tooth is labelled.
    OutputError
        For everything the disk refuses.
    """
    hd = HIGHDICOM.require()
    boxes = tooth_boxes(labels.array)
    if not boxes:
        raise InputError("There is no tooth to write.")
    # a word for files that do not say where they lie, which are then refused: no viewer could lay a SEG over them
    scan, _ = read_dicom(Path(source), MAX_VOXELS, series, orientation="LPS")
    if scan.orientation_stated:
        raise _lacking(source, "ImageOrientationPatient and ImagePositionPatient are missing")
    _require_inside(labels, scan, source)
    headers = [DicomHeader(file, read_source_header(file)) for file in series_files(Path(source), series)]
    crop = union(boxes.values())
    table = np.zeros(256, np.uint8)
    table[sorted(boxes)] = np.arange(1, len(boxes) + 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they quote the patient's data
        _require_tags(headers, source)
        _state_thickness(headers, scan.spacing[2])
        images = [header.dataset for header in headers]
        try:
            volume = hd.Volume(
                table[labels.array[crop]],
                _affine(labels, [s.start for s in crop]),
                "PATIENT",
                frame_of_reference_uid=images[0].FrameOfReferenceUID,
            )
            seg = _segmentation(hd, images, volume, sorted(boxes))
        except _REFUSALS as error:
            raise _lacking(source, _missing_tag(error)) from error
        path = Path(path)
        with atomic_path(path) as temporary:
            try:
                seg.save_as(temporary)
            except _REFUSALS as error:
                raise _lacking(source, "one of its tags, such as SpecificCharacterSet, cannot be stored") from error
    return path


def _require_tags(headers: list[DicomHeader], source: str | os.PathLike[str]) -> None:
    """Fill empty what may be; InputError, with the tag, for what else the SEG takes over and is absent or damaged."""
    from pydicom.dataset import Dataset

    for header in headers:
        for keyword in (*_IDENTITY, _PLACE):
            if not header.has(keyword):
                raise _lacking(source, f"{keyword} is missing in '{header.path.name}'")
        for keyword in _TAKEN_OVER:
            if keyword not in header.dataset:
                setattr(header.dataset, keyword, "")
    first = headers[0]
    for keyword in (_PLACE, *_TAKEN_OVER):
        first.has(keyword)  # reads it, which a damaged one refuses
        try:
            setattr(Dataset(), keyword, first.dataset[keyword].value)
        except _REFUSALS as error:
            raise _lacking(source, f"{keyword} holds what it may not") from error
    if len({header.text("SOPInstanceUID") for header in headers}) < len(headers):
        raise _lacking(source, "SOPInstanceUID is the same in several files")
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", _PLACE):
        if len({header.text(keyword) for header in headers}) > 1:
            raise _lacking(source, f"{keyword} is not the same in all files")


def _state_thickness(headers: list[DicomHeader], distance: float) -> None:
    """Slices without thickness are as thick as they are apart: highdicom asks for it, the segments have their own."""
    for header in headers:
        if not header.items("SharedFunctionalGroupsSequence") and not header.has("SliceThickness"):
            header.dataset.SliceThickness = round(distance, 6)


def _missing_tag(error: Exception) -> str:
    """Which tag highdicom did not find; its other words may quote the patient's data."""
    named = re.search(r"has no attribute '(\w+)'", str(error)) if isinstance(error, AttributeError) else None
    return f"{named[1]} is missing" if named else f"a tag has no proper value ({type(error).__name__})"


def _lacking(source: str | os.PathLike[str], what: str) -> InputError:
    return InputError(
        f"The DICOM files of '{source}' lack what a DICOM SEG must take from them: {what}. Export the original scan, "
        "with all its tags."
    )


def _segmentation(hd, images: list, volume, teeth: list[int]):
    return hd.seg.Segmentation(
        source_images=images,
        pixel_array=volume,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(hd, number, fdi) for number, fdi in enumerate(teeth, start=1)],
        series_instance_uid=hd.UID(),
        series_number=1000,
        sop_instance_uid=hd.UID(),
        instance_number=1,
        manufacturer="DentalTopoSeg",
        manufacturer_model_name="DentalTopoSeg",
        software_versions=__version__,
        device_serial_number="0",
        content_label="TEETH",
        content_description="Numbered teeth (FDI)",
        series_description="Teeth (research software, not a medical device)",
    )


def _require_inside(labels: Volume, scan: Volume, source: str | os.PathLike[str]) -> None:
    margin = _OUTSIDE_VOXELS * max(scan.spacing)
    (lower, upper), (first, last) = scan.ras_bounds(), labels.ras_bounds()
    if (first < lower - margin).any() or (last > upper + margin).any():
        raise InputError(f"The labels do not lie in the scan '{source}': give the DICOM files they were made from.")


def _affine(labels: Volume, start: list[int]) -> np.ndarray:
    """(4, 4) from (z, y, x) indices of the crop to LPS mm."""
    ras = labels.index_to_ras_matrix()
    matrix = np.eye(4)
    matrix[:3, :3] = ras[:3, :3][:, ::-1]
    matrix[:3, 3] = labels.index_to_ras(start)
    matrix[:2] *= -1
    return matrix


def _description(hd, number: int, fdi: int):
    algorithm = hd.AlgorithmIdentificationSequence(
        name="DentalTopoSeg",
        version=__version__,
        family=hd.sr.CodedConcept("123110", "DCM", "Artificial Intelligence"),
    )
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=segment_name(fdi),
        segmented_property_category=hd.sr.CodedConcept(*CATEGORY),
        segmented_property_type=hd.sr.CodedConcept(dentition.snomed_code(fdi), "SCT", dentition.name(fdi)),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
        tracking_uid=hd.UID(),
        tracking_id=f"Tooth {fdi}",
        display_color=hd.color.CIELabColor.from_rgb(*dentition.color(fdi)),
    )


def _write(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    if options.scan is None:
        raise InputError("A DICOM SEG belongs to the DICOM files of its scan: give their folder with --scan.")
    return {"dicom-seg": write_dicom_seg(result.label_map, options.scan, path_of(""), series=options.series)}


DICOM_SEG: ExportFormat = ExportFormat(
    name="dicom-seg",
    title="DICOM SEG",
    purpose="for the picture archive; carries the patient's data of the scan",
    group=Group.VOXELS,
    pattern="{name}_teeth.dcm",
    write=_write,
    jaws=False,
    packages=(HIGHDICOM,),
    scan=Scan.DICOM_NEEDED,
)
