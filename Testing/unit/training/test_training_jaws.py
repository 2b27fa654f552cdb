"""What training makes of labelled jaws: extracted teeth, closed gaps, trimmed gingiva, rows of crowns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from toy_jaws import toy_jaw

from DentalTopoSegLib.ios.crowns import CLASSES, FIRST, describe

pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from training.patients.doubtful_numbers import BY_SHAPE, CHILD, by_shape
from training.surfaces.crown_rows import STILL, Plan, RowMaker, stack_rows, without
from training.surfaces.jaws import (
    Jaw,
    class_of,
    tooth_centres,
    trim_gingiva,
    with_closed_gap,
    without_tooth,
)
from training.surfaces.made_crowns import Crown, Row, erupting, merged, prepared, take_bumps, take_crowns


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


@pytest.fixture(scope="module")
def row(jaw: Jaw) -> Row:
    return take_bumps(jaw, take_crowns(jaw))


def labels_of(row: Row, crowns: list[Crown]) -> list[int]:
    return [c.label(row.jaw) for c in crowns]


def made(row: Row, seed: int = 0, **chances: float) -> RowMaker:
    """Rows without any change but those asked for."""
    return RowMaker([row], replace(STILL, **chances), seed)


def test_milk_teeth_have_the_classes_of_their_places():
    assert class_of([55, 65, 75, 85, 51, 81]).tolist() == class_of([15, 25, 35, 45, 11, 41]).tolist()
    child = BY_SHAPE[f"{CHILD}_upper"]
    assert sorted(child.values()) == [53, 54, 55, 63, 64, 65]


def test_the_childs_crowns_know_that_they_are_milk_teeth(jaw: Jaw):
    named = replace(jaw, name=f"{CHILD}_lower")
    milk = {c.tooth for c in take_crowns(named).crowns if c.milk}
    assert milk == {3, 4, 5, 11, 12, 13}
    assert not any(c.milk for c in take_crowns(jaw).crowns)


def test_a_row_of_unchanged_crowns_is_the_jaw_in_order(row: Row):
    assert [c.tooth for c in row.crowns] == [15, 14, 13, 12, 11, 10, 9, 1, 2, 3, 4, 5, 6, 7]
    for seed in range(4):  # mirrored or not, the classes follow the places
        described, classes, jaw = made(row, seed)()
        assert classes.tolist() == labels_of(row, row.crowns) and jaw == row.jaw
        right = np.array([c.tooth > 8 for c in row.crowns])
        assert described.places[:, 0][~right].min() > described.places[:, 0][right].max()


def test_classes_of_both_jaws_and_of_milk_teeth_are_all_different(row: Row):
    some = row.crowns[0]
    permanent = {replace(some, tooth=t).label(jaw) for t in range(1, 17) for jaw in ("upper", "lower")}
    milk = {replace(some, tooth=t, milk=True).label(jaw) for t in (*range(1, 6), *range(9, 14)) for jaw in FIRST}
    assert permanent == set(range(32)) and milk == set(range(32, 52))
    assert replace(some, tooth=0).label("upper") == replace(some, tooth=0).label("lower") == CLASSES - 1


def test_made_rows_keep_one_crown_per_class_in_their_order(row: Row):
    make = RowMaker([row], Plan(), 1)
    lengths, seen = set(), set()
    for _ in range(80):
        described, classes, _ = make()
        teeth = classes[classes < CLASSES - 1]
        assert len(set(teeth.tolist())) == len(teeth) and len(classes) == len(described.order)
        assert np.isfinite(described.shapes).all() and np.isfinite(described.places).all()
        lengths.add(len(classes))
        seen |= set(classes.tolist())
    assert len(lengths) > 6  # absences and parts of arches occur
    assert CLASSES - 1 in seen and any(32 <= c < 52 for c in seen)  # bumps and milk teeth too


def test_gaps_closed_in_a_row_are_narrower_than_open_ones(row: Row):
    widest = {}
    for closed in (0.0, 1.0):
        make = made(row, 5, absent=1.0, closed=closed)
        rows = [make() for _ in range(60)]
        assert all(len(classes) < 14 for _, classes, _ in rows)
        widest[closed] = np.mean([10 * described.places[1:, 5].max() for described, _, _ in rows])
    assert widest[1.0] < widest[0.0] - 3.0


def test_teeth_behind_a_closed_gap_turn_with_the_arch(row: Row):
    """A first premolar away: the canine's neighbour is the second one, and what moved forward has turned."""
    crowns = list(row.crowns)
    at = {c.tooth: k for k, c in enumerate(crowns)}
    closed = without(crowns, {4}, np.random.default_rng(0), closed=True)
    place = {c.tooth: c for c in closed}
    apart = crowns[at[5]].centre - crowns[at[3]].centre
    assert 4 not in place and np.linalg.norm(place[5].centre - place[3].centre) < 0.7 * np.linalg.norm(apart)
    for tooth in (5, 6, 7):
        old = crowns[at[tooth]]
        assert place[tooth].centre[1] > old.centre[1] + 2.0  # forward
        assert not np.allclose(place[tooth].points, old.points)  # and turned
        assert np.linalg.norm(place[tooth].points, axis=1) == pytest.approx(np.linalg.norm(old.points, axis=1))
    assert all(np.allclose(place[t].points, crowns[at[t]].points) for t in (13, 12, 11))


