"""Topology terms for training the border network: count, adjacency, holes.

`python -m training time-topology-loss` prints what each term costs per step.

All terms work on one patch at a time, on single maps (D, H, W) with the Voronoi partition `cells` of the teeth; those
per tooth also take a (K + 1, D, H, W) softmax over numbered teeth. Maps may live on any device; persistence is found
on the CPU and needs cripser (GPL-3: training and tests only, nothing of it is in a shipped network).
"""

from training.volumes.topology_loss.adjacency import adjacency_loss, adjacency_tolerant_loss, boundary, find_ridge
from training.volumes.topology_loss.count import count_loss, count_margin_loss
from training.volumes.topology_loss.holes import hole_loss, hole_margin_loss
from training.volumes.topology_loss.loss import TopologyConfig, TopologyLoss

__all__ = [
    "TopologyConfig",
    "TopologyLoss",
    "adjacency_loss",
    "adjacency_tolerant_loss",
    "boundary",
    "count_loss",
    "count_margin_loss",
    "find_ridge",
    "hole_loss",
    "hole_margin_loss",
]
