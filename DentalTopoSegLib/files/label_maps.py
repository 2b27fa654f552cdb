"""Label maps in FDI numbers: other programs' by a stated numbering or the codes a Slicer file carries; ours out."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from .. import dentition
from ..errors import InputError
from .dicom_seg import is_dicom_seg, read_dicom_seg
from .seg_nrrd import segment_numbers
from .volumes import Volume, read_label_file
from .volumes.writing import write_image


def to_fdi(labels: Volume, mapping: dict[int, int]) -> tuple[Volume, list[int]]:
    """The same grid with FDI numbers (uint8), and the stored values that are no teeth (now background).

    labels: whole numbers 0..65535. mapping: {stored value: FDI number}; several values may mean one tooth.
    """
    present = present_values(labels.array)
    table = np.zeros(int(present.max()) + 1, np.uint8)
    for value, fdi in mapping.items():
        if value < len(table):
            table[value] = fdi
    ignored = [int(v) for v in present if v != 0 and v not in mapping]
    return labels.with_array(table[labels.array]), ignored


def present_values(array: np.ndarray) -> np.ndarray:
    """Sorted values (whole numbers 0..65535) of a label array; slice by slice, as numpy counts in 64-bit copies."""
    seen = np.zeros(65536, bool)
    for part in array:
        seen[part.ravel()] = True
    return np.flatnonzero(seen)


def read_fdi_labels(
    path: str | os.PathLike[str], numbering: str | None = None, orientation: str | None = None
) -> tuple[Volume, list[str]]:
    """Read any label map as FDI numbers.

    Parameters
    ----------
    path : path
        NIfTI, NRRD, MetaImage, .seg.nrrd or DICOM SEG.
    numbering : str, optional
        One of `dentition.LABEL_NUMBERINGS`; None takes the tooth codes of a .seg.nrrd where it has them, else "fdi".
    orientation : str, optional
        Of a file that does not say where left and right are; as in `volumes.read_volume`.

    Returns
    -------
    labels : Volume
        uint8 FDI numbers (z, y, x), 0 for background.
    warnings : list of str
        About where it lies, and values that are no teeth.

    Raises
    ------
    InputError
        When no value is a tooth under that numbering; it says which numbering would fit.
    """
    if _is_dicom_seg(path):
        if numbering is not None:
            raise InputError(f"'{path}' says itself which teeth it holds: leave out --numbering.")
        return read_dicom_seg(Path(path))
    labels, warnings = read_label_file(path, orientation=orientation)
    mapping = segment_numbers(labels.metadata, path) if numbering is None else None
    used = "its segments' tooth codes" if mapping else f"{numbering or 'fdi'} numbering"
    fdi, ignored = to_fdi(labels, mapping or dentition.label_values(numbering or "fdi"))
    if not fdi.array.any():
        if not ignored:
            return fdi, warnings
        shown = _list_text(ignored)
        raise InputError(f"'{path}' holds the values {shown}, no tooth by {used}.{_guess(ignored)}")
    if ignored:
        warnings.append(f"Taken as background, being no teeth by {used}: {_list_text(ignored)}.{_guess(ignored)}")
    return fdi, warnings


def _is_dicom_seg(path: str | os.PathLike[str]) -> bool:
    return os.path.isfile(path) and is_dicom_seg(Path(path))


def _guess(values: list[int]) -> str:
    if max(values) <= 32:
        return " Values of 1 to 32 are often --numbering universal or sequential."
    if min(values) >= 11 and max(values) <= 77:
        return " Values of 11 to 77 without gaps are often --numbering totalsegmentator."
    return ""


def _list_text(values: list[int]) -> str:
    return ", ".join(str(v) for v in values[:8]) + (f" and {len(values) - 8} more" if len(values) > 8 else "")


def write_labelmap(labels: Volume, path: str | os.PathLike[str]) -> Path:
    """Write FDI labels as uint8 on their own grid.

    Parameters
    ----------
    labels : Volume
        FDI numbers (z, y, x).
    path : path
        .nii.gz, or any format by its suffix.

    Raises
    ------
    OutputError
        For everything the disk refuses.
    """
    return write_image(labels.with_array(labels.array.astype(np.uint8, copy=False)).to_sitk(), Path(path))
