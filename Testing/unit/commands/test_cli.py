"""The command line: what goes to stdout and stderr, which exit code, and what is left on disk."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scan_files import toy_dentition, write_dicom, write_file

import DentalTopoSegLib
from DentalTopoSegLib import errors
from DentalTopoSegLib.commands import cli, stop_request
from DentalTopoSegLib.commands.parsing import EXIT_CODES, build_parser
from DentalTopoSegLib.dentition import Known, Stated
from DentalTopoSegLib.files.volumes import read_labels, read_volume

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def toy_network(monkeypatch):
    """Segmentation that knows the toy's labels: the command line is tested here, not the network."""
    from DentalTopoSegLib import cbct

    def segment_volume(volume, options):
        options.progress("find the teeth", 1, 2)
        options.progress("find the teeth", 2, 2)
        _, labels = toy_dentition()
        present = [int(v) for v in np.unique(labels.array) if v]
        return SimpleNamespace(
            labels=volume.with_array(labels.array * (volume.array.max() > 1000)),
            confidence=dict.fromkeys(present, 0.9),
            provenance={"models": [{"id": "toy", "sha256": "0"}], "seconds": {"find the teeth": 0.1}},
            warnings=["A warning of the network."],
            known=Known(Stated(options.absent, options.milk)),
        )

    monkeypatch.setattr(cbct, "segment_volume", segment_volume)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    return write_file(toy_dentition()[0], tmp_path / "case 7.nii.gz")


def test_segment_writes_all_results_and_prints_the_teeth(tmp_path: Path, scan: Path, toy_network, capsys) -> None:
    out = tmp_path / "out"
    assert cli.main(["segment", str(scan), "-o", str(out)]) == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "case 7_report.json",
        "case 7_teeth.nii.gz",
        "case 7_teeth.seg.nrrd",
    ]
    np.testing.assert_array_equal(read_labels(out / "case 7_teeth.nii.gz").array, toy_dentition()[1].array)
    report = json.loads((out / "case 7_report.json").read_text(encoding="utf-8"))
    assert report["count"]["total"] == 30
    assert report["warnings"] == ["A warning of the network."]
    assert report["provenance"]["models"][0]["id"] == "toy"
    assert {"read", "find the teeth", "check"} <= set(report["provenance"]["seconds"])
    assert str(tmp_path) not in json.dumps(report)
    shown = capsys.readouterr()
    assert "upper right first molar" in shown.out
    assert "90 %" in shown.out
    assert "Note: A warning of the network." in shown.err
    assert "Find the teeth" in shown.err


