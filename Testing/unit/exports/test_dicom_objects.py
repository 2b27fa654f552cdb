"""DICOM objects by the standard's own measure: dciodvfy, an independent validator, has no error with them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("highdicom", reason="highdicom is not installed: it writes DICOM objects")

import pydicom
from scan_files import oblique_direction, toy_dentition, write_clinical_dicom

from DentalTopoSegLib.exports.dicom_seg import write_dicom_seg
from DentalTopoSegLib.files.dicom_seg import is_dicom_seg, read_dicom_seg
from DentalTopoSegLib.files.label_maps import read_fdi_labels
from DentalTopoSegLib.files.seg_nrrd import write_seg_nrrd
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.runs.results import export_result

FEW = (11, 16, 36)


@pytest.fixture(params=["straight", "oblique"])
def case(request, tmp_path: Path) -> tuple[Path, Volume]:
    """The DICOM files of a scan, and three teeth; the oblique one has places whose numbers do not end."""
    image, labels = toy_dentition()
    few = np.where(np.isin(labels.array, FEW), labels.array, 0).astype(np.uint8)
    if request.param == "oblique":
        place = ((0.7 / 3, 0.7 / 3, 0.9 / 7), (-100 / 7, 50 / 3, 25 / 7), oblique_direction())
        image, labels = Volume(image.array, *place), Volume(few, *place)
    write_clinical_dicom(tmp_path / "scan", image)
    return tmp_path / "scan", labels.with_array(few)


def errors_of(path: Path) -> list[str]:
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("needs a validator: apt-get install dicom3tools")
    done = subprocess.run([program, str(path)], capture_output=True, text=True, check=False)
    said = (done.stdout + done.stderr).splitlines()
    assert said, "the validator says nothing"
    return [line for line in said if line.startswith("Error")]


def test_the_validator_sees_errors(case: tuple[Path, Volume], tmp_path: Path) -> None:
    """One that is planted: a number of 17 characters."""
    path = write_dicom_seg(case[1], case[0], tmp_path / "seg.dcm")
    dataset = pydicom.dcmread(path)
    del dataset.SegmentSequence[0].SegmentLabel
    dataset.save_as(path)
    assert errors_of(path)


def test_a_segmentation_has_no_errors_and_comes_back(case: tuple[Path, Volume], tmp_path: Path) -> None:
    scan, labels = case
    path = write_dicom_seg(labels, scan, tmp_path / "seg.dcm")
    assert errors_of(path) == []
    assert is_dicom_seg(path)
    read = read_dicom_seg(path)
    assert read.warnings == read.beside == [] and read.structures is None
    back = read.teeth
    found = np.argwhere(back.array)
    places = labels.ras_to_index(back.index_to_ras(found))
    np.testing.assert_allclose(places, np.rint(places), atol=0.01)
    again = np.zeros(labels.shape, np.uint8)
    again[tuple(np.rint(places).astype(int).T)] = back.array[tuple(found.T)]
    np.testing.assert_array_equal(again, labels.array)
    assert read_fdi_labels(path)[0].same_grid(back)


def test_surfaces_have_no_errors(case: tuple[Path, Volume], tmp_path: Path) -> None:
    pytest.importorskip("vtkmodules", reason="surfaces of label maps need the extra [export]")
    scan, labels = case
    labels_file = write_seg_nrrd(labels, tmp_path / "teeth.seg.nrrd")
    files, _ = export_result(labels_file, tmp_path / "out", "dicom-stl", scan=scan)
    assert sorted(files) == [f"tooth_{fdi}" for fdi in FEW]
    for path in files.values():
        assert errors_of(path) == []
    assert len({pydicom.dcmread(path).SeriesInstanceUID for path in files.values()}) == 1


def test_made_again_it_is_the_same_object_and_of_other_labels_another(
    case: tuple[Path, Volume], tmp_path: Path
) -> None:
    scan, labels = case
    other = labels.with_array(np.where(labels.array == 36, 37, labels.array).astype(np.uint8))
    uids = [
        str(pydicom.dcmread(write_dicom_seg(made, scan, tmp_path / f"{i}.dcm")).SOPInstanceUID)
        for i, made in enumerate((labels, labels, other))
    ]
    assert uids[0] == uids[1] != uids[2]
