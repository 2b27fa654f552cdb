"""The whole path with tiny networks: teeth are the same, bit for bit, whatever is found besides them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed; it makes the networks of these tests")

from toy_cbct_networks import toy_scan, write_networks

from DentalTopoSegLib.cbct import Segmentation, segment_volume
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.files.volumes import read_labels, write_volume
from DentalTopoSegLib.networks.folders import load_kind
from DentalTopoSegLib.options import STRUCTURE_GROUPS, RunOptions
from DentalTopoSegLib.reports.report import read_report
from DentalTopoSegLib.runs.job import Job
from DentalTopoSegLib.runs.segmenting import segment


@pytest.fixture(scope="module")
def networks(tmp_path_factory) -> Path:
    return write_networks(tmp_path_factory.mktemp("toy") / "networks", toy_scan())


def found(networks: Path, *groups: str) -> Segmentation:
    options = RunOptions(threads=1, models=str(networks), structures=groups)
    nets = load_kind("volume", networks, options)
    return segment_volume(toy_scan(), options, models=nets)


@pytest.fixture(scope="module")
def alone(networks: Path) -> Segmentation:
    one = found(networks)
    assert len(one.confidence) >= 28, "the toy networks find the toy teeth"
    return one


@pytest.mark.parametrize(
    ("groups", "keys"),
    [
        (("jaws",), {"mandible"}),
        (("canals",), {"canal_left", "canal_right"}),
        (("tissues",), {"pulp", "enamel"}),
        (STRUCTURE_GROUPS, {"mandible", "canal_left", "canal_right", "pulp", "enamel"}),
    ],
)
def test_teeth_are_the_same_with_and_without_structures(networks: Path, alone: Segmentation, groups, keys) -> None:
    both = found(networks, *groups)
    np.testing.assert_array_equal(both.labels.array, alone.labels.array)
    assert both.labels.same_grid(alone.labels)
    for name in ("confidence", "scores", "features", "known"):
        assert getattr(both, name) == getattr(alone, name), name
    assert [text for text in both.warnings if "mandibular canal" not in text] == alone.warnings
    assert alone.structures is None and "structures" not in alone.provenance
    assert both.provenance["structures"] == list(groups)
    assert {one.key for one in both.names} == keys
    assert both.structures is not None
    values = {structure(key).value for key in keys}
    assert {int(value) for value in np.unique(both.structures.array)} - {0} == values


def test_tissues_lie_within_teeth_and_jaws_around_them(networks: Path) -> None:
    both = found(networks, *STRUCTURE_GROUPS)
    assert both.structures is not None
    teeth, around = both.labels.array > 0, both.structures.array
    of_teeth = np.isin(around, [structure(key).value for key in ("pulp", "enamel")])
    assert of_teeth.sum() > 0.5 * teeth.sum()
    assert not (of_teeth & ~teeth).any()
    assert not (teeth & np.isin(around, [structure(key).value for key in ("mandible", "canal_left")])).any()
    middle = both.structures.shape[2] / 2
    for key, is_right in (("canal_right", True), ("canal_left", False)):
        x = np.argwhere(around == structure(key).value)[:, 2].mean()
        assert (both.structures.index_to_ras(np.array([0, 0, x]))[0] > toy_middle(both, middle)) == is_right, key


def toy_middle(both: Segmentation, middle: float) -> float:
    """R of the plane between the halves of the toy."""
    return float(both.labels.index_to_ras(np.array([0, 0, middle]))[0])


def test_files_of_teeth_are_the_same_and_one_more_is_written(networks: Path, tmp_path: Path) -> None:
    scan = write_volume(toy_scan(), tmp_path / "toy.nii.gz")
    reports = []
    for folder, groups in (("teeth", ()), ("all", STRUCTURE_GROUPS)):
        options = RunOptions(threads=1, models=str(networks), structures=groups)
        segment(Job([scan], tmp_path / folder), options)
        reports.append(read_report(tmp_path / folder / "toy_report.json"))
    for name in ("toy_teeth.nii.gz", "toy_teeth.seg.nrrd"):
        assert (tmp_path / "teeth" / name).read_bytes() == (tmp_path / "all" / name).read_bytes(), name
    more = {path.name for path in (tmp_path / "all").iterdir()} - {path.name for path in (tmp_path / "teeth").iterdir()}
    assert more == {"toy_structures.seg.nrrd"}
    teeth, both = reports
    assert "structures" not in teeth["files"] and both["files"]["structures"] == "toy_structures.seg.nrrd"
    for before, after in zip(teeth["teeth"], both["teeth"], strict=True):
        assert {key: after[key] for key in before} == before
    assert teeth["count"] == both["count"]
    assert read_labels(tmp_path / "all" / "toy_structures.seg.nrrd").array.any()
