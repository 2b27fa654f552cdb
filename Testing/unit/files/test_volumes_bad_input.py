"""Every input that cannot be used is refused in one sentence that names the file and says what to do."""

from __future__ import annotations

import gzip
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scan_files import block, oblique_direction, toy_dentition, write_dicom, write_file, write_multi_frame

from DentalTopoSegLib.errors import InputError, MemoryLimitError
from DentalTopoSegLib.files.volumes import Volume, read_labels, read_volume
from DentalTopoSegLib.files.volumes.dicom import check_slice_positions
from DentalTopoSegLib.phantom import make_phantom


def refusal(path: Path, **options) -> str:
    """The sentence read_volume refuses with; it names the file and is one paragraph without a traceback."""
    with pytest.raises(InputError) as caught:
        read_volume(path, **options)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message
    assert message.endswith(".")
    assert not {"ITK", "itk::", "Exception", "None"} & set(message.replace(":", " ").split())
    return message


def test_missing_file(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "absent.nii.gz")


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha", ".dcm"])
def test_empty_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"empty{suffix}"
    path.touch()
    assert "empty" in refusal(path)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".dcm"])
@pytest.mark.parametrize("share", [0.02, 0.4, 0.97])
def test_truncated_file(tmp_path: Path, suffix: str, share: float, capfd) -> None:
    noise = np.random.default_rng(1).integers(0, 4000, (20, 32, 32)).astype(np.int16)
    scan = block((20, 32, 32)).with_array(noise)
    if suffix == ".dcm":
        write_dicom(tmp_path, scan)
        path = cut = sorted(tmp_path.glob("*.dcm"))[2]
    else:
        path = cut = write_file(scan, tmp_path / f"scan{suffix}")
        data = [p for p in tmp_path.iterdir() if p != path]
        cut = data[0] if data else path
    cut.write_bytes(cut.read_bytes()[: int(share * cut.stat().st_size)])
    message = refusal(tmp_path if suffix == ".dcm" else path)
    assert "cut short" in message or "damaged" in message or "copy" in message.lower()
    assert "Traceback" not in capfd.readouterr().err


def test_a_gzip_of_several_members_is_whole(tmp_path: Path) -> None:
    """bgzip and pigz write several members; the size in the last four bytes is then only the last one's."""
    raw = write_file(block(), tmp_path / "plain.nii").read_bytes()
    path = tmp_path / "members.nii.gz"
    path.write_bytes(gzip.compress(raw[:1000]) + gzip.compress(raw[1000:]))
    np.testing.assert_array_equal(read_volume(path)[0].array, block().array)


def test_detached_data_file_missing(tmp_path: Path) -> None:
    path = write_file(block(), tmp_path / "scan.mhd")
    (tmp_path / "scan.raw").unlink()
    assert "not there" in refusal(path)


@pytest.mark.parametrize("name", ["notes.txt", "scan.nii.gz", "scan.nrrd", "model.stl"])
def test_not_a_volume(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"these are words, not a scan\n" * 50)
    refusal(path)


