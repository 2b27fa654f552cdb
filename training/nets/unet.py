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

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import prod
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

Number = TypeVar("Number", int, Tensor)


@dataclass(frozen=True)
class Layer:
    """One convolution of the network: whose outputs it reads, and at what resolution it computes.

    `sources` are the layers whose channels it reads, side by side in this order; `image` counts the channels it
    reads from the image besides. `halvings`: its output has input resolution / 2**halvings.
    """

    name: str
    sources: tuple[str, ...]
    kernel: int
    halvings: int
    image: int = 0


@dataclass(frozen=True)
class UNetPlan:
    """Everything that defines the network; stored in checkpoints and in the exported model.

    `widths[i]` is the channel count at input resolution / 2**(i + 1). `full_width` > 0 adds a light branch at the
    input's own resolution, and the logits then come out at that resolution; with 0 they come out at half of it.
    `deep_supervision` is the number of lower decoder levels that get a training-only head. `tissues` is the number of
    classes of a second head beside the first, on the same features; its logits come after the others.

    `layers` holds the output width of single layers where it differs from `widths` and `full_width`, as pruning
    leaves them: {"encoder.1.0": 40}. Names are those of `table`: "stem", "encoder.0.0" (level, place), "lift.2",
    "decoder.1.0", "full_lift", "full". Multiples of 8. A first stage without convolutions (`encoder_convs[0]` = 0)
    is allowed: its skip is then the stem.
    """

    classes: int
    widths: tuple[int, ...] = (32, 64, 128, 192, 256)
    encoder_convs: tuple[int, ...] = (2, 2, 2, 2, 2)
    decoder_convs: tuple[int, ...] = (1, 1, 1, 1)
    full_width: int = 0
    deep_supervision: int = 1
    tissues: int = 0
    bn_momentum: float = 0.05
    layers: dict[str, int] = field(default_factory=dict, hash=False)

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
        if min(self.encoder_convs[1:]) < 1 or min(self.decoder_convs) < 1 or self.encoder_convs[0] < 0:
            raise ValueError(
                "Every stage needs a convolution, only the first encoder stage may do without; got "
                f"encoder_convs {self.encoder_convs}, decoder_convs {self.decoder_convs}."
            )
        for name, width in self.layers.items():
            if name not in self.names:
                raise ValueError(f"The plan has no layer {name!r}; its layers are {', '.join(self.names)}.")
            if width != int(width) or width < 8 or width % 8:
                raise ValueError(f"Layer {name!r} must have a positive multiple of 8 channels, got {width}.")
        # One form for one network, so that plans compare; and nobody else's dictionary.
        differing = {n: int(self.layers[n]) for n in self.names if self.layers.get(n, 0) not in (0, self._usual(n))}
        object.__setattr__(self, "layers", differing)

    def _usual(self, name: str) -> int:
        """Width of a layer that `layers` does not mention."""
        if name in ("full_lift", "full"):
            return self.full_width
        return self.widths[0 if name == "stem" else int(name.split(".")[1])]

    def width(self, name: str) -> int:
        """Output channels of a layer of `table`."""
        return self.layers.get(name, self._usual(name))

    def table(self) -> dict[str, Layer]:
        """Every layer that ends in a ReLU, by name, in the order of computing."""
        rows = [Layer("stem", (), 3, 1, image=8)]
        skips = []
        for level, count in enumerate(self.encoder_convs):
            for index in range(count):
                rows.append(Layer(f"encoder.{level}.{index}", (rows[-1].name,), 3, level + 1))
            skips.append(rows[-1].name)
        for level in reversed(range(len(self.decoder_convs))):
            rows.append(Layer(f"lift.{level}", (rows[-1].name,), 1, level + 2))
            rows.append(Layer(f"decoder.{level}.0", (rows[-1].name, skips[level]), 3, level + 1))
            for index in range(1, self.decoder_convs[level]):
                rows.append(Layer(f"decoder.{level}.{index}", (rows[-1].name,), 3, level + 1))
        if self.full_width:
            rows.append(Layer("full_lift", (rows[-1].name,), 1, 1))
            rows.append(Layer("full", ("full_lift",), 3, 0, image=1))
        return {row.name: row for row in rows}

    @property
    def names(self) -> tuple[str, ...]:
        """The names of `table`."""
        return tuple(self.table())

    @property
    def extra_levels(self) -> tuple[int, ...]:
        """Decoder levels with a training-only head."""
        # With a full-resolution branch the half-resolution decoder is itself an auxiliary level.
        first = 0 if self.full_width else 1
        return tuple(range(first, first + self.deep_supervision))

    def heads(self) -> dict[str, str]:
        """The layer that each head reads: "head" first, then the training-only "extra_heads.0", ..."""
        last = {f"extra_heads.{i}": self.decoder_end(level) for i, level in enumerate(self.extra_levels)}
        return {"head": "full" if self.full_width else self.decoder_end(0)} | last

    def decoder_end(self, level: int) -> str:
        """Name of the last layer of a decoder level."""
        return f"decoder.{level}.{self.decoder_convs[level] - 1}"

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

    def __init__(self, inputs: int, outputs: int, momentum: float) -> None:
        super().__init__()
        self.features = nn.Conv3d(inputs, outputs, 3, 1, 1, bias=False)
        self.image = nn.Conv3d(1, outputs, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm3d(outputs, momentum=momentum)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        return functional.relu(self.norm(self.features(x) + self.image(image)))


class UNet(nn.Module):
    """The network of a `UNetPlan`; `forward` gives logits, finest first."""

    def __init__(self, plan: UNetPlan) -> None:
        super().__init__()
        self.plan = plan
        momentum, table = plan.bn_momentum, plan.table()

        def block(name: str, stride: int = 1) -> ConvBlock:
            layer = table[name]
            inputs = sum(plan.width(source) for source in layer.sources)
            return ConvBlock(inputs, plan.width(name), layer.kernel, stride, momentum)

        self.stem = Stem(plan.width("stem"), momentum)
        self.encoder = nn.ModuleList()
        for level, count in enumerate(plan.encoder_convs):
            strides = (2 if index == 0 and level > 0 else 1 for index in range(count))
            self.encoder.append(nn.Sequential(*(block(f"encoder.{level}.{i}", s) for i, s in enumerate(strides))))
        self.lift = nn.ModuleList()
        self.decoder = nn.ModuleList()
        for level, count in enumerate(plan.decoder_convs):
            self.lift.append(block(f"lift.{level}"))
            self.decoder.append(nn.Sequential(*(block(f"decoder.{level}.{index}") for index in range(count))))
        if plan.full_width:
            self.full_lift = block("full_lift")
            self.full = FullResolution(plan.width("full_lift"), plan.width("full"), momentum)
        heads = [nn.Conv3d(plan.width(source), plan.classes, 1) for source in plan.heads().values()]
        self.head = heads[0]
        self.tissue_head = nn.Conv3d(plan.width(plan.heads()["head"]), plan.tissues, 1) if plan.tissues else None
        self.extra_levels = plan.extra_levels
        self.extra_heads = nn.ModuleList(heads[1:])
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """He initialisation; heads small, so that training starts near equal probabilities."""
        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        for head in filter(None, (self.head, self.tissue_head, *self.extra_heads)):
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
        logits = self.head(finest)
        if self.tissue_head is not None:
            logits = torch.cat((logits, self.tissue_head(finest)), dim=1)
        return [logits, *(head(f) for head, f in zip(self.extra_heads, extra, strict=False))]


def freeze_norm_statistics(net: nn.Module) -> None:
    """Normalise with the running statistics from now on, as the exported network does.

    With one or two crops per batch the batch's own statistics differ from the running ones; the last part of the
    training has to see the statistics that inference will use.
    """
    for module in net.modules():
        if isinstance(module, nn.BatchNorm3d):
            module.eval()


def layer_macs(plan: UNetPlan, shape: tuple[int, int, int], widths: Mapping[str, Number]) -> dict[str, Number]:
    """Multiply-accumulates of each layer and of the head for one image of `shape` (z, y, x).

    `widths` gives each layer's output channels: integers, or differentiable expectations. Counted is the network as
    it is defined, not as it is exported: the full-resolution layer at full resolution, training-only heads not at all.
    """
    if any(side % plan.divisor for side in shape):
        raise ValueError(f"Every side must be a multiple of {plan.divisor}, got {tuple(shape)}.")
    counts = {}
    for name, layer in plan.table().items():
        inputs = sum((widths[source] for source in layer.sources), start=layer.image)
        voxels = prod(side // 2**layer.halvings for side in shape)
        counts[name] = inputs * widths[name] * (layer.kernel**3 * voxels)
    voxels = prod(side // plan.output_stride for side in shape)
    return counts | {"head": widths[plan.heads()["head"]] * (plan.classes * voxels)}


def macs(net: UNetPlan | UNet, shape: tuple[int, int, int]) -> dict[str, int]:
    """`layer_macs` of a plan or network with its own widths, and their sum as "total"."""
    plan = net.plan if isinstance(net, UNet) else net
    counts = layer_macs(plan, shape, {name: plan.width(name) for name in plan.names})
    return counts | {"total": sum(counts.values())}
