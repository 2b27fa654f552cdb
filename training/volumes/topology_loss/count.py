"""Number of instances: |CC(S) - CC(M)| (Seed 000, eq. 3 and 9) and a truth-directed form of it.

A count has no gradient. The relaxation: in dimension-0 persistence the number of 26-connected components of {S > t}
is sum_i 1[b_i > t] 1[d_i <= t] over pairs of a maximum b_i and the saddle d_i that joins it to a higher one. Backward,
both indicators become sigmoids of (value - t) / temperature: the gradient reaches S at the maximum and saddle voxels.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from training.volumes.topology_loss.persistence import (
    HALF,
    LEVELS,
    THRESHOLD_LEVELS,
    THRESHOLDS,
    Pairs,
    at_edge,
    component_pairs,
    critical_cost,
    levels_of,
    relaxed_alive,
    values_at,
)


def count_loss(
    prob: Tensor,
    truth: np.ndarray,
    known: np.ndarray | None = None,
    temperature: float = 0.05,
    edge: int = 2,
    straight_through: bool = True,
) -> Tensor:
    """|CC(S) - CC(M)| / max(CC(M), 1), CC(S) the mean over ten thresholds 0.1..0.9 of the components of {S > t}.

    prob: (D, H, W) probability map (core of the border network, or one class of a softmax). truth, known: (D, H, W)
    bool; unknown voxels are background in both. edge: a component counts if it has its maximum off the outer `edge`
    layers of the patch, a true one if it has a voxel off them: slivers of teeth cut by the patch do not count.

    The value is exact. The gradient is that of the relaxed count over the pairs to be changed: with too many
    components, all but the CC(M) most persistent (maximum down, saddle up); with too few, the CC(M) most persistent
    (maximum up, saddle down). straight_through=False gives the relaxed, signed value itself (for gradient checks).
    """
    pairs, _ = _pairs(prob, known, edge)
    true_count = _true_components(_mask(truth, known), edge)[1]
    alive = (pairs.born[:, None] > THRESHOLD_LEVELS) & (pairs.died[:, None] <= THRESHOLD_LEVELS)
    error = float(alive.sum() / len(THRESHOLD_LEVELS)) - true_count
    scale = 1.0 / max(true_count, 1)
    if abs(error) < 1e-9:
        return prob.sum() * 0.0
    chosen = pairs.pick(np.arange(len(pairs)) >= true_count if error > 0 else np.arange(len(pairs)) < true_count)
    birth, death = values_at(prob, chosen.birth), values_at(prob, chosen.death)
    # pairs without a single voxel still give a tensor that belongs to the graph
    thresholds = torch.tensor(THRESHOLDS, dtype=prob.dtype, device=prob.device)[:, None]
    relaxed = prob.sum() * 0.0 + relaxed_alive(birth, death, thresholds, temperature).sum(1).mean()
    signed = relaxed * (np.sign(error) * scale)
    return signed - signed.detach() + abs(error) * scale if straight_through else signed


def count_margin_loss(
    prob: Tensor,
    truth: np.ndarray,
    known: np.ndarray | None = None,
    margin: float = 0.1,
    radius: int = 1,
    edge: int = 2,
) -> Tensor:
    """The adaptive form: cost of the critical voxels that make the count of {S > 0.5} wrong, per true component.

    Shapes as in `count_loss`. The truth at the critical voxel says which way it must go, so no pressure is ever put
    against the truth, however unusual the dentition:
    a maximum outside every true component goes down (stray piece), a saddle outside goes down (two teeth merged), a
    saddle inside goes up (one tooth in pieces), a true component without any voxel above 0.5 gets its maximum up
    (missing). Costs as in `critical_cost`.
    """
    truth = _mask(truth, known)
    pairs, levels = _pairs(prob, known, edge, truth)
    labels, true_count, counted = _true_components(truth, edge)
    flat = truth.reshape(-1)
    pairs = pairs.pick(pairs.born > HALF)
    real, joined = flat[pairs.birth], pairs.death >= 0
    inside = flat[np.maximum(pairs.death, 0)]
    stray = pairs.birth[~real & (pairs.died <= HALF)]
    merged = pairs.death[real & joined & ~inside & (pairs.died > HALF)]
    pieces = pairs.death[real & joined & inside & (pairs.died <= HALF)]
    down, up = np.concatenate([stray, merged]), np.concatenate([pieces, _missing(levels, labels, counted)])
    total = prob.sum() * 0.0
    for places, direction in ((down, False), (up, True)):
        if len(places):
            total = total + critical_cost(prob, truth, places, direction, margin, radius).sum()
    return total / max(true_count, 1)


def _mask(truth: np.ndarray, known: np.ndarray | None) -> np.ndarray:
    return truth.astype(bool) if known is None else truth & known


def _pairs(
    prob: Tensor, known: np.ndarray | None, edge: int, truth: np.ndarray | None = None
) -> tuple[Pairs, np.ndarray]:
    """Component pairs of a map and its levels; without pairs whose maximum lies in the outer `edge` layers.

    With a truth, levels outside it are squeezed to just above 0.5, in their order: {S > 0.5} stays, maxima lie in true
    components where there are any, and a bridge between two of them is a saddle even if it is as certain as they are.
    """
    levels = levels_of(prob.detach().cpu().numpy())
    if known is not None:
        levels[~known] = 0
    if truth is not None:
        over = ~truth & (levels > HALF)
        levels[over] = HALF + (levels[over] - HALF + 7) // 8
    if edge:
        # A component has its maximum off the edge if it can: the edge falls to just above the threshold it exceeds.
        steps = THRESHOLD_LEVELS if truth is None else np.array([HALF])
        lowest = np.concatenate([[-1], steps])[np.searchsorted(steps, np.arange(LEVELS + 1))] + 1
        if truth is not None:
            lowest = np.where(np.arange(LEVELS + 1) <= HALF, np.arange(LEVELS + 1), lowest)
        outer = np.ones(levels.shape, bool)
        outer[edge:-edge, edge:-edge, edge:-edge] = False
        levels[outer] = lowest[levels[outer]]
    pairs = component_pairs(levels)
    return (pairs.pick(~at_edge(pairs.birth, levels.shape, edge)) if edge else pairs), levels


def _true_components(truth: np.ndarray, edge: int) -> tuple[np.ndarray, int, np.ndarray]:
    """(labels, number of components with a voxel off the outer layers, their labels)."""
    from scipy import ndimage

    labels, count = ndimage.label(truth, np.ones((3, 3, 3), bool))
    inner = labels[edge:-edge, edge:-edge, edge:-edge] if edge else labels
    sizes = np.bincount(inner.reshape(-1), minlength=count + 1)
    counted = np.flatnonzero(sizes[1:]) + 1
    return labels, len(counted), counted


def _missing(levels: np.ndarray, labels: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Flat index of the maximum of every counted true component without a voxel above 0.5."""
    found = np.bincount(labels[levels > HALF], minlength=int(labels.max()) + 1)
    lost = [number for number in counted.tolist() if found[number] == 0]
    places = [np.flatnonzero(labels.reshape(-1) == number) for number in lost]
    return np.array([p[np.argmax(levels.reshape(-1)[p])] for p in places], np.int64)
