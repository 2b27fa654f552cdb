"""Going on from a trained network: every section of `training.compression.tune` on tiny data. Skipped without torch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy import ndimage

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")
pytest.importorskip("cripser", reason="cripser is not installed; only the topology loss needs it")

from DentalTopoSegLib.networks.models import list_models, load_model  # noqa: E402
from training.compression import restore  # noqa: E402
from training.compression.tune import TuneTask, start_network, tune  # noqa: E402
from training.export.quantizer import Quantizer  # noqa: E402
from training.export.volumes import export_plain  # noqa: E402
from training.loop import LOG, Loop, load_checkpoint, read_config, run_to_end  # noqa: E402
from training.nets.unet import UNet, UNetPlan, macs  # noqa: E402
from training.patients.material_maps import Rendered  # noqa: E402
from training.patients.targets import CELL_MM, CORE_DEPTH_MM, border_target, topology_target  # noqa: E402
from training.volumes.data import Buffer, DataPlan, augment, crop, normalise, validation_samples  # noqa: E402
from training.volumes.finished import MODELS, load_tuned, save_tuned  # noqa: E402
from training.volumes.losses import CONTACT_FLAG, IGNORE  # noqa: E402

SIDE = 32
PLAN = UNetPlan(3, (32, 32), (1, 1), (1,), full_width=16, deep_supervision=0)
TRAINING = {
    "minutes": 100,
    "steps": 4,
    "lr": 1e-3,
    "weight_decay": 0.0,
    "warmup_steps": 1,
    "ema": 0.5,
    "freeze_norm_at": 0.0,
    "log_every": 2,
    "validate_samples": 1,
}


def _balls(shift: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(2, D, H, W) target of two balls that nearly touch, and the image."""
    places = np.indices((SIDE,) * 3).astype(float)
    radii = [
        np.sqrt(((places - np.array(c)[:, None, None, None]) ** 2).sum(0)) - 6.0
        for c in ((15, 15, 8 + shift), (15, 15, 21 + shift))
    ]
    depth, second = np.sort(np.stack(radii), axis=0)
    target = np.where(depth < 0, np.where(depth < -1.5, 1, 2), 0).astype(np.uint8)
    target[(depth < 2) & (second < 2)] |= CONTACT_FLAG
    cells = np.where(depth < 8, 1 + np.argmin(np.stack(radii), axis=0), 0).astype(np.uint8)
    noise = np.random.default_rng(shift).normal(0, 60, depth.shape)
    return (1000 * (depth < 0) + noise).astype(np.float16), np.stack([target, cells])


def _write(folder: Path, count: int = 2) -> Path:
    folder.mkdir(parents=True)
    for number in range(count):
        image, target = _balls(number)
        np.save(folder / f"{number}_target.npy", target)
        np.save(folder / f"{number}_image.npy", image)
    return folder


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with data and a start, which has learnt a little, so that there are teeth to lose."""
    folder = tmp_path_factory.mktemp("runs")
    data = _write(folder / "data")
    torch.manual_seed(0)
    (folder / "raw").mkdir()
    save_tuned(folder / "raw", UNet(PLAN), None, {}, {"config": {}})
    config = _config("raw")
    config["training"] |= {"steps": 25, "lr": 2e-2, "freeze_norm_at": 0.7, "log_every": 25}
    tune(config, folder / "first", data, None, folder)
    return folder


def _config(start: str = "first", steps: int = 4, **sections) -> dict:
    return {
        "task": "topology",
        "start": start,
        "seed": 1,
        "data": {"patch": [SIDE] * 3, "flip_axes": [0, 1, 2]},
        "training": TRAINING | {"steps": steps},
        **sections,
    }


def _tune(runs: Path, name: str, **options) -> tuple[UNet, dict, str]:
    """(network, what is stored with it, log) of a finished run."""
    path = tune(_config(**options), runs / name, runs / "data", runs / "data", runs)
    assert path == runs / name / "tuned.pt"
    net, about = load_tuned(runs / name)
    return net, about, (runs / name / LOG).read_text(encoding="utf-8")


def _moved(net: UNet, start: UNet) -> float:
    pairs = zip(net.state_dict().values(), start.state_dict().values(), strict=True)
    return max(float((a - b).abs().max()) for a, b in pairs if a.is_floating_point())


def _labels(net: UNet, image: np.ndarray) -> np.ndarray:
    """0 background, 1 border, 2 core, as the exported network's two probabilities say."""
    with torch.no_grad():
        p = torch.softmax(net(torch.from_numpy(image))[0], 1)[0].numpy()
    return (p[0] < 0.5).astype(int) + ((p[0] < 0.5) & (p[1] > 0.5))


