"""Export of a small untrained network: torch, fp32 ONNX and int8 ONNX agree. Skipped where torch is not installed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")

from training.export.graph import WEIGHT_LIMIT, activation_names, quantise_weight, write_graph  # noqa: E402
from training.export.ranges import best_scale, measure_scales, session  # noqa: E402
from training.export.volumes import TWO_OUTPUTS, int8_report  # noqa: E402
from training.loop import Loop, read_config, read_log  # noqa: E402
from training.nets.unet import UNet, UNetPlan  # noqa: E402
from training.volumes.train import VolumeTask  # noqa: E402

PLANS = {
    "numbering": UNetPlan(33, (32, 48), (1, 1), (1,), deep_supervision=0),
    "border": UNetPlan(3, (32, 48), (1, 1), (1,), full_width=16),
    "structures": UNetPlan(6, (32, 48), (1, 1), (1,), full_width=16),
    "canals": UNetPlan(3, (32, 48), (1, 1), (1,), full_width=16),
}


def _network(task: str) -> UNet:
    """A network with random weights and statistics, so that folding has something to fold."""
    torch.manual_seed(5)
    net = UNet(PLANS[task])
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2.0)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.2)
    torch.nn.init.normal_(net.head.weight, std=0.3)
    return net.eval()


def _image(shape: tuple[int, int, int]) -> np.ndarray:
    return np.random.default_rng(7).standard_normal((1, 1, *shape), dtype=np.float32)


def _torch_output(net: UNet, image: np.ndarray, task: str) -> np.ndarray:
    with torch.no_grad():
        p = torch.softmax(net(torch.from_numpy(image))[0], 1).numpy()
    return np.concatenate([1 - p[:, :1], p[:, 1:2]], 1) if task in TWO_OUTPUTS else p


@pytest.mark.parametrize("task", list(PLANS))
def test_fp32_graph_equals_torch_at_any_size(task: str) -> None:
    net = _network(task)
    runner = session(write_graph(net, {"id": "x"}), threads=1)
    for shape in ((16, 16, 16), (8, 12, 20)):
        image = _image(shape)
        (output,) = runner.run(None, {"image": image})
        expected = _torch_output(net, image, task)
        assert output.shape == expected.shape
        if task != "numbering":
            assert output.dtype == np.uint8
            np.testing.assert_allclose(output / 255.0, expected, atol=0.501 / 255)
        else:
            np.testing.assert_allclose(output, expected, atol=1e-5)


@pytest.mark.parametrize("task", list(PLANS))
def test_int8_graph_is_close_and_all_int8(task: str, tmp_path: Path) -> None:
    net, image = _network(task), _image((16, 16, 16))
    fp32 = write_graph(net, {"id": "x"})
    scales = measure_scales(fp32, activation_names(net), [image])
    if task not in TWO_OUTPUTS:
        scales |= {"head": 0.1, "head.zero": 128}
    int8 = write_graph(net, {"id": "x", "task": task}, scales)
    import onnx

    runner = session(int8, threads=1, optimised=tmp_path / "optimised.onnx")
    report = int8_report(onnx.load(tmp_path / "optimised.onnx"))
    assert report["fp32"] == ["Conv:parts.sum"]
    assert len(report["int8"]) == (6 if task == "numbering" else 8)
    (output,) = runner.run(None, {"image": image})
    scale = 1.0 if task == "numbering" else 255.0
    assert np.abs(output / scale - _torch_output(net, image, task)).mean() < 0.03
    props = {p.key: p.value for p in int8.metadata_props}
    assert json.loads(props["dentaltoposeg"])["task"] == task
    assert int8.ir_version <= 10
    assert int8.opset_import[0].version <= 20


def test_weights_stay_within_seven_bits_and_come_back() -> None:
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(4, 3, 3, 3, 3)).astype(np.float32)
    weight[2] = 0.0
    bias = rng.normal(size=4).astype(np.float32)
    whole, scale, whole_bias = quantise_weight(weight, bias, 0.05)
    assert np.abs(whole).max() == WEIGHT_LIMIT
    step = scale[:, None, None, None, None]
    assert (np.abs(whole * step - weight) <= step * 0.5001).all()
    assert (np.abs(whole_bias * (0.05 * scale.astype(float)) - bias) <= 0.05 * scale * 0.5001).all()


def test_scale_cuts_a_lonely_outlier_but_not_a_spread() -> None:
    edges = np.linspace(0, 100, 2049)
    lonely = np.zeros(2048)
    lonely[:40] = 1e6
    lonely[-1] = 1
    assert best_scale(lonely, edges) < 0.6 * 100 / 255
    assert best_scale(np.ones(2048), edges) > 0.95 * 100 / 255


def test_training_learns_saves_and_resumes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data, runs = tmp_path / "data", tmp_path / "run"
    data.mkdir()
    for index in range(2):
        target = np.zeros((16, 16, 16), np.uint8)
        target[4:12, 4:12, 3:8], target[5:11, 5:11, 4:7] = 2, 1
        np.save(data / f"{index}_target.npy", target)
        image = 1000 * (target > 0) + rng.normal(0, 50, target.shape)
        np.save(data / f"{index}_image.npy", image.astype(np.float16))
    root = Path(__file__).resolve().parents[3]
    config = read_config(root / "training" / "configs" / "border.yaml")
    config["net"] |= {"widths": [32, 32], "encoder_convs": [1, 1], "decoder_convs": [1]}
    config["data"]["patch"] = [16, 16, 16]
    config["training"] |= {"steps": 12, "warmup_steps": 1, "log_every": 4}
    loop = Loop(VolumeTask(config, data, data), runs)
    loop.run()
    losses = [row["loss"] for row in read_log(runs)]
    assert len(losses) == 3
    assert losses[-1] < losses[0]
    config["training"]["steps"] = 14
    again = Loop(VolumeTask(config, data), runs)
    again.resume()
    assert again.progress.step == 12
    torch.testing.assert_close(again.task.net.head.weight, loop.task.net.head.weight)
    again.run()
    assert again.progress.step == 14


def test_errors_of_distances_are_those_of_the_evaluation(tmp_path: Path) -> None:
    from training.export.volumes import distance_errors

    scans = {"a": {"near_canal_mm": [0.1 * i for i in range(11)]}, "b": {"near_canal_mm": [1.0] * 9}, "c": {}}
    (tmp_path / "structures.json").write_text(json.dumps({"scans": scans}))
    assert distance_errors(tmp_path / "structures.json") == {"canal": 1.0}
