"""Roots of other shapes than the stored ones: where points of a tooth lie in its stored model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

torch = pytest.importorskip("torch", reason="roots are bent while they are drawn, with torch (training only)")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from training_toys import toy_dentition  # noqa: E402

from training.patients.anatomy import sample_patient  # noqa: E402
from training.patients.canvas import Grid  # noqa: E402
from training.patients.material_maps import render  # noqa: E402
from training.patients.root_shapes import (  # noqa: E402
    AS_STORED,
    REACH_MM,
    RootShape,
    placed_apex,
    sample_root_shape,
    stored_points,
)
from training.patients.variety import FULL  # noqa: E402

JUNCTION, APEX = -3.0, -17.0


def look_up(shape: RootShape, *point: float) -> np.ndarray:
    return stored_points(torch.tensor(point, dtype=torch.float64), shape, JUNCTION, APEX).numpy()


@given(st.integers(0, 2**31 - 1), st.booleans(), st.floats(4.0, 20.0))
@settings(max_examples=60, deadline=None)
def test_any_root_leaves_the_crown_and_folds_nothing(seed, molar, length):
    shape = sample_root_shape(length, molar, 0.5, np.random.default_rng(seed))
    z = torch.linspace(5.0, JUNCTION - 1.6 * length, 300, dtype=torch.float64)
    line = torch.stack([torch.full_like(z, 1.5), torch.full_like(z, -0.5), z], -1)
    stored = stored_points(line, shape, JUNCTION, JUNCTION - length)
    crown = z >= JUNCTION
    torch.testing.assert_close(stored[crown], line[crown])
    assert bool((stored[1:, 2] < stored[:-1, 2]).all())  # deeper stays deeper
    moved = placed_apex(np.array([0.0, 0.0, JUNCTION - length]), shape, JUNCTION)
    assert np.abs(moved[:2]).max() <= REACH_MM
    assert JUNCTION - moved[2] <= length + REACH_MM + 1e-9


@pytest.mark.parametrize(
    "shape",
    [
        RootShape(length=0.85),
        RootShape(length=1.12, bend=(-1.5, 0.5)),
        RootShape(bend=(-2.0, 0.0), bend_from=0.6, slender=1.2),
        RootShape(trunk=0.3),
        RootShape(resorbed=0.25, bend=(0.0, 1.0)),
    ],
)
def test_the_apex_is_where_it_is_looked_up(shape):
    stored = np.array([0.4, -0.2, APEX])
    placed = placed_apex(stored, shape, JUNCTION)
    np.testing.assert_allclose(look_up(shape, *placed), stored, atol=1e-6)


def test_a_dilacerated_root_is_straight_before_its_bend():
    shape = RootShape(bend=(-2.0, 0.0), bend_from=0.6)
    np.testing.assert_allclose(look_up(shape, 0.0, 0.0, JUNCTION - 0.55 * 14), [0, 0, JUNCTION - 0.55 * 14], atol=1e-9)
    assert look_up(shape, -2.0, 0.0, APEX)[0] == pytest.approx(0.0)


def test_a_taurodont_s_furcation_lies_nearer_the_apex():
    assert look_up(RootShape(trunk=0.3), 0.0, 0.0, JUNCTION - 7.0)[2] > JUNCTION - 7.0


def test_a_resorbed_root_ends_short_and_blunt():
    """A cone of 14 mm: its end is cut back, and wider than a cone of that length would be there."""
    shape = RootShape(resorbed=0.3)
    placed = placed_apex(np.array([0.0, 0.0, APEX]), shape, JUNCTION)
    assert placed[2] == pytest.approx(JUNCTION - 14 * (1 - 0.75 * 0.3))
    near = look_up(shape, 0.0, 0.0, placed[2] + 0.5)[2] - APEX
    assert near == pytest.approx(2.0)  # 0.5 mm above the end the root is as wide as the stored one 2 mm above its own


def test_without_variety_of_roots_they_are_as_stored():
    models = toy_dentition()
    plain = sample_patient(models, [], np.random.default_rng(4), FULL.without("roots"))
    assert {t.root for t in plain.teeth} == {AS_STORED}
    varied = sample_patient(models, [], np.random.default_rng(4))
    assert len({t.root for t in varied.teeth}) > len(models) // 2


def test_bent_roots_are_drawn_whole():
    """No root is cut off by the window of its tooth: each label is one piece, as deep as its apex."""
    patient = sample_patient(toy_dentition(), [], np.random.default_rng(4), FULL.without("roots"))
    tooth = next(t for t in patient.teeth if t.present and t.fdi % 10 == 6)
    bent = replace(tooth, root=RootShape(length=1.12, bend=(-2.0, 1.0)))
    origin = bent.to_ras(np.array([0.0, 0.0, -8.0]))[0] - 18.0
    others = [replace(t, restoration="absent") for t in patient.teeth if t.fdi != bent.fdi]
    drawn = render(replace(patient, teeth=[bent, *others]), Grid(origin, 0.5, (72, 72, 72)), warp_mm=0.0)
    mask = drawn.labels.numpy() > 0
    assert ndimage.label(mask)[1] == 1
    tip = (bent.to_ras(bent.apex)[0] - origin) / 0.5
    assert np.abs(np.argwhere(mask)[:, ::-1] - tip).max(1).min() < 2.5