def test_a_child_has_a_small_molar_in_place_five(row: Row):
    usual = {c.tooth: np.linalg.norm(c.points, axis=1).mean() for c in row.crowns}
    make, milk, without_seven = made(row, 2, child=1.0), 0, 0
    for _ in range(30):
        crowns = make.made(row)
        assert len({(c.tooth, c.milk) for c in crowns}) == len(crowns)
        without_seven += not any(c.tooth in (7, 15) for c in crowns)
        for crown in crowns:
            if crown.milk:
                milk += 1
                assert (crown.tooth - 1) % 8 < 5
            if crown.milk and crown.tooth in (5, 13):
                assert np.linalg.norm(crown.points, axis=1).mean() < 0.97 * usual[6]
    assert milk > 60 and without_seven > 15


def test_bumps_stand_behind_the_last_tooth_and_on_saddles(row: Row):
    assert {b.place for b in row.bumps} > {0}
    make, behind = made(row, 3, bumps=1.0), 0
    for _ in range(30):
        crowns = make.made(row)
        teeth = [c for c in crowns if c.tooth]
        assert len(teeth) == len(row.crowns)
        behind += len(crowns) - len(teeth)
        for crown in crowns:
            if crown.tooth == 0:
                assert min(np.linalg.norm(crown.centre - t.centre) for t in teeth) < 25.0
    assert behind > 15


def test_prepared_erupting_and_merged_crowns_are_what_they_say(row: Row):
    rng = np.random.default_rng(4)
    molar = row.crowns[-1]
    height = np.ptp(molar.points[:, 2])
    assert np.ptp(prepared(molar, rng).points[:, 2]) < 0.97 * height
    emerging = erupting(molar, rng)
    assert (emerging.points + emerging.centre)[:, 2].min() > (molar.points + molar.centre)[:, 2].min()
    one, other = row.crowns[6], row.crowns[7]
    both = merged(one, other, rng)
    assert both.tooth == one.tooth and np.ptp(both.points[:, 0]) > 1.4 * np.ptp(one.points[:, 0])


def test_rows_of_different_length_make_a_batch():
    rng = np.random.default_rng(0)
    rows = [describe(*[rng.normal(0, 20, (n, 8, 3))] * 2, "upper") for n in (3, 5)]
    shapes, places, present = stack_rows(rows, 7)
    assert present.sum(1).tolist() == [3, 5]
    assert np.array_equal(shapes[0, :3], rows[0].shapes) and not shapes[0, 3:].any() and not places[1, 5:].any()
