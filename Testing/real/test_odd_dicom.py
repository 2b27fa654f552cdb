"""The makers of odd DICOM in cases/ beside the real scans: each file gives the phantom's voxels, or the true reason.

Where the voxels are the phantom's, in the same places, so are the labels.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from dicom_odd import assert_same_in_space

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume, read_volume, write_volume
from DentalTopoSegLib.runs.scans import scans_in


@pytest.fixture(scope="module")
def phantom(tmp_path_factory) -> tuple[Path, Volume]:
    from DentalTopoSegLib.phantom import make_phantom

    path = write_volume(make_phantom(seed=0).image, tmp_path_factory.mktemp("phantom") / "phantom_0.nii.gz")
    return path, read_volume(path)[0]


def make(real_data: Path, number: str, phantom: tuple[Path, Volume], out: Path) -> Path:
    """The files of one maker."""
    makers = sorted((real_data.parent / "cases").glob(f"{number}_*.py"))
    if not makers:
        pytest.skip(f"no maker {number} here: they lie in cases/ beside the real scans")
    subprocess.run([sys.executable, makers[0], out, phantom[0]], check=True, capture_output=True)
    return out


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_volume(path)
    message = str(caught.value)
    assert "\n" not in message and message.endswith(".")
    return message


def test_02_many_frames_without_positions(real_data: Path, phantom, tmp_path: Path) -> None:
    out = make(real_data, "02", phantom, tmp_path / "out")
    assert "left and right" in refusal(out / "plain.dcm")
    for name in ("top", "gap"):
        read, warnings = read_volume(out / f"{name}.dcm")
        assert_same_in_space(read, phantom[1])
        assert "0.5 mm apart" in warnings[0]


def test_03_rounded_positions(real_data: Path, phantom, tmp_path: Path) -> None:
    out = make(real_data, "03", phantom, tmp_path / "out")
    for name in ("r1", "r2", "r3"):
        read, warnings = read_volume(out / name)
        reference, _ = read_volume(out / f"reference_{name}.nii.gz")
        np.testing.assert_array_equal(read.array, reference.array)
        assert read.spacing == pytest.approx(reference.spacing, abs=1e-3)
        assert np.abs(np.subtract(read.origin, reference.origin)).max() <= 0.05
        assert warnings == []
        (out / name / "0100.dcm").unlink()
        assert "lacks 1 of its slices" in refusal(out / name)
        shutil.rmtree(out / name)


def test_04_bright_and_dark_turned_around(real_data: Path, phantom, tmp_path: Path) -> None:
    out = make(real_data, "04", phantom, tmp_path / "out")
    for name in ("inverted", "flagged"):
        assert "MONOCHROME1" in refusal(out / name)


def test_05_3shapes_meshes(real_data: Path, phantom, tmp_path: Path) -> None:
    out = make(real_data, "05", phantom, tmp_path / "out")
    for path in (out / "scan.dcm", out / "order"):
        assert "3Shape" in refusal(path)


def test_07_ids(real_data: Path, phantom, tmp_path: Path) -> None:
    out = make(real_data, "07", phantom, tmp_path / "out")
    for name in ("series", "sop", "nosop"):
        assert_same_in_space(read_volume(out / name)[0], phantom[1])


def test_09_a_slice_twice(real_data: Path, phantom, tmp_path: Path) -> None:
    out = make(real_data, "09", phantom, tmp_path / "out")
    read, warnings = read_volume(out / "same")
    assert_same_in_space(read, phantom[1])
    assert "twice" in warnings[0]
    assert "'0070.dcm' and 'again.dcm'" in refusal(out / "other")


def test_10_a_cd(real_data: Path, phantom, tmp_path: Path) -> None:
    out = make(real_data, "10", phantom, tmp_path / "out")
    for path in (out / "CD", out / "CD" / "DICOMDIR"):
        assert_same_in_space(read_volume(path)[0], phantom[1])
    assert [path for path, _ in scans_in(out)] == [out / "CD"]


def test_11_no_preamble(real_data: Path, phantom, tmp_path: Path) -> None:
    out = make(real_data, "11", phantom, tmp_path / "out")
    for path in (out / "dcm", out / "bare", out / "bare" / "IM0007"):
        assert_same_in_space(read_volume(path)[0], phantom[1])


def test_12_transfer_syntaxes(real_data: Path, phantom, tmp_path: Path, capfd) -> None:
    out = make(real_data, "12", phantom, tmp_path / "out")
    for name in ("rle", "jpegls", "big", "deflated"):
        assert_same_in_space(read_volume(out / name)[0], phantom[1])
    assert "High-Throughput JPEG 2000" in refusal(out / "htj2k")
    assert capfd.readouterr().err == ""


def test_21_a_segmentation_of_a_scan_that_lacks_tags(real_data: Path, phantom, tmp_path: Path) -> None:
    pytest.importorskip("highdicom")
    from DentalTopoSegLib.exports.dicom_seg import write_dicom_seg

    out = make(real_data, "21", phantom, tmp_path / "out")
    labels = np.zeros(phantom[1].shape, np.uint8)
    labels[60:70, 80:90, 80:90] = 11
    must_have = ("FrameOfReferenceUID", "StudyInstanceUID")
    for folder in sorted(out.iterdir()):
        assert_same_in_space(read_volume(folder)[0], phantom[1])
        if folder.name in must_have or folder.name == "all":
            with pytest.raises(InputError, match=r"(FrameOfReference|StudyInstance)UID is missing") as caught:
                write_dicom_seg(phantom[1].with_array(labels), folder, tmp_path / "x.dcm")
            assert "Case" not in str(caught.value)
        else:
            written = write_dicom_seg(phantom[1].with_array(labels), folder, tmp_path / f"{folder.name}.dcm")
            assert written.stat().st_size > 1000
