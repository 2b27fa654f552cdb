"""Results that are called by a code: the scan's content makes it, and no name of a file or folder is left in them."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from scan_files import toy_dentition, write_dicom, write_file
from toy_jaws import toy_jaw
from toy_network import ToyNetwork, names

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.files.meshes import write_ply, write_stl
from DentalTopoSegLib.phantom import make_phantom
from DentalTopoSegLib.reports.report import read_report
from DentalTopoSegLib.runs.anonymous import anonymous_name
from DentalTopoSegLib.runs.job import Job, JobFile
from DentalTopoSegLib.runs.segmenting import segment

CODE = "scan-[0-9a-f]{12}"
SECRET = "Erika Muster 1970"


def test_the_code_is_that_of_the_content(tmp_path: Path) -> None:
    scan, labels = toy_dentition()
    first = write_file(scan, tmp_path / "first.nii.gz")
    second = shutil.copy(first, tmp_path / f"{SECRET}.nii.gz")
    other = write_file(labels, tmp_path / "other.nii.gz")
    assert re.fullmatch(CODE, anonymous_name([first]))
    assert anonymous_name([first]) == anonymous_name([second]) != anonymous_name([other])
    assert anonymous_name([first, other]) not in (anonymous_name([first]), anonymous_name([other, first]))


def test_a_header_made_of_spaces_takes_no_time(tmp_path: Path) -> None:
    header = tmp_path / "scan.nhdr"
    header.write_bytes(b"NRRD0004\ndata file: a" + b" " * 1_000_000 + b"b\n")
    started = time.monotonic()
    assert re.fullmatch(CODE, anonymous_name([header]))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("suffix", [".mhd", ".nhdr"])
def test_voxels_beside_their_header_count(tmp_path: Path, suffix: str) -> None:
    """Two scans may have the same header."""
    codes = set()
    for name, volume in (("a", toy_dentition()[0]), ("b", toy_dentition()[0].with_array(toy_dentition()[0].array + 1))):
        (tmp_path / name).mkdir()
        header = write_file(volume, tmp_path / name / f"scan{suffix}")
        (data,) = (file for file in header.parent.iterdir() if file != header)
        elsewhere = data.rename(data.with_name(f"voxels{data.suffix}"))
        header.write_bytes(header.read_bytes().replace(data.name.encode(), elsewhere.name.encode()))
        codes.add(anonymous_name([header]))
    headers = {(tmp_path / name / f"scan{suffix}").read_bytes() for name in "ab"}
    assert (len(headers), len(codes)) == (1, 2)


def test_files_of_a_dicom_folder_may_be_called_and_lie_as_they_like(tmp_path: Path) -> None:
    folder = tmp_path / SECRET
    write_dicom(folder, toy_dentition()[0], number=5)
    before = anonymous_name([folder])
    (folder / "sub").mkdir()
    (folder / "notes.txt").write_text("no part of the scan")
    for i, file in enumerate(sorted(folder.glob("*.dcm"), reverse=True)):
        file.rename(folder / "sub" / f"{i}.dcm")
    assert anonymous_name([folder]) == before
    assert anonymous_name([folder], series="5") == before
    with pytest.raises(InputError, match="series"):
        anonymous_name([folder], series="6")


def test_what_cannot_be_read_has_no_code(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        anonymous_name([tmp_path / "absent.nii"])


def test_no_name_is_left_in_the_results_of_a_volume(tmp_path: Path, capsys) -> None:
    image = make_phantom(1, 0.6, fov_mm=(80, 75, 65), fillings=0).image
    (tmp_path / SECRET).mkdir()
    scan = write_file(image, tmp_path / SECRET / f"{SECRET}.nrrd")
    out = tmp_path / "out"
    assert cli.main(["segment", str(scan), "-o", str(out), "--anonymous-names", "--threads", "1", "--quiet"]) == 0
    name = anonymous_name([scan])
    assert names(out) == [f"{name}_{end}" for end in ("report.json", "teeth.nii.gz", "teeth.seg.nrrd")]
    assert read_report(out / f"{name}_report.json")["name"] == name
    assert not [file for file in out.iterdir() if b"Muster" in file.read_bytes()]


def test_no_name_is_left_in_the_results_of_two_jaws(tmp_path: Path, monkeypatch) -> None:
    ToyNetwork(monkeypatch)
    folder = tmp_path / SECRET
    folder.mkdir()
    upper, lower = toy_jaw("upper"), toy_jaw("lower")
    write_stl(folder / f"{SECRET} U.stl", upper.vertices, upper.faces)
    write_ply(folder / f"{SECRET} L.ply", lower.vertices, lower.faces)
    (folder / f"{SECRET} L.ply").rename(folder / f"{SECRET} L.stl")  # a warning tells of it
    scans = [folder / f"{SECRET} U.stl", folder / f"{SECRET} L.stl"]
    run = segment(Job(scans, tmp_path / "out", anonymous_names=True, per_tooth=True))
    name = anonymous_name(scans)
    assert [report["name"] for report in run.reports] == [f"{name}_upper", f"{name}_lower"]
    assert any("holds a mesh in PLY format" in text for text in run.reports[1]["warnings"])
    for file in (tmp_path / "out").iterdir():
        assert file.name.startswith(f"{name}_") and b"Muster" not in file.read_bytes()


def test_a_job_file_asks_for_it_too(tmp_path: Path) -> None:
    job = Job([tmp_path / "a.nii"], tmp_path / "out", anonymous_names=True)
    path = tmp_path / "job.json"
    path.write_text(json.dumps(JobFile(job).to_dict()), encoding="utf-8")
    assert JobFile.read(path).job.anonymous_names is True
    path.write_text(path.read_text(encoding="utf-8").replace("true", '"yes"'), encoding="utf-8")
    with pytest.raises(UsageError, match="anonymous_names is 'yes', not true or false"):
        JobFile.read(path)


@pytest.mark.parametrize("name", ["../escaped", "/nowhere/x", "a\\b", "..", "CON", "a\nb"])
def test_a_name_of_results_is_a_bare_file_name(tmp_path: Path, name: str, capsys) -> None:
    scan = write_file(toy_dentition()[0], tmp_path / "scan.nii.gz")
    before = set(tmp_path.rglob("*"))
    assert cli.main(["segment", str(scan), "-o", str(tmp_path / "out"), "--name", name]) == InputError.exit_code
    assert "The results' name (--name) is '" in capsys.readouterr().err
    assert set(tmp_path.rglob("*")) == before


def test_a_name_and_a_code_are_not_given_together(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Give either a name"):
        segment(Job([tmp_path / "a.nii"], tmp_path / "out", name="x", anonymous_names=True))
