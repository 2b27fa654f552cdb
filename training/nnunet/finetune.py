"""Quantization-aware fine-tuning of a converted nnU-Net on labelled scans: it learns to answer through the rounding
that int8 will do.

The fp32 graph itself is run in torch, node by node, so that whatever can be converted can be tuned; weights and inputs
of the convolutions that become int8 are rounded on the way (straight-through gradients), with the ranges that are
followed as it trains. Loss: Dice and cross-entropy, as in nnU-Net. Every fifth patient (at least one) is held out and
decides whether the tuned network is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.volumes import SCAN_SUFFIXES, read_labels, read_volume
from DentalTopoSegLib.nnunet.description import Description
from DentalTopoSegLib.nnunet.preprocessing import prepare
from DentalTopoSegLib.nnunet.resampling import axis_taps
from DentalTopoSegLib.nnunet.segmenting import turned_as_trained
from DentalTopoSegLib.nnunet.window import tile_starts
from training.export.graph import with_outputs
from training.export.ranges import session
from training.loop import Loop, Measures, Task, run_to_end
from training.nnunet.graph import INPUT, OUTPUT
from training.nnunet.quantize import equalize, quantize_level, quick_convolutions

_WEIGHT_LIMIT = 64  # int8 in 7 bits, as onnxruntime's quantizer has them
_FOLLOW = 0.02  # share of a batch in the followed ranges
_FOREGROUND = 0.5  # of the patches are centred on a labelled voxel


@dataclass(frozen=True)
class Case:
    """image (1, a, b, c) float32 as the network sees it, labels (a, b, c) int64 on its grid; padded to a patch."""

    name: str
    image: np.ndarray
    labels: np.ndarray


def read_cases(folder: Path, description: Description) -> list[Case]:
    """Labelled scans in nnU-Net's raw layout: imagesTr/NAME_0000.*, labelsTr/NAME.*.

    Raises
    ------
    InputError
        Without two of them, for a scan without labels, labels on another grid, or a value that the network has not.
    """
    scans = [p for p in sorted((folder / "imagesTr").glob("*_0000.*")) if p.name.lower().endswith(SCAN_SUFFIXES)]
    if len(scans) < 2:
        raise InputError(f"'{folder}' needs two labelled scans at least, as imagesTr/NAME_0000.* and labelsTr/NAME.*.")
    cases = []
    for path in scans:
        name, suffix = path.name.split("_0000", 1)
        labels_path = folder / "labelsTr" / f"{name}{suffix}"
        if not labels_path.is_file():
            raise InputError(f"The labels of '{path}' are missing: '{labels_path}' is not there.")
        scan, labels = read_volume(path)[0], read_labels(labels_path)
        if labels.array.shape != scan.array.shape:
            raise InputError(f"'{labels_path}' has another grid than its scan: {labels.array.shape}.")
        if unknown := set(np.unique(labels.array)) - {0, *description.names}:
            raise InputError(f"'{labels_path}' holds the value {int(min(unknown))}, which the network does not know.")
        scan = turned_as_trained(scan, description.orientation)
        drawn = turned_as_trained(labels, description.orientation).array.transpose(description.axes)
        prepared = prepare(scan.array, scan.spacing[::-1], description)
        drawn = _nearest(np.ascontiguousarray(drawn[prepared.box]), prepared.image.shape[1:])
        cases.append(_padded(name, prepared.image, drawn, description.patch))
    return cases


def _nearest(labels: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    for axis, wanted in enumerate(shape):
        first, _, _ = axis_taps(labels.shape[axis], wanted, 0, False)
        labels = labels.take(first, axis)
    return labels


def _padded(name: str, image: np.ndarray, labels: np.ndarray, patch: Sequence[int]) -> Case:
    short = [max(side - n, 0) for side, n in zip(patch, labels.shape, strict=True)]
    pad = [(n // 2, n - n // 2) for n in short]
    return Case(name, np.pad(image, [(0, 0), *pad]), np.pad(labels, pad).astype(np.int64))


class GraphNetwork(nn.Module):
    """An fp32 graph of `graph.write_graph` in torch, its weights as parameters.

    With `rounded` (names of convolutions) their inputs and weights are rounded as in int8. Input (1, channels, *patch)
    float32, output (1, heads, *patch).
    """

    def __init__(self, model: onnx.ModelProto, rounded: Sequence[str] = ()) -> None:
        super().__init__()
        self.nodes = [(n.op_type, list(n.input), n.output[0], n.name, _attributes(n)) for n in model.graph.node]
        self.names = {t.name: f"w{k}" for k, t in enumerate(model.graph.initializer)}
        for tensor in model.graph.initializer:
            value = torch.from_numpy(numpy_helper.to_array(tensor).copy())
            self.register_parameter(self.names[tensor.name], nn.Parameter(value))
        self.rounded = frozenset(rounded)
        around = [(inputs[0], output) for _, inputs, output, name, _ in self.nodes if name in self.rounded]
        #: What the int8 file holds in 8 bits, for whatever reads it: inputs and outputs of its quick convolutions.
        self.bytes = {name: k for k, name in enumerate(dict.fromkeys(sum(around, ())))}
        self.register_buffer("low", torch.zeros(len(self.bytes)))
        self.register_buffer("high", torch.zeros(len(self.bytes)))

    def start_ranges(self, model: onnx.ModelProto, tiles: Sequence[np.ndarray]) -> None:
        """The ranges of what becomes bytes, on tiles."""
        names = list(self.bytes)
        runner = session(with_outputs(model, names), threads=1)
        for tile in tiles:
            for k, value in enumerate(runner.run(names, {INPUT: tile})):
                self.low[k] = min(float(self.low[k]), float(value.min()))
                self.high[k] = max(float(self.high[k]), float(value.max()))

    def forward(self, image: Tensor) -> Tensor:
        """Logits of one tile."""
        values: dict[str, Tensor] = {INPUT: image}
        for kind, inputs, output, name, attributes in self.nodes:
            given = [values[i] if i in values else getattr(self, self.names[i]) for i in inputs]
            if name in self.rounded:
                given[1] = _round_weight(given[1])
            value = _run(kind, given, attributes)
            values[output] = self._round(self.bytes[output], value) if output in self.bytes else value
        return values[OUTPUT]

    def _round(self, k: int, x: Tensor) -> Tensor:
        if self.training:
            with torch.no_grad():
                self.low[k].lerp_(x.amin().clamp(max=0.0), _FOLLOW)
                self.high[k].lerp_(x.amax().clamp(min=0.0), _FOLLOW)
        step = max(float(self.high[k] - self.low[k]), 1e-6) / 255
        zero = min(max(round(-float(self.low[k]) / step), 0), 255)
        return torch.fake_quantize_per_tensor_affine(x, step, zero, 0, 255)

    def written_into(self, model: onnx.ModelProto) -> onnx.ModelProto:
        """The graph with the network's weights."""
        out = onnx.ModelProto()
        out.CopyFrom(model)
        for tensor in out.graph.initializer:
            value = getattr(self, self.names[tensor.name]).detach().cpu().numpy()
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), tensor.name))
        return out


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


