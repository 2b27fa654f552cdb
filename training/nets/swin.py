"""Swin transformer on CBCT crops: MONAI's encoder (of its SwinUNETR), as tokens and with a light decoder.

Hatamizadeh et al. 2022; SwinUNETR's own sizes are width 48, patch 2, depths 2 2 2 2, heads 3 6 12 24, window 7. MONAI
is imported when a network is built: it takes seconds, and nothing else here needs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

LEVELS = 5
"""Maps that the encoder gives: at `patch` times 1, 2, 4, 8 and 16 voxels."""


def _fit(coarse: Tensor, size: Sequence[int]) -> Tensor:
    """(B, C, z, y, x) repeated to twice, four times, ... its size, cut to `size`.

    Every voxel of a coarser map stands for a whole box of the finer one; an interpolation would blend boxes, and
    shift them where a size is odd.
    """
    factor = 1
    while any(have * factor < want for have, want in zip(coarse.shape[2:], size, strict=True)):
        factor *= 2
    for axis in (2, 3, 4):
        coarse = coarse.repeat_interleave(factor, axis).narrow(axis, 0, size[axis - 2])
    return coarse


class SwinEncoder(nn.Module):
    """(B, 1, z, y, x) grey values, z-scored, to five maps of `widths` channels.

    Parameters
    ----------
    width
        Channels of the finest map; each of the coarser ones has twice as many.
    patch
        Voxels along the edge of the finest map's boxes; crops are multiples of it.
    depths, heads, window
        Blocks and heads of the four stages, edge of an attention window in boxes.
    """

    def __init__(
        self,
        width: int = 24,
        patch: int = 2,
        depths: Sequence[int] = (2, 2, 2, 2),
        heads: Sequence[int] = (3, 6, 12, 24),
        window: int = 7,
    ) -> None:
        super().__init__()
        from monai.networks.nets.swin_unetr import SwinTransformer

        self.patch = patch
        self.widths = tuple(width * 2**level for level in range(LEVELS))
        self.swin = SwinTransformer(
            in_chans=1,
            embed_dim=width,
            window_size=(window,) * 3,
            patch_size=(patch,) * 3,
            depths=tuple(depths),
            num_heads=tuple(heads),
            spatial_dims=3,
        )

    def forward(self, image: Tensor) -> list[Tensor]:
        """The maps, finest first: (B, widths[l], z, y, x) at `patch` * 2**l voxels. ValueError for an odd crop."""
        if any(size % self.patch for size in image.shape[2:]):
            raise ValueError(f"a crop of {tuple(image.shape[2:])} voxels is no multiple of the patch, {self.patch}")
        return self.swin(image, normalize=True)


class SwinTokens(nn.Module):
    """Tokens of CBCT crops: the maps of one level and all coarser ones, boxes in order z, y, x.

    `level`: whose boxes the tokens are; `size`: channels of a token.
    """

    def __init__(self, encoder: dict[str, Any], level: int, size: int) -> None:
        super().__init__()
        self.encoder, self.level = SwinEncoder(**encoder), level
        self.lift = nn.ModuleList([nn.Conv3d(width, size, 1) for width in self.encoder.widths[level:]])

    @property
    def voxels(self) -> int:
        """Along the edge of a token's box."""
        return self.encoder.patch * 2**self.level

    def forward(self, image: Tensor) -> Tensor:
        """(B, 1, z, y, x) -> (B, N, size)."""
        maps = self.encoder(image)[self.level :]
        lifted = [lift(one) for lift, one in zip(self.lift, maps, strict=True)]
        total = sum(_fit(one, lifted[0].shape[2:]) for one in lifted)
        return total.flatten(2).transpose(1, 2)


def box_centres(shape: Sequence[int], voxels: int) -> Tensor:
    """(N, 3) z, y, x of the centres of the tokens of a crop of `shape` voxels, in voxels, as `SwinTokens` has them."""
    axes = [torch.arange(-(-size // voxels)) * voxels + (voxels - 1) / 2 for size in shape]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3).float()


class _Block(nn.Module):
    """Two convolutions with a shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        groups = max(1, outputs // 8)
        self.first = nn.Sequential(nn.Conv3d(inputs, outputs, 3, padding=1), nn.GroupNorm(groups, outputs), nn.GELU())
        self.second = nn.Sequential(nn.Conv3d(outputs, outputs, 3, padding=1), nn.GroupNorm(groups, outputs))
        self.short = nn.Conv3d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return functional.gelu(self.short(x) + self.second(self.first(x)))


class SwinSegmenter(nn.Module):
    """The encoder with a light decoder: logits on the crop's own voxels.

    Parameters
    ----------
    encoder
        Of `SwinEncoder`.
    classes
        Logits per voxel.
    decoder
        Most channels of the decoder; the encoder's own width where that is smaller.
    fine
        Channels at full resolution, of which as many again come from the image itself.
    """

    def __init__(self, encoder: dict[str, Any], classes: int, decoder: int = 48, fine: int = 8) -> None:
        super().__init__()
        self.encoder = SwinEncoder(**encoder)
        widths = [min(width, decoder) for width in self.encoder.widths]
        self.lateral = nn.ModuleList(
            [nn.Conv3d(have, take, 1) for have, take in zip(self.encoder.widths, widths, strict=True)]
        )
        self.merge = nn.ModuleList([_Block(widths[k + 1] + widths[k], widths[k]) for k in range(LEVELS - 1)])
        self.stem = nn.Sequential(nn.Conv3d(1, fine, 3, padding=1), nn.GELU())
        self.narrow = nn.Conv3d(widths[0], fine, 1)
        self.last = nn.Sequential(nn.Conv3d(2 * fine, 2 * fine, 3, padding=1), nn.GELU())
        self.head = nn.Conv3d(2 * fine, classes, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 1, z, y, x) -> (B, classes, z, y, x)."""
        maps = [lift(one) for lift, one in zip(self.lateral, self.encoder(image), strict=True)]
        x = maps[-1]
        for level in range(LEVELS - 2, -1, -1):
            x = self.merge[level](torch.cat([_fit(x, maps[level].shape[2:]), maps[level]], 1))
        x = functional.interpolate(self.narrow(x), size=image.shape[2:], mode="trilinear")
        return self.head(self.last(torch.cat([x, self.stem(image)], 1)))
