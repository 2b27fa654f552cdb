"""Train the Point Transformer on clouds of jaws.

    python -m training train-surface training/configs/surface.yaml --data DATA/ios/train --cache CACHE --fold 0

CACHE is what `sample-jaws` wrote. Without --fold every patient trains. Started again with the same name it
goes on from the last checkpoint. --init: weights to begin with, as of `contrastive surface-start`.
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

from DentalTopoSegLib.errors import InputError
from training.loop import Loop, Measures, Task, add_run_arguments, mean_measures, run_to_end, start_command
from training.nets.point_transformer import PointTransformer
from training.surfaces.clouds import Augment, Draw, Sample, load, refuse_leak, split
from training.surfaces.jaws import FOLDS

VALIDATED = 8
"""Scans that a validation looks at, about."""


def border_points(labels: Tensor, knn: Tensor) -> Tensor:
    """Rows of the points that have a neighbour of another class; `labels` (N,), `knn` (N, k) rows of neighbours."""
    return torch.nonzero((labels[knn] != labels[:, None]).any(1)).squeeze(1)


def draw_queries(sample: Sample, count: int, border_share: float) -> Tensor:
    """(count,) rows to compute the loss on: `border_share` of them near borders, the rest anywhere."""
    border = border_points(sample.labels, sample.graph.knn[0])
    near = border[torch.randperm(len(border))[: int(count * border_share)]]
    anywhere = torch.randperm(len(sample.labels))[: count - len(near)]
    return torch.cat([near, anywhere])


def soft_dice_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """1 - mean soft Dice over the classes present (Milletari et al. 2016), of logits (N, C) and labels (N,)."""
    p = torch.softmax(logits, -1)
    truth = functional.one_hot(labels, logits.shape[1]).to(p.dtype)
    dice = (2 * (p * truth).sum(0) + 1) / (p.sum(0) + truth.sum(0) + 1)
    return 1 - dice[truth.sum(0) > 0].mean()


def loss_terms(net: nn.Module, sample: Sample, plan: dict[str, float]) -> dict[str, Tensor]:
    """Every term, weighted by the configuration's `loss` section; their sum is minimised."""
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
    """Dice of every class but 0 that the truth (N,) holds."""
    return [
        2 * np.sum((predicted == c) & (truth == c)) / (np.sum(predicted == c) + np.sum(truth == c))
        for c in np.unique(truth[truth > 0])
    ]


class LabelsTask(Task):
    """The surface network on random clouds.

    Parameters
    ----------
    variants, held
        Files of `training.surfaces.jaws` to train on and to look at.
    """

    def __init__(self, config: dict[str, Any], variants: Sequence[Path], held: Sequence[Path] = ()) -> None:
        self.held = held
        self.draw = Draw(variants, Augment(**config["augment"]), config["seed"])
        super().__init__(config)

    def build(self) -> nn.Module:
        return PointTransformer(**self.config["net"])

    def generators(self) -> list[np.random.Generator]:
        return [self.draw.rng]

    def next_batch(self) -> Sample:
        return self.draw()

    def loss(self, batch: Sample, loop: Loop) -> tuple[Tensor, Measures]:
        terms = loss_terms(self.net, batch, self.config["loss"])
        return sum(terms.values()), {name: float(term.detach()) for name, term in terms.items()}

    def validate(self, net: nn.Module) -> Measures | None:
        """Mean Dice per tooth and accuracy of the points on unchanged, upright jaws, and the worst jaw's Dice."""
        if not self.held:
            return None
        rng, rows = np.random.default_rng(0), []
        first = [p for p in self.held if p.stem.endswith("_00")]
        for path in first[:: max(1, len(first) // VALIDATED)]:
            sample = load(path, Augment(mirror=False), rng)
            found, truth = net(sample.graph)[0].argmax(1).numpy(), sample.labels.numpy()
            rows.append({"dice": float(np.mean(tooth_dice(found, truth))), "accuracy": float(np.mean(found == truth))})
        return mean_measures(rows) | {"worst": min(row["dice"] for row in rows)}


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the data pack's ios/train, for the list of patients")
    parser.add_argument("--cache", type=Path, required=True, help="what sample-jaws wrote")
    parser.add_argument("--fold", type=int, choices=range(FOLDS), help="fifth of the patients to hold out")
    parser.add_argument("--init", type=Path, help="checkpoint whose averaged weights a new run starts from")
    parser.add_argument("--people", type=int, help="train on the scans of the first so many people only")
    add_run_arguments(parser, threads=1)
    arguments = parser.parse_args(argv)
    config, folder = start_command(arguments, "net", "augment", "loss")
    variants, held = split(sorted(arguments.cache.glob("*_??.npz")), arguments.data, arguments.fold)
    variants = [p for p in variants if p.stem[:3] in sorted({q.stem[:3] for q in variants})[: arguments.people]]
    if arguments.init:
        start = torch.load(arguments.init, map_location="cpu", weights_only=True)["config"]
        try:
            refuse_leak(start, held, "train-surface")
        except InputError as error:
            parser.error(str(error))
    run_to_end(LabelsTask(config, variants, held), folder, arguments.fresh, arguments.init)
