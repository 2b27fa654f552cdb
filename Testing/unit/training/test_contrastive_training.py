"""Contrastive pretraining on toy pairs: it learns, stops and goes on, and gives its encoders to fine-tuning."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")
pytest.importorskip("monai", reason="monai has the Swin transformer; only training needs it")

from toy_pairs import write_toy_pairs  # noqa: E402

from DentalTopoSegLib.errors import InputError  # noqa: E402
from training.contrastive.belonging import FLIP  # noqa: E402
from training.contrastive.finetune import SwinTask, fine_tune, first_people, load_segmenter  # noqa: E402
from training.contrastive.masked import MaskedImageTask, MaskedPointsTask, nearest_coarse, smoothed  # noqa: E402
from training.contrastive.pairs import load_pair  # noqa: E402
from training.contrastive.pictures import draw_likeness  # noqa: E402
from training.contrastive.places import Place, find_place, see_place  # noqa: E402
from training.contrastive.pretrain import (  # noqa: E402
    PretrainTask,
    encode,
    encoder_weights,
    load_towers,
    write_surface_start,
)
from training.contrastive.relations import POSITIVE, cross_relation  # noqa: E402
from training.contrastive.scoring import retrieval_report, segment_whole  # noqa: E402
from training.contrastive.views import (  # noqa: E402
    DrawPairs,
    image_view,
    image_windows,
    scan_view,
    see,
    see_whole,
    z_scored,
)
from training.loop import Loop, load_checkpoint, read_config, read_log, run_to_end  # noqa: E402
from training.nets.swin import SwinSegmenter, SwinTokens, box_centres  # noqa: E402
from training.surfaces.train_labels import LabelsTask  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
CONFIGS = ROOT / "training" / "configs"
POINTS = {
    "classes": 17,
    "widths": [16, 16, 32, 32, 32],
    "encoder": [0, 0, 0, 1, 1],
    "decoder": [0, 0, 0, 1],
    "group": 8,
}
SWIN = {"width": 12, "patch": 4, "depths": [1, 1, 2, 1], "heads": [2, 2, 2, 2], "window": 4}
PEOPLE = {"train": [f"{k:03d}" for k in range(1, 9)], "validation": [f"{k:03d}" for k in range(21, 26)]}


def toy_config(**training: Any) -> dict[str, Any]:
    config = read_config(CONFIGS / "contrastive.yaml", "net", "views", "reach", "loss")
    config["net"] = {"size": 32, "level": 3, "image": {**SWIN, "level": 1}, "points": POINTS}
    config["views"] |= {"crop": [24, 56, 64], "turn_deg": [5.0, 5.0, 5.0], "radius_mm": None}
    config["loss"]["alpha"] = 0.5
    config["objective"] = "contrastive"
    config["training"] |= {"steps": 4, "batch": 2, "log_every": 1, "warmup_steps": 1, "validate_every": 2, "held": 3}
    config["training"] |= training
    return config


def swin_config(**training: Any) -> dict[str, Any]:
    config = read_config(CONFIGS / "swin.yaml", "net", "views")
    config["net"] = {"encoder": SWIN, "decoder": 16, "fine": 4}
    config["views"] |= {"crop": [24, 56, 64]}
    config["training"] |= {"steps": 2, "log_every": 1, "warmup_steps": 1, "held": 2} | training
    return config


@pytest.fixture(scope="module")
def split(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], list[Path]]:
    """A drawn pair of everybody: training and held-out."""
    return write_toy_pairs(tmp_path_factory.mktemp("pairs"), PEOPLE)


@pytest.fixture(scope="module")
def pretrained(split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A toy pretraining that has learnt something."""
    folder = tmp_path_factory.mktemp("run")
    torch.set_num_threads(1)
    config = toy_config(steps=80, batch=6, lr=4e-3, ema=0.8, log_every=10, validate_every=40, warmup_steps=5, held=5)
    config["views"] |= {"crop": [32, 32, 32], "radius_mm": 16.0, "places": 3}
    config["loss"]["alpha"] = 12.0  # few steps: most of them for the loss that is looked at
    run_to_end(PretrainTask(config, *split), folder)
    return folder


