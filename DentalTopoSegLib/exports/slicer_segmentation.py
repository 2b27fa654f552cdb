"""The label map as a segmentation of 3D Slicer."""

from __future__ import annotations

from pathlib import Path

from .export_format import STRUCTURES, TEETH, ExportFormat, ExportOptions, Group, PathOf
from .result import Result


def _write(result: Result, path_of: PathOf, options: ExportOptions) -> dict[str, Path]:
    from ..files.seg_nrrd import write_seg_nrrd
    from ..files.structures import write_known_structures

    files = {"seg.nrrd": write_seg_nrrd(result.label_map, path_of("teeth"), result.confidence, result.known)}
    if result.structures is not None:
        files["structures"] = write_known_structures(result.structures, path_of("structures"))
    return files


SEG_NRRD = ExportFormat(
    name="seg.nrrd",
    title="seg.nrrd",
    purpose="segmentation of 3D Slicer with names, colours and codes",
    group=Group.VOXELS,
    pattern="{name}_{part}.seg.nrrd",
    parts=(TEETH, STRUCTURES),
    write=_write,
    jaws=False,
)
