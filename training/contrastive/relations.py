"""Which tokens of a batch show the same place: by registered geometry, never by their index."""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

POSITIVE, IGNORED, NEGATIVE = 1, 0, -1


@dataclass
class Tokens:
    """Tokens of one modality, of all scans and views of a batch.

    Attributes
    ----------
    features : torch.Tensor
        (N, H) unit vectors.
    places : torch.Tensor
        (N, 3) RAS mm in the frame that both modalities of a pair share: the centre of a CBCT token's box, the point of
        an intraoral token.
    pair, person : torch.Tensor
        (N,) which pair of the batch, and whose dentition it is.
    known : torch.Tensor
        (N,) bool: False where there is nothing to see, as outside of a field of view.
    own : torch.Tensor
        (N, 3) mm where it lies in its own scan as that came, without registration; of a CBCT its `places`.
    piece : torch.Tensor
        (N,) which scan of a mouth it is of: jaws lie apart.
    """

    features: Tensor
    places: Tensor
    pair: Tensor
    person: Tensor
    known: Tensor
    own: Tensor | None = None
    piece: Tensor | None = None

    def __post_init__(self) -> None:
        self.own = self.places if self.own is None else self.own
        self.piece = torch.zeros_like(self.pair) if self.piece is None else self.piece

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def joined(cls, parts: list[Tokens]) -> Tokens:
        """All of them, in order."""
        return cls(*(torch.cat([getattr(part, field.name) for part in parts]) for field in fields(cls)))

    def of_pair(self, number: int) -> Tokens:
        """The known tokens of one pair."""
        return self.at((self.pair == number) & self.known)

    def at(self, rows: Tensor) -> Tokens:
        """Those of some rows: a mask or numbers."""
        return Tokens(*(getattr(self, field.name)[rows] for field in fields(self)))


@dataclass(frozen=True)
class Reach:
    """When tokens show the same place, mm.

    Attributes
    ----------
    box : float
        Edge of a CBCT token's box.
    same, near : float
        An intraoral token no further than `same` from the box is a positive, one no further than `near` is a near miss,
        which teaches nothing. `same` is at least what registration may err.
    image_same, image_near, scan_same, scan_near : float
        The same within a modality: between the centres of boxes, and between intraoral tokens.
    """

    box: float
    same: float = 0.75
    near: float = 4.0
    image_same: float = 4.0
    image_near: float = 10.0
    scan_same: float = 2.5
    scan_near: float = 6.0


def _between(first: Tokens, second: Tokens, distance: Tensor, same: float, near: float) -> Tensor:
    relation = torch.where(distance <= same, POSITIVE, torch.where(distance <= near, IGNORED, NEGATIVE))
    other = first.pair[:, None] != second.pair[None]
    # Another draw of the same mouth: its places are not registered to this one's, its teeth look the same.
    twin = first.person[:, None] == second.person[None]
    relation = torch.where(other, torch.where(twin, IGNORED, NEGATIVE), relation)
    relation[~first.known] = IGNORED
    relation[:, ~second.known] = IGNORED
    return relation.to(torch.int8)


def cross_relation(image: Tokens, scan: Tokens, reach: Reach) -> Tensor:
    """(R, S) int8 of CBCT tokens against intraoral tokens: 1 where they match, -1 where not, 0 where neither is said.

    A token without any counterpart (a box deep in bone, a crown outside of the crop) says nothing at all: were it a
    negative of everything, the networks would learn what the other modality sees, which both know without looking.
    """
    outside = ((image.places[:, None] - scan.places[None]).abs() - reach.box / 2).clamp(min=0)
    relation = _between(image, scan, outside.norm(dim=-1), reach.same, reach.near)
    match = relation == POSITIVE
    relation[~match.any(1)] = IGNORED
    relation[:, ~match.any(0)] = IGNORED
    return relation


def inner_relation(tokens: Tokens, same: float, near: float) -> Tensor:
    """(N, N) int8 of one modality's tokens among themselves; the diagonal, a token with itself, is 0."""
    relation = _between(tokens, tokens, torch.cdist(tokens.places, tokens.places), same, near)
    return relation.fill_diagonal_(IGNORED)


def positive_rate(relation: Tensor) -> float:
    """Share of the positives among the pairs that are not ignored; NaN where none is left."""
    said = int((relation != IGNORED).sum())
    return int((relation == POSITIVE).sum()) / said if said else float("nan")
