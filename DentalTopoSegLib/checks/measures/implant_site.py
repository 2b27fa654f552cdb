"""The bone at a place without a tooth: height and width along the axis that an implant would take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

#: How far the cross-section reaches: to the sides, above and below the place, mm.
_ACROSS, _ABOVE, _BELOW = 14.0, 16.0, 40.0
_STEP = 0.2
_ROUNDS = 3
#: Fewer cuts than this across a ridge show no axis.
_LEAST_ROWS = 5
#: The ridge is looked for within this of the place, mm to the side.
_CREST_ACROSS = 7.0
#: The axis is that of the ridge's middle over this depth below the crest, mm.
_AXIS_DEPTH = (1.0, 10.0)
#: A line through the ridge's middles that leans farther than this (degrees) has left the ridge: no implant stands so.
_MOST_LEANING = 40.0
#: The widths are measured so far below the crest, mm.
WIDTH_DEPTHS = (1.0, 3.0, 5.0)
#: So wide an implant must not meet a canal or a sinus, mm.
IMPLANT_MM = 4.0
#: Expanded uncertainty (95 %) of heights and widths by the voxels alone, in voxels.
SITE_VOXELS = 1.0


@dataclass(frozen=True)
class Site:
    """The bone at a place without a tooth, in the cross-section there.

    Parameters
    ----------
    fdi : int
        The tooth that would stand there.
    crest, end : (3,) array
        RAS mm on the axis: where it enters the bone, and at the depth of what ends it.
    ended_by : str
        The key of the structure that ends it (a canal, a sinus), "bone" where the bone itself ends, "scan" where the
        scan does: then the height is at least that.
    outwards : (3,) array
        Unit vector across the axis, in the cross-section, to the cheek or lip.
    widths : tuple of float or None
        mm across the axis, `WIDTH_DEPTHS` below the crest; None where there is no bone.
    uncertainty_mm : float
        Of each length, expanded (95 %), of the voxels alone.
    end_error_mm : float
        How far what ends it may be off beside that (95 %), where a network found it.
    end_unseen : str
        Why its end was not seen, of `unseen`; "" where it was.
    """

    fdi: int
    crest: np.ndarray
    end: np.ndarray
    ended_by: str
    outwards: np.ndarray
    widths: tuple[float | None, ...]
    uncertainty_mm: float
    end_error_mm: float = 0.0
    end_unseen: str = ""

    @property
    def height_mm(self) -> float:
        """Along the axis."""
        return float(np.linalg.norm(self.end - self.crest))

    def end_places(self) -> np.ndarray:
        """(3, 3) RAS mm: where the implant's end would be, on the axis and at its sides."""
        return self.end + np.array([-IMPLANT_MM / 2, 0.0, IMPLANT_MM / 2])[:, None] * self.outwards

    def to_dict(self) -> dict[str, Any]:
        """As reports have it."""
        return {
            "fdi": self.fdi,
            "height_mm": round(self.height_mm, 1),
            "height_uncertainty_mm": round(float(np.hypot(self.uncertainty_mm, self.end_error_mm)), 2),
            "ended_by": self.ended_by,
            **({"end_unseen": self.end_unseen} if self.end_unseen else {}),
            "widths_mm": [None if width is None else round(width, 1) for width in self.widths],
            "width_depths_mm": list(WIDTH_DEPTHS),
            "uncertainty_mm": round(self.uncertainty_mm, 2),
            "line_ras": [[round(float(c), 2) for c in end] for end in (self.crest, self.end)],
            "outwards_ras": [round(float(c), 4) for c in self.outwards],
        }


