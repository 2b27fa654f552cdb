"""Crowns apart from their scan, and what is made of them: milk teeth, prepared and erupting teeth, bumps of gingiva.

A crown is taken off its scan once (256 evenly spread points with normals). What a scan has too rarely is made from
what it has: milk teeth from permanent ones by their textbook sizes, "no tooth" from patches of gingiva where
segmentations invent teeth (behind the last molar, on saddles).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.dentition.counterparts import tangents
from DentalTopoSegLib.ios.crowns import CLASSES, FIRST
from DentalTopoSegLib.ios.sampling import farthest_points
from training.patients.doubtful_numbers import BY_SHAPE
from training.surfaces.jaws import ALONG, Jaw, class_of, without_tooth

STORED_POINTS = 256
_DENSE = 2048
_MIRROR = np.array([-1.0, 1.0, 1.0])
#: Milk tooth (jaw, place) -> (permanent place it is made from, factors of width along the arch, across it and height):
#: textbook sizes of milk crowns over those of the permanent ones. A first milk molar has two models.
_MILK = {
    ("upper", 1): ((1, (0.76, 0.72, 0.60)),),
    ("upper", 2): ((2, (0.78, 0.68, 0.62)),),
    ("upper", 3): ((3, (0.90, 0.85, 0.65)),),
    ("upper", 4): ((4, (1.04, 0.94, 0.65)), (6, (0.72, 0.78, 0.75))),
    ("upper", 5): ((6, (0.86, 0.90, 0.80)),),
    ("lower", 1): ((1, (0.84, 0.68, 0.58)),),
    ("lower", 2): ((2, (0.84, 0.65, 0.58)),),
    ("lower", 3): ((3, (0.80, 0.70, 0.60)),),
    ("lower", 4): ((6, (0.71, 0.68, 0.80)), (5, (1.12, 0.88, 0.78))),
    ("lower", 5): ((6, (0.89, 0.83, 0.80)),),
}
_BEHIND_MM = (4.0, 15.0)
_RIDGE_MM, _SADDLE_MM = 6.0, 4.0
_BESIDE, _BESIDE_MM = 6, (5.0, 10.0)  # so many teeth of a jaw get one
_PATCH_MM = (2.2, 5.5)
_LEAST_PATCH = 24  # faces


@dataclass(frozen=True)
class Crown:
    """tooth: place 1 to 8 at x > 0, 9 to 16 at x < 0, 0 where it is no tooth. centre (3,) canonical mm; points (256, 3)
    about it and normals (256, 3), canonical axes. milk: a milk tooth (places 1 to 5 and 9 to 13)."""

    tooth: int
    centre: np.ndarray
    points: np.ndarray
    normals: np.ndarray
    milk: bool = False

    def mirror(self) -> Crown:
        return replace(
            self,
            tooth=other_side(self.tooth),
            centre=self.centre * _MIRROR,
            points=self.points * _MIRROR,
            normals=self.normals * _MIRROR,
        )

    def turn(self, matrix: np.ndarray) -> Crown:
        """About its own centre."""
        return Crown(self.tooth, self.centre, self.points @ matrix.T, self.normals @ matrix.T, self.milk)

    def stretch(self, factors: np.ndarray) -> Crown:
        """Scaled along its own axes (3,) about its centre."""
        normals = self.normals / factors
        normals = normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9)
        return replace(self, points=self.points * factors, normals=normals)

    def label(self, jaw: str) -> int:
        """The network's class, see `ios.crowns`."""
        first, first_milk = FIRST[jaw]
        if self.tooth == 0:
            return CLASSES - 1
        if self.milk:
            return first_milk + self.tooth - 1 - (3 if self.tooth > 8 else 0)
        return first + self.tooth - 1


@dataclass(frozen=True)
class Bump:
    """Gingiva that may be taken for a tooth, as it would stand at x > 0, the arch's direction along +x.

    place: of the tooth that stood there, 1 to 8; 0 for one behind the last tooth, -1 to -8 for one beside a tooth.
    offset (3,) mm from that tooth's centre.
    """

    place: int
    offset: np.ndarray
    crown: Crown

    def at(self, centre: np.ndarray, angle: float, tooth: int) -> Crown:
        """The bump beside a tooth's centre where the arch leads along `angle`, on the tooth's side."""
        crown = replace(self.crown, centre=self.offset)
        crown = crown if tooth <= 8 else crown.mirror()
        turn = about_z(angle)
        return replace(crown.turn(turn), centre=centre + turn @ crown.centre)


