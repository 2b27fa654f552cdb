"""Quantisation-aware training computes what ONNX Runtime computes with the exported graph. Needs torch and onnx."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install '.[test]'")
from onnx import numpy_helper  # noqa: E402

from training.compression import quantization as q  # noqa: E402
from training.compression import restore, rounding  # noqa: E402
from training.export.graph import activation_names, with_outputs, write_graph  # noqa: E402
from training.export.quantizer import Quantizer  # noqa: E402
from training.export.ranges import calibrate, measure_scales, session, static_baseline  # noqa: E402
from training.export.volumes import int8_report  # noqa: E402
from training.nets.unet import UNet, UNetPlan, freeze_norm_statistics  # noqa: E402
from training.volumes.losses import border_loss  # noqa: E402

MODELS = Path(__file__).resolve().parents[3] / "Resources" / "Models"


def _shipped(task: str) -> Path:
    return next(MODELS.glob(f"{task}-*.int8.onnx"))


PLANS = {
    "border": UNetPlan(3, (32, 32), (1, 1), (1,), full_width=16, deep_supervision=0),
    "numbering": UNetPlan(33, (32, 32), (1, 2), (2,), deep_supervision=0),
}
each_task = pytest.mark.parametrize("task", sorted(PLANS))


def _image(size: int, seed: int = 0) -> np.ndarray:
    """Smooth noise as a z-scored image (1, 1, size, size, size): neighbouring voxels alike, as in a scan."""
    image = gaussian_filter(np.random.default_rng(seed).standard_normal((size,) * 3), 1.5)
    return (image / image.std()).astype(np.float32)[None, None]


def _net(task: str, seed: int = 0) -> UNet:
    """An untrained network with lively BatchNorm statistics and logits of several units."""
    torch.manual_seed(seed)
    net = UNet(PLANS[task])
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            torch.nn.init.uniform_(module.weight, 0.6, 1.4)
            torch.nn.init.normal_(module.bias, std=0.2)
            module.momentum = 0.5
    torch.nn.init.normal_(net.head.weight, std=0.8)
    torch.nn.init.normal_(net.head.bias, std=0.5)
    with torch.no_grad():
        for step in range(4):
            net.train()(torch.from_numpy(_image(16, step)))
    return net.eval()


def _run(model: onnx.ModelProto | Path, image: np.ndarray) -> np.ndarray:
    """ONNX Runtime's probabilities, 0 to 1."""
    output = session(onnx.load(model) if isinstance(model, Path) else model, 1).run(None, {"image": image})[0]
    return output.astype(np.float32) / (255 if output.dtype == np.uint8 else 1)


def _probabilities(net: UNet, image: np.ndarray) -> np.ndarray:
    """Torch's probabilities in the graph's form: tooth and core, or 33 classes."""
    with torch.no_grad():
        p = torch.softmax(net(torch.from_numpy(image))[0], 1).numpy()
    return np.concatenate([1 - p[:, :1], p[:, 1:2]], 1) if net.plan.full_width else p


def _labels(p: np.ndarray) -> np.ndarray:
    return (p > 0.5).sum(1) if p.shape[1] == 2 else p.argmax(1)