def test_json_is_alone_on_stdout_and_quiet_is_silent(tmp_path: Path, scan: Path, toy_network, capsys) -> None:
    assert cli.main(["segment", str(scan), "-o", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["count"]["total"] == 30
    assert cli.main(["segment", str(scan), "-o", str(tmp_path / "out"), "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_name_picture_and_dicom(tmp_path: Path, toy_network, monkeypatch) -> None:
    monkeypatch.setattr("DentalTopoSegLib.pictures.volumes.FINEST_PX_MM", 0.4)
    write_dicom(tmp_path / "folder", toy_dentition()[0], number=5)
    command = ["segment", str(tmp_path / "folder"), "-o", str(tmp_path / "out"), "--quiet", "--picture"]
    assert cli.main([*command, "--series", "5", "--name", "b"]) == 0
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["b_report.json", "b_teeth.nii.gz", "b_teeth.png", "b_teeth.seg.nrrd"]
    report = (tmp_path / "out" / "b_report.json").read_text(encoding="utf-8")
    assert not re.search("Secret|4711|1970", report)


def test_refusals_have_their_exit_code_and_one_sentence(tmp_path: Path, toy_network, capsys) -> None:
    out = tmp_path / "out"
    empty = write_file(toy_dentition()[0].with_array(toy_dentition()[0].array // 4), tmp_path / "air.nrrd")
    (tmp_path / "file").write_text("in the way")
    cases = [
        (3, ["segment", str(tmp_path / "absent.nii"), "-o", str(out)], "does not exist"),
        (4, ["segment", str(empty), "-o", str(out)], "No teeth were found in 'air'"),
        (6, ["segment", str(empty), "-o", str(tmp_path / "file" / "out")], "cannot be written"),
        (3, ["check", str(tmp_path / "file")], "not a volume"),
        (2, ["picture", str(empty), str(empty), "-o", str(tmp_path / "p.jpg")], "must end in .png"),
    ]
    for code, argv, text in cases:
        assert cli.main([*argv, "--json"]) == code
        shown = capsys.readouterr()
        assert text in shown.err
        assert shown.err.strip().splitlines()[-1].startswith("dentaltoposeg: ")
        error = json.loads(shown.out)["error"]
        assert error["exit_code"] == code
        assert text in error["message"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["air.nrrd", "file"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ModelError("x"), 5),
        (errors.MemoryLimitError("x"), 7),
        (MemoryError(), 7),
        (KeyboardInterrupt(), 130),
    ],
)
def test_failures_inside_leave_nothing(tmp_path: Path, scan: Path, monkeypatch, error, code: int) -> None:
    from DentalTopoSegLib import cbct

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(cbct, "segment_volume", fail)
    assert cli.main(["segment", str(scan), "-o", str(tmp_path / "out"), "--quiet"]) == code
    assert not (tmp_path / "out").exists()


def test_every_refusal_has_an_exit_code_with_a_meaning_of_its_own() -> None:
    def kinds(base: type[errors.DentalTopoSegError]) -> set[type[errors.DentalTopoSegError]]:
        return {base}.union(*map(kinds, base.__subclasses__()))

    for kind in kinds(errors.DentalTopoSegError):
        assert errors.EXIT_MEANINGS[kind.exit_code] == kind.meaning
    assert list(errors.EXIT_MEANINGS) == sorted({errors.DONE, errors.SOME_FAILED, 1, 2, 3, 4, 5, 6, 7, 130})


def test_documented_exit_codes_are_the_real_ones() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8").split("## Exit codes")[1]
    for text in (EXIT_CODES, page):
        listed = {int(n) for n in re.findall(r"(?:^|\s|\| )(\d{1,3}) (?: |\|)", text)}
        assert listed >= set(errors.EXIT_MEANINGS)


@pytest.mark.parametrize("argv", [[], ["segment"], ["segment", "x"], ["demo", "-o", "x", "--threads", "0"], ["fly"]])
def test_wrong_usage_is_code_2(argv: list[str], capsys) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(argv)
    assert caught.value.code == 2


def test_check_and_evaluate_tell_what_is_wrong(tmp_path: Path, capsys) -> None:
    _, truth = toy_dentition()
    wrong = truth.array.copy()
    wrong[truth.array == 11] = 0
    reference = write_file(truth, tmp_path / "truth.nii.gz")
    prediction = write_file(truth.with_array(wrong), tmp_path / "wrong.nrrd")
    assert cli.main(["check", str(prediction), "--reference", str(reference)]) == 0
    shown = capsys.readouterr().out
    assert "Findings: " in shown
    assert "missed: 11" in shown
    assert cli.main(["evaluate", str(prediction), str(reference), "--json"]) == 0
    scores = json.loads(capsys.readouterr().out)
    assert scores["missed"] == [11]
    assert scores["dice"] == pytest.approx(29 / 30)


def test_check_understands_other_numberings(tmp_path: Path, capsys) -> None:
    _, truth = toy_dentition()
    from DentalTopoSegLib.dentition import fdi_to_universal

    universal = np.zeros_like(truth.array)
    for fdi in np.unique(truth.array[truth.array > 0]):
        universal[truth.array == fdi] = int(fdi_to_universal(int(fdi)))
    path = write_file(truth.with_array(universal), tmp_path / "universal.nii.gz")
    reference = write_file(truth, tmp_path / "truth.nii.gz")
    command = ["evaluate", str(path), str(reference), "--numbering", "universal", "--json"]
    assert cli.main(command) == 0
    assert json.loads(capsys.readouterr().out)["dice"] == 1.0


def test_check_refuses_an_empty_map(tmp_path: Path) -> None:
    _, truth = toy_dentition()
    path = write_file(truth.with_array(np.zeros_like(truth.array)), tmp_path / "empty.nii.gz")
    assert cli.main(["check", str(path), "--quiet"]) == 4


def test_picture_command(tmp_path: Path, scan: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr("DentalTopoSegLib.pictures.volumes.FINEST_PX_MM", 0.4)
    labels = write_file(toy_dentition()[1], tmp_path / "labels.nii.gz")
    assert cli.main(["picture", str(scan), str(labels), "-o", str(tmp_path / "deep" / "p.png")]) == 0
    assert (tmp_path / "deep" / "p.png").stat().st_size > 10000
    far = toy_dentition()[1]
    far = DentalTopoSegLib.Volume(far.array, far.spacing, (900.0, 0.0, 0.0), far.direction)
    elsewhere = write_file(far, tmp_path / "far.nii.gz")
    assert cli.main(["picture", str(scan), str(elsewhere), "-o", str(tmp_path / "q.png")]) == 3
    assert "different scans" in capsys.readouterr().err


def test_demo_writes_scan_truth_results_and_picture(tmp_path: Path, monkeypatch, capsys) -> None:
    from DentalTopoSegLib import cbct, phantom

    monkeypatch.setattr("DentalTopoSegLib.pictures.volumes.FINEST_PX_MM", 0.4)
    image, labels = toy_dentition()
    monkeypatch.setattr(phantom, "make_phantom", lambda seed: SimpleNamespace(image=image, labels=labels))
    result = SimpleNamespace(labels=labels, confidence={}, provenance={}, warnings=[], known=Known())
    monkeypatch.setattr(cbct, "segment_volume", lambda *_, **__: result)
    assert cli.main(["demo", "-o", str(tmp_path / "demo"), "--seed", "3"]) == 0
    assert sorted(p.name for p in (tmp_path / "demo").iterdir()) == [
        "phantom_3.nii.gz",
        "phantom_3_report.json",
        "phantom_3_teeth.nii.gz",
        "phantom_3_teeth.png",
        "phantom_3_teeth.seg.nrrd",
        "phantom_3_truth.nii.gz",
    ]
    np.testing.assert_array_equal(read_volume(tmp_path / "demo" / "phantom_3.nii.gz")[0].array, image.array)
    shown = capsys.readouterr().out
    assert "Findings" in shown
    assert "1.000" in shown


def test_a_stop_request_is_polite_once_where_somebody_looks(monkeypatch) -> None:
    """Who looks has time to end by itself; where nobody does, or not soon, the process is ended at once."""
    left = threading.Event()
    with stop_request.StopRequest(left.set) as stop:
        assert not stop.asked()
        signal.raise_signal(signal.SIGINT)
        assert stop.asked()
        stop.close()
        assert not left.wait(stop_request._GRACE_S + 0.2)
    with stop_request.StopRequest(left.set) as stop:
        stop.asked()
        signal.raise_signal(signal.SIGTERM)
        assert not left.wait(0.05)
        assert left.wait(5)
    left.clear()
    with stop_request.StopRequest(left.set) as stop:
        started = time.monotonic()
        signal.raise_signal(signal.SIGINT)
        assert left.wait(5)
        assert time.monotonic() - started < 0.2
        assert stop.wanted()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert signal.set_wakeup_fd(-1) == -1


def test_a_stop_waits_for_results_that_are_being_moved(monkeypatch) -> None:
    left, moving = threading.Event(), threading.Event()
    moving.set()
    with stop_request.StopRequest(left.set, moving.is_set):
        signal.raise_signal(signal.SIGINT)
        assert not left.wait(0.3)
        moving.clear()
        assert left.wait(5)


@pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_leaves_nothing_behind(tmp_path: Path, scan: Path, number: signal.Signals) -> None:
    """A real process is stopped while it writes: exit code 130, no file, no folder, no traceback."""
    code = """
import sys, time
from types import SimpleNamespace
from DentalTopoSegLib import cbct
from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.dentition import Known
from DentalTopoSegLib.runs import volumes as runs
def segment_volume(volume, options):
    return SimpleNamespace(labels=volume.with_array((volume.array > 1000).astype("uint8") * 11),
                           confidence={}, provenance={}, warnings=[], known=Known())
def slow(*arguments):
    print("writing", flush=True)
    time.sleep(60)
cbct.segment_volume = segment_volume
runs.write_report_json = slow
sys.exit(cli.main(sys.argv[1:]))
"""
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "segment", str(scan), "-o", str(out), "--quiet"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, PYTHONPATH=str(ROOT)),
    )
    assert process.stdout.readline() == "writing\n"
    half = [p.name for p in out.rglob("*") if p.is_file()]
    assert "case 7_teeth.nii.gz" in half  # so there is something to clean up
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.strip() == "dentaltoposeg: Stopped before the end; nothing was written."
    assert not out.exists()


def test_import_is_light() -> None:
    """No heavy package is loaded by importing the library or parsing a command line."""
    code = (
        "import sys, DentalTopoSegLib, DentalTopoSegLib.commands.parsing as p; p.build_parser();"
        "print([m for m in ('SimpleITK','onnxruntime','scipy.ndimage','PIL','pydicom','torch') if m in "
        "sys.modules])"
    )
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
    assert time.perf_counter() - started < 30


def test_the_public_face_is_complete() -> None:
    for name in DentalTopoSegLib.__all__:
        assert getattr(DentalTopoSegLib, name) is not None
    with pytest.raises(AttributeError):
        DentalTopoSegLib.nothing_of_this_name  # noqa: B018


def test_every_package_folder_is_packed() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    packed = set(re.findall(r'"(DentalTopoSegLib[\w.]*)"', text.split("packages = [")[1].split("]")[0]))
    folders = {p.parent.relative_to(ROOT) for p in (ROOT / "DentalTopoSegLib").rglob("__init__.py")}
    assert packed == {".".join(f.parts) for f in folders} | {"DentalTopoSegLib._resources"}


def test_documented_commands_exist() -> None:
    commands = next(a for a in build_parser()._actions if a.dest == "command").choices
    pages = [(ROOT / name).read_text(encoding="utf-8") for name in ("docs/commands.md", "README.md")]
    assert set(re.findall(r"^dentaltoposeg (\w+)", pages[0], re.MULTILINE)) == set(commands)
    for line in re.findall(r"^dentaltoposeg \w+ .*$", "\n".join(pages), re.MULTILINE):
        command = commands[line.split()[1]]
        known = {o for a in command._actions for o in a.option_strings}
        assert set(re.findall(r"--[\w-]+", line)) <= known


def test_wrong_usages_and_bad_names_have_true_words(tmp_path: Path, capsys) -> None:
    """What nobody could do, whatever the input holds, is wrong usage; no sentence names a folder that only we know."""
    image, labels = toy_dentition()
    array = labels.array.copy()
    array[0, 0, :2] = array.max()
    scan = str(write_file(image, tmp_path / "scan.nii.gz"))
    teeth = str(write_file(labels.with_array(array), tmp_path / "teeth.nii.gz"))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.nii.gz").mkdir()
    (tmp_path / "file").write_text("in the way")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    long = "n" * 300
    repair = ["repair", teeth, "--all-safe", "-o"]
    cases = [
        (2, ["repair", teeth, "--all-safe"], "Say where to write"),
        (2, ["repair", teeth, "-o", "new.nii.gz"], "Say what to repair"),
        (2, ["repair", teeth, "--number", "11"], "--choice and --number are for one finding"),
        (2, [*repair, "new.nii.gz", "--choice", "2"], "--choice and --number are for one finding"),
        (2, [*repair, "new.foo"], "{0}/new.foo' cannot be written: its name must end in .nii.gz"),
        (6, [*repair, "folder"], "{0}/folder' cannot be written: it is a folder."),
        (6, [*repair, "folder.nii.gz"], "{0}/folder.nii.gz' cannot be written"),
        (
            6,
            [*repair, f"{long}.nii.gz"],
            long + ".nii.gz' cannot be written (File name too long): give a shorter name.",
        ),
        (6, [*repair, "file/new.nii.gz"], "{0}/file' cannot be written (it is a file): choose another folder."),
        (2, ["picture", scan, teeth, "-o", "new.jpg"], "must end in .png"),
        (6, ["export", teeth, "--format", "csv", "-o", "file"], "(it is a file): choose another folder."),
        (2, ["check", teeth, "--reference-numbering", "fdi"], "--reference-numbering is only for a reference"),
        (2, ["check", teeth, "--jaw", "upper"], "--jaw is only for meshes"),
        (2, ["segment", scan, "--per-tooth", "-o", "out"], "--per-tooth is only for intraoral scans"),
        (2, ["segment", scan, scan, "-o", "out"], "Give one CBCT at a time"),
        (3, ["check", long], "cannot be"),
        (3, ["segment", long, "-o", "out"], "cannot be"),
        (3, ["batch", long, "-o", "out"], "is no folder"),
    ]
    for code, words, text in cases:
        given = [
            str(tmp_path / word) if word.split("/")[0].startswith(("new", "fold", "file", "out", long)) else word
            for word in words
        ]
        assert cli.main(given) == code, words
        shown = capsys.readouterr().err
        assert text.format(tmp_path) in shown, words
        assert ".dentaltoposeg" not in shown
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
