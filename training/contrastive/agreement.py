"""Whether tokens that are alike also lie alike: a scan laid over a CBCT by its tokens, and how like they are there.

The kinds of teeth are much the same in all people; where they stand, which are there and how the arch runs is not. The
scan is laid by what tokens resemble alone: where it truly lies is never looked at, and no tilt of either counts.
"""

from __future__ import annotations

import torch
from torch import Tensor

from training.contrastive.relations import Tokens

REACH_MM = (25.0, 18.0, 12.0, 9.0, 7.0, 5.0, 4.0, 4.0)
"""How far a token's partner is looked for, as the standard deviation of a normal distribution, ever closer."""

SHARPNESS = 10.0
"""Of matches: partners are weighted by exp of this times the cosine, the scale that training starts at."""

BESIDE_MM = 3.0
"""Standard deviation of the weights by which boxes around a token's place count in the end."""

OUTSIDE_MM = 8.0
"""A token farther than this from every known box lies outside of the field of view."""

FEWEST = 20
"""Tokens in the field that count in full; a scan of which fewer lie in it fits less, or a single token could fit
perfectly."""


def rigid_fit(points: Tensor, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Rotation (3, 3) and shift (3,) that bring points (N, 3) nearest to targets (N, 3), weights (N,) (Kabsch 1976)."""
    weights = weights / weights.sum()
    from_, to = weights @ points, weights @ targets
    u, _, vh = torch.linalg.svd(((points - from_) * weights[:, None]).T @ (targets - to))
    sign = torch.ones(3, dtype=points.dtype, device=points.device)
    sign[2] = torch.sign(torch.det(vh.T @ u.T))
    turn = vh.T @ torch.diag(sign) @ u.T
    return turn, to - turn @ from_


def lay_over(cosines: Tensor, points: Tensor, boxes: Tensor) -> Tensor:
    """(N, 3) mm where the points of a scan come to lie among boxes (M, 3), by cosines (N, M) of their tokens.

    Expectation and maximisation with a shrinking reach, as in coherent point drift (Myronenko & Song 2010): every point
    is drawn to boxes that are like it and, once there is a pose, near it; points that find none count little.
    """
    alike = SHARPNESS * cosines
    laid, weights = None, alike.softmax(1).amax(1)
    for reach in (None, *REACH_MM):
        match = alike if reach is None else alike - torch.cdist(laid, boxes).square() / (2 * reach**2)
        if reach is not None:
            weights = (match.logsumexp(1) - alike.logsumexp(1)).exp()
        turn, shift = rigid_fit(points, match.softmax(1) @ boxes, weights + 1e-6)
        laid = points @ turn.T + shift
    return laid


def agreement(image: Tokens, scan: Tokens) -> float:
    """How well a scan fits a CBCT where its own tokens lay it, each jaw by itself: the mean cosine of its tokens with
    the boxes around them, over those that come to lie in the field of view."""
    total, inside = 0.0, 0
    for piece in scan.piece.unique():
        mine = scan.at(scan.piece == piece)
        cosines = mine.features @ image.features.T
        distance = torch.cdist(lay_over(cosines, mine.own, image.own), image.own)
        seen = distance.amin(1) < OUTSIDE_MM
        around = (-distance.square() / (2 * BESIDE_MM**2)).softmax(1)
        total += float((around * cosines).sum(1)[seen].sum())
        inside += int(seen.sum())
    return total / (inside + FEWEST)


def agreement_table(images: list[Tokens], scans: list[Tokens]) -> Tensor:
    """(N, M) `agreement` of every CBCT with every scan; known tokens only."""
    return torch.tensor([[agreement(image, scan) for scan in scans] for image in images])
