"""The CBCT path with stand-in networks: instances, splitting, merging, placing, refusals, cancelling."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from fake_networks import FakeNetworks, fake_models
from scipy import ndimage

from DentalTopoSegLib.cbct.inference import (
    CoarseMap,
    inside_scan,
    normalise,
    plan_tiles,
    run_border,
    run_numbering,
)
from DentalTopoSegLib.cbct.instance_numbers import at_edge
from DentalTopoSegLib.cbct.placing import clean, place
from DentalTopoSegLib.cbct.segmenting import segment_volume
from DentalTopoSegLib.cbct.splitting import grow
from DentalTopoSegLib.errors import Cancelled, InputError, NoTeethError
from DentalTopoSegLib.files.volumes import Volume, resample_like, resample_ras
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.phantom import make_phantom

FULL = np.ones((3, 3, 3))
QUIET = {"progress": lambda *a: None, "cancelled": None}


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(3, 0.7, fov_mm=(78, 66, 56), missing=(18, 28, 38, 48, 25), fillings=0, gap_mm=1.0)


def dice(a: np.ndarray, b: np.ndarray, fdi: int) -> float:
    return 2 * float(((a == fdi) & (b == fdi)).sum()) / float((a == fdi).sum() + (b == fdi).sum())


def assert_matches(result, truth: np.ndarray, teeth, least: float) -> None:
    assert sorted(result.confidence) == sorted(teeth)
    found = result.labels.array
    assert sorted(set(np.unique(found)) - {0}) == sorted(teeth)
    for fdi in teeth:
        assert dice(found, truth, fdi) > least, fdi
        assert ndimage.label(found == fdi, FULL)[1] == 1, fdi


def test_truth_in_truth_out(phantom, monkeypatch):
    FakeNetworks(phantom.labels, noise=0.1).install(monkeypatch)
    stages = []
    result = segment_volume(
        phantom.image, RunOptions(progress=lambda s, d, t: stages.append((s, d, t))), models=fake_models()
    )
    assert result.labels.array.dtype == np.uint8 and result.labels.same_grid(phantom.image)
    assert_matches(result, phantom.labels.array, phantom.teeth, 0.93)
    assert min(result.confidence.values()) > 0.6 and result.warnings == []
    assert [m["id"] for m in result.provenance["models"]] == ["n", "b"]
    assert set(result.provenance["seconds"]) == {s for s, _, _ in stages}
    assert all(0 <= d <= t for _, d, t in stages)


def test_same_scan_same_bits(phantom, monkeypatch):
    labels = []
    for _ in range(2):
        FakeNetworks(phantom.labels, seed=4, noise=0.2).install(monkeypatch)
        labels.append(segment_volume(phantom.image, models=fake_models()).labels.array)
    assert np.array_equal(*labels)


def rotated_scan(volume: Volume, interpolation: str) -> Volume:
    """The volume on an oblique, mirrored-axis, anisotropic grid around the teeth."""
    a, b = np.radians(14), np.radians(-9)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]) @ np.array(
        [[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]]
    )
    direction = turn[:, [1, 2, 0]] * (1, -1, 1)
    spacing, size = np.array((0.7, 0.6, 0.8)), np.array((130, 130, 120))
    middle = volume.index_to_ras((np.array(volume.array.shape) - 1) / 2) * (-1, -1, 1)
    origin = middle - direction @ (spacing * (size - 1) / 2)
    grid = Volume(
        np.broadcast_to(np.zeros((), volume.array.dtype), tuple(size[::-1])),
        tuple(spacing),
        tuple(origin),
        tuple(direction.ravel()),
        "oblique",
    )
    return resample_like(volume, grid, interpolation)


def test_oblique_anisotropic_scan(phantom, monkeypatch):
    scan, truth = rotated_scan(phantom.image, "linear"), rotated_scan(phantom.labels, "label")
    FakeNetworks(phantom.labels).install(monkeypatch)
    result = segment_volume(scan, models=fake_models())
    assert result.labels.same_grid(scan)
    assert_matches(result, truth.array, phantom.teeth, 0.88)


def test_merged_neighbours_are_cut_apart(phantom, monkeypatch):
    FakeNetworks(phantom.labels, merge=(45, 46)).install(monkeypatch)
    assert_matches(segment_volume(phantom.image, models=fake_models()), phantom.labels.array, phantom.teeth, 0.80)


def test_merged_neighbours_with_one_number_are_cut_at_their_neck(phantom, monkeypatch):
    FakeNetworks(phantom.labels, merge=(45, 46), wrong={45: 46}).install(monkeypatch)
    assert_matches(segment_volume(phantom.image, models=fake_models()), phantom.labels.array, phantom.teeth, 0.75)


def test_a_tooth_with_two_numbers_inside_stays_one(phantom, monkeypatch):
    fake = FakeNetworks(phantom.labels)
    original = fake.numbering

    def doubtful(*args):
        coarse = original(*args)
        left, right = coarse.probabilities[13].astype(float), coarse.probabilities[14].astype(float)  # 25, 26
        coarse.probabilities[13] = (left + 0.5 * right).astype(np.uint8)
        z = np.arange(coarse.probabilities.shape[1])[:, None, None]
        low = (right > 0) & (z < np.argwhere(right > 100)[:, 0].mean())
        coarse.probabilities[13][low], coarse.probabilities[14][low] = right[low], left[low]
        return coarse

    fake.numbering = doubtful
    fake.install(monkeypatch)
    assert_matches(segment_volume(phantom.image, models=fake_models()), phantom.labels.array, phantom.teeth, 0.93)


def test_crown_and_roots_that_fell_apart_are_one_tooth(phantom, monkeypatch):
    fake = FakeNetworks(phantom.labels)
    original = fake.border

    def torn(model, grid, *args):
        tooth, core = original(model, grid, *args)
        truth = resample_like(phantom.labels, grid, "nearest").array
        for fdi in (16, 46):
            z = np.argwhere(truth == fdi)[:, 0]
            middle = int(np.median(z))
            sheet = np.zeros(truth.shape, bool)
            sheet[middle : middle + 2] = True
            core[sheet & (truth == fdi)] = 40
        return tooth, core

    fake.border = torn
    fake.install(monkeypatch)
    assert_matches(segment_volume(phantom.image, models=fake_models()), phantom.labels.array, phantom.teeth, 0.90)


def test_wrong_numbers_are_set_right_along_the_arch(phantom, monkeypatch):
    FakeNetworks(phantom.labels, wrong={14: 15, 36: 37}).install(monkeypatch)
    result = segment_volume(phantom.image, models=fake_models())
    assert_matches(result, phantom.labels.array, phantom.teeth, 0.93)
    assert result.confidence[14] < result.confidence[24] and result.confidence[36] < result.confidence[46]


def test_islands_and_far_objects_are_left_out(phantom, monkeypatch):
    fake = FakeNetworks(phantom.labels)
    original = fake.border

    def dusty(model, grid, *args):
        tooth, core = original(model, grid, *args)
        for corner in ((2, 2, 2), (3, 60, 60)):
            spot = tuple(slice(c, c + 4) for c in corner)
            tooth[spot], core[spot] = 255, 255
        return tooth, core

    fake.border = dusty
    fake.install(monkeypatch)
    assert_matches(segment_volume(phantom.image, models=fake_models()), phantom.labels.array, phantom.teeth, 0.93)


def test_one_jaw_and_few_teeth(monkeypatch):
    p = make_phantom(
        8, 0.8, fov_mm=(70, 60, 50), jaws="lower", fillings=0, missing=(34, 35, 36, 37, 38, 44, 45, 46, 47, 48)
    )
    FakeNetworks(p.labels).install(monkeypatch)
    result = segment_volume(p.image, models=fake_models())
    assert sorted(result.confidence) == [31, 32, 33, 41, 42, 43]


def test_what_gets_no_number_is_told(phantom, monkeypatch):
    fake = FakeNetworks(phantom.labels)
    original = fake.border

    def extra(model, grid, *args):
        tooth, core = original(model, grid, *args)
        z, y, x = np.rint(grid.ras_to_index((0.0, -25.0, 8.0))).astype(int)  # a ball in the middle of the palate
        distance = np.sqrt(
            sum((a - c) ** 2 for a, c in zip(np.ogrid[tuple(map(slice, tooth.shape))], (z, y, x), strict=True))
        )
        tooth[distance < 8], core[distance < 6.5] = 255, 255
        return tooth, core

    numbering = fake.numbering

    def unsure(*args):
        coarse = numbering(*args)
        places = np.stack(np.meshgrid(*map(np.arange, coarse.probabilities.shape[1:]), indexing="ij"), -1)
        near = np.linalg.norm(coarse.to_ras(places) - (0.0, -25.0, 8.0), axis=-1) < 5
        coarse.probabilities[:, near] = 0
        coarse.probabilities[3:6, near] = 85
        return coarse

    fake.border, fake.numbering = extra, unsure
    fake.install(monkeypatch)
    result = segment_volume(phantom.image, models=fake_models())
    assert_matches(result, phantom.labels.array, phantom.teeth, 0.93)
    assert len(result.warnings) == 1 and "1 tooth-like object(s) got no number" in result.warnings[0]


def test_bones_taken_for_teeth_far_away_do_not_move_the_dental_box(phantom, monkeypatch):
    fake = FakeNetworks(phantom.labels)
    wide = Volume(
        array=np.pad(phantom.image.array, ((40, 40), (40, 0), (0, 0)), constant_values=-1000),
        spacing=phantom.image.spacing,
        origin=tuple(np.array(phantom.image.origin) + (0, 28, -28)),
        direction=phantom.image.direction,
        name="wide",
    )
    assert np.allclose(wide.index_to_ras((40, 40, 0)), phantom.image.index_to_ras((0, 0, 0)))
    original = fake.numbering

    def excited(*args):
        coarse = original(*args)
        for number, corner in ((3, (2, 3, 5)), (12, (34, 4, 20)), (25, (1, 1, 30)), (25, (30, 2, 2))):
            spot = tuple(slice(c, c + 6) for c in corner)
            coarse.probabilities[(slice(None), *spot)] = 0
            coarse.probabilities[(number, *spot)] = 255
        return coarse

    fake.numbering = excited
    fake.install(monkeypatch)
    result = segment_volume(wide, models=fake_models())
    assert sorted(result.confidence) == sorted(phantom.teeth)
    low, high = np.array(result.provenance["dental_box_ras_mm"])
    teeth = phantom.labels.index_to_ras(np.argwhere(phantom.labels.array))
    assert (low < teeth.min(0)).all() and (high > teeth.max(0)).all()
    assert (low > teeth.min(0) - 16).all() and (high < teeth.max(0) + 16).all()


# ---------------------------------------------------------------- refusals and cancelling


def test_a_scan_without_teeth_is_refused(phantom, monkeypatch):
    empty = phantom.labels.with_array(np.zeros_like(phantom.labels.array))
    FakeNetworks(empty).install(monkeypatch)
    with pytest.raises(NoTeethError, match="No teeth were found in phantom_3"):
        segment_volume(phantom.image, models=fake_models())


def test_specks_of_tooth_are_no_dentition(phantom, monkeypatch):
    specks = np.zeros_like(phantom.labels.array)
    specks[40:43, 40:43, 40:43] = 16
    FakeNetworks(phantom.labels.with_array(specks)).install(monkeypatch)
    with pytest.raises(NoTeethError):
        segment_volume(phantom.image, models=fake_models())


@pytest.mark.parametrize(
    ("array", "message"),
    [(np.zeros((40, 40, 40), np.int16), "same value"), (np.full((40, 40, 40), np.nan, np.float32), "no numbers")],
)
def test_scans_that_show_nothing_are_refused(array, message):
    with pytest.raises(InputError, match=message):
        segment_volume(Volume(array=array), models=fake_models())


def test_cancelling_at_any_moment(phantom, monkeypatch):
    FakeNetworks(phantom.labels).install(monkeypatch)
    calls = {"n": 0}

    def count() -> bool:
        calls["n"] += 1
        return False

    segment_volume(phantom.image, RunOptions(cancelled=count), models=fake_models())
    for stop_at in (1, calls["n"] // 3, calls["n"] // 2, calls["n"] - 1):
        left = iter(range(stop_at))
        with pytest.raises(Cancelled):
            stop = RunOptions(cancelled=lambda left=left: next(left, None) is None)
            segment_volume(phantom.image, stop, models=fake_models())


# ---------------------------------------------------------------- the pieces


def blur_net(divisor: int, stride: int, margin: int, channels: int, calls: list | None = None):
    """A network whose answer depends on each voxel's surroundings within 5 voxels only."""

    def run(array, cancelled=None):
        if calls is not None:
            calls.append(array.shape)
        assert all(n % divisor == 0 for n in array.shape)
        smooth = ndimage.uniform_filter(array, 5)
        if stride == 2:
            d, h, w = (n // 2 for n in array.shape)
            smooth = smooth.reshape(d, 2, h, 2, w, 2).mean((1, 3, 5))
        p = 1 / (1 + np.exp(-smooth))
        return np.stack([p] * channels).astype(np.float32)

    return SimpleNamespace(
        run=run,
        output_scale=1.0,
        metadata={
            "divisor": divisor,
            "output_stride": stride,
            "clip_percentiles": [0.5, 99.5],
            "receptive_margin_vox": margin,
        },
    )


def test_border_tiles_join_without_seams(monkeypatch):
    monkeypatch.setattr("DentalTopoSegLib.cbct.inference._TILE_VOXELS", 500_000)
    rng = np.random.default_rng(0)
    image = ndimage.gaussian_filter(rng.standard_normal((90, 150, 130)), 2).astype(np.float32)
    grid = Volume(array=image, spacing=(0.5,) * 3, direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1))
    first = grid.index_to_ras(np.zeros(3))
    answer = np.zeros((33, 23, 38, 33), np.uint8)
    answer[0], answer[0, :, :20, :] = 255, 0
    calls: list = []
    tooth, core = run_border(blur_net(16, 1, 16, 2, calls), grid, grid, CoarseMap(answer, first, 2.0), **QUIET)
    whole = 1 / (1 + np.exp(-ndimage.uniform_filter(normalise(grid, grid, (0.5, 99.5)), 5)))
    assert len(calls) > 1 and max(np.prod(shape) for shape in calls) <= 500_000
    near = tooth[:86, :80, :126]  # where the scan's end is rounded up to the network's raster, something is seen there
    assert np.abs(near.astype(float) - 255 * whole[:86, :80, :126]).max() <= 1.0
    assert tooth[86:, :80].all() and tooth[:, :80, 126:].all()
    assert not tooth[:, 130:].any(), "computed where no tooth is near"
    assert np.array_equal(tooth, core)


