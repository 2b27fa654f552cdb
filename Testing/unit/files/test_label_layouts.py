"""Label maps of other programs: what their values mean is told by the user or the file, and never guessed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scan_files import toy_dentition
from scipy import ndimage

from DentalTopoSegLib import dentition
from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.files.label_maps import read_fdi_labels, write_labelmap
from DentalTopoSegLib.files.label_tables import names_in_nifti
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.runs.checking import check_file
from DentalTopoSegLib.runs.repairing import repair_file
from DentalTopoSegLib.runs.results import export_result

NUMBERED = ("universal", "totalsegmentator", "sequential", "toothfairy2", "toothfairy3")
#: TotalSegmentator's classes 11 to 42 are the teeth in FDI order, 46 to 77 their pulps.
TOTAL = {fdi: 11 + i for i, fdi in enumerate(dentition.FDI_PERMANENT)}


def written(array: np.ndarray, path: Path) -> Path:
    """A label map in other values, on the toy's grid."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(toy_dentition()[1].with_array(array).to_sitk(), str(path))
    return path


def in_values(values: dict[int, int], kind: type = np.uint8) -> np.ndarray:
    table = np.zeros(256, kind)
    table[list(values)] = list(values.values())
    return table[toy_dentition()[1].array]


def total_map() -> np.ndarray:
    """TotalSegmentator's, with jaws and a pulp in the middle of a tooth."""
    array = in_values(TOTAL)
    array[:2, :5, :5] = 1
    tooth = np.argwhere(array == TOTAL[11])
    array[tuple(np.rint(tooth.mean(axis=0)).astype(int))] = TOTAL[11] + 35
    return array


@pytest.mark.parametrize("numbering", NUMBERED)
def test_what_is_written_in_a_numbering_is_read_again(tmp_path: Path, numbering: str) -> None:
    """Also without a word: the names of the values are in the file."""
    _, labels = toy_dentition()
    path = write_labelmap(labels, tmp_path / "a.nii.gz", numbering)
    stated, (told, warnings) = read_fdi_labels(path, numbering)[0], read_fdi_labels(path)
    for read in (stated, told):
        np.testing.assert_array_equal(read.array, labels.array)
        assert read.same_grid(labels)
    assert warnings == ["What its values mean was taken from the names in the file."]


def test_the_table_in_the_file_is_that_of_nibabel(tmp_path: Path) -> None:
    nibabel = pytest.importorskip("nibabel")
    path = write_labelmap(toy_dentition()[1], tmp_path / "a.nii.gz", "totalsegmentator")
    image = nibabel.load(path)
    assert np.unique(np.asarray(image.dataobj)).tolist() == [0, *(v for f, v in TOTAL.items() if f not in (38, 48))]
    (extension,) = image.header.extensions
    assert b'<Label Key="19" ' in extension.get_content()
    assert b"upper_left_central_incisor_fdi21" in extension.get_content()
    # and one that nibabel writes, as TotalSegmentator does
    told = "".join(f'<Label Key="{v}" Red="1"><![CDATA[tooth_fdi{f}]]></Label>\n' for f, v in TOTAL.items())
    other = nibabel.Nifti1Image(np.asarray(image.dataobj), image.affine)
    text = f'<?xml version="1.0"?> <CaretExtension><LabelTable>{told}</LabelTable></CaretExtension>'
    other.header.extensions.append(nibabel.nifti1.Nifti1Extension(0, text.encode()))
    nibabel.save(other, tmp_path / "b.nii.gz")
    assert names_in_nifti(tmp_path / "b.nii.gz") == {v: f"tooth_fdi{f}" for f, v in TOTAL.items()}
    np.testing.assert_array_equal(read_fdi_labels(tmp_path / "b.nii.gz")[0].array, toy_dentition()[1].array)


def test_a_tooth_without_a_value_is_refused(tmp_path: Path) -> None:
    milk = toy_dentition()[1].with_array(np.where(toy_dentition()[1].array == 11, 51, 0).astype(np.uint8))
    with pytest.raises(InputError, match="Tooth 51 has no value in the numbering 'totalsegmentator'"):
        write_labelmap(milk, tmp_path / "a.nii.gz", "totalsegmentator")
    assert list(tmp_path.iterdir()) == []


def test_the_export_writes_totalsegmentators_values(tmp_path: Path) -> None:
    path = write_labelmap(toy_dentition()[1], tmp_path / "a.nii.gz")
    command = ["export", str(path), "-o", str(tmp_path / "out"), "--format", "nifti"]
    assert cli.main([*command, "--to-numbering", "totalsegmentator", "--quiet"]) == 0
    read = sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out" / "a_teeth.nii.gz")))
    np.testing.assert_array_equal(read, in_values(TOTAL))
    with pytest.raises(UsageError, match="--to-numbering is only for --format nifti"):
        export_result(path, tmp_path / "out", "csv", to_numbering="sequential")


