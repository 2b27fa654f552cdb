"""ONNX Runtime, told to report nothing: the one place that imports it.

From 1.29 on its official builds tell Microsoft what they run. Importing one writes an identifier into the user's home,
and some seconds later it looks up its maker's host; `disable_telemetry_events` comes too late for both. An environment
variable that stands before the import stops all of it, so it is set when this package is imported, is handed down to
every process started from here, and is set again before the import itself.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from types import ModuleType

NAME = "onnxruntime"
#: Must be "1" before ONNX Runtime is loaded; nothing that is done later undoes a load without it.
VARIABLE = "ORT_DISABLE_TELEMETRY"
#: The first version with reports of its own on every system.
FIRST_WITH_REPORTS = (1, 29)
#: Oldest and newest version that wrote nothing outside and asked for nothing under a trace: docs/security.md.
TRACED = ((1, 18), (1, 32))

LOADED_BEFORE = (
    "Another program in this process (in 3D Slicer: another extension) had already loaded ONNX Runtime {version} with "
    "its reports to Microsoft switched on, and they cannot be switched off any more. They tell of networks and of this "
    "computer. To prevent it, set the environment variable " + VARIABLE + "=1 before the program is started."
)
NOT_TRACED = (
    "ONNX Runtime {version} is {age} than the versions that were watched to send nothing ({oldest} to {newest}). It is "
    "told to send nothing, as they are."
)

_lock = threading.Lock()
_told: set[str] = set()


def _is_loaded() -> bool:
    return sys.modules.get(NAME) is not None


#: Whether it was loaded before this package could say anything.
_loaded_before = _is_loaded() and os.environ.get(VARIABLE) != "1"


def silence() -> None:
    """Forbid ONNX Runtime its reports, in this process and in those that it starts."""
    os.environ[VARIABLE] = "1"


def import_onnxruntime(part: str = "") -> ModuleType:
    """Import ONNX Runtime so that it reports nothing.

    Parameters
    ----------
    part : str
        A module inside it, "quantization"; without one the package itself.

    Returns
    -------
    module

    Raises
    ------
    ImportError
        It is not installed, or cannot be loaded.
    """
    import logging  # slow to import, and this module is with everything

    silence()
    package = importlib.import_module(NAME)
    # The Windows builds before 1.29 hand trace events to the system, which knows nothing of the variable.
    package.disable_telemetry_events()
    with _lock:
        for note in (*privacy_notes(), *version_notes()):
            if note not in _told:
                _told.add(note)
                logging.getLogger(__name__).warning(note)
    return importlib.import_module(f"{NAME}.{part}") if part else package


def privacy_notes() -> list[str]:
    """What whoever reads the result must know of ONNX Runtime's reports: nothing, unless it was loaded before us."""
    if not (_loaded_before and _is_loaded()) or _version() < FIRST_WITH_REPORTS:
        return []
    return [LOADED_BEFORE.format(version=sys.modules[NAME].__version__)]


def version_notes() -> list[str]:
    """A sentence if the ONNX Runtime that is loaded is none of the versions that were watched."""
    if not _is_loaded() or TRACED[0] <= _version() <= TRACED[1]:
        return []
    oldest, newest = (".".join(map(str, version)) for version in TRACED)
    age = "older" if _version() < TRACED[0] else "newer"
    return [NOT_TRACED.format(version=sys.modules[NAME].__version__, age=age, oldest=oldest, newest=newest)]


def _version() -> tuple[int, int]:
    """(1, 32) of "1.32.0"; (0, 0) of a version that is no number, which then counts as not watched."""
    major, _, rest = str(sys.modules[NAME].__version__).partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdecimal() and minor.isdecimal() else (0, 0)
