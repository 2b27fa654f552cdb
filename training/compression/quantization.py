"""Training with the int8 arithmetic of the exported network in the forward pass (quantization-aware training).

    net = unet_from_onnx("Resources/Models/border-5.int8.onnx")
    quantizer = Quantizer()  # or the paper's: Quantizer("paper", weight_bits=8, activation_bits=8)
    qnet = prepare_qat(net, calibrate(net, images, quantizer), quantizer).train()
    loss = task_loss(qnet(x)[0], y) + 0.01 * quantization_loss(qnet)      # each step
    model = write_graph(to_float(qnet), metadata, activation_scales(qnet), quantizer)

Q(x) = round(x / s) s with the straight-through gradient dQ/dx = 1 inside the range (Jacob et al., CVPR 2018). What is
rounded, where and to which step follows `training.export.graph` layer by layer, so that the torch network and the
exported graph run by ONNX Runtime give the same numbers. The shipped quantizer has image parts at 8/255, weights per
output channel within +-63 at the layer's largest weight, biases at the step of the sums, ReLU outputs at 0..255 steps,
concatenations at their coarsest part's step, logits at their own; `training.export.quantizer` has the others. The
full-resolution layer is computed, as there, as one convolution at half resolution that makes 8 sub-voxels, because
each sub-voxel's kernel has a step of its own.

The network stays a `training.nets.unet.UNet` with the same parameters and the same `state_dict` keys. Steps of
activations are not in it: take them with `activation_scales`, give them back to `prepare_qat`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.compression.restore import fold_norms, normalised_layers, sub_voxel_map
from training.compression.rounding import LargestRange, Range, RoundActivation, round_to, round_weight, sample_values
from training.export.graph import IMAGE_LIMIT, LOGIT_LIMIT, activation_names
from training.export.quantizer import Quantizer
from training.nets.unet import UNet, UNetPlan, double

IMAGE_STEP = IMAGE_LIMIT / 255
LOGIT_STEP = LOGIT_LIMIT / 127
# Logits need their 0.01 and 99.99 percentiles: more values.
LOGIT_SAMPLE = 1 << 17


class QuantisedUNet(UNet):
    """A U-Net, BatchNorm folded, that computes what its int8 export computes. Made by `prepare_qat`.

    `follow_ranges`: whether training forwards move the activations' steps (evaluation never does).
    `with_error`: whether forwards keep what `quantization_loss` needs. The border network's logits are
    differences to class border, whose own logit is 0, cut at +-10 (`training.export.graph.LOGIT_LIMIT`). Gradients of
    logits pass the cut, or a confidently wrong voxel could never recover.
    """

    def __init__(self, plan: UNetPlan, quantizer: Quantizer, momentum: float = 0.02) -> None:
        super().__init__(plan)
        self.quantizer, self.momentum, self.top = quantizer, momentum, quantizer.activation_top
        follow = LargestRange if quantizer.symmetric else Range
        self.ranges = {name: follow(None, self.top, momentum) for name in activation_names(self)}
        self.image_step = IMAGE_STEP
        self.logit_ends: tuple[float, float] | None = None
        self.logit_grid: tuple[float, int] | None = (LOGIT_STEP, 128) if plan.full_width else None
        self.follow_ranges, self.with_error = True, False
        self.errors: dict[str, list[Tensor]] = {"weight": [], "activation": []}
        for name in ("features", "image"):
            parts = torch.from_numpy(sub_voxel_map(1 if name == "features" else 8)).flatten(2)
            self.register_buffer(f"{name}_map", parts, persistent=False)
        for _, norm in normalised_layers(self):
            norm.weight.requires_grad_(False)

    def _round_weight(self, weight: Tensor, bias: Tensor, step: float) -> tuple[Tensor, Tensor]:
        rounded, bias = round_weight(weight, bias, step, self.quantizer.weight_limit, self.quantizer.per_channel)
        if self.with_error:
            self.errors["weight"].append((weight - rounded.detach()).square().mean())
        return rounded, bias

    def _layer(
        self, name: str, x: Tensor, step: float, weight: Tensor, bias: Tensor, stride: int = 1
    ) -> tuple[Tensor, float]:
        """Convolution, ReLU, quantizer of an input with `step`; the result and its step."""
        rounded, bias = self._round_weight(weight, bias, step)
        total = functional.conv3d(x, rounded, bias, stride, weight.shape[2] // 2)
        limits = self.ranges[name]
        if self.training and self.follow_ranges:
            limits.observe(total)
        if limits.step is None:
            raise RuntimeError(f"Activation {name!r} has no range yet; give prepare_qat scales or train a step first.")
        y, error = RoundActivation.apply(total, limits.step, self.top, self.with_error)
        if self.with_error:
            self.errors["activation"].append(error)
        return y, limits.step

    def _block(self, name: str, block: nn.Module, x: tuple[Tensor, float]) -> tuple[Tensor, float]:
        return self._layer(name, *x, block.conv.weight, block.norm.bias, block.conv.stride[0])

    def _parts(self, image: Tensor) -> Tensor:
        """The image's 8 sub-voxels as channels; rounding the signed value is rounding both of the graph's parts."""
        batch, _, depth, height, width = image.shape
        x = image.reshape(batch, depth // 2, 2, height // 2, 2, width // 2, 2).permute(0, 1, 3, 5, 2, 4, 6)
        x = x.reshape(batch, depth // 2, height // 2, width // 2, 8).movedim(-1, 1)
        return round_to(x, self.image_step, -self.quantizer.image_top, self.quantizer.image_top)

    def _join(self, first: tuple[Tensor, float], second: tuple[Tensor, float]) -> tuple[Tensor, float]:
        """Doubled `first` beside `second` at the coarser of their steps."""
        step = max(first[1], second[1])
        (a, b) = (x if own == step else round_to(x, step, -self.top, self.top) for x, own in (first, second))
        return torch.cat((double(a), b), dim=1), step

    def _levels(self, image: Tensor) -> tuple[tuple[Tensor, float], dict[int, Tensor]]:
        """What the head reads (sub-voxels as channels for the border network), its step; the decoder's levels."""
        for kept in self.errors.values():
            kept.clear()
        parts = self._parts(image)
        x = self._block("stem", self.stem, (parts, self.image_step))
        skips, outputs = [], {}
        for level, stage in enumerate(self.encoder):
            for index, block in enumerate(stage):
                x = self._block(f"encoder.{level}.{index}", block, x)
            skips.append(x)
        for level in reversed(range(len(self.decoder))):
            x = self._join(self._block(f"lift.{level}", self.lift[level], x), skips[level])
            for index, block in enumerate(self.decoder[level]):
                x = self._block(f"decoder.{level}.{index}", block, x)
            outputs[level] = x[0]
        if self.plan.full_width:
            x = self._full(self._block("full_lift", self.full_lift, x), parts)
        return x, outputs

    def _full(self, x: tuple[Tensor, float], parts: Tensor) -> tuple[Tensor, float]:
        """The full-resolution layer as 8 sub-voxels: (B, 8 width, d, h, w), and its step."""
        step = max(x[1], self.image_step)
        joined = [y if own == step else round_to(y, step, -255, 255) for y, own in (x, (parts, self.image_step))]
        kernels = []
        with torch.autocast(parts.device.type, enabled=False):
            for conv, table in ((self.full.features, self.features_map), (self.full.image, self.image_map)):
                kernel = torch.einsum("stk,oit->soik", table, conv.weight.flatten(2))
                kernels.append(kernel.reshape(8 * len(conv.weight), -1, 3, 3, 3))
        weight, bias = torch.cat(kernels, 1), self.full.norm.bias.repeat(8)
        x = torch.cat([y.contiguous(memory_format=torch.channels_last_3d) for y in joined], 1)
        return self._layer("full", x, step, weight.contiguous(memory_format=torch.channels_last_3d), bias)

    @staticmethod
    def _place(x: Tensor) -> Tensor:
        """Sub-voxels (B, d, h, w, 8, C) in their places: (B, C, 2 d, 2 h, 2 w)."""
        batch, depth, height, width, _, channels = x.shape
        x = x.reshape(batch, depth, height, width, 2, 2, 2, channels).permute(0, 7, 1, 4, 2, 5, 3, 6)
        return x.reshape(batch, channels, 2 * depth, 2 * height, 2 * width)

    def _border_logits(self, x: Tensor, step: float) -> Tensor:
        weight, bias = self.head.weight[:, :, 0, 0, 0], self.head.bias
        rounded, bias = self._round_weight(weight[:2] - weight[2:], bias[:2] - bias[2], step)
        ends = functional.linear(x.movedim(1, -1).unflatten(-1, (8, -1)), rounded, bias)
        ends = self._place(round_to(ends, self.logit_grid[0], -128, 127))
        return torch.cat((ends, torch.zeros_like(ends[:, :1])), dim=1)

    def _class_logits(self, x: Tensor, step: float) -> Tensor:
        logits = functional.conv3d(x, *self._round_weight(self.head.weight, self.head.bias, step))
        if self.training and self.follow_ranges and not self.quantizer.symmetric:
            self._follow_logits(logits)
        if self.logit_grid is None:
            raise RuntimeError("The logits have no range yet; give prepare_qat scales or train a step first.")
        size, zero = self.logit_grid
        return round_to(logits, size, -zero, 255 - zero)

    @torch.no_grad()
    def _follow_logits(self, logits: Tensor) -> None:
        """Moving average of the logits' 0.01 and 99.99 percentiles, as `export.ranges.logit_scale` has them."""
        values = sample_values(logits, LOGIT_SAMPLE)
        count = 1 + len(values) // 10_000
        ends = (float(values.topk(count, largest=False)[0][-1]), float(values.topk(count)[0][-1]))
        old = self.logit_ends or ends
        self.logit_ends = tuple(a + self.momentum * (b - a) for a, b in zip(old, ends, strict=True))
        low, high = min(0.0, self.logit_ends[0]), max(0.0, self.logit_ends[1])
        step = max(high - low, 1e-3) / 255
        self.logit_grid = (step, round(-low / step))

    def features(self, x: Tensor) -> list[Tensor]:
        """As the float network's: finest first, then the auxiliary levels while training; after quantizers."""
        (finest, _), outputs = self._levels(x)
        if self.plan.full_width:
            finest = self._place(finest.movedim(1, -1).unflatten(-1, (8, -1)))
        return [finest, *([outputs[level] for level in self.extra_levels] if self.training else [])]

    def forward(self, x: Tensor) -> list[Tensor]:
        """Logits as the float network's, rounded to their quantizer's steps; auxiliary heads are not quantised."""
        finest, outputs = self._levels(x)
        logits = (self._border_logits if self.plan.full_width else self._class_logits)(*finest)
        levels = self.extra_levels if self.training else ()
        return [logits, *(head(outputs[level]) for head, level in zip(self.extra_heads, levels, strict=False))]


