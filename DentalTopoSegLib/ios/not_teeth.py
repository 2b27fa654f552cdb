"""What stands in scans of jaws and is no tooth, by its shape: scan bodies of implants, and models of single teeth."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..files.meshes import Surface

#: A scan body is a cylinder of such a radius, mm; so much of its surface lies so close to it, and all around it.
_RADIUS_MM = (1.2, 4.5)
_CLOSE_MM, _SHARE, _AROUND_DEG = 0.1, 0.5, 250.0
#: Faces of its wall look away from the axis, within the first, and along the radius, beyond the second (cosines).
_WALL, _RADIAL = 0.3, 0.97
_FITS = 6
_ENOUGH = 3000  # faces that tell it
#: A die is at most so wide across the way it looks, mm, and as high as it is wide or more. Pieces of jaws are longer.
_DIE_MM, _DIE_HEIGHT = 26.0, 0.9
_OPEN = 0.1


def scan_bodies(surface: Surface, face_fdi: np.ndarray) -> tuple[int, ...]:
    """Which teeth of a surface, numbers of its faces (G,), are cylinders."""
    teeth = (int(fdi) for fdi in np.unique(face_fdi) if fdi)
    return tuple(fdi for fdi in teeth if is_cylinder(surface, np.flatnonzero(face_fdi == fdi)))


def is_cylinder(surface: Surface, faces: np.ndarray) -> bool:
    """Whether some faces (n,) of a surface are mostly the wall of one cylinder."""
    if len(faces) < 30:
        return False
    faces = faces[:: len(faces) // _ENOUGH + 1]
    area = surface.areas[faces]
    normals = surface.crosses[faces] / (2 * area[:, None] + 1e-12)
    centres = surface.vertices[surface.faces[faces]].mean(1)
    weight = area.copy()
    for _ in range(_FITS):
        axis = np.linalg.eigh((normals * weight[:, None]).T @ normals)[1][:, 0]
        wall = np.abs(normals @ axis) < _WALL
        flat = np.linalg.svd(axis[None])[2][1:]  # two directions across the axis
        places, looks = centres @ flat.T, normals @ flat.T
        near = weight * wall
        if near.sum() < _SHARE / 2 * area.sum():
            return False
        middle, radius = _circle(places, near)
        off = places - middle
        distance = np.linalg.norm(off, axis=1)
        radial = np.abs((off * looks).sum(1)) / (distance + 1e-9)
        apart = np.abs(distance - radius)
        weight = area * wall * np.exp(-((apart / max(3 * _CLOSE_MM, np.sqrt(np.average(apart**2, weights=near)))) ** 2))
    on_it = wall & (apart <= _CLOSE_MM) & (radial >= _RADIAL)
    if not _RADIUS_MM[0] <= radius <= _RADIUS_MM[1] or area[on_it].sum() < _SHARE * area.sum():
        return False
    sectors = np.floor((np.degrees(np.arctan2(off[on_it, 1], off[on_it, 0])) + 180) / 10)
    return 10 * len(np.unique(sectors)) >= _AROUND_DEG


def _circle(places: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Middle (2,) and radius of the circle through weighted places (n, 2): Kåsa's least squares."""
    root = np.sqrt(weight)
    matrix = np.column_stack([places, np.ones(len(places))]) * root[:, None]
    x, y, rest = np.linalg.lstsq(matrix, (places**2).sum(1) * root, rcond=None)[0]
    middle = np.array([x, y]) / 2
    return middle, float(np.sqrt(max(rest + middle @ middle, 1e-12)))


def require_no_die(surface: Surface, name: str) -> None:
    """Refuse the model of one or two teeth on a stump of its own. Raises InputError."""
    looks = surface.crosses.sum(0) / 2
    length = float(np.linalg.norm(looks))
    if length < _OPEN * surface.areas.sum():
        return
    way = looks / length
    across = surface.vertices[:: len(surface.vertices) // 20_000 + 1] @ np.linalg.svd(way[None])[2][1:].T
    _, axes = np.linalg.eigh(np.cov(across.T))
    wide = float(np.ptp(across @ axes[:, 1]))
    high = float(np.ptp(surface.vertices @ way))
    if wide < _DIE_MM and high >= _DIE_HEIGHT * wide:
        raise InputError(
            f"'{name}' is {wide:.0f} mm wide and {high:.0f} mm high, the model of one or two teeth (a die): give the "
            "scan of the jaw."
        )
