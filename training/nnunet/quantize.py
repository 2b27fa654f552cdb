"""Post-training quantization of a converted nnU-Net: int8 convolutions, everything between them as it was.

Ranges are measured on tiles of scans. Before that, what InstanceNorm takes away anyway is used: it makes each channel's
mean 0 and its deviation 1, so each convolution's channels may be scaled and shifted at will. They are brought to mean 0
and deviation 1 on the tiles, so that one step of 8 bits for all of them fits each.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import numpy_helper

from training.export.graph import with_outputs
from training.export.ranges import session, static_quantization
from training.nnunet.graph import INPUT

#: Convolutions of fewer channels than this stay float: in int8 they are slower.
LEAST_CHANNELS = 4
_AT_ONCE = 6  # results kept of one run: of a full-size network each is up to a quarter of a gigabyte


def quantize(model: onnx.ModelProto, tiles: Sequence[np.ndarray]) -> onnx.ModelProto:
    """An fp32 graph of `graph.write_graph` in int8, quantize/dequantize pairs around its convolutions.

    Parameters
    ----------
    model : onnx.ModelProto
        Stays as it is.
    tiles : sequence of ndarray
        (1, channels, *patch) float32, as the network sees them.

    Returns
    -------
    onnx.ModelProto
        Weights int8 per output channel in 7 bits, activations uint8. First layer and head stay float.
    """
    return quantize_level(equalize(model, tiles), tiles)


def quantize_level(level: onnx.ModelProto, tiles: Sequence[np.ndarray]) -> onnx.ModelProto:
    """The same of a graph that `equalize` gave."""
    out = static_quantization(level, INPUT, tiles, nodes_to_quantize=quick_convolutions(level))
    out.producer_name, out.producer_version = level.producer_name, ""
    return out


def quick_convolutions(model: onnx.ModelProto) -> list[str]:
    """Names of the convolutions that become int8."""
    return [node.name for node in _convolutions(model) if _is_quick(node, model)]


def equalize(model: onnx.ModelProto, tiles: Sequence[np.ndarray]) -> onnx.ModelProto:
    """The same network with every normalised convolution's channels at mean 0 and deviation 1 on the tiles; its answer
    differs by rounding and by InstanceNorm's epsilon only."""
    out = onnx.ModelProto()
    out.CopyFrom(model)
    normed = {node.input[0] for node in out.graph.node if node.op_type == "InstanceNormalization"}
    convolutions = [node for node in _convolutions(out) if node.output[0] in normed]
    names = [node.output[0] for node in convolutions]
    means: dict[str, list[np.ndarray]] = {name: [] for name in names}
    squares: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for first in range(0, len(names), _AT_ONCE):
        some = names[first : first + _AT_ONCE]
        runner = session(with_outputs(model, some), threads=1)
        for tile in tiles:
            for name, value in zip(some, runner.run(some, {INPUT: tile}), strict=True):
                means[name].append(value.mean((0, 2, 3, 4), dtype=np.float64))
                squares[name].append(np.square(value).mean((0, 2, 3, 4), dtype=np.float64))
    weights = {tensor.name: tensor for tensor in out.graph.initializer}
    for node in convolutions:
        name = node.output[0]
        mean = np.mean(means[name], 0)
        deviation = np.sqrt(np.maximum(np.mean(squares[name], 0) - mean**2, 1e-12))
        kernel = numpy_helper.to_array(weights[node.input[1]]) / deviation[:, None, None, None, None]
        bias = numpy_helper.to_array(weights[node.input[2]]) if len(node.input) > 2 else np.zeros(len(mean))
        _replace(weights[node.input[1]], kernel)
        if len(node.input) > 2:
            _replace(weights[node.input[2]], (bias - mean) / deviation)
    return out


def _replace(tensor: onnx.TensorProto, array: np.ndarray) -> None:
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array, np.float32), tensor.name))


def _convolutions(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    return [node for node in model.graph.node if node.op_type == "Conv"]


def _is_quick(node: onnx.NodeProto, model: onnx.ModelProto) -> bool:
    """Whether a convolution gains by int8: not the first, nor the head, nor one of a few channels."""
    if node.input[0] == INPUT or "seg_layers" in node.name:
        return False
    kernel = next(tensor for tensor in model.graph.initializer if tensor.name == node.input[1])
    return kernel.dims[1] >= LEAST_CHANNELS
