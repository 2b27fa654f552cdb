"""The worker, as a host program sees it: a real process, its events, its end, and what is left on the disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scan_files import write_file
from toy_jaws import toy_jaw
from toy_network import ToyNetwork

from DentalTopoSegLib import errors
from DentalTopoSegLib.files import transactions
from DentalTopoSegLib.files.meshes import write_stl
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.phantom import make_phantom
from DentalTopoSegLib.runs import watching, worker, working
from DentalTopoSegLib.runs.events import exit_sentence
from DentalTopoSegLib.runs.job import Job, JobFile
from DentalTopoSegLib.runs.timeline import Timeline, seconds_left
from DentalTopoSegLib.stages import JAW_SECONDS

ROOT = Path(__file__).resolve().parents[3]
CANCEL_WITHIN_S = 1.0


class Running:
    """A worker that was started; reads its events as they come."""

    def __init__(self, *arguments: Path | str, extra_path: str = "") -> None:
        paths = os.pathsep.join(filter(None, (str(ROOT), extra_path)))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "DentalTopoSegLib.runs.worker", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
            cwd=ROOT / "Testing",
        )
        self.events: list[dict] = []
        self.errors = b""
        self._readers = [threading.Thread(target=self._read), threading.Thread(target=self._read_errors)]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.events.append(json.loads(line.decode("ascii")))

    def _read_errors(self) -> None:
        self.errors = self.process.stderr.read()

    def wait_for(self, stage: str) -> None:
        """Until the stage is told; fails after a minute."""
        end = time.monotonic() + 60
        while not any(event.get("stage") == stage for event in self.events):
            assert self.process.poll() is None, (self.events[-1:], self.errors)
            assert time.monotonic() < end
            time.sleep(0.01)

    def finish(self, timeout: float = 120) -> int:
        """The exit code."""
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join(30)
        self.process.stdin.close()
        return code


@pytest.fixture
def started() -> Iterator[list[Running]]:
    """Workers put in here are ended with the test."""
    running: list[Running] = []
    yield running
    for one in running:
        one.process.kill()
        one.process.wait(30)


@pytest.fixture(scope="module")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("Übungsfall 病例")
    image = make_phantom(1, 0.6, fov_mm=(80, 75, 65), fillings=0).image
    return write_file(image, folder / "Müller ąę.nrrd")


@pytest.fixture
def jaw(tmp_path: Path) -> Path:
    toy = toy_jaw("lower")
    write_stl(tmp_path / "jaw.stl", toy.vertices, toy.faces)
    return tmp_path / "jaw.stl"


def written(tmp_path: Path, **job) -> Path:
    path = tmp_path / "Auftrag é.json"
    path.write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")
    return path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*")) if folder.exists() else []


def error_of(run: Running) -> dict:
    assert run.events[-1]["event"] == "error"
    return run.events[-1]


# ---------------------------------------------------------------- a job that is done


def test_a_cbct_with_a_foreign_and_long_path(tmp_path: Path, phantom: Path, started) -> None:
    out = tmp_path / ("Ergebnisse ✓ " + "x" * 150) / ("y" * 200)
    job = written(tmp_path, inputs=[str(phantom)], output=str(out), threads=1, name="Fall ß")
    started.append(run := Running(job))
    assert run.finish() == 0
    assert run.errors == b""
    done = run.events[-1]
    assert done["event"] == "done"
    assert done["reports"] == [str(out / "Fall ß_report.json")]
    assert [set(files) for files in done["files"]] == [{"labels", "segmentation", "report"}]
    assert left(out) == sorted(Path(path).name for path in done["files"][0].values())
    report = json.loads(Path(done["reports"][0]).read_text(encoding="utf-8"))
    assert report["count"]["total"] > 20
    progress = run.events[:-1]
    assert {event["event"] for event in progress} == {"progress"}
    shares = [event["fraction"] for event in progress]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert len({event["stage"] for event in progress}) >= 9
    assert progress[0]["eta_s"] is None
    assert all(event["eta_s"] >= 0 for event in progress if event["fraction"] > 0.05)


def test_an_intraoral_scan(tmp_path: Path, jaw: Path, started) -> None:
    job = written(tmp_path, inputs=[str(jaw)], jaws=["lower"], output=str(tmp_path / "out"), threads=1, per_tooth=True)
    started.append(run := Running(job))
    assert run.finish() == 0, run.events[-1]
    files = run.events[-1]["files"][0]
    assert {"mesh", "coloured", "labels", "picture", "report", "gingiva"} <= set(files)
    assert left(tmp_path / "out") == sorted(Path(path).name for path in files.values())
    shares = [event["fraction"] for event in run.events[:-1]]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_two_scans_are_upper_and_lower_whatever_their_order(tmp_path: Path, monkeypatch) -> None:
    """The files of the result come in the order of the job's inputs."""
    network = ToyNetwork(monkeypatch)
    upper, lower = tmp_path / "u.stl", tmp_path / "l.stl"
    for path, which in ((upper, "upper"), (lower, "lower")):
        write_stl(path, toy_jaw(which).vertices, toy_jaw(which).faces)

    def done(*inputs: Path, jaws: list[str | None] | None = None) -> list[str]:
        job = Job(inputs, "out", jaws=jaws)
        return working._segment(JobFile(job), tmp_path / "stage", print)["reports"]

    assert done(lower, upper, jaws=["lower", None]) == ["l_report.json", "u_report.json"]
    assert (network.asked[-1]["names"], network.asked[-1]["jaws"]) == (["u", "l"], ["upper", "lower"])
    assert done(upper, lower) == ["u_report.json", "l_report.json"]
    assert network.asked[-1]["names"] == ["u", "l"]
    done(lower, jaws=["lower"])
    assert network.asked[-1]["jaws"] == ["lower"]
    with pytest.raises(errors.UsageError, match="Both scans are said to be the upper jaw"):
        done(lower, upper, jaws=["upper", "upper"])
    with pytest.raises(errors.UsageError, match="3 jaws are named for 2 scans"):
        done(lower, upper, jaws=["upper", "lower", None])


