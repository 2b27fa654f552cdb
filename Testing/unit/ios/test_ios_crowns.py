"""Crowns as a row: their order along the arch, their own axes, and the answer given back to the right crown."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from DentalTopoSegLib.dentition import Known, Stated
from DentalTopoSegLib.dentition.numbering_again import numbers_again
from DentalTopoSegLib.ios.crowns import (
    CLASSES,
    CROWN_POINTS,
    FIRST,
    MILK,
    PERMANENT,
    PLACE_FEATURES,
    CrownAnswer,
    arch_order_of,
    ask_crowns,
    crown_points,
    describe,
)
from DentalTopoSegLib.ios.instances import Instances
from DentalTopoSegLib.ios.numbers import both_opinions, evidence_of, number_crowns, number_row
from DentalTopoSegLib.ios.orienting import Frame
from DentalTopoSegLib.ios.segmenting import _JawRun


def arch(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Centres (K, 3) along a dental arch from x < 0 to x > 0, and a cloud (K, 40, 3) around each."""
    angle = np.linspace(-1.4, 1.4, count)
    centres = np.stack([28 * np.sin(angle), 45 * (np.cos(angle) - 1), 0 * angle], 1)
    cloud = np.random.default_rng(seed).normal(0, 2, (count, 40, 3))
    return centres, centres[:, None] + cloud - cloud.mean(1, keepdims=True)


class Nearest:
    """Calls the k-th crown of the row class k of the jaw it is told, whatever its shape.

    Where it is told none, it says `upper_logit`; one of the earlier networks has none.
    """

    def __init__(self, upper_logit: float | None = 1.0) -> None:
        self.upper_logit, self.told = upper_logit, []

    def run_named(self, feed: dict, cancelled: object = None) -> dict:
        n = len(feed["places"])
        assert feed["shapes"].shape == (n, CROWN_POINTS, 6) and feed["places"].shape == (n, PLACE_FEATURES)
        self.told.append(float(feed["places"][0, -1]))
        if self.upper_logit is None:
            return {"probabilities": np.eye(16, dtype=np.float32)[:n]}
        first = FIRST["lower" if self.told[-1] < 0 else "upper"][0]
        return {
            "probabilities": np.eye(CLASSES, dtype=np.float32)[first : first + n],
            "upper_logit": np.array([self.upper_logit], np.float32),
        }


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(2, 16), start=st.integers(0, 10), tilt=st.floats(-0.3, 0.3))
def test_the_order_follows_the_arch_however_the_crowns_are_listed(seed: int, count: int, start: int, tilt: float):
    centres, _ = arch(16)
    centres = centres[start : start + count]
    if len(centres) < 5:
        tilt /= 2  # a few molars alone, turned further, may as well stand side by side
    turn = np.array([[np.cos(tilt), -np.sin(tilt), 0], [np.sin(tilt), np.cos(tilt), 0], [0, 0, 1]])
    listed = np.random.default_rng(seed).permutation(len(centres))
    order = arch_order_of((centres @ turn.T)[listed])
    assert listed[order].tolist() == list(range(len(centres)))


def test_a_crown_looks_the_same_wherever_it_stands_on_the_arch():
    """The same cloud, turned with the arch, has the same shape in its own axes."""
    centres, _ = arch(14)
    cloud = np.random.default_rng(1).normal(0, 2, (CROWN_POINTS, 3))
    cloud -= cloud.mean(0)
    row = describe(np.repeat(centres[:, None], CROWN_POINTS, 1) + cloud, np.ones((14, CROWN_POINTS, 3)), "upper")
    angle = np.arctan2(row.places[:, 4], row.places[:, 3])
    for k in (3, 9):
        turn = np.array([[np.cos(angle[k]), np.sin(angle[k]), 0], [-np.sin(angle[k]), np.cos(angle[k]), 0], [0, 0, 1]])
        assert row.shapes[k, :, :3] == pytest.approx(cloud @ turn.T / 5.0, abs=1e-5)


def test_places_tell_upper_from_lower_and_ends_from_the_middle():
    _, points = arch(5)
    upper, lower, either = (describe(points, points, which).places for which in ("upper", "lower", None))
    assert (upper != lower).sum() == 5
    assert upper[:, -1].tolist() == [1.0] * 5 and lower[:, -1].tolist() == [-1.0] * 5
    assert either[:, -1].tolist() == [0.0] * 5
    assert upper[0, 7] == 0 and upper[-1, 8] == 0 and upper[1:-1, 7:9].all()


