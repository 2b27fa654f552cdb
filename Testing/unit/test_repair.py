"""Repairs of label maps: each settles the finding that proposed it, makes no new one, and can be taken back exactly."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_teeth import TEETH, at, paint, relabel, tidy, volume

from DentalTopoSegLib import repair as repairs
from DentalTopoSegLib.dentition import arch_order, flipped_jaw, is_upper, mirrored, neighbours
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.findings import Finding, check_dentition
from DentalTopoSegLib.phantom import make_phantom
from DentalTopoSegLib.repair import NumberTakenError, Repair, proposed, repaired
from DentalTopoSegLib.topology import betti_numbers, tooth_boxes


def found_in(array: np.ndarray, confidence: dict[int, float] | None = None) -> list[Finding]:
    return check_dentition(volume(array), confidence)


def settle(array: np.ndarray, repair: Repair) -> np.ndarray:
    """The array after the repair; asserts that it can be taken back and done again bit for bit."""
    before, given_ = array.copy(), volume(array)
    edit = repaired(given_, repair)
    np.testing.assert_array_equal(array, before)  # proposing changes nothing
    assert edit.voxels > 0
    edit.apply(array)
    assert np.count_nonzero(array != before) == edit.voxels
    after = array.copy()
    edit.undo(array)
    np.testing.assert_array_equal(array, before)
    edit.apply(array)
    np.testing.assert_array_equal(array, after)
    return after


def same_complaint(finding: Finding, found: list[Finding]) -> bool:
    def key(f: Finding) -> tuple:
        return f.code, set(f.teeth), "contact_mm2" in f.detail  # merged_neighbours has two reasons

    return any(key(f) == key(finding) for f in found)


# ---------------------------------------------------------------- every finding that proposes a repair


def _stray(array: np.ndarray, fdi: int) -> np.ndarray:
    z, y, x = np.round(at(fdi)).astype(int)
    array[z - 2 : z + 2, y - 2 : y + 2, x - 20 : x - 16] = fdi
    return array


def _crumbs(array: np.ndarray, fdi: int) -> np.ndarray:
    z, y, x = np.round(at(fdi)).astype(int)
    free = np.argwhere(array[z - 12 : z + 12, y - 14 : y + 14, x - 14 : x + 14] == 0)
    lone = free[(free % 3 == 0).all(1)][:30] + (z - 12, y - 14, x - 14)
    array[tuple(lone.T)] = fdi
    return array


def _broken(array: np.ndarray, fdi: int) -> np.ndarray:
    z = round(at(fdi)[0])
    part = array[z + 3 : z + 6]
    part[part == fdi] = 0
    return array


def _drilled(array: np.ndarray, fdi: int, holes: int = 1) -> np.ndarray:
    z, y, _ = np.round(at(fdi)).astype(int)
    for k in range(holes):
        drill = array[z + 4 * k : z + 4 * k + 2, y : y + 2]
        drill[drill == fdi] = 0
    return array


def _handled(array: np.ndarray, fdi: int) -> np.ndarray:
    """A thin handle on the crown: the tunnel under it is wide, the handle itself is not."""
    z, y, x = np.round(at(fdi)).astype(int)
    array[z - 6, y, x - 4 : x + 5] = array[z - 6 : z, y, x - 4] = array[z - 6 : z, y, x + 4] = fdi
    inner = array[z - 5 : z + 3, y - 9 : y + 10, x - 3 : x + 4]
    inner[inner == fdi] = 0
    array[z - 5 : z + 3, y, x - 4] = array[z - 5 : z + 3, y, x + 4] = fdi
    return array


def _hollow(array: np.ndarray, fdi: int) -> np.ndarray:
    z, y, x = np.round(at(fdi)).astype(int)
    array[z : z + 3, y : y + 3, x : x + 2] = 0
    return array


def _merged(array: np.ndarray, fdi: int, other: int) -> np.ndarray:
    array = relabel(array, {other: fdi})
    z, y, x = np.round((at(fdi) + at(other)) / 2).astype(int)
    bridge = array[z - 5 : z + 5, y - 5 : y + 6, x - 5 : x + 6]
    bridge[bridge == 0] = fdi
    return array


def _halved(array: np.ndarray, fdi: int, other: int) -> np.ndarray:
    half = array[:, :, round(at(fdi)[2]) :]
    half[half == fdi] = other
    return array


def _bitten(array: np.ndarray, fdi: int) -> np.ndarray:
    """The root half of an upper tooth under the number of the lower one."""
    other = flipped_jaw(fdi)
    array = relabel(array, {other: 0})
    z, y, x = np.round(at(fdi)).astype(int)
    below = array[: z + 1, y - 12 : y + 13, x - 12 : x + 13]
    below[below == fdi] = other
    return array


def _supernumerary(array: np.ndarray) -> np.ndarray:
    paint(array, 11, at(11, 0, -24, -8))
    return array


CASES = {
    "stray piece": lambda: _stray(tidy().copy(), 46),
    "many crumbs": lambda: _crumbs(tidy().copy(), 24),
    "broken tooth": lambda: _broken(tidy().copy(), 16),
    "tunnel": lambda: _drilled(tidy().copy(), 26),
    "two tunnels": lambda: _drilled(tidy().copy(), 36, 2),
    "hollow": lambda: _hollow(tidy().copy(), 36),
    "merged molars": lambda: _merged(tidy().copy(), 37, 36),
    "merged premolars": lambda: _merged(tidy().copy(), 14, 15),
    "merged, one side open": lambda: _merged(tidy().copy(), 46, 47),
    "one tooth under two numbers": lambda: _halved(tidy().copy(), 36, 35),
    "one tooth in two jaws": lambda: _bitten(tidy().copy(), 16),
    "sides exchanged": lambda: relabel(tidy(), {f: mirrored(f) for f in TEETH}),
    "jaws exchanged": lambda: relabel(tidy(), {f: flipped_jaw(f) for f in TEETH}),
    "both exchanged": lambda: relabel(tidy(), {f: flipped_jaw(mirrored(f)) for f in TEETH}),
    "upper sides exchanged": lambda: relabel(tidy(), {f: mirrored(f) for f in TEETH if is_upper(f)}),
    "one jaw, upside down": lambda: relabel(np.where(tidy() < 30, tidy(), 0), {f: flipped_jaw(f) for f in TEETH}),
    "wrong side": lambda: relabel(tidy(), {13: 23, 23: 0}),
    "two on wrong sides": lambda: relabel(tidy(), {13: 23, 23: 13}),
    "wrong jaw": lambda: relabel(tidy(), {46: 16, 16: 0}),
    "two in wrong jaws": lambda: relabel(tidy(), {46: 16, 16: 46}),
    "two overtaking": lambda: relabel(tidy(), {14: 15, 15: 14}),
    "three overtaking": lambda: relabel(tidy(), {33: 35, 34: 33, 35: 34}),
    "overtaking at the midline": lambda: relabel(tidy(), {11: 21, 21: 11}),
    "doubled, one free": lambda: relabel(tidy(), {15: 16}),
    "supernumerary": lambda: _supernumerary(tidy().copy()),
    "milk tooth doubled": lambda: relabel(tidy(), {34: 75, 35: 75}),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_repair_settles_its_finding_and_makes_no_worse_one(case: str) -> None:
    array = CASES[case]().astype(np.uint8)
    found = found_in(array)
    tried = 0
    for finding in found:
        for i, repair in enumerate(proposed(finding, found)):
            if repair.needs_number:
                repair = repair.with_number(next(f for f in (18, 28, 38, 48) if f not in array))
            after = settle(array.copy(), repair)
            left = found_in(after)
            assert not same_complaint(finding, left), (repair.title, [f.message for f in left])
            if i == 0:
                new = [f for f in left if f.severity == "error" and not same_complaint(f, found)]
                assert not new, (repair.title, [f.message for f in new])
            tried += 1
    assert tried, [finding.message for finding in found]


@pytest.mark.parametrize("case", CASES)
def test_the_first_repairs_together_leave_no_error(case: str) -> None:
    array = CASES[case]().astype(np.uint8)
    for _ in range(6):
        todo = [(f, proposed(f, found_in(array))) for f in found_in(array)]
        todo = [made[0] for _, made in todo if made and not made[0].needs_number]
        if not todo:
            break
        repaired(volume(array), todo[0]).apply(array)
    left = found_in(array)
    assert not [f.message for f in left if f.severity == "error"]


def test_every_repair_code_of_a_finding_is_known() -> None:
    """A code that nobody can carry out must be one of those left to a person."""
    import re
    from pathlib import Path

    from DentalTopoSegLib.repair.proposals import _PROPOSALS

    folder = Path(repairs.__file__).parents[1] / "findings"
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    codes = set(re.findall(r'"((?:remove|join|fill|close|split|swap|renumber|add)(?:_[a-z_]+)?)"', text))
    assert codes - {"add_tooth"} == set(_PROPOSALS)