def _disagreement(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """Share of voxels with different labels; share of probabilities more than 2/255 apart."""
    assert a.shape == b.shape
    return float((_labels(a) != _labels(b)).mean()), float((np.abs(a - b) > 2.01 / 255).mean())


def _export(qnet: q.QuantisedUNet) -> onnx.ModelProto:
    return write_graph(q.to_float(qnet), {"id": "test"}, q.activation_scales(qnet), qnet.quantizer)


def _whole_weights(model: onnx.ModelProto) -> list[np.ndarray]:
    weights = [numpy_helper.to_array(t) for t in model.graph.initializer]
    return [w.astype(int) for w in weights if w.dtype == np.int8 and w.ndim == 5]


# --- Folding and restoring ---


@each_task
def test_folding_and_unfolding_leave_the_function_alone(task: str) -> None:
    net, image = _net(task), _image(16)
    folded = restore.fold_norms(net)
    assert torch.all(folded.stem.norm.weight == 1)
    reference = _probabilities(net, image)
    np.testing.assert_allclose(_probabilities(folded, image), reference, atol=1e-4)
    unfolded = restore.unfold_norms(folded, [image])
    np.testing.assert_allclose(_probabilities(unfolded, image), reference, atol=1e-4)
    # With the batch's own statistics it is still the same function of that image: what training will start from.
    trained = unfolded.train()
    np.testing.assert_allclose(_probabilities(trained, image), reference, atol=1e-3)
    with pytest.raises(ValueError, match="at least one image"):
        restore.unfold_norms(folded, [])


@each_task
def test_a_network_comes_back_from_its_fp32_file(task: str, tmp_path: Path) -> None:
    net, image = _net(task), _image(16)
    model = write_graph(net, {"id": "test", "training": {"plan": net.plan.to_dict()}})
    onnx.save(model, tmp_path / "model.onnx")
    restored = restore.unet_from_onnx(tmp_path / "model.onnx")
    np.testing.assert_allclose(_probabilities(restored, image), _probabilities(net, image), atol=1e-4)
    again = write_graph(restored, {"id": "test"})
    np.testing.assert_allclose(_run(again, image), _run(model, image), atol=1.01 / 255)
    with pytest.raises(ValueError, match="int8 files only"):
        restore.scales_from_onnx(tmp_path / "model.onnx")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    model = write_graph(_net("border"), {"id": "test"})
    onnx.save(model, tmp_path / "planless.onnx")
    with pytest.raises(ValueError, match=r"training\.plan"):
        restore.unet_from_onnx(tmp_path / "planless.onnx")
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "foreign.onnx")
    with pytest.raises(ValueError, match="metadata"):
        restore.unet_from_onnx(tmp_path / "foreign.onnx")


@pytest.mark.parametrize(("task", "size"), [("border", 48), ("numbering", 32)])
def test_shipped_networks_come_back_and_quantise_alike(task: str, size: int) -> None:
    path, image = _shipped(task), _image(size)
    shipped = _run(path, image)
    net, scales = restore.unet_from_onnx(path), restore.scales_from_onnx(path)
    # No activation rounding here; on noise many voxels are near a toss-up.
    assert _disagreement(_probabilities(net, image), shipped)[0] < 0.01
    again = write_graph(net, {"id": "again"}, scales)
    # The border file holds 8 rounded copies of each full-resolution weight; one network cannot equal all of them.
    assert _disagreement(_run(again, image), shipped)[0] < (0.003 if net.plan.full_width else 1e-9)
    qnet = q.prepare_qat(net, scales)
    different, apart = _disagreement(_probabilities(qnet, image), _run(again, image))
    assert different <= 0.001
    assert apart < 0.02
    assert q.activation_scales(qnet) == scales


# --- Agreement with ONNX Runtime ---


