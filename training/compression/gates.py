"""Filter pruning by learnable gates: which groups of filters a network can do without, for a budget of arithmetic.

Every layer's filters are sorted by importance and cut into groups of 8 (int8 kernels want multiples); each group has
one gate that scales it after its ReLU. The gates are hard-concrete (Louizos et al., ICLR 2018, eq. 10-12): with
u uniform, a the gate's learnable logit and b the temperature,

    s = sigmoid((log u - log(1 - u) + a) / b),   z = clip(1.2 s - 0.1, 0, 1),   P(z > 0) = sigmoid(a - b log(0.1 / 1.1))

Why these and not a sigmoid with straight-through binarisation: z is exactly 0 or 1 most of the time, so the network
meets its pruned selves during the search and little is lost when the gates are made hard; the expected cost has a
closed form; and a gate at 0 needs no gradient (closed groups come back by being drawn open). The last allows the trick
that makes gating free: z >= 0 commutes with the ReLU, so it is multiplied into gamma and beta of the BatchNorm, a few
numbers per layer, rather than into the activations. A closed gate then equals a missing filter, beta included.

A search: `gated = GatedUNet(net)`; in the training loop add `gated.budget_loss(target_share(progress, goal))`; then
`gated.harden(goal)`, some more steps, `gated.slice()`. Gates want a learning rate of their own (about 0.05, no
weight decay): see `GatedUNet.parameter_groups`.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.nets.unet import UNet, layer_macs, macs

STRETCH_LOW, STRETCH_HIGH = -0.1, 1.1
# Logits stay within this, so that every gate is drawn the other way now and then: P(open) = 0.012 at -6.
LOGIT_LIMIT = 6.0


def _convolutions(net: UNet, name: str) -> list[nn.Conv3d]:
    """The convolutions of a layer: features first, then the image's of the full-resolution layer."""
    layer = net.get_submodule(name)
    return [layer.features, layer.image] if name == "full" else [layer.conv]


def _readers(net: UNet) -> dict[str, list[tuple[nn.Conv3d, int]]]:
    """For every layer the convolutions that read it, heads included, and the first input channel it has there."""
    readers: dict[str, list[tuple[nn.Conv3d, int]]] = {name: [] for name in net.plan.names}
    for name, layer in net.plan.table().items():
        start = 0
        for source in layer.sources:
            readers[source].append((_convolutions(net, name)[0], start))
            start += net.plan.width(source)
    for head, source in net.plan.heads().items():
        readers[source].append((net.get_submodule(head), 0))
    return readers


def _gain(norm: nn.BatchNorm3d) -> Tensor:
    """What the norm multiplies each filter by in inference."""
    return norm.weight.abs() / torch.sqrt(norm.running_var + norm.eps)


@torch.no_grad()
def filter_importance(net: UNet) -> dict[str, Tensor]:
    """Per layer and filter: L2 norm of its weights times L2 norm of the weights that read it, norms folded in.

    Does not change when a filter is scaled up and its readers down, nor when a BatchNorm is folded into its weights. A
    filter that nobody reads has 0.
    """
    readers = _readers(net)
    owner = {id(conv): name for name in net.plan.names for conv in _convolutions(net, name)}
    result = {}
    for name in net.plan.names:
        made = sum(conv.weight.flatten(1).square().sum(1) for conv in _convolutions(net, name)).sqrt()
        made = made * _gain(net.get_submodule(name).norm)
        read = torch.zeros_like(made)
        for conv, start in readers[name]:
            weight = conv.weight[:, start : start + len(made)]
            if id(conv) in owner:
                weight = weight * _gain(net.get_submodule(owner[id(conv)]).norm)[:, None, None, None, None]
            read += weight.square().sum((0, 2, 3, 4))
        result[name] = made * read.sqrt()
    return result


@torch.no_grad()
def sort_filters(net: UNet) -> UNet:
    """Order every layer's filters by falling importance, in place; the network computes the same. Returns `net`.

    Groups of neighbours are then groups of equals. Do this before an optimiser is made, and copy a teacher whose
    features are to be compared from the sorted network.
    """
    readers = _readers(net)
    for name, importance in filter_importance(net).items():
        order = torch.argsort(importance, descending=True, stable=True)
        norm = net.get_submodule(name).norm
        for tensor in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            tensor.copy_(tensor[order])
        for conv in _convolutions(net, name):
            conv.weight.copy_(conv.weight[order])
        for conv, start in readers[name]:
            part = conv.weight[:, start : start + len(order)]
            part.copy_(part[:, order])
    return net