def _round_weight(weight: Tensor) -> Tensor:
    step = weight.detach().abs().amax((1, 2, 3, 4)).clamp(min=1e-12) / _WEIGHT_LIMIT
    zero = torch.zeros(len(step), dtype=torch.int32, device=weight.device)
    return torch.fake_quantize_per_channel_affine(weight, step, zero, 0, -_WEIGHT_LIMIT, _WEIGHT_LIMIT)


def _run(kind: str, x: list[Tensor], attributes: dict[str, Any]) -> Tensor:
    """One node of `graph.write_graph`, by its ONNX operator."""
    bias = x[2] if len(x) > 2 else None
    if kind == "Conv":
        pads = attributes["pads"][:3]
        return functional.conv3d(x[0], x[1], bias, attributes["strides"], pads)
    if kind == "ConvTranspose":
        return functional.conv_transpose3d(x[0], x[1], bias, attributes["strides"])
    if kind == "InstanceNormalization":
        return functional.instance_norm(x[0], weight=x[1], bias=bias, eps=attributes["epsilon"])
    if kind == "LeakyRelu":
        return functional.leaky_relu(x[0], attributes["alpha"])
    if kind == "AveragePool":
        return functional.avg_pool3d(x[0], attributes["kernel_shape"], attributes["strides"])
    simple = {
        "Relu": lambda: functional.relu(x[0]),
        "Add": lambda: x[0] + x[1],
        "Concat": lambda: torch.cat(x, attributes["axis"]),
        "Sum": lambda: torch.stack(x).sum(0),
        "Mul": lambda: x[0] * x[1],
        "Identity": lambda: x[0],
    }
    return simple[kind]()


def dice_and_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """nnU-Net's loss: cross-entropy less the soft Dice over the tile, mean of the classes but background.

    logits (1, C, *patch), labels (1, *patch) int64.
    """
    p = logits.softmax(1)
    truth = functional.one_hot(labels, logits.shape[1]).movedim(-1, 1).to(p.dtype)
    axes = (0, 2, 3, 4)
    dice = (2 * (p * truth).sum(axes) + 1e-5) / (p.sum(axes) + truth.sum(axes) + 1e-5)
    return functional.cross_entropy(logits, labels) - dice[1:].mean()


