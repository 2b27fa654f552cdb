"""Numbers along the arch: unique, in order, steady under pose, noise, absent teeth and a network that
errs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from DentalTopoSegLib.dentition import CLASS_FDI, FDI_PERMANENT, MIXED_CLASS_FDI, arch_order
from DentalTopoSegLib.dentition.numbering import arch_parameter, mean_dentition, number_teeth

QUICK = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def soft(fdi: int, rng: np.random.Generator, blur: float = 0.25, background: float = 0.1) -> np.ndarray:
    """A network's mean class probabilities over one tooth: mass leaks to the neighbours in the arch."""
    p = rng.dirichlet(np.full(33, 0.3)) * 0.05
    order = arch_order("upper" if fdi < 30 else "lower")
    k = order.index(fdi)
    p[CLASS_FDI.index(fdi)] += 1 - blur
    for j in (k - 1, k + 1):
        if 0 <= j < 16:
            p[CLASS_FDI.index(order[j])] += blur / 2
    p /= p.sum()
    p *= 1 - background
    p[0] += background
    return p


def dentition(teeth, rng: np.random.Generator, noise: float = 0.8, blur: float = 0.25, open_mm: float = 0.0):
    mean = mean_dentition()
    points = np.array([mean[f] for f in teeth]) * rng.uniform(0.94, 1.06) + rng.normal(0, noise, (len(teeth), 3))
    points[np.array(teeth) > 30, 2] -= open_mm
    return np.array([soft(f, rng, blur) for f in teeth]), points, rng.uniform(200, 900, len(teeth))


def rotation(angles_deg) -> np.ndarray:
    out = np.eye(3)
    for axis, a in enumerate(np.radians(angles_deg)):
        i, j = [k for k in range(3) if k != axis]
        turn = np.eye(3)
        turn[i, i] = turn[j, j] = np.cos(a)
        turn[i, j], turn[j, i] = -np.sin(a), np.sin(a)
        out = turn @ out
    return out


def assert_unique_and_ordered(result, points) -> None:
    used = result.fdi[result.fdi > 0]
    assert len(set(used.tolist())) == len(used)
    r, s = result.frame
    along = arch_parameter(points @ r.T + s)
    for jaw in ("upper", "lower"):
        order = arch_order(jaw)
        mine = [i for i in np.argsort(along) if result.fdi[i] in order]
        ranks = [order.index(result.fdi[i]) for i in mine]
        for a in range(len(mine)):  # order may be open only where two teeth nearly share a place
            for b in range(a + 1, len(mine)):
                if along[mine[b]] - along[mine[a]] > 7.0:
                    assert ranks[a] < ranks[b]


angles = st.tuples(*[st.floats(-30, 30)] * 3)
tooth_sets = st.sets(st.sampled_from(FDI_PERMANENT), min_size=20, max_size=32)


@QUICK
@given(st.integers(0, 10**6), tooth_sets, angles, st.floats(0, 12))
def test_true_numbers_under_noise_missing_teeth_pose_and_open_mouth(seed, teeth, turn, open_mm):
    rng = np.random.default_rng(seed)
    teeth = sorted(teeth)
    p, points, volumes = dentition(teeth, rng, open_mm=open_mm)
    points = points @ rotation(turn).T + rng.uniform(-300, 300, 3)
    result = number_teeth(p, points, volumes)
    assert_unique_and_ordered(result, points)
    assert result.fdi.tolist() == teeth
    assert (result.confidence > 0.3).all()


@QUICK
@given(st.integers(0, 10**6), st.integers(1, 40), angles)
def test_any_input_gives_unique_ordered_numbers(seed, n, turn):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(33, 0.1), n)
    points = rng.uniform((-35, -60, -15), (35, 5, 15), (n, 3)) @ rotation(turn).T
    result = number_teeth(p, points, rng.uniform(1, 900, n))
    assert_unique_and_ordered(result, points)
    assert ((result.confidence >= 0) & (result.confidence <= 1)).all()
    assert (result.confidence[result.fdi == 0] == 0).all()


@QUICK
@given(st.integers(0, 10**6), angles)
def test_order_of_instances_and_rigid_pose_do_not_matter(seed, turn):
    rng = np.random.default_rng(seed)
    teeth = sorted(rng.choice(FDI_PERMANENT, 26, replace=False).tolist())
    p, points, volumes = dentition(teeth, rng)
    base = number_teeth(p, points, volumes)
    mixed = rng.permutation(len(teeth))
    again = number_teeth(p[mixed], points[mixed], volumes[mixed])
    assert np.array_equal(again.fdi, base.fdi[mixed]) and np.array_equal(again.confidence, base.confidence[mixed])
    posed = number_teeth(p, points @ rotation(turn).T + 50.0, volumes)
    assert np.array_equal(posed.fdi, base.fdi)


