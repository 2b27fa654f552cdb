"""Every export format there is: a new one is a file of this room, its import and its line of `FORMATS`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from ..dentition import FDI_DECIDUOUS, FDI_PERMANENT
from ..dentition.structures import BY_KEY
from ..errors import InputError
from ..files.names import bare_name
from ..files.transactions import all_or_nothing, keep_inputs, require_file_name
from .dicom_seg import DICOM_SEG
from .dicom_stl import DICOM_STL
from .export_format import STRUCTURES, ExportFormat, ExportOptions
from .nifti import NIFTI
from .report_json import JSON
from .result import Result
from .slicer_segmentation import SEG_NRRD
from .surfaces import GLB, OBJ, PLY, STL
from .tables import CSV
from .web_page import HTML

#: In the order in which they are offered.
FORMATS: tuple[ExportFormat, ...] = (
    STL,
    OBJ,
    PLY,
    GLB,
    NIFTI,
    SEG_NRRD,
    DICOM_SEG,
    DICOM_STL,
    HTML,
    CSV,
    JSON,
)


def export_format(name: str) -> ExportFormat:
    """The format of this name. Raises InputError for one that is not there."""
    for kind in FORMATS:
        if kind.name == name:
            return kind
    raise InputError(f"The format '{name}' is unknown: use {', '.join(kind.name for kind in FORMATS)}.")


def export(
    result: Result, folder: str | os.PathLike[str], kind: ExportFormat, options: ExportOptions | None = None
) -> dict[str, Path]:
    """Write a result into a folder, all files of the format or none.

    Returns
    -------
    dict
        The files by kind, such as "tooth_16" or "html".

    Raises
    ------
    InputError
        For a format that does not fit the result, where an optional package or the scan is absent, and where a file
        of the result itself would be replaced.
    OutputError
        For everything the disk refuses.
    """
    if not kind.fits(result):
        others = ", ".join(other.name for other in FORMATS if other.fits(result))
        raise InputError(f"'{result.path}' is an intraoral scan: it has no voxels for {kind.name}; use {others}.")
    folder, options = Path(folder), options or ExportOptions()
    inputs = [*result.files, *([] if options.scan is None else [options.scan])]

    def file_of(part: str) -> str:
        file = kind.pattern.format(name=result.name, part=part)
        return bare_name(file, f"'{result.path}' cannot be exported: the file's name")

    parts = kind.parts if "{part}" in kind.pattern else ("",)
    names = [file_of(part) for part in parts if part != STRUCTURES or result.structures is not None]
    keep_inputs(inputs, folder, names)
    for name in names:
        require_file_name(folder / name)  # before the work; of other parts the names are known when they are written
    with all_or_nothing(folder, inputs) as stage:
        files = kind.write(result, lambda part: stage / file_of(part), options)
    return {what: folder / file.name for what, file in files.items()}


def left_from_before(
    name: str, folder: str | os.PathLike[str], kind: ExportFormat, files: Iterable[str | os.PathLike[str]]
) -> list[str]:
    """The names of files in a folder that a format wrote of an earlier state of this result, and not of the present
    one: of a tooth that has another number by now, or is none.

    name: of the result. files: those that were just written there.
    """
    if "{part}" not in kind.pattern:
        return []
    written = {Path(file).name for file in files}
    parts = kind.parts or (*map(str, (*FDI_PERMANENT, *FDI_DECIDUOUS)), "gingiva", *BY_KEY)
    names = [kind.pattern.format(name=name, part=part) for part in parts]
    return [name for name in names if name not in written and (Path(folder) / name).is_file()]
