"""What DICOM objects that are made of a scan take over from its own files: the patient, the study, the place.

They belong to the patient of the scan, so they carry the patient's data: the only files of this library that do.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import InputError
from ..files.silence import silent_packages
from ..files.volumes import MAX_VOXELS, Volume
from ..files.volumes.dicom import DicomHeader, read_dicom, read_source_header, series_files

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

#: Of a decimal string (DS), by the standard.
_DS_CHARACTERS = 16
#: How far the label map's corners may lie outside the scan, in voxels.
_OUTSIDE_VOXELS = 1.0
#: Every file of the scan has them, with a value.
_IDENTITY = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
#: What a frame of reference is called by: without it the segments lie nowhere (PS3.3, type 1).
_PLACE = "FrameOfReferenceUID"
#: Taken over from the first file, where they may be empty (PS3.3, type 2): what is absent there is filled empty.
TAKEN_OVER = (
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
REFUSALS = (AttributeError, LookupError, OverflowError, TypeError, ValueError, struct.error)


@dataclass(frozen=True)
class Source:
    """The files of a scan, with all tags that objects made of it take over.

    Parameters
    ----------
    path : path
        Where they were read from, for messages.
    images : list of Dataset
        Without their pixels.
    wanted : str
        What is to be made of them, such as "DICOM SEG", for messages.
    """

    path: str | os.PathLike[str]
    images: list[Dataset]
    wanted: str

    @property
    def first(self) -> Dataset:
        """The file whose patient and study are taken over."""
        return self.images[0]

    def lacking(self, what: str) -> InputError:
        """The refusal of a scan that lacks something."""
        return InputError(
            f"The DICOM files of '{self.path}' lack what a {self.wanted} must take from them: {what}. Export the "
            "original scan, with all its tags."
        )

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Raise InputError, naming the tag, for what pydicom and highdicom say of tags; their own words may quote the
        patient's data."""
        with silent_packages():
            try:
                yield
            except REFUSALS as error:
                raise self.lacking(_missing_tag(error)) from error


def read_source(labels: Volume, source: str | os.PathLike[str], series: str | None, wanted: str) -> Source:
    """The files of the scan that a label map was made from.

    Parameters
    ----------
    labels : Volume
        On a grid that lies in the scan.
    source : path
        The DICOM folder or file.
    series : str, optional
        Which series of the folder: its SeriesNumber, or the end of its SeriesInstanceUID.
    wanted : str
        What is to be made of them, for messages.

    Raises
    ------
    InputError
        Where it is no DICOM or another scan, or lacks a tag.
    """
    # a word for files that do not say where they lie, which are then refused: no viewer could lay anything over them
    scan, _ = read_dicom(Path(source), MAX_VOXELS, series, orientation="LPS")
    found = Source(source, [], wanted)
    if scan.orientation_stated:
        raise found.lacking("ImageOrientationPatient and ImagePositionPatient are missing")
    _require_inside(labels, scan, source)
    headers = [DicomHeader(file, read_source_header(file)) for file in series_files(Path(source), series)]
    with silent_packages():
        _require_tags(headers, found)
        _state_thickness(headers, scan.spacing[2])
    found.images.extend(header.dataset for header in headers)
    return found


def content_uid(*parts: object) -> str:
    """A DICOM UID (2.25, of a UUID) that is always the same for the same parts.

    What is made again of the same scan and labels is the same object to an archive, so that storing it twice, after a
    failure in the middle, leaves one.
    """
    digest = hashlib.sha256("\0".join(map(str, parts)).encode()).digest()
    return f"2.25.{uuid.UUID(bytes=digest[:16], version=5).int}"


def labels_key(labels: Volume, source: Source) -> str:
    """What the UIDs of objects are made from: the scan's series, the labels and where they lie."""
    digest = hashlib.sha256(np.ascontiguousarray(labels.array).tobytes())
    digest.update(np.round(labels.index_to_ras_matrix(), 4).tobytes())
    return f"{source.first.SeriesInstanceUID} {digest.hexdigest()}"


def shorten_numbers(dataset: Dataset) -> None:
    """Write decimal strings (DS) in the sixteen characters that they may have, in all sequences too."""

    def shorter(value: Any) -> str:
        if len(str(value)) <= _DS_CHARACTERS:
            return str(value)
        # pydicom's own rounding makes 17 of what rounds up to the next power of ten
        texts = (f"{float(value):.{digits}g}" for digits in range(_DS_CHARACTERS, 0, -1))
        return next(text for text in texts if len(text) <= _DS_CHARACTERS)

    for element in dataset.iterall():
        if element.VR == "DS" and element.value not in (None, ""):
            many = element.VM > 1
            element.value = [shorter(v) for v in element.value] if many else shorter(element.value)


def _require_tags(headers: list[DicomHeader], source: Source) -> None:
    """Fill empty what may be; InputError, with the tag, for what else the SEG takes over and is absent or damaged."""
    from pydicom.dataset import Dataset

    for header in headers:
        for keyword in (*_IDENTITY, _PLACE):
            if not header.has(keyword):
                raise source.lacking(f"{keyword} is missing in '{header.path.name}'")
        for keyword in TAKEN_OVER:
            if keyword not in header.dataset:
                setattr(header.dataset, keyword, "")
    first = headers[0]
    for keyword in (_PLACE, *TAKEN_OVER):
        first.has(keyword)  # reads it, which a damaged one refuses
        try:
            setattr(Dataset(), keyword, first.dataset[keyword].value)
        except REFUSALS as error:
            raise source.lacking(f"{keyword} holds what it may not") from error
    if len({header.text("SOPInstanceUID") for header in headers}) < len(headers):
        raise source.lacking("SOPInstanceUID is the same in several files")
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", _PLACE):
        if len({header.text(keyword) for header in headers}) > 1:
            raise source.lacking(f"{keyword} is not the same in all files")


def _state_thickness(headers: list[DicomHeader], distance: float) -> None:
    """Slices without thickness are as thick as they are apart: highdicom asks for it, the segments have their own."""
    for header in headers:
        if not header.items("SharedFunctionalGroupsSequence") and not header.has("SliceThickness"):
            header.dataset.SliceThickness = round(distance, 6)


def _missing_tag(error: Exception) -> str:
    """Which tag highdicom did not find; its other words may quote the patient's data."""
    named = re.search(r"has no attribute '(\w+)'", str(error)) if isinstance(error, AttributeError) else None
    return f"{named[1]} is missing" if named else f"a tag has no proper value ({type(error).__name__})"


def _require_inside(labels: Volume, scan: Volume, source: str | os.PathLike[str]) -> None:
    margin = _OUTSIDE_VOXELS * max(scan.spacing)
    (lower, upper), (first, last) = scan.ras_bounds(), labels.ras_bounds()
    if (first < lower - margin).any() or (last > upper + margin).any():
        raise InputError(f"The labels do not lie in the scan '{source}': give the DICOM files they were made from.")
