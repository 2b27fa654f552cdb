"""What a volume promises: the same millimetres in every format, orientation and grid."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from scan_files import block, oblique_direction, write_dicom, write_file, write_multi_frame

from DentalTopoSegLib.errors import OutputError, UsageError
from DentalTopoSegLib.files.transactions import atomic_path
from DentalTopoSegLib.files.volumes import (
    Volume,
    read_labels,
    read_volume,
    resample_like,
    resample_ras,
    resampling,
    write_volume,
)

ROOT = Path(__file__).resolve().parents[3]
SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")


def assert_same_volume(read: Volume, written: Volume) -> None:
    np.testing.assert_array_equal(read.array, written.array)
    assert read.same_grid(written, 1e-3)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("direction", [None, oblique_direction()])
def test_every_file_format_gives_the_same_volume(tmp_path: Path, suffix: str, direction) -> None:
    volume = block() if direction is None else replace(block(), direction=direction)
    read, warnings = read_volume(write_file(volume, tmp_path / f"scan{suffix}"))
    assert_same_volume(read, volume)
    assert read.name == "scan"
    assert warnings == []


@pytest.mark.parametrize("direction", [None, oblique_direction(), (0, 0, 1, 1, 0, 0, 0, 1, 0)])
def test_a_dicom_folder_gives_the_volume_whatever_its_file_order(tmp_path: Path, direction) -> None:
    volume = block() if direction is None else replace(block(), direction=direction)
    write_dicom(tmp_path / "patient", volume)
    read, warnings = read_volume(tmp_path / "patient")
    assert_same_volume(read, volume)
    assert read.name == "patient"
    assert warnings == []


def test_one_dicom_file_stands_for_its_series(tmp_path: Path) -> None:
    write_dicom(tmp_path / "case", block(), number=1)
    write_dicom(tmp_path / "case", block((20, 12, 10)), number=2, prefix="other")
    read, _ = read_volume(sorted((tmp_path / "case").glob("slice*"))[3])
    assert read.shape == (14, 12, 10)
    assert read.name == "case"


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("direction", [None, oblique_direction()])
def test_a_multi_frame_file_is_a_scan(tmp_path: Path, direction, order: int) -> None:
    volume = block() if direction is None else replace(block(), direction=direction)
    stored = volume
    if order < 0:  # the same slices, stored from the other end
        axes = np.reshape(volume.direction, (3, 3))
        far = np.asarray(volume.origin) + 13 * volume.spacing[2] * axes[:, 2]
        flipped = axes * (1, 1, -1)
        stored = Volume(volume.array[::-1], volume.spacing, tuple(far), tuple(flipped.ravel()))
    read, _ = read_volume(write_multi_frame(tmp_path / "one.dcm", stored))
    assert read.name == "one"
    points = np.indices(volume.shape).reshape(3, -1).T
    index = np.rint(read.ras_to_index(volume.index_to_ras(points))).astype(int)
    np.testing.assert_array_equal(read.array[tuple(index.T)], volume.array.ravel())
    np.testing.assert_allclose(read.index_to_ras(index), volume.index_to_ras(points), atol=1e-3)


def test_fractional_rescale_slopes_are_applied(tmp_path: Path) -> None:
    write_dicom(tmp_path, block(), slope=0.5)
    read, _ = read_volume(tmp_path)
    assert read.array.dtype == np.float32
    np.testing.assert_allclose(read.array, block().array * 0.5)


def test_non_ascii_names_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "Żółw 患者 é"
    folder.mkdir()
    read, _ = read_volume(write_file(block(), folder / "сканиране ü.nii.gz"))
    assert read.name == "сканиране ü"
    written = write_volume(read, folder / "résultat.nrrd")
    assert_same_volume(read_volume(written)[0], block())
    write_dicom(folder / "série", block())
    assert read_volume(folder / "série")[0].name == "série"


def test_index_and_ras_follow_itk(tmp_path: Path) -> None:
    volume = replace(block(), direction=oblique_direction(35))
    image = volume.to_sitk()
    for index in [(0, 0, 0), (3, 7, 2), (13, 0, 9)]:
        x, y, z = image.TransformIndexToPhysicalPoint([int(i) for i in index[::-1]])
        np.testing.assert_allclose(volume.index_to_ras(index), (-x, -y, z), atol=1e-9)
    np.testing.assert_allclose(volume.ras_to_index(volume.index_to_ras((3, 7, 2))), (3, 7, 2), atol=1e-9)
    batch = volume.index_to_ras(np.zeros((4, 5, 3)))
    assert batch.shape == (4, 5, 3)
    assert volume.voxel_volume_mm3 == pytest.approx(0.06)


@given(
    shape=st.tuples(*[st.integers(7, 30)] * 3),
    shrink=st.tuples(*[st.integers(1, 3)] * 3),
    kind=st.sampled_from([np.uint8, np.int16, np.uint16, np.float32]),
    slab=st.integers(1, 5000),
)
@settings(max_examples=60, deadline=None)
def test_averaging_slab_by_slab_is_itk_s_averaging_at_once(shape, shrink, kind, slab) -> None:
    rng = np.random.default_rng(sum(shape))
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    array = (rng.normal(size=shape) * 1000).astype(kind)
    scan = Volume(array, tuple(rng.uniform(0.1, 0.4, 3)), tuple(rng.normal(size=3) * 50), tuple(axes.ravel()))
    with mock.patch.object(resampling, "_SLAB_VOXELS", slab):
        ours = resampling._bin_shrink(scan, shrink)
    itk = sitk.BinShrink(scan.to_sitk(), shrink)
    assert np.array_equal(sitk.GetArrayFromImage(ours), sitk.GetArrayFromImage(itk))
    for grid in ("GetOrigin", "GetSpacing", "GetDirection"):
        assert getattr(ours, grid)() == getattr(itk, grid)()


@pytest.mark.skipif(sys.platform == "win32", reason="a process's peak memory is read from the kernel")
def test_a_large_scan_is_not_held_twice_when_it_is_made_coarse() -> None:
    code = (
        "import sys, numpy as np\n"
        "sys.path.insert(0, 'Testing/helpers')\n"
        "from peak_memory import peak_bytes\n"
        "from DentalTopoSegLib.files.volumes import Volume, resample_ras\n"
        "resample_ras(Volume(np.ones((40, 40, 40), np.int16), (0.2,) * 3), 1.0)\n"  # the libraries are loaded
        "scan = Volume(np.ones((400, 400, 400), np.int16), (0.2,) * 3)\n"
        "before = peak_bytes()\n"
        "resample_ras(scan, 1.0)\n"
        "print(peak_bytes() - before)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert int(run.stdout) < 400**3  # the scan is twice this


@settings(max_examples=25, deadline=None)
@given(degrees=st.floats(-180, 180), spacing=st.floats(0.15, 1.0), factor=st.floats(0.6, 2.6))
def test_resampling_keeps_positions_in_any_orientation(degrees: float, spacing: float, factor: float) -> None:
    """A ball's centre and volume in RAS mm survive any rotation, spacing and anti-aliased down-sampling."""
    size = 28
    zyx = np.indices((size,) * 3).reshape(3, -1).T
    direction = oblique_direction(degrees)
    scan = Volume(np.zeros((size,) * 3, np.int16), (spacing,) * 3, (10.0, -20.0, 30.0), direction)
    centre = scan.index_to_ras((14.0, 12.0, 15.0))
    distance = np.linalg.norm(scan.index_to_ras(zyx) - centre, axis=1).reshape((size,) * 3)
    radius = 9 * spacing
    scan = scan.with_array((1000 * np.clip((radius - distance) / spacing + 0.5, 0, 1)).astype(np.int16))
    upright = resample_ras(scan, spacing * factor)
    weight = upright.array.astype(float)
    found = upright.index_to_ras(np.indices(upright.shape).reshape(3, -1).T)
    np.testing.assert_allclose(
        (found * weight.reshape(-1, 1)).sum(0) / weight.sum(), centre, atol=0.25 * spacing * max(factor, 1)
    )
    volume = weight.sum() * upright.voxel_volume_mm3
    assert volume == pytest.approx(scan.array.sum(dtype=float) * scan.voxel_volume_mm3, rel=0.06)


