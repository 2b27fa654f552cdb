"""Train the network that finds a jaw's frame (DentalTopoSegLib.ios.orienting).

    python -m training.surfaces.orientation pack DATA/ios/train CACHE PACK           # once: 2048 points per cloud
    python -m training.surfaces.orientation train PACK --fold 0 --data DATA/ios/train

training.export.orientation measures and exports it. Poses as the looks meet them: near the principal axes or nearly
right, some anyhow; half of the clouds mirrored (a mirrored jaw is a jaw).
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
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation
from torch import Tensor, nn
from torch.nn import functional

from DentalTopoSegLib.ios import orienting
from training.surfaces.jaws import Jaw, fold_of, on_base, patients, read_jaw
from training.volumes.train import keep_memory

RUNS = Path(__file__).resolve().parents[1] / "runs"
CONFIG = Path(__file__).resolve().parents[1] / "configs" / "orientation.yaml"


class Block(nn.Module):
    """A pre-norm transformer layer."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.ffn_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.ffn = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        batch, n, width = x.shape
        q, k, v = self.qkv(self.norm(x)).view(batch, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(q, k, v)
        x = x + self.out(y.transpose(1, 2).reshape(batch, n, width))
        return x + self.ffn(self.ffn_norm(x))


class OrientationNet(nn.Module):
    """Places (B, M, 41) as orienting.describe_places has them -> (B, 6) occlusal and anterior direction, (B,) logit of
    "upper": a transformer whose tokens are the places."""

    def __init__(self, width: int, blocks: int, heads: int) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(orienting.CHANNELS, width), nn.ReLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(blocks)])
        self.head = nn.Sequential(nn.LayerNorm(2 * width), nn.Linear(2 * width, width), nn.ReLU(), nn.Linear(width, 7))

    def forward(self, places: Tensor) -> tuple[Tensor, Tensor]:
        x = self.embed(places)
        for block in self.blocks:
            x = block(x)
        out = self.head(pooled(x))
        return out[:, :6], out[:, 6]


def pooled(x: Tensor) -> Tensor:
    """(B, M, C) -> (B, 2 C): maximum and mean over the places."""
    return torch.cat([x.max(1)[0], x.mean(1)], -1)


def rotation_of(axes: Tensor) -> Tensor:
    """orienting.frames_of for tensors."""
    z = functional.normalize(axes[:, :3], dim=-1)
    y = functional.normalize(axes[:, 3:] - (axes[:, 3:] * z).sum(-1, keepdim=True) * z, dim=-1)
    return torch.stack([torch.linalg.cross(y, z), y, z], 1)


# --- clouds ---


