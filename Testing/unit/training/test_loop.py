"""The training loop, on a task of a few numbers. Skipped without torch."""

from __future__ import annotations

import argparse
import json
import math
import time
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")

from training import loop as loops  # noqa: E402
from training.loop import (  # noqa: E402
    LAST_RATE,
    Loop,
    Settings,
    Task,
    load_checkpoint,
    mean_measures,
    read_log,
    run_to_end,
    save_whole,
)

TRUTH = torch.tensor([[1.0], [-2.0], [0.5]])


class LineTask(Task):
    """Three weights and a bias, with dropout, and a buffer of each kind; batches from its own generator."""

    def __init__(
        self, held: bool = True, pause: float = 0.0, broken_at: int = -1, stopped_at: int = -1, **training
    ) -> None:
        self.held, self.pause, self.broken_at, self.stopped_at = held, pause, broken_at, stopped_at
        self.step = 0
        self.rng = np.random.default_rng(5)
        self.opened: list[int] = []
        self.closed = 0
        section = {"steps": 8, "lr": 0.05, "warmup_steps": 2, "log_every": 2, "validate_every": 4} | training
        super().__init__({"task": "line", "seed": 3, "training": section})

    def build(self) -> torch.nn.Module:
        net = torch.nn.Sequential(torch.nn.Dropout(0.2), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 1))
        net.register_buffer("seen", torch.tensor(0))
        return net

    def generators(self) -> list[np.random.Generator]:
        return [self.rng]

    def open(self, step: int) -> None:
        self.opened.append(step)
        self.step = step

    def close(self) -> None:
        self.closed += 1

    def next_batch(self) -> torch.Tensor:
        if self.step == self.stopped_at:
            raise KeyboardInterrupt
        self.step += 1
        time.sleep(self.pause)
        return torch.from_numpy(self.rng.normal(size=(16, 3)).astype(np.float32))

    def loss(self, batch: torch.Tensor, loop: Loop) -> tuple[torch.Tensor, dict[str, float]]:
        self.net.seen += 1
        loss = (self.net(batch) - batch @ TRUTH).square().mean()
        if loop.progress.step == self.broken_at:
            loss = loss * math.nan
        return loss, {"half": float(loss.detach()) / 2}

    def validate(self, net: torch.nn.Module) -> dict[str, float] | None:
        assert not net.training and not torch.is_grad_enabled()
        return {"weight": float(net[2].weight.abs().sum())} if self.held else None


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# --- Checkpoints ---


@pytest.mark.parametrize("stop", [1, 4, 7])
def test_a_resumed_run_equals_one_that_was_never_stopped(tmp_path: Path, stop: int) -> None:
    whole = run_to_end(LineTask(), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run_to_end(LineTask(stopped_at=stop), tmp_path / "parts")
    assert load_checkpoint(tmp_path / "parts")["progress"]["step"] == stop
    torch.manual_seed(99)
    parts = run_to_end(LineTask(), tmp_path / "parts")
    assert parts.task.opened == [stop] and parts.task.closed == 1
    assert parts.progress.step == whole.progress.step == 8
    for ours, theirs in ((parts.average, whole.average), (parts.task.net, whole.task.net)):
        for name, value in theirs.state_dict().items():
            assert torch.equal(ours.state_dict()[name], value), name
    assert read_log(tmp_path / "parts", "validation")[-1]["weight"] == whole.progress.history[-1]["weight"]


def test_a_fresh_run_takes_nothing_from_the_checkpoint_and_an_init_only_weights(tmp_path: Path) -> None:
    first = run_to_end(LineTask(), tmp_path / "run")
    again = run_to_end(LineTask(), tmp_path / "run", fresh=True)
    assert again.task.opened == [0]
    assert torch.equal(again.average[2].weight, first.average[2].weight)
    other = Loop(LineTask(), tmp_path / "other")
    other.start_from(first.checkpoint)
    assert other.progress.step == 0
    assert torch.equal(other.task.net[2].weight, first.average[2].weight)
    assert torch.equal(other.average[2].weight, first.average[2].weight)


class OtherTask(LineTask):
    """The same BatchNorm, another head."""

    def build(self) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Dropout(0.2), torch.nn.BatchNorm1d(3), torch.nn.Linear(3, 2))


