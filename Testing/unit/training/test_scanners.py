"""What scanners do to phantoms: metal, motion, fields of view, multi-slice CT; no data pack."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the scanners compute with torch (training only)")

from training.patients import fast_scanner, sampler  # noqa: E402
from training.patients.dice import Dice  # noqa: E402
from training.patients.fields import FieldOfView, disturb_field, small_field  # noqa: E402
from training.patients.metal_artefacts import shine, streaks  # noqa: E402
from training.patients.motion import apply_path, move, path_of_motion, step_slices  # noqa: E402
from training.patients.multi_slice import multi_slice  # noqa: E402
from training.patients.variety import FULL  # noqa: E402

SPACING = 0.5


def dice(seed: int) -> Dice:
    return Dice(torch.Generator().manual_seed(seed))


@pytest.fixture
def mouth() -> torch.Tensor:
    """Air around soft tissue with two teeth in it, (z, y, x)."""
    image = torch.full((24, 64, 64), -1000.0)
    image[:, 8:56, 8:56] = 50.0
    image[4:20, 26:36, 16:26] = 1800.0
    image[4:20, 26:36, 38:48] = 1800.0
    return image


@pytest.fixture
def brackets(mouth) -> torch.Tensor:
    """Coverage by metal: one bracket on each tooth."""
    metal = torch.zeros_like(mouth)
    metal[10:14, 22:26, 19:23] = 1.0
    metal[10:14, 22:26, 41:45] = 1.0
    mouth[metal > 0] = 9000.0
    return metal


def centroid(image: torch.Tensor) -> np.ndarray:
    """Middle of what is brighter than soft tissue, voxels z, y, x."""
    weight = (image - 300).clamp(min=0).numpy()
    axes = np.meshgrid(*[np.arange(n) for n in image.shape], indexing="ij")
    return np.array([(axis * weight).sum() for axis in axes]) / weight.sum()


def scan_of(mouth: torch.Tensor, brackets: torch.Tensor, seed: int, field=None, without=()) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return fast_scanner.acquire(mouth, brackets, SPACING, generator, field, FULL.without(*without))


@pytest.mark.parametrize("seed", range(6))
def test_the_same_seed_gives_the_same_scan(mouth, brackets, seed):
    field = FieldOfView((16.0, 16.0), 12.0, 2.0, 10.0) if seed % 2 else None
    first, second = scan_of(mouth, brackets, seed, field), scan_of(mouth, brackets, seed, field)
    assert torch.equal(first, second) and bool(torch.isfinite(first).all())
    assert not torch.equal(first, scan_of(mouth, brackets, seed + 100, field))


def test_a_scan_without_a_group_never_calls_it(mouth, brackets, monkeypatch):
    called = []
    monkeypatch.setattr(fast_scanner, "MULTI_SLICE_SHARE", 0.5)
    monkeypatch.setattr(fast_scanner, "MOTION_SHARE", 0.5)
    monkeypatch.setattr(fast_scanner, "streaks", lambda image, *_: torch.zeros_like(image))
    for name in ("shine", "move", "multi_slice", "disturb_field"):
        real = getattr(fast_scanner, name)
        monkeypatch.setattr(fast_scanner, name, lambda *a, _n=name, _r=real: called.append(_n) or _r(*a))
    field = FieldOfView((16.0, 16.0), 12.0)
    for seed in range(12):
        scan_of(mouth, brackets, seed, field if seed % 2 else None, without=("scanner",))
    assert set(called) == {"disturb_field"}
    called.clear()
    for seed in range(16):
        scan_of(mouth, brackets, seed, field if seed % 2 else None, without=("fields",))
    assert set(called) == {"shine", "move", "multi_slice"}


@pytest.mark.parametrize("seed", range(8))
def test_outside_of_the_field_is_one_value_and_inside_is_not(mouth, brackets, seed):
    field = FieldOfView((15.0, 17.0), 11.0, 1.5, 9.0)
    scan, inside = scan_of(mouth, brackets, seed, field), field.mask(tuple(mouth.shape), SPACING)
    assert len(torch.unique(scan[~inside])) == 1
    assert len(torch.unique(scan[inside])) > 100


def test_metal_looks_larger_than_it_is(mouth, brackets):
    """Enamel that touches a bracket becomes as bright as it in most scans: a tooth is cut there by who trusts it."""
    touching = torch.zeros_like(brackets, dtype=torch.bool)
    touching[10:14, 26, 19:23] = True
    brighter = [float(shine(mouth, brackets, SPACING, dice(seed))[touching].mean()) - 1800 for seed in range(20)]
    assert np.median(brighter) > 800


def test_between_two_brackets_it_is_dark_in_some_direction(mouth, brackets):
    """Shadows reach into soft tissue and enamel near metal, and never far from it."""
    near = torch.zeros_like(brackets, dtype=torch.bool)
    near[10:14, 16:34, 12:52] = True
    far = torch.zeros_like(near)
    far[:3] = True
    darkest = []
    for seed in range(20):
        change = shine(mouth, brackets, SPACING, dice(seed)) - mouth
        assert float(change[far].abs().max()) < 1.0
        darkest.append(float(change[near].min()))
    assert np.quantile(darkest, 0.4) < -200


def test_streaks_of_an_uneven_orbit_run_one_way(mouth, brackets):
    """Views along x weigh nearly all or nothing: the band between two brackets side by side shows it."""
    band = []
    for angle in (0.0, math.pi / 2):
        artefact = streaks(mouth, brackets, SPACING, 60, 1.0, torch.Generator().manual_seed(0), (0.95, angle))
        band.append(float(artefact[10:14, 22:26, 26:38].mean()))
    assert abs(band[0] - band[1]) > 0.2


@pytest.mark.parametrize("seed", range(12))
def test_motion_does_not_move_the_teeth(mouth, seed):
    moved = move(mouth, SPACING, dice(seed))
    assert not torch.equal(moved, mouth)
    np.testing.assert_allclose(centroid(moved), centroid(mouth), atol=1.0)
    assert float((moved - mouth).mean().abs()) < 5.0


def test_a_path_is_about_its_middle_and_a_whole_path_moves_everything(mouth):
    for seed in range(20):
        path = path_of_motion(360, dice(seed))
        assert float(path.mean(0).abs().max()) < 1e-5 and float(path.norm(dim=1).max()) < 2.5
    shifted = apply_path(mouth, torch.tensor([[0.0, 0.0, 3.0]]).expand(180, 3), 1, 0.3)
    inner = np.s_[8:16, 16:48, 18:46]
    expected = torch.roll(mouth, 3, 2)
    assert float((shifted - expected)[inner].abs().mean()) < 0.1 * float((mouth - expected)[inner].abs().mean())


def test_a_jump_doubles_a_contour(mouth):
    """An edge across the jump splits into two: half as steep."""
    path = torch.zeros(180, 3)
    path[90:, 2] = 6.0
    steep = [float(v[12, 30].diff().abs().max()) for v in (mouth, apply_path(mouth, path - path.mean(0), 1, 0.0))]
    assert steep[1] < 0.75 * steep[0]


def test_steps_between_slices_stay_below_half_a_millimetre(mouth):
    changed = 0
    for seed in range(10):
        stepped = step_slices(mouth, SPACING, dice(seed))
        rows = (stepped - mouth).abs().amax((1, 2)) > 1e-3
        changed += int(rows.sum())
        for z in torch.nonzero(rows)[:, 0].tolist():
            off = centroid(stepped[z : z + 1]) - centroid(mouth[z : z + 1]) if mouth[z].max() > 300 else np.zeros(3)
            assert np.linalg.norm(off) * SPACING <= 0.6
    assert changed


def test_multi_slice_keeps_hounsfield_units(mouth):
    for seed in range(8):
        seen = multi_slice(mouth, SPACING, dice(seed))
        assert float(seen[12, 10:20, 10:54].mean()) == pytest.approx(50, abs=40)
        assert float(seen[12, 29:33, 19:23].mean()) == pytest.approx(1800, abs=300)
        assert float(seen[:, :3].mean()) == pytest.approx(-1000, abs=60)


def test_thick_slices_melt_teeth_one_voxel_apart():
    image = torch.full((24, 40, 40), 50.0)
    image[:, 10:30, 10:19] = 1800.0
    image[:, 10:30, 20:29] = 1800.0
    gaps = [float(multi_slice(image, SPACING, dice(seed))[12, 14:26, 19].mean()) for seed in range(30)]
    assert min(gaps) < 900 and max(gaps) > 1000, "they melt in some scans and not in all"


def test_a_small_field_is_a_usual_one_around_its_tooth():
    rng = np.random.default_rng(0)
    for _ in range(50):
        field = small_field(np.array([30.0, 40.0, 50.0]), 72.0, rng)
        assert 2 * field.radius <= 72 and field.high - field.low >= 37
        assert np.hypot(field.centre[0] - 40, field.centre[1] - 50) < 2 * field.radius


def test_the_box_of_a_field_holds_it_and_has_even_edges():
    shape = (40, 50, 60)
    field = FieldOfView((9.3, 21.7), 6.1, 4.4, 13.2)
    box, mask = field.box(shape, SPACING), field.mask(shape, SPACING)
    assert int(mask[box].sum()) == int(mask.sum())
    assert all(b.start % 2 == 0 and b.stop % 2 == 0 for b in box)
    assert all(n >= b.stop for b, n in zip(box, shape, strict=True))
    assert mask[box].numel() < 0.3 * mask.numel()
    everything = FieldOfView((0.0, 0.0)).box(shape, SPACING)
    assert [(b.start, b.stop) for b in everything] == [(0, n) for n in shape]


def test_the_rim_of_a_truncated_field_shines_in_most_scans(mouth):
    flat = torch.full_like(mouth, 50.0)
    field = FieldOfView((16.0, 16.0), 12.0)
    distance = field.distance(tuple(flat.shape), SPACING)
    at_rim, inner = (distance < 11.9) & (distance > 11.0), distance < 4
    brighter = []
    for seed in range(20):
        seen = disturb_field(flat, field, SPACING, dice(seed))
        brighter.append(float(seen[:, at_rim].mean() - seen[:, inner].mean()))
    assert np.median(brighter) > 50


def test_fields_are_never_drawn_small_without_their_group(monkeypatch):
    calls = []
    monkeypatch.setattr(sampler, "small_field", lambda *a: calls.append(1) or small_field(*a))
    grid = sampler.Grid(np.zeros(3), 1.0, (96, 128, 128))

    class Nobody:
        teeth, middle, pose = (), np.zeros(3), np.eye(3)

    rng = np.random.default_rng(0)
    for _ in range(40):
        sampler.field_of_view("numbering", Nobody(), grid, rng, FULL.without("fields"))
    assert not calls
    fields = [sampler.field_of_view("numbering", Nobody(), grid, rng) for _ in range(60)]
    assert calls and any(f is None for f in fields) and any(f is not None for f in fields)
