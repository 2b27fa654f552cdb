"""A folder of scans: each is done once, none stops the rest, and the summary says what became of it."""

from __future__ import annotations

import csv
import errno
import json
import os
import re
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from scan_files import toy_dentition, write_dicom, write_file
from toy_jaws import toy_jaw

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import EXIT_MEANINGS, SOME_FAILED, Cancelled, InputError, OutputError
from DentalTopoSegLib.files.meshes import write_stl
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.phantom import make_phantom
from DentalTopoSegLib.runs.anonymous import anonymous_name
from DentalTopoSegLib.runs.batch import run_batch
from DentalTopoSegLib.runs.scans import scans_in
from DentalTopoSegLib.runs.watching import CrashError, RefusedInsideError

BEFORE = Path(__file__).resolve().parents[2] / "data" / "before" / "files"


def summary(folder: Path) -> list[dict[str, str]]:
    with (folder / "summary.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_no_code_beside_the_scans_is_run(tmp_path: Path, monkeypatch) -> None:
    """The command may be called in the very folder that came with the scans."""
    for name in ("numpy", "re", "json", "site", "DentalTopoSegLib"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'run.txt')!r}, 'a').write('{name}\\n')\nraise SystemExit"
        )
    (tmp_path / "scan.nii").write_bytes(b"no scan")
    monkeypatch.chdir(tmp_path)
    (row,) = run_batch(".", "out").rows
    assert not (tmp_path / "run.txt").exists()
    assert row["exit_code"] == InputError.exit_code


@pytest.fixture
def toy_jobs(monkeypatch):
    """run_job that writes a report for every job, or does what `answers` says for a name."""
    done, threads, answers = [], [], {}

    def run_job(job, options, tell, tail=None):
        options.stop_if_cancelled()
        done.append(job)
        threads.append(options.threads)
        tell({"event": "progress", "fraction": 1.0})
        if job.name in answers:
            raise answers[job.name]
        Path(job.output).mkdir(parents=True, exist_ok=True)
        (Path(job.output) / f"{job.name}_teeth.nii.gz").write_bytes(b"labels")
        report = json.loads((BEFORE / "volume_report.json").read_text(encoding="utf-8"))  # 28 teeth
        order, tunnel, _ = report["findings"]
        report["findings"] = [{**order, "severity": "error"}, {**tunnel, "severity": "info"}]
        report["files"] = {"labels": f"{job.name}_teeth.nii.gz", "report": f"{job.name}_report.json"}
        (Path(job.output) / f"{job.name}_report.json").write_text(json.dumps(report))
        return {}

    monkeypatch.setattr("DentalTopoSegLib.runs.watching.run_job", run_job)
    run_job.done, run_job.threads, run_job.answers = done, threads, answers
    return run_job


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    root = tmp_path / "scans"
    (root / "b").mkdir(parents=True)
    (root / ".hidden").mkdir()
    for name in (
        "a.nii.gz",
        "b/a.nrrd",
        "b/x.mhd",
        "b/x.raw",
        "jaw.stl",
        "notes.txt",
        "old_teeth.nii.gz",
        ".hidden/c.nii",
        "y.hdr",
        "y.img",
    ):
        (root / name).write_bytes(b"scan")
    write_dicom(root / "dicom" / "deep", toy_dentition()[0], number=5)
    return root


def test_scans_are_found_in_any_depth_and_named_apart(scans: Path) -> None:
    found = [(scan.relative_to(scans).as_posix(), name) for scan, name in scans_in(scans)]
    assert found == [
        ("a.nii.gz", "a"),
        ("b/a.nrrd", "b_a"),
        ("b/x.mhd", "b_x"),
        ("dicom/deep", "dicom_deep"),
        ("jaw.stl", "jaw"),
        ("y.hdr", "y"),
    ]
    (scans / "b_a.nii").write_bytes(b"scan")
    assert sorted(name for _, name in scans_in(scans)) == ["a", "b_a", "b_a_2", "b_x", "dicom_deep", "jaw", "y"]
    (scans / "out").mkdir()
    (scans / "out" / "z.nii.gz").write_bytes(b"scan")
    assert len(scans_in(scans, apart=scans / "out")) == 7
    with pytest.raises(InputError, match="is no folder"):
        scans_in(scans / "a.nii.gz")


