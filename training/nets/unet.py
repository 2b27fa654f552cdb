"""A plain U-Net in the shape that int8 inference likes.

The plan follows nnU-Net (Isensee et al., Nature Methods 2021): stages of conv-BatchNorm-ReLU, strided convolutions on
the way down, skip connections, optional deep supervision. Departures, each for int8 speed on a CPU:

* a strided stem, so that no wide layer runs at the input's resolution;
* widths of at least 32, multiples of 16 (int8 loses below that);
* BatchNorm rather than InstanceNorm, because it folds into the convolution;
* no transposed convolution (no int8 kernel in ONNX Runtime): 1x1x1 convolution, nearest resize, 3x3x3 convolution.

Shapes are (batch, channel, z, y, x). Everything runs in channels_last_3d, which is ten times faster than the default
layout on CPUs with AMX when combined with bfloat16.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class UNetPlan:
    """Everything that defines the network; stored in checkpoints and in the exported model.

    ``widths[i]`` is the channel count at input resolution / 2**(i + 1). ``full_width`` > 0 adds a light branch at the
    input's own resolution, and the logits then come out at that resolution; with 0 they come out at half of it.
    ``deep_supervision`` is the number of lower decoder levels that get a training-only head.
    """

    classes: int
    widths: tuple[int, ...] = (32, 64, 128, 192, 256)
    encoder_convs: tuple[int, ...] = (2, 2, 2, 2, 2)
    decoder_convs: tuple[int, ...] = (1, 1, 1, 1)
    full_width: int = 0
    deep_supervision: int = 1
    bn_momentum: float = 0.05

    def __post_init__(self) -> None:
        levels = len(self.widths)
        if levels < 2 or len(self.encoder_convs) != levels or len(self.decoder_convs) != levels - 1:
            raise ValueError(
                "A U-Net plan needs one encoder_convs entry per width and one decoder_convs entry fewer; "
                f"got {levels} widths, {len(self.encoder_convs)} encoder and {len(self.decoder_convs)} decoder entries."
            )
        if min(self.widths) < 32 or any(width % 16 for width in self.widths):
            raise ValueError(f"Widths must be multiples of 16 and at least 32, got {self.widths}.")
        if not 0 <= self.deep_supervision < levels - (not self.full_width):
            raise ValueError(f"{levels} levels leave no room for {self.deep_supervision} auxiliary decoder levels.")

    @property
    def divisor(self) -> int:
        """Every side of the input must be a multiple of this."""
        return 2 ** len(self.widths)

    @property
    def output_stride(self) -> int:
        """Input voxels per output voxel along each axis."""
        return 1 if self.full_width else 2

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> UNetPlan:
        return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


class _Double(torch.autograd.Function):
    """Nearest-neighbour doubling whose gradient keeps channels_last_3d (torch's own copies it back and forth)."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        return functional.interpolate(x, scale_factor=2.0, mode="nearest")

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        for axis in (2, 3, 4):
            even, odd = (gradient[(slice(None),) * axis + (slice(start, None, 2),)] for start in (0, 1))
            gradient = even + odd
        return gradient


def double(x: Tensor) -> Tensor:
    """Twice the size along each axis, every voxel repeated."""
    if torch.is_grad_enabled() and x.requires_grad:
        return _Double.apply(x)
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class ConvBlock(nn.Module):
    """Convolution, BatchNorm, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1, momentum: float = 0.05) -> None:
        super().__init__()
        self.conv = nn.Conv3d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm3d(outputs, momentum=momentum)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.norm(self.conv(x)))


class Stem(nn.Module):
    """Strided stem: a convolution of 6x6x6 voxels with stride 2, BatchNorm, ReLU.

    Computed as space-to-depth (eight voxels become eight channels) and a 3x3x3 convolution, which is the same sum and
    several times faster than a one-channel convolution.
    """

    def __init__(self, outputs: int, momentum: float) -> None:
        super().__init__()
        self.conv = nn.Conv3d(8, outputs, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm3d(outputs, momentum=momentum)

    def forward(self, x: Tensor) -> Tensor:
        batch, _, depth, height, width = x.shape
        x = x.reshape(batch, depth // 2, 2, height // 2, 2, width // 2, 2).permute(0, 1, 3, 5, 2, 4, 6)
        x = x.reshape(batch, depth // 2, height // 2, width // 2, 8).movedim(-1, 1)
        return functional.relu(self.norm(self.conv(x)))


class FullResolution(nn.Module):
    """3x3x3 convolution of features and image together, BatchNorm, ReLU, at the image's own resolution.

    Convolving the two apart and adding is the same as convolving their concatenation, without its copy; this layer has
    the most voxels of all and takes a third of the step.
    """

    def __init__(self, width: int, momentum: float) -> None:
        super().__init__()
        self.features = nn.Conv3d(width, width, 3, 1, 1, bias=False)
        self.image = nn.Conv3d(1, width, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm3d(width, momentum=momentum)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        return functional.relu(self.norm(self.features(x) + self.image(image)))


class UNet(nn.Module):
    """The network of a :class:`UNetPlan`; :meth:`forward` gives logits, finest first."""

    def __init__(self, plan: UNetPlan) -> None:
        super().__init__()
        self.plan = plan
        widths, momentum = plan.widths, plan.bn_momentum
        self.stem = Stem(widths[0], momentum)
        self.encoder = nn.ModuleList()
        for level, count in enumerate(plan.encoder_convs):
            blocks = []
            for index in range(count):
                first = index == 0 and level > 0
                inputs = widths[level - 1] if first else widths[level]
                blocks.append(ConvBlock(inputs, widths[level], 3, 2 if first else 1, momentum))
            self.encoder.append(nn.Sequential(*blocks))
        self.lift = nn.ModuleList()
        self.decoder = nn.ModuleList()
        for level, count in enumerate(plan.decoder_convs):
            self.lift.append(ConvBlock(widths[level + 1], widths[level], 1, 1, momentum))
            blocks = [ConvBlock(2 * widths[level], widths[level], 3, 1, momentum)]
            blocks += [ConvBlock(widths[level], widths[level], 3, 1, momentum) for _ in range(count - 1)]
            self.decoder.append(nn.Sequential(*blocks))
        if plan.full_width:
            self.full_lift = ConvBlock(widths[0], plan.full_width, 1, 1, momentum)
            self.full = FullResolution(plan.full_width, momentum)
        self.head = nn.Conv3d(plan.full_width or widths[0], plan.classes, 1)
        # With a full-resolution branch the half-resolution decoder is itself an auxiliary level.
        first_extra = 0 if plan.full_width else 1
        self.extra_levels = tuple(range(first_extra, first_extra + plan.deep_supervision))
        self.extra_heads = nn.ModuleList(nn.Conv3d(widths[level], plan.classes, 1) for level in self.extra_levels)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """He initialisation; heads small, so that training starts near equal probabilities."""
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        for head in (self.head, *self.extra_heads):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def features(self, x: Tensor) -> list[Tensor]:
        """The tensors the heads read: finest first, then the auxiliary levels while training."""
        image, x = x, self.stem(x)
        skips = []
        for stage in self.encoder:
            x = stage(x)
            skips.append(x)
        outputs: dict[int, Tensor] = {}
        for level in reversed(range(len(self.decoder))):
            x = double(self.lift[level](x))
            x = self.decoder[level](torch.cat((x, skips[level]), dim=1))
            outputs[level] = x
        if self.plan.full_width:
            x = double(self.full_lift(x))
            x = self.full(x, image)
        extra = [outputs[level] for level in self.extra_levels] if self.training else []
        return [x, *extra]

    def forward(self, x: Tensor) -> list[Tensor]:
        """Logits of an image (B, 1, D, H, W): (B, classes, D/stride, ...) first, auxiliary levels after it."""
        finest, *extra = self.features(x)
        return [self.head(finest), *(head(f) for head, f in zip(self.extra_heads, extra, strict=False))]


def freeze_norm_statistics(net: nn.Module) -> None:
    """Normalise with the running statistics from now on, as the exported network does.

    With one or two crops per batch the batch's own statistics differ from the running ones; the last part of the
    training has to see the statistics that inference will use.
    """
    for module in net.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.eval()
