"""The grid a phantom is drawn on: grey values and materials, painted by coverage (torch, any device)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import EllipsisType

import numpy as np
import torch
from torch.nn import functional

from training.patients.materials import NUMBER_OF

Window = tuple[slice, slice, slice]
"""Voxels (z, y, x) of a grid."""

FAR_MM = 6.0
"""Distances (mm) are kept no further than this."""


@dataclass(frozen=True)
class Grid:
    """Voxels along RAS+ axes.

    Attributes
    ----------
    origin : numpy.ndarray
        (3,) RAS mm of voxel (0, 0, 0).
    spacing : float
        Edge of a voxel, mm.
    shape : tuple of int
        Voxels (z, y, x).
    """

    origin: np.ndarray
    spacing: float
    shape: tuple[int, int, int]

    def points(self, device: str | torch.device = "cpu") -> torch.Tensor:
        """(z, y, x, 3) RAS mm of every voxel."""
        z, y, x = (
            torch.arange(n, dtype=torch.float32, device=device) * self.spacing + float(o)
            for n, o in zip(self.shape, self.origin[::-1], strict=True)
        )
        return torch.stack(torch.meshgrid(z, y, x, indexing="ij")[::-1], -1)


class Canvas:
    """What is painted so far.

    Attributes
    ----------
    grid : Grid
        Where the voxels lie.
    image : torch.Tensor
        (z, y, x) float32 HU-like values.
    material : torch.Tensor
        (z, y, x) uint8 numbers of `materials.MATERIALS`.
    """

    def __init__(self, grid: Grid, background: float, device: str | torch.device = "cpu") -> None:
        self.grid = grid
        self.image = torch.full(grid.shape, background, dtype=torch.float32, device=device)
        self.material = torch.zeros(grid.shape, dtype=torch.uint8, device=device)

    def cover(self, distance: torch.Tensor) -> torch.Tensor:
        """Share of each voxel inside a surface at a signed distance (mm, negative inside)."""
        return cover(distance, self.grid.spacing)

    def paint(
        self, coverage: torch.Tensor, value: torch.Tensor | float, name: str, window: Window | EllipsisType = ...
    ) -> None:
        """Mix a grey value into the image by coverage; voxels more than half covered become the material.

        coverage: (z, y, x) of the whole canvas, or of a window of it.
        """
        image = self.image[window]
        image.add_(coverage * (value - image))
        self.mark(coverage > 0.5, name, window)

    def mark(self, mask: torch.Tensor, name: str, window: Window | EllipsisType = ...) -> None:
        """Make the voxels of a mask (z, y, x) a material without changing their grey value."""
        self.material[window][mask] = NUMBER_OF[name]


def cover(distance: torch.Tensor, width: float) -> torch.Tensor:
    """Share of a voxel inside a surface at a signed distance (mm, negative inside); width: voxel size in mm."""
    return (0.5 - distance / width).clamp(0, 1)


def noise_field(shape: tuple[int, int, int], cell: float, generator: torch.Generator) -> torch.Tensor:
    """Smooth noise, unit variance, (z, y, x); cell: correlation length in voxels."""
    small = [max(2, math.ceil(n / max(cell, 1.0)) + 2) for n in shape]
    seed = torch.randn([1, 1, *small], generator=generator)
    if cell > 1:
        value = functional.interpolate(seed, size=list(shape), mode="trilinear", align_corners=True)[0, 0]
    else:
        value = seed[0, 0, : shape[0], : shape[1], : shape[2]]
    return value / (value.std() + 1e-6)
