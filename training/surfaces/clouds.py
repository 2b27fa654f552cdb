"""Random clouds of jaws (training.surfaces.jaws) as tensors, posed and bent anew at every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.ios.network import OFFSET_MM
from training.nets.point_transformer import Graph
from training.patients.rooted_teeth import SAME_PERSON
from training.surfaces.jaws import fold_of, patients

LEVELS = 5


@dataclass(frozen=True)
class Augment:
    """The `augment` section of a configuration; see configs/surface.yaml."""

    turn_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: float = 0.0
    stretch: float = 0.0
    bend_mm: float = 0.0
    bend_reach_mm: float = 12.0
    jitter_mm: float = 0.0
    normal_jitter: float = 0.0
    rare_weight: float = 1.0
    mirror: bool = True


@dataclass
class Sample:
    """A cloud with its targets: labels (N,) long, offsets (N, 3) in units of OFFSET_MM (0 on gingiva)."""

    graph: Graph
    labels: torch.Tensor
    offsets: torch.Tensor


def split(variants: Sequence[Path], data: Path, fold: int | None) -> tuple[list[Path], list[Path]]:
    """Variants for training and for validation; fold None: everything trains."""
    everyone = patients(data)
    held = [fold is not None and fold_of(p.stem[:3], everyone) == fold for p in variants]
    return [p for p, h in zip(variants, held, strict=True) if not h], [
        p for p, h in zip(variants, held, strict=True) if h
    ]


def refuse_leak(start: dict[str, Any], held: Sequence[Path], what: str) -> None:
    """InputError where the run that a training starts from has seen people it holds out.

    Parameters
    ----------
    start
        Configuration of that run; its "people" are the persons' numbers.
    held
        Files of the held-out scans.
    what
        The training, in words.
    """
    persons = {SAME_PERSON.get(p.stem[:3], p.stem[:3]) for p in held}
    if both := persons & set(start.get("people", ())):
        raise InputError(
            f"What {what} starts from has seen {', '.join(sorted(both))}, whom it holds out: pretrain with its --fold."
        )


def graph_of(feed: dict[str, np.ndarray], device: torch.device | str = "cpu") -> Graph:
    """The network's inputs (Cloud.feed or a variant's arrays) as tensors."""

    def tensor(name: str) -> torch.Tensor:
        array = feed[name]
        array = array.astype(np.int64) if array.dtype.kind in "iu" else array.astype(np.float32)
        return torch.from_numpy(array).to(device)

    return Graph(
        tensor("points"),
        tensor("normals"),
        [tensor(f"knn{k}") for k in range(LEVELS)],
        [tensor(f"group{k}") for k in range(LEVELS - 1)],
        [tensor(f"up{k}") for k in range(LEVELS - 1)],
        [tensor(f"weight{k}") for k in range(LEVELS - 1)],
    )


def pose(
    points: np.ndarray, normals: np.ndarray, centres: np.ndarray, plan: Augment, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points, normals and tooth centres after random bending, scaling and turning."""

    def bend(x: np.ndarray) -> np.ndarray:
        out = x.astype(np.float64)
        for centre, push in zip(knots, pushes, strict=True):
            near = np.exp(-((x - centre) ** 2).sum(-1) / (2 * plan.bend_reach_mm**2))
            out = out + near[..., None] * push
        return out

    knots = points[rng.integers(len(points), size=4)]
    pushes = rng.normal(0, plan.bend_mm, (4, 3))
    turn = Rotation.from_euler("zxy", np.array(plan.turn_deg)[[2, 0, 1]] * rng.uniform(-1, 1, 3), degrees=True)
    scale = rng.uniform(1 - plan.scale, 1 + plan.scale) * rng.uniform(1 - plan.stretch, 1 + plan.stretch, 3)
    matrix = turn.as_matrix()
    new_points = bend(points) * scale @ matrix.T
    new_points += rng.normal(0, plan.jitter_mm, new_points.shape)
    shift = new_points.mean(0)
    new_normals = normals / scale @ matrix.T + rng.normal(0, 1, normals.shape) * plan.normal_jitter * rng.random()
    new_normals /= np.linalg.norm(new_normals, axis=1, keepdims=True) + 1e-9
    new_centres = bend(centres) * scale @ matrix.T - shift
    return new_points - shift, new_normals, new_centres


def load(path: Path, plan: Augment, rng: np.random.Generator) -> Sample:
    """One variant, posed at random."""
    with np.load(path) as data:
        arrays = {name: data[name] for name in data.files}
    points, normals = arrays["points"].astype(np.float64), arrays["normals"].astype(np.float64)
    centres, labels = arrays["centres"].astype(np.float64), arrays["labels"].astype(np.int64)
    if plan.mirror and rng.random() < 0.5:
        flip = np.array([-1.0, 1.0, 1.0])
        points, normals, centres = points * flip, normals * flip, centres * flip
        swap = np.r_[0, 9:17, 1:9]
        labels, centres = swap[labels], centres[swap]
    points, normals, centres = pose(points, normals, centres, plan, rng)
    arrays["points"], arrays["normals"] = points.astype(np.float32), normals.astype(np.float32)
    offsets = np.where(labels[:, None] > 0, np.nan_to_num(centres)[labels] - points, 0.0) / OFFSET_MM
    return Sample(graph_of(arrays), torch.from_numpy(labels), torch.from_numpy(offsets.astype(np.float32)))


def _is_rare(labels: np.ndarray) -> bool:
    """With a third molar or without one of the other teeth."""
    return not np.array_equal(np.setdiff1d(labels, 0), [*range(1, 8), *range(9, 16)])


class Draw:
    """Endless random variants; scans with a third molar, or without one of the other teeth, come more often."""

    def __init__(self, variants: Sequence[Path], plan: Augment, seed: int) -> None:
        self.plan, self.rng = plan, np.random.default_rng(seed)
        scans: dict[str, list[Path]] = {}
        for path in variants:
            scans.setdefault(path.stem.rsplit("_", 1)[0], []).append(path)
        self.scans = [sorted(v) for _, v in sorted(scans.items())]
        weight = np.array([plan.rare_weight if _is_rare(np.load(v[0])["labels"]) else 1.0 for v in self.scans])
        self.weight = weight / weight.sum()

    def __call__(self) -> Sample:
        mine = self.scans[self.rng.choice(len(self.scans), p=self.weight)]
        return load(mine[self.rng.integers(len(mine))], self.plan, self.rng)
