"""How an intraoral scan may come: a part of the jaw, on a base, turned inside out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from training.surfaces.jaws import Jaw, crop, on_base


def part(jaw: Jaw, keep: np.ndarray) -> Jaw:
    """The faces that a mask (F,) keeps."""
    return Jaw(jaw.name, jaw.upper, jaw.vertices, jaw.faces[keep], jaw.classes[keep])


def quadrant(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """One side of the jaw, with a little beyond the midline or not quite up to it."""
    side = rng.choice([-1.0, 1.0])
    return part(jaw, side * jaw.vertices[jaw.faces].mean(1)[:, 0] > rng.uniform(-6.0, 4.0))


def few_teeth(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """What lies within 12 to 18 mm of a point on a tooth: three or four teeth."""
    centres = jaw.vertices[jaw.faces].mean(1)
    middle = centres[rng.choice(np.nonzero(jaw.classes > 0)[0])]
    return part(jaw, np.linalg.norm(centres - middle, axis=1) < rng.uniform(12.0, 18.0))


def solid(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """On a base that is closed below: rings from the base's edge to its middle."""
    based = on_base(jaw, rng)
    low = based.vertices[:, 2].min()
    edges = np.concatenate([based.faces[:, [0, 1]], based.faces[:, [1, 2]], based.faces[:, [2, 0]]])
    _, first, count = np.unique(np.sort(edges, 1), axis=0, return_index=True, return_counts=True)
    edges = edges[first[count == 1]]
    edges = edges[(based.vertices[edges][..., 2] < low + 1e-6).all(1)]
    rim, at = np.unique(edges, return_inverse=True)
    at, n, rings = at.reshape(-1, 2), len(rim), 16
    middle = based.vertices[rim].mean(0)
    inwards = np.linspace(1.0, 0.02, rings)[:, None, None]
    floor = (middle + inwards * (based.vertices[rim] - middle)).reshape(-1, 3)
    faces = []
    for ring in range(rings - 1):
        a, b = len(based.vertices) + ring * n + at[:, 1], len(based.vertices) + ring * n + at[:, 0]
        faces += [np.stack([a, b, b + n], 1), np.stack([a, b + n, a + n], 1)]
    faces = np.concatenate([based.faces, *faces])
    classes = np.concatenate([based.classes, np.zeros(len(faces) - len(based.faces), np.uint8)])
    return Jaw(jaw.name, jaw.upper, np.concatenate([based.vertices, floor]), faces, classes)


def mirror(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """As a bad exporter leaves it: x negated, faces as they were, so that they show their back."""
    return Jaw(jaw.name, jaw.upper, jaw.vertices * (-1.0, 1.0, 1.0), jaw.faces, jaw.classes)


def inside_out(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """With every face turned over."""
    return Jaw(jaw.name, jaw.upper, jaw.vertices, jaw.faces[:, ::-1], jaw.classes)


CONDITIONS: dict[str, Callable[[Jaw, np.random.Generator], Jaw]] = {
    "unchanged": lambda jaw, rng: jaw,
    "cropped": crop,
    "quadrant": quadrant,
    "on base": on_base,
    "solid": solid,
    "mirrored": mirror,
    "inside out": inside_out,
    "3-4 teeth": few_teeth,
}
TURNED_OUT = ("mirrored", "inside out")
"""Conditions in which the surface shows its back."""
