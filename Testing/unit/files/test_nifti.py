"""Compressed NIfTI in one pass: the same volume as ITK's own reader gives, and no damaged byte goes unnoticed."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume, read_volume
from DentalTopoSegLib.files.volumes.nifti import unpack_nifti

TURN = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)


def scan(dtype: str = "int16") -> Volume:
    array = np.random.default_rng(3).integers(0, 100, (12, 9, 10)).astype(dtype)
    return Volume(array, (0.3, 0.4, 0.5), (5.0, -7.0, 2.0), TURN)


def write(volume: Volume, path: Path) -> Path:
    sitk.WriteImage(volume.to_sitk(), str(path), useCompression=True)
    return path


@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int16", "int32", "float32"])
def test_one_pass_gives_what_itk_gives(tmp_path, dtype):
    path = write(scan(dtype), tmp_path / "scan.nii.gz")
    assert np.array_equal(unpack_nifti(path, (12, 9, 10), np.dtype(dtype)), scan(dtype).array)
    image = sitk.ReadImage(str(path))
    read, _ = read_volume(path)
    assert np.array_equal(read.array, sitk.GetArrayFromImage(image))
    assert (read.spacing, read.origin) == (image.GetSpacing(), image.GetOrigin())
    assert np.allclose(read.direction, image.GetDirection(), atol=1e-12)
    # ITK's "original" spacing and direction cannot be printed, and come with the voxels only
    keys = [key for key in image.GetMetaDataKeys() if not key.startswith("ITK_original")]
    assert keys and read.metadata == {key: image.GetMetaData(key) for key in keys}


def test_rescaled_values_are_left_to_itk(tmp_path):
    raw = bytearray(gzip.decompress(write(scan(), tmp_path / "scan.nii.gz").read_bytes()))
    raw[112:120] = np.array([2.0, -1000.0], "<f4").tobytes()  # scl_slope, scl_inter
    path = tmp_path / "rescaled.nii.gz"
    path.write_bytes(gzip.compress(bytes(raw)))
    assert unpack_nifti(path, (12, 9, 10), np.dtype("int16")) is None
    assert np.array_equal(read_volume(path)[0].array, scan().array * 2.0 - 1000.0)


def test_a_wrong_checksum_is_refused(tmp_path):
    array = np.random.default_rng(4).integers(-1000, 3000, (80, 64, 64)).astype(np.int16)  # far longer than a header
    path = write(Volume(array, (0.4,) * 3), tmp_path / "scan.nii.gz")
    assert np.array_equal(read_volume(path)[0].array, array)
    content = bytearray(path.read_bytes())
    content[-8] ^= 1  # the lowest byte of the CRC32
    path.write_bytes(bytes(content))
    with pytest.raises(InputError, match="cut short or damaged"):
        read_volume(path)


def test_every_shortened_file_is_refused(tmp_path):
    whole = write(scan(), tmp_path / "scan.nii.gz").read_bytes()
    path = tmp_path / "short.nii.gz"
    for length in range(len(whole) * 3 // 4, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError):
            read_volume(path)
    path.write_bytes(whole + bytes(64))  # zeros behind it are padding (RFC 1952 leaves them to the reader)
    assert np.array_equal(read_volume(path)[0].array, scan().array)
