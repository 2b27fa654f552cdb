"""Nerve canals, sinuses and the second label map of the phantoms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the phantom engine draws with torch (training only)")

from scipy import ndimage  # noqa: E402

from DentalTopoSegLib.dentition.structures import structure  # noqa: E402
from Testing.unit.training.test_phantom_engine import dentition  # noqa: E402, F401
from training import loop  # noqa: E402
from training.patients import inner_anatomy, sampler  # noqa: E402
from training.patients.anatomy import Patient, sample_patient  # noqa: E402
from training.patients.arch_places import JawSide  # noqa: E402
from training.patients.canvas import Grid  # noqa: E402
from training.patients.inner_anatomy import sample_inner  # noqa: E402
from training.patients.marrow import Marrow  # noqa: E402
from training.patients.material_maps import Rendered, render  # noqa: E402
from training.patients.nasopalatine import sample_nasopalatine  # noqa: E402
from training.patients.targets import (  # noqa: E402
    CANAL_CLASSES,
    NEAR_CANAL_MM,
    STRUCTURE_CLASSES,
    TISSUE_CLASSES,
    border_target,
    canals_target,
    structures_target,
    tissues_target,
)
from training.patients.variety import FULL  # noqa: E402
from training.volumes.losses import IGNORE, border_loss, canals_loss, structures_loss, tissues_loss  # noqa: E402
from training.volumes.train import VolumeTask  # noqa: E402

PLAIN = FULL.without("restorations", "disease", "roots")
SPACING = 1.0


@pytest.fixture(scope="module")
def patient(dentition) -> Patient:  # noqa: F811
    drawn = sample_patient(dentition, [dentition], np.random.default_rng(3), PLAIN)
    return replace(drawn, teeth=[replace(t, restoration="") for t in drawn.teeth])


@pytest.fixture(scope="module")
def grid(patient) -> Grid:
    size = np.array([110.0, 110.0, 110.0])
    return Grid(patient.middle + [0, -22, 0] - size / 2, SPACING, tuple(int(n / SPACING) for n in size))


@pytest.fixture(scope="module")
def drawn(patient, grid) -> Rendered:
    return render(patient, grid, warp_mm=0.5)


def mask(drawn: Rendered, key: str) -> np.ndarray:
    return (drawn.structures == structure(key).value).numpy()


def test_the_same_patient_has_the_same_inner_anatomy(patient):
    one, two = sample_inner(patient), sample_inner(patient)
    assert [t.structure for t in one.tubes] == [t.structure for t in two.tubes]
    for a, b in zip(one.tubes, two.tubes, strict=True):
        np.testing.assert_array_equal(a.line, b.line)
    other = sample_inner(replace(patient, seed=patient.seed + 1))
    assert not np.array_equal(one.tubes[0].line[0], other.tubes[0].line[0])


@pytest.mark.parametrize("seed", range(6))
def test_canals_run_below_the_roots_from_the_ramus_to_the_cheek(patient, seed):
    inner = sample_inner(replace(patient, seed=seed))
    canals = {t.structure: t for t in inner.tubes if t.structure.startswith("canal")}
    assert set(canals) == {"canal_left", "canal_right"}
    for name, sign, quadrant in (("canal_left", -1, 3), ("canal_right", 1, 4)):
        canal, side = canals[name], JawSide.of(patient, quadrant)
        assert (np.sign(canal.line[:, 0] - patient.middle[0]) == sign).all()
        assert 0.85 <= canal.radii.min() <= canal.radii.max() <= 2.7
        molar = side.apex(6.0)
        below = canal.line[np.linalg.norm((canal.line - molar)[:, :2], axis=1).argmin()]
        assert -15.0 < below[2] - molar[2] < 0.0
        assert canal.line[0, 2] > canal.line[:, 2].min() + 8.0  # it comes down the ramus
        outward = side.outward(4.75)
        assert (canal.line[-1] - canal.line[len(canal.line) // 2]) @ outward > 0  # and leaves towards the cheek


def test_every_canal_is_one_piece_inside_the_lower_jaw(drawn):
    for name in ("canal_left", "canal_right"):
        canal = mask(drawn, name)
        pieces, count = ndimage.label(canal, np.ones((3, 3, 3)))
        sizes = np.bincount(pieces.ravel())[1:]
        assert count and sizes.max() / sizes.sum() > 0.97
        bone = np.isin(drawn.bed.numpy(), [structure(k).value for k in ("mandible", "canal_left", "canal_right")])
        assert ndimage.binary_dilation(bone, iterations=1)[canal].all()
    left, right = (np.argwhere(mask(drawn, f"canal_{s}"))[:, 2].mean() for s in ("left", "right"))
    assert left < right  # x grows towards the patient's right


def test_a_canal_is_darker_than_its_bone(patient, drawn):
    image, depth = drawn.image.numpy(), mask(drawn, "canal_left") | mask(drawn, "canal_right")
    core = ndimage.binary_erosion(depth, np.ones((1, 1, 1)))
    bone = mask(drawn, "mandible")
    assert image[core].mean() < image[bone].mean() - 100


def test_sinuses_lie_over_the_upper_molars_on_their_sides(patient, drawn, grid):
    for name, sign, quadrant in (("sinus_left", -1, 2), ("sinus_right", 1, 1)):
        places = np.argwhere(mask(drawn, name))[:, ::-1] * SPACING + grid.origin
        assert len(places) > 2000
        assert (np.sign(places[:, 0] - patient.middle[0]) == sign).all()
        apex = JawSide.of(patient, quadrant).apex(6.5)
        near = places[np.linalg.norm((places - apex)[:, :2], axis=1) < 4]
        assert -6.0 < near[:, 2].min() - apex[2] < 9.0


def test_the_nasopalatine_canal_has_the_sizes_that_were_measured(patient):
    drawn = [sample_nasopalatine(patient, np.random.default_rng(seed)) for seed in range(200)]
    lengths = [max(tube.line[-1, 2] for tube in tubes) - tubes[0].line[0, 2] for tubes in drawn]
    assert 11.0 < np.mean(lengths) < 15.0  # 11.8 along the canal, which leans, and 3 mm beyond both ends
    assert 3.5 < np.mean([2 * tubes[0].radii.max() for tubes in drawn]) < 4.3
    assert 0.3 < np.mean([len(tubes) == 3 for tubes in drawn]) < 0.5
    for tubes in drawn:
        assert all(np.abs(tube.line[:, 0] - patient.middle[0]).max() < 6.0 for tube in tubes)
        assert {tube.structure for tube in tubes} == {""}
    toothless = replace(patient, teeth=[t for t in patient.teeth if t.fdi > 28])
    assert sample_nasopalatine(toothless, np.random.default_rng(0)) == []


def test_the_nasopalatine_canal_is_a_dark_hole_in_the_upper_jaw(patient, monkeypatch):
    tubes = sample_inner(patient).nasopalatine
    middle = tubes[0].line.mean(0)
    grid = Grid(middle - 12.0, 0.5, (48, 48, 48))
    having = render(patient, grid, warp_mm=0.0)
    monkeypatch.setattr(inner_anatomy, "sample_nasopalatine", lambda *_: [])
    without = render(patient, grid, warp_mm=0.0)
    jaw = structure("upper_jaw").value
    hole = ((without.structures == jaw) & (having.structures == 0)).numpy()
    assert 0.125 * hole.sum() > 10.0  # mm³: what of it runs in bone
    places = np.argwhere(hole)[:, ::-1] * grid.spacing + grid.origin
    line = np.concatenate([tube.line for tube in tubes])
    assert np.linalg.norm(places[:, None] - line[None], axis=2).min(1).max() < max(t.radii.max() for t in tubes) + 1.0
    assert having.image.numpy()[hole].mean() < without.image.numpy()[hole].mean() - 100
    far = np.linalg.norm(grid.points().numpy()[..., None, :] - line, axis=-1).min(-1) > 6.0
    np.testing.assert_array_equal(having.image.numpy()[far], without.image.numpy()[far])


def test_teeth_win_and_their_bed_is_kept(drawn):
    teeth = drawn.labels > 0
    inside = drawn.structures[teeth]
    allowed = [0, *(structure(k).value for k in ("pulp", "enamel", "filling", "crown", "post"))]
    assert np.isin(inside.numpy(), allowed).all()
    for key in ("pulp", "enamel", "upper_jaw", "mandible", "airway"):
        assert mask(drawn, key).any(), key
    bed = drawn.bed[teeth].numpy()
    jaws = np.isin(bed, [structure(k).value for k in ("upper_jaw", "mandible")])
    assert 0.2 < jaws.mean() < 0.9  # roots in bone, crowns out of it


def test_the_target_names_classes_and_flags_canals(drawn):
    target = structures_target(drawn).numpy()
    canal = (drawn.bed == structure("canal_left").value).numpy()
    assert (target[canal] == STRUCTURE_CLASSES.index("canal") + 16).all()
    assert (target[drawn.bed.numpy() == structure("sinus_right").value] == STRUCTURE_CLASSES.index("sinus")).all()
    assert (target[mask(drawn, "mandible")] == STRUCTURE_CLASSES.index("mandible")).all()
    assert set(np.unique(target) & 15) <= set(range(len(STRUCTURE_CLASSES)))


def test_a_canal_is_taught_with_what_is_near_it(drawn):
    target = canals_target(drawn).numpy()
    lumen = np.isin(drawn.bed.numpy(), [structure(f"canal_{side}").value for side in ("left", "right")])
    np.testing.assert_array_equal(target == CANAL_CLASSES.index("canal"), lumen)
    away = ndimage.distance_transform_edt(~lumen) * sampler.SPACING["canals"]
    np.testing.assert_array_equal(target == CANAL_CLASSES.index("near"), ~lumen & (away <= NEAR_CANAL_MM))


@pytest.mark.parametrize("seed", range(4))
def test_a_sample_of_canals_shows_most_of_one(patient, seed):
    rng = np.random.default_rng(seed)
    turned = sampler.turn_head(patient, rng.normal(0, 0.1, 3))
    low = sampler.place_grid("canals", turned, rng)
    high = low + np.array(sampler.SHAPES["canals"][::-1]) * sampler.SPACING["canals"]
    lines = [tube.line for tube in sample_inner(turned).tubes if tube.structure.startswith("canal")]
    lines = [(line - turned.middle) @ turned.pose.T + turned.middle for line in lines]
    shares = [((line > low) & (line < high)).all(1).mean() for line in lines]
    assert max(shares) > 0.6
    assert min(shares) < 0.2  # one side at a time


def test_marrow_is_hollow_behind_and_as_dense_as_bone_in_front(patient, grid):
    bone = torch.full(grid.shape, 800.0)
    marrow = Marrow(front=1.0, behind=0.0, regions=0.0, spaces=0.0, grey=1.0, plate=1.0)
    points = grid.points()
    grey = marrow.paint(patient, bone, points, SPACING, torch.Generator().manual_seed(1))
    front = max(tooth.centre[1] for tooth in patient.teeth)
    dense, hollow = (points[..., 1] > front - 15.0, points[..., 1] < front - 65.0)
    assert float((grey[dense] - 800.0).abs().max()) < 1e-3
    assert float((grey[hollow] - patient.grey["soft"]).abs().max()) < 1e-3
    uneven = replace(marrow, behind=0.5, spaces=0.3).paint(
        patient, bone, points, SPACING, torch.Generator().manual_seed(1)
    )
    assert float(uneven[hollow].std()) > 50.0


def test_the_loss_of_canals_asks_for_the_lumen_and_for_what_is_near():
    target = torch.zeros(1, 12, 12, 12, dtype=torch.uint8)
    target[:, :, 4:9, 4:9], target[:, :, 5:8, 5:8], target[:, 0] = 1, 2, IGNORE

    def logits(labels: torch.Tensor) -> torch.Tensor:
        return (8.0 * torch.nn.functional.one_hot(labels.long(), 3).float()).movedim(-1, 1).requires_grad_()

    right = torch.where(target == IGNORE, 0, target)
    good, measures = canals_loss(logits(right), target)
    assert measures == {"near": 1.0, "canal": 1.0}
    for wrong, missed in ((right.clamp(max=1), "canal"), (torch.where(right == 1, 0, right), "near")):
        bad, measures = canals_loss(logits(wrong), target)
        assert measures[missed] < 0.6
        assert float(bad.detach()) > float(good.detach()) + 0.3
        bad.backward()


def test_tissues_are_taught_beside_the_border(drawn):
    border, tissue = tissues_target(drawn).numpy()
    np.testing.assert_array_equal(border, border_target(drawn).numpy())
    for key in ("pulp", "enamel"):
        np.testing.assert_array_equal(tissue == TISSUE_CLASSES.index(key), mask(drawn, key))
    posts = drawn.structures.clone()
    posts[0, 0, :2] = torch.tensor([structure("post").value, structure("bridge").value])
    counted = tissues_target(replace(drawn, structures=posts))[1, 0, 0, :2]
    assert [TISSUE_CLASSES[number] for number in counted] == ["filling", "crown"]


def test_the_loss_of_tissues_is_that_of_the_border_and_more():
    target = torch.zeros(1, 2, 8, 8, 8, dtype=torch.uint8)
    target[:, 0, :4], target[:, 1, 2:4] = 1, TISSUE_CLASSES.index("enamel")
    target[:, :, 7] = IGNORE
    border = torch.nn.functional.one_hot(torch.where(target[:, 0] == IGNORE, 0, target[:, 0]).long(), 3)
    tissue = torch.nn.functional.one_hot(torch.where(target[:, 1] == IGNORE, 0, target[:, 1]).long(), 7)
    right = 8.0 * torch.cat((border, tissue), -1).float().movedim(-1, 1)
    wrong = torch.cat((right[:, :3], right[:, 3:].roll(1, 1)), 1)
    alone, _ = border_loss(right[:, :3], target[:, 0])
    good, measures = tissues_loss(right, target)
    assert measures["enamel"] == 1.0
    assert "crown" not in measures
    assert float(good) == pytest.approx(float(alone), abs=0.02)
    bad, missed = tissues_loss(wrong.requires_grad_(), target)
    assert missed["enamel"] == 0.0
    assert float(bad.detach()) > float(good) + 1.0
    bad.backward()
    assert bool(wrong.grad[:, 3:].any())


def test_a_missed_filling_counts_as_much_as_missed_enamel():
    enamel, filling = TISSUE_CLASSES.index("enamel"), TISSUE_CLASSES.index("filling")
    target = torch.zeros(1, 2, 16, 16, 16, dtype=torch.uint8)
    target[:, 1, :8], target[:, 1, 8, 8, 8:] = enamel, filling
    logits = 8.0 * torch.nn.functional.one_hot(target[:, 1].long(), 7).float().movedim(-1, 1)
    logits = torch.cat((torch.zeros(1, 3, 16, 16, 16), logits), 1)

    def price(missed: int) -> float:
        wrong = logits.clone()
        wrong[:, 3:][:, :, target[0, 1] == missed] = 0.0
        wrong[:, 3][:, target[0, 1] == missed] = 8.0
        return float(tissues_loss(wrong, target, balance_weight=1.0)[0] - tissues_loss(wrong, target)[0])

    assert price(filling) == pytest.approx(4.0, abs=0.1)
    assert price(filling) == pytest.approx(price(enamel), abs=1e-3)


def test_the_head_of_tissues_can_be_trained_alone():
    config = loop.read_config(Path(loop.__file__).parent / "configs" / "tissues_head.yaml")
    net = VolumeTask(config, Path("samples")).net
    learning = {name.split(".")[0] for name, weights in net.named_parameters() if weights.requires_grad}
    assert learning == {"tissue_head"}
    del config["trained"]
    assert all(weights.requires_grad for weights in VolumeTask(config, Path("samples")).net.parameters())


def test_the_loss_asks_for_canals():
    target = torch.zeros(1, 12, 12, 12, dtype=torch.uint8)
    target[:, :, :6] = 2
    target[:, :, 3, 3:5] = 3 + 16
    target[:, 0] = IGNORE

    def logits(labels: torch.Tensor) -> torch.Tensor:
        return (8.0 * torch.nn.functional.one_hot(labels.long(), 6).float()).movedim(-1, 1).requires_grad_()

    right, without = (torch.where(target == IGNORE, 0, target & 15) for _ in range(2))
    without = torch.where(without == 3, 2, without)
    good, measures = structures_loss(logits(right), target)
    bad, missed = structures_loss(logits(without), target)
    assert measures["canals"] == pytest.approx(1.0)
    assert missed["canals"] == 0.0
    assert np.isnan(measures["sinuses"])
    heavier, _ = structures_loss(logits(without), target, canal_weight=3.0)
    assert float((heavier - bad).detach()) == pytest.approx(2.0, abs=0.01)
    bad.backward()
    assert float(good.detach()) < 0.05 < float(bad.detach())
