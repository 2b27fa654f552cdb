"""Tunnels (b1) and enclosed voids (b2) of single teeth: |b(S_k) - b(M_k)| (Seed 000, eq. 5 and 11), and a margin form.

The paper counts b1 and calls it cavities; in 3D a tunnel is b1 and an enclosed void b2. Both are compared with the
label's own numbers, never with 0. Only teeth whose {S_k > 0.5} has other numbers than the label (exact and cheap, by
`DentalTopoSegLib.checks.topology.betti_numbers`) go through persistent homology. The gradient reaches S at the voxels
where a feature is born and dies; those in the outer layer of the patch, where a tooth is cut, get none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool3d

from DentalTopoSegLib.checks.topology import betti_numbers
from DentalTopoSegLib.files.volumes.boxes import Box
from training.volumes.topology_loss.adjacency import focus_weights
from training.volumes.topology_loss.persistence import (
    HALF,
    Pairs,
    at_edge,
    critical_cost,
    find_pairs,
    levels_of,
    relaxed_alive,
    values_at,
)

#: Teeth with fewer true voxels in the patch (8 mm^3 at 0.5 mm) are left out: what is seen of them is no tooth's shape.
LEAST_VOXELS = 64


@dataclass(frozen=True)
class WrongTooth:
    """A tooth with a wrong number of tunnels or voids. found, wanted: (b1, b2) of {S_k > 0.5} and of the label."""

    number: int
    box: Box
    truth: np.ndarray
    found: tuple[int, int]
    wanted: tuple[int, int]


def wrong_teeth(
    prob: np.ndarray, cells: np.ndarray, tooth: np.ndarray, known: np.ndarray | None = None
) -> tuple[list[WrongTooth], int]:
    """The teeth whose b1 or b2 at 0.5 differs from the label's, and how many teeth were compared.

    prob: (D, H, W) with tooth k's share being its cell, or (K + 1, D, H, W). cells: (D, H, W) uint8; tooth, known: of
    the same shape, bool.
    """
    from scipy import ndimage

    if known is not None:
        tooth = tooth & known
    wrong, compared = [], 0
    for number, cell_box in enumerate(ndimage.find_objects(cells.astype(np.int32)), start=1):
        if cell_box is None:
            continue
        cell = cells[cell_box] == number
        truth = tooth[cell_box] & cell
        if np.count_nonzero(truth) < LEAST_VOXELS:
            continue
        compared += 1
        guess = (prob[number][cell_box] > 0.5) if prob.ndim == 4 else (prob[cell_box] > 0.5) & cell
        if known is not None:
            guess = guess & known[cell_box]
        found, wanted = betti_numbers(guess)[1:], betti_numbers(truth)[1:]
        if found != wanted:
            inner = _bounds(truth | guess)
            box = tuple(slice(c.start + i.start, c.start + i.stop) for c, i in zip(cell_box, inner, strict=True))
            wrong.append(WrongTooth(number, box, truth[inner], found, wanted))
    return wrong, compared


def _bounds(mask: np.ndarray) -> Box:
    """Bounding box of a mask that is not empty, one voxel wider where there is room."""
    box = []
    for axis in range(3):
        used = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        box.append(slice(max(int(used[0]) - 1, 0), min(int(used[-1]) + 2, mask.shape[axis])))
    return tuple(box)


def tooth_crop(prob: Tensor, cells: np.ndarray, tooth: WrongTooth, known: np.ndarray | None = None) -> Tensor:
    """S_k in the tooth's box, with gradient: its class of a softmax, or the map of all teeth within its cell."""
    mask = np.ones(tooth.truth.shape, bool) if prob.ndim == 4 else cells[tooth.box] == tooth.number
    if known is not None:
        mask = mask & known[tooth.box]
    plane = prob[tooth.number] if prob.ndim == 4 else prob
    return plane[tooth.box] * torch.from_numpy(mask).to(prob)


def _pairs_of(crop: Tensor, tooth: WrongTooth, whole: tuple[int, ...]) -> tuple[Pairs, np.ndarray]:
    """Pairs of dimension 1 and 2 of a crop, and which of them have a critical voxel in the outer layer of the patch."""
    pairs = find_pairs(levels_of(crop.detach().cpu().numpy()), 2)
    pairs = pairs.pick(pairs.dim > 0)
    cut = np.zeros(len(pairs), bool)
    for flat in (pairs.birth, pairs.death):
        places = np.unravel_index(np.maximum(flat, 0), crop.shape)
        moved = [p + s.start for p, s in zip(places, tooth.box, strict=True)]
        cut |= at_edge(np.ravel_multi_index(moved, whole), whole, 1)
    return pairs, cut


def hole_loss(
    prob: Tensor,
    cells: np.ndarray,
    tooth: np.ndarray,
    known: np.ndarray | None = None,
    temperature: float = 0.1,
    factor: int = 1,
    straight_through: bool = True,
) -> tuple[Tensor, Tensor]:
    """(tunnels, voids): mean over the compared teeth of |b1(S_k) - b1(M_k)| and of |b2(S_k) - b2(M_k)|.

    Shapes as in `wrong_teeth`. The value is exact. Backward, b = sum over pairs of relaxed 1[death <= 0.5 < birth]: of
    the features too many, the least persistent are removed (birth down, death up), of those too few, the most
    persistent are made (birth up, death down). factor 2: persistence of the tooth averaged over 2^3 voxels, about 8
    times cheaper; a tooth whose error does not show there is searched at full resolution. straight_through=False
    gives the relaxed, signed values (for gradient checks).
    """
    numpy = prob.detach().cpu().numpy()
    wrong, compared = wrong_teeth(numpy, cells, tooth, known)
    totals = [prob.sum() * 0.0, prob.sum() * 0.0]
    for one in wrong:
        crop = tooth_crop(prob, cells, one, known)
        pairs, cut, crop = _coarse_or_full(crop, one, factor, tuple(cells.shape))
        for dim in (1, 2):
            error = one.found[dim - 1] - one.wanted[dim - 1]
            if error == 0:
                continue
            mine = np.flatnonzero((pairs.dim == dim) & (pairs.alive(HALF) == (error > 0)))
            # most persistent first: the surplus is at the end, the candidates for what is missing at the start
            chosen = mine[-abs(error) :] if error > 0 else mine[: abs(error)]
            chosen = pairs.pick(chosen[~cut[chosen]])
            alive = relaxed_alive(values_at(crop, chosen.birth), values_at(crop, chosen.death), 0.5, temperature)
            signed = alive.sum() * float(np.sign(error))
            value = signed - signed.detach() + abs(error) if straight_through else signed
            totals[dim - 1] = totals[dim - 1] + value
    return tuple(total / max(compared, 1) for total in totals)


