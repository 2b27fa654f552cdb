"""Rounding in the forward pass with gradients that go straight through, and the steps that follow what is rounded."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from training.export.graph import TINY

# Values of an activation that one training step looks at to follow its range.
SAMPLE = 8192
# Values that a CPU rounds at a time.
CACHED = 1 << 17


class RoundActivation(torch.autograd.Function):
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


def round_weight(
    weight: Tensor, bias: Tensor, input_step: float, limit: int, per_channel: bool = True
) -> tuple[Tensor, Tensor]:
    """Weight and bias as `training.export.graph.quantise_weight` rounds them, real-valued, gradients straight through.

    Weight is (outputs, ...) with one step per output, or one for all; the bias is rounded to the step of the integer
    sums.
    """
    with torch.no_grad(), torch.autocast(weight.device.type, enabled=False):
        scale = weight.abs().flatten(1).amax(1) / limit
        scale = torch.maximum(scale, (bias.abs() / input_step / 2**30).clamp(min=TINY))
        if not per_channel:
            scale = scale.amax().expand_as(scale)
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
        values = sample_values(x, SAMPLE)
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


class LargestRange(Range):
    """A step that follows the largest value: min-max ranges as a moving average (Jacob et al., CVPR 2018, 3.1)."""

    @torch.no_grad()
    def observe(self, x: Tensor) -> None:
        """Follow the largest value of `x`."""
        best = max(float(x.detach().amax()), 1e-6) / self.top
        self.step = best if self.step is None else self.step + self.momentum * (best - self.step)


def sample_values(x: Tensor, count: int) -> Tensor:
    """About `count` values of (B, C, D, H, W), all channels alike, as float32."""
    flat = x.detach().movedim(1, -1).flatten()
    stride = max(1, len(flat) // count)
    while math.gcd(stride, x.shape[1]) > 1:
        stride += 1
    return flat[int(torch.randint(stride, ())) :: stride].float()
