"""A case's folder: which of its files are the jaws."""

from pathlib import Path

import pytest
from hps_files import hps_of_triangles
from mesh_files import dome, stl_binary

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.runs.case_folders import jaws_in, with_jaws_of_folder
from DentalTopoSegLib.runs.job import Job
from DentalTopoSegLib.runs.scans import scans_in

VERTICES, FACES = dome()


def case(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        content = hps_of_triangles if name.endswith(".dcm") else stl_binary
        (folder / name).write_bytes(content(VERTICES, FACES))
    return folder


@pytest.mark.parametrize(
    ("upper", "lower", "others"),
    [
        ("UpperJawScan.dcm", "LowerJawScan.dcm", ["BiteScan1.dcm"]),
        ("12_Maxillary.stl", "12_Mandibular.stl", []),
        ("maxilla.ply", "mandible.ply", []),
        ("Muster OK.stl", "Muster UK.stl", ["Muster_Biss.stl"]),
        ("upper.dcm", "lower.stl", ["notes.txt"]),
    ],
)
def test_the_jaws_of_a_case_are_paired_by_their_names(tmp_path, upper, lower, others):
    folder = case(tmp_path / "order", upper, lower, *others)
    assert jaws_in(folder) == [folder / upper, folder / lower]
    job = with_jaws_of_folder(Job([folder], tmp_path / "out"))
    assert list(job.inputs) == [folder / upper, folder / lower] and job.is_mesh()
    job.require_sense()


def test_a_cbct_beside_a_mesh_is_not_passed_over(tmp_path):
    folder = case(tmp_path / "order", "upper.stl", "lower.stl")
    (folder / "upper_teeth.nii.gz").touch()  # a result
    assert len(jaws_in(folder)) == 2
    (folder / "scan.nii.gz").touch()
    with pytest.raises(InputError, match=r"holds a CBCT \(scan.nii.gz\) and a jaw's mesh \(lower.stl\): give the file"):
        jaws_in(folder)


def test_one_mesh_is_taken_whatever_it_is_called(tmp_path):
    folder = case(tmp_path / "order", "scan.dcm")
    assert jaws_in(folder) == [folder / "scan.dcm"]


@pytest.mark.parametrize(
    "names",
    [
        ("a.stl", "b.stl"),
        ("upper1.stl", "upper2.stl", "lower.stl"),
        ("upper.stl", "x.stl"),
        ("UpperLowerJaw.stl", "b.stl"),
    ],
)
def test_names_that_do_not_say_which_are_asked_about(tmp_path, names):
    folder = case(tmp_path / "order", *names)
    with pytest.raises(InputError) as caught:
        jaws_in(folder)
    assert f"holds {len(names)} meshes (" in str(caught.value) and names[0] in str(caught.value)


def test_other_folders_stay_what_they_are(tmp_path):
    (tmp_path / "empty").mkdir()
    assert jaws_in(tmp_path / "empty") == [] and jaws_in(tmp_path / "none") == []
    slices = case(tmp_path / "mixed", "upper.stl", "lower.stl")
    (slices / "slice.dcm").write_bytes(b"\0" * 128 + b"DICM")
    assert jaws_in(slices) == []
    done = case(tmp_path / "done", "upper.stl")
    (done / "upper_teeth.ply").write_bytes(b"ply\n")
    assert jaws_in(done) == [done / "upper.stl"]
    job = Job([tmp_path / "empty"], tmp_path / "out")
    assert with_jaws_of_folder(job) is job


def test_a_batch_takes_each_of_them_and_no_dicom_folder(tmp_path):
    folder = case(tmp_path / "case", "UpperJawScan.dcm", "LowerJawScan.dcm")
    found = scans_in(tmp_path)
    assert [path for path, _ in found] == [folder / "LowerJawScan.dcm", folder / "UpperJawScan.dcm"]
    assert [name for _, name in found] == ["case_LowerJawScan", "case_UpperJawScan"]
