"""Scores of what lies around the teeth: perfect answers, and answers wrong in one way at a time."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("skimage", reason="centrelines are scikit-image's (training only)")

from DentalTopoSegLib.dentition.structures import BY_VALUE, structure
from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.structures import write_structures
from DentalTopoSegLib.files.volumes import Volume, write_volume
from training.evaluation import structures as evaluate
from training.evaluation.centrelines import score_course
from training.evaluation.distance_errors import distance_errors
from training.evaluation.structure_values import score_structures
from training.evaluation.structures import Found

SPACING = 0.5
SHAPE = (60, 70, 110)
TUBE_Z, TUBE_Y = 8, 20


def volume(array: np.ndarray, name: str = "") -> Volume:
    return Volume(array, (SPACING,) * 3, name=name)


def value(key: str) -> int:
    return structure(key).value


def tooth(shape: tuple[int, int, int], place: tuple[int, int, int], height: int, up: int) -> np.ndarray:
    """A cone with its base, 8 voxels wide, at place (z, y, x), its tip `height` voxels up or down."""
    z, y, x = np.indices(shape)
    along = (z - place[0]) * up
    return (along >= 0) & (along < height) & (np.hypot(y - place[1], x - place[2]) <= 4.5 - 3.0 * along / height)


@pytest.fixture(scope="module")
def truth() -> Found:
    """A lower jaw with two canals, three molars and an implant in it, upper molars under two sinuses."""
    teeth, around = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    around[2:26, 6:40, 2:108] = value("mandible")
    around[46:58, 6:40, 2:108] = value("upper_jaw")
    around[50:57, 10:34, 8:40] = value("sinus_left")
    around[50:57, 10:34, 70:102] = value("sinus_right")
    around[30:40, 48:66, 40:70] = value("airway")
    z, y, _ = np.indices(SHAPE)
    tube = (np.hypot(z - TUBE_Z, y - TUBE_Y) <= 2.5) & (around == value("mandible"))
    x = np.arange(SHAPE[2])
    around[tube & (x < 48)] = value("canal_left")
    around[tube & (x > 60)] = value("canal_right")
    for fdi, place, up in ((36, 30, -1), (37, 14, -1), (46, 80, -1), (26, 20, 1), (16, 90, 1)):
        mask = tooth(SHAPE, (34 if up < 0 else 36, TUBE_Y, place), 19 if up < 0 else 13, up)
        teeth[mask], around[mask] = fdi, 0
        around[mask & tooth(SHAPE, (30 if up < 0 else 40, TUBE_Y, place), 12 if up < 0 else 7, up)] = value("enamel")
        pulp = mask & (np.hypot(y - TUBE_Y, x - place) <= 1.5)
        around[pulp] = value("pulp")
    body = (np.hypot(y - TUBE_Y, x - 65) <= 3) & (z > 14) & (z < 34)
    around[body] = value("implant")
    around[body & (z > 30)] = value("bridge")
    return Found(volume(teeth), volume(around))


def changed(found: Found, change, teeth=None) -> Found:
    array, numbers = found.structures.array.copy(), found.teeth.array.copy()
    change(array)
    if teeth is not None:
        teeth(numbers)
    return Found(volume(numbers), volume(array))


def scores(found: Found, truth: Found) -> dict[str, list[float]]:
    return score_structures(found.structures, truth.structures, found.teeth, truth.teeth)


def errors(found: Found, truth: Found) -> dict[str, list[float]]:
    return distance_errors(found.structures, truth.structures, found.teeth, truth.teeth)


def test_the_truth_itself_is_perfect(truth):
    found = scores(truth, truth)
    for key in ("upper_jaw", "mandible", "airway", "canal", "sinus", "pulp", "enamel", "implant", "crown"):
        assert found[f"{key}_dsc"] == [1.0] * (2 if key in ("canal", "sinus") else 1)
        assert found[f"{key}_nsd"] == pytest.approx([1.0] * len(found[f"{key}_dsc"]))
    assert found["canal_cl_dice"] == found["canal_one_piece"] == found["canal_own_side"] == [1.0, 1.0]
    assert found["canal_course_mm"] == found["canal_course_95_mm"] == [0.0, 0.0]
    assert found["sinus_own_side"] == [1.0, 1.0]
    assert found["pulp_of_molar_dsc"] == found["pulp_of_tooth_dsc"] == [1.0] * 5
    assert found["implant_found"] == [1.0] and found["implant_called_tooth"] == [0.0]
    assert "filling_dsc" not in found and "bracket_dsc" not in found  # what the truth has not is not scored
    measured = errors(truth, truth)
    assert set(measured) == {
        "canal_distance_known",
        "sinus_distance_known",
        "root_to_canal_mm",
        "root_to_sinus_mm",
        "near_canal_mm",
        "near_sinus_mm",
        "tooth_length_mm",
        "tooth_axis_deg",
    }
    for key, values in measured.items():
        assert values == pytest.approx([float("known" in key)] * len(values), abs=1e-4), key
    assert len(measured["tooth_length_mm"]) == 5 and len(measured["root_to_canal_mm"]) == 3


def test_nothing_found_counts_zero(truth):
    found = scores(changed(truth, lambda a: a.fill(0)), truth)
    for key in ("mandible_dsc", "mandible_nsd", "canal_cl_dice", "canal_one_piece", "pulp_of_tooth_dsc"):
        assert not any(found[key]), key
    assert "canal_own_side" not in found and "canal_course_mm" not in found
    assert found["implant_found"] == [0.0]
    measured = errors(changed(truth, lambda a: a.fill(0)), truth)
    assert measured["canal_distance_known"] == [0.0] * 3 and "root_to_canal_mm" not in measured


def test_exchanged_sides_are_told(truth):
    def exchange(a):
        left, right = a == value("canal_left"), a == value("canal_right")
        a[left], a[right] = value("canal_right"), value("canal_left")

    found = scores(changed(truth, exchange), truth)
    assert found["canal_own_side"] == [0.0, 0.0] and found["sinus_own_side"] == [1.0, 1.0]


def test_a_cut_canal_is_in_two_pieces(truth):
    def cut(a):
        a[(a == value("canal_left")) & (np.arange(SHAPE[2]) // 6 == 4)] = value("mandible")

    found = scores(changed(truth, cut), truth)
    assert found["canal_one_piece"] == [0.0, 1.0]
    assert found["canal_cl_dice"][0] < 0.97 and found["canal_cl_dice"][1] == 1.0


def test_a_shifted_canal_is_as_far_off_as_it_was_shifted(truth):
    def sink(a):
        canal = np.isin(a, [value("canal_left"), value("canal_right")])
        moved = np.roll(np.where(canal, a, 0), -2, axis=0)
        a[canal] = value("mandible")
        a[moved > 0] = moved[moved > 0]

    down = changed(truth, sink)
    found, measured = scores(down, truth), errors(down, truth)
    assert found["canal_course_mm"] == pytest.approx([2 * SPACING] * 2, abs=0.05)
    assert measured["root_to_canal_mm"] == pytest.approx([2 * SPACING] * 3, abs=0.05)
    assert measured["root_to_sinus_mm"] == pytest.approx([0.0] * 2, abs=1e-4)


def test_the_course_beside_skeletons_made_by_hand():
    """A bar beside its own half: where skeletons end the bodies do too, so only the missing half counts."""
    whole, half = np.zeros((2, 9, 9, 60), bool)
    whole[3:6, 3:6, 5:55] = half[3:6, 3:6, 5:30] = True
    course = score_course(half, whole, (1.0, 1.0, 1.0))
    missing = np.clip(np.arange(6, 54) - 28, 0, None)  # of 48 voxels on the axis, by their distance to the half's end
    assert course.cl_dice == pytest.approx(2 * 0.5 / 1.5, abs=0.03)
    assert course.mean_mm == pytest.approx(missing.mean() / 2, abs=0.5)
    assert course.far_mm == pytest.approx(np.percentile(missing, 95), abs=1.5)
    empty = score_course(np.zeros_like(whole), whole, (1.0, 1.0, 1.0))
    assert (empty.cl_dice, empty.mean_mm, empty.far_mm) == (0.0, None, None)


def test_an_implant_called_a_tooth_is_told(truth):
    def as_tooth(numbers):
        numbers[truth.structures.array == value("implant")] = 45

    def crown_only(numbers):
        numbers[truth.structures.array == value("bridge")] = 45

    def a_little(numbers):
        numbers[16:18][truth.structures.array[16:18] == value("implant")] = 46

    for teeth, told in ((as_tooth, 1.0), (crown_only, 1.0), (a_little, 0.0)):
        assert scores(changed(truth, lambda a: None, teeth), truth)["implant_called_tooth"] == [told], teeth.__name__
    gone = changed(truth, lambda a: a[20:40].__setitem__(a[20:40] == value("implant"), 0))
    assert scores(gone, truth)["implant_found"] == [0.0]


def test_a_tooth_cut_short_is_measured_so(truth):
    def cut(numbers):
        numbers[:20][numbers[:20] == 37] = 0

    found = changed(truth, lambda a: None, cut)
    assert max(errors(found, truth)["tooth_length_mm"]) == pytest.approx(4 * SPACING, abs=0.3)


def test_scores_are_means_over_values_and_intervals_over_patients():
    scans = {"a": {"x": [1.0, 0.0, 0.0]}, "b": {"x": [1.0], "y": [3.0]}}
    found = evaluate.summary(scans)
    assert found["x"]["mean"] == pytest.approx(0.5) and found["y"] == {
        "mean": 3.0,
        "median": 3.0,
        "interval": None,
        "values": 1,
        "scans": 1,
    }
    assert found["x"]["interval"] == pytest.approx([1 / 3, 1.0])


@pytest.fixture
def folders(tmp_path: Path, truth) -> tuple[Path, Path]:
    """Two phantoms; of the first the results are the truth, of the second nothing was found but its teeth."""
    phantoms, results = tmp_path / "phantoms", tmp_path / "results"
    phantoms.mkdir()
    for name in ("a", "b"):
        (results / name).mkdir(parents=True)
        grey = (truth.structures.array.astype(np.int16) + truth.teeth.array) * 5
        grey += np.random.default_rng(0).integers(-90, 90, SHAPE).astype(np.int16)
        write_volume(volume(grey), phantoms / f"{name}_image.nii.gz")
        write_volume(truth.teeth, phantoms / f"{name}_labels.nii.gz")
        write_volume(truth.structures, phantoms / f"{name}_structures.nii.gz")
        write_volume(truth.teeth, results / name / f"{name}_image_teeth.nii.gz")
    names = {one.value: one.name for one in BY_VALUE.values()}
    write_structures(truth.structures, names, results / "a" / "a_image_structures.seg.nrrd")
    return phantoms, results


def test_the_command_scores_what_the_program_wrote(folders, capsys):
    phantoms, results = folders
    out = phantoms / "scores.json"
    assert evaluate.main([str(phantoms), "--results", str(results), "-o", str(out)]) == 0
    table = json.loads(out.read_text(encoding="utf-8"))
    assert table["scans"]["a"]["mandible_dsc"] == [1.0] and table["scans"]["b"]["mandible_dsc"] == [0.0]
    assert table["scores"]["mandible_dsc"] | {"interval": None} == {
        "mean": 0.5,
        "median": 0.5,
        "interval": None,
        "values": 2,
        "scans": 2,
    }
    assert table["scores"]["tooth_length_mm"]["mean"] == pytest.approx(0.0, abs=1e-4)
    text = out.with_suffix(".md").read_text(encoding="utf-8")
    assert text in capsys.readouterr().out and "| mandible_dsc | 0.500 | 0.500 | 0.000 to 1.000 | 2 | 2 |" in text


def test_the_command_runs_the_library_with_the_networks_that_are_named(folders, monkeypatch, truth):
    phantoms, _ = folders
    asked, shown = [], []

    def load(precision, threads, networks, kind="volume", only_listed=False):
        asked.append((kind, networks, only_listed))
        return {kind: networks}

    def run(scan, options, models):
        shown.append((options.structures, options.threads, models))
        if len(shown) == 2:
            raise NoTeethError("No teeth were found.")
        return argparse.Namespace(labels=truth.teeth, structures=truth.structures)

    monkeypatch.setattr(evaluate, "load_networks", load)
    monkeypatch.setattr(evaluate, "segment_volume", run)
    out = phantoms / "scores.json"
    command = [
        str(phantoms),
        "--models",
        "networks",
        "--structures",
        "canals",
        "jaws",
        "--threads",
        "1",
        "-o",
        str(out),
    ]
    assert evaluate.main(command) == 0
    networks = [Path("networks")]
    assert asked == [("volume", networks, False), ("surroundings", networks, True)]
    assert shown == [(("jaws", "canals"), 1, {"volume": networks, "surroundings": networks})] * 2
    table = json.loads(out.read_text(encoding="utf-8"))
    assert table["scans"]["a"]["mandible_dsc"] == [1.0] and table["scans"]["b"]["mandible_dsc"] == [0.0]
    with pytest.raises(SystemExit):
        evaluate.main([str(phantoms)])


def test_what_is_missing_is_refused(folders, capsys):
    phantoms, results = folders
    (results / "b" / "b_image_teeth.nii.gz").unlink()
    assert evaluate.main([str(phantoms), "--results", str(results)]) != 0
    assert "holds 0 files b_image_teeth.nii.gz" in capsys.readouterr().err
    for file in phantoms.glob("*_structures.nii.gz"):
        file.unlink()
    with pytest.raises(InputError, match="beside a labelled scan"):
        evaluate.find_triples(phantoms)


def test_outside_of_the_field_nothing_counts(truth):
    grey = np.random.default_rng(0).integers(0, 500, SHAPE).astype(np.int16)
    grey[..., :50] = -3000  # the left half was not scanned
    seen = changed(truth, lambda a: a[..., :50].fill(0))
    values = evaluate.evaluate_scan(volume(grey), truth, seen, distances=False)
    assert values["canal_cl_dice"] == [1.0] and values["mandible_dsc"] == [1.0]
