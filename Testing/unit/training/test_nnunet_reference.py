"""The answer of the predictor of nnunetv2, kept for networks that it trained: `Testing/nnunet/make_reference.py`."""

from __future__ import annotations

import functools
import json
import runpy
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")

from DentalTopoSegLib.files.volumes import read_labels, read_volume
from DentalTopoSegLib.nnunet import load_nnunet, segment_with
from DentalTopoSegLib.options import RunOptions
from training.nnunet.command import convert

DATA = Path(__file__).resolve().parents[2] / "data" / "nnunet"
CASES = sorted(path.name for path in DATA.iterdir() if path.is_dir())
BY_TORCH = [case for case in CASES if (DATA / case / "answer_by_torch.nii.gz").is_file()]


@functools.cache
def networks(case: str) -> tempfile.TemporaryDirectory:
    folder = tempfile.TemporaryDirectory()
    convert(DATA / case / "model", Path(folder.name), calibrate=DATA / case / "scan.nii.gz")
    return folder


def answer(case: str, precision: str, mirror: bool) -> tuple[np.ndarray, np.ndarray]:
    """(ours, nnunetv2's)."""
    options = RunOptions(threads=1, precision=precision, tta=mirror)
    volume = read_volume(DATA / case / "scan.nii.gz")[0]
    found = segment_with(volume, *load_nnunet(networks(case).name, options), options)
    kept = read_labels(DATA / case / f"answer{'_mirrored' if mirror else ''}.nii.gz")
    return found.structures.array, kept.array


def equal_share(a: np.ndarray, b: np.ndarray) -> float:
    """Of the voxels that are something in either."""
    something = (a > 0) | (b > 0)
    return float((a == b)[something].mean())


def dice(a: np.ndarray, b: np.ndarray) -> float:
    """The mean over labels."""
    values = [v for v in np.unique(b) if v]
    return float(np.mean([2 * ((a == v) & (b == v)).sum() / ((a == v).sum() + (b == v).sum()) for v in values]))


def test_the_references_are_small() -> None:
    assert CASES
    for case in CASES:
        assert sum(path.stat().st_size for path in (DATA / case).rglob("*") if path.is_file()) < 300_000, case


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_fp32_gives_the_labels_of_nnunetv2s_predictor(case: str, mirror: bool) -> None:
    ours, theirs = answer(case, "fp32", mirror)
    assert (theirs > 0).sum() > 500
    assert equal_share(ours, theirs) >= 0.999


@pytest.mark.parametrize("case", BY_TORCH)
def test_scans_and_logits_resampled_by_torch_are_nnunetv2s(case: str, tmp_path: Path) -> None:
    """As the published plans of ToothSeg ask for."""
    model = tmp_path / "model"
    shutil.copytree(DATA / case / "model", model)
    change = runpy.run_path(str(Path(__file__).resolve().parents[2] / "nnunet" / "make_reference.py"))["plans_by_torch"]
    plans = change(json.loads((model / "plans.json").read_text(encoding="utf-8")))
    (model / "plans.json").write_text(json.dumps(plans), encoding="utf-8")
    convert(model, tmp_path / "networks")
    options = RunOptions(threads=1, precision="fp32")
    volume = read_volume(DATA / case / "scan.nii.gz")[0]
    ours = segment_with(volume, *load_nnunet(tmp_path / "networks", options), options).structures.array
    theirs = read_labels(DATA / case / "answer_by_torch.nii.gz").array
    assert equal_share(ours, theirs) >= 0.999
    assert equal_share(ours, read_labels(DATA / case / "answer.nii.gz").array) < 0.999  # it is another answer


def test_plans_by_torch_have_references() -> None:
    assert len(BY_TORCH) >= 2


@pytest.mark.parametrize("case", CASES)
def test_int8_keeps_them(case: str) -> None:
    ours, theirs = answer(case, "int8", False)
    assert dice(ours, theirs) >= 0.99
