"""A border network with a second head as two files: the teeth as without it, the tissues as torch has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
onnx = pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")

from Testing.unit.training.test_training_export import PLANS, _image, _network  # noqa: E402
from training.export.graph import FEATURES, OUTPUT, write_graph  # noqa: E402
from training.export.quantizer import Quantizer  # noqa: E402
from training.export.ranges import calibrate, session  # noqa: E402
from training.export.tissues import compare_tissues, head_scales, write_tissues_graph  # noqa: E402
from training.export.volumes import int8_report  # noqa: E402
from training.nets.unet import UNet  # noqa: E402
from training.patients.targets import TISSUE_CLASSES  # noqa: E402

TISSUES = len(TISSUE_CLASSES)


@pytest.fixture(scope="module")
def nets() -> tuple[UNet, UNet]:
    """A border network, and the same with a head for tissues."""
    plain = _network("border")
    both = UNet(replace(PLANS["border"], tissues=TISSUES))
    both.load_state_dict(plain.state_dict(), strict=False)
    torch.manual_seed(6)
    torch.nn.init.normal_(both.tissue_head.weight, std=0.3)
    return plain, both.eval()


def test_the_logits_of_tissues_come_after_the_others(nets) -> None:
    plain, both = nets
    image = torch.from_numpy(_image((16, 16, 16)))
    with torch.no_grad():
        one, two = plain(image)[0], both(image)[0]
    assert two.shape[1] == 3 + TISSUES
    assert torch.equal(one, two[:, :3])


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_teeth_are_the_same_with_a_head_for_tissues(nets, precision: str, tmp_path: Path) -> None:
    plain, both = nets
    image = _image((16, 24, 16))
    scales = calibrate(both, [image], Quantizer()) if precision == "int8" else None
    files = [write_graph(net, {"id": "x", "task": "border"}, scales and dict(scales)) for net in (plain, both)]
    assert [o.name for o in files[1].graph.output] == [OUTPUT, FEATURES]
    runner = session(files[1], threads=1, optimised=tmp_path / "optimised.onnx")
    (without,) = session(files[0], threads=1).run([OUTPUT], {"image": image})
    (alone,) = runner.run([OUTPUT], {"image": image})
    together, features = runner.run([OUTPUT, FEATURES], {"image": image})
    np.testing.assert_array_equal(without, alone)
    np.testing.assert_array_equal(without, together)
    assert features.shape == (1, 8 * 16, 8, 12, 8)
    if precision == "int8":
        assert features.dtype == np.uint8
        assert int8_report(onnx.load(tmp_path / "optimised.onnx"))["fp32"] == ["Conv:parts.sum"]


def test_the_head_says_what_torch_says(nets) -> None:
    _, net = nets
    image = _image((16, 24, 16))
    with torch.no_grad():
        p = torch.softmax(net(torch.from_numpy(image))[0][:, 3:], 1).numpy()
    scales = calibrate(net, [image], Quantizer()) | head_scales(net, [image])
    border = [write_graph(net, {"id": "x"}), write_graph(net, {"id": "x"}, dict(scales))]
    heads = [write_tissues_graph(net, {"id": "y"}), write_tissues_graph(net, {"id": "y"}, dict(scales))]
    for file, head, within in zip(border, heads, (0.501, 20.0), strict=True):
        (features,) = session(file, threads=1).run([FEATURES], {"image": image})
        (answer,) = session(head, threads=1).run([OUTPUT], {FEATURES: features})
        assert answer.shape == p.shape
        assert answer.dtype == np.uint8
        assert np.abs(answer / 255.0 - p).max() < within / 255.0
    target = p[0].argmax(0).astype(np.uint8)
    measured = compare_tissues(net, (border[0], heads[0]), (border[1], heads[1]), [(image, target)])
    assert measured["torch_difference"] < 0.01
    assert measured["pulp_fp32"] > 0.95  # of probabilities in bytes, ties are many
    assert measured["pulp_int8"] > 0.7
