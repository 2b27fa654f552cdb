"""Damaged DICOM files that ended in tracebacks or took 3 GB: each is read, or refused with the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest
from bounded import run_reader


def test_each_broken_series_is_refused_or_read(real_data: Path) -> None:
    folder = real_data.parent / "cases" / "broken"
    cases = sorted(folder.glob("dicom_*"))
    if not cases:
        pytest.skip("no broken files here: they lie in cases/broken beside the real scans")
    for case in cases:
        scan = next(case.iterdir())
        code, printed = run_reader("read_volume(path)[0].shape", scan, memory=2_000_000_000)
        assert code in (0, 3), f"{case.name}: {printed}"
        assert len(printed.splitlines()) == 1, printed
        assert code == 0 or scan.name in printed
