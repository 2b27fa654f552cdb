"""A made-up jaw surface for tests: a strip of gum along the expected arch with one bump per tooth, every vertex known.

Everything is in millimetres and head axes (+x the patient's right, +y front, +z up), upper and lower in the bite.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from DentalTopoSegLib.dentition import Known, arch_order, crown_width_mm, position
from DentalTopoSegLib.dentition.arch import expected_place
from DentalTopoSegLib.dentition.crown_sizes import usual_area_mm2
from DentalTopoSegLib.ios.network import MIRRORED, OFFSET_MM

STEP_MM = 0.6
HALF_STRIP_MM = 9.0
SPREAD = 1.15  # a little wider than the expected arch, so that gum lies between the bumps
TEETH = {which: tuple(f for f in arch_order(which) if position(f) != 8) for which in ("upper", "lower")}


@dataclass(frozen=True)
class ToyJaw:
    """vertices (V, 3), faces (F, 3) outward, fdi (V,) and face_fdi (F,): the truth."""

    which: str
    vertices: np.ndarray
    faces: np.ndarray
    fdi: np.ndarray

    @property
    def face_fdi(self) -> np.ndarray:
        """Two corners of three decide; where all differ, the first."""
        a, b, c = self.fdi[self.faces].T
        return np.where(b == c, b, a)

    def numbered(self, change: dict[int, int]) -> ToyJaw:
        """The same surface with other numbers."""
        table = np.arange(100, dtype=np.uint8)
        for old, new in change.items():
            table[old] = new
        return replace(self, fdi=table[self.fdi])

    def where(self, mask: np.ndarray, fdi: int) -> ToyJaw:
        """The same surface with `fdi` on the vertices of mask (V,)."""
        return replace(self, fdi=np.where(mask, fdi, self.fdi).astype(np.uint8))

    def near(self, fdi: int, offset: tuple[float, float, float], radius: float) -> np.ndarray:
        """(V,) True within radius (mm) of the tooth's centre plus offset, measured from above."""
        apart = self.vertices - self.centre(fdi) - offset
        return np.hypot(apart[:, 0], apart[:, 1]) < radius

    def centre(self, fdi: int) -> np.ndarray:
        """(3,) mean of the tooth's vertices."""
        return self.vertices[self.fdi == fdi].mean(0)

    def cropped(self, keep: np.ndarray) -> ToyJaw:
        """Without the vertices outside keep (V,)."""
        new = np.cumsum(keep) - 1
        faces = self.faces[keep[self.faces].all(1)]
        return ToyJaw(self.which, self.vertices[keep], new[faces].astype(np.int32), self.fdi[keep])

    def moved(self, rotation: np.ndarray, shift: Iterable[float] = (0, 0, 0)) -> ToyJaw:
        """Turned, then shifted (mm)."""
        return replace(self, vertices=self.vertices @ np.asarray(rotation).T + np.asarray(tuple(shift)))


@lru_cache
def toy_jaw(which: str, absent: tuple[int, ...] = (), wide: tuple[tuple[int, float], ...] = ()) -> ToyJaw:
    """A jaw with second molars as its last teeth. absent: numbers left flat. wide: (number, width factor)."""
    order = arch_order(which)
    places = SPREAD * np.array([expected_place(f)[:2] for f in order])
    places = np.vstack([2 * places[0] - places[1], places, 2 * places[-1] - places[-2]])
    chord = np.r_[0, np.cumsum(np.linalg.norm(np.diff(places, axis=0), axis=1))]
    curve = CubicSpline(chord, places)
    along = np.arange(0, chord[-1], STEP_MM)
    across = np.arange(-HALF_STRIP_MM, HALF_STRIP_MM + STEP_MM / 2, STEP_MM)
    tangent = curve(along, 1)
    tangent /= np.linalg.norm(tangent, axis=1)[:, None]
    s, w = (grid.ravel() for grid in np.meshgrid(along, across, indexing="ij"))
    sideways = np.stack([-tangent[:, 1], tangent[:, 0]], -1)
    xy = (curve(along)[:, None] + sideways[:, None] * across[None, :, None]).reshape(-1, 2)
    height, fdi = np.zeros(len(s)), np.zeros(len(s), np.uint8)
    factors = dict(wide)
    for i, tooth in enumerate(order):
        if position(tooth) == 8 or tooth in absent:
            continue
        half = 0.43 * crown_width_mm(tooth) * factors.get(tooth, 1.0)
        deep = 2.6 + 0.35 * position(tooth)
        r = np.hypot((s - chord[i + 1]) / half, w / deep)
        inside = (r < 1) & (fdi == 0)
        tall = _height(usual_area_mm2(tooth) * factors.get(tooth, 1.0), half, deep)
        height[inside] = tall * (1 - r[inside] ** 4)
        fdi[inside] = tooth
    up = 1.0 if which == "lower" else -1.0
    top = np.max([height[fdi == tooth].max() for tooth in np.unique(fdi[fdi > 0])])
    vertices = np.column_stack([xy, up * (height - top)])
    n, m = len(along), len(across)
    corner = (np.arange(n - 1)[:, None] * m + np.arange(m - 1)[None]).ravel()
    faces = np.concatenate(
        [np.stack([corner, corner + m, corner + m + 1], -1), np.stack([corner, corner + m + 1, corner + 1], -1)]
    )
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    if np.cross(b - a, c - a).sum(0)[2] * up < 0:
        faces = faces[:, ::-1]
    return ToyJaw(which, vertices, np.ascontiguousarray(faces, np.int32), fdi)


