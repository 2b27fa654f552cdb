"""DentalTopoSeg: numbered teeth from dental CBCT and intraoral scans, with checks of the result and repairs.

What is listed here is promised; everything below may move. Each name is imported when first used, so that importing the
package costs nothing; it sets one environment variable, which keeps ONNX Runtime from reporting to its maker. FDI
numbers everywhere, arrays (z, y, x), positions RAS mm::

    from DentalTopoSegLib import check, read_volume, segment_volume

    scan, warnings = read_volume("scan.nii.gz")
    result = segment_volume(scan)
    for finding in check(result):
        print(finding.message)
"""

from __future__ import annotations

import importlib

from .networks.onnx_runtime import silence

__version__ = "0.1.0"

#: The same names stand in __init__.pyi, for type checkers and editors.
_HOME = {
    "Cancelled": "errors",
    "DentalTopoSegError": "errors",
    "InputError": "errors",
    "MemoryLimitError": "errors",
    "ModelError": "errors",
    "NoTeethError": "errors",
    "OutputError": "errors",
    "UsageError": "errors",
    "RunOptions": "options",
    "Volume": "files.volumes",
    "from_numpy": "files.volumes",
    "read_volume": "files.volumes",
    "to_napari": "files.volumes",
    "Mesh": "files.meshes",
    "read_mesh": "files.meshes",
    "Segmentation": "cbct",
    "segment_volume": "cbct",
    "JawSegmentation": "ios.segmenting",
    "Finding": "checks.findings",
    "Repair": "checks.repair",
    "RepairRefusedError": "checks.repair",
    "Run": "runs.run",
    "check": "runs.public",
    "evaluate": "runs.public",
    "export": "runs.public",
    "number_again": "runs.public",
    "repair": "runs.public",
    "segment_jaws": "runs.public",
    "segment_scan": "runs.public",
}
__all__ = sorted(_HOME)

silence()


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
