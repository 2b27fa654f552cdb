"""A row of crowns -> which tooth each is: a small PointNet per crown, then a transformer over the row."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from DentalTopoSegLib.ios.crowns import CLASSES, PLACE_FEATURES


class CrownEncoder(nn.Module):
    """Points with normals (..., P, 6) -> (..., width): two rounds of a shared MLP and a maximum (Qi et al. 2017)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 96), nn.ReLU())
        self.seen = nn.Linear(96, 96)
        self.second = nn.Linear(96, 96)
        self.third = nn.Sequential(nn.ReLU(), nn.Linear(96, width))

    def forward(self, shapes: Tensor) -> Tensor:
        x = self.first(shapes)
        x = self.second(x) + self.seen(x.amax(-2)).unsqueeze(-2)
        return self.third(x).amax(-2)


class RowBlock(nn.Module):
    """Self-attention over the crowns of a row and an MLP, each behind a LayerNorm."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.ffn = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 2 * width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, width),
            nn.Dropout(dropout),
        )

    def forward(self, x: Tensor, hidden: Tensor | None) -> Tensor:
        """x (..., K, width); hidden (..., 1, 1, K) added to the attention's logits, None for nothing."""
        shape = x.shape
        q, k, v = self.qkv(self.norm(x)).chunk(3, -1)
        parts = (*shape[:-1], self.heads, shape[-1] // self.heads)
        q, k, v = (t.reshape(parts).transpose(-2, -3) for t in (q, k, v))
        a = q @ k.transpose(-1, -2) * (parts[-1] ** -0.5)
        if hidden is not None:
            a = a + hidden
        y = (torch.softmax(a, -1) @ v).transpose(-2, -3).reshape(shape)
        x = x + self.out(y)
        return x + self.ffn(x)


class CrownRowNet(nn.Module):
    """shapes (..., K, P, 6), places (..., K, 13), present (..., K) bool or None -> logits (..., K, classes), (...)."""

    def __init__(
        self, width: int = 128, heads: int = 4, blocks: int = 3, dropout: float = 0.1, classes: int = CLASSES
    ) -> None:
        super().__init__()
        self.encoder = CrownEncoder(width)
        self.place = nn.Sequential(nn.Linear(PLACE_FEATURES, 64), nn.ReLU(), nn.Linear(64, width))
        self.blocks = nn.ModuleList([RowBlock(width, heads, dropout) for _ in range(blocks)])
        self.alone = nn.Linear(width, classes)  # from the shape alone: keeps the encoder from leaning on places
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, classes))
        self.upper = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1))

    def forward(self, shapes: Tensor, places: Tensor, present: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Logits of each crown in its row, from its shape alone, and (...) of all of them being of an upper jaw."""
        if present is None:
            shape = self.encoder(shapes)
        else:  # the places that only fill up the batch cost nothing
            shape = places.new_zeros(*present.shape, self.alone.in_features)
            shape[present] = self.encoder(shapes[present])
        x = functional.relu(shape) + self.place(places)
        hidden = None if present is None else (~present)[..., None, None, :] * -1e4
        for block in self.blocks:
            x = block(x, hidden)
        if present is None:
            mean = x.mean(-2)
        else:
            mean = (x * present[..., None]).sum(-2) / present.sum(-1, keepdim=True).clamp_min(1)
        return self.head(x), self.alone(functional.relu(shape)), self.upper(mean).squeeze(-1)