def test_one_bad_scan_does_not_stop_the_rest(tmp_path: Path, scans: Path, toy_jobs, capsys) -> None:
    error = {"event": "error", "exit_code": 3, "kind": "InputError", "message": "'b/a.nrrd' is damaged."}
    toy_jobs.answers |= {"b_a": RefusedInsideError(error), "jaw": CrashError("It crashed.")}
    out = tmp_path / "new" / "out"
    assert cli.main(["batch", str(scans), "-o", str(out), "--threads", "1", "--picture"]) == SOME_FAILED
    rows = summary(out)
    assert [(row["name"], row["state"]) for row in rows] == [
        ("a", "done"),
        ("b_a", "failed"),
        ("b_x", "done"),
        ("dicom_deep", "done"),
        ("jaw", "failed"),
        ("y", "done"),
    ]
    assert rows[0]["scan"] == "a.nii.gz"
    assert (rows[0]["teeth"], rows[0]["errors"], rows[0]["warnings"], rows[0]["notes"]) == ("28", "1", "0", "1")
    assert rows[1]["message"] == "'b/a.nrrd' is damaged."
    kinds = {job.name: (job.kind, job.picture) for job in toy_jobs.done}
    assert kinds["jaw"] == ("mesh", False)
    assert kinds["a"] == ("volume", True)
    assert set(toy_jobs.threads) == {1}
    shown = capsys.readouterr()
    assert "jaw.stl: It crashed." in shown.err
    assert "of 6: a: done" in shown.err  # the name as it is, also where it begins with a small letter
    assert "4 scans done, 0 done before, 2 without a result." in shown.out


def test_a_batch_goes_on_where_it_was_stopped(tmp_path: Path, scans: Path, toy_jobs) -> None:
    out = tmp_path / "out"
    with pytest.raises(Cancelled, match=r"after 2 of 6 scans, 2 of them with whole results in .*out': the same"):
        run_batch(scans, out, RunOptions(cancelled=lambda: len(toy_jobs.done) == 2))
    assert [row["state"] for row in summary(out)] == ["done", "done"]
    (out / "b_a_teeth.nii.gz").unlink()  # half a result is none
    result = run_batch(scans, out)
    assert [row["state"] for row in result.rows] == ["done before", *["done"] * 5]
    assert [job.name for job in toy_jobs.done[2:]] == ["b_a", "b_x", "dicom_deep", "jaw", "y"]
    assert run_batch(scans, out).count("done before") == 6
    assert run_batch(scans, out, again=True).count("done") == 6


def test_anonymous_names_keep_every_path_out_of_the_output(tmp_path: Path, toy_jobs, capsys) -> None:
    root = tmp_path / "Muster"
    scan, labels = toy_dentition()
    write_dicom(root / "Anna Muster 1970", scan, number=5)
    write_file(scan, root / "Muster.nrrd")
    write_file(labels, root / "Muster_2.mhd")
    damaged, odd = root / "damaged_Muster.nii.gz", root / "O'Muster.nii"
    damaged.write_bytes(b"scan")
    odd.mkdir()  # a folder with a file's name holds no scan
    out = tmp_path / "out"
    code = "scan-" + "[0-9a-f]{12}"
    refusal = {"event": "error", "exit_code": 3, "kind": "InputError", "message": f"'{damaged}' is damaged."}
    toy_jobs.answers[anonymous_name([damaged])] = RefusedInsideError(refusal)
    assert cli.main(["batch", str(root), "-o", str(out), "--anonymous-names"]) == SOME_FAILED
    shown = capsys.readouterr()
    assert re.search(f"{code} Anna Muster 1970\n", shown.out), "only the screen says which is which"
    assert f"'{damaged}' is damaged." in shown.err
    for path in out.iterdir():
        assert re.match(rf"{code}_|summary\.(csv|html)$", path.name)
        assert b"Muster" not in path.read_bytes().replace(b'"name": "volume"', b"")
    rows = summary(out)
    assert [row["state"] for row in rows] == ["done", "done", "done", "failed"]
    assert all(row["scan"] == row["name"] and re.fullmatch(code, row["name"]) for row in rows)
    assert len({row["name"] for row in rows}) == 4
    assert [row["message"] for row in rows] == ["", "", "", EXIT_MEANINGS[3]]
    (root / "Anna Muster 1970").rename(root / "renamed")
    again = run_batch(root, out, anonymous_names=True)
    assert again.count("done before") == 3, "the code is that of the content"


def test_a_folder_without_scans_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no scan"):
        run_batch(tmp_path / "empty", tmp_path / "out")
    assert cli.main(["batch", str(tmp_path / "absent"), "-o", str(tmp_path / "out")]) == 3
    assert not (tmp_path / "out").exists()


