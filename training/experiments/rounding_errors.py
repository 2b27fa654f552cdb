"""Where a row's rounding errors sit: weights and activations of every layer against what is rounded to what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from training.compression.restore import fold_norms, named_blocks
from training.experiments.rows import Row
from training.export.graph import activation_names, write_graph
from training.export.quantizer import Quantizer
from training.export.ranges import session, with_outputs
from training.export.score_tables import markdown_table
from training.export.volumes import load_run, rounding
from training.nets.unet import UNet
from training.volumes.data import DataPlan, validation_samples
from training.volumes.finished import TUNED

SAMPLES = 4
"""Patches that the activations are looked at on."""


class Lost(NamedTuple):
    """What rounding does to one tensor: signal to rounding noise in dB, shares (0 to 1) of its values that become 0
    and that are cut at the largest number."""

    decibels: float
    zero: float
    cut: float


def lost(values: np.ndarray, step: np.ndarray | float, top: int) -> Lost:
    """Of the values that are not 0; `step` is one, or one for each value. Of nothing, nothing is lost."""
    step = np.broadcast_to(step, values.shape)[values != 0]
    values = values[values != 0].astype(float)
    if not len(values):
        return Lost(np.inf, 0.0, 0.0)
    whole = np.clip(np.rint(values / step), -top, top)
    noise = float(np.square(whole * step - values).sum())
    decibels = 10 * np.log10(float(np.square(values).sum()) / noise) if noise else np.inf
    return Lost(decibels, float((whole == 0).mean()), float((np.abs(values) > (top + 0.5) * step).mean()))


def weights_lost(net: UNet, quantizer: Quantizer) -> dict[str, Lost]:
    """By layer, BatchNorm folded. The full-resolution layer, which runs as another convolution, and the head are left
    out."""
    result = {}
    for name, block in named_blocks(fold_norms(net)):
        weight = block.conv.weight.detach().numpy()
        step = np.abs(weight).reshape(len(weight), -1).max(1)[:, None, None, None, None] / quantizer.weight_limit
        result[name] = lost(weight, step if quantizer.per_channel else step.max(), quantizer.weight_limit)
    return result


def activations_lost(
    net: UNet, scales: dict[str, float], quantizer: Quantizer, images: Sequence[np.ndarray]
) -> dict[str, Lost]:
    """By layer: each rounded for itself, after exact layers, so that errors do not add up. Images (1, 1, D, H, W)."""
    names = activation_names(net)
    runner = session(with_outputs(write_graph(net, {"id": "rounding"}), names), 1)
    values = [runner.run(names, {"image": image}) for image in images]
    return {
        name: lost(np.concatenate([v[index].ravel() for v in values]), scales[name], quantizer.activation_top)
        for index, name in enumerate(names)
    }


def channel_spread(net: UNet) -> dict[str, float]:
    """By layer: largest weight of all over the median channel's largest; what a step per tensor gives away."""
    result = {}
    for name, block in named_blocks(fold_norms(net)):
        largest = block.conv.weight.detach().abs().flatten(1).amax(1).numpy()
        result[name] = float(largest.max() / max(np.median(largest), 1e-12))
    return result


def rounding_table(rows: list[Row], base: Path, data: Path) -> str:
    """One line per trained and quantised row: median over layers and the worst layer, on samples of `data`."""
    lines = []
    for row in rows:
        folder = row.folder(row.seeds[0], base)
        if row.shipped or row.tool or row.precision != "int8" or not (folder / TUNED).is_file():
            continue
        run = load_run(folder)
        scales, quantizer, _ = rounding(run, data, 16, row.quantizer)
        images = [image for image, _ in validation_samples(data, DataPlan.from_config(run.config), SAMPLES)]
        spread = channel_spread(run.net)
        weights, values = weights_lost(run.net, quantizer), activations_lost(run.net, scales, quantizer, images)
        worst = [min(table, key=lambda name, table=table: table[name].decibels) for table in (weights, values)]
        lines.append(
            (
                row.title,
                f"{np.median(list(spread.values())):.1f} / {max(spread.values()):.1f}",
                *_cells(weights),
                f"{worst[0]} {weights[worst[0]].decibels:.0f} dB",
                *_cells(values),
                f"{100 * max(v.cut for v in values.values()):.2f}",
                f"{worst[1]} {values[worst[1]].decibels:.0f} dB",
            )
        )
    head = ("largest weight / median channel's (median, most)", "weights: dB", "become 0, %", "worst layer")
    return markdown_table(("", *head, "activations: dB", "become 0, %", "cut, % at most", "worst layer"), lines)


def _cells(table: dict[str, Lost]) -> tuple[str, str]:
    decibels, zero, _ = (np.median(column) for column in zip(*table.values(), strict=True))
    return f"{decibels:.0f}", f"{100 * zero:.1f}"
