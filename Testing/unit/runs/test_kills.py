"""A sample of `Testing/kills/kill_table.py`: commands ended, or refused by the disk, at any of their system calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import traced

ROOT = Path(__file__).resolve().parents[3]


def test_a_sample_of_kills_and_refusals(tmp_path: Path) -> None:
    if not traced.can_trace():
        pytest.skip("strace is not installed, or may not trace here: no kill was tried")
    table = tmp_path / "table.json"
    words = ["--sample", "4", "--seconds", "40", "--seed", "1", "--json", str(table)]
    done = subprocess.run(
        [sys.executable, str(ROOT / "Testing" / "kills" / "kill_table.py"), *words],
        env=dict(os.environ, PYTHONPATH=str(ROOT)), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(table.read_text())
    assert found["faults"] == 0
    assert sum(row["tried"] for row in found["rows"].values()) >= 10
    assert sum(row["ended"] for row in found["rows"].values()) > 0
