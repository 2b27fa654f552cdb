"""Go on from a trained border network with one or more of: quantization, topology loss, distillation, gates.

    python -m training.compression.tune training/configs/border2.yaml --data BUFFER --val VALIDATION

A configuration is one of `training.volumes.train` (task "topology") with "start" in place of "net": the id of a shipped network
or the folder of an earlier run; and with any of the sections

    quantization: {weight_bits: 8, weight: 0.01}      # fake-quantised forward pass and L_quant (training.compression.quantization)
    topology: {variant: adaptive, weight: 0.1}        # L_topo (training.volumes.topology_loss)
    distillation: {teacher: uncompressed, weight: 0.5}  # masked distillation (training.compression.distillation)
    gates: {macs: 0.1, harden: 0.6}                   # a network with this share of the MACs (training.compression.gates)

The weights are the paper's alpha and beta: L = L_seg + alpha L_quant + beta L_topo. The run's folder gets `tuned.pt`:
the float network (after a search: the sliced one), its plan and, after quantization, its quantizer steps.
"""

from __future__ import annotations

import argparse
import copy
import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from training.compression.distillation import DistillationPlan, Distiller
from training.compression.gates import GatedUNet, slice_network, target_share
from training.compression.quantization import (
    activation_scales,
    calibrated_scales,
    prepare_qat,
    quantization_loss,
    to_float,
    unet_from_onnx,
)
from training.nets.unet import UNet, UNetPlan, macs
from training.volumes.losses import border_loss
from training.volumes.topology_loss import TopologyConfig, TopologyLoss
from training.volumes.train import RUNS, Trainer, keep_memory, read_config

MODELS = Path(__file__).resolve().parents[2] / "Resources" / "Models"
TUNED = "tuned.pt"
CALIBRATION = 8
"""Samples that give the activations' first ranges."""


def save_tuned(folder: Path, net: UNet, scales: dict[str, float] | None, weight_limit: int, about: dict) -> None:
    """Write a finished network whole or not at all."""
    state = {"plan": net.plan.to_dict(), "state": net.state_dict(), "scales": scales, "weight_limit": weight_limit}
    temporary = folder / (TUNED + ".tmp")
    torch.save(state | {"about": about}, temporary)
    os.replace(temporary, folder / TUNED)


def load_tuned(folder: Path) -> tuple[UNet, dict]:
    """The float network of a finished run, in evaluation mode, and {"scales", "weight_limit", "about"}."""
    state = torch.load(folder / TUNED, map_location="cpu", weights_only=True)
    net = UNet(UNetPlan.from_dict(state["plan"]))
    net.load_state_dict(state["state"])
    return net.eval(), {key: state[key] for key in ("scales", "weight_limit", "about")}


def shipped_file(start: str, runs: Path = RUNS) -> Path | None:
    """The .onnx file of a network by its id: one that is shipped, or one of an earlier release put into ``runs``."""
    # an absolute folder is no pattern, glob would refuse it with a message of its own
    folders = () if Path(start).is_absolute() else (MODELS, runs)
    return next((file for folder in folders for file in sorted(folder.glob(f"{start}.*.onnx"))), None)


def start_network(start: str, runs: Path = RUNS) -> UNet:
    """A shipped network by its id ("border-2"), or that of a finished run by its folder below ``runs``; without the
    training-only heads. ValueError if there is neither."""
    file = shipped_file(start, runs)
    if file is not None:
        net = unet_from_onnx(file)
    elif (runs / start / TUNED).is_file():
        net, _ = load_tuned(runs / start)
    else:
        raise ValueError(
            f'start: "{start}" is no network of {MODELS} or {runs} and no finished run in {runs}; name another.'
        )
    plain = UNet(replace(net.plan, deep_supervision=0))
    plain.load_state_dict({k: v for k, v in net.state_dict().items() if not k.startswith("extra_heads")})
    return plain


def topology_task_loss(logits: Tensor, target: Tensor, **options) -> tuple[Tensor, dict[str, float]]:
    """`losses.border_loss` on the first channel of a (B, 2, D, H, W) target."""
    return border_loss(logits, target[:, 0], **options)


