"""Losses of the volume networks. Logits are (B, C, D, H, W) in channels_last_3d; targets are uint8 (B, D, H, W)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from training.patients.targets import TISSUE_CLASSES

IGNORE = 255
BORDER_CLASSES = 3
CONTACT_FLAG = 16


class _NumberingLoss(torch.autograd.Function):
    """Dice + cross-entropy of (N, C) logits with the gradient written out.

    Written out because 33 classes x 200,000 voxels make the softmax's many passes over memory as expensive as half of
    the network; the closed form needs a third of them. With p the probabilities, t the true class, S_c = sum_v p_vc +
    T_c + 1 and K teeth present, the loss is

        -mean log p_t + 1 - (1 / K) sum_c (2 I_c + 1) / S_c - w mean_tooth log(p_t / (1 - p_0))
    """

    @staticmethod
    def forward(ctx, logits: Tensor, target: Tensor, tooth_weight: float) -> tuple[Tensor, Tensor]:
        classes = logits.shape[1]
        p = torch.softmax(logits, dim=1, dtype=torch.float32)
        chosen = p.gather(1, target[:, None])[:, 0]
        counts = torch.bincount(target, minlength=classes).float()
        intersection = torch.zeros_like(counts).index_add_(0, target, chosen)
        size = p.sum(0) + counts + 1.0
        present = (counts > 0).float()
        present[0] = 0.0
        teeth = present.sum().clamp(min=1.0)
        voxel = 1.0 / target.numel()
        dice = (2.0 * intersection + 1.0) / size
        loss = -chosen.clamp(min=1e-12).log().mean() + (present * (1.0 - dice)).sum() / teeth
        # dL/dp = everywhere + (class is the true one) * hit; then through the softmax.
        everywhere = present * dice / size / teeth
        hit = (-2.0 * present / size / teeth)[target]
        rest = voxel - p @ everywhere - chosen * hit
        gradient = (everywhere + rest[:, None]).mul_(p)
        gradient.scatter_add_(1, target[:, None], (chosen * hit - voxel)[:, None])
        at_teeth = (target > 0).nonzero()[:, 0]
        if len(at_teeth):
            log_q = torch.log_softmax(logits[at_teeth, 1:].float(), dim=1)
            which = (target[at_teeth] - 1)[:, None]
            loss = loss - tooth_weight * log_q.gather(1, which).mean()
            share = log_q.exp().scatter_add_(1, which, torch.full_like(which, -1, dtype=torch.float32))
            gradient[at_teeth, 1:] += share * (tooth_weight / len(at_teeth))
        ctx.save_for_backward(gradient.to(logits.dtype))
        ctx.mark_non_differentiable(p)
        return loss, p

    @staticmethod
    def backward(ctx, scale: Tensor, _: Tensor) -> tuple[Tensor, None, None]:
        (gradient,) = ctx.saved_tensors
        return gradient.mul_(scale.to(gradient.dtype)), None, None


def numbering_loss(logits: Tensor, target: Tensor, tooth_weight: float = 1.0) -> tuple[Tensor, dict[str, float]]:
    """Soft Dice over the present teeth + cross-entropy + cross-entropy of the number, given tooth, at tooth voxels.

    The last term is what makes numbering start: background is 99 % of the voxels and drowns it otherwise. It compares
    the 32 teeth among themselves only; with background among them, every voxel near a tooth would become tooth.
    `target` holds class indices 0..C-1, or 255 where nothing is known. Also returns {"tooth": hard Dice of tooth
    against background, "number": accuracy of the class on tooth voxels}.
    """
    # Free of copies for channels_last logits.
    flat, target = logits.movedim(1, -1).reshape(-1, logits.shape[1]), target.reshape(-1).long()
    known = target != IGNORE
    if not bool(known.all()):
        flat, target = flat[known], target[known]
    if not len(target):  # a patch of which nothing is known teaches nothing
        return logits.sum() * 0.0, {"tooth": float("nan"), "number": float("nan")}
    loss, p = _NumberingLoss.apply(flat, target, tooth_weight)
    with torch.no_grad():
        tooth, found = target > 0, p[:, 0] < 0.5
        at_teeth = tooth.nonzero()[:, 0]
        measures = {
            "tooth": float(2 * (found & tooth).sum() / (found.sum() + tooth.sum()).clamp(min=1)),
            "number": float((p[at_teeth].argmax(1) == target[at_teeth]).float().mean())
            if len(at_teeth)
            else float("nan"),
        }
    return loss, measures


STRUCTURE_GROUPS = {"jaws": (1, 2), "canals": (3,), "sinuses": (4,), "airway": (5,)}
"""Classes of the structures network whose Dice is told together."""


def structures_loss(
    logits: Tensor, target: Tensor, class_weight: float = 0.5, canal_weight: float = 1.0
) -> tuple[Tensor, dict[str, float]]:
    """Loss of `numbering_loss` over the structures, and how much of the canals is missed.

    A canal fills one voxel in a thousand and is worth nothing in pieces, so what is missed of it counts by itself
    (`canal_weight`): with the lumen two or three voxels wide, the recall of its voxels is that of its skeleton, as in
    Kirchhoff et al., "Skeleton Recall Loss" (ECCV 2024). `class_weight`: of the cross-entropy among the structures at
    their own voxels. `target`: class, +16 in the canals, 255 unknown. Also returns hard Dice by `STRUCTURE_GROUPS`.
    """
    flat, target = logits.movedim(1, -1).reshape(-1, logits.shape[1]), target.reshape(-1)
    known = target != IGNORE
    if not bool(known.all()):
        flat, target = flat[known], target[known]
    label = (target & 15).long()
    loss, p = _NumberingLoss.apply(flat, label, class_weight)
    in_canal = ((target & CONTACT_FLAG) > 0).nonzero()[:, 0]
    if canal_weight and len(in_canal):
        chosen = torch.softmax(flat[in_canal].float(), 1).gather(1, label[in_canal, None])
        loss = loss + canal_weight * (1.0 - chosen.mean())
    with torch.no_grad():
        guess, measures = p.argmax(1), {}
        for name, classes in STRUCTURE_GROUPS.items():
            dice = []
            for number in classes:
                found, truth = guess == number, label == number
                if bool(truth.any()):
                    dice.append(float(2 * (found & truth).sum() / (found.sum() + truth.sum())))
            measures[name] = sum(dice) / len(dice) if dice else float("nan")
    return loss, measures


def canals_loss(logits: Tensor, target: Tensor, class_weight: float = 0.5) -> tuple[Tensor, dict[str, float]]:
    """Loss of `numbering_loss` over the mandibular canal and what is near it.

    `class_weight`: of telling the two apart. `target`: place in `CANAL_CLASSES`, 255 unknown. Also returns the hard
    Dice of the canal and of the tube that both make ("near").
    """
    flat, target = logits.movedim(1, -1).reshape(-1, logits.shape[1]), target.reshape(-1)
    known = target != IGNORE
    if not bool(known.all()):
        flat, target = flat[known], target[known]
    loss, p = _NumberingLoss.apply(flat, target.long(), class_weight)
    with torch.no_grad():
        guess, measures = p.argmax(1), {}
        for least, name in ((1, "near"), (2, "canal")):
            found, truth = guess >= least, target >= least
            size = truth.sum()
            measures[name] = float(2 * (found & truth).sum() / (found.sum() + size)) if bool(size) else float("nan")
    return loss, measures


def border_loss(
    logits: Tensor,
    target: Tensor,
    class_weights: tuple[float, float, float] = (1.0, 1.0, 2.0),
    contact_weight: float = 4.0,
) -> tuple[Tensor, dict[str, float]]:
    """Soft Dice of core and of tooth (core + border) + weighted cross-entropy over background, core, border.

    `target`: 0 background, 1 core, 2 border, +16 where two teeth nearly touch (weighted `contact_weight` times),
    255 unknown. Also returns hard Dice {"tooth", "core"}.
    """
    # Three classes: planes of their own vectorise, an innermost axis of three does not.
    log_p = torch.log_softmax(logits.movedim(1, 0).reshape(3, -1).float(), dim=0)
    target = target.reshape(-1)
    known = target != IGNORE
    label = (target & 3).long() * known
    weights = torch.tensor(class_weights, device=logits.device)[label]
    weights = torch.where((target & CONTACT_FLAG) > 0, weights * contact_weight, weights) * known
    chosen = log_p.gather(0, label[None])[0]
    loss = -(weights * chosen).sum() / weights.sum().clamp(min=1.0)
    p_background, p_core = log_p[0].exp(), log_p[1].exp()
    true_core, true_tooth = ((label == 1) & known).float(), ((label > 0) & known).float()
    mask = known.float()
    for p, truth in ((p_core, true_core), (1.0 - p_background, true_tooth)):
        loss = loss + 0.5 * (1.0 - (2.0 * (p * truth).sum() + 1.0) / ((p * mask).sum() + truth.sum() + 1.0))
    with torch.no_grad():
        measures = {}
        for name, guess, truth in (("tooth", p_background < 0.5, true_tooth), ("core", p_core > 0.5, true_core)):
            guess = guess * mask
            measures[name] = float(2 * (guess * truth).sum() / (guess.sum() + truth.sum()).clamp(min=1.0))
    return loss, measures


def tissues_loss(
    logits: Tensor,
    target: Tensor,
    tissue_weight: float = 1.0,
    class_weight: float = 0.5,
    balance_weight: float = 0.0,
    **border: Any,
) -> tuple[Tensor, dict[str, float]]:
    """`border_loss` of the first three classes, and the loss of `numbering_loss` over the tissues of the others.

    The tissues' loss is that of an eighth of the voxels, picked anew every time: there are far more than a gradient
    needs. A filling has a hundred voxels where enamel has three thousand and is never asked for, so there is also a
    cross-entropy at the tissues' voxels in which every tissue weighs the same (`balance_weight`). `target`
    (B, 2, D, H, W): that of `border_loss`; place in `TISSUE_CLASSES`, 255 unknown. `border`: options of `border_loss`.
    Also returns the hard Dice of every tissue that is there.
    """
    loss, measures = border_loss(logits[:, :BORDER_CLASSES], target[:, 0], **border)
    flat = logits[:, BORDER_CLASSES:].movedim(1, -1).reshape(-1, logits.shape[1] - BORDER_CLASSES)
    label = target[:, 1].reshape(-1)
    picked = int(torch.randint(8, ())) if logits.requires_grad else 0
    flat, label = flat[picked::8], label[picked::8]
    known = label != IGNORE
    flat, label = flat[known], label[known].long()
    more, p = _NumberingLoss.apply(flat, label, class_weight)
    in_tissue = (label > 0).nonzero()[:, 0]
    if balance_weight and len(in_tissue):
        places, inverse = label[in_tissue].unique(return_inverse=True)
        chosen = torch.log_softmax(flat[in_tissue].float(), 1).gather(1, label[in_tissue, None])[:, 0]
        sums = torch.zeros(len(places), device=chosen.device).index_add(0, inverse, chosen)
        more = more - balance_weight * (sums / inverse.bincount()).mean()
    with torch.no_grad():
        guess = p.argmax(1)
        for number, name in enumerate(TISSUE_CLASSES[1:], start=1):
            found, truth = guess == number, label == number
            if bool(truth.any()):
                measures[name] = float(2 * (found & truth).sum() / (found.sum() + truth.sum()))
    return loss + tissue_weight * more, measures


def coarser_target(target: Tensor, factor: int) -> Tensor:
    """Target of an auxiliary level: every `factor`-th voxel (cheap, and labels stay labels)."""
    return target[:, ::factor, ::factor, ::factor]