def _model_labels(folder: Path, precision: str, image: np.ndarray) -> np.ndarray:
    tooth, core = load_model("border", 1, precision, folder=folder).run(image[0, 0]) > 127
    return tooth.astype(int) + (tooth & core)


def _image(runs: Path) -> np.ndarray:
    return next(validation_samples(runs / "data", DataPlan("topology", (SIDE,) * 3), 1))[0]


# --- Runs -----------------------------------------------------------------------------------------------------------


def test_a_plain_run_goes_on_from_its_start_and_exports(runs: Path, tmp_path: Path) -> None:
    net, stored, log = _tune(runs, "plain")
    start, _ = load_tuned(runs / "first")
    assert net.plan == start.plan
    assert 0 < _moved(net, start) < 0.1
    assert stored["scales"] is None
    assert stored["about"]["steps"] == 4
    assert stored["about"]["macs_96"] == macs(PLAN, (96, 96, 96))["total"]
    assert stored["about"]["validation"][0]["tooth"] > 0.5
    assert '"quant"' not in log and '"count"' not in log and '"hint"' not in log
    image = _image(runs)
    for precision, least in (("fp32", 0.999), ("int8", 0.97)):
        path = export_plain(runs / "plain", tmp_path / precision, "border-plain", precision, runs / "data")
        assert path.name == f"border-plain.{precision}.onnx"
        same = _labels(net, image) == _model_labels(tmp_path / precision, precision, image)
        assert (_labels(net, image) > 0).mean() > 0.02
        assert same.mean() >= least
    metadata = load_model("border", 1, "int8", folder=tmp_path / "int8").metadata
    assert metadata["training"]["calibration_samples"] == 2
    assert metadata["training"]["start"] == "first"


def test_coarser_weights_after_training_are_coarser(runs: Path, tmp_path: Path) -> None:
    import onnx
    from onnx import numpy_helper

    largest = {}
    for bits in (8, 4):
        path = export_plain(
            runs / "first", tmp_path / str(bits), "border-x", "int8", runs / "data", Quantizer(weight_bits=bits)
        )
        arrays = [numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer]
        largest[bits] = max(int(np.abs(a.astype(int)).max()) for a in arrays if a.dtype == np.int8 and a.ndim == 5)
    assert largest == {8: 63, 4: 7}


def test_a_run_with_quantization_exports_its_own_steps(runs: Path, tmp_path: Path) -> None:
    net, stored, log = _tune(runs, "qat", quantization={"weight": 0.01}, topology={"variant": "paper"})
    for name in ("quant", "count", "adjacency", "separation", "tunnels", "voids"):
        assert f'"{name}": ' in log
    from training.experiments.measured import training_curves

    curves = training_curves(runs / "qat")
    assert curves["step"].tolist() == [2, 4]
    assert (curves["quant"] > 0).all()
    empty = tmp_path / "empty"  # nothing is measured again
    empty.mkdir()
    path = export_plain(runs / "qat", tmp_path / "models", "border-qat", "int8", empty)
    from training.compression.quantization import prepare_qat
    from training.compression.restore import scales_from_onnx

    written = scales_from_onnx(path)
    assert {name: written[name] for name in stored["scales"]} == pytest.approx(stored["scales"], rel=1e-5)
    image = _image(runs)
    ours = _labels(prepare_qat(net, stored["scales"]).eval(), image)
    assert (ours == _model_labels(tmp_path / "models", "int8", image)).mean() > 0.999
    with pytest.raises(RuntimeError, match="No samples to measure ranges on"):
        export_plain(runs / "first", tmp_path / "other", "border-x", "int8", empty)


