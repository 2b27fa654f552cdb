"""The whole way with the real worker, once: scan to teeth in the scene; a folder without a window; what stops it."""

from __future__ import annotations

import csv
import subprocess
import sys
import time
import zipfile

import pytest
from scan_files import write_file
from scene_steps import ROOT, run_worker, state_of
from toy_jaws import toy_jaw
from toy_network import ToyNetwork

from DentalTopoSegLib import segment_scan
from DentalTopoSegLib.files.meshes import write_stl
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.phantom import make_phantom
from DentalTopoSegLib.scene import SceneError, add_result, add_volume, prepare_job, review_of
from DentalTopoSegLib.scene.headless import write_scene


@pytest.fixture(scope="module")
def phantom():
    """A small phantom scan with all its teeth."""
    return make_phantom(seed=3, spacing_mm=0.6, fov_mm=(80, 75, 70), fillings=0)


def test_from_a_scan_to_reviewed_teeth(scene, phantom, tmp_path) -> None:
    source = add_volume(scene, phantom.image, "Scan Ω")
    before = state_of(scene)
    job = prepare_job([source], RunOptions(threads=2), folder=tmp_path)
    assert run_worker(job) == 0
    assert state_of(scene) == before
    result = add_result(job, numbering="Universal")
    job.discard()
    assert list(tmp_path.iterdir()) == []
    review = review_of(result.node)
    found = set(review.teeth())
    assert len(found & set(phantom.teeth)) >= 28
    assert [f.key for f in review.findings()] == [f.key for f in review_of(result.node).findings()]
    assert len(review.findings()) == len(result.report["findings"])
    truth, labels = phantom.labels.array, review.labels().array
    assert ((labels > 0) & (truth > 0)).sum() > 0.8 * (truth > 0).sum()
    review.close()


def test_a_cancelled_job_leaves_scene_and_disk_as_they_were(scene, phantom, tmp_path) -> None:
    source = add_volume(scene, phantom.image, "scan")
    before = state_of(scene)
    job = prepare_job([source], folder=tmp_path)
    command = [sys.executable, "-m", "DentalTopoSegLib.runs.worker", str(job.path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        job.cancel_file.touch()
        asked = time.monotonic()
        process.stdout.read()
        code = process.wait()
    assert code == 130
    assert time.monotonic() - asked < 10  # a busy test machine; the worker's own tests measure it
    with pytest.raises(SceneError, match="incomplete"):
        add_result(job)
    job.discard()
    assert state_of(scene) == before
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_window(slicer, phantom, tmp_path) -> None:
    """The documented script: one good scan, one that is none; a scene to review; run again it has nothing to do."""
    scans, out = tmp_path / "Scans für heute", tmp_path / "out"
    scans.mkdir()
    write_file(phantom.image, scans / "first.nrrd")
    (scans / "second.nrrd").write_text("no scan", encoding="ascii")
    command = [sys.executable, str(ROOT / "Resources" / "Scripts" / "segment_folder.py"), str(scans), "-o", "out"]
    first = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert first.returncode == 8, first.stderr
    assert "first: 3" in first.stdout  # thirty-something teeth
    assert "second: failed. '" in first.stdout
    assert "1 of 2 scans done" in first.stdout
    with (out / "summary.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row["state"] for row in csv.DictReader(stream)] == ["done", "failed"]

    (scans / "second.nrrd").unlink()
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8", check=False)
    assert again.returncode == 0, again.stderr
    assert "1 of 1 scans done" in again.stdout

    with zipfile.ZipFile(out / "first.mrb") as archive:
        archive.extractall(tmp_path / "unpacked")
    scene = slicer.vtkMRMLScene()
    scene.SetURL(str(next((tmp_path / "unpacked").rglob("*.mrml"))))
    assert scene.Connect()
    node = scene.GetFirstNodeByName("first teeth")
    review = review_of(node)
    assert len(review.teeth()) >= 28
    review.close()
    scene.Clear(1)


def test_an_stl_whose_corners_are_not_shared_becomes_a_scene(slicer, tmp_path, monkeypatch) -> None:
    """An STL has three points of its own for every triangle; the results share them."""
    ToyNetwork(monkeypatch)
    toy = toy_jaw("lower")
    write_stl(tmp_path / "lower.stl", toy.vertices, toy.faces)
    segment_scan(tmp_path / "lower.stl", tmp_path / "out", jaws=["lower"], name="lower")
    write_scene(tmp_path / "lower.stl", tmp_path / "out", "lower", tmp_path / "out" / "lower.mrb")
    with zipfile.ZipFile(tmp_path / "out" / "lower.mrb") as archive:
        archive.extractall(tmp_path / "unpacked")
    scene = slicer.vtkMRMLScene()
    scene.SetURL(str(next((tmp_path / "unpacked").rglob("*.mrml"))))
    assert scene.Connect()
    review = review_of(scene.GetFirstNodeByName("lower teeth"))
    assert set(review.teeth()) == {int(fdi) for fdi in toy.fdi if fdi}
    review.close()
    scene.Clear(1)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere", "-o", "out"], 3, "is no folder"),
        ([".", "-o", "out"], 3, "holds no scan"),
        (["."], 2, "required"),
        ([".", "-o", "out", "--numbering", "fdi"], 2, "invalid choice"),
    ],
)
def test_what_the_script_refuses(slicer, tmp_path, arguments, code, said) -> None:
    command = [sys.executable, str(ROOT / "Resources" / "Scripts" / "segment_folder.py"), *arguments]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == code
    assert said in ended.stderr
