"""Views of pairs: crops of the CBCT and clouds of the scans, each seen a little differently every time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from DentalTopoSegLib.ios.sampling import build_cloud
from training.contrastive.belonging import FLIP
from training.contrastive.pairs import Pair, load_pair, one_person, person_of
from training.nets.point_transformer import Graph
from training.nets.swin import box_centres
from training.surfaces.clouds import LEVELS, Augment, graph_of, pose
from training.volumes.losses import IGNORE

KNOWN_SHARE = 0.5
"""A CBCT token is known where this much of its box lies in the field of view."""


@dataclass(frozen=True)
class ViewPlan:
    """The `views` section of a configuration.

    Attributes
    ----------
    crop : tuple of int
        (z, y, x) voxels of a CBCT view.
    contrast, brightness, noise : float
        Grey values, z-scored, are multiplied by 1 to `contrast` (or its inverse), shifted and made noisy.
    turn_deg, jitter_mm, normal_jitter : float
        Of a scan; see `surfaces.clouds.Augment`. Its size stays: it is what tells people apart.
    radius_mm : float, optional
        Training shows a place of the arch: a crop, and of the scan what lies within this distance (module `places`).
        None: crops near the middle of the field of view, whole scans.
    places : int
        With a radius, so many places in a batch, each of as many people: two of one place teach who it is, two of
        different places where it is, which comes first.
    """

    crop: tuple[int, int, int] = (48, 96, 96)
    contrast: float = 1.25
    brightness: float = 0.2
    noise: float = 0.15
    turn_deg: tuple[float, float, float] = (15.0, 15.0, 20.0)
    jitter_mm: float = 0.03
    normal_jitter: float = 0.08
    radius_mm: float | None = None
    places: int = 1

    def still(self) -> ViewPlan:
        """The same crops with nothing varied but how the scans are turned: unturned they would tell the head's pose in
        the CBCT, which nobody who looks for the scan of a CBCT knows."""
        return ViewPlan(self.crop, 1.0, 0.0, 0.0, self.turn_deg, 0.0, 0.0)


@dataclass
class ImageView:
    """A crop: image (1, z, y, x) z-scored, labels (z, y, x) with 255 outside of the field
    of view, places (N, 3) RAS mm of its tokens and whether each is
    known (N,); start (3,) z, y, x of its first voxel in the pair's crop."""

    image: Tensor
    labels: Tensor
    places: Tensor
    known: Tensor
    start: np.ndarray


@dataclass
class ScanView:
    """A posed cloud: its graph, and where the points of the tokens' level lie in the CBCT's frame, (N, 3) RAS mm."""

    graph: Graph
    places: Tensor
    which: str


