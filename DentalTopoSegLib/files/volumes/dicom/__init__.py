"""DICOM: which files are one scan, in which order, whether a slice is missing, and their grey values."""

from .folders import is_dicom, is_dicom_file, is_directory_file
from .geometry import check_slice_positions
from .header import DicomHeader, read_source_header
from .reading import read_dicom, series_files

__all__ = [
    "DicomHeader",
    "check_slice_positions",
    "is_dicom",
    "is_dicom_file",
    "is_directory_file",
    "read_dicom",
    "read_source_header",
    "series_files",
]
