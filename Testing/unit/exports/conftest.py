"""A scan that a DICOM SEG can belong to."""

from __future__ import annotations

from pathlib import Path

import pytest
from scan_files import toy_dentition, write_dicom

_TAKEN_OVER = (
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "AccessionNumber",
    "StudyID",
    "ReferringPhysicianName",
    "PositionReferenceIndicator",
)


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """The toy's scan as a clinic's DICOM files, with the tags that a SEG takes over from them."""
    import pydicom
    from pydicom.uid import generate_uid

    folder = tmp_path / "series"
    write_dicom(folder, toy_dentition()[0], number=5)
    study, frame = generate_uid(), generate_uid()
    for i, file in enumerate(sorted(folder.iterdir())):
        slice_ = pydicom.dcmread(file)
        slice_.StudyInstanceUID, slice_.FrameOfReferenceUID = study, frame
        for keyword in _TAKEN_OVER:
            if keyword not in slice_:
                setattr(slice_, keyword, "")
        slice_.InstanceNumber = i + 1
        slice_.save_as(file)
    return folder
