"""Shared fixtures. Tests on real scans look for the data pack beside the repository and skip when it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with real scans: $DENTALTOPOSEG_DATA, or ../shared/data beside the repository."""
    folder = Path(os.environ.get("DENTALTOPOSEG_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real scans here: set DENTALTOPOSEG_DATA or put them in {folder.name}/ beside the repository")
    return folder
