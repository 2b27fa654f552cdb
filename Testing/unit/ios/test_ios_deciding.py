"""Which jaw it is: a calibrated probability, a question below it, and the user's word above all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mesh_files import mesh_of
from toy_jaws import ToySurfaceNetwork, UndecidedCrowns, toy_jaw

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.meshes import clean, write_stl
from DentalTopoSegLib.ios import segmenting
from DentalTopoSegLib.ios.deciding import LEAST_PROBABILITY, UnknownJawError, jaw_of, logit, upper_probability
from DentalTopoSegLib.ios.orienting import Frame
from DentalTopoSegLib.options import RunOptions


def test_surface_and_crowns_are_weighed_against_each_other():
    assert upper_probability(0.0, 0.0) == pytest.approx(0.5)
    assert upper_probability(2.0, None) == pytest.approx(1 / (1 + np.exp(-2.0)))
    assert upper_probability(1.0, 1.0) > upper_probability(1.0, 0.0) > upper_probability(1.0, -1.0)
    for both in (0.5, 2.0, 9.0):  # what is certain of an upper jaw is as certain of a lower one
        assert upper_probability(both, both) + upper_probability(-both, -both) == pytest.approx(1)
    assert 0 < upper_probability(-1e6, -1e6) < upper_probability(1e6, 1e6) <= 1


def test_odds_of_a_certainty_stay_finite():
    assert logit(0.5) == pytest.approx(0)
    assert logit(1.0) == -logit(0.0) == pytest.approx(30)
    assert logit(0.9) == pytest.approx(np.log(9))


def test_a_doubtful_jaw_is_asked_about_and_not_guessed():
    doubtful = LEAST_PROBABILITY - 0.01
    for upper in (doubtful, 0.5, 1 - doubtful):
        with pytest.raises(UnknownJawError, match=r"'scan' is an upper or a lower jaw: state which .--jaw upper"):
            jaw_of(upper, None, "scan")
        assert jaw_of(upper, "lower", "scan") == "lower"
    assert jaw_of(LEAST_PROBABILITY + 0.01, None, "scan") == "upper"
    assert jaw_of(0.99 - LEAST_PROBABILITY, None, "scan") == "lower"
    assert jaw_of(0.99, "lower", "scan") == "lower"  # the user's word; `wrong_jaw` contradicts it


def frames_of(monkeypatch: pytest.MonkeyPatch, upper: float) -> None:
    frame = Frame(np.eye(4), 1.0, upper, False)  # toy jaws lie in a lower jaw's canonical axes
    monkeypatch.setattr(segmenting, "find_frame", lambda points, normals, model: frame)


@pytest.fixture
def networks() -> dict:
    toy = ToySurfaceNetwork(toy_jaw("lower"), np.eye(4))
    return {"orientation": None, "surface": toy, "crowns": UndecidedCrowns()}


def test_a_jaw_that_looks_like_either_is_refused_unless_it_is_stated(networks, monkeypatch: pytest.MonkeyPatch):
    toy = toy_jaw("lower")
    surface = clean(mesh_of(toy.vertices, toy.faces), "mm")[0]
    frames_of(monkeypatch, 0.45)
    run = {"models": networks, "names": ["Case 7"]}
    with pytest.raises(UnknownJawError, match="Case 7") as refused:
        segmenting.segment_jaws([surface], RunOptions(threads=1), **run)
    assert isinstance(refused.value, InputError) and refused.value.upper_probability == pytest.approx(0.45)
    (found,) = segmenting.segment_jaws([surface], RunOptions(threads=1), jaws=["lower"], **run)
    assert found.jaw == "lower" and set(found.fdi[found.fdi > 0] // 10) == {3, 4}
    assert (found.jaw_inferred, found.jaw_confidence) == ("lower", pytest.approx(0.55))


def test_a_stated_jaw_wins_and_what_the_shape_says_is_kept(networks, monkeypatch: pytest.MonkeyPatch):
    toy = toy_jaw("lower")
    surface = clean(mesh_of(toy.vertices, toy.faces), "mm")[0]
    frames_of(monkeypatch, 0.97)
    (found,) = segmenting.segment_jaws([surface], RunOptions(threads=1), jaws=["lower"], models=networks)
    assert found.jaw == "lower" and found.jaw_inferred == "upper"
    assert found.jaw_confidence == pytest.approx(0.97)


def test_the_command_says_what_to_give_and_leaves_nothing(
    networks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    toy = toy_jaw("lower")
    write_stl(tmp_path / "Case 7.stl", toy.vertices, toy.faces)
    frames_of(monkeypatch, 0.6)
    monkeypatch.setattr(segmenting, "load_networks", lambda precision, provider: networks)
    command = ["segment", str(tmp_path / "Case 7.stl"), "-o", str(tmp_path / "out"), "--threads", "1"]
    assert cli.main(command) == 3
    told = capsys.readouterr().err
    assert "'Case 7'" in told and "--jaw upper or --jaw lower" in told
    assert not list(tmp_path.glob("out/*"))
    assert cli.main([*command, "--jaw", "lower"]) == 0
    assert (tmp_path / "out" / "Case 7_report.json").is_file()
