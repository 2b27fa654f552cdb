"""The evaluation scanner: its physics against closed forms, its grid, and its refusals."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import read_labels, read_volume
from training.patients import cone_beam, xrays
from training.patients import reconstruction as rec

needs_rtk = pytest.mark.skipif(importlib.util.find_spec("itk") is None, reason="itk-rtk is not installed")

NOISELESS = cone_beam.Scanner(
    projections=90,
    pixel_mm=2.0,
    photons=1e8,
    electronic_noise=0.0,
    scatter=0.0,
    blur_pixels=0.0,
    gain_error=0.0,
    bad_columns=0,
    surround=False,
)


def cylinder(shape: tuple[int, int, int], radius: float, centre: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """A water-like cylinder along z; radius and centre (y, x) in voxels."""
    y, x = (np.arange(n) - (n - 1) / 2 for n in shape[1:])
    disc = (y[:, None] - centre[0]) ** 2 + (x - centre[1]) ** 2 < radius**2
    return np.broadcast_to(disc, shape).astype(np.uint8)


def test_attenuation_reproduces_the_table_and_interpolates_between() -> None:
    assert xrays.attenuation("water", np.array([60.0]))[0] == pytest.approx(0.2059)
    assert 0.1837 < xrays.attenuation("water", np.array([70.0]))[0] < 0.2059


def test_more_voltage_and_more_filter_harden_the_beam() -> None:
    soft, hard, filtered = (xrays.spectrum(*a) for a in ((90, 3), (120, 3), (90, 10)))
    mean = [float(np.sum(e * w)) for e, w in (soft, hard, filtered)]
    assert mean[0] < mean[1]
    assert mean[0] < mean[2]
    assert sum(soft[1]) == pytest.approx(1)
    assert max(soft[0]) < 90


def test_beam_hardening_lowers_the_effective_attenuation_with_depth() -> None:
    assert cone_beam.water_attenuation_per_mm(NOISELESS, 200) < cone_beam.water_attenuation_per_mm(NOISELESS, 20)


def test_noise_of_the_logarithm_follows_the_photon_count() -> None:
    scanner = cone_beam.Scanner(photons=1e4, electronic_noise=0, scatter=0, blur_pixels=0, gain_error=0, bad_columns=0)
    flat = cone_beam.detect(np.zeros((3, 2, 64, 64), np.float32), scanner, np.random.default_rng(0))
    assert flat.std() == pytest.approx(0.01, rel=0.1)


def test_density_table_and_volume_agree() -> None:
    material = np.zeros((4, 4, 4), np.uint8)
    material[1:3] = 4
    table = np.ones(9)
    table[4] = 0.9
    assert np.allclose(
        cone_beam.basis_densities(material, table), cone_beam.basis_densities(material, np.full((4, 4, 4), 0.9))
    )


def test_refuses_unknown_materials_and_wrong_densities() -> None:
    with pytest.raises(InputError, match="Material 9 is unknown"):
        cone_beam.basis_densities(np.full((2, 2, 2), 9, np.uint8), None)
    with pytest.raises(InputError, match="density volume"):
        cone_beam.basis_densities(np.zeros((2, 2, 2), np.uint8), np.ones((2, 2, 3)))


def test_refuses_a_phantom_without_its_fields(tmp_path) -> None:
    np.savez(tmp_path / "bad.npz", material=np.zeros((2, 2, 2), np.uint8))
    with pytest.raises(InputError, match="has no labels, spacing_mm"):
        rec.load_phantom(tmp_path / "bad.npz")


def test_what_surrounds_the_teeth_comes_along_where_it_is_known(tmp_path) -> None:
    material, labels = np.ones((2, 3, 4), np.uint8), np.zeros((2, 3, 4), np.uint8)
    np.savez(tmp_path / "old.npz", material=material, labels=labels, spacing_mm=0.4)
    np.savez(tmp_path / "new.npz", material=material, labels=labels, structures=labels + 202, spacing_mm=0.4)
    np.savez(tmp_path / "bad.npz", material=material, labels=labels, structures=labels[1:], spacing_mm=0.4)
    assert rec.load_phantom(tmp_path / "old.npz").structures is None
    assert (rec.load_phantom(tmp_path / "new.npz").structures == 202).all()
    with pytest.raises(InputError, match="must be one 3D grid"):
        rec.load_phantom(tmp_path / "bad.npz")


def test_an_empty_folder_is_refused(tmp_path, capsys) -> None:
    assert rec.main([str(tmp_path), str(tmp_path / "out")]) == InputError.exit_code
    assert "holds no phantom" in capsys.readouterr().err


@needs_rtk
@pytest.mark.parametrize("middle", [(0.0, 0.0, 0.0), (6.0, -4.0, 10.0)])
def test_line_integral_through_a_box_is_its_length(middle: tuple[float, float, float]) -> None:
    detector = cone_beam.Detector(NOISELESS, (60.0, 60.0, 40.0))
    paths = detector.project(np.ones((20, 20, 20), np.float32), 1.0, middle)
    # The central ray of the first view runs along RTK's z through a centred cube of 20 mm.
    row, column = (n // 2 + round(m * 1.4 / 2) for n, m in zip(detector.shape, middle[1::-1], strict=True))
    assert paths[0, row, column] == pytest.approx(20, rel=0.03)


@needs_rtk
def test_a_water_cylinder_reads_zero_and_stays_where_it_was() -> None:
    shape = (16, 40, 48)
    material = cylinder(shape, 7.0, centre=(4.0, -9.0))
    grey = cone_beam.reconstruct(material, 1.5, NOISELESS, np.random.default_rng(0))
    inside = grey[5:11][:, cylinder(shape, 4.0, centre=(4.0, -9.0))[0] > 0]
    # Soft tissue is 5 % denser than water; a thin cylinder hardens the beam less than 100 mm do.
    assert 0 < inside.mean() < 250
    bright = np.argwhere(grey[8] > -500).mean(0) - (np.array(shape[1:]) - 1) / 2
    assert np.allclose(bright, (4.0, -9.0), atol=0.4)


@needs_rtk
def test_mineral_is_brighter_than_soft_tissue_and_metal_than_mineral() -> None:
    shape = (16, 40, 40)
    material = cylinder(shape, 16.0)
    for number, centre in ((4, (0, -9)), (6, (0, 9))):
        material = np.where(cylinder(shape, 3.0, centre), number, material).astype(np.uint8)
    grey = cone_beam.reconstruct(material, 1.5, NOISELESS, np.random.default_rng(0))[8]
    soft, dentin, metal = grey[28, 20], grey[20, 11], grey[20, 29]
    assert soft + 500 < dentin
    assert dentin + 500 < metal


@needs_rtk
def test_a_file_is_scanned_onto_its_own_grid_the_same_way_twice(tmp_path) -> None:
    material = cylinder((16, 33, 35), 9.0) * np.uint8(4)
    labels = (material > 0).astype(np.uint8) * 11
    folder = tmp_path / "in"
    folder.mkdir()
    known = {"labels": labels, "structures": labels * 19}
    np.savez(folder / "p.npz", material=material, spacing_mm=2.0, origin_ras=(-10.0, 5.0, 7.0), **known)
    assert rec.main([str(folder), str(tmp_path / "a"), "--seed", "3", "--fov-mm", "30"]) == 0
    assert rec.main([str(folder), str(tmp_path / "b"), "--seed", "3", "--fov-mm", "30"]) == 0
    image, _ = read_volume(tmp_path / "a" / "p_image.nii.gz")
    again, _ = read_volume(tmp_path / "b" / "p_image.nii.gz")
    assert np.array_equal(image.array, again.array)
    found = read_labels(tmp_path / "a" / "p_labels.nii.gz")
    assert np.allclose(found.index_to_ras((0, 0, 0)), (-10, 5, 7), atol=1e-4)
    assert np.allclose(found.index_to_ras((1, 2, 3)), (-4, 9, 9), atol=1e-4)
    kept = found.array > 0
    assert 0 < kept.sum() < (labels > 0).sum()
    assert np.array_equal(found.array[kept], labels[kept])
    assert image.array[8, 16, 17] > image.array[8, 16, 2] + 500
    assert np.array_equal(read_labels(tmp_path / "a" / "p_structures.nii.gz").array, found.array * 19)
