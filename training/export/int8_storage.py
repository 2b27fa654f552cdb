"""Weights stored as int8 and used as float: a quarter of the file, the labels as they were.

Activations stay float: on two cores int8 matrix products of the intraoral networks are no faster than float ones, and
cost labels, while int8 weights (a scale per output channel) leave the labels alone.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

SMALLEST = 2048
"""Matrices with fewer numbers than this stay float: they weigh nothing."""


def with_int8_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Every larger weight matrix as int8 with a scale per output channel (symmetric), behind a DequantizeLinear."""
    out = onnx.ModelProto()
    out.CopyFrom(model)
    axis_of: dict[str, int] = {}
    for node in out.graph.node:
        if node.op_type in ("MatMul", "Gemm"):
            turned = any(a.name == "transB" and a.i for a in node.attribute)
            axis_of[node.input[1]] = 0 if turned else -1
    kept, nodes = [], []
    for tensor in out.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if tensor.name not in axis_of or array.dtype != np.float32 or array.ndim != 2 or array.size < SMALLEST:
            kept.append(tensor)
            continue
        axis = axis_of[tensor.name] % 2
        scale = np.maximum(np.abs(array).max(1 - axis) / 127.0, 1e-12).astype(np.float32)
        whole = np.clip(np.rint(array / np.expand_dims(scale, 1 - axis)), -127, 127).astype(np.int8)
        parts = {"int8": whole, "scale": scale, "zero": np.zeros(len(scale), np.int8)}
        names = [f"{tensor.name}.{part}" for part in parts]
        kept += [numpy_helper.from_array(a, name) for a, name in zip(parts.values(), names, strict=True)]
        nodes.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=axis))
    nodes += list(out.graph.node)
    del out.graph.initializer[:], out.graph.node[:]
    out.graph.initializer.extend(kept)
    out.graph.node.extend(nodes)
    return out


def stored_bytes(model: onnx.ModelProto) -> dict[str, int]:
    """Bytes of the weights by element type."""
    total: dict[str, int] = {}
    for tensor in model.graph.initializer:
        name = TensorProto.DataType.Name(tensor.data_type).lower()
        total[name] = total.get(name, 0) + numpy_helper.to_array(tensor).nbytes
    return total
