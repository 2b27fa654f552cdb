"""Train a network from one configuration file; the same file runs on CPU and GPU.

    python -m training.volumes.train training/configs/numbering.yaml --data BUFFER --val VALIDATION --name numbering

Stops after the configured minutes or steps. Started again with the same name it goes on from the last checkpoint.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import math
import os
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
import yaml

from training.nets.unet import UNet, UNetPlan, freeze_norm_statistics
from training.volumes.data import Buffer, DataPlan, validation_samples
from training.volumes.losses import border_loss, coarser_target, numbering_loss

RUNS = Path(__file__).resolve().parents[1] / "runs"
# Large blocks are handed back to the system and zeroed again at every step unless malloc is told to keep them; that
# costs more than the arithmetic of the memory-bound layers.
MALLOC = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=17179869184"


@dataclass
class Settings:
    """The ``training`` section of a configuration. Time budget and steps: whichever ends first."""

    minutes: float = 60.0
    steps: int | None = None
    batch: int = 1
    lr: float = 1.5e-3
    weight_decay: float = 0.01
    warmup_steps: int = 150
    ema: float = 0.995
    clip_norm: float = 5.0
    freeze_norm_at: float = 0.7
    extra_weight: float = 0.3
    log_every: int = 25
    save_minutes: float = 3.0
    validate_minutes: float = 8.0
    validate_samples: int = 12


@dataclass
class Progress:
    """Where a run is; saved in its checkpoints."""

    step: int = 0
    seconds: float = 0.0
    frozen: bool = False
    history: list[dict] = field(default_factory=list)


def read_config(path: Path, start: str = "net") -> dict:
    """The configuration as plain data, with a clear error for a section that is missing. ``start``: the section that
    says which network training starts with."""
    config = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    missing = {"task", start, "data", "training"} - set(config)
    if missing:
        raise ValueError(f"{path}: section(s) {', '.join(sorted(missing))} missing from the configuration.")
    return config


def make_loss(config: dict):
    """The loss function of the configuration's task: (logits, target) -> (loss, measures)."""
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in config.get("loss", {}).items()}
    return partial(numbering_loss if config["task"] == "numbering" else border_loss, **options)


