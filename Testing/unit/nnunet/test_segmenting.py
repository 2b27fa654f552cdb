"""A scan through somebody's network: what is trusted, where left and right are, what becomes of labels."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed; it makes the networks of these tests")

from toy_nnunet import DESCRIPTION, grey_value_graph, write_network

from DentalTopoSegLib.errors import Cancelled, InputError, ModelError
from DentalTopoSegLib.files.volumes import Volume, write_volume
from DentalTopoSegLib.nnunet import load_nnunet, segment_with
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.reports.report import read_report
from DentalTopoSegLib.runs.job import Job, JobFile
from DentalTopoSegLib.runs.segmenting import segment

FP32 = RunOptions(threads=1, precision="fp32")
RAS = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
BOTH_SIDES = {"1": "Upper Right First Molar", "2": "Upper Left First Molar"}


def described(**changes) -> dict:
    return copy.deepcopy(DESCRIPTION) | changes


def two_blocks(direction=None) -> Volume:
    """Grey value 100 where x is small, 200 where it is large."""
    array = np.zeros((14, 16, 30), np.int16)
    array[4:10, 4:12, 3:11] = 100
    array[4:10, 4:12, 19:27] = 200
    return Volume(array, name="scan", **({"direction": direction} if direction else {}))


def run(folder: Path, volume: Volume, **changes):
    write_network(folder, described(**changes))
    return segment_with(volume, *load_nnunet(folder, FP32), FP32)


def test_teeth_get_their_numbers_and_structures_keep_their_names(tmp_path: Path) -> None:
    found = run(tmp_path, two_blocks())
    array = two_blocks().array
    assert (found.labels.array == np.where(array == 100, 16, 0)).all()
    assert (found.structures.array == np.where(array == 200, 2, 0)).all()
    assert [s.name for s in found.names] == ["Mandible"]
    assert found.provenance["models"][0]["task"] == "nnunet"


def test_sides_that_contradict_the_scan_are_refused(tmp_path: Path) -> None:
    """Of an LPS scan small x is the patient's right, of this RAS one its left."""
    assert run(tmp_path / "a", two_blocks(), labels=BOTH_SIDES).labels.array.max() == 26
    with pytest.raises(InputError, match=r"right teeth on the patient's left.*--orientation"):
        run(tmp_path / "b", two_blocks(RAS), labels=BOTH_SIDES)


@pytest.mark.parametrize("direction", [None, RAS, (0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0)])
def test_scans_are_turned_to_lie_as_those_of_the_training(tmp_path: Path, direction) -> None:
    """The network sees first columns that run to the left, whatever the file's order of axes."""
    volume = two_blocks(direction)
    found = run(tmp_path, volume, orientation="LPS", labels={"1": "a", "2": "b"})
    assert (found.structures.array == volume.array // 100).all()
    assert found.structures.direction == volume.direction


def test_a_scan_that_lies_otherwise_than_most_gets_a_note(tmp_path: Path) -> None:
    names = {"1": "a", "2": "b"}
    assert not any("left and right" in text for text in run(tmp_path / "a", two_blocks(), labels=names).warnings)
    assert any("left and right" in text for text in run(tmp_path / "b", two_blocks(RAS), labels=names).warnings)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patch": [4096, 8, 8]}, "its patch must be 3 whole numbers from 1 to 1024"),
        ({"patch": [1024, 1024, 1024]}, "its patch must be at most"),
        ({"patch": [8, 8]}, "its patch must be"),
        ({"spacing_mm": [0.0, 1.0, 1.0]}, "its spacing_mm must be"),
        ({"axes": [0, 1, 1]}, "its axes must be"),
        ({"heads": 4}, "but its description says"),
        ({"channels": [{"normalisation": "Custom"}]}, "its channels must be"),
        ({"labels": {"x": "a"}}, "its labels must be"),
        ({"orientation": "LPX"}, "its orientation must be"),
        ({"region_order": [1]}, "its region_order must be"),
        ({"logits_resampling": {"order": 3, "order_across": 0}}, "its logits_resampling must be"),
    ],
)
def test_descriptions_beyond_bounds_are_refused(tmp_path: Path, changes: dict, words: str) -> None:
    write_network(tmp_path, described(**changes), grey_value_graph(DESCRIPTION))
    with pytest.raises(ModelError, match=words) as refused:
        load_nnunet(tmp_path, FP32)
    assert "\n" not in str(refused.value)


