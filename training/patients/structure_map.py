"""The second label map of a phantom: what surrounds the teeth, and what they are made of (torch, any device)."""

from __future__ import annotations

import torch

from DentalTopoSegLib.dentition import structures
from training.patients.drawn_teeth import ToothMaps
from training.patients.materials import NUMBER_OF


class StructureMap:
    """Values of `dentition.structures` on a grid, painted in the order in which the image is.

    Attributes
    ----------
    values : torch.Tensor
        (z, y, x) uint8, 0 for none.
    """

    def __init__(self, shape: tuple[int, int, int], device: str) -> None:
        self.values = torch.zeros(shape, dtype=torch.uint8, device=device)

    def mark(self, mask: torch.Tensor, key: str) -> None:
        """Make the voxels of a mask (z, y, x) the structure that is called so; "": none."""
        self.values[mask] = structures.structure(key).value if key else 0

    def add_teeth(self, teeth: ToothMaps, material: torch.Tensor) -> None:
        """Teeth over everything (their dentine is no structure), and what dentists left over them.

        material: (z, y, x) numbers of `materials.MATERIALS`, after the teeth were painted.
        """
        inside = teeth.labels > 0
        self.values[inside] = 0
        for name in ("pulp", "enamel"):
            self.mark(inside & (material == NUMBER_OF[name]), name)
        self.values[:] = torch.where(teeth.foreign > 0, teeth.foreign, self.values)