# ---------------------------------------------------------------- stopping


@pytest.mark.parametrize("stage", ["Reading the scan", "find the teeth", "draw the borders", "Writing the results"])
@pytest.mark.parametrize("way", ["stdin", "file"])
def test_stopping_leaves_nothing_within_a_second(tmp_path: Path, phantom: Path, started, way: str, stage: str) -> None:
    out = tmp_path / "new" / "out"
    stop = tmp_path / "stop ü"
    job = written(
        tmp_path,
        inputs=[str(phantom)],
        output=str(out),
        threads=1,
        picture=True,
        cancel_file=str(stop),
    )
    started.append(run := Running(job))
    run.wait_for(stage)
    asked = time.monotonic()
    if way == "stdin":
        run.process.stdin.close()
    else:
        stop.touch()
    code = run.finish()
    latency = time.monotonic() - asked
    print(f"{way}, {stage}: ended after {1000 * latency:.0f} ms")
    assert code == 130
    assert latency < CANCEL_WITHIN_S
    assert error_of(run)["kind"] == "Cancelled"
    assert run.errors == b""
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it(tmp_path: Path, phantom: Path, started, number: signal.Signals) -> None:
    started.append(run := Running(written(tmp_path, inputs=[str(phantom)], output=str(tmp_path / "out"))))
    run.wait_for("prepare the scan")
    run.process.send_signal(number)
    assert run.finish() == 130
    assert error_of(run)["message"] == "Stopped before the end; nothing was written."
    assert left(tmp_path / "out") == []


# ---------------------------------------------------------------- crashes


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks into /proc")
def test_nobody_reads_handle_0_while_libraries_are_loaded(tmp_path: Path, phantom: Path, started) -> None:
    """On Windows that stops the first import of numpy for ever: handle 0 is the null device in both processes, and the
    pipe that was there is still looked after."""
    out = tmp_path / "out"
    job = written(tmp_path, inputs=[str(phantom)], output=str(out), threads=1)
    started.append(run := Running(job))
    run.wait_for("find the teeth")
    children = Path(f"/proc/{run.process.pid}/task/{run.process.pid}/children").read_text().split()
    assert len(children) == 1
    for process in (str(run.process.pid), *children):
        handles = Path("/proc") / process / "fd"
        assert os.readlink(handles / "0") == os.devnull
        assert any(os.readlink(handle).startswith("pipe:") for handle in handles.iterdir() if int(handle.name) > 2)
    run.process.stdin.close()
    assert run.process.wait(CANCEL_WITHIN_S + 1) == 130


