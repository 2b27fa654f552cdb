"""What an exported graph computes on sample images: ranges of its activations, and ONNX Runtime's own quantisation."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from DentalTopoSegLib.networks.onnx_runtime import import_onnxruntime
from training.export.graph import BORDER_CLASSES, activation_names, with_outputs, write_graph
from training.export.quantizer import Quantizer
from training.nets.unet import UNet


def session(model: onnx.ModelProto, threads: int = 0, optimised: Path | None = None) -> Any:
    """A CPU session (onnxruntime.InferenceSession); `optimised` also writes the graph that ONNX Runtime makes of it."""
    onnxruntime = import_onnxruntime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    if optimised:
        options.optimized_model_filepath = str(optimised)
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def best_scale(counts: np.ndarray, edges: np.ndarray, top: int = 255) -> float:
    """Step of a quantizer of 0..`top` with the least squared error over a histogram of non-negative values.

    A value below half a step costs its square, rounding step**2 / 12 per value up to the limit of `top` steps, clipping
    the squared excess above it.
    """
    centres = (edges[:-1] + edges[1:]) / 2
    total = counts.sum()
    if total == 0:  # a layer that never answers: any step is exact
        return max(float(edges[-1]) / top, 1e-6)
    best, least = float(edges[-1]) / top, np.inf
    for limit in edges[len(edges) // 16 :: 4]:
        step = limit / top
        error = np.where(centres < step / 2, centres**2, step**2 / 12)
        error = np.where(centres > limit, (centres - limit) ** 2, error) @ counts
        if error / total < least:
            best, least = float(step), error / total
    return max(best, 1e-6)


def measure_scales(
    model: onnx.ModelProto, names: list[str], images: Sequence[np.ndarray], method: str = "histogram", top: int = 255
) -> dict[str, float]:
    """Quantizer steps of the named activations of the fp32 `model`, from what it computes on `images`.

    Two passes, so that no activation has to be kept: the largest value, then a histogram of 2048 bins up to it, whose
    limit of least squared error is taken. `method="minmax"` takes the largest value itself, the simplest baseline.
    `top`: largest whole number. ValueError for any other method.
    """
    if method not in ("histogram", "minmax"):
        raise ValueError(f"Ranges are measured by 'histogram' or 'minmax', not by {method!r}.")
    runner = session(with_outputs(model, names))
    largest = dict.fromkeys(names, 1e-6)
    for image in images:
        for name, value in zip(names, runner.run(names, {"image": image}), strict=True):
            largest[name] = max(largest[name], float(np.abs(value).max()))
    if method == "minmax":
        return {name: value / top for name, value in largest.items()}
    counts = {name: np.zeros(2048) for name in names}
    for image in images:
        for name, value in zip(names, runner.run(names, {"image": image}), strict=True):
            # Zeros cost nothing at any step and would only slow the histogram down.
            counts[name] += np.histogram(value[value > 0], 2048, (0.0, largest[name]))[0]
    return {name: best_scale(counts[name], np.linspace(0, largest[name], 2049), top) for name in names}


def logit_scale(model: onnx.ModelProto, images: Sequence[np.ndarray]) -> dict[str, float]:
    """Step and zero point of the logits: their 0.01 to 99.99 percentiles on `images`."""
    runner = session(with_outputs(model, ["head"]))
    ends = [np.percentile(runner.run(["head"], {"image": image})[0], (0.01, 99.99)) for image in images]
    low, high = min(0.0, *(e[0] for e in ends)), max(0.0, *(e[1] for e in ends))
    step = max(high - low, 1e-3) / 255
    return {"head": step, "head.zero": round(-low / step)}


def calibrate(net: UNet, images: Sequence[np.ndarray], quantizer: Quantizer) -> dict[str, float]:
    """Steps of everything that `quantizer` rounds in `net` but its weights, measured on images (1, 1, D, H, W) float32.

    A symmetric quantizer also gets a step of the image ("parts") and one of the logits ("head") from their largest
    absolute values; the shipped one has these fixed, but for the logits of many classes.
    """
    fp32, names = write_graph(net, {"id": "calibration"}), activation_names(net)
    fixed = net.plan.full_width > 0 and net.plan.classes == BORDER_CLASSES
    if not quantizer.symmetric:
        scales = measure_scales(fp32, names, images, top=quantizer.activation_top)
        return scales if fixed else scales | logit_scale(fp32, images)
    scales = measure_scales(fp32, names, images, "minmax", quantizer.activation_top)
    scales |= measure_scales(fp32, ["head"], images, "minmax", 127)
    scales["parts"] = max(float(np.abs(image).max()) for image in images) / quantizer.image_top
    return scales if fixed else scales | {"head.zero": 128}


def static_baseline(fp32_model: onnx.ModelProto, images: Sequence[np.ndarray]) -> onnx.ModelProto:
    """The fp32 graph through `onnxruntime.quantization.quantize_static`, the usual post-training quantisation.

    Quantize/dequantize pairs, weights int8 per channel in 7 bits, activations uint8, ranges of smallest and largest
    value over `images` (1, 1, D, H, W) float32: the tool's own choices, for comparison with ours. What comes after
    the logits stays float as in our int8 graphs; bytes of exp() would spoil the comparison.
    """

    quantization = import_onnxruntime("quantization")

    class Reader(quantization.CalibrationDataReader):
        def __init__(self) -> None:
            self.left: Iterator[np.ndarray] = iter(images)

        def get_next(self) -> dict[str, np.ndarray] | None:
            image = next(self.left, None)
            return None if image is None else {"image": image}

    outputs = [node.output[0] for node in fp32_model.graph.node]
    after = [node.name for node in fp32_model.graph.node[outputs.index("head") + 1 :]]
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "fp32.onnx"), Path(folder, "int8.onnx")
        onnx.save(fp32_model, source)
        quantization.quantize_static(
            source,
            target,
            Reader(),
            nodes_to_exclude=after,
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
        )
        return onnx.load(target)