class Trainer:
    """A run: network, averaged network, optimiser, log and checkpoints in ``folder``."""

    def __init__(self, config: dict, folder: Path, device: torch.device) -> None:
        self.config, self.folder, self.device = config, folder, device
        self.settings = Settings(**config["training"])
        self.plan = DataPlan(
            task=config["task"], **{k: tuple(v) if isinstance(v, list) else v for k, v in config["data"].items()}
        )
        torch.manual_seed(config.get("seed", 0))
        self.net = self.build().to(device, memory_format=torch.channels_last_3d)
        self.average = copy.deepcopy(self.net).eval()
        self.optimiser = torch.optim.AdamW(self.parameter_groups(), lr=self.settings.lr, fused=True)
        self.loss = make_loss(config)
        self.progress = Progress()
        folder.mkdir(parents=True, exist_ok=True)

    def build(self) -> torch.nn.Module:
        """The network as training starts with it."""
        return UNet(UNetPlan.from_dict(self.config["net"]))

    def parameter_groups(self) -> list[dict]:
        """Weights decay, everything else does not. A group's "factor" multiplies the rate."""
        decayed = [p for p in self.net.parameters() if p.ndim > 1]
        plain = [p for p in self.net.parameters() if p.ndim <= 1]
        return [{"params": decayed, "weight_decay": self.settings.weight_decay}, {"params": plain, "weight_decay": 0}]

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    def log(self, line: str) -> None:
        line = f"{time.strftime('%H:%M:%S')} {line}"
        print(line, flush=True)
        with open(self.folder / "log.txt", "a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def save(self) -> None:
        """Write the checkpoint whole or not at all."""
        state = {
            "config": self.config,
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": vars(self.progress),
        }
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(state, temporary)
        os.replace(temporary, self.checkpoint)

    def resume(self) -> None:
        """Go on from the checkpoint; the schedule follows the time already spent."""
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])
        self.log(f"resumed at step {self.progress.step}, {self.progress.seconds / 60:.1f} min")

    def start_from(self, checkpoint: Path) -> None:
        """Take only the (averaged) weights of another run."""
        self.net.load_state_dict(torch.load(checkpoint, map_location=self.device, weights_only=True)["average"])
        self.average.load_state_dict(self.net.state_dict())

    def fraction(self) -> float:
        """Part of the budget that is spent, 0 to 1."""
        done = self.progress.seconds / (60.0 * self.settings.minutes)
        if self.settings.steps:
            done = max(done, self.progress.step / self.settings.steps)
        return min(1.0, done)

    def set_rate(self) -> float:
        """Linear warm-up, then half a cosine over the budget down to 1 % of the peak."""
        warm = min(1.0, (self.progress.step + 1) / max(1, self.settings.warmup_steps))
        rate = self.settings.lr * warm * (0.01 + 0.99 * 0.5 * (1.0 + math.cos(math.pi * self.fraction())))
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group.get("factor", 1.0)
        return rate

    def autocast(self) -> contextlib.AbstractContextManager:
        return torch.autocast(self.device.type, torch.bfloat16)

    def to_device(self, image: np.ndarray, target: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.from_numpy(image).to(self.device, torch.bfloat16).contiguous(memory_format=torch.channels_last_3d)
        return x, torch.from_numpy(target).to(self.device)

    def losses(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:
        """Loss of one batch over all supervised levels, and the measures of the finest."""
        with self.autocast():
            finest, *extra = self.net(x)
        loss, measures = self.loss(finest, y)
        for logits in extra:
            factor = y.shape[1] // logits.shape[2]
            loss = loss + self.settings.extra_weight * self.loss(logits, coarser_target(y, factor))[0]
        return loss, measures

    def step(self, image: np.ndarray, target: np.ndarray) -> tuple[float, dict[str, float]]:
        """One optimiser step; returns the loss and the measures of the finest level."""
        x, y = self.to_device(image, target)
        self.set_rate()
        loss, measures = self.losses(x, y)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"The loss became {float(loss)} at step {self.progress.step}; lower the rate.")
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.settings.clip_norm)
        self.optimiser.step()
        self.update_average()
        self.progress.step += 1
        return float(loss.detach()), measures

    @torch.no_grad()
    def update_average(self) -> None:
        """Exponential moving average of weights and statistics; faster at first, so that early values die out."""
        decay = min(self.settings.ema, (self.progress.step + 1) / (self.progress.step + 10))
        pairs = list(zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True))
        floats = [(a, b) for a, b in pairs if a.is_floating_point()]
        torch._foreach_lerp_([a for a, _ in floats], [b for _, b in floats], 1.0 - decay)

    @torch.no_grad()
    def validate(self, folder: Path) -> dict[str, float]:
        """Mean loss and measures of the averaged network over the validation folder."""
        totals: dict[str, list[float]] = {}
        for image, target in validation_samples(folder, self.plan, self.settings.validate_samples):
            x, y = self.to_device(image, target)
            with self.autocast():
                logits = self.average(x)[0]
            loss, measures = self.loss(logits, y)
            for name, value in {"loss": float(loss), **measures}.items():
                totals.setdefault(name, []).append(value)
        return {name: float(np.nanmean(values)) for name, values in totals.items()}

    def report_validation(self, folder: Path | None) -> None:
        if folder is None:
            return
        means = self.validate(folder)
        if not means:
            self.log(f"val: no samples in {folder} yet")
            return
        self.progress.history.append({"step": self.progress.step, **means})
        self.log(f"val step {self.progress.step} " + " ".join(f"{k} {v:.4f}" for k, v in means.items()))

    def run(self, data: Path, validation: Path | None, workers: int = 1) -> None:
        """Train until the budget is spent; checkpoints, log lines and validation on the way."""
        buffer = Buffer(data, self.plan, self.settings.batch, self.config.get("seed", 0) + self.progress.step, workers)
        count = sum(p.numel() for p in self.net.parameters())
        self.log(f"{self.config['task']}: {count / 1e6:.2f} M parameters on {self.device}, data {data}")
        try:
            self._loop(buffer, validation)
        finally:
            buffer.close()
            self.save()
        self.log(f"done: step {self.progress.step}, {self.progress.seconds / 60:.1f} min, {self.checkpoint}")

    def _loop(self, buffer: Buffer, validation: Path | None) -> None:
        settings, progress = self.settings, self.progress
        image, target = buffer.next()  # waiting for the first samples is not training time
        self.net.train()
        started = time.monotonic() - progress.seconds
        saved = validated = progress.seconds
        window: list[tuple[float, dict[str, float]]] = []
        mark, mark_step = progress.seconds, progress.step
        while self.fraction() < 1.0:
            if not progress.frozen and self.fraction() >= settings.freeze_norm_at:
                progress.frozen = True
                self.log("BatchNorm statistics frozen")
            if progress.frozen:
                freeze_norm_statistics(self.net)
            window.append(self.step(image, target))
            image, target = buffer.next()
            progress.seconds = time.monotonic() - started
            if progress.step % settings.log_every == 0:
                rate = (progress.step - mark_step) / max(progress.seconds - mark, 1e-9)
                self.log(self._line(window, rate))
                window, mark, mark_step = [], progress.seconds, progress.step
            if progress.seconds - validated > 60 * settings.validate_minutes:
                self.report_validation(validation)
                validated = mark = progress.seconds = time.monotonic() - started
                mark_step = progress.step
            if progress.seconds - saved > 60 * settings.save_minutes:
                self.save()
                saved = progress.seconds
        self.report_validation(validation)

    def _line(self, window: list[tuple[float, dict[str, float]]], rate: float) -> str:
        names = dict.fromkeys(name for _, measures in window for name in measures)
        means = {name: np.nanmean([m[name] for _, m in window if name in m]) for name in names}
        means = " ".join(f"{name} {mean:.4g}" for name, mean in means.items())
        left = self.settings.minutes * (1.0 - self.fraction())
        lr = self.optimiser.param_groups[0]["lr"]
        loss = np.mean([value for value, _ in window])
        return f"step {self.progress.step} loss {loss:.4f} {means} lr {lr:.1e} {rate:.2f} steps/s left {left:.1f} min"


