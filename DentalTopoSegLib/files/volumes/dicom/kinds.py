"""What a DICOM object is, by its SOP class and modality: a scan, another picture, or something else altogether."""

from __future__ import annotations

from enum import Enum

from ....errors import InputError
from ...names import shown
from .header import DicomHeader

_STORAGE = "1.2.840.10008.5.1.4.1.1."
#: CT, its enhanced and legacy converted forms, X-ray 3D angiography and craniofacial X-ray 3D.
SCAN_CLASSES = frozenset(_STORAGE + end for end in ("2", "2.1", "2.2", "13.1.1", "13.1.2"))
#: Those whose functional groups GDCM looks into for the rescale slope.
RESCALED_BY_GROUPS = SCAN_CLASSES - {_STORAGE + "2"}
DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_SCAN_MODALITIES = ("", "CT")
#: What is no scan, by the SOP class behind `_STORAGE`, the longer ones first; by modality where it is not known.
_CLASSES = (
    ("66.4", "DICOM segmentation"),
    ("66.7", "DICOM segmentation"),
    ("66.5", "surface segmentation"),
    ("66.6", "tractography"),
    ("66.1", "registration"),
    ("66.2", "registration"),
    ("66.3", "registration"),
    ("66", "raw data object"),
    ("67", "value mapping"),
    ("68", "surface mesh"),
    ("481.2", "radiotherapy dose"),
    ("481.3", "radiotherapy structure set"),
    ("481", "radiotherapy object"),
    ("30", "parametric map"),
    ("88", "structured report"),
    ("104.3", "surface mesh"),
    ("104.4", "surface mesh"),
    ("104.5", "surface mesh"),
    ("104", "document"),
    ("11", "presentation state"),
    ("9", "waveform"),
    ("4", "MR scan"),
    ("128", "PET scan"),
    ("130", "PET scan"),
    ("20", "nuclear medicine scan"),
    ("3", "ultrasound"),
    ("6", "ultrasound"),
)
_MODALITIES = {
    "SEG": "DICOM segmentation",
    "RTDOSE": "radiotherapy dose",
    "RTSTRUCT": "radiotherapy structure set",
    "RTPLAN": "radiotherapy object",
    "SR": "structured report",
    "KO": "structured report",
    "PR": "presentation state",
    "DOC": "document",
    "REG": "registration",
    "M3D": "surface mesh",
    "MR": "MR scan",
    "PT": "PET scan",
    "NM": "nuclear medicine scan",
    "US": "ultrasound",
}
#: Transfer syntaxes that ITK's GDCM decodes; one that is not stated is a data set without meta information.
_DECODED = frozenset(
    "1.2.840.10008.1.2" + end
    for end in ("", ".1", ".1.99", ".2", ".5", *(f".4.{n}" for n in (50, 51, 57, 70, 80, 81, 90, 91)))
) | {"", "1.2.840.113619.5.2"}


class Role(Enum):
    """What an object can be for a run: the scan, another picture such as a secondary capture, or neither."""

    SCAN = "scan"
    PICTURE = "other picture"
    NEITHER = "no scan"


def sop_class(header: DicomHeader) -> str:
    """The SOP class UID, from the data set or else from the meta information."""
    return header.text("SOPClassUID") or header.meta("MediaStorageSOPClassUID")


def role_of(header: DicomHeader) -> tuple[Role, str]:
    """(role, what to call it), by SOP class; by modality where the class is absent or not known."""
    uid, modality = sop_class(header), header.text("Modality").upper()
    if uid in SCAN_CLASSES:
        return Role.SCAN, "scan"
    if uid == DIRECTORY_CLASS:
        return Role.NEITHER, ""
    ending = uid.removeprefix(_STORAGE)
    if ending != uid:
        name = next((name for start, name in _CLASSES if ending == start or ending.startswith(start + ".")), None)
        if name is not None:
            return Role.NEITHER, name
        return Role.PICTURE, "secondary capture" if ending.split(".")[0] == "7" else "other picture"
    if modality in _MODALITIES:
        return Role.NEITHER, _MODALITIES[modality]
    return (Role.SCAN, "scan") if modality in _SCAN_MODALITIES else (Role.PICTURE, "other picture")


def require_decodable(header: DicomHeader) -> None:
    """InputError, with the name of the compression, for pixels that nothing here can unpack."""
    uid = header.meta("TransferSyntaxUID")
    if uid not in _DECODED:
        raise InputError(
            f"'{header.path}' is compressed in a way that this program cannot unpack ({_name(uid)}): export the scan "
            "uncompressed (Explicit VR Little Endian), or as JPEG 2000 or JPEG-LS."
        )


def _name(uid: str) -> str:
    from pydicom.uid import UID_dictionary

    known = UID_dictionary.get(uid)
    return known[0] if known and known[1] == "Transfer Syntax" else f"transfer syntax {shown(uid)}"
