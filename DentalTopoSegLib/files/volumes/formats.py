"""The kinds of volumes: a new one is an entry of `FORMATS`, with the module that knows it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..names import safe_name
from .dicom import is_dicom, read_dicom
from .grid import Volume
from .integrity import require_whole_data, require_whole_nifti
from .nifti import unpack_nifti


@dataclass(frozen=True)
class VolumeFormat:
    """One kind of volume. SimpleITK reads and writes it where nothing else is said.

    Parameters
    ----------
    name : str
        What people call it.
    suffixes : tuple of str
        In lower case, the longer ones first.
    sidecars : tuple of str
        Those of the suffixes that are only the second half of another file.
    recognises : callable, optional
        Whether a path is of this kind by what is there; None leaves it to the suffix.
    read : callable, optional
        `read(path, max_voxels, series)`: the volume, named after its file or folder, and warnings.
    unpack : callable, optional
        `unpack(path, shape, dtype)`: the voxels by a quicker way than SimpleITK's, None where it has to do more.
    require_whole : callable, optional
        `require_whole(path, needed_bytes, just_written)` raises InputError for a file that is cut short. None: the
        reader fails by itself.
    """

    name: str
    suffixes: tuple[str, ...]
    sidecars: tuple[str, ...] = ()
    recognises: Callable[[Path], bool] | None = None
    read: Callable[[Path, int, str | None], tuple[Volume, list[str]]] | None = None
    unpack: Callable[[Path, tuple[int, int, int], np.dtype], np.ndarray | None] | None = None
    require_whole: Callable[[Path, int, bool], None] | None = None


FORMATS = (
    VolumeFormat("NIfTI", (".nii.gz", ".nii"), unpack=unpack_nifti, require_whole=require_whole_nifti),
    VolumeFormat("NRRD", (".seg.nrrd", ".nrrd", ".nhdr"), require_whole=require_whole_data),
    VolumeFormat("MetaImage", (".mha", ".mhd"), require_whole=require_whole_data),
    VolumeFormat("Analyze", (".hdr", ".img"), sidecars=(".img",)),
    VolumeFormat("DICOM", (".dicom", ".dcm"), recognises=is_dicom, read=read_dicom),
)
#: Suffixes of files that are a volume each; those of DICOM are mostly single slices.
SCAN_SUFFIXES = tuple(
    suffix for kind in FORMATS if kind.recognises is None for suffix in kind.suffixes if suffix not in kind.sidecars
)


def format_of(path: Path) -> VolumeFormat | None:
    """The kind of a file or folder; None where neither it nor its name tells."""
    for kind in FORMATS:
        if kind.recognises is not None and kind.recognises(path):
            return kind
    return format_of_name(path)


def format_of_name(path: Path) -> VolumeFormat | None:
    """The kind that the suffix stands for, None for a suffix that is not known."""
    name = path.name.lower()
    return next((kind for kind in FORMATS if name.endswith(kind.suffixes)), None)


def require_complete(path: Path, reader, *, just_written: bool = False) -> None:
    """InputError when `path` holds fewer bytes than its header promises, as far as its format has a check.

    reader: a SimpleITK ImageFileReader that has read the header of `path`. just_written: only a full disk is feared.
    """
    kind, dtype = format_of_name(path), dtype_of(reader)
    if kind is not None and kind.require_whole is not None and dtype is not None:
        voxels = int(np.prod([int(n) for n in reader.GetSize()], dtype=object))
        kind.require_whole(path, voxels * dtype.itemsize, just_written)


def dtype_of(reader) -> np.dtype | None:
    """The type of one value of what a SimpleITK ImageFileReader has read the header of; None for unusual ones."""
    import SimpleITK as sitk

    names = ("Int8", "UInt8", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Float32", "Float64")
    known = {getattr(sitk, f"sitk{name}"): np.dtype(name.lower()) for name in names}
    return known.get(reader.GetPixelID())


def safe_stem(path: str | os.PathLike[str]) -> str:
    """The name results are called after: the file's name without its suffixes, or the folder's name."""
    name = Path(os.path.abspath(path)).name
    lower = name.lower()
    for suffix in (suffix for kind in FORMATS for suffix in kind.suffixes):
        if lower.endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
            break
    return safe_name(name)
