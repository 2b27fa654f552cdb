"""The quick reconstruction of training samples obeys the physics of the slow one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the scanners compute with torch (training only)")

from training.patients import parallel_beam as pb  # noqa: E402
from training.patients.cone_beam import Scanner, detect  # noqa: E402
from training.patients.dice import Dice  # noqa: E402
from training.patients.fast_scanner import acquire  # noqa: E402

SIDE, SPACING = 64, 1.0


def dice(seed: int) -> Dice:
    return Dice(torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def mouth() -> tuple[torch.Tensor, torch.Tensor]:
    """A disc of soft tissue with two teeth, each with a bracket, and its metal (z, y, x); three of six slices."""
    y, x = np.meshgrid(np.arange(SIDE) - 31.5, np.arange(SIDE) - 31.5, indexing="ij")
    image = np.full((6, SIDE, SIDE), -1000.0, np.float32)
    image[:, y**2 + x**2 < 27**2] = 0.0
    for middle in (-12, 12):
        image[:, (y - 4) ** 2 + (x - middle) ** 2 < 16] = 2000.0
    metal = np.zeros_like(image)
    metal[2:5, 25:28, 18:21] = metal[2:5, 25:28, 43:46] = 1.0
    image[metal > 0] = 9000.0
    return torch.from_numpy(image), torch.from_numpy(metal)


def test_every_view_sees_all_matter_once():
    slice_ = np.random.default_rng(0).random(SIDE * SIDE).astype(np.float32)
    views = (pb.projector(SIDE, 120) @ slice_).reshape(120, -1).sum(1)
    np.testing.assert_allclose(views, slice_.sum(), rtol=1e-4)


def test_the_beam_is_attenuated_as_by_the_cone_beam_scanner():
    """Same paths, same spectrum: the same logarithms, without scatter, blur, noise and gain errors."""
    rng = np.random.default_rng(1)
    paths = np.stack([rng.uniform(20, 200, (2, 8, 8)), rng.uniform(0, 40, (2, 8, 8)), rng.uniform(0, 20, (2, 8, 8))])
    paths = paths.astype(np.float32)
    ideal = replace(
        Scanner(), photons=1e15, electronic_noise=0.0, scatter=0.0, blur_pixels=0.0, gain_error=0.0, bad_columns=0
    )
    expected = detect(paths, ideal, rng)
    ours = -np.log(pb.transmission(paths, ideal.kvp, ideal.filter_al_mm, bins=6))
    np.testing.assert_allclose(ours, expected, rtol=2e-3, atol=2e-3)


def test_attenuation_comes_back_from_its_line_integrals():
    y, x = np.meshgrid(np.arange(SIDE) - 31.5, np.arange(SIDE) - 31.5, indexing="ij")
    truth = np.where(y**2 + x**2 < 20**2, 0.02, 0.0).astype(np.float32)
    basis = np.zeros((3, 1, SIDE, SIDE), np.float32)
    basis[0, 0] = truth
    paths = pb.line_integrals(basis, SPACING, 160)
    seen = pb.back_project(paths[0], SIDE, SPACING, 0.9)[0]
    assert float(seen[24:40, 24:40].mean()) == pytest.approx(0.02, rel=0.01)
    assert abs(float(seen[y**2 + x**2 > 26**2].mean())) < 0.0005
    assert float(np.abs(seen - truth)[(y**2 + x**2 < 16**2) | (y**2 + x**2 > 24**2)].mean()) < 0.0006


def test_the_head_around_is_what_a_round_head_has_beyond_the_square():
    """Through the middle along an axis: its diameter less the square's side."""
    path = pb.head_path(SIDE, SPACING, 180, 150.0)
    middle = pb.bin_count(SIDE) // 2
    assert path[0, middle] == pytest.approx(150 - SIDE, abs=1.0)
    assert path[45, middle] == pytest.approx(150 - SIDE * 2**0.5, abs=2.0)
    assert (path >= 0).all()


@pytest.mark.parametrize("seed", range(4))
def test_hounsfield_units_come_back_where_no_metal_is(mouth, seed):
    seen = pb.scan_slices(*mouth, SPACING, dice(seed))
    assert float(seen[0, 48:54, 26:38].mean()) == pytest.approx(0, abs=130)
    assert float(seen[0, :4, :4].mean()) == pytest.approx(-1000, abs=150)
    assert 1200 < float(seen[0, 34:37, 42:45].mean()) < 2800


def test_metal_darkens_what_lies_between(mouth):
    """In the slices with brackets the tissue between them is darker than in those without."""
    differences = []
    for seed in range(6):
        seen = pb.scan_slices(*mouth, SPACING, dice(seed))
        between = seen[:, 25:28, 24:40].mean((1, 2))
        differences.append(float(between[2:5].mean() - between[0]))
    assert max(differences) < 0 and min(differences) < -40


def test_a_reconstructed_scan_is_repeatable(mouth):
    def scan(seed: int) -> torch.Tensor:
        return acquire(*mouth, SPACING, torch.Generator().manual_seed(seed), reconstructed=True)

    assert torch.equal(scan(1), scan(1)) and not torch.equal(scan(1), scan(2))
    assert bool(torch.isfinite(scan(1)).all())
