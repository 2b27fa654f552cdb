"""Gates on groups of filters, slicing and irregular plans. Skipped where torch is not installed."""

from __future__ import annotations

import copy
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")

from training.compression.gates import GatedUNet, filter_importance, slice_network, sort_filters, target_share  # noqa: E402
from training.export.graph import activation_names, fold, write_graph  # noqa: E402
from training.export.ranges import measure_scales, session  # noqa: E402
from training.export.volumes import int8_report  # noqa: E402
from training.nets.unet import UNet, UNetPlan, freeze_norm_statistics, macs  # noqa: E402

PLANS = {
    "numbering": UNetPlan(33, (32, 48, 48), (1, 2, 1), (2, 1), deep_supervision=1, layers={"lift.0": 24}),
    "border": UNetPlan(3, (32, 48), (0, 1), (1,), full_width=16, layers={"full_lift": 24}),
}
SHAPE = (16, 16, 16)
each_task = pytest.mark.parametrize("task", ["numbering", "border"])


def _network(task: str, seed: int = 0) -> UNet:
    """A network whose norms do something."""
    torch.manual_seed(seed)
    net = UNet(PLANS[task])
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm3d):
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 2.0)
            torch.nn.init.uniform_(module.weight, -0.5, 1.5)
            torch.nn.init.normal_(module.bias, 0, 0.2)
    torch.nn.init.normal_(net.head.weight, std=0.3)
    return net.eval()


def _image() -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).standard_normal((1, 1, *SHAPE), dtype=np.float32))


def _random_gates(gated: GatedUNet, seed: int = 3) -> None:
    torch.manual_seed(seed)
    with torch.no_grad():
        gated.logits.normal_()


_plans = st.builds(
    lambda levels, full, first, pick: (levels, full, first, pick),
    st.integers(2, 4),
    st.sampled_from([0, 16]),
    st.integers(0, 2),
    st.dictionaries(st.integers(0, 20), st.integers(1, 12).map(lambda n: 8 * n)),
)


@settings(max_examples=60, deadline=None)
@given(_plans)
def test_any_plan_survives_json(drawn: tuple) -> None:
    levels, full, first, pick = drawn
    base = {
        "classes": 3,
        "widths": (32, 48, 64, 80)[:levels],
        "encoder_convs": (first, 2, 1, 2)[:levels],
        "decoder_convs": (2, 1, 1)[: levels - 1],
        "full_width": full,
        "deep_supervision": 0,
    }
    names = UNetPlan(**base).names
    layers = {names[i % len(names)]: width for i, width in pick.items()}
    plan = UNetPlan(**base, layers=layers)
    assert UNetPlan.from_dict(json.loads(json.dumps(plan.to_dict()))) == plan
    assert {name: plan.width(name) for name in layers} == layers
    assert hash(plan) == hash(UNetPlan.from_dict(plan.to_dict()))


def test_old_plans_load() -> None:
    values = UNetPlan(3).to_dict()
    del values["layers"]
    assert UNetPlan.from_dict(values) == UNetPlan(3)
    assert UNetPlan(3, layers={"stem": 32}) == UNetPlan(3)


