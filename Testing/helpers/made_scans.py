"""An intraoral scan of a phantom's jaw, made from the phantom's own formulas: crowns and a collar of gum."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.exports.tooth_surfaces import _level_surface
from DentalTopoSegLib.files.jaw_labels import LabelledJaw
from DentalTopoSegLib.files.meshes import Mesh, clean
from DentalTopoSegLib.files.meshes.geometry import labels_of_faces
from DentalTopoSegLib.phantom import Phantom
from DentalTopoSegLib.phantom.teeth import Tooth, tooth_boxes, tooth_distances

RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])
_GUM_MM, _GUM_HEIGHT_MM = 0.8, 1.0


@dataclass(frozen=True)
class MadeScan:
    """labelled: the scan in its own pose; matrix: (4, 4) true pose, scan -> CBCT LPS mm."""

    labelled: LabelledJaw
    matrix: np.ndarray


def distance_to_tooth(tooth: Tooth, lps: np.ndarray) -> np.ndarray:
    """(N,) mm to the tooth's true surface at (N, 3) LPS places; the phantom's functions are only about distances, so
    they are divided by their slope."""

    def value(places: np.ndarray) -> np.ndarray:
        return tooth_distances(tooth, (places * RAS_TO_LPS).astype(np.float32))["tooth"].astype(float)

    step = 0.02
    slope = np.stack([(value(lps + step * e) - value(lps - step * e)) / (2 * step) for e in np.eye(3)], -1)
    return np.abs(value(lps)) / np.maximum(np.linalg.norm(slope, axis=-1), 0.3)


def make_scan(
    phantom: Phantom, jaw: str = "upper", seed: int = 0, spacing: float = 0.2, noise: float = 0.01, turned: bool = True
) -> MadeScan:
    """Scan a jaw of a phantom: noise mm normally distributed, turned and shifted at random."""
    rng = np.random.default_rng(seed)
    quadrants = (1, 2) if jaw == "upper" else (3, 4)
    teeth = {n: t for n, t in phantom.teeth.items() if n // 10 in quadrants}
    corners = np.array([t.at(m, b, w) for t in teeth.values() for m in (-8, 8) for b in (-8, 8) for w in (-3, 13)])
    low, high = corners.min(0), corners.max(0)
    axes = tuple(np.arange(low[k], high[k], spacing) for k in range(3))
    shape = tuple(len(axis) for axis in axes[::-1])
    field, height = np.full(shape, 3.0, np.float32), np.full(shape, 9.0, np.float32)
    owner, gum = np.zeros(shape, np.uint8), np.zeros(shape, bool)
    for fdi, box in tooth_boxes(teeth, axes, margin=2.0).items():
        z, y, x = (axis[side] for axis, side in zip(axes[::-1], box, strict=True))
        parts = tooth_distances(teeth[fdi], np.stack(np.meshgrid(z, y, x, indexing="ij")[::-1], -1))
        collar = np.maximum(parts["tooth"] - _GUM_MM, parts["height"] - _GUM_HEIGHT_MM)
        own = np.minimum(parts["tooth"], collar).astype(np.float32)
        nearer = own < field[box]
        field[box] = np.where(nearer, own, field[box])
        owner[box] = np.where(nearer, fdi, owner[box])
        gum[box] = np.where(nearer, collar < parts["tooth"] - 1e-6, gum[box])
        height[box] = np.where(nearer, parts["height"], height[box])
    places, faces = _level_surface(-field, 0.0)
    index = tuple(np.clip(np.rint(places[:, ::-1]).astype(int).T, 0, np.array(shape)[:, None] - 1))
    numbers = np.where(gum[index], 0, owner[index]).astype(np.uint8)
    above = height[index] > -0.5  # a scanner sees no root
    vertices = (low + places * spacing) * RAS_TO_LPS
    if noise:
        vertices = vertices + rng.normal(0, noise, vertices.shape)
    faces = faces[above[faces].all(axis=1)]
    rotation = Rotation.random(random_state=seed).as_matrix() if turned else np.eye(3)
    shift = rng.uniform(-50, 50, 3) if turned else np.zeros(3)
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, shift
    vertices = (vertices - shift) @ rotation  # the inverse of the true pose
    mesh = Mesh(vertices, faces, f"{jaw}_scan", np.arange(len(vertices), dtype=np.int32), {"FDI": numbers})
    surface, _ = clean(mesh, "mm")
    fdi = np.zeros(len(surface.vertices), np.uint8)
    kept = surface.of_vertex >= 0
    fdi[surface.of_vertex[kept]] = numbers[kept]
    return MadeScan(LabelledJaw(mesh, surface, fdi, labels_of_faces(fdi, surface.faces), jaw, "made"), matrix)


def centres_of(scan: LabelledJaw) -> dict[int, np.ndarray]:
    """{FDI number: (3,) middle of its crown}."""
    return {int(n): scan.surface.vertices[scan.fdi == n].mean(axis=0) for n in np.unique(scan.fdi) if n}


def similar_scan(other: MadeScan, own: MadeScan) -> LabelledJaw:
    """Somebody else's scan as like a patient's as can be: the same arch, every crown in the place of its namesake,
    turned as it is; only the teeth themselves are others."""
    theirs, ours = centres_of(other.labelled), centres_of(own.labelled)
    names = sorted(set(theirs) & set(ours))
    start, goal = np.array([theirs[n] for n in names]), np.array([ours[n] for n in names])
    turn = Rotation.align_vectors(goal - goal.mean(0), start - start.mean(0))[0].as_matrix()
    surface, fdi = other.labelled.surface, other.labelled.fdi
    places = (surface.vertices - start.mean(0)) @ turn.T + goal.mean(0)
    there = (start - start.mean(0)) @ turn.T + goal.mean(0)
    crown = fdi > 0
    nearest = fdi.copy()  # the gum goes with its tooth
    nearest[~crown] = fdi[crown][cKDTree(places[crown]).query(places[~crown])[1]]
    for name, place in zip(names, there, strict=True):
        places[nearest == name] += ours[name] - place
    return replace(other.labelled, surface=replace(surface, vertices=places))