def prepare_qat(
    net: UNet,
    scales: dict[str, float] | None = None,
    quantizer: Quantizer | None = None,
    momentum: float = 0.02,
    with_error: bool = False,
) -> QuantisedUNet:
    """A quantisation-aware copy of `net` (BatchNorm folded into it), on its device and in its mode.

    `scales`: first steps of the activations, as `training.export.ranges.calibrate` or `activation_scales` give them
    for the same `quantizer` (the shipped one by default); without, the first training forward sets them. A symmetric
    quantizer keeps the image's and the logits' step of `scales`. `momentum`: how far each training forward moves the
    others. `with_error` keeps what `quantization_loss` needs. KeyError if a scale is missing, ValueError for a
    symmetric quantizer without any.
    """
    quantizer = quantizer or Quantizer()
    if quantizer.symmetric and scales is None:
        raise ValueError("A symmetric quantizer needs the image's and the logits' steps: calibrate first.")
    qnet = QuantisedUNet(net.plan, quantizer, momentum)
    qnet.load_state_dict(fold_norms(net).state_dict())
    qnet.with_error = with_error
    if scales is not None:
        for name, limits in qnet.ranges.items():
            limits.step = float(scales[name])
        if quantizer.symmetric:
            qnet.image_step, qnet.logit_grid = float(scales["parts"]), (float(scales["head"]), 128)
        elif not net.plan.full_width:
            step, zero = float(scales["head"]), int(scales["head.zero"])
            qnet.logit_grid, qnet.logit_ends = (step, zero), (-zero * step, (255 - zero) * step)
    return qnet.to(net.head.weight.device, memory_format=torch.channels_last_3d).train(net.training)


