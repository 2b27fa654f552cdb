"""From tissues to a scan: metal, blur, streaks, noise and the scanner's own grey scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def streaks(
    image: np.ndarray,
    axes: tuple[np.ndarray, np.ndarray, np.ndarray],
    metals: Sequence[np.ndarray],
    rng: np.random.Generator,
    strength: float = 500.0,
) -> None:
    """Add (in place) bright and dark rays around every metal part and dark bands between two of them.

    image (nz, ny, nx); axes x, y, z mm; metals: centres (3,) RAS mm. A picture of beam hardening, not its
    physics.
    """
    x, y, z = axes
    for k, centre in enumerate(metals):
        near = np.nonzero(np.abs(z - centre[2]) < 4.5)[0]
        if len(near) == 0:
            continue
        dx, dy = x[None, :] - centre[0], y[:, None] - centre[1]
        r = np.hypot(dx, dy)
        angle = np.arctan2(dy, dx)
        rays = sum(np.cos(m * angle + rng.uniform(0, 2 * np.pi)) * rng.uniform(0.3, 1) for m in (3, 7, 11, 19))
        pattern = strength * 0.35 * rays * np.exp(-r / 22) * (r > 1.5)
        for other in metals[k + 1 :]:
            gap = other[:2] - centre[:2]
            length = float(np.linalg.norm(gap))
            if abs(other[2] - centre[2]) > 4 or length < 4:
                continue
            u = (dx * gap[0] + dy * gap[1]) / length
            v = (dy * gap[0] - dx * gap[1]) / length
            pattern = pattern - strength * np.exp(-((v / 1.8) ** 2)) * ((u > 2) & (u < length - 2))
        fade = np.exp(-(((z[near] - centre[2]) / 2.0) ** 2))
        image[near] += (fade[:, None, None] * pattern).astype(np.float32)


def acquire(
    image: np.ndarray,
    spacing: float,
    rng: np.random.Generator,
    blur_mm: float,
    noise: float,
    rescale: tuple[float, float] = (1.0, 0.0),
    cupping: float = 0.0,
) -> np.ndarray:
    """Blur (sd, mm), cupping (grey values lost in the middle), noise (sd, grey values), slope and intercept
    -> int16."""
    from scipy import ndimage

    image = ndimage.gaussian_filter(image, blur_mm / spacing, truncate=2.5)
    if noise > 0:
        grain = rng.standard_normal(image.shape, dtype=np.float32)
        grain = ndimage.uniform_filter1d(grain, 2, axis=2) * np.float32(np.sqrt(2.0))
        image += np.float32(noise) * grain
    if cupping:
        ny, nx = image.shape[1:]
        r2 = np.linspace(-1, 1, ny)[:, None] ** 2 + np.linspace(-1, 1, nx)[None, :] ** 2
        image -= (cupping * np.clip(1 - r2 / 1.2, 0, 1)).astype(np.float32)
    image = image * np.float32(rescale[0]) + np.float32(rescale[1])
    return np.clip(np.rint(image), -32768, 32767).astype(np.int16)
