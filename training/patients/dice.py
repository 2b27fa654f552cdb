"""Random numbers of a scan from one torch generator on the CPU, so that every device draws the same scan."""

from __future__ import annotations

import math

import torch


class Dice:
    """Draws from a generator, the only source of randomness of a scan."""

    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def uniform(self, low: float, high: float) -> float:
        """A number of [low, high)."""
        return float(torch.rand((), generator=self.generator)) * (high - low) + low

    def chance(self, p: float) -> bool:
        """True with probability `p`."""
        return self.uniform(0, 1) < p

    def direction(self, flat: float = 1.0) -> torch.Tensor:
        """(3,) unit vector z, y, x; `flat` below 1 shortens z, so that most lie in the axial plane."""
        vector = torch.randn(3, generator=self.generator) * torch.tensor([flat, 1.0, 1.0])
        return vector / (vector.norm() + 1e-6)

    def angle(self) -> float:
        """An angle of half a turn, rad."""
        return self.uniform(0, math.pi)