@each_task
@pytest.mark.parametrize(
    ("quantizer", "limit", "top"),
    [
        (Quantizer(), 63, 255),
        (Quantizer(weight_bits=4), 7, 255),
        (Quantizer(weight_bits=4, activation_bits=6), 7, 63),
        (Quantizer("paper"), 127, 127),
        (Quantizer("paper", 6, 6), 31, 31),
        (Quantizer("paper_channels", 4, 6), 7, 31),
    ],
)
def test_torch_agrees_with_onnx_runtime(task: str, quantizer: Quantizer, limit: int, top: int, tmp_path: Path) -> None:
    net, image = _net(task), _image(32)
    qnet = q.prepare_qat(net, calibrate(net, [_image(16, 5)], quantizer), quantizer)
    model = _export(qnet)
    ours, theirs = _probabilities(qnet, image), _run(model, image)
    # Sums that fall between two steps may be rounded either way, and an untrained network amplifies that; labels are
    # compared where they are not a toss-up.
    ordered = np.sort(theirs, 1)
    clear = (np.abs(theirs - 0.5).min(1) if task == "border" else ordered[:, -1] - ordered[:, -2]) > 0.05
    assert clear.mean() > 0.4
    assert (_labels(ours) == _labels(theirs))[clear].mean() >= 0.999
    assert _disagreement(ours, theirs)[1] < 0.02
    # The comparison means something: rounding itself changes far more than that.
    rounding = np.abs(_probabilities(net, image) - theirs).mean()
    assert np.abs(ours - theirs).mean() < 0.2 * rounding
    assert len(np.unique(_labels(theirs))) > 1
    assert max(np.abs(w).max() for w in _whole_weights(model)) == limit
    session(model, optimised=tmp_path / "optimised.onnx")
    report = int8_report(onnx.load(tmp_path / "optimised.onnx"))
    # Taking the image apart moves numbers and multiplies none; fewer bits run as integers too.
    assert report["fp32"] == ["Conv:parts.sum"]
    assert len(report["int8"]) == sum(node.op_type == "Conv" for node in model.graph.node) - 1
    names = [f"{name}.uint8" for name in activation_names(net)]
    bare = with_outputs(model, names)
    for output in bare.graph.output:
        output.type.tensor_type.elem_type = onnx.TensorProto.UINT8
    assert max(int(value.max()) for value in session(bare, 1).run(None, {"image": image})) == top


def _rounded(x: np.ndarray, bits: int, largest: float | None = None) -> np.ndarray:
    """The paper's equation 1, read literally: Q(x) = round(x / s) s, symmetric, s from the largest of all values."""
    top = 2 ** (bits - 1) - 1
    step = (np.abs(x).max() if largest is None else largest) / top
    return np.clip(np.round(x / step), -top, top) * step


def _numpy_layer(x: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: int = 1) -> np.ndarray:
    """3x3x3 convolution with zeros around, and ReLU: x (C, D, H, W), weight (O, C, 3, 3, 3), bias (O,), in float64."""
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(x, [(0, 0)] + [(1, 1)] * 3), (3, 3, 3), (1, 2, 3))
    total = np.einsum("cdhwijk,ocijk->odhw", windows[:, ::stride, ::stride, ::stride], weight.astype(float))
    return np.maximum(total + bias[:, None, None, None], 0)


@pytest.mark.parametrize("bits", [8, 6, 4])
def test_the_papers_quantizer_is_its_equation(bits: int) -> None:
    net, image = restore.fold_norms(_net("border")), _image(16)
    quantizer = Quantizer("paper", bits, bits)
    scales = calibrate(net, [image], quantizer)
    qnet = q.prepare_qat(net, scales, quantizer)
    # the image's sub-voxels as channels, at 8 bits whatever the network has
    parts = image.reshape(8, 2, 8, 2, 8, 2).transpose(1, 3, 5, 0, 2, 4).reshape(8, 8, 8, 8).astype(float)
    exact, x = parts, _rounded(parts, 8)
    with torch.no_grad():
        ours = (qnet._parts(torch.from_numpy(image)), qnet.image_step)
    np.testing.assert_allclose(ours[0][0], x, atol=1e-5)
    for name in ("stem", "encoder.0.0", "encoder.1.0"):
        module = qnet.get_submodule(name)
        weight, bias = module.conv.weight.detach().numpy(), module.norm.bias.detach().numpy()
        stride, top = module.conv.stride[0], 2 ** (bits - 1) - 1
        exact = _numpy_layer(exact, weight, bias, stride)  # what the float network computes: min-max ranges are of it
        unit = ours[1] * np.abs(weight).max() / top  # of the integer sums, to which the bias is added
        bias = np.round(bias / unit) * unit
        x = _rounded(_numpy_layer(x, _rounded(weight, bits), bias, stride), bits, exact.max())
        with torch.no_grad():
            ours = qnet._block(name, module, ours)
        assert ours[1] == scales[name] == pytest.approx(exact.max() / top, rel=1e-4)
        off = np.abs(ours[0][0].numpy() - x)
        assert (off > 0.01 * ours[1]).mean() < 0.002  # sums that lie between two steps may go either way
        assert off.max() <= 2.01 * ours[1]
        ours = (torch.from_numpy(x[None].astype(np.float32)), ours[1])