def test_folder_without_dicom(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").write_text("nothing here")
    assert "no DICOM" in refusal(tmp_path)


def test_folder_with_two_series(tmp_path: Path) -> None:
    write_dicom(tmp_path, block(), number=3, prefix="a")
    uid = write_dicom(tmp_path, block((16, 12, 10)), number=4, prefix="b")
    message = refusal(tmp_path)
    assert "2 scans" in message
    assert "series 3 (14 slices of 10 x 12" in message
    assert "--series" in message
    assert read_volume(tmp_path, series="4")[0].shape[0] == 16
    assert read_volume(tmp_path, series=uid)[0].shape[0] == 16
    assert read_volume(tmp_path, series=uid[-8:])[0].shape[0] == 16
    assert "is not in" in refusal(tmp_path, series="9")


def test_no_patient_data_in_refusals_or_names(tmp_path: Path) -> None:
    write_dicom(tmp_path, block(), number=3, prefix="a")
    write_dicom(tmp_path, block(), number=4, prefix="b")
    message = refusal(tmp_path)
    volume, warnings = read_volume(tmp_path, series="3")
    for secret in ("Secret", "Patient", "ID4711", "19700101"):
        assert secret not in message + volume.name + str(warnings) + str(volume.metadata)


@pytest.mark.parametrize(("leave_out", "missing", "after"), [((5,), 1, 5), ((5, 6, 7), 3, 5), ((3, 9), 2, 3)])
def test_missing_slices(tmp_path: Path, leave_out: tuple[int, ...], missing: int, after: int) -> None:
    write_dicom(tmp_path, block(), leave_out=leave_out)
    message = refusal(tmp_path)
    assert f"lacks {missing} of its slices" in message
    assert f"after slice {after} of {14 - len(leave_out)}" in message


def test_multi_frame_with_missing_frames_or_without_positions(tmp_path: Path) -> None:
    path = write_multi_frame(tmp_path / "gap.dcm", block(), leave_out=(4, 5))
    assert "lacks 2 of its slices" in refusal(path)
    path = write_multi_frame(tmp_path / "classic.dcm", block(), enhanced=False)
    assert "distance of its slices" in refusal(path)


def test_a_localizer_is_left_aside_with_a_warning(tmp_path: Path) -> None:
    write_dicom(tmp_path, block(), number=2)
    scout = block((2, 40, 40), (2.0, 2.0, 5.0))
    write_dicom(tmp_path, scout, number=1, image_type=("ORIGINAL", "PRIMARY", "LOCALIZER"), prefix="scout")
    volume, warnings = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, block().array)
    assert len(warnings) == 1
    assert "series 1 (2 slices" in warnings[0]


def test_a_large_localizer_or_a_few_sagittal_slices_do_not_win(tmp_path: Path) -> None:
    write_dicom(tmp_path, block(), number=2)
    scout = block((30, 20, 20), (2.0, 2.0, 5.0))
    write_dicom(tmp_path, scout, number=1, image_type=("DERIVED", "SECONDARY", "LOCALIZER"), prefix="scout")
    sagittal = replace(block((3, 12, 10)), direction=(0, 0, 1, 1, 0, 0, 0, 1, 0))
    write_dicom(tmp_path, sagittal, number=5, prefix="sagittal")
    volume, warnings = read_volume(tmp_path)
    np.testing.assert_array_equal(volume.array, block().array)
    assert "30 slices" in warnings[0]
    assert "3 slices" in warnings[0]


def test_a_slice_copied_twice_counts_once(tmp_path: Path) -> None:
    write_dicom(tmp_path, block())
    first = sorted(tmp_path.glob("*.dcm"))[0]
    (tmp_path / "copy.dcm").write_bytes(first.read_bytes())
    assert read_volume(tmp_path)[0].shape == block().shape


def test_two_scans_in_one_series_are_not_mixed() -> None:
    z = np.repeat(np.arange(10.0), 2)
    positions = np.stack([0 * z, 0 * z, z], axis=1)
    with pytest.raises(InputError, match="same place"):
        check_slice_positions(positions, np.array([0, 0, 1.0]), Path("folder"))