def test_a_signal_while_it_starts_stops_it(tmp_path: Path, phantom: Path, started) -> None:
    """In its imports too, with the event that says so."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "sitecustomize.py").write_text(
        """
import builtins, os, signal, sys
original = builtins.__import__
def slow(name, *arguments, **more):
    if name == "numpy" and "worker" in " ".join(sys.orig_argv) and "--inside" not in sys.orig_argv:
        builtins.__import__ = original
        os.kill(os.getpid(), signal.SIGTERM)
    return original(name, *arguments, **more)
builtins.__import__ = slow
"""
    )
    out = tmp_path / "out"
    job = written(tmp_path, inputs=[str(phantom)], output=str(out), threads=1)
    started.append(run := Running(job, extra_path=str(tmp_path / "code")))
    assert run.finish() == 130
    assert error_of(run)["kind"] == "Cancelled"
    assert not out.exists()


@pytest.fixture
def inside(tmp_path: Path):
    """Makes the working process (not the one that watches it) run a statement when it should read the scan."""

    def prepare(statement: str) -> str:
        (tmp_path / "code").mkdir()
        (tmp_path / "code" / "sitecustomize.py").write_text(
            f"""
import ctypes, os, sys
if "{watching.INSIDE}" in sys.orig_argv:
    from DentalTopoSegLib import errors; from DentalTopoSegLib.runs import volumes as runs
    def read_volume(*_, **__):
        {statement}
    runs.read_volume = read_volume
