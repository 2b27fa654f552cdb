"""DentalTopoSeg: numbered teeth from dental CBCT, with topology checks of the result. FDI numbers everywhere.

The public face; each name is imported when first used, so that importing the package costs nothing::

    from DentalTopoSegLib import read_volume, segment_volume, check_dentition
    scan, warnings = read_volume("scan.nii.gz")
    result = segment_volume(scan)
    findings = check_dentition(result.labels, result.confidence)
"""

from __future__ import annotations

import importlib

__version__ = "0.1.0"

_HOME = {
    "Cancelled": "errors",
    "DentalTopoSegError": "errors",
    "InputError": "errors",
    "MemoryLimitError": "errors",
    "ModelError": "errors",
    "NoTeethError": "errors",
    "OutputError": "errors",
    "Volume": "files.volumes",
    "read_labels": "files.volumes",
    "read_volume": "files.volumes",
    "resample_like": "files.volumes",
    "resample_ras": "files.volumes",
    "write_volume": "files.volumes",
    "Segmentation": "cbct",
    "segment_volume": "cbct",
    "check_dentition": "checks.findings",
    "Finding": "checks.findings",
    "betti_numbers": "checks.topology",
    "contacts": "checks.topology",
    "tooth_measures": "checks.topology",
    "evaluate_pair": "checks.metrics.label_maps",
    "make_phantom": "phantom",
    "build_report": "reports.report",
    "write_labelmap": "files.label_maps",
    "write_report_json": "files.json_text",
    "write_seg_nrrd": "files.seg_nrrd",
    "overlay_png": "pictures.volumes",
}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name in _HOME:
        return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