def test_folders_that_hold_no_network_and_altered_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no converted network"):
        load_nnunet(tmp_path, FP32)
    file = write_network(tmp_path) / "toy.fp32.onnx"
    file.write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(ModelError, match="damaged or was altered"):
        load_nnunet(tmp_path, FP32)


def test_a_run_can_be_stopped(tmp_path: Path) -> None:
    write_network(tmp_path)
    asked = []
    options = RunOptions(threads=1, precision="fp32", cancelled=lambda: asked.append(1) or len(asked) > 6)
    with pytest.raises(Cancelled):
        segment_with(two_blocks(), *load_nnunet(tmp_path, options), options)


@pytest.mark.parametrize(("tta", "axes", "said"), [(False, [0], None), (True, [0, 2], [0, 2]), (True, [], None)])
def test_a_report_says_how_often_was_looked_and_is_read_back(tmp_path: Path, tta: bool, axes: list, said) -> None:
    write_network(tmp_path / "network", described(mirror_axes=axes))
    write_volume(two_blocks(), tmp_path / "scan.nii.gz")
    options = RunOptions(threads=1, precision="fp32", models=str(tmp_path / "network"), tta=tta)
    segment(Job([tmp_path / "scan.nii.gz"], tmp_path / "out"), options)
    told = read_report(tmp_path / "out" / "scan_report.json")["provenance"]["tta"]
    assert told == (said and {"mirror_axes": said})


def test_a_whole_run_writes_teeth_structures_and_report(tmp_path: Path) -> None:
    write_network(tmp_path / "network")
    write_volume(two_blocks(), tmp_path / "scan.nii.gz")
    options = RunOptions(threads=1, precision="fp32", models=str(tmp_path / "network"))
    done = segment(Job([tmp_path / "scan.nii.gz"], tmp_path / "out"), options)
    report = read_report(tmp_path / "out/scan_report.json")
    assert report["count"]["total"] == 1
    assert report["files"]["structures"] == "scan_structures.seg.nrrd"
    assert b"Mandible" in (tmp_path / "out/scan_structures.seg.nrrd").read_bytes()[:4000]
    assert done.labels is not None
    assert (done.labels.array == 16).sum() == 6 * 8 * 8


def test_a_network_that_numbers_no_teeth_still_gives_its_structures(tmp_path: Path) -> None:
    write_network(tmp_path / "network", described(labels={"1": "Upper Teeth", "2": "Mandible"}))
    write_volume(two_blocks(), tmp_path / "scan.nii.gz")
    options = RunOptions(threads=1, precision="fp32", models=str(tmp_path / "network"))
    report = segment(Job([tmp_path / "scan.nii.gz"], tmp_path / "out"), options).report
    assert report["count"]["total"] == 0
    assert any("numbers no teeth" in text for text in report["warnings"])
    header = (tmp_path / "out/scan_structures.seg.nrrd").read_bytes()[:4000]
    assert b"Upper Teeth" in header


def test_the_folder_goes_with_the_job_to_the_worker() -> None:
    given = JobFile(Job(["scan.nii.gz"], "out"), RunOptions(models="network"))
    assert JobFile.from_dict(given.to_dict()).options.models == "network"


def test_looking_again_mirrors_along_the_axes_of_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(
        "DentalTopoSegLib.nnunet.segmenting.label_slices",
        lambda prepared, description, network, *, mirror, done: (
            seen.append(mirror) or np.zeros(prepared.shape, np.uint8)
        ),
    )
    write_network(tmp_path, described(mirror_axes=[]))
    for tta in (False, True):
        options = RunOptions(threads=1, precision="fp32", tta=tta)
        found = segment_with(two_blocks(), *load_nnunet(tmp_path, options), options)
        assert any("without mirroring" in text for text in found.warnings) == tta
    assert seen == [False, True]