@torch.no_grad()
def slice_network(net: UNet, gates: Mapping[str, Tensor], group: int = 8) -> UNet:
    """The smaller network that equals `net` with its filters multiplied by `gates`; on the same device, a copy.

    `gates[layer]` holds one value >= 0 per group of `group` filters; groups at 0 are removed, other values go into
    the norm. Layers that are not mentioned stay whole. ValueError if a layer would lose all its groups.
    """
    plan, keep, scale = net.plan, {}, {}
    for name in plan.names:
        width = plan.width(name)
        values = gates.get(name, torch.ones(math.ceil(width / group)))
        if len(values) != math.ceil(width / group) or float(values.min()) < 0:
            raise ValueError(f"Layer {name}: {width} filters need one gate >= 0 per {group}, got {values.tolist()}.")
        values = values.to(net.head.weight.device, torch.float32).repeat_interleave(group)[:width]
        keep[name] = values.nonzero()[:, 0]
        scale[name] = values[keep[name]]
        if not len(keep[name]):
            raise ValueError(f"Layer {name}: all gates are closed; a layer needs one open group.")
    small = UNet(replace(plan, layers={name: len(kept) for name, kept in keep.items()})).to(net.head.weight)
    if net.stem.conv.weight.is_contiguous(memory_format=torch.channels_last_3d):
        small = small.to(memory_format=torch.channels_last_3d)

    def inputs(sources: tuple[str, ...]) -> Tensor:
        starts = [sum(plan.width(s) for s in sources[:i]) for i in range(len(sources))]
        return torch.cat([keep[source] + start for source, start in zip(sources, starts, strict=True)])

    for name, layer in plan.table().items():
        old, new = net.get_submodule(name), small.get_submodule(name)
        for index, (a, b) in enumerate(zip(_convolutions(net, name), _convolutions(small, name), strict=True)):
            weight = a.weight[keep[name]]
            # The stem and the second convolution of the full-resolution layer read the image only.
            b.weight.copy_(weight[:, inputs(layer.sources)] if layer.sources and index == 0 else weight)
        new.norm.weight.copy_(old.norm.weight[keep[name]] * scale[name])
        new.norm.bias.copy_(old.norm.bias[keep[name]] * scale[name])
        new.norm.running_mean.copy_(old.norm.running_mean[keep[name]])
        new.norm.running_var.copy_(old.norm.running_var[keep[name]])
        new.norm.num_batches_tracked.copy_(old.norm.num_batches_tracked)
    for head, source in plan.heads().items():
        small.get_submodule(head).weight.copy_(net.get_submodule(head).weight[:, keep[source]])
        small.get_submodule(head).bias.copy_(net.get_submodule(head).bias)
    small.train(net.training)
    for name in plan.names:
        small.get_submodule(name).norm.train(net.get_submodule(name).norm.training)
    return small


def target_share(progress: float, goal: float, start: float = 0.05, end: float = 0.8) -> float:
    """Share of the arithmetic that is allowed at `progress` (0 to 1) of the search: 1 until `start`, `goal` from
    `end` on, falling by equal factors in between."""
    if not 0.0 < goal <= 1.0:
        raise ValueError(f"The goal is a share of the uncompressed network, above 0 and at most 1; got {goal}.")
    return goal ** min(1.0, max(0.0, (progress - start) / (end - start)))


class GatedNorm(nn.BatchNorm3d):
    """A BatchNorm whose result is multiplied by `gate` (C,) >= 0 while one is set; shares the given norm's state."""

    def __init__(self, norm: nn.BatchNorm3d) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum)
        self.weight, self.bias = norm.weight, norm.bias
        self.running_mean, self.running_var = norm.running_mean, norm.running_var
        self.num_batches_tracked = norm.num_batches_tracked
        self.train(norm.training)
        self.gate: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.gate is None:
            return super().forward(x)
        if self.training:
            self.num_batches_tracked.add_(1)
        weight, bias = self.weight * self.gate, self.bias * self.gate
        mean, var = self.running_mean, self.running_var
        return functional.batch_norm(x, mean, var, weight, bias, self.training, self.momentum, self.eps)


