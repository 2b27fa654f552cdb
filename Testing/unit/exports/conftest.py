"""A scan that a DICOM SEG can belong to."""

from __future__ import annotations

from pathlib import Path

import pytest
from scan_files import toy_dentition, write_clinical_dicom


@pytest.fixture
def series(tmp_path: Path) -> Path:
    """The toy's scan as a clinic's DICOM files, with the tags that a SEG takes over from them."""
    folder = tmp_path / "series"
    write_clinical_dicom(folder, toy_dentition()[0], number=5)
    return folder