def test_numbering_tiles_of_a_huge_scan_join_without_seams(monkeypatch):
    monkeypatch.setattr("DentalTopoSegLib.cbct.inference.WHOLE_SCAN_VOXELS", 1000)
    monkeypatch.setattr("DentalTopoSegLib.cbct.inference._TOOTH_LIKE", -100.0)  # all of it
    calls: list = []
    image = ndimage.gaussian_filter(np.random.default_rng(1).standard_normal((71, 90, 50)), 2).astype(np.float32)
    grid = Volume(array=image, direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1))
    tiled = run_numbering(blur_net(16, 2, 16, 33, calls), grid, grid, **QUIET)
    assert len(calls) > 1
    monkeypatch.setattr("DentalTopoSegLib.cbct.inference.WHOLE_SCAN_VOXELS", 10**9)
    whole = run_numbering(blur_net(16, 2, 16, 33), grid, grid, **QUIET)
    assert tiled.probabilities.shape == (33, 36, 45, 25) == whole.probabilities.shape
    inner = (slice(None), slice(3, -3), slice(3, -3), slice(3, -3))
    assert np.abs(tiled.probabilities[inner].astype(int) - whole.probabilities[inner]).max() <= 1
    assert np.allclose(tiled.origin, grid.index_to_ras(np.array([0.5, 0.5, 0.5])))