def test_four_bit_weights_are_kept_in_the_export(runs: Path, tmp_path: Path) -> None:
    import onnx
    from onnx import numpy_helper

    _, stored, _ = _tune(runs, "qat4", steps=2, quantization={"weight_bits": 4, "weight": 0.0})
    assert stored["quantizer"] == {"scheme": "shipped", "weight_bits": 4, "activation_bits": 8}
    path = export_plain(runs / "qat4", tmp_path, "border-qat4", "int8", runs / "data")
    arrays = [numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer]
    assert max(int(np.abs(a.astype(int)).max()) for a in arrays if a.dtype == np.int8 and a.ndim == 5) == 7


def test_the_adaptive_topology_loss_changes_the_weights(runs: Path) -> None:
    # from an untrained network: at one without errors the adaptive loss is 0
    plain, _, _ = _tune(runs, "without", start="raw")
    net, _, log = _tune(runs, "adaptive", start="raw", topology={"variant": "adaptive", "weight": 10.0})
    assert '"count"' in log and '"tunnels"' in log
    assert _moved(net, plain) > 1e-5


def test_a_search_gives_a_smaller_network(runs: Path, tmp_path: Path) -> None:
    gates = {"macs": 0.6, "harden": 0.5, "rate": 1.0, "group": 8}
    net, stored, log = _tune(runs, "gates", steps=6, gates=gates, distillation={"teacher": "first", "weight": 0.5})
    assert "gates hard at" in log and '"hint"' in log and '"macs"' in log
    share = macs(net.plan, (SIDE,) * 3)["total"] / macs(PLAN, (SIDE,) * 3)["total"]
    assert share <= 0.6
    assert stored["about"]["macs_96"] == macs(net.plan, (96, 96, 96))["total"]
    whole, _ = load_tuned(runs / "first")
    assert sum(p.numel() for p in net.parameters()) < sum(p.numel() for p in whole.parameters())
    image = _image(runs)
    export_plain(runs / "gates", tmp_path, "border-gates", "fp32", runs / "data")
    assert (_labels(net, image) == _model_labels(tmp_path, "fp32", image)).mean() > 0.999
    # and a run can start from it
    again, _, _ = _tune(runs, "after", start="gates", steps=2)
    assert again.plan == net.plan


def test_a_search_decays_what_other_runs_decay(runs: Path) -> None:
    gates = {"macs": 0.6, "rate": 0.5}
    config = _config(gates=gates)
    config["training"]["weight_decay"] = 0.01
    task = TuneTask(config, runs / "data", runs=runs)
    loop = Loop(task, runs / "decay")
    loop.run()
    groups = loop.optimiser.param_groups
    decayed = [p for group in groups if group["weight_decay"] for p in group["params"]]
    assert decayed and all(p.ndim > 1 for p in decayed)
    assert sum(len(group["params"]) for group in groups) == len(list(task.net.parameters()))
    assert groups[-1]["params"] == [task.gated.logits]
    assert groups[-1]["lr"] == pytest.approx(groups[0]["lr"] * 0.5 / task.settings.lr)
    assert 0 < groups[0]["lr"] < task.settings.lr


def test_a_search_without_time_to_harden_still_meets_its_goal(runs: Path) -> None:
    net, _, log = _tune(runs, "late", steps=2, gates={"macs": 0.5, "harden": 1.0})
    assert "gates hard at" in log
    assert macs(net.plan, (SIDE,) * 3)["total"] <= 0.5 * macs(PLAN, (SIDE,) * 3)["total"]


