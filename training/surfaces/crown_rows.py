"""Rows of labelled crowns for the crown network: real dentitions, and made ones that real patients have too rarely.

A crown is taken off its scan once (256 evenly spread points with normals). A sample is a row of them: mirrored,
posed, with crowns of other patients in place of its own, teeth absent with the gap open or closed, third molars added,
only a part of the arch in view. Crowns are numbered by their shape (training.surfaces.jaws.by_shape).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.ios.crowns import CROWN_POINTS, PLACE_FEATURES, CrownRow, describe, tangents
from DentalTopoSegLib.ios.sampling import farthest_points
from training.surfaces.jaws import ALONG, Jaw, read_jaw

STORED_POINTS = 256
_DENSE = 2048
_MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Crown:
    """tooth: class 1..16. centre (3,) canonical mm; points (256, 3) about it and normals (256, 3), canonical axes."""

    tooth: int
    centre: np.ndarray
    points: np.ndarray
    normals: np.ndarray

    def mirror(self) -> Crown:
        tooth = self.tooth + 8 if self.tooth <= 8 else self.tooth - 8
        return Crown(tooth, self.centre * _MIRROR, self.points * _MIRROR, self.normals * _MIRROR)

    def turn(self, matrix: np.ndarray) -> Crown:
        """About its own centre."""
        return replace(self, points=self.points @ matrix.T, normals=self.normals @ matrix.T)


@dataclass(frozen=True)
class Row:
    """The crowns of one jaw in their order along the arch."""

    name: str
    upper: bool
    crowns: tuple[Crown, ...]


def take_crowns(jaw: Jaw, seed: int = 0) -> Row:
    """The crowns of a labelled jaw; those of less than 3 mm^2 (just erupting) are left out."""
    rng = np.random.default_rng(seed)
    corners = jaw.vertices[jaw.faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    double = np.linalg.norm(cross, axis=1)
    smooth = np.zeros_like(jaw.vertices)
    for k in range(3):
        np.add.at(smooth, jaw.faces[:, k], cross)
    crowns = []
    for tooth in ALONG:
        mine = np.nonzero(jaw.classes == tooth)[0]
        if double[mine].sum() / 2 < 3.0:
            continue
        pick = rng.choice(mine, size=_DENSE, p=double[mine] / double[mine].sum())
        w = rng.dirichlet((1.0, 1.0, 1.0), size=_DENSE)[..., None]
        points, normals = (corners[pick] * w).sum(1), (smooth[jaw.faces[pick]] * w).sum(1)
        chosen = farthest_points(points, STORED_POINTS)
        points, normals = points[chosen], normals[chosen]
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
        centre = points.mean(0)
        crowns.append(Crown(tooth, centre, points - centre, normals))
    return Row(jaw.name, jaw.upper, tuple(crowns))


def rows_of(data: Path) -> list[Row]:
    """The rows of every scan in the data pack's ios/train."""
    return [take_crowns(read_jaw(path)) for path in sorted(data.glob("*.npz"))]


@dataclass(frozen=True)
class Plan:
    """The `augment` section of configs/crowns.yaml; probabilities per row unless said otherwise."""

    strangers: float = 0.5  # rows in which crowns are exchanged ...
    stranger_share: float = 0.35  # ... each with this probability
    rare_stranger: float = 0.3  # a stranger is then taken among the unusually large or small of its kind
    third_molar: float = 0.2  # per side without one
    milk_molar: float = 0.05  # rows of children: second milk molars, which look like small first molars, in place 5 ...
    milk_canine: float = 0.4  # ... and of those, the share with milk canines too
    absent: float = 0.6
    symmetric: float = 0.5  # of the absences: the other side's too
    closed: float = 0.6  # of the absences: gap closed
    part: float = 0.2
    turn_deg: tuple[float, float, float] = (10.0, 10.0, 14.0)
    scale: float = 0.12
    stretch: float = 0.06
    crown_turn_deg: float = 7.0
    crown_scale: float = 0.04
    place_mm: float = 0.5
    cut_share: float = 0.2  # of a crown's points, at most, that the segmentation missed
    noise_mm: float = 0.08


STILL = Plan(
    *[0.0] * 10,
    turn_deg=(0.0, 0.0, 0.0),
    scale=0.0,
    stretch=0.0,
    crown_turn_deg=0.0,
    crown_scale=0.0,
    place_mm=0.0,
    cut_share=0.0,
    noise_mm=0.0,
)
"""Rows as they are, but mirrored or not."""


