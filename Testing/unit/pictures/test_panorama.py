"""The panoramic view: teeth in order and upright, true to scale along the arch, however the head was held."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scan_files import oblique_direction

from DentalTopoSegLib.checks.findings import Finding
from DentalTopoSegLib.dentition import arch_order, is_upper
from DentalTopoSegLib.dentition.arch import SWAPS, expected_place
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.phantom import make_phantom
from DentalTopoSegLib.pictures.panorama import _TOOTH_MM, MODES, draw_panorama, find_arch, reformat
from DentalTopoSegLib.pictures.volumes import compose

RADIUS_MM = 2.4
SPACING_MM = 0.5
TEETH = (*arch_order("upper"), *arch_order("lower"))


@lru_cache
def balls(teeth: tuple[int, ...] = TEETH, direction: tuple[float, ...] | None = None) -> Volume:
    """A ball at the place of each tooth."""
    grid = Volume(np.zeros((90, 150, 150), np.uint8), (SPACING_MM,) * 3)
    grid = replace(grid, direction=(-1.0, 0, 0, 0, -1.0, 0, 0, 0, 1.0) if direction is None else direction)
    middle = grid.index_to_ras((np.array(grid.shape) - 1) / 2)
    grid = replace(grid, origin=tuple(middle * (1, 1, -1)))
    index = np.moveaxis(np.indices(grid.shape, np.float32), 0, -1)
    array = grid.array.copy()
    for fdi in teeth:
        centre = grid.ras_to_index(expected_place(fdi) + (0, 5, 0))
        low = np.maximum(np.floor(centre - 8), 0).astype(int)
        box = tuple(slice(a, a + 18) for a in low)
        array[box][((index[box] - centre) ** 2).sum(axis=-1) * SPACING_MM**2 <= RADIUS_MM**2] = fdi
    return grid.with_array(array)


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(3, 0.6)


@pytest.mark.parametrize("direction", [None, oblique_direction(12)], ids=["upright", "oblique"])
@pytest.mark.parametrize(("teeth", "scale"), [(arch_order("upper"), 0.02), (arch_order("lower"), 0.02), (TEETH, 0.05)])
def test_teeth_are_as_wide_and_as_high_as_they_are(teeth, scale: float, direction) -> None:
    """Of two jaws, whose arches differ, the surface runs between them."""
    labels = balls(teeth, direction)
    surface = find_arch(labels, 0.2)
    flat = reformat(labels, labels, surface, 8.0).labels
    for fdi in teeth:
        centre = labels.index_to_ras(np.argwhere(labels.array == fdi).mean(axis=0))
        column, row, _ = surface.to_picture(centre)
        along = surface.to_ras(column + 1, row) - surface.to_ras(column - 1, row)
        along /= np.linalg.norm(along)
        ends = [surface.to_picture(centre + mm * along)[0] for mm in (-1.5, 1.5)]
        assert (ends[1] - ends[0]) * 0.2 == pytest.approx(3.0, rel=scale), fdi
        ends = [surface.to_picture(centre + mm * surface.up)[1] for mm in (1.5, -1.5)]
        assert (ends[1] - ends[0]) * 0.2 == pytest.approx(3.0, rel=1e-6), fdi
        drawn = np.argwhere(flat == fdi)
        np.testing.assert_allclose(drawn.mean(axis=0), (row, column), atol=2)
        assert len(drawn) * 0.2**2 == pytest.approx(np.pi * RADIUS_MM**2, rel=0.15), fdi


def test_columns_are_one_pixel_apart_along_the_arch() -> None:
    surface = find_arch(balls())
    steps = np.linalg.norm(np.diff(surface.points, axis=0), axis=1)
    np.testing.assert_allclose(steps, surface.spacing, rtol=0.02)


def test_the_phantoms_teeth_are_in_order_and_upright(phantom) -> None:
    flat = reformat(phantom.image, phantom.labels, find_arch(phantom.labels))
    present = set(np.unique(phantom.labels.array)) - {0}
    assert set(np.unique(flat.labels)) - {0} == present
    place = {fdi: np.argwhere(flat.labels == fdi).mean(axis=0) for fdi in present}
    for which in ("upper", "lower"):
        columns = [place[fdi][1] for fdi in arch_order(which) if fdi in present]
        assert columns == sorted(columns)
    assert max(place[f][0] for f in present if is_upper(f)) < min(place[f][0] for f in present if not is_upper(f))


def test_enamel_is_brighter_than_air_where_the_labels_say_so(phantom) -> None:
    flat = reformat(phantom.image, phantom.labels, find_arch(phantom.labels), 4.0)
    assert np.median(flat.grey[flat.labels > 0]) > np.median(flat.grey[flat.labels == 0])


@given(st.floats(0, 1), st.floats(0, 1), st.floats(-6, 6))
@settings(max_examples=60, deadline=None)
def test_a_place_on_the_picture_is_the_place_in_the_head(across: float, down: float, depth: float) -> None:
    surface = _SURFACE
    rows, columns = surface.shape
    column, row = across * (columns - 1), down * (rows - 1)
    found = surface.to_picture(surface.to_ras(column, row, depth))
    np.testing.assert_allclose(found, (column, row, depth), atol=0.6)


def test_the_brightest_voxels_are_never_darker_than_the_mean(phantom) -> None:
    surface = find_arch(phantom.labels)
    mean, brightest = (reformat(phantom.image, phantom.labels, surface, 10.0, mode).grey for mode in MODES)
    assert (brightest >= mean - 1e-3).all() and (brightest > mean + 1).any()


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_drawn_beyond_the_scan(phantom, mode: str) -> None:
    """A last molar cut by the edge of the field ends there."""
    surface = find_arch(phantom.labels)
    middle = int(np.argwhere(phantom.labels.array == 37)[:, 1].mean())
    origin = phantom.labels.index_to_ras(np.array([0, middle, 0])) * (-1, -1, 1)
    image, labels = (
        replace(volume, array=volume.array[:, middle:], origin=tuple(origin))
        for volume in (phantom.image, phantom.labels)
    )
    whole, cut = (reformat(a, b, surface, 4.0, mode) for a, b in ((phantom.image, phantom.labels), (image, labels)))
    heights = surface.top - surface.spacing * np.arange(surface.rows)
    depth = image.ras_to_index(surface.points + heights[:, None, None] * surface.up)[..., 1]
    beyond, kept = depth < -4, depth > 4
    assert (whole.labels[beyond] == 37).any()
    assert not cut.labels[beyond].any()
    assert (cut.grey[beyond] == cut.grey.min()).all()
    np.testing.assert_array_equal(cut.labels[kept], whole.labels[kept])
    np.testing.assert_allclose(cut.grey[kept], whole.grey[kept], atol=1e-3)


def test_a_missing_tooth_leaves_its_gap() -> None:
    labels = balls(tuple(fdi for fdi in TEETH if fdi not in (36, 46)))
    whole, gapped = (reformat(v, v, find_arch(v)).labels for v in (balls(), labels))
    assert (gapped == 36).sum() == 0
    assert np.ptp(np.nonzero(gapped == 16)[1]) == pytest.approx(np.ptp(np.nonzero(whole == 16)[1]), abs=2)


def test_what_is_no_panoramic_view_is_refused() -> None:
    labels = balls()
    surface = find_arch(labels)
    with pytest.raises(InputError, match="'minip' is unknown: use mean or mip"):
        reformat(labels, labels, surface, mode="minip")
    for thickness in (0.0, 60.0, float("nan")):
        with pytest.raises(InputError, match=r"0.5 to 40 mm thick"):
            reformat(labels, labels, surface, thickness)
    assert find_arch(balls((11, 21, 31))) is None


@pytest.mark.parametrize("exchanged", ["mirrored", "flipped", "both", "upper mirrored", "lower mirrored"])
def test_teeth_are_upright_where_sides_or_jaws_are_exchanged(exchanged: str) -> None:
    labels = balls()
    numbers = np.zeros(256, np.uint8)
    numbers[list(TEETH)] = [SWAPS[exchanged](fdi) for fdi in TEETH]
    wrong = labels.with_array(numbers[labels.array])
    true, drawn = (reformat(v, v, find_arch(v)) for v in (labels, wrong))
    assert drawn.surface.shape == true.surface.shape
    np.testing.assert_array_equal(numbers[true.labels], drawn.labels)


def test_a_piece_elsewhere_in_the_scan_does_not_stretch_the_picture() -> None:
    labels = balls()
    array = np.pad(labels.array, ((0, 300), (0, 0), (0, 0)))
    array[-1, 0, 0] = 16
    before, after = find_arch(labels), find_arch(replace(labels, array=array))
    assert after.rows - before.rows <= _TOOTH_MM / before.spacing


@pytest.mark.parametrize("spacing", [0.02, 10.0])
def test_teeth_farther_apart_or_closer_together_than_in_a_mouth_have_no_panoramic_view(spacing: float) -> None:
    assert find_arch(replace(balls(), spacing=(spacing,) * 3)) is None


def test_findings_are_numbered_where_they_are(phantom) -> None:
    surface = find_arch(phantom.labels)
    flat = reformat(phantom.image, phantom.labels, surface)
    fdi = next(int(f) for f in np.unique(phantom.labels.array) if f)
    place = phantom.labels.index_to_ras(np.argwhere(phantom.labels.array == fdi).mean(axis=0))
    finding = Finding("fragment", (fdi,), tuple(place), "warning", None, {})
    columns, rows = surface.shape[::-1]
    plain, marked = (draw_panorama(flat, 2 * columns, 2 * rows, found) for found in ((), [(1, finding)]))
    changed = np.argwhere((plain != marked).any(axis=-1)).mean(axis=0) / 2
    column, row, _ = surface.to_picture(place)
    assert np.linalg.norm(changed - (row, column)) < 25
    assert (plain != marked).any()


def test_the_page_grows_by_the_panoramic_view_only_where_there_is_an_arch(phantom, monkeypatch) -> None:
    monkeypatch.setattr("DentalTopoSegLib.pictures.volumes.FINEST_PX_MM", 0.6)
    few = phantom.labels.with_array(np.where(phantom.labels.array == 11, 11, 0).astype(np.uint8))
    with_arch, without = compose(phantom.image, phantom.labels, "a"), compose(phantom.image, few, "a")
    assert with_arch.shape[0] > without.shape[0] and with_arch.shape[1] == without.shape[1]


_SURFACE = find_arch(balls())
