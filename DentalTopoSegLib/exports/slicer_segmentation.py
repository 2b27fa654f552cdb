"""The label map as a segmentation of 3D Slicer."""

from __future__ import annotations

from pathlib import Path

from .export_format import ExportFormat, ExportOptions, Group, PathOf
from .result import Result


def _write(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    from ..files.seg_nrrd import write_seg_nrrd

    return {"seg.nrrd": write_seg_nrrd(result.label_map, path_of(""), result.confidence, result.known)}


SEG_NRRD = ExportFormat(
    name="seg.nrrd",
    title="seg.nrrd",
    purpose="segmentation of 3D Slicer with names, colours and codes",
    group=Group.VOXELS,
    pattern="{name}_teeth.seg.nrrd",
    write=_write,
    jaws=False,
)
