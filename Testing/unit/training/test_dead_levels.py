"""Cutting dead levels leaves the function alone. Skipped where torch is not installed."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")

from training.compression.dead_levels import dead_lifts, without_levels_below  # noqa: E402
from training.nets.unet import UNet, UNetPlan, macs  # noqa: E402


def _net(layers: dict[str, int]) -> UNet:
    torch.manual_seed(1)
    plan = UNetPlan(3, (32, 32, 48), (1, 2, 1), (1, 2), full_width=16, deep_supervision=0, layers=layers)
    return UNet(plan).eval()


def _images() -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    return [rng.standard_normal((1, 1, 16, 16, 24)).astype(np.float32) for _ in range(2)]


@pytest.mark.parametrize("layers", [{}, {"encoder.1.1": 16, "decoder.1.0": 24, "lift.1": 8}])
def test_a_network_with_a_dead_lift_is_cut_and_computes_the_same(layers: dict[str, int]) -> None:
    net, images = _net(layers), _images()
    assert dead_lifts(net, images) == []
    with torch.no_grad():
        net.lift[1].norm.bias.fill_(-1e4)
    assert dead_lifts(net, images) == [1]
    small = without_levels_below(net, 1)
    assert small.plan.encoder_convs == (1, 4)
    assert small.plan.divisor == net.plan.divisor // 2
    assert macs(small.plan, (16, 16, 16))["total"] < macs(net.plan, (16, 16, 16))["total"]
    with torch.no_grad():
        for image in images:
            x = torch.from_numpy(image)
            torch.testing.assert_close(small(x)[0], net(x)[0])


def test_the_first_level_cannot_be_cut() -> None:
    with pytest.raises(ValueError, match="cannot end at level 0"):
        without_levels_below(_net({}), 0)