def _coarse_or_full(
    crop: Tensor, tooth: WrongTooth, factor: int, whole: tuple[int, ...]
) -> tuple[Pairs, np.ndarray, Tensor]:
    """Pairs of the pooled crop if its error shows there, else of the crop; which are cut; the map they index."""
    if factor > 1:
        pad = [n % factor for n in reversed(crop.shape)]
        padded = torch.nn.functional.pad(crop, [p for n in pad for p in (0, (factor - n) % factor)])
        pooled = avg_pool3d(padded[None], factor)[0]
        pairs = find_pairs(levels_of(pooled.detach().cpu().numpy()), 2)
        alive = pairs.alive(HALF)
        counts = tuple(int(np.count_nonzero(alive & (pairs.dim == d))) for d in (1, 2))
        if counts == tooth.found:
            pairs = pairs.pick(pairs.dim > 0)
            places = [np.unravel_index(np.maximum(f, 0), pooled.shape) for f in (pairs.birth, pairs.death)]
            cut = np.zeros(len(pairs), bool)
            for place in places:
                for p, s, n in zip(place, tooth.box, whole, strict=True):
                    cut |= (p * factor + s.start <= 0) | (p * factor + s.start + factor >= n)
            return pairs, cut, pooled
    return *_pairs_of(crop, tooth, whole), crop


def hole_margin_loss(
    prob: Tensor,
    cells: np.ndarray,
    tooth: np.ndarray,
    known: np.ndarray | None = None,
    margin: float = 0.1,
    radius: int = 1,
    focus: float = 1.0,
    most: int = 16,
) -> tuple[Tensor, Tensor]:
    """The adaptive form of (tunnels, voids): costs of critical voxels on the wrong side of 0.5, per compared tooth.

    A false feature is filled where the label has tooth at its death voxel, or opened where the label has none at its
    birth voxel, whichever is cheaper; a feature the label has too (tooth at birth, none at death) is left alone, and
    made where it is missing. Costs as in `critical_cost`, at most `most` features per tooth and dimension. Teeth are
    weighted by their soft Dice error now (^focus, mean about 1, no gradient): hard teeth count more.
    """
    wrong, compared = wrong_teeth(prob.detach().cpu().numpy(), cells, tooth, known)
    totals = [prob.sum() * 0.0, prob.sum() * 0.0]
    if not wrong:
        return tuple(totals)
    crops = [tooth_crop(prob, cells, one, known) for one in wrong]
    weights = focus_weights(torch.stack([_dice_error(c, w.truth) for c, w in zip(crops, wrong, strict=True)]), focus)
    for one, crop, weight in zip(wrong, crops, weights, strict=True):
        pairs, cut = _pairs_of(crop, one, tuple(cells.shape))
        for dim in (1, 2):
            mine = pairs.pick((pairs.dim == dim) & ~cut)
            missing = one.wanted[dim - 1] - one.found[dim - 1]
            cost = _feature_costs(crop, one.truth, mine, missing, margin, radius, most)
            totals[dim - 1] = totals[dim - 1] + weight * cost
    return tuple(total / max(compared, 1) for total in totals)


def _feature_costs(
    crop: Tensor, truth: np.ndarray, pairs: Pairs, missing: int, margin: float, radius: int, most: int
) -> Tensor:
    """Sum of the costs of the false features among `pairs`, and of up to `missing` ones that the label has."""
    flat = truth.reshape(-1)
    at_birth, at_death = flat[pairs.birth], flat[pairs.death]
    alive, real = pairs.alive(HALF), at_birth & ~at_death
    false = np.flatnonzero(alive & ~real)[:most]
    fill, open_ = at_death[false], ~at_birth[false]
    # cheaper of the two: how far the critical value is from 0.5
    far = pairs.died[false] - HALF
    fill &= ~open_ | (-far <= pairs.born[false] - HALF)
    up, down = [pairs.death[false][fill]], [pairs.birth[false][~fill]]
    if missing > 0:
        lost = np.flatnonzero(~alive & real)[:missing]
        up.append(pairs.birth[lost][pairs.born[lost] <= HALF])
        down.append(pairs.death[lost][pairs.died[lost] > HALF])
    total = crop.sum() * 0.0
    for places, direction in ((np.concatenate(up), True), (np.concatenate(down), False)):
        if len(places):
            total = total + critical_cost(crop, truth, places, direction, margin, radius).sum()
    return total


def _dice_error(crop: Tensor, truth: np.ndarray) -> Tensor:
    """1 - soft Dice of a tooth's crop, without gradient."""
    with torch.no_grad():
        mask = torch.from_numpy(truth).to(crop)
        return 1.0 - (2.0 * (crop * mask).sum() + 1.0) / (crop.sum() + mask.sum() + 1.0)