def crop(points: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Which of a cloud's points are kept: one or two upright cuts, or little gum around the teeth, or both."""
    keep = np.ones(len(points), bool)
    if rng.random() < 0.35 and (labels > 0).any():
        keep &= cKDTree(points[labels > 0]).query(points)[0] < rng.uniform(1.0, 6.0)
    if rng.random() < 0.8:
        for share in (rng.uniform(0.3, 0.95), rng.uniform(0.6, 0.95))[: 1 + (rng.random() < 0.4)]:
            angle = rng.uniform(0, 2 * np.pi)
            along = points[:, :2] @ (np.cos(angle), np.sin(angle))
            keep &= along < np.quantile(along[keep], share)
    return keep


def based(jaw: Jaw, rng: np.random.Generator, count: int = 9000) -> np.ndarray:
    """Points of the jaw on a base, most of them with a floor, often filled under the whole arch, hardly tilted."""
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


def make_pack(data: Path, cache: Path, target: Path, config: dict) -> None:
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
            rows.append((based(jaw, rng), path.stem, "on base"))
    target.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        target, points=np.stack([orienting.thin_points(points)[0] for points, _, _ in rows]),
        name=np.array([r[1] for r in rows]), kind=np.array([r[2] for r in rows]),
        upper=np.array([r[1].endswith("upper") for r in rows]),
    )  # fmt: skip
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
        self.places = np.stack([orienting.describe_places(p) for p in self.points])

    def batch(self, size: int, plan: dict, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """(places (B, M, 41), rotation into the canonical frame (B, 3, 3), upper (B,)), posed at random."""
        pick = rng.integers(len(self.places), size=size)
        places = reshaped(np.stack([chosen(self.places[k], plan, rng) for k in pick]), plan, rng)
        turns = random_turns(places[..., :3], plan, rng)
        places = orienting.turn_places(places, turns)
        back = turns.transpose(0, 2, 1).astype(np.float32)
        return torch.from_numpy(places), torch.from_numpy(back), torch.from_numpy(self.upper[pick])


def chosen(places: np.ndarray, plan: dict, rng: np.random.Generator) -> np.ndarray:
    """Some of a cloud's places, now and then only those on one side of a plane."""
    rows = np.arange(len(places))
    if rng.random() < plan["cut"]:
        away = rng.standard_normal(3) * (1.0, 1.0, 0.3)
        along = places[:, :3] @ away
        rows = rows[along <= np.quantile(along, rng.uniform(0.35, 0.95))]
    some = rng.permutation(rows)[: plan["places"]]
    return places[np.resize(some, plan["places"])]


def reshaped(places: np.ndarray, plan: dict, rng: np.random.Generator) -> np.ndarray:
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


# --- training ---


def train(config: dict, pack: Path, data: Path, fold: int | None, folder: Path) -> None:
    """Train until the configured steps are done; resumes from the folder's checkpoint."""
    torch.manual_seed(config["seed"])
    settings, folder = config["training"], Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    net, average = OrientationNet(**config["net"]), OrientationNet(**config["net"])
    average.load_state_dict(net.state_dict())
    optimiser = torch.optim.AdamW(
        net.parameters(), lr=settings["lr"], weight_decay=settings["weight_decay"], fused=True
    )
    step, seconds = 0, 0.0
    checkpoint = folder / "checkpoint.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])
        step, seconds = state["step"], state["seconds"]
    clouds = Clouds(pack, data, fold, held=False)
    held = Clouds(pack, data, fold, held=True) if fold is not None else None
    rng = np.random.default_rng([config["seed"], step])
    started, window = time.process_time() - seconds, []

    def log(line: str) -> None:
        line = f"{time.strftime('%H:%M:%S')} {line}"
        print(line, flush=True)
        with open(folder / "log.txt", "a", encoding="utf-8") as stream:
            stream.write(line + "\n")

    def save() -> None:
        state = {"config": config, "net": net.state_dict(), "average": average.state_dict(), "fold": fold,
                 "optimiser": optimiser.state_dict(), "step": step, "seconds": seconds}  # fmt: skip
        temporary = checkpoint.with_suffix(".tmp")
        torch.save(state, temporary)
        os.replace(temporary, checkpoint)

    log(f"{sum(p.numel() for p in net.parameters()) / 1e3:.0f} k parameters, {len(clouds.places)} clouds, fold {fold}")
    while step < settings["steps"]:
        places, truth, upper = clouds.batch(settings["batch"], config["augment"], rng)
        rate = settings["lr"] * min(1.0, (step + 1) / settings["warmup_steps"])
        rate *= 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * step / settings["steps"]))
        for group in optimiser.param_groups:
            group["lr"] = rate
        axes, logit = net(places)
        # the distance itself, not its square: a few hopeless clouds do not drag the rest
        away = (rotation_of(axes) - truth).flatten(1).square().sum(1).add(1e-4).sqrt().mean()
        jaw = functional.binary_cross_entropy_with_logits(logit, upper)
        optimiser.zero_grad(set_to_none=True)
        (away + settings["jaw_weight"] * jaw).backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), settings["clip_norm"])
        optimiser.step()
        with torch.no_grad():
            decay = min(settings["ema"], (step + 1) / (step + 10))
            torch._foreach_lerp_(list(average.state_dict().values()), list(net.state_dict().values()), 1 - decay)
        step, seconds = step + 1, time.process_time() - started
        window.append((float(away.detach()), float(jaw.detach())))
        if step % settings["log_every"] == 0:
            away_mean, jaw_mean = np.mean(window, 0)
            log(f"step {step} distance {away_mean:.3f} jaw {jaw_mean:.3f} {seconds / step * 1000:.0f} CPU ms/step")
            window = []
        if step % settings["save_every"] == 0:
            save()
            if held is not None:
                log(f"step {step} held out, one look: {one_look(average, held, config)}")
    save()
    log(f"done: {seconds / 60:.1f} CPU min")


@torch.no_grad()
def one_look(net: OrientationNet, held: Clouds, config: dict, count: int = 240) -> str:
    """Error of single answers, as in training but for the network that is kept."""
    rng = np.random.default_rng(0)
    plan = config["augment"] | {"near": 0.0, "principal": 1.0}
    places, truth, upper = held.batch(count, plan, rng)
    axes, logit = net(places)
    error = orienting.angles_deg(rotation_of(axes).double().numpy(), truth.double().numpy())
    right = ((logit > 0).float() == upper).float().mean()
    return f"median {np.median(error):.1f}, 90 % {np.quantile(error, 0.9):.1f} deg, jaw {right:.3f}"


def load_net(folder: Path) -> tuple[OrientationNet, dict]:
    """The averaged network of a run and its checkpoint."""
    state = torch.load(Path(folder) / "checkpoint.pt", map_location="cpu", weights_only=True)
    net = OrientationNet(**state["config"]["net"])
    net.load_state_dict(state["average"])
    return net.eval(), state


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=CONFIG)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("pack", help="thin all clouds to 2048 points")
    for name in ("data", "cache", "pack"):
        command.add_argument(name, type=Path)
    command = commands.add_parser("train")
    command.add_argument("pack", type=Path)
    command.add_argument("--data", type=Path, required=True, help="the data pack's ios/train, for the list of patients")
    command.add_argument("--fold", type=int, choices=range(5), help="fifth of the patients to hold out")
    command.add_argument("--steps", type=int)
    command.add_argument("--name", help="name of the run (default: orientation and fold)")
    arguments = parser.parse_args()
    config = yaml.safe_load(arguments.config.read_text(encoding="utf-8"))
    keep_memory("training.surfaces.orientation")
    torch.set_num_threads(1)
    if arguments.command == "pack":
        make_pack(arguments.data, arguments.cache, arguments.pack, config)
    else:
        if arguments.steps:
            config["training"]["steps"] = arguments.steps
        name = arguments.name or "orientation" + ("" if arguments.fold is None else f"_fold{arguments.fold}")
        train(config, arguments.pack, arguments.data, arguments.fold, RUNS / name)


if __name__ == "__main__":
    main()
