"""The kinds of volumes: a new one is an entry of `FORMATS`, with the module that knows it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import InputError
from ..names import safe_name
from ..regular_files import require_regular_file
from .content import read_start
from .dicom import is_dicom, read_dicom
from .foreign import EXPORT_DICOM, looks_like, told_of
from .grid import Volume
from .header import VolumeHeader
from .metaimage import read_metaimage_header
from .nifti import read_nifti_header, read_pair_header
from .nrrd import read_nrrd_header


@dataclass(frozen=True)
class VolumeFormat:
    """One kind of volume, which tells either its header, from which its voxels are then read, or the whole volume.

    Parameters
    ----------
    name : str
        What people call it.
    suffixes : tuple of str
        In lower case, the longer ones first.
    sidecars : tuple of str
        Those of the suffixes that are only the second half of another file.
    detached : tuple of str
        Those of the suffixes whose voxels lie in another file: they are read, but not written.
    read_header : callable, optional
        `read_header(path)`: what the file promises, from its first bytes alone; InputError for anything unexpected.
    recognises : callable, optional
        Whether a path is of this kind by what is there; None leaves it to the suffix.
    read : callable, optional
        `read(path, max_voxels, series, orientation)`: the volume, named after its file or folder, and warnings.
    """

    name: str
    suffixes: tuple[str, ...]
    sidecars: tuple[str, ...] = ()
    detached: tuple[str, ...] = ()
    read_header: Callable[[Path], VolumeHeader] | None = None
    recognises: Callable[[Path], bool] | None = None
    read: Callable[[Path, int, str | None, str | None], tuple[Volume, list[str]]] | None = None


FORMATS = (
    VolumeFormat("NIfTI", (".nii.gz", ".nii"), read_header=read_nifti_header),
    VolumeFormat("NRRD", (".seg.nrrd", ".nrrd", ".nhdr"), detached=(".nhdr",), read_header=read_nrrd_header),
    VolumeFormat("MetaImage", (".mha", ".mhd"), detached=(".mhd",), read_header=read_metaimage_header),
    VolumeFormat(
        "Analyze", (".hdr", ".img"), sidecars=(".img",), detached=(".hdr", ".img"), read_header=read_pair_header
    ),
    VolumeFormat("DICOM", (".dicom", ".dcm"), recognises=is_dicom, read=read_dicom),
)
# So much of a file's content tells its kind: the header of NIfTI-1.
_LOOK_BYTES = 348
_NOT_READ = (
    "is not a volume this program can read: give NIfTI (.nii, .nii.gz), NRRD, MetaImage (.mha, .mhd) or a DICOM "
    f"folder. {EXPORT_DICOM}"
)
#: Suffixes of files that are a volume each; those of DICOM are mostly single slices.
SCAN_SUFFIXES = tuple(
    suffix for kind in FORMATS if kind.recognises is None for suffix in kind.suffixes if suffix not in kind.sidecars
)
#: Suffixes of files that can be written.
WRITTEN_SUFFIXES = tuple(s for kind in FORMATS if kind.read_header for s in kind.suffixes if s not in kind.detached)


def format_of(path: Path) -> VolumeFormat | None:
    """The kind of a file or folder; None where neither it nor its name tells."""
    by_content = format_of_content(path)
    if by_content is not None:
        return by_content
    for kind in FORMATS:
        if kind.recognises is not None and kind.recognises(path):
            return kind
    return format_of_name(path)


def format_of_content(path: Path) -> VolumeFormat | None:
    """The kind that a file is by its first bytes; None for a folder and where they do not tell."""
    if not os.path.isfile(path):
        return None
    try:
        name = looks_like(read_start(path, _LOOK_BYTES))
    except (InputError, OSError):  # the reader says what is wrong with it
        return None
    return next((kind for kind in FORMATS if kind.name == name), None)


def format_of_name(path: Path) -> VolumeFormat | None:
    """The kind that the suffix stands for, None for a suffix that is not known."""
    name = path.name.lower()
    return next((kind for kind in FORMATS if name.endswith(kind.suffixes)), None)


def read_header(path: str | os.PathLike[str]) -> VolumeHeader:
    """What a volume's file says of itself, before its voxels are read.

    Parameters
    ----------
    path : path
        NIfTI, NRRD, MetaImage or Analyze.

    Returns
    -------
    VolumeHeader
        Size, type, geometry, and where the voxels are.

    Raises
    ------
    InputError
        For another kind of file, and with the field for every header that is damaged or out of bounds.
    """
    path = require_regular_file(path)
    kind = format_of_content(path) or format_of_name(path)
    if kind is None or kind.read_header is None:
        told = told_of(path)
        raise InputError(f"'{path}' {told}" if told else f"'{path}' {_NOT_READ}")
    try:
        header = kind.read_header(path)
    except OSError as error:
        raise InputError(f"'{path}' cannot be read ({error.strerror or error}): copy it again.") from error
    called = format_of_name(path)
    if called is kind:
        return header
    shown = f"is called like {called.name}" if called else "has no name of a volume"
    note = f"The file {shown} but holds a volume in {kind.name} format; it was read as {kind.name}."
    return replace(header, notes=(note, *header.notes))


def safe_stem(path: str | os.PathLike[str]) -> str:
    """The name results are called after: the file's name without its suffixes, or the folder's name."""
    name = Path(os.path.abspath(path)).name
    lower = name.lower()
    for suffix in (suffix for kind in FORMATS for suffix in kind.suffixes):
        if lower.endswith(suffix) and len(name) > len(suffix):
            name = name[: -len(suffix)]
            break
    return safe_name(name)
