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
    "Volume": "volumes",
    "read_labels": "volumes",
    "read_volume": "volumes",
    "resample_like": "volumes",
    "resample_ras": "volumes",
    "write_volume": "volumes",
    "Segmentation": "cbct",
    "segment_volume": "cbct",
    "check_dentition": "findings",
    "Finding": "findings",
    "betti_numbers": "topology",
    "contacts": "topology",
    "tooth_measures": "topology",
    "evaluate_pair": "metrics",
    "make_phantom": "phantom",
    "build_report": "report",
    "write_labelmap": "exports",
    "write_report_json": "exports",
    "write_seg_nrrd": "exports",
    "overlay_png": "pictures",
}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name in _HOME:
        return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