def test_arch_corrects_a_network_that_names_one_tooth_twice():
    rng = np.random.default_rng(0)
    teeth = [f for f in FDI_PERMANENT if f % 10 < 8]
    p, points, volumes = dentition(teeth, rng, noise=0.4)
    p[teeth.index(14)] = soft(15, rng, blur=0.5)
    p[teeth.index(46)] = soft(47, rng, blur=0.5)
    result = number_teeth(p, points, volumes)
    assert result.fdi.tolist() == teeth
    sure = result.confidence[teeth.index(24)]
    assert result.confidence[teeth.index(14)] < sure


def test_a_gap_keeps_its_number_free():
    rng = np.random.default_rng(1)
    teeth = [f for f in FDI_PERMANENT if f % 10 < 8 and f not in (36, 15)]
    p, points, volumes = dentition(teeth, rng, noise=0.4)
    for k, f in enumerate(teeth):  # the network cannot tell 35 from 36 nor 14 from 15
        if f in (35, 14):
            p[k] = (soft(f, rng, 0) + soft(f + 1, rng, 0)) / 2
    assert number_teeth(p, points, volumes).fdi.tolist() == teeth


def test_a_double_and_a_speck_are_rejected():
    rng = np.random.default_rng(2)
    teeth = [f for f in FDI_PERMANENT if f % 10 < 8]
    p, points, volumes = dentition(teeth, rng, noise=0.3)
    p = np.vstack([p, soft(26, rng), 0.95 * np.eye(33)[0] + 0.05 * soft(34, rng)])
    points = np.vstack([points, points[teeth.index(26)] + (0.5, 1.5, 4.0), (60.0, -80.0, -40.0)])
    result = number_teeth(p, points, np.r_[volumes, 40.0, 30.0])
    assert result.fdi.tolist() == [*teeth, 0, 0]


@pytest.mark.parametrize(
    "teeth",
    [[31, 32, 33, 41, 42, 43, 44], [14, 15, 16, 17], [36], [13, 23], [38, 48], [18, 48], [45, 46, 47, 15, 16, 17]],
)
def test_few_teeth(teeth):
    rng = np.random.default_rng(3)
    p, points, volumes = dentition(teeth, rng, blur=0.2)
    assert number_teeth(p, points, volumes).fdi.tolist() == teeth


def test_no_instance_gives_no_number():
    result = number_teeth(np.zeros((0, 33)), np.zeros((0, 3)), np.zeros(0))
    assert result.fdi.shape == (0,) and result.confidence.shape == (0,)


@pytest.mark.parametrize(
    ("p", "c", "v"),
    [
        (np.zeros((2, 32)), np.zeros((2, 3)), np.zeros(2)),
        (np.zeros((2, 33)), np.zeros((3, 3)), np.zeros(2)),
        (np.zeros((2, 33)), np.full((2, 3), np.nan), np.zeros(2)),
    ],
)
def test_input_that_does_not_fit_is_refused(p, c, v):
    with pytest.raises(ValueError, match="Numbering needs"):
        number_teeth(p, c, v)


