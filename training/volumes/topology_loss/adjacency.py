"""Contacts of neighbouring teeth: ||Bnd(S_i, S_j) - Bnd(M_i, M_j)||_1 (Seed 000, eq. 4 and 10) and a tolerant form.

Bnd sums S(u) S(v) over the ridge of the Voronoi partition: face-neighbouring voxels u in the cell of tooth i and v in
the cell of tooth j, both within `reach` voxels of a true tooth. The paper writes sigma(S): that is the sigmoid of the
logits. Our S are probabilities already; a second sigmoid would map them to [0.5, 0.73], so that empty air touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Ridge:
    """Voxel pairs between the cells of neighbouring teeth.

    u, v: (N,) flat indices; pair: (N,) which pair of teeth, 0..P-1; teeth: (P, 2) cell numbers, the smaller first.
    """

    u: np.ndarray
    v: np.ndarray
    pair: np.ndarray
    teeth: np.ndarray


def find_ridge(cells: np.ndarray, tooth: np.ndarray, known: np.ndarray | None = None, reach: int = 2) -> Ridge:
    """The ridge of a Voronoi partition (D, H, W; 0 = no tooth near) where a true tooth (bool) lies within `reach`
    voxels of both sides: 2 voxels of 0.5 mm on each side bridge gaps up to about 2 mm. Voxels that are not known are
    out."""
    flat = np.arange(cells.size).reshape(cells.shape)
    us, vs = [], []
    for axis in range(3):
        low = (slice(None),) * axis + (slice(None, -1),)
        high = (slice(None),) * axis + (slice(1, None),)
        first, second = cells[low], cells[high]
        meets = (first != second) & (first > 0) & (second > 0)
        if known is not None:
            meets &= known[low] & known[high]
        us.append(flat[low][meets])
        vs.append(flat[high][meets])
    u, v = np.concatenate(us), np.concatenate(vs)
    near = _near(u, tooth, reach) & _near(v, tooth, reach)
    u, v = u[near], v[near]
    of = cells.reshape(-1).astype(np.int64)
    swap = of[u] > of[v]
    u, v = np.where(swap, v, u), np.where(swap, u, v)
    codes, pair = np.unique(of[u] * 256 + of[v], return_inverse=True)
    return Ridge(u, v, pair.reshape(-1), np.stack([codes // 256, codes % 256], -1).reshape(-1, 2))


def _near(flat: np.ndarray, tooth: np.ndarray, reach: int) -> np.ndarray:
    """Which flat indices have a tooth voxel within `reach` voxels (Euclidean)."""
    offsets = [o for o in product(range(-reach, reach + 1), repeat=3) if sum(c * c for c in o) <= reach * reach]
    padded = np.pad(tooth, reach)
    places = np.unravel_index(flat, tooth.shape)
    index = np.ravel_multi_index([p + reach for p in places], padded.shape)
    strides = (padded.shape[1] * padded.shape[2], padded.shape[2], 1)
    table, near = padded.reshape(-1), np.zeros(len(flat), bool)
    for offset in offsets:
        near |= table[index + sum(o * s for o, s in zip(offset, strides, strict=True))]
    return near


def boundary(prob: Tensor, ridge: Ridge) -> Tensor:
    """Bnd of every pair of teeth, (P,). prob: (D, H, W), the map of all teeth, tooth k's share being its cell; or
    (K + 1, D, H, W), a softmax over background and the numbered teeth."""
    u, v = (torch.from_numpy(i).to(prob.device) for i in (ridge.u, ridge.v))
    if prob.ndim == 4:
        teeth = torch.from_numpy(ridge.teeth[ridge.pair]).to(prob.device)
        planes = prob.reshape(prob.shape[0], -1)
        product_uv = planes[teeth[:, 0], u] * planes[teeth[:, 1], v]
    else:
        product_uv = prob.reshape(-1)[u] * prob.reshape(-1)[v]
    pair = torch.from_numpy(ridge.pair).to(prob.device)
    return torch.zeros(len(ridge.teeth), dtype=prob.dtype, device=prob.device).index_add(0, pair, product_uv)


def _true_boundary(truth: np.ndarray, ridge: Ridge) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(P,) faces of true contact, faces with one side in a tooth only, all faces of the ridge."""
    flat = truth.reshape(-1)
    both, one = flat[ridge.u] & flat[ridge.v], flat[ridge.u] ^ flat[ridge.v]
    count = len(ridge.teeth)
    weights = (both.astype(float), one.astype(float), None)
    return tuple(np.bincount(ridge.pair, weights=w, minlength=count).astype(float) for w in weights)


def adjacency_loss(prob: Tensor, truth: np.ndarray, ridge: Ridge) -> Tensor:
    """Mean over pairs of neighbours of |Bnd(S_i, S_j) - Bnd(M_i, M_j)| / faces of their ridge, so 0..1 per pair.

    prob: as in `boundary`; truth: (D, H, W) bool of the same kind (teeth, or cores). With cores it is a term of
    separation: true cores never touch, so Bnd(M) = 0 and every bridge across the ridge costs.
    """
    if not len(ridge.teeth):
        return prob.sum() * 0.0
    contact, _, faces = (torch.from_numpy(a).to(prob) for a in _true_boundary(truth, ridge))
    return ((boundary(prob, ridge) - contact).abs() / faces).mean()


def adjacency_tolerant_loss(
    prob: Tensor,
    truth: np.ndarray,
    ridge: Ridge,
    tolerance: float = 0.1,
    focus: float = 1.0,
    small: float = 8.0,
) -> Tensor:
    """The adaptive form: relative error with a dead zone, weighted by certainty and by how wrong a pair is now.

    Error of a pair: e = |Bnd(S) - Bnd(M)| / (Bnd(M) + 0.25 faces + small), small in faces (8 = 2 mm^2 at 0.5 mm); what
    exceeds `tolerance` costs. Certainty: the share of ridge faces whose two voxels are both tooth or both not; a face
    with one voxel in a tooth would flip with an outline half a voxel off, so crowded teeth a hair apart are not forced
    to touch or to part. Weights e^focus (no gradient, mean 1, at most 4) make the hard pairs count more.
    """
    if not len(ridge.teeth):
        return prob.sum() * 0.0
    contact, one, faces = (torch.from_numpy(a).to(prob) for a in _true_boundary(truth, ridge))
    error = (boundary(prob, ridge) - contact).abs() / (contact + 0.25 * faces + small)
    beyond = (error - tolerance).clamp(min=0.0)
    weight = focus_weights(beyond, focus)
    return (weight * (1.0 - one / faces) * beyond).mean()


def focus_weights(error: Tensor, focus: float) -> Tensor:
    """Weights (N,) proportional to error^focus, mean about 1, at most 4, without gradient; all 1 for focus 0."""
    with torch.no_grad():
        weight = error.clamp(min=1e-6) ** focus
        return (weight / weight.mean()).clamp(max=4.0)
