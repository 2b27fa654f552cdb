"""Export the Point Transformer: ONNX for any number of points, weights stored as int8, arithmetic in float.

python -m training export-surface training/runs/surface --models Resources/Models
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from DentalTopoSegLib.ios.sampling import AREA_PER_POINT, MIN_LEVEL, build_cloud
from training.export.int8_storage import with_int8_weights
from training.export.shipping import export_graph, load_average, run_export, ship, training_record
from training.nets.point_transformer import Graph, PointTransformer

LEVELS = 5
BETWEEN = [f"{kind}{k}" for k in range(LEVELS - 1) for kind in ("group", "up", "weight")]
INPUTS = ("points", "normals", *(f"knn{k}" for k in range(LEVELS)), *BETWEEN)
OUTPUTS = ("probabilities", "offsets")


class Flat(torch.nn.Module):
    """The network with plain tensors for arguments, in the order of INPUTS."""

    def __init__(self, net: PointTransformer) -> None:
        super().__init__()
        self.net = net

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Probabilities (N, classes) and offsets (N, 3) of N points."""
        # ONNX Runtime gathers by int64 only where the exporter chose GatherND
        tensors = [t if t.is_floating_point() else t.long() for t in tensors]
        by = dict(zip(INPUTS, tensors, strict=True))
        levels = ([by[f"{kind}{k}"] for k in range(LEVELS - 1)] for kind in ("group", "up", "weight"))
        logits, offsets = self.net(Graph(by["points"], by["normals"], [by[f"knn{k}"] for k in range(LEVELS)], *levels))
        return torch.softmax(logits, -1), offsets


def example(counts: tuple[int, ...] = (2400, 500, 120, 40, 20), seed: int = 0) -> tuple[torch.Tensor, ...]:
    """Random inputs of the right shapes; counts: points of each level."""
    rng = np.random.default_rng(seed)
    points = rng.normal(0, 15, (counts[0], 3)).astype(np.float32)
    normals = rng.normal(0, 1, points.shape).astype(np.float32)
    feed = build_cloud(points, normals, counts).feed()
    return tuple(torch.from_numpy(feed[name]) for name in INPUTS)


def to_onnx(net: PointTransformer) -> onnx.ModelProto:
    """The network as ONNX with one free dimension per level; inputs as `ios.sampling.Cloud.feed` gives them."""
    size = [torch.export.Dim(f"n{k}", min=MIN_LEVEL, max=1_000_000) for k in range(LEVELS)]
    level = {"points": 0, "normals": 0, **{f"knn{k}": k for k in range(LEVELS)}}
    for k in range(LEVELS - 1):
        level |= {f"group{k}": k + 1, f"up{k}": k, f"weight{k}": k}
    shapes = (tuple({0: size[level[name]]} for name in INPUTS),)
    return export_graph(Flat(net.eval()), example(), INPUTS, OUTPUTS, shapes)


def load_net(folder: Path) -> tuple[PointTransformer, dict[str, Any]]:
    """The averaged network of a run and its checkpoint."""
    return load_average(folder, PointTransformer)


def export(run_folder: Path, models: Path, version: str, scans: int, card: str | None = None) -> dict[str, Any]:
    """Write surface-<version>.int8.onnx and its entry in models.json; returns what `shipping.ship` does."""
    net, run = load_net(run_folder)
    metadata = {
        "id": f"surface-{version}",
        "task": "surface",
        "precision": "int8",
        "outputs": list(OUTPUTS),
        "labels": "0 gingiva; 1-8 positions 1-8 at x > 0 (quadrants 2, 4); 9-16 positions 1-8 at x < 0 (1, 3)",
        "frame": "mm, +z occlusal, +y anterior, right-handed, origin at the mean of the points",
        "area_per_point": list(AREA_PER_POINT),
        "training": training_record(run, scans),
    }
    return ship(models, with_int8_weights(to_onnx(net)), metadata, card)


def main(argv: list[str] | None = None) -> None:
    """Export a run."""
    run_export(__doc__.splitlines()[0], export, argv)
