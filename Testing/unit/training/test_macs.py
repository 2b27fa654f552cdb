"""Counting multiply-accumulates: against layers counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="onnx is not installed: pip install '.[test]'")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from DentalTopoSegLib.networks.models import resources_dir  # noqa: E402
from training.compression.macs import onnx_macs, plain_unet_macs, sliding_windows  # noqa: E402


def graph(nodes: list, weights: dict[str, tuple[int, ...]], shape: list) -> onnx.ModelProto:
    """A graph from "x" to "y" with random weights of these shapes."""
    initializers = [numpy_helper.from_array(np.ones(s, np.float32), name) for name, s in weights.items()]
    rank = len(shape)
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None] * rank)
    made_graph = helper.make_graph(nodes, "toy", [given], [made], initializers)
    return helper.make_model(made_graph, opset_imports=[helper.make_opsetid("", 20)])


def test_a_convolution_counted_by_hand():
    node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[3, 3, 3], pads=[1] * 6, strides=[2, 2, 2])
    model = graph([node], {"w": (5, 3, 3, 3, 3)}, [1, 3, "d", "h", "w_"])
    # (8, 10, 6) with stride 2 -> 4 * 5 * 3 voxels, 5 channels, each from 3 channels of 27 neighbours
    assert onnx_macs(model, {"x": (1, 3, 8, 10, 6)}) == 4 * 5 * 3 * 5 * 3 * 27


def test_groups_transposed_convolutions_and_products():
    grouped = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[1, 1, 1], group=2)
    assert onnx_macs(graph([grouped], {"w": (6, 2, 1, 1, 1)}, [1, 4, 2, 2, 2]), {"x": (1, 4, 2, 2, 2)}) == 8 * 6 * 2
    lifted = helper.make_node("ConvTranspose", ["x", "w"], ["y"], kernel_shape=[2, 2, 2], strides=[2, 2, 2])
    model = graph([lifted], {"w": (4, 3, 2, 2, 2)}, [1, 4, "d", 5, 6])
    # every input voxel's 4 channels go into 8 voxels of 3 channels
    assert onnx_macs(model, {"x": (1, 4, 3, 5, 6)}) == 3 * 5 * 6 * 4 * 8 * 3
    product = helper.make_node("MatMul", ["x", "w"], ["y"])
    assert onnx_macs(graph([product], {"w": (7, 2)}, ["n", 7]), {"x": (11, 7)}) == 11 * 7 * 2


def test_refusals_name_what_is_missing():
    node = helper.make_node("Conv", ["x", "w"], ["y"], kernel_shape=[1, 1, 1])
    model = graph([node], {"w": (2, 1, 1, 1, 1)}, [1, 1, "d", "h", "k"])
    with pytest.raises(ValueError, match='"x" is missing'):
        onnx_macs(model, {})
    with pytest.raises(ValueError, match="5 axes, not 3"):
        onnx_macs(model, {"x": (4, 4, 4)})


@pytest.mark.parametrize("task", ["border", "numbering"])
def test_shipped_networks_are_counted_whole_and_grow_with_the_volume(task):
    model = onnx.load(next((resources_dir() / "Models").glob(f"{task}-*.int8.onnx")))
    one = onnx_macs(model, {"image": (1, 1, 32, 32, 64)})
    assert one > 0
    assert onnx_macs(model, {"image": (1, 1, 64, 96, 64)}) == 6 * one


PLAN = {
    "patch_size": [8, 8, 16],
    "architecture": {
        "arch_kwargs": {
            "features_per_stage": [2, 4],
            "kernel_sizes": [[3, 3, 3], [1, 3, 3]],
            "strides": [[1, 1, 1], [2, 2, 2]],
            "n_conv_per_stage": [2, 1],
            "n_conv_per_stage_decoder": [1],
        }
    },
}


def test_a_plain_unet_counted_by_hand():
    full, half = 8 * 8 * 16, 4 * 4 * 8
    encoder = full * 27 * (1 * 2 + 2 * 2) + half * 9 * 2 * 4
    decoder = half * 4 * 8 * 2 + full * 27 * 4 * 2  # up from 4 to 2 channels, then beside the skip
    assert plain_unet_macs(PLAN, classes=3) == encoder + decoder + full * 2 * 3


def test_windows_of_nnunets_predictor():
    assert sliding_windows((154, 307, 307), (128, 128, 128)) == 2 * 4 * 4
    assert sliding_windows((100, 128, 129), (128, 128, 128)) == 1 * 1 * 2
