"""Multi-slice CT: calibrated, little noise, soft or sharp kernels, slices thicker than pixels are wide.

At 0.8 to 1 mm partial volume melts neighbouring lower incisors into one; the labels keep them apart.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from training.patients.blurring import blur
from training.patients.dice import Dice
from training.patients.motion import step_slices


def multi_slice(scan: torch.Tensor, spacing: float, dice: Dice) -> torch.Tensor:
    """What multi-slice CT makes of HU-like values and metal streaks (z, y, x): HU on the same grid.

    Parameters
    ----------
    scan : torch.Tensor
        (z, y, x) HU-like values.
    spacing : float
        Edge of a voxel, mm.
    dice : Dice
        The only source of randomness.
    """
    shape = tuple(scan.shape)
    pixel = dice.uniform(0.3, 0.6) if dice.chance(0.7) else dice.uniform(0.7, 1.0)
    step, thickness = dice.uniform(0.4, 1.0), dice.uniform(0.5, 1.1)
    if dice.chance(0.15):
        scan = step_slices(scan, spacing, dice)
    plane = dice.uniform(0.2, 0.5)
    scan = blur(scan, (thickness / 12**0.5 / spacing, plane / spacing, plane / spacing))
    sharpness = dice.uniform(0.3, 1.2) if dice.chance(0.4) else 0.0  # a bone kernel overshoots at edges
    if sharpness:
        width = dice.uniform(0.5, 0.9) / spacing
        scan = scan + sharpness * (scan - blur(scan, (0.0, width, width)))
    sizes = (step, pixel, pixel)
    native = [max(4, round(n * spacing / max(size, spacing))) for n, size in zip(shape, sizes, strict=True)]
    small = functional.interpolate(scan[None, None], size=native, mode="trilinear")[0, 0]
    sigma = dice.uniform(6, 35) * (1 + sharpness)
    noise = torch.randn(small.shape, generator=dice.generator).to(scan.device)
    small = small + sigma * blur(noise, (0.0, 0.5, 0.5))
    if dice.chance(0.75):
        small = small.clamp(-1024, 3071)  # 12 bits
    return functional.interpolate(small[None, None], size=list(shape), mode="trilinear")[0, 0]
