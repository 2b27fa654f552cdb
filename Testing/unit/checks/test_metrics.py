"""Scores of a prediction against a reference: cases by hand, surface-distance as oracle for NSD."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from DentalTopoSegLib.checks.metrics import boundaries
from DentalTopoSegLib.checks.metrics import label_maps as m
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume

SPACING = (0.5, 0.5, 0.5)


def labels(array: np.ndarray, spacing=SPACING, **kwargs) -> Volume:
    return Volume(np.asarray(array, dtype=np.uint8), spacing, name="teeth", **kwargs)


def row(*teeth: tuple[int, int, int], length: int = 60) -> np.ndarray:
    """A row of boxes along x: (FDI, first x, last x + 1), each 8 x 8 voxels across."""
    array = np.zeros((14, 14, length), np.uint8)
    for fdi, start, stop in teeth:
        array[3:11, 3:11, start:stop] = fdi
    return array


@pytest.fixture
def reference() -> Volume:
    return labels(row((13, 5, 15), (12, 15, 25), (11, 25, 35)))


def test_a_perfect_prediction_scores_full_marks(reference):
    result = m.evaluate_pair(reference, reference)
    ones = (
        "dice",
        "dice_all",
        "tooth_dice",
        "iou",
        "nsd",
        "bf1",
        "detection_precision",
        "detection_recall",
        "detection_f1",
        "identification_accuracy",
        "tca",
        "acs",
    )
    assert {key: result[key] for key in ones} == dict.fromkeys(ones, 1.0)
    assert result["cer"] == result["cer_with_voids"] == 0.0
    assert result["missed"] == result["invented"] == []
    assert result["misnumbered"] == {}
    json.dumps(result, allow_nan=False)


def test_dice_and_iou_by_hand(reference):
    # 13 loses two of ten slices; 11 is missed altogether; 21 is invented
    pred = labels(row((13, 7, 15), (12, 15, 25), (21, 45, 50)))
    assert m.per_tooth_dice(pred, reference) == pytest.approx({11: 0.0, 12: 1.0, 13: 16 / 18, 21: 0.0})
    assert m.per_tooth_iou(pred, reference) == pytest.approx({11: 0.0, 12: 1.0, 13: 0.8, 21: 0.0})
    result = m.evaluate_pair(pred, reference)
    assert result["dice"] == pytest.approx((0 + 1 + 16 / 18) / 3)
    assert result["dice_all"] == pytest.approx((0 + 1 + 16 / 18 + 0) / 4)
    assert result["tooth_dice"] == pytest.approx(2 * 18 / (23 + 30))
    assert (result["count_pred"], result["count_ref"], result["tca"]) == (3, 3, 1.0)
    assert (result["missed"], result["invented"]) == ([11], [21])


def test_identification_counts_numbers_among_found_teeth(reference):
    # 12 and 11 change places, 13 keeps only four of its ten slices (IoU 0.4: not found)
    pred = labels(row((13, 11, 15), (11, 15, 25), (12, 25, 35)))
    result = m.identification(pred, reference)
    assert result["matches"] == {11: 12, 12: 11, 13: None}
    assert result["detection_precision"] == pytest.approx(2 / 3)
    assert result["detection_recall"] == pytest.approx(2 / 3)
    assert result["detection_f1"] == pytest.approx(2 / 3)
    assert result["identification_accuracy"] == 0.0
    assert m.evaluate_pair(pred, reference)["misnumbered"] == {"11": 12, "12": 11}


def test_one_predicted_tooth_is_matched_once():
    reference = labels(row((13, 5, 15), (12, 15, 25)))
    pred = labels(row((13, 5, 25)))  # covers both: IoU 0.5 with each
    assert m.identification(pred, reference)["matches"] == {12: 13, 13: None}
    assert m.identification(pred, reference)["detection_recall"] == 0.5


def test_scores_without_anything_to_score_are_none(reference):
    nothing = labels(np.zeros(reference.shape))
    result = m.evaluate_pair(nothing, reference)
    assert result["dice"] == result["nsd"] == result["detection_recall"] == 0.0
    assert result["identification_accuracy"] is None
    assert result["detection_precision"] is None
    assert result["cer"] == 1.0
    assert m.acs(reference, nothing) is None


def test_tooth_count(reference):
    assert m.tca(labels(row((13, 5, 15), (12, 15, 35))), reference) == 0.0
    assert m.tca(labels(row((23, 5, 15), (22, 15, 25), (21, 25, 35))), reference) == 1.0


@pytest.mark.parametrize(
    ("teeth", "expected"),
    [
        (((13, 5, 15), (12, 15, 25), (11, 25, 35)), 1.0),
        (((13, 5, 15), (12, 15, 25)), 0.5),  # one of two pairs lost
        (((13, 5, 15), (12, 15, 25), (21, 25, 35)), 0.0),  # one lost, one invented
        (((11, 5, 15), (12, 15, 25), (13, 25, 35)), 1.0),  # the pairs are right, though the order is not
        (((11, 5, 15), (13, 15, 25), (23, 25, 35)), -1.0),  # both lost, two invented
    ],
)
def test_adjacency_consistency_by_hand(reference, teeth, expected):
    assert m.acs(labels(row(*teeth)), reference) == pytest.approx(expected)


def test_cavity_error_rate_counts_teeth_with_other_tunnels_or_voids(reference):
    array = row((13, 5, 15), (12, 15, 25), (11, 25, 35))
    array[6, 6, :15] = 0  # a tunnel through 13 along x (12 still closes its end: open it sideways)
    array[6, :7, 10] = 0
    array[6, 6, 20] = 0  # a void in 12
    pred = labels(array)
    assert m.cer(pred, reference) == pytest.approx(1 / 3)
    assert m.cer(pred, reference, voids=True) == pytest.approx(2 / 3)
    missing = labels(row((13, 5, 15), (12, 15, 25)))
    assert m.cer(missing, reference) == pytest.approx(1 / 3)


def test_shifting_by_one_voxel_stays_within_the_tolerance():
    reference, shifted = labels(row((11, 20, 35))), labels(row((11, 21, 36)))
    assert boundaries.nsd(shifted, reference, 0.5)[11] == 1.0
    assert boundaries.bf1(shifted, reference, 0.5)[11] == 1.0
    assert boundaries.nsd(shifted, reference, 0.4)[11] < 1.0
    assert boundaries.bf1(shifted, reference, 0.4)[11] < 1.0


def test_boundary_f1_by_hand():
    # Reference: corners of an 8 x 8 x 15 box. Prediction: the same box cut to its first 10 slices.
    reference, pred = labels(row((11, 20, 35))), labels(row((11, 20, 30)))

    def corners(n: int) -> int:
        return 9 * 9 * (n + 1) - 7 * 7 * (n - 1)

    # within 0.4 mm (under a voxel): all of the prediction but the 7 x 7 inside of its cut face; all of the
    # reference whose x is at most the cut, 49 corners of the near end and 32 on the rim of each of 11 planes
    precision = (corners(10) - 49) / corners(10)
    recall = (49 + 32 * 11) / corners(15)
    assert boundaries.bf1(pred, reference, 0.4)[11] == pytest.approx(2 * precision * recall / (precision + recall))


@pytest.mark.parametrize("spacing", [(0.5, 0.5, 0.5), (0.3, 0.3, 0.3), (0.4, 0.5, 0.8)])
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the oracle
@pytest.mark.parametrize("change", [0.15, 0.5])
def test_nsd_agrees_with_surface_distance(spacing, change):
    oracle = pytest.importorskip("surface_distance")
    rng = np.random.default_rng(7)
    shape = (36, 40, 44)
    field = gaussian_filter(rng.normal(size=shape), 3.0)
    other = field + change * gaussian_filter(rng.normal(size=shape), 3.0)
    inside = sum((i - n / 2) ** 2 for i, n in zip(np.indices(shape), shape, strict=True)) < 17**2
    a, b = (field > 0) & inside, (other > 0) & inside
    distances = oracle.compute_surface_distances(a, b, spacing[::-1])
    expected = oracle.compute_surface_dice_at_tolerance(distances, 0.5)
    assert 0.5 < expected < 0.9999
    assert boundaries.nsd(labels(b * 11, spacing), labels(a * 11, spacing))[11] == pytest.approx(expected, abs=0.006)


def test_boundary_area_of_a_box_and_a_ball():
    box = np.zeros((20, 20, 20), bool)
    box[4:14, 4:14, 4:14] = True
    spacing = (0.8, 0.5, 0.4)
    faces = 2 * (10 * 0.8 * 10 * 0.5 + 10 * 0.8 * 10 * 0.4 + 10 * 0.5 * 10 * 0.4)
    assert boundaries.boundary_elements(box, spacing)[1].sum() == pytest.approx(faces, rel=0.1)
    ball = sum((i - 15) ** 2 for i in np.indices((31, 31, 31))) <= 12**2
    assert boundaries.boundary_elements(ball, (0.5, 0.5, 0.5))[1].sum() == pytest.approx(4 * np.pi * 36, rel=0.08)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (
            labels(np.full((14, 14, 59), 11), origin=(0.2, 0.0, 0.0)),
            "59 x 14 x 14 voxels of 0.5 x 0.5 x 0.5 mm against 60 x 14 x 14 voxels",
        ),
        (labels(np.full((14, 14, 60), 11), (0.5, 0.5, 0.6)), "voxels of 0.5 x 0.5 x 0.6 mm against"),
        (labels(np.full((14, 14, 60), 11), origin=(3.0, 0.0, 0.0)), "as large, but they lie up to 3 mm apart"),
        (
            labels(np.full((14, 14, 60), 11), direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1)),
            "as large, but their axes run to other sides, and they lie up to",
        ),
    ],
    ids=["size", "spacing", "origin", "direction"],
)
def test_maps_on_different_grids_are_refused(reference, other, said):
    with pytest.raises(InputError, match=f"not on the same grid .*{said}"):
        m.evaluate_pair(other, reference)


def test_a_reference_without_teeth_is_refused(reference):
    with pytest.raises(InputError, match="holds no teeth"):
        m.evaluate_pair(reference, labels(np.zeros(reference.shape)))


def test_means_over_scans(reference):
    half = m.evaluate_pair(labels(row((13, 5, 15), (12, 15, 25))), reference)
    full = m.evaluate_pair(reference, reference)
    summary = m.aggregate([full, half])
    assert summary["scans"] == 2
    assert summary["dice"] == pytest.approx((1 + 2 / 3) / 2)
    assert summary["tca"] == 0.5
    assert summary["teeth"]["11"] == {"scans": 2, "dice": 0.5, "iou": 0.5, "nsd": 0.5, "bf1": 0.5}
    assert summary["teeth"]["12"]["dice"] == 1.0


def test_means_leave_undefined_scores_out(reference):
    nothing = m.evaluate_pair(labels(np.zeros(reference.shape)), reference)
    full = m.evaluate_pair(reference, reference)
    assert m.aggregate([nothing, full])["identification_accuracy"] == 1.0
    assert m.aggregate([nothing])["identification_accuracy"] is None
    with pytest.raises(InputError, match="no results"):
        m.aggregate([])