def test_retrieval_rises_from_chance_among_people_it_has_not_seen(pretrained: Path) -> None:
    seen = read_log(pretrained, "validation")
    assert [row["step"] for row in seen] == [40, 80]
    last = seen[-1]
    assert last["scan_chance"] == 0.2
    assert 0.003 < last["token_chance"] < 0.05
    assert last["token_at_1"] > 6 * last["token_chance"]
    losses = [row["loss"] for row in read_log(pretrained)]
    assert losses[-1] < 0.6 * losses[0]


def test_an_untrained_pair_of_encoders_finds_places_by_chance(split) -> None:
    task = PretrainTask(toy_config(held=5), *split)
    found = task.validate(task.net)
    assert found["token_at_1"] < 6 * found["token_chance"]  # what a trained one must surpass


def test_gradients_reach_both_encoders_from_every_term(split) -> None:
    task = PretrainTask(toy_config(), *split)
    towers = task.net.towers
    image = [p for name, p in towers.image.named_parameters() if "layers" in name or "patch_embed" in name]
    points = [*towers.points.down.parameters(), *towers.points.stem.parameters(), *towers.points.encoder.parameters()]
    terms = task.net(task.next_batch(), torch.device("cpu"))
    reached = {}
    for name, term in terms.items():
        task.net.zero_grad()
        term.backward(retain_graph=True)
        reached[name] = tuple(
            any(p.grad is not None and p.grad.abs().sum() > 0 for p in part) for part in (image, points)
        )
    assert reached == {"image": (True, False), "scan": (False, True), "cross": (True, True)}


def test_the_biases_start_at_the_share_of_positives(split) -> None:
    task = PretrainTask(toy_config(batch=4), *split)
    draw, rates = DrawPairs(split[0], 0), []
    for _ in range(2):
        seen = [see(pair, task.plan, 8, 3, 2, draw.rng) for pair in draw(4)]
        relation = cross_relation(*encode(task.net.towers, seen), task.reach)
        rates.append(float((relation == POSITIVE).sum() / (relation != 0).sum()))
    assert task.net.criterion.cross.bias.sigmoid().item() == pytest.approx(np.mean(rates), rel=1e-4)


def test_crops_without_any_match_are_refused(split) -> None:
    config = toy_config()
    config["reach"] |= {"same": -5.0}
    with pytest.raises(InputError, match="nothing to learn"):
        PretrainTask(config, *split)


