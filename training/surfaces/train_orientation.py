"""Train the network that finds a jaw's frame.

    python -m training train-orientation training/configs/orientation.yaml --pack PACK --data DATA/ios/train

PACK is what `pack-orientation` wrote. Without --fold every patient trains. Started again with the same name it
goes on from the last checkpoint. `evaluate-orientation` measures, `export-orientation` exports the network.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

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
    """

    settings_type = OrientationSettings
    settings: OrientationSettings

    def __init__(self, config: dict[str, Any], clouds: Clouds, held: Clouds | None = None) -> None:
        self.clouds, self.held = clouds, held
        self.rng = np.random.default_rng([config["seed"], 0])
        super().__init__(config)

    def build(self) -> nn.Module:
        return OrientationNet(**self.config["net"])

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
    add_run_arguments(parser, threads=1)
    arguments = parser.parse_args(argv)
    config, folder = start_command(arguments, "net", "augment")
    clouds = Clouds(arguments.pack, arguments.data, arguments.fold, held=False)
    held = None if arguments.fold is None else Clouds(arguments.pack, arguments.data, arguments.fold, held=True)
    run_to_end(OrientationTask(config, clouds, held), folder, arguments.fresh)
