"""Imports done while something else waits: unpacking a scan keeps one core busy for a second and needs no Python."""

from __future__ import annotations

import importlib
import threading

from ..networks.onnx_runtime import import_onnxruntime

CBCT_MODULES = ("scipy.ndimage", "scipy.spatial", "scipy.sparse", "DentalTopoSegLib.cbct")


def import_ahead(modules: tuple[str, ...] = CBCT_MODULES) -> threading.Thread:
    """Start importing modules, and ONNX Runtime, in a thread of its own, which is returned.

    A module that cannot be imported is left for whoever needs it: its own import statement raises the same error.
    """

    def work() -> None:
        try:
            for name in modules:
                importlib.import_module(name)
            import_onnxruntime()
        except ImportError:
            return

    thread = threading.Thread(target=work, name="import ahead", daemon=True)
    thread.start()
    return thread
