"""What metal does to a scan: streaks, blooming, and shadows beside it.

Streaks come from a small parallel-beam Radon transform of the metal, too coarse for what happens within a few
millimetres of it. There metal looks larger than it is and shines into the enamel it touches, while the tissue between
two pieces of metal, and beside one along the rays that cross most of it, is nearly black (beam hardening and photon
starvation). The labels know nothing of this: a tooth is as large behind its bracket as without one.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from training.patients.blurring import blur, directional_blur
from training.patients.dice import Dice


def streaks(
    image: torch.Tensor,
    metal: torch.Tensor,
    spacing: float,
    angles: int,
    pixel_mm: float,
    generator: torch.Generator,
    uneven: tuple[float, float] = (0.0, 0.0),
) -> torch.Tensor:
    """Metal artefact, zero-mean, largest absolute value near 1; same shape as image (z, y, x).

    The log-projection error of a polychromatic beam through metal and tissue grows like -(p_metal * p_all); photon
    starvation adds noise along the densest rays. Both are ramp-filtered and back-projected slice by slice.

    Parameters
    ----------
    image, metal : torch.Tensor
        (z, y, x) HU-like values and coverage by metal in [0, 1].
    spacing : float
        Edge of a voxel, mm.
    angles : int
        Views over half a turn.
    pixel_mm : float
        Pixel of the projections.
    generator : torch.Generator
        Of the noise.
    uneven : tuple of float
        How much more some views weigh than those across them (0 to 1), and which, rad: an orbit of half a turn.
    """
    rows = metal.amax((1, 2)) > 0.05
    out = torch.zeros_like(image)
    if not bool(rows.any()):
        return out
    factor = max(1, round(pixel_mm / spacing))
    index = torch.nonzero(rows)[:, 0]
    first, last = int(index[0]), int(index[-1]) + 1
    pool_z = factor if last - first >= factor else 1
    pool = (pool_z, factor, factor)
    stack = torch.stack([metal[first:last], (image[first:last] + 1000).clamp(0, 4000) / 1000])[None]
    small = functional.avg_pool3d(stack, pool, ceil_mode=True)[0].transpose(0, 1)  # (S, 2, h, w)
    n = max(small.shape[-2:])
    square = functional.pad(small, (0, n - small.shape[-1], 0, n - small.shape[-2]))
    slices = len(square)
    theta = torch.arange(angles, dtype=image.dtype) * math.pi / angles
    projections = []
    for t in theta:
        c, s = math.cos(float(t)), math.sin(float(t))
        matrix = torch.tensor([[[c, -s, 0.0], [s, c, 0.0]]], dtype=image.dtype, device=image.device)
        flow = functional.affine_grid(matrix.expand(slices, 2, 3), (slices, 1, n, n), align_corners=False)
        projections.append(functional.grid_sample(square, flow, align_corners=False).sum(2))
    sinogram = torch.stack(projections, 2) * pixel_mm / 10.0  # (S, 2, A, n)
    p_metal, p_all = sinogram[:, 0] * 6, sinogram[:, 1]
    error = -(p_metal * (p_metal + p_all))
    noise = torch.randn(error.shape, generator=generator).to(image.device)
    error = error + 0.6 * noise * p_metal * torch.exp(0.15 * (p_metal + p_all)).clamp(max=20)
    if uneven[0]:
        error = error * (1 + uneven[0] * torch.cos(2 * (theta - uneven[1]))).to(image.device)[None, :, None]
    ramp = torch.fft.rfftfreq(2 * n, device=image.device)
    ramp = ramp * (0.5 + 0.5 * torch.cos(math.pi * ramp / 0.5))
    filtered = torch.fft.irfft(torch.fft.rfft(error, n=2 * n) * ramp, n=2 * n)[..., :n]
    axis = (torch.arange(n, dtype=image.dtype, device=image.device) + 0.5) / n * 2 - 1
    gy, gx = torch.meshgrid(axis, axis, indexing="ij")
    back = torch.zeros(slices, n, n, dtype=image.dtype, device=image.device)
    for k, t in enumerate(theta):
        # the rotation above maps detector position u to image x = c u - s v, so u = c x + s y
        u = math.cos(float(t)) * gx + math.sin(float(t)) * gy
        flow = torch.stack([u, torch.zeros_like(u)], -1)[None].expand(slices, n, n, 2)
        back += functional.grid_sample(filtered[:, None, k : k + 1], flow, align_corners=False)[:, 0]
    h, w = small.shape[-2:]
    back = back[:, None, :h, :w].transpose(0, 1)[None]
    full = functional.interpolate(back, scale_factor=pool, mode="trilinear")[0, 0]
    full = full[: last - first, : image.shape[1], : image.shape[2]]
    scale = torch.quantile(full.abs().flatten()[::7], 0.995) + 1e-6
    out[first:last, : full.shape[1], : full.shape[2]] = (full / scale).clamp(-3, 3)
    return out


def shine(scan: torch.Tensor, metal: torch.Tensor, spacing: float, dice: Dice) -> torch.Tensor:
    """A scan (z, y, x) whose metal blooms over what it touches, between shadows.

    Parameters
    ----------
    scan, metal : torch.Tensor
        (z, y, x) HU-like values with the metal as bright as it is, and its coverage in [0, 1].
    spacing : float
        Edge of a voxel, mm.
    dice : Dice
        The only source of randomness.
    """
    index = torch.nonzero(metal.amax((1, 2)) > 0.05)[:, 0]
    if not len(index):
        return scan
    margin = math.ceil(2.0 / spacing)
    rows = slice(max(0, int(index[0]) - margin), int(index[-1]) + 1 + margin)
    near, part = scan[rows], metal[rows]
    sigma = dice.uniform(0.25, 0.8) / spacing
    wide = blur(part, (0.6 * sigma, sigma, sigma))
    bloomed = (dice.uniform(1.2, 4.0) * wide).clamp(max=1)
    brightest = float(near[part > 0.5].mean()) if bool((part > 0.5).any()) else 6000.0
    near = shade(near, part, bloomed, spacing, dice)
    bright = brightest * dice.uniform(0.4, 1.0)
    near = near + (bloomed - part).clamp(min=0) * (bright - near).clamp(min=0)
    if dice.chance(0.5):  # the halo of scatter and of the filter's kernel
        halo = dice.uniform(1.0, 2.5) / spacing
        near = near + blur(part, (0.4 * halo, halo, halo)) * (1 - bloomed) * dice.uniform(-300, 900)
    out = scan.clone()
    out[rows] = near
    return out


def shade(scan: torch.Tensor, metal: torch.Tensor, bloomed: torch.Tensor, spacing: float, dice: Dice) -> torch.Tensor:
    """A scan with dark bands along a few directions of the axial plane and bright ones across, outside of the metal.

    Parameters
    ----------
    scan, metal, bloomed : torch.Tensor
        (z, y, x) HU-like values, coverage by metal, and by what looks like metal.
    spacing : float
        Edge of a voxel, mm.
    dice : Dice
        The only source of randomness.
    """
    if not dice.chance(0.8):
        return scan
    first, total = dice.angle(), torch.zeros_like(scan)
    for number in range(1 + int(dice.uniform(0, 3))):
        turn = first + (0.0 if number == 0 else dice.uniform(-0.6, 0.6))
        long, thin = dice.uniform(1.5, 7.0), dice.uniform(0.4, 1.2)
        total -= directional_blur(metal, turn, long / spacing, thin / spacing)
    if dice.chance(0.5):
        across = directional_blur(
            metal, first + math.pi / 2, dice.uniform(1.0, 4.0) / spacing, dice.uniform(0.4, 1.0) / spacing
        )
        total += dice.uniform(0.3, 1.0) * across
    # Saturated, so that a thin bracket has its shadow beside a massive crown.
    total = torch.tanh(total / (dice.uniform(0.15, 0.6) * total.abs().amax() + 1e-6)) * (1 - bloomed)
    return scan + 10 ** dice.uniform(2.3, 3.3) * total
