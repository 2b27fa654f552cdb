"""Masked knowledge distillation: what a smaller network learns from the uncompressed one, structure by structure.

Every voxel belongs to one structure (contact between teeth, border band, core, background near or far from teeth; or
one structure per tooth number), and every structure's mean divergence counts alike: a contact of fifty voxels as much
as half a million voxels of air. Voxels where the label is unknown, or where the teacher is wrong, are masked; the
teacher's confidence weighs the rest. Hinton et al. 2015 for the temperature; the masking per structure is the idea of
Lee et al., Multimedia Tools and Applications 2026 (doi 10.1007/s11042-026-21462-9), of which only the abstract was at
hand: this is our reading of it.

Logits are (B, C, D, H, W), targets uint8 (B, D, H, W) as in `training.volumes.losses`.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.compression.gates import GatedUNet
from training.nets.unet import UNet
from training.volumes.losses import CONTACT_FLAG, IGNORE, coarser_target

FAR, NEAR = "far background", "near background"
BORDER_STRUCTURES = (FAR, NEAR, "core", "border", "contact")


@dataclass(frozen=True)
class DistillationPlan:
    """Options. `temperature` softens both sides; `kind` is "kl" or "mse" (of logits less their mean over classes).

    `near`: background within so many output voxels of a tooth, along each axis, is a structure of its own.
    `far_weight`: weight of the rest of the background, where other structures have 1; `far_stride`: only every
    so-many-th of its voxels is looked at, which saves most of the cost. `confidence`: power of the teacher's largest
    probability that weighs a voxel (0: all alike). `trust_wrong`: learn also where the teacher contradicts the label.
    `feature_levels`: decoder levels whose outputs are compared too, with weight `feature_weight`.
    """

    kind: str = "kl"
    temperature: float = 2.0
    near: int = 4
    far_weight: float = 0.1
    far_stride: int = 8
    confidence: float = 1.0
    trust_wrong: bool = False
    feature_levels: tuple[int, ...] = ()
    feature_weight: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "feature_levels", tuple(self.feature_levels))
        if self.kind not in ("kl", "mse"):
            raise ValueError(f"The kind of distillation is 'kl' or 'mse', got {self.kind!r}.")
        if self.temperature <= 0 or self.far_stride < 1 or self.near < 0 or self.far_weight < 0:
            raise ValueError(f"Temperature and far_stride must be positive, near and far_weight not negative: {self}.")


def dilate(mask: Tensor, radius: int) -> Tensor:
    """Boolean (B, D, H, W) grown by `radius` voxels along each axis (a cube)."""
    for axis in (1, 2, 3):
        grown = mask.clone()
        for step in range(1, min(radius, mask.shape[axis] - 1) + 1):
            rest = mask.shape[axis] - step
            grown.narrow(axis, step, rest).logical_or_(mask.narrow(axis, 0, rest))
            grown.narrow(axis, 0, rest).logical_or_(mask.narrow(axis, step, rest))
        mask = grown
    return mask


def structure_map(target: Tensor, task: str, near: int = 4) -> tuple[Tensor, tuple[str, ...]]:
    """(int64 (B, D, H, W) index of each voxel's structure, -1 where unknown; names of the structures).

    Border: far and near background, core, border, contact (flagged voxels of whatever class, the scarcest structure).
    Numbering: far and near background, then classes 1 to 32.
    """
    known = target != IGNORE
    label = (target & 3) if task == "border" else target
    tooth = known & (label > 0)
    index = torch.where(tooth, label.long() + 1, (dilate(tooth, near)).long())
    if task == "border":
        index = torch.where((target & CONTACT_FLAG) > 0, 4, index)
        names = BORDER_STRUCTURES
    elif task == "numbering":
        names = (FAR, NEAR, *(f"class {number}" for number in range(1, 33)))
    else:
        raise ValueError(f"The task is 'border' or 'numbering', got {task!r}.")
    return torch.where(known, index, -1), names


def _rows(x: Tensor, where: Tensor) -> Tensor:
    """Voxels `where` (flat positions) of (B, C, D, H, W), as (N, C); no copy of the whole for channels_last."""
    return x.movedim(1, -1).reshape(-1, x.shape[1]).index_select(0, where)


def chosen_voxels(index: Tensor, plan: DistillationPlan) -> tuple[Tensor, Tensor]:
    """(flat positions, their structures): all known voxels, of the far background every `far_stride`-th."""
    index = index.reshape(-1)
    kept = index > 0
    if plan.far_weight > 0:
        kept[:: plan.far_stride] |= index[:: plan.far_stride] == 0
    where = kept.nonzero()[:, 0]
    return where, index[where]


def structure_mean(values: Tensor, mask: Tensor, index: Tensor, count: int, far_weight: float) -> tuple[Tensor, Tensor]:
    """Mean over structures of the mean over each one's voxels of `values` * `mask`; also the means (`count`,).

    A structure's mean divides by its number of voxels, not by the sum of its mask: one that is nearly all masked
    counts nearly nothing. Structures without voxels do not count; their mean is given as NaN.
    """
    sums = values.new_zeros(count).index_add(0, index, values * mask)
    voxels = torch.bincount(index, minlength=count)
    weights = (voxels > 0).to(values.dtype)
    weights[0] *= far_weight
    means = sums / voxels.clamp(min=1)
    total = (weights * means).sum() / weights.sum().clamp(min=1e-6)
    return total, torch.where(voxels > 0, means.detach(), torch.nan)


def divergence(student: Tensor, teacher: Tensor, plan: DistillationPlan) -> Tensor:
    """(N,) divergence of rows of logits (N, C) from the teacher's: T^2 KL(teacher || student) at temperature T, or the
    mean squared difference of the centred logits, divided by T^2."""
    t = plan.temperature
    if plan.kind == "mse":
        student, teacher = (x - x.mean(1, keepdim=True) for x in (student, teacher))
        return (student - teacher).square().mean(1) / t**2
    log_p, log_q = torch.log_softmax(teacher / t, 1), torch.log_softmax(student / t, 1)
    return t**2 * (log_p.exp() * (log_p - log_q)).sum(1)


@torch.no_grad()
def teacher_mask(teacher: Tensor, label: Tensor, plan: DistillationPlan) -> Tensor:
    """(N,) weight of each voxel, from the teacher's logits (N, C) and the true classes (N,)."""
    best, guess = torch.softmax(teacher, 1).max(1)
    mask = best**plan.confidence
    return mask if plan.trust_wrong else mask * (guess == label)


def distillation_loss(
    student: Tensor, teacher: Tensor, target: Tensor, task: str, plan: DistillationPlan | None = None
) -> tuple[Tensor, dict[str, float]]:
    """Masked distillation of logits; returns the loss and each present structure's mean divergence.

    `student` and `teacher` (B, C, D, H, W), `target` (B, D, H, W), else ValueError. 0 for equal logits.
    """
    plan = plan or DistillationPlan()
    if student.shape != teacher.shape or student.shape[2:] != target.shape[1:] or len(student) != len(target):
        raise ValueError(
            "Student's, teacher's logits and target must have one shape; "
            f"got {tuple(student.shape)}, {tuple(teacher.shape)}, {tuple(target.shape)}."
        )
    index, names = structure_map(target, task, plan.near)
    where, index = chosen_voxels(index, plan)
    label = target.reshape(-1)[where].long()
    label = label & 3 if task == "border" else label
    theirs, ours = _rows(teacher.detach(), where).float(), _rows(student, where).float()
    mask = teacher_mask(theirs, label, plan)
    loss, means = structure_mean(divergence(ours, theirs, plan), mask, index, len(names), plan.far_weight)
    measured = {name: float(mean) for name, mean in zip(names, means, strict=True) if not torch.isnan(mean)}
    return loss, measured


class Distiller(nn.Module):
    """A frozen teacher, and the adapters of feature distillation (all that it gives to an optimiser)::

        distiller = Distiller(teacher, student, "border", DistillationPlan(feature_levels=(0,)))
        theirs, ours = distiller(x), student(x)
        loss = loss + weight * distiller.loss(ours[0], theirs, y)[0]

    `student` is a `GatedUNet` or a sliced `UNet`; it is watched, not owned. Adapters are 1x1x1
    convolutions from the student's channels to the teacher's, computed at the chosen voxels only. They start as the
    identity: if the student's filters are sorted, copy the teacher from the sorted network
    (`training.compression.gates.sort_filters`).
    """

    def __init__(
        self, teacher: UNet, student: UNet | GatedUNet, task: str, plan: DistillationPlan | None = None
    ) -> None:
        super().__init__()
        self.task, self.plan = task, plan or DistillationPlan()
        self.teacher = copy.deepcopy(teacher).eval().requires_grad_(False)
        watched = student.net if isinstance(student, GatedUNet) else student
        self.adapters = nn.ModuleDict()
        self._theirs: dict[int, Tensor] = {}
        self._ours: dict[int, Tensor] = {}
        self._handles = []
        for level in self.plan.feature_levels:
            if not 0 <= level < min(len(watched.decoder), len(self.teacher.decoder)):
                raise ValueError(f"There is no decoder level {level} to compare; levels start at 0, the finest.")
            widths = [net.plan.width(net.plan.decoder_end(level)) for net in (watched, self.teacher)]
            adapter = nn.Linear(*widths, bias=False)
            nn.init.eye_(adapter.weight)
            self.adapters[str(level)] = adapter.to(teacher.head.weight.device)
            for net, store in ((watched, self._ours), (self.teacher, self._theirs)):
                self._handles.append(
                    net.decoder[level].register_forward_hook(partial(_keep, store, level, net is self.teacher))
                )

    def train(self, mode: bool = True) -> Distiller:
        """Training mode of the adapters; the teacher stays in evaluation."""
        super().train(mode)
        self.teacher.eval()
        return self

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """The teacher's logits for an image, at its finest resolution."""
        return self.teacher(x)[0]

    def loss(self, student: Tensor, teacher: Tensor, target: Tensor) -> tuple[Tensor, dict[str, float]]:
        """`distillation_loss` of the logits, plus the features that the last two forward passes left, once."""
        loss, measured = distillation_loss(student, teacher, target, self.task, self.plan)
        for level in self.plan.feature_levels:
            if level not in self._ours or level not in self._theirs:
                raise RuntimeError(f"No features of decoder level {level}: run student and teacher on the image first.")
            part = self._feature_loss(level, self._ours.pop(level), self._theirs.pop(level), teacher, target)
            loss = loss + self.plan.feature_weight * part
            measured[f"features {level}"] = float(part.detach())
        return loss, measured

    def _feature_loss(self, level: int, ours: Tensor, theirs: Tensor, logits: Tensor, target: Tensor) -> Tensor:
        """Squared difference of adapted and teacher's features over the teacher's mean square, masked as the logits."""
        factor = target.shape[1] // ours.shape[2]
        index, names = structure_map(target, self.task, self.plan.near)
        where, index = chosen_voxels(coarser_target(index, factor), self.plan)
        label = coarser_target(target, factor).reshape(-1)[where].long()
        label = label & 3 if self.task == "border" else label
        mask = teacher_mask(_rows(logits[:, :, ::factor, ::factor, ::factor], where).float(), label, self.plan)
        theirs = _rows(theirs, where).float()
        ours = functional.linear(_rows(ours, where).float(), self.adapters[str(level)].weight)
        difference = (ours - theirs).square().mean(1) / theirs.square().mean().clamp(min=1e-6)
        return structure_mean(difference, mask, index, len(names), self.plan.far_weight)[0]

    def close(self) -> None:
        """Stop watching the student."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()


def _keep(
    store: dict[int, Tensor], level: int, always: bool, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor
) -> None:
    """Forward hook: remember the output of a decoder level, of the student's only while it trains."""
    if always or module.training:
        store[level] = output
