"""The training phantom engine on small made-up teeth: no data pack, no downloads."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the phantom engine draws with torch (training only)")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402

from DentalTopoSegLib.dentition import CLASS_FDI  # noqa: E402
from training.patients import rooted_teeth, sampler  # noqa: E402
from training.patients.anatomy import mirror_model, sample_patient  # noqa: E402
from training.patients.blurring import blur  # noqa: E402
from training.patients.canvas import Grid  # noqa: E402
from training.patients.fast_scanner import acquire  # noqa: E402
from training.patients.fields import FieldOfView  # noqa: E402
from training.patients.material_maps import render  # noqa: E402
from training.patients.metal_artefacts import streaks  # noqa: E402
from training.patients.variety import FULL  # noqa: E402


def made_up_tooth(fdi: int) -> rooted_teeth.ToothModel:
    """A tapered ellipsoid in the right place of a rough arch, as `rooted_teeth.build_tooth` would store it."""
    side = 1.0 if fdi // 10 in (1, 4) else -1.0
    upper = fdi < 30
    step = (fdi % 10 - 0.5) * 7.0
    centre = np.array([side * min(4.0 + step * 0.55, 26.0), 30.0 - (step / 9.0) ** 2, 5.0 if upper else -5.0])
    shape = (50, 24, 24)
    origin = np.array([-6.0, -6.0, -20.0])
    z, y, x = np.meshgrid(*[np.arange(n) * rooted_teeth.GRID_MM for n in shape], indexing="ij")
    x, y, z = x + origin[0], y + origin[1], z + origin[2]
    distance = (np.sqrt((x / 3.2) ** 2 + (y / 3.6) ** 2 + ((z + 7.0) / 10.5) ** 2) - 1) * 3.2
    sdf = np.clip(np.round(distance / rooted_teeth.SDF_STEP_MM), -127, 127).astype(np.int8)
    pulp = np.where(distance < -2.4, 255, 0).astype(np.uint8)
    occlusal = np.array([0, 0, -1.0 if upper else 1.0])
    mesial = np.array([-side, 0.0, 0.0])
    rotation = np.stack([mesial, np.cross(occlusal, mesial), occlusal], 1)
    rotation[:, 1] *= np.sign(rotation[1, 1])
    return rooted_teeth.ToothModel(
        fdi,
        rotation.astype(np.float32),
        centre.astype(np.float32),
        origin.astype(np.float32),
        sdf,
        pulp,
        np.array([-3.0, 0, 0, 0, 0, 0], np.float32),
        np.array([0, 0, -17.5], np.float32),
        3.5,
    )


@pytest.fixture(scope="module")
def dentition() -> list[rooted_teeth.ToothModel]:
    return [made_up_tooth(fdi) for fdi in CLASS_FDI[1:] if fdi % 10 < 8]


def test_a_saved_dentition_comes_back(tmp_path, dentition):
    path = tmp_path / "patient.npz"
    rooted_teeth.save_dentition(path, dentition)
    for before, after in zip(dentition, rooted_teeth.load_dentition(path), strict=True):
        assert before.fdi == after.fdi
        np.testing.assert_array_equal(before.sdf, after.sdf)
        np.testing.assert_allclose(before.rotation, after.rotation)
        np.testing.assert_allclose(before.apex, after.apex)


def test_mirroring_twice_is_the_same_tooth(dentition):
    for tooth in dentition:
        once = mirror_model(tooth)
        assert once.fdi // 10 == {1: 2, 2: 1, 3: 4, 4: 3}[tooth.fdi // 10]
        assert once.centre[0] == -tooth.centre[0]
        np.testing.assert_allclose(mirror_model(once).rotation, tooth.rotation)


@given(st.floats(0.8, 1.25), st.integers(0, 2**31 - 1))
@settings(max_examples=25, deadline=None)
def test_similarity_recovers_a_known_motion(scale, seed):
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(30, 3)) * 5
    from scipy.spatial.transform import Rotation

    rotation, shift = Rotation.random(rng=rng).as_matrix(), rng.normal(size=3) * 10
    found = rooted_teeth.similarity(source, scale * source @ rotation.T + shift)
    assert found[0] == pytest.approx(scale, rel=1e-6)
    np.testing.assert_allclose(found[1], rotation, atol=1e-6)
    np.testing.assert_allclose(found[2], shift, atol=1e-5)


def test_signed_distance_of_a_sphere():
    rng = np.random.default_rng(0)
    normals = rng.normal(size=(6000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    sphere = rooted_teeth.Template(normals * 4.0, normals)
    origin = np.array([-6.0, -6.0, -6.0])
    sdf = rooted_teeth.signed_distance(sphere, origin, (25, 25, 25))
    z, y, x = np.meshgrid(*[np.arange(25) * rooted_teeth.GRID_MM - 6.0] * 3, indexing="ij")
    truth = np.sqrt(x**2 + y**2 + z**2) - 4.0
    near = np.abs(truth) < 2.0
    assert np.abs(sdf - truth)[near].max() < 0.2


def test_a_sample_is_repeatable_and_labels_match_the_drawing(dentition):
    one = sampler.make_sample("numbering", [dentition], np.random.default_rng([5, 1]))
    two = sampler.make_sample("numbering", [dentition], np.random.default_rng([5, 1]))
    other = sampler.make_sample("numbering", [dentition], np.random.default_rng([5, 2]))
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])
    assert not np.array_equal(one[0], other[0])
    assert one[0].dtype == np.float16 and np.isfinite(one[0]).all()
    assert one[1].shape == tuple(n // 2 for n in one[0].shape) and one[1].max() <= 32


def test_rendered_labels_are_where_the_tooth_is(dentition):
    patient = sample_patient(dentition, [dentition], np.random.default_rng(3))
    shape, spacing = (60, 60, 60), 1.0
    origin = patient.middle - 30.0
    drawn = render(patient, Grid(origin, spacing, shape), warp_mm=0.0)
    assert (drawn.depth[drawn.labels > 0] < 0).all()
    assert bool((drawn.labels == 0)[drawn.depth > 0.1].all())
    seen = {CLASS_FDI[i] for i in torch.unique(drawn.labels).tolist() if i}
    placed = {t.fdi for t in patient.teeth if t.present}
    assert seen and seen <= placed
    for tooth in patient.teeth:
        index = np.round((tooth.to_ras(np.array([0, 0, -6.0]))[0] - origin) / spacing).astype(int)[::-1]
        crowded = any(np.linalg.norm(t.centre - tooth.centre) < 6 for t in patient.teeth if t is not tooth)
        if tooth.present and not crowded and (index > 3).all() and (index < np.array(shape) - 3).all():
            assert CLASS_FDI[int(drawn.labels[tuple(index)])] == tooth.fdi


def test_border_target_has_core_inside_border(dentition, monkeypatch):
    monkeypatch.setattr(sampler, "field_of_view", lambda *_: None)  # it may cut through a core
    image, target = sampler.make_sample("border", [dentition], np.random.default_rng([5, 3]))
    assert image.shape == target.shape
    from scipy import ndimage

    kinds = target & 15
    assert set(np.unique(kinds)) <= {0, 1, 2}
    core = kinds == 1
    assert core.any()
    # a core voxel lies deeper than 0.6 mm: none may touch the background
    assert not (ndimage.binary_dilation(core) & (kinds == 0)).any()


@pytest.mark.parametrize("task", ["numbering", "topology"])
def test_a_sample_of_a_small_field_is_cut_to_it(dentition, monkeypatch, task):
    middle = np.array(sampler.SHAPES[task]) * sampler.SPACING[task] / 2
    field = FieldOfView((float(middle[1]), float(middle[2])), 20.0, float(middle[0]) - 20, float(middle[0]) + 20)
    monkeypatch.setattr(sampler, "field_of_view", lambda *_: field)
    image, target = sampler.make_sample(task, [dentition], np.random.default_rng(4))
    side = round(40 / sampler.SPACING[task])
    assert image.shape == (side,) * 3
    assert target.shape == ((side // 2,) * 3 if task == "numbering" else (2, side, side, side))
    assert len(np.unique(image[:, 0, 0])) == 1 and not target[..., 0, 0].any(), "corners lie outside of the cylinder"
    plain, _ = sampler.make_sample(task, [dentition], np.random.default_rng(4), FULL.without("fields"))
    assert plain.shape == sampler.SHAPES[task]


def test_blur_keeps_the_mean_and_acquire_is_seeded():
    generator = torch.Generator().manual_seed(1)
    image = torch.zeros(24, 24, 24)
    image[8:16, 8:16, 8:16] = 1000.0
    assert float(blur(image, 1.0).mean()) == pytest.approx(float(image.mean()), rel=1e-3)
    metal = torch.zeros_like(image)
    metal[12, 12, 12] = 1.0
    one = acquire(image, metal, 0.5, generator)
    two = acquire(image, metal, 0.5, torch.Generator().manual_seed(1))
    assert torch.equal(one, two) and bool(torch.isfinite(one).all())


def test_streaks_run_only_through_slices_with_metal():
    image = torch.full((12, 48, 48), 50.0)
    metal = torch.zeros_like(image)
    metal[5:7, 20:23, 10:13] = 1.0
    metal[5:7, 20:23, 34:37] = 1.0
    artefact = streaks(image, metal, 1.0, 40, 1.0, torch.Generator().manual_seed(0))
    assert float(artefact[:4].abs().max()) == 0.0 and float(artefact[9:].abs().max()) == 0.0
    between, beside = artefact[5:7, 20:23, 18:30].mean(), artefact[5:7, 30:40, 18:30].mean()
    assert float(between) < float(beside) - 0.03, "the band between two metal objects is dark"


def test_missing_cache_is_one_sentence(tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        sampler.main([str(tmp_path), str(tmp_path / "out"), "--task", "border", "--count", "1"])
    assert stopped.value.code == 2
    assert "run python -m training root-teeth first" in capsys.readouterr().err


def test_several_processes_may_trim_one_folder(tmp_path, monkeypatch):
    for number in range(4):
        sampler.write_sample(tmp_path, f"005_{number:06d}", np.zeros((2, 2, 2)), np.zeros((2, 2, 2)))
    glob = type(tmp_path).glob

    def glob_then_vanish(folder, pattern):
        """Another process deletes the first sample after this one has seen it."""
        found = sorted(glob(folder, pattern))
        for kind in ("image", "target"):
            (folder / f"005_000000_{kind}.npy").unlink(missing_ok=True)
        return iter(found)

    monkeypatch.setattr(type(tmp_path), "glob", glob_then_vanish)
    sampler.trim(tmp_path, 2)
    monkeypatch.undo()
    assert len(list(tmp_path.glob("*_image.npy"))) == len(list(tmp_path.glob("*_target.npy"))) == 2


def test_of_a_replaced_sample_the_image_goes_first(tmp_path, monkeypatch):
    sampler.write_sample(tmp_path, "a", np.zeros((2, 2, 2)), np.zeros((2, 2, 2)))
    there = []
    rename = type(tmp_path).rename

    def rename_and_look(path, target):
        there.append((tmp_path / "a_image.npy").exists())
        return rename(path, target)

    monkeypatch.setattr(type(tmp_path), "rename", rename_and_look)
    sampler.write_sample(tmp_path, "a", np.ones((2, 2, 2)), np.ones((2, 2, 2)))
    assert there == [False, False]
    assert np.load(tmp_path / "a_image.npy").all()
    assert np.load(tmp_path / "a_target.npy").all()
