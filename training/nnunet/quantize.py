"""Post-training quantization of a converted nnU-Net: int8 convolutions, everything between them as it was.

Ranges are measured on tiles of scans. Before that, what InstanceNorm takes away anyway is used: it makes each channel's
mean 0 and its deviation 1, so each convolution's channels may be scaled and shifted at will. They are brought to mean 0
and deviation 1 on the tiles, so that one step of 8 bits for all of them fits each.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import onnx
from onnx import numpy_helper

from DentalTopoSegLib.networks.onnx_runtime import import_onnxruntime
from training.export.graph import with_outputs
from training.export.ranges import session
from training.nnunet.graph import INPUT

#: Convolutions of fewer channels than this stay float: in int8 they are slower.
LEAST_CHANNELS = 4
_AT_ONCE_BYTES = (
    3 << 29
)  # of results kept of one run: six of the largest of nnU-Net's default plan, all of the deep ones


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
    """The same of a graph that `equalize` gave.

    The quantizer of ONNX Runtime with ranges measured here: its own calibration keeps every tensor of the network at
    once, 12 GB for nnU-Net's default plan.
    """
    quantization = import_onnxruntime("quantization")
    calibrate, qdq = (import_onnxruntime(f"quantization.{part}") for part in ("calibrate", "qdq_quantizer"))
    chosen = set(quick_convolutions(level))
    around = [(node.input[0], node.output[0]) for node in level.graph.node if node.name in chosen]
    ranges = measure_ranges(level, list(dict.fromkeys(name for pair in around for name in pair)), tiles)
    quantizer = qdq.QDQQuantizer(
        onnx.shape_inference.infer_shapes(level),
        per_channel=True,
        reduce_range=True,
        weight_qType=quantization.QuantType.QInt8,
        activation_qType=quantization.QuantType.QUInt8,
        tensors_range=calibrate.TensorsData(calibrate.CalibrationMethod.MinMax, ranges),
        nodes_to_quantize=sorted(chosen),
        nodes_to_exclude=[],
        op_types_to_quantize=["Conv"],
        extra_options={},
    )
    quantizer.quantize_model()
    quantizer.model.topological_sort()
    out: onnx.ModelProto = quantizer.model.model
    del out.graph.value_info[:]
    out.producer_name, out.producer_version = level.producer_name, ""
    return out


def measure_ranges(
    model: onnx.ModelProto, names: Sequence[str], tiles: Sequence[np.ndarray]
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Smallest and largest value of the named tensors over the tiles."""
    ranges: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for some, tile_values in _results(model, names, tiles):
        for name, value in zip(some, tile_values, strict=True):
            low, high = ranges.get(name, (value.min(), value.max()))
            ranges[name] = np.float32(min(low, value.min())), np.float32(max(high, value.max()))
    return ranges


def _results(
    model: onnx.ModelProto, names: Sequence[str], tiles: Sequence[np.ndarray]
) -> Iterator[tuple[Sequence[str], list[np.ndarray]]]:
    """Some names and their tensors on a tile, until each name has had every tile."""
    for some in _groups(model, names):
        runner = session(with_outputs(model, some), threads=1)
        for tile in tiles:
            yield some, runner.run(some, {INPUT: tile})


def _groups(model: onnx.ModelProto, names: Sequence[str]) -> list[list[str]]:
    """The names in groups of which none holds more than _AT_ONCE_BYTES, unless it is a single one."""
    inferred = onnx.shape_inference.infer_shapes(model).graph
    sizes = {
        value.name: 4 * math.prod(side.dim_value for side in value.type.tensor_type.shape.dim)
        for value in (*inferred.input, *inferred.value_info, *inferred.output)
    }
    groups: list[list[str]] = []
    held = 0
    for name in sorted(names, key=lambda name: -sizes[name]):
        if not groups or held + sizes[name] > _AT_ONCE_BYTES:
            groups.append([])
            held = 0
        groups[-1].append(name)
        held += sizes[name]
    return groups


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
    for some, values in _results(model, names, tiles):
        for name, value in zip(some, values, strict=True):
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
