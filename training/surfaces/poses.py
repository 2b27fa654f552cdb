"""Thin jaws, disturbed at random, to the points that the orientation network is made for, and pose them at random.

    python -m training pack-orientation DATA/ios/train PACK  # once

Poses as the looks of `DentalTopoSegLib.ios.orienting` meet them: near the principal axes or nearly right, some anyhow;
half of the clouds mirrored (a mirrored jaw is a jaw).
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.spatial.transform import Rotation
from torch import Tensor

from DentalTopoSegLib.ios import orienting
from training.loop import read_config
from training.surfaces.disturbances import disturb
from training.surfaces.jaws import fold_of, patients, read_jaw

CONFIG = Path(__file__).resolve().parents[1] / "configs" / "orientation.yaml"


def make_clouds(path: Path, config: dict[str, Any]) -> tuple[np.ndarray, list[str]]:
    """Clouds (C, 2048, 3) of one scan as it is and disturbed, canonical mm about their mean, and which they are."""
    jaw = read_jaw(path)
    kinds = [kind for kind in ("unchanged", "disturbed") for _ in range(config["pack"][kind])]
    points = []
    for k, kind in enumerate(kinds):
        rng = np.random.default_rng([config["seed"], k, *path.stem.encode()])
        other = disturb(jaw, rng) if kind == "disturbed" else jaw
        points.append(orienting.thin_points(orienting.sample_surface(other.vertices, other.faces, rng)[0])[0])
    return np.stack(points), kinds


def make_pack(data: Path, target: Path, config: dict[str, Any], processes: int = 2) -> None:
    """All clouds in one npz: points (C, 2048, 3) canonical mm about their mean, first, second, name, kind, upper."""
    paths = sorted(data.glob("*.npz"))
    with ProcessPoolExecutor(processes) as pool:
        made = list(pool.map(partial(make_clouds, config=config), paths))
    names = np.repeat([p.stem for p in paths], [len(kinds) for _, kinds in made])
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        target,
        points=np.concatenate([points for points, _ in made]),
        name=names,
        kind=np.concatenate([kinds for _, kinds in made]),
        upper=np.array([name.endswith("upper") for name in names]),
    )
    print(f"{len(names)} clouds in {target}")


class Clouds:
    """The described clouds of the pack, and random batches of them."""

    def __init__(self, pack: Path, data: Path, fold: int | None, held: bool) -> None:
        with np.load(pack) as arrays:
            everyone = patients(data)
            mine = np.array([fold is None or (fold_of(n, everyone) == fold) == held for n in arrays["name"]])
            self.points = arrays["points"][mine]
            self.upper = arrays["upper"][mine].astype(np.float32)
            self.name, self.kind = arrays["name"][mine], arrays["kind"][mine]
        self.places = np.stack([orienting.describe_places(p) for p in self.points])

    def batch(self, size: int, plan: dict, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """(places (B, M, 41), rotation into the canonical frame (B, 3, 3), upper (B,)), posed at random."""
        pick = rng.integers(len(self.places), size=size)
        places = deform(np.stack([choose_places(self.places[k], plan, rng) for k in pick]), plan, rng)
        turns = random_turns(places[..., :3], plan, rng)
        places = orienting.turn_places(places, turns)
        back = turns.transpose(0, 2, 1).astype(np.float32)
        return torch.from_numpy(places), torch.from_numpy(back), torch.from_numpy(self.upper[pick])


def choose_places(places: np.ndarray, plan: dict, rng: np.random.Generator) -> np.ndarray:
    """Some of a cloud's places, now and then only those on one side of a plane."""
    rows = np.arange(len(places))
    if rng.random() < plan["cut"]:
        away = rng.standard_normal(3) * (1.0, 1.0, 0.3)
        along = places[:, :3] @ away
        rows = rows[along <= np.quantile(along, rng.uniform(0.35, 0.95))]
    some = rng.permutation(rows)[: plan["places"]]
    return places[np.resize(some, plan["places"])]


def deform(places: np.ndarray, plan: dict, rng: np.random.Generator) -> np.ndarray:
    """Mirrored, scaled and stretched (moments too), bent and noisy (places only), about the mean again."""
    batch, n, channels = places.shape
    scale = 1 + plan["scale"] * rng.uniform(-1, 1, (batch, 1)) + plan["stretch"] * rng.uniform(-1, 1, (batch, 3))
    scale[:, 0] *= rng.choice([-1.0, 1.0], batch)
    places = orienting.turn_places(places, scale[:, None] * np.eye(3))
    knots = places[np.arange(batch)[:, None], rng.integers(n, size=(batch, 4)), :3]
    square = ((places[:, :, None, :3] - knots[:, None]) ** 2).sum(-1) * orienting.REACH_MM**2
    pushes = rng.normal(0, plan["bend_mm"] / orienting.REACH_MM, (batch, 4, 3))
    where = places[..., :3] + np.exp(-square / (2 * plan["bend_reach_mm"] ** 2)) @ pushes
    where += rng.normal(0, plan["jitter_mm"] / orienting.REACH_MM, where.shape) * rng.random((batch, 1, 1))
    noise = rng.standard_normal((batch, n, channels - 3), np.float32) * plan["moment_noise"]
    noise *= rng.random((batch, 1, 1), np.float32)
    return np.concatenate([(where - where.mean(1, keepdims=True)).astype(np.float32), places[..., 3:] + noise], -1)


def random_turns(where: np.ndarray, plan: dict, rng: np.random.Generator) -> np.ndarray:
    """(B, 3, 3): a little off the canonical frame, or near the principal axes as the first look is, or uniform."""
    kind = rng.random(len(where))
    near, principal = kind < plan["near"], kind < plan["near"] + plan["principal"]
    small = np.where(near, plan["near_deg"], plan["principal_deg"])[:, None] * rng.standard_normal((len(where), 3))
    turns = Rotation.from_rotvec(np.radians(small)).as_matrix()
    for k in np.nonzero(principal & ~near)[0]:
        turns[k] = turns[k] @ orienting.principal_frames(where[k])[rng.integers(4)]
    anyhow = Rotation.from_quat(rng.standard_normal((len(where), 4))).as_matrix()
    return np.where(principal[:, None, None], turns, anyhow)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the data pack's ios/train")
    parser.add_argument("pack", type=Path, help=".npz file to write")
    parser.add_argument("--config", type=Path, default=CONFIG)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args(argv)
    make_pack(arguments.data, arguments.pack, read_config(arguments.config, "pack"), arguments.processes)
