"""A batch on a Dask cluster of real processes: a scheduler and workers on loopback."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

import psutil
import pytest
from small_batch import BROKEN, make_scans, results_of, rows_of, run_batch_process, start_batch

from DentalTopoSegLib.errors import SOME_FAILED, Cancelled, InputError, UsageError
from DentalTopoSegLib.files.packages import Package
from DentalTopoSegLib.runs import cluster as runs_cluster
from DentalTopoSegLib.runs.batch import run_batch

pytest.importorskip("distributed", reason='install it: python -m pip install "distributed>=2024.1"')
from dask_processes import cluster

SCANS = 5
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL and no SIGTERM")


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster") / "in"
    make_scans(folder, SCANS)
    return folder


def stages_of(out: Path, process: int) -> list[Path]:
    """The hidden folders in which a process has its results until they are whole, once something is in them."""
    return [path for path in out.glob(f".dentaltoposeg-????{process:x}-*") if path.is_dir()]


def test_a_worker_is_killed_in_the_midst_and_every_scan_is_finished_once(tmp_path: Path, scans: Path) -> None:
    out = tmp_path / "out"
    seen: dict[Path, tuple[int, int]] = {}

    def look() -> None:
        for path in out.glob("*_report.json"):
            found = path.stat()
            assert seen.setdefault(path, (found.st_ino, found.st_mtime_ns)) == (found.st_ino, found.st_mtime_ns)

    with cluster(tmp_path / "dask", 2) as dask:
        batch = start_batch(scans, "-o", out, "--scheduler", dask.address)
        victim = dask.workers[0]
        # in the midst: it has finished none yet, or some, and its process computes
        while not (stages_of(out, victim.pid) and psutil.Process(victim.pid).children() and seen):
            assert batch.poll() is None, batch.communicate()
            look()
            time.sleep(0.02)
        children = psutil.Process(victim.pid).children(recursive=True)
        victim.kill()
        victim.wait()
        assert psutil.wait_procs(children, timeout=10)[1] == [], "what a worker computes ends with it"
        while batch.poll() is None:
            look()
            time.sleep(0.02)
        told = batch.communicate()[1]
    assert batch.returncode == SOME_FAILED, told
    look()
    rows = rows_of(out)
    assert set(rows) == {path.name for path in scans.iterdir()}
    assert {name for name, row in rows.items() if row["state"] == "done"} == set(rows) - set(BROKEN)
    assert all(BROKEN[name] in rows[name]["message"] for name in BROKEN)
    assert len(seen) == SCANS
    assert run_batch_process(scans, "--threads", "1", "-o", tmp_path / "here") == SOME_FAILED
    assert results_of(out) == results_of(tmp_path / "here"), "also no hidden file is left"


def test_a_batch_that_is_stopped_or_dies_leaves_its_workers_idle(tmp_path: Path, scans: Path) -> None:
    with cluster(tmp_path / "dask", 1, resources="MEMORY=2e9") as dask:
        worker = psutil.Process(dask.workers[0].pid)
        for number, code in ((signal.SIGTERM, Cancelled.exit_code), (signal.SIGKILL, -signal.SIGKILL)):
            out = tmp_path / f"out{number}"
            batch = start_batch(scans, "-o", out, "--scheduler", dask.address)
            while not worker.children():
                assert batch.poll() is None, batch.communicate()
                time.sleep(0.02)
            computing = worker.children()
            batch.send_signal(number)
            batch.communicate()
            assert batch.returncode == code
            assert psutil.wait_procs(computing, timeout=10)[1] == [], "the worker goes on for nobody"
            time.sleep(1.0)
            assert worker.children() == [], "it begins another for nobody"
            hidden = [path.name for path in out.glob(".*")]  # the folder itself goes where nothing was done
            assert len(hidden) <= (number == signal.SIGKILL), "only what the killed batch held"
        assert dask.workers[0].poll() is None


def test_a_lost_scheduler_is_said_of_every_scan_that_waits(tmp_path: Path, scans: Path) -> None:
    out = tmp_path / "out"
    with cluster(tmp_path / "dask", 1) as dask:
        batch = start_batch(scans, "-o", out, "--scheduler", dask.address)
        while not list(out.glob("*_report.json")):
            assert batch.poll() is None, batch.communicate()
            time.sleep(0.02)
        dask.scheduler.kill()
        assert batch.wait(60) == SOME_FAILED
        batch.communicate()
    rows = rows_of(out)
    assert set(rows) == {path.name for path in scans.iterdir()}
    lost = "It has no result (the scheduler ended before it was done): the same command goes on with it."
    assert rows["text.nii.gz"]["message"] == lost
    assert run_batch_process(scans, "--threads", "1", "-o", out) == SOME_FAILED
    assert {row["state"] for name, row in rows_of(out).items() if name not in BROKEN} == {"done", "done before"}


def test_who_does_not_answer_and_what_is_missing_is_said(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.nii").write_bytes(b"no scan")
    monkeypatch.setattr(runs_cluster, "_CONNECT_S", 1.0)
    with pytest.raises(UsageError, match=r"^No Dask scheduler answers at 'tcp://127.0.0.1:9' \("):
        run_batch(tmp_path / "in", tmp_path / "out", scheduler="tcp://127.0.0.1:9")
    with pytest.raises(UsageError, match="--jobs is for this computer"):
        run_batch(tmp_path / "in", tmp_path / "out", jobs=2, scheduler="tcp://127.0.0.1:9")
    absent = Package("nowhere_to_be_found>=1", "cluster", "", "--scheduler needs", 1)
    monkeypatch.setattr(runs_cluster, "DISTRIBUTED", absent)
    with pytest.raises(InputError, match=r'^--scheduler needs nowhere_to_be_found, .* pip install "nowhere'):
        run_batch(tmp_path / "in", tmp_path / "out", scheduler="tcp://127.0.0.1:9")
    assert not (tmp_path / "out").exists()
