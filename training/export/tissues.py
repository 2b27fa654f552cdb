"""The tissues' head of a border network as a file of its own, which reads what the border network's last layer gives.

Apart from the border network, it costs nothing where nobody asks for tissues, and the teeth are the same either way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper

from training.export.graph import (
    FEATURES,
    OUTPUT,
    GraphWriter,
    finished_model,
    sub_voxel_probabilities,
    with_outputs,
    write_graph,
)
from training.export.quantizer import Quantizer
from training.export.ranges import session
from training.nets.unet import UNet
from training.patients.targets import TISSUE_CLASSES
from training.volumes.losses import IGNORE

SOURCE = "full"
"""The layer whose output the head reads, as the border network's graph calls it."""


def write_tissues_graph(
    net: UNet, metadata: dict, scales: dict[str, float] | None = None, quantizer: Quantizer | None = None
) -> onnx.ModelProto:
    """The ONNX model of a border network's second head.

    Parameters
    ----------
    net : UNet
        With `plan.tissues` classes.
    metadata : dict
        What the file says of itself.
    scales : dict, optional
        Steps of the border network's int8 graph and those of `head_scales`; without them the head is fp32.
    quantizer : Quantizer, optional
        As `write_graph` takes it.

    Returns
    -------
    onnx.ModelProto
        Input "features" (1, 8 * channels, D/2, H/2, W/2), uint8 or float32 as the border network gives it. Output
        "probabilities" (1, tissues, D, H, W) uint8, 255 = certain.
    """
    assert net.tissue_head is not None
    own = None if scales is None else {SOURCE: scales[SOURCE], "head": scales["tissues"]}
    writer = GraphWriter(own, quantizer or Quantizer())
    source, kind, zero_point = FEATURES, TensorProto.FLOAT, 0
    if scales is not None:
        scale = writer.constant(f"{SOURCE}.scale", np.array(scales[SOURCE], np.float32))
        zero = writer.constant("zero.0", np.array(0, np.uint8))
        source, kind = writer.node("DequantizeLinear", [FEATURES, scale, zero], SOURCE), TensorProto.UINT8
        zero_point = int(scales["tissues.zero"])
    sub_voxel_probabilities(writer, net.tissue_head, source, zero_point)
    channels = 8 * net.plan.width(net.plan.heads()["head"])
    graph = helper.make_graph(
        writer.nodes,
        metadata["id"],
        [helper.make_tensor_value_info(FEATURES, kind, [1, channels, "d", "h", "w"])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.UINT8, [1, net.plan.tissues, "depth", "height", "width"])],
        list(writer.constants.values()),
    )
    return finished_model(graph, metadata)


def head_scales(net: UNet, images: Sequence[np.ndarray]) -> dict[str, float]:
    """Step and zero point of the tissues' logits, from their 0.01 and 99.99 percentiles on images (1, 1, D, H, W)."""
    features = session(with_outputs(write_graph(net, {"id": "calibration"}), [FEATURES]))
    head = session(with_outputs(write_tissues_graph(net, {"id": "calibration"}), ["head"]))
    ends = []
    for image in images:
        (seen,) = features.run([FEATURES], {"image": image})
        ends.append(np.percentile(head.run(["head"], {FEATURES: seen})[0], (0.01, 99.99)))
    low, high = min(0.0, *(e[0] for e in ends)), max(0.0, *(e[1] for e in ends))
    step = max(high - low, 1e-3) / 255
    return {"tissues": step, "tissues.zero": round(-low / step)}


def compare_tissues(
    net: UNet,
    fp32: tuple[onnx.ModelProto, onnx.ModelProto],
    int8: tuple[onnx.ModelProto, onnx.ModelProto],
    pairs: Sequence[tuple[np.ndarray, np.ndarray]],
) -> dict[str, float]:
    """Both precisions, each a border network and its head, on patches (image (1, 1, D, H, W), tissue (D, H, W)).

    Returns the largest difference of a probability from torch's, and the mean Dice of every tissue over the patches
    that show it.
    """
    runners = {name: [session(model) for model in models] for name, models in (("fp32", fp32), ("int8", int8))}
    largest, rows = 0.0, []
    for image, target in pairs:
        row = {}
        for name, (border, head) in runners.items():
            (seen,) = border.run([FEATURES], {"image": image})
            (answer,) = head.run([OUTPUT], {FEATURES: seen})
            if name == "fp32":
                with torch.no_grad():
                    p = torch.softmax(net(torch.from_numpy(image))[0][:, net.plan.classes :], 1).numpy()
                largest = max(largest, float(np.abs(p * 255 - answer).max() / 255))
            labels, known = answer[0].argmax(0), target != IGNORE
            for number, tissue in enumerate(TISSUE_CLASSES[1:], start=1):
                found, truth = (labels == number) & known, target == number
                if truth.any():
                    row[f"{tissue}_{name}"] = float(2 * (found & truth).sum() / (found.sum() + truth.sum()))
        rows.append(row)
    names = sorted({name for row in rows for name in row})
    means = {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}
    return {"torch_difference": largest} | means
