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

OUTPUTS = ["probabilities", "upper_logit"]


class Probabilities(torch.nn.Module):
    """The network's answer for one row as probabilities (K, classes), and the jaw's logit (1,)."""

    def __init__(self, net: CrownRowNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, shapes: torch.Tensor, places: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Probabilities (K, classes) of K crowns from shapes (K, P, 6) and places (K, 13), and the jaw's logit (1,)."""
        row, _, upper = self.net(shapes, places)
        return torch.softmax(row, -1), upper.reshape(1)


def to_onnx(net: CrownRowNet) -> onnx.ModelProto:
    """The network as ONNX; inputs shapes (K, P, 6) and places (K, 13), outputs (K, classes) and (1,) as `OUTPUTS`."""
    crowns = torch.export.Dim("crowns", min=1, max=64)
    example = (torch.randn(7, CROWN_POINTS, 6), torch.randn(7, PLACE_FEATURES))
    free = ({0: crowns}, {0: crowns})
    return export_graph(Probabilities(net.eval()), example, ("shapes", "places"), tuple(OUTPUTS), free)


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
        "outputs": OUTPUTS,
        "labels": (
            "0-15 permanent teeth of the upper jaw, 16-31 of the lower, 32-41 milk teeth of the upper, 42-51 of the "
            "lower, 52 no tooth; in a jaw from the midline those at x > 0 (quadrants 2, 4; 6, 8), then at x < 0"
        ),
        "crown_points": CROWN_POINTS,
        "training": training_record(run, scans),
    }
    return ship(models, with_int8_weights(to_onnx(net)), metadata, card)


def main(argv: list[str] | None = None) -> None:
    """Export a run."""
    run_export(__doc__.splitlines()[0], export, argv)
