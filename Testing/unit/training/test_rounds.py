"""The plan of a training in rounds, and which round comes next."""

from __future__ import annotations

import itertools
import signal
from pathlib import Path

import pytest
import yaml

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")

from DentalTopoSegLib.errors import InputError  # noqa: E402
from training.loop import CHECKPOINT, Progress, load_checkpoint, save_whole  # noqa: E402
from training.volumes import train_cbct  # noqa: E402
from training.volumes.rounds import Plan, SamplePlan, read_plan  # noqa: E402
from training.volumes.train_cbct import (  # noqa: E402
    Places,
    first_round,
    hand_on,
    next_number,
    shares,
    start_samplers,
    start_weights,
    tidy,
)
from training.volumes.weights import RESULT, read_result, write_result  # noqa: E402

CONFIGS = Path(__file__).resolve().parents[3] / "training" / "configs"
NET = {"classes": 33, "widths": [32, 32], "encoder_convs": [1, 1], "decoder_convs": [1], "deep_supervision": 0}
PLAN = {
    "seed": 5,
    "networks": {"numbering": {"config": "net.yaml", "training": {"batch": 2}, "data": {"foreground": 0.1}}},
    "samples": {"keep": 9, "ready": 2, "without": ["disease"]},
    "rounds": [{"minutes": 1, "lr": 1e-3}, {"minutes": 2, "lr": 1e-4}],
}


def write_plan(folder: Path, **changes) -> Path:
    net = {"task": "numbering", "seed": 3, "net": NET, "data": {"patch": [32, 32, 32]}, "training": {"minutes": 5}}
    (folder / "net.yaml").write_text(yaml.safe_dump(net))
    (folder / "plan.yaml").write_text(yaml.safe_dump(PLAN | changes))
    return folder / "plan.yaml"


