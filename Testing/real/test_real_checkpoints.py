"""Checkpoints of CBCT networks that users have: they open, and go on training."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")

from training.export.volumes import load_run  # noqa: E402
from training.loop import Loop  # noqa: E402
from training.nets.unet import UNetPlan  # noqa: E402
from training.volumes.data import DataPlan  # noqa: E402
from training.volumes.train import VolumeTask  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module", params=["border", "numbering"])
def checkpoint(request: pytest.FixtureRequest) -> Path:
    """One of the files in ../shared/checkpoints beside the repository, or $DENTALTOPOSEG_DATA/../checkpoints."""
    data = Path(os.environ.get("DENTALTOPOSEG_DATA", ROOT.parent / "shared" / "data"))
    file = data.parent / "checkpoints" / f"{request.param}-gpu.pt"
    if not file.is_file():
        pytest.skip(f"no checkpoint {file.name} here: put it in checkpoints/ beside the folder with the real scans")
    return file


def test_a_checkpoint_gives_the_network_of_its_plan(checkpoint: Path, tmp_path: Path) -> None:
    shutil.copy(checkpoint, tmp_path / "checkpoint.pt")
    run = load_run(tmp_path)
    assert checkpoint.name.startswith(run.task)
    assert run.net.plan == UNetPlan.from_dict(run.config["net"])
    assert run.progress["step"] > 1000
    assert DataPlan.from_config(run.config).task == run.task
    side = 2 * run.net.plan.divisor
    with torch.no_grad():
        (logits,) = run.net(torch.randn(1, 1, side, side, side, generator=torch.Generator().manual_seed(0)))
    assert logits.shape == (1, run.config["net"]["classes"], *[side // run.net.plan.output_stride] * 3)
    assert torch.isfinite(logits).all()
    assert float(logits.std()) > 0.1


def test_training_starts_from_a_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    loop = Loop(VolumeTask(state["config"], tmp_path), tmp_path)
    before = loop.task.net.head.weight.clone()
    loop.start_from(checkpoint)
    for net in (loop.task.net, loop.average):
        torch.testing.assert_close(net.head.weight, state["average"]["head.weight"])
    assert not torch.equal(before, loop.task.net.head.weight)
