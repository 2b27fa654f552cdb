"""The geometry that other readers of DICOM see is the one that is read: pydicom with highdicom, and dcm2niix."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from dicom_odd import LEGACY_CONVERTED_CT, edit, enhanced, in_plane, scrambled
from dicom_series import KINDS, write_series
from scan_files import block, oblique_direction, write_dicom, write_multi_frame

from DentalTopoSegLib.files.volumes import Volume, read_volume

SAGITTAL = (0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def turned(direction: tuple[float, ...]) -> Volume:
    return replace(block(), direction=direction)


def _rounded(folder: Path) -> Path:
    write_dicom(folder, replace(block(), spacing=(0.3, 0.4, 0.25)))

    def change(file, _) -> None:
        file.ImagePositionPatient = [round(float(v), 1) for v in file.ImagePositionPatient]

    return edit(folder, change)


def _series(volume: Volume) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        write_dicom(folder, volume)
        return folder

    return make


def _top(folder: Path) -> Path:
    volume = turned(oblique_direction())
    path = write_multi_frame(_made(folder) / "top.dcm", volume, enhanced=False)
    file = pydicom.dcmread(path)
    file.ImagePositionPatient = list(volume.origin)
    file.ImageOrientationPatient = [round(v, 9) for v in in_plane(volume)]
    file.SliceThickness = file.SpacingBetweenSlices = 0.5
    file.save_as(path)
    return path


def _enhanced(volume: Volume, **options) -> Callable[[Path], Path]:
    return lambda folder: enhanced(volume, scrambled(14), **options).write(_made(folder) / "x.dcm")


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


SCANS: dict[str, Callable[[Path], Path]] = {
    **{kind: lambda folder, kind=kind: write_series(folder, kind) for kind in KINDS},
    "oblique series": _series(turned(oblique_direction())),
    "sagittal series": _series(turned(SAGITTAL)),
    "rounded series": _rounded,
    "enhanced, scrambled": _enhanced(block()),
    "enhanced, scrambled, oblique": _enhanced(turned(oblique_direction())),
    "enhanced, scrambled, sagittal": _enhanced(turned(SAGITTAL)),
    "enhanced, all stated per frame": _enhanced(
        turned(oblique_direction()), per_frame=frozenset({"orientation", "measures", "values"})
    ),
    "legacy converted, scrambled": _enhanced(turned(oblique_direction()), sop_class=LEGACY_CONVERTED_CT),
    "classic file of many frames": _top,
}


def index_to_lps(volume: Volume) -> np.ndarray:
    """(4, 4) from (slice, row, column) indices to LPS mm."""
    matrix = np.diag([-1.0, -1.0, 1.0, 1.0]) @ volume.index_to_ras_matrix()
    return matrix[:, [2, 1, 0, 3]]


def corners(shape: tuple[int, ...], matrix: np.ndarray) -> np.ndarray:
    """(8, 3) LPS mm of the outermost voxels."""
    ends = np.array([[(n - 1) * (i >> a & 1) for a, n in enumerate(shape)] for i in range(8)])
    return ends @ matrix[:3, :3].T + matrix[:3, 3]


#: pydicom has no decoder of its own for it; and what states no place for each frame is no volume to highdicom.
_NOT_BY_HIGHDICOM = ("jpeg_lossless", "classic file of many frames")
#: It takes the distance of the first two slices for that of all, and the first stored frame's place for the origin.
_NOT_BY_DCM2NIIX = ("rounded series", "enhanced, all stated per frame")


@pytest.mark.parametrize("kind", [kind for kind in SCANS if kind not in _NOT_BY_HIGHDICOM])
def test_highdicom_sees_the_same_geometry(tmp_path: Path, kind: str) -> None:
    hd = pytest.importorskip("highdicom")
    scan = SCANS[kind](tmp_path / "scan")
    read, _ = read_volume(scan)
    if scan.is_file():
        file = pydicom.dcmread(scan)
        file.StudyDate = file.StudyTime = file.AccessionNumber = file.StudyID = ""  # asked for by highdicom
        file.FrameOfReferenceUID = pydicom.uid.generate_uid()
        other = hd.Image.from_dataset(file).get_volume_geometry(rtol=0.5)
    else:
        other = hd.get_volume_from_series([pydicom.dcmread(path) for path in sorted(scan.iterdir())], rtol=0.5)
    assert other is not None
    shape = tuple(other.spatial_shape)
    assert shape == read.shape
    # the same corners of the same box, whichever end their slices begin at
    apart = corners(shape, index_to_lps(read))[:, None] - corners(shape, np.asarray(other.affine))[None]
    assert np.linalg.norm(apart, axis=2).min(axis=1).max() < (0.1 if "rounded" in kind else 1e-3)


@pytest.mark.parametrize("kind", [kind for kind in SCANS if kind not in _NOT_BY_DCM2NIIX])
def test_dcm2niix_sees_the_same_voxels_in_the_same_places(tmp_path: Path, kind: str) -> None:
    program = shutil.which("dcm2niix")
    if program is None:
        pytest.skip("dcm2niix is not installed (Debian: dcm2niix)")
    scan = SCANS[kind](tmp_path / "scan")
    read, _ = read_volume(scan)
    out = tmp_path / "out"
    out.mkdir()
    folder = scan if scan.is_dir() else scan.parent
    done = subprocess.run(
        [program, "-b", "n", "-z", "n", "-f", "x", "-o", out, folder], capture_output=True, text=True, check=False
    )
    files = sorted(out.glob("*.nii"))
    if not files:
        pytest.skip(f"this dcm2niix does not read it: {done.stdout.splitlines()[-1:]}")
    assert len(files) == 1, done.stdout
    theirs, _ = read_volume(files[0])
    points = np.indices(read.shape).reshape(3, -1).T
    ras = read.index_to_ras(points)
    index = theirs.ras_to_index(ras)
    assert np.abs(index - np.rint(index)).max() < 0.01
    index = np.rint(index).astype(int)
    assert (index >= 0).all() and (index < theirs.shape).all()
    np.testing.assert_array_equal(theirs.array[tuple(index.T)], read.array.ravel())
