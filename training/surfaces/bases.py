"""Labelled jaws on modelled bases, as dental software and plaster models have them.

The gum goes on from the rim of the scan over a ledge to an outline, the space between the arms of the arch is filled,
and walls go down to a plane: the study models of orthodontists (pointed in front for uppers, rounded for lowers),
boxes, and outlines that follow the arch. Closed below or open, some on the plate of an articulator.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from scipy.spatial import Delaunay, HalfspaceIntersection

from training.surfaces.jaws import Jaw, rim_of

#: Spacing of the points of ledges and walls, and of the map of what lies under the scan, mm.
_STEP_MM = 1.5
_CELL_MM = 1.0
_SMOOTHINGS = 12


def add_surface(jaw: Jaw, vertices: np.ndarray, faces: np.ndarray) -> Jaw:
    """The jaw with more gingiva; faces (F, 3) count `vertices` (V, 3) from 0."""
    return Jaw(
        jaw.name,
        jaw.upper,
        np.concatenate([jaw.vertices, vertices]),
        np.concatenate([jaw.faces, faces + len(jaw.vertices)]),
        np.concatenate([jaw.classes, np.zeros(len(faces), np.uint8)]),
    )


def outline(points: np.ndarray, upper: bool, rng: np.random.Generator) -> np.ndarray:
    """Corners (P, 2), in order against the clock, of a base around points (N, 2): straight sides that touch them but
    for a margin. Pointed in front for most uppers and rounded for most lowers, as it is usual, not for all."""
    kind = rng.choice(["usual", "other", "box", "hull"], p=[0.55, 0.15, 0.1, 0.2])
    pointed = upper == (kind == "usual")
    if kind == "box":
        angles = np.array([0.0, 90.0, 180.0, 270.0])
    elif kind == "hull":
        angles = np.arange(0.0, 360.0, 12.0)
    else:
        front, corner, side = rng.uniform(25, 40), rng.uniform(35, 55), rng.uniform(-4, 10)
        fore = [90 - front, 90 + front] if pointed else np.arange(90 - 60, 90 + 61, 12.0)
        angles = np.array([side, 180 - side, *fore, 270 - corner, 270.0, 270 + corner])
    angles = np.radians(angles + rng.normal(0, 2))
    normals = np.stack([np.cos(angles), np.sin(angles)], 1)
    margin = rng.uniform(0.5, 7.0) + rng.uniform(0, 4.0, len(angles)) * (kind != "hull")
    reach = (points @ normals.T).max(0) + margin
    corners = HalfspaceIntersection(np.column_stack([normals, -reach]), points.mean(0)).intersections
    middle = corners.mean(0)
    corners = corners[np.argsort(np.arctan2(*(corners - middle).T[::-1]))]
    return corners[np.linalg.norm(corners - np.roll(corners, 1, 0), axis=1) > 1e-6]


def modelled_base(jaw: Jaw, rng: np.random.Generator, closed: bool = False) -> Jaw:
    """On a base of random form and height, open below unless `closed`."""
    tilt = np.eye(3)
    tilt[2, :2] = rng.normal(0, 0.08, 2)  # a shear: the floor leans, the teeth hardly notice
    leaning = jaw.vertices @ tilt.T
    rim = np.unique(rim_of(jaw.faces))
    used = leaning[np.unique(jaw.faces)]
    corners = outline(used[:, :2], jaw.upper, rng)
    border = _walk(corners, _STEP_MM)
    edge = np.median(leaning[rim, 2]) - rng.uniform(-1.0, 12.0)
    floor = min(used[:, 2].min(), edge) - rng.uniform(2.0, 30.0)
    ledge, ledge_faces = _ledge(used, leaning[rim], border, edge)
    out = add_surface(Jaw(jaw.name, jaw.upper, leaning, jaw.faces, jaw.classes), ledge, ledge_faces)
    out = add_surface(out, *_wall(border, edge, floor))
    if closed:
        out = add_surface(out, *_lid(border, floor))
    return Jaw(jaw.name, jaw.upper, out.vertices @ np.linalg.inv(tilt).T, out.faces, out.classes)


def closed_base(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """On a base that is closed below, as for printing."""
    return modelled_base(jaw, rng, closed=True)


def plaster_model(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """On a closed base with the plate of an articulator under it."""
    based = modelled_base(jaw, rng, closed=True)
    low = based.vertices[:, 2].min()
    around = np.linspace(0, 2 * np.pi, rng.choice([4, 8, 60]), endpoint=False) + rng.uniform(0, 2 * np.pi)
    middle = np.median(based.vertices[:, :2], axis=0) + rng.normal(0, 4.0, 2)
    border = _walk(middle + rng.uniform(20.0, 40.0) * np.stack([np.cos(around), np.sin(around)], 1), _STEP_MM)
    top, foot = low + rng.uniform(0, 1.0), low - rng.uniform(3.0, 15.0)
    based = add_surface(based, *_wall(border, top, foot))
    based = add_surface(based, *_lid(border, foot))
    vertices, faces = _lid(border, top)
    return add_surface(based, vertices, faces[:, ::-1])


def _walk(corners: np.ndarray, step: float) -> np.ndarray:
    """Points (N, 2) along a closed line, about `step` apart."""
    length = np.linalg.norm(np.roll(corners, -1, 0) - corners, axis=1)
    parts = []
    for k, size in enumerate(np.maximum(1, np.round(length / step)).astype(int)):
        share = np.arange(size)[:, None] / size
        parts.append(corners[k] + share * (corners[(k + 1) % len(corners)] - corners[k]))
    return np.concatenate(parts)


def _inside(points: np.ndarray, border: np.ndarray) -> np.ndarray:
    """Which points (N, 2) a convex line (P, 2) against the clock goes around."""
    step = np.roll(border, -1, 0) - border
    away = points[:, None] - border
    return (step[:, 0] * away[..., 1] - step[:, 1] * away[..., 0] > 1e-9).all(1)


def _ledge(used: np.ndarray, rim: np.ndarray, border: np.ndarray, edge: float) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces, seen from above, from the rim (R, 3) out to the border at the height `edge`."""
    low = border.min(0) - _CELL_MM
    shape = np.ceil((border.max(0) - low) / _CELL_MM).astype(int) + 2
    covered = np.zeros(shape, bool)
    covered[tuple(((used[:, :2] - low) / _CELL_MM).astype(int).T)] = True
    covered = ndimage.binary_closing(covered, iterations=1)

    def is_covered(points: np.ndarray) -> np.ndarray:
        return covered[tuple(((points - low) / _CELL_MM).astype(int).T)]

    grid = np.stack(np.meshgrid(*(np.arange(a, b, _STEP_MM) for a, b in zip(low, border.max(0), strict=True))), -1)
    grid = grid.reshape(-1, 2)
    near = ndimage.binary_dilation(covered)
    grid = grid[_inside(grid, border) & ~near[tuple(((grid - low) / _CELL_MM).astype(int).T)]]
    fixed = np.concatenate([rim, np.column_stack([border, np.full(len(border), edge)])])
    height = LinearNDInterpolator(fixed[:, :2], fixed[:, 2])(grid)
    lost = np.isnan(height)
    height[lost] = NearestNDInterpolator(fixed[:, :2], fixed[:, 2])(grid[lost])
    vertices = np.concatenate([fixed, np.column_stack([grid, height])])
    faces = Delaunay(vertices[:, :2]).simplices
    faces = faces[~is_covered(vertices[faces][..., :2].mean(1))]
    _smooth(vertices, faces, len(fixed))
    return vertices, _turned_up(vertices, faces)


