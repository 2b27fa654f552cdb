"""The sliding window and the resampling, against whole volumes that scipy resamples at once."""

from __future__ import annotations

import copy
import doctest

import numpy as np
import pytest
from scipy import ndimage
from toy_nnunet import DESCRIPTION

from DentalTopoSegLib.nnunet import resampling, window
from DentalTopoSegLib.nnunet.description import Description
from DentalTopoSegLib.nnunet.preprocessing import prepare
from DentalTopoSegLib.nnunet.resampling import Rule, axis_across, resample, shape_at
from DentalTopoSegLib.nnunet.window import count_tiles, importance, label_slices, tile_starts


def described(**changes) -> Description:
    return Description.of(copy.deepcopy(DESCRIPTION) | changes, "The toy")


def scan(shape: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    rough = np.random.default_rng(seed).uniform(0, 250, shape)
    return (ndimage.gaussian_filter(rough, 1.2) * 3 - 250).astype(np.float32)


def by_grey_value(tile: np.ndarray) -> np.ndarray:
    level = 100.0 * np.arange(3, dtype=np.float32)[:, None, None, None]
    return (2 * level * tile[0] - level**2) / 1e4


@pytest.mark.parametrize("module", [resampling, window])
def test_examples(module) -> None:
    assert doctest.testmod(module).failed == 0


def test_tiles_overlap_by_half_and_reach_the_end() -> None:
    assert tile_starts(32, 32) == [0]
    assert tile_starts(33, 32) == [0, 1]
    assert tile_starts(100, 32) == [0, 14, 27, 41, 54, 68]
    assert count_tiles((100, 10, 33), (32, 32, 32)) == 6 * 1 * 2


def test_the_middle_of_a_tile_counts_most_and_no_voxel_nothing() -> None:
    weights = importance((32, 16, 8))
    assert weights[16, 8, 4] == weights.max() == 10
    assert weights.min() > 0


@pytest.mark.parametrize(
    ("spacing", "wanted", "axis"),
    [
        ((1, 1, 1), (0.5, 0.5, 0.5), None),
        ((4, 1, 1), (2, 1, 1), 0),
        ((1, 1, 1), (1, 1, 3.5), 2),
        ((0.24, 1.25, 1.25), (1, 1, 1), None),
        ((3, 1, 1), (3, 1, 1), None),
    ],
)
def test_which_axis_is_resampled_across(spacing, wanted, axis) -> None:
    assert axis_across(Rule(), spacing, wanted) == axis


def test_cubic_resampling_is_scipys() -> None:
    array = scan((13, 17, 11))
    wanted = (20, 9, 15)
    at_once = ndimage.zoom(
        array.astype(float),
        [m / n for m, n in zip(wanted, array.shape, strict=True)],
        order=3,
        mode="nearest",
        grid_mode=True,
    )
    at_once = np.clip(at_once, array.min(), array.max())
    ours = resample(array.copy(), wanted, (1, 1, 1), (0.8, 1.5, 0.8), Rule())
    assert np.abs(ours - at_once).max() < 1e-3 * np.ptp(array)


def test_flat_volumes_are_resampled_slice_by_slice() -> None:
    array = scan((6, 17, 11))
    wanted = (9, 10, 20)
    planes = [
        np.clip(
            ndimage.zoom(plane.astype(float), (10 / 17, 20 / 11), order=3, mode="nearest", grid_mode=True),
            plane.min(),
            plane.max(),
        )
        for plane in array
    ]
    nearest = np.floor((np.arange(9) + 0.5) * 6 / 9).astype(int)
    ours = resample(array.copy(), wanted, (6, 1, 1), (4, 1.7, 0.55), Rule())
    assert np.abs(ours - np.array(planes)[nearest]).max() < 1e-3 * np.ptp(array)


@pytest.mark.parametrize(
    ("spacing", "changes"),
    [
        ((1.0, 1.0, 1.0), {}),
        ((1.3, 0.7, 0.9), {}),
        ((4.0, 0.8, 0.8), {"spacing_mm": [3.0, 1.0, 1.0]}),
        ((0.8, 0.8, 4.0), {"spacing_mm": [3.5, 1.0, 1.0], "axes": [2, 0, 1], "patch": [4, 8, 16]}),
        ((1.3, 0.7, 0.9), {"region_order": [2, 1], "heads": 2, "labels": {"1": "a", "2": "b"}}),
    ],
)
def test_labels_by_slices_are_those_of_the_whole_volume(spacing, changes) -> None:
    """A network that looks at single voxels answers alike in every tile: all logits at once are known."""
    description = described(**changes)
    image = scan((19, 14, 11))
    prepared = prepare(image, spacing, description)
    network = (
        by_grey_value if description.region_order is None else lambda tile: np.stack([tile[0] - 100, tile[0] - 180])
    )
    logits = network(prepared.image)
    across = axis_across(description.logits_rule, description.spacing, prepared.spacing)
    whole = []
    for head in logits:
        zoom = [m / n for m, n in zip(prepared.box_shape, head.shape, strict=True)]
        if across is not None:
            index = np.floor((np.arange(prepared.box_shape[across]) + 0.5) / zoom[across]).astype(int)
            zoom[across] = 1
        out = ndimage.zoom(head.astype(float), zoom, order=1, mode="nearest", grid_mode=True)
        whole.append(out if across is None else np.take(out, index, across))
    if description.region_order is None:
        expected = np.argmax(whole, 0)
        ordered = np.sort(whole, 0)
        doubtful = ordered[-1] - ordered[-2] < 0.02  # half precision of logits of up to 16
    else:
        expected = np.where(whole[1] > 0, 1, np.where(whole[0] > 0, 2, 0))
        doubtful = np.abs(whole).min(0) < 0.5  # of logits of some hundred
    found = label_slices(prepared, description, network)
    assert found.shape == image.transpose(description.axes).shape
    assert len(np.unique(found)) == 3
    assert doubtful.mean() < 0.05
    assert (found == expected)[~doubtful].all()
    assert shape_at(prepared.box_shape, prepared.spacing, description.spacing) == prepared.image.shape[1:]


def test_mirrored_answers_are_averaged() -> None:
    description = described(mirror_axes=[0, 2])
    seen = []

    def network(tile: np.ndarray) -> np.ndarray:
        seen.append(tile.copy())
        return by_grey_value(tile)

    image = scan((8, 8, 8))
    plain = label_slices(prepare(image, (1, 1, 1), description), description, by_grey_value)
    mirrored = label_slices(prepare(image, (1, 1, 1), description), description, network, mirror=True)
    assert len(seen) == 4
    assert (seen[3] == seen[0][:, ::-1, :, ::-1]).all()
    assert (mirrored == plain).all()


def test_tiles_of_one_value_are_computed_once_and_answer_the_same() -> None:
    description = described()
    image = scan((40, 16, 16))
    image[12:] = -250.0  # air
    asked = []

    def network(tile: np.ndarray) -> np.ndarray:
        asked.append(tile)
        return by_grey_value(tile)

    found = label_slices(prepare(image, (1, 1, 1), description), description, network)
    assert len(asked) < count_tiles((40, 16, 16), (8, 8, 8)) / 2
    assert (found == by_grey_value(image[None]).argmax(0)).mean() > 0.999


def test_only_a_row_of_tiles_is_in_memory() -> None:
    """40 heads of a scan as long as this would be 120 MB."""
    import tracemalloc

    description = described(heads=40, labels={str(i): f"s{i}" for i in range(1, 40)}, patch=[8, 16, 16])
    prepared = prepare(scan((1500, 24, 20)), (1, 1, 1), description)
    answer = np.zeros((40, 8, 16, 16), np.float32)
    tracemalloc.start()
    label_slices(prepared, description, lambda tile: answer)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6
