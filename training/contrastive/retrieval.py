"""Finding what belongs together: tokens of one mouth, and the scan of a CBCT among those of many people."""

from __future__ import annotations

import torch
from torch import Tensor

from training.contrastive.relations import POSITIVE, Reach, Tokens, cross_relation
from training.loop import Measures, mean_measures


def token_retrieval(image: Tokens, scan: Tokens, reach: Reach) -> Measures:
    """How often an intraoral token's nearest CBCT token of the same pair shows the same place.

    Returns
    -------
    dict
        "token_at_1", and "token_chance": what a random CBCT token would reach. NaN where no token has a counterpart.
    """
    relation = cross_relation(image, scan, reach)
    asked = (relation == POSITIVE).any(0)
    if not bool(asked.any()):
        return {"token_at_1": float("nan"), "token_chance": float("nan")}
    # Boxes without a counterpart are candidates too: nobody knows beforehand that they have none.
    match = (relation == POSITIVE)[:, asked] & image.known[:, None]
    likeness = (image.features @ scan.features[asked].T).masked_fill(~image.known[:, None], -2.0)
    found = match.gather(0, likeness.argmax(0, keepdim=True))
    chance = match.sum(0).float() / image.known.sum()
    return {"token_at_1": float(found.float().mean()), "token_chance": float(chance.mean())}


def likeness(image: Tokens, scan: Tokens) -> float:
    """How well a scan fits a CBCT: the mean over intraoral tokens of the best cosine with a CBCT token.

    As the late interaction of ColBERT (Khattab & Zaharia 2020); intraoral tokens ask, because most of a CBCT shows what
    no intraoral scan does. No registration is needed.
    """
    return float((scan.features @ image.features.T).amax(1).mean())


def likeness_table(images: list[Tokens], scans: list[Tokens]) -> Tensor:
    """(N, M) `likeness` of every CBCT with every scan; known tokens only."""
    return torch.tensor([[likeness(image, scan) for scan in scans] for image in images])


def ranks(table: Tensor) -> Tensor:
    """(N,) place of the right scan, 1 the best, where scan i belongs to CBCT i; equals count against it."""
    return (table >= table.diagonal()[:, None]).sum(1)


def scan_retrieval(images: list[Tokens], scans: list[Tokens]) -> Measures:
    """ "scan_at_1", "scan_at_3", the mean reciprocal rank "scan_mrr", and "scan_chance" of the first."""
    place = ranks(likeness_table(images, scans)).float()
    return {
        "scan_at_1": float((place == 1).float().mean()),
        "scan_at_3": float((place <= 3).float().mean()),
        "scan_mrr": float((1 / place).mean()),
        "scan_chance": 1.0 / len(place),
    }


def retrieval(image: Tokens, scan: Tokens, pairs: int, reach: Reach) -> Measures:
    """Both kinds over `pairs` pairs numbered from 0. Pairs with no token of one modality are left out."""
    images, scans = ([tokens.of_pair(k) for k in range(pairs)] for tokens in (image, scan))
    both = [(i, s) for i, s in zip(images, scans, strict=True) if len(i) and len(s)]
    rows = [token_retrieval(i, s, reach) for i, s in both]
    return mean_measures(rows) | scan_retrieval([i for i, _ in both], [s for _, s in both])