@pytest.mark.parametrize(
    ("layers", "message"),
    [({"stem": 12}, "multiple of 8"), ({"lift.0": 0}, "multiple of 8"), ({"full": 16}, "no layer 'full'")],
)
def test_impossible_layers_are_refused(layers: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UNetPlan(3, layers=layers)


def test_a_stage_without_convolutions_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a convolution"):
        UNetPlan(3, (32, 32), (1, 0), (1,), deep_supervision=0)


@each_task
def test_layers_have_the_plans_widths_and_the_graphs_names(task: str) -> None:
    net, seen = _network(task), {}
    for name in PLANS[task].names:
        net.get_submodule(name).register_forward_hook(
            lambda m, i, out, name=name: seen.update({name: tuple(out.shape[1:])})
        )
    net(_image())
    table = PLANS[task].table()
    assert seen == {n: (PLANS[task].width(n), *(s // 2 ** table[n].halvings for s in SHAPE)) for n in table}
    assert list(table) == activation_names(net)


@each_task
def test_macs_count_what_the_convolutions_do(task: str) -> None:
    net, counted = _network(task), 0

    def count(conv: torch.nn.Conv3d, _: tuple, out: torch.Tensor) -> None:
        nonlocal counted
        counted += conv.weight.numel() * out[0, 0].numel()

    for module in net.modules():
        if isinstance(module, torch.nn.Conv3d):
            module.register_forward_hook(count)
    net(_image())
    assert macs(net, SHAPE)["total"] == counted


def test_macs_of_a_known_network() -> None:
    plan = UNetPlan(3, (32, 64), (1, 1), (1,), full_width=16, deep_supervision=0)
    counts = macs(plan, (8, 8, 8))
    assert counts["stem"] == 8 * 27 * 32 * 64
    assert counts["encoder.1.0"] == 32 * 27 * 64 * 8
    assert counts["decoder.0.0"] == 64 * 27 * 32 * 64
    assert counts["full"] == 17 * 27 * 16 * 512
    assert counts["total"] == sum(v for k, v in counts.items() if k != "total")
    with pytest.raises(ValueError, match="multiple of 4"):
        macs(plan, (8, 6, 8))


@each_task
def test_sorting_filters_changes_their_order_only(task: str) -> None:
    net = _network(task)
    expected = [out.clone() for out in net.train()(_image())]
    net = _network(task).train()
    sort_filters(net)
    for a, b in zip(net(_image()), expected, strict=True):
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)
    net = _network(task)
    evaluated = net(_image())[0]
    torch.testing.assert_close(sort_filters(net)(_image())[0], evaluated, atol=2e-5, rtol=1e-4)
    for values in filter_importance(net).values():
        assert (values.diff() <= 1e-5 * values[0]).all()


@each_task
def test_importance_survives_folding(task: str) -> None:
    net = _network(task)
    folded = copy.deepcopy(net)
    for name in net.plan.names:
        layer, norm = folded.get_submodule(name), folded.get_submodule(name).norm
        convs = [layer.features, layer.image] if name == "full" else [layer.conv]
        for conv in convs:
            weight, bias = fold(conv, norm)
            conv.weight.data.copy_(torch.from_numpy(weight))
        norm.weight.data.fill_(1)
        norm.bias.data.copy_(torch.from_numpy(bias))
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
    torch.testing.assert_close(folded(_image())[0], net(_image())[0], atol=1e-4, rtol=1e-4)
    for a, b in zip(filter_importance(net).values(), filter_importance(folded).values(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-6)


@each_task
@pytest.mark.parametrize("group", [8, 16])
def test_sliced_network_equals_the_gated_one_and_costs_its_share(task: str, group: int) -> None:
    gated = GatedUNet(_network(task), group=group).eval()
    _random_gates(gated)
    small = gated.slice()
    assert any(small.plan.width(n) < gated.plan.width(n) for n in small.plan.names)
    difference = (small(_image())[0] - gated(_image())[0]).abs().max()
    assert float(difference.detach()) < 1e-5
    share = macs(small, SHAPE)["total"] / macs(gated.plan, SHAPE)["total"]
    assert float(gated.macs_share()) == pytest.approx(share, rel=1e-5)
    kept = {name: small.plan.width(name) // 8 for name in small.plan.names}
    if group == 8:
        assert {name: count for name, (count, _) in gated.open_groups().items()} == kept
    small.train()
    gated.harden()
    for a, b in zip(small(_image()), gated.train()(_image()), strict=True):
        torch.testing.assert_close(a, b, atol=1e-4, rtol=1e-4)


def test_slicing_keeps_values_between_0_and_1_and_the_layout() -> None:
    net = _network("border").to(memory_format=torch.channels_last_3d)
    values = {"stem": torch.tensor([0.5, 0.0, 1.0, 0.25]), "full": torch.tensor([0.3, 0.0])}
    small = slice_network(net, values)
    for name, value in values.items():
        norm, channels = net.get_submodule(name).norm, value.repeat_interleave(8)
        norm.weight.data.mul_(channels)
        norm.bias.data.mul_(channels)
    torch.testing.assert_close(small(_image())[0], net(_image())[0], atol=1e-5, rtol=1e-5)
    assert (small.plan.width("stem"), small.plan.width("full")) == (24, 8)
    assert small.encoder[1][0].conv.weight.is_contiguous(memory_format=torch.channels_last_3d)
    with pytest.raises(ValueError, match="one open group"):
        slice_network(net, {"stem": torch.zeros(4)})
    with pytest.raises(ValueError, match="one gate"):
        slice_network(net, {"stem": torch.ones(3)})


@each_task
def test_irregular_network_as_onnx_graph(task: str, tmp_path: Path) -> None:
    import onnx

    gated = GatedUNet(_network(task)).eval()
    _random_gates(gated)
    net, image = gated.slice(), _image().numpy()
    with torch.no_grad():
        expected = torch.softmax(net(_image())[0], 1).numpy()
    if task == "border":
        expected = 255 * np.concatenate([1 - expected[:, :1], expected[:, 1:2]], 1)
    fp32 = write_graph(net, {"id": "x"})
    output = session(fp32, 1).run(None, {"image": image})[0]
    np.testing.assert_allclose(output, expected, atol=0.51 if task == "border" else 1e-5)
    scales = measure_scales(fp32, activation_names(net), [image])
    if task == "numbering":
        scales |= {"head": 0.1, "head.zero": 128}
    runner = session(write_graph(net, {"id": "x"}, scales), 1, tmp_path / "optimised.onnx")
    output = runner.run(None, {"image": image})[0]
    assert int8_report(onnx.load(tmp_path / "optimised.onnx"))["fp32"] == ["Conv:parts.sum"]
    assert np.abs(output - expected).mean() < (0.03 * 255 if task == "border" else 0.03)


@each_task
def test_expected_share_is_the_mean_over_draws(task: str) -> None:
    gated = GatedUNet(_network(task), group=16)
    _random_gates(gated, 4)
    with torch.no_grad():
        gated.logits.sub_(2.0)
    expected = float(gated.macs_share(hard=False).detach())
    shares = []
    for _ in range(200):
        gates = gated.drawn_gates().detach() > 0
        shares.append(float(gated._hard_share(gates)))
        assert all(part.any() for part in gated._split(gates).values())
    assert expected == pytest.approx(np.mean(shares), abs=4 * np.std(shares) / np.sqrt(len(shares)))


def test_target_falls_from_one_to_the_goal() -> None:
    values = [target_share(p, 0.1) for p in np.linspace(0, 1, 41)]
    assert values[0] == 1.0 and values[-1] == pytest.approx(0.1)
    assert all(a >= b for a, b in itertools.pairwise(values))
    with pytest.raises(ValueError, match="above 0"):
        target_share(0.5, 0.0)


@pytest.mark.parametrize("frozen", [False, True])
def test_search_step_in_bfloat16(frozen: bool) -> None:
    gated = GatedUNet(_network("border").to(memory_format=torch.channels_last_3d)).train()
    before = gated.net.stem.norm.running_mean.clone()
    if frozen:
        freeze_norm_statistics(gated)
    x = _image().bfloat16().contiguous(memory_format=torch.channels_last_3d)
    with torch.autocast("cpu", torch.bfloat16):
        logits = gated(x)
    (logits[0].float().square().mean() + gated.budget_loss(0.5)).backward()
    assert len(logits) == 2 and logits[0].dtype == torch.bfloat16
    assert all(torch.isfinite(p.grad).all() for p in gated.parameters() if p.grad is not None)
    assert all(float(g.abs().max()) > 0 for g in gated._split(gated.logits.grad).values())
    assert torch.equal(before, gated.net.stem.norm.running_mean) == frozen
    # Nothing of the pass is left behind: averages and teachers are made by copying.
    copy.deepcopy(gated)


def test_open_gates_change_nothing_and_the_given_network_is_left_alone() -> None:
    net = _network("numbering")
    expected = net(_image())[0]
    gated = GatedUNet(net).eval()
    torch.testing.assert_close(gated(_image())[0], expected, atol=2e-5, rtol=1e-4)
    assert float(gated.macs_share()) == 1.0
    assert torch.equal(net(_image())[0], expected)
    assert type(net.stem.norm) is torch.nn.BatchNorm3d


def test_state_and_optimiser_groups() -> None:
    gated, other = GatedUNet(_network("border")), GatedUNet(_network("border", seed=1))
    _random_gates(gated)
    gated.harden()
    other.load_state_dict(gated.state_dict())
    assert other.open_groups() == gated.open_groups()
    torch.testing.assert_close(other.train()(_image())[0], gated.train()(_image())[0])
    groups = GatedUNet(_network("border")).parameter_groups(0.02, lr=1e-3, weight_decay=0.01)
    assert sum(len(group["params"]) for group in groups) == len(list(gated.parameters()))
    assert [(group["lr"], group["weight_decay"]) for group in groups] == [(1e-3, 0.01), (1e-3, 0.0), (0.02, 0.0)]


def test_hardening_spends_the_budget_on_the_most_wanted_groups() -> None:
    gated = GatedUNet(_network("numbering"))
    _random_gates(gated)
    wanted = gated.logits.detach().clone()
    share = gated.harden(0.35)
    assert 0.3 < share <= 0.35
    opened = gated.hard_gates() > 0
    assert float(wanted[opened].mean()) > float(wanted[~opened].mean()) + 0.5
    assert not gated.logits.requires_grad
    with pytest.raises(ValueError, match="One group per layer"):
        GatedUNet(_network("numbering")).harden(0.01)


def _half_wasted_network() -> UNet:
    """Nobody reads the first half of any layer's filters."""
    torch.manual_seed(0)
    net = UNet(UNetPlan(3, (32, 32), (1, 1), (1,), full_width=16, deep_supervision=0))
    torch.nn.init.normal_(net.head.weight, std=0.3)
    with torch.no_grad():
        for name, layer in net.plan.table().items():
            start = 0
            for source in layer.sources:
                module = net.get_submodule(name)
                conv = module.features if name == "full" else module.conv
                conv.weight[:, start : start + net.plan.width(source) // 2] = 0
                start += net.plan.width(source)
        net.head.weight[:, : net.plan.width("full") // 2] = 0
        for _ in range(20):
            net(torch.randn(1, 1, *SHAPE))
    return net.eval()


def test_search_reaches_its_budget_and_keeps_what_is_read() -> None:
    teacher, goal, steps = _half_wasted_network(), 0.4, 110
    gated = GatedUNet(teacher, sort=False).train()
    freeze_norm_statistics(gated)
    optimiser = torch.optim.Adam([gated.logits], lr=0.15)
    for step in range(steps):
        x = torch.randn(1, 1, *SHAPE)
        with torch.no_grad():
            expected = teacher(x)[0]
        loss = (gated(x)[0] - expected).square().mean() / expected.var()
        optimiser.zero_grad()
        (loss + gated.budget_loss(target_share(step / steps, goal))).backward()
        optimiser.step()
    assert float(gated.macs_share(hard=False).detach()) < 1.1 * goal
    assert gated.harden(goal) <= goal
    # What is left of the budget may go to groups that nobody reads, but none that is read may be lost.
    for name, gates in gated.gates().items():
        assert gates[len(gates) // 2 :].all(), f"{name}: {gates.tolist()}"
    small = gated.eval().slice()
    torch.testing.assert_close(small(x)[0], expected, atol=1e-4, rtol=1e-3)
    assert f"stem {small.plan.width('stem')}/32" in gated.summary()
