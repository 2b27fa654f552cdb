"""The networks, losses and loader of training/. Skipped where torch is not installed: the library does not need it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")

from training.nets.unet import UNet, UNetPlan, double, freeze_norm_statistics  # noqa: E402
from training.volumes.data import (  # noqa: E402
    Buffer,
    DataPlan,
    augment,
    crop,
    flipped_classes,
    list_samples,
    load_sample,
    normalise,
)
from training.volumes.losses import CONTACT_FLAG, IGNORE, border_loss, numbering_loss  # noqa: E402

SMALL = {"widths": (32, 32), "encoder_convs": (1, 1), "decoder_convs": (1,), "deep_supervision": 0}


@pytest.mark.parametrize(("full", "size"), [(0, 8), (16, 16)])
def test_logits_have_the_plans_resolution(full: int, size: int) -> None:
    net = UNet(UNetPlan(classes=5, full_width=full, **SMALL)).eval()
    with torch.no_grad():
        (logits,) = net(torch.zeros(1, 1, 16, 16, 16))
    assert logits.shape == (1, 5, size, size, size)


def test_a_plan_with_narrow_layers_is_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 16"):
        UNetPlan(classes=3, widths=(24, 32), encoder_convs=(1, 1), decoder_convs=(1,))


def test_too_many_auxiliary_levels_are_refused() -> None:
    with pytest.raises(ValueError, match="no room"):
        UNetPlan(classes=3, **(SMALL | {"deep_supervision": 1}))


def test_plan_survives_plain_data() -> None:
    plan = UNetPlan(classes=3, **SMALL)
    as_read = {k: list(v) if isinstance(v, tuple) else v for k, v in plan.to_dict().items()}
    assert UNetPlan.from_dict(as_read) == plan


def test_gradient_of_doubling_is_torchs_own() -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(1, 3, 2, 3, 4, requires_grad=True), torch.randn(1, 3, 4, 6, 8)
    (ours,) = torch.autograd.grad((double(x) * weight).sum(), x)
    reference = torch.nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
    (theirs,) = torch.autograd.grad((reference * weight).sum(), x)
    torch.testing.assert_close(ours, theirs)


def test_frozen_statistics_do_not_move() -> None:
    net = UNet(UNetPlan(classes=3, **SMALL)).train()
    freeze_norm_statistics(net)
    before = net.stem.norm.running_mean.clone()
    net(torch.randn(1, 1, 16, 16, 16) + 3.0)
    torch.testing.assert_close(net.stem.norm.running_mean, before)


def _plain_numbering_loss(logits: torch.Tensor, target: torch.Tensor, weight: float) -> torch.Tensor:
    """The formula of the docstring, by autograd."""
    flat, target = logits.movedim(1, -1).reshape(-1, logits.shape[1]), target.reshape(-1).long()
    flat, target = flat[target != IGNORE], target[target != IGNORE]
    p = flat.softmax(1)
    truth = torch.nn.functional.one_hot(target, logits.shape[1]).float()
    dice = (2 * (p * truth).sum(0) + 1) / (p.sum(0) + truth.sum(0) + 1)
    present = truth.sum(0) > 0
    present[0] = False
    tooth = target > 0
    number = torch.nn.functional.cross_entropy(flat[tooth][:, 1:], target[tooth] - 1)
    return torch.nn.functional.cross_entropy(flat, target) + 1 - dice[present].mean() + weight * number


def test_numbering_loss_and_gradient_equal_the_formula() -> None:
    torch.manual_seed(1)
    target = torch.randint(0, 6, (2, 3, 4, 5)).to(torch.uint8)
    target[0, 0, 0, :2] = IGNORE
    logits = torch.randn(2, 8, 3, 4, 5, requires_grad=True)
    loss, _ = numbering_loss(logits, target, 0.7)
    expected = _plain_numbering_loss(logits, target, 0.7)
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(*(torch.autograd.grad(value, logits)[0] for value in (loss, expected)))


def test_numbering_loss_of_a_patch_without_teeth_is_finite() -> None:
    logits = torch.zeros(1, 33, 2, 2, 2, requires_grad=True)
    loss, measures = numbering_loss(logits, torch.zeros(1, 2, 2, 2, dtype=torch.uint8))
    loss.backward()
    assert loss.item() == pytest.approx(np.log(33), rel=1e-5)
    assert np.isnan(measures["number"])
    assert torch.isfinite(logits.grad).all()


def _one_hot_logits(target: torch.Tensor, classes: int) -> torch.Tensor:
    return 20.0 * torch.nn.functional.one_hot(target.long(), classes).movedim(-1, 1).float()


def test_perfect_prediction_has_no_loss() -> None:
    torch.manual_seed(2)
    number = torch.randint(0, 33, (1, 8, 8, 8))
    loss, measures = numbering_loss(_one_hot_logits(number, 33), number.to(torch.uint8))
    assert float(loss) < 1e-3
    assert measures == {"tooth": 1.0, "number": 1.0}
    label = torch.randint(0, 3, (1, 8, 8, 8))
    flagged = (label + CONTACT_FLAG * (torch.rand(label.shape) < 0.5)).to(torch.uint8)
    loss, measures = border_loss(_one_hot_logits(label, 3), flagged)
    assert float(loss) < 1e-3
    assert measures == {"tooth": 1.0, "core": 1.0}


def test_border_errors_at_contacts_cost_more() -> None:
    label = torch.zeros(1, 4, 4, 4, dtype=torch.long)
    label[:, :2] = 1
    logits = _one_hot_logits(label, 3)
    logits[0, :, 3, 3, 3] = logits[0, :, 0, 0, 0]  # one background voxel called core
    target = label.to(torch.uint8)
    touching = target.clone()
    touching[0, 3, 3, 3] += CONTACT_FLAG
    assert float(border_loss(logits, touching)[0]) > float(border_loss(logits, target)[0]) + 0.1


def test_unknown_voxels_do_not_matter() -> None:
    target = torch.randint(0, 3, (1, 4, 4, 4)).to(torch.uint8)
    target[:, 0] = IGNORE
    logits = torch.randn(1, 3, 4, 4, 4)
    changed = logits.clone()
    changed[:, :, 0] += torch.randn(1, 3, 4, 4)
    torch.testing.assert_close(border_loss(logits, target)[0], border_loss(changed, target)[0])


def test_flipping_swaps_sides_and_nothing_else() -> None:
    from DentalTopoSegLib.dentition import CLASS_FDI, mirrored

    table = flipped_classes()
    assert table[0] == 0
    assert table[IGNORE] == IGNORE
    assert [CLASS_FDI[table[i]] for i in range(1, 33)] == [mirrored(fdi) for fdi in CLASS_FDI[1:]]


def test_augmented_flip_keeps_image_and_numbers_together() -> None:
    plan = DataPlan("numbering", (4, 4, 8), noise=0.0, gamma=(1.0, 1.0), scale=(1.0, 1.0), shift=0.0)
    target = np.zeros((2, 2, 4), np.uint8)
    target[..., 0] = 1  # tooth 11 at low x
    image = np.repeat(np.repeat(np.repeat(target, 2, 0), 2, 1), 2, 2).astype(np.float32)
    seen = set()
    for seed in range(20):
        picture, labels = augment(image, target, plan, np.random.default_rng(seed))
        column = int(np.flatnonzero(labels[0, 0])[0])
        assert picture[0, 0, 2 * column] == 1.0
        assert labels[0, 0, column] == (1 if column == 0 else 9)
        seen.add(column)
    assert seen == {0, 3}


def test_normalised_image_ignores_scale_and_offset() -> None:
    image = np.random.default_rng(0).normal(size=(20, 20, 20)).astype(np.float32)
    np.testing.assert_allclose(normalise(image), normalise(image * 700 - 300), atol=1e-3)
    assert normalise(image).dtype == np.float32


def _write_sample(folder: Path, name: str, shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(3)
    np.save(folder / f"{name}_image.npy", rng.normal(size=shape).astype(np.float16))
    np.save(folder / f"{name}_target.npy", rng.integers(0, 3, shape).astype(np.uint8))


def test_smaller_samples_are_padded_with_unknown(tmp_path: Path) -> None:
    _write_sample(tmp_path, "a", (8, 8, 8))
    plan = DataPlan("border", (16, 8, 8))
    image, target = crop(*load_sample(tmp_path, "a", plan), plan, np.random.default_rng(0))
    assert image.shape == target.shape == (16, 8, 8)
    assert (target[8:] == IGNORE).all()
    assert (target[:8] != IGNORE).all()


def test_half_a_sample_is_not_listed_and_misfits_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "half_image.npy", np.zeros((8, 8, 8), np.float16))
    assert list_samples(tmp_path) == []
    np.save(tmp_path / "half_target.npy", np.zeros((8, 8, 4), np.uint8))
    with pytest.raises(ValueError, match="do not fit together"):
        load_sample(tmp_path, "half", DataPlan("border", (8, 8, 8)))


@pytest.mark.parametrize("between", ["the target is new", "all is new"])
def test_a_sample_that_is_replaced_while_it_is_read_is_no_pair(tmp_path: Path, monkeypatch, between: str) -> None:
    _write_sample(tmp_path, "a", (8, 8, 8))
    load = np.load

    def load_then_replace(path: Path, **options):
        """The writer's steps happen after the image was opened."""
        array = load(path, **options)
        if path.name == "a_image.npy":
            path.unlink()
            (tmp_path / "a_target.npy").unlink()
            np.save(tmp_path / "a_target.npy", np.ones((8, 8, 8), np.uint8))
            if between == "all is new":
                np.save(path, np.ones((8, 8, 8), np.float16))
        return array

    monkeypatch.setattr(np, "load", load_then_replace)
    with pytest.raises(FileNotFoundError):
        load_sample(tmp_path, "a", DataPlan("border", (8, 8, 8)))


def test_buffer_survives_vanishing_files(tmp_path: Path) -> None:
    for name in "abc":
        _write_sample(tmp_path, name, (8, 8, 8))
    buffer = Buffer(tmp_path, DataPlan("border", (8, 8, 8)), batch=2, seed=0, rescan=1000)
    try:
        assert buffer.next()[0].shape == (2, 1, 8, 8, 8)
        (tmp_path / "a_image.npy").unlink()
        (tmp_path / "b_target.npy").unlink()
        for _ in range(20):
            image, target = buffer.next()
            assert image.shape == (2, 1, 8, 8, 8)
            assert target.shape == (2, 8, 8, 8)
    finally:
        buffer.close()