def keep_memory(module: str = "training.volumes.train") -> None:
    """Start this process again with malloc told to keep large blocks (Linux, CPU training only)."""
    if sys.platform == "linux" and "GLIBC_TUNABLES" not in os.environ and not torch.cuda.is_available():
        os.environ["GLIBC_TUNABLES"] = MALLOC
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of training samples, may still be filling")
    parser.add_argument("--val", type=Path, help="folder of validation samples")
    parser.add_argument("--name", help="name of the run (default: the configuration's file name)")
    parser.add_argument("--runs", type=Path, default=RUNS, help="folder of the runs")
    parser.add_argument("--minutes", type=float, help="time budget instead of the configuration's")
    parser.add_argument("--steps", type=int, help="steps instead of the configuration's")
    parser.add_argument("--init", type=Path, help="checkpoint whose averaged weights to start from")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads (default: all)")
    parser.add_argument("--workers", type=int, default=1, help="loader threads")
    parser.add_argument("--fresh", action="store_true", help="do not resume from the run's checkpoint")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    keep_memory()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    config = read_config(arguments.config)
    for name in ("minutes", "steps"):
        if getattr(arguments, name) is not None:
            config["training"][name] = getattr(arguments, name)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trainer = Trainer(config, arguments.runs / (arguments.name or arguments.config.stem), device)
    if trainer.checkpoint.exists() and not arguments.fresh:
        trainer.resume()
    elif arguments.init:
        trainer.start_from(arguments.init)
    trainer.run(arguments.data, arguments.val, arguments.workers)


if __name__ == "__main__":
    main()