def test_compared_features_train_their_adapters(runs: Path) -> None:
    plan = {"teacher": "first", "feature_levels": [0]}
    task = TuneTask(_config(distillation=plan), runs / "data", runs=runs)
    (adapter,) = task.distiller.adapters.parameters()
    before = adapter.detach().clone()
    Loop(task, runs / "features").run()
    assert float((adapter.detach() - before).abs().max()) > 0
    assert all(not p.requires_grad for p in task.distiller.teacher.parameters())


def _stopped_and_resumed(runs: Path, name: str, **sections) -> tuple[TuneTask, TuneTask, Loop]:
    """A run of 3 steps, and one of 5 as it is when it has taken up the first one's checkpoint."""
    first, again = (TuneTask(_config(steps=n, **sections), runs / "data", runs=runs) for n in (3, 5))
    run_to_end(first, runs / name)
    loop = Loop(again, runs / name)
    loop.resume()
    return first, again, loop


def test_a_run_with_quantization_goes_on_with_its_ranges(runs: Path) -> None:
    first, again, loop = _stopped_and_resumed(runs, "ranges", quantization={"weight": 0.01})
    for name, limits in first.quantised.ranges.items():
        assert again.quantised.ranges[name].step == limits.step
        assert torch.equal(again.quantised.ranges[name].counts, limits.counts)
    loop.run()
    assert loop.progress.step == 5
    assert again.finish(loop) == runs / "ranges" / "tuned.pt"


def test_compared_features_go_on_with_their_adapters(runs: Path) -> None:
    plan = {"teacher": "first", "feature_levels": [0]}
    first, again, _ = _stopped_and_resumed(runs, "adapters", distillation=plan)
    assert torch.equal(again.distiller.adapters["0"].weight, first.distiller.adapters["0"].weight)
    assert not torch.equal(again.distiller.adapters["0"].weight, torch.eye(32))


def test_a_search_goes_on_with_its_gates_hard(runs: Path) -> None:
    gates = {"macs": 0.6, "harden": 0.5, "rate": 1.0}
    first, again, loop = _stopped_and_resumed(runs, "search", gates=gates)
    assert bool(first.gated.hardened)
    loop.run()
    assert torch.equal(again.gated.logits, first.gated.logits) and not again.gated.logits.requires_grad
    net, _ = load_tuned(again.finish(loop).parent)
    assert macs(net.plan, (SIDE,) * 3)["total"] <= 0.6 * macs(PLAN, (SIDE,) * 3)["total"]


def test_the_same_seed_gives_the_same_weights(runs: Path) -> None:
    options = {"steps": 3, "quantization": {"weight": 0.01}, "topology": {"variant": "paper"}}
    first, stored, _ = _tune(runs, "once", **options)
    second, again, _ = _tune(runs, "twice", **options)
    assert _moved(first, second) == 0
    assert stored["scales"] == again["scales"]
    config = _config(**options) | {"seed": 2}
    tune(config, runs / "other", runs / "data", None, runs)
    assert _moved(first, load_tuned(runs / "other")[0]) > 0


# --- What is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["nothing", "data", "/nowhere/at/all"])
def test_an_unknown_start_is_refused(runs: Path, start: str) -> None:
    with pytest.raises(ValueError, match=f'start: "{start}" is no network of .* and no finished run in'):
        start_network(start, runs)


def test_starts_are_shipped_networks_and_runs_by_name_or_folder(runs: Path) -> None:
    shipped = next(entry["id"] for entry in list_models() if entry["task"] == "border")
    assert start_network(shipped).plan.full_width > 0
    for start in ("first", str(runs / "first")):
        net = start_network(start, runs)
        assert _moved(net, load_tuned(runs / "first")[0]) == 0
    deep = UNet(UNetPlan(3, (32, 32), (1, 1), (1,), full_width=16, deep_supervision=1))
    (runs / "deep").mkdir()
    save_tuned(runs / "deep", deep, None, {}, {})
    assert not len(start_network("deep", runs).extra_heads)


