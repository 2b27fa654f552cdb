"""Both encoders side by side: a Swin transformer on CBCT, a Point Transformer on both jaws, tokens in one space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.contrastive.losses import PairLoss
from training.contrastive.relations import Reach, Tokens
from training.contrastive.views import Seen
from training.nets.point_transformer import PointTransformer
from training.nets.swin import SwinTokens


class Towers(nn.Module):
    """Tokens of both modalities as unit vectors of `size` numbers.

    One Point Transformer serves both jaws, as in `surfaces`: canonical axes make them alike. The paper has two; here
    the tokens are told which jaw they are of, which is known of a scan.

    Parameters
    ----------
    image
        Of `SwinEncoder`, and "level": whose boxes are tokens.
    points
        Of `PointTransformer`.
    level
        Whose points are intraoral tokens.
    size
        Of the common space.
    """

    def __init__(self, image: dict[str, Any], points: dict[str, Any], level: int, size: int = 128) -> None:
        super().__init__()
        image = dict(image)
        self.image = SwinTokens(encoder=image, level=image.pop("level"), size=2 * size)
        self.points, self.level = PointTransformer(**points), level
        self.image_head = _head(2 * size, size)
        self.scan_head = _head(points["widths"][level], size)
        self.jaw = nn.Parameter(torch.zeros(2, points["widths"][level]))

    @property
    def voxels(self) -> int:
        """Edge of a CBCT token's box."""
        return self.image.voxels

    def image_tokens(self, seen: Sequence[Seen], device: torch.device) -> Tokens:
        """Tokens of all CBCT views, which have one shape."""
        views = [(k, one.person, view) for k, one in enumerate(seen) for view in one.images]
        features = self.image(torch.stack([view.image for *_, view in views]).to(device)).flatten(0, 1)
        places = [(k, person, view.places, view.known) for k, person, view in views]
        return _tokens(self.image_head(features), places, device)

    def scan_tokens(self, seen: Sequence[Seen], device: torch.device) -> Tokens:
        """Tokens of all clouds."""
        views = [(k, one.person, view) for k, one in enumerate(seen) for view in one.scans]
        features = torch.cat(
            [
                self.points.tokens(view.graph.to(device), self.level) + self.jaw[int(view.which == "upper")]
                for *_, view in views
            ]
        )
        places = [(k, person, view.places, torch.ones(len(view.places), dtype=torch.bool)) for k, person, view in views]
        tokens = _tokens(self.scan_head(features), places, device)
        counts = torch.tensor([len(view.places) for *_, view in views])
        tokens.own = torch.cat([view.graph.points[: len(view.places)] for *_, view in views]).to(device)
        tokens.piece = torch.arange(len(views)).repeat_interleave(counts).to(device)
        return tokens


def _head(inputs: int, outputs: int) -> nn.Sequential:
    """Into the common space. Standardised over the batch: an untrained network gives all tokens nearly one direction,
    and a loss that starts at scale 10 would spend its first hundreds of steps on taking that apart."""
    return nn.Sequential(
        nn.LayerNorm(inputs),
        nn.Linear(inputs, inputs),
        nn.BatchNorm1d(inputs),
        nn.GELU(),
        nn.Linear(inputs, outputs),
        nn.BatchNorm1d(outputs, affine=False),
    )


def _tokens(features: Tensor, views: list[tuple[int, int, Tensor, Tensor]], device: torch.device) -> Tokens:
    """Features (N, H), not normalised, with (pair, person, places, known) of each view in turn."""
    pair = torch.cat([torch.full((len(places),), k) for k, _, places, _ in views])
    person = torch.cat([torch.full((len(places),), who) for _, who, places, _ in views])
    places = torch.cat([places for *_, places, _ in views])
    known = torch.cat([known for *_, known in views])
    rest = (tensor.to(device) for tensor in (places, pair, person, known))
    return Tokens(functional.normalize(features, dim=-1), *rest)


class Pretraining(nn.Module):
    """The towers with their loss: scales and biases are learnt too."""

    def __init__(
        self, towers: Towers, reach: Reach, rates: tuple[float, float, float], alpha: float, tokens: int | None = None
    ) -> None:
        super().__init__()
        self.towers = towers
        self.criterion = PairLoss(reach, alpha, rates, tokens)

    def forward(self, seen: Sequence[Seen], device: torch.device) -> dict[str, Tensor]:
        """Every term of the loss of a batch."""
        return self.criterion(self.towers.image_tokens(seen, device), self.towers.scan_tokens(seen, device))
