"""Scores of what lies around the teeth; those of the teeth do not change by it."""

from __future__ import annotations

import numpy as np
import pytest
from toy_jaw_map import with_structures

from DentalTopoSegLib.checks.metrics.label_maps import evaluate_pair
from DentalTopoSegLib.checks.metrics.structures import structure_scores
from DentalTopoSegLib.dentition.structures import structure


def test_scores_of_structures_stand_beside_those_of_teeth() -> None:
    labels, beside = with_structures()
    moved = beside.with_array(np.roll(beside.array, 1, axis=1))  # half a millimetre to the front
    scores = evaluate_pair(labels, labels, structures=(moved, beside))
    told = scores.pop("structures")
    assert scores == evaluate_pair(labels, labels)
    assert evaluate_pair(labels, labels, structures=(moved, None)) == scores
    sinus = told["sinus_left"]
    assert 0.9 < sinus["dice"] < 1 and sinus["distance_mm"] < 0.3
    assert told["canal_left"]["pieces_pred"] == told["canal_left"]["pieces_ref"] == 1


def test_what_a_prediction_lacks_counts_as_nothing_found() -> None:
    _, beside = with_structures()
    without = beside.with_array(np.where(beside.array == structure("canal_left").value, 0, beside.array))
    told = structure_scores(without, beside)
    assert told["canal_left"] == {"dice": 0.0, "iou": 0.0, "distance_mm": None, "pieces_pred": 0, "pieces_ref": 1}
    assert told["canal_right"]["dice"] == 1.0 and told["canal_right"]["distance_mm"] == pytest.approx(0.0)
    assert structure_scores(None, beside)["mandible"]["dice"] == 0.0 and structure_scores(beside, None) == {}
