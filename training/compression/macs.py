"""Multiply-accumulates (MACs) of a network: the work of its convolutions and matrix products, whatever runs them.

One MAC is one multiplication and the addition of its product. Of an ONNX graph they are counted node by node at one
input's size; of nnU-Net's plain U-Net from its plan alone. Activations, normalisation, quantising and upsampling
without weights are left out on both sides: they are a percent or so of the work.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import onnx


def onnx_macs(model: onnx.ModelProto, shapes: dict[str, Sequence[int]]) -> int:
    """MACs of one run of the graph on inputs of these shapes (name -> full shape, batch and channels included).

    ValueError when an input's shape is missing, or the shape at a counted node does not follow from the inputs'.
    """
    model = _with_input_shapes(model, shapes)
    known = _shapes(onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph)
    return sum(_node_macs(node, known) for node in model.graph.node)


def _with_input_shapes(model: onnx.ModelProto, shapes: dict[str, Sequence[int]]) -> onnx.ModelProto:
    fixed = onnx.ModelProto()
    fixed.CopyFrom(model)
    del fixed.graph.value_info[:]
    weights = {tensor.name for tensor in fixed.graph.initializer}
    for value in fixed.graph.input:
        if value.name in weights:
            continue
        if value.name not in shapes:
            raise ValueError(f'The shape of the input "{value.name}" is missing: give it.')
        dims = value.type.tensor_type.shape.dim
        if len(dims) != len(shapes[value.name]):
            raise ValueError(f'The input "{value.name}" has {len(dims)} axes, not {len(shapes[value.name])}.')
        for dim, n in zip(dims, shapes[value.name], strict=True):
            dim.Clear()
            dim.dim_value = int(n)
    for value in fixed.graph.output:  # what it says of its size is of any input
        value.type.tensor_type.ClearField("shape")
    return fixed


def _shapes(graph: onnx.GraphProto) -> dict[str, tuple[int, ...]]:
    """Every tensor's shape that is known in full."""
    found = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        if value.type.tensor_type.HasField("shape") and all(d.HasField("dim_value") for d in dims):
            found[value.name] = tuple(d.dim_value for d in dims)
    return found


def _node_macs(node: onnx.NodeProto, known: dict[str, tuple[int, ...]]) -> int:
    """MACs of one node; 0 for what neither convolves nor multiplies matrices."""

    def shape(name: str) -> tuple[int, ...]:
        if name not in known:
            raise ValueError(f'The shape of "{name}" at the node "{node.name or node.op_type}" cannot be inferred.')
        return known[name]

    if node.op_type == "Conv":  # weight: outputs, inputs per group, kernel
        return math.prod(shape(node.output[0])) * math.prod(shape(node.input[1])[1:])
    if node.op_type == "ConvTranspose":  # weight: inputs, outputs per group, kernel
        return math.prod(shape(node.input[0])) * math.prod(shape(node.input[1])[1:])
    if node.op_type == "MatMul":
        return math.prod(shape(node.output[0])) * shape(node.input[0])[-1]
    if node.op_type == "Gemm":
        transposed = any(a.name == "transA" and a.i for a in node.attribute)
        return math.prod(shape(node.output[0])) * shape(node.input[0])[0 if transposed else 1]
    return 0


def plain_unet_macs(plan: dict[str, Any], classes: int, channels: int = 1) -> int:
    """MACs of one patch through nnU-Net's PlainConvUNet (Isensee et al. 2021; dynamic_network_architectures 0.4).

    plan: one configuration of nnU-Net's plans ("patch_size", "architecture"). Encoder: per stage n convolutions, the
    first one strided; decoder: a transposed convolution whose kernel is its stride, the skip beside it, n
    convolutions; a 1x1x1 convolution makes the classes (no deep supervision at inference).
    """
    args = plan["architecture"]["arch_kwargs"]
    features, kernels, strides = args["features_per_stage"], args["kernel_sizes"], args["strides"]
    size, sizes, total, before = list(plan["patch_size"]), [], 0, channels
    for width, kernel, stride, convs in zip(features, kernels, strides, args["n_conv_per_stage"], strict=True):
        size = [-(-n // s) for n, s in zip(size, stride, strict=True)]
        sizes.append(size)
        total += math.prod(size) * math.prod(kernel) * width * (before + (convs - 1) * width)
        before = width
    stages = list(zip(sizes, features, kernels, strict=True))[:-1]
    for (size, width, kernel), convs in zip(reversed(stages), args["n_conv_per_stage_decoder"], strict=True):
        # kernel and stride of the transposed convolution agree: each of its outputs is made of one input voxel
        total += math.prod(size) * before * width
        total += math.prod(size) * math.prod(kernel) * width * (2 * width + (convs - 1) * width)
        before = width
    return total + math.prod(plan["patch_size"]) * before * classes


def sliding_windows(shape: Sequence[int], patch: Sequence[int], step: float = 0.5) -> int:
    """How many patches nnU-Net's predictor runs on a volume: per axis steps of at most `step` patches (its
    compute_steps_for_sliding_window); volumes smaller than a patch are padded to one."""
    return math.prod(math.ceil(max(n - p, 0) / (p * step)) + 1 for n, p in zip(shape, patch, strict=True))