def activation_scales(qnet: QuantisedUNet) -> dict[str, float]:
    """The steps of `qnet`'s activations as `training.export.graph.write_graph` takes them, with its quantizer.

    RuntimeError before any range is known.
    """
    scales = {name: limits.step for name, limits in qnet.ranges.items()}
    if None in scales.values() or qnet.logit_grid is None:
        raise RuntimeError("The activations have no ranges yet; give prepare_qat scales or train a step first.")
    if qnet.quantizer.symmetric:
        scales |= {"parts": qnet.image_step, "head": qnet.logit_grid[0]}
    if qnet.plan.full_width:
        return scales
    return scales | {"head": qnet.logit_grid[0], "head.zero": qnet.logit_grid[1]}


def to_float(qnet: QuantisedUNet) -> UNet:
    """The unrounded network of `qnet` in evaluation mode, BatchNorm folded: what `write_graph` rounds alike."""
    net = UNet(qnet.plan)
    net.load_state_dict(qnet.state_dict())
    return net.to(qnet.head.weight.device, memory_format=torch.channels_last_3d).eval()


def quantization_loss(qnet: QuantisedUNet) -> Tensor:
    """||W - Q(W)||^2 + ||A - Q(A)||^2 of the last forward: mean square per tensor, mean over tensors.

    Q(.) is a constant for the gradient, A the ReLU's output. To be called once per forward of a network prepared
    `with_error`; RuntimeError otherwise.
    """
    if not qnet.errors["weight"]:
        raise RuntimeError("No rounding errors are kept: prepare_qat(..., with_error=True) and run a forward first.")
    loss = sum(torch.stack(kept).mean() for kept in qnet.errors.values())
    for kept in qnet.errors.values():
        kept.clear()
    return loss
