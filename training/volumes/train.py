"""Train a volume network from one configuration file; the same file runs on CPU and GPU.

    python -m training train-volumes training/configs/numbering.yaml --data BUFFER --val VALIDATION --name numbering

Stops after the configured minutes or steps. Started again with the same name it goes on from the last checkpoint.
`trained: NAME` in a configuration trains the layers whose names begin so and leaves the others as they are.
"""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.loop import (
    Loop,
    Measures,
    Settings,
    Task,
    add_run_arguments,
    mean_measures,
    run_to_end,
    start_command,
)
from training.nets.unet import UNet, UNetPlan, freeze_norm_statistics
from training.volumes.data import Buffer, DataPlan, validation_samples
from training.volumes.losses import (
    border_loss,
    canals_loss,
    coarser_target,
    numbering_loss,
    structures_loss,
    tissues_loss,
)

Batch = tuple[np.ndarray, np.ndarray]


@dataclass
class VolumeSettings(Settings):
    """The `training` section of a volume network.

    Parameters
    ----------
    freeze_norm_at
        Part of the budget after which BatchNorm uses its running statistics.
    extra_weight
        Of the loss of each auxiliary level.
    validate_samples
        Most samples that a validation looks at.
    """

    freeze_norm_at: float = 0.7
    extra_weight: float = 0.3
    validate_samples: int = 12


def loss_options(config: dict[str, Any]) -> dict[str, Any]:
    """The `loss` section of a configuration, lists as tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in config.get("loss", {}).items()}


def best_device() -> torch.device:
    """The GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class VolumeTask(Task):
    """A numbering or border network on samples of a rolling folder.

    Parameters
    ----------
    data, validation
        Folders of training samples (it may still be filling) and of validation samples.
    workers
        Threads that prepare batches.
    """

    settings_type = VolumeSettings
    settings: VolumeSettings

    def __init__(
        self,
        config: dict[str, Any],
        data: Path,
        validation: Path | None = None,
        device: torch.device | str = "cpu",
        workers: int = 1,
    ) -> None:
        self.data, self.validation, self.workers = data, validation, workers
        self.plan = DataPlan.from_config(config)
        self.frozen = False
        super().__init__(config, device)
        self.measure_loss = self.make_loss()

    def build(self) -> nn.Module:
        net = UNet(UNetPlan.from_dict(self.config["net"]))
        part = self.config.get("trained", "")
        for name, parameter in net.named_parameters():
            parameter.requires_grad_(name.startswith(part))
        return net.to(self.device, memory_format=torch.channels_last_3d)

    def make_loss(self) -> Callable[[Tensor, Tensor], tuple[Tensor, Measures]]:
        """(logits (B, C, D, H, W), target) -> (loss, measures), by the configuration's task."""
        losses = {
            "numbering": numbering_loss,
            "structures": structures_loss,
            "tissues": tissues_loss,
            "canals": canals_loss,
        }
        return partial(losses.get(self.plan.task, border_loss), **loss_options(self.config))

    def open(self, step: int) -> None:
        seed = self.config.get("seed", 0) + step
        self.buffer = Buffer(self.data, self.plan, self.settings.batch, seed, self.workers)

    def close(self) -> None:
        self.buffer.close()

    def next_batch(self) -> Batch:
        """Images (B, 1, D, H, W) float32 and targets (B, ...) uint8."""
        return self.buffer.next()

    def autocast(self) -> contextlib.AbstractContextManager:
        return torch.autocast(self.device.type, torch.bfloat16)

    def to_device(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """A batch as tensors, the image in bfloat16."""
        image, target = (torch.from_numpy(array) for array in batch)
        x = image.to(self.device, torch.bfloat16).contiguous(memory_format=torch.channels_last_3d)
        return x, target.to(self.device)

    def loss(self, batch: Batch, loop: Loop) -> tuple[Tensor, Measures]:
        """Loss over all supervised levels, and the measures of the finest."""
        self.freeze_norms(loop)
        return self.losses(*self.to_device(batch), loop)

    def freeze_norms(self, loop: Loop) -> None:
        """From `freeze_norm_at` on, normalise with the running statistics."""
        if loop.fraction() < self.settings.freeze_norm_at:
            return
        if not self.frozen:
            loop.log("BatchNorm statistics frozen")
            self.frozen = True
        freeze_norm_statistics(self.net)

    def losses(self, x: Tensor, y: Tensor, loop: Loop) -> tuple[Tensor, Measures]:
        """As `loss`, of images (B, 1, D, H, W) and targets on the device."""
        with self.autocast():
            finest, *extra = self.net(x)
        loss, measures = self.measure_loss(finest, y)
        for logits in extra:
            factor = y.shape[1] // logits.shape[2]
            loss = loss + self.settings.extra_weight * self.measure_loss(logits, coarser_target(y, factor))[0]
        return loss, measures

    def validate(self, net: nn.Module) -> Measures | None:
        """Mean loss and measures over the validation folder; None without one."""
        if self.validation is None:
            return None
        rows = []
        for batch in validation_samples(self.validation, self.plan, self.settings.validate_samples):
            x, y = self.to_device(batch)
            with self.autocast():
                logits = net(x)[0]
            loss, measures = self.measure_loss(logits, y)
            rows.append({"loss": float(loss), **measures})
        return mean_measures(rows)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of training samples, may still be filling")
    parser.add_argument("--val", type=Path, help="folder of validation samples")
    parser.add_argument("--init", type=Path, help="checkpoint whose averaged weights to start from")
    parser.add_argument("--borrow", type=Path, help="checkpoint of another network: layers alike are taken from it")
    parser.add_argument("--workers", type=int, default=1, help="loader threads")
    add_run_arguments(parser)
    arguments = parser.parse_args(argv)
    config, folder = start_command(arguments, "net", "data")
    task = VolumeTask(config, arguments.data, arguments.val, best_device(), arguments.workers)
    run_to_end(task, folder, arguments.fresh, arguments.init, arguments.borrow)
