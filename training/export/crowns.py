"""Export the crown network: ONNX for any number of crowns, weights stored as int8, arithmetic in float.

python -m training.export.crowns training/runs/crowns --models Resources/Models
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path

import onnx
import torch

from DentalTopoSegLib.ios.crowns import CROWN_POINTS, PLACE_FEATURES
from training.export.onnx_files import describe_model, without_traces
from training.export.surface import OPSET, stored_bytes, with_int8_weights
from training.export.volumes import register
from training.nets.crown_row import CrownRowNet


class Probabilities(torch.nn.Module):
    """The network's answer for one row as probabilities (K, 16)."""

    def __init__(self, net: CrownRowNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, shapes: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        return torch.softmax(self.net(shapes, places)[0], -1)


def to_onnx(net: CrownRowNet) -> onnx.ModelProto:
    """The network as ONNX; inputs shapes (K, P, 6) and places (K, 13), output probabilities (K, 16)."""
    crowns = torch.export.Dim("crowns", min=1, max=64)
    example = (torch.randn(7, CROWN_POINTS, 6), torch.randn(7, PLACE_FEATURES))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes on its own renaming of dimensions
        program = torch.onnx.export(
            Probabilities(net.eval()), example, dynamo=True, dynamic_shapes=({0: crowns}, {0: crowns}),
            opset_version=OPSET, input_names=["shapes", "places"], output_names=["probabilities"], verbose=False,
        )  # fmt: skip
    return without_traces(program.model_proto)


def export(run_folder: Path, models: Path, version: str, scans: int, card: str | None = None) -> dict:
    """Write crowns-<version>.int8.onnx and its entry in models.json; returns sizes."""
    run = torch.load(run_folder / "checkpoint.pt", map_location="cpu", weights_only=True)
    net = CrownRowNet(**run["config"]["net"])
    net.load_state_dict(run["average"])
    model = with_int8_weights(to_onnx(net))
    config = run["config"]
    metadata = {
        "id": f"crowns-{version}",
        "task": "crowns",
        "precision": "int8",
        "outputs": ["probabilities"],
        "labels": "0-7 positions 1-8 at x > 0 (quadrants 2, 4); 8-15 positions 1-8 at x < 0 (1, 3)",
        "crown_points": CROWN_POINTS,
        "training": {
            "steps": run["progress"]["step"], "cpu_minutes": round(run["progress"]["cpu_seconds"] / 60, 1), "seed": config["seed"],
            "scans": scans, "net": config["net"], "date": time.strftime("%Y-%m-%d"),
        },
    }  # fmt: skip
    describe_model(model, metadata)
    onnx.checker.check_model(model)
    path = register(models, model, metadata, card)
    return {"file": str(path), "size_bytes": path.stat().st_size, "stored": stored_bytes(model), "metadata": metadata}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--models", type=Path, required=True, help="folder of the .onnx files and models.json")
    parser.add_argument("--version", default="1")
    parser.add_argument("--scans", type=int, default=119)
    parser.add_argument("--card", help="file name of the model card")
    arguments = parser.parse_args()
    result = export(arguments.run, arguments.models, arguments.version, arguments.scans, arguments.card)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
