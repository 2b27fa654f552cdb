"""A label map as DICOM Segmentations with highdicom: one segment per tooth, coded by DICOM CID 4018/4019; structures
around and in the teeth in an object of their own, since a pulp is a part of its tooth too."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import __version__, dentition
from ..dentition.structures import BY_VALUE, Code
from ..errors import InputError
from ..files.dicom_seg import HIGHDICOM
from ..files.seg_nrrd import CATEGORY, segment_name
from ..files.transactions import atomic_path
from ..files.volumes import Volume
from ..files.volumes.boxes import Box, box_of, tooth_boxes, union
from .dicom_source import REFUSALS, content_uid, labels_key, read_source, shorten_numbers
from .export_format import STRUCTURES, TEETH, ExportFormat, ExportOptions, Group, PathOf, Scan
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
    boxes = tooth_boxes(labels.array)
    if not boxes:
        raise InputError("There is no tooth to write.")
    return _write_seg(labels, boxes, source, path, series, _TEETH)


def write_structures_seg(
    structures: Volume, source: str | os.PathLike[str], path: str | os.PathLike[str], *, series: str | None = None
) -> Path:
    """Write structures (values of `dentition.structures`) as DICOM SEG; as `write_dicom_seg`."""
    from scipy import ndimage

    found = enumerate(ndimage.find_objects(structures.array), start=1)
    boxes = {value: box_of(box) for value, box in found if box is not None and value in BY_VALUE}
    if not boxes:
        raise InputError("There is no structure to write.")
    return _write_seg(structures, boxes, source, path, series, _STRUCTURES)


def _write_seg(
    labels: Volume,
    boxes: Mapping[int, Box],
    source: str | os.PathLike[str],
    path: str | os.PathLike[str],
    series: str | None,
    content: _Content,
) -> Path:
    hd = HIGHDICOM.require()
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
        seg = _segmentation(hd, scan.images, volume, sorted(boxes), labels_key(labels, scan), content)
        shorten_numbers(seg)
    path = Path(path)
    with atomic_path(path) as temporary:
        try:
            seg.save_as(temporary)
        except REFUSALS as error:
            raise scan.lacking("one of its tags, such as SpecificCharacterSet, cannot be stored") from error
    return path


@dataclass(frozen=True)
class _Content:
    """What an object holds: its label, description and title, its number among ours, and how a value is described."""

    label: str
    description: str
    title: str
    number: int
    #: (label of the segment, category, type, modifier of the type, tracking id, colour) of a value
    of: Callable[[int], tuple[str, Code, Code, Code | None, str, tuple[int, int, int]]]


def _of_tooth(fdi: int) -> tuple[str, Code, Code, Code | None, str, tuple[int, int, int]]:
    kind = (dentition.snomed_code(fdi), "SCT", dentition.name(fdi))
    return segment_name(fdi), CATEGORY, kind, None, f"Tooth {fdi}", dentition.color(fdi)


def _of_structure(value: int) -> tuple[str, Code, Code, Code | None, str, tuple[int, int, int]]:
    one = BY_VALUE[value]
    return one.name, one.category, one.code, one.modifier, one.name, one.color


_TEETH = _Content("TEETH", "Numbered teeth (FDI)", "Teeth (research software, not a medical device)", 0, _of_tooth)
_STRUCTURES = _Content(
    "STRUCTURES",
    "Around and in the teeth",
    "Around the teeth (research software, not a medical device)",
    1,
    _of_structure,
)


def _segmentation(hd, images: list, volume, values: list[int], key: str, content: _Content):
    kind = "seg" if content is _TEETH else "structures seg"
    return hd.seg.Segmentation(
        source_images=images,
        pixel_array=volume,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[
            _description(hd, number, value, key, content) for number, value in enumerate(values, start=1)
        ],
        series_instance_uid=content_uid(f"{kind} series", key, __version__),
        series_number=1000 + content.number,
        sop_instance_uid=content_uid(kind, key, __version__),
        instance_number=1,
        manufacturer="DentalTopoSeg",
        manufacturer_model_name="DentalTopoSeg",
        software_versions=__version__,
        device_serial_number="0",
        content_label=content.label,
        content_description=content.description,
        series_description=content.title,
    )


def _affine(labels: Volume, start: list[int]) -> np.ndarray:
    """(4, 4) from (z, y, x) indices of the crop to LPS mm."""
    ras = labels.index_to_ras_matrix()
    matrix = np.eye(4)
    matrix[:3, :3] = ras[:3, :3][:, ::-1]
    matrix[:3, 3] = labels.index_to_ras(start)
    matrix[:2] *= -1
    return matrix


def _description(hd, number: int, value: int, key: str, content: _Content):
    algorithm = hd.AlgorithmIdentificationSequence(
        name="DentalTopoSeg",
        version=__version__,
        family=hd.sr.CodedConcept("123110", "DCM", "Artificial Intelligence"),
    )
    label, category, kind, modifier, tracked, color = content.of(value)
    described = hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=hd.sr.CodedConcept(*category),
        segmented_property_type=hd.sr.CodedConcept(*kind),
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm,
        tracking_uid=content_uid("tooth" if content is _TEETH else "structure", key, value),
        tracking_id=tracked,
        display_color=hd.color.CIELabColor.from_rgb(*color),
    )
    if modifier is not None:  # highdicom has no parameter for it
        described.SegmentedPropertyTypeCodeSequence[0].SegmentedPropertyTypeModifierCodeSequence = [
            hd.sr.CodedConcept(*modifier)
        ]
    return described


def _write(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    if options.scan is None:
        raise InputError("A DICOM SEG belongs to the DICOM files of its scan: give their folder with --scan.")
    files = {"dicom-seg": write_dicom_seg(result.label_map, options.scan, path_of("teeth"), series=options.series)}
    if result.structures is not None:
        path = path_of("structures")
        files["structures"] = write_structures_seg(result.structures, options.scan, path, series=options.series)
    return files


DICOM_SEG: ExportFormat = ExportFormat(
    name="dicom-seg",
    title="DICOM SEG",
    purpose="for the picture archive; carries the patient's data of the scan",
    group=Group.VOXELS,
    pattern="{name}_{part}.dcm",
    parts=(TEETH, STRUCTURES),
    write=_write,
    jaws=False,
    packages=(HIGHDICOM,),
    scan=Scan.DICOM_NEEDED,
)
