"""Batches of one place of the arch: the same of everybody, so that what is told apart is people.

Of two tokens drawn at random hardly any pair shows the same kind of tooth in two mouths; with everybody at one place,
nearly all of a batch does, and small views leave time for many people. No label is asked: a place is a direction from
the middle of the scan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.contrastive.belonging import FLIP
from training.contrastive.pairs import Pair
from training.contrastive.views import Seen, ViewPlan, image_view, person_number, scan_view

FEWEST_TOKENS = 4
"""Points of the tokens' level that a cut of a scan must keep."""

SCAN_SHIFT_MM, IMAGE_SHIFT_MM = 3.0, 4.0
"""How far cut and crop lie beside the place, at most along each axis: in no view it is in the middle."""


@dataclass(frozen=True)
class Place:
    """A jaw, "upper" or "lower", and a direction from the middle of its scan, radians from +x to +y (anterior)."""

    which: str
    direction: float


def draw_place(rng: np.random.Generator) -> Place:
    """Any place of any jaw."""
    return Place(("upper", "lower")[int(rng.integers(2))], float(rng.uniform(0, 2 * np.pi)))


def find_place(points: np.ndarray, direction: float) -> np.ndarray:
    """(3,) the one of points (N, 3) in canonical axes that lies most nearly in a direction from their middle; of the
    occlusal half, where the crowns are."""
    away = points - points.mean(0)
    along = away[:, :2] @ [np.cos(direction), np.sin(direction)] / np.linalg.norm(away[:, :2], axis=1).clip(1e-9)
    return points[np.where(away[:, 2] >= np.median(away[:, 2]), along, -2.0).argmax()]


def see_place(
    pair: Pair, place: Place, plan: ViewPlan, voxels: int, level: int, views: int, rng: np.random.Generator
) -> Seen | None:
    """`views` crops of the CBCT and cuts of the scan about a place; None where the pair does not show it in both."""
    clouds = pair.clouds.get(place.which)
    if not clouds:
        return None
    flip = FLIP[place.which]
    tokens = [cloud["points"][: len(cloud[f"knn{level}"])].astype(np.float64) for cloud in clouds]
    about = find_place(tokens[0], place.direction)
    voxel = np.round((about * flip - pair.origin) / pair.spacing).astype(int)[::-1]
    if (voxel < 0).any() or (voxel >= pair.inside.shape).any() or not pair.inside[tuple(voxel)]:
        return None
    scans = []
    for view in range(views):
        number, middle = view % len(clouds), about + rng.uniform(-SCAN_SHIFT_MM, SCAN_SHIFT_MM, 3)
        if (((tokens[number] - middle) ** 2).sum(1) < plan.radius_mm**2).sum() < FEWEST_TOKENS:
            return None
        scans.append(scan_view(clouds[number], place.which, plan, level, rng, middle))
    shifts = rng.uniform(-IMAGE_SHIFT_MM, IMAGE_SHIFT_MM, (views, 3))
    images = [image_view(pair, plan, voxels, rng, about * flip + shift) for shift in shifts]
    return Seen(images, scans, person_number(pair))