def test_layers_alike_are_borrowed_from_another_network(tmp_path: Path) -> None:
    first = Loop(LineTask(), tmp_path / "first")
    first.run()
    other = Loop(OtherTask(), tmp_path / "other")
    head = other.average.state_dict()["2.weight"].clone()
    other.borrow_from(first.checkpoint)
    for net in (other.task.net, other.average):
        torch.testing.assert_close(net.state_dict()["1.weight"], first.average.state_dict()["1.weight"])
        torch.testing.assert_close(net.state_dict()["1.running_mean"], first.average.state_dict()["1.running_mean"])
    torch.testing.assert_close(other.average.state_dict()["2.weight"], head)
    stranger = tmp_path / "stranger.pt"
    save_whole({"average": {"else.weight": torch.zeros(3)}}, stranger)
    with pytest.raises(ValueError, match="no layer like"):
        other.borrow_from(stranger)


def test_averaged_weights_alone_are_no_run_to_resume(tmp_path: Path) -> None:
    loop = run_to_end(LineTask(), tmp_path)
    state = load_checkpoint(tmp_path)
    save_whole({name: state[name] for name in ("config", "average", "progress")}, loop.checkpoint)
    with pytest.raises(ValueError, match=r"cannot be resumed, it has no generators, net, .*--init"):
        Loop(LineTask(), tmp_path).resume()


def test_a_finished_run_draws_no_more(tmp_path: Path) -> None:
    run_to_end(LineTask(), tmp_path)
    again = run_to_end(LineTask(stopped_at=8), tmp_path)  # would stop at the next batch
    assert again.progress.step == 8
    assert [row["step"] for row in read_log(tmp_path, "validation")] == [4, 8]


def test_the_configuration_and_not_the_checkpoint_says_how_fast_and_how_long(tmp_path: Path) -> None:
    run_to_end(LineTask(steps=4), tmp_path)
    more = run_to_end(LineTask(steps=8, lr=0.01, log_every=1, held=False), tmp_path)
    rates = [row["lr"] for row in read_log(tmp_path)]
    assert more.progress.step == 8
    assert rates[-4:] == pytest.approx([0.01 * falling(step / 8) for step in range(4, 8)])


def test_a_save_that_is_killed_leaves_the_checkpoint_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = run_to_end(LineTask(), tmp_path)
    before = loop.checkpoint.read_bytes()
    write = torch.save

    def killed(state: dict, path: Path) -> None:
        write(state, path)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", killed)
    loop.progress.step = 100
    with pytest.raises(KeyboardInterrupt):
        loop.save()
    assert loop.checkpoint.read_bytes() == before
    monkeypatch.undo()
    loop.save()
    assert load_checkpoint(tmp_path)["progress"]["step"] == 100
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.pt", "log.jsonl"]


def test_a_loss_that_is_not_finite_stops_the_run_and_spares_the_weights(tmp_path: Path) -> None:
    task = LineTask(broken_at=5)
    with pytest.raises(FloatingPointError, match="became nan at step 5; lower the rate"):
        run_to_end(task, tmp_path)
    state = load_checkpoint(tmp_path)
    assert state["progress"]["step"] == 5 and task.closed == 1
    assert all(torch.isfinite(value).all() for value in state["net"].values())


@pytest.mark.parametrize(
    ("given", "saved"), [({"save_every": 3}, [3, 6, 8]), ({"save_minutes": 0.0}, [*range(1, 9), 8])]
)
def test_checkpoints_are_written_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: dict, saved: list[int]
) -> None:
    steps = []
    monkeypatch.setattr(loops, "save_whole", lambda state, path: steps.append(state["progress"]["step"]))
    run_to_end(LineTask(**given), tmp_path)
    assert steps == saved


# --- Budget and rate ---


def falling(fraction: float) -> float:
    return LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * fraction))


def test_a_budget_of_steps_is_annealed_to_its_end(tmp_path: Path) -> None:
    run_to_end(LineTask(log_every=1, warmup_steps=3), tmp_path)
    expected = [0.05 * min(1, (step + 1) / 3) * falling(step / 8) for step in range(8)]
    assert [row["lr"] for row in read_log(tmp_path)] == pytest.approx(expected)


