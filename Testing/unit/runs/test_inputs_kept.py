"""No command replaces what its results are made from, or a file that belongs to it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kill_cases import toy_labels, without_computing
from toy_jaws import toy_jaw

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.files.label_maps import write_labelmap
from DentalTopoSegLib.files.meshes import write_ply
from DentalTopoSegLib.files.volumes import Volume, write_volume


@pytest.fixture(autouse=True)
def at_once() -> Iterator[None]:
    with without_computing():
        yield


def scan() -> Volume:
    labels = toy_labels("old")
    return labels.with_array((labels.array > 0).astype("int16") * 1500)


def state(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def refused(folder: Path, capsys, *words: str | Path) -> str:
    """What a command says that must change nothing in the folder."""
    before = state(folder)
    assert cli.main([str(word) for word in words]) == 3
    assert state(folder) == before
    return capsys.readouterr().err


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The folder of a run's results and their scan."""
    write_volume(scan(), tmp_path / "case.nii.gz")
    assert cli.main(["segment", str(tmp_path / "case.nii.gz"), "-o", str(tmp_path), "--picture", "--quiet"]) == 0
    return tmp_path


@pytest.fixture
def jaw(tmp_path: Path) -> Path:
    """The folder of a jaw's results and its scan."""
    toy = toy_jaw("upper")
    write_ply(tmp_path / "jaw.ply", toy.vertices, toy.faces)
    words = ["segment", str(tmp_path / "jaw.ply"), "-o", str(tmp_path), "--per-tooth", "--quiet"]
    assert cli.main(words) == 0
    return tmp_path


@pytest.mark.parametrize("way", ["itself", "symbolic link", "second name", "relative"])
def test_segmenting_a_scan_that_is_called_like_its_result(tmp_path: Path, way: str, capsys, monkeypatch) -> None:
    path = write_volume(scan(), tmp_path / "y_teeth.nii.gz")
    given: Path = tmp_path / "other.nii.gz"
    if way == "symbolic link":
        given.symlink_to(path)
    elif way == "second name":
        os.link(path, given)
    else:
        given = path
    if way == "relative":
        monkeypatch.chdir(tmp_path)
        given = Path("y_teeth.nii.gz")
    monkeypatch.setattr("DentalTopoSegLib.cbct.segment_volume", lambda *_: pytest.fail("refused after the long work"))
    said = refused(tmp_path, capsys, "segment", given, "-o", tmp_path if way != "relative" else ".", "--name", "y")
    assert "would replace" in said
    assert "y_teeth.nii.gz" in said


@pytest.mark.parametrize(("name", "words"), [("x_teeth.ply", []), ("x_16.stl", ["--per-tooth"])])
def test_segmenting_a_jaw_that_is_called_like_its_result(tmp_path: Path, name: str, words: list[str], capsys) -> None:
    from DentalTopoSegLib.files.meshes import write_stl

    toy = toy_jaw("upper")
    (write_ply if name.endswith("ply") else write_stl)(tmp_path / name, toy.vertices, toy.faces)
    said = refused(tmp_path, capsys, "segment", tmp_path / name, "-o", tmp_path, "--name", "x", *words)
    assert "would replace" in said


@pytest.mark.parametrize("kind", ["obj", "ply"])
def test_segmenting_a_jaw_whose_texture_is_called_like_its_picture(tmp_path: Path, kind: str, capsys) -> None:
    toy, path = toy_jaw("upper"), tmp_path / f"scan.{kind}"
    if kind == "ply":
        write_ply(path, toy.vertices, toy.faces, comment="TextureFile x_teeth.png")
    else:
        lines = ["mtllib x y.mtl", *("v {:.6f} {:.6f} {:.6f}".format(*vertex) for vertex in toy.vertices)]
        lines += ["f {} {} {}".format(*face) for face in toy.faces + 1]
        path.write_text("\n".join(lines))
    (tmp_path / "x y.mtl").write_text("newmtl a\nmap_Kd -s 1 1 1 x_teeth.png\n")
    (tmp_path / "x_teeth.png").write_bytes(b"texture")
    said = refused(tmp_path, capsys, "segment", path, "-o", tmp_path, "--name", "x")
    assert "would replace" in said
    assert "x_teeth.png" in said


def test_an_export_in_another_numbering_onto_the_label_map_itself(tmp_path: Path, capsys) -> None:
    labels = toy_labels("old")
    path = tmp_path / "case_teeth.nii.gz"
    write_labelmap(labels.with_array((labels.array == 11) * labels.array.dtype.type(8)), path)
    words = ("-o", tmp_path, "--format", "nifti", "--numbering", "universal")
    assert "would replace" in refused(tmp_path, capsys, "export", path, *words)


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        ("case_report.json", "json"),
        ("case_report.json", "nifti"),
        ("case_report.json", "seg.nrrd"),
        ("case_teeth.nii.gz", "nifti"),
        ("case_teeth.nii.gz", "seg.nrrd"),
        ("case_teeth.nii.gz", "json"),
        ("case_teeth.seg.nrrd", "json"),
    ],
)
def test_an_export_onto_a_file_of_the_result(case: Path, capsys, result: str, kind: str) -> None:
    assert "would replace" in refused(case, capsys, "export", case / result, "-o", case, "--format", kind)


@pytest.mark.parametrize(
    ("result", "kind"), [("jaw_report.json", "json"), ("jaw_teeth.vtp", "json"), ("jaw_report.json", "stl")]
)
def test_an_export_onto_a_file_of_a_jaws_result(jaw: Path, capsys, result: str, kind: str) -> None:
    assert "would replace" in refused(jaw, capsys, "export", jaw / result, "-o", jaw, "--format", kind)


