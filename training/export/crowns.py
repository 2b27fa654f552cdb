"""Export the crown network: ONNX for any number of crowns, weights stored as int8, arithmetic in float.

python -m training export-crowns training/runs/crowns --models Resources/Models
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import torch

from DentalTopoSegLib.ios.crowns import CROWN_POINTS, PLACE_FEATURES
from training.export.int8_storage import with_int8_weights
from training.export.shipping import export_graph, load_average, run_export, ship, training_record
from training.nets.crown_row import CrownRowNet


class Probabilities(torch.nn.Module):
    """The network's answer for one row as probabilities (K, 16)."""

    def __init__(self, net: CrownRowNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, shapes: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """Probabilities (K, 16) of K crowns from shapes (K, P, 6) and places (K, 13)."""
        return torch.softmax(self.net(shapes, places)[0], -1)


def to_onnx(net: CrownRowNet) -> onnx.ModelProto:
    """The network as ONNX; inputs shapes (K, P, 6) and places (K, 13), output probabilities (K, 16)."""
    crowns = torch.export.Dim("crowns", min=1, max=64)
    example = (torch.randn(7, CROWN_POINTS, 6), torch.randn(7, PLACE_FEATURES))
    free = ({0: crowns}, {0: crowns})
    return export_graph(Probabilities(net.eval()), example, ("shapes", "places"), ("probabilities",), free)


def load_net(folder: Path) -> tuple[CrownRowNet, dict[str, Any]]:
    """The averaged network of a run and its checkpoint."""
    return load_average(folder, CrownRowNet)


def export(run_folder: Path, models: Path, version: str, scans: int, card: str | None = None) -> dict[str, Any]:
    """Write crowns-<version>.int8.onnx and its entry in models.json; returns what `shipping.ship` does."""
    net, run = load_net(run_folder)
    metadata = {
        "id": f"crowns-{version}",
        "task": "crowns",
        "precision": "int8",
        "outputs": ["probabilities"],
        "labels": "0-7 positions 1-8 at x > 0 (quadrants 2, 4); 8-15 positions 1-8 at x < 0 (1, 3)",
        "crown_points": CROWN_POINTS,
        "training": training_record(run, scans),
    }
    return ship(models, with_int8_weights(to_onnx(net)), metadata, card)


def main(argv: list[str] | None = None) -> None:
    """Export a run."""
    run_export(__doc__.splitlines()[0], export, argv)
