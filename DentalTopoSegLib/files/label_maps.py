"""Other programs' label maps in FDI numbers: by a stated numbering, or by the codes a Slicer file carries."""

from __future__ import annotations

import os
import re

import numpy as np

from .. import dentition
from ..errors import InputError
from .volumes import Volume, read_labels

NUMBERINGS = ("fdi", "universal", "totalsegmentator", "sequential")
_CODE_TO_FDI = {dentition.snomed_code(fdi): fdi for fdi in dentition.FDI_PERMANENT + dentition.FDI_DECIDUOUS}


def label_values(numbering: str) -> dict[int, int]:
    """{stored value: FDI number}; "sequential" is 1..32 in the order 11..18, 21..28, 31..38, 41..48
    (nnU-Net).

    The others are :func:`dentition.label_values`'. Raises InputError for an unknown numbering.
    """
    if numbering == "sequential":
        return dict(enumerate(dentition.FDI_PERMANENT, start=1))
    try:
        return dentition.label_values(numbering)
    except ValueError as error:
        raise InputError(f"Numbering '{numbering}' is unknown: use {', '.join(NUMBERINGS)}.") from error


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


def read_fdi_labels(path: str | os.PathLike[str], numbering: str | None = None) -> tuple[Volume, list[str]]:
    """Read any label map as FDI numbers, with warnings about values that are no teeth.

    ``numbering`` None takes the tooth codes of a .seg.nrrd where it has them, else "fdi". Raises InputError
    when no value is a tooth under that numbering, and says which numbering would fit.
    """
    labels = read_labels(path)
    mapping = _from_segments(labels.metadata) if numbering is None else None
    used = "its segments' tooth codes" if mapping else f"{numbering or 'fdi'} numbering"
    fdi, ignored = to_fdi(labels, mapping or label_values(numbering or "fdi"))
    if not fdi.array.any():
        if not ignored:
            return fdi, []
        shown = _shown(ignored)
        raise InputError(f"'{path}' holds the values {shown}, no tooth by {used}.{_guess(ignored)}")
    warnings = []
    if ignored:
        warnings.append(f"Taken as background, being no teeth by {used}: {_shown(ignored)}.{_guess(ignored)}")
    return fdi, warnings


def stored_confidence(labels: Volume) -> dict[int, float]:
    """{FDI: 0..1} as `exports.write_seg_nrrd` stored it with a label map that was read; empty for other files."""
    numbers = _from_segments(labels.metadata)
    found = {}
    for key, value in labels.metadata.items():
        match = re.fullmatch(r"Segment(\d+)_LabelValue", key)
        fdi = numbers.get(int(value)) if match else None
        tags = labels.metadata.get(f"Segment{match[1]}_Tags", "") if match else ""
        sure = re.search(r"DentalTopoSeg\.Confidence:([01]\.\d+)", tags)
        if fdi is not None and sure:
            found[fdi] = float(sure[1])
    return found


def _from_segments(metadata: dict[str, str]) -> dict[int, int]:
    """{label value: FDI} from the terminology codes, or the names' leading FDI number, of a .seg.nrrd."""
    found = {}
    for key, value in metadata.items():
        match = re.fullmatch(r"Segment(\d+)_LabelValue", key)
        if not match:
            continue
        prefix = f"Segment{match[1]}_"
        codes = re.findall(r"SCT\^(\d+)\^", metadata.get(prefix + "Tags", ""))
        fdi = next((_CODE_TO_FDI[code] for code in codes if code in _CODE_TO_FDI), None)
        number = re.match(r"(?:tooth[ _]?)?(\d\d)\b", metadata.get(prefix + "Name", ""), re.IGNORECASE)
        if fdi is None and number and dentition.is_tooth(int(number[1])):
            fdi = int(number[1])
        if fdi is not None:
            found[int(value)] = fdi
    return found


def _guess(values: list[int]) -> str:
    if max(values) <= 32:
        return " Values of 1 to 32 are often --numbering universal or sequential."
    if min(values) >= 11 and max(values) <= 77:
        return " Values of 11 to 77 without gaps are often --numbering totalsegmentator."
    return ""


def _shown(values: list[int]) -> str:
    return ", ".join(str(v) for v in values[:8]) + (f" and {len(values) - 8} more" if len(values) > 8 else "")
