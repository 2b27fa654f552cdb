"""The check of an edited label map finds what a check from scratch finds, and measures only what changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scan_files import toy_dentition
from toy_jaw_map import with_structures

from DentalTopoSegLib.checks.findings import check_dentition, live, measured_case
from DentalTopoSegLib.checks.findings.live import LiveCheck
from DentalTopoSegLib.dentition import Confidence
from DentalTopoSegLib.errors import InputError


def editable():
    _, labels = toy_dentition()
    return replace(labels, array=labels.array.copy())


def box_of(mask: np.ndarray):
    return tuple(slice(int(i.min()), int(i.max()) + 1) for i in np.nonzero(mask))


def edit(check: LiveCheck, region, values) -> list:
    """Write values into the region and tell the check, as a scene does."""
    array = check.labels.array
    before = array[region].copy()
    array[region] = values
    different = before != array[region]
    return check.update({*before[different].tolist(), *array[region][different].tolist()}, region)


@pytest.mark.parametrize("calibrated", [True, False])
def test_first_check_is_the_whole_one(calibrated: bool) -> None:
    labels, known = editable(), Confidence({16: 0.3}, calibrated=calibrated)
    check = LiveCheck(labels, known)
    assert check.findings == check_dentition(labels, known)
    (doubt,) = (finding for finding in check.findings if finding.code == "low_confidence")
    assert ("3 of 10" in doubt.message) == calibrated


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**31), st.sampled_from((0, 11, 16, 17, 26, 36, 38, 46, 48))), max_size=4))
def test_after_any_edits_the_same_as_from_scratch(edits) -> None:
    labels = editable()
    check = LiveCheck(labels)
    for seed, value in edits:
        rng = np.random.default_rng(seed)
        corner = [int(rng.integers(0, n - 1)) for n in labels.array.shape]
        region = tuple(slice(c, c + int(rng.integers(1, 14))) for c in corner)
        drawn = rng.random(labels.array[region].shape) < rng.random()
        edit(check, region, np.where(drawn, value, labels.array[region]))
        assert check.findings == check_dentition(labels)


def test_only_the_edited_tooth_is_measured(monkeypatch) -> None:
    check = LiveCheck(editable())
    measured = []
    monkeypatch.setattr(
        live, "measure_tooth", lambda labels, fdi, box: measured.append(fdi) or live_measure(labels, fdi, box)
    )
    mask = check.labels.array == 26
    region = box_of(mask)
    half = tuple(slice(s.start, (s.start + s.stop) // 2) for s in region)
    edit(check, half, np.where(check.labels.array[half] == 26, 0, check.labels.array[half]))
    assert measured == [26]


live_measure = live.measure_tooth


def test_a_tooth_may_vanish_and_come_back() -> None:
    check = LiveCheck(editable())
    region = box_of(check.labels.array == 16)
    kept = check.labels.array[region].copy()
    found = edit(check, region, np.where(kept == 16, 0, kept))
    assert any(f.code == "missing_tooth" and 16 in f.teeth for f in found)
    found = edit(check, region, kept)
    assert found == check_dentition(check.labels)
    assert not any(f.code == "missing_tooth" and 16 in f.teeth for f in found)


def test_without_teeth_there_is_nothing_to_find() -> None:
    check = LiveCheck(editable())
    whole = tuple(slice(0, n) for n in check.labels.array.shape)
    assert edit(check, whole, np.zeros(check.labels.array.shape, np.uint8)) == []


def test_refuses_what_is_no_tooth() -> None:
    check = LiveCheck(editable())
    with pytest.raises(InputError, match="holds 99"):
        edit(check, (slice(0, 2),) * 3, np.full((2, 2, 2), 99, np.uint8))


def test_what_is_around_an_edited_tooth_is_measured_anew() -> None:
    labels, beside = with_structures()
    check = LiveCheck(replace(labels, array=labels.array.copy()), structures=beside)
    before = check._case.around.tooth_row(46)
    z, y, x = box_of(labels.array == 46)
    root = slice(z.start, z.start + 8), y, x  # the root's end goes
    edit(check, root, 0)
    after = check._case.around.tooth_row(46)
    assert after["length_mm"] < before["length_mm"] and after["in_bone_mm"] < before["in_bone_mm"]
    assert after == measured_case(check.labels, structures=beside).around.tooth_row(46)
