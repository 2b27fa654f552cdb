"""Finished volume networks: those of a run that went on from another (`tuned.pt`), and the shipped .onnx files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from DentalTopoSegLib.networks.models import resources_dir
from training.loop import RUNS, save_whole
from training.nets.unet import UNet, UNetPlan

MODELS = resources_dir() / "Models"
TUNED = "tuned.pt"


def save_tuned(
    folder: Path, net: UNet, scales: dict[str, float] | None, quantizer: dict[str, Any], about: dict[str, Any]
) -> None:
    """Write a finished network to `folder`/tuned.pt, whole or not at all.

    Parameters
    ----------
    scales
        Quantizer steps of the activations, None if they are still to be measured.
    quantizer
        What the network is rounded to: options of `training.export.quantizer.Quantizer`, none for the shipped way.
    about
        Where the network comes from: "config", "steps", "seconds", "macs_96", "validation".
    """
    state = {"plan": net.plan.to_dict(), "state": net.state_dict(), "scales": scales, "quantizer": quantizer}
    save_whole(state | {"about": about}, folder / TUNED)


def load_tuned(folder: Path) -> tuple[UNet, dict]:
    """The float network of a finished run, in evaluation mode, and {"scales", "quantizer", "about"}."""
    state = torch.load(folder / TUNED, map_location="cpu", weights_only=True)
    net = UNet(UNetPlan.from_dict(state["plan"]))
    net.load_state_dict(state["state"])
    if "weight_limit" in state:  # a file of an earlier version, always the shipped scheme: +-63 is 7 bits
        state["quantizer"] = {"weight_bits": int(state["weight_limit"]).bit_length() + 1}
    return net.eval(), {key: state[key] for key in ("scales", "quantizer", "about")}


def shipped_file(start: str, runs: Path = RUNS) -> Path | None:
    """The .onnx file of a network by its id: one that is shipped, or one of an earlier release put into `runs`."""
    # an absolute folder is no pattern, glob would refuse it with a message of its own
    folders = () if Path(start).is_absolute() else (MODELS, runs)
    return next((file for folder in folders for file in sorted(folder.glob(f"{start}.*.onnx"))), None)
