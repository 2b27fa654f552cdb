"""DICOM Segmentations (SEG) read as FDI label maps, by the codes of their segments."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np

from .. import dentition
from ..dentition.label_names import structure_of
from ..dentition.structures import structure
from ..errors import InputError, MemoryLimitError
from .label_content import LabelMap
from .names import one_line
from .packages import Package
from .silence import silent_packages
from .volumes import MAX_VOXELS, Volume, safe_stem
from .volumes.dicom.header import PREAMBLE, parser_errors

HIGHDICOM = Package("highdicom>=0.24", "dicom", "reads and writes DICOM segmentations", "DICOM SEG needs", 3)
#: The class of the object, which stands in the file's meta information.
SEGMENTATION_CLASS = b"1.2.840.10008.5.1.4.1.1.66.4"
_HEAD_BYTES = 1024
_MOST_BYTES = 1 << 30
#: A tooth's number at the beginning of a segment's label.
_LABEL = re.compile(r"(?:tooth[ _]?)?([1-8][1-8])\b", re.IGNORECASE)


def is_dicom_seg(path: Path) -> bool:
    """Whether a file says at its beginning that it is a DICOM Segmentation."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    return head[PREAMBLE - 4 : PREAMBLE] == b"DICM" and SEGMENTATION_CLASS in head


def read_dicom_seg(path: Path) -> LabelMap:
    """Read a DICOM Segmentation.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    LabelMap
        Teeth and structures, by the codes and labels of the segments, on the segmentation's own grid, which may be a
        part of the scan's, with a voxel of background around it: where the object ends, the scan need not, so no tooth
        counts as cut there.

    Raises
    ------
    InputError
        For what is damaged, no binary segmentation, or has no segment that is a tooth.
    MemoryLimitError
        For one that is too large.
    """
    hd = HIGHDICOM.require()
    with silent_packages():
        try:
            seg = hd.seg.segread(io.BytesIO(_content(path)))  # lengths in a file can lie, and are allocated at once
            teeth, others = _segments(seg)
            around = {number: key for number, label in others.items() if (key := structure_of(label))}
            if str(seg.SegmentationType) not in ("BINARY", "LABELMAP"):
                raise InputError(
                    f"'{path}' is a fractional segmentation: its voxels are probabilities and no labels. Export it "
                    "as a binary one."
                )
            if not teeth:
                raise InputError(f"'{path}' has no segment whose code or label says which tooth it is.")
            geometry = seg.get_volume_geometry(allow_missing_positions=True)
            if geometry is None:
                raise InputError(f"'{path}' holds frames that are no volume: their distances differ.")
            if np.prod([int(n) for n in geometry.spatial_shape], dtype=object) > MAX_VOXELS:
                raise MemoryLimitError(f"'{path}' holds more than the {MAX_VOXELS:,} voxels that are read.")
            volume = seg.get_volume(combine_segments=True, segment_numbers=sorted(teeth), dtype=np.uint16)
            beside = around and seg.get_volume(
                combine_segments=True, segment_numbers=sorted(around), dtype=np.uint16, skip_overlap_checks=True
            )
        except InputError:
            raise
        except parser_errors() as error:  # highdicom has no kind of its own for files that are damaged
            raise InputError(
                f"'{path}' is a damaged DICOM Segmentation, or one whose segments overlap: export it again."
            ) from error
    affine = np.asarray(volume.affine, float)
    affine[:3, 3] -= affine[:3, :3].sum(axis=1)
    labels = _on_grid(_translated(volume.array, teeth), affine, path)
    structures = None
    if beside:
        values = {number: structure(key).value for number, key in around.items()}
        structures = _on_grid(_translated(beside.array, values), affine, path)
    strangers = [label for number, label in others.items() if number not in around]
    return LabelMap(labels, structures, [], list(others.values()), strangers)


def _translated(array: Any, values: dict[int, int]) -> np.ndarray:
    """Segment numbers as label values, with a voxel of background around them."""
    table = np.zeros(65536, np.uint8)
    for number, value in values.items():
        table[number] = value
    return np.pad(table[np.asarray(array)], 1)


def _content(path: Path) -> bytes:
    if path.stat().st_size > _MOST_BYTES:
        raise MemoryLimitError(f"'{path}' has more than the {_MOST_BYTES:,} bytes that are read of a segmentation.")
    return path.read_bytes()


def _segments(seg: Any) -> tuple[dict[int, int], dict[int, str]]:
    """{segment number: FDI} of the teeth, and {segment number: label} of the others."""
    teeth: dict[int, int] = {}
    others: dict[int, str] = {}
    for item in seg.SegmentSequence:
        code = item.SegmentedPropertyTypeCodeSequence[0]
        fdi = dentition.snomed_to_fdi(str(code.get("CodeValue", "")))
        label = str(item.get("SegmentLabel", ""))
        said = _LABEL.match(label)
        if fdi is None and said and dentition.is_tooth(int(said[1])):
            fdi = int(said[1])
        if fdi is None:
            others[int(item.SegmentNumber)] = one_line(label)
        else:
            teeth[int(item.SegmentNumber)] = fdi
    return teeth, others


def _on_grid(array: np.ndarray, affine: np.ndarray, path: Path) -> Volume:
    """affine: from indices of the array's axes to LPS mm; x, y and z of the volume are right-handed."""
    if np.linalg.det(affine[:3, 2::-1]) < 0:  # from the last slice to the first, as no scan is read
        array = np.ascontiguousarray(array[::-1])
        affine = affine @ [[-1, 0, 0, len(array) - 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    steps = affine[:3, :3][:, ::-1]  # columns of x, y, z
    spacing = np.linalg.norm(steps, axis=0)
    if not np.isfinite(affine).all() or (spacing <= 0).any():
        raise InputError(f"'{path}' does not say where it lies: export it again.")
    return Volume(
        array,
        tuple(spacing.tolist()),  # type: ignore[arg-type]  # three
        tuple(affine[:3, 3].tolist()),
        tuple((steps / spacing).ravel().tolist()),
        name=safe_stem(path.name),
    )
