"""A label map as a DICOM Segmentation (one segment per tooth, coded by DICOM CID 4018/4019), with highdicom."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .. import __version__, dentition
from ..errors import InputError
from ..files.dicom_seg import HIGHDICOM
from ..files.seg_nrrd import CATEGORY, segment_name
from ..files.transactions import atomic_path
from ..files.volumes import Volume
from ..files.volumes.boxes import tooth_boxes, union
from .dicom_source import REFUSALS, content_uid, labels_key, read_source, shorten_numbers
from .export_format import ExportFormat, ExportOptions, Group, PathOf, Scan
from .result import Result


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
    scan = read_source(labels, source, series, "DICOM SEG")
    crop = union(boxes.values())
    table = np.zeros(256, np.uint8)
    table[sorted(boxes)] = np.arange(1, len(boxes) + 1)
    with scan.refusing():
        volume = hd.Volume(
            table[labels.array[crop]],
            _affine(labels, [s.start for s in crop]),
            "PATIENT",
            frame_of_reference_uid=scan.first.FrameOfReferenceUID,
        )
        seg = _segmentation(hd, scan.images, volume, sorted(boxes), labels_key(labels, scan))
        shorten_numbers(seg)
    path = Path(path)
    with atomic_path(path) as temporary:
        try:
            seg.save_as(temporary)
        except REFUSALS as error:
            raise scan.lacking("one of its tags, such as SpecificCharacterSet, cannot be stored") from error
    return path


def _segmentation(hd, images: list, volume, teeth: list[int], key: str):
    return hd.seg.Segmentation(
        source_images=images,
        pixel_array=volume,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(hd, number, fdi, key) for number, fdi in enumerate(teeth, start=1)],
        series_instance_uid=content_uid("seg series", key, __version__),
        series_number=1000,
        sop_instance_uid=content_uid("seg", key, __version__),
        instance_number=1,
        manufacturer="DentalTopoSeg",
        manufacturer_model_name="DentalTopoSeg",
        software_versions=__version__,
        device_serial_number="0",
        content_label="TEETH",
        content_description="Numbered teeth (FDI)",
        series_description="Teeth (research software, not a medical device)",
    )


def _affine(labels: Volume, start: list[int]) -> np.ndarray:
    """(4, 4) from (z, y, x) indices of the crop to LPS mm."""
    ras = labels.index_to_ras_matrix()
    matrix = np.eye(4)
    matrix[:3, :3] = ras[:3, :3][:, ::-1]
    matrix[:3, 3] = labels.index_to_ras(start)
    matrix[:2] *= -1
    return matrix


def _description(hd, number: int, fdi: int, key: str):
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
        tracking_uid=content_uid("tooth", key, fdi),
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
