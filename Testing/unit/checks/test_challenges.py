"""Scores as challenges' scripts compute them, on examples that were worked out by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from DentalTopoSegLib.checks.metrics.challenges import (
    TOOTHFAIRY_CLASSES,
    hd95,
    teeth3ds_script_scores,
    teeth3ds_total,
    toothfairy_scores,
)
from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import InputError, UsageError
from DentalTopoSegLib.files.volumes import Volume, write_volume
from DentalTopoSegLib.runs.challenges import evaluate_folders

#: Two teeth of four vertices, a cross of 1 mm around x = 0 and x = 10, and two vertices of gingiva.
CROSS = np.array([(1.0, 1, 1), (-1, -1, -1), (1, -1, 1), (-1, 1, -1)])
VERTICES = np.r_[CROSS, CROSS + (10, 0, 0), [(5.0, 0, -5), (6, 0, -5)]]
TRUTH = {"labels": np.array([11] * 4 + [12] * 4 + [0, 0]), "instances": np.array([1] * 4 + [2] * 4 + [0, 0])}
#: sqrt(4 * 1^2) on each axis.
SIZE = 2.0


def score(labels: list[int], instances: list[int]) -> dict[str, float]:
    return teeth3ds_script_scores(VERTICES, {"labels": np.array(labels), "instances": np.array(instances)}, TRUTH)


def test_a_perfect_prediction_has_full_marks() -> None:
    assert score([11] * 4 + [12] * 4 + [0, 0], [7] * 4 + [3] * 4 + [0, 0]) == {
        "TLA": 0.0,
        "exp(-TLA)": 1.0,
        "TSA": 1.0,
        "TIR": 1.0,
    }


def test_a_missed_tooth_costs_five_times_the_norm_of_its_size_and_is_not_counted_in_tir() -> None:
    """Paired: 11, at distance 0. 12: 5 * |(2, 2, 2)| = 10 sqrt 3. TSA: 6 of 10 vertices. TIR: 1 of 1 pair."""
    found = score([11] * 4 + [0] * 6, [1] * 4 + [0] * 6)
    assert found["TLA"] == pytest.approx(10 * math.sqrt(3) / 2)
    assert found["TSA"] == pytest.approx(0.6)
    assert found["TIR"] == 1.0


def test_a_wrong_number_and_a_moved_centroid() -> None:
    """12 is called 22 and has lost two vertices: its centroid is (11, 0, 1), of which (1, 0, 1) / 2 has norm 0.707. So
    TLA = 0.3535..., and it is neither near nor right; TSA: 8 of 10."""
    found = score([11] * 4 + [22, 0, 22, 0] + [0, 0], [1] * 4 + [2, 0, 2, 0] + [0, 0])
    assert found["TLA"] == pytest.approx(math.sqrt(0.5) / 2)
    assert found["exp(-TLA)"] == pytest.approx(math.exp(-math.sqrt(0.5) / 2))
    assert found["TSA"] == pytest.approx(0.8)
    assert found["TIR"] == 0.5


def test_an_instance_with_two_labels_is_gingiva() -> None:
    found = score([11, 11, 11, 21] + [12] * 4 + [0, 0], [1] * 4 + [2] * 4 + [0, 0])
    assert found["TSA"] == pytest.approx(0.6)
    assert found["TLA"] == pytest.approx(10 * math.sqrt(3) / 2)


def test_pairs_have_the_least_sum_and_not_the_nearest() -> None:
    """Both found centroids are nearest to 11: of two pairings the one with the least sum of distances counts."""
    vertices = np.array([(0.0, 0, 0), (2, 2, 2), (10, 0, 0), (12, 2, 2)])
    truth = {"labels": np.array([11, 11, 12, 12]), "instances": np.array([1, 1, 2, 2])}
    predicted = {"labels": np.array([11, 12, 0, 0]), "instances": np.array([1, 2, 0, 0])}
    # 11 at (1, 1, 1), 12 at (11, 1, 1); found at (0, 0, 0) and (2, 2, 2); sizes sqrt 2 on each axis
    near, far = math.sqrt(3) / math.sqrt(2), math.sqrt(81 + 1 + 1) / math.sqrt(2)
    assert teeth3ds_script_scores(vertices, predicted, truth)["TLA"] == pytest.approx((near + far) / 2)


def test_the_challenges_score_is_the_mean_of_the_means() -> None:
    a = {"TLA": 0.0, "exp(-TLA)": 1.0, "TSA": 0.9, "TIR": 0.8}
    b = {"TLA": 1.0, "exp(-TLA)": 0.5, "TSA": 0.7, "TIR": 0.6}
    assert teeth3ds_total({"a": a, "b": b}) == pytest.approx({"TLA": 0.75, "TSA": 0.8, "TIR": 0.7, "score": 0.75})


# ---------------------------------------------------------------- ToothFairy


def test_dice_and_hd95_by_hand() -> None:
    """A row of 4 voxels against one that is 2 further: Dice 2 * 2 / 8; distances 2 1 0 0 and 0 0 1 2, of which the 95th
    percentile is 2."""
    predicted, reference = np.zeros((2, 3, 4, 10), np.uint8)
    reference[1, 1, 1:5] = 11
    predicted[1, 1, 3:7] = 11
    predicted[0, 0, 0] = 48
    found = toothfairy_scores(predicted, reference, "toothfairy2")
    assert found["classes"]["11"] == {"name": "tooth 11", "dice": 0.5, "hd95": 2.0}
    diagonal = math.sqrt(9 + 16 + 100)
    assert found["classes"]["48"] == {"name": "tooth 48", "dice": 0.0, "hd95": pytest.approx(diagonal)}
    assert found["classes"]["3"] == {"name": "left inferior alveolar canal", "dice": 1.0, "hd95": 0.0}
    assert len(found["classes"]) == 42
    assert found["dice"] == pytest.approx((40 + 0.5) / 42)
    assert found["hd95"] == pytest.approx((2 + diagonal) / 42)


def test_hd95_of_two_blocks() -> None:
    """Planes of 3 x 3 at a distance of 3: every voxel is 3 away."""
    a, b = np.zeros((2, 9, 5, 5), bool)
    a[1, 1:4, 1:4] = b[4, 1:4, 1:4] = True
    assert hd95(a, b) == hd95(b, a) == 3.0
    assert hd95(a, a) == 0.0


def test_hd95_is_that_of_surface_distance() -> None:
    """The 95th percentile by another program, whose surfaces lie between voxels, within a voxel."""
    metrics = pytest.importorskip("surface_distance")
    z, y, x = np.indices((30, 30, 30))
    a = (z - 14) ** 2 + (y - 14) ** 2 + (x - 14) ** 2 < 81
    b = (z - 16) ** 2 + (y - 13) ** 2 + (x - 14) ** 2 < 100
    other = metrics.compute_robust_hausdorff(metrics.compute_surface_distances(a, b, (1, 1, 1)), 95)
    assert hd95(a, b) == pytest.approx(other, abs=0.5)


def test_pulps_are_one_class_of_toothfairy3() -> None:
    predicted, reference = np.zeros((2, 3, 3, 3), np.uint8)
    predicted[0, 0, 0], reference[0, 0, 0] = 111, 148
    found = toothfairy_scores(predicted, reference, "toothfairy3")
    assert found["classes"]["150"] == {"name": "pulp", "dice": 1.0, "hd95": 0.0}
    assert len(TOOTHFAIRY_CLASSES["toothfairy3"]) == 46


# ---------------------------------------------------------------- folders


@pytest.fixture
def teeth3ds(tmp_path: Path) -> tuple[Path, Path]:
    """Two jaws, of which one is predicted."""
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    mine.mkdir()
    labels, instances = TRUTH["labels"].tolist(), TRUTH["instances"].tolist()
    faces = [(1, 2, 3), (2, 3, 4), (5, 6, 7), (6, 7, 8), (1, 9, 10), (5, 9, 10)]
    lines = [f"v {x} {y} {z}" for x, y, z in VERTICES] + [f"f {a} {b} {c}" for a, b, c in faces]
    for jaw in ("upper", "lower"):
        folder = theirs / jaw / "X1"
        folder.mkdir(parents=True)
        (folder / f"X1_{jaw}.obj").write_text("\n".join(lines) + "\n")
        content = {"id_patient": "X1", "jaw": jaw, "labels": labels, "instances": instances}
        (folder / f"X1_{jaw}.json").write_text(json.dumps(content))
    (mine / "X1_upper.json").write_text((theirs / "upper" / "X1" / "X1_upper.json").read_text())
    return mine, theirs


def test_a_folder_of_teeth3ds(teeth3ds: tuple[Path, Path], capsys) -> None:
    scores = evaluate_folders(*teeth3ds, "teeth3ds")
    assert scores["missing"] == ["X1_lower"]
    assert scores["total"] == {"TLA": 0.5, "TSA": 0.5, "TIR": 0.5, "score": 0.5}
    assert cli.main(["evaluate", *map(str, teeth3ds), "--challenge", "teeth3ds"]) == 0
    said = capsys.readouterr().out
    assert "Without a prediction: X1_lower" in said
    assert " 1.0000   1.0000   1.0000           X1_upper" in said
    (teeth3ds[1] / "upper" / "X1" / "X1_upper.obj").unlink()
    with pytest.raises(InputError, match=r"The mesh of '.*X1_upper.json' is not beside it"):
        evaluate_folders(*teeth3ds, "teeth3ds")


def test_a_folder_of_toothfairy2(tmp_path: Path) -> None:
    array = np.zeros((12, 12, 12), np.uint8)
    array[2:6, 2:6, 2:6], array[8:10, 2:6, 2:6] = 11, 1
    for folder in ("mine", "theirs"):
        (tmp_path / folder).mkdir()
        write_volume(Volume(array), tmp_path / folder / "ToothFairy2F_001.mha")
    write_volume(Volume(array), tmp_path / "theirs" / "ToothFairy2F_002.nii.gz")
    scores = evaluate_folders(tmp_path / "mine", tmp_path / "theirs", "toothfairy2")
    assert scores["cases"]["ToothFairy2F_001"]["dice"] == 1.0
    assert scores["missing"] == ["ToothFairy2F_002"]
    assert scores["cases"]["ToothFairy2F_002"]["dice"] == pytest.approx(40 / 42)
    assert scores["total"]["hd95"] == pytest.approx(2 * math.sqrt(3 * 144) / 42 / 2)
    write_volume(Volume(array, (2.0, 1.0, 1.0)), tmp_path / "mine" / "ToothFairy2F_001.mha")
    with pytest.raises(InputError, match="lie on different grids"):
        evaluate_folders(tmp_path / "mine", tmp_path / "theirs", "toothfairy2")


def test_what_cannot_be_scored_is_refused(tmp_path: Path, teeth3ds: tuple[Path, Path], capsys) -> None:
    assert cli.main(["evaluate", *map(str, teeth3ds)]) == UsageError.exit_code
    assert "say with --challenge" in capsys.readouterr().err
    with pytest.raises(InputError, match="no case in common"):
        evaluate_folders(*teeth3ds, "toothfairy2")
    with pytest.raises(InputError, match="is no folder"):
        evaluate_folders(tmp_path / "none", teeth3ds[1], "teeth3ds")
    with pytest.raises(UsageError, match="unknown"):
        evaluate_folders(*teeth3ds, "kitti")
