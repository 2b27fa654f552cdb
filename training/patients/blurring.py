"""Gaussian blur of a volume, along its axes or along a direction of the axial plane."""

from __future__ import annotations

import math

import torch
from torch.nn import functional


def blur(image: torch.Tensor, sigma: float | tuple[float, float, float]) -> torch.Tensor:
    """Separable Gaussian of a volume (z, y, x); sigma in voxels, one for all axes or one each (z, y, x)."""
    sigmas = sigma if isinstance(sigma, tuple) else (sigma, sigma, sigma)
    value = image[None, None]
    for axis, width in enumerate(sigmas):
        if width < 0.2:
            continue
        radius = max(1, math.ceil(2.5 * width))
        t = torch.arange(-radius, radius + 1, dtype=image.dtype, device=image.device)
        kernel = torch.exp(-0.5 * (t / width) ** 2)
        kernel = kernel / kernel.sum()
        size = [1, 1, 1, 1, 1]
        size[2 + axis] = -1
        pad = [0] * 6
        pad[2 * (2 - axis)] = pad[2 * (2 - axis) + 1] = radius
        value = functional.conv3d(functional.pad(value, pad, mode="replicate"), kernel.reshape(size))
    return value[0, 0]


def directional_blur(image: torch.Tensor, angle: float, along: float, across: float) -> torch.Tensor:
    """Each slice of a volume (z, y, x) blurred along `angle` (rad, from x to y) and less across it; zeros outside.

    Parameters
    ----------
    image : torch.Tensor
        (z, y, x).
    angle : float
        Direction in the axial plane, rad.
    along, across : float
        Standard deviations in voxels.
    """
    height, width = image.shape[1:]
    pad = math.ceil(2.5 * max(along, across))
    size = (height + pad, width + pad)
    v = torch.fft.fftfreq(size[0], device=image.device)[:, None]
    u = torch.fft.rfftfreq(size[1], device=image.device)[None]
    c, s = math.cos(angle), math.sin(angle)
    response = torch.exp(-2 * math.pi**2 * ((along * (c * u + s * v)) ** 2 + (across * (c * v - s * u)) ** 2))
    return torch.fft.irfft2(torch.fft.rfft2(image, s=size) * response, s=size)[:, :height, :width]