class FinetuneTask(Task):
    """Patches of the training cases, half of them centred on something labelled, mirrored as the network knows it."""

    def __init__(self, config: dict[str, Any], net: GraphNetwork, cases: Sequence[Case], description: Description):
        self._net, self.cases, self.description = net, cases, description
        self.random = np.random.default_rng(config["seed"])
        super().__init__(config)

    def build(self) -> nn.Module:
        """The network to be tuned."""
        return self._net

    def generators(self) -> Sequence[np.random.Generator]:
        """Of the patches."""
        return (self.random,)

    def next_batch(self) -> tuple[Tensor, Tensor]:
        """One patch and its labels."""
        case = self.cases[self.random.integers(len(self.cases))]
        patch, shape = np.array(self.description.patch), np.array(case.labels.shape)
        corner = np.array([self.random.integers(n + 1) for n in shape - patch])
        if self.random.random() < _FOREGROUND and case.labels.any():
            there = np.flatnonzero(case.labels)
            voxel = np.array(np.unravel_index(there[self.random.integers(len(there))], case.labels.shape))
            corner = np.clip(voxel - patch // 2, 0, shape - patch)
        part = tuple(slice(c, c + n) for c, n in zip(corner, patch, strict=True))
        image, labels = case.image[(slice(None), *part)], case.labels[part]
        flips = [axis for axis in self.description.mirror_axes if self.random.random() < 0.5]
        image, labels = np.flip(image, [axis + 1 for axis in flips]), np.flip(labels, flips)
        return torch.from_numpy(image.copy())[None], torch.from_numpy(labels.copy())[None]

    def loss(self, batch: tuple[Tensor, Tensor], loop: Loop) -> tuple[Tensor, Measures]:
        """nnU-Net's."""
        loss = dice_and_cross_entropy(self.net(batch[0]), batch[1])
        return loss, {"loss": float(loss.detach())}


def mean_dice(model: onnx.ModelProto, cases: Sequence[Case], patch: Sequence[int]) -> float:
    """Mean Dice over cases and the labels that they show, of single tiles without overlap's mean."""
    runner, scores = session(model, threads=1), []
    for case in cases:
        answer = np.zeros_like(case.labels)
        starts = [tile_starts(n, side) for n, side in zip(case.labels.shape, patch, strict=True)]
        for corner in np.stack(np.meshgrid(*starts, indexing="ij"), -1).reshape(-1, 3):
            part = tuple(slice(a, a + side) for a, side in zip(corner, patch, strict=True))
            logits = runner.run(None, {INPUT: np.ascontiguousarray(case.image[(slice(None), *part)])[None]})[0]
            answer[part] = logits[0].argmax(0)
        for value in np.unique(case.labels[case.labels > 0]):
            mine, truth = answer == value, case.labels == value
            scores.append(2 * (mine & truth).sum() / (mine.sum() + truth.sum()))
    return float(np.mean(scores)) if scores else 0.0


def finetune(
    model: onnx.ModelProto,
    tiles: Sequence[np.ndarray],
    folder: Path,
    description: Description,
    run: Path,
    *,
    steps: int,
    rate: float = 1e-4,
    seed: int = 0,
) -> tuple[onnx.ModelProto, dict[str, float | int]]:
    """int8 by quantization-aware fine-tuning, or by quantization after training where that is better on held-out cases.

    Parameters
    ----------
    model : onnx.ModelProto
        fp32, of `graph.write_graph`.
    tiles : sequence of ndarray
        For the ranges.
    folder : Path
        Labelled scans, see `read_cases`.
    description : Description
        The network's.
    run : Path
        For the checkpoints: the same command goes on from them.
    steps, rate, seed
        Of the training.

    Returns
    -------
    onnx.ModelProto, dict
        The int8 network; held-out Dice `after_training` and `tuned`, and the cases of both parts.

    Raises
    ------
    InputError
        For labels that do not fit, and for a network of regions.
    """
    if description.region_order is not None:
        raise InputError("A network of overlapping regions cannot be fine-tuned here: leave --finetune out.")
    cases = read_cases(folder, description)
    held_out, rest = cases[::5], [case for k, case in enumerate(cases) if k % 5]
    level = equalize(model, tiles)
    plain = quantize_level(level, tiles)
    net = GraphNetwork(level, quick_convolutions(level))
    net.start_ranges(level, tiles)
    config = {
        "task": "nnunet-finetune",
        "seed": seed,
        "training": {"steps": steps, "lr": rate, "warmup_steps": min(20, steps), "ema": 0.98},
    }
    loop = run_to_end(FinetuneTask(config, net, rest, description), run)
    average = loop.average
    assert isinstance(average, GraphNetwork)
    tuned = quantize_level(average.written_into(level), tiles)
    scores = {
        "after_training": mean_dice(plain, held_out, description.patch),
        "tuned": mean_dice(tuned, held_out, description.patch),
        "held_out": len(held_out),
        "cases": len(rest),
        "steps": steps,
    }
    return (tuned if scores["tuned"] >= scores["after_training"] else plain), scores
