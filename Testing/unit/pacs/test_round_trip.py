"""A scan out of a real Orthanc by DICOMweb, segmented, stored as DICOM SEG and STL, asked for and loaded again."""

from __future__ import annotations

import io
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("dicomweb_client", reason="dicomweb_client is not installed: it talks to the archive")
pytest.importorskip("highdicom", reason="highdicom is not installed: it writes DICOM SEG")
pytest.importorskip("onnx", reason="onnx is not installed; it makes the network of these tests")

import pydicom
from orthanc import PASSWORD, USER, Orthanc, running
from scan_files import write_clinical_dicom
from toy_nnunet import DESCRIPTION, write_network

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import InputError, OutputError, UsageError
from DentalTopoSegLib.files.dicom_seg import read_dicom_seg
from DentalTopoSegLib.files.label_maps import read_fdi_labels
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.pacs import Address, Archive
from DentalTopoSegLib.pacs.connection import PASSWORD as PASSWORD_VARIABLE
from DentalTopoSegLib.pacs.connection import USER as USER_VARIABLE
from DentalTopoSegLib.runs.archive import ArchiveJob, choose_series, segment_from_archive

ROOT = Path(__file__).resolve().parents[3]
#: Grey values 100, 200, 300, 400 mean these.
LABELS = {"1": "Upper Right First Molar", "2": "Upper Left First Molar", "3": "Lower Left Canine", "4": "Mandible"}
TEETH = {1: 16, 2: 26, 3: 33}


def scan() -> Volume:
    """Three teeth and a jaw in a lying head: the patient's right at small x, the top at large z."""
    array = np.zeros((24, 20, 30), np.int16)
    array[14:21, 4:12, 3:9] = 100
    array[13:20, 5:12, 20:27] = 200
    array[4:10, 10:15, 14:17] = 300
    array[1:3, 2:18, 5:25] = 400
    return Volume(array, (1.0, 1.0, 1.0), (-15.0, -100.5, 7.25), name="scan")


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return write_network(tmp_path / "network", DESCRIPTION | {"heads": 5, "labels": LABELS})


@pytest.fixture
def archive(tmp_path: Path, monkeypatch) -> Iterator[Orthanc]:
    monkeypatch.setenv(USER_VARIABLE, USER)
    monkeypatch.setenv(PASSWORD_VARIABLE, PASSWORD)
    with running(tmp_path / "orthanc") as started:
        yield started


@pytest.fixture
def study(tmp_path: Path, archive: Orthanc) -> str:
    """The UID of a study with one scan, which is in the archive and nowhere else."""
    write_clinical_dicom(tmp_path / "clinic", scan(), number=5)
    files = sorted((tmp_path / "clinic").iterdir())
    Archive(Address(archive.url)).store(files)
    uid = str(pydicom.dcmread(files[0]).StudyInstanceUID)
    shutil.rmtree(tmp_path / "clinic")
    return uid


def fetched(archive: Archive, study: str, modality: str, folder: Path) -> list[Path]:
    """The objects of a modality, out of the archive, by the numbers of their series."""
    folder.mkdir()
    found = [one for one in archive.series(study) if one.modality == modality]
    files = []
    for series in sorted(found, key=lambda one: int(one.number)):
        into = folder / series.number
        into.mkdir()
        archive.fetch(study, series, into)
        files += sorted(into.iterdir())
    return files


def grown(labels: Volume, grid: Volume) -> np.ndarray:
    """Labels on a larger grid with the same voxels, whatever the order of their axes."""
    array = np.zeros(grid.shape, np.uint8)
    found = np.argwhere(labels.array)
    places = grid.ras_to_index(labels.index_to_ras(found))
    np.testing.assert_allclose(places, np.rint(places), atol=1e-3)
    array[tuple(np.rint(places).astype(int).T)] = labels.array[tuple(found.T)]
    return array