# ---------------------------------------------------------------- what is read, and what is asked


def test_a_map_of_totalsegmentator_is_asked_about(tmp_path: Path) -> None:
    path = written(total_map(), tmp_path / "teeth.nii.gz")
    with pytest.raises(InputError, match="say what they mean with --numbering totalsegmentator, or --numbering fdi"):
        read_fdi_labels(path)
    read, warnings = read_fdi_labels(path, "totalsegmentator")
    np.testing.assert_array_equal(read.array, toy_dentition()[1].array)  # the pulp is a part of its tooth
    assert warnings == ["Left aside, being no teeth: lower jawbone."]


def test_teeth_by_fdi_numbers_beside_canals_of_another_layout_are_asked_about(tmp_path: Path) -> None:
    """ToothFairy's teeth are FDI numbers: taken as such, its jaws and canals would be lost without a word."""
    array = toy_dentition()[1].array.copy()
    array[:2, :5, :5], array[:2, -5:, :5] = 1, 3
    path = written(array, tmp_path / "a.nii.gz")
    with pytest.raises(InputError, match=r"--numbering toothfairy2 .*or --numbering fdi to leave the others out"):
        read_fdi_labels(path)
    read, _ = read_fdi_labels(path, "fdi")
    assert set(np.unique(read.array)) == set(np.unique(toy_dentition()[1].array))


def test_values_that_several_layouts_know_name_all_of_them(tmp_path: Path) -> None:
    array = in_values({fdi: fdi for fdi in dentition.FDI_PERMANENT})
    array[:2, :5, :5] = 3
    path = written(array, tmp_path / "a.nii.gz")  # ToothFairy's, or TotalSegmentator's without half of its teeth
    with pytest.raises(
        InputError, match="--numbering totalsegmentator or --numbering toothfairy2 or --numbering toothfairy3"
    ):
        read_fdi_labels(path)
    for numbering in ("toothfairy2", "toothfairy3"):
        read, warnings = read_fdi_labels(path, numbering)
        np.testing.assert_array_equal(read.array, toy_dentition()[1].array)
        assert warnings == ["Left aside, being no teeth: left inferior alveolar canal."]


def test_toothfairy3_has_pulps_and_small_canals(tmp_path: Path) -> None:
    array = in_values({fdi: fdi for fdi in dentition.FDI_PERMANENT}, np.uint16)
    tooth = np.argwhere(array == 36)
    array[tuple(np.rint(tooth.mean(axis=0)).astype(int))] = 136
    array[:2, :5, :5] = 105
    path = written(array, tmp_path / "a.nii.gz")
    read, warnings = read_fdi_labels(path, "toothfairy3")
    np.testing.assert_array_equal(read.array, toy_dentition()[1].array)
    assert warnings == ["Left aside, being no teeth: lingual canal."]
    with pytest.raises(InputError, match="--numbering toothfairy3, or --numbering fdi to leave the others out"):
        read_fdi_labels(path)  # the same teeth, but the canal would be lost
    assert read_fdi_labels(path, "fdi")[1] == ["Taken as background, being no teeth by fdi numbering: 105."]


@pytest.mark.parametrize("v1", [False, True])
def test_a_dataset_file_tells_what_values_mean(tmp_path: Path, v1: bool) -> None:
    """Of an nnU-Net data set, in both of its layouts; the labels in any order."""
    order = [17, *(fdi for fdi in dentition.FDI_PERMANENT if fdi != 17)]
    path = written(in_values({fdi: i for i, fdi in enumerate(order, start=1)}), tmp_path / "labelsTr" / "case_1.nii.gz")
    names = {i: dentition.plain_name(fdi).title() for i, fdi in enumerate(order, start=1)}
    labels = {str(i): name for i, name in names.items()} if v1 else {name: i for i, name in names.items()}
    labels |= {"0": "background"} if v1 else {"background": 0}
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": labels}))
    read, warnings = read_fdi_labels(path)
    np.testing.assert_array_equal(read.array, toy_dentition()[1].array)
    assert warnings == ["What its values mean was taken from 'dataset.json' beside it."]
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": [1, 2]}))
    with pytest.raises(InputError, match=r"dataset\.json' has no readable list of labels: mend it, or say with --num"):
        read_fdi_labels(path)
    assert read_fdi_labels(path, "sequential")[0].array.any()


# ---------------------------------------------------------------- findings and repairs