@pytest.mark.parametrize("jaw", ["upper", "lower"])
@pytest.mark.parametrize("network", [Nearest(), Nearest(None)], ids=["both jaws", "one jaw"])
def test_each_crown_gets_its_own_answer(jaw: str, network: Nearest):
    _, points = arch(6)
    listed = np.array([4, 0, 5, 2, 1, 3])  # label k+1 belongs to the listed[k]-th of the arch
    cloud = points[listed].reshape(-1, 3)
    labels = np.repeat(np.arange(1, 7), 40)
    answer = ask_crowns(cloud, cloud, labels, 6, jaw, network)
    assert answer.jaw == jaw
    assert answer.teeth.argmax(1).tolist() == listed.tolist()
    assert answer.teeth.sum(1) == pytest.approx(1.0, abs=1e-5)
    assert answer.teeth.shape == (6, PERMANENT) and answer.milk.shape == (6, MILK) and answer.none.shape == (6,)


@pytest.mark.parametrize("logit", [2.5, -0.5])
def test_without_a_jaw_the_crowns_say_which_it_is(logit: float):
    _, points = arch(6)
    network = Nearest(logit)
    cloud, labels = points.reshape(-1, 3), np.repeat(np.arange(1, 7), 40)
    answer = ask_crowns(cloud, cloud, labels, 6, None, network)
    assert answer.upper_logit == pytest.approx(logit) and answer.jaw == ("upper" if logit > 0 else "lower")
    assert network.told == [0.0, np.sign(logit)]  # the jaw is asked for without telling it, the numbers with it
    stated = ask_crowns(cloud, cloud, labels, 6, "lower", network)
    assert stated.upper_logit == pytest.approx(logit) and stated.jaw == "lower"


def test_a_network_without_jaws_needs_one():
    _, points = arch(3)
    cloud, labels = points.reshape(-1, 3), np.repeat([1, 2, 3], 40)
    assert ask_crowns(cloud, cloud, labels, 3, "upper", Nearest(None)).upper_logit == 0.0
    with pytest.raises(ValueError, match="cannot tell the jaw"):
        ask_crowns(cloud, cloud, labels, 3, None, Nearest(None))


def test_a_crown_of_a_few_points_is_left_open():
    _, points = arch(3)
    cloud = np.concatenate([points[0], points[1], points[2][:3]])
    labels = np.repeat([1, 2, 3], [40, 40, 3])
    answer = ask_crowns(cloud, cloud, labels, 3, "lower", Nearest())
    assert answer.teeth[2] == pytest.approx(np.full(16, 1 / 16)) and answer.none[2] == 0 and not answer.milk[2].any()
    assert answer.teeth[:2].argmax(1).tolist() == [0, 1]
    none = ask_crowns(cloud, cloud, np.zeros(len(cloud), int), 2, "lower", Nearest())
    assert none.teeth == pytest.approx(np.full((2, 16), 1 / 16)) and none.upper_logit == 0.0


def test_points_of_a_crown_are_spread_and_its_own():
    _, points = arch(2)
    cloud = points.reshape(-1, 3)
    chosen, _, which = crown_points(cloud, cloud, np.repeat([2, 0], 40), 2, size=50)
    assert which.tolist() == [1]
    assert {tuple(p) for p in chosen[0]} == {tuple(p) for p in points[0]}


def opinion(teeth: np.ndarray, milk: float = 0.0, none: float = 0.0, jaw: str = "upper") -> CrownAnswer:
    """The crown network's answer for one crown; `milk` for a milk tooth in place 5 at x > 0."""
    in_milk = np.zeros((1, MILK))
    in_milk[0, 4] = milk
    rest = 1 - milk - none
    return CrownAnswer(0.0, jaw, teeth[None] / teeth.sum() * rest, in_milk, np.array([none]), np.full((1, 1), np.nan))


def surface_says(**places: float) -> np.ndarray:
    """(1, 17) of the surface network: p5=0.3 for place 5 at x > 0, gingiva=0.2."""
    out = np.full((1, 17), 1e-4)
    for name, value in places.items():
        out[0, 0 if name == "gingiva" else int(name[1:])] = value
    return out