def _height(area: float, half: float, deep: float) -> float:
    """How tall a bump must be to have about this surface: that of a cylinder with a flat lid, a little less."""
    base = np.pi * half * deep
    girth = np.pi * (3 * (half + deep) - np.sqrt((3 * half + deep) * (half + 3 * deep)))
    return max((area - base) / (0.55 * girth), 1.5)


def segmented(toy: ToyJaw, **changes) -> SimpleNamespace:
    """What the segmentation would hand over for this jaw: the attributes of ios.JawSegmentation."""
    upper = toy.which == "upper"
    frame = np.eye(4)
    frame[:3, :3] = np.diag([-1, 1, -1]) if upper else np.eye(3)
    values = {
        "surface": toy_surface(toy), "fdi": toy.fdi, "face_fdi": toy.face_fdi.astype(np.uint8),
        "instance": toy.fdi.astype(np.int32), "confidence": {int(f): 0.95 for f in np.unique(toy.fdi) if f},
        "jaw": toy.which, "jaw_inferred": toy.which, "jaw_confidence": 0.98, "frame": frame,
        "frame_confidence": 0.97, "inside_out": False,
        "provenance": {"models": [{"id": "toy", "sha256": "0"}], "seconds": {"network": 0.1}}, "warnings": [],
        "known": Known(),
    }  # fmt: skip
    return SimpleNamespace(**(values | changes))


def toy_surface(jaw: ToyJaw, scale: float = 1.0) -> SimpleNamespace:
    """The attributes of meshes.Surface of a clean file in mm (or of one in other units, already scaled)."""
    return SimpleNamespace(
        vertices=jaw.vertices, faces=jaw.faces, scale=scale, of_vertex=np.arange(len(jaw.vertices), dtype=np.int32),
        of_face=np.arange(len(jaw.faces), dtype=np.int32),
    )  # fmt: skip


class ToySurfaceNetwork:
    """Stands in for the surface network on one toy jaw whose frame is known: what it says is the truth, a little unsure
    beside borders."""

    def __init__(self, toy: ToyJaw, matrix: np.ndarray) -> None:
        self._tree = cKDTree(toy.vertices @ matrix[:3, :3].T + matrix[:3, 3])
        self._class = np.where(toy.fdi > 0, toy.fdi % 10 + 8 * np.isin(toy.fdi // 10, (1, 3)), 0)
        centres = np.zeros((49, 3))
        for fdi in np.unique(toy.fdi[toy.fdi > 0]):
            centres[fdi] = toy.centre(fdi)
        self._centre = (centres @ matrix[:3, :3].T + matrix[:3, 3])[toy.fdi]

    def run_named(self, feed: dict[str, np.ndarray], cancelled: object = None) -> dict[str, np.ndarray]:
        """Probabilities and offsets as the network's, for the jaw or its mirror image."""
        flip = np.array([-1.0, 1.0, 1.0])
        seen = feed["points"].astype(float)
        mirrored = self._tree.query(seen[::50])[0].mean() > self._tree.query((seen * flip)[::50])[0].mean()
        points = seen * flip if mirrored else seen
        near = self._tree.query(points, k=3)[1]
        probabilities = np.full((len(points), 17), 0.001)
        for k in range(3):
            probabilities[np.arange(len(points)), self._class[near[:, k]]] += 1 / 3
        offsets = (self._centre[near[:, 0]] - points) / OFFSET_MM
        if mirrored:
            probabilities, offsets = probabilities[:, MIRRORED], offsets * flip
        total = probabilities.sum(1, keepdims=True)
        return {"probabilities": (probabilities / total).astype(np.float32), "offsets": offsets.astype(np.float32)}


class UndecidedCrowns:
    """Stands for the crown network: every tooth is as likely as any other."""

    def run_named(self, feed: dict, cancelled: object = None) -> dict:
        return {"probabilities": np.full((len(feed["places"]), 16), 1 / 16, np.float32)}