def test_per_tensor_weights_have_one_step_and_channels_their_own() -> None:
    net, image = _net("border"), _image(16)
    with torch.no_grad():
        net.encoder[0][0].conv.weight[3] *= 40  # one loud filter takes the others' levels
    lost = {}
    for scheme in ("paper", "paper_channels"):
        quantizer = Quantizer(scheme, 6, 6)
        model = write_graph(net, {"id": "test"}, calibrate(net, [image], quantizer), quantizer)
        constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        steps = {k: v for k, v in constants.items() if k.endswith(".weight.scale")}
        assert len(steps) == 8
        one = [len(np.unique(v)) == 1 for v in steps.values()]
        assert all(one) if scheme == "paper" else not any(one)
        whole = constants["encoder.0.0.weight.whole"]
        lost[scheme] = float(np.mean([np.abs(w).max() <= 1 for w in whole]))
        folded = restore.fold_norms(net).encoder[0][0].conv.weight.detach().numpy()
        largest = np.abs(folded).max() if scheme == "paper" else np.abs(folded[0]).max()
        assert steps["encoder.0.0.weight.scale"][0] == pytest.approx(largest / 31, rel=1e-5)
    assert lost["paper"] > 0.5 > lost["paper_channels"] == 0


def test_fewer_bits_are_coarser_and_the_symmetric_scheme_wastes_one() -> None:
    net, image = _net("border"), _image(32)
    exact = _run(write_graph(net, {"id": "test"}), image)

    def error(scheme: str, bits: int) -> float:
        quantizer = Quantizer(scheme, bits, bits)
        scales = calibrate(net, [image], quantizer)
        return float(np.abs(_run(write_graph(net, {"id": "test"}, scales, quantizer), image) - exact).mean())

    errors = {scheme: [error(scheme, bits) for bits in (8, 6, 4)] for scheme in ("shipped", "paper_channels", "paper")}
    for each in errors.values():
        assert each == sorted(each) and each[-1] > 3 * each[0] > 0
    for ours, channels, tensor in zip(*errors.values(), strict=True):
        assert ours < channels < tensor


def test_quantizers_that_cannot_be_are_refused() -> None:
    net = _net("border")
    for options, message in (
        ({"weight_bits": 1}, "Weights can have 2 to 8 bits, not 1"),
        ({"activation_bits": 9}, "Activations can have 2 to 8 bits, not 9"),
        ({"scheme": "best"}, "shipped, paper, paper_channels, not 'best'"),
        ({"bits": 4}, "Unknown option.*bits"),
    ):
        with pytest.raises(ValueError, match=message):
            Quantizer.from_dict(options)
    with pytest.raises(ValueError, match="calibrate first"):
        q.prepare_qat(net, None, Quantizer("paper"))
    assert Quantizer.from_dict(Quantizer("paper", 4, 6).to_dict()) == Quantizer("paper", 4, 6)


def test_minmax_takes_the_largest_value() -> None:
    net, image = _net("border"), _image(16)
    fp32, names = write_graph(net, {"id": "test"}), ["stem", "full"]
    largest = measure_scales(fp32, names, [image], "minmax")
    best = measure_scales(fp32, names, [image])
    with torch.no_grad():
        assert largest["stem"] * 255 == pytest.approx(float(net.stem(torch.from_numpy(image)).max()), rel=1e-4)
    assert all(best[name] <= largest[name] for name in names)
    with pytest.raises(ValueError, match="entropy"):
        measure_scales(fp32, names, [image], "entropy")


@each_task
def test_static_baseline_runs_and_is_near_the_fp32_graph(task: str) -> None:
    fp32, image = write_graph(_net(task), {"id": "test"}), _image(16)
    before = fp32.SerializeToString()
    baseline = static_baseline(fp32, [image])
    assert fp32.SerializeToString() == before
    assert max(np.abs(w).max() for w in _whole_weights(baseline)) in (63, 64)
    difference = np.abs(_run(baseline, image) - _run(fp32, image))
    assert 0 < difference.mean() < 0.02


