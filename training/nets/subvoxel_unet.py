"""A small U-Net that computes at half the resolution of its image and answers at all of it.

Every voxel of the trunk gives eight answers, one for each image voxel in it (sub-pixel convolution, Shi et al., CVPR
2016): a classifier of many classes then costs as much as at half the resolution. Blocks are plain, or residual as in
"Coarse-to-Fine Pseudo Annotations for Semi-supervised Teeth Segmentation": two 3x3x3 convolutions with BatchNorm and
ReLU, the input added to the second one's output.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.nets.unet import ConvBlock, double

PLACE_SCALE = 20.0
"""Trunk voxels from the middle to where a place is called 1."""


@dataclass(frozen=True)
class SubvoxelPlan:
    """What defines the network.

    Parameters
    ----------
    classes : int
        Background among them.
    widths : tuple of int
        Channels at 1/2, 1/4, ... of the image's resolution.
    residual : bool
        Blocks of either kind.
    places : bool
        Whether the trunk is also told how far each of its voxels lies from the middle of the image, z, y and x. The
        image is then a region that was found before.
    """

    classes: int
    widths: tuple[int, ...] = (32, 64, 96)
    residual: bool = True
    places: bool = False

    @property
    def divisor(self) -> int:
        """Every side of the image must be a multiple of this."""
        return 2 ** len(self.widths)

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> SubvoxelPlan:
        """From plain data."""
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


class TwoConvolutions(nn.Module):
    """Two 3x3x3 convolutions with BatchNorm and ReLU; residual: the input is added before the last ReLU."""

    def __init__(self, width: int, residual: bool) -> None:
        super().__init__()
        self.residual = residual
        self.first = ConvBlock(width, width)
        self.conv = nn.Conv3d(width, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm3d(width, momentum=0.05)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.conv(self.first(x)))
        return functional.relu(x + y if self.residual else y)


class SubvoxelUNet(nn.Module):
    """The network of a `SubvoxelPlan`."""

    def __init__(self, plan: SubvoxelPlan) -> None:
        super().__init__()
        self.plan, widths = plan, plan.widths
        self.stem = ConvBlock(8 + 3 * plan.places, widths[0])
        self.blocks = nn.ModuleList(TwoConvolutions(width, plan.residual) for width in widths)
        self.down = nn.ModuleList(ConvBlock(a, b, 3, 2) for a, b in pairwise(widths))
        self.lift = nn.ModuleList(ConvBlock(b, a, 1) for a, b in pairwise(widths))
        self.join = nn.ModuleList(ConvBlock(2 * width, width, 1) for width in widths[:-1])
        self.up = nn.ModuleList(TwoConvolutions(width, plan.residual) for width in widths[:-1])
        self.head = nn.Conv3d(widths[0], 8 * plan.classes, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.normal_(self.head.weight, std=0.02)
        nn.init.zeros_(self.head.bias)

    def forward(self, image: Tensor) -> Tensor:
        """Logits (B, d * h * w * 8, classes) of an image (B, 1, 2d, 2h, 2w), in the order of `fold`."""
        x = fold(image[:, 0]).movedim(-1, 1)
        if self.plan.places:
            x = torch.cat((x, _places(x)), 1)
        x = self.stem(x.contiguous(memory_format=torch.channels_last_3d))
        skips = []
        for level, block in enumerate(self.blocks):
            x = block(self.down[level - 1](x) if level else x)
            skips.append(x)
        for level in reversed(range(len(self.up))):
            x = double(self.lift[level](x))
            x = self.up[level](self.join[level](torch.cat((x, skips[level]), 1)))
        # channels lie together in memory, so that this is a view
        return self.head(x).permute(0, 2, 3, 4, 1).reshape(len(x), -1, self.plan.classes)


def fold(image: Tensor) -> Tensor:
    """(B, 2d, 2h, 2w) -> (B, d, h, w, 8): the voxels of every block of 2 x 2 x 2 together."""
    batch, d, h, w = image.shape
    blocks = image.reshape(batch, d // 2, 2, h // 2, 2, w // 2, 2).permute(0, 1, 3, 5, 2, 4, 6)
    return blocks.reshape(batch, d // 2, h // 2, w // 2, 8)


def unfold(values: Tensor, shape: tuple[int, int, int]) -> Tensor:
    """The inverse of `fold` for answers (d * h * w * 8, C) of an image of this shape: (C, 2d, 2h, 2w)."""
    d, h, w = (side // 2 for side in shape)
    return values.reshape(d, h, w, 2, 2, 2, -1).permute(6, 0, 3, 1, 4, 2, 5).reshape(-1, *shape)


def _places(x: Tensor) -> Tensor:
    """(B, 3, d, h, w): how far each voxel lies from the middle along z, y and x."""
    axes = [
        (torch.arange(n, device=x.device, dtype=torch.float32) - (n - 1) / 2).to(x.dtype) / PLACE_SCALE
        for n in x.shape[2:]
    ]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"))[None].expand(len(x), -1, -1, -1, -1)
