"""How the roots of one person's teeth differ from the stored ones: length, thickness, bends, trunk, resorption.

Below the cemento-enamel junction a point of the tooth's frame is looked up elsewhere in the stored tooth, so that no
new surface is made. At the junction nothing moves, so crowns stay as they are. Changes are small enough that a root
stays within the free space of its grid and signed distances stay near true.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

REACH_MM = 2.2
"""Farthest that the apex may move in any direction: less than the margin of a stored grid."""

SHORTEST_MM = 2.0
"""A root below this is left as it is."""

RESORPTION = 3.0
"""How much faster than elsewhere the stored root is passed through where it is resorbed: its end becomes blunt."""


@dataclass(frozen=True)
class RootShape:
    """What a root has become; the default is the stored root.

    Attributes
    ----------
    length : float
        Of the root as a multiple of the stored one.
    slender : float
        Width at the apex as a multiple of the stored one's, reached gradually; above 1: hypercementosis.
    bend : tuple of float
        How far the apex is bent (mesially, buccally), mm.
    bend_from : float
        Share of the root, from the junction, that stays straight: 0 is a curved root, 0.6 a dilacerated one.
    trunk : float
        Share of the root's length by which the middle, with the furcation, lies nearer the apex (taurodontism).
    resorbed : float
        Share of the root lost at the apex, which ends bluntly.
    """

    length: float = 1.0
    slender: float = 1.0
    bend: tuple[float, float] = (0.0, 0.0)
    bend_from: float = 0.0
    trunk: float = 0.0
    resorbed: float = 0.0


AS_STORED = RootShape()


def sample_root_shape(length_mm: float, molar: bool, resorbs: float, rng: np.random.Generator) -> RootShape:
    """Draw a root.

    Parameters
    ----------
    length_mm : float
        From the cemento-enamel junction to the apex.
    molar : bool
        Whether there is a furcation.
    resorbs : float
        Chance that this person's roots are resorbed.
    rng : numpy.random.Generator
        The only source of randomness.
    """
    length = 1 + np.clip(rng.normal(0, 0.08), -0.2, min(0.15, REACH_MM / max(length_mm, 1.0)))
    if rng.random() < 0.1:  # dilacerated in its last third, most often backwards
        bend, bend_from = rng.normal([-1.0, 0.0], [0.8, 0.5]), rng.uniform(0.5, 0.65)
    else:
        bend, bend_from = rng.normal([-0.3, 0.0], [0.7, 0.4]), 0.0
    bend = np.clip(bend, -REACH_MM, REACH_MM)
    trunk = rng.uniform(0.1, 0.3) if molar and rng.random() < 0.06 else 0.0
    resorbed = rng.uniform(0.08, 0.3) if rng.random() < resorbs else 0.0
    slender = float(np.clip(rng.normal(1, 0.08), 0.8, 1.25))
    return RootShape(float(length), slender, (float(bend[0]), float(bend[1])), float(bend_from), float(trunk), resorbed)


def placed_apex(stored: np.ndarray, shape: RootShape, junction: float) -> np.ndarray:
    """Where the apex (3,) of a stored tooth lies in a tooth with its own root, tooth frame mm."""
    root = junction - float(stored[2])
    if shape == AS_STORED or root < SHORTEST_MM:
        return stored
    end = 1 - RESORPTION / (1 + RESORPTION) * shape.resorbed
    curve = max(0.0, (end - shape.bend_from) / (1 - shape.bend_from)) ** 2
    across = stored[:2] * (1 + (shape.slender - 1) * end) + np.array(shape.bend) * curve
    return np.append(across, junction - root * shape.length * end)


def stored_points(local: torch.Tensor, shape: RootShape, junction: float, apex: float) -> torch.Tensor:
    """Where points of a tooth with its own root lie in the stored tooth.

    Parameters
    ----------
    local : torch.Tensor
        (..., 3) mm, tooth frame.
    shape : RootShape
        The root.
    junction, apex : float
        z of the cemento-enamel junction and of the stored root's apex, mm.

    Returns
    -------
    torch.Tensor
        (..., 3) mm, tooth frame of the stored tooth.
    """
    root = junction - apex
    if shape == AS_STORED or root < SHORTEST_MM:
        return local
    x, y, z = local.unbind(-1)
    share = (junction - z) / (root * shape.length)  # 0 at the junction, 1 at the apex
    below = share.clamp(0, 1.3)
    straight = ((below - shape.bend_from) / (1 - shape.bend_from)).clamp(min=0)
    curve = straight**2
    width = 1 + (shape.slender - 1) * below.clamp(max=1)
    x, y = (x - shape.bend[0] * curve) / width, (y - shape.bend[1] * curve) / width
    depth = below - shape.trunk * below * (1 - below).clamp(min=0)
    if shape.resorbed:
        depth = depth + RESORPTION * (below - (1 - shape.resorbed)).clamp(min=0)
    # beyond the apex, as above the junction, points move along unchanged
    moved = junction - root * depth - (share - below).clamp(min=0) * root
    return torch.stack([x, y, torch.where(share > 0, moved, z)], -1)