def test_a_run_of_train_volumes_is_a_start_but_no_unfinished_run_of_tune(runs: Path) -> None:
    net = UNet(PLAN).eval()
    for name, config in (("plain-border", {"task": "border", "net": PLAN.to_dict()}), ("half", {"start": "first"})):
        (runs / name).mkdir()
        progress = {"step": 3, "seconds": 1.0, "history": []}
        state = {"config": config, "average": net.state_dict(), "progress": progress}
        torch.save(state, runs / name / "checkpoint.pt")
    assert _moved(start_network("plain-border", runs), net) == 0
    with pytest.raises(ValueError, match='"half" is no network'):
        start_network("half", runs)


def test_a_file_of_an_earlier_version_keeps_its_rounding(tmp_path: Path) -> None:
    for limit, bits in ((63, 7), (7, 4)):
        state = {"plan": PLAN.to_dict(), "state": UNet(PLAN).state_dict(), "scales": None}
        torch.save(state | {"weight_limit": limit, "about": {}}, tmp_path / "tuned.pt")
        _, stored = load_tuned(tmp_path)
        assert stored["quantizer"] == {"weight_bits": bits}
        assert Quantizer.from_dict(stored["quantizer"]).weight_limit == limit


def test_gates_and_quantization_do_not_go_together(runs: Path) -> None:
    config = _config(gates={"macs": 0.5}, quantization={"weight": 0.01})
    with pytest.raises(ValueError, match="search by gates runs at full precision"):
        TuneTask(config, runs / "data", runs=runs)


def test_quantization_without_samples_is_refused(runs: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no samples"):
        TuneTask(_config(quantization={}), tmp_path / "none", runs=runs)


def test_a_configuration_names_its_start(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(yaml.safe_dump(_config()), encoding="utf-8")
    assert read_config(path, "start", "data")["start"] == "first"
    with pytest.raises(ValueError, match="net missing"):
        read_config(path, "net", "data")
    path.write_text(yaml.safe_dump({k: v for k, v in _config().items() if k != "start"}), encoding="utf-8")
    with pytest.raises(ValueError, match="start missing"):
        read_config(path, "start", "data")


# --- Samples of the task --------------------------------------------------------------------------------------------


def _rendered(shape: tuple[int, int, int], spacing: float) -> Rendered:
    """Two cubes, classes 3 and 20, with exact distances (mm) to them."""
    labels = np.zeros(shape, np.uint8)
    labels[6:14, 6:14, 4:12], labels[6:14, 6:14, 15:23] = 3, 20
    distances = []
    for number in (3, 20):
        inside = labels == number
        outer, inner = (ndimage.distance_transform_edt(mask) * spacing for mask in (~inside, inside))
        distances.append(np.where(inside, -inner, outer))
    depth, second = (torch.from_numpy(d.astype(np.float32)) for d in np.sort(distances, axis=0))
    other = torch.zeros(shape)
    none = other.to(torch.uint8)
    return Rendered(other, torch.from_numpy(labels), depth, second, none, other, none, none)


@pytest.mark.parametrize("shape", [(20, 20, 60), (21, 19, 61)])
def test_cells_are_teeth_and_the_nearest_tooth_around_them(shape: tuple[int, int, int]) -> None:
    drawn = _rendered(shape, 0.5)
    target = topology_target(drawn)
    assert target.shape == (2, *shape) and target.dtype == torch.uint8
    assert torch.equal(target[0], border_target(drawn))
    labels, cells, depth = drawn.labels.numpy(), target[1].numpy(), drawn.depth.numpy()
    np.testing.assert_array_equal(cells[labels > 0], labels[labels > 0])
    assert not cells[depth >= CELL_MM].any() and (depth >= CELL_MM).any()
    near = (labels == 0) & (depth < CELL_MM)
    assert set(np.unique(cells[near])) == {3, 20}
    gap = drawn.second.numpy() - depth
    clear = near & (gap > 2.0)  # mm: looked up on every second voxel
    places = ndimage.distance_transform_edt(labels == 0, return_distances=False, return_indices=True)
    np.testing.assert_array_equal(cells[clear], labels[tuple(places)][clear])
    assert clear.sum() > 1000
    core = (target[0] & 3) == 1
    np.testing.assert_array_equal(core.numpy(), depth < -CORE_DEPTH_MM)


def test_without_teeth_there_are_no_cells() -> None:
    far = torch.full((8, 8, 8), 9.0)
    none = torch.zeros(8, 8, 8, dtype=torch.uint8)
    assert not topology_target(Rendered(far, none, far, far, none, far, none, none)).any()


def test_both_channels_are_cropped_padded_and_flipped_alike() -> None:
    image, target = _balls()
    coded = np.stack([target[0], (np.indices(image.shape).sum(0) % 200).astype(np.uint8)])
    plan = DataPlan("topology", (16, 40, 16), flip_axes=(0, 1, 2), noise=0.0, foreground=1.0)
    patch, labels = crop(image, coded, plan, np.random.default_rng(3), vary=False)
    assert patch.shape == (16, 40, 16) and labels.shape == (2, 16, 40, 16)
    assert (labels[:, :, SIDE:] == IGNORE).all()
    assert ((labels[0, :, :SIDE] > 0) & (labels[0, :, :SIDE] != IGNORE)).any()
    places = [
        (slice(z, z + 16), slice(None), slice(x, x + 16))
        for z in range(17)
        for x in range(17)
        if np.array_equal(coded[:, z : z + 16, :, x : x + 16], labels[:, :, :SIDE])
    ]
    (window,) = places  # one place of the sample for both channels, and for the image
    np.testing.assert_allclose(patch[:, :SIDE], normalise(image[window], image), atol=1e-5)
    still = replace(plan, scale=(1.0, 1.0), shift=0.0, gamma=(1.0, 1.0))
    seen = set()
    for seed in range(12):
        flipped, turned = augment(patch, labels, still, np.random.default_rng(seed))
        match = [
            axes
            for axes in ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))
            if np.allclose(np.flip(patch, axes), flipped, atol=1e-4)
        ]
        assert len(match) == 1
        np.testing.assert_array_equal(turned, np.flip(labels, [axis + 1 for axis in match[0]]))
        seen.add(match[0])
    assert len(seen) > 2


