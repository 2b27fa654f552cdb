"""Gaps that have closed: who moves, how far, and that nobody else does. Skipped without torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="the phantom engine draws with torch (training only)")

from Testing.unit.training.test_phantom_engine import dentition  # noqa: F401
from training.patients.anatomy import sample_patient
from training.patients.doubtful_numbers import permanent_by_shape
from training.patients.extractions import PLANS, extract, without
from training.patients.placed_tooth import PlacedTooth, extent
from training.patients.variety import FULL


@pytest.fixture
def teeth(dentition) -> list[PlacedTooth]:  # noqa: F811
    return [PlacedTooth(m, m.rotation.astype(float), m.centre.astype(float)) for m in dentition]


def by_number(teeth: list[PlacedTooth]) -> dict[int, PlacedTooth]:
    return {tooth.fdi: tooth for tooth in teeth}


def distance(one: PlacedTooth, other: PlacedTooth) -> float:
    return float(np.linalg.norm(one.centre - other.centre))


@pytest.mark.parametrize("fdi", [14, 24, 34, 44, 15, 36])
@pytest.mark.parametrize("retraction", [0.0, 0.5])
def test_those_behind_come_forward_by_the_width_of_the_tooth_that_went(teeth, fdi, retraction):
    before, after = by_number(teeth), by_number(without(teeth, fdi, 1.0, retraction))
    assert set(after) == set(before) - {fdi}
    gap = extent(before[fdi].model)[0]
    for number in (fdi + 1, (fdi // 10) * 10 + 7):
        assert distance(before[number], after[number]) == pytest.approx((1 - retraction) * gap, abs=0.4)
        assert after[number].centre[1] > before[number].centre[1], "forward, not back"
    back = [before[n].centre[1] - after[n].centre[1] for n in before if n % 10 < fdi % 10 and n // 10 == fdi // 10]
    np.testing.assert_allclose(back, retraction * gap / 2, atol=1e-6)
    still = [n for n in before if (n < 30) != (fdi < 30) or (n // 10 != fdi // 10 and n % 10 >= fdi % 10)]
    assert all(before[n] is after[n] for n in still)


def test_the_neighbours_of_a_closed_gap_stand_as_close_as_neighbours_do(teeth):
    before, after = by_number(teeth), by_number(without(teeth, 14, 1.0, 0.0))
    usual = (distance(before[13], before[14]) + distance(before[14], before[15])) / 2
    assert distance(after[13], after[15]) < 1.35 * usual < distance(before[13], before[15])


def test_a_tooth_that_follows_the_arch_turns_with_it(teeth):
    before, after = by_number(teeth), by_number(without(teeth, 12, 1.0, 0.0))
    assert not np.allclose(before[13].rotation, after[13].rotation)
    for tooth in after.values():
        np.testing.assert_allclose(tooth.rotation @ tooth.rotation.T, np.eye(3), atol=1e-6)
        np.testing.assert_allclose(tooth.rotation[:, 2], before[tooth.fdi].rotation[:, 2], atol=1e-6)


def test_a_gap_that_has_no_tooth_on_both_sides_is_left_alone(teeth):
    lone = [tooth for tooth in teeth if tooth.fdi not in (13, 26)]
    assert without(lone, 14, 1.0, 0.0) is lone
    assert without(lone, 25, 1.0, 0.0) is lone
    assert without(lone, 26, 1.0, 0.0) is lone


def test_unerupted_teeth_stay_where_they_are(teeth):
    buried = [replace(tooth, erupted=tooth.fdi != 17) for tooth in teeth]
    before, after = by_number(buried), by_number(without(buried, 14, 1.0, 0.0))
    assert before[17] is after[17]
    assert before[16] is not after[16]


def test_a_quarter_of_the_patients_lack_teeth_of_one_plan(teeth):
    sets = {frozenset(gone) for _, options in PLANS for gone in options}
    assert sum(share for share, _ in PLANS) == pytest.approx(1)
    counts = []
    for seed in range(200):
        left = {tooth.fdi for tooth in extract(teeth, np.random.default_rng(seed))}
        gone = frozenset(tooth.fdi for tooth in teeth) - left
        assert not gone or gone in sets
        counts.append(bool(gone))
    assert 0.15 < np.mean(counts) < 0.35


def test_whoever_keeps_all_teeth_is_drawn_as_without_the_group(dentition):  # noqa: F811
    same = lacking = 0
    for seed in range(24):
        one = sample_patient(dentition, [dentition], np.random.default_rng(seed))
        other = sample_patient(dentition, [dentition], np.random.default_rng(seed), FULL.without("extractions"))
        if len(one.teeth) == len(other.teeth):
            same += 1
            assert all(np.array_equal(a.centre, b.centre) for a, b in zip(one.teeth, other.teeth, strict=True))
        else:
            lacking += 1
    assert same and lacking


def test_phantoms_are_numbered_by_shape_but_have_no_milk_teeth():
    given = np.array([0, 35, 36, 45, 46, 34], np.uint8)
    assert permanent_by_shape("009_lower", given).tolist() == [0, 36, 37, 46, 47, 34]
    assert permanent_by_shape("072_lower", given).tolist() == given.tolist()
    assert permanent_by_shape("007_lower", given).tolist() == given.tolist()
