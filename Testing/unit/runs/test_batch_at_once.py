"""Several scans at once: how many, how long it will take, who waits for memory, what a full disk and a second batch
do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from scan_files import toy_dentition, write_dicom, write_file

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import Cancelled, OutputError
from DentalTopoSegLib.files.transactions import MARK, all_or_nothing, reserved
from DentalTopoSegLib.options import DEFAULTS, RunOptions
from DentalTopoSegLib.runs import batch as runs_batch
from DentalTopoSegLib.runs import sizes
from DentalTopoSegLib.runs.batch import run_batch
from DentalTopoSegLib.runs.cases import Item
from DentalTopoSegLib.runs.course import Course
from DentalTopoSegLib.runs.local import Room
from DentalTopoSegLib.runs.watching import RefusedInsideError

BEFORE = Path(__file__).resolve().parents[2] / "data" / "before" / "files"
ROOT = Path(__file__).resolve().parents[3]
GB = 1 << 30


def refusal(exit_code: int, message: str = "It was ended.") -> RefusedInsideError:
    return RefusedInsideError({"event": "error", "exit_code": exit_code, "kind": "", "message": message})


@pytest.fixture
def toy_jobs(monkeypatch):
    """run_job that waits, writes a report, and knows how many of it there were at once; `hinder` may raise."""

    class Toy:
        seconds, most, now = 0.15, 0, 0
        lock = threading.Lock()

        def hinder(self, job) -> None:
            """What goes wrong with a job."""

    toy = Toy()
    toy.options = []  # of each

    def run_job(job, options, tell, tail=None):
        with toy.lock:
            toy.now += 1
            toy.most = max(toy.most, toy.now)
            toy.options.append(options)
        try:
            end = time.monotonic() + toy.seconds
            while time.monotonic() < end:
                options.stop_if_cancelled()
                time.sleep(0.01)
            toy.hinder(job)
            report = json.loads((BEFORE / "volume_report.json").read_text(encoding="utf-8"))
            report |= {"name": job.name, "files": {"report": f"{job.name}_report.json"}}
            with all_or_nothing(Path(job.output)) as stage:
                (stage / f"{job.name}_report.json").write_text(json.dumps(report))
        finally:
            with toy.lock:
                toy.now -= 1
        return {}

    monkeypatch.setattr("DentalTopoSegLib.runs.watching.run_job", run_job)
    return toy


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    root.mkdir()
    for number in range(8):
        (root / f"{number}.nii").write_bytes(b"scan")
    return root


# ---------------------------------------------------------------- how many


def test_several_at_once_share_the_cores_and_the_rows_keep_their_order(tmp_path, scans, toy_jobs, monkeypatch) -> None:
    monkeypatch.setattr(runs_batch, "cores", lambda: 8)
    monkeypatch.setattr("DentalTopoSegLib.runs.local.memory_budget", lambda: 64 * GB)
    monkeypatch.setattr(Room.__init__, "__defaults__", (lambda: 64 * GB,))
    batch = run_batch(scans, tmp_path / "out", jobs=4)
    assert toy_jobs.most == 4
    assert {options.threads for options in toy_jobs.options} == {2}
    assert [row["scan"] for row in batch.rows] == [f"{number}.nii" for number in range(8)]
    assert batch.count("done") == 8
    run_batch(scans, tmp_path / "out", RunOptions(threads=3), jobs=2, again=True)
    assert toy_jobs.options[-1].threads == 3


def test_auto_asks_cores_and_memory(tmp_path: Path) -> None:
    write_file(toy_dentition()[0], tmp_path / "a.nii.gz")
    items = [Item((tmp_path / "a.nii.gz",), "a", "a")] * 20
    one = sizes.memory_of(items[0], DEFAULTS)
    jobs = lambda budget, threads=None: sizes.jobs_for(  # noqa: E731
        items, RunOptions(threads), budget=budget, count_cores=lambda: 12
    )
    assert jobs(100 * one) == 12
    assert jobs(int(5.5 * one)) == 5
    assert jobs(0) == 1
    assert jobs(100 * one, threads=4) == 3
    assert sizes.jobs_for(items[:2], DEFAULTS, budget=100 * one, count_cores=lambda: 12) == 2
    assert sizes.jobs_for(items, DEFAULTS, budget=100 * one, count_cores=lambda: 1) == 1
    assert sizes.free_memory() > 0 and sizes.cores() >= 1


def test_memory_by_the_header_of_a_file_and_the_weight_of_a_folder(tmp_path: Path) -> None:
    scan = toy_dentition()[0]
    write_file(scan, tmp_path / "a.nii.gz")
    write_dicom(tmp_path / "dicom", scan, number=5)
    (tmp_path / "a.stl").write_bytes(b"\0" * 1000)
    (tmp_path / "bad.nrrd").write_bytes(b"?" * 100)
    least = sizes.memory_of(Item((tmp_path / "gone.nii",), "", ""), DEFAULTS)
    more = {
        name: sizes.memory_of(Item((tmp_path / name,), "", ""), DEFAULTS) - least
        for name in ("a.nii.gz", "dicom", "a.stl", "bad.nrrd")
    }
    assert more["a.nii.gz"] == int(2.2 * scan.array.size)
    weight = sum(path.stat().st_size for path in (tmp_path / "dicom").iterdir())
    assert more["dicom"] == int(2.2 * 2 * weight)
    assert more["a.stl"] == 16_000 and more["bad.nrrd"] == int(2.2 * 2 * 100)
    two = Item((tmp_path / "a.stl",) * 2, "", "", "mesh")
    assert sizes.memory_of(two, DEFAULTS) - least == 32_000
    assert sizes.memory_of(Item((tmp_path / "a.nii.gz",), "", ""), DEFAULTS, picture=True) > least + 50_000_000
    asked = RunOptions(structures=("jaws", "tissues"))
    assert sizes.memory_of(Item((tmp_path / "a.nii.gz",), "", ""), asked) > least + 600_000_000 + 3 * scan.array.size
    assert sizes.memory_of(two, asked) == sizes.memory_of(two, DEFAULTS), "a mesh has no structures"


def test_limits_of_control_groups_count(tmp_path: Path) -> None:
    inner = tmp_path / "groups" / "job" / "step"
    inner.mkdir(parents=True)
    (inner / "memory.max").write_text("max\n")
    (inner / "memory.current").write_text("5\n")
    (inner.parent / "memory.max").write_text("1000\n")
    (inner.parent / "memory.current").write_text("700\n")
    (inner.parent / "memory.stat").write_text("anon 600\ninactive_file 50\n")
    (tmp_path / "own").write_text("0::/job/step\n")
    assert sizes._left_in_groups(tmp_path / "groups", tmp_path / "own") == [350]
    old = tmp_path / "groups" / "memory" / "job"
    old.mkdir(parents=True)
    (old / "memory.limit_in_bytes").write_text("90\n")
    (old / "memory.usage_in_bytes").write_text("100\n")
    (tmp_path / "own").write_text("7:cpu:/job\n3:memory,x:/job\n")
    assert sizes._left_in_groups(tmp_path / "groups", tmp_path / "own") == [0]
    assert sizes._left_in_groups(tmp_path / "groups", tmp_path / "absent") == []


# ---------------------------------------------------------------- who waits


def test_who_finds_no_room_waits_and_nobody_is_overtaken() -> None:
    room, order = Room(10, free=lambda: 100), []
    leave = {size: threading.Event() for size in (6, 5, 4)}

    def take(size: int) -> None:
        with room.take(size, lambda: None):
            order.append(size)
            leave[size].wait(10)

    threads = []
    for size in (6, 5, 4):  # 4 would fit beside 6, but 5 was there before
        threads.append(threading.Thread(target=take, args=(size,)))
        threads[-1].start()
        time.sleep(0.1)
    assert order == [6]
    leave[6].set()
    threads[0].join(10)
    time.sleep(0.1)
    assert order == [6, 5, 4]
    for event in leave.values():
        event.set()
    for thread in threads:
        thread.join(10)
    with room.take(1000, lambda: None):  # one gets in whatever it takes
        pass


def test_room_is_not_given_where_others_have_taken_the_memory_and_waiting_ends_with_a_stop() -> None:
    room = Room(100, free=lambda: 3)

    def stop() -> None:
        raise Cancelled()

    with room.take(5, lambda: None), pytest.raises(Cancelled), room.take(5, stop):
        pass
    with room.take(5, lambda: None):
        pass


def test_what_memory_has_ended_beside_others_is_done_again_alone(tmp_path, scans, toy_jobs, monkeypatch) -> None:
    monkeypatch.setattr("DentalTopoSegLib.runs.local.memory_budget", lambda: 64 * GB)
    monkeypatch.setattr(Room.__init__, "__defaults__", (lambda: 64 * GB,))
    tries: list[tuple[str, int]] = []

    def hinder(job) -> None:
        if job.name in ("3", "7"):
            tries.append((job.name, toy_jobs.now))
        if (job.name == "3" and toy_jobs.now > 1) or job.name == "7":
            raise refusal(7)

    toy_jobs.hinder = hinder
    batch = run_batch(scans, tmp_path / "out", jobs=3)
    assert batch.count("done") == 7
    assert [company for name, company in tries if name == "3"][-1] == 1
    assert batch.rows[7]["message"] == "It was ended."
    tries.clear()
    run_batch(scans, tmp_path / "alone", jobs=1)
    assert [name for name, _ in tries] == ["3", "7"], "alone from the beginning, nothing is gained"


# ---------------------------------------------------------------- how long


def test_the_time_left_is_learnt_from_the_scans_of_a_kind() -> None:
    now = [0.0]
    meshes = [Item((Path("m.stl"),), str(i), "", "mesh") for i in range(4)]
    course = Course([*meshes, *(Item((Path("v.nii"),), str(i), "", "volume") for i in range(4))], lambda: now[0])
    assert course.at(0, "0", {"fraction": 0.5, "stage": "x"}).left_s is None
    for index, kind_s in ((0, 10.0), (4, 50.0)):
        now[0] += kind_s
        told = course.ended(index, {"name": "", "state": "done", "seconds": kind_s})
    assert (told.done, told.total) == (2, 8)
    assert told.left_s == pytest.approx(3 * 10 + 3 * 50)
    told = course.ended(1, {"name": "", "state": "done before"})
    assert told.left_s == pytest.approx(2 * 10 + 3 * 50)
    told = course.at(5, "5", {"fraction": 0.5, "stage": "x"})
    assert told.stage == "x" and told.fraction == pytest.approx(3.5 / 8)
    for index in (2, 3, 5, 6, 7):
        told = course.ended(index, {"name": "", "state": "failed", "seconds": 0.1})
    assert (told.left_s, told.fraction) == (0.0, 1.0)


def test_the_bar_of_a_terminal_has_one_line_for_all(tmp_path, scans, toy_jobs, monkeypatch, capsys) -> None:
    toy_jobs.seconds = 0.0
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert cli.main(["batch", str(scans), "-o", str(tmp_path / "out"), "--jobs", "1"]) == 0
    last = capsys.readouterr().err.rstrip("\n").rpartition("\r")[2]
    assert last.startswith("8 of 8 scans: 100 %|") and "elapsed" in last and "\n" not in last


# ---------------------------------------------------------------- the disk, and a second batch


def test_a_full_disk_ends_the_batch_and_no_scan_is_computed_for_nothing(tmp_path, scans, toy_jobs, monkeypatch) -> None:
    toy_jobs.seconds = 0.0
    full = []

    def hinder(job) -> None:
        if job.name == "2":
            full.append(job)
            raise OutputError("'out' cannot be written (No space left on device): free some space.")

    def require_writable(folder: Path) -> None:
        if full:
            raise OutputError(f"'{folder}' cannot be written (No space left on device): free some space.")

    toy_jobs.hinder = hinder
    monkeypatch.setattr(runs_batch, "require_writable", require_writable)
    with pytest.raises(OutputError, match=r"free some space\. Stopped after [3-8] of 8 scans, \d of them with whole"):
        run_batch(scans, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir())[:2] == ["0_report.json", "1_report.json"]
    toy_jobs.hinder, full[:] = lambda job: None, []
    batch = run_batch(scans, tmp_path / "out")
    assert batch.count("done before") >= 2 and batch.count("done before") + batch.count("done") == 8


def test_one_scan_whose_results_are_refused_does_not_end_it(tmp_path, scans, toy_jobs) -> None:
    def hinder(job) -> None:
        if job.name == "2":
            raise OutputError("'2' cannot be written: it is a folder.")

    toy_jobs.hinder, toy_jobs.seconds = hinder, 0.0
    assert run_batch(scans, tmp_path / "out").count("done") == 7


def test_a_folder_is_reserved_until_its_process_ends_however(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with reserved(folder, "batch") as claim:
        assert claim.is_dir()
        with (
            pytest.raises(OutputError, match=r"Another batch is writing into '.*out': wait"),
            reserved(folder, "batch"),
        ):
            pass
        with all_or_nothing(folder) as stage:  # single results go on
            (stage / "x").write_text("x")
        with reserved(folder, "other"):
            pass
    (folder / "x").unlink()
    with reserved(folder, "batch"):
        pass
    assert not list(tmp_path.rglob(f"{MARK}*"))
    code = (
        "import os; from pathlib import Path; from DentalTopoSegLib.files.transactions import reserved\n"
        f"with reserved(Path({str(folder)!r}), 'batch'): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(ROOT)}).returncode == 9
    assert len(list(folder.iterdir())) == 1
    with reserved(folder, "batch"):
        assert len(list(folder.iterdir())) == 1, "what the dead one held is gone"


def test_the_page_shows_first_what_needs_a_look_and_loads_nothing(tmp_path, scans, toy_jobs) -> None:
    (scans / "x<&y.nii").write_bytes(b"scan")

    def hinder(job) -> None:
        if job.name == "5":
            raise refusal(3, "'5.nii' <is> damaged.")

    toy_jobs.hinder, toy_jobs.seconds = hinder, 0.0
    batch = run_batch(scans, tmp_path / "out")
    page = batch.page.read_text(encoding="utf-8")
    assert "&#x27;5.nii&#x27; &lt;is&gt; damaged." in page and "x&lt;&amp;y.nii" in page
    assert page.index("Without a result (1)") < page.index("Probably wrong in places")
    assert page.count('href="./') == 8 and '<a href="./x__y_report.json">x__y</a>' in page
    (tmp_path / "out" / "0_report.html").write_text("the report as a page")
    page = run_batch(scans, tmp_path / "out").page.read_text(encoding="utf-8")
    assert '<a href="./0_report.html">0</a>' in page
    assert "default-src 'none'" in page and "http" not in page.replace("http-equiv", "") and "<script" not in page


def test_the_summary_of_many_does_not_take_the_time_of_the_scans(tmp_path, scans, toy_jobs, monkeypatch) -> None:
    written = []
    real = runs_batch.write_table
    monkeypatch.setattr(runs_batch, "write_table", lambda *args: written.append(time.monotonic()) or real(*args))
    toy_jobs.seconds = 0.0
    run_batch(scans, tmp_path / "out")
    assert len(written) == 1
    monkeypatch.setattr(runs_batch, "_WRITE_S", 0.05)
    monkeypatch.setattr(runs_batch, "_WRITE_TIMES", 0.0)
    toy_jobs.seconds = 0.2
    run_batch(scans, tmp_path / "out", again=True)
    assert len(written) > 4, "whoever looks meanwhile sees how far it is"
