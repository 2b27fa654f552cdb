"""Thin all clouds of jaws to the points that the orientation network is made for, and pose them at random.

    python -m training pack-clouds DATA/ios/train CACHE PACK  # once; CACHE is what sample-jaws wrote

Poses as the looks of `DentalTopoSegLib.ios.orienting` meet them: near the principal axes or nearly right, some anyhow;
half of the clouds mirrored (a mirrored jaw is a jaw).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation
from torch import Tensor

from DentalTopoSegLib.ios import orienting
from training.loop import read_config
from training.surfaces.jaws import Jaw, fold_of, on_base, patients, read_jaw

CONFIG = Path(__file__).resolve().parents[1] / "configs" / "orientation.yaml"


def crop(points: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which of a cloud's points (N, 3) are kept, (N,) bool: one or two upright cuts, or little gingiva around the
    teeth, or both."""
    keep = np.ones(len(points), bool)
    if rng.random() < 0.35 and (labels > 0).any():
        keep &= cKDTree(points[labels > 0]).query(points)[0] < rng.uniform(1.0, 6.0)
    if rng.random() < 0.8:
        for share in (rng.uniform(0.3, 0.95), rng.uniform(0.6, 0.95))[: 1 + (rng.random() < 0.4)]:
            angle = rng.uniform(0, 2 * np.pi)
            along = points[:, :2] @ (np.cos(angle), np.sin(angle))
            keep &= along < np.quantile(along[keep], share)
    return keep


def sample_on_base(jaw: Jaw, rng: np.random.Generator, count: int = 9000) -> np.ndarray:
    """Points (N, 3) of the jaw on a base, most with a floor, often filled under the whole arch, hardly tilted."""
    tilt = np.eye(3)
    tilt[2, :2] = rng.normal(0, 0.06, 2)  # a shear: the floor leans, the teeth hardly notice
    solid = on_base(Jaw(jaw.name, jaw.upper, jaw.vertices @ tilt.T, jaw.faces, jaw.classes), rng)
    corners = solid.vertices[solid.faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    pick = rng.choice(len(area), count, p=area / area.sum())
    points = (corners[pick] * rng.dirichlet((1.0, 1.0, 1.0), count)[..., None]).sum(1)
    if rng.random() < 0.75:
        low, high = points[:, :2].min(0), points[:, :2].max(0)
        floor = rng.uniform(low, high, (int(np.prod(high - low) * count / (area.sum() / 2)), 2))
        close = cKDTree(points[:, :2]).query(floor)[0] < rng.choice([1.5, 12.0])
        foot = np.column_stack([floor[close], np.full(close.sum(), solid.vertices[:, 2].min())])
        points = np.concatenate([points, foot])
    return points @ np.linalg.inv(tilt).T


def make_pack(data: Path, cache: Path, target: Path, config: dict[str, Any]) -> None:
    """All clouds in one npz: points (C, 2048, 3) canonical mm about their mean, first, second, name, kind, upper."""
    rows: list[tuple[np.ndarray, str, str]] = []
    for path in sorted(data.glob("*.npz")):
        rng = np.random.default_rng([config["seed"], *path.stem.encode()])
        variants = sorted(cache.glob(f"{path.stem}_??.npz"))
        for variant in variants:
            with np.load(variant) as arrays:
                points, labels = arrays["points"].astype(np.float64), arrays["labels"]
            plain = int(variant.stem[-2:]) < (len(variants) + 2) // 3
            rows.append((points, path.stem, "unchanged" if plain else "changed"))
            if int(variant.stem[-2:]) < config["pack"]["cropped"]:
                rows.append((points[crop(points, labels, rng)], path.stem, "cropped"))
        jaw = read_jaw(path)
        for _ in range(config["pack"]["on_base"]):
            rows.append((sample_on_base(jaw, rng), path.stem, "on base"))
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        target,
        points=np.stack([orienting.thinned(points)[0] for points, _, _ in rows]),
        name=np.array([r[1] for r in rows]),
        kind=np.array([r[2] for r in rows]),
        upper=np.array([r[1].endswith("upper") for r in rows]),
    )
    print(f"{len(rows)} clouds in {target}")


class Clouds:
    """The described clouds of the pack, and random batches of them."""

    def __init__(self, pack: Path, data: Path, fold: int | None, held: bool) -> None:
        with np.load(pack) as arrays:
            everyone = patients(data)
            mine = np.array([fold is None or (fold_of(n, everyone) == fold) == held for n in arrays["name"]])
            self.points = arrays["points"][mine]
            self.upper = arrays["upper"][mine].astype(np.float32)
            self.name, self.kind = arrays["name"][mine], arrays["kind"][mine]
        self.places = np.stack([orienting.described(p) for p in self.points])

    def batch(self, size: int, plan: dict, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """(places (B, M, 41), rotation into the canonical frame (B, 3, 3), upper (B,)), posed at random."""
        pick = rng.integers(len(self.places), size=size)
        places = deform(np.stack([choose_places(self.places[k], plan, rng) for k in pick]), plan, rng)
        turns = random_turns(places[..., :3], plan, rng)
        places = orienting.turned(places, turns)
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
    places = orienting.turned(places, scale[:, None] * np.eye(3))
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
    parser.add_argument("cache", type=Path, help="what training.surfaces.jaws wrote")
    parser.add_argument("pack", type=Path, help=".npz file to write")
    parser.add_argument("--config", type=Path, default=CONFIG)
    arguments = parser.parse_args(argv)
    make_pack(arguments.data, arguments.cache, arguments.pack, read_config(arguments.config, "pack"))
