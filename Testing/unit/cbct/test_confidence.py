"""Confidence of CBCT teeth: its measures by hand, its arithmetic, its file, and what happens with other networks."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from fake_networks import FakeNetworks, fake_models
from hypothesis import given, settings
from hypothesis import strategies as st

from DentalTopoSegLib.cbct import confidence as conf
from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.cbct.splitting import usual_volume
from DentalTopoSegLib.checks.metrics import calibration as m
from DentalTopoSegLib.dentition import CLASS_FDI, FDI_PERMANENT, Confidence
from DentalTopoSegLib.dentition.numbering import mean_dentition
from DentalTopoSegLib.errors import InputError, ModelError
from DentalTopoSegLib.networks.models import list_models, resources_dir
from DentalTopoSegLib.phantom import make_phantom
from DentalTopoSegLib.runs.checking import examine_label_map

SHARE = st.floats(0, 1)


# ---------------------------------------------------------------- measures


def test_calibration_error_by_hand():
    confidence = [0.95, 0.95, 0.92, 0.92, 0.55, 0.55]
    right = [True, True, True, False, True, False]
    # four near 0.935 of which 3 are right; two at 0.55 of which 1 is right
    assert m.expected_calibration_error(confidence, right) == pytest.approx(4 / 6 * 0.185 + 2 / 6 * 0.05)
    assert m.expected_calibration_error([1.0, 0.0], [True, False]) == 0
    assert m.expected_calibration_error([1.0, 1.0], [True, False]) == pytest.approx(0.5)
    assert m.expected_calibration_error(confidence, right, bins=1) == pytest.approx(abs(4 / 6 - np.mean(confidence)))


def test_bins_hold_their_upper_end():
    rows = m.reliability([0.0, 0.1, 0.10001, 0.2, 1.0], [False, False, True, True, True])
    assert [(row["count"], row["correct"]) for row in rows] == [(2, 0.0), (2, 1.0), (1, 1.0)]
    assert [(row["low"], row["high"]) for row in rows] == [(0.0, 0.1), (0.1, 0.2), (0.9, 1.0)]


def test_brier_by_hand():
    assert m.brier_score([0.8, 0.3], [True, False]) == pytest.approx((0.04 + 0.09) / 2)


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=40))
def test_auroc_is_the_share_of_pairs_in_order(rows):
    p, right = np.array([k / 8 for k, _ in rows]), np.array([r for _, r in rows])
    pairs = [1.0 if a > b else 0.5 if a == b else 0.0 for a in p[right] for b in p[~right]]
    found = m.auroc(p, right)
    assert found is None if not pairs else found == pytest.approx(np.mean(pairs))


@given(st.lists(st.tuples(SHARE, st.booleans()), min_size=1, max_size=60), st.integers(1, 12), st.randoms())
def test_calibration_error_is_a_bounded_mean_whatever_the_order(rows, bins, random):
    p, right = zip(*rows, strict=True)
    value = m.expected_calibration_error(p, right, bins)
    assert abs(np.mean(p) - np.mean(right)) - 1e-9 <= value <= 1 + 1e-9  # one bin is the least that can be seen
    random.shuffle(rows)
    assert m.expected_calibration_error(*zip(*rows, strict=True), bins) == pytest.approx(value)


@pytest.mark.parametrize(
    ("p", "right", "bins"),
    [([], [], 10), ([0.5], [True, False], 10), ([1.2], [True], 10), ([np.nan], [True], 10), ([0.5], [True], 0)],
)
def test_measures_refuse_what_is_no_probability(p, right, bins):
    with pytest.raises(InputError):
        m.expected_calibration_error(p, right, bins)


# ---------------------------------------------------------------- features


def evidence(fdi: tuple[int, ...], vote: float = 0.9) -> conf.Evidence:
    """Teeth of usual size in their mean places, surely found."""
    count = len(fdi)
    classes = [CLASS_FDI.index(f) for f in fdi]
    votes = np.full((count, 33), 0.0)
    votes[:, 0] = 0.1
    votes[np.arange(count), classes] = 0.9 * vote
    votes[np.arange(count), [c % 32 + 1 for c in classes]] = 0.9 * (1 - vote)
    usual = np.array([usual_volume(c) for c in classes])
    return conf.Evidence(
        fdi=np.array(fdi, np.uint8),
        posterior=np.full(count, 0.9),
        votes=votes,
        volume_mm3=usual,
        doubtful=np.full(count, 0.1),
        local_mm=np.array([mean_dentition()[f] for f in fdi]),
        at_edge=np.zeros(count, bool),
    )


def named(values: np.ndarray, row: int = 0) -> dict[str, float]:
    return dict(zip(conf.FEATURES, values[row], strict=True))


def test_features_by_hand():
    usual = evidence((16, 17, 28), 0.8)
    usual.votes[1, 1:] = 0.0
    usual.votes[1, CLASS_FDI.index(17)] = 0.3
    usual.votes[1, CLASS_FDI.index(16)] = 0.6
    changed = replace(
        usual,
        volume_mm3=usual.volume_mm3 * (0.5, 1.0, 2.0),
        local_mm=usual.local_mm + [[3, 4, 0], [0, 0, 0], [0, 0, 99]],
    )
    first, second, third = (named(conf.features_of(changed), k) for k in range(3))
    assert first["runner_up"] == pytest.approx(0.2) and first["background"] == pytest.approx(0.1)
    assert first["arch_log_odds"] == pytest.approx(np.log(9))
    assert (first["small"], first["large"]) == pytest.approx((np.log(2), 0))
    assert (third["small"], third["large"]) == pytest.approx((0, np.log(2)))
    assert first["doubtful"] == 0.1
    assert first["off_place_mm"] == pytest.approx(5) and third["off_place_mm"] == 20
    assert (first["third_molar"], third["third_molar"]) == (0, 1)
    assert second["runner_up"] == pytest.approx(2 / 3)
    # beside 16 stands 17 only; beside 17 stand 16 and, at the other end, 28
    assert first["neighbour_vote"] == pytest.approx(1 / 3) and second["neighbour_vote"] == pytest.approx(0.8)
    assert second["mouth_vote"] == pytest.approx((0.8 + 1 / 3 + 0.8) / 3)


def test_a_tooth_that_the_scan_cuts_is_not_blamed_for_its_size():
    usual = evidence((16, 17))
    cut = replace(usual, volume_mm3=0.4 * usual.volume_mm3, at_edge=np.array([True, False]))
    first, second = (named(conf.features_of(cut), k) for k in range(2))
    assert (first["small"], second["small"]) == pytest.approx((0, -np.log(0.4)))


def test_no_teeth_no_features():
    assert conf.features_of(evidence(())).shape == (0, len(conf.FEATURES))


@given(
    st.lists(st.sampled_from(sorted(FDI_PERMANENT)), min_size=1, max_size=32, unique=True), st.integers(0, 2**32 - 1)
)
@settings(max_examples=40, deadline=None)
def test_features_are_finite_and_stay_with_their_tooth(fdi, seed):
    rng = np.random.default_rng(seed)
    count = len(fdi)
    made = conf.Evidence(
        fdi=np.array(fdi, np.uint8),
        posterior=rng.choice([0.0, 0.5, 1.0], count),
        votes=rng.random((count, 33)).round(),
        volume_mm3=rng.random(count) * 2000,
        doubtful=rng.random(count),
        local_mm=rng.normal(0, 40, (count, 3)),
        at_edge=rng.random(count) > 0.5,
    )
    values = conf.features_of(made)
    assert np.isfinite(values).all()
    mixed = rng.permutation(count)
    shuffled = conf.Evidence(**{name: value[mixed] for name, value in vars(made).items()})
    np.testing.assert_allclose(conf.features_of(shuffled), values[mixed], atol=1e-12)


# ---------------------------------------------------------------- calibrator


def made_calibrator(**changes) -> conf.Calibrator:
    names = tuple(conf.FEATURES)
    signs = np.array(list(conf.FEATURES.values()), float)
    values = {
        "id": "confidence-7",
        "networks": {"numbering": "n", "border": "b"},
        "checksums": {"numbering": "0" * 64, "border": "0" * 64},
        "features": names,
        "mean": np.full(len(names), 0.5),
        "scale": np.full(len(names), 2.0),
        "low": np.full(len(names), -3.0),
        "high": np.full(len(names), 9.0),
        "coefficients": 0.4 * signs,
        "intercept": 1.5,
        "about": {"strength": 1.0},
    }
    return conf.Calibrator(**(values | changes))


def test_probability_by_hand():
    two = made_calibrator(
        features=("mouth_vote", "third_molar"),
        mean=np.array([0.5, 0.0]),
        scale=np.array([0.25, 1.0]),
        low=np.zeros(2),
        high=np.ones(2),
        coefficients=np.array([1.0, -2.0]),
        intercept=0.5,
    )
    found = two.probability(np.array([[0.75, 0.0], [0.5, 1.0], [7.0, -3.0]]))
    z = np.array([1.0 + 0.5, -2.0 + 0.5, 2.0 + 0.5])  # the last lies outside what was seen: counts as (1, 0)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-z)), rtol=1e-12)
    by_name = np.zeros((1, len(conf.FEATURES)))
    by_name[0, list(conf.FEATURES).index("mouth_vote")] = 0.75
    assert two.confidence(by_name) == pytest.approx(found[:1])


@given(st.lists(st.floats(-50, 50), min_size=10, max_size=10), st.integers(0, 9), st.floats(0, 50))
def test_nothing_that_speaks_against_a_tooth_raises_its_confidence(values, column, step):
    calibrator = made_calibrator()
    before = np.array([values])
    after = before.copy()
    after[0, column] += step * list(conf.FEATURES.values())[column]
    assert 0 <= calibrator.confidence(before)[0] <= calibrator.confidence(after)[0] <= 1


@pytest.mark.parametrize("values", [np.zeros(10), np.zeros((2, 3)), np.full((1, 10), np.nan)])
def test_probability_refuses_other_shapes_and_no_numbers(values):
    with pytest.raises(ValueError, match="confidence-7"):
        made_calibrator().probability(values)


def test_written_and_read_again_it_says_the_same(tmp_path):
    path = tmp_path / "confidence-7.json"
    path.write_text(made_calibrator().to_json(), encoding="utf-8")
    again = conf.load_calibrator(path)
    values = np.random.default_rng(0).normal(size=(20, len(conf.FEATURES)))
    np.testing.assert_array_equal(again.confidence(values), made_calibrator().confidence(values))
    assert (again.networks, again.about, len(again.sha256)) == (made_calibrator().networks, {"strength": 1.0}, 64)
    assert again.checksums == made_calibrator().checksums
    assert again.to_json() == path.read_text(encoding="utf-8")


def spoilt(tmp_path, change) -> conf.Calibrator:
    """Load a calibration whose content was changed before its checksum was made."""
    content = json.loads(made_calibrator().to_json())
    change(content)
    content["sha256"] = conf._digest(content)
    path = tmp_path / "confidence-7.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return conf.load_calibrator(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("networks"), "incomplete"),
        (lambda c: c.pop("intercept"), "incomplete"),
        (lambda c: c["features"][0].pop("scale"), "incomplete"),
        (lambda c: c["features"][0].update(mean="much"), "incomplete"),
        (lambda c: c.update(features=3), "incomplete"),
        (lambda c: c["features"][0].update(name="shoe_size"), "shoe_size"),
        (lambda c: c["features"].append(c["features"][0]), "twice"),
        (lambda c: c["networks"].clear(), "no network"),
        (lambda c: c["features"][1].update(scale=0.0), "impossible"),
        (lambda c: c["features"][1].update(low=9.5), "impossible"),
        (lambda c: c["features"][1].update(coefficient=0.1), "impossible"),
        (lambda c: c["features"][1].update(direction=1), "impossible"),
        (lambda c: c.update(intercept=float("nan")), "holds NaN, which is no number"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused(tmp_path, change, message):
    with pytest.raises(ModelError, match=message):
        spoilt(tmp_path, change)


def test_a_damaged_file_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "confidence-7.json"
    with pytest.raises(ModelError, match="missing: install"):
        conf.load_calibrator(path)
    text = made_calibrator().to_json()
    for content, message in (
        (text[:-30], "cannot be read"),
        ("[]", "checksum"),
        (text.replace("1.5", "2.5"), "altered"),
    ):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ModelError, match=message):
            conf.load_calibrator(path)
        with pytest.raises(ModelError):
            conf.calibrator_for(fake_models(), tmp_path)


def test_the_newest_calibration_of_the_same_networks_is_taken(tmp_path):
    for name, networks in (("confidence-2", "n"), ("confidence-10", "n"), ("confidence-11", "other")):
        made = made_calibrator(id=name, networks={"numbering": networks, "border": "b"})
        (tmp_path / f"{name}.json").write_text(made.to_json(), encoding="utf-8")
    assert conf.calibrator_for(fake_models(), tmp_path).id == "confidence-10"
    others = fake_models() | {"border": SimpleNamespace(id="b2", sha256="0" * 64)}
    assert conf.calibrator_for(others, tmp_path) is None
    assert conf.calibrator_for(fake_models(), tmp_path / "empty") is None


def test_a_network_trained_again_under_its_old_name_has_no_calibration(tmp_path):
    (tmp_path / "confidence-7.json").write_text(made_calibrator().to_json(), encoding="utf-8")
    again = fake_models() | {"border": SimpleNamespace(id="b", sha256="1" * 64)}
    assert conf.calibrator_for(again, tmp_path) is None
    assert conf.calibrator_for(fake_models(), tmp_path).id == "confidence-7"


def test_a_calibration_of_before_tells_its_checksums_among_what_was_measured(tmp_path):
    def older(content):
        content["about"]["networks_sha256"] = content.pop("checksums")

    assert spoilt(tmp_path, older).fits(fake_models())

    def without(content):
        del content["checksums"]

    with pytest.raises(ModelError, match="incomplete"):
        spoilt(tmp_path, without)


# ---------------------------------------------------------------- the whole path


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(8, 0.8, fov_mm=(70, 60, 50), jaws="lower", fillings=0, missing=(34, 35, 36, 37, 38, 47, 48))


def test_other_networks_are_uncalibrated_and_say_so(phantom, monkeypatch):
    FakeNetworks(phantom.labels).install(monkeypatch)
    result = segment_volume(phantom.image, models=fake_models())
    assert not result.calibrated and result.warnings == []
    assert result.confidence == result.scores
    assert result.provenance["confidence"]["calibration"] == "uncalibrated"
    confidence = Confidence(dict.fromkeys(result.confidence, 0.3), calibrated=result.calibrated)
    report = examine_label_map(result.labels, confidence, name="scan").report
    said = [f["message"] for f in report["findings"] if f["code"] == "low_confidence"]
    assert len(said) == len(result.confidence) and all("its score is low (30 %)" in text for text in said)


def test_networks_with_a_calibration_get_its_probabilities(phantom, monkeypatch):
    FakeNetworks(phantom.labels).install(monkeypatch)
    calibrator = made_calibrator(sha256="f" * 64)
    monkeypatch.setattr("DentalTopoSegLib.cbct.segmenting.calibrator_for", lambda nets: calibrator)
    result = segment_volume(phantom.image, models=fake_models())
    assert result.calibrated and result.provenance["confidence"]["calibration"] == "confidence-7"
    assert result.provenance["confidence"]["sha256"] == "f" * 64
    assert list(result.features) == list(result.confidence) == sorted(result.scores)
    for fdi, row in result.features.items():
        assert result.confidence[fdi] == pytest.approx(
            calibrator.confidence(np.array([list(row.values())]))[0], abs=1e-4
        )
    voxels = np.bincount(result.labels.array.ravel(), minlength=256) * result.labels.voxel_volume_mm3
    for fdi, row in result.features.items():  # what was measured on the fine grid is the tooth that was placed
        size = np.exp(row["large"] - row["small"]) * usual_volume(CLASS_FDI.index(fdi))
        assert size == pytest.approx(voxels[fdi], rel=0.15)
        assert row["runner_up"] < 0.5 and row["doubtful"] < 0.5 and row["off_place_mm"] < 20


def test_a_wrong_number_said_by_the_network_lowers_what_speaks_for_the_tooth(phantom, monkeypatch):
    FakeNetworks(phantom.labels).install(monkeypatch)
    sure = segment_volume(phantom.image, models=fake_models()).features
    FakeNetworks(phantom.labels, wrong={45: 44}).install(monkeypatch)
    doubt = segment_volume(phantom.image, models=fake_models()).features
    assert doubt[45]["runner_up"] > sure[45]["runner_up"] + 0.3
    assert doubt[46]["neighbour_vote"] < sure[46]["neighbour_vote"] - 0.3


def test_teeth_at_the_edge_of_the_scan_are_known(phantom, monkeypatch):
    z = np.argwhere(phantom.labels.array > 0)[:, 0]
    low = slice(int(np.quantile(z, 0.5)), None)
    scan, truth = (
        replace(v, array=v.array[low], origin=tuple(np.array(v.origin) + (0, 0, low.start * v.spacing[2])))
        for v in (phantom.image, phantom.labels)
    )
    FakeNetworks(truth).install(monkeypatch)
    result = segment_volume(scan, models=fake_models())
    assert len(result.features) >= 8
    assert all(row["small"] == 0 for row in result.features.values())


def test_the_shipped_networks_are_calibrated_as_they_are():
    """Networks that are exported again need their confidence fitted again: python -m training calibrate."""
    entries = {e["task"]: e for e in list_models() if e["precision"] == "int8"}
    nets = {task: SimpleNamespace(**entries[task]) for task in ("numbering", "border")}
    calibrator = conf.calibrator_for(nets)
    assert calibrator is not None
    assert calibrator.checksums == {task: entries[task]["sha256"] for task in nets}
    held = calibrator.about["held_out"]
    assert held["after"]["ece"] < 0.1 and held["after"]["teeth"] >= 200
    assert (resources_dir() / "Models" / f"{calibrator.id}.md").is_file()
