"""Masked distillation, structure by structure. Skipped where torch is not installed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")

from training.compression.distillation import (  # noqa: E402
    BORDER_STRUCTURES,
    DistillationPlan,
    Distiller,
    dilate,
    distillation_loss,
    structure_map,
)
from training.compression.gates import GatedUNet, sort_filters  # noqa: E402
from training.nets.unet import UNet, UNetPlan  # noqa: E402
from training.volumes.losses import CONTACT_FLAG, IGNORE  # noqa: E402

EVERYTHING = DistillationPlan(far_stride=1, trust_wrong=True)
CLASSES = {"border": 3, "numbering": 33}
each_task = pytest.mark.parametrize("task", ["border", "numbering"])


def _target(task: str, size: int = 16) -> torch.Tensor:
    """Two boxes that touch, at a corner of a field of background, with an unknown plane."""
    target = torch.zeros(1, size, size, size, dtype=torch.uint8)
    if task == "border":
        target[:, 2:6, 2:10, 2:6] = 2
        target[:, 3:5, 3:5, 3:5] = target[:, 3:5, 7:9, 3:5] = 1
        target[:, 2:6, 5:7, 2:6] |= CONTACT_FLAG
    else:
        target[:, 2:6, 2:6, 2:6], target[:, 2:6, 6:10, 2:6] = 3, 11
    target[:, -1] = IGNORE
    return target


def _logits(task: str, seed: int, size: int = 16) -> torch.Tensor:
    torch.manual_seed(seed)
    x = torch.randn(1, CLASSES[task], size, size, size)
    return x.contiguous(memory_format=torch.channels_last_3d)


def test_dilation_is_a_cube() -> None:
    mask = np.random.default_rng(0).random((1, 7, 9, 11)) < 0.03
    expected = ndimage.binary_dilation(mask[0], np.ones((5, 5, 5)))
    assert np.array_equal(dilate(torch.from_numpy(mask), 2)[0].numpy(), expected)
    assert np.array_equal(dilate(torch.from_numpy(mask), 50)[0].numpy(), np.ones_like(expected))


def test_structures_of_the_border_network() -> None:
    target = _target("border")
    index, names = structure_map(target, "border", 2)
    assert names == BORDER_STRUCTURES
    found = {name: int((index == i).sum()) for i, name in enumerate(names)}
    assert found["contact"] == int(((target & CONTACT_FLAG) > 0)[:, :-1].sum())
    assert found["core"] == 16
    assert found["border"] == 4 * 8 * 4 - 16 - found["contact"]
    assert found["near background"] == 8 * 12 * 8 - 4 * 8 * 4
    assert (index[:, -1] == -1).all()
    assert int((index >= 0).sum()) == 15 * 16 * 16


def test_structures_of_the_numbering_network_are_its_teeth() -> None:
    index, names = structure_map(_target("numbering"), "numbering")
    assert {names[i] for i in index.unique().tolist() if i >= 2} == {"class 3", "class 11"}
    with pytest.raises(ValueError, match="'border' or 'numbering'"):
        structure_map(_target("border"), "crowns")


@each_task
@pytest.mark.parametrize("kind", ["kl", "mse"])
def test_equal_logits_cost_nothing_and_others_something(task: str, kind: str) -> None:
    plan = DistillationPlan(kind=kind, trust_wrong=True)
    a, b = _logits(task, 0), _logits(task, 1)
    assert float(distillation_loss(a, a.clone(), _target(task), task, plan)[0]) == pytest.approx(0.0, abs=1e-6)
    # A constant added to all classes of a voxel is no difference.
    assert float(distillation_loss(a + 3.0, a, _target(task), task, plan)[0]) == pytest.approx(0.0, abs=1e-5)
    loss, means = distillation_loss(a, b, _target(task), task, plan)
    assert float(loss) > 0.01
    assert all(value > 0 for value in means.values())


def test_divergence_is_the_formula() -> None:
    plan, target = DistillationPlan(confidence=0.0, trust_wrong=True, far_stride=1, temperature=3.0), _target("border")
    a, b = _logits("border", 0), _logits("border", 1)
    q, p = (x.movedim(1, -1).double() / 3.0 for x in (a, b))
    kl = torch.nn.functional.kl_div(q.log_softmax(-1), p.log_softmax(-1), log_target=True, reduction="none").sum(-1)
    index = structure_map(target, "border", plan.near)[0]
    means = [9.0 * float(kl[index == i].mean()) for i in range(5)]
    loss, measured = distillation_loss(a, b, target, "border", plan)
    assert list(measured.values()) == pytest.approx(means, rel=1e-4)
    assert float(loss) == pytest.approx((0.1 * means[0] + sum(means[1:])) / 4.1, rel=1e-4)


@each_task
def test_gradient_reaches_the_student_only_and_no_masked_voxel(task: str) -> None:
    target = _target(task)
    student, teacher = _logits(task, 0).requires_grad_(), _logits(task, 1).requires_grad_()
    loss, _ = distillation_loss(student, teacher, target, task, DistillationPlan(far_stride=1))
    loss.backward()
    assert teacher.grad is None
    changed = student.grad.abs().sum(1) > 0
    label = (target & 3) if task == "border" else target
    right = (teacher.argmax(1) == label) & (target != IGNORE)
    assert torch.equal(changed, right)
    assert 0 < int(right.sum()) < right.numel() - 256


def test_masked_voxels_do_not_matter() -> None:
    target, teacher = _target("border"), _logits("border", 1)
    student = _logits("border", 0)
    expected = distillation_loss(student, teacher, target, "border")[0]
    wrong = (teacher.argmax(1) != (target & 3)) | (target == IGNORE)
    student = student + 5 * torch.randn_like(student) * wrong[:, None]
    torch.testing.assert_close(distillation_loss(student, teacher, target, "border")[0], expected)


def test_small_structures_count_as_much_as_large_ones() -> None:
    """The same error on every voxel of the contact costs as much as on every voxel of the near background."""
    target = _target("border")
    index = structure_map(target, "border", 4)[0]
    teacher, losses = torch.zeros(1, 3, 16, 16, 16), {}
    for name in ("contact", "near background", "far background"):
        student = teacher.clone()
        student[:, 0][index == BORDER_STRUCTURES.index(name)] = 2.0
        losses[name] = float(distillation_loss(student, teacher, target, "border", EVERYTHING)[0])
    assert int((index == 4).sum()) < 0.1 * int((index == 1).sum())
    assert losses["contact"] == pytest.approx(losses["near background"], rel=1e-4)
    assert losses["far background"] == pytest.approx(0.1 * losses["contact"], rel=1e-4)


def test_an_unsure_teacher_weighs_less() -> None:
    target = torch.ones(1, 4, 4, 4, dtype=torch.uint8)
    teacher = torch.zeros(1, 3, 4, 4, 4)
    teacher[:, 1] = 0.2
    student = teacher + torch.randn(1, 3, 4, 4, 4)
    plain, weighted = (
        float(distillation_loss(student, teacher, target, "border", DistillationPlan(confidence=power))[0])
        for power in (0.0, 1.0)
    )
    assert weighted == pytest.approx(plain * float(teacher.softmax(1).max()), rel=1e-4)


def test_a_patch_of_unknown_voxels_costs_nothing() -> None:
    student = _logits("border", 0).requires_grad_()
    loss, means = distillation_loss(student, _logits("border", 1), torch.full((1, 16, 16, 16), IGNORE).byte(), "border")
    loss.backward()
    assert float(loss.detach()) == 0.0 and means == {} and float(student.grad.abs().max()) == 0.0


def test_bad_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        distillation_loss(_logits("border", 0), _logits("border", 0, 8), _target("border"), "border")
    with pytest.raises(ValueError, match="'kl' or 'mse'"):
        DistillationPlan(kind="l1")


def _networks(task: str) -> tuple[UNet, GatedUNet]:
    torch.manual_seed(0)
    net = UNet(
        UNetPlan(CLASSES[task], (32, 48), (1, 1), (1,), full_width=16 if task == "border" else 0, deep_supervision=0)
    )
    torch.nn.init.normal_(net.head.weight, std=0.3)
    sort_filters(net)
    return net, GatedUNet(net)


@each_task
def test_distiller_starts_at_nothing_and_teaches_all_of_the_student(task: str) -> None:
    net, gated = _networks(task)
    distiller = Distiller(net, gated, task, DistillationPlan(feature_levels=(0,), trust_wrong=True)).train()
    assert not distiller.teacher.training
    target = _target(task, 16 if task == "border" else 8)
    x = torch.randn(1, 1, 16, 16, 16)
    gated.train()
    gated.net.eval()
    gated.net.decoder[0].train()
    gated.net.decoder[0][0].norm.eval()
    gated.harden()
    loss, means = distiller.loss(gated(x)[0], distiller(x), target)
    assert float(loss.detach()) == pytest.approx(0.0, abs=1e-5)
    assert means["features 0"] == pytest.approx(0.0, abs=1e-5)
    with pytest.raises(RuntimeError, match="run student and teacher"):
        distiller.loss(gated.eval()(x)[0], distiller(x), target)
    gated = GatedUNet(net).train()
    distiller = Distiller(net, gated, task, DistillationPlan(feature_levels=(0,), trust_wrong=True)).train()
    with torch.autocast("cpu", torch.bfloat16):
        theirs, ours = distiller(x), gated(x)[0]
    loss, _ = distiller.loss(ours, theirs, target)
    loss.backward()
    assert all(p.grad is None and not p.requires_grad for p in distiller.teacher.parameters())
    assert float(distiller.adapters["0"].weight.grad.abs().max()) > 0
    assert all(float(p.grad.abs().max()) > 0 for p in gated.net.head.parameters())
    assert float(gated.net.stem.conv.weight.grad.abs().max()) > 0
    distiller.close()


def test_distiller_fits_a_sliced_student_and_refuses_missing_levels() -> None:
    net, gated = _networks("border")
    with torch.no_grad():
        gated.logits[::2] = -1.0
    small = gated.slice().train()
    distiller = Distiller(net, small, "border", DistillationPlan(feature_levels=[0]))
    assert distiller.adapters["0"].weight.shape == (32, small.plan.width("decoder.0.0"))
    x = torch.randn(1, 1, 16, 16, 16)
    loss, means = distiller.loss(small(x)[0], distiller(x), _target("border"))
    assert float(loss.detach()) > 0 and means["features 0"] > 0
    with pytest.raises(ValueError, match="no decoder level 1"):
        Distiller(net, small, "border", DistillationPlan(feature_levels=(1,)))


def test_distillation_alone_brings_a_student_closer() -> None:
    net, gated = _networks("border")
    with torch.no_grad():
        gated.logits[::3] = -1.0
    small = gated.slice()
    distiller = Distiller(net, small, "border", EVERYTHING)
    optimiser = torch.optim.Adam(small.parameters(), 3e-3)
    x, losses = torch.randn(1, 1, 16, 16, 16), []
    for _ in range(20):
        loss, _ = distiller.loss(small(x)[0], distiller(x), _target("border"))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]