@pytest.mark.parametrize(("samples", "seen"), [(2, 2), (0, 5)])
def test_only_the_first_samples_are_used(tmp_path: Path, samples: int, seen: int) -> None:
    for number in range(5):
        image, target = _balls()
        target[1] = number + 1
        np.save(tmp_path / f"{number}_target.npy", target)
        np.save(tmp_path / f"{number}_image.npy", image)
    buffer = Buffer(tmp_path, DataPlan("topology", (SIDE,) * 3, samples=samples), 4, seed=0)
    try:
        batches = [buffer.next() for _ in range(10)]
    finally:
        buffer.close()
    assert batches[0][0].shape == (4, 1, SIDE, SIDE, SIDE) and batches[0][1].shape == (4, 2, SIDE, SIDE, SIDE)
    assert set(np.unique([y[:, 1] for _, y in batches])) == set(range(1, seen + 1))


def test_a_model_file_becomes_a_run_to_train_on_from(tmp_path: Path) -> None:
    """restore-network: the checkpoint gives what the file gives."""
    file = next(MODELS.glob("numbering-*.int8.onnx"))
    restore.main([str(file), str(tmp_path / "run")])
    state = load_checkpoint(tmp_path / "run")
    plan = UNetPlan.from_dict(state["config"]["net"])
    assert plan.deep_supervision == 0
    net = UNet(plan).eval()
    net.load_state_dict(state["average"])
    image = torch.rand(1, 1, 32, 32, 32, generator=torch.Generator().manual_seed(0)) * 4 - 1
    with torch.no_grad():
        torch.testing.assert_close(net(image)[0], start_network(file.name.split(".")[0]).eval()(image)[0])
