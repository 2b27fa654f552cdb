"""Training with the int8 arithmetic of the exported network in the forward pass (quantization-aware training).

    net = unet_from_onnx("Resources/Models/border-2.int8.onnx")
    qnet = prepare_qat(net, calibrated_scales(net, images)).train()
    loss = task_loss(qnet(x)[0], y) + 0.01 * quantization_loss(qnet)      # each step
    model = write_graph(to_float(qnet), metadata, activation_scales(qnet))

Q(x) = round(x / s) s with the straight-through gradient dQ/dx = 1 inside the range (Jacob et al., CVPR 2018). What is
rounded, where and to which step follows `training.export.graph` layer by layer, so that the torch network and the
exported graph run by ONNX Runtime give the same numbers: image parts at 8/255, weights per output channel within +-63
at the layer's largest weight, biases at the step of the sums, ReLU outputs at 0..255 steps, concatenations at their
coarsest part's step, logits at their own. The full-resolution layer is computed, as there, as one convolution at half
resolution that makes 8 sub-voxels, because each sub-voxel's kernel has a step of its own.

The network stays a `training.nets.unet.UNet` with the same parameters and the same `state_dict` keys. Steps of
activations are not in it: take them with `activation_scales`, give them back to `prepare_qat`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.compression.restore import (
    fold_norms,
    normalised_layers,
    scales_from_onnx,
    sub_voxel_map,
    unet_from_onnx,
    unfold_norms,
)
from training.export.graph import IMAGE_LIMIT, LOGIT_LIMIT, TINY, WEIGHT_LIMIT, activation_names, write_graph
from training.export.ranges import logit_scale, measure_scales
from training.nets.unet import UNet, UNetPlan, double

__all__ = [
    "QuantisedUNet",
    "activation_scales",
    "calibrated_scales",
    "fold_norms",
    "prepare_qat",
    "quantization_loss",
    "scales_from_onnx",
    "to_float",
    "unet_from_onnx",
    "unfold_norms",
    "weight_limit",
]

IMAGE_STEP = IMAGE_LIMIT / 255
LOGIT_STEP = LOGIT_LIMIT / 127
# Values of an activation that one training step looks at to follow its range.
SAMPLE = 8192
# Values that a CPU rounds at a time.
CACHED = 1 << 17
# Logits need their 0.01 and 99.99 percentiles: more values.
LOGIT_SAMPLE = 1 << 17


def weight_limit(bits: int) -> int:
    """Largest whole weight: 63 for 8 bits (see `training.export.graph`), 2**(bits - 1) - 1 for fewer (4 bits: 7)."""
    if not 2 <= bits <= 8:
        raise ValueError(f"Weights can have 2 to 8 bits, not {bits}.")
    return min(WEIGHT_LIMIT, 2 ** (bits - 1) - 1)


# --- Rounding with gradients ----------------------------------------------------------------------------------------


class _RoundActivation(torch.autograd.Function):
    """ReLU and rounding to 0..top steps, and the mean squared error against the ReLU's unrounded output.

    Plain vector arithmetic in fp32: ten times faster on a CPU than torch.fake_quantize_per_tensor_affine, which is not
    vectorised. The gradient passes where 0 < x < (top + 1/2) steps.
    """

    @staticmethod
    def forward(ctx, x: Tensor, step: float, top: int, with_error: bool) -> tuple[Tensor, Tensor]:
        x = x.contiguous(memory_format=torch.channels_last_3d)
        y, error = torch.empty_like(x), x.new_zeros((), dtype=torch.float32)
        # In pieces that stay in the cache: the fp32 copy of a whole bf16 tensor would cost more than the arithmetic.
        size = CACHED if x.device.type == "cpu" else max(1, x.numel())
        pieces = (t.movedim(1, -1).view(-1).split(size) for t in (x, y))
        for source, target in zip(*pieces, strict=True):
            wide = source.float()
            rounded = torch.div(wide, step).round_().clamp_(0, top).mul_(step)
            target.copy_(rounded)
            if with_error:
                error += rounded.sub_(wide.clamp(min=0)).square_().sum()
        error /= x.numel()
        ctx.limit, ctx.with_error = (top + 0.5) * step, with_error
        ctx.save_for_backward(x, *([y] if with_error else []))
        if not with_error:
            ctx.mark_non_differentiable(error)
        return y, error

    @staticmethod
    def backward(ctx, gradient: Tensor, error_gradient: Tensor) -> tuple[Tensor, None, None, None]:
        x, *rest = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last_3d)
        result = torch.ops.aten.hardtanh_backward(gradient, x, 0.0, ctx.limit)
        if ctx.with_error:
            residual = x.clamp(min=0).sub_(rest[0])
            result = result.add_(residual.mul_((error_gradient * (2.0 / x.numel())).to(x.dtype)))
        return result, None, None, None


class _StraightThrough(torch.autograd.Function):
    """`rounded` in the forward pass, the gradient of `x` in the backward pass."""

    @staticmethod
    def forward(ctx, x: Tensor, rounded: Tensor) -> Tensor:
        return rounded.view_as(rounded)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None


def round_to(x: Tensor, step: float, low: int, high: int) -> Tensor:
    """`x` at whole numbers of steps within low..high; the gradient passes everywhere."""
    with torch.no_grad():
        rounded = torch.div(x.float(), step).round_().clamp_(low, high).mul_(step).to(x.dtype)
    return _StraightThrough.apply(x, rounded)


def round_weight(weight: Tensor, bias: Tensor, input_step: float, limit: int) -> tuple[Tensor, Tensor]:
    """Weight and bias as `training.export.graph.quantise_weight` rounds them, real-valued, gradients straight through.

    Weight is (outputs, ...) with one step per output; the bias is rounded to the step of the integer sums.
    """
    with torch.no_grad(), torch.autocast(weight.device.type, enabled=False):
        scale = weight.abs().flatten(1).amax(1) / limit
        scale = torch.maximum(scale, (bias.abs() / input_step / 2**30).clamp(min=TINY))
        column = scale.view(-1, *[1] * (weight.ndim - 1))
        rounded = (weight / column).round_().clamp_(-limit, limit).mul_(column)
        rounded_bias = (bias / (scale * input_step)).round_().mul_(scale * input_step)
    return _StraightThrough.apply(weight, rounded), _StraightThrough.apply(bias, rounded_bias)


class Range:
    """The step of one activation's quantizer, following the step of least squared error.

    Each observation adds a sample of the positive values to a moving-average histogram (32 bins per octave, so that it
    never has to be re-ranged); the step moves towards the one with the least expected error over that histogram:
    step**2 / 12 per value (or the value's own square below half a step) and the squared excess above `top` steps. A
    single batch's own optimum would depend on whether its sample hit the few large values.
    """

    BINS, OCTAVE, LOWEST = 896, 32, -12  # 2^-12 to 2^16: folded networks have activations of several hundred

    def __init__(self, step: float | None, top: int, momentum: float) -> None:
        self.step, self.top, self.momentum = step, top, momentum
        self.counts: Tensor | None = None

    @torch.no_grad()
    def observe(self, x: Tensor) -> None:
        """Follow the positive part of `x`, (batch, channel, z, y, x)."""
        values = _sample(x, SAMPLE)
        values = values[values > 0]
        if not len(values):
            return
        place = (torch.log2(values) - self.LOWEST).mul_(self.OCTAVE).long().clamp_(0, self.BINS - 1)
        counts = torch.bincount(place, minlength=self.BINS).float()
        self.counts = counts if self.counts is None else torch.lerp(self.counts, counts, self.momentum)
        best = self.best_step()
        self.step = best if self.step is None else self.step + self.momentum * (best - self.step)

    def best_step(self) -> float:
        """The step of least squared error over the histogram, among limits at the edges of its bins."""
        used = int(self.counts.nonzero()[-1]) + 1
        device = self.counts.device
        octaves = self.LOWEST + torch.arange(self.BINS, device=device, dtype=torch.float64) / self.OCTAVE
        centres, counts = torch.exp2(octaves + 0.5 / self.OCTAVE)[:used], self.counts[:used].double()
        limits = torch.exp2(octaves[max(0, used - 4 * self.OCTAVE) : used] + 1.0 / self.OCTAVE)[:, None]
        steps = limits / self.top
        inside = torch.where(centres < steps / 2, centres.square(), steps.square() / 12)
        error = torch.where(centres > limits, (centres - limits).square(), inside) @ counts
        return float(steps[error.argmin(), 0])


def _sample(x: Tensor, count: int) -> Tensor:
    """About `count` values of (B, C, D, H, W), all channels alike, as float32."""
    flat = x.detach().movedim(1, -1).flatten()
    stride = max(1, len(flat) // count)
    while math.gcd(stride, x.shape[1]) > 1:
        stride += 1
    return flat[int(torch.randint(stride, ())) :: stride].float()


# --- The network ----------------------------------------------------------------------------------------------------


class QuantisedUNet(UNet):
    """A U-Net, BatchNorm folded, that computes what its int8 export computes. Made by `prepare_qat`.

    `follow_ranges`: whether training forwards move the activations' steps (evaluation never does).
    `with_error`: whether forwards keep what `quantization_loss` needs. The border network's logits are
    differences to class border, whose own logit is 0, cut at +-10 (`training.export.graph.LOGIT_LIMIT`). Gradients of
    logits pass the cut, or a confidently wrong voxel could never recover.
    """

    def __init__(self, plan: UNetPlan, weight_bits: int = 8, activation_bits: int = 8, momentum: float = 0.02) -> None:
        super().__init__(plan)
        self.weight_limit = weight_limit(weight_bits)
        if not 2 <= activation_bits <= 8:
            raise ValueError(f"Activations can have 2 to 8 bits, not {activation_bits}.")
        self.top, self.momentum = 2**activation_bits - 1, momentum
        self.ranges = {name: Range(None, self.top, momentum) for name in activation_names(self)}
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
        rounded, bias = round_weight(weight, bias, step, self.weight_limit)
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
        y, error = _RoundActivation.apply(total, limits.step, self.top, self.with_error)
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
        return round_to(x, IMAGE_STEP, -255, 255)

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
        x = self._block("stem", self.stem, (parts, IMAGE_STEP))
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
        step = max(x[1], IMAGE_STEP)
        joined = [y if own == step else round_to(y, step, -255, 255) for y, own in (x, (parts, IMAGE_STEP))]
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
        if self.training and self.follow_ranges:
            self._follow_logits(logits)
        if self.logit_grid is None:
            raise RuntimeError("The logits have no range yet; give prepare_qat scales or train a step first.")
        size, zero = self.logit_grid
        return round_to(logits, size, -zero, 255 - zero)

    @torch.no_grad()
    def _follow_logits(self, logits: Tensor) -> None:
        """Moving average of the logits' 0.01 and 99.99 percentiles, as `export.ranges.logit_scale` has them."""
        values = _sample(logits, LOGIT_SAMPLE)
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
    weight_bits: int = 8,
    activation_bits: int = 8,
    momentum: float = 0.02,
    with_error: bool = False,
) -> QuantisedUNet:
    """A quantisation-aware copy of `net` (BatchNorm folded into it), on its device and in its mode.

    `scales`: first steps of the activations, as `calibrated_scales` or `activation_scales` give them for
    the same `activation_bits`; without, the first training forward sets them. `momentum`: how far each training
    forward moves them. `with_error` keeps what `quantization_loss` needs. KeyError if a scale is missing.
    """
    qnet = QuantisedUNet(net.plan, weight_bits, activation_bits, momentum)
    qnet.load_state_dict(fold_norms(net).state_dict())
    qnet.with_error = with_error
    if scales is not None:
        for name, limits in qnet.ranges.items():
            limits.step = float(scales[name])
        if not net.plan.full_width:
            step, zero = float(scales["head"]), int(scales["head.zero"])
            qnet.logit_grid, qnet.logit_ends = (step, zero), (-zero * step, (255 - zero) * step)
    return qnet.to(net.head.weight.device, memory_format=torch.channels_last_3d).train(net.training)


def calibrated_scales(net: UNet, images: Sequence[np.ndarray], method: str = "histogram") -> dict[str, float]:
    """Steps of all activations for 8 bits, measured on images (1, 1, D, H, W) float32 as the export does."""
    fp32 = write_graph(net, {"id": "calibration"})
    scales = measure_scales(fp32, activation_names(net), images, method)
    return scales if net.plan.full_width else scales | logit_scale(fp32, images)


def activation_scales(qnet: QuantisedUNet) -> dict[str, float]:
    """The steps of `qnet`'s activations as `training.export.graph.write_graph` takes them.

    ValueError for fewer than 8 activation bits, which the graph cannot express; RuntimeError before any range is known.
    """
    if qnet.top != 255:
        raise ValueError(f"The graph's activations have 8 bits; this network's end at {qnet.top} steps.")
    scales = {name: limits.step for name, limits in qnet.ranges.items()}
    if None in scales.values() or qnet.logit_grid is None:
        raise RuntimeError("The activations have no ranges yet; give prepare_qat scales or train a step first.")
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