def test_a_budget_of_minutes_is_annealed_to_its_end(tmp_path: Path) -> None:
    minutes = 0.4 / 60
    loop = run_to_end(LineTask(steps=None, minutes=minutes, pause=0.01, log_every=1, warmup_steps=1), tmp_path)
    rows = read_log(tmp_path)
    rates = [row["lr"] for row in rows]
    assert loop.fraction() == 1.0 and loop.progress.step == len(rows) > 3
    assert 0.4 <= loop.progress.seconds < 2.0
    assert rates == sorted(rates, reverse=True)
    # each step ran at the rate of the time that was left before it, up to the last one
    left = [1.0, *(row["minutes_left"] / minutes for row in rows[:-1])]
    assert rates == pytest.approx([0.05 * falling(1 - share) for share in left], rel=0.05)
    assert rows[-1]["minutes_left"] < 0.02 / 60  # the time may run out while the last row is written
    assert left[-1] < 0.5


def test_whichever_ends_first_ends_the_run(tmp_path: Path) -> None:
    loop = Loop(LineTask(steps=8, minutes=1.0), tmp_path)
    loop.progress.step, loop.progress.seconds = 2, 45.0
    assert loop.fraction() == 0.75
    loop.progress.step = 7
    assert loop.fraction() == 7 / 8
    loop.progress.seconds = 61.0
    assert loop.fraction() == 1.0


def test_waiting_for_the_first_batch_costs_no_budget(tmp_path: Path) -> None:
    loop = run_to_end(LineTask(steps=1, pause=0.3), tmp_path)
    assert loop.progress.seconds < 0.25


