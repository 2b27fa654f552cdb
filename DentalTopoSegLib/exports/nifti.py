"""The label map as NIfTI: teeth by their numbers, structures by their values."""

from __future__ import annotations

from pathlib import Path

from .export_format import TEETH, ExportFormat, ExportOptions, Group, PathOf
from .result import Result


def _write(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    from ..files.label_maps import left_aside, structures_without_value, write_labelmap

    if result.structures is None:
        return {"nifti": write_labelmap(result.label_map, path_of("teeth"), options.numbering)}
    without = structures_without_value(result.label_map, result.structures, options.numbering)
    result.warnings.extend(left_aside(without, f"having no value of their own in the numbering '{options.numbering}'"))
    written = write_labelmap(result.label_map, path_of("teeth"), options.numbering, result.structures)
    return {"nifti": written}


NIFTI = ExportFormat(
    name="nifti",
    title="NIfTI",
    purpose="label map, value = FDI number",
    group=Group.VOXELS,
    pattern="{name}_{part}.nii.gz",
    parts=(TEETH,),
    write=_write,
    jaws=False,
)