@pytest.mark.parametrize("numbering", NUMBERED)
def test_findings_and_repairs_are_those_of_our_own_labels(tmp_path: Path, numbering: str) -> None:
    """A hollow tooth in another program's values is found and mended as in FDI numbers."""
    _, labels = toy_dentition()
    array = labels.array.copy()
    middle = tuple(np.rint(np.argwhere(array == 16).mean(axis=0)).astype(int))
    array[middle] = 0
    own = write_labelmap(labels.with_array(array), tmp_path / "own.nii.gz")
    other = write_labelmap(labels.with_array(array), tmp_path / "other.nrrd", numbering)
    found = [finding.to_dict() for finding in check_file(own).findings]
    assert [f["code"] for f in found if f["teeth"] == [16] and f["code"] == "void"]
    assert [finding.to_dict() for finding in check_file(other, numbering=numbering).findings] == found
    run = repair_file(other, tmp_path / "mended.nii.gz", all_safe=True, numbering=numbering)
    assert not [finding for finding in run.after if finding.code == "void"]
    assert read_fdi_labels(tmp_path / "mended.nii.gz")[0].array[middle] == 16


# ---------------------------------------------------------------- teeth of a jaw in one label


def grouped(tmp_path: Path, upper: int = 3, lower: int = 4) -> Path:
    """DentalSegmentator's five classes: the toy's teeth in two labels, the lower with a hollow and a speck."""
    labels = toy_dentition()[1].array
    array = np.where(labels // 10 <= 2, np.where(labels > 0, upper, 0), lower).astype(np.uint8)
    array[tuple(np.rint(np.argwhere(labels == 36).mean(axis=0)).astype(int))] = 0
    array[0, 0, 0] = lower
    array[:2, 40:45, 40:45] = 2
    return written(array, tmp_path / "ds.nii.gz")


def test_of_dentalsegmentator_is_said_what_can_be_said(tmp_path: Path, capsys) -> None:
    path = grouped(tmp_path)
    with pytest.raises(InputError, match=r"They may be --numbering .*dentalsegmentator"):
        check_file(path)
    report = check_file(path, numbering="dentalsegmentator").report
    rows = {row["name"]: row for row in report["structures"]}
    assert set(rows) == {"mandible", "upper teeth", "lower teeth"}
    array = sitk.GetArrayFromImage(sitk.ReadImage(str(path)))
    pieces = {value: ndimage.label(array == value, np.ones((3, 3, 3)))[1] for value in (3, 4)}
    told = {name: (row["pieces"], row["specks"], row["cavities"]) for name, row in rows.items()}
    assert told["upper teeth"] == (pieces[3], 0, 0)
    assert told["lower teeth"] == (pieces[4], 1, 1)
    assert report["teeth"] == report["findings"] == []
    assert any("no numbers here: missing" in text for text in report["warnings"])
    assert cli.main(["check", str(path), "--numbering", "dentalsegmentator"]) == 0
    said = capsys.readouterr()
    assert f"1 of the {pieces[4]} pieces of the lower teeth are smaller than any tooth." in said.out
    assert "hold 1 closed hollows" in said.out
    with pytest.raises(InputError, match="only `check` can say something of it"):
        export_result(path, tmp_path / "out", "stl", numbering="dentalsegmentator")


def test_swapped_jaws_of_grouped_labels_are_seen(tmp_path: Path) -> None:
    report = check_file(grouped(tmp_path, upper=4, lower=3), numbering="dentalsegmentator").report
    assert any("The upper teeth lie below the lower teeth" in text for text in report["warnings"])
    report = check_file(grouped(tmp_path, upper=7, lower=2), numbering="craniofacial").report
    assert not any("lie below" in text for text in report["warnings"])


def test_names_tell_grouped_labels_too(tmp_path: Path) -> None:
    path = grouped(tmp_path)
    names = ["background", "Maxilla & Upper Skull", "Mandible", "Upper Teeth", "Lower Teeth", "Mandibular canal"]
    (tmp_path / "dataset.json").write_text(json.dumps({"labels": {name: i for i, name in enumerate(names)}}))
    assert {row["name"] for row in check_file(path).report["structures"]} == {"Mandible", "Upper Teeth", "Lower Teeth"}


def test_a_volume_on_an_oblique_grid_keeps_its_place(tmp_path: Path) -> None:
    """The names in the file do not move the voxels."""
    from scan_files import oblique_direction

    labels = Volume(toy_dentition()[1].array, (0.3, 0.4, 0.5), (3.0, -5.0, 7.0), oblique_direction())
    read, _ = read_fdi_labels(write_labelmap(labels, tmp_path / "a.nii.gz", "toothfairy2"))
    np.testing.assert_array_equal(read.array, labels.array)
    assert read.same_grid(labels)
