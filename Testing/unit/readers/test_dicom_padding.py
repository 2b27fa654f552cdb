"""Padding outside the field is air: it neither counts as a grey value nor is it seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dicom_odd import Enhanced, edit, frames_of, in_plane
from pydicom.dataset import Dataset
from scan_files import write_dicom

from DentalTopoSegLib.files.volumes import Volume, read_volume


def scan() -> tuple[Volume, np.ndarray]:
    """Grey values from -1000 to 2000 in a cylinder, and the mask of what lies outside it."""
    values = np.random.default_rng(3).integers(-900, 2000, (12, 20, 20)).astype(np.int16)
    values[0, 10, 10] = -1000
    y, x = np.indices((20, 20)) - 9.5
    outside = np.broadcast_to(x**2 + y**2 > 81, values.shape)
    return Volume(values, (0.3, 0.3, 0.3)), outside


def padded(folder: Path, stored: np.ndarray, grid: Volume, **tags) -> Path:
    """A series with these stored values and tags."""
    write_dicom(folder, grid.with_array(stored.astype(np.int16)))

    def state(file: Dataset, _: int) -> None:
        for keyword, value in tags.items():
            if keyword.startswith("PixelPadding"):
                file.add_new(keyword, "US" if file.PixelRepresentation == 0 else "SS", value)
            else:
                setattr(file, keyword, value)

    return edit(folder, state)


@pytest.mark.parametrize(
    ("value", "limit"), [(-32768, None), (32767, None), (-2000, None), (-2048, -1500), (-1500, -2048), (4000, 32767)]
)
@pytest.mark.parametrize("slope", [1, 2])
def test_what_is_declared_as_padding_is_air(tmp_path: Path, value: int, limit: int | None, slope: int) -> None:
    volume, outside = scan()
    stored = np.where(outside, value, volume.array)
    if limit is not None:
        stored[:, 0, 0] = limit
    tags = {"PixelPaddingValue": value} | ({} if limit is None else {"PixelPaddingRangeLimit": limit})
    read, _ = read_volume(padded(tmp_path, stored, volume, RescaleSlope=slope, RescaleIntercept=-7, **tags))
    assert read.array.dtype == np.int16
    np.testing.assert_array_equal(read.array[outside], -1000 * slope - 7)
    np.testing.assert_array_equal(read.array[~outside], volume.array[~outside] * slope - 7)


def test_padding_of_a_file_with_many_frames(tmp_path: Path) -> None:
    volume, outside = scan()
    frames = frames_of(volume.with_array(np.where(outside, np.int16(-32768), volume.array)))
    for frame in frames:
        frame.intercept = -500.0
    file = Enhanced(frames, in_plane(volume), (0.3, 0.3), extra={"PixelPaddingValue": -32768})
    read, _ = read_volume(file.write(tmp_path / "x.dcm"))
    np.testing.assert_array_equal(read.array[outside], -1500)
    np.testing.assert_array_equal(read.array[~outside], volume.array[~outside] - 500)


def test_a_value_that_is_measured_too_is_padding_at_the_edge_only(tmp_path: Path) -> None:
    volume, outside = scan()
    values = np.where(volume.array == 100, 101, volume.array)
    values[5, 8:10, 8:10] = 100
    read, _ = read_volume(padded(tmp_path, np.where(outside, 100, values), volume, PixelPaddingValue=100))
    np.testing.assert_array_equal(read.array[outside], -1000)
    np.testing.assert_array_equal(read.array[~outside], values[~outside])


def test_padding_that_is_declared_and_not_used_changes_nothing(tmp_path: Path) -> None:
    volume, _ = scan()
    read, _ = read_volume(padded(tmp_path, volume.array, volume, PixelPaddingValue=-32768))
    np.testing.assert_array_equal(read.array, volume.array)
