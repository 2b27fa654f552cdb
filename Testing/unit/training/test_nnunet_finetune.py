"""Quantization-aware fine-tuning of converted nnU-Nets."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")

import onnx
import torch

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import Volume, write_volume
from DentalTopoSegLib.nnunet.description import Description
from DentalTopoSegLib.phantom import make_phantom
from training.export.ranges import session
from training.nnunet.command import calibration_tiles, convert, main
from training.nnunet.finetune import GraphNetwork, dice_and_cross_entropy, read_cases
from training.nnunet.folder import read_folder
from training.nnunet.graph import INPUT, write_graph
from training.nnunet.quantize import equalize, quantize_level, quick_convolutions

DATA = Path(__file__).resolve().parents[2] / "data" / "nnunet"
CASES = sorted(path.name for path in DATA.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three phantoms with their upper and lower teeth, as the small networks of Testing/data/nnunet know them."""
    folder = tmp_path_factory.mktemp("labelled")
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir()
    for seed in (31, 32, 33):
        phantom = make_phantom(seed=seed, spacing_mm=2.0, fillings=0, fov_mm=(76.0, 70.0, 60.0))
        fdi = phantom.labels.array
        jaws = np.where(fdi > 30, 2, (fdi > 0).astype(np.uint8)).astype(np.uint8)
        write_volume(phantom.image, folder / f"imagesTr/p{seed}_0000.nii.gz")
        write_volume(phantom.labels.with_array(jaws), folder / f"labelsTr/p{seed}.nii.gz")
    return folder


def opened(case: str) -> tuple[onnx.ModelProto, Description, list[np.ndarray]]:
    folder = read_folder(DATA / case / "model", None, None)
    description = Description.of(folder.metadata, "it")
    return write_graph(folder), description, calibration_tiles(DATA / case / "scan.nii.gz", description, 4)


@pytest.mark.parametrize("case", CASES)
def test_the_graph_in_torch_answers_as_in_onnx_runtime(case: str) -> None:
    model, _, tiles = opened(case)
    with torch.no_grad():
        ours = GraphNetwork(model).eval()(torch.from_numpy(tiles[0])).numpy()
    theirs = session(model, threads=1).run(None, {INPUT: tiles[0]})[0]
    assert np.abs(theirs).max() > 1
    np.testing.assert_allclose(ours, theirs, atol=2e-4 * np.abs(theirs).max())


def test_rounding_in_torch_is_that_of_the_int8_file() -> None:
    model, _, tiles = opened("plain")
    level = equalize(model, tiles)
    net = GraphNetwork(level, quick_convolutions(level)).eval()
    net.start_ranges(level, tiles)
    with torch.no_grad():
        ours = net(torch.from_numpy(tiles[0])).numpy()
    exact = session(level, threads=1).run(None, {INPUT: tiles[0]})[0]
    file = session(quantize_level(level, tiles), threads=1).run(None, {INPUT: tiles[0]})[0]
    rounding = np.abs(file - exact).mean()
    assert rounding > 0
    assert np.abs(ours - file).mean() < 0.2 * rounding


def test_the_rounded_network_learns() -> None:
    model, _, tiles = opened("plain")
    level = equalize(model, tiles)
    net = GraphNetwork(level, quick_convolutions(level))
    net.start_ranges(level, tiles)
    loss = dice_and_cross_entropy(net(torch.from_numpy(tiles[0])), torch.ones((1, 32, 32, 32), dtype=torch.int64))
    loss.backward()
    assert all(p.grad is not None and float(p.grad.abs().sum()) > 0 for p in net.parameters())


def test_fine_tuning_gives_an_int8_network_and_says_what_it_was_worth(labelled: Path, tmp_path: Path) -> None:
    convert(
        DATA / "plain" / "model",
        tmp_path / "net",
        calibrate=labelled / "imagesTr",
        finetune_on=labelled,
        steps=6,
        run=tmp_path / "run",
    )
    listed = json.loads((tmp_path / "net" / "models.json").read_text(encoding="utf-8"))
    assert len(json.dumps(listed)) and list((tmp_path / "net").glob("*.int8.onnx"))
    card = next((tmp_path / "net").glob("*.md")).read_text(encoding="utf-8")
    assert "| Fine-tuned for int8 | 6 steps on 2 cases; Dice on 1 held out: 0." in card


def test_labels_are_laid_on_the_networks_grid(labelled: Path) -> None:
    _, description, _ = opened("plain")
    cases = read_cases(labelled, description)
    assert [case.name for case in cases] == ["p31", "p32", "p33"]
    for case in cases:
        assert case.image.shape[1:] == case.labels.shape
        assert set(np.unique(case.labels)) == {0, 1, 2}
        teeth = case.image[0][case.labels > 0].mean()
        assert teeth > case.image[0][case.labels == 0].mean()


@pytest.mark.parametrize("fault", ["no labels", "another grid", "an unknown value", "one scan"])
def test_labels_that_do_not_fit_are_refused(fault: str, tmp_path: Path) -> None:
    _, description, _ = opened("plain")
    (tmp_path / "imagesTr").mkdir()
    (tmp_path / "labelsTr").mkdir()
    rng = np.random.default_rng(0)
    for k in range(1 if fault == "one scan" else 2):
        grid = Volume(rng.normal(size=(9, 9, 9)).astype(np.float32), (2.0, 2.0, 2.0))
        write_volume(grid, tmp_path / f"imagesTr/a{k}_0000.nii.gz")
        labels = np.zeros((9, 9, 8) if fault == "another grid" else (9, 9, 9), np.uint8)
        labels[4, 4, 4] = 7 if fault == "an unknown value" else 1
        if fault != "no labels":
            write_volume(Volume(labels, (2.0, 2.0, 2.0)), tmp_path / f"labelsTr/a{k}.nii.gz")
    said = {"no labels": "missing", "another grid": "grid", "an unknown value": "value 7", "one scan": "two labelled"}
    with pytest.raises(InputError, match=said[fault]):
        read_cases(tmp_path, description)


def test_a_network_of_regions_is_refused(labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = [str(DATA / "residual_flat" / "model"), "-o", str(tmp_path / "net")]
    assert main([*argv, "--calibrate", str(labelled / "imagesTr"), "--finetune", str(labelled)]) != 0
    assert "regions" in capsys.readouterr().err
    assert not (tmp_path / "net").exists()
