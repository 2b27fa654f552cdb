"""Networks of surfaces read back from their model files, weights stored as int8 included.

torch's exporter keeps most weights under their names in the network; those of products along the last axis of three it
turns and calls anew, but the sum behind such a product still has the bias under its name, and so tells whose they are.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from training.export.shipping import read_metadata

_INSIDE = "net."
"""Of the names in the file: the network lies inside what was exported."""


def stored_weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """{name: float32 array} of every constant, those of whole numbers with their scale along its axis."""
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            whole, scale = (constants[name].astype(np.float32) for name in node.input[:2])
            axis = next((a.i for a in node.attribute if a.name == "axis"), 1) % whole.ndim
            constants[node.output[0]] = whole * scale.reshape([-1 if k == axis else 1 for k in range(whole.ndim)])
    return constants


def state_of(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    """{name in the network: array} of the weights that a file holds."""
    constants = stored_weights(model)
    state = {name.removeprefix(_INSIDE): array for name, array in constants.items() if name.startswith(_INSIDE)}
    products = {node.output[0]: node for node in model.graph.node if node.op_type == "MatMul"}
    for node in model.graph.node:
        if node.op_type != "Add":
            continue
        biases = [name for name in node.input if name.startswith(_INSIDE) and name.endswith(".bias")]
        made = [products[name] for name in node.input if name in products]
        if biases and made and made[0].input[1] in constants:
            state.setdefault(
                biases[0].removeprefix(_INSIDE).removesuffix("bias") + "weight", constants[made[0].input[1]].T
            )
    return state


@torch.no_grad()
def network_from_onnx(path: Path, network: Callable[..., torch.nn.Module]) -> torch.nn.Module:
    """The network of a model file in evaluation mode, as its description says it was built.

    Parameters
    ----------
    path : Path
        Written by `shipping.ship`.
    network : callable
        Builds it from the description's `training.net`.

    Raises
    ------
    ValueError
        The file lacks a weight of the network, or has one of another shape.
    """
    model = onnx.load(path)
    net = network(**read_metadata(model)["training"]["net"])
    stored = state_of(model)
    state = net.state_dict()
    if missing := sorted(set(state) - set(stored)):
        raise ValueError(f"{path} does not hold {missing[0]} and {len(missing) - 1} others: it is not such a network.")
    for name, tensor in state.items():
        if tuple(tensor.shape) != stored[name].shape:
            raise ValueError(f"{path}: {name} has the shape {stored[name].shape}, not {tuple(tensor.shape)}.")
        tensor.copy_(torch.tensor(stored[name], dtype=tensor.dtype))
    return net.eval()
