"""Reports know their files: what was changed since is told, never called done, and never replaced by a batch."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from kill_cases import toy_labels, without_computing
from toy_jaws import toy_jaw

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.files.label_maps import read_fdi_labels, write_labelmap
from DentalTopoSegLib.files.meshes import write_ply
from DentalTopoSegLib.files.volumes import write_volume
from DentalTopoSegLib.reports.checksums import compare_files
from DentalTopoSegLib.runs.results import open_result


@pytest.fixture
def scans(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "scans"
    folder.mkdir()
    labels = toy_labels("old")
    write_volume(labels.with_array((labels.array > 0).astype("int16") * 1500), folder / "case.nii.gz")
    toy = toy_jaw("upper")
    write_ply(folder / "jaw.ply", toy.vertices, toy.faces)
    with without_computing():
        yield folder


@pytest.fixture
def out(scans: Path, tmp_path: Path) -> Path:
    assert cli.main(["batch", str(scans), "-o", str(tmp_path / "out"), "--quiet"]) == 0
    return tmp_path / "out"


def edit(path: Path) -> bytes:
    """As a person would: one tooth becomes another."""
    labels, _ = read_fdi_labels(path)
    write_labelmap(labels.with_array(np.where(labels.array == 21, 22, labels.array).astype(np.uint8)), path)
    return path.read_bytes()


def rows(out: Path) -> dict[str, dict[str, str]]:
    with (out / "summary.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["name"]: row for row in csv.DictReader(stream)}


@pytest.mark.parametrize("name", ["case", "jaw"])
def test_a_report_has_the_checksums_of_its_files(out: Path, name: str) -> None:
    report = json.loads((out / f"{name}_report.json").read_text(encoding="utf-8"))
    assert set(report["checksums"]) == set(report["files"]) - {"report"}
    assert len(report["checksums"]["labels"]) == 64
    compared = compare_files(report, out)
    assert (compared.missing, compared.changed) == ([], [])
    edited = out / report["files"]["labels"]
    edited.write_bytes(edited.read_bytes() + b" ")
    assert compare_files(report, out).changed == [edited.name]
    edited.unlink()
    assert compare_files(report, out).missing == [edited.name]
    del report["checksums"]  # of an earlier version
    assert compare_files(report, out).changed == []


def test_a_batch_leaves_what_somebody_has_edited_and_does_not_call_it_done(scans: Path, out: Path, capsys) -> None:
    edited = edit(out / "case_teeth.nii.gz")
    assert cli.main(["batch", str(scans), "-o", str(out), "--quiet"]) == 0
    assert (out / "case_teeth.nii.gz").read_bytes() == edited
    found = rows(out)
    assert (found["case"]["state"], found["jaw"]["state"]) == ("changed", "done before")
    assert "'case_teeth.nii.gz' changed after 'case_report.json' was written" in found["case"]["message"]
    assert "case.nii.gz: 'case_teeth.nii.gz' changed after" in capsys.readouterr().err
    (out / "case_teeth.seg.nrrd").unlink()
    assert cli.main(["batch", str(scans), "-o", str(out), "--quiet"]) == 0
    assert (out / "case_teeth.nii.gz").read_bytes() == edited
    assert cli.main(["batch", str(scans), "-o", str(out), "--again", "--quiet"]) == 0
    assert rows(out)["case"]["state"] == "done"
    assert (out / "case_teeth.nii.gz").read_bytes() != edited


def test_a_report_beside_older_labels_is_not_done(scans: Path, out: Path) -> None:
    """What a power failure or another program can leave: a newer report with an older label map."""
    edit(out / "case_teeth.nii.gz")
    os.utime(out / "case_teeth.nii.gz", (1, 1))
    assert cli.main(["batch", str(scans), "-o", str(out), "--quiet"]) == 0
    assert rows(out)["case"]["state"] == "changed"


def test_an_edited_label_map_is_checked_and_exported_as_it_is_now(out: Path, tmp_path: Path, capsys) -> None:
    edit(out / "case_teeth.nii.gz")
    assert cli.main(["check", str(out / "case_teeth.nii.gz")]) == 0
    assert capsys.readouterr().err == ""  # it speaks of the labels alone
    words = ["export", str(out / "case_report.json"), "-o", str(tmp_path / "csv"), "--format", "csv"]
    assert cli.main(words) == 0
    said = capsys.readouterr().err
    assert "'case_teeth.nii.gz' is no longer what 'case_report.json' was written with" in said
    assert "this takes 'case_teeth.seg.nrrd'" in said
    (out / "case_teeth.seg.nrrd").write_bytes(b"")
    write_labelmap(read_fdi_labels(out / "case_teeth.nii.gz")[0], out / "case_teeth.seg.nrrd")
    assert cli.main(words) == 0
    assert "it was checked anew" in capsys.readouterr().err
    with (tmp_path / "csv" / "case_teeth.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert [row["fdi"] for row in csv.DictReader(stream)] == ["11", "22"]


def test_an_untouched_result_says_nothing(out: Path) -> None:
    for name in ("case", "jaw"):
        result = open_result(out / f"{name}_report.json")
        assert result.stored_report is not None
        assert not [text for text in result.warnings if "no longer" in text]


@pytest.mark.parametrize("name", ["case", "jaw"])
def test_a_page_is_made_without_the_computers_temporary_folder(
    out: Path, tmp_path: Path, name: str, monkeypatch
) -> None:
    """A run that is killed could not tidy up there, and nobody would look for a patient's picture in it."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "not there"))
    words = ["export", str(out / f"{name}_report.json"), "-o", str(tmp_path / "html"), "--format", "html", "--quiet"]
    assert cli.main(words) == 0
    assert [path.name for path in (tmp_path / "html").iterdir()] == [f"{name}_report.html"]
