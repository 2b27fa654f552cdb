"""The label map as NIfTI."""

from __future__ import annotations

from pathlib import Path

from .export_format import ExportFormat, ExportOptions, Group, PathOf
from .result import Result


def _write(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    from ..files.label_maps import write_labelmap

    return {"nifti": write_labelmap(result.label_map, path_of(""), options.numbering)}


NIFTI = ExportFormat(
    name="nifti",
    title="NIfTI",
    purpose="label map, value = FDI number",
    group=Group.VOXELS,
    pattern="{name}_teeth.nii.gz",
    write=_write,
    jaws=False,
)