def z_scored(image: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Grey values (z, y, x) of a crop, float32: clipped to the 0.5 and 99.5 percentiles of what is inside, z-scored.

    Outside there is 0, whatever the file has there. A crop that lies outside altogether is 0.
    """
    values = image[inside].astype(np.float32)
    if not len(values):
        return np.zeros(image.shape, np.float32)
    low, high = np.percentile(values[:: max(1, len(values) // 200_000)], (0.5, 99.5)).astype(np.float32)
    values = np.clip(values, low, high)
    out = np.clip(image.astype(np.float32), low, high)
    out -= values.mean()
    out /= max(float(values.std()), 1e-6)
    return np.where(inside, out, np.float32(0.0))


def image_view(
    pair: Pair, plan: ViewPlan, voxels: int, rng: np.random.Generator, about: np.ndarray | None = None
) -> ImageView:
    """A crop about a place (3,) RAS mm, without one near the middle of the field of view; `voxels`: edge of a token's
    box."""
    shape, crop = np.array(pair.image.shape), np.minimum(plan.crop, pair.image.shape)
    room = shape - crop
    if about is None:
        seen = [np.nonzero(pair.inside.any(tuple({0, 1, 2} - {axis})))[0] for axis in range(3)]
        middle = np.array([(s[0] + s[-1]) / 2 for s in seen]) + room * rng.uniform(-0.5, 0.5, 3)
    else:
        middle = ((about - pair.origin) / pair.spacing)[::-1]
    start = np.clip(np.round(middle - crop / 2), 0, room).astype(int)
    box = tuple(slice(s, s + n) for s, n in zip(start, crop, strict=True))
    inside = pair.inside[box]
    image = z_scored(pair.image[box], inside)
    gain = plan.contrast ** rng.uniform(-1, 1)
    image = image * gain + rng.uniform(-1, 1) * plan.brightness
    image = image + rng.uniform(0, plan.noise) * rng.standard_normal(image.shape, np.float32)
    image = np.where(inside, image, 0.0).astype(np.float32)
    centres = box_centres(tuple(crop), voxels)
    places = torch.from_numpy(pair.origin) + (centres + torch.from_numpy(start)).flip(1) * pair.spacing
    share = torch.nn.functional.avg_pool3d(torch.from_numpy(inside)[None].float(), voxels, ceil_mode=True)
    return ImageView(
        torch.from_numpy(image)[None],
        torch.from_numpy(np.where(inside, pair.labels[box], IGNORE).astype(np.uint8)),
        places.float(),
        share.flatten() >= KNOWN_SHARE,
        start,
    )


def scan_view(
    cloud: dict[str, np.ndarray],
    which: str,
    plan: ViewPlan,
    level: int,
    rng: np.random.Generator,
    about: np.ndarray | None = None,
) -> ScanView:
    """A cloud turned about its middle; `level`: of whose points the tokens are.

    `about`: (3,) mm in the cloud's axes; what lies farther from it than the plan's radius is left out. The rest stands
    where it would stand in the whole cloud.
    """
    points = cloud["points"].astype(np.float64)
    augment = Augment(plan.turn_deg, jitter_mm=plan.jitter_mm, normal_jitter=plan.normal_jitter, mirror=False)
    posed, normals, _ = pose(points, cloud["normals"].astype(np.float64), np.zeros((1, 3)), augment, rng)
    arrays = {**cloud, "points": posed.astype(np.float32), "normals": normals.astype(np.float32)}
    if about is not None:
        kept = np.nonzero(((points - about) ** 2).sum(1) < plan.radius_mm**2)[0]
        counts = [int((kept < len(cloud[f"knn{each}"])).sum()) for each in range(LEVELS)]
        points, arrays = points[kept], build_cloud(posed[kept], normals[kept], [max(1, n) for n in counts]).feed()
    tokens = len(arrays[f"knn{level}"])
    return ScanView(graph_of(arrays), torch.from_numpy(points[:tokens] * FLIP[which]).float(), which)


@dataclass
class Seen:
    """A pair as a step sees it: some views of the CBCT, some of each jaw, and whose they are."""

    images: list[ImageView]
    scans: list[ScanView]
    person: int


def see(pair: Pair, plan: ViewPlan, voxels: int, level: int, views: int, rng: np.random.Generator) -> Seen:
    """`views` views of the CBCT and of every scanned jaw."""
    images = [image_view(pair, plan, voxels, rng) for _ in range(views)]
    scans = [
        scan_view(clouds[view % len(clouds)], which, plan, level, rng)
        for which, clouds in sorted(pair.clouds.items())
        for view in range(views)
    ]
    return Seen(images, scans, person_number(pair))


def image_windows(pair: Pair, plan: ViewPlan, voxels: int) -> list[ImageView]:
    """The whole field of view in crops of the plan's size: each box is known in the one crop that has it inside, a box
    at least away from the crop's faces.

    Raises
    ------
    ValueError
        The crops have no inside: they are less than three boxes wide.
    """
    crop = np.minimum(plan.crop, [-(-size // voxels) * voxels + 2 * voxels for size in pair.image.shape])
    step = crop // voxels * voxels - 2 * voxels
    if (step <= 0).any():
        raise ValueError(f"crops of {tuple(crop)} voxels are less than three boxes of {voxels} voxels wide")
    counts = -(-np.array(pair.image.shape) // step)
    pad = [
        (voxels, int(n * s + c - s - size)) for n, s, c, size in zip(counts, step, crop, pair.image.shape, strict=True)
    ]
    grey, field = np.pad(pair.image, pad), np.pad(pair.inside, pad)
    centres = box_centres(tuple(crop), voxels)
    middle = ((centres > voxels) & (centres < torch.from_numpy(step + voxels))).all(1)
    views = []
    for number in np.ndindex(*counts):
        start = np.array(number) * step
        box = tuple(slice(s, s + n) for s, n in zip(start, crop, strict=True))
        inside = field[box]
        share = torch.nn.functional.avg_pool3d(torch.from_numpy(inside)[None].float(), voxels, ceil_mode=True)
        known = (share.flatten() >= KNOWN_SHARE) & middle
        if not bool(known.any()):
            continue
        places = torch.from_numpy(pair.origin) + (centres + torch.from_numpy(start - voxels)).flip(1) * pair.spacing
        image = torch.from_numpy(z_scored(grey[box], inside))[None]
        views.append(ImageView(image, torch.zeros(0, dtype=torch.uint8), places.float(), known, start - voxels))
    return views


def see_whole(pair: Pair, plan: ViewPlan, voxels: int, level: int, rng: np.random.Generator) -> Seen:
    """The whole CBCT, and all of every scanned jaw once: what a search has to compare."""
    scans = [scan_view(clouds[0], which, plan, level, rng) for which, clouds in sorted(pair.clouds.items())]
    return Seen(image_windows(pair, plan, voxels), scans, person_number(pair))


def person_number(pair: Pair) -> int:
    """One for each person, however often scanned."""
    return int.from_bytes(one_person(pair.person).encode(), "big") % 2**31


class DrawPairs:
    """Endless batches of different people's pairs."""

    def __init__(self, files: Sequence[Path], seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.people: dict[str, list[Path]] = {}
        for file in sorted(files):
            self.people.setdefault(person_of(file), []).append(file)

    def __call__(self, count: int) -> list[Pair]:
        """`count` pairs, of as many people while there are enough."""
        names = sorted(self.people)
        chosen = self.rng.choice(len(names), size=count, replace=count > len(names))
        return [self._any(names[k]) for k in chosen]

    def each_once(self) -> Iterator[Pair]:
        """A pair of everybody, in random order."""
        names = sorted(self.people)
        for k in self.rng.permutation(len(names)):
            yield self._any(names[k])

    def _any(self, name: str) -> Pair:
        mine = self.people[name]
        return load_pair(mine[int(self.rng.integers(len(mine)))])