def test_the_upright_grid_points_right_anterior_superior() -> None:
    """LPS identity: +x is left, so the upright grid runs against it; a box starts at its first voxel."""
    upright = resample_ras(block((20, 20, 20), (0.5,) * 3), 0.5)
    assert upright.direction == (-1, 0, 0, 0, -1, 0, 0, 0, 1)
    np.testing.assert_array_equal(upright.array, block((20, 20, 20)).array[:, ::-1, ::-1])
    lower = upright.ras_bounds()[0]
    boxed = resample_ras(block((20, 20, 20), (0.5,) * 3), 0.5, (lower + 2.0, lower + 4.5))
    assert boxed.shape == (5, 5, 5)
    np.testing.assert_array_equal(boxed.array, upright.array[4:9, 4:9, 4:9])


def test_outside_the_scan_is_its_minimum_or_the_given_value() -> None:
    scan = block().with_array(block().array + 5)
    lower, upper = scan.ras_bounds()
    box = (upper + 5, upper + 8)
    assert set(resample_ras(scan, 1.0, box).array.ravel()) == {5}
    assert set(resample_ras(scan, 1.0, box, default=-7).array.ravel()) == {-7}
    assert set(resample_ras(scan, 1.0, box, "nearest").array.ravel()) == {0}
    assert resample_ras(scan, 0.5, (lower - 3, lower)).array.max() == 5


