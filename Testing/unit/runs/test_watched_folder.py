"""A folder that is watched: scans that are still written are waited for, each is done once, a bad one stops nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed; it makes the network of these tests")

from toy_nnunet import DESCRIPTION, write_network

from DentalTopoSegLib.errors import Cancelled, InputError
from DentalTopoSegLib.files.volumes import Volume, write_volume
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.runs import watched_folder
from DentalTopoSegLib.runs.watched_folder import LEDGER, Told, WatchedFolder

ROOT = Path(__file__).resolve().parents[3]


def write_scan(path: Path, shift: int = 0) -> Path:
    array = np.zeros((14, 16, 30), np.int16)
    array[4:10, 4:12, 3 + shift : 11 + shift] = 1000
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_volume(Volume(array), path)


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return write_network(tmp_path / "network", DESCRIPTION)


@pytest.fixture
def jobs(monkeypatch) -> list[str]:
    """The names of the jobs that are run; they write nothing."""
    done: list[str] = []
    monkeypatch.setattr(watched_folder.watching, "run_job", lambda job, options, tell: done.append(job.name))
    return done


def watch(folder: Path, out: Path, **settings) -> list[Told]:
    """Once through all that is there."""
    told: list[Told] = []
    WatchedFolder(folder, out, tell=told.append, settle_s=0.1, **settings).run(once=True)
    return told


def test_each_scan_is_done_once_also_after_a_restart(tmp_path: Path, jobs: list[str]) -> None:
    write_scan(tmp_path / "in" / "a.nii.gz")
    write_scan(tmp_path / "in" / "deep" / "b.nrrd")
    assert [told.state for told in watch(tmp_path / "in", tmp_path / "out")] == ["done", "done"]
    assert sorted(jobs) == ["a", "deep_b"]
    assert watch(tmp_path / "in", tmp_path / "out") == []
    write_scan(tmp_path / "in" / "c.nii.gz")
    assert [told.name for told in watch(tmp_path / "in", tmp_path / "out")] == ["c"]
    write_scan(tmp_path / "in" / "a.nii.gz", shift=4)  # another scan under the same name
    os.utime(tmp_path / "in" / "a.nii.gz", (1, 1))
    assert [told.name for told in watch(tmp_path / "in", tmp_path / "out")] == ["a"]


def test_a_scan_that_is_still_written_is_waited_for(tmp_path: Path, jobs: list[str]) -> None:
    path = write_scan(tmp_path / "in" / "a.nii.gz")
    content = path.read_bytes()
    path.write_bytes(content[:50])
    ended: list[float] = []

    def write_slowly() -> None:
        for part in range(50, len(content) + 40, 40):
            time.sleep(0.1)
            with path.open("ab") as stream:
                stream.write(content[part : part + 40])
        ended.append(time.monotonic())

    writer = threading.Thread(target=write_slowly)
    writer.start()
    told: list[tuple[float, Told]] = []
    watched = WatchedFolder(
        tmp_path / "in", tmp_path / "out", tell=lambda one: told.append((time.monotonic(), one)), settle_s=0.6
    )
    watched.run(once=True)
    writer.join()
    ((when, one),) = told
    assert one.state == "done" and path.read_bytes() == content
    assert when > ended[0]


def test_a_bad_scan_is_told_and_stops_nothing(tmp_path: Path, network: Path) -> None:
    """Real processes, a real network: the good scan's results are there."""
    write_scan(tmp_path / "in" / "good.nii.gz")
    (tmp_path / "in" / "bad.nii.gz").write_bytes(b"no scan")
    options = RunOptions(precision="fp32", models=str(network))
    told = {one.name: one for one in watch(tmp_path / "in", tmp_path / "out", options=options)}
    assert {name: one.state for name, one in told.items()} == {"good": "done", "bad": "failed"}
    assert "bad.nii.gz" in told["bad"].message
    assert (tmp_path / "out" / "good_teeth.nii.gz").exists()
    assert watch(tmp_path / "in", tmp_path / "out", options=options) == []
    (tmp_path / "out" / LEDGER).unlink()  # results of a batch, or a ledger that was lost
    assert {one.state for one in watch(tmp_path / "in", tmp_path / "out", options=options)} == {"done before", "failed"}


def test_anonymous_names_leave_no_name_anywhere(tmp_path: Path, network: Path) -> None:
    write_scan(tmp_path / "in" / "Doe_Jane" / "scan.nii.gz")
    (tmp_path / "in" / "Doe_John.nii.gz").write_bytes(b"no scan")
    options = RunOptions(precision="fp32", models=str(network))
    told = watch(tmp_path / "in", tmp_path / "out", options=options, anonymous_names=True)
    assert {one.state for one in told} == {"done", "failed"}
    assert all(re.fullmatch("scan-[0-9a-f]{12}", one.name) for one in told)
    said = repr(told) + "".join(path.name + path.read_text("latin-1") for path in (tmp_path / "out").iterdir())
    assert "Doe" not in said


def test_a_folder_that_goes_away_is_waited_for(tmp_path: Path, jobs: list[str], monkeypatch) -> None:
    monkeypatch.setattr(watched_folder, "LOOK_S", 0.1)
    folder = tmp_path / "in"
    write_scan(folder / "a.nii.gz")
    states: list[str] = []
    step = {"done": lambda: folder.rename(tmp_path / "away"), "waiting": lambda: (tmp_path / "away").rename(folder)}

    def tell(told: Told) -> None:
        states.append(told.state)
        step[told.state]()

    stop = time.monotonic() + 20
    options = RunOptions(cancelled=lambda: (len(states) > 1 and folder.exists()) or time.monotonic() > stop)
    with pytest.raises(Cancelled, match="1 scans done, 0 without a result"):
        WatchedFolder(folder, tmp_path / "out", options, tell, settle_s=0.1).run()
    assert states == ["done", "waiting"]


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no folder"):
        watch(tmp_path / "none", tmp_path / "out")
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / LEDGER).write_text('{"scans": 3}')
    with pytest.raises(InputError, match="is damaged: move it away"):
        watch(tmp_path / "in", tmp_path / "out")


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
def test_ctrl_c_ends_the_command_within_a_second(tmp_path: Path, network: Path) -> None:
    write_scan(tmp_path / "in" / "a.nii.gz")
    command = ["watch", str(tmp_path / "in"), "-o", str(tmp_path / "out"), "--settle", "0.2"]
    with subprocess.Popen(
        [sys.executable, "-m", "DentalTopoSegLib", *command, "--models", str(network), "--precision", "fp32"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout.readline() == "a: done\n"
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == Cancelled.exit_code
        took = time.monotonic() - sent
        said = process.stderr.read()
    assert "Stopped watching; 1 scans done, 0 without a result." in said
    assert took < 3.0  # a second, and what other processes on a busy machine take of it
    assert (tmp_path / "out" / LEDGER).exists()
