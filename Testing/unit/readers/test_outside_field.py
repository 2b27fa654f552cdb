"""A constant value around the field of view counts nowhere: neither among the grey values nor as teeth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scan_files import write_file

from DentalTopoSegLib import RunOptions, segment_volume
from DentalTopoSegLib.cbct.inference import normalise
from DentalTopoSegLib.files.volumes import Volume, find_outside, read_volume, resample_ras
from DentalTopoSegLib.phantom import make_phantom
from DentalTopoSegLib.pictures.volumes import compose

#: -3024 is what GE, 32767 what some converters write; the others are greys of the field itself, of bone and metal too.
LEVELS = (-32768, -3024, 0, 500, 1500, 7000, 32767)
OPTIONS = RunOptions(threads=1)


@pytest.fixture(scope="module")
def scan() -> Volume:
    return make_phantom(0, fov_mm=(110.0, 100.0, 64.0), fillings=0, jaws="upper").image


@pytest.fixture(scope="module")
def labels(scan: Volume) -> np.ndarray:
    return segment_volume(scan, OPTIONS).labels.array


def cylinder(shape: tuple[int, int, int]) -> np.ndarray:
    """(z, y, x) bool, outside of the round field that touches the sides of its box: 21 %."""
    _, y, x = np.indices(shape)
    across = [(n - 1) / 2 for n in shape[1:]]
    return ((y - across[0]) / across[0]) ** 2 + ((x - across[1]) / across[1]) ** 2 > 1


def around(scan: Volume, value: float, outside: np.ndarray | None = None) -> Volume:
    mask = cylinder(scan.shape) if outside is None else outside
    return scan.with_array(np.where(mask, value, scan.array).astype(scan.array.dtype))


def equal(found: np.ndarray, labels: np.ndarray, outside: np.ndarray) -> float:
    """Share of the tooth voxels within the field that keep their label."""
    counted = (labels > 0) & ~outside
    assert counted.sum() > 10_000
    return float((found[counted] == labels[counted]).mean())


@pytest.mark.parametrize("value", [-32768, 500, 32767])
def test_teeth_are_found_whatever_surrounds_the_field(scan: Volume, labels: np.ndarray, value: int) -> None:
    outside = cylinder(scan.shape)
    result = segment_volume(around(scan, value), OPTIONS)
    assert equal(result.labels.array, labels, outside) > 0.98
    assert not result.labels.array[outside].any()
    assert any(f"have the same value ({value})" in text for text in result.warnings)


def test_two_values_around_one_field(scan: Volume, labels: np.ndarray) -> None:
    """Corners of one value, and slices of another where the box is higher than the field."""
    outside, cap = cylinder(scan.shape), np.zeros(scan.shape, bool)
    cap[-8:] = True
    result = segment_volume(around(around(scan, -32768), 32767, cap), OPTIONS)
    assert equal(result.labels.array, labels, outside | cap) > 0.98


@pytest.mark.parametrize("value", LEVELS)
def test_grey_values_are_those_of_the_field_alone(scan: Volume, value: int) -> None:
    def shown(volume: Volume) -> np.ndarray:
        field = find_outside(volume)
        if field is None:
            return normalise(resample_ras(volume, 1.0), volume, (0.5, 99.5), mask_of(volume))
        filled, mask = field.filled(volume), volume.with_array(field.mask.view(np.uint8))
        return normalise(resample_ras(filled, 1.0), filled, (0.5, 99.5), mask)

    def mask_of(volume: Volume) -> Volume:
        return volume.with_array(cylinder(volume.shape).view(np.uint8))

    deep = resample_ras(mask_of(scan), 1.0).array == 0
    apart = np.abs(shown(around(scan, value))[deep] - shown(scan)[deep])
    assert np.quantile(apart, 0.98) < 0.1  # but for the rim


@pytest.mark.parametrize("value", [-32768, 0, 32767])
def test_the_mask_is_the_outside(scan: Volume, value: int) -> None:
    field = find_outside(around(scan, value))
    assert field is not None and field.values == (value,)
    missed, more = cylinder(scan.shape) & ~field.mask, field.mask & ~cylinder(scan.shape)
    assert not missed.any() and more.mean() < 1e-3


def test_the_rim_that_interpolation_has_mixed_is_outside_too(scan: Volume) -> None:
    padded = around(scan, -32768).to_sitk()
    finer = sitk.Resample(
        padded, [275, 250, 160], sitk.Transform(), sitk.sitkLinear, scan.origin, (0.4,) * 3, scan.direction, -32768
    )
    field = find_outside(Volume.from_sitk(finer))
    assert field is not None
    assert sitk.GetArrayFromImage(finer)[~field.mask].min() > -6000


@pytest.mark.parametrize("kind", [np.float32, np.int16])
def test_air_around_a_field_is_what_the_networks_know(scan: Volume, kind: type) -> None:
    """What most scanners write: nothing changes."""
    field = scan.array[~cylinder(scan.shape)]
    for air in (int(field.min()), int(np.percentile(field, 0.5))):
        padded = around(scan, air)
        assert find_outside(padded.with_array(padded.array.astype(kind))) is None
    assert find_outside(scan) is None


def test_bone_that_is_cut_off_at_the_brightest_value_is_no_outside(scan: Volume) -> None:
    assert find_outside(scan.with_array(np.minimum(scan.array, 600))) is None


def test_a_round_field_of_nan_is_read(scan: Volume, tmp_path: Path) -> None:
    """As programs do that resample a scan: three fifths of the box may then hold no number."""
    array = scan.array.astype(np.float32)
    array[cylinder(scan.shape)] = np.nan
    array[:46] = np.nan
    array[-16:] = np.nan
    assert 0.5 < np.isnan(array).mean() < 0.65
    read, warnings = read_volume(write_file(replace(scan, array=array), tmp_path / "scan.nrrd"))
    assert np.isfinite(read.array).all() and "held no valid number" in warnings[0]


def test_a_picture_has_the_field_s_contrast(scan: Volume, labels: np.ndarray) -> None:
    drawn = compose(scan, scan.with_array(labels), "x")
    padded = compose(around(scan, 32767), scan.with_array(labels), "x")
    assert padded.shape == drawn.shape
    assert np.mean(np.abs(padded.astype(float) - drawn) > 40) < 0.1
