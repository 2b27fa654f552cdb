"""What training makes of labelled jaws: extracted teeth, closed gaps, trimmed gingiva, rows of crowns."""

from __future__ import annotations

import numpy as np
import pytest
from toy_jaws import toy_jaw

from DentalTopoSegLib.ios.crowns import describe

pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from training.surfaces.crown_rows import Plan, RowMaker, stack_rows, take_crowns
from training.surfaces.jaws import (
    BY_SHAPE,
    Jaw,
    by_shape,
    class_of,
    tooth_centres,
    trim_gingiva,
    with_closed_gap,
    without_tooth,
)

STILL = Plan(
    strangers=0,
    third_molar=0,
    milk_molar=0,
    absent=0,
    part=0,
    turn_deg=(0, 0, 0),
    scale=0,
    stretch=0,
    crown_turn_deg=0,
    crown_scale=0,
    place_mm=0,
    cut_share=0,
    noise_mm=0,
)


@pytest.fixture(scope="module")
def jaw() -> Jaw:
    """A lower jaw with 14 teeth in the canonical frame."""
    toy = toy_jaw("lower")
    vertices = toy.vertices - toy.vertices.mean(0)
    return Jaw("toy_lower", False, vertices, toy.faces.astype(np.int64), class_of(toy.face_fdi))


def teeth_of(jaw: Jaw) -> set[int]:
    return set(np.unique(jaw.classes)) - {0}


def test_a_closed_gap_brings_the_teeth_behind_it_forward_and_leaves_the_rest(jaw: Jaw):
    before = tooth_centres(jaw)
    closed = with_closed_gap(jaw, 4, np.random.default_rng(0))
    after = tooth_centres(closed)
    assert teeth_of(closed) == teeth_of(jaw) - {4}
    gap_before, gap_after = (np.linalg.norm(c[5] - c[3]) for c in (before, after))
    width = np.linalg.norm(before[5] - before[4])
    assert gap_before - gap_after > 0.6 * width
    for tooth in (1, 2, 3, *range(9, 16)):  # the other side and what stands in front
        assert after[tooth] == pytest.approx(before[tooth], abs=1e-6)
    for tooth in (5, 6, 7):  # moved together
        assert after[tooth] - before[tooth] == pytest.approx(after[6] - before[6], abs=0.5)


def test_the_last_tooth_of_a_side_leaves_no_gap_to_close(jaw: Jaw):
    assert with_closed_gap(jaw, 7, np.random.default_rng(0)) is jaw


def test_an_open_gap_moves_nothing(jaw: Jaw):
    before, after = tooth_centres(jaw), tooth_centres(without_tooth(jaw, 4))
    assert np.isnan(after[4]).all()
    assert after[5] == pytest.approx(before[5], abs=1e-6)


def test_trimming_takes_gingiva_and_no_tooth(jaw: Jaw):
    cut = trim_gingiva(jaw, np.random.default_rng(3))
    assert (cut.classes > 0).sum() == (jaw.classes > 0).sum()
    assert (cut.classes == 0).sum() < (jaw.classes == 0).sum()


def test_doubtful_numbers_are_replaced_all_at_once():
    given = np.array([0, 35, 36, 45, 46, 34], np.uint8)
    assert by_shape("009_lower", given).tolist() == [0, 36, 37, 46, 47, 34]
    assert by_shape("007_lower", given).tolist() == given.tolist()
    for change in BY_SHAPE.values():  # no two teeth of a jaw may end with one number
        assert len(set(change.values())) == len(change)


def test_a_row_of_unchanged_crowns_is_the_jaw_in_order(jaw: Jaw):
    row = take_crowns(jaw)
    assert [c.tooth for c in row.crowns] == [15, 14, 13, 12, 11, 10, 9, 1, 2, 3, 4, 5, 6, 7]
    for seed in range(4):  # mirrored or not, the classes follow the places
        described, classes = RowMaker([row], STILL, seed)()
        assert classes.tolist() == [c.tooth for c in row.crowns]
        assert described.places[:, 0][classes <= 8].min() > described.places[:, 0][classes > 8].max()


def test_made_rows_keep_one_crown_per_class_in_their_order(jaw: Jaw):
    row = take_crowns(jaw)
    make = RowMaker([row], Plan(), 1)
    lengths = set()
    for _ in range(60):
        described, classes = make()
        assert len(set(classes.tolist())) == len(classes) == len(described.order)
        assert np.isfinite(described.shapes).all() and np.isfinite(described.places).all()
        lengths.add(len(classes))
    assert len(lengths) > 4  # absences and parts of arches occur


def test_gaps_closed_in_a_row_are_narrower_than_open_ones(jaw: Jaw):
    row = take_crowns(jaw)
    widest = {}
    for closed in (0.0, 1.0):
        plan = Plan(**{**STILL.__dict__, "absent": 1.0, "symmetric": 0.0, "closed": closed})
        make = RowMaker([row], plan, 5)
        made = [make() for _ in range(60)]
        assert all(len(classes) < 14 for _, classes in made)
        widest[closed] = np.mean([10 * described.places[1:, 5].max() for described, _ in made])
    assert widest[1.0] < widest[0.0] - 3.0


def test_a_child_has_a_small_molar_in_place_five(jaw: Jaw):
    row = take_crowns(jaw)
    usual = {c.tooth: np.linalg.norm(c.points, axis=1).mean() for c in row.crowns}
    plan = Plan(**{**STILL.__dict__, "milk_molar": 1.0, "milk_canine": 1.0})
    make = RowMaker([row], plan, 2)
    without_seven = 0
    for _ in range(30):
        described, classes = make()
        assert sorted(set(classes.tolist())) == sorted(classes.tolist())
        size = dict(zip(classes.tolist(), 5 * np.linalg.norm(described.shapes[..., :3], axis=-1).mean(1), strict=True))
        milk = [t for t in (5, 13) if size[t - 2] < 0.9 * usual[3]]  # with small canines, as asked
        assert milk and all(usual[5] < size[t] < 0.97 * usual[6] for t in milk)
        without_seven += 7 not in classes
    assert without_seven > 15


def test_rows_of_different_length_make_a_batch():
    rng = np.random.default_rng(0)
    rows = [describe(*[rng.normal(0, 20, (n, 8, 3))] * 2, True) for n in (3, 5)]
    shapes, places, present = stack_rows(rows, 7)
    assert present.sum(1).tolist() == [3, 5]
    assert np.array_equal(shapes[0, :3], rows[0].shapes) and not shapes[0, 3:].any() and not places[1, 5:].any()
