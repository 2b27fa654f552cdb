"""Shared fixtures. Tests on real scans look for the data pack beside the repository and skip when it is absent."""

from __future__ import annotations

import os
import signal
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


@pytest.fixture(scope="session", autouse=True)
def ctrl_c_is_heard() -> None:
    """A shell starts background jobs deaf to Ctrl-C, and they hand that down: tests of Ctrl-C would wait in vain."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
