"""Train the crown network on rows of labelled crowns (training.surfaces.crown_rows).

    python -m training.surfaces.train_crowns training/configs/crowns.yaml --data DATA/ios/train --fold 0

Without --fold every patient trains. A run takes minutes, so it has no checkpoints on the way.
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
from training.nets.crown_row import CrownRowNet
from training.surfaces.crown_rows import Plan, Row, RowMaker, rows_of, stacked
from training.surfaces.jaws import fold_of, patients

MOST_CROWNS = 18


def batch_of(maker: RowMaker, size: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """shapes, places, present and classes (B, K) 0..15 of `size` random rows."""
    pairs = [maker() for _ in range(size)]
    shapes, places, present = stacked([row for row, _ in pairs], MOST_CROWNS)
    teeth = np.zeros(present.shape, np.int64)
    for k, (_, classes) in enumerate(pairs):
        teeth[k, : len(classes)] = classes - 1
    return tuple(torch.from_numpy(a) for a in (shapes, places, present, teeth))


@torch.no_grad()
def accuracy(net: CrownRowNet, rows: list[Row]) -> float:
    """Share of the crowns of unchanged rows that get their class."""
    plain = Plan(*[0.0] * 10, turn_deg=(0.0, 0.0, 0.0), scale=0.0, stretch=0.0, crown_turn_deg=0.0, crown_scale=0.0,
                 place_mm=0.0, cut_share=0.0, noise_mm=0.0)  # fmt: skip
    right = []
    for row in rows:
        shapes, places, _, teeth = batch_of(RowMaker([row], plain, 0), 1)
        n = len(row.crowns)
        right.append((net(shapes[:, :n], places[:, :n])[0].argmax(-1) == teeth[:, :n]).double().mean())
    return float(np.mean(right))


def train(config: dict, rows: list[Row], held: list[Row], folder: Path) -> None:
    """Train to the end of the configured steps and write ``folder/checkpoint.pt``."""
    settings = config["training"]
    torch.manual_seed(config["seed"])
    net, average = CrownRowNet(**config["net"]), CrownRowNet(**config["net"]).eval()
    average.load_state_dict(net.state_dict())
    optimiser = torch.optim.AdamW(net.parameters(), lr=settings["lr"], weight_decay=settings["weight_decay"])
    maker = RowMaker(rows, Plan(**config["augment"]), config["seed"])
    folder.mkdir(parents=True, exist_ok=True)
    started, window = time.process_time(), []
    with open(folder / "log.txt", "a", encoding="utf-8") as log:
        for step in range(1, settings["steps"] + 1):
            warm = min(1.0, step / settings["warmup_steps"])
            rate = settings["lr"] * warm * (0.01 + 0.495 * (1 + math.cos(math.pi * step / settings["steps"])))
            for group in optimiser.param_groups:
                group["lr"] = rate
            shapes, places, present, teeth = batch_of(maker, settings["batch"])
            row, alone = net(shapes, places, present)
            loss = functional.cross_entropy(row[present], teeth[present], label_smoothing=0.03)
            loss = loss + config["loss"]["alone"] * functional.cross_entropy(alone[present], teeth[present])
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            decay = min(settings["ema"], step / (step + 10))
            with torch.no_grad():
                for a, b in zip(average.parameters(), net.parameters(), strict=True):
                    a.lerp_(b, 1 - decay)
            window.append((float(loss.detach()), float((row.argmax(-1) == teeth)[present].double().mean())))
            if step % settings["log_every"] == 0:
                mean = np.mean(window, axis=0)
                line = f"step {step} loss {mean[0]:.4f} accuracy {mean[1]:.4f}"
                if held:
                    line += f" held out {accuracy(average, held):.4f}"
                line += f" {(time.process_time() - started) / 60:.1f} CPU min"
                print(line, flush=True)
                log.write(f"{time.strftime('%H:%M:%S')} {line}\n")
                window = []
    state = {
        "config": config, "average": average.state_dict(), "step": settings["steps"],
        "seconds": time.process_time() - started,
    }  # fmt: skip
    temporary = folder / "checkpoint.tmp"
    torch.save(state, temporary)
    os.replace(temporary, folder / "checkpoint.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the data pack's ios/train")
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
    rows, everyone = rows_of(arguments.data), patients(arguments.data)
    held = [arguments.fold is not None and fold_of(row.name, everyone) == arguments.fold for row in rows]
    name = arguments.name or arguments.config.stem + ("" if arguments.fold is None else f"_fold{arguments.fold}")
    train(
        config, [r for r, h in zip(rows, held, strict=True) if not h],
        [r for r, h in zip(rows, held, strict=True) if h], arguments.runs / name,
    )  # fmt: skip


if __name__ == "__main__":
    main()
