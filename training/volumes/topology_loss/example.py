"""A made patch of border-network training: two rows of teeth, and logits of a network that errs on some of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

CORE_DEPTH = 1.2  # voxels of 0.5 mm: training.patients.targets.CORE_DEPTH_MM
CELL_REACH = 12.0  # voxels: 6 mm


@dataclass
class Example:
    """logits: (3, D, H, W) float32; target, cells: (D, H, W) uint8."""

    logits: Tensor
    target: Tensor
    cells: Tensor


def make_example(size: int = 96, wrong: float = 1 / 3, seed: int = 0, noise: float = 1.0) -> Example:
    """A size^3 patch at 0.5 mm with eight teeth (four above four, the outer ones cut by the patch).

    wrong: share of the teeth with a false tunnel, a false void, or a bridge to the next tooth. noise: of the logits.
    """
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    z, y, x = np.meshgrid(*(np.arange(size, dtype=np.float32),) * 3, indexing="ij")
    step, radius = size / 4.2, size / 8.8
    centres = [(size * (0.24 + 0.5 * r), size / 2, step * (c + 0.6)) for r in range(2) for c in range(4)]
    far = np.stack([_tooth_distance(z - a, y - b, x - c, radius, size) for a, b, c in centres])
    nearest, depth = far.argmin(0), far.min(0)
    second = np.partition(far, 1, axis=0)[1]
    target = np.where(depth < 0, np.where(depth < -CORE_DEPTH, 1, 2), 0).astype(np.uint8)
    target[(depth < 0) & (second < 0)] = 2
    cells = np.where(depth < CELL_REACH, nearest + 1, 0).astype(np.uint8)
    guess = depth.copy()
    for number in range(round(wrong * 8)):
        a, b, c = centres[(3 * number + 1) % 8]
        kind = number % 3
        if kind == 0:  # tunnel front to back
            guess[(z - a) ** 2 + (x - c) ** 2 < 4.0] = 1.5
        elif kind == 1:  # void
            guess[(z - a) ** 2 + (y - b) ** 2 + (x - c) ** 2 < 9.0] = 1.5
        else:  # bridge to the next tooth
            guess[((z - a) ** 2 + (y - b) ** 2 < 9.0) & (x > c) & (x < c + step)] = -3.0
    wobble = ndimage.gaussian_filter(rng.normal(size=guess.shape).astype(np.float32), 1.5)
    guess = guess + noise * wobble / wobble.std() * 0.5
    sharp = 4.0
    logits = np.stack([sharp * guess, -sharp * (guess + CORE_DEPTH), np.zeros_like(guess)])
    return Example(*(torch.from_numpy(np.ascontiguousarray(a)) for a in (logits.astype(np.float32), target, cells)))


def _tooth_distance(z: np.ndarray, y: np.ndarray, x: np.ndarray, radius: float, size: int) -> np.ndarray:
    """About the signed distance in voxels to an upright ellipsoid-like tooth."""
    return np.sqrt((z / (size * 0.24) * radius) ** 2 + y**2 + x**2) - radius
