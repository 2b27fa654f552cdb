"""Structures from network files to labels on the scan: real ONNX files with the right interfaces, in a folder."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from fake_networks import FakeNetworks, fake_models
from toy_structures import write_toys

from DentalTopoSegLib.cbct.inference import CoarseMap, run_border, run_border_and_tissues
from DentalTopoSegLib.cbct.segmenting import doubts_of, segment_volume
from DentalTopoSegLib.cbct.tooth_errors import MEASURED, tooth_errors
from DentalTopoSegLib.cbct.views import AGAIN, ONCE
from DentalTopoSegLib.dentition.structures import error_of, structure
from DentalTopoSegLib.errors import Cancelled, ModelError, UsageError
from DentalTopoSegLib.files.volumes import Volume
from DentalTopoSegLib.networks.folders import load_around
from DentalTopoSegLib.networks.models import list_models, load_model
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.phantom import make_phantom

pytest.importorskip("onnx", reason="building the small test networks needs the package onnx")

UPRIGHT = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(3, 0.7, fov_mm=(78, 66, 56), missing=(18, 28, 38, 48, 25), fillings=0, gap_mm=1.0)


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    return write_toys(tmp_path_factory.mktemp("toys"), "structures", "border", "tissues")


def test_a_head_of_another_border_network_is_refused(toys):
    head = load_model("tissues", 1, folder=toys)
    border = load_model("border", 1, folder=toys)
    other = replace(head, metadata={**head.metadata, "reads": "border-9"})
    grid, coarse = around_teeth()
    with pytest.raises(ModelError, match="belong together"):
        run_border_and_tissues(border, other, grid, grid, coarse, lambda *_: None, None)


def test_how_far_a_canal_can_be_off_is_told_where_there_is_one():
    errors = {"canal": 3.9, "sinus": 1.4}
    (told,) = doubts_of(errors, [structure("mandible"), structure("canal_right")])
    assert "off by up to 3.9 mm" in told
    assert doubts_of(errors, [structure("mandible"), structure("sinus_left")]) == []
    assert doubts_of({}, [structure("canal_right")]) == []


def around_teeth() -> tuple[Volume, CoarseMap]:
    """A made-up scan at 0.5 mm and a coarse map with a tooth in its middle."""
    image = np.random.default_rng(2).normal(size=(60, 70, 80)).astype(np.float32)
    coarse = np.zeros((33, 15, 18, 20), np.uint8)
    coarse[0] = 255
    coarse[0, 5:10, 6:12, 6:14], coarse[3, 5:10, 6:12, 6:14] = 0, 255
    grid = Volume(image, (0.5, 0.5, 0.5), (-0.25, -0.25, 0.25), UPRIGHT, "made up")
    return grid, CoarseMap(coarse, np.array([1.0, 1.0, 1.0]), 2.0)


@pytest.mark.parametrize("views", [ONCE, AGAIN], ids=["once", "twice"])
def test_teeth_are_bit_for_bit_the_same_with_and_without_tissues(toys, monkeypatch, views):
    monkeypatch.setattr("DentalTopoSegLib.cbct.inference._TILE_VOXELS", 60_000)  # several tiles
    border, head = (load_model(task, 1, folder=toys) for task in ("border", "tissues"))
    plain = load_model("border", 1, folder=write_toys(toys / "plain", "border", features=False))
    grid, coarse = around_teeth()
    quiet = (grid, grid, coarse, lambda *_: None, None)
    told = {"views": views}
    teeth, core = run_border(border, *quiet, **told)
    of_plain = run_border(plain, *quiet, **told)
    with_tissues = run_border_and_tissues(border, head, *quiet, **told)
    assert teeth.any()
    for other in (of_plain, with_tissues):
        np.testing.assert_array_equal(teeth, other[0])
        np.testing.assert_array_equal(core, other[1])
    tissues = with_tissues[2]
    assert tissues.shape == (7, *grid.array.shape)
    seen = tissues.any(0)
    assert abs(tissues[:, seen].sum(0, dtype=int) - 255).max() <= 3
    bright = seen & (grid.array > 1.5)
    assert (tissues[:, bright].argmax(0) == 2).mean() > 0.95  # enamel where the image is brightest


def test_jaws_of_a_scan_with_a_network_of_ones_own(phantom, toys, monkeypatch):
    FakeNetworks(phantom.labels, noise=0.1).install(monkeypatch)
    alone = segment_volume(phantom.image, models=fake_models())
    options = RunOptions(structures=("jaws", "canals"), models=str(toys))
    FakeNetworks(phantom.labels, noise=0.1).install(monkeypatch)
    found = segment_volume(phantom.image, options, models=fake_models())
    np.testing.assert_array_equal(alone.labels.array, found.labels.array)
    assert alone.confidence == found.confidence
    assert (alone.structures, alone.names) == (None, ())
    assert found.structures.same_grid(phantom.image)
    assert error_of(found.structures.metadata, "canal_left") == 3.9  # of what measures distances to them
    assert error_of(found.structures.metadata, "length") == 0.0  # nobody measured how far off such a border network is
    assert [one.key for one in found.names] == ["mandible"]
    jaw = found.structures.array == structure("mandible").value
    assert jaw.sum() > 1000 and not (jaw & (found.labels.array > 0)).any()
    assert [model["task"] for model in found.provenance["models"]] == ["numbering", "border", "structures"]
    assert found.provenance["models"][2]["installed"] is False
    assert "find the jaws and canals" in found.provenance["seconds"]
    assert "find the jaws and canals" not in alone.provenance["seconds"]


def test_lengths_and_axes_are_as_unsure_as_the_border_network(phantom, toys, monkeypatch):
    monkeypatch.setitem(MEASURED, fake_models()["border"].id, {"length": 2.5, "axis": 7.3})
    FakeNetworks(phantom.labels, noise=0.1).install(monkeypatch)
    options = RunOptions(structures=("jaws",), models=str(toys))
    found = segment_volume(phantom.image, options, models=fake_models()).structures
    assert [error_of(found.metadata, what) for what in ("length", "axis")] == [2.5, 7.3]


def test_the_installed_border_network_was_measured():
    assert set(tooth_errors(load_model("border", 1))) == {"length", "axis"}


def test_a_border_network_without_features_is_told(toys):
    head = load_model("tissues", 1, folder=toys)
    plain = load_model("border", 1, folder=write_toys(toys / "plain", "border", features=False))
    grid, coarse = around_teeth()
    with pytest.raises(ModelError, match='The network toy-border has no output "features"'):
        run_border_and_tissues(plain, head, grid, grid, coarse, lambda *_: None, None)


def test_networks_that_are_not_there_are_told_in_one_sentence(tmp_path, monkeypatch):
    folder = write_toys(tmp_path / "own", "border")
    monkeypatch.setattr("DentalTopoSegLib.networks.folders.list_models", _without_structures)
    with pytest.raises(ModelError) as told:
        load_around(RunOptions(structures=("canals",), models=str(folder)))
    said = str(told.value)
    assert "'canals'" in said and str(folder) in said and "Ask for the teeth alone" in said and "\n" not in said
    with pytest.raises(ModelError, match="DentalTopoSeg's own networks have no network for it"):
        load_around(RunOptions(structures=("tissues",)))
    assert load_around(RunOptions()) == {}


def test_a_closer_look_at_canals_comes_from_where_the_structures_come_from(toys, tmp_path):
    canals = RunOptions(structures=("canals",))
    here = {entry["task"] for entry in list_models()}
    assert set(load_around(canals)) == {"structures", "canals"} & here
    assert set(load_around(RunOptions(structures=("jaws",)))) == {"structures"}
    assert set(load_around(replace(canals, models=str(toys)))) == {"structures"}
    both = write_toys(tmp_path / "both", "structures", "canals")
    own = load_around(replace(canals, models=str(both)))
    assert {task: model.id for task, model in own.items()} == {
        "structures": "toy-structures",
        "canals": "toy-canals",
    }


def _without_structures(folder=None):
    return [entry for entry in list_models(folder) if entry["task"] not in ("structures", "tissues")]


@pytest.mark.parametrize("stage", ["find the jaws and canals", "place the jaws and canals"])
def test_cancelling_while_structures_are_looked_for_takes_less_than_a_second(phantom, toys, monkeypatch, stage):
    FakeNetworks(phantom.labels, noise=0.1).install(monkeypatch)
    begun: list[float] = []

    def progress(told: str, done: float, total: float) -> None:
        if told == stage:
            assert done == 0 or not begun, "the stage was over before it was cancelled"
            begun.append(time.perf_counter())

    options = RunOptions(
        structures=("jaws", "canals"),
        models=str(toys),
        progress=progress,
        cancelled=lambda: bool(begun) and time.perf_counter() - begun[0] > 0.005,
    )
    with pytest.raises(Cancelled):
        segment_volume(phantom.image, options, models=fake_models())
    assert time.perf_counter() - begun[0] < 1.0


def test_a_network_of_others_finds_nothing_else_and_no_scan_is_read_for_it(tmp_path):
    from toy_nnunet import write_network

    from DentalTopoSegLib.runs.job import Job
    from DentalTopoSegLib.runs.segmenting import segment

    options = RunOptions(structures=("jaws",), models=str(write_network(tmp_path / "theirs")))
    with pytest.raises(UsageError, match="leave out --structures, or --models"):
        segment(Job([tmp_path / "gone.nii.gz"], tmp_path / "out"), options)
    assert not (tmp_path / "out").exists()
