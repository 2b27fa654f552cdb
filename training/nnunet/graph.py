"""A U-Net of nnU-Net's as an ONNX graph, node by node from its weights: no network object is built, and nothing of
anybody's code is needed.

Tensors are called after the layer that makes them, as in nnunetv2's checkpoints; a graph of several folds holds each
with its number before the names, and their mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from training.nnunet.folder import RESIDUAL, Architecture, ModelFolder, skip_of

OPSET, IR = 20, 10
INPUT, OUTPUT = "image", "logits"


class _Writer:
    """Nodes and weights of one network."""

    def __init__(self, net: Architecture, weights: Mapping[str, np.ndarray], prefix: str) -> None:
        self.net, self.weights, self.prefix = net, weights, prefix
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def node(self, operator: str, inputs: Sequence[str], name: str, **attributes) -> str:
        """Adds a node and returns the name of what it gives."""
        output = self.prefix + name
        self.nodes.append(helper.make_node(operator, list(inputs), [output], output, **attributes))
        return output

    def weight(self, name: str, array: np.ndarray | None = None) -> str:
        full = self.prefix + name
        array = self.weights[name] if array is None else array
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float32), full))
        return full

    def convolution(self, x: str, name: str, kernel: Sequence[int], stride: Sequence[int], layer: str = "") -> str:
        layer = layer or f"{name}.conv"
        inputs = [x, self.weight(f"{layer}.weight")]
        if f"{layer}.bias" in self.weights:
            inputs.append(self.weight(f"{layer}.bias"))
        pads = [(k - 1) // 2 for k in kernel] * 2
        return self.node("Conv", inputs, layer, kernel_shape=list(kernel), strides=list(stride), pads=pads)

    def block(self, x: str, name: str, kernel: Sequence[int], stride: Sequence[int], bent: bool = True) -> str:
        """Convolution, InstanceNorm and, if `bent`, LeakyReLU."""
        x = self.convolution(x, name, kernel, stride)
        norm = [x, self.weight(f"{name}.norm.weight"), self.weight(f"{name}.norm.bias")]
        x = self.node("InstanceNormalization", norm, f"{name}.norm", epsilon=self.net.eps)
        return self.bend(x, name) if bent else x

    def bend(self, x: str, name: str) -> str:
        if self.net.slope == 0.0:
            return self.node("Relu", [x], name)
        return self.node("LeakyRelu", [x], name, alpha=self.net.slope)

    def residual(self, x: str, stage: int, i: int, below: int) -> str:
        """A residual block (ResNet-D): the other way is pooled by its mean, then projected."""
        net, name = self.net, f"encoder.stages.{stage}.blocks.{i}"
        kernel, one = net.kernels[stage], (1, 1, 1)
        stride = net.strides[stage] if i == 0 else one
        out = self.block(x, f"{name}.conv1", kernel, stride)
        out = self.block(out, f"{name}.conv2", kernel, one, bent=False)
        if max(stride) > 1:
            x = self.node("AveragePool", [x], f"{name}.pooled", kernel_shape=list(stride), strides=list(stride))
        if below != net.features[stage]:
            x = self.block(x, f"{name}.{skip_of(net, stage, i)}", one, one, bent=False)
        return self.bend(self.node("Add", [out, x], f"{name}.sum"), name)

    def network(self, x: str) -> str:
        """The whole U-Net; returns the name of its logits."""
        net = self.net
        one, skips = (1, 1, 1), []
        below = net.features[0]
        if net.kind == RESIDUAL:
            x = self.block(x, "encoder.stem.convs.0", net.kernels[0], one)
        for stage, count in enumerate(net.blocks):
            for i in range(count):
                if net.kind == RESIDUAL:
                    x = self.residual(x, stage, i, below)
                    below = net.features[stage]
                else:
                    stride = net.strides[stage] if i == 0 else one
                    x = self.block(x, f"encoder.stages.{stage}.0.convs.{i}", net.kernels[stage], stride)
            skips.append(x)
        for step, count in enumerate(net.decoder_blocks):
            stage = len(net.features) - 2 - step
            stride = list(net.strides[stage + 1])
            name = f"decoder.transpconvs.{step}"
            inputs = [x, self.weight(f"{name}.weight")] + ([self.weight(f"{name}.bias")] if net.bias else [])
            x = self.node("ConvTranspose", inputs, name, kernel_shape=stride, strides=stride)
            x = self.node("Concat", [x, skips[stage]], f"decoder.stages.{step}.joined", axis=1)
            for i in range(count):
                x = self.block(x, f"decoder.stages.{step}.convs.{i}", net.kernels[stage], one)
        head = f"decoder.seg_layers.{len(net.decoder_blocks) - 1}"
        return self.convolution(x, head, one, one, layer=head)


def write_graph(folder: ModelFolder) -> onnx.ModelProto:
    """The network of a model folder in fp32; of several folds, the mean of their logits.

    Input `image` (1, channels, *patch) float32, output `logits` (1, heads, *patch) float32.
    """
    patch = folder.metadata["patch"]
    channels, heads = len(folder.metadata["channels"]), folder.metadata["heads"]
    writers, logits = [], []
    for i, weights in enumerate(folder.weights):
        writer = _Writer(folder.architecture, weights, f"fold{i}." if len(folder.weights) > 1 else "")
        logits.append(writer.network(INPUT))
        writers.append(writer)
    nodes = [node for writer in writers for node in writer.nodes]
    weights_ = [tensor for writer in writers for tensor in writer.initializers]
    if len(logits) > 1:
        weights_.append(numpy_helper.from_array(np.float32(1 / len(logits)), "share"))
        nodes.append(helper.make_node("Sum", logits, ["sum"], "sum"))
        nodes.append(helper.make_node("Mul", ["sum", "share"], [OUTPUT], OUTPUT))
    else:
        nodes.append(helper.make_node("Identity", logits, [OUTPUT], OUTPUT))
    graph = helper.make_graph(
        nodes,
        "nnunet",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [1, channels, *patch])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [1, heads, *patch])],
        weights_,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    model.producer_name = "dentaltoposeg training"
    onnx.checker.check_model(model, full_check=True)
    return model
