"""Train the network that finds a jaw's frame.

    python -m training train-orientation training/configs/orientation.yaml --pack PACK --data DATA/ios/train

PACK is what `pack-orientation` wrote. Without --fold every patient trains. With --start it begins with the weights of
an exported network (which must have had the same fold held out) and not at random. Started again with the same name it
goes on from the last checkpoint. `evaluate-orientation` measures, `export-orientation` exports the network.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.ios import orienting
from training.loop import (
    Loop,
    Measures,
    Settings,
    Task,
    add_run_arguments,
    load_checkpoint,
    run_to_end,
    start_command,
)
from training.nets.orientation import OrientationNet, rotation_of
from training.surfaces.jaws import FOLDS
from training.surfaces.poses import Clouds

VALIDATED = 240
"""Poses that a validation looks at."""

Batch = tuple[Tensor, Tensor, Tensor]


@dataclass
class OrientationSettings(Settings):
    """The `training` section; `jaw_weight`: of the loss of the answer which jaw it is."""

    jaw_weight: float = 0.2


class OrientationTask(Task):
    """The orientation network on posed clouds.

    Parameters
    ----------
    clouds, held
        Clouds to train on and to look at.
    start
        An exported network to begin with.
    """

    settings_type = OrientationSettings
    settings: OrientationSettings

    def __init__(
        self, config: dict[str, Any], clouds: Clouds, held: Clouds | None = None, start: Path | None = None
    ) -> None:
        self.clouds, self.held, self.start = clouds, held, start
        self.rng = np.random.default_rng([config["seed"], 0])
        super().__init__(config)

    def build(self) -> nn.Module:
        net = OrientationNet(**self.config["net"])
        if self.start is not None:
            net.load_state_dict(read_weights(self.start, net))
        return net

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Everything decays."""
        return [{"params": list(self.net.parameters()), "weight_decay": self.settings.weight_decay}]

    def generators(self) -> list[np.random.Generator]:
        return [self.rng]

    def next_batch(self) -> Batch:
        return self.clouds.batch(self.settings.batch, self.config["augment"], self.rng)

    def loss(self, batch: Batch, loop: Loop) -> tuple[Tensor, Measures]:
        places, truth, upper = batch
        axes, logit = self.net(places)
        # the distance itself, not its square: a few hopeless clouds do not drag the rest
        away = (rotation_of(axes) - truth).flatten(1).square().sum(1).add(1e-4).sqrt().mean()
        jaw = functional.binary_cross_entropy_with_logits(logit, upper)
        return away + self.settings.jaw_weight * jaw, {"distance": float(away.detach()), "jaw": float(jaw.detach())}

    def validate(self, net: nn.Module) -> Measures | None:
        """Error of single answers in degrees, in poses as in training but for the nearly right ones."""
        if self.held is None:
            return None
        plan = self.config["augment"] | {"near": 0.0, "principal": 1.0}
        places, truth, upper = self.held.batch(VALIDATED, plan, np.random.default_rng(0))
        axes, logit = net(places)
        error = orienting.angles_deg(rotation_of(axes).double().numpy(), truth.double().numpy())
        right = ((logit > 0).float() == upper).float().mean()
        return {"median_deg": float(np.median(error)), "p90_deg": float(np.quantile(error, 0.9)), "jaw": float(right)}


def read_weights(path: Path, net: OrientationNet) -> dict[str, Tensor]:
    """The weights of a network that `export-orientation` wrote, by their names in `net` of the same size."""
    stored = {entry.name: numpy_helper.to_array(entry) for entry in onnx.load(path).graph.initializer}
    own = net.state_dict()
    # linear maps are stored transposed and without their names, in the order in which they are used
    maps = iter([a for name, a in stored.items() if name not in own and a.ndim == 2])
    weights = {name: torch.from_numpy((stored[name] if name in stored else next(maps).T).copy()) for name in own}
    if next(maps, None) is not None or any(weights[name].shape != own[name].shape for name in own):
        raise InputError(f"'{path}' is no orientation network of this size.")
    return weights


def load_net(folder: Path) -> tuple[OrientationNet, dict[str, Any]]:
    """The averaged network of a run and its checkpoint."""
    state = load_checkpoint(folder)
    net = OrientationNet(**state["config"]["net"])
    net.load_state_dict(state["average"])
    return net.eval(), state


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--pack", type=Path, required=True, help="what pack-orientation wrote")
    parser.add_argument("--data", type=Path, required=True, help="the data pack's ios/train, for the list of patients")
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="fifth of the patients to hold out")
    parser.add_argument("--start", type=Path, help="exported network (.onnx) to begin with")
    add_run_arguments(parser, threads=1)
    arguments = parser.parse_args(argv)
    config, folder = start_command(arguments, "net", "augment")
    clouds = Clouds(arguments.pack, arguments.data, arguments.fold, held=False)
    held = None if arguments.fold is None else Clouds(arguments.pack, arguments.data, arguments.fold, held=True)
    run_to_end(OrientationTask(config, clouds, held, arguments.start), folder, arguments.fresh)
