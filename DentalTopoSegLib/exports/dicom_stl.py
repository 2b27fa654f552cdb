"""The surfaces of teeth as DICOM Encapsulated STL, one object per tooth, beside the scan in the picture archive.

PS3.3, A.85.1 (Encapsulated STL IOD): Encapsulated Document (C.24.2) and Manufacturing 3D Model (C.35.1). Coordinates
are millimetres in the scan's frame of reference, which is LPS.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .. import __version__, dentition
from ..errors import InputError
from ..files.dicom_seg import HIGHDICOM
from ..files.meshes.stl import to_bytes
from ..files.transactions import atomic_path
from .dicom_source import REFUSALS, TAKEN_OVER, Source, content_uid, labels_key, read_source, shorten_numbers
from .export_format import ExportFormat, ExportOptions, Group, PathOf, Scan
from .result import Result

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

    from .tooth_surfaces import ToothSurface

#: The series number that archives show; that of the segmentation is 1000.
_SERIES_NUMBER = 1001
#: What an anatomical model is for (CID 7064, Model Usages).
_PLANNING = ("129011", "DCM", "Planning")


def _write(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    from .tooth_surfaces import surfaces_of_labels

    if options.scan is None:
        raise InputError("A DICOM STL belongs to the DICOM files of its scan: give their folder with --scan.")
    HIGHDICOM.require()
    labels = result.label_map
    surfaces = surfaces_of_labels(labels, "LPS")
    if not surfaces:
        raise InputError("There is no tooth to write.")
    scan = read_source(labels, options.scan, options.series, "DICOM STL")
    key = labels_key(labels, scan)
    files = {}
    for number, surface in enumerate(surfaces, start=1):
        path = files[f"tooth_{surface.fdi}"] = path_of(surface.name)
        with scan.refusing():
            made = _encapsulated(surface, number, scan, key)
        with atomic_path(path) as temporary:
            try:
                made.save_as(temporary, enforce_file_format=True)
            except REFUSALS as error:
                raise scan.lacking("one of its tags, such as SpecificCharacterSet, cannot be stored") from error
    return files


def _encapsulated(surface: ToothSurface, number: int, scan: Source, key: str) -> Dataset:
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.sequence import Sequence
    from pydicom.uid import EncapsulatedSTLStorage, ExplicitVRLittleEndian

    first, now = scan.first, datetime.now()
    made = Dataset()
    for keyword in (*TAKEN_OVER, "StudyInstanceUID", "FrameOfReferenceUID", "SpecificCharacterSet"):
        if keyword in first:
            made[keyword] = first[keyword]
    made.SOPClassUID = EncapsulatedSTLStorage
    made.SOPInstanceUID = content_uid("stl", key, surface.fdi, __version__)
    made.SeriesInstanceUID = content_uid("stl series", key, __version__)
    made.Modality = "M3D"
    made.SeriesNumber, made.InstanceNumber = _SERIES_NUMBER, number
    made.SeriesDescription = "Surfaces of teeth (research software, not a medical device)"
    made.Manufacturer = made.ManufacturerModelName = "DentalTopoSeg"
    made.SoftwareVersions, made.DeviceSerialNumber = __version__, "0"
    made.ContentDate, made.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    made.AcquisitionDateTime = ""
    made.BurnedInAnnotation = "NO"
    made.DocumentTitle = f"{surface.fdi} {dentition.plain_name(surface.fdi)}"
    made.ConceptNameCodeSequence = Sequence(
        [_code(dentition.snomed_code(surface.fdi), "SCT", dentition.name(surface.fdi))]
    )
    made.MIMETypeOfEncapsulatedDocument = "model/stl"
    content = to_bytes(surface.vertices, surface.faces)
    made.EncapsulatedDocument = content + b"\0" * (len(content) % 2)
    made.EncapsulatedDocumentLength = len(content)
    made.SourceInstanceSequence = Sequence([_reference(image) for image in scan.images])
    series = Dataset()
    series.SeriesInstanceUID = first.SeriesInstanceUID
    series.ReferencedInstanceSequence = Sequence([_reference(image) for image in scan.images])
    made.ReferencedSeriesSequence = Sequence([series])
    made.MeasurementUnitsCodeSequence = Sequence([_code("mm", "UCUM", "mm")])
    made.ModelModification, made.ModelMirroring = "YES", "NO"
    made.ModelUsageCodeSequence = Sequence([_code(*_PLANNING)])
    shorten_numbers(made)
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    from pydicom.dataset import Dataset

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _reference(image: Dataset) -> Dataset:
    from pydicom.dataset import Dataset

    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = image.SOPClassUID, image.SOPInstanceUID
    return reference


DICOM_STL: ExportFormat = ExportFormat(
    name="dicom-stl",
    title="DICOM STL",
    purpose="surfaces for the picture archive; carry the patient's data of the scan",
    group=Group.SURFACES,
    pattern="{name}_{part}_stl.dcm",
    write=_write,
    jaws=False,
    packages=(HIGHDICOM,),
    scan=Scan.DICOM_NEEDED,
)