def test_leaning_stack_and_uneven_slices() -> None:
    z = np.arange(20.0)
    normal = np.array([0, 0, 1.0])
    with pytest.raises(InputError, match="gantry tilt"):
        check_slice_positions(np.stack([0 * z, 0.2 * z, z], axis=1), normal, Path("folder"))
    with pytest.raises(InputError, match="uneven"):
        z_uneven = z + 0.15 * (z % 2)
        check_slice_positions(np.stack([0 * z, 0 * z, z_uneven], axis=1), normal, Path("folder"))


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".png", ".mha"])
def test_flat_image(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"flat{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(np.arange(100, dtype=np.uint8).reshape(10, 10)), str(path))
    assert "flat picture" in refusal(path)


def test_single_slice_volume_and_lonely_dicom_slice(tmp_path: Path) -> None:
    path = write_file(block((1, 12, 10)), tmp_path / "one.nii.gz")
    assert "flat picture" in refusal(path)
    write_dicom(tmp_path / "lonely", block(), leave_out=tuple(range(1, 14)))
    assert "only series 1 (1 slice " in refusal(tmp_path / "lonely")


def test_time_series_and_colour(tmp_path: Path) -> None:
    series = sitk.JoinSeries([block().to_sitk(), block().to_sitk()])
    sitk.WriteImage(series, str(tmp_path / "time.nii.gz"))
    assert "2 volumes" in refusal(tmp_path / "time.nii.gz")
    single = sitk.JoinSeries([block().to_sitk()])
    sitk.WriteImage(single, str(tmp_path / "single.nii.gz"))
    assert read_volume(tmp_path / "single.nii.gz")[0].shape == block().shape
    colour = sitk.Compose([sitk.Cast(block().to_sitk(), sitk.sitkUInt8)] * 3)
    sitk.WriteImage(colour, str(tmp_path / "colour.nrrd"))
    assert "3 values per voxel" in refusal(tmp_path / "colour.nrrd")


def test_nan_and_infinity(tmp_path: Path) -> None:
    array = block().array.astype(np.float32)
    array[2, 3, 4], array[5, 5, 5], array[0, 0, 0] = np.nan, np.inf, -np.inf
    volume, warnings = read_volume(write_file(block().with_array(array), tmp_path / "few.nrrd"))
    assert np.isfinite(volume.array).all()
    assert volume.array[5, 5, 5] == volume.array.min() == 1
    assert warnings == ["3 voxels held no valid number (NaN or infinite); they were treated as the darkest grey."]
    array[3:] = np.nan
    assert "NaN" in refusal(write_file(block().with_array(array), tmp_path / "most.nrrd"))


@pytest.mark.parametrize("value", [0, 7.5])
def test_constant_volume(tmp_path: Path, value: float) -> None:
    flat = block().with_array(np.full(block().shape, value, np.float32))
    assert "same value" in refusal(write_file(flat, tmp_path / "flat.nii.gz"))


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int16, np.float32])
def test_a_label_map_is_no_scan(tmp_path: Path, kind: type) -> None:
    labels = toy_dentition()[1]
    path = write_file(labels.with_array(labels.array.astype(kind)), tmp_path / "teeth.nii.gz")
    said = refusal(path)
    values = np.unique(labels.array)
    assert f"looks like a label map, not like a scan: its voxels hold only {len(values)} different values" in said
    assert f"from 0 to {values.max()}" in said


def test_a_scan_of_eight_bits_is_no_label_map(tmp_path: Path) -> None:
    grey = make_phantom(3, 1.0, fov_mm=(30, 30, 30)).image
    eight = np.clip((grey.array + 1000) / 4000 * 255, 0, 255).astype(np.uint8)
    assert read_volume(write_file(grey.with_array(eight), tmp_path / "scan.nii.gz"))[0].array.dtype == np.uint8


def test_a_scan_of_few_grey_values_above_a_byte_is_no_label_map(tmp_path: Path) -> None:
    grey = toy_dentition()[1]
    plain = grey.with_array((grey.array > 0) * np.int16(1500))
    assert read_volume(write_file(plain, tmp_path / "scan.nii.gz"))[0].array.max() == 1500


def test_coarse_voxels_are_warned_about(tmp_path: Path) -> None:
    coarse = replace(block(), spacing=(0.4, 0.4, 1.0))
    _, warnings = read_volume(write_file(coarse, tmp_path / "coarse.nrrd"))
    assert len(warnings) == 1
    assert "1 mm" in warnings[0]
    fine = replace(block(), spacing=(0.8, 0.8, 0.8))
    for name in ("fine.nrrd", "fine.nii.gz"):  # NIfTI keeps 0.8 in single precision
        assert read_volume(write_file(fine, tmp_path / name))[1] == []


def test_too_few_voxels(tmp_path: Path) -> None:
    assert "too few" in refusal(write_file(block((4, 12, 10)), tmp_path / "thin.nrrd"))