def test_exports_beside_the_result_may_be_made_again(case: Path) -> None:
    for kind in ("csv", "html", "csv", "html"):
        words = ["export", str(case / "case_report.json"), "-o", str(case), "--format", kind, "--quiet"]
        assert cli.main(words) == 0
    words = ["export", str(case / "case_teeth.nii.gz"), "-o", str(case / "apart"), "--format", "json", "--quiet"]
    assert cli.main(words) == 0
    report = json.loads((case / "apart" / "case_report.json").read_text(encoding="utf-8"))
    assert "files" not in report
    assert cli.main(words) == 0


def test_a_scan_in_its_dicom_folder(tmp_path: Path, capsys) -> None:
    pytest.importorskip("highdicom")
    from scan_files import write_clinical_dicom

    write_clinical_dicom(tmp_path, scan())
    first = next(tmp_path.iterdir())
    first.rename(tmp_path / "case_teeth.dcm")
    labels = tmp_path.parent / f"{tmp_path.name}_labels" / "case_teeth.nii.gz"
    labels.parent.mkdir()
    write_labelmap(toy_labels("old"), labels)
    words = ("-o", tmp_path, "--format", "dicom-seg", "--scan", tmp_path, "--series", "1")
    assert "would replace" in refused(tmp_path, capsys, "export", labels, *words)
    (tmp_path / "case_teeth.dcm").rename(first)
    for _ in range(2):  # an older segmentation is no part of the scan
        assert cli.main(["export", str(labels), *map(str, words), "--quiet"]) == 0


def test_repairs_and_pictures(jaw: Path, case: Path, capsys) -> None:
    toy = toy_jaw("upper")
    broken = jaw / "broken.ply"
    write_ply(broken, toy.vertices, toy.faces, None, {"fdi": toy.where(toy.near(16, (0, 0, 0), 1.6), 0).fdi})
    os.link(broken, jaw / "second.ply")
    words = ("--all-safe", "-o")
    assert "is the file to be repaired" in refused(jaw, capsys, "repair", broken, *words, jaw / "second.ply")
    for target in ("jaw_teeth.ply", "jaw_teeth.vtp"):
        assert "would replace" in refused(jaw, capsys, "repair", jaw / "jaw_report.json", *words, jaw / target)
    picture = case / "scan.png"
    os.link(case / "case.nii.gz", picture)
    said = refused(case, capsys, "picture", case / "case.nii.gz", case / "case_teeth.nii.gz", "-o", picture)
    assert "would replace" in said


@pytest.mark.parametrize("words", [("repair", "--all-safe", ".ply"), ("picture", ".png")])
def test_a_result_that_would_be_called_like_what_is_unfinished(tmp_path: Path, words: tuple[str, ...], capsys) -> None:
    """It would not be moved out of its stage, and be told as written."""
    toy = toy_jaw("upper")
    toy = toy.where(toy.near(16, (0, 0, 0), 1.6), 0)
    write_ply(tmp_path / "jaw_teeth.ply", toy.vertices, toy.faces, None, {"fdi": toy.fdi})
    write_volume(scan(), tmp_path / "case.nii.gz")
    write_labelmap(toy_labels("old"), tmp_path / "case_teeth.nii.gz")
    command, *options, suffix = words
    given = ["jaw_teeth.ply"] if command == "repair" else ["case.nii.gz", "case_teeth.nii.gz"]
    output = tmp_path / f".dentaltoposeg-x{suffix}"
    said = refused(tmp_path, capsys, command, *(tmp_path / name for name in given), *options, "-o", output)
    assert "'.dentaltoposeg-x" in said and "another name" in said


def test_a_report_that_calls_its_results_like_what_is_unfinished(case: Path, capsys) -> None:
    report = json.loads((case / "case_report.json").read_text())
    (case / "case_report.json").write_text(json.dumps({**report, "name": ".dentaltoposeg-x"}))
    said = refused(case, capsys, "export", case / "case_report.json", "-o", case, "--format", "csv")
    assert "as what is unfinished does" in said


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere all names are Unicode")
@pytest.mark.parametrize("command", ["segment", "demo"])
def test_an_output_folder_that_simpleitk_cannot_open_is_refused_first(
    tmp_path: Path, command: str, capsys, monkeypatch
) -> None:
    for slow in ("cbct.segment_volume", "phantom.make_phantom", "runs.volumes.read_volume"):
        monkeypatch.setattr(f"DentalTopoSegLib.{slow}", lambda *_, **__: pytest.fail("refused after the long work"))
    given = [str(write_volume(scan(), tmp_path / "case.nii.gz"))] if command == "segment" else []
    folder = os.fsencode(tmp_path) + b"/out\xff"
    assert cli.main([command, *given, "-o", os.fsdecode(folder)]) == 6
    assert "is not in UTF-8" in capsys.readouterr().err
    assert not os.path.exists(folder)


@pytest.mark.parametrize("command", ["picture", "repair"])
def test_an_output_that_is_a_folder_is_refused_first(tmp_path: Path, command: str, capsys, monkeypatch) -> None:
    for slow in ("runs.drawing.read_volume", "runs.repairing.open_result"):
        monkeypatch.setattr(f"DentalTopoSegLib.{slow}", lambda *_, **__: pytest.fail("refused after the work"))
    output = tmp_path / "out.png"
    output.mkdir()
    given = ["scan.nii.gz", "teeth.nii.gz"] if command == "picture" else ["teeth.nii.gz", "--all-safe"]
    assert cli.main([command, *given, "-o", str(output)]) == 6
    assert capsys.readouterr().err == (
        f"dentaltoposeg: '{output}' cannot be written: it is a folder. Give the name of a file.\n"
    )
