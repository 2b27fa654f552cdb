"""Export the Point Transformer: ONNX for any number of points, weights stored as int8, arithmetic in float.

    python -m training.export.surface training/runs/surface --models Resources/Models

Activations stay float: on two cores int8 matrix products of this network are no faster than float ones, and cost
labels, while int8 weights (a scale per output channel) make the file four times smaller and leave the labels alone.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from DentalTopoSegLib.ios.sampling import AREA_PER_POINT, MIN_LEVEL
from training.export.onnx_files import describe_model, without_traces
from training.export.volumes import register
from training.nets.point_transformer import Graph, PointTransformer

OPSET = 20
LEVELS = 5
#: Matrices with fewer numbers than this stay float: they weigh nothing.
SMALLEST = 2048
INPUTS = (
    "points", "normals", *(f"knn{k}" for k in range(LEVELS)),
    *(f"{kind}{k}" for k in range(LEVELS - 1) for kind in ("group", "up", "weight")),
)  # fmt: skip
OUTPUTS = ("probabilities", "offsets")


class Flat(torch.nn.Module):
    """The network with plain tensors for arguments, in the order of INPUTS."""

    def __init__(self, net: PointTransformer) -> None:
        super().__init__()
        self.net = net

    def forward(self, *tensors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        # ONNX Runtime gathers by int64 only where the exporter chose GatherND
        tensors = [t if t.is_floating_point() else t.long() for t in tensors]
        by = dict(zip(INPUTS, tensors, strict=True))
        coarser = range(LEVELS - 1)
        graph = Graph(
            by["points"], by["normals"], [by[f"knn{k}"] for k in range(LEVELS)], [by[f"group{k}"] for k in coarser],
            [by[f"up{k}"] for k in coarser], [by[f"weight{k}"] for k in coarser],
        )  # fmt: skip
        logits, offsets = self.net(graph)
        return torch.softmax(logits, -1), offsets


def example(counts: tuple[int, ...] = (2400, 500, 120, 40, 20), seed: int = 0) -> tuple[torch.Tensor, ...]:
    """Random inputs of the right shapes."""
    from DentalTopoSegLib.ios.sampling import build_cloud

    rng = np.random.default_rng(seed)
    points = rng.normal(0, 15, (counts[0], 3)).astype(np.float32)
    normals = rng.normal(0, 1, points.shape).astype(np.float32)
    feed = build_cloud(points, normals, counts).feed()
    return tuple(torch.from_numpy(feed[name]) for name in INPUTS)


def to_onnx(net: PointTransformer) -> onnx.ModelProto:
    """The network as ONNX with one free dimension per level; inputs as sampling.Cloud.feed() gives them."""
    size = [torch.export.Dim(f"n{k}", min=MIN_LEVEL, max=1_000_000) for k in range(LEVELS)]
    level = {"points": 0, "normals": 0, **{f"knn{k}": k for k in range(LEVELS)}}
    for k in range(LEVELS - 1):
        level |= {f"group{k}": k + 1, f"up{k}": k, f"weight{k}": k}
    shapes = (tuple({0: size[level[name]]} for name in INPUTS),)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes on its own renaming of dimensions
        program = torch.onnx.export(
            Flat(net.eval()), example(), dynamo=True, dynamic_shapes=shapes, opset_version=OPSET,
            input_names=list(INPUTS), output_names=list(OUTPUTS), verbose=False,
        )  # fmt: skip
    return without_traces(program.model_proto)


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
        zero = np.zeros(len(scale), np.int8)
        parts = {"int8": whole, "scale": scale, "zero": zero}
        kept += [numpy_helper.from_array(a, f"{tensor.name}.{k}") for k, a in parts.items()]
        names = [f"{tensor.name}.{k}" for k in parts]
        nodes.append(helper.make_node("DequantizeLinear", names, [tensor.name], axis=axis))
    del out.graph.initializer[:]
    out.graph.initializer.extend(kept)
    rest = list(out.graph.node)
    del out.graph.node[:]
    out.graph.node.extend([*nodes, *rest])
    return out


def stored_bytes(model: onnx.ModelProto) -> dict[str, int]:
    """Bytes of the weights by element type."""
    total: dict[str, int] = {}
    for tensor in model.graph.initializer:
        name = TensorProto.DataType.Name(tensor.data_type).lower()
        total[name] = total.get(name, 0) + numpy_helper.to_array(tensor).nbytes
    return total


def describe(model: onnx.ModelProto, run: dict, model_id: str, precision: str, scans: int) -> dict:
    """Write the metadata into the model and return it."""
    config = run["config"]
    metadata = {
        "id": model_id,
        "task": "surface",
        "precision": precision,
        "outputs": list(OUTPUTS),
        "labels": "0 gingiva; 1-8 positions 1-8 at x > 0 (quadrants 2, 4); 9-16 positions 1-8 at x < 0 (1, 3)",
        "frame": "mm, +z occlusal, +y anterior, right-handed, origin at the mean of the points",
        "area_per_point": list(AREA_PER_POINT),
        "training": {
            "steps": run["progress"]["step"], "cpu_minutes": round(run["progress"]["cpu_seconds"] / 60, 1), "seed": config["seed"], "scans": scans,
            "net": config["net"], "date": time.strftime("%Y-%m-%d"),
        },
    }  # fmt: skip
    describe_model(model, metadata)
    return metadata


def load_net(folder: Path) -> tuple[PointTransformer, dict]:
    """The averaged network of a run and its checkpoint."""
    run = torch.load(folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    net = PointTransformer(**run["config"]["net"])
    net.load_state_dict(run["average"])
    return net.eval(), run


def export(run_folder: Path, models: Path, version: str, scans: int, card: str | None = None) -> dict:
    """Write surface-<version>.int8.onnx and its entry in models.json; returns sizes and checks."""
    net, run = load_net(run_folder)
    full = to_onnx(net)
    small = with_int8_weights(full)
    metadata = describe(small, run, f"surface-{version}", "int8", scans)
    onnx.checker.check_model(small)
    models.mkdir(parents=True, exist_ok=True)
    path = register(models, small, metadata, card)
    return {"file": str(path), "size_bytes": path.stat().st_size, "stored": stored_bytes(small), "metadata": metadata}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--models", type=Path, required=True, help="folder of the .onnx files and models.json")
    parser.add_argument("--version", default="1")
    parser.add_argument("--scans", type=int, default=119)
    parser.add_argument("--card", help="file name of the model card")
    arguments = parser.parse_args()
    print(
        json.dumps(
            export(arguments.run, arguments.models, arguments.version, arguments.scans, arguments.card), indent=2
        )
    )


if __name__ == "__main__":
    main()
