"""Imports done while something else waits: unpacking a scan keeps one core busy for a second and needs no Python."""

from __future__ import annotations

import importlib
import threading

CBCT_MODULES = ("scipy.ndimage", "scipy.spatial", "scipy.sparse", "onnxruntime", "DentalTopoSegLib.cbct")


def import_ahead(modules: tuple[str, ...] = CBCT_MODULES) -> threading.Thread:
    """Start importing modules in a thread of its own, which is returned.

    A module that cannot be imported is left for whoever needs it: its own import statement raises the same error.
    """

    def work() -> None:
        for name in modules:
            try:
                importlib.import_module(name)
            except ImportError:
                return

    thread = threading.Thread(target=work, name="import ahead", daemon=True)
    thread.start()
    return thread