class GatedUNet(nn.Module):
    """A copy of a network with a gate on every group of filters, for the search.

    In training each forward pass draws the gates; in evaluation a gate is open where its logit is above 0, and each
    layer's best group always is. `start`: first value of the logits; 3 is open in 99 of 100 draws, fully in 80.
    `temperature` may be changed during the search. Its `plan` is the uncompressed network's.
    """

    def __init__(
        self, net: UNet, group: int = 8, start: float = 3.0, temperature: float = 2.0 / 3.0, sort: bool = True
    ) -> None:
        super().__init__()
        if group < 8 or group % 8:
            raise ValueError(f"A group of filters must be a positive multiple of 8, got {group}.")
        self.net = copy.deepcopy(net)
        if sort:
            sort_filters(self.net)
        self.plan, self.group, self.temperature = net.plan, group, temperature
        self.norms: dict[str, GatedNorm] = {}
        for name in self.plan.names:
            layer = self.net.get_submodule(name)
            layer.norm = self.norms[name] = GatedNorm(layer.norm)
        widths = [self.plan.width(name) for name in self.plan.names]
        self.counts = [math.ceil(width / group) for width in widths]
        sizes = [min(group, width - first) for width in widths for first in range(0, width, group)]
        device = net.head.weight.device
        self.logits = nn.Parameter(torch.full((len(sizes),), float(start), device=device))
        self.register_buffer("sizes", torch.tensor(sizes, device=device), persistent=False)
        self.register_buffer("hardened", torch.tensor(False, device=device))
        # Shares do not depend on the image's size; the smallest keeps the numbers small.
        self._shape = (self.plan.divisor,) * 3
        self._whole = macs(self.plan, self._shape)["total"]

    def parameter_groups(self, gate_rate: float = 0.05, **options: float) -> list[dict]:
        """Optimiser groups: the gates with their own rate and no decay; the network's with `options`, its vectors
        without decay. A schedule that sets every group's rate would undo `gate_rate`: scale it there."""
        tensors = [p for p in self.net.parameters() if p.requires_grad]
        return [
            {"params": [p for p in tensors if p.ndim > 1], **options},
            {"params": [p for p in tensors if p.ndim <= 1], **options, "weight_decay": 0.0},
            {"params": [self.logits], "lr": gate_rate, "weight_decay": 0.0},
        ]

    def _split(self, values: Tensor) -> dict[str, Tensor]:
        return dict(zip(self.plan.names, values.split(self.counts), strict=True))

    def _best(self) -> Tensor:
        """Mask (groups,) of the one group of each layer that stays in any case."""
        mask = torch.zeros_like(self.logits, dtype=torch.bool)
        start = 0
        for count, logits in zip(self.counts, self.logits.detach().split(self.counts), strict=True):
            mask[start + int(logits.argmax())] = True
            start += count
        return mask

    @torch.no_grad()
    def hard_gates(self) -> Tensor:
        """(groups,) 0 or 1, as evaluation and `slice` use them."""
        return ((self.logits > 0) | self._best()).float()

    def drawn_gates(self) -> Tensor:
        """(groups,) a draw of the hard-concrete gates, differentiable; a layer whose gates all came out closed gets
        its best one."""
        with torch.no_grad():
            self.logits.clamp_(-LOGIT_LIMIT, LOGIT_LIMIT)
            noise = torch.rand_like(self.logits).clamp_(1e-6, 1 - 1e-6).logit()
        s = torch.sigmoid((self.logits + noise) / self.temperature)
        z = (s * (STRETCH_HIGH - STRETCH_LOW) + STRETCH_LOW).clamp(0.0, 1.0)
        closed = torch.stack([part.detach().amax() for part in z.split(self.counts)]) == 0
        if bool(closed.any()):
            where = closed.repeat_interleave(torch.tensor(self.counts, device=closed.device))
            z = torch.where(where & self._best(), torch.ones_like(z), z)
        return z

    def open_probability(self) -> Tensor:
        """(groups,) probability that a gate is not 0."""
        return torch.sigmoid(self.logits - self.temperature * math.log(-STRETCH_LOW / STRETCH_HIGH))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Logits as `UNet.forward` gives them."""
        hard = not self.training or bool(self.hardened)
        gates = self.hard_gates() if hard else self.drawn_gates()
        channels = gates.repeat_interleave(
            self.sizes, output_size=int(sum(n.num_features for n in self.norms.values()))
        )
        parts = channels.split([norm.num_features for norm in self.norms.values()])
        try:
            for norm, part in zip(self.norms.values(), parts, strict=True):
                norm.gate = part
            return self.net(x)
        finally:
            for norm in self.norms.values():
                norm.gate = None

    def _share(self, widths: dict[str, Tensor]) -> Tensor:
        return sum(layer_macs(self.plan, self._shape, widths).values()) / self._whole

    def _hard_share(self, gates: Tensor) -> Tensor:
        return self._share({name: part.sum() for name, part in self._split(gates * self.sizes).items()})

    def macs_share(self, hard: bool = True) -> Tensor:
        """Multiply-accumulates relative to the uncompressed network, as a scalar.

        `hard`: of the network that `slice` would give. Otherwise the expectation over the draws,
        differentiable and exact: layers are drawn independently, so a product's expectation is the product of the
        expected widths, and a layer of which every gate is closed (probability: product of 1 - P) keeps its best.
        """
        if hard or bool(self.hardened):
            return self._hard_share(self.hard_gates())
        p, sizes, best = (self._split(v) for v in (self.open_probability(), self.sizes, self._best()))
        kept = {n: (p[n] * sizes[n]).sum() + (1 - p[n]).prod() * sizes[n][best[n]].sum() for n in p}
        return self._share(kept)

    def budget_loss(self, target: float) -> Tensor:
        """r + r**2 with r = log(expected share / `target`), 0 where within budget.

        The logarithm makes the last halving weigh as much as the first; the linear part keeps pushing until the
        budget is met, the square pushes harder when the schedule has run ahead.
        """
        excess = functional.relu(torch.log(self.macs_share(hard=False) / target))
        return excess + excess.square()

    @torch.no_grad()
    def harden(self, goal: float | None = None) -> float:
        """Fix the gates at 0 or 1 for good; returns the share. Afterwards only the weights learn.

        With a `goal` the most wanted groups are opened first, each if the share stays within it, as long as they were
        open in more than half of the draws; without one the gates are rounded. An averaged copy of the network is
        sliced by these gates, not by its own: `slice_network(average.net, gated.gates(), gated.group)`. ValueError
        if one group per layer already costs more than `goal`.
        """
        if goal is None:
            opened = self.hard_gates() > 0
        else:
            likely, best = self.open_probability() > 0.5, self._best()
            opened = best.clone()
            share = float(self._hard_share(opened))
            if share > goal:
                raise ValueError(f"One group per layer already costs {share:.3f} of the whole network, above {goal}.")
            for index in torch.argsort(self.logits, descending=True, stable=True).tolist():
                if likely[index] and not opened[index]:
                    opened[index] = True
                    opened[index] = float(self._hard_share(opened)) <= goal
        self.logits.copy_(torch.where(opened, LOGIT_LIMIT, -LOGIT_LIMIT))
        self.hardened.fill_(True)
        self.logits.requires_grad_(False)
        return float(self.macs_share())

    def gates(self) -> dict[str, Tensor]:
        """The hard gates by layer, as `slice_network` takes them."""
        return self._split(self.hard_gates())

    def open_groups(self) -> dict[str, tuple[int, int]]:
        """Per layer: (open groups, all groups), by the hard gates."""
        return {name: (int(gates.sum()), len(gates)) for name, gates in self._split(self.hard_gates()).items()}

    def summary(self) -> str:
        """One line for a log: shares, then open filters of every layer."""
        soft, hard = float(self.macs_share(hard=False).detach()), float(self.macs_share())
        kept = self._split(self.hard_gates() * self.sizes)
        rows = " ".join(f"{name} {int(part.sum())}/{self.plan.width(name)}" for name, part in kept.items())
        return f"MACs {hard:.3f} (expected {soft:.3f}) {rows}"

    def slice(self) -> UNet:
        """The network without its closed groups; its logits equal this one's in evaluation."""
        return slice_network(self.net, self.gates(), self.group)
