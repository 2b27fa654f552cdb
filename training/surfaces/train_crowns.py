"""Train the crown network on rows of labelled crowns.

    python -m training train-crowns training/configs/crowns.yaml --data DATA/ios/train --fold 0

Without --fold every patient trains but the child (`doubtful_numbers.CHILD`), which never does. Started again with the
same name it goes on from the last checkpoint.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from DentalTopoSegLib.ios.crowns import CROWN_POINTS
from training.loop import Loop, Measures, Task, add_run_arguments, run_to_end, start_command
from training.nets.crown_row import CrownRowNet
from training.patients.doubtful_numbers import CHILD
from training.surfaces.crown_rows import STILL, Plan, Row, RowMaker, rows_of, stack_rows
from training.surfaces.jaws import FOLDS, fold_of, patients

MOST_CROWNS = 18
POSES = 2
"""How often a made row is in a batch: making it takes longer than turning it."""
MADE = 200
"""Made rows of the held-out patients that every look at the network sees."""

Batch = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]


def batch_of(maker: RowMaker, size: int) -> Batch:
    """Random rows: shapes (B, K, P, 6), places (B, K, 13), present (B, K) bool, classes (B, K), upper (B,) 1 or 0 and
    known (B,) bool, whether the places tell the jaw."""
    made = [maker.posed(min(POSES, size - k)) for k in range(0, size, POSES)]
    pairs = [pair for some in made for pair in some]
    shapes, places, present = stack_rows([row for row, _, _ in pairs], MOST_CROWNS)
    teeth = np.zeros(present.shape, np.int64)
    for k, (_, classes, _) in enumerate(pairs):
        teeth[k, : len(classes)] = classes
    upper = np.array([jaw == "upper" for _, _, jaw in pairs], np.float32)
    known = places[:, 0, -1] != 0
    return tuple(torch.from_numpy(a) for a in (shapes, places, present, teeth, upper, known))


class CrownsTask(Task):
    """The crown network on random rows.

    Parameters
    ----------
    rows, held
        Rows to train on and to look at.
    """

    def __init__(self, config: dict[str, Any], rows: Sequence[Row], held: Sequence[Row] = ()) -> None:
        self.held = held
        plan = Plan(**config["augment"])
        self.maker = RowMaker(list(rows), plan, config["seed"])
        self.made = RowMaker(list(held), replace(plan, points=CROWN_POINTS), 0) if held else None
        super().__init__(config)

    def build(self) -> nn.Module:
        return CrownRowNet(**self.config["net"])

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Everything decays."""
        return [{"params": list(self.net.parameters()), "weight_decay": self.settings.weight_decay}]

    def generators(self) -> list[np.random.Generator]:
        return [self.maker.rng]

    def next_batch(self) -> Batch:
        return batch_of(self.maker, self.settings.batch)

    def loss(self, batch: Batch, loop: Loop) -> tuple[Tensor, Measures]:
        shapes, places, present, teeth, upper, known = batch
        row, alone, jaw = self.net(shapes, places, present)
        weights = self.config["loss"]
        loss = functional.cross_entropy(row[present], teeth[present], label_smoothing=weights["smoothing"])
        loss = loss + weights["alone"] * functional.cross_entropy(alone[present], teeth[present])
        # where the places tell the jaw there is nothing to learn
        open_jaw = functional.binary_cross_entropy_with_logits(jaw, upper, reduction="none") * ~known
        loss = loss + weights["jaw"] * open_jaw.sum() / (~known).sum().clamp_min(1)
        right = (row.argmax(-1) == teeth)[present].double().mean()
        jaws = ((jaw > 0) == (upper > 0))[~known].double().mean() if not known.all() else math.nan
        return loss, {"accuracy": float(right), "jaw": float(jaws)}

    def validate(self, net: nn.Module) -> Measures | None:
        """Share of the crowns of unchanged and of made rows that get their class."""
        if not self.held:
            return None
        right = []
        for row in self.held:
            shapes, places, _, teeth, _, _ = batch_of(RowMaker([row], STILL, 0), 1)
            n = len(row.crowns)
            right.append((net(shapes[:, :n], places[:, :n])[0].argmax(-1) == teeth[:, :n]).double().mean())
        shapes, places, present, teeth, _, _ = batch_of(self.made, MADE)
        made = (net(shapes, places, present)[0].argmax(-1) == teeth)[present].double().mean()
        return {"accuracy": float(np.mean(right)), "made": float(made)}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the data pack's ios/train")
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="fifth of the patients to hold out")
    add_run_arguments(parser, threads=1)
    arguments = parser.parse_args(argv)
    config, folder = start_command(arguments, "net", "augment", "loss")
    rows, everyone = rows_of(arguments.data), patients(arguments.data)
    rows = [r for r in rows if not r.name.startswith(CHILD)]
    held = {r.name for r in rows if arguments.fold is not None and fold_of(r.name, everyone) == arguments.fold}
    task = CrownsTask(config, [r for r in rows if r.name not in held], [r for r in rows if r.name in held])
    run_to_end(task, folder, arguments.fresh)
