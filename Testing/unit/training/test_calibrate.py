"""Fitting the confidence: what it learns, what it may not learn, and the whole command on a small folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fake_networks import FakeNetworks, fake_models

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.cbct.confidence import FEATURES, load_calibrator
from DentalTopoSegLib.checks.metrics.calibration import expected_calibration_error
from DentalTopoSegLib.errors import InputError, ModelError, NoTeethError
from DentalTopoSegLib.files.volumes import write_volume
from DentalTopoSegLib.phantom import make_phantom
from training.evaluation import calibrate, logistic

NAMES = list(FEATURES)


def drawn(count: int, seed: int, weights: dict[str, float], intercept: float = 1.0) -> list[dict]:
    """Rows of `calibrate.teeth_of` whose truth is a logistic model of known weights."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, len(FEATURES)))
    z = values @ [weights.get(name, 0.0) for name in NAMES] + intercept
    right = rng.random(count) < 1 / (1 + np.exp(-z))
    score = 1 / (1 + np.exp(-3 * z))  # far too sure of itself
    return [
        {
            "scan": f"phantom_{k % 12:03d}" + ("_2" if k % 24 > 11 else ""),
            "fdi": 11,
            "iou": 0.9 * bool(r),
            "right": bool(r),
            "score": float(s),
            "features": dict(zip(NAMES, map(float, row), strict=True)),
        }
        for k, (row, r, s) in enumerate(zip(values, right, score, strict=True))
    ]


def test_known_weights_are_found_and_the_confidence_becomes_true():
    rows, others = (drawn(4000, seed, {"mouth_vote": 1.2, "third_molar": -0.7}) for seed in (1, 2))
    made = calibrate.calibrate(rows, others, "confidence-7", fake_models())
    weights = dict(zip(made.features, made.coefficients / made.scale, strict=True))
    assert weights["mouth_vote"] == pytest.approx(1.2, abs=0.15) and weights["third_molar"] == pytest.approx(
        -0.7, abs=0.15
    )
    assert all(abs(w) < 0.15 for name, w in weights.items() if name not in ("mouth_vote", "third_molar"))
    before, after = (made.about["held_out"][key] for key in ("before", "after"))
    assert after["ece"] < 0.03 < 0.1 < before["ece"] and after["brier"] < before["brier"]
    # a sharper score ranks alike: only what it says was wrong, not the order
    assert after["auroc"] == pytest.approx(before["auroc"], abs=0.01)


def test_a_sign_that_contradicts_its_meaning_is_not_learnt():
    values, right = logistic.matrix(drawn(2000, 3, {"mouth_vote": -1.5, "neighbour_vote": 0.8}))
    made = logistic.fit(values, right, 1.0)
    assert "mouth_vote" not in made.features and "neighbour_vote" in made.features


def test_the_mean_confidence_is_the_share_of_right_teeth():
    values, right = logistic.matrix(drawn(500, 4, {"mouth_vote": 1.0}))
    assert logistic.fit(values, right, 30.0).confidence(values).mean() == pytest.approx(right.mean(), abs=1e-3)


def test_more_strength_means_smaller_coefficients():
    values, right = logistic.matrix(drawn(300, 5, {"mouth_vote": 1.0, "third_molar": -1.0}))
    size = [np.sum(logistic.fit(values, right, s).coefficients ** 2) for s in (0.1, 10.0, 1000.0)]
    assert size[0] > size[1] > size[2]


def test_a_feature_that_never_varies_is_left_out():
    values, right = logistic.matrix(drawn(300, 6, {"mouth_vote": 1.0}))
    values[:, NAMES.index("large")] = 0.0
    assert "large" not in logistic.fit(values, right, 1.0).features


def test_the_same_rows_give_the_same_file():
    texts = {
        calibrate.calibrate(
            drawn(400, 7, {"mouth_vote": 1.0}), drawn(90, 8, {"mouth_vote": 1.0}), "c", fake_models()
        ).to_json()
        for _ in range(2)
    }
    assert len(texts) == 1


