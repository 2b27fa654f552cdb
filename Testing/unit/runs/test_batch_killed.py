"""A batch with broken inputs that is killed and resumed twice ends as one that nobody disturbed. The same with fifty
inputs: Testing/kills/batch_table.py."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from small_batch import BROKEN, kill_batch, make_scans, results_of, rows_of, run_batch_process, start_batch

from DentalTopoSegLib.errors import SOME_FAILED, Cancelled, OutputError

SCANS = 5
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL and no SIGTERM")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch") / "in"
    make_scans(folder, SCANS)
    return folder


def test_killed_and_resumed_twice_the_results_are_the_same(tmp_path: Path, scans: Path) -> None:
    words = (scans, "--threads", "1", "--jobs", "2", "-o")
    assert run_batch_process(*words, tmp_path / "whole") == SOME_FAILED
    orphans, kept = [], {}
    for reports in (1, 3):
        orphans += kill_batch(start_batch(*words, tmp_path / "killed"), tmp_path / "killed", reports)
        for path in (tmp_path / "killed").glob("*_report.json"):
            kept.setdefault(path, path.stat().st_mtime_ns)
    assert run_batch_process(*words, tmp_path / "killed") == SOME_FAILED
    assert orphans == []
    assert len(kept) >= 3 and all(path.stat().st_mtime_ns == moment for path, moment in kept.items()), "done twice"
    assert results_of(tmp_path / "killed") == results_of(tmp_path / "whole")
    for folder in ("whole", "killed"):
        rows = rows_of(tmp_path / folder)
        assert set(rows) == {path.name for path in scans.iterdir()}
        for name, row in rows.items():
            if name in BROKEN:
                assert row["state"] == "failed" and BROKEN[name] in row["message"]
            else:
                assert row["state"] in ("done", "done before") and int(row["teeth"]) > 20
    page = (tmp_path / "killed" / "summary.html").read_text(encoding="utf-8")
    assert f"<strong>{SCANS}</strong> with results" in page and "<strong>5</strong> without a result" in page


def test_stopped_within_a_second_and_a_second_batch_is_refused(tmp_path: Path, scans: Path) -> None:
    out = tmp_path / "out"
    first = start_batch(scans, "--threads", "1", "--jobs", "2", "-o", out)
    while not out.is_dir() or not psutil.Process(first.pid).children():
        assert first.poll() is None, first.communicate()
        time.sleep(0.05)
    second = start_batch(scans, "-o", out)
    said = second.communicate()[1]
    assert second.returncode == OutputError.exit_code
    assert f"Another batch is writing into '{out}': wait until it has ended, or choose another folder." in said
    children = psutil.Process(first.pid).children(recursive=True)
    asked = time.monotonic()
    first.send_signal(signal.SIGTERM)
    first.communicate()
    assert time.monotonic() - asked < 5.0  # a second, on a computer that has nothing else to do
    assert first.returncode == Cancelled.exit_code
    assert psutil.wait_procs(children, timeout=10)[1] == []
    assert [path for path in out.rglob("*") if path.name.startswith(".")] == []
