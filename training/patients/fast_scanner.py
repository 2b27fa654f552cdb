"""What a scanner makes of a rendered phantom: a fast image-domain model, varied far beyond reality.

Streaks come from a small parallel-beam Radon transform of the metal (polychromatic error ~ product of metal path and
everything else's path, filtered and back-projected); everything else is a direct operation on the image. For
evaluation use `reconstruction`, which projects and reconstructs for real.
"""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from training.patients.canvas import noise_field


def blur(image: torch.Tensor, sigma: float) -> torch.Tensor:
    """Separable Gaussian, sigma in voxels, (z, y, x)."""
    if sigma < 0.2:
        return image
    radius = max(1, math.ceil(2.5 * sigma))
    t = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
    kernel = torch.exp(-0.5 * (t / sigma) ** 2)
    kernel = kernel / kernel.sum()
    value = image[None, None]
    for axis in range(3):
        size = [1, 1, 1, 1, 1]
        size[2 + axis] = -1
        pad = [0] * 6
        pad[2 * (2 - axis)] = pad[2 * (2 - axis) + 1] = radius
        value = functional.conv3d(functional.pad(value, pad, mode="replicate"), kernel.reshape(size))
    return value[0, 0]


def streaks(
    image: torch.Tensor, metal: torch.Tensor, spacing: float, angles: int, pixel_mm: float, generator: torch.Generator
) -> torch.Tensor:
    """Metal artefact, zero-mean, largest absolute value near 1; same shape as image (z, y, x).

    The log-projection error of a polychromatic beam through metal and tissue grows like -(p_metal * p_all); photon
    starvation adds noise along the densest rays. Both are ramp-filtered and back-projected slice by slice.
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


def acquire(
    image: torch.Tensor,
    metal: torch.Tensor,
    spacing: float,
    generator: torch.Generator,
    field: torch.Tensor | None = None,
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
    field : torch.Tensor, optional
        (z, y, x) bool, voxels inside the field of view; outside gets one constant value.

    Returns
    -------
    torch.Tensor
        (z, y, x) float32 grey values on a random linear scale.
    """

    def uniform(low: float, high: float) -> float:
        return float(torch.rand((), generator=generator)) * (high - low) + low

    def chance(p: float) -> bool:
        return uniform(0, 1) < p

    shape = tuple(image.shape)
    scan = image.clone()
    if bool((metal > 0.05).any()) and chance(0.85):
        artefact = streaks(image, metal, spacing, 60, 1.5 if spacing >= 0.8 else 1.0, generator)
        scan += artefact * 10 ** uniform(1.6, 3.3)
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
    sigma = 10 ** uniform(1.0, 2.5) * (1.0 if spacing < 0.8 else 0.5)
    scan += noise_field(shape, 1.0, generator).to(image.device) * sigma
    if chance(0.5):
        scan += noise_field(shape, uniform(1.2, 2.5), generator).to(image.device) * sigma * uniform(0, 1)
    if chance(0.35) and native > spacing * 1.1:
        size = [max(4, round(n * spacing / native)) for n in shape]
        small = functional.interpolate(scan[None, None], size=size, mode="trilinear")
        scan = functional.interpolate(small, size=list(shape), mode="trilinear")[0, 0]
    if chance(0.4):
        scan = scan.clamp(min=uniform(-1000, -600))
    if chance(0.5):
        scan = scan.clamp(max=uniform(2200, 6000))
    if chance(0.3):  # a non-linear grey scale
        low, high = -1100.0, 4000.0
        scan = low + (high - low) * ((scan - low) / (high - low)).clamp(0, 2) ** uniform(0.8, 1.25)
    scan = scan * 10 ** uniform(-0.4, 0.3) + uniform(-1000, 2000)
    if field is not None:
        outside = float(scan.amin()) if chance(0.7) else float(scan.mean()) * uniform(0.3, 1.0)
        scan = torch.where(field, scan, torch.full_like(scan, outside))
    return scan
