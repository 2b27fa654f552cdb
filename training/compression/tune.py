"""Go on from a trained border network with one or more of: quantization, topology loss, distillation, gates.

    python -m training tune training/configs/quarter.yaml --data BUFFER --val VALIDATION

A configuration is one of `training.volumes.train` (task "topology") with "start" in place of "net": the id of a shipped
network or the folder of an earlier run, of this command or of `train-volumes`; and with any of the sections

    quantization: {scheme: paper, weight_bits: 6, activation_bits: 6, weight: 0.01}
        # fake-quantised forward pass (`training.export.quantizer`; without bits and scheme as shipped) and L_quant
    topology: {variant: adaptive, weight: 0.1}  # L_topo (`training.volumes.topology_loss`)
    distillation: {teacher: uncompressed, weight: 0.5}  # masked distillation (`distillation`)
    gates: {macs: 0.1, harden: 0.6}  # a network with this share of the MACs (`gates`)
    magnitude: {macs: 0.1}  # the same share by the weights' size, cut before the first step (`magnitude`)
    net: {classes: 3, ...}  # no start: a network of this plan from random weights

The weights are the paper's alpha and beta: L = L_seg + alpha L_quant + beta L_topo. The run's folder gets `tuned.pt`:
the float network (after a search: the sliced one), its plan and, after quantization, its quantizer steps.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from training.compression.distillation import DistillationPlan, Distiller
from training.compression.gates import GatedUNet, slice_network, target_share
from training.compression.magnitude import cut_by_magnitude
from training.compression.quantization import activation_scales, prepare_qat, quantization_loss, to_float
from training.compression.restore import unet_from_onnx, without_extra_heads
from training.export.quantizer import Quantizer
from training.export.ranges import calibrate
from training.export.volumes import load_run
from training.loop import (
    CHECKPOINT,
    RUNS,
    Loop,
    Measures,
    add_run_arguments,
    load_checkpoint,
    run_to_end,
    start_command,
)
from training.nets.unet import UNet, UNetPlan, macs
from training.volumes.data import validation_samples
from training.volumes.finished import MODELS, TUNED, load_tuned, save_tuned, shipped_file
from training.volumes.losses import border_loss
from training.volumes.topology_loss import TopologyConfig, TopologyLoss
from training.volumes.train import VolumeTask, best_device, loss_options

CALIBRATION = 8
"""Samples that give the activations' first ranges."""


def start_network(start: str, runs: Path = RUNS) -> UNet:
    """A shipped network by its id ("border-3"), or that of a run by its folder below `runs`, without the training-only
    heads: a finished one of this command, or the averaged weights of one of `train-volumes`. ValueError if there is
    neither."""
    file = shipped_file(start, runs)
    if file is not None:
        net = unet_from_onnx(file)
    elif (runs / start / TUNED).is_file():
        net, _ = load_tuned(runs / start)
    elif _has_a_plan(runs / start):
        net = load_run(runs / start).net
    else:
        raise ValueError(
            f'start: "{start}" is no network of {MODELS} or {runs} and no finished run in {runs}; name another.'
        )
    return without_extra_heads(net)


def _has_a_plan(folder: Path) -> bool:
    """Whether a run's checkpoint is that of a network trained from nothing. Those of `tune` only say their start."""
    return (folder / CHECKPOINT).is_file() and "net" in load_checkpoint(folder)["config"]


def topology_task_loss(logits: Tensor, target: Tensor, **options) -> tuple[Tensor, dict[str, float]]:
    """`losses.border_loss` on the first channel of a (B, 2, D, H, W) target."""
    return border_loss(logits, target[:, 0], **options)


