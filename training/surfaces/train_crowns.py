"""Train the crown network on rows of labelled crowns.

    python -m training train-crowns training/configs/crowns.yaml --data DATA/ios/train --fold 0

Without --fold every patient trains. Started again with the same name it goes on from the last checkpoint.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.loop import Loop, Measures, Task, add_run_arguments, run_to_end, start_command
from training.nets.crown_row import CrownRowNet
from training.surfaces.crown_rows import STILL, Plan, Row, RowMaker, rows_of, stack_rows
from training.surfaces.jaws import FOLDS, fold_of, patients

MOST_CROWNS = 18

Batch = tuple[Tensor, Tensor, Tensor, Tensor]


def batch_of(maker: RowMaker, size: int) -> Batch:
    """Random rows: shapes (B, K, P, 6), places (B, K, 13), present (B, K) bool and classes (B, K) 0..15."""
    pairs = [maker() for _ in range(size)]
    shapes, places, present = stack_rows([row for row, _ in pairs], MOST_CROWNS)
    teeth = np.zeros(present.shape, np.int64)
    for k, (_, classes) in enumerate(pairs):
        teeth[k, : len(classes)] = classes - 1
    return tuple(torch.from_numpy(a) for a in (shapes, places, present, teeth))


class CrownsTask(Task):
    """The crown network on random rows.

    Parameters
    ----------
    rows, held
        Rows to train on and to look at.
    """

    def __init__(self, config: dict[str, Any], rows: Sequence[Row], held: Sequence[Row] = ()) -> None:
        self.held = held
        self.maker = RowMaker(list(rows), Plan(**config["augment"]), config["seed"])
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
        shapes, places, present, teeth = batch
        row, alone = self.net(shapes, places, present)
        loss = functional.cross_entropy(row[present], teeth[present], label_smoothing=0.03)
        loss = loss + self.config["loss"]["alone"] * functional.cross_entropy(alone[present], teeth[present])
        return loss, {"accuracy": float((row.argmax(-1) == teeth)[present].double().mean())}

    def validate(self, net: nn.Module) -> Measures | None:
        """Share of the crowns of unchanged rows that get their class."""
        if not self.held:
            return None
        right = []
        for row in self.held:
            shapes, places, _, teeth = batch_of(RowMaker([row], STILL, 0), 1)
            n = len(row.crowns)
            right.append((net(shapes[:, :n], places[:, :n])[0].argmax(-1) == teeth[:, :n]).double().mean())
        return {"accuracy": float(np.mean(right))}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the data pack's ios/train")
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="fifth of the patients to hold out")
    add_run_arguments(parser, threads=1)
    arguments = parser.parse_args(argv)
    config, folder = start_command(arguments, "net", "augment", "loss")
    rows, everyone = rows_of(arguments.data), patients(arguments.data)
    held = {r.name for r in rows if arguments.fold is not None and fold_of(r.name, everyone) == arguments.fold}
    task = CrownsTask(config, [r for r in rows if r.name not in held], [r for r in rows if r.name in held])
    run_to_end(task, folder, arguments.fresh)