def test_two_opinions_are_weighed_and_gingiva_is_the_surface_networks():
    surface = surface_says(gingiva=0.2, p6=0.5, p7=0.3)
    crowns = np.full(16, 1e-4)
    crowns[6], crowns[5] = 0.9, 0.1  # class 7, then class 6
    both = both_opinions(surface, opinion(crowns))
    assert both[0, 0] == pytest.approx(0.2) and both.sum() == pytest.approx(1.0, abs=1e-2)
    assert both[0].argmax() == 7
    flat = both_opinions(surface, opinion(np.ones(16)))
    assert flat[0, 1:].argmax() + 1 == 6


def test_a_milk_molar_is_one_where_its_place_fits():
    molar = np.full(16, 1e-4)
    molar[5] = 0.1
    answer = opinion(molar, milk=0.8)
    both = both_opinions(surface_says(p5=0.6, p6=0.4), answer)
    assert both.shape == (1, 27) and both[0].argmax() == 17 + 4
    one = Instances(np.array([[20.0, -15.0, 5.0]]), surface_says(p5=0.6, p6=0.4), np.array([80.0]))
    numbers = {milk: number_crowns(one, answer, milk=milk).fdi.tolist() for milk in (None, True, False)}
    assert numbers == {None: [65], True: [65], False: [26]}


def test_what_the_crowns_call_no_tooth_gets_no_number():
    last = np.full(16, 1e-4)
    last[7] = 1.0
    one = Instances(np.array([[22.0, -40.0, 5.0]]), surface_says(gingiva=0.3, p8=0.6), np.array([30.0]))
    assert number_crowns(one, opinion(last, jaw="lower")).fdi.tolist() == [48]
    assert number_crowns(one, opinion(last, none=0.97, jaw="lower")).fdi.tolist() == [0]
    assert number_crowns(one, opinion(last, jaw="lower"), absent=[48]).fdi.tolist() != [48]


def test_a_crown_that_looks_cut_off_keeps_its_number_where_the_surface_is_sure_of_it():
    premolar = np.full(16, 1e-4)
    premolar[12] = 1.0
    cut = Instances(np.array([[-19.0, -18.0, 5.0]]), surface_says(gingiva=0.01, p13=0.9), np.array([30.0]))
    answer = opinion(premolar, none=0.97)
    found = number_crowns(cut, answer)
    assert found.fdi.tolist() == [15]
    assert evidence_of(found, cut, answer)[15].no_tooth < 0.2


def test_a_bump_gets_no_number_where_the_surface_doubts_it_though_it_looks_like_a_tooth():
    last = np.full(16, 1e-4)
    last[7] = 1.0
    bump = Instances(np.array([[22.0, -40.0, 5.0]]), surface_says(gingiva=0.25, p8=0.6), np.array([30.0]))
    assert number_crowns(bump, opinion(last, none=0.2, jaw="lower")).fdi.tolist() == [0]


def misled_row() -> tuple[Instances, CrownAnswer, CrownAnswer]:
    """Six teeth of the upper left side from the midline, and a piece of cheek beside the canine; what
    the crown network says with the piece in the row (one place too far behind it) and without it."""
    centres = np.array(
        [[5, 24, 5], [11, 22, 5], [17, 17, 5], [20, 10, 5], [22, 3, 5], [24, -6, 5], [36, 17, -3]], float
    )
    surface = np.concatenate([surface_says(gingiva=0.01, **{f"p{k}": 0.5, f"p{k + 1}": 0.45}) for k in range(1, 7)])
    surface = np.concatenate([surface, surface_says(gingiva=0.5, p4=0.4)])

    def answer(places: list[int]) -> CrownAnswer:
        teeth = np.full((7, PERMANENT), 1e-4)
        teeth[np.arange(7), np.array(places) - 1] = 1.0
        none = np.array([0.01] * 6 + [0.95])
        return CrownAnswer(
            0.0, "upper", teeth * (1 - none)[:, None], np.zeros((7, MILK)), none, np.full((7, 7), np.nan)
        )

    return Instances(centres, surface, np.full(7, 80.0)), answer([1, 2, 3, 5, 6, 7, 4]), answer([1, 2, 3, 4, 5, 6, 4])


