"""Both intraoral networks together on changed jaws of unseen patients: how their opinions are weighed.

    python -m training evaluate-changed CACHE --data DATA/ios/train --surface training/runs/surface_fold0 \
        --crowns training/runs/crowns_fold0 --fold 0

CACHE holds what `sample-jaws` wrote; taken are the fold's changed jaws (teeth taken out, gaps closed, trimmed, cropped,
on a base), posed at random, in their known jaw and position, borders as the surface network has them. Printed are what
the numbers are worth as the library weighs (`ios.numbers`), with other weights of the crown network, and how "no tooth"
is fitted.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from DentalTopoSegLib.ios import numbers
from DentalTopoSegLib.ios.crowns import CrownAnswer, ask_crowns
from DentalTopoSegLib.ios.instances import Instances, find_instances, instance_energy
from DentalTopoSegLib.ios.network import OFFSET_MM
from training.evaluation.jaws import TorchCrowns, TorchNetwork
from training.export.score_tables import markdown_table
from training.surfaces.clouds import Augment, load
from training.surfaces.jaws import fdi_of, fold_of, patients

POSED = Augment(turn_deg=(6.0, 6.0, 8.0), scale=0.06, stretch=0.04, bend_mm=1.0, jitter_mm=0.02, normal_jitter=0.05)
"""How the jaws are posed and bent."""
WEIGHTS = (0.5, 0.6, 0.7, 0.8, 0.9)
_AREA_MM2 = 0.4  # of surface for each point
_UNCHANGED = 4  # of twelve variants
_RIDGE = 0.3


@dataclass(frozen=True)
class Answered:
    """What both networks say of a jaw's crowns, the numbers (K,) that these have, 0 for what is no tooth, and the crown
    network asked about some (K,) of them."""

    name: str
    instances: Instances
    answer: CrownAnswer
    meant: np.ndarray
    again: Callable[[np.ndarray], CrownAnswer]


def ask(path: Path, surface: Any, crowns: Any) -> Answered | None:
    """Both networks on one variant; None where no tooth is found."""
    name = path.stem.rsplit("_", 1)[0]
    with np.load(path) as data:
        arrays = {key: data[key] for key in data.files}
    sample = load(path, POSED, np.random.default_rng(list(path.stem.encode())))
    points, normals = (t.numpy().astype(float) for t in (sample.graph.points, sample.graph.normals))
    arrays |= {"points": points.astype(np.float32), "normals": normals.astype(np.float32)}
    said = surface.run_named(arrays)
    probabilities, votes = said["probabilities"], points + OFFSET_MM * said["offsets"]
    instances = find_instances(probabilities, votes, np.full(len(points), _AREA_MM2))
    if len(instances) == 0:
        return None
    labels = instance_energy(probabilities, votes, instances).argmin(1)
    upper = bool(arrays["upper"])
    jaw = "upper" if upper else "lower"

    def again(which: np.ndarray) -> CrownAnswer:
        return ask_crowns(points, normals, labels * np.r_[False, which][labels], len(instances), jaw, crowns)

    answer = again(np.ones(len(instances), bool))
    true = sample.labels.numpy()
    most = [np.bincount(true[labels == k + 1], minlength=17).argmax() for k in range(len(instances))]
    return Answered(name, instances, answer, fdi_of(np.array(most), upper), again)


def score(jaws: Iterable[Answered]) -> dict[str, int]:
    """Teeth, wrong numbers, teeth without a number, numbers given to what is no tooth, jaws without a wrong number."""
    total = dict.fromkeys(("teeth", "wrong", "none", "invented", "jaws right"), 0)
    for jaw in jaws:
        found = numbers.number_row(jaw.instances, jaw.answer, jaw.again)[0].fdi
        tooth = jaw.meant > 0
        total["teeth"] += int(tooth.sum())
        total["wrong"] += int((tooth & (found > 0) & (found != jaw.meant)).sum())
        total["none"] += int((tooth & (found == 0)).sum())
        total["invented"] += int((~tooth & (found > 0)).sum())
        total["jaws right"] += bool((found == jaw.meant)[tooth].all())
    return total


def fit_no_tooth(jaws: Sequence[Answered]) -> np.ndarray:
    """(3,) `ios.numbers.NO_TOOTH` by logistic regression: constant, weights of the crown and the surface network."""
    none = np.concatenate([jaw.answer.none for jaw in jaws])
    gingiva = np.concatenate([jaw.instances.classes[:, 0] for jaw in jaws])
    side = np.where(np.concatenate([jaw.meant for jaw in jaws]) == 0, 1.0, -1.0)
    x = np.stack([np.ones(len(none)), numbers.logit(none), numbers.logit(gingiva)], 1)

    def loss(w: np.ndarray) -> float:
        return float(np.logaddexp(0, -side * (x @ w)).sum() + _RIDGE * (w[1:] ** 2).sum())

    return minimize(loss, np.zeros(3)).x


def table(jaws: Sequence[Answered], weights: Sequence[float]) -> str:
    """Markdown, one line a weight of the crown network."""
    lines, shipped = [], numbers.CROWNS_WEIGHT
    try:
        for weight in weights:
            numbers.CROWNS_WEIGHT = weight
            s = score(jaws)
            lines.append((weight, *(s[key] for key in ("teeth", "wrong", "none", "invented", "jaws right")), len(jaws)))
    finally:
        numbers.CROWNS_WEIGHT = shipped
    head = ("weight of crowns", "teeth", "wrong number", "no number", "no tooth, but numbered", "jaws right", "of")
    return markdown_table(head, lines, right=True)


def main(argv: list[str] | None = None) -> None:
    """Ask both networks, print the table and the fit."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path, help="what sample-jaws wrote")
    parser.add_argument("--data", type=Path, required=True, help="the data pack's ios/train, for the list of patients")
    parser.add_argument("--surface", type=Path, required=True, help="a training run of the surface network")
    parser.add_argument("--crowns", type=Path, required=True, help="one of the crown network")
    parser.add_argument("--fold", type=int, choices=range(5), required=True, help="the patients neither has seen")
    arguments = parser.parse_args(argv)
    everyone = patients(arguments.data)
    networks = TorchNetwork(arguments.surface), TorchCrowns(arguments.crowns)
    jaws = []
    for path in sorted(arguments.cache.glob("*.npz")):
        name, variant = path.stem.rsplit("_", 1)
        if int(variant) >= _UNCHANGED and fold_of(name, everyone) == arguments.fold:
            one = ask(path, *networks)
            jaws += [one] if one else []
    print(table(jaws, WEIGHTS))
    print("NO_TOOTH = ({:.2f}, {:.2f}, {:.2f})".format(*fit_no_tooth(jaws)))
