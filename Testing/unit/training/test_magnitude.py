"""Magnitude pruning keeps the largest weights within the budget, and nothing of what stays is changed."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")

from training.compression.gates import filter_importance, slice_network  # noqa: E402
from training.compression.magnitude import cut_by_magnitude  # noqa: E402
from training.nets.unet import UNet, UNetPlan, macs  # noqa: E402

PLAN = UNetPlan(3, (32, 48), (1, 1), (1,), full_width=16, deep_supervision=0)
WHOLE = macs(PLAN, (32, 32, 32))["total"]


def _uneven() -> UNet:
    """A network of which every layer's second half hardly counts."""
    torch.manual_seed(3)
    net = UNet(PLAN).eval()
    with torch.no_grad():
        for name in PLAN.names:
            norm = net.get_submodule(name).norm
            norm.weight[len(norm.weight) // 2 :] *= 1e-4
            norm.bias.zero_()
    return net


def test_what_hardly_counts_goes_and_the_answer_stays() -> None:
    net = _uneven()
    small = cut_by_magnitude(net, 0.45)
    share = macs(small.plan, (32, 32, 32))["total"] / WHOLE
    assert 0.2 < share <= 0.45
    image = torch.randn(1, 1, 16, 16, 16)
    with torch.no_grad():
        assert torch.allclose(net(image)[0], small(image)[0], atol=2e-2)
    # the other half instead: the same size, another answer
    gates = {name: torch.tensor([0.0] * (n // 16) + [1.0] * (n // 8 - n // 16)) for name, n in _widths(net).items()}
    with torch.no_grad():
        assert not torch.allclose(net(image)[0], slice_network(net, gates)(image)[0], atol=2e-2)


def _widths(net: UNet) -> dict[str, int]:
    return {name: len(values) for name, values in filter_importance(net).items()}


def test_a_budget_below_one_group_a_layer_is_refused() -> None:
    with pytest.raises(ValueError, match="One group per layer already costs"):
        cut_by_magnitude(_uneven(), 0.001)
