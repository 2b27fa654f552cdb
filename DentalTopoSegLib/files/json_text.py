"""Values of any origin as JSON."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np

from .transactions import atomic_path


def write_report_json(report: dict, path: str | os.PathLike[str]) -> Path:
    """Write a report as UTF-8 JSON, whole or not at all; NaN and infinity become null.

    Parameters
    ----------
    report : dict
        Of `reports.report.build_report` or `build_jaw_report`.
    path : path
        The file.

    Raises
    ------
    OutputError
        For everything the disk refuses.
    """
    path = Path(path)
    text = json.dumps(plain(report), indent=2, ensure_ascii=False, allow_nan=False)
    with atomic_path(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return path


def plain(value):
    """`value` in JSON's own types: tuples to lists, numpy values unpacked, NaN and infinity to None."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)
