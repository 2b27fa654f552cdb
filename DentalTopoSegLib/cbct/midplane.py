"""Where the patient's left and right meet: told by the numbered teeth, or by the symmetry of the jaws."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from ..dentition import is_right
from ..dentition.arch import expected_place, fit_frame
from ..files.volumes import Volume

_RESIDUAL_MM = 8.0
"""A frame that leaves more than this has not found the arch."""
_NEAR_MM = 3.0
"""Nearer to a midplane of teeth or jaws than this, nothing has a side."""
_ONE_SIDE_MM = 10.0
"""The same where only teeth of one side show where the middle is, by their distance from it in the mean dentition."""
_VOXELS_PER_TOOTH = 40_000
# Of the symmetry of jaws: tried turns (degrees), shifts (mm), the least width of what shows both halves (mm), and the
# least part of the jaws that must meet jaw in the mirror.
_TURNS = np.deg2rad(np.arange(-18.0, 18.1, 6.0))
_SMALL_TURNS = np.deg2rad((-3.0, 0.0, 3.0))
_SHIFTS_MM, _SMALL_SHIFTS_MM = np.arange(-20.0, 20.1, 4.0), np.arange(-4.0, 4.1, 1.0)
_BOTH_HALVES_MM = 62.0
_ALIKE = 0.8
_POINTS = 3000


@dataclass(frozen=True)
class Midplane:
    """The plane between the patient's halves.

    Attributes
    ----------
    point, normal : numpy.ndarray
        (3,) RAS mm; the normal, of length 1, points to the patient's right.
    near_mm : float
        What lies nearer to it has no side.
    only : str, optional
        "left" or "right": the side that can be told, where the other cannot.
    """

    point: np.ndarray
    normal: np.ndarray
    near_mm: float = _NEAR_MM
    only: str | None = None

    def distances(self, ras: np.ndarray) -> np.ndarray:
        """How far (..., 3) RAS mm lie on the patient's right, mm."""
        return (np.asarray(ras, float) - self.point) @ self.normal

    def side_of(self, ras: np.ndarray) -> str | None:
        """On which side a place (3,) RAS mm lies; None where that cannot be told."""
        away = float(self.distances(ras))
        side = "right" if away > 0 else "left"
        return side if abs(away) >= self.near_mm and self.only in (None, side) else None


def find_midplane(teeth: Volume, jaws: np.ndarray, grid: Volume) -> Midplane | None:
    """The midplane of a scan, None where nothing tells it.

    Teeth of both sides tell it best: by the arch that they stand in or, where they are few, by how far from the middle
    each usually stands. Teeth of one side or none leave it to the jaws' symmetry. Without that, teeth of one side tell
    what lies on their own side, away from the middle.

    Parameters
    ----------
    teeth : Volume
        uint8 FDI labels (z, y, x).
    jaws : numpy.ndarray
        bool (z, y, x): bone of the jaws.
    grid : Volume
        Its grid, upright.
    """
    places = tooth_places(teeth)
    sides = {is_right(fdi) for fdi in places}
    if len(sides) == 2:
        frame = fit_frame(places)
        if frame is not None and frame.upright and frame.residual_mm <= _RESIDUAL_MM:
            return Midplane(frame.shift, frame.rotation[:, 0])
        return _by_usual_places(places)
    of_jaws = plane_of_symmetry(jaws, grid)
    if of_jaws is not None or not places:
        return of_jaws
    plane = _by_usual_places(places)
    return Midplane(plane.point, plane.normal, _ONE_SIDE_MM, "right" if True in sides else "left")


def tooth_places(teeth: Volume) -> dict[int, np.ndarray]:
    """FDI -> (3,) RAS mm of the tooth's middle."""
    from scipy import ndimage

    places = {}
    for fdi, box in enumerate(ndimage.find_objects(teeth.array), start=1):
        if box is None:
            continue
        part = teeth.array[box]
        step = max(1, round((part.size / _VOXELS_PER_TOOTH) ** (1 / 3)))
        where = np.argwhere(part[::step, ::step, ::step] == fdi)
        if len(where):
            places[fdi] = teeth.index_to_ras(where.mean(0) * step + [s.start for s in box])
    return places


def _by_usual_places(places: dict[int, np.ndarray]) -> Midplane:
    """Of a head that is not turned: from each tooth as far as it usually stands from the middle."""
    middle = np.median([place[0] - expected_place(fdi)[0] for fdi, place in places.items()])
    return Midplane(np.array([middle, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]))


def plane_of_symmetry(jaws: np.ndarray, grid: Volume) -> Midplane | None:
    """The plane in which jaws are their own mirror image, None where they are not, or where only one half is seen.

    Parameters
    ----------
    jaws : numpy.ndarray
        bool (z, y, x).
    grid : Volume
        Their grid, upright: x runs along R or against it.
    """
    where = np.argwhere(jaws)
    if len(where) < _POINTS // 10:
        return None
    some = np.random.default_rng(0).integers(0, len(where), _POINTS)  # even steps would fall in with the rows of voxels
    points = grid.index_to_ras(where[some])
    middle = points.mean(0)
    tried = [
        (*_best_shift(points, jaws, grid, _normal(yaw, roll), middle, _SHIFTS_MM), yaw, roll)
        for yaw, roll in itertools.product(_TURNS, _TURNS)
    ]
    score, plane, yaw, roll = max(tried, key=lambda one: one[0])
    for turn, tilt in itertools.product(_SMALL_TURNS, _SMALL_TURNS):
        near = _normal(yaw + turn, roll + tilt)
        finer, other = _best_shift(points, jaws, grid, near, plane.point, _SMALL_SHIFTS_MM)
        if finer > score:
            score, plane = finer, other
    away = plane.distances(points)
    halves = (np.percentile(away, 1), np.percentile(away, 99))
    wide = halves[1] - halves[0] >= _BOTH_HALVES_MM and min(-halves[0], halves[1]) >= _BOTH_HALVES_MM / 3
    return plane if wide and score >= _ALIKE else None


def _normal(yaw: float, roll: float) -> np.ndarray:
    return np.array([np.cos(yaw) * np.cos(roll), np.sin(yaw) * np.cos(roll), np.sin(roll)])


def _best_shift(
    points: np.ndarray, jaws: np.ndarray, grid: Volume, normal: np.ndarray, middle: np.ndarray, shifts: np.ndarray
) -> tuple[float, Midplane]:
    """Of parallel planes the one in which most points (N, 3) are mirrored into the jaws, and their share."""
    away = (points - middle) @ normal
    best, found = -1.0, Midplane(middle, normal)
    for shift in shifts:
        mirrored = points - 2 * (away - shift)[:, None] * normal
        index = np.rint(grid.ras_to_index(mirrored)).astype(int)
        inside = ((index >= 0) & (index < jaws.shape)).all(1)
        score = np.count_nonzero(jaws[tuple(index[inside].T)]) / len(points)
        if score > best:
            best, found = score, Midplane(middle + shift * normal, normal)
    return best, found