def test_down_sampling_averages_instead_of_picking() -> None:
    """A checkerboard has no detail below its voxel: half the resolution must show plain grey, not stripes."""
    board = (np.indices((32, 32, 32)).sum(0) % 2 * 1000).astype(np.int16)
    for factor in (2.0, 1.6, 3.3):
        coarse = resample_ras(Volume(board, (0.5,) * 3), 0.5 * factor).array[2:-2, 2:-2, 2:-2]
        assert abs(coarse.mean() - 500) < 5
        assert coarse.std() < 150


def test_labels_come_back_on_the_scans_own_grid() -> None:
    scan = replace(block((30, 28, 26), (0.4,) * 3), direction=oblique_direction(15))
    labels = np.zeros(scan.shape, np.uint8)
    labels[8:20, 8:20, 6:14], labels[8:20, 8:20, 14:20] = 11, 48
    there = resample_ras(scan.with_array(labels), 0.2, interpolation="nearest")
    for interpolation in ("nearest", "label"):
        back = resample_like(there, scan, interpolation)
        assert back.same_grid(scan)
        assert set(np.unique(back.array)) == {0, 11, 48}
        assert np.mean(back.array == labels) > 0.99


def test_a_label_map_keeps_its_numbers(tmp_path: Path) -> None:
    labels = block().with_array((block().array % 49).astype(np.int16))
    read = read_labels(write_file(labels, tmp_path / "labels.nii.gz"))
    assert read.array.dtype == np.uint8
    np.testing.assert_array_equal(read.array, labels.array)
    floats = labels.with_array(labels.array.astype(np.float64))
    np.testing.assert_array_equal(read_labels(write_file(floats, tmp_path / "f.mha")).array, labels.array)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_a_stopped_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, error) -> None:
    target = tmp_path / "result.txt"
    target.write_text("old")
    with pytest.raises(error), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise error
    assert [p.name for p in tmp_path.iterdir()] == ["result.txt"]
    assert target.read_text() == "old"


def test_a_write_into_nowhere_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_volume(block(), tmp_path / "absent" / "x.nii.gz")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="file size limits are a POSIX facility")
@pytest.mark.parametrize("suffix", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_a_full_disk_is_an_output_error_and_leaves_nothing(tmp_path: Path, suffix: str) -> None:
    """RLIMIT_FSIZE makes writes fail after 20 kB just as a full disk does."""
    code = """
import resource, signal, sys
import numpy as np
from DentalTopoSegLib.errors import OutputError, UsageError
from DentalTopoSegLib.files.volumes import Volume, write_volume
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
noise = np.random.default_rng(0).integers(0, 60000, (40, 40, 40), dtype=np.uint16)
try:
    write_volume(Volume(noise), sys.argv[1])
except OutputError:
    sys.exit(6)
"""
    target = tmp_path / f"full{suffix}"
    root = Path(__file__).parents[3]
    env = dict(os.environ, PYTHONPATH=str(root))
    done = subprocess.run([sys.executable, "-c", code, str(target)], env=env, capture_output=True, text=True)
    assert done.returncode == 6, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_real_cbct_reads_as_stated(real_data: Path) -> None:
    scan, warnings = read_volume(real_data / "cbct" / "cbct_dental_surgery_dicom")
    assert scan.shape == (330, 360, 360)
    assert scan.spacing == (0.5, 0.5, 0.5)
    assert (scan.array.min(), scan.array.max()) == (0, 3874)
    assert warnings == []
    one = sitk.ReadImage(str(real_data / "cbct" / "cbct_dental_surgery_dicom" / "IMG0001.dcm"))
    assert any(np.array_equal(sitk.GetArrayFromImage(one)[0], scan.array[i]) for i in (0, -1))


@pytest.mark.parametrize("suffix", [".mhd", ".nhdr", ".hdr", ".img", ".png", ""])
def test_what_cannot_be_written_whole_or_not_at_all_is_refused(tmp_path: Path, suffix: str) -> None:
    """Two files cannot appear at once, an unknown suffix names no format: the sentence says which names are taken."""
    with pytest.raises(UsageError, match=r"must end in \.nii\.gz, \.nii, \.seg\.nrrd, \.nrrd, \.mha"):
        write_volume(block(), tmp_path / f"out{suffix}")
    assert list(tmp_path.iterdir()) == []


def test_the_reason_of_a_refused_name_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder.nrrd").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        write_volume(block(), tmp_path / "folder.nrrd")
    with pytest.raises(OutputError, match=r"(?i)name too long|cannot find|No such file"):
        write_volume(block(), tmp_path / ("x" * 300 + ".nrrd"))
    with pytest.raises(OutputError, match=r"(?i)No such file|cannot find"):
        write_volume(block(), tmp_path / "absent" / "x.nrrd")