@pytest.mark.parametrize("absent", [(15, 25), (14,), (38, 48, 41), tuple(range(31, 39)), FDI_PERMANENT])
def test_an_absent_tooth_is_never_given(absent):
    rng = np.random.default_rng(11)
    teeth = [f for f in FDI_PERMANENT if f % 10 < 8]
    p, points, volumes = dentition(teeth, rng, noise=0.4)
    found = number_teeth(p, points, volumes, absent=absent).fdi
    assert not set(absent) & set(found.tolist())
    far = [k for k, f in enumerate(teeth) if f // 10 not in {a // 10 for a in absent}]
    assert [int(found[k]) for k in far] == [teeth[k] for k in far]


@pytest.mark.parametrize("first", [4, 5])
def test_a_closed_row_gets_its_numbers_when_the_absent_premolar_is_known(first):
    """The network numbers by the row and calls the molars premolars, on both sides."""
    rng = np.random.default_rng(12)
    teeth = [10 * q + n for q in (1, 2) for n in range(1, 8) if n != first]
    called = [10 * q + n for q in (1, 2) for n in range(1, 7)]
    p, points, volumes = dentition(called, rng, noise=0.4)
    assert number_teeth(p, points, volumes).fdi.tolist() == called
    absent = {10 + first, 20 + first}
    assert number_teeth(p, points, volumes, absent=absent).fdi.tolist() == teeth


def test_absent_teeth_that_nobody_calls_change_nothing():
    rng = np.random.default_rng(13)
    teeth = [f for f in FDI_PERMANENT if f % 10 < 8 and f not in (15, 36)]
    p, points, volumes = dentition(teeth, rng, noise=0.4)
    free, told = number_teeth(p, points, volumes), number_teeth(p, points, volumes, absent=[15, 36, 18])
    assert free.fdi.tolist() == told.fdi.tolist() == teeth
    assert told.score >= free.score


def test_what_is_no_tooth_cannot_be_absent():
    with pytest.raises(ValueError, match="19 is none"):
        number_teeth(np.zeros((0, 33)), np.zeros((0, 3)), np.zeros(0), absent=[18, 19])


def mixed(teeth, rng: np.random.Generator, **how: float):
    """A dentition with milk teeth, whose network knows them."""
    places = [f - 40 if f > 50 else f for f in teeth]
    p, points, volumes = dentition(places, rng, **how)
    p = np.concatenate([p, np.zeros((len(teeth), 20))], 1)
    for row, fdi in zip(p, teeth, strict=True):
        if fdi > 50:
            said = CLASS_FDI.index(fdi - 40)
            row[MIXED_CLASS_FDI.index(fdi)], row[said] = 0.85 * row[said], 0.15 * row[said]
    return p, points, volumes


CHILD = [16, 55, 54, 53, 12, 11, 21, 22, 63, 64, 65, 26, 46, 85, 84, 83, 42, 41, 31, 32, 73, 74, 75, 36]


def test_milk_teeth_keep_their_places_among_permanent_ones():
    rng = np.random.default_rng(21)
    p, points, volumes = mixed(CHILD, rng, noise=0.4)
    assert number_teeth(p, points, volumes).fdi.tolist() == CHILD
    assert number_teeth(p, points, volumes, milk=True).fdi.tolist() == CHILD
    permanent = [f - 40 if f > 50 else f for f in CHILD]
    assert number_teeth(p, points, volumes, milk=False).fdi.tolist() == permanent


def test_a_milk_tooth_stands_where_its_successor_is_absent():
    rng = np.random.default_rng(22)
    teeth = [75 if f == 35 else f for f in FDI_PERMANENT if f % 10 < 8]
    p, points, volumes = mixed(teeth, rng, noise=0.4)
    assert number_teeth(p, points, volumes, absent=[35]).fdi.tolist() == teeth
    without = number_teeth(p, points, volumes, absent=[75]).fdi
    assert 75 not in without and without[teeth.index(36)] == 36


def test_classes_without_milk_teeth_give_what_they_gave():
    """Zeros for milk teeth change nothing."""
    rng = np.random.default_rng(23)
    teeth = [f for f in FDI_PERMANENT if f % 10 < 8 and f != 24]
    p, points, volumes = dentition(teeth, rng)
    known = np.concatenate([p, np.zeros((len(teeth), 20))], 1)
    assert number_teeth(known, points, volumes).fdi.tolist() == number_teeth(p, points, volumes).fdi.tolist() == teeth


def test_what_another_network_calls_no_tooth_is_rejected():
    rng = np.random.default_rng(24)
    teeth = [f for f in FDI_PERMANENT if f % 10 < 8]
    p, points, volumes = dentition([*teeth, 38], rng, noise=0.4)
    assert number_teeth(p, points, volumes).fdi.tolist() == [*teeth, 38]
    doubt = np.zeros(len(p))
    doubt[-1] = 0.95
    assert number_teeth(p, points, volumes, no_tooth=doubt).fdi.tolist() == [*teeth, 0]
    with pytest.raises(ValueError, match="no tooth"):
        number_teeth(p, points, volumes, no_tooth=doubt[1:])


def test_no_milk_tooth_is_made_up_where_an_adults_premolar_is_stated_absent() -> None:
    """The network is sure of a premolar: that its number is stated absent makes it no milk tooth."""
    teeth = [fdi for fdi in FDI_PERMANENT if fdi < 29 and fdi % 10 < 8]
    p = np.full((len(teeth), len(MIXED_CLASS_FDI)), 1e-5)
    p[np.arange(len(teeth)), [MIXED_CLASS_FDI.index(fdi) for fdi in teeth]] = 1.0
    places = np.array([mean_dentition()[fdi] for fdi in teeth])
    found = number_teeth(p, places, np.full(len(teeth), 450.0), absent=[14]).fdi
    assert 14 not in found
    assert all(fdi < 50 for fdi in found)
    p[teeth.index(14), MIXED_CLASS_FDI.index(54)] = 0.5  # a milk molar that was never replaced looks like one
    assert number_teeth(p, places, np.full(len(teeth), 450.0), absent=[14]).fdi[teeth.index(14)] == 54
