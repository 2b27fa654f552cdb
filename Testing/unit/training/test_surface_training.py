"""The networks for jaws on the one training loop, on a toy jaw: each learns, stops, goes on and is loaded again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from toy_jaws import toy_jaw

torch = pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from DentalTopoSegLib.ios import orienting  # noqa: E402
from training.loop import Task, read_config, read_log, run_to_end  # noqa: E402
from training.surfaces.jaws import Jaw, class_of, sample  # noqa: E402
from training.surfaces.made_crowns import take_bumps, take_crowns  # noqa: E402
from training.surfaces.poses import Clouds, make_pack  # noqa: E402
from training.surfaces.train_crowns import CrownsTask  # noqa: E402
from training.surfaces.train_labels import LabelsTask, main  # noqa: E402
from training.surfaces.train_orientation import OrientationTask, load_net  # noqa: E402

CONFIGS = Path(__file__).resolve().parents[3] / "training" / "configs"


@pytest.fixture(scope="module")
def jaw() -> Jaw:
    toy = toy_jaw("lower")
    vertices = toy.vertices - toy.vertices[toy.faces].mean((0, 1))
    return Jaw("007_lower", False, vertices, toy.faces.astype(np.int64), class_of(toy.face_fdi))


@pytest.fixture(scope="module")
def cache(jaw: Jaw, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two variants of the jaw, as `training.surfaces.jaws` writes them."""
    folder = tmp_path_factory.mktemp("cache")
    for number in range(2):
        np.savez(folder / f"{jaw.name}_{number:02d}.npz", **sample(jaw, np.random.default_rng(number), 2.0))
    return folder


@pytest.fixture(scope="module")
def scans(jaw: Jaw, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The jaw in the axes of the data pack: of a lower jaw +x anterior, +y superior, +z right."""
    folder = tmp_path_factory.mktemp("ios")
    x, y, z = jaw.vertices.T
    fdi = np.where(jaw.classes == 0, 0, np.where(jaw.classes <= 8, 40 + jaw.classes, 22 + jaw.classes))
    np.savez(folder / f"{jaw.name}.npz", vertices=np.stack([y, z, x], 1), faces=jaw.faces, face_fdi=fdi)
    return folder


def _config(name: str, **training) -> dict:
    config = read_config(CONFIGS / f"{name}.yaml", "net")
    config["training"] |= {"steps": 4, "log_every": 1, "warmup_steps": 1, "validate_every": 2} | training
    return config


def _stop_and_go_on(make, config: dict, folder: Path) -> Task:
    """Run two of four steps, then the rest with a new task, and as a whole beside it; the two must agree."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    task = make(config)
    draw, left = task.next_batch, [1, 1]

    def stopping():
        left.pop()  # IndexError at the third
        return draw()

    task.next_batch = stopping
    with pytest.raises(IndexError):
        run_to_end(task, folder / "parts")
    parts, whole = run_to_end(make(config), folder / "parts"), run_to_end(make(config), folder / "whole")
    torch.set_num_threads(before)
    for name, value in whole.average.state_dict().items():
        assert torch.equal(parts.average.state_dict()[name], value), name
    assert [row["step"] for row in read_log(folder / "parts")] == [1, 2, 3, 4]
    assert [row["step"] for row in parts.progress.history] == [2, 4]
    return parts.task


def test_the_surface_network_trains_on_clouds(cache: Path, tmp_path: Path) -> None:
    config = _config("surface")
    config["net"] |= {"widths": [16, 16, 32, 32, 32], "encoder": [0, 0, 1, 1, 1], "decoder": [0, 0, 0, 1]}
    config["loss"]["queries"] = 200
    variants = sorted(cache.iterdir())
    _stop_and_go_on(lambda c: LabelsTask(c, variants, variants[:1]), config, tmp_path)
    row, seen = read_log(tmp_path / "whole")[-1], read_log(tmp_path / "whole", "validation")[-1]
    assert row["loss"] == pytest.approx(row["ce"] + row["dice"] + row["offset"])
    assert 0 <= seen["worst"] <= seen["dice"] <= 1 and 0 <= seen["accuracy"] <= 1


def test_the_surface_network_starts_from_given_weights_unless_they_have_seen_the_held_out(
    cache: Path, scans: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "")  # so that the command does not start the process again
    config = _config("surface", steps=1, warmup_steps=1000)
    config["net"] |= {"widths": [16, 16, 32, 32, 32], "encoder": [0, 0, 1, 1, 1], "decoder": [0, 0, 0, 1]}
    config["loss"]["queries"] = 200
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump(config))
    weights = LabelsTask(config | {"seed": 99}, sorted(cache.iterdir())).net.state_dict()
    torch.save({"config": {"people": ["008"]}, "average": weights}, tmp_path / "start.pt")
    words = [str(tmp_path / "toy.yaml"), "--data", str(scans), "--cache", str(cache), "--runs", str(tmp_path / "runs")]
    main([*words, "--init", str(tmp_path / "start.pt"), "--people", "1"])
    trained = torch.load(tmp_path / "runs" / "toy" / "checkpoint.pt", weights_only=True)["net"]
    assert all(torch.allclose(trained[name], value, atol=1e-4) for name, value in weights.items())
    torch.save({"config": {"people": ["007"]}, "average": weights}, tmp_path / "seen.pt")
    with pytest.raises(SystemExit):  # the only person is in the first fold
        main([*words, "--init", str(tmp_path / "seen.pt"), "--fold", "0"])
    assert "has seen 007" in capsys.readouterr().err
    assert not (tmp_path / "runs" / "toy_fold0").exists()


def test_the_crown_network_trains_on_rows(jaw: Jaw, tmp_path: Path) -> None:
    config = _config("crowns", batch=3)
    config["net"] |= {"width": 32, "blocks": 1}
    rows = [take_bumps(jaw, take_crowns(jaw))]
    task = _stop_and_go_on(lambda c: CrownsTask(c, rows, rows), config, tmp_path)
    (group,) = task.parameter_groups()
    assert group["weight_decay"] == config["training"]["weight_decay"]
    assert 0 <= read_log(tmp_path / "whole", "validation")[-1]["accuracy"] <= 1


def test_the_orientation_network_trains_on_posed_clouds(scans: Path, tmp_path: Path) -> None:
    config = _config("orientation", batch=4) | {"pack": {"unchanged": 1, "disturbed": 2}, "fold": None}
    config["net"] |= {"width": 16, "blocks": 1, "heads": 2}
    make_pack(scans, tmp_path / "pack.npz", config, processes=1)
    clouds = Clouds(tmp_path / "pack.npz", scans, None, held=False)
    assert clouds.kind.tolist() == ["unchanged", "disturbed", "disturbed"]
    assert clouds.points.shape == (3, orienting.POINTS, 3)
    _stop_and_go_on(lambda c: OrientationTask(c, clouds, clouds), config, tmp_path)
    row = read_log(tmp_path / "whole")[-1]
    assert row["loss"] == pytest.approx(row["distance"] + 0.5 * row["jaw"], rel=1e-5)
    net, state = load_net(tmp_path / "whole")
    assert not net.training and state["config"]["fold"] is None
    axes, logit = net(clouds.batch(2, config["augment"], np.random.default_rng(0))[0])
    assert axes.shape == (2, 6) and logit.shape == (2,)