def test_huge_volume_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """Two terabytes by the header, a few bytes on disk: only the header may be touched."""
    path = tmp_path / "huge.mhd"
    path.write_text(
        "ObjectType = Image\nNDims = 3\nDimSize = 10000 10000 10000\nElementType = MET_SHORT\n"
        "ElementSpacing = 0.1 0.1 0.1\nElementDataFile = huge.raw\n"
    )
    with pytest.raises(MemoryLimitError, match="more than the 640 million") as caught:
        read_volume(path)
    assert caught.value.exit_code == 7
    with pytest.raises(MemoryLimitError):
        read_volume(write_file(block(), tmp_path / "small.nrrd"), max_voxels=100)
    write_dicom(tmp_path / "dicom", block())
    with pytest.raises(MemoryLimitError):
        read_volume(tmp_path / "dicom", max_voxels=100)


@pytest.mark.parametrize("spacing", ["0 0.3 0.3", "-0.3 0.3 0.3", "300 300 300", "0.0003 0.0003 0.0003", "nan 1 1"])
def test_absurd_voxel_size(tmp_path: Path, spacing: str) -> None:
    path = write_file(block(), tmp_path / "scan.mhd")
    lines = path.read_text().splitlines()
    lines = [f"ElementSpacing = {spacing}" if line.startswith("ElementSpacing") else line for line in lines]
    path.write_text("\n".join(lines) + "\n")
    refusal(path)


def test_sheared_grid(tmp_path: Path) -> None:
    path = write_file(block(), tmp_path / "scan.nrrd")
    head, data = path.read_bytes().split(b"\n\n", 1)
    lines = [
        b"space directions: (0.3,0,0) (0.1,0.4,0) (0,0,0.5)" if line.startswith(b"space directions") else line
        for line in head.split(b"\n")
    ]
    path.write_bytes(b"\n".join(lines) + b"\n\n" + data)
    assert "right angles" in refusal(path)


def test_sheared_nifti(tmp_path: Path) -> None:
    path = write_file(block(), tmp_path / "scan.nii")
    raw = bytearray(path.read_bytes())
    sform = np.array([[-0.3, 0.2, 0, 3], [0, -0.4, 0, -5], [0, 0, 0.5, 7]], "<f4")
    raw[252:256] = np.array([0, 1], "<i2").tobytes()  # qform_code 0: only the sform remains
    raw[280:328] = sform.tobytes()
    path.write_bytes(bytes(raw))
    assert "right angles" in refusal(path)


def test_unreadable_file(tmp_path: Path, monkeypatch) -> None:
    path = write_file(block(), tmp_path / "secret.nrrd")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read everything, so a mode would not do
    assert "may not be read" in refusal(path)


@pytest.mark.parametrize("bad", [np.float32(v) for v in (0.5, np.nan, np.inf, -2)])
def test_a_scan_is_no_label_map(tmp_path: Path, bad: np.float32) -> None:
    array = block().array.astype(np.float32)
    array[1, 1, 1] = bad
    path = write_file(block().with_array(array), tmp_path / "scan.nrrd")
    with pytest.raises(InputError, match="no label map"):
        read_labels(path)


def test_overlapping_segments_are_no_label_map(tmp_path: Path) -> None:
    layers = sitk.Compose([sitk.Cast(block().to_sitk(), sitk.sitkUInt8)] * 2)
    sitk.WriteImage(layers, str(tmp_path / "layers.seg.nrrd"))
    with pytest.raises(InputError, match="overlapping segments"):
        read_labels(tmp_path / "layers.seg.nrrd")


def test_an_impossible_array_is_no_volume() -> None:
    with pytest.raises(InputError, match="three axes"):
        Volume(np.zeros((3, 3)))
    with pytest.raises(InputError, match="positive"):
        Volume(np.zeros((3, 3, 3)), spacing=(1, 0, 1))
    with pytest.raises(InputError, match="direction"):
        Volume(np.zeros((3, 3, 3)), direction=oblique_direction()[:4])
