"""One training loop for every network: budget, learning rate, averaged weights, checkpoints, log.

A network comes to the loop as a `Task`: what is trained, on which batches, by which loss, and how it is looked at.
The loop does the rest, from the `training` section of the task's configuration (`Settings`)::

    loop = Loop(task, folder)
    if loop.checkpoint.exists():
        loop.resume()
    loop.run()

The folder gets `checkpoint.pt` (`Loop.save`) and `log.jsonl` (`read_log`). A task that makes its batches from the
generators it names goes on exactly: stopped between two steps and resumed, on a CPU it gives bit for bit the weights
of one long run.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
import yaml
from torch import Tensor, distributed, nn
from torch.optim.lr_scheduler import LambdaLR
from torch.optim.swa_utils import AveragedModel

RUNS = Path(__file__).resolve().parent / "runs"
CHECKPOINT, LOG = "checkpoint.pt", "log.jsonl"
# Large blocks are handed back to the system and zeroed again at every step unless malloc is told to keep them; that
# costs more than the arithmetic of the memory-bound layers.
MALLOC = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=17179869184"
LAST_RATE = 0.01  # what the rate falls to, as a share of its peak

Measures = dict[str, float]


@dataclass
class Settings:
    """The `training` section of a configuration, as far as the loop reads it; tasks add fields of their own.

    Parameters
    ----------
    steps, minutes
        The budget: whichever ends first. The rate is annealed to the end of it.
    batch
        Samples per step, for the task.
    lr, warmup_steps
        Peak of the learning rate, and steps of its linear rise.
    weight_decay
        Of AdamW, on the parameters that the task lets decay.
    ema
        Decay per step of the averaged weights.
    clip_norm
        Largest norm of the network's gradient.
    log_every
        Steps per line of the log.
    save_every, validate_every
        Steps between checkpoints and validations; without them `save_minutes` and `validate_minutes` count.
    """

    steps: int | None = None
    minutes: float = math.inf
    batch: int = 1
    lr: float = 1.5e-3
    weight_decay: float = 0.01
    warmup_steps: int = 150
    ema: float = 0.995
    clip_norm: float = 5.0
    log_every: int = 25
    save_every: int | None = None
    save_minutes: float = 3.0
    validate_every: int | None = None
    validate_minutes: float = 8.0

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Settings:
        """The section of a configuration; ValueError for a key that is not known, or without a budget above 0."""
        section = config["training"]
        if unknown := set(section) - {f.name for f in fields(cls)}:
            raise ValueError(f"training: {', '.join(sorted(unknown))}: not known to the task {config['task']}.")
        settings = cls(**section)
        if settings.steps is None and not math.isfinite(settings.minutes):
            raise ValueError("training: give steps or minutes; a run without a budget never ends.")
        if settings.minutes <= 0 or (settings.steps is not None and settings.steps < 1):
            raise ValueError("training: steps and minutes must be above 0.")
        return settings


@dataclass
class Progress:
    """Where a run is; saved in its checkpoints. `seconds` of the clock, validation included, and of the CPU."""

    step: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    history: list[Measures] = field(default_factory=list)


def leads() -> bool:
    """Whether this process writes logs and checkpoints: the only one, or the first of those that torchrun started."""
    return not (distributed.is_available() and distributed.is_initialized()) or distributed.get_rank() == 0


class Task(ABC):
    """What a network brings to the loop.

    Parameters
    ----------
    config
        The configuration as plain data; `seed` seeds torch before the network is built.
    device
        Where it trains.
    """

    settings_type: ClassVar[type[Settings]] = Settings

    def __init__(self, config: dict[str, Any], device: torch.device | str = "cpu") -> None:
        self.config, self.device = config, torch.device(device)
        self.settings = self.settings_type.from_config(config)
        torch.manual_seed(config.get("seed", 0))
        self.net = self.build()

    @abstractmethod
    def build(self) -> nn.Module:
        """The network as training starts with it, on the task's device."""

    @abstractmethod
    def next_batch(self) -> Any:
        """The next batch, in whatever form `loss` takes."""

    @abstractmethod
    def loss(self, batch: Any, loop: Loop) -> tuple[Tensor, Measures]:
        """Loss (a scalar) of `net` on a batch, and what is to be logged beside it."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The optimiser's groups: matrices and kernels decay, everything else does not. A group may have its own
        `lr`; the schedule scales it like the others."""
        parameters = list(self.net.parameters())
        return [
            {"params": [p for p in parameters if p.ndim > 1], "weight_decay": self.settings.weight_decay},
            {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
        ]

    def generators(self) -> Sequence[np.random.Generator]:
        """The random generators behind the batches: checkpoints keep where they are."""
        return ()

    def state(self) -> dict[str, Any]:
        """What checkpoints keep of the task besides the network: tensors and plain data."""
        return {}

    def load_state(self, state: dict[str, Any]) -> None:  # noqa: B027
        """Take back what `state` gave; the network's weights are loaded already."""

    def open(self, step: int) -> None:  # noqa: B027
        """Called once before the first batch of a run that goes on from `step`."""

    def close(self) -> None:  # noqa: B027
        """Called once after the last batch, also when the run was broken off."""

    def validate(self, net: nn.Module) -> Measures | None:
        """Measures of the averaged network `net`, called without gradients; None if there is nothing held out, an
        empty dict if it is not there yet."""
        return None


class Loop:
    """A run of a task: optimiser, averaged network, schedule, log and checkpoints in `folder`."""

    def __init__(self, task: Task, folder: Path) -> None:
        self.task, self.settings, self.folder = task, task.settings, Path(folder)
        self.optimiser = torch.optim.AdamW(task.parameter_groups(), lr=self.settings.lr, fused=True)
        self._average = AveragedModel(task.net, multi_avg_fn=growing_average(self.settings.ema), use_buffers=True)
        self._average.update_parameters(task.net)  # the first call copies: the average starts where the network does
        self._average.eval()
        self.progress = Progress()
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def average(self) -> nn.Module:
        """The network with averaged weights, in evaluation mode."""
        return self._average.module

    @property
    def checkpoint(self) -> Path:
        return self.folder / CHECKPOINT

    # --- Checkpoints ---

    def save(self) -> None:
        """Write the checkpoint, whole or not at all."""
        if not leads():
            return
        state = {
            "config": self.task.config,
            "net": self.task.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "task": self.task.state(),
            "progress": asdict(self.progress),
            "random": torch.get_rng_state(),
            "generators": [generator.bit_generator.state for generator in self.task.generators()],
        }
        save_whole(state, self.checkpoint)

    def resume(self) -> None:
        """Go on from the checkpoint. Rates and budget are the configuration's, not the checkpoint's.

        ValueError for a checkpoint that holds averaged weights only.
        """
        state = torch.load(self.checkpoint, map_location=self.task.device, weights_only=True)
        if missing := {"net", "optimiser", "task", "random", "generators"} - set(state):
            raise ValueError(
                f"{self.checkpoint} cannot be resumed, it has no {', '.join(sorted(missing))}: start from it with "
                "--init under another name."
            )
        self.task.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        rates = [group["lr"] for group in self.optimiser.param_groups]
        self.optimiser.load_state_dict(state["optimiser"])
        for group, rate in zip(self.optimiser.param_groups, rates, strict=True):
            group["lr"] = group["initial_lr"] = rate
        self.task.load_state(state["task"])
        self.progress = Progress(**state["progress"])
        self._average.n_averaged.fill_(self.progress.step + 1)
        torch.set_rng_state(state["random"].cpu())
        for generator, at in zip(self.task.generators(), state["generators"], strict=True):
            generator.bit_generator.state = at
        self.log(f"resumed at step {self.progress.step}, {self.progress.seconds / 60:.1f} min")

    def start_from(self, checkpoint: Path) -> None:
        """Take only the averaged weights of another run."""
        state = torch.load(checkpoint, map_location=self.task.device, weights_only=True)
        for net in (self.task.net, self.average):
            net.load_state_dict(state["average"])

    def borrow_from(self, checkpoint: Path) -> None:
        """Take from another network's averaged weights the layers that have the same name and shape.

        ValueError where it has none.
        """
        theirs = torch.load(checkpoint, map_location=self.task.device, weights_only=True)["average"]
        ours = self.average.state_dict()
        alike = {name: value for name, value in theirs.items() if name in ours and ours[name].shape == value.shape}
        if not alike:
            raise ValueError(f"{checkpoint} has no layer like this network's.")
        for net in (self.task.net, self.average):
            net.load_state_dict(alike, strict=False)
        self.log(f"{len(alike)} of {len(ours)} tensors borrowed from {checkpoint.name}")

    # --- Budget and rate ---

    def fraction(self) -> float:
        """Part of the budget that is spent, 0 to 1."""
        done = self.progress.seconds / (60.0 * self.settings.minutes)
        if self.settings.steps is not None:
            done = max(done, self.progress.step / self.settings.steps)
        return min(1.0, done)

    def rate(self) -> float:
        """Share of the peak rate for the next step: linear warm-up, then half a cosine over the budget."""
        warm = min(1.0, (self.progress.step + 1) / max(1, self.settings.warmup_steps))
        return warm * (LAST_RATE + (1.0 - LAST_RATE) * 0.5 * (1.0 + math.cos(math.pi * self.fraction())))

    # --- Training ---

    def step(self, batch: Any) -> Measures:
        """One optimiser step; returns the loss and the task's measures. FloatingPointError for a loss not finite."""
        net = self.task.net
        loss, measures = self.task.loss(batch, self)
        if not torch.isfinite(loss):
            raise FloatingPointError(
                f"The loss became {float(loss.detach())} at step {self.progress.step}; lower the rate."
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), self.settings.clip_norm)
        self.optimiser.step()
        self._average.update_parameters(net)
        self.progress.step += 1
        return {"loss": float(loss.detach()), **measures}

    def run(self) -> None:
        """Train until the budget is spent; log lines, checkpoints and validation on the way."""
        count = sum(p.numel() for p in self.task.net.parameters())
        self.task.open(self.progress.step)
        self.log(f"{self.task.config['task']}: {count / 1e6:.2f} M parameters on {self.task.device}")
        try:
            self._train()
        finally:
            self.task.close()
            self.save()
        minutes, cpu = self.progress.seconds / 60, self.progress.cpu_seconds / 60
        self.log(f"done: step {self.progress.step}, {minutes:.1f} min, {cpu:.1f} CPU min, {self.checkpoint}")

    def _train(self) -> None:
        settings, progress = self.settings, self.progress
        schedule = LambdaLR(self.optimiser, lambda _: self.rate())
        self.task.net.train()
        clock, window = None, []
        saved = validated = mark = progress.seconds
        while self.fraction() < 1.0:
            batch = self.task.next_batch()
            clock = clock or _Clock(progress)  # waiting for the first samples is not training time
            window.append(self.step(batch))
            clock.read()
            if progress.step % settings.log_every == 0:
                self._log_step(window, len(window) / max(progress.seconds - mark, 1e-9))
                window, mark = [], progress.seconds
            schedule.step()
            if self._is_due(settings.validate_every, settings.validate_minutes, validated):
                before = progress.seconds
                self.validate()
                clock.read()
                validated, mark = progress.seconds, mark + progress.seconds - before
            if self._is_due(settings.save_every, settings.save_minutes, saved):
                self.save()
                saved = progress.seconds
        if not progress.history or progress.history[-1]["step"] != progress.step:
            self.validate()

    def _is_due(self, every: int | None, minutes: float, last: float) -> bool:
        return self.progress.step % every == 0 if every else self.progress.seconds - last > 60.0 * minutes

    @torch.no_grad()
    def validate(self) -> None:
        """Log what the task measures of the averaged network, and keep it in the run's history."""
        if not leads():
            return
        measures = self.task.validate(self.average)
        if measures is None:
            return
        if not measures:
            self.log("validation: no samples yet")
            return
        self.progress.history.append({"step": self.progress.step, **measures})
        self._write("validation", step=self.progress.step, **measures)

    # --- Log ---

    def log(self, message: str) -> None:
        """Print a sentence and keep it in the log."""
        self._write("message", text=message)

    def _log_step(self, window: list[Measures], speed: float) -> None:
        left = self.progress.seconds * (1.0 / max(self.fraction(), 1e-9) - 1.0) / 60.0
        lr = self.optimiser.param_groups[0]["lr"]
        self._write(
            "step", step=self.progress.step, **mean_measures(window), lr=lr, steps_per_second=speed, minutes_left=left
        )

    def _write(self, kind: str, **values: Any) -> None:
        if not leads():
            return
        now = time.strftime("%H:%M:%S")
        numbers = (f"{name} {value:.4g}" for name, value in values.items() if name != "step")
        said = values["text"] if kind == "message" else " ".join([f"{kind} {values['step']}", *numbers])
        print(now, said, flush=True)
        known = {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
        with open(self.folder / LOG, "a", encoding="utf-8") as stream:
            stream.write(json.dumps({"time": now, "kind": kind, **known}) + "\n")


class _Clock:
    """Keeps a run's seconds, from what it had when the clock was made."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.wall, self.cpu = time.monotonic() - progress.seconds, time.process_time() - progress.cpu_seconds

    def read(self) -> None:
        self.progress.seconds, self.progress.cpu_seconds = time.monotonic() - self.wall, time.process_time() - self.cpu


def growing_average(limit: float) -> Callable[[list[Tensor], list[Tensor], Tensor], None]:
    """Exponential moving average for `AveragedModel`; faster at first, so that early values die out.

    The k-th update keeps min(`limit`, k / (k + 9)) of the average. What is no floating number is copied.
    """

    @torch.no_grad()
    def update(averaged: list[Tensor], current: list[Tensor], count: Tensor) -> None:
        if averaged[0].is_floating_point():
            torch._foreach_lerp_(averaged, current, 1.0 - min(limit, float(count) / (float(count) + 9.0)))
        else:
            torch._foreach_copy_(averaged, current)

    return update


def mean_measures(rows: Sequence[Measures]) -> Measures:
    """Mean of every measure over the rows that have it and are not NaN; NaN if none is."""
    names = dict.fromkeys(name for row in rows for name in row)
    known = {name: [row[name] for row in rows if name in row and not math.isnan(row[name])] for name in names}
    return {name: math.fsum(values) / len(values) if values else math.nan for name, values in known.items()}


def save_whole(state: dict[str, Any], path: Path) -> None:
    """Save with torch, whole or not at all: a save that is broken off leaves the file as it was."""
    temporary = path.with_name(path.name + ".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def load_checkpoint(folder: Path) -> dict[str, Any]:
    """The checkpoint of a run: "config", "average" (the averaged weights), "progress" (see `Progress`) and more."""
    return torch.load(Path(folder) / CHECKPOINT, map_location="cpu", weights_only=True)


def read_log(folder: Path, kind: str = "step") -> list[dict[str, Any]]:
    """The log's entries of one kind: "step" (means since the entry before), "validation" or "message".

    Of steps that were made twice, because the run was started again, the last time counts.
    """
    rows: list[dict[str, Any]] = []
    for line in (folder / LOG).read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] == kind:
            rows = [r for r in rows if "step" not in row or r["step"] < row["step"]] + [row]
    return rows


# --- Commands -------------------------------------------------------------------------------------------------------


def read_config(path: Path, *sections: str) -> dict[str, Any]:
    """The configuration as plain data; ValueError if "task", "training" or one of `sections` is missing."""
    config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    if missing := {"task", "training", *sections} - set(config):
        raise ValueError(f"{path}: section(s) {', '.join(sorted(missing))} missing from the configuration.")
    return config


def add_run_arguments(parser: argparse.ArgumentParser, threads: int = 0) -> None:
    """What every training command takes."""
    parser.add_argument("--name", help="name of the run (default: of the configuration, and the fold)")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of the runs")
    parser.add_argument("--minutes", type=float, help="time budget instead of the configuration's")
    parser.add_argument("--steps", type=int, help="steps instead of the configuration's")
    parser.add_argument("--threads", type=int, default=threads, help=f"CPU threads (default: {threads or 'all'})")
    parser.add_argument("--fresh", action="store_true", help="do not resume from the run's checkpoint")


def start_command(arguments: argparse.Namespace, *sections: str) -> tuple[dict[str, Any], Path]:
    """Set the process up for training; returns the configuration as the arguments want it, and the run's folder.

    `arguments` are those of `add_run_arguments` and "config"; `sections` as in `read_config`.
    """
    keep_memory()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    config = read_config(arguments.config, *sections)
    for name in ("minutes", "steps"):
        if getattr(arguments, name) is not None:
            config["training"][name] = getattr(arguments, name)
    name = arguments.config.stem
    if hasattr(arguments, "fold"):
        config["fold"] = arguments.fold
        name += "" if arguments.fold is None else f"_fold{arguments.fold}"
    return config, arguments.runs / (arguments.name or name)


def run_to_end(
    task: Task, folder: Path, fresh: bool = False, init: Path | None = None, borrow: Path | None = None
) -> Loop:
    """Run a task to the end of its budget, on from the folder's checkpoint unless `fresh`.

    `init`: checkpoint whose averaged weights a run starts from that has none of its own; `borrow`: checkpoint of
    another network, of which it starts from the layers alike.
    """
    loop = Loop(task, folder)
    if loop.checkpoint.exists() and not fresh:
        loop.resume()
    elif init is not None:
        loop.start_from(init)
    elif borrow is not None:
        loop.borrow_from(borrow)
    loop.run()
    return loop


def kept_memory() -> dict[str, str]:
    """Variables that make malloc keep large blocks (Linux, CPU only), for those who cannot `keep_memory` themselves."""
    return {"GLIBC_TUNABLES": MALLOC} if sys.platform == "linux" and not torch.cuda.is_available() else {}


def keep_memory() -> None:
    """Start this process again with malloc told to keep large blocks."""
    if "GLIBC_TUNABLES" not in os.environ and kept_memory():
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **kept_memory()})
