"""Go on from a trained border network with one or more of: quantization, topology loss, distillation, gates.

    python -m training.tune training/configs/tune.yaml --data BUFFER --val VALIDATION --name border

A configuration is one of `training.train` (task "topology") with "start" in place of "net": the id of a shipped network
or the folder of an earlier run; and with any of the sections

    quantization: {weight_bits: 8}           # fake-quantised forward pass (training.quantization), weight "loss"
    topology: {variant: adaptive}            # training.topology_loss, weight "weight"
    distillation: {teacher: border-1}        # training.distillation, weight "weight"
    gates: {macs: 0.1}                       # training.gates: search for a network with this share of the MACs

The run's folder gets `tuned.pt`: the float network (after a search: the sliced one), its plan, its quantizer steps.
"""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from training.distillation import distillation_loss
from training.gates import GatedUNet, slice_network, sort_filters
from training.losses import IGNORE, border_loss
from training.nets.unet import UNet, UNetPlan
from training.quantization import (
    activation_scales,
    fold_norms,
    prepare_qat,
    quantization_loss,
    to_float,
    unet_from_onnx,
    unfold_norms,
)
from training.topology_loss import TopologyLoss, TopologyPlan
from training.train import RUNS, Trainer, keep_memory, read_config

MODELS = Path(__file__).resolve().parent.parent / "Resources" / "Models"
TUNED = "tuned.pt"
