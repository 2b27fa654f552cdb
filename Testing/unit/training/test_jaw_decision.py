"""How surface and crowns are weighed for the jaw, and the scores of jaws in random frames with nothing given."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from toy_jaws import ToySurfaceNetwork, UndecidedCrowns, toy_jaw

pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.ios import segmenting
from DentalTopoSegLib.ios.orienting import Frame
from training.evaluation import jaw_decision, jaws
from training.evaluation.jaws import group_table, segment, told, try_scan
from training.evaluation.labelled import Scan


def tries(count: int = 200, crowns_worth: float = 3.0) -> dict:
    """Tries whose surface says little and whose crowns say more, both honest but for their scale."""
    rng = np.random.default_rng(0)
    upper = rng.random(count) < 0.5
    side = np.where(upper, 1.0, -1.0)
    surface, crowns = side + rng.normal(0, 2, count), crowns_worth * side + rng.normal(0, 2, count)
    return {
        f"base/{k // 4:03d}_{'upper' if upper[k] else 'lower'} {k}": {
            "jaw": "upper" if upper[k] else "lower",
            "group": "base",
            "jaw_logits": {"surface": surface[k], "crowns": crowns[k]},
        }
        for k in range(count)
    }


def test_the_better_witness_weighs_more(tmp_path: Path, capsys: pytest.CaptureFixture):
    (tmp_path / "scores.json").write_text(json.dumps({"tries": tries()}))
    logits, upper, weight, patient = jaw_decision.read_tries(tmp_path / "scores.json")
    assert logits.shape == (200, 2) and len(np.unique(patient)) == 50
    surface, crowns = jaw_decision.fit(logits, upper, weight)
    assert crowns > 2 * surface > 0
    probability = jaw_decision.on_others(logits, upper, weight, patient)
    assert ((probability > 0.5) == upper).mean() > 0.9
    sure = np.maximum(probability, 1 - probability)
    assert sure.mean() == pytest.approx(((probability > 0.5) == upper).mean(), abs=0.05)  # calibrated
    jaw_decision.main([str(tmp_path / "scores.json")])
    assert "SURFACE_WEIGHT, CROWNS_WEIGHT = " in capsys.readouterr().out


def test_crowns_that_say_nothing_teach_nothing(tmp_path: Path):
    silent = {name: {**one, "jaw_logits": {"surface": 1.0, "crowns": None}} for name, one in tries(8).items()}
    (tmp_path / "scores.json").write_text(json.dumps({"tries": silent}))
    with pytest.raises(InputError, match="do not both say"):
        jaw_decision.read_tries(tmp_path / "scores.json")


@pytest.mark.parametrize(("upper", "asked"), [(0.02, False), (0.5, True)])
def test_a_jaw_is_tried_with_nothing_given_and_answered_when_asked_about(
    upper: float, asked: bool, monkeypatch: pytest.MonkeyPatch
):
    toy = toy_jaw("lower")
    scan = Scan("toy_lower", "lower", toy.vertices, toy.faces, toy.face_fdi)
    networks = {"orientation": None, "surface": ToySurfaceNetwork(toy, np.eye(4)), "crowns": UndecidedCrowns()}
    monkeypatch.setattr(segmenting, "find_frame", lambda *_: Frame(np.eye(4), 1.0, upper, False))
    one = try_scan(scan, networks, np.eye(3))
    assert one["asked"] == asked and one["jaw"] == "lower"
    assert one["off_deg"] < 15 and one["instance_dice"] > 0.9
    line, wrong = told("toy 0", one), {"asked": False, "jaw_inferred": "upper"}
    assert ("asked" in line) == asked and "WRONG" not in line
    assert "WRONG" in told("toy 0", one | wrong)
    table = group_table({"a": one, "b": {**one, **wrong, "group": "other"}})
    rows = [row.split("|") for row in table.splitlines() if row.startswith("|")]
    assert [r[1].strip() for r in rows[2:]] == ["(folder)", "other", "all"]
    assert [int(r[5]) for r in rows[2:]] == [0, 1, 1]  # jaw wrong


def test_milk_teeth_are_scored_both_ways_where_the_labels_know_none(monkeypatch: pytest.MonkeyPatch):
    toy = toy_jaw("lower")
    scan = Scan("toy_lower", "lower", toy.vertices, toy.faces, toy.face_fdi)
    networks = {"orientation": None, "surface": ToySurfaceNetwork(toy, np.eye(4)), "crowns": UndecidedCrowns()}
    monkeypatch.setattr(segmenting, "find_frame", lambda *_: Frame(np.eye(4), 1.0, 0.02, False))
    adult = try_scan(scan, networks, np.eye(3))
    assert "by_place" not in adult and "milk" not in group_table({"a": adult})

    def called_milk(*given, **more):
        found = segment(*given, **more)
        fdi, face = (np.where(labels == 35, 75, labels).astype(np.uint8) for labels in (found.fdi, found.face_fdi))
        return replace(found, fdi=fdi, face_fdi=face)

    monkeypatch.setattr(jaws, "segment", called_milk)
    child = try_scan(scan, networks, np.eye(3))
    assert child["wrong_fdi"] == [[35, 75]] and child["dice"] < adult["dice"]
    assert child["by_place"]["wrong_fdi"] == [] and child["by_place"]["dice"] == pytest.approx(adult["dice"])
    *_, asis, by_place = group_table({"a": child}).splitlines()
    assert asis.split("|")[1].strip() == "(folder)" and by_place.split("|")[1].strip() == "milk teeth by place"
    assert "0.0 %" in by_place and "0.0 %" not in asis
    labelled = replace(scan, face_fdi=np.where(scan.face_fdi == 35, 75, scan.face_fdi))
    assert "by_place" not in try_scan(labelled, networks, np.eye(3))
