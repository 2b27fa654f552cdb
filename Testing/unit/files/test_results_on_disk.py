"""Files that other programs open: label map, Slicer segmentation, report; together or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scan_files import block, toy_dentition

from DentalTopoSegLib import dentition
from DentalTopoSegLib.dentition import Confidence
from DentalTopoSegLib.errors import InputError, OutputError
from DentalTopoSegLib.files.json_text import write_report_json
from DentalTopoSegLib.files.label_maps import read_fdi_labels, to_fdi, write_labelmap
from DentalTopoSegLib.files.seg_nrrd import segment_name, stored_confidence, terminology_entry, write_seg_nrrd
from DentalTopoSegLib.files.transactions import all_or_nothing, require_writable
from DentalTopoSegLib.files.volumes import read_labels

ALL_TEETH = dentition.FDI_PERMANENT + dentition.FDI_DECIDUOUS


def test_label_map_comes_back_on_its_grid(tmp_path: Path) -> None:
    _, labels = toy_dentition()
    read = read_labels(write_labelmap(labels, tmp_path / "teeth.nii.gz"))
    assert read.same_grid(labels, 1e-3)
    assert read.array.dtype == np.uint8
    np.testing.assert_array_equal(read.array, labels.array)


def test_segmentation_has_one_coded_segment_per_tooth(tmp_path: Path) -> None:
    _, labels = toy_dentition()
    path = write_seg_nrrd(labels, tmp_path / "teeth.seg.nrrd", {11: 0.934, 36: 1.0})
    image = sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), labels.array)
    header = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    present = [int(v) for v in np.unique(labels.array) if v]
    assert [int(header[f"Segment{i}_LabelValue"]) for i in range(len(present))] == present
    assert f"Segment{len(present)}_ID" not in header
    for i, fdi in enumerate(present):
        assert header[f"Segment{i}_Name"] == f"{fdi} {dentition.plain_name(fdi)}"
        assert f"SCT^{dentition.snomed_code(fdi)}^{dentition.name(fdi)}" in header[f"Segment{i}_Tags"]
        color = [round(255 * float(c)) for c in header[f"Segment{i}_Color"].split()]
        assert tuple(color) == dentition.color(fdi)
        x0, x1, y0, y1, z0, z1 = (int(v) for v in header[f"Segment{i}_Extent"].split())
        where = np.argwhere(labels.array == fdi)
        assert [z0, y0, x0] == where.min(axis=0).tolist()
        assert [z1, y1, x1] == where.max(axis=0).tolist()
    first = present.index(11)
    assert "DentalTopoSeg.Confidence:0.9340|" in header[f"Segment{first}_Tags"]
    assert "Confidence" not in header[f"Segment{present.index(12)}_Tags"]


@pytest.mark.parametrize("calibrated", [True, False])
def test_a_segmentation_carries_what_its_confidences_are(tmp_path: Path, calibrated: bool) -> None:
    _, labels = toy_dentition()
    known = Confidence({11: 0.5, 36: 0.9}, calibrated=calibrated)
    read = stored_confidence(read_labels(write_seg_nrrd(labels, tmp_path / "teeth.seg.nrrd", known)))
    assert (read, read.calibrated) == (known, calibrated)


def test_a_confidence_that_does_not_say_what_it_is_is_a_score(tmp_path: Path) -> None:
    """As the first versions wrote it."""
    _, labels = toy_dentition()
    path = write_seg_nrrd(labels, tmp_path / "teeth.seg.nrrd", Confidence({11: 0.5, 36: 0.9}, calibrated=True))
    read = read_labels(path)
    for key, value in read.metadata.items():
        read.metadata[key] = value.replace("DentalTopoSeg.ConfidenceIs:probability|", "", 1)
        if read.metadata[key] != value:
            break
    confidence = stored_confidence(read)
    assert (confidence, confidence.calibrated) == ({11: 0.5, 36: 0.9}, False)


def test_terminology_entries_have_seven_parts_and_are_unique() -> None:
    entries = [terminology_entry(fdi) for fdi in ALL_TEETH]
    assert all(len(entry.split("~")) == 7 for entry in entries)
    assert len(set(entries)) == len(entries)
    assert all("|" not in entry and ":" not in entry for entry in entries)  # they separate a segment's tags
    assert segment_name(16) == "16 upper right first molar"


def test_segmentation_codes_are_read_back_whatever_the_label_values(tmp_path: Path) -> None:
    """Slicer renumbers label values when segments are edited; the codes still say which tooth it is."""
    _, labels = toy_dentition()
    path = write_seg_nrrd(labels, tmp_path / "teeth.seg.nrrd")
    image = sitk.ReadImage(str(path))
    count = len(np.unique(labels.array)) - 1
    renumbered = np.zeros_like(labels.array)
    for i in range(count):
        renumbered[labels.array == int(image.GetMetaData(f"Segment{i}_LabelValue"))] = i + 1
    other = sitk.GetImageFromArray(renumbered)
    other.CopyInformation(image)
    for key in image.GetMetaDataKeys():
        other.SetMetaData(key, image.GetMetaData(key))
    for i in range(count):
        other.SetMetaData(f"Segment{i}_LabelValue", str(i + 1))
    sitk.WriteImage(other, str(tmp_path / "edited.seg.nrrd"))
    read, warnings = read_fdi_labels(tmp_path / "edited.seg.nrrd")
    np.testing.assert_array_equal(read.array, labels.array)
    assert warnings == []


@pytest.mark.parametrize("numbering", ["fdi", "universal", "totalsegmentator", "sequential"])
def test_every_numbering_reaches_all_permanent_teeth(numbering: str) -> None:
    assert set(dentition.label_values(numbering).values()) >= set(dentition.FDI_PERMANENT)
    with pytest.raises(InputError, match="unknown"):
        dentition.label_values("zsigmondy")


def test_foreign_values_are_left_out_and_named(tmp_path: Path) -> None:
    _, labels = toy_dentition()
    array = labels.array.astype(np.uint16)
    array[0, 0, :2] = 7, 300
    path = write_labelmap_16(labels.with_array(array), tmp_path / "mixed.nii.gz")
    read, warnings = read_fdi_labels(path, "fdi")
    np.testing.assert_array_equal(read.array, labels.array)
    assert len(warnings) == 1
    assert "7, 300" in warnings[0]


def write_labelmap_16(labels, path: Path) -> Path:
    sitk.WriteImage(labels.to_sitk(), str(path))
    return path


def test_no_tooth_by_this_numbering_is_refused_with_a_hint(tmp_path: Path) -> None:
    labels = block().with_array(np.where(block().array > 800, 3, 0).astype(np.uint8))
    path = write_labelmap(labels, tmp_path / "one.nii.gz")
    with pytest.raises(InputError, match="--numbering universal"):
        read_fdi_labels(path)
    assert set(np.unique(read_fdi_labels(path, "universal")[0].array)) == {0, 16}
    assert set(np.unique(read_fdi_labels(path, "sequential")[0].array)) == {0, 13}


def test_several_values_may_mean_one_tooth() -> None:
    labels = block().with_array(np.where(block().array > 800, 11, 46).astype(np.uint8))
    fdi, ignored = to_fdi(labels, dentition.label_values("totalsegmentator"))
    assert set(np.unique(fdi.array)) == {11}
    assert ignored == []


def test_reports_are_plain_json(tmp_path: Path) -> None:
    report = {"a": np.float32(0.5), "b": np.arange(3), "c": (1, None), "d": float("nan"), 11: "żółty"}
    report["e"] = np.bool_(True)
    path = write_report_json(report, tmp_path / "r.json")
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read == {"a": 0.5, "b": [0, 1, 2], "c": [1, None], "d": None, "11": "żółty", "e": True}


def test_results_replace_older_ones_together(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "results"
    for content in ("first", "second"):
        with all_or_nothing(folder) as stage:
            (stage / "a.txt").write_text(content)
            (stage / "b.txt").write_text(content)
    assert sorted(p.name for p in folder.iterdir()) == ["a.txt", "b.txt"]
    assert (folder / "a.txt").read_text() == "second"


@pytest.mark.parametrize("error", [KeyboardInterrupt, InputError("x"), OSError(28, "No space left on device")])
def test_a_failed_run_leaves_nothing(tmp_path: Path, error) -> None:
    folder = tmp_path / "new" / "results"
    expected = OutputError if isinstance(error, OSError) else type(error) if isinstance(error, Exception) else error
    with pytest.raises(expected), all_or_nothing(folder) as stage:
        (stage / "a.txt").write_text("half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_a_move_that_fails_midway_is_taken_back(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "a.txt").write_text("old")
    replace = os.replace

    def full_at_b(source, target):
        if Path(target).name == "b.txt":
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full_at_b)
    with pytest.raises(OutputError, match="No space left"), all_or_nothing(tmp_path) as stage:
        (stage / "a.txt").write_text("new")
        (stage / "b.txt").write_text("new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


def test_an_unusable_folder_shows_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        require_writable(tmp_path / "file" / "results")
    require_writable(tmp_path / "fresh" / "results")
    assert not (tmp_path / "fresh").exists()  # a run that fails later leaves no empty folder


def test_a_read_only_folder_is_refused_early(tmp_path: Path, monkeypatch) -> None:
    def read_only(*_, **__):
        raise OSError(30, "Read-only file system")

    if not hasattr(os, "geteuid") or os.geteuid() == 0:  # may write everywhere, so the system's answer is played
        monkeypatch.setattr("tempfile.mkdtemp", read_only)
        monkeypatch.setattr("os.mkdir", read_only)
    else:
        tmp_path.chmod(0o555)
    with pytest.raises(OutputError, match="cannot be written"):
        require_writable(tmp_path)
    with pytest.raises(OutputError, match="cannot be written"):
        require_writable(tmp_path / "results")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="file size limits are a POSIX facility")
def test_a_full_folder_is_refused_early(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes writes fail after 1 kB just as a full disk does."""
    code = """
import resource, signal, sys
from pathlib import Path
from DentalTopoSegLib.errors import OutputError
from DentalTopoSegLib.files.transactions import require_writable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    require_writable(Path(sys.argv[1]))
except OutputError as error:
    print(error)
    sys.exit(error.exit_code)
"""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env=dict(os.environ, PYTHONPATH=str(root)), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 6, done.stderr
    assert "cannot be written" in done.stdout
    assert list(tmp_path.iterdir()) == []
