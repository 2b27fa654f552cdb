"""A folder with a network that numbers teeth and one that takes them apart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnx", reason="onnx is not installed; it makes the networks of these tests")

from toy_nnunet import DESCRIPTION, write_network

from DentalTopoSegLib.errors import ModelError
from DentalTopoSegLib.files.volumes import Volume, write_volume
from DentalTopoSegLib.nnunet import segment_by_folder
from DentalTopoSegLib.options import RunOptions
from DentalTopoSegLib.reports.report import read_report
from DentalTopoSegLib.runs.job import Job
from DentalTopoSegLib.runs.segmenting import segment

NUMBERS = {**DESCRIPTION, "labels": {"1": "tooth_16", "2": "tooth_17"}}
PARTS = {**DESCRIPTION, "id": "parts", "task": "nnunet-parts", "labels": {"1": "center", "2": "border"}}


def pair_folder(folder: Path) -> Path:
    write_network(folder, PARTS)
    parts = json.loads((folder / "models.json").read_text(encoding="utf-8"))["models"]
    write_network(folder, NUMBERS)
    both = json.loads((folder / "models.json").read_text(encoding="utf-8"))["models"] + parts
    (folder / "models.json").write_text(json.dumps({"models": both}), encoding="utf-8")
    return folder


def scan() -> Volume:
    """Grey 100 (tooth 16, center) within a shell of 200 (tooth 17, border)."""
    grey = np.zeros((16, 16, 16), np.int16)
    grey[3:13, 3:13, 3:13] = 200
    grey[4:12, 4:12, 4:12] = 100
    return Volume(grey, (1.0, 1.0, 1.0), name="scan")


def test_each_tooth_is_whole_and_has_one_number(tmp_path: Path) -> None:
    steps: list[tuple[str, float, float]] = []
    options = RunOptions(threads=1, precision="fp32", progress=lambda *step: steps.append(step))
    volume = scan()
    found = segment_by_folder(volume, pair_folder(tmp_path), options)
    np.testing.assert_array_equal(found.labels.array, np.where(volume.array > 0, 16, 0))
    assert [model["id"] for model in found.provenance["models"]] == ["toy", "parts"]
    for stage in {name for name, _, _ in steps}:
        shares = [done / total for name, done, total in steps if name == stage]
        assert shares == sorted(shares)
        assert shares[-1] == 1


def test_one_network_alone_answers_alone(tmp_path: Path) -> None:
    volume = scan()
    found = segment_by_folder(volume, write_network(tmp_path, NUMBERS), RunOptions(threads=1, precision="fp32"))
    np.testing.assert_array_equal(found.labels.array, np.select([volume.array == 100, volume.array == 200], [16, 17]))


def test_parts_alone_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="numbers none: convert the one that numbers them"):
        segment_by_folder(scan(), write_network(tmp_path, PARTS), RunOptions(threads=1, precision="fp32"))


def test_a_run_of_a_pair_reports_both_networks(tmp_path: Path) -> None:
    write_volume(scan(), tmp_path / "scan.nii.gz")
    folder = pair_folder(tmp_path / "networks")
    options = RunOptions(threads=1, precision="fp32", models=str(folder))
    segment(Job([tmp_path / "scan.nii.gz"], tmp_path / "out"), options)
    report = read_report(tmp_path / "out" / "scan_report.json")
    assert [model["task"] for model in report["provenance"]["models"]] == ["nnunet", "nnunet-parts"]
    assert report["count"]["total"] == 1
