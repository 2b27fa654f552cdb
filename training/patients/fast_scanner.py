"""What a scanner makes of a rendered phantom: a fast image-domain model, varied far beyond reality.

Streaks come from a small parallel-beam Radon transform of the metal (`metal_artefacts`), motion from phases on the
views' spectra (`motion`); everything else is a direct operation on the image. For evaluation use `reconstruction`,
which projects and reconstructs for real.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from training.patients.blurring import blur
from training.patients.canvas import noise_field
from training.patients.dice import Dice
from training.patients.fields import FieldOfView, disturb_field
from training.patients.metal_artefacts import shine, streaks
from training.patients.motion import move
from training.patients.multi_slice import multi_slice
from training.patients.parallel_beam import scan_slices
from training.patients.variety import FULL, Variety

MULTI_SLICE_SHARE = 0.15
"""Of the scans with nothing cut off: multi-slice CT."""

MOTION_SHARE = 0.2
"""Of the cone-beam scans: the patient moved."""

SHARP_SHARE = 0.35
"""Of the cone-beam scans: reconstructed with a kernel that sharpens."""


def acquire(
    image: torch.Tensor,
    metal: torch.Tensor,
    spacing: float,
    generator: torch.Generator,
    field: FieldOfView | None = None,
    variety: Variety = FULL,
    reconstructed: bool = False,
) -> torch.Tensor:
    """A scan of a rendered phantom.

    Parameters
    ----------
    image, metal : torch.Tensor
        (z, y, x) HU-like values and coverage by metal in [0, 1].
    spacing : float
        Edge of a voxel, mm.
    generator : torch.Generator
        The only source of randomness.
    field : FieldOfView, optional
        What the scanner reconstructs; outside gets one constant value.
    variety : Variety
        Which groups of variety the scanner may show.
    reconstructed : bool
        Project and reconstruct (`parallel_beam`) instead of painting artefacts.

    Returns
    -------
    torch.Tensor
        (z, y, x) float32 grey values on a random linear scale.
    """

    dice = Dice(generator)
    uniform, chance = dice.uniform, dice.chance
    shape = tuple(image.shape)
    scan = image.clone()
    if reconstructed:
        scan = scan_slices(scan, metal, spacing, dice)
        if variety.scanner and chance(MOTION_SHARE):
            scan = move(scan, spacing, dice)
        if field is not None and variety.fields:
            scan = disturb_field(scan, field, spacing, dice)
        return _store(scan, field, spacing, dice)
    is_multi_slice = variety.scanner and field is None and chance(MULTI_SLICE_SHARE)
    if bool((metal > 0.05).any()):
        scan = _disturb_by_metal(scan, metal, spacing, dice, variety)
    if is_multi_slice:
        return multi_slice(scan, spacing, dice) + (1024.0 if chance(0.3) else 0.0)
    if variety.scanner and chance(MOTION_SHARE):
        scan = move(scan, spacing, dice)
    z, y, x = (torch.linspace(-1, 1, n, device=image.device) for n in shape)
    radius2 = (y[:, None] - uniform(-0.3, 0.3)) ** 2 + (x[None, :] - uniform(-0.3, 0.3)) ** 2
    if chance(0.6):  # cupping and truncation: a slow in-plane trend
        scan += ((scan + 1000).clamp(min=0) * uniform(-0.15, 0.12) + uniform(-150, 150)) * (radius2 - 0.5)
    if chance(0.3):  # scatter and heel effect: a trend along the axis
        scan *= 1 + uniform(-0.1, 0.1) * z[:, None, None]
    if chance(0.15):  # rings
        distance = (radius2.sqrt() * 60).clamp(max=89)
        rings = torch.randn(90, generator=generator).to(image.device) * uniform(10, 120)
        scan += rings[distance.long()]
    native = uniform(0.2, 0.8) if spacing < 0.8 else uniform(0.2, 1.2)
    scan = blur(scan, math.hypot(uniform(0.1, 0.55), 0.4 * native) / spacing)
    if variety.scanner and chance(SHARP_SHARE):  # a kernel that overshoots at edges
        width = uniform(0.5, 1.0) / spacing
        scan = scan + uniform(0.2, 0.9) * (scan - blur(scan, (0.0, width, width)))
    if field is not None and variety.fields:
        scan = disturb_field(scan, field, spacing, dice)
    sigma = 10 ** uniform(1.0, 2.5) * (1.0 if spacing < 0.8 else 0.5)
    # A smoothing kernel leaves noise of a coarser grain than voxels.
    grain = uniform(1.2, 2.2) if variety.scanner and chance(0.5) else 1.0
    scan += noise_field(shape, grain, generator).to(image.device) * sigma
    if chance(0.5):
        scan += noise_field(shape, uniform(1.2, 2.5), generator).to(image.device) * sigma * uniform(0, 1)
    if chance(0.35) and native > spacing * 1.1:
        size = [max(4, round(n * spacing / native)) for n in shape]
        small = functional.interpolate(scan[None, None], size=size, mode="trilinear")
        scan = functional.interpolate(small, size=list(shape), mode="trilinear")[0, 0]
    return _store(scan, field, spacing, dice)


def _disturb_by_metal(
    scan: torch.Tensor, metal: torch.Tensor, spacing: float, dice: Dice, variety: Variety
) -> torch.Tensor:
    """A phantom's grey values (z, y, x) with the artefacts of its metal."""
    out = scan
    if dice.chance(0.85):
        angles, uneven = 60, (0.0, 0.0)
        if variety.scanner:
            angles, uneven = int(dice.uniform(40, 75)), (dice.uniform(-0.6, 0.9), dice.angle())
        artefact = streaks(
            scan,
            metal,
            spacing,
            angles,
            1.5 if spacing >= 0.8 else 1.0,
            dice.generator,
            (max(0.0, uneven[0]), uneven[1]),
        )
        out = scan + artefact * 10 ** dice.uniform(2.1 if variety.scanner else 1.6, 3.3)
    if variety.scanner and dice.chance(0.9):
        out = shine(out, metal, spacing, dice)
    return out


def _store(scan: torch.Tensor, field: FieldOfView | None, spacing: float, dice: Dice) -> torch.Tensor:
    """HU-like values (z, y, x) as a file keeps them: clipped, on a scale of its own, one value outside of the field."""
    if dice.chance(0.4):
        scan = scan.clamp(min=dice.uniform(-1000, -600))
    if dice.chance(0.5):
        scan = scan.clamp(max=dice.uniform(2200, 6000))
    if dice.chance(0.3):  # a non-linear grey scale
        low, high = -1100.0, 4000.0
        scan = low + (high - low) * ((scan - low) / (high - low)).clamp(0, 2) ** dice.uniform(0.8, 1.25)
    scan = scan * 10 ** dice.uniform(-0.4, 0.3) + dice.uniform(-1000, 2000)
    if field is not None:
        outside = float(scan.amin()) if dice.chance(0.7) else float(scan.mean()) * dice.uniform(0.3, 1.0)
        scan = torch.where(field.mask(tuple(scan.shape), spacing).to(scan.device), scan, torch.full_like(scan, outside))
    return scan