def test_a_pretraining_that_was_stopped_goes_on_to_the_same_weights(split, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    task = PretrainTask(toy_config(), *split)
    draw, left = task.next_batch, [1, 1]

    def stopping():
        left.pop()  # IndexError at the third
        return draw()

    task.next_batch = stopping
    with pytest.raises(IndexError):
        run_to_end(task, tmp_path / "parts")
    parts, whole = (run_to_end(PretrainTask(toy_config(), *split), tmp_path / name) for name in ("parts", "whole"))
    for name, value in whole.average.state_dict().items():
        assert torch.equal(parts.average.state_dict()[name], value), name


def test_places_of_boxes_are_where_the_crop_lies(split) -> None:
    pair, plan = load_pair(split[0][0]), PretrainTask(toy_config(), *split).plan.still()
    view = image_view(pair, plan, 8, np.random.default_rng(3))
    first = view.start + 3.5
    np.testing.assert_allclose(view.places[0].numpy(), pair.origin + first[::-1] * pair.spacing, atol=1e-4)
    assert len(view.places) == 3 * 7 * 8 and bool(view.known.all())
    # a box that shows enamel is bright, one in the air dark: places, boxes and voxels agree
    assert view.image.shape == (1, 24, 56, 64)
    box = tuple(slice(s, s + n) for s, n in zip(view.start, (24, 56, 64), strict=True))
    np.testing.assert_allclose(view.image[0].numpy(), z_scored(pair.image[box], pair.inside[box]), atol=1e-5)


@pytest.mark.parametrize(("shape", "voxels"), [((24, 56, 64), 8), ((20, 36, 44), 16), ((12, 12, 12), 16)])
def test_tokens_and_box_centres_are_as_many_and_in_one_order(shape: tuple[int, int, int], voxels: int) -> None:
    net = SwinTokens(encoder=SWIN, level={8: 1, 16: 2}[voxels], size=8).eval()
    assert net.voxels == voxels
    centres = box_centres(shape, voxels)
    with torch.no_grad():
        assert net(torch.zeros(1, 1, *shape)).shape == (1, len(centres), 8)
    assert centres[0].tolist() == [(voxels - 1) / 2] * 3
    if len(centres) > 1:
        assert (centres[1] - centres[0]).tolist() == [0, 0, voxels]  # x runs first


def test_a_crop_that_is_no_multiple_of_the_patch_is_refused() -> None:
    with pytest.raises(ValueError, match="no multiple of the patch"):
        SwinTokens(encoder=SWIN, level=1, size=8)(torch.zeros(1, 1, 18, 16, 16))


def test_places_of_points_stay_in_the_scanners_frame_however_the_scan_is_turned(split) -> None:
    pair = load_pair(split[0][0])
    plan = PretrainTask(toy_config(), *split).plan
    one, other = (scan_view(pair.clouds["upper"][0], "upper", plan, 3, np.random.default_rng(k)) for k in (0, 1))
    assert torch.equal(one.places, other.places)
    assert not torch.allclose(one.graph.points, other.graph.points, atol=0.5)
    size = (one.places[:, None] - one.places[None]).norm(dim=-1)
    posed = one.graph.points[: len(one.places)]
    torch.testing.assert_close((posed[:, None] - posed[None]).norm(dim=-1), size, atol=0.3, rtol=0)


def test_retrieval_is_not_told_the_heads_pose(split) -> None:
    """A scan lies in the CBCT's frame: unturned, its tilt would say whose it is."""
    pair = load_pair(split[0][0])
    plan = PretrainTask(toy_config(), *split).plan
    one, other = (
        scan_view(pair.clouds["upper"][0], "upper", plan.still(), 3, np.random.default_rng(k)) for k in (0, 1)
    )
    assert not torch.allclose(one.graph.points, other.graph.points, atol=0.5)
    assert float(one.graph.points.mean(0).norm()) < 1e-3  # nor where in the CBCT it lies
    step = one.graph.points[1:] - one.graph.points[:-1]
    torch.testing.assert_close(step.norm(dim=1), (other.graph.points[1:] - other.graph.points[:-1]).norm(dim=1))


def test_two_scans_of_one_person_are_no_strangers(split, tmp_path: Path) -> None:
    pair = load_pair(split[0][0])
    plan = PretrainTask(toy_config(), *split).plan
    people = [
        see(replace(pair, person=p), plan, 8, 3, 1, np.random.default_rng(0)).person for p in ("071", "095", "072")
    ]
    assert people[0] == people[1] != people[2]
    for name in ("071_000", "095_000", "072_000"):
        (tmp_path / f"{name}.npz").touch()
    assert sorted(DrawPairs(sorted(tmp_path.iterdir()), 0).people) == ["071", "072"]


def test_tokens_are_told_which_jaw_they_are_of(split) -> None:
    towers = PretrainTask(toy_config(), *split).net.towers.eval()
    plan = PretrainTask(toy_config(), *split).plan.still()
    seen = see(load_pair(split[0][0]), plan, 8, 3, 1, np.random.default_rng(0))
    with torch.no_grad():
        before = towers.scan_tokens([seen], torch.device("cpu")).features
        towers.jaw[1] = torch.randn(towers.jaw.shape[1], generator=torch.Generator().manual_seed(0))
        after = towers.scan_tokens([seen], torch.device("cpu")).features
    upper = torch.cat([torch.full((len(view.places),), view.which == "upper") for view in seen.scans])
    assert torch.equal(before[~upper], after[~upper]) and not torch.allclose(before[upper], after[upper], atol=1e-3)


# ---------------------------------------------------------------- one place of everybody


def place_plan(split, radius_mm: float = 14.0):
    return replace(PretrainTask(toy_config(), *split).plan, radius_mm=radius_mm, crop=(24, 24, 24))


@pytest.mark.parametrize(("which", "direction"), [("upper", 1.1), ("lower", 0.3), ("lower", 2.5)])
def test_views_of_one_place_show_the_same_tooth_of_everybody(split, which: str, direction: float) -> None:
    plan, rng, numbers = place_plan(split), np.random.default_rng(0), []
    for path in split[0]:
        pair = load_pair(path)
        seen = see_place(pair, Place(which, direction), plan, 8, 3, 2, rng)
        assert [len(seen.images), len(seen.scans)] == [2, 2] and {view.which for view in seen.scans} == {which}
        cloud = pair.clouds[which][0]
        tokens = cloud["points"][: len(cloud["knn3"])]
        about = find_place(tokens, direction)
        near = np.bincount(cloud["labels"][np.linalg.norm(cloud["points"] - about, axis=1) < 5.0], minlength=17)
        numbers.append(1 + int(near[1:].argmax()))
        for view in seen.scans:
            away = (view.places - torch.from_numpy(about * FLIP[which])).norm(dim=1)
            assert 4 <= len(view.places) < len(tokens) and float(away.max()) < 14.0 + 3.0 * 3**0.5
        for view in seen.images:
            assert float((view.places - torch.from_numpy(about * FLIP[which])).norm(dim=1).min()) < 8.0
    assert max(numbers) - min(numbers) <= 1  # a tooth or its neighbour


def test_a_cut_scan_stands_where_the_whole_one_would_stand(split) -> None:
    pair, plan = load_pair(split[0][0]), place_plan(split)
    cloud, about = pair.clouds["upper"][0], pair.clouds["upper"][0]["points"][7].astype(float)
    whole = scan_view(cloud, "upper", plan, 3, np.random.default_rng(5))
    part = scan_view(cloud, "upper", plan, 3, np.random.default_rng(5), about)
    kept = torch.from_numpy(np.linalg.norm(cloud["points"] - about, axis=1) < 14.0)
    torch.testing.assert_close(part.graph.points, whole.graph.points[kept])
    torch.testing.assert_close(part.places, whole.places[kept[: len(whole.places)]])
    for index, points in zip(part.graph.knn, (len(k) for k in part.graph.knn), strict=True):
        assert int(index.max()) < points


def test_who_does_not_show_a_place_is_left_out(split) -> None:
    pair, plan, rng = load_pair(split[0][0]), place_plan(split), np.random.default_rng(0)
    place = Place("upper", 1.6)
    assert see_place(replace(pair, clouds={"lower": pair.clouds["lower"]}), place, plan, 8, 3, 2, rng) is None
    assert see_place(replace(pair, inside=np.zeros_like(pair.inside)), place, plan, 8, 3, 2, rng) is None
    assert see_place(replace(pair, origin=pair.origin + 500.0), place, plan, 8, 3, 2, rng) is None
    assert see_place(pair, place, replace(plan, radius_mm=0.5), 8, 3, 2, rng) is None


def test_a_batch_of_one_place_is_of_different_people_and_learns(split, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    config = toy_config(steps=3, batch=5)
    config["views"] |= {"crop": [24, 24, 24], "radius_mm": 14.0, "places": 1}
    config["loss"] |= {"tokens": 60}
    task = PretrainTask(config, *split)
    batch = task.next_batch()
    assert 2 <= len(batch) <= 5 and len({seen.person for seen in batch}) == len(batch)
    assert len({view.which for seen in batch for view in seen.scans}) == 1
    run = run_to_end(task, tmp_path / "run")
    assert run.progress.step == 3 and run.progress.history[-1]["scan_chance"] == pytest.approx(1 / 3)
    few = [split[0][0]]  # one person: nobody to be told from
    with pytest.raises(InputError, match="draw more pairs"):
        PretrainTask(config, few, split[1])


def test_a_search_is_told_where_a_scan_came_and_not_where_it_belongs(split) -> None:
    towers = PretrainTask(toy_config(), *split).net.towers
    seen = see_whole(load_pair(split[0][0]), place_plan(split).still(), 8, 3, np.random.default_rng(0))
    image, scan = encode(towers, [seen])
    assert torch.equal(image.own, image.places) and scan.piece.unique().tolist() == [0, 1]
    for number, view in enumerate(seen.scans):
        own = scan.own[scan.piece == number]
        assert torch.equal(own, view.graph.points[: len(own)])
        assert float((own - view.places).norm(dim=1).min()) > 0.1


def test_a_search_sees_the_whole_cbct_and_every_box_once(split) -> None:
    pair, plan = load_pair(split[0][0]), replace(place_plan(split).still(), crop=(24, 32, 32))
    inside = pair.inside.copy()
    inside[:, :, :24] = False
    views = image_windows(replace(pair, inside=inside), plan, 8)
    places = torch.cat([view.places[view.known] for view in views])
    index = ((places - torch.from_numpy(pair.origin)) / pair.spacing - 3.5) / 8
    assert torch.equal(index, index.round())
    expected = {(x, y, z) for x in range(3, 9) for y in range(8) for z in range(4)}
    assert sorted(map(tuple, index.int().tolist())) == sorted(expected)
    # what a window shows is what lies there, though the edge of the volume is not in it
    view = views[0]
    start = np.maximum(view.start, 0)
    shown = view.image[0][tuple(slice(int(a - b), None) for a, b in zip(start, view.start, strict=True))]
    truth = pair.image[tuple(slice(int(a), int(a + n)) for a, n in zip(start, shown.shape, strict=True))]
    field = inside[tuple(slice(int(a), int(a + n)) for a, n in zip(start, shown.shape, strict=True))]
    assert np.corrcoef(shown.numpy()[field], truth[field].astype(np.float32))[0, 1] > 0.9
    with pytest.raises(ValueError, match="less than three boxes"):
        image_windows(pair, replace(plan, crop=(16, 16, 16)), 8)
    seen = see_whole(pair, plan, 8, 3, np.random.default_rng(0))
    assert [view.which for view in seen.scans] == ["lower", "upper"]


# ---------------------------------------------------------------- what comes of it


def test_the_scan_of_a_cbct_is_looked_for_and_reported_by_what_disturbs(pretrained: Path, split) -> None:
    towers, config = load_towers(pretrained)
    report = retrieval_report(towers, config, split[1])
    assert set(report.values) >= {"all", "both jaws", "places"}
    assert report.values["all"]["asked"] == 5 and report.values["all"]["chance"] == 0.2
    assert 0 <= report.values["all"]["low"] <= report.values["all"]["right"] / 5 <= report.values["all"]["high"] <= 1
    assert "by chance" in report.text
    assert report.values["places"]["token_at_1"] > 4 * report.values["places"]["token_chance"]


def test_likeness_is_drawn_on_slice_and_scan(pretrained: Path, split, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib draws the picture; only training needs it")
    from PIL import Image

    towers, config = load_towers(pretrained)
    draw_likeness(towers, config, load_pair(split[1][0]), tmp_path / "likeness.png")
    with Image.open(tmp_path / "likeness.png") as picture:
        assert picture.size[0] > 600
        colours = np.asarray(picture.convert("RGB")).reshape(-1, 3)
    blue = (np.abs(colours.astype(int) - [0, 191, 255]) < 30).all(1)  # the marks
    warm = (colours[:, 0] > 200) & (colours[:, 2] < 90)
    assert blue.sum() > 200 and warm.sum() > 200


@pytest.mark.parametrize("kind", [MaskedImageTask, MaskedPointsTask])
def test_masked_reconstruction_learns(kind: type, split, tmp_path: Path) -> None:
    config = toy_config(steps=16, lr=5e-3, validate_every=16, ema=0.5) | {"objective": "masked"}
    before = kind(config, *split)
    started = before.validate(before.net)["error"]
    run = run_to_end(kind(config, *split), tmp_path / "run")
    assert run.progress.history[-1]["error"] < 0.97 * started
    prefix = "image" if kind is MaskedImageTask else "points"
    assert encoder_weights(tmp_path / "run", prefix)[0]
    with pytest.raises(InputError, match="has not trained the encoder"):
        encoder_weights(tmp_path / "run", "points" if prefix == "image" else "image")


def test_masked_boxes_are_hidden_and_masked_points_are_smoothed(split) -> None:
    task = MaskedImageTask(toy_config(), *split)
    image, mask = task.item(load_pair(split[0][0]), np.random.default_rng(0))
    assert mask.shape == image.shape and 0.4 < float(mask.float().mean()) < 0.8
    shown = []
    task.net.image.register_forward_pre_hook(lambda _, given: shown.append(given[0]))
    task.error(task.net, [(image, mask)])
    assert bool((shown[0][0][mask] == 0).all()) and torch.equal(shown[0][0][~mask], image[~mask])
    graph = see(load_pair(split[0][0]), task.plan, 1, 3, 1, np.random.default_rng(0)).scans[0].graph
    owner = nearest_coarse(graph)
    assert torch.equal(owner[: len(graph.knn[3])], torch.arange(len(graph.knn[3])))
    away = (graph.points - graph.points[owner]).norm(dim=1)
    assert float(away.max()) < 25 and float(away.median()) < 6
    assert 0.1 < float((smoothed(graph) - graph.points).norm(dim=1).median()) < 6


def test_fine_tuning_starts_from_the_pretrained_encoder_and_not_from_one_that_has_seen_the_held_out(
    pretrained: Path, split, tmp_path: Path
) -> None:
    start = encoder_weights(pretrained, "image")
    task = SwinTask(swin_config(), split[0], weights=start[0])
    for name, value in load_checkpoint(pretrained)["average"].items():
        if name.startswith("towers.image.encoder."):
            assert torch.equal(task.net.encoder.state_dict()[name.removeprefix("towers.image.encoder.")], value)
    run = fine_tune(swin_config(), tmp_path / "tuned", split[0], split[1], start)
    assert run.task.config["pretrained"] == "contrastive" and 0 <= run.progress.history[-1]["dice"] <= 1
    with pytest.raises(InputError, match="has seen 001, 002, 003"):
        fine_tune(swin_config(), tmp_path / "leak", split[1], split[0], start)
    other = swin_config()
    other["net"]["encoder"] = {**SWIN, "width": 8}
    with pytest.raises(InputError, match="other sizes"):
        SwinTask(other, split[0], weights=start[0])


def test_a_segmenter_overfits_a_crop_and_reads_whole_scans(split, tmp_path: Path) -> None:
    config = swin_config(steps=25, lr=1e-2, ema=0.5)
    loop: Loop = fine_tune(config, tmp_path / "run", split[0][:1], [], None)
    rows = read_log(tmp_path / "run")
    assert np.mean([row["loss"] for row in rows[-3:]]) < 0.8 * rows[0]["loss"]
    net, told = load_segmenter(tmp_path / "run")
    assert told["net"] == config["net"] and loop.progress.step == 25
    found = segment_whole(net, load_pair(split[0][0]).image.astype(np.float32), (24, 32, 32))
    assert found.shape == (32, 64, 72) and found.dtype == np.uint8


def test_only_the_labels_of_the_first_people_are_taken(split) -> None:
    assert [p.stem for p in first_people(split[0], 2)] == ["001_000", "002_000"]
    assert first_people(split[0], None) == split[0]


def test_the_surface_network_starts_from_the_pretrained_point_transformer(pretrained: Path, split, tmp_path) -> None:
    config = read_config(CONFIGS / "surface.yaml", "net", "augment", "loss")
    config["net"] = POINTS
    config["loss"]["queries"] = 100
    config["training"] |= {"steps": 1, "log_every": 1, "warmup_steps": 1}
    write_surface_start(pretrained, tmp_path / "start.pt", POINTS, seed=1)
    clouds = tmp_path / "001_upper_00.npz"
    np.savez(clouds, **load_pair(split[0][0]).clouds["upper"][0])
    task = LabelsTask(config, [clouds])
    Loop(task, tmp_path / "run").start_from(tmp_path / "start.pt")
    average = load_checkpoint(pretrained)["average"]
    for name, value in task.net.state_dict().items():
        same = torch.equal(value, average[f"towers.points.{name}"])
        assert same or name.startswith("head."), name
    assert torch.load(tmp_path / "start.pt", weights_only=True)["config"]["people"] == PEOPLE["train"]
    with pytest.raises(InputError, match="another Point Transformer"):
        write_surface_start(pretrained, tmp_path / "no.pt", {**POINTS, "widths": [16, 16, 32, 32, 64]}, seed=1)
    assert not (tmp_path / "no.pt").exists()


def test_a_masked_point_transformer_gives_all_but_its_last_layers(split, tmp_path: Path) -> None:
    config = toy_config(steps=1) | {"objective": "masked-points"}
    run_to_end(MaskedPointsTask(config, split[0]), tmp_path / "run")
    write_surface_start(tmp_path / "run", tmp_path / "start.pt", POINTS, seed=1)
    assert torch.load(tmp_path / "start.pt", weights_only=True)["average"]["head.1.2.bias"].shape == (20,)


def test_a_run_of_another_kind_is_no_pair_of_encoders(split, tmp_path: Path) -> None:
    run_to_end(MaskedPointsTask(toy_config(steps=1) | {"objective": "masked-points"}, split[0]), tmp_path)
    with pytest.raises(InputError, match="no contrastive pretraining"):
        load_towers(tmp_path)


def test_monai_is_imported_only_where_a_network_is_built() -> None:
    code = "import sys, training.contrastive.command; sys.exit('monai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_segmenter_answers_on_the_crops_own_voxels() -> None:
    net = SwinSegmenter(SWIN, classes=5, decoder=16, fine=4).eval()
    with torch.no_grad():
        assert net(torch.zeros(1, 1, 12, 20, 24)).shape == (1, 5, 12, 20, 24)
