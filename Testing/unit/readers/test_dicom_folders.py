"""Folders as colleagues hand them over: other objects beside the scan, CDs, slices twice, ids that tell nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_odd import assert_same_in_space, edit, enhanced, write_bare, write_object
from pydicom.dataset import Dataset
from pydicom.fileset import FileSet
from pydicom.uid import generate_uid
from scan_files import block, toy_dentition, write_clinical_dicom, write_dicom, write_multi_frame

from DentalTopoSegLib.errors import InputError, OutputError
from DentalTopoSegLib.files.label_maps import write_labelmap
from DentalTopoSegLib.files.volumes import Volume, read_volume
from DentalTopoSegLib.files.volumes.dicom import is_dicom_file, series_files
from DentalTopoSegLib.runs.results import export_result
from DentalTopoSegLib.runs.scans import scans_in

STORAGE = "1.2.840.10008.5.1.4.1.1."
WORDS = np.zeros((40, 60, 80), np.uint16)
#: (SOP class, modality, pixels, how it is called) of what may lie beside a scan and is none.
BESIDE = {
    "SEG": (STORAGE + "66.4", "SEG", np.ones((64, 60, 50), np.uint8), "1 DICOM segmentation"),
    "label map SEG": (STORAGE + "66.7", "SEG", np.ones((64, 60, 50), np.uint8), "1 DICOM segmentation"),
    "RTSTRUCT": (STORAGE + "481.3", "RTSTRUCT", None, "1 radiotherapy structure set"),
    "RTDOSE": (STORAGE + "481.2", "RTDOSE", WORDS, "1 radiotherapy dose"),
    "parametric map": (STORAGE + "30", "CT", WORDS, "1 parametric map"),
    "report": (STORAGE + "88.11", "SR", None, "1 structured report"),
    "PDF": (STORAGE + "104.1", "DOC", None, "1 document"),
    "presentation state": (STORAGE + "11.1", "PR", None, "1 presentation state"),
    "MR": (STORAGE + "4", "MR", WORDS, "1 MR scan"),
    "unknown class": ("1.2.3.4", "SEG", WORDS, "1 DICOM segmentation"),
    "secondary capture": (STORAGE + "7", "OT", WORDS[0], "series 1 (1 slice of 80 x 60"),
    "multi-frame secondary capture": (STORAGE + "7.3", "CT", WORDS, "series 1 (40 slices of 80 x 60"),
}


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_volume(path)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".")
    return message


# ---------------------------------------------------------------- what lies beside a scan


@pytest.mark.parametrize("kind", BESIDE)
def test_what_is_no_scan_is_left_aside_with_a_note(tmp_path: Path, kind: str) -> None:
    sop_class, modality, pixels, said = BESIDE[kind]
    write_dicom(tmp_path, block(), number=2)
    write_object(tmp_path / "a.dcm", sop_class, modality, pixels)
    read, warnings = read_volume(tmp_path)
    assert_same_in_space(read, block())
    assert len(warnings) == 1 and said in warnings[0]
    assert len(series_files(tmp_path)) == 14
    one = next(p for p in tmp_path.iterdir() if p.name != "a.dcm")
    assert_same_in_space(read_volume(one)[0], block())


@pytest.mark.parametrize("kind", [kind for kind in BESIDE if "capture" not in kind])
def test_what_is_no_scan_is_refused_by_its_name(tmp_path: Path, kind: str) -> None:
    sop_class, modality, pixels, said = BESIDE[kind]
    path = write_object(tmp_path / "a.dcm", sop_class, modality, pixels)
    name = said.removeprefix("1 ")
    assert name in refusal(path) and "cut short" not in refusal(path)
    assert f"only {said}" in refusal(tmp_path)


def test_our_own_segmentation_in_the_scans_folder(tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    scan, labels = toy_dentition()
    folder = tmp_path / "scan"
    write_clinical_dicom(folder, scan)
    map_ = write_labelmap(labels, tmp_path / "toy_teeth.nii.gz")
    before, _ = read_volume(folder)
    written = export_result(map_, folder, "dicom-seg", scan=folder)[0]["dicom-seg"]
    assert written.parent == folder
    after, warnings = read_volume(folder)
    np.testing.assert_array_equal(after.array, before.array)
    assert warnings[-1] == "Left aside, as no scan: 1 DICOM segmentation."
    export_result(map_, folder, "dicom-seg", scan=folder)  # and once more, over the first
    assert [path for path, _ in scans_in(tmp_path)] == [folder]


def test_a_folder_in_the_place_of_a_segmentation_is_refused_before_the_work(tmp_path: Path, monkeypatch) -> None:
    from DentalTopoSegLib.exports import dicom_seg

    map_ = write_labelmap(toy_dentition()[1], tmp_path / "toy.nii.gz")
    (tmp_path / "out" / "toy_teeth.dcm").mkdir(parents=True)
    monkeypatch.setattr(dicom_seg, "write_dicom_seg", lambda *_, **__: pytest.fail("the work was done"))
    with pytest.raises(OutputError, match="it is a folder"):
        export_result(map_, tmp_path / "out", "dicom-seg", scan=tmp_path)


# ---------------------------------------------------------------- CDs


def write_cd(folder: Path, *volumes: Volume) -> Path:
    files = FileSet()
    for number, volume in enumerate(volumes, start=1):
        write_dicom(folder.parent / f"{folder.name}_{number}", volume, number=number)
        for path in sorted((folder.parent / f"{folder.name}_{number}").iterdir()):
            file = pydicom.dcmread(path)
            file.StudyDate, file.StudyTime, file.StudyID, file.AccessionNumber = "20200101", "120000", "1", ""
            file.StudyInstanceUID = "1.2.3"
            files.add(file)
        shutil.rmtree(folder.parent / f"{folder.name}_{number}")
    files.write(folder)
    (folder / "README.TXT").write_text("Start viewer.exe")
    return folder


def test_a_dicomdir_stands_for_its_cd(tmp_path: Path) -> None:
    cd = write_cd(tmp_path / "CD", block())
    for path in (cd, cd / "DICOMDIR"):
        read, warnings = read_volume(path)
        assert_same_in_space(read, block())
        assert (read.name, warnings) == ("CD", [])


def test_a_cd_counts_once_in_a_batch(tmp_path: Path) -> None:
    root = tmp_path / "all"
    root.mkdir()
    cd = write_cd(root / "CD", block())
    assert scans_in(root) == [(cd, "CD")]
    assert [path for path, _ in scans_in(cd)] == [cd]


def test_a_cd_of_two_scans_counts_as_two(tmp_path: Path) -> None:
    root = tmp_path / "all"
    root.mkdir()
    cd = write_cd(root / "CD", block(), block((20, 12, 10)))
    scans = [path for path, _ in scans_in(root)]
    assert len(scans) == 2 and cd not in scans
    assert sorted(len(read_volume(path)[0].array) for path in scans) == [14, 20]


# ---------------------------------------------------------------- files and ids


@pytest.mark.parametrize("explicit", [False, True])
@pytest.mark.parametrize("suffix", ["", ".dcm", ".ima"])
def test_slices_without_preamble(tmp_path: Path, suffix: str, explicit: bool) -> None:
    write_dicom(tmp_path / "whole", block())
    bare = tmp_path / "bare"
    bare.mkdir()
    for number, path in enumerate(sorted((tmp_path / "whole").iterdir())):
        write_bare(pydicom.dcmread(path), bare / f"IM{number:04d}{suffix}", explicit)
    for path in (bare, bare / f"IM0003{suffix}"):
        assert_same_in_space(read_volume(path)[0], block())
    assert scans_in(tmp_path) == [(bare, "bare"), (tmp_path / "whole", "whole")]


def test_a_file_without_preamble_that_is_cut_short(tmp_path: Path) -> None:
    write_dicom(tmp_path / "whole", block())
    bare = tmp_path / "bare"
    bare.mkdir()
    for path in (tmp_path / "whole").iterdir():
        write_bare(pydicom.dcmread(path), bare / path.name)
    cut = bare / "slice004.dcm"
    cut.write_bytes(cut.read_bytes()[:-20])
    assert "slice004.dcm' is cut short" in refusal(bare)


@pytest.mark.parametrize(
    "content", [b"", b"\x08\0\x05\0", b"\x08\0\x05\0CS\x0a\0ISO_IR 100words", b"\x02\0\0\0words" * 9, b"words" * 99]
)
def test_what_only_begins_like_a_slice_is_no_dicom(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "notes").write_bytes(content)
    assert not is_dicom_file(tmp_path / "notes")


def one_id(file: Dataset, _: int) -> None:
    file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = "1.2.3"


def no_id(file: Dataset, _: int) -> None:
    del file.SOPInstanceUID


def own_series(file: Dataset, _: int) -> None:
    file.SeriesInstanceUID = generate_uid()


@pytest.mark.parametrize("change", [one_id, no_id, own_series])
def test_ids_that_are_not_what_they_should_be(tmp_path: Path, change: Callable[[Dataset, int], None]) -> None:
    write_dicom(tmp_path, block())
    edit(tmp_path, change)
    for path in (tmp_path, tmp_path / "slice003.dcm"):
        read, warnings = read_volume(path)
        assert_same_in_space(read, block())
        expected = ["Each slice calls itself a series of its own; together they were taken as one scan."]
        assert warnings == (expected if change is own_series else [])


def test_single_slices_of_two_studies_are_not_put_together(tmp_path: Path) -> None:
    write_dicom(tmp_path, block(), prefix="a")
    write_dicom(tmp_path, block(), prefix="b")
    edit(tmp_path, own_series)
    assert "2 scans" in refusal(tmp_path)


@pytest.mark.parametrize("new_id", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
def test_a_slice_twice_with_equal_pixels_counts_once(tmp_path: Path, new_id: bool, compressed: bool) -> None:
    write_dicom(tmp_path, block())
    file = pydicom.dcmread(tmp_path / "slice005.dcm")
    if new_id:
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    if compressed:
        file.compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    file.save_as(tmp_path / "again.dcm")
    read, warnings = read_volume(tmp_path)
    assert_same_in_space(read, block())
    assert warnings == (["1 slice is there twice with equal grey values: each was taken once."] if new_id else [])


@pytest.mark.parametrize("new_id", [False, True])
def test_two_slices_in_one_place_that_differ_are_named(tmp_path: Path, new_id: bool) -> None:
    write_dicom(tmp_path, block())
    file = pydicom.dcmread(tmp_path / "slice005.dcm")
    if new_id:
        file.SOPInstanceUID = file.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    file.PixelData = bytes(len(file.PixelData))
    file.save_as(tmp_path / "slice005_again.dcm")
    message = refusal(tmp_path)
    assert "two different slices at the same place" in message
    assert "'slice005.dcm'" in message and "'slice005_again.dcm'" in message


def test_a_whole_scan_copied_twice_counts_once(tmp_path: Path) -> None:
    write_dicom(tmp_path / "scan", block())
    shutil.copytree(tmp_path / "scan", tmp_path / "scan" / "copy")
    read, warnings = read_volume(tmp_path / "scan")
    assert_same_in_space(read, block())
    assert warnings == []


def test_slices_and_the_same_scan_in_one_file_are_two_scans(tmp_path: Path) -> None:
    write_dicom(tmp_path, block())
    enhanced(block()).write(tmp_path / "enhanced.dcm")
    assert "2 scans" in refusal(tmp_path)


def test_a_series_with_too_few_slices_cannot_be_chosen(tmp_path: Path) -> None:
    write_dicom(tmp_path, block(), number=1)
    write_dicom(tmp_path, block((1, 12, 10)), number=2, prefix="scout")
    with pytest.raises(InputError, match=r"Series '2' of .* is no scan of 8 slices or more"):
        read_volume(tmp_path, series="2")


# ---------------------------------------------------------------- DICOM SEG of a scan that lacks tags

EMPTY = (
    "PatientID",
    "StudyID",
    "AccessionNumber",
    "StudyDate",
    "PatientSex",
    "SliceThickness",
    "ReferringPhysicianName",
)


@pytest.mark.parametrize("lacking", [*((word,) for word in EMPTY), EMPTY], ids=lambda words: "+".join(words)[:20])
def test_a_segmentation_of_a_scan_without_optional_tags(tmp_path: Path, lacking: tuple[str, ...]) -> None:
    pytest.importorskip("highdicom")
    written = seg_of(tmp_path, lambda file, _: [file.pop(word, None) for word in lacking])
    seg = pydicom.dcmread(written)
    for word in lacking:
        if word != "SliceThickness":
            assert word in seg and not seg[word].value


@pytest.mark.parametrize("word", ["StudyInstanceUID", "FrameOfReferenceUID", "SOPInstanceUID"])
def test_a_segmentation_names_the_tag_that_its_scan_must_have(tmp_path: Path, word: str) -> None:
    pytest.importorskip("highdicom")
    with pytest.raises(InputError, match=f"{word} is missing"):
        seg_of(tmp_path, lambda file, _: file.pop(word))


@pytest.mark.parametrize(
    ("change", "said"), [(one_id, "SOPInstanceUID is the same"), (own_series, "SeriesInstanceUID is not the same")]
)
def test_a_segmentation_needs_ids_that_tell_its_slices_apart(tmp_path: Path, change, said: str) -> None:
    pytest.importorskip("highdicom")
    with pytest.raises(InputError, match=said):
        seg_of(tmp_path, change)


def seg_of(folder: Path, change: Callable[[Dataset, int], object]) -> Path:
    """The DICOM SEG of a scan whose slices were changed."""
    from DentalTopoSegLib.exports.dicom_seg import write_dicom_seg

    scan = block((10, 12, 10))
    write_clinical_dicom(folder / "scan", scan)
    edit(folder / "scan", change)
    labels = np.zeros(scan.shape, np.uint8)
    labels[2:8, 2:8, 2:8] = 11
    return write_dicom_seg(scan.with_array(labels), folder / "scan", folder / "teeth.dcm")


def test_a_classic_file_of_many_frames_beside_its_slices(tmp_path: Path) -> None:
    write_dicom(tmp_path, block())
    write_multi_frame(tmp_path / "all.dcm", block(), enhanced=False)
    assert "2 scans" in refusal(tmp_path)
