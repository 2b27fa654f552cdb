"""Places of a jaw's surface -> how the jaw lies: a transformer whose tokens are the places."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from DentalTopoSegLib.ios import orienting


class Block(nn.Module):
    """A pre-norm transformer layer on (B, M, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.ffn_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.ffn = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        batch, n, width = x.shape
        q, k, v = self.qkv(self.norm(x)).view(batch, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(y.transpose(1, 2).reshape(batch, n, width))
        return x + self.ffn(self.ffn_norm(x))


class OrientationNet(nn.Module):
    """Places (B, M, 41) of `DentalTopoSegLib.ios.orienting` -> occlusal and anterior direction (B, 6), and the logit of
    "upper" (B,)."""

    def __init__(self, width: int, blocks: int, heads: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(orienting.CHANNELS, width), nn.ReLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(blocks)])
        self.head = nn.Sequential(nn.LayerNorm(2 * width), nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, 7))

    def forward(self, places: Tensor) -> tuple[Tensor, Tensor]:
        x = self.embed(places)
        for block in self.blocks:
            x = block(x)
        out = self.head(torch.cat([x.max(1)[0], x.mean(1)], -1))
        return out[:, :6], out[:, 6]


def rotation_of(axes: Tensor) -> Tensor:
    """Occlusal and anterior directions (B, 6) as rotations (B, 3, 3): `orienting.frames_of` for tensors."""
    z = functional.normalize(axes[:, :3], dim=-1)
    y = functional.normalize(axes[:, 3:] - (axes[:, 3:] * z).sum(-1, keepdim=True) * z, dim=-1)
    return torch.stack([torch.linalg.cross(y, z), y, z], 1)
