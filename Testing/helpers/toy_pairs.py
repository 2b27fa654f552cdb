"""Toy pairs for the contrastive training: rooted toy teeth, and the scans that show just these teeth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from training_toys import toy_dentition

from DentalTopoSegLib.dentition import CLASS_FDI, is_upper
from training.contrastive.belonging import FLIP
from training.contrastive.pairs import Pair, save_pair
from training.patients.rooted_teeth import ToothModel, save_dentition
from training.surfaces.jaws import Jaw, class_of, sample

AXES = np.array([3.2, 3.6, 10.5])
"""Half axes of a toy tooth's ellipsoid, tooth frame mm; its middle lies 7 mm below the frame's origin."""
MIDDLE = np.array([0.0, 0.0, -7.0])
NECK = -3.0
CLASSES = CLASS_FDI[1:]
GUM = 2.5
"""Width of the rim of gum around a crown, mm."""


def crown_mesh(rings: int = 9, around: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A toy tooth above its neck with a rim of gum: vertices (V, 3) tooth frame mm, faces (F, 3), on_tooth (F,)."""
    low = np.arccos((NECK - MIDDLE[2]) / AXES[2])
    polar = np.linspace(0.12, low, rings)
    turn = np.linspace(0, 2 * np.pi, around, endpoint=False)
    p, t = (grid.ravel() for grid in np.meshgrid(polar, turn, indexing="ij"))
    crown = np.stack([np.sin(p) * np.cos(t), np.sin(p) * np.sin(t), np.cos(p)], 1) * AXES + MIDDLE
    rim = crown[-around:] * [1 + GUM / AXES[0], 1 + GUM / AXES[1], 1]
    vertices = np.vstack([crown, rim, MIDDLE + [0, 0, AXES[2]]])
    top = len(vertices) - 1
    faces, own = [], []
    for ring in range(rings):
        for k in range(around):
            a, b = ring * around + k, ring * around + (k + 1) % around
            faces += [[a, a + around, b], [b, a + around, b + around]]
            own += [ring < rings - 1] * 2
    for k in range(around):
        faces.append([top, k, (k + 1) % around])
        own.append(True)
    return vertices, np.array(faces), np.array(own)


def toy_scan(teeth: list[ToothModel]) -> dict[str, np.ndarray]:
    """The scan of some teeth as the data pack stores one: `vertices`, `faces`, `face_fdi`."""
    local, faces, own = crown_mesh()
    vertices, all_faces, fdi = [], [], []
    for number, tooth in enumerate(teeth):
        placed = local @ tooth.rotation.T + tooth.centre
        turned = np.linalg.det(tooth.rotation) < 0
        vertices.append(placed[:, [1, 2, 0]])  # RAS to +x anterior, +y superior, +z right
        all_faces.append((faces[:, ::-1] if turned else faces) + number * len(local))
        fdi.append(np.where(own, tooth.fdi, 0))
    return {
        "vertices": np.concatenate(vertices).astype(np.float32),
        "faces": np.concatenate(all_faces).astype(np.int32),
        "face_fdi": np.concatenate(fdi).astype(np.uint8),
    }


def write_people(folder: Path, people: dict[str, list[str]], seed: int = 0) -> tuple[Path, Path]:
    """Rooted dentitions and scans of made-up people, each with teeth in places of their own.

    people: numbers by split ("train", "validation"). Returns the folders of the rooted dentitions and of the scans.
    """
    rooted, scans = folder / "rooted", folder / "ios"
    scans.mkdir(parents=True)
    for split, names in people.items():
        (rooted / split).mkdir(parents=True)
        for name in names:
            rng = np.random.default_rng([seed, int(name)])
            wide = rng.uniform(0.9, 1.1, 3)
            teeth = [
                replace(t, centre=(t.centre * wide + rng.normal(0, 0.8, 3)).astype(np.float32)) for t in toy_dentition()
            ]
            save_dentition(rooted / split / f"{name}.npz", teeth)
            for which in ("upper", "lower"):
                own = [t for t in teeth if is_upper(t.fdi) == (which == "upper")]
                np.savez(scans / f"{name}_{which}.npz", **toy_scan(own))
    return rooted, scans


def toy_pair(person: str, rng: np.random.Generator, views: int = 2) -> Pair:
    """A pair without the phantom engine: bright ellipsoids in a dark crop and their scan.

    Every tooth has a size of its own, much the same in all people, so that a place is known by what is around it.
    """
    spacing, shape = 1.0, (32, 64, 72)
    origin = np.array([-36.0, -18.0, -16.0])
    z, y, x = np.meshgrid(*[np.arange(n) * spacing for n in shape], indexing="ij")
    points = np.stack([x, y, z], -1) + origin
    image, labels = rng.normal(0, 40, shape), np.zeros(shape, np.uint8)
    clouds = {}
    for which in ("upper", "lower"):
        teeth = [t for t in toy_dentition() if is_upper(t.fdi) == (which == "upper")]
        local, faces, own = crown_mesh(rings=6, around=12)
        parts, triangles, fdi = [], [], []
        for number, tooth in enumerate(teeth):
            kind = np.random.default_rng(tooth.fdi).uniform([0.6, 0.6, 0.8], [1.25, 1.6, 1.2])
            size = kind * rng.uniform(0.93, 1.07, 3)
            inside = (((points - tooth.centre) @ tooth.rotation / size - MIDDLE) / AXES) ** 2
            filled = inside.sum(-1) < 1
            image[filled] += 2000
            labels[filled] = 1 + CLASSES.index(tooth.fdi)
            parts.append((local * size) @ tooth.rotation.T + tooth.centre)
            turned = np.linalg.det(tooth.rotation) < 0
            triangles.append((faces[:, ::-1] if turned else faces) + number * len(local))
            fdi.append(np.where(own, tooth.fdi, 0))
        vertices = np.concatenate(parts) * FLIP[which]
        classes = class_of(np.concatenate(fdi))
        jaw = Jaw(f"{person}_{which}", which == "upper", vertices, np.concatenate(triangles), classes)
        clouds[which] = [sample(jaw, rng, 3.0) for _ in range(views)]
    whole = np.ones(shape, bool)
    return Pair(person, image.astype(np.float16), whole, labels, origin, spacing, clouds)


def write_toy_pairs(folder: Path, people: dict[str, list[str]]) -> tuple[list[Path], list[Path]]:
    """A `toy_pair` of everybody; files of "train" and of "validation"."""
    files: dict[str, list[Path]] = {}
    for split, names in people.items():
        (folder / split).mkdir(parents=True)
        for name in names:
            path = folder / split / f"{name}_000.npz"
            save_pair(path, toy_pair(name, np.random.default_rng(int(name))))
            files.setdefault(split, []).append(path)
    return files["train"], files["validation"]
