"""How the opinions of both intraoral networks are weighed: scores, the table by weight, the fit of "no tooth"."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from DentalTopoSegLib.ios import numbers
from DentalTopoSegLib.ios.crowns import CrownAnswer
from DentalTopoSegLib.ios.instances import Instances
from training.evaluation.changed_jaws import Answered, fit_no_tooth, score, table

PLACES = np.array([[14.0, -7.0, 5.0], [17.0, -14.0, 5.0], [24.0, -39.0, 5.0]])  # 23, 24 and something far behind


def jaw(meant: list[int], surface: list[int], crowns: list[int], none: list[float], gingiva: list[float]) -> Answered:
    """Three crowns of an upper jaw, by the places (1 to 8) that each network says."""
    classes, teeth = np.full((3, 17), 1e-4), np.full((3, 16), 1e-4)
    for k, (a, b) in enumerate(zip(surface, crowns, strict=True)):
        classes[k, a], classes[k, 0], teeth[k, b - 1] = 1 - gingiva[k], gingiva[k], 1 - none[k]
    answer = CrownAnswer(0.0, "upper", teeth, np.zeros((3, 10)), np.array(none), np.full((3, 3), np.nan))
    return Answered("toy", Instances(PLACES, classes, np.full(3, 80.0)), answer, np.array(meant), lambda which: answer)


def test_what_is_wrong_is_counted():
    sure = [0.01] * 3
    right = jaw([23, 24, 27], [3, 4, 7], [3, 4, 7], sure, sure)
    assert score([right]) == {"teeth": 3, "wrong": 0, "none": 0, "invented": 0, "jaws right": 1}
    invented = jaw([23, 25, 0], [3, 4, 7], [3, 4, 7], sure, sure)
    assert score([invented]) == {"teeth": 2, "wrong": 1, "none": 0, "invented": 1, "jaws right": 0}
    doubted = jaw([23, 24, 27], [3, 4, 7], [3, 4, 7], [0.01, 0.01, 0.99], [0.01, 0.01, 0.4])
    assert score([doubted])["none"] == 1


def test_the_table_has_a_line_a_weight_and_leaves_the_weight_as_it_was():
    before = numbers.CROWNS_WEIGHT
    apart = jaw([23, 24, 26], [3, 4, 6], [3, 4, 8], [0.01] * 3, [0.01] * 3)
    by_surface, by_crowns = table([apart], (0.1, 1.0)).splitlines()[-2:]
    assert [line.split("|")[3].strip() for line in (by_surface, by_crowns)] == ["0", "1"]
    assert before == numbers.CROWNS_WEIGHT


def test_the_better_witness_of_what_is_no_tooth_weighs_more():
    rng = np.random.default_rng(0)
    jaws = []
    for _ in range(60):
        tooth = rng.random(3) < 0.7
        none = np.clip(0.5 + rng.normal(0, 0.2, 3), 0.01, 0.99)
        gingiva = np.clip(np.where(tooth, 0.2, 0.6) + rng.normal(0, 0.1, 3), 0.01, 0.99)
        jaws.append(jaw(np.where(tooth, [23, 24, 27], 0), [3, 4, 7], [3, 4, 7], none, gingiva))
    _, crowns, surface = fit_no_tooth(jaws)
    assert surface > 2 * abs(crowns)