def test_rounds_change_the_configuration_they_name(tmp_path: Path) -> None:
    plan = read_plan(write_plan(tmp_path))
    first, second = plan.config("numbering", 1), plan.config("numbering", 2)
    assert first["training"] == {"minutes": 1, "lr": 1e-3, "batch": 2}
    assert second["training"] == {"minutes": 2, "lr": 1e-4, "batch": 2}
    assert first["data"] == {"patch": [32, 32, 32], "foreground": 0.1}
    assert first["seed"] == 3 != second["seed"]
    assert plan.sample_seed(1) == 5 != plan.sample_seed(2)
    assert plan.with_minutes(7).config("numbering", 2)["training"]["minutes"] == 7


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rounds": []}, "at least|at one"),
        ({"rounds": [{"minutes": 1, "speed": 2}]}, "speed"),
        ({"rounds": [{"minutes": 0}]}, "above 0"),
        ({"networks": {"border": {"config": "net.yaml"}}}, "trains numbering"),
        ({"networks": {"numbering": {"config": "absent.yaml"}}}, "absent.yaml"),
        ({"networks": {"numbering": {"config": "net.yaml", "net": {}}}}, "net cannot be changed"),
        ({"samples": {"speed": 1}}, "speed"),
        ({"samples": {"ready": 10, "keep": 9}}, "ready"),
        ({"samples": {"without": ["teeth"]}}, "teeth"),
        ({"speed": 1}, "speed"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(tmp_path: Path, changes: dict, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        read_plan(write_plan(tmp_path, **changes))
    assert str(refused.value).startswith(str(tmp_path / "plan.yaml"))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", ["cbct", "cbct_finetune"])
def test_our_plans_train_both_networks(name: str) -> None:
    plan = read_plan(CONFIGS / f"{name}.yaml")
    assert set(plan.networks) == {"numbering", "border"}


def test_every_network_has_its_share_of_the_processes(tmp_path: Path) -> None:
    plan = Plan("p", 1, {"numbering": {}, "border": {}}, ({},), SamplePlan(processes=5))
    assert shares(plan) == {"numbering": 3, "border": 2}
    plan = Plan("p", 1, {"numbering": {}, "border": {}}, ({},), SamplePlan(processes=1))
    assert shares(plan) == {"numbering": 1, "border": 1}


class Recorded:
    """In place of `Children`: what would be started."""

    def __init__(self) -> None:
        self.started: list[tuple[list[str], bool]] = []

    def start(self, name, command, endless=False, nice=0, environment=None) -> None:
        self.started.append(([str(word) for word in command], endless))

    def numbers(self) -> list[range]:
        """The samples that every process draws."""
        found = []
        for words, _ in self.started:
            told = dict(itertools.pairwise(words))
            first, stride = int(told["--first"]), int(told["--stride"])
            found.append(range(first, first + stride * int(told.get("--count", 10)), stride))
        return found


def _sample(folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}_image.npy").touch()
    (folder / f"{name}_target.npy").touch()


def _plan(**samples) -> Plan:
    return Plan("toy", 5, {"border": {}}, ({"lr": 1}, {"lr": 2}), SamplePlan(**samples))


def test_processes_draw_different_samples_and_go_on_after_the_last(tmp_path: Path) -> None:
    places, children = Places(tmp_path), Recorded()
    for name in ("005_000007", "005_000009", "004_000100"):
        _sample(places.samples("border"), name)
    start_samplers(children, _plan(processes=3), tmp_path, places, 1, {})
    numbers = [n for process in children.numbers() for n in process]
    assert min(numbers) == 10
    assert len(set(numbers)) == len(numbers) == 30
    assert all(endless for _, endless in children.started)


@pytest.mark.parametrize(("there", "drawn"), [(range(0), range(5)), ([0, 1, 3], range(5)), (range(5), range(0))])
def test_validation_samples_are_drawn_once_and_whole(tmp_path: Path, there, drawn) -> None:
    places, children = Places(tmp_path), Recorded()
    places.validation("border").mkdir(parents=True)
    for number in there:
        _sample(places.validation("border"), f"777_{number:06d}")
    start_samplers(children, _plan(processes=2, validation=5), tmp_path, places, None, {})
    assert sorted(n for process in children.numbers() for n in process) == list(drawn)
    assert not any(endless for _, endless in children.started)


def test_halves_of_samples_are_taken_away(tmp_path: Path) -> None:
    _sample(tmp_path, "005_000001")
    (tmp_path / "005_000002_target.npy").touch()
    (tmp_path / ".005_000003_image.tmp").touch()
    tidy(tmp_path)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["005_000001_image.npy", "005_000001_target.npy"]
    assert next_number(tmp_path, 5) == 2
    assert next_number(tmp_path, 6) == 0


def _trained(plan: Plan, places: Places, number: int) -> None:
    """A run of a round as the training leaves it."""
    progress = Progress(4, 30.0, 60.0, [{"step": 4, "loss": 0.5, "core": float("nan")}])
    state = {"config": {}, "progress": vars(progress), "average": {"w": torch.full((3,), float(number))}, "net": {}}
    for name in plan.networks:
        (places.round(number) / name).mkdir(parents=True)
        save_whole(state, places.round(number) / name / CHECKPOINT)


def test_rounds_follow_each_other_on_any_machine(tmp_path: Path) -> None:
    plan = Plan("toy", 5, {"border": {"training": {}}}, ({"lr": 1.0}, {"lr": 0.5}), SamplePlan())
    here, there = Places(tmp_path / "here"), Places(tmp_path / "there")
    assert first_round(plan, here, None, None) == (1, None)
    _trained(plan, here, 1)
    handed = hand_on(plan, here, 1, {}, 0.0)
    border = read_result(handed)["networks"]["border"]
    assert border["validation"] == {"step": 4, "loss": 0.5, "core": None}
    assert (border["steps"], border["minutes"], border["config"]["training"]) == (4, 0.5, {"lr": 1.0})
    assert read_result(handed)["machine"]["cores"] >= 1
    assert first_round(plan, here, None, None) == (2, handed)
    # elsewhere
    assert first_round(plan, there, handed, None) == (2, handed)
    start = start_weights(plan, there, handed, 2)["border"]
    assert torch.equal(load_checkpoint(start.parent)["average"]["w"], torch.full((3,), 1.0))
    with pytest.raises(InputError, match="which is not here"):
        first_round(plan, there, None, 2)
    # weights of another plan are a start, not a round of this one
    other = Plan("other", 5, plan.networks, plan.rounds, SamplePlan())
    assert first_round(other, there, handed, None) == (1, handed)
    _trained(plan, here, 2)
    hand_on(plan, here, 2, {}, 0.0)
    with pytest.raises(InputError, match="rounds of toy are done"):
        first_round(plan, here, None, None)


def test_weights_that_are_not_there_are_refused(tmp_path: Path) -> None:
    plan = _plan()
    assert start_weights(plan, Places(tmp_path), None, 1) == {}
    with pytest.raises(InputError, match="no weights of border"):
        start_weights(plan, Places(tmp_path), tmp_path, 1)
    (tmp_path / "border-gpu.pt").touch()
    assert start_weights(plan, Places(tmp_path), tmp_path, 1) == {"border": (tmp_path / "border-gpu.pt").resolve()}


def test_a_run_in_use_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from DentalTopoSegLib.files.locks import lock_folder

    lock, before = lock_folder(tmp_path), signal.getsignal(signal.SIGTERM)
    assert lock is not None
    try:
        code = train_cbct.main([str(write_plan(tmp_path)), str(tmp_path), "--run", str(tmp_path)])
    finally:
        lock.release()
    assert code == InputError.exit_code
    assert signal.getsignal(signal.SIGTERM) is before
    assert "in use by another training" in capsys.readouterr().err


def test_a_result_is_written_whole(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_result(tmp_path, {"loss": float("nan")})
    assert not (tmp_path / RESULT).exists()
