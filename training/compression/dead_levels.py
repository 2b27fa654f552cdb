"""Cut levels of a U-Net that no longer answer, without changing what it computes.

    python -m training cut-dead-levels training/runs/pruning/whole_42 training/runs/border2 --data BUFFER

Trained on without BatchNorm, the way up from a deep level can die: its ReLU is 0 everywhere, and all that lies below is
computed for nothing. The level above then reads its own skip only, so its decoder is more of its encoder.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from training.nets.unet import UNet
from training.volumes.data import DataPlan, validation_samples
from training.volumes.finished import load_tuned, save_tuned

SAMPLES = 16


@torch.no_grad()
def dead_lifts(net: UNet, images: list[np.ndarray]) -> list[int]:
    """Levels whose lift (the way up from below) is 0 on all images (1, 1, D, H, W)."""
    largest = dict.fromkeys(range(len(net.lift)), 0.0)

    def keep(level: int):
        def hook(module, inputs, output) -> None:
            largest[level] = max(largest[level], float(output.max()))

        return hook

    handles = [lift.register_forward_hook(keep(level)) for level, lift in enumerate(net.lift)]
    try:
        for image in images:
            net(torch.from_numpy(image))
    finally:
        for handle in handles:
            handle.remove()
    return [level for level, value in largest.items() if value == 0.0]


@torch.no_grad()
def without_levels_below(net: UNet, level: int) -> UNet:
    """The network that ends at `level` (1 or deeper), equal to `net` where the lift into that level is 0."""
    plan = net.plan
    if not 1 <= level < len(net.lift):
        raise ValueError(f"A network of {len(plan.widths)} levels cannot end at level {level}.")
    encoder, lifted = plan.encoder_convs[level], plan.width(f"lift.{level}")

    def rename(name: str) -> str | None:
        """Name in the smaller network; None for what is cut."""
        kind, *numbers = name.split(".")
        at = int(numbers[0]) if numbers else 0
        if at > level or (kind == "lift" and at == level):
            return None
        return f"encoder.{level}.{encoder + int(numbers[1])}" if kind == "decoder" and at == level else name

    names = {name: rename(name) for name in plan.names}
    small = UNet(
        replace(
            plan,
            widths=plan.widths[: level + 1],
            encoder_convs=(*plan.encoder_convs[:level], encoder + plan.decoder_convs[level]),
            decoder_convs=plan.decoder_convs[:level],
            deep_supervision=0,
            layers={new: plan.layers[old] for old, new in names.items() if new and old in plan.layers},
        )
    )
    state = dict(net.state_dict())
    first = f"decoder.{level}.0.conv.weight"
    state[first] = state[first][:, lifted:]  # the lift's channels come first
    result = {}
    for key, value in state.items():
        layer = next((name for name in names if key.startswith(name + ".")), None)
        if layer is None:
            result[key] = value
        elif names[layer] is not None:
            result[names[layer] + key[len(layer) :]] = value
    small.load_state_dict({key: value for key, value in result.items() if not key.startswith("extra_heads")})
    return small.eval()


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a finished run of tune")
    parser.add_argument("out", type=Path, help="folder for the smaller network")
    parser.add_argument("--data", type=Path, required=True, help="samples to look for dead levels on")
    arguments = parser.parse_args(argv)
    net, tuned = load_tuned(arguments.run)
    samples = validation_samples(arguments.data, DataPlan.from_config(tuned["about"]["config"]), SAMPLES)
    dead = [level for level in dead_lifts(net, [image for image, _ in samples]) if level >= 1]
    if not dead:
        parser.error(f"no level of {arguments.run} is dead on {SAMPLES} samples of {arguments.data}: nothing to cut")
    small = without_levels_below(net, min(dead))
    arguments.out.mkdir(parents=True, exist_ok=True)
    save_tuned(arguments.out, small, None, tuned["quantizer"], tuned["about"])
    counts = [sum(p.numel() for p in n.parameters()) for n in (net, small)]
    print(f"Cut below level {min(dead)}: {counts[0]} to {counts[1]} parameters.")