class Tuner(Trainer):
    """A run that starts from a trained network; see the module's text for its sections."""

    def __init__(self, config: dict, folder: Path, device: torch.device, data: Path, runs: Path = RUNS) -> None:
        self.data, self.runs = data, runs
        self.gated = self.quantised = None
        super().__init__(config, folder, device)
        options = {k: tuple(v) if isinstance(v, list) else v for k, v in config.get("loss", {}).items()}
        self.loss = partial(topology_task_loss, **options)
        self.topology, self.topology_weight = None, 0.0
        if config.get("topology") is not None:
            plan = dict(config["topology"])
            self.topology_weight = float(plan.pop("weight", 0.1))
            self.topology = TopologyLoss(TopologyConfig.from_dict(plan))
        self.distiller, self.distillation_weight = None, 0.0
        if config.get("distillation") is not None:
            plan = dict(config["distillation"])
            self.distillation_weight = float(plan.pop("weight", 1.0))
            teacher = start_network(plan.pop("teacher"), runs).to(device, memory_format=torch.channels_last_3d)
            self.distiller = Distiller(teacher, self.net, "border", DistillationPlan(**plan))
            if len(self.distiller.adapters):
                adapters = list(self.distiller.adapters.parameters())
                self.optimiser.add_param_group({"params": adapters, "weight_decay": 0.0})
        if self.quantised is not None:
            self.average.ranges, self.average.logit_grid = self.net.ranges, self.net.logit_grid

    def build(self) -> torch.nn.Module:
        if self.config.get("gates") is not None and self.config.get("quantization") is not None:
            raise ValueError(
                "A search by gates runs at full precision: leave out quantization, or start a run of its "
                "own from the network that the search finds."
            )
        net = start_network(self.config["start"], self.runs)
        if self.config.get("gates") is not None:
            plan = {k: v for k, v in self.config["gates"].items() if k in ("group", "start", "temperature")}
            self.gated = GatedUNet(net, **plan)
            return self.gated
        if self.config.get("quantization") is not None:
            plan = dict(self.config["quantization"])
            self.quantization_weight = float(plan.pop("weight", 0.01))
            scales = calibrated_scales(net.eval(), self.calibration())
            self.quantised = prepare_qat(net, scales, with_error=self.quantization_weight > 0, **plan)
            return self.quantised
        return net

    def calibration(self) -> list:
        """The first samples of the training data, unaugmented."""
        from training.volumes.data import validation_samples

        images = [image for image, _ in validation_samples(self.data, self.plan, CALIBRATION)]
        if not images:
            raise ValueError(f"{self.data} holds no samples to measure the activations' ranges on: make samples first.")
        return images

    def parameter_groups(self) -> list[dict]:
        if self.gated is None:
            return super().parameter_groups()
        rate = float(self.config["gates"].get("rate", 0.05))
        groups = self.gated.parameter_groups(rate, weight_decay=self.settings.weight_decay)
        groups[-1]["factor"] = rate / self.settings.lr  # the schedule sets every group's rate
        return groups

    def losses(self, x: Tensor, y: Tensor) -> tuple[Tensor, dict[str, float]]:
        self._search_schedule()
        with self.autocast():
            logits = self.net(x)[0]
        loss, measures = self.loss(logits, y)
        if self.quantised is not None and self.quantization_weight > 0:
            error = quantization_loss(self.quantised)
            loss = loss + self.quantization_weight * error
            measures["quant"] = float(error.detach())
        if self.topology is not None:
            total, terms = self.topology.batch(logits, y[:, 0], y[:, 1], self.progress.step)
            loss, measures = loss + self.topology_weight * total, measures | terms
        if self.distiller is not None:
            with self.autocast():
                theirs = self.distiller(x)
            hint, _ = self.distiller.loss(logits, theirs, y[:, 0])
            loss = loss + self.distillation_weight * hint
            measures["hint"] = float(hint.detach())
        if self.gated is not None and not bool(self.gated.hardened):
            budget = self.gated.budget_loss(target_share(self._search_progress(), self.config["gates"]["macs"]))
            loss = loss + float(self.config["gates"].get("budget_weight", 1.0)) * budget
            measures["macs"] = float(self.gated.macs_share())
        return loss, measures

    def _search_progress(self) -> float:
        """Progress of the part of the run before the gates are made hard."""
        return min(1.0, self.fraction() / float(self.config["gates"].get("harden", 0.6)))

    def _search_schedule(self) -> None:
        if self.gated is None or bool(self.gated.hardened) or self._search_progress() < 1.0:
            return
        self._harden()

    def _harden(self) -> None:
        share = self.gated.harden(self.config["gates"]["macs"])
        self.average.logits.data.copy_(self.gated.logits.data)
        self.average.hardened.fill_(True)
        self.average.logits.requires_grad_(False)
        self.log(f"gates hard at {share:.3f} of the MACs: {self.gated.summary()}")

    def finish(self) -> Path:
        """Write `tuned.pt` from the averaged weights; returns its path."""
        scales, limit = None, 63
        if self.quantised is not None:
            net, limit = to_float(self.average), self.quantised.weight_limit
            scales = activation_scales(self.quantised) if self.quantised.top == 255 else None
        elif self.gated is not None:
            if not bool(self.gated.hardened):  # "harden: 1": the run ended first
                self._harden()
            net = slice_network(self.average.net, self.gated.gates(), self.gated.group)
        else:
            net = self.average
        net = copy.deepcopy(net).float().eval().to("cpu")
        about = {"config": self.config, "steps": self.progress.step, "seconds": self.progress.seconds}
        about |= {"macs_96": macs(net.plan, (96, 96, 96))["total"], "validation": self.progress.history[-1:]}
        save_tuned(self.folder, net, scales, limit, about)
        return self.folder / TUNED


def tune(config: dict, folder: Path, data: Path, val: Path | None, runs: Path = RUNS) -> Path:
    """Run a configuration from its start to its end; returns the finished network's path."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trainer = Tuner(config, folder, device, data, runs)
    trainer.run(data, val)
    return trainer.finish()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of training samples (task topology)")
    parser.add_argument("--val", type=Path, help="folder of validation samples")
    parser.add_argument("--name", help="name of the run (default: the configuration's file name)")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of the runs")
    parser.add_argument("--steps", type=int, help="steps instead of the configuration's")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: all)")
    arguments = parser.parse_args()
    keep_memory("training.compression.tune")
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    config = read_config(arguments.config, start="start")
    if arguments.steps is not None:
        config["training"]["steps"] = arguments.steps
    folder = arguments.runs / (arguments.name or arguments.config.stem)
    print(tune(config, folder, arguments.data, arguments.val, arguments.runs))


if __name__ == "__main__":
    main()