def test_real_processes_do_the_work(tmp_path: Path) -> None:
    """A phantom, a jaw and two files that are no scan, with the real networks."""
    root = tmp_path / "Fälle"
    root.mkdir()
    write_file(make_phantom(1, 0.6, fov_mm=(80, 75, 65), fillings=0).image, root / "phantom.nrrd")
    write_stl(root / "jaw.stl", toy_jaw("lower").vertices, toy_jaw("lower").faces)
    (root / "bad.nii.gz").write_bytes(b"no scan")
    write_file(toy_dentition()[0].with_array(np.zeros_like(toy_dentition()[0].array)), root / "black.nrrd")
    out = tmp_path / "out"
    assert cli.main(["batch", str(root), "-o", str(out), "--threads", "1", "--quiet"]) == SOME_FAILED
    rows = {row["name"]: row for row in summary(out)}
    states = {name: row["state"] for name, row in rows.items()}
    # crowns of no real shape may leave open which jaw it is
    jaw = states.pop("jaw")
    assert states == {"bad": "failed", "black": "failed", "phantom": "done"}
    assert int(rows["phantom"]["teeth"]) > 20
    assert "bad.nii.gz" in rows["bad"]["message"]
    assert (out / "phantom_teeth.seg.nrrd").exists()
    assert (jaw == "done") == (out / "jaw_teeth.vtp").exists()
    assert jaw == "done" or "--jaw upper or --jaw lower" in rows["jaw"]["message"]
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_a_name_that_is_not_utf8_is_a_row(tmp_path: Path, toy_jobs, capfd) -> None:
    root = tmp_path / "scans"
    root.mkdir()
    try:
        (root / os.fsdecode(b"M\xfcller.nii.gz")).write_bytes(b"scan")
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    (root / "z.nii.gz").write_bytes(b"scan")
    out = tmp_path / "out"
    assert cli.main(["batch", str(root), "-o", str(out), "--json"]) == 0
    assert [row["scan"] for row in summary(out)] == ["M\\udcfcller.nii.gz", "z.nii.gz"]
    assert [row["scan"] for row in json.loads(capfd.readouterr().out)["scans"]] == [
        os.fsdecode(b"M\xfcller.nii.gz"),
        "z.nii.gz",
    ]
    assert {job.name for job in toy_jobs.done} == {"M_ller", "z"}


def test_what_cannot_be_read_is_a_row(tmp_path: Path, toy_jobs, monkeypatch) -> None:
    """A file, and a folder; the administrator reads everything, so the refusals come from the functions."""
    root = tmp_path / "scans"
    (root / "locked").mkdir(parents=True)
    (root / "secret").write_bytes(b"?")
    (root / "z.nii.gz").write_bytes(b"scan")
    opened, listed = Path.open, os.scandir

    def refuse_file(path: Path, *arguments, **options):
        if path.name == "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    def refuse_folder(path="."):
        if isinstance(path, str) and os.path.basename(path) == "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "open", refuse_file)
    monkeypatch.setattr(os, "scandir", refuse_folder)
    out = tmp_path / "out"
    assert cli.main(["batch", str(root), "-o", str(out), "--quiet"]) == SOME_FAILED
    rows = summary(out)
    assert [(row["scan"], row["state"]) for row in rows] == [
        ("locked", "failed"),
        ("secret", "failed"),
        ("z.nii.gz", "done"),
    ]
    assert rows[0]["message"] == "'locked' cannot be read (Permission denied)."


def test_what_goes_wrong_with_one_scan_is_its_own(tmp_path: Path, scans: Path, toy_jobs) -> None:
    """It is gone when its turn comes, its results cannot be written, no process is to be had."""
    toy_jobs.answers |= {
        "a": OutputError("'a' cannot be written."),
        "b_a": FileNotFoundError(2, "No such file or directory"),
        "jaw": BlockingIOError(11, "Resource temporarily unavailable"),
    }
    result = run_batch(scans, tmp_path / "out")
    failed = {row["name"]: row["message"] for row in result.rows if row["state"] == "failed"}
    assert set(failed) == {"a", "b_a", "jaw"}
    assert failed["b_a"] == "'a.nrrd' cannot be segmented (No such file or directory)."
    assert result.count("done") == 3


def test_a_process_that_cannot_be_started_is_not_blamed_on_the_output(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "scans").mkdir()
    write_file(toy_dentition()[0], tmp_path / "scans" / "a.nii.gz")

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), sys.executable)

    monkeypatch.setattr("DentalTopoSegLib.runs.watching.subprocess.Popen", refuse)
    (row,) = run_batch(tmp_path / "scans", tmp_path / "out").rows
    assert (row["state"], row["exit_code"]) == ("failed", 1)
    assert row["message"] == (
        f"The process that segments cannot be started ({os.strerror(errno.EAGAIN)}): close other programs and try "
        "again."
    )
    assert sorted(os.listdir(tmp_path / "out")) == ["summary.csv", "summary.html"]


def test_links_in_circles_long_paths_and_results_among_the_scans(tmp_path: Path, toy_jobs) -> None:
    root = tmp_path / "scans"
    root.mkdir()
    (root / "circle").symlink_to(root / "circle")
    (root / "gone.nii.gz").symlink_to(root / "nowhere")
    (root / ("x" * 240 + ".nii.gz")).write_bytes(b"scan")
    (root / "cafe\u0301.nii").write_bytes(b"scan")
    (root / "caf\u00e9.nrrd").write_bytes(b"scan")
    result = run_batch(root, root / "results")
    names = [row["name"] for row in result.rows]
    assert len(names) == 4
    assert len({unicodedata.normalize("NFC", name).casefold() for name in names}) == 4
    assert all(len(name.encode()) <= 205 for name in names)
    assert run_batch(root, root / "results").count("done before") == 4
    with pytest.raises(InputError, match="is no folder"):
        scans_in("y" * 5000)