@dataclass(frozen=True)
class Section:
    """A cross-section of the jaw at a place.

    Parameters
    ----------
    place : (3,) array
        RAS mm, in the arch.
    outwards, deep : (3,) array
        Unit vectors across each other: to the cheek, and from the crowns into the bone.
    """

    place: np.ndarray
    outwards: np.ndarray
    deep: np.ndarray

    def at(self, across: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """(..., 3) RAS mm of places in the section."""
        return self.place + across[..., None] * self.outwards + depth[..., None] * self.deep

    def passes(self, points: np.ndarray, within_mm: float) -> bool:
        """Whether one of (n, 3) RAS mm is this near to the line through the place into the bone."""
        away = points - self.place
        depth = away @ self.deep
        near = np.linalg.norm(away - depth[:, None] * self.deep, axis=1) < within_mm
        return bool((near & (depth > -_ABOVE) & (depth < _BELOW)).any())

    def corners(self) -> np.ndarray:
        """(4, 3) RAS mm of what is looked at."""
        return self.at(np.array([-_ACROSS, _ACROSS, -_ACROSS, _ACROSS]), np.array([-_ABOVE, -_ABOVE, _BELOW, _BELOW]))


def measure_site(
    fdi: int,
    section: Section,
    bone_at: Callable[[np.ndarray], np.ndarray],
    stops: dict[str, Callable[[np.ndarray], np.ndarray]],
    inside: Callable[[np.ndarray], np.ndarray],
    voxel_mm: float,
) -> Site | None:
    """Height and width of the bone, measured as in implant planning on cross-sections: the height from the crest along
    the axis to the depth where an implant 4 mm wide would meet the canal or the sinus, or else to the far side of the
    bone, the widths across the axis 1, 3 and 5 mm below the crest (heights and widths of ridges: e.g. Wang and
    Al-Shammari, Int J Periodontics Restorative Dent 2002;22:335). The axis is the straight line of least squares
    through the middles of the ridge, 1 to 10 mm deep.

    Parameters
    ----------
    fdi : int
        The tooth that would stand there.
    section : Section
        Where.
    bone_at, inside : callable
        Of (..., 3) RAS mm: how much bone is there (half at its surface; canals in it count as bone), and whether the
        scan goes there.
    stops : dict of callable
        What ends the bone before its end, in the same way, by key.
    voxel_mm : float
        The largest edge of the voxels.

    Returns
    -------
    Site or None
        None where there is no ridge, or none with an axis that an implant could take.
    """

    def ras(points: np.ndarray) -> np.ndarray:
        return section.at(points[..., 0], points[..., 1])

    crest, along = np.zeros(2), np.array([0.0, 1.0])
    for _ in range(_ROUNDS):  # each cuts the ridge across the axis of the one before
        found = _middle_line(crest, along, lambda points: bone_at(ras(points)) >= 0.5)
        if found is None:
            return None
        crest, along = found
    if along[1] < np.cos(np.radians(_MOST_LEANING)):
        return None
    sideways = np.array([along[1], -along[0]])
    path = crest + np.arange(-2.0, _BELOW, _STEP / 4)[:, None] * along
    start = np.flatnonzero(bone_at(ras(path)) >= 0.5)
    if not len(start):
        return None
    path = path[start[0] :]
    beside = path[:, None] + np.linspace(-IMPLANT_MM / 2, IMPLANT_MM / 2, 9)[:, None] * sideways
    ends: dict[str, np.ndarray] = {"bone": np.asarray(bone_at(ras(path)) < 0.5)}
    ends |= {key: np.asarray((at(ras(beside)) >= 0.5).any(axis=1)) for key, at in stops.items()}
    ends["scan"] = ~inside(ras(path))
    met = {key: int(np.argmax(there)) for key, there in ends.items() if there.any()}
    if not met:
        return None
    ended_by = min(met, key=lambda key: (met[key], key == "bone"))
    widths = tuple(_width(path[0] + d * along, sideways, ras, bone_at) for d in WIDTH_DEPTHS)
    outwards = ras(path[0] + sideways) - ras(path[0])
    return Site(fdi, ras(path[0]), ras(path[met[ended_by]]), ended_by, outwards, widths, SITE_VOXELS * voxel_mm)


def _middle_line(
    origin: np.ndarray, along: np.ndarray, is_bone: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray] | None:
    """The crest and the direction of the line through the ridge's middles, cut across `along`; all in the section."""
    sideways = np.array([along[1], -along[0]])
    across = np.arange(-_ACROSS, _ACROSS + _STEP / 2, _STEP)
    depth = np.arange(-_ABOVE, _BELOW, _STEP)
    bone = is_bone(origin + across[None, :, None] * sideways + depth[:, None, None] * along)
    near = np.abs(across) <= _CREST_ACROSS
    rows = np.flatnonzero(bone[:, near].any(axis=1))
    if not len(rows):
        return None
    first = int(rows[0])
    chosen = [(d, m) for d, m in _middles(bone, first, near) if _AXIS_DEPTH[0] <= d <= _AXIS_DEPTH[1]]
    if len(chosen) < _LEAST_ROWS:
        return None
    depths, centres = np.array(chosen).T
    slope, offset = np.polyfit(depths, across[0] + centres * _STEP, 1)
    turned = along + slope * sideways
    return origin + offset * sideways + depth[first] * along, turned / np.linalg.norm(turned)


def _middles(bone: np.ndarray, first: int, near: np.ndarray) -> list[tuple[float, float]]:
    """(depth below the crest in mm, column of the middle) of the ridge, row by row; it ends where the bone does."""
    columns = np.flatnonzero(bone[first] & near)
    before = float(columns.mean())
    found = []
    for row in range(first, len(bone)):
        runs = np.flatnonzero(np.diff(np.concatenate(([0], bone[row].astype(np.int8), [0]))))
        pairs = runs.reshape(-1, 2)
        if not len(pairs):
            break
        begin, end = min(pairs, key=lambda pair: max(pair[0] - before, before - pair[1] + 1, 0))
        middle = (begin + end - 1) / 2
        found.append(((row - first) * _STEP, middle))
        before = middle
    return found


def _width(middle: np.ndarray, sideways: np.ndarray, ras: Any, bone_at: Any) -> float | None:
    reach = np.arange(-_ACROSS, _ACROSS + _STEP / 8, _STEP / 4)
    there = bone_at(ras(middle + reach[:, None] * sideways)) >= 0.5
    centre = len(reach) // 2
    if not there[centre]:
        return None
    outside = np.flatnonzero(~there)
    below, above = outside[outside < centre], outside[outside > centre]
    if not len(below) or not len(above):
        return None
    return float(reach[above[0]] - reach[below[-1]] - _STEP / 4)
