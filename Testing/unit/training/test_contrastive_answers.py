"""A Swin network's answers as samples of the small network: what they say, where they are silent, how they are used."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")
pytest.importorskip("monai", reason="monai has the Swin transformer; only training needs it")

import SimpleITK as sitk  # noqa: E402
from toy_pairs import toy_pair, write_toy_pairs  # noqa: E402

from DentalTopoSegLib.errors import InputError  # noqa: E402
from training.contrastive.answers import coarse_classes, labelled, load_teacher, write_answers, write_sample  # noqa: E402
from training.contrastive.command import main  # noqa: E402
from training.contrastive.finetune import fine_tune  # noqa: E402
from training.contrastive.pairs import load_pair, save_pair  # noqa: E402
from training.loop import load_checkpoint, read_config, run_to_end  # noqa: E402
from training.volumes.data import DataPlan, list_samples, load_sample  # noqa: E402
from training.volumes.losses import IGNORE, numbering_loss  # noqa: E402
from training.volumes.train import VolumeTask  # noqa: E402

CONFIGS = Path(__file__).resolve().parents[3] / "training" / "configs"
SWIN = {"width": 12, "patch": 4, "depths": [1, 1, 2, 1], "heads": [2, 2, 2, 2], "window": 4}
PEOPLE = {"train": ["001", "002", "003"], "validation": ["021", "022"]}


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[Path]]:
    """Toy pairs said to have voxels of 0.5 mm."""
    files = write_toy_pairs(tmp_path_factory.mktemp("pairs"), PEOPLE)
    for path in files[0] + files[1]:
        save_pair(path, replace(load_pair(path), spacing=0.5))
    return files


@pytest.fixture(scope="module")
def teacher(split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    config = read_config(CONFIGS / "swin_small.yaml", "net", "views")
    config["net"] = {"encoder": SWIN, "decoder": 16, "fine": 4}
    config["views"] |= {"crop": [24, 32, 32]}
    config["training"] |= {"steps": 1, "log_every": 1, "warmup_steps": 1, "held": 1}
    folder = tmp_path_factory.mktemp("teacher")
    fine_tune(config, folder, split[0][:1], split[1], None)
    return folder


def test_cells_say_the_likeliest_class_and_nothing_where_unsure_or_outside() -> None:
    probabilities = torch.zeros(33, 4, 4, 16)
    probabilities[5, :, :, :4] = 1.0  # sure
    probabilities[0, :, :, 4:8] = probabilities[7, :, :, 4:8] = 0.5  # unsure in every voxel
    probabilities[0, :2, :, 8:12] = probabilities[9, 2:, :, 8:12] = 1.0  # a border: each voxel is sure of its own
    probabilities[9, 1, :, 8:12], probabilities[0, 1, :, 8:12] = 1.0, 0.0
    probabilities[3, :, :, 12:] = 1.0
    inside = np.ones((4, 4, 16), bool)
    inside[..., 12:] = False
    assert coarse_classes(probabilities, inside, 0.7).tolist() == [[[5, IGNORE, 9, IGNORE]]]


def test_labels_come_back_as_classes_on_the_small_networks_grid(split, tmp_path: Path) -> None:
    pair = load_pair(split[0][0])
    write_sample(pair, labelled(pair), 0.0, tmp_path / "001_000")
    assert list_samples(tmp_path) == ["001_000"]
    image, target = load_sample(tmp_path, "001_000", DataPlan("numbering", (16, 32, 32)))
    assert image.shape == tuple(size // 2 for size in pair.image.shape)
    middle = pair.labels[2::4, 2::4, 2::4]  # near the middle of each cell
    teeth = (middle > 0) & (np.array(target) > 0)
    assert teeth.sum() > 20 and (middle == target)[teeth].mean() > 0.97
    assert float(image[target.repeat(2, 0).repeat(2, 1).repeat(2, 2) > 0].mean()) > 1000  # bright where teeth are
    with pytest.raises(InputError, match=r"voxels of 1 mm: the small network learns from pairs of 0.5 mm"):
        write_sample(toy_pair("001", np.random.default_rng(0)), labelled(pair), 0.0, tmp_path / "002_000")


def test_only_people_without_labels_get_answers_and_nobody_else_without_a_teacher(
    split, teacher: Path, tmp_path: Path
) -> None:
    assert write_answers(split[0], 1, None, tmp_path / "labels") == {"labels": 1, "answers": 0}
    assert list_samples(tmp_path / "labels") == ["001_000"]
    loaded = load_teacher(teacher, split[1])
    assert write_answers(split[0], 1, loaded, tmp_path / "both") == {"labels": 1, "answers": 2}
    assert list_samples(tmp_path / "both") == ["001_000", "002_000", "003_000"]
    before = {p.name: p.stat().st_mtime_ns for p in (tmp_path / "both").iterdir()}
    write_answers(split[0], 1, loaded, tmp_path / "both")  # a second time nothing is left to do
    assert {p.name: p.stat().st_mtime_ns for p in (tmp_path / "both").iterdir()} == before
    truth = np.load(tmp_path / "labels" / "001_000_target.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "both" / "001_000_target.npy"), truth)


def test_a_patch_of_which_nothing_is_known_teaches_nothing() -> None:
    logits = torch.randn(1, 33, 2, 2, 2, requires_grad=True)
    loss, measures = numbering_loss(logits, torch.full((1, 2, 2, 2), IGNORE, dtype=torch.uint8))
    loss.backward()
    assert float(loss.detach()) == 0.0 and not logits.grad.any() and np.isnan(measures["tooth"])


def test_a_teacher_that_has_seen_held_out_people_is_refused(split, teacher: Path) -> None:
    assert load_checkpoint(teacher)["config"]["people"] == ["001"]
    with pytest.raises(InputError, match="has seen 001"):
        load_teacher(teacher, split[0])


def test_the_small_network_learns_from_answers_and_both_are_scored_on_whole_scans(
    split, teacher: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = split[0][0].parents[1]
    (tmp_path / "ios").mkdir()
    for name in PEOPLE["train"] + PEOPLE["validation"]:
        (tmp_path / "ios" / f"{name}_upper.npz").touch()
    where = ["--pairs", str(data), "--data", str(tmp_path / "ios"), "--teacher", str(teacher), "--people", "1"]
    assert main(["answers", str(tmp_path / "samples"), *where]) == 0
    assert "1 samples with labels, 2 with answers" in capsys.readouterr().out
    config = read_config(CONFIGS / "small.yaml", "net", "data")
    config["net"] |= {"widths": [32, 32, 32, 32, 32]}
    config["data"]["patch"] = [32, 32, 64]
    config["training"] |= {"steps": 2, "batch": 1, "log_every": 1, "warmup_steps": 1}
    run = run_to_end(VolumeTask(config, tmp_path / "samples"), tmp_path / "small")
    assert run.progress.step == 2
    pair = load_pair(split[1][0])
    labels = np.zeros_like(pair.labels)
    labels[pair.labels > 0] = 11
    for name in ("phantom_021", "phantom_021_2"):
        for kind, array in (("image", pair.image.astype(np.float32)), ("labels", labels)):
            volume = sitk.GetImageFromArray(array)
            volume.SetSpacing([0.5] * 3)
            (tmp_path / "scans").mkdir(exist_ok=True)
            sitk.WriteImage(volume, str(tmp_path / "scans" / f"{name}_{kind}.nii.gz"))
    for network in (teacher, tmp_path / "small"):
        out = tmp_path / "scores" / f"{network.name}.json"
        assert main(["score", str(network), "--scans", str(tmp_path / "scans"), "--of-each", "1", "-o", str(out)]) == 0
        told = json.loads(out.read_text())
        assert list(told) == ["phantom_021"] and set(told["phantom_021"]) == {"11"}
        assert 0 <= told["phantom_021"]["11"] <= 1