def test_held_out_teeth_do_not_change_the_fit():
    rows = drawn(400, 7, {"mouth_vote": 1.0})
    fits = [calibrate.calibrate(rows, drawn(200, s, {"third_molar": -2.0}), "c", fake_models()) for s in (1, 2)]
    np.testing.assert_array_equal(fits[0].coefficients, fits[1].coefficients)
    assert fits[0].about["held_out"] != fits[1].about["held_out"]


def test_mouths_of_one_patient_are_left_out_together():
    rows = drawn(240, 9, {})
    folds = logistic.fold_of(rows)
    by_patient: dict[str, set] = {}
    for row, fold in zip(rows, folds, strict=True):
        by_patient.setdefault(row["scan"][:11], set()).add(int(fold))
    assert len(by_patient) == 12 and all(len(found) == 1 for found in by_patient.values())
    assert set(folds) == set(range(logistic.FOLDS))


def test_too_few_wrong_teeth_are_refused():
    rows = [row | {"right": k >= 4} for k, row in enumerate(drawn(200, 10, {}))]
    with pytest.raises(InputError, match="Only 4 of 200"):
        logistic.best_fit(rows)


def test_thresholds_count_what_they_flag():
    confidence, right = np.array([0.2, 0.4, 0.6, 0.9]), np.array([0.0, 1.0, 0.0, 1.0])
    assert logistic.count_flagged(confidence, right, 0.5) == {
        "threshold": 0.5,
        "flagged": 2,
        "wrong_flagged": 1,
        "right_flagged": 1,
    }
    assert logistic.count_flagged(confidence, right, 0.6)["flagged"] == 2  # below, not at


def test_what_is_caught_where_few_right_teeth_are_flagged():
    right = np.r_[np.ones(40), np.zeros(4)]
    confidence = np.r_[np.linspace(0.6, 0.99, 40), 0.2, 0.3, 0.61, 0.9]
    found = logistic.caught(confidence, right)
    assert (found["right_flagged"], found["wrong_flagged"]) == (2, 3)
    assert found["threshold"] == pytest.approx(0.62)
    assert logistic.scores(confidence, right)["caught"] == found


# ---------------------------------------------------------------- scans


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(8, 0.8, fov_mm=(70, 60, 50), jaws="lower", fillings=0, missing=(35, 36, 37, 38, 46, 47, 48))


def folder_of(phantom, folder: Path, names: tuple[str, ...]) -> Path:
    folder.mkdir()
    for name in names:
        write_volume(phantom.image, folder / f"{name}_image.nii.gz")
        write_volume(phantom.labels, folder / f"{name}_labels.nii.gz")
    return folder


def test_a_tooth_is_right_with_its_number_and_half_its_volume(phantom, monkeypatch):
    FakeNetworks(phantom.labels).install(monkeypatch)
    found = segment_volume(phantom.image, models=fake_models())
    truth = phantom.labels.array.copy()
    truth[truth == 44] = 46  # another number in truth
    z = np.argwhere(truth == 31)[:, 0]
    truth[: int(np.quantile(z, 0.7))][truth[: int(np.quantile(z, 0.7))] == 31] = 0  # far less of it in truth
    rows = {row["fdi"]: row for row in calibrate.teeth_of("scan", found, phantom.labels.with_array(truth))}
    assert sorted(rows) == sorted(phantom.teeth)
    assert [f for f, row in rows.items() if not row["right"]] == [31, 44]
    assert rows[44]["iou"] == 0 and 0 < rows[31]["iou"] < 0.5


def test_scans_known_already_or_without_teeth(phantom, tmp_path):
    folder = folder_of(phantom, tmp_path / "fit", ("a", "b"))
    asked = []

    def refuse(scan):
        asked.append(scan)
        raise NoTeethError("No teeth were found.")

    known = {"fit/a": drawn(3, 1, {})}
    lines: list[str] = []
    assert calibrate.collect(folder, refuse, known, lines.append) == known["fit/a"]
    assert len(asked) == 1 and known["fit/b"] == [] and "b: No teeth were found." in lines


