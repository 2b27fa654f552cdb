"""Export the network that finds a jaw's frame, with the confidence that `evaluate-orientation` calibrated.

python -m training export-orientation training/runs/orientation --measured measured.json
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from DentalTopoSegLib.ios import orienting
from DentalTopoSegLib.networks.onnx_runtime import import_onnxruntime
from training.export.shipping import SCANS, export_graph, ship, training_record, write_whole
from training.nets.orientation import OrientationNet
from training.surfaces.train_orientation import load_net
from training.volumes.finished import MODELS

LOOKS_AT_ONCE = 4
LARGEST_DIFFERENCE = 1e-3
"""Between the axes of torch and of ONNX Runtime."""


def to_onnx(net: OrientationNet) -> onnx.ModelProto:
    """places (4, 256, 41) -> axes (4, 6), jaw (4,)."""
    return export_graph(net.eval(), (_looks(),), ("places",), ("axes", "jaw"))


def _looks() -> torch.Tensor:
    return torch.randn(LOOKS_AT_ONCE, orienting.PLACES, orienting.CHANNELS)


def export(
    net: OrientationNet,
    run: dict[str, Any],
    calibration: dict[str, Any],
    folder: Path,
    version: str,
    card: str | None,
    scans: int = SCANS,
) -> dict[str, Any]:
    """Write orientation-<version>.fp32.onnx and its entry in models.json.

    Parameters
    ----------
    net, run : OrientationNet, dict
        As `surfaces.train_orientation.load_net` gives them.
    calibration : dict
        "offset", "weights" and "jaw_temperature" of the confidence, see `evaluation.orientation`.
    folder : Path
        Of models.json.
    version : str
        Last part of the model's id.
    card : str, optional
        File name of the model card.
    scans : int
        How many scans the network has seen.

    Returns
    -------
    dict
        As `shipping.ship`.

    Raises
    ------
    RuntimeError
        ONNX Runtime and torch disagree; nothing is written then.
    """
    model = to_onnx(net)
    places = _looks()
    run_graph = import_onnxruntime().InferenceSession
    session = run_graph(model.SerializeToString(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        apart = np.abs(session.run(["axes"], {"places": places.numpy()})[0] - net(places)[0].numpy()).max()
    if apart > LARGEST_DIFFERENCE:
        raise RuntimeError(f"ONNX Runtime and torch differ by {apart:.4f}; nothing was written.")
    metadata = {
        "id": f"orientation-{version}",
        "task": "orientation",
        "precision": "fp32",
        "outputs": ["axes", "jaw"],
        "points": orienting.POINTS,
        "places": orienting.PLACES,
        "sizes": [list(s) for s in orienting.SIZES],
        "axes": "occlusal, then anterior direction",
        "jaw": "logit of upper",
        "confidence": calibration,
        "training": training_record(run, scans),
    }
    return ship(folder, model, metadata, card)


def card_text(metadata: dict[str, Any], fold: int | None, size: int, measured: dict[str, Any]) -> str:
    """The model card, Markdown; fold: of the exported run, measured: what `evaluation.orientation` found."""
    training = metadata["training"]
    plan = ", ".join(f"{k} {v}" for k, v in training["net"].items())
    which = "The shipped network is this one." if fold is not None else "The shipped one saw all patients."
    return f"""# {metadata["id"]}

Finds how an intraoral scan of one jaw lies (occlusal and anterior direction) and whether it is an upper or a lower
jaw, whatever the frame of the file and its triangles. Input: 256 of points spread over the surface by area, each with
moments of the points around it (`DentalTopoSegLib/ios/orienting.py`), seen from four starts, each three times. Normals
are not used.

**Research use only. Not a medical device; not for diagnosis or treatment planning without a qualified reader.**

## Model
{plan}; fp32 weights ({size / 1e6:.1f} MB). Everything a reader
needs, the calibration of the confidence too, is in the file's own metadata (key `dentaltoposeg`).

## Training
{training["steps"]} steps, {training["cpu_minutes"]} minutes on one CPU core, seed {training["seed"]},
{training["date"]}. Data: 3D-IOSSeg, {training["scans"]} of its {SCANS} intraoral scans (Li et al. 2024,
Computers in Biology and Medicine 168:107821; no licence stated by its authors), disturbed by this library's own code
as other scanners and mouths are (modelled bases, plaster models, gum and palate trimmed or longer, holes, debris,
absent teeth, `training/surfaces/disturbances.py`), mirrored, scaled and bent. It began with the weights of
orientation-1, which had the same patients held out. No scan or mesh is contained in the model file.

## Terms
The weights are offered for research and evaluation. The source states no licence: whoever wants to use the weights
for anything else must settle that with its authors. The code that made them is Apache-2.0.

## Measured
A network of {measured["steps"]} steps with a fifth of the patients held out; these are scans of those patients,
turned at random. {which} Degrees are of the whole rotation against the
frame in which the source's scans lie, which itself differs by some degrees from scan to scan. The confidence
is calibrated on other persons than it is measured on.

{measured["table"]}

## Known limits
Scans of one scanner only (3Shape TRIOS), adult permanent teeth; what other scanners do is made by code. Pieces of three
or four teeth are often put wrongly, and the confidence says so. A jaw without teeth was never seen. A mirrored jaw is
anatomically a jaw with sides exchanged: only its inverted surface gives it away.
"""


def main(argv: list[str] | None = None) -> None:
    """Export a run and write its card."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--measured", type=Path, required=True, help="what evaluate-orientation wrote")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder of the .onnx files and models.json")
    parser.add_argument("--scans", type=int, default=SCANS, help="how many scans the network has seen")
    parser.add_argument("--version", default="2", help="last part of the model's id")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    net, run = load_net(arguments.run)
    measured = json.loads(arguments.measured.read_text(encoding="utf-8"))
    name = f"orientation-{arguments.version}"
    result = export(
        net, run, measured["calibration"], arguments.models, arguments.version, f"{name}.md", arguments.scans
    )
    card = card_text(result["metadata"], run["config"]["fold"], result["size_bytes"], measured)
    write_whole(arguments.models / f"{name}.md", card)
    print(json.dumps(result, indent=2))
