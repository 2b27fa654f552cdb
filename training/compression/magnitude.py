"""Magnitude pruning, what a search by gates is compared with: the filters with the smallest weights go, at once."""

from __future__ import annotations

import torch

from training.compression.gates import GatedUNet, filter_importance
from training.nets.unet import UNet


@torch.no_grad()
def cut_by_magnitude(net: UNet, macs: float, group: int = 8) -> UNet:
    """A smaller network, not trained on: the groups of filters of the largest weights that fit into a budget.

    A group's magnitude is the mean of its filters' (`gates.filter_importance`: norm of the weights that make it times
    norm of those that read it, BatchNorm folded in), divided by its layer's mean, since layers differ in scale. The
    groups, the budget and the group that every layer keeps are those of the search by gates.

    Parameters
    ----------
    net : UNet
        Uncompressed, on any device.
    macs : float
        Share of its multiply-accumulates that may stay.
    group : int
        Filters that stay or go together.

    Raises
    ------
    ValueError
        One group a layer already costs more.
    """
    gated = GatedUNet(net, group)
    importance = filter_importance(gated.net)
    parts = []
    for name in gated.plan.names:
        values = importance[name] / importance[name].mean().clamp_min(1e-12)
        parts += [part.mean() for part in values.split(group)]
    gated.logits.copy_(torch.stack(parts))
    gated.harden(macs)
    return gated.slice()