class TuneTask(VolumeTask):
    """A border network that goes on from a trained one; see the module's text for its sections.

    Parameters
    ----------
    runs
        Folder of the runs that "start" and "teacher" may name.
    """

    def __init__(
        self,
        config: dict[str, Any],
        data: Path,
        validation: Path | None = None,
        device: torch.device | str = "cpu",
        runs: Path = RUNS,
    ) -> None:
        self.runs = runs
        self.gated = self.quantised = self.topology = self.distiller = None
        super().__init__(config, data, validation, device)
        if config.get("topology") is not None:
            plan = dict(config["topology"])
            self.topology_weight = float(plan.pop("weight", 0.1))
            self.topology = TopologyLoss(TopologyConfig.from_dict(plan))
        if config.get("distillation") is not None:
            plan = dict(config["distillation"])
            self.distillation_weight = float(plan.pop("weight", 1.0))
            teacher = start_network(plan.pop("teacher"), runs).to(self.device, memory_format=torch.channels_last_3d)
            self.distiller = Distiller(teacher, self.net, "border", DistillationPlan(**plan))

    def build(self) -> nn.Module:
        gates, quantization = self.config.get("gates"), self.config.get("quantization")
        if gates is not None and quantization is not None:
            raise ValueError(
                "A search by gates runs at full precision: leave out quantization, or start a run of its "
                "own from the network that the search finds."
            )
        if self.config.get("net") is not None:
            net = UNet(UNetPlan.from_dict(self.config["net"]))
        else:
            net = start_network(self.config["start"], self.runs)
        if self.config.get("magnitude") is not None:
            net = cut_by_magnitude(net, **self.config["magnitude"])
        if gates is not None:
            plan = {k: v for k, v in gates.items() if k in ("group", "start", "temperature")}
            net = self.gated = GatedUNet(net, **plan)
        elif quantization is not None:
            plan = dict(quantization)
            self.quantization_weight = float(plan.pop("weight", 0.01))
            momentum = float(plan.pop("momentum", 0.02))
            quantizer = Quantizer.from_dict(plan)
            scales = calibrate(net.eval(), self.calibration(), quantizer)
            net = self.quantised = prepare_qat(net, scales, quantizer, momentum, self.quantization_weight > 0)
        return net.to(self.device, memory_format=torch.channels_last_3d)

    def make_loss(self) -> Callable[[Tensor, Tensor], tuple[Tensor, Measures]]:
        return partial(topology_task_loss, **loss_options(self.config))

    def calibration(self) -> list:
        """The first samples (1, 1, D, H, W) of the training data, unaugmented."""
        images = [image for image, _ in validation_samples(self.data, self.plan, CALIBRATION)]
        if not images:
            raise ValueError(f"{self.data} holds no samples to measure the activations' ranges on: make samples first.")
        return images

    def parameter_groups(self) -> list[dict[str, Any]]:
        if self.gated is None:
            groups = super().parameter_groups()
        else:
            rate = float(self.config["gates"].get("rate", 0.05))
            groups = self.gated.parameter_groups(rate, weight_decay=self.settings.weight_decay)
        if self.distiller is not None and len(self.distiller.adapters):
            groups.append({"params": list(self.distiller.adapters.parameters()), "weight_decay": 0.0})
        return groups

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = {}
        if self.quantised is not None:
            state["ranges"] = {name: (limits.step, limits.counts) for name, limits in self.quantised.ranges.items()}
            state["logits"] = (self.quantised.logit_grid, self.quantised.logit_ends)
        if self.distiller is not None:
            state["adapters"] = self.distiller.adapters.state_dict()
        return state

    def load_state(self, state: dict[str, Any]) -> None:
        if self.quantised is not None:
            for name, (step, counts) in state["ranges"].items():
                self.quantised.ranges[name].step, self.quantised.ranges[name].counts = step, counts
            self.quantised.logit_grid, self.quantised.logit_ends = state["logits"]
        if self.distiller is not None:
            self.distiller.adapters.load_state_dict(state["adapters"])
        if self.gated is not None and bool(self.gated.hardened):
            self.gated.logits.requires_grad_(False)

    def losses(self, x: Tensor, y: Tensor, loop: Loop) -> tuple[Tensor, Measures]:
        """As of a border network, on targets (B, 2, D, H, W), with every term that the configuration asks for."""
        if self.gated is not None and not bool(self.gated.hardened) and self.search_progress(loop) >= 1.0:
            self.harden(loop)
        with self.autocast():
            logits = self.net(x)[0]
        loss, measures = self.measure_loss(logits, y)
        if self.quantised is not None and self.quantization_weight > 0:
            error = quantization_loss(self.quantised)
            loss = loss + self.quantization_weight * error
            measures["quant"] = float(error.detach())
        if self.topology is not None:
            total, terms = self.topology.batch(logits, y[:, 0], y[:, 1], loop.progress.step)
            loss, measures = loss + self.topology_weight * total, measures | terms
        if self.distiller is not None:
            with self.autocast():
                theirs = self.distiller(x)
            hint, _ = self.distiller.loss(logits, theirs, y[:, 0])
            loss = loss + self.distillation_weight * hint
            measures["hint"] = float(hint.detach())
        if self.gated is not None and not bool(self.gated.hardened):
            budget = self.gated.budget_loss(target_share(self.search_progress(loop), self.config["gates"]["macs"]))
            loss = loss + float(self.config["gates"].get("budget_weight", 1.0)) * budget
            measures["macs"] = float(self.gated.macs_share())
        return loss, measures

    def validate(self, net: nn.Module) -> Measures | None:
        if self.quantised is not None:
            net.ranges, net.logit_grid = self.quantised.ranges, self.quantised.logit_grid
        return super().validate(net)

    def search_progress(self, loop: Loop) -> float:
        """Progress (0 to 1) of the part of the run before the gates are made hard."""
        return min(1.0, loop.fraction() / float(self.config["gates"].get("harden", 0.6)))

    def harden(self, loop: Loop) -> None:
        """Fix the gates, in the averaged network too."""
        share = self.gated.harden(self.config["gates"]["macs"])
        loop.average.logits.data.copy_(self.gated.logits.data)
        loop.average.hardened.fill_(True)
        loop.average.logits.requires_grad_(False)
        loop.log(f"gates hard at {share:.3f} of the MACs: {self.gated.summary()}")

    def finish(self, loop: Loop) -> Path:
        """Write `tuned.pt` from the averaged weights; returns its path."""
        scales, quantizer, average = None, {}, loop.average
        if self.quantised is not None:
            net, quantizer = to_float(average), self.quantised.quantizer.to_dict()
            scales = activation_scales(self.quantised)
        elif self.gated is not None:
            if not bool(self.gated.hardened):  # "harden: 1": the run ended first
                self.harden(loop)
            net = slice_network(average.net, self.gated.gates(), self.gated.group)
        else:
            net = average
        net = copy.deepcopy(net).float().eval().to("cpu")
        progress = loop.progress
        about = {"config": self.config, "steps": progress.step, "seconds": progress.seconds}
        about |= {"macs_96": macs(net.plan, (96, 96, 96))["total"], "validation": progress.history[-1:]}
        save_tuned(loop.folder, net, scales, quantizer, about)
        return loop.folder / TUNED


def tune(
    config: dict[str, Any],
    folder: Path,
    data: Path,
    validation: Path | None,
    runs: Path = RUNS,
    fresh: bool = False,
) -> Path:
    """Run a configuration to its end, on from the folder's checkpoint unless `fresh`.

    Parameters
    ----------
    folder
        Of the run.
    data, validation
        Folders of samples of the task "topology".
    runs
        Folder of the runs that "start" and "teacher" may name.

    Returns
    -------
    The finished network's path.
    """
    task = TuneTask(config, data, validation, best_device(), runs)
    return task.finish(run_to_end(task, folder, fresh))


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of training samples (task topology)")
    parser.add_argument("--val", type=Path, help="folder of validation samples")
    add_run_arguments(parser)
    arguments = parser.parse_args(argv)
    config, folder = start_command(arguments, "start", "data")
    print(tune(config, folder, arguments.data, arguments.val, arguments.runs, arguments.fresh))
