"""The topology loss of one training step: count, adjacency and holes, weighted (Seed 000, eq. 6)."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from training.volumes.losses import IGNORE
from training.volumes.topology_loss.adjacency import adjacency_loss, adjacency_tolerant_loss, find_ridge
from training.volumes.topology_loss.count import count_loss, count_margin_loss
from training.volumes.topology_loss.holes import hole_loss, hole_margin_loss


@dataclass(frozen=True)
class TopologyConfig:
    """Options of `TopologyLoss`; a term with weight 0 is off and costs nothing (ablation).

    count_weight, adjacency_weight, hole_weight: the paper's lambda_1..3. The paper sums over a dentition; here each
    term is a mean (per true instance, per pair of neighbours, per tooth), so a total does not grow with the teeth in
    the patch and the paper's beta = 0.1 (`L = L_CE + 0.1 L_topo`) applies to about the same range.
    variant: "paper" takes the errors of counts as they are. "adaptive" answers what the paper's own list calls weak:
    the truth at a critical voxel says which way it goes and uncertain contacts count little (no over-constraint of
    crowded teeth); pairs and teeth are weighted by their present error instead of alike; squared margins over a small
    neighbourhood instead of counts, with a linear warm-up over `warmup_steps` (convergence).
    separation: share of the adjacency term asked of the cores (bridges across a ridge); the rest is contact of teeth.
    hole_every: holes on every k-th step only, times k, so that the mean weight stays.
    hole_factor: 2 searches holes on teeth averaged over 2^3 voxels ("paper" only). reach: of the ridge, in voxels.
    """

    variant: Literal["paper", "adaptive"] = "paper"
    count_weight: float = 0.1
    adjacency_weight: float = 0.3
    hole_weight: float = 0.05
    separation: float = 0.5
    hole_every: int = 1
    hole_factor: int = 1
    reach: int = 2
    count_temperature: float = 0.05
    hole_temperature: float = 0.1
    margin: float = 0.1
    radius: int = 1
    tolerance: float = 0.1
    focus: float = 1.0
    warmup_steps: int = 0

    def __post_init__(self) -> None:
        if self.variant not in ("paper", "adaptive"):
            raise ValueError(f"The topology loss has the variants 'paper' and 'adaptive', not {self.variant!r}.")
        if self.hole_every < 1 or self.hole_factor not in (1, 2):
            raise ValueError("The topology loss needs hole_every >= 1 and hole_factor 1 or 2.")
        if not 0.0 <= self.separation <= 1.0:
            raise ValueError(f"The separation share of the topology loss lies in 0..1; it is {self.separation}.")

    @classmethod
    def from_dict(cls, options: dict) -> TopologyConfig:
        """From a configuration file's section. Raises `ValueError` for an option that does not exist."""
        unknown = set(options) - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"Unknown option(s) of the topology loss: {', '.join(sorted(unknown))}.")
        return cls(**options)


class TopologyLoss:
    """L_topo of the border network (background, core, border). Has no parameters and keeps no state."""

    def __init__(self, config: TopologyConfig | None = None) -> None:
        self.config = config or TopologyConfig()

    def __call__(
        self, p_tooth: Tensor, p_core: Tensor, target: Tensor, cells: Tensor, step: int = 0
    ) -> tuple[Tensor, dict[str, float]]:
        """(L_topo, values of the unweighted terms) of one patch.

        p_tooth, p_core: (D, H, W) probabilities; target: uint8 as in `volumes.losses.border_loss` (255 unknown);
        cells: uint8, number of the nearest tooth, 0 far from all. Terms that were not computed are not in the dict.
        """
        c = self.config
        if not p_tooth.shape == p_core.shape == target.shape == cells.shape or p_tooth.ndim != 3:
            raise ValueError(
                f"The topology loss takes four (D, H, W) maps of one size; these are {tuple(p_tooth.shape)}, "
                f"{tuple(p_core.shape)}, {tuple(target.shape)} and {tuple(cells.shape)}."
            )
        labels, cell = target.detach().cpu().numpy(), cells.detach().cpu().numpy()
        known = labels != IGNORE
        tooth, core = ((labels & 3) > 0) & known, ((labels & 3) == 1) & known
        p_tooth, p_core = p_tooth.float(), p_core.float()
        total = (p_tooth.sum() + p_core.sum()) * 0.0
        if not known.any():
            return total, {}
        terms: dict[str, Tensor] = {}
        if c.count_weight:
            terms["count"] = self._count(p_core, core, known)
            total = total + c.count_weight * terms["count"]
        if c.adjacency_weight:
            terms["adjacency"], terms["separation"] = self._adjacency(p_tooth, p_core, tooth, core, cell, known)
            mix = (1.0 - c.separation) * terms["adjacency"] + c.separation * terms["separation"]
            total = total + c.adjacency_weight * mix
        if c.hole_weight and step % c.hole_every == 0:
            terms["tunnels"], terms["voids"] = self._holes(p_tooth, tooth, cell, known)
            total = total + c.hole_weight * c.hole_every * (terms["tunnels"] + terms["voids"])
        return total * self.warmth(step), {name: float(value.detach()) for name, value in terms.items()}

    def batch(self, logits: Tensor, target: Tensor, cells: Tensor, step: int = 0) -> tuple[Tensor, dict[str, float]]:
        """The mean over a batch: logits (B, 3, D, H, W), target and cells (B, D, H, W)."""
        probabilities = torch.softmax(logits.float(), dim=1)
        results = [self(1.0 - p[0], p[1], t, k, step) for p, t, k in zip(probabilities, target, cells, strict=True)]
        names = dict.fromkeys(name for _, terms in results for name in terms)
        means = {name: float(np.mean([terms[name] for _, terms in results if name in terms])) for name in names}
        return torch.stack([total for total, _ in results]).mean(), means

    def warmth(self, step: int) -> float:
        """Factor of the warm-up at a step: 0 before the first, 1 from `warmup_steps` on."""
        return min(1.0, step / self.config.warmup_steps) if self.config.warmup_steps else 1.0

    def _count(self, p_core: Tensor, core: np.ndarray, known: np.ndarray) -> Tensor:
        c = self.config
        if c.variant == "paper":
            return count_loss(p_core, core, known, c.count_temperature)
        return count_margin_loss(p_core, core, known, c.margin, c.radius)

    def _adjacency(
        self, p_tooth: Tensor, p_core: Tensor, tooth: np.ndarray, core: np.ndarray, cell: np.ndarray, known: np.ndarray
    ) -> tuple[Tensor, Tensor]:
        c = self.config
        ridge = find_ridge(cell, tooth, known, c.reach)
        pairs = ((p_tooth, tooth), (p_core, core))
        if c.variant == "paper":
            return tuple(adjacency_loss(prob, truth, ridge) for prob, truth in pairs)
        return tuple(adjacency_tolerant_loss(prob, truth, ridge, c.tolerance, c.focus) for prob, truth in pairs)

    def _holes(self, p_tooth: Tensor, tooth: np.ndarray, cell: np.ndarray, known: np.ndarray) -> tuple[Tensor, Tensor]:
        c = self.config
        if c.variant == "paper":
            return hole_loss(p_tooth, cell, tooth, known, c.hole_temperature, c.hole_factor)
        return hole_margin_loss(p_tooth, cell, tooth, known, c.margin, c.radius, c.focus)