"""
        )
        return str(tmp_path / "code")

    return prepare


@pytest.mark.parametrize(
    ("statement", "code", "kind", "text"),
    [
        ("raise ValueError('odd ü')", 1, "ValueError", "unexpectedly (code 1): please report it. Its last words: Val"),
        ("os._exit(3)", 1, "CrashError", "ended: the input cannot be used"),
        ("os.abort()", 1, "CrashError", "ended unexpectedly (code -6)"),
        ("os.kill(os.getpid(), 9)", 7, "MemoryLimitError", "most often because memory ran out"),
        ("raise MemoryError", 7, "MemoryLimitError", "crop the scan to the jaws"),
        ("raise errors.ModelError('No network.')", 5, "ModelError", "No network."),
        ("raise OSError(28, 'No space left on device')", 1, "OSError", "No space left"),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="ends processes by POSIX signals")
def test_an_end_inside_is_told_and_leaves_nothing(
    tmp_path: Path, phantom: Path, started, inside, statement: str, code: int, kind: str, text: str
) -> None:
    out = tmp_path / "new" / "out"
    started.append(
        run := Running(written(tmp_path, inputs=[str(phantom)], output=str(out)), extra_path=inside(statement))
    )
    assert run.finish() == code
    assert (error_of(run)["exit_code"], error_of(run)["kind"]) == (code, kind)
    assert text in error_of(run)["message"]
    assert ("Traceback" in run.errors.decode()) == statement.startswith(("raise Val", "raise OS"))
    assert not (tmp_path / "new").exists()


def test_what_libraries_print_does_not_come_between_the_events(tmp_path: Path, phantom: Path, started, inside) -> None:
    noise = inside("os.write(1, b'noise'); print('noise'); raise errors.NoTeethError('None.')")
    started.append(
        run := Running(written(tmp_path, inputs=[str(phantom)], output=str(tmp_path / "out")), extra_path=noise)
    )
    assert run.finish() == 4
    assert [event["event"] for event in run.events] == ["progress", "error"]


@pytest.mark.skipif(os.name == "nt", reason="uses POSIX sleep")
def test_a_step_that_asks_nobody_is_stopped_too(tmp_path: Path, phantom: Path, started, inside) -> None:
    deaf = inside("ctypes.PyDLL(None).sleep(60)")  # keeps the interpreter's lock, as some libraries do
    started.append(
        run := Running(written(tmp_path, inputs=[str(phantom)], output=str(tmp_path / "out")), extra_path=deaf)
    )
    run.wait_for("Reading the scan")
    time.sleep(0.2)
    asked = time.monotonic()
    run.process.stdin.close()
    assert run.finish() == 130
    assert time.monotonic() - asked < CANCEL_WITHIN_S
    assert not (tmp_path / "out").exists()


def test_a_killed_worker_leaves_at_most_what_the_next_run_takes_away(tmp_path: Path, phantom: Path, started) -> None:
    out = tmp_path / "out"
    job = written(tmp_path, inputs=[str(phantom)], output=str(out), threads=1)
    started.append(run := Running(job))
    run.wait_for("find the teeth")
    run.process.kill()
    run.finish()
    assert all(name.startswith(".") for name in left(out))
    started.append(second := Running(job))
    assert second.finish() == 0
    assert left(out) == sorted(Path(path).name for path in second.events[-1]["files"][0].values())


def test_the_work_ends_with_the_one_that_watches_it(tmp_path: Path, phantom: Path, started, inside) -> None:
    """Nobody keeps computing for a host program that is gone."""
    job = written(tmp_path, inputs=[str(phantom)], output=str(tmp_path / "out"), threads=1)
    started.append(run := Running(job, extra_path=inside("import time; time.sleep(60)")))
    run.wait_for("Reading the scan")
    run.process.kill()
    asked = time.monotonic()
    run.finish()  # the work writes into the pipes of this test until it ends
    while left(tmp_path / "out") and time.monotonic() - asked < 10:  # its pipes close a moment before it has tidied up
        time.sleep(0.05)
    assert time.monotonic() - asked < 10
    assert left(tmp_path / "out") == []


def test_leftovers_of_a_run_that_still_runs_are_kept(tmp_path: Path) -> None:
    with transactions.all_or_nothing(tmp_path) as stage:
        (stage / "half.txt").write_text("half")
        transactions.settle(tmp_path)
        assert (stage / "half.txt").exists()
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    for name in (
        f"{transactions.MARK}{transactions._host()}{done.pid:x}-abc",
        f"{transactions.MARK}0000{done.pid:x}-abc",
        "mine",
    ):
        (tmp_path / name).mkdir()
    transactions.settle(tmp_path)
    names = left(tmp_path)
    assert "mine" in names
    assert len(names) == (3 if transactions._host() != "0000" else 2)  # another computer's is not judged


# ---------------------------------------------------------------- jobs that cannot be done


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (None, "cannot be read"),
        ("{", "damaged: it is no JSON"),
        ("[1]", "damaged: the whole is a list of 1, not a job"),
        ('{"inputs": ["a.nii"]}', "output is missing"),
        ('{"inputs": [], "output": "out"}', "inputs has 0 entries, fewer than 1"),
        ('{"inputs": "a.nii", "output": "out"}', "inputs is 'a.nii', not a list of paths"),
        ('{"inputs": ["a.nii"], "output": "out", "threads": 0}', "threads is 0, not a whole number of 1 or more"),
        ('{"inputs": ["a.nii"], "output": "out", "jaws": ["left"]}', "jaws[0] is 'left', not"),
        ('{"inputs": ["a.nii"], "output": "out", "speed": 9}', "speed is nothing that is known here"),
    ],
)
def test_a_wrong_job_file_is_refused_in_a_sentence(tmp_path: Path, capsys, monkeypatch, content, text: str) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        (tmp_path / "job.json").write_text(content)
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        assert worker.main([str(tmp_path / "job.json")]) == 2
    finally:
        for number, handler in before.items():  # the worker has a process of its own, this test has not
            signal.signal(number, handler)
    event = json.loads(capsys.readouterr().out)
    assert (event["event"], event["exit_code"], event["kind"]) == ("error", 2, "UsageError")
    assert text in event["message"]
    assert not (tmp_path / "out").exists()


def test_without_a_job_file_it_is_wrong_usage(started) -> None:
    started.append(run := Running())
    assert run.finish() == 2
    assert "Give one job file" in error_of(run)["message"]


def test_refusals_have_the_exit_codes_of_the_command_line(tmp_path: Path, phantom: Path, jaw: Path, started) -> None:
    air = np.random.default_rng(0).normal(0, 30, (60, 60, 60)).astype(np.int16)
    nothing = write_file(Volume(air), tmp_path / "air.nrrd")
    (tmp_path / "file").write_text("in the way")
    out = str(tmp_path / "out")
    cases = [
        (3, {"inputs": [str(tmp_path / "absent.nii")]}, "absent.nii' does not exist"),
        (2, {"inputs": [str(phantom), str(jaw)]}, "A CBCT and a mesh"),
        (2, {"inputs": [str(phantom)], "jaws": ["upper"]}, "--jaw is only for intraoral scans"),
        (2, {"inputs": [str(jaw)], "series": "2"}, "--series is only for CBCT"),
        (4, {"inputs": [str(nothing)]}, "No teeth were found in air"),
        (6, {"inputs": [str(phantom)], "output": str(tmp_path / "file" / "out")}, "cannot be written"),
    ]
    for code, job, text in cases:
        started.append(run := Running(written(tmp_path, **{"output": out, "threads": 1} | job)))
        assert run.finish() == code, job
        assert error_of(run)["exit_code"] == code
        assert text in error_of(run)["message"]
        assert ".dentaltoposeg" not in error_of(run)["message"]
        assert run.errors == b""
        assert not (tmp_path / "out").exists()


def test_results_never_replace_the_scan(tmp_path: Path, phantom: Path, started) -> None:
    scan = tmp_path / "x_teeth.nii.gz"
    import SimpleITK as sitk

    sitk.WriteImage(sitk.ReadImage(str(phantom)), str(scan))
    before = scan.read_bytes()
    started.append(run := Running(written(tmp_path, inputs=[str(scan)], output=str(tmp_path), name="x")))
    assert run.finish() == 3
    assert "would replace" in error_of(run)["message"]
    assert scan.read_bytes() == before
    assert left(tmp_path) == sorted(["x_teeth.nii.gz", "Auftrag é.json"])


# ---------------------------------------------------------------- sentences and time


def test_every_end_has_a_sentence() -> None:
    for code in (*errors.EXIT_MEANINGS, None, -9, -11, 137, 139, 3221225477, 99):
        sentence = exit_sentence(code)
        assert sentence[0].isupper()
        assert sentence.endswith(".")
    assert exit_sentence(3, "Its own words.", ["x"]) == "Its own words."
    assert exit_sentence(130) == "The segmentation ended: stopped by the user, nothing half written."
    assert exit_sentence(1, None, ["a", "KeyError: 7", " "]).endswith("Its last words: KeyError: 7")
    assert "memory ran out" in exit_sentence(-9)


@pytest.mark.parametrize("jaws", [1, 2])
def test_the_share_of_jaws_never_runs_backwards(jaws: int) -> None:
    told = [("Reading the scan", i, jaws) for i in range(jaws + 1)]
    told += [(stage, jaw, jaws) for jaw in range(jaws) for stage in JAW_SECONDS]
    told += [("Numbering the teeth", jaws, jaws), ("Checking the teeth", 0, 1), ("Checking the teeth", 1, 1)]
    told += [("Writing the results", i, 5) for i in range(6)]
    timeline = Timeline(jaws=jaws)
    shares = [timeline.at(*step) for step in told]
    assert shares == sorted(shares)
    assert len(set(shares)) >= len(shares) - 4  # a stage begins where the one before it ended
    assert shares[-1] == pytest.approx(1.0)
    assert timeline.at("something new", 0, 1) == shares[-1]


def test_the_time_left_is_named_only_when_it_can_be_known() -> None:
    assert seconds_left(0.0, 100.0) is None
    assert seconds_left(0.04, 1.9) is None
    assert seconds_left(0.04, 2.0) == pytest.approx(48.0)
    assert seconds_left(0.05, 0.5) == pytest.approx(9.5)
    assert seconds_left(1.0, 10.0) == 0.0