@pytest.mark.parametrize(("limit", "most"), [(10**9, 1), (600_000, 60), (1, 10**6)])
def test_plan_keeps_every_needed_block_once_and_sees_around_it(monkeypatch, limit, most):
    monkeypatch.setattr("DentalTopoSegLib.cbct.inference._TILE_VOXELS", limit)
    needed = ndimage.binary_dilation(np.random.default_rng(5).random((20, 31, 26)) > 0.999, iterations=2)
    shape = (157, 241, 208)
    tiles = plan_tiles(needed, shape, 16, 16)
    kept = np.zeros(shape, np.uint8)
    for tile in tiles:
        kept[tile.kept] += 1
        for keep, see, n in zip(tile.kept, tile.seen, shape, strict=True):
            end = -(-n // 16) * 16
            assert see.start % 16 == 0 and see.stop % 16 == 0 and see.start >= 0 and see.stop <= end
            assert see.start <= max(keep.start - 16, 0) and see.stop >= min(keep.stop + 16, end)
        assert np.prod([s.stop - s.start for s in tile.seen]) <= max(limit, 48**3)
    fine = needed.repeat(8, 0).repeat(8, 1).repeat(8, 2)[tuple(slice(0, n) for n in shape)]
    assert kept[fine].all() and kept.max() == 1
    assert len(tiles) <= most and (len(tiles) == 1 or not kept.all())


def test_plan_of_nothing_is_empty():
    assert plan_tiles(np.zeros((4, 5, 6), bool), (32, 40, 48), 16, 16) == []


def test_inside_scan_agrees_with_the_definition(phantom):
    scan = rotated_scan(phantom.image, "linear")
    grid = resample_ras(scan, 4.0)
    index = scan.ras_to_index(grid.index_to_ras(np.argwhere(np.ones(grid.array.shape))))
    expected = ((index >= -0.5) & (index <= np.array(scan.array.shape) - 0.5)).all(1).reshape(grid.array.shape)
    mask = inside_scan(grid, scan)
    assert 0.2 < mask.mean() < 0.9 and (mask == expected).mean() > 0.999
    assert inside_scan(phantom.image, phantom.image) is None


def test_normalise_ignores_what_lies_outside_the_scan(phantom):
    scan = rotated_scan(phantom.image, "linear")
    inside = normalise(resample_ras(scan, 2.0), scan, (0.5, 99.5))
    mask = inside_scan(resample_ras(scan, 2.0), scan)
    assert abs(float(inside[mask].mean())) < 0.05 and abs(float(inside[mask].std()) - 1) < 0.05


def test_grow_fills_what_is_allowed_and_meets_halfway():
    labels = np.zeros((5, 5, 21), np.int16)
    labels[2, 2, 0], labels[2, 2, 20] = 1, 2
    allowed = np.zeros(labels.shape, bool)
    allowed[2, 2, :] = True
    out = grow(labels, allowed, np.full(labels.shape, 9, np.uint8), 30)
    assert (out[2, 2] > 0).all() and out.astype(bool).sum() == 21
    assert (out[2, 2, :10] == 1).all() and (out[2, 2, 11:] == 2).all()
    assert (grow(labels, allowed, np.zeros(labels.shape, np.uint8), 3) > 0).sum() == 8


def test_grow_takes_diagonal_steps_too():
    labels = np.zeros((4, 4, 4), np.int16)
    labels[0, 0, 0] = 3
    allowed = np.zeros(labels.shape, bool)
    allowed[1, 1, 1] = allowed[2, 2, 2] = True
    assert (grow(labels, allowed, np.zeros(labels.shape, np.uint8), 10) == 3).sum() == 3


def test_clean_removes_islands_and_fills_voids_only():
    labels = np.zeros((20, 20, 20), np.uint8)
    labels[2:12, 2:12, 2:12] = 16
    labels[5:7, 5:7, 5:7] = 0  # a void
    labels[8, 8, 2:12] = 0  # a tunnel stays: it may be anatomy
    labels[15:17, 15:17, 15:17] = 16  # an island
    labels[13:19, 2:12, 2:12] = 17
    clean(labels, 20)
    assert (
        (labels[5:7, 5:7, 5:7] == 16).all()
        and (labels[8, 8, 2:12] == 0).all()
        and not labels[15:17, 15:17, 15:17].any()
    )
    assert (labels == 17).sum() == 600


def test_place_is_exact_on_the_same_grid_and_subvoxel_on_another(phantom):
    labels = phantom.labels
    tooth = np.where(labels.array > 0, 255, 0).astype(np.uint8)
    assert np.array_equal(place(labels.array, tooth, labels, labels), labels.array)
    moved = replace(labels, origin=tuple(np.array(labels.origin) + 0.1))
    shifted = place(labels.array, tooth, labels, moved)
    assert dice(shifted > 0, labels.array > 0, 1) > 0.95 and set(np.unique(shifted)) == set(np.unique(labels.array))
    away = replace(labels, origin=tuple(np.array(labels.origin) + 500))
    assert not place(labels.array, tooth, labels, away).any()


def test_what_reaches_the_outer_planes_is_at_the_edge():
    labels = np.zeros((1, 9, 9), np.uint8)
    labels[0, 4, 4] = 11  # a scan of one slice cuts every tooth
    assert np.flatnonzero(at_edge(labels)).tolist() == [11]
    labels = np.zeros((9, 9, 9), np.uint8)
    labels[4, 4, 1], labels[4, 7, 4], labels[4, 4, 4] = 21, 31, 41
    assert np.flatnonzero(at_edge(labels)).tolist() == [21, 31]