def test_groups_keep_the_ratio_of_their_rates_and_only_matrices_decay(tmp_path: Path) -> None:
    class TwoRates(LineTask):
        def parameter_groups(self) -> list[dict]:
            first, second = super().parameter_groups()
            return [first, second | {"lr": 0.5}]

    loop = run_to_end(TwoRates(weight_decay=0.1), tmp_path)
    slow, fast = loop.optimiser.param_groups
    assert fast["lr"] == pytest.approx(10 * slow["lr"])
    assert [p.ndim for p in slow["params"]] == [2] and [p.ndim for p in fast["params"]] == [1, 1, 1]
    assert (slow["weight_decay"], fast["weight_decay"]) == (0.1, 0.0)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"steps": None}, "give steps or minutes"),
        ({"steps": 0}, "must be above 0"),
        ({"minutes": 0.0}, "must be above 0"),
        ({"leraning_rate": 1}, "leraning_rate: not known to the task line"),
    ],
)
def test_settings_without_budget_or_with_unknown_keys_are_refused(section: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LineTask(**section)


# --- Average ---


def test_averaged_weights_follow_the_network_ever_more_slowly(tmp_path: Path) -> None:
    loop = Loop(LineTask(ema=0.3), tmp_path)
    expected = loop.task.net[2].weight.detach().clone()
    mean = loop.task.net[1].running_mean.clone()
    assert torch.equal(loop.average[2].weight, expected)
    loop.task.net.train()
    for step in range(6):
        loop.step(loop.task.next_batch())
        decay = min(0.3, (step + 1) / (step + 10))
        expected = torch.lerp(expected, loop.task.net[2].weight.detach(), 1 - decay)
        mean = torch.lerp(mean, loop.task.net[1].running_mean, 1 - decay)
        torch.testing.assert_close(loop.average[2].weight, expected)
        torch.testing.assert_close(loop.average[1].running_mean, mean)
        assert int(loop.average.seen) == step + 1  # whole numbers are no averages
    assert not loop.average.training


# --- Log ---


def test_the_log_tells_means_at_full_precision(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run_to_end(LineTask(), tmp_path)
    rows = read_log(tmp_path)
    assert [row["step"] for row in rows] == [2, 4, 6, 8]
    for row in rows:
        assert row["half"] == pytest.approx(row["loss"] / 2, rel=1e-12)
        assert {"lr", "steps_per_second", "minutes_left", "time", "kind"} < set(row)
    assert [row["step"] for row in read_log(tmp_path, "validation")] == [4, 8]
    assert "done: step 8" in read_log(tmp_path, "message")[-1]["text"]
    printed = capsys.readouterr().out
    assert f"step 8 loss {rows[-1]['loss']:.4g} half" in printed and "validation 8 weight" in printed


def test_steps_made_again_count_once_and_what_is_not_finite_is_null(tmp_path: Path) -> None:
    loop = Loop(LineTask(), tmp_path)
    for step, loss in ((2, 1.0), (4, 2.0), (6, math.nan), (4, 3e-7)):
        loop.progress.step, loop.progress.seconds = step, float(step)
        loop._log_step([{"loss": loss}], 1.0)
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["loss"] for line in lines] == [1.0, 2.0, None, 3e-7]
    assert [(row["step"], row["loss"]) for row in read_log(tmp_path)] == [(2, 1.0), (4, 3e-7)]


def test_means_are_over_what_was_measured() -> None:
    rows = [{"a": 1.0, "b": math.nan}, {"a": 3.0, "c": 5.0}]
    means = mean_measures(rows)
    assert (means["a"], means["c"]) == (2.0, 5.0) and math.isnan(means["b"])


def test_nothing_held_out_is_not_validated_and_nothing_there_yet_is_said(tmp_path: Path) -> None:
    run_to_end(LineTask(held=False), tmp_path / "none")
    assert not read_log(tmp_path / "none", "validation")

    class Empty(LineTask):
        def validate(self, net: torch.nn.Module) -> dict[str, float]:
            return {}

    loop = run_to_end(Empty(), tmp_path / "empty")
    assert loop.progress.history == []
    assert "validation: no samples yet" in [row["text"] for row in read_log(tmp_path / "empty", "message")]


# --- Commands ---


def test_arguments_change_the_configuration_and_name_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLIBC_TUNABLES", "")  # else the process would be started again
    file = tmp_path / "line.yaml"
    file.write_text(yaml.safe_dump({"task": "line", "net": {}, "training": {"steps": 5}}), encoding="utf-8")
    parser = argparse.ArgumentParser()
    parser.add_argument("config", type=Path)
    loops.add_run_arguments(parser, threads=1)
    asked = [str(file), "--runs", str(tmp_path), "--minutes", "2.5"]
    config, folder = loops.start_command(parser.parse_args(asked), "net")
    assert config["training"] == {"steps": 5, "minutes": 2.5} and folder == tmp_path / "line"
    parser.add_argument("--fold", type=int)
    config, folder = loops.start_command(parser.parse_args([*asked, "--fold", "3", "--steps", "7"]), "net")
    assert (config["training"]["steps"], config["fold"], folder.name) == (7, 3, "line_fold3")
    assert loops.start_command(parser.parse_args([*asked, "--name", "x"]), "net")[1] == tmp_path / "x"
    with pytest.raises(ValueError, match=r"line.yaml: section\(s\) data missing"):
        loops.start_command(parser.parse_args(asked), "net", "data")


def test_memory_is_kept_by_starting_the_same_command_again(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    monkeypatch.setattr(loops.os, "execve", lambda program, words, around: started.append((words, around)))
    monkeypatch.setattr(loops.sys, "platform", "linux")
    monkeypatch.setattr(loops.sys, "orig_argv", ["python", "-m", "training", "train", "x.yaml"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setenv("GLIBC_TUNABLES", "mine")
    loops.keep_memory()
    assert started == []
    monkeypatch.delenv("GLIBC_TUNABLES")
    loops.keep_memory()
    assert [words[1:] for words, _ in started] == [["-m", "training", "train", "x.yaml"]]
    assert started[0][1] == {**loops.os.environ, "GLIBC_TUNABLES": loops.MALLOC}


def configurations() -> dict[str, dict]:
    """Every shipped configuration by its name: files of one network, and those of several, by section."""
    found = {}
    for file in sorted((Path(loops.__file__).parent / "configs").glob("*.yaml")):
        content = yaml.safe_load(file.read_text("utf-8"))
        if "rounds" in content or content.get("task") == "contrastive-table" or "retraining" in content:
            continue  # plans of several trainings: see `test_rounds`, `test_contrastive_table`, `test_pseudo_labels`
        if "task" in content:
            found[file.stem] = loops.read_config(file)
        else:
            found |= {f"{file.stem} {name}": section for name, section in content.items() if "training" in section}
    return found


CONFIGS = configurations()


@pytest.mark.parametrize("name", CONFIGS)
def test_every_configuration_has_settings_that_its_task_knows(name: str) -> None:
    from training.contrastive.pretrain import PretrainSettings
    from training.surfaces.train_orientation import OrientationSettings
    from training.volumes.train import VolumeSettings

    config = CONFIGS[name]
    kinds = {"orientation": OrientationSettings, "surface": Settings, "crowns": Settings}
    kinds |= {"contrastive": PretrainSettings, "swin": PretrainSettings}
    settings = kinds.get(config["task"], VolumeSettings).from_config(config)
    assert settings.lr == config["training"]["lr"]