# --- Gradients and training ---


def _toy(size: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    """Bright is tooth, very bright is core."""
    image = torch.from_numpy(_image(size))
    target = 2 * (image[:, 0] > 0.3).to(torch.uint8) - (image[:, 0] > 0.9).to(torch.uint8)
    return image, target


@pytest.mark.parametrize("bfloat16", [False, True])
def test_training_steps_lower_the_loss_and_move_the_ranges(bfloat16: bool) -> None:
    torch.manual_seed(0)
    image, target = _toy()
    net = UNet(PLANS["border"])
    qnet = q.prepare_qat(restore.unfold_norms(net, [image.numpy()]), momentum=0.1).train()
    optimiser = torch.optim.Adam([p for p in qnet.parameters() if p.requires_grad], 3e-3)
    losses, steps = [], []
    for step in range(30):
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits = qnet(image.bfloat16() if bfloat16 else image)[0]
        loss = border_loss(logits, target)[0]
        optimiser.zero_grad()
        loss.backward()
        if step == 0:
            silent = [n for n, p in qnet.named_parameters() if p.requires_grad and p.grad is None]
            assert silent == []
            assert all(torch.isfinite(p.grad).all() for p in qnet.parameters() if p.requires_grad)
            dead = [n for n, p in qnet.named_parameters() if n.endswith("conv.weight") and not p.grad.any()]
            assert dead == []
        optimiser.step()
        losses.append(float(loss.detach()))
        steps.append(q.activation_scales(qnet)["full"])
    assert losses[-1] < 0.7 * losses[0]
    assert steps[-1] != steps[0]
    # What was trained is what runs.
    qnet.eval()
    moved = q.activation_scales(qnet)
    different, _ = _disagreement(_probabilities(qnet, image.numpy()), _run(_export(qnet), image.numpy()))
    assert different <= 0.001
    assert q.activation_scales(qnet) == moved, "evaluation moved a range"


def test_gradients_are_near_the_float_networks() -> None:
    image, target = _toy()
    net = restore.fold_norms(_net("border")).train()
    freeze_norm_statistics(net)
    qnet = q.prepare_qat(net, calibrate(net, [image.numpy()], Quantizer()))
    qnet.follow_ranges = False
    for each in (net, qnet):
        border_loss(each.train(each is qnet)(image)[0], target)[0].backward()
    for name in ("stem.conv.weight", "encoder.1.0.norm.bias", "full.features.weight", "full.image.weight", "head.bias"):
        a, b = (each.get_parameter(name).grad.flatten() for each in (net, qnet))
        assert float(torch.cosine_similarity(a, b, dim=0)) > 0.85, name


def test_gradient_of_rounded_activations_is_the_clipped_straight_through_one() -> None:
    values = torch.tensor([-1.0, -0.01, 0.01, 0.3, 0.7, 1.49, 1.53, 9.0]).view(1, -1, 1, 1, 1).requires_grad_()
    y, error = rounding.RoundActivation.apply(values, 0.1, 15, True)
    expected = torch.tensor([0, 0, 0, 0.3, 0.7, 1.5, 1.5, 1.5]).view_as(y)
    torch.testing.assert_close(y.detach(), expected)
    relu = values.detach().clamp(min=0)
    torch.testing.assert_close(error.detach(), (relu - expected).square().mean())
    (passed,) = torch.autograd.grad(y.sum(), values, retain_graph=True)
    assert passed.flatten().tolist() == [0, 0, 1, 1, 1, 1, 1, 0]
    (pull,) = torch.autograd.grad(error, values)
    torch.testing.assert_close(pull, 2 * (relu - expected) / values.numel())


# --- Rounding loss and ranges ---


def test_quantization_loss_is_zero_on_the_grid_and_falls_when_trained_on() -> None:
    weight = torch.arange(-63, 64).view(1, -1).float() * 0.01
    rounded, _ = rounding.round_weight(weight, torch.zeros(1), 0.1, 63)
    torch.testing.assert_close(rounded, weight)
    image = torch.from_numpy(_image(16))
    net, three = _net("border"), Quantizer(weight_bits=3)
    qnet = q.prepare_qat(net, calibrate(net, [image.numpy()], three), three, with_error=True).train()
    optimiser = torch.optim.Adam([p for p in qnet.parameters() if p.requires_grad], 2e-3)
    values = []
    for _ in range(15):
        qnet(image)
        loss = q.quantization_loss(qnet)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        values.append(float(loss.detach()))
    assert 0 < values[-1] < 0.8 * values[0]
    with pytest.raises(RuntimeError, match="with_error"):
        q.quantization_loss(qnet)


def test_weights_on_the_grid_have_no_rounding_error() -> None:
    net = restore.unet_from_onnx(_shipped("numbering"))
    qnet = q.prepare_qat(net, restore.scales_from_onnx(_shipped("numbering")), with_error=True)
    with torch.no_grad():
        qnet(torch.zeros(1, 1, 32, 32, 32))
    assert all(float(error) < 1e-14 for error in qnet.errors["weight"])
    assert float(q.quantization_loss(qnet)) > 0  # activations of a real network are not on theirs


def test_range_follows_the_step_of_least_error() -> None:
    torch.manual_seed(0)
    values = torch.randn(1, 16, 16, 16, 16).abs()
    for top in (255, 15):
        limits = rounding.Range(None, top, 0.2)
        for _ in range(40):
            limits.observe(values)
        candidates = torch.linspace(0.3, 1.1, 200) * values.max() / top
        errors = [((values / s).round().clamp(0, top) * s - values).square().mean() for s in candidates]
        ours = ((values / limits.step).round().clamp(0, top) * limits.step - values).square().mean()
        assert float(ours) < 1.1 * float(min(errors))
        before = limits.step
        limits.observe(values * 3)
        assert before < limits.step < 3 * before


def test_min_max_ranges_follow_the_largest_value_slowly() -> None:
    limits = rounding.LargestRange(None, 7, 0.25)
    values = torch.zeros(1, 2, 2, 2, 2)
    values[0, 1, 0, 1, 1] = 14.0
    limits.observe(values)
    assert limits.step == 2.0
    limits.observe(2 * values)
    assert limits.step == 2.5
    limits.observe(-values)  # nothing above 0: half way to nothing, never to nothing
    assert 0 < limits.step < 2.5


@each_task
def test_ranges_have_to_be_known(task: str) -> None:
    net = _net(task)
    qnet = q.prepare_qat(net)
    with pytest.raises(RuntimeError, match="no range"):
        qnet(torch.zeros(1, 1, 16, 16, 16))
    with pytest.raises(RuntimeError, match="no ranges"):
        q.activation_scales(qnet)
    qnet.train()(torch.from_numpy(_image(16)))
    measured, followed = calibrate(net, [_image(16)], Quantizer()), q.activation_scales(qnet)
    assert set(measured) == set(followed)
    for name in activation_names(net):
        assert followed[name] == pytest.approx(measured[name], rel=0.35), name


@each_task
def test_state_dict_and_features_are_the_float_networks(task: str) -> None:
    net, image = _net(task), torch.from_numpy(_image(16))
    qnet = q.prepare_qat(net, calibrate(net, [image.numpy()], Quantizer()))
    assert list(qnet.state_dict()) == list(net.state_dict())
    with torch.no_grad():
        a, b = net.features(image)[0], qnet.features(image)[0]
    assert a.shape == b.shape
    assert float((a - b).abs().mean() / a.abs().mean()) < 0.1


def test_range_of_values_below_its_least() -> None:
    limits = rounding.Range(None, 255, 0.2)
    limits.observe(torch.full((1, 8, 8, 8, 8), 1e-5))  # a layer that is almost dead
    assert 0 < limits.step <= 2.0**rounding.Range.LOWEST * 2.0 ** (1 / rounding.Range.OCTAVE) / 255
