"""Damaged volume files that were found by mutation: each is read or refused in time, in bounds and in one sentence.

They lie beside the repository (`cases/broken`, next to the real scans); without them every test here is skipped.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from bounded import run_reader

CALLS = {".seg.nrrd": "len(read_fdi_labels(path))", "": "read_volume(path)[0].shape"}


def test_every_broken_volume_is_read_or_refused(real_data: Path) -> None:
    broken = real_data.parent / "cases" / "broken"
    if not broken.is_dir():
        pytest.skip(f"no broken files here: put them in {broken}")
    files = sorted(file for kind in ("mha", "nii", "nii.gz", "seg.nrrd") for file in broken.glob(f"{kind}_*/x.{kind}"))
    assert files
    for file in files:
        call = CALLS[".seg.nrrd" if file.name.endswith(".seg.nrrd") else ""]
        code, printed = run_reader(call, file, seconds=10, memory=2_000_000_000)
        assert code in (0, 3), (file, printed)
        assert "Traceback" not in printed and len(printed.splitlines()) == 1, printed
        if code == 3:
            assert file.name in printed and printed.endswith(".")