@dataclass(frozen=True)
class Row:
    """The crowns of one jaw in their order along the arch, and the bumps of its gingiva."""

    name: str
    upper: bool
    crowns: tuple[Crown, ...]
    bumps: tuple[Bump, ...] = ()

    @property
    def jaw(self) -> str:
        return "upper" if self.upper else "lower"


def other_side(tooth: int) -> int:
    """The same tooth on the other side; 0 stays."""
    return 0 if tooth == 0 else tooth + 8 if tooth <= 8 else tooth - 8


def place_of(tooth: int) -> int:
    """1 to 8 from the midline."""
    return (tooth - 1) % 8 + 1


def outwards(tooth: int) -> int:
    """+1 where the arch leads away from the midline at x > 0, -1 on the other side."""
    return 1 if tooth <= 8 else -1


def about_z(angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def centres_of(crowns: list[Crown] | tuple[Crown, ...]) -> np.ndarray:
    return np.array([c.centre for c in crowns])


def width(upright: Crown) -> float:
    """Width of a crown along the arch, its axes turned into it, mm."""
    return float(np.ptp(upright.points[:, 0]))


class _Surface:
    """A jaw's triangles, ready to be sampled."""

    def __init__(self, jaw: Jaw, rng: np.random.Generator) -> None:
        self.rng, self.faces = rng, jaw.faces
        self.corners = jaw.vertices[jaw.faces]
        cross = np.cross(self.corners[:, 1] - self.corners[:, 0], self.corners[:, 2] - self.corners[:, 0])
        self.area = np.linalg.norm(cross, axis=1) / 2
        self.smooth = np.zeros_like(jaw.vertices)
        for k in range(3):
            np.add.at(self.smooth, jaw.faces[:, k], cross)
        self.up = cross[:, 2] / (2 * self.area + 1e-12)
        self.middle = self.corners.mean(1)

    def crown(self, tooth: int, mine: np.ndarray) -> Crown:
        """Of the faces `mine` (indices)."""
        weight = self.area[mine] + 1e-9
        pick = self.rng.choice(mine, size=_DENSE, p=weight / weight.sum())
        w = self.rng.dirichlet((1.0, 1.0, 1.0), size=_DENSE)[..., None]
        points, normals = (self.corners[pick] * w).sum(1), (self.smooth[self.faces[pick]] * w).sum(1)
        chosen = farthest_points(points, STORED_POINTS)
        points, normals = points[chosen], normals[chosen]
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
        centre = points.mean(0)
        return Crown(tooth, centre, points - centre, normals)


def take_crowns(jaw: Jaw, seed: int = 0) -> Row:
    """The crowns of a labelled jaw; those of less than 3 mm^2 (just erupting) are left out."""
    surface = _Surface(jaw, np.random.default_rng(seed))
    milk = {int(class_of(np.array(fdi))) for fdi in BY_SHAPE.get(jaw.name, {}).values() if fdi > 50}
    crowns = []
    for tooth in ALONG:
        mine = np.nonzero(jaw.classes == tooth)[0]
        if surface.area[mine].sum() >= 3.0:
            crowns.append(replace(surface.crown(tooth, mine), milk=tooth in milk))
    return Row(jaw.name, jaw.upper, tuple(crowns))


def take_bumps(jaw: Jaw, row: Row, each: int = 4, seed: int = 0) -> Row:
    """The row with patches of gingiva behind its last teeth and on made saddles, `each` per place."""
    rng = np.random.default_rng([seed, *row.name.encode()])
    if len(row.crowns) < 4:
        return row
    bumps = _behind(jaw, row, rng, each) + _beside_teeth(jaw, row, rng)
    teeth = [c.tooth for c in row.crowns]
    for _ in range(2):
        size, start = int(rng.integers(1, 5)), int(rng.integers(len(teeth)))
        gone = teeth[start : start + size]
        changed = jaw
        for tooth in gone:
            changed = without_tooth(changed, tooth)
        bumps += _on_saddle(changed, row, gone, rng, each)
    return replace(row, bumps=tuple(bumps))


def _behind(jaw: Jaw, row: Row, rng: np.random.Generator, each: int) -> list[Bump]:
    surface = _Surface(jaw, rng)
    angle = tangents(centres_of(row.crowns))
    out = []
    for k in (0, len(row.crowns) - 1):
        local = _beside(surface, row.crowns[k], angle[k])
        near = (local[:, 0] > _BEHIND_MM[0]) & (local[:, 0] < _BEHIND_MM[1]) & (abs(local[:, 1]) < _RIDGE_MM)
        out += _bumps(surface, jaw.classes == 0, near, row.crowns[k], angle[k], 0, each)
    return out


def _beside_teeth(jaw: Jaw, row: Row, rng: np.random.Generator) -> list[Bump]:
    surface = _Surface(jaw, rng)
    angle = tangents(centres_of(row.crowns))
    out = []
    for k in rng.permutation(len(row.crowns))[:_BESIDE]:
        crown = row.crowns[k]
        away = np.linalg.norm(_beside(surface, crown, angle[k]), axis=1)
        near = (away > _BESIDE_MM[0]) & (away < _BESIDE_MM[1])
        out += _bumps(surface, jaw.classes == 0, near, crown, angle[k], -place_of(crown.tooth), 1)
    return out


def _on_saddle(jaw: Jaw, row: Row, gone: list[int], rng: np.random.Generator, each: int) -> list[Bump]:
    surface = _Surface(jaw, rng)
    angle = tangents(centres_of(row.crowns))
    out = []
    for k, crown in enumerate(row.crowns):
        if crown.tooth in gone:
            near = np.linalg.norm(_beside(surface, crown, angle[k])[:, :2], axis=1) < _SADDLE_MM
            out += _bumps(surface, jaw.classes == 0, near, crown, angle[k], place_of(crown.tooth), max(each // 2, 1))
    return out


def _beside(surface: _Surface, crown: Crown, angle: float) -> np.ndarray:
    """(F, 3) faces as seen from a crown, +x away from the midline along the arch."""
    local = (surface.middle - crown.centre) @ about_z(angle)
    return local if crown.tooth <= 8 else local * _MIRROR


def _bumps(
    surface: _Surface, free: np.ndarray, near: np.ndarray, crown: Crown, angle: float, place: int, count: int
) -> list[Bump]:
    """Up to `count` patches of the faces `free` around random ones of `near` (F,) that face the other jaw."""
    seeds = np.nonzero(free & near & (surface.up > 0))[0]
    out: list[Bump] = []
    for _ in range(count if len(seeds) >= _LEAST_PATCH else 0):
        patch = _patch(surface, free, surface.middle[surface.rng.choice(seeds)])
        if patch is not None:
            upright = replace(patch.turn(about_z(-angle)), centre=about_z(-angle) @ (patch.centre - crown.centre))
            upright = upright if crown.tooth <= 8 else upright.mirror()
            out.append(Bump(place, upright.centre, upright))
    return out


def _patch(surface: _Surface, free: np.ndarray, seed: np.ndarray) -> Crown | None:
    """Crown-like patch of the faces `free` (F,) around a place (3,), round or drawn out."""
    radius = surface.rng.uniform(*_PATCH_MM) * surface.rng.uniform(0.7, 1.4, 3)
    away = np.linalg.norm((surface.middle - seed) / radius, axis=1)
    mine = np.nonzero(free & (away < 1))[0]
    return surface.crown(0, mine) if len(mine) >= _LEAST_PATCH else None


def milk_crown(donor: Crown, place: int, jaw: str, model: int, rng: np.random.Generator) -> Crown:
    """A milk tooth made from an upright permanent crown of `milk_models(jaw, place)[model]`'s place.

    Sizes vary; molars narrow towards the chewing surface, as milk molars do; some are worn flat.
    """
    factors = np.array(_MILK[jaw, place][model][1]) * rng.uniform(0.9, 1.12) * rng.uniform(0.94, 1.06, 3)
    crown = tapered(donor, rng.uniform(0.0, 0.18) if place >= 4 else rng.uniform(-0.1, 0.1)).stretch(factors)
    if rng.random() < 0.4:
        crown = worn(crown, rng.uniform(0.0, 0.15))
    side = 0 if donor.tooth <= 8 else 8
    return replace(crown, tooth=place + side, milk=True)


def milk_models(jaw: str, place: int) -> list[int]:
    """Places of the permanent teeth that a milk tooth is made from."""
    return [source for source, _ in _MILK[jaw, place]]


def tapered(crown: Crown, share: float) -> Crown:
    """Narrower towards the chewing surface by a share of its width, wider where it is negative."""
    low, high = np.quantile(crown.points[:, 2], (0.02, 0.98))
    factor = 1.0 - share * np.clip((crown.points[:, 2:] - low) / (high - low + 1e-6), 0, 1)
    return replace(crown, points=crown.points * np.concatenate([factor, factor, np.ones_like(factor)], 1))


def worn(crown: Crown, share: float) -> Crown:
    """Flat above a share of its height from the top."""
    low, high = np.quantile(crown.points[:, 2], (0.02, 0.98))
    top = high - share * (high - low)
    over = crown.points[:, 2] > top
    points, normals = crown.points.copy(), crown.normals.copy()
    points[over, 2], normals[over] = top, (0.0, 0.0, 1.0)
    return _centred(replace(crown, points=points, normals=normals))


def prepared(crown: Crown, rng: np.random.Generator) -> Crown:
    """Ground down for a restoration: shorter, narrower, smooth and conical."""
    crown = tapered(worn(crown, rng.uniform(0.1, 0.35)), rng.uniform(0.05, 0.35))
    return crown.stretch(np.array([rng.uniform(0.7, 0.9), rng.uniform(0.7, 0.9), rng.uniform(0.8, 1.0)]))


def erupting(crown: Crown, rng: np.random.Generator) -> Crown:
    """Only its upper part has come through: what lies below a tilted plane is hidden."""
    tilt = np.array([rng.normal(0, 0.35), rng.normal(0, 0.35), 1.0])
    height = crown.points @ tilt
    keep = np.nonzero(height >= np.quantile(height, rng.uniform(0.2, 0.75)))[0]
    keep = np.resize(rng.permutation(keep), len(height))
    return _centred(replace(crown, points=crown.points[keep], normals=crown.normals[keep]))


def merged(one: Crown, other: Crown, rng: np.random.Generator) -> Crown:
    """Two neighbours in one piece, with the name of the first."""
    shift = other.centre - one.centre
    points, normals = np.concatenate([one.points, other.points + shift]), np.concatenate([one.normals, other.normals])
    keep = rng.permutation(len(points))[:STORED_POINTS]
    return _centred(replace(one, points=points[keep], normals=normals[keep]))


def flap(bump: Crown, rng: np.random.Generator) -> Crown:
    """Gingiva turned to any side, drawn out and rolled: cheek, tongue or lip that the scanner caught."""
    bend, axis = rng.normal(0, 0.06), int(rng.integers(2))
    points, normals = bump.points.copy(), bump.normals.copy()
    points[:, 2] += bend * points[:, axis] ** 2
    normals[:, axis] -= 2 * bend * points[:, axis] * normals[:, 2]
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    turn = Rotation.from_rotvec(rng.normal(0, 0.7, 3)).as_matrix()
    rolled = _centred(replace(bump, points=points, normals=normals)).stretch(np.exp(rng.normal(0, 0.3, 3)))
    return rolled.turn(turn)


def dome(bump: Crown, rng: np.random.Generator) -> Crown:
    """A smooth hump in place of a bump, as a pad or a tuberosity may look."""
    radii = rng.uniform((2.0, 2.0, 1.0), (5.5, 5.0, 6.0))
    around, up = rng.uniform(0, 2 * np.pi, STORED_POINTS), rng.uniform(rng.uniform(-0.3, 0.4), 1, STORED_POINTS)
    unit = np.stack([np.cos(around), np.sin(around), up], 1)
    unit[:, :2] *= np.sqrt(np.maximum(1 - up**2, 0))[:, None]
    waves = rng.normal(0, 1, (3, 3)) / radii
    uneven = 1 + 0.06 * np.sin(unit * radii @ waves.T + rng.uniform(0, 6, 3)).sum(1, keepdims=True)
    normals = unit / radii
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-9
    turn = Rotation.from_rotvec(rng.normal(0, 0.3, 3)).as_matrix()
    return _centred(replace(bump, points=unit * radii * uneven, normals=normals)).turn(turn)


def _centred(crown: Crown) -> Crown:
    middle = crown.points.mean(0)
    return replace(crown, points=crown.points - middle, centre=crown.centre + middle)
