"""Critical voxels of a probability map: where components, tunnels and voids of {S > t} appear and vanish.

The filtration runs from high probability to low, so a feature is born at a high value and dies at a lower one: it is a
feature of {S > t} for death <= t < birth. Cripser's T-construction (voxels are closed cubes) is the convention of
`DentalTopoSegLib.checks.topology`: foreground 26-, background 6-connected. Dimension 0: component, born at its maximum,
dying at the saddle voxel that joins it to one with a higher maximum. Dimension 1: tunnel, born where its ring closes,
dying where it is filled. Dimension 2: enclosed void, born where its wall closes, dying where it is filled.

Values are first rounded up to 1/270. {S > t} then stays exactly what it was for t = 0.5 and for the ten thresholds,
and the float noise of a saturated softmax makes no features.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor

#: Ten equally spaced thresholds 0.1 .. 0.9 (Seed 000, eq. 9), all of them whole levels.
THRESHOLDS = tuple((9 + 8 * k) / 90 for k in range(10))
LEVELS = 270
HALF = LEVELS // 2
THRESHOLD_LEVELS = np.array([3 * (9 + 8 * k) for k in range(10)])


@dataclass(frozen=True)
class Pairs:
    """Persistence pairs, most persistent first. dim, born, died: (N,) dimension and levels; birth, death: (N,) flat
    indices of the critical voxels. Features that never die have died = 0 and death = -1."""

    dim: np.ndarray
    born: np.ndarray
    died: np.ndarray
    birth: np.ndarray
    death: np.ndarray

    def __len__(self) -> int:
        return len(self.dim)

    def pick(self, which: np.ndarray) -> Pairs:
        """The pairs at an index or mask array (N,)."""
        return Pairs(self.dim[which], self.born[which], self.died[which], self.birth[which], self.death[which])

    def rank(self) -> Pairs:
        """Most persistent first; ties by flat index, so that results do not depend on the order of the search."""
        return self.pick(np.lexsort((self.birth, self.died - self.born)))

    def alive(self, level: int) -> np.ndarray:
        """Which pairs (N,) are features of {S > level / 270}."""
        return (self.born > level) & (self.died <= level)


def levels_of(prob: np.ndarray) -> np.ndarray:
    """A probability map in whole levels 0..270, rounded up; int16. Raises `ValueError` if it holds NaN."""
    if np.isnan(prob).any():
        raise ValueError("The probability map of the topology loss holds NaN: the network has diverged before it.")
    return np.ceil(np.clip(prob, 0.0, 1.0) * np.asarray(LEVELS, prob.dtype)).astype(np.int16)


def find_pairs(levels: np.ndarray, max_dim: int) -> Pairs:
    """All pairs of dimension 0..max_dim of a (D, H, W) level map, by cripser (GPL-3: training and tests only)."""
    import cripser

    bars = cripser.compute_ph(-levels.astype(np.float64), filtration="T", maxdim=max_dim)
    bars = np.asarray(bars, dtype=np.float64).reshape(-1, bars.shape[-1] if len(bars) else 9)
    endless = ~np.isfinite(bars[:, 2]) | (bars[:, 2] > 1e300)
    places = bars[:, 3:9].astype(np.int64)
    stride = np.array([levels.shape[1] * levels.shape[2], levels.shape[2], 1])
    return Pairs(
        bars[:, 0].astype(np.int64),
        -bars[:, 1].astype(np.int64),
        np.where(endless, 0, -np.where(endless, 0, bars[:, 2])).astype(np.int64),
        places[:, :3] @ stride,
        np.where(endless, -1, places[:, 3:] @ stride),
    ).rank()


def component_pairs(levels: np.ndarray) -> Pairs:
    """Pairs of dimension 0 born above the lowest threshold, flat indices in the whole map.

    Found separately in each component of {S > 0.1}, which costs a fraction of the whole map; such a component as a
    whole never dies.
    """
    from scipy import ndimage

    floor = int(THRESHOLD_LEVELS[0])
    labels, _ = ndimage.label(levels > floor, np.ones((3, 3, 3), bool))
    found: list[Pairs] = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        local = np.where(labels[box] == number, levels[box], 0)
        pairs = find_pairs(local, 0)
        start = [s.start for s in box]
        move = [_move(index, local.shape, start, levels.shape) for index in (pairs.birth, pairs.death)]
        found.append(Pairs(pairs.dim, pairs.born, pairs.died, *move))
    if not found:
        none = np.zeros(0, np.int64)
        return Pairs(none, none, none, none, none)
    columns = ("dim", "born", "died", "birth", "death")
    return Pairs(*(np.concatenate([getattr(pairs, c) for pairs in found]) for c in columns)).rank()


def _move(flat: np.ndarray, shape: tuple, start: list[int], whole: tuple) -> np.ndarray:
    """Flat indices (N,) of a box as flat indices of the whole map; -1 stays -1."""
    places = np.unravel_index(np.maximum(flat, 0), shape)
    moved = np.ravel_multi_index([p + s for p, s in zip(places, start, strict=True)], whole)
    return np.where(flat < 0, -1, moved)


def at_edge(flat: np.ndarray, shape: tuple[int, int, int], layers: int) -> np.ndarray:
    """Which flat indices (N,) lie in the outer `layers` voxel layers of a map; -1 never does."""
    places = np.unravel_index(np.maximum(flat, 0), shape)
    near = [(p < layers) | (p >= n - layers) for p, n in zip(places, shape, strict=True)]
    return np.logical_or.reduce(near) & (flat >= 0)


def values_at(prob: Tensor, flat: np.ndarray) -> Tensor:
    """Probabilities (N,) at flat indices, with gradient; minus infinity where the index is -1 (never dies)."""
    index = torch.from_numpy(np.maximum(flat, 0)).to(prob.device)
    never = torch.from_numpy(flat < 0).to(prob.device)
    return prob.reshape(-1)[index].masked_fill(never, float("-inf"))


def relaxed_alive(birth: Tensor, death: Tensor, threshold: float | Tensor, temperature: float) -> Tensor:
    """Soft 1[death <= t < birth] of critical values (N,): both thresholds as sigmoids of (value - t) / temperature."""
    return torch.sigmoid((birth - threshold) / temperature) * torch.sigmoid((threshold - death) / temperature)


def critical_cost(
    prob: Tensor, truth: np.ndarray, flat: np.ndarray, up: bool, margin: float = 0.1, radius: int = 1
) -> Tensor:
    """Cost (N,) of critical voxels that should lie above 0.5 (up) or below: squared distance to 0.5 +- margin.

    In units of 0.25 (the squared distance of a certain error from 0.5). Averaged, with Gaussian weights of sigma one
    voxel, over the cube of `radius` around each voxel, but only where the truth (D, H, W) bool agrees (equals `up`):
    a bridge or a tunnel is wider than a voxel, and the true surface next to it stays untouched.
    """
    places = np.stack(np.unravel_index(flat, truth.shape), -1)
    offsets = np.array(list(product(range(-radius, radius + 1), repeat=3)))
    around = places[:, None] + offsets
    inside = ((around >= 0) & (around < truth.shape)).all(-1)
    around = np.clip(around, 0, np.array(truth.shape) - 1)
    index = np.ravel_multi_index(np.moveaxis(around, -1, 0), truth.shape)
    weights = np.exp(-0.5 * (offsets**2).sum(-1)) * (inside & (truth.reshape(-1)[index] == up))
    weights[:, len(offsets) // 2] = 1.0  # the critical voxel itself always counts
    weights /= weights.sum(1, keepdims=True)
    values = prob.reshape(-1)[torch.from_numpy(index).to(prob.device)]
    short = (0.5 + margin - values) if up else (values - 0.5 + margin)
    return (torch.from_numpy(weights).to(values) * short.clamp(min=0.0) ** 2).sum(1) / 0.25