def test_the_command_fits_measures_and_writes(phantom, tmp_path, monkeypatch, capsys):
    """Networks that call a tooth by its neighbour's number in every other scan: the file says how sure to be."""
    fit, held = (
        folder_of(phantom, tmp_path / n, tuple(f"phantom_{k}" for k in "abcdef"[:c]))
        for n, c in (("fit", 6), ("held", 2))
    )
    turn = iter(range(100))
    FakeNetworks(phantom.labels).install(monkeypatch)
    found = segment_volume(phantom.image, models=fake_models())

    def erring(networks, threads, precision):
        def segment(scan):
            k = next(turn)
            if k % 2 == 0:
                return found
            # two teeth that are told wrongly, and look doubtful
            swapped, features = found.labels.array.copy(), {f: dict(row) for f, row in found.features.items()}
            for a, b in ((32, 33), (33, 32)):
                swapped[found.labels.array == a] = b
                features[a]["mouth_vote"] = 0.3 + 0.01 * k
            return replace(found, labels=found.labels.with_array(swapped), features=features)

        return segment

    monkeypatch.setattr(calibrate, "load_networks", lambda *_: fake_models())
    monkeypatch.setattr(calibrate, "library_segment", erring)
    monkeypatch.setattr(logistic, "LEAST_WRONG", 2)
    out, card, rows = tmp_path / "confidence-9.json", tmp_path / "card.md", tmp_path / "rows.json"
    command = [str(fit), "--held-out", str(held), "-o", str(out), "--table", str(card), "--rows", str(rows)]
    assert calibrate.main(command) == 0
    made = load_calibrator(out)
    assert made.id == "confidence-9" and made.networks == {"numbering": "n", "border": "b"}
    held_out = made.about["held_out"]["after"]
    assert held_out["teeth"] == 2 * len(phantom.teeth) and held_out["wrong"] == 2
    assert held_out["auroc"] == 1.0
    text = card.read_text(encoding="utf-8")
    assert text.startswith("# confidence-9\n") and text.strip() in capsys.readouterr().out
    first = out.read_text(encoding="utf-8")
    monkeypatch.setattr(calibrate, "library_segment", lambda *_: pytest.fail)  # all rows are known: no network runs
    assert calibrate.main(command) == 0
    assert out.read_text(encoding="utf-8") == first


def test_one_folder_for_both_is_refused(tmp_path):
    with pytest.raises(SystemExit):
        calibrate.main([str(tmp_path), "--held-out", str(tmp_path / "."), "-o", str(tmp_path / "confidence-1.json")])


def test_folders_of_one_name_are_refused(tmp_path, capsys):
    """Their scans would be taken for each other's, and the held-out ones measured with those of the fit."""
    folders = [tmp_path / kind / "scans" for kind in ("fit", "held")]
    with pytest.raises(SystemExit):
        calibrate.main([str(folders[0]), "--held-out", str(folders[1]), "-o", str(tmp_path / "confidence-1.json")])
    assert "both folders have one name" in capsys.readouterr().err


def test_rows_are_kept_after_every_scan(phantom, tmp_path):
    folder = folder_of(phantom, tmp_path / "fit", ("a", "b", "c"))
    known, kept = {"fit/b": []}, []

    def nothing(scan):
        raise NoTeethError("No teeth were found.")

    calibrate.collect(folder, nothing, known, keep=lambda: kept.append(sorted(known)))
    assert kept == [["fit/a", "fit/b"], ["fit/a", "fit/b", "fit/c"]]


def test_a_refused_calibration_leaves_the_old_file(tmp_path):
    path = tmp_path / "confidence-1.json"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(ModelError):
        calibrate._write(path, "{}", check=load_calibrator)
    assert [p.name for p in tmp_path.iterdir()] == [path.name] and path.read_text(encoding="utf-8") == "old"


def test_calibration_error_of_the_drawn_rows_is_that_of_the_metrics():
    rows = drawn(300, 11, {"mouth_vote": 1.0})
    right = np.array([row["right"] for row in rows])
    score = np.array([row["score"] for row in rows])
    assert logistic.scores(score, right.astype(float))["ece"] == expected_calibration_error(score, right)