def test_a_row_is_asked_about_again_without_what_is_no_tooth():
    row, first, second = misled_row()
    asked = []

    def again(crowns: np.ndarray) -> CrownAnswer:
        asked.append(crowns.tolist())
        return second

    assert number_crowns(row, first).fdi.tolist() == [21, 22, 23, 25, 26, 27, 0]
    numbering, basis = number_row(row, first, again)
    assert numbering.fdi.tolist() == [21, 22, 23, 24, 25, 26, 0]
    assert asked == [[True] * 6 + [False]]
    assert basis.none[-1] == first.none[-1]  # nobody asked about it again
    assert sorted(evidence_of(numbering, row, basis)) == [21, 22, 23, 24, 25, 26]
    known = Known(evidence=evidence_of(numbering, row, basis))
    assert numbers_again(known, list(known.evidence), Stated()) == {}  # what is kept gives the same numbers


class MisledByPieces:
    """Calls the crowns of `misled_row` as it says, with the piece in the row and without."""

    def __init__(self) -> None:
        row, first, second = misled_row()
        self.answers = {7: (arch_order_of(row.centres), first), 6: (arch_order_of(row.centres[:6]), second)}
        self.asked: list[int] = []

    def run_named(self, feed: dict, cancelled: object = None) -> dict:
        self.asked.append(len(feed["places"]))
        order, answer = self.answers[self.asked[-1]]
        said = np.concatenate([answer.teeth, np.zeros((7, CLASSES - 1 - PERMANENT)), answer.none[:, None]], 1)
        return {"probabilities": said[order].astype(np.float32), "upper_logit": np.array([5.0], np.float32)}


def test_a_jaw_is_numbered_from_the_second_answer():
    row, _, _ = misled_row()
    network = MisledByPieces()
    cloud = np.random.default_rng(0).normal(0, 1, (7, 40, 3))
    cloud = (row.centres[:, None] + cloud - cloud.mean(1, keepdims=True)).reshape(-1, 3)
    run = _JawRun(None, "upper", "jaw", None, {"crowns": network}, 1, None, Stated())
    run.frame = Frame(np.eye(4), 1.0, 0.99, False, 0.0)
    run.cloud, run.sampled_label = SimpleNamespace(points=cloud, normals=cloud), np.repeat(np.arange(1, 8), 40)
    run.instances = row
    run.number()
    assert run.numbering.fdi.tolist() == [21, 22, 23, 24, 25, 26, 0]
    assert network.asked == [7, 7, 6, 6]
    assert sorted(run.evidence) == [21, 22, 23, 24, 25, 26]


def test_a_row_of_crowns_only_is_asked_about_once():
    row, _, second = misled_row()
    cut = Instances(row.centres[:6], row.classes[:6], row.area[:6])
    teeth = CrownAnswer(0.0, "upper", second.teeth[:6], second.milk[:6], second.none[:6], second.unlike[:6, :6])

    def never(crowns: np.ndarray) -> CrownAnswer:
        raise AssertionError("asked twice")

    assert number_row(cut, teeth, never)[0].fdi.tolist() == [21, 22, 23, 24, 25, 26]
    # two crowns beside a piece are no row
    few = Instances(row.centres[4:], row.classes[4:], row.area[4:])
    two = CrownAnswer(0.0, "upper", second.teeth[4:], second.milk[4:], second.none[4:], second.unlike[4:, 4:])
    assert number_row(few, two, never)[0].fdi.tolist() == [25, 26, 0]


def test_a_network_without_milk_teeth_invents_none_where_the_permanent_tooth_is_stated_absent():
    premolar = np.full(16, 1e-4)
    premolar[3] = 1.0
    one = Instances(np.array([[17.0, -11.0, 5.0]]), surface_says(p4=0.9), np.array([80.0]))
    answer = opinion(premolar)
    assert not answer.milk.any()
    assert number_crowns(one, answer).fdi.tolist() == [24]
    assert number_crowns(one, answer, absent=[24]).fdi[0] < 50


def test_what_a_number_was_found_from_gives_it_again():
    canine = np.full(16, 1e-3)
    canine[2], canine[3] = 0.8, 0.2
    one = Instances(np.array([[14.0, -7.0, 5.0]]), surface_says(p3=0.9), np.array([80.0]))
    answer = opinion(canine, milk=0.1)
    found = number_crowns(one, answer)
    known = Known(evidence=evidence_of(found, one, answer))
    assert set(known.evidence) == {23} == set(found.fdi.tolist())
    assert numbers_again(known, [23], Stated()) == {}
    for absent in ({23}, {23, 24}, {22}):
        numbers = numbers_again(known, [23], Stated(frozenset(absent)))
        assert [numbers.get(23, 23)] == number_crowns(one, answer, absent=absent).fdi.tolist()