def test_the_round_trip(tmp_path: Path, archive: Orthanc, study: str, network: Path, capfd, caplog) -> None:
    """The whole command, then all of it asked for again: equal voxel by voxel; and nothing said tells who it is."""
    caplog.set_level(logging.DEBUG)
    out = tmp_path / "out"
    command = ["dicomweb", archive.url, "--study", study, "-o", str(out), "--store", "--surfaces"]
    assert cli.main([*command, "--models", str(network), "--precision", "fp32"]) == 0
    said = capfd.readouterr()
    (labels_file,) = out.glob("*_teeth.nii.gz")
    labels, _ = read_fdi_labels(labels_file)
    expected = np.zeros(256, np.uint8)
    expected[list(TEETH)] = list(TEETH.values())
    np.testing.assert_array_equal(labels.array, expected[scan().array // 100])

    there = Archive(Address(archive.url))
    seg, around = fetched(there, study, "SEG", tmp_path / "seg")
    read = read_dicom_seg(seg)
    assert read.warnings == read.beside == []
    np.testing.assert_array_equal(grown(read.teeth, labels), labels.array)
    (segment,) = pydicom.dcmread(around).SegmentSequence
    (kind,) = segment.SegmentedPropertyTypeCodeSequence
    assert (segment.SegmentLabel, kind.CodeValue) == ("lower jaw", "91609006")

    stls = fetched(there, study, "M3D", tmp_path / "stl")
    assert len(stls) == len(TEETH)
    for path in stls:
        dataset = pydicom.dcmread(path)
        assert int(dataset.DocumentTitle[:2]) in TEETH.values()
        trimesh = pytest.importorskip("trimesh")
        content = bytes(dataset.EncapsulatedDocument)[: dataset.EncapsulatedDocumentLength]
        mesh = trimesh.load(io.BytesIO(content), file_type="stl")
        where = labels.index_to_ras(np.argwhere(labels.array == int(dataset.DocumentTitle[:2]))) * (-1, -1, 1)
        assert mesh.is_watertight
        assert abs(mesh.volume / len(where) - 1) < 0.05
        np.testing.assert_allclose(mesh.center_mass, where.mean(axis=0), atol=0.2)

    first = pydicom.dcmread(seg)
    assert first.PatientID == "ID4711"
    told = said.out + said.err + caplog.text + "".join(path.name for path in out.iterdir())
    told += "".join(path.read_text("utf-8") for path in out.glob("*.json"))
    told += archive.url
    assert_no_identity(told, study)
    assert not [path for path in out.iterdir() if path.is_dir()], "the scan was left behind"


def assert_no_identity(text: str, study: str) -> None:
    for known in ("Secret", "4711", "19700101", study, PASSWORD):
        assert known not in text
    assert not re.search(r"\b[0-2]\.\d+(\.\d+){5,}", text), "a UID"


def test_stored_twice_is_stored_once(tmp_path: Path, archive: Orthanc, study: str, network: Path) -> None:
    from DentalTopoSegLib.options import RunOptions

    options = RunOptions(precision="fp32", models=str(network))
    job = ArchiveJob(Address(archive.url), study, tmp_path / "out", store=True)
    for _ in range(2):
        assert segment_from_archive(job, options).stored == 2  # teeth, and the jaw around them
    there = Archive(Address(archive.url))
    assert [one.instances for one in there.series(study) if one.modality == "SEG"] == [1, 1]


def test_what_an_archive_refuses_is_told_and_all_is_kept(
    tmp_path: Path, archive: Orthanc, study: str, network: Path
) -> None:
    """An archive that is full after the first object: what is stored and what is not is said, the files are there."""
    there = Archive(Address(archive.url))
    good = fetched(there, study, "CT", tmp_path / "ct")[0]
    other = pydicom.dcmread(good)
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    other.save_as(tmp_path / "a.dcm")
    bad = pydicom.dcmread(good)
    bad.SOPInstanceUID = bad.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    bad.PatientID = ""  # Orthanc keeps none without
    bad.StudyInstanceUID = study
    del bad.SOPClassUID
    bad.save_as(tmp_path / "b.dcm")
    with pytest.raises(OutputError, match=r"1 of 2 files are stored, the first that is not is 'b\.dcm'") as caught:
        there.store([tmp_path / "a.dcm", tmp_path / "b.dcm"])
    assert_no_identity(str(caught.value).replace(str(tmp_path), ""), study)
    assert (tmp_path / "b.dcm").exists()


def test_refusals_name_no_study(tmp_path: Path, archive: Orthanc, study: str, monkeypatch) -> None:
    there = Archive(Address(archive.url))
    unknown = "1.2.826.0.1.3680043.8.498.1"
    with pytest.raises(InputError, match="no such study") as caught:
        there.series(unknown)
    assert unknown not in str(caught.value)
    monkeypatch.setenv(PASSWORD_VARIABLE, "wrong")
    with pytest.raises(InputError, match=r"refuses who asks \(status 401\): set DENTALTOPOSEG_DICOMWEB_USER") as caught:
        Archive(Address(archive.url)).series(study)
    assert_no_identity(str(caught.value), study)
    monkeypatch.delenv(PASSWORD_VARIABLE)
    with pytest.raises(UsageError, match="Set both"):
        Archive(Address(archive.url))
    monkeypatch.delenv(USER_VARIABLE)
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine localhost login {USER} password {PASSWORD}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert len(Archive(Address(archive.url)).series(study)) == 1
    with pytest.raises(InputError, match=r"not DICOMweb's|does not have that"):
        Archive(Address(archive.url.replace("dicom-web", "app"))).series(study)


def test_nobody_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "DentalTopoSegLib", "dicomweb", "http://localhost:1/x", "--study", "1.2.3", "-o", "out"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == InputError.exit_code
    assert done.stderr.strip() == (
        "dentaltoposeg: The archive at 'http://localhost:1' cannot be reached, or it broke off: check the address and "
        "the network."
    )
    assert not (tmp_path / "out").exists()


def test_the_series_is_chosen_or_asked_for() -> None:
    from DentalTopoSegLib.pacs import Series

    one, two = Series("1.2.31", "3", "CT", 400), Series("1.2.32", "4", "CT", 300)
    seg = Series("1.2.4", "1000", "SEG", 1)
    assert choose_series([one, seg], None) == one
    assert choose_series([one, two], "4") == choose_series([one, two], "32") == two
    with pytest.raises(InputError, match=r"number 3 \(CT, 400 files\), number 4 .*Choose one with --series"):
        choose_series([one, two, seg], None)
    with pytest.raises(InputError, match=r"no series of CT images; it has: number 1000 \(SEG, 1 files\)"):
        choose_series([seg], None)
    with pytest.raises(UsageError, match="its number or the end of its UID"):
        choose_series([one], "Doe^Jane")