class RowMaker:
    """Endless random rows from real ones."""

    def __init__(self, rows: list[Row], plan: Plan, seed: int) -> None:
        self.rows, self.plan, self.rng = rows, plan, np.random.default_rng(seed)
        self.donors: dict[tuple[bool, int], list[tuple[float, Crown]]] = {}
        for row in rows:
            angle = dict(zip((c.tooth for c in row.crowns), tangents(_centres(row.crowns)), strict=True))
            for crown in row.crowns:
                upright = crown.turn(_about_z(-angle[crown.tooth]))
                for one in (upright, upright.mirror()):
                    self.donors.setdefault((row.upper, one.tooth), []).append((_width(one), one))
        for some in self.donors.values():
            middle = np.median([w for w, _ in some])
            some.sort(key=lambda pair: -abs(np.log(pair[0] / middle)))

    def __call__(self) -> tuple[CrownRow, np.ndarray]:
        """A described row and the classes (K,) 1..16 of its crowns in the row's order."""
        plan, rng = self.plan, self.rng
        row = self.rows[rng.integers(len(self.rows))]
        crowns = list(row.crowns)
        if rng.random() < 0.5:
            crowns = [c.mirror() for c in crowns[::-1]]
        if rng.random() < plan.milk_molar:
            crowns = self._of_a_child(crowns, row.upper)
        for side in (1, 9):
            if rng.random() < plan.third_molar:
                crowns = self._with_third_molar(crowns, row.upper, side + 7)
        if rng.random() < plan.strangers:
            for k in range(len(crowns)):
                if rng.random() < plan.stranger_share:
                    crowns = self._with_stranger(crowns, row.upper, k)
        if rng.random() < plan.absent:
            crowns = self._with_absences(crowns)
        if rng.random() < plan.part and len(crowns) > 5:
            size = int(rng.integers(4, len(crowns)))
            start = int(rng.integers(len(crowns) - size + 1))
            crowns = crowns[start : start + size]
        points, normals = self._pose(crowns)
        described = describe(points, normals, row.upper)
        return described, np.array([c.tooth for c in crowns])[described.order]

    def _stranger(self, upper: bool, tooth: int) -> Crown | None:
        some = self.donors.get((upper, tooth))
        if not some:
            return None
        if self.rng.random() < self.plan.rare_stranger:
            some = some[: max(2, len(some) // 10)]
        return some[self.rng.integers(len(some))][1]

    def _with_third_molar(self, crowns: list[Crown], upper: bool, tooth: int) -> list[Crown]:
        at = {c.tooth: k for k, c in enumerate(crowns)}
        other = self._stranger(upper, tooth)
        if tooth in at or tooth - 1 not in at or tooth - 2 not in at or other is None:
            return crowns
        last, before = crowns[at[tooth - 1]], crowns[at[tooth - 2]]
        step = (last.centre - before.centre) * self.rng.uniform(0.8, 1.15)
        along = -step if tooth > 8 else step
        turn = _about_z(np.arctan2(along[1], along[0])) @ self._small_turn(18.0)
        new = replace(other.turn(turn), centre=last.centre + step + self.rng.normal(0, 1.0, 3))
        return [new, *crowns] if tooth > 8 else [*crowns, new]

    def _of_a_child(self, crowns: list[Crown], upper: bool) -> list[Crown]:
        """Milk molars on one or both sides, mostly before the second molar is there."""
        rng = self.rng
        sides = [(1, 9), (1,), (9,)][rng.choice(3, p=(0.6, 0.2, 0.2))]
        canines = rng.random() < self.plan.milk_canine
        if rng.random() < 0.8:
            crowns = [c for c in crowns if (c.tooth - 1) % 8 < 6]
        for side in sides:
            for k, crown in enumerate(crowns):
                if crown.tooth == side + 4:
                    molar = self._stranger(upper, side + 5)
                    crowns = self._with_stranger(crowns, upper, k, _scale(molar, rng.uniform(0.78, 0.93)))
                elif crown.tooth == side + 2 and canines:
                    canine = self._stranger(upper, side + 2)
                    crowns = self._with_stranger(crowns, upper, k, _scale(canine, rng.uniform(0.68, 0.85)))
        return crowns

    def _with_stranger(self, crowns: list[Crown], upper: bool, k: int, other: Crown | None = None) -> list[Crown]:
        """Another patient's crown in the place of the k-th, under its number; those behind it make room."""
        other = other or self._stranger(upper, crowns[k].tooth)
        if other is None:
            return crowns
        angle = tangents(_centres(crowns))[k]
        wider = _width(other) - _width(crowns[k].turn(_about_z(-angle)))
        crowns = _move(crowns, k, wider)
        crowns[k] = replace(other.turn(_about_z(angle)), tooth=crowns[k].tooth, centre=crowns[k].centre)
        return crowns

    def _with_absences(self, crowns: list[Crown]) -> list[Crown]:
        rng = self.rng
        teeth = {c.tooth for c in crowns}
        gone = set(rng.permutation(sorted(teeth))[: int(rng.choice([1, 1, 2, 2, 3, 5]))].tolist())
        if rng.random() < self.plan.symmetric:
            gone |= {t + 8 if t <= 8 else t - 8 for t in gone}
        closed = rng.random() < self.plan.closed
        for tooth in sorted(gone & teeth):
            if len(crowns) <= 3:
                break
            k = next(i for i, c in enumerate(crowns) if c.tooth == tooth)
            if closed:
                angle = tangents(_centres(crowns))[k]
                width = _width(crowns[k].turn(_about_z(-angle)))
                crowns = _move(crowns, k, -2 * width * rng.uniform(0.7, 1.0), both=False)
            crowns = crowns[:k] + crowns[k + 1 :]
        return crowns

    def _small_turn(self, degrees: float) -> np.ndarray:
        return Rotation.from_rotvec(np.radians(self.rng.normal(0, degrees / 2, 3))).as_matrix()

    def _pose(self, crowns: list[Crown]) -> tuple[np.ndarray, np.ndarray]:
        """Points and normals (K, 96, 3) of the crowns in a jaw posed and scaled at random."""
        plan, rng = self.plan, self.rng
        angles = np.array(plan.turn_deg)[[2, 0, 1]] * rng.uniform(-1, 1, 3)
        matrix = Rotation.from_euler("zxy", angles, degrees=True).as_matrix()
        scale = rng.uniform(1 - plan.scale, 1 + plan.scale) * rng.uniform(1 - plan.stretch, 1 + plan.stretch, 3)
        points, normals = [], []
        for crown in crowns:
            crown = crown.turn(self._small_turn(plan.crown_turn_deg))
            chosen = self._kept(crown.points)
            p = crown.points[chosen] * rng.uniform(1 - plan.crown_scale, 1 + plan.crown_scale)
            p = p + crown.centre + rng.normal(0, plan.place_mm, 3) + rng.normal(0, plan.noise_mm, p.shape)
            n = crown.normals[chosen] / scale @ matrix.T + rng.normal(0, 0.08, p.shape)
            points.append(p * scale @ matrix.T)
            normals.append(n / (np.linalg.norm(n, axis=1, keepdims=True) + 1e-9))
        return np.stack(points), np.stack(normals)

    def _kept(self, points: np.ndarray) -> np.ndarray:
        """96 of a crown's points, without those beyond a random plane as a segmentation may miss them."""
        rng = self.rng
        direction = rng.normal(0, 1, 3)
        along = points @ direction
        limit = np.quantile(along, 1 - self.plan.cut_share * rng.random())
        rows = rng.permutation(np.nonzero(along <= limit)[0])
        return np.resize(rows, CROWN_POINTS)


def _scale(crown: Crown | None, factor: float) -> Crown | None:
    return None if crown is None else replace(crown, points=crown.points * factor)


def _about_z(angle: float) -> np.ndarray:
    return Rotation.from_rotvec([0.0, 0.0, angle]).as_matrix()


def _centres(crowns: list[Crown] | tuple[Crown, ...]) -> np.ndarray:
    return np.array([c.centre for c in crowns])


def _width(upright: Crown) -> float:
    """Half of a crown's width along the arch, its axes turned into it, mm."""
    low, high = np.quantile(upright.points[:, 0], (0.01, 0.99))
    return float(high - low) / 2


def _move(crowns: list[Crown], k: int, step: float, both: bool = True) -> list[Crown]:
    """The crowns behind the k-th (away from the midline) moved by `step` mm along the arch, twice that if `both`,
    and the k-th itself by `step` then."""
    angle = tangents(_centres(crowns))[k]
    outwards = np.array([np.cos(angle), np.sin(angle), 0.0]) * (1 if crowns[k].tooth <= 8 else -1)
    out = list(crowns)
    behind = range(k + 1, len(crowns)) if crowns[k].tooth <= 8 else range(k)
    for i in behind:
        out[i] = replace(out[i], centre=out[i].centre + outwards * step * (2 if both else 1))
    if both:
        out[k] = replace(out[k], centre=out[k].centre + outwards * step)
    return out


def stack_rows(rows: Sequence[CrownRow], most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of different length as one batch: shapes (B, most, P, 6), places (B, most, 13), present (B, most) bool."""
    shapes = np.zeros((len(rows), most, *rows[0].shapes.shape[1:]), np.float32)
    places = np.zeros((len(rows), most, PLACE_FEATURES), np.float32)
    present = np.zeros((len(rows), most), bool)
    for k, row in enumerate(rows):
        shapes[k, : len(row.order)], places[k, : len(row.order)] = row.shapes, row.places
        present[k, : len(row.order)] = True
    return shapes, places, present
