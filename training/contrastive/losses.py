"""Patch-level sigmoid losses between and within modalities (ToothMCL, equations 4 and 6 to 9), their defects mended.

The paper prints log(1 / (1 + exp(z (-t c.p + b)))). Here it is log sigma(z (t c.p + b)), SigLIP's form (Zhai et al.
2023): the same with the other sign of the bias. What differs from the printed equations and from the published code:

- z comes from registered geometry (`relations`) instead of equal indices; near misses and tokens without a counterpart
  count nowhere;
- the diagonal of a modality with itself is masked; taken as a negative, as in the published code, it asks a token to
  differ from itself, and the scale collapses;
- the cross loss is divided by the number of positives, the inner ones by the number of tokens that have one, not by
  the size of the batch, so that ignored tokens do not thin the loss out. With one positive per token and none ignored
  that is the printed equation;
- the maximum of equation 8 is taken over a token's positives: over everything, any easy negative would be the best
  match, and no positive would ever be learnt from. Negatives all count, as in equation 4;
- scale and bias start at 10 and at the logit of the positives' share, so that the first steps are not spent on
  learning that most pairs are negatives.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.contrastive.relations import IGNORED, NEGATIVE, POSITIVE, Reach, Tokens, cross_relation, inner_relation

START_SCALE = 10.0
#: The scale's bounds: beyond them a sigmoid of cosines says nothing more, or everything at once.
SCALES = (1.0, 100.0)


class Sigmoid(nn.Module):
    """Scale t = exp(t') and bias b of the logits t cos + b; `rate`: expected share of positives."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        if not 0.0 < rate < 1.0:
            raise ValueError(f"the share of positives must lie between 0 and 1, not {rate:g}")
        self.log_scale = nn.Parameter(torch.tensor(math.log(START_SCALE)))
        self.bias = nn.Parameter(torch.tensor(math.log(rate / (1.0 - rate))))

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """(N, M) logits of unit vectors (N, H) and (M, H)."""
        scale = self.log_scale.exp().clamp(*SCALES)
        return scale * first @ second.T + self.bias


def cross_loss(logits: Tensor, relation: Tensor) -> Tensor:
    """Equation 4: -sum log sigma(z logit) over all pairs that are not ignored, per positive; 0 without positives.

    Parameters
    ----------
    logits : torch.Tensor
        (R, S) of `Sigmoid`.
    relation : torch.Tensor
        (R, S) of `relations.cross_relation`.
    """
    z = relation.to(logits.dtype)
    said = relation != IGNORED
    total = -(functional.logsigmoid(z * logits) * said).sum()
    return total / (relation == POSITIVE).sum().clamp(min=1)


def inner_loss(logits: Tensor, relation: Tensor) -> Tensor:
    """Equations 7 and 8: per token its best positive and all of its negatives, over the tokens that have a positive.

    Parameters
    ----------
    logits : torch.Tensor
        (N, N) of `Sigmoid`, of one modality with itself.
    relation : torch.Tensor
        (N, N) of `relations.inner_relation`.
    """
    match = relation == POSITIVE
    has = match.any(0)
    if not bool(has.any()):
        return logits.sum() * 0.0
    best = functional.logsigmoid(logits).masked_fill(~match, -math.inf).amax(0)[has]
    others = (functional.logsigmoid(-logits) * (relation == NEGATIVE)).sum(0)[has]
    return -(best + others).mean()


class PairLoss(nn.Module):
    """Equation 9: both inner losses and `alpha` times the cross loss.

    rates: expected share of positives between the modalities, among CBCT tokens, among intraoral tokens. tokens: of
    more CBCT tokens so many are drawn for the loss among them, whose cost grows with their square; None: all count.
    """

    def __init__(
        self, reach: Reach, alpha: float, rates: tuple[float, float, float], tokens: int | None = None
    ) -> None:
        super().__init__()
        self.reach, self.alpha, self.tokens = reach, alpha, tokens
        self.cross, self.image, self.scan = (Sigmoid(rate) for rate in rates)

    def forward(self, image: Tokens, scan: Tokens) -> dict[str, Tensor]:
        """Every term, weighted; their sum is minimised."""
        reach = self.reach
        between = cross_relation(image, scan, reach)
        rows, columns = (between != IGNORED).any(1), (between != IGNORED).any(0)  # the others count nowhere
        crossed = self.cross(image.features[rows], scan.features[columns])
        some = image
        if self.tokens is not None and len(image) > self.tokens:
            some = image.at(torch.randperm(len(image))[: self.tokens].to(image.pair.device))
        among_image = inner_relation(some, reach.image_same, reach.image_near)
        among_scan = inner_relation(scan, reach.scan_same, reach.scan_near)
        return {
            "image": inner_loss(self.image(some.features, some.features), among_image),
            "scan": inner_loss(self.scan(scan.features, scan.features), among_scan),
            "cross": self.alpha * cross_loss(crossed, between[rows][:, columns]),
        }
