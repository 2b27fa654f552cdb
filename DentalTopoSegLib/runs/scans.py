"""The scans in a folder: found in any depth, and named apart."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path

from ..errors import InputError
from ..files.hps import is_hps_file
from ..files.meshes import MESH_SUFFIXES, mesh_stem
from ..files.volumes import SCAN_SUFFIXES, safe_stem
from ..files.volumes.dicom import is_dicom_file, is_directory_file, series_files

_SUFFIXES = (*SCAN_SUFFIXES, *MESH_SUFFIXES)
_RESULT_ENDINGS = (
    "_teeth.nii.gz",
    "_teeth.seg.nrrd",
    "_teeth.vtp",
    "_teeth.ply",
    "_truth.nii.gz",
    "_teeth.dcm",
    "_stl.dcm",
    "_structures.seg.nrrd",
)


def scans_in(folder: str | os.PathLike[str], apart: Path | None = None) -> list[tuple[Path, str]]:
    """[(scan, name of its results)] of all scans under a folder, in the order of their paths.

    A scan is a volume file, a mesh, or a folder with DICOM files; results of other runs, what lies in the folder
    `apart` and what cannot be read are left out. Names come from the path below the folder, so that they differ. Raises
    InputError when the folder is not there.
    """
    return [(found.path, found.name) for found in look_through(folder, apart) if found.reason is None]


def unreadable_in(folder: str | os.PathLike[str], apart: Path | None = None) -> list[tuple[Path, str]]:
    """[(file or folder, why)] of what lies under a folder and cannot be read, so that nobody can say whether it is a
    scan; as `scans_in`."""
    return [(found.path, found.reason) for found in look_through(folder, apart) if found.reason is not None]


@dataclass(frozen=True)
class Found:
    """A scan and the name of its results; or a file or folder of which nobody can say what it is, and why."""

    path: Path
    name: str
    reason: str | None = None


def look_through(folder: str | os.PathLike[str], apart: Path | None) -> list[Found]:
    """Everything under a folder that is a scan or cannot be read, in the order of the paths; as `scans_in`."""
    root = Path(folder)
    if not os.path.isdir(root):
        raise InputError(f"'{root}' is no folder: give the folder that holds the scans.")
    found: list[Found] = []
    taken: set[str] = set()
    for path, reason in sorted(_scans(root, os.path.realpath(apart) if apart else None), key=itemgetter(0)):
        if reason is not None:
            found.append(Found(path, "", reason))
            continue
        relative = path.relative_to(root)
        own = mesh_stem(path) if path.suffix.lower() in MESH_SUFFIXES else safe_stem(path)
        stem = safe_stem("_".join((*relative.parts[:-1], own)))
        name, number = stem, 2
        while folded(name) in taken:
            name, number = f"{stem}_{number}", number + 1
        taken.add(folded(name))
        found.append(Found(path, name))
    return found


def folded(name: str) -> str:
    """Equal for names that are one on some file system."""
    return unicodedata.normalize("NFC", name).casefold()


def _scans(root: Path, apart: str | None) -> Iterator[tuple[Path, str | None]]:
    """(scan, None), and (file or folder, why it cannot be read)."""
    unreadable: list[tuple[Path, str | None]] = []

    def not_listed(error: OSError) -> None:
        unreadable.append((Path(error.filename), reason_of(error)))

    whole: list[Path] = []  # folders of a CD that are one scan
    for top, folders, names in os.walk(root, onerror=not_listed):
        here = Path(top)
        folders[:] = [name for name in folders if not name.startswith(".") and os.path.realpath(here / name) != apart]
        files = [here / name for name in names if not name.startswith(".") and not name.endswith(_RESULT_ENDINGS)]
        scans = [path for path in files if path.name.lower().endswith(_SUFFIXES) or is_3shape(path)]
        yield from ((path, None) for path in scans)
        rest = [path for path in files if path not in set(scans)]
        others = [_dicom_orreason_of(path) for path in rest]
        if any(is_directory_file(path) for path in files) and _is_one_scan(here):
            whole.append(here)
            yield here, None
        elif any(other is True for other in others):
            if not any(cd in here.parents for cd in whole):
                yield here, None
        else:
            yield from ((path, why) for path, why in zip(rest, others, strict=True) if isinstance(why, str))
    yield from unreadable


def is_3shape(path: Path) -> bool:
    """Whether a file is a mesh of 3Shape's, whose suffix is DICOM's."""
    return path.suffix.lower() == ".dcm" and is_hps_file(path)


def _dicom_orreason_of(path: Path) -> bool | str:
    """Whether a file is DICOM that may be a slice; the reason where it cannot be read."""
    if not os.path.isfile(path):
        return False
    try:
        path.open("rb").close()
    except OSError as error:
        return reason_of(error)
    return is_dicom_file(path) and not is_directory_file(path)


def _is_one_scan(folder: Path) -> bool:
    """Whether a CD's folder, with all below, is one scan; several are looked for where their slices are."""
    try:
        return bool(series_files(folder))
    except InputError:
        return False


def reason_of(error: OSError) -> str:
    """What the system says."""
    return error.strerror or str(error)