def _smooth(vertices: np.ndarray, faces: np.ndarray, fixed: int) -> None:
    """Heights of all but the first `fixed` vertices drawn to those of their neighbours."""
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    pairs = np.concatenate([pairs, pairs[:, ::-1]])
    count = np.bincount(pairs[:, 0], minlength=len(vertices))
    free = (np.arange(len(vertices)) >= fixed) & (count > 0)
    for _ in range(_SMOOTHINGS):
        mean = np.bincount(pairs[:, 0], vertices[pairs[:, 1], 2], len(vertices)) / np.maximum(count, 1)
        vertices[free, 2] = mean[free]


def _wall(border: np.ndarray, top: float, foot: float) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and outward faces of an upright wall under a border (P, 2) against the clock."""
    n, rings = len(border), max(2, int((top - foot) / _STEP_MM) + 1)
    vertices = np.concatenate([np.column_stack([border, np.full(n, z)]) for z in np.linspace(top, foot, rings)])
    a = (np.arange(rings - 1)[:, None] * n + np.arange(n)).ravel()
    b = (np.arange(rings - 1)[:, None] * n + (np.arange(n) + 1) % n).ravel()
    return vertices, np.concatenate([np.stack([a, a + n, b], 1), np.stack([b, a + n, b + n], 1)])


def _lid(border: np.ndarray, height: float) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and faces, seen from below, of a plane within a border (P, 2)."""
    low, high = border.min(0), border.max(0)
    grid = np.stack(np.meshgrid(*(np.arange(a, b, 2 * _STEP_MM) for a, b in zip(low, high, strict=True))), -1)
    grid = grid.reshape(-1, 2)
    flat = np.concatenate([border, grid[_inside(grid, border)]])
    faces = Delaunay(flat).simplices
    return np.column_stack([flat, np.full(len(flat), height)]), _turned_up(flat, faces)[:, ::-1]


def _turned_up(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Faces (F, 3) with their corners against the clock seen from above."""
    (ax, ay), (bx, by), (cx, cy) = (vertices[faces[:, k], :2].T for k in range(3))
    down = (bx - ax) * (cy - ay) < (by - ay) * (cx - ax)
    faces[down] = faces[down][:, ::-1]
    return faces.astype(np.int64)
