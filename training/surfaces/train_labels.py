"""Train the Point Transformer on clouds of jaws (training.surfaces.jaws).

    python -m training.surfaces.train_labels training/configs/surface.yaml --data DATA/ios/train --cache CACHE --fold 0

Without --fold every patient trains. Started again with the same name it goes on from the last checkpoint.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
import yaml
from torch.nn import functional

from training.loop import RUNS, keep_memory
from training.nets.point_transformer import PointTransformer
from training.surfaces.clouds import Augment, Draw, Sample, load, split


def border_points(labels: torch.Tensor, knn: torch.Tensor) -> torch.Tensor:
    """Rows of the points that have a neighbour of another class."""
    return torch.nonzero((labels[knn] != labels[:, None]).any(1)).squeeze(1)


def draw_queries(sample: Sample, count: int, border_share: float) -> torch.Tensor:
    """Rows to compute the loss on: `border_share` of them near borders, the rest anywhere."""
    border = border_points(sample.labels, sample.graph.knn[0])
    near = border[torch.randperm(len(border))[: int(count * border_share)]]
    anywhere = torch.randperm(len(sample.labels))[: count - len(near)]
    return torch.cat([near, anywhere])


def soft_dice_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """1 - mean soft Dice over the classes present (Milletari et al. 2016)."""
    p = torch.softmax(logits, -1)
    truth = functional.one_hot(labels, logits.shape[1]).to(p.dtype)
    dice = (2 * (p * truth).sum(0) + 1) / (p.sum(0) + truth.sum(0) + 1)
    return 1 - dice[truth.sum(0) > 0].mean()


def losses(net: PointTransformer, sample: Sample, plan: dict) -> dict[str, torch.Tensor]:
    """Every term, weighted; their sum is minimised."""
    query = draw_queries(sample, plan["queries"], plan["border_share"])
    logits, offsets = net(sample.graph, query)
    labels = sample.labels[query]
    tooth = labels > 0
    terms = {"ce": functional.cross_entropy(logits, labels), "dice": plan["dice"] * soft_dice_loss(logits, labels)}
    if tooth.any():
        truth = sample.offsets[query][tooth]
        terms["offset"] = plan["offset"] * functional.smooth_l1_loss(offsets[tooth], truth, beta=0.2)
    return terms


def tooth_dice(predicted: np.ndarray, truth: np.ndarray) -> list[float]:
    """Dice of every class but 0 that the truth holds."""
    return [
        2 * np.sum((predicted == c) & (truth == c)) / (np.sum(predicted == c) + np.sum(truth == c))
        for c in np.unique(truth[truth > 0])
    ]


class SurfaceTrainer:
    """A run: network, averaged network, optimiser, log and checkpoint in ``folder``."""

    def __init__(self, config: dict, folder: Path) -> None:
        self.config, self.folder = config, folder
        self.settings = config["training"]
        torch.manual_seed(config["seed"])
        self.net, self.average = PointTransformer(**config["net"]), PointTransformer(**config["net"]).eval()
        self.average.load_state_dict(self.net.state_dict())
        decayed = [p for p in self.net.parameters() if p.ndim > 1]
        plain = [p for p in self.net.parameters() if p.ndim <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": decayed, "weight_decay": self.settings["weight_decay"]}, {"params": plain, "weight_decay": 0}],
            lr=self.settings["lr"], fused=True,
        )  # fmt: skip
        self.step, self.seconds = 0, 0.0
        folder.mkdir(parents=True, exist_ok=True)

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
            "config": self.config, "net": self.net.state_dict(), "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(), "step": self.step, "seconds": self.seconds,
        }  # fmt: skip
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(state, temporary)
        os.replace(temporary, self.checkpoint)

    def resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds = state["step"], state["seconds"]
        self.log(f"resumed at step {self.step}, {self.seconds / 60:.1f} CPU min")

    def set_rate(self) -> None:
        """Linear warm-up, then half a cosine down to 1 % of the peak."""
        warm = min(1.0, (self.step + 1) / self.settings["warmup_steps"])
        done = self.step / self.settings["steps"]
        rate = self.settings["lr"] * warm * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    @torch.no_grad()
    def update_average(self) -> None:
        decay = min(self.settings["ema"], (self.step + 1) / (self.step + 10))
        pairs = zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True)
        a, b = zip(*pairs, strict=True)
        torch._foreach_lerp_(list(a), list(b), 1.0 - decay)

    @torch.no_grad()
    def validate(self, variants: list[Path], count: int = 8) -> None:
        """Raw network on unchanged, upright validation jaws: mean Dice per tooth and accuracy of the points."""
        rng = np.random.default_rng(0)
        dice, right = [], []
        first = [p for p in variants if p.stem.endswith("_00")]
        for path in first[:: max(1, len(first) // count)]:
            sample = load(path, Augment(mirror=False), rng)
            logits, _ = self.average(sample.graph)
            found, truth = logits.argmax(1).numpy(), sample.labels.numpy()
            dice.append(np.mean(tooth_dice(found, truth)))
            right.append(np.mean(found == truth))
        if dice:
            worst = " ".join(f"{d:.2f}" for d in sorted(dice)[:3])
            self.log(f"val step {self.step} dice {np.mean(dice):.4f} accuracy {np.mean(right):.4f} worst {worst}")

    def run(self, data: Path, cache: Path, fold: int | None) -> None:
        """Train until the configured steps are done."""
        train, held = split(sorted(cache.glob("*_??.npz")), data, fold)
        draw = Draw(train, Augment(**self.config["augment"]), self.config["seed"] + 7919 * self.step)
        scans = len(draw.scans)
        self.log(f"{sum(p.numel() for p in self.net.parameters()) / 1e6:.2f} M parameters, {scans} scans, fold {fold}")
        self.net.train()
        started = time.process_time() - self.seconds
        window: list[dict[str, float]] = []
        while self.step < self.settings["steps"]:
            sample = draw()
            self.set_rate()
            terms = losses(self.net, sample, self.config["loss"])
            loss = sum(terms.values())
            if not torch.isfinite(loss):
                raise FloatingPointError(f"The loss became {float(loss)} at step {self.step}; lower the rate.")
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.parameters(), self.settings["clip_norm"])
            self.optimiser.step()
            self.update_average()
            self.step += 1
            self.seconds = time.process_time() - started
            window.append({k: float(v.detach()) for k, v in terms.items()})
            if self.step % self.settings["log_every"] == 0:
                means = " ".join(f"{k} {np.mean([w.get(k, 0.0) for w in window]):.4f}" for k in window[0])
                rate = self.seconds / self.step
                self.log(f"step {self.step} {means} {rate:.2f} CPU s/step")
                window = []
            if self.step % self.settings["save_every"] == 0:
                self.save()
            if self.step % self.settings["validate_every"] == 0:
                self.validate(held)
        self.save()
        self.log(f"done: step {self.step}, {self.seconds / 60:.1f} CPU min")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the data pack's ios/train, for the list of patients")
    parser.add_argument("--cache", type=Path, required=True, help="what training.surfaces.jaws wrote")
    parser.add_argument("--fold", type=int, choices=range(5), help="fifth of the patients to hold out")
    parser.add_argument("--name", help="name of the run (default: configuration and fold)")
    parser.add_argument("--runs", type=Path, default=RUNS)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    keep_memory()
    torch.set_num_threads(arguments.threads)
    config = yaml.safe_load(arguments.config.read_text(encoding="utf-8"))
    if arguments.steps:
        config["training"]["steps"] = arguments.steps
    name = arguments.name or arguments.config.stem + ("" if arguments.fold is None else f"_fold{arguments.fold}")
    trainer = SurfaceTrainer(config, arguments.runs / name)
    if trainer.checkpoint.exists():
        trainer.resume()
    trainer.run(arguments.data, arguments.cache, arguments.fold)


if __name__ == "__main__":
    main()
