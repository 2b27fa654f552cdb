"""A parametric dentition and the CBCT that would show it: no data file, numpy and scipy only.

Every tooth is an implicit function in its own frame (m: mesiodistal, distal positive; b: buccal positive; w:
height above the cervical line, crown positive, mm) evaluated in its own bounding box; jaws, face, tongue, air
and spine are swept or closed shapes. All are approximate signed distances (negative inside, mm), so that
edges get a partial-volume grey value.

Head frame: RAS mm, origin where the midline meets the occlusal plane at the front of the lower arch.
Quadrants 1 and 4 are the patient's right, at +x. Tooth sizes are the rounded averages of Ash & Nelson,
"Wheeler's Dental Anatomy".
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..files.volumes.boxes import Box, box_of

# position 1..8 (central incisor .. third molar): mesiodistal, buccolingual, crown height, root length (mm),
# roots
_UPPER = (
    (8.5, 7.0, 10.2, 13.0, 1),
    (6.6, 6.2, 9.0, 13.0, 1),
    (7.6, 8.0, 10.0, 16.5, 1),
    (7.0, 9.0, 8.3, 13.5, 2),
    (6.8, 9.0, 8.0, 14.0, 1),
    (10.0, 11.0, 7.3, 13.0, 3),
    (9.3, 10.8, 7.0, 12.0, 3),
    (8.5, 9.8, 6.5, 10.5, 3),
)
_LOWER = (
    (5.2, 6.0, 8.8, 12.5, 1),
    (5.7, 6.4, 9.2, 13.5, 1),
    (6.9, 7.6, 10.5, 15.5, 1),
    (7.0, 7.7, 8.5, 14.0, 1),
    (7.1, 8.1, 8.0, 14.3, 1),
    (11.0, 10.4, 7.3, 14.0, 2),
    (10.5, 10.0, 7.0, 13.0, 2),
    (10.0, 9.5, 6.6, 11.0, 2),
)
# degrees the crown leans to the buccal side, and to the mesial side, relative to its jaw's vertical
_LEAN_UPPER = (20.0, 17.0, 8.0, 3.0, 4.0, 7.0, 9.0, 12.0)
_LEAN_LOWER = (14.0, 11.0, 3.0, -4.0, -8.0, -13.0, -16.0, -18.0)
_TIP_UPPER = (3.0, 5.0, 6.0, 3.0, 3.0, 3.0, 2.0, 0.0)
_TIP_LOWER = (1.0, 1.0, 4.0, 4.0, 5.0, 7.0, 9.0, 11.0)


@dataclass(frozen=True)
class Tooth:
    """Shape and place of one tooth. Lengths mm; anchor is the middle of the biting surface, axes are unit
    vectors (RAS)."""

    fdi: int
    width: float
    depth: float
    crown: float
    root: float
    roots: int
    anchor: np.ndarray = field(repr=False)
    distal: np.ndarray = field(repr=False)
    buccal: np.ndarray = field(repr=False)
    up: np.ndarray = field(repr=False)  # from apex to biting surface
    arch_mm: float  # signed arc length along its arch, patient's right positive
    cusp: float = 1.0
    curve: float = 0.0
    splay: float = 1.0

    @property
    def position(self) -> int:
        return self.fdi % 10

    def frame(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(..., 3) RAS mm -> m, b, w (mm) in the tooth's frame, w measured from the cervical line."""
        p = points - self.anchor.astype(np.float32)
        return (
            p @ self.distal.astype(np.float32),
            p @ self.buccal.astype(np.float32),
            p @ self.up.astype(np.float32) + np.float32(self.crown),
        )

    def at(self, m: float, b: float, w: float) -> np.ndarray:
        """Tooth frame (mm) -> RAS mm."""
        return self.anchor + m * self.distal + b * self.buccal + (w - self.crown) * self.up


@dataclass(frozen=True)
class Arch:
    """A curve through the biting surfaces: points (n, 2) xy mm, outward normals, signed arc length (right
    positive)."""

    points: np.ndarray
    normals: np.ndarray
    length: np.ndarray

    def place(self, s: float) -> tuple[np.ndarray, np.ndarray]:
        """Point and outward normal (2,) at the signed arc length s (mm)."""
        p = np.array([np.interp(s, self.length, self.points[:, k]) for k in (0, 1)])
        n = np.array([np.interp(s, self.length, self.normals[:, k]) for k in (0, 1)])
        return p, n / np.linalg.norm(n)

    def map(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Arc length and outward distance (mm), each (len(y), len(x)), of every place of a horizontal
        grid."""
        from scipy.spatial import cKDTree

        xy = np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)
        _, nearest = cKDTree(self.points).query(xy)
        delta = xy - self.points[nearest]
        distance = np.linalg.norm(delta, axis=1) * np.where((delta * self.normals[nearest]).sum(1) < 0, -1, 1)
        shape = len(y), len(x)
        return (self.length[nearest].reshape(shape).astype(np.float32), distance.reshape(shape).astype(np.float32))


def make_arch(half_width: float, depth: float, front: float, back: float = 60.0) -> Arch:
    """Half an ellipse that goes on straight backwards for `back` mm, its foremost point at y = front."""
    t = np.linspace(0.0, np.pi / 2, 200)
    right = np.stack([half_width * np.sin(t), front - depth * (1 - np.cos(t))], 1)
    tail = np.stack([np.full(150, half_width), front - depth - np.linspace(0.4, back, 150)], 1)
    right = np.concatenate([right, tail])
    points = np.concatenate([(right * (-1, 1))[:0:-1], right])
    steps = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    length = steps - steps[len(right) - 1]
    even = np.arange(length[0], length[-1], 0.4)
    points = np.stack([np.interp(even, length, points[:, k]) for k in (0, 1)], 1)
    tangent = np.gradient(points, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return Arch(points, np.stack([-tangent[:, 1], tangent[:, 0]], 1), even)


def smooth_min(a: np.ndarray, b: np.ndarray, k: float) -> np.ndarray:
    """Polynomial smooth minimum (Quilez): rounds the seam of a union over about k mm."""
    h = np.clip(0.5 + 0.5 * (b - a) / k, 0, 1)
    return b + (a - b) * h - k * h * (1 - h)


def smooth_max(a: np.ndarray, b: np.ndarray, k: float) -> np.ndarray:
    return -smooth_min(-a, -b, k)


def superellipse(m: np.ndarray, b: np.ndarray, half_m: np.ndarray, half_b: np.ndarray, n: float) -> np.ndarray:
    """Approximate signed distance (mm) to |m/half_m|^n + |b/half_b|^n = 1."""
    r = (np.abs(m / half_m) ** n + np.abs(b / half_b) ** n) ** np.float32(1 / n)
    return (r - 1) * np.minimum(half_m, half_b)


def _crown(t: Tooth, m: np.ndarray, b: np.ndarray, w: np.ndarray, shrink: float = 0.0) -> np.ndarray:
    """Signed distance to the crown, from 1 mm below the cervical line to the cusps."""
    kind = min(max(t.position - 2, 0), 2) if t.position <= 3 else (2 if t.position <= 5 else 3)  # 0 incisor 1 canine
    h, half_m, half_b = t.crown, t.width / 2, t.depth / 2
    f = np.clip(w / h, -0.2, 1.1)
    belly = np.sin(np.pi * 0.72 * np.clip(f, 0, 1))
    if kind <= 1:  # a wedge: thick and narrow at the neck, thin and wide at the edge
        am = half_m * (0.74 + 0.26 * belly)
        ab = half_b * np.maximum(
            0.86 + 0.14 * np.sin(np.pi * np.clip(f * 1.6, 0, 1)) - (0.72 - 0.12 * kind) * np.clip(f, 0, 1.1) ** 1.5,
            0.12,
        )
        b = b - half_b * 0.12 * f  # the labial side stays straighter than the lingual one
        top = h * (1 - (0.05 + 0.16 * kind) * (m / half_m) ** 2 - 0.03)
        n = 2.4
    else:
        lower_lean = 0.06 if t.fdi > 30 else -0.06
        am = half_m * (0.78 + 0.22 * belly)
        ab = half_b * (0.82 + 0.18 * np.sin(np.pi * 0.85 * np.clip(f + 0.15, 0, 1)) - 0.10 * np.clip(f, 0, 1) ** 2)
        b = b + half_b * lower_lean * f
        n = 2.3 if kind == 2 else 2.9
        cusps = (
            ((0, 0.52, 1.0), (0, -0.52, 0.80))
            if kind == 2
            else ((-0.5, 0.5, 1.0), (0.5, 0.5, 0.93), (-0.5, -0.5, 0.95), (0.5, -0.5, 0.85))
        )
        bump = np.zeros_like(m)
        for cm, cb, height in cusps:
            r2 = ((m - cm * half_m) / (half_m * 0.42)) ** 2 + ((b - cb * half_b) / (half_b * 0.42)) ** 2
            bump = np.maximum(bump, np.float32(height) * np.exp(-0.5 * r2))
        groove = 0.30 * t.cusp
        top = h * ((1 - groove) + groove * bump)
    side = superellipse(m, b, am, ab, n)
    return smooth_max(smooth_max(side, w - top, 0.8), -w - 1.0, 0.5) + shrink


def _root_paths(t: Tooth) -> list[tuple[float, float, float, float, float, float]]:
    """(m0, b0, m1, b1, half_m, half_b) of every root, mm: its middle at the neck, its apex, its half axes at
    the neck."""
    m, b, s = t.width / 2, t.depth / 2, t.splay
    bend = t.curve
    if t.roots == 1:
        return [(0, 0, 0.6 + bend, 0, 0.70 * m, 0.80 * b)]
    if t.roots == 2 and t.position == 4:
        return [
            (0, 0.33 * b, bend, 0.50 * b * s, 0.58 * m, 0.42 * b),
            (0, -0.33 * b, bend, -0.45 * b * s, 0.58 * m, 0.42 * b),
        ]
    if t.roots == 2:
        return [
            (-0.36 * m, 0, -0.42 * m * s + bend, 0, 0.34 * m, 0.74 * b),
            (0.36 * m, 0, 0.52 * m * s + bend, 0, 0.34 * m, 0.68 * b),
        ]
    return [
        (-0.36 * m, 0.34 * b, -0.40 * m * s + bend, 0.52 * b * s, 0.33 * m, 0.42 * b),
        (0.38 * m, 0.34 * b, 0.50 * m * s + bend, 0.48 * b * s, 0.31 * m, 0.36 * b),
        (0.0, -0.40 * b, 0.1 * m + bend, -0.74 * b * s, 0.44 * m, 0.36 * b),
    ]


def _root(
    t: Tooth, m: np.ndarray, b: np.ndarray, w: np.ndarray, path: tuple, radius: float | None = None
) -> np.ndarray:
    """Signed distance to one tapered root, or, with radius, to the canal inside it."""
    m0, b0, m1, b1, half_m, half_b = path
    length = t.root * (0.94 if b1 > 0 and t.roots == 3 else 1.0)
    u = np.clip(-w / length, -0.15, 0.995)
    along = np.maximum(u, 0)
    cm = m0 + (m1 - m0) * along**1.2 + t.curve * along**3
    cb = b0 + (b1 - b0) * along**0.9
    taper = (1 - 0.55 * along) * np.sqrt(1 - along**5) + 0.02
    if radius is None:
        side = superellipse(m - cm, b - cb, half_m * taper, half_b * taper, 2.0)
        return np.maximum(side, np.maximum(-w - length, w - 0.5))
    thin = radius * (1 - 0.6 * along)
    flat = np.maximum(thin, thin * half_b / half_m * 0.7)
    return np.maximum(superellipse(m - cm, b - cb, thin, flat, 2.0), np.maximum(-w - length + 0.8, w - 0.5))


def tooth_distances(t: Tooth, points: np.ndarray) -> dict[str, np.ndarray]:
    """Signed distances (mm, negative inside) at RAS points (..., 3): "tooth", "root" (below the cervical
    line), "dentin" (the tooth without its enamel cap), "pulp"; besides "height" over the cervical line and
    "radial" distance from the axis."""
    m, b, w = t.frame(points)
    crown = _crown(t, m, b, w)
    paths = _root_paths(t)
    root = _root(t, m, b, w, paths[0])
    for path in paths[1:]:
        root = np.minimum(root, _root(t, m, b, w, path))
    if t.roots > 1:  # the undivided trunk between neck and furcation
        trunk = 0.30 * t.root if t.position > 4 else 0.5 * t.root
        shrink = 1 - 0.12 * np.clip(-w / trunk, 0, 1)
        n = 2.6
        block = superellipse(m, b, np.float32(0.78 * t.width / 2) * shrink, np.float32(0.84 * t.depth / 2) * shrink, n)
        root = smooth_min(root, np.maximum(block, np.maximum(-w - trunk, w - 0.5)), 0.9)
    tooth = smooth_min(crown, root, 0.7)
    cap = np.clip(w / t.crown, 0, 1)
    enamel = (1.45 if t.position > 3 else 1.0) * np.minimum(1.0, 2.2 * cap) ** 0.8
    dentin = np.maximum(tooth, tooth + enamel * (w > 0))
    chamber = superellipse(m, b, np.float32(0.27 * t.width / 2), np.float32(0.30 * t.depth / 2), 2.0)
    pulp = np.maximum(chamber, np.maximum(w - 0.42 * t.crown, -w - (0.22 if t.roots > 1 else 0.08) * t.root))
    for path in paths:
        pulp = np.minimum(pulp, _root(t, m, b, w, path, 0.55))
    return {
        "tooth": tooth,
        "root": np.maximum(root, w + 0.5),
        "dentin": dentin,
        "pulp": pulp,
        "height": w,
        "radial": np.hypot(m, b),
    }


def build_teeth(
    rng: np.random.Generator, missing: set[int], jaws: str, gap: float
) -> tuple[dict[int, Tooth], dict[str, Arch]]:
    """Draw tooth sizes and arches, set the teeth side by side along them. gap: how far the mouth is open at
    the front, mm."""
    teeth, arches = {}, {}
    size = rng.uniform(0.93, 1.06)
    width, depth = rng.uniform(0.95, 1.06), rng.uniform(0.92, 1.08)
    overjet = rng.uniform(1.5, 3.0)
    arches["lower"] = make_arch(26.0 * size * width, 46.0 * size * depth, 0.0)
    arches["upper"] = make_arch(27.6 * size * width, 48.0 * size * depth, overjet)
    for jaw in ("upper", "lower"):
        upper = jaw == "upper"
        table, leans, tips = (_UPPER, _LEAN_UPPER, _TIP_UPPER) if upper else (_LOWER, _LEAN_LOWER, _TIP_LOWER)
        scale = 1 + rng.normal(0, 0.04, (8, 4))  # both sides of one mouth are alike
        for side in (1, -1):
            quadrant = {(True, 1): 1, (True, -1): 2, (False, -1): 3, (False, 1): 4}[upper, side]
            s = rng.normal(0, 0.3)
            for position in range(1, 9):
                md, bl, crown, root = (
                    np.array(table[position - 1][:4]) * size * scale[position - 1] * (1 + rng.normal(0, 0.012, 4))
                )
                place = s + md / 2
                s += md + max(rng.normal(0.12, 0.10), -0.1)
                fdi = quadrant * 10 + position
                shift = rng.normal(0, (0.25, 0.3))
                turn, lean, tip = np.radians(rng.normal(0, (5, 3.5, 3)))
                extras = rng.uniform(0.7, 1.25), rng.normal(0, 0.7), rng.uniform(0.75, 1.3)
                roots = table[position - 1][4]
                if position == 8 and rng.random() < 0.5:
                    roots, extras = 1 if rng.random() < 0.3 else roots, (extras[0], extras[1] * 2, 0.55)
                if fdi in missing or jaws not in ("both", jaw):
                    continue
                point, normal = arches[jaw].place(side * place)
                tangent = np.array([normal[1], -normal[0]]) * side  # towards distal
                lean += np.radians(leans[position - 1])
                tip += np.radians(tips[position - 1])
                vertical = np.array([0, 0, -1.0 if upper else 1.0])
                n3, t3 = np.r_[normal, 0], np.r_[tangent, 0]
                up = vertical + np.tan(lean) * n3 - np.tan(tip) * t3
                up /= np.linalg.norm(up)
                distal = np.cos(turn) * t3 + np.sin(turn) * n3
                distal -= up * (distal @ up)
                distal /= np.linalg.norm(distal)
                buccal = np.cross(distal, up)
                buccal *= np.sign(buccal @ n3)
                # the curve of Spee: the row of cusps rises behind; upper front teeth overlap the lower ones
                behind = min(-point[1], 50.0)
                z = 0.0018 * behind**2 - 0.03 * behind
                if upper:
                    z += (0.25 if position > 3 else (-0.6 if position == 3 else -1.9)) + shift[1] * 0.4
                else:
                    hinge = np.clip((95 + point[1]) / 95, 0, 1)  # the mouth opens about the jaw joint
                    z += (-0.25 if position > 3 else 0.6) - gap * hinge + shift[1] * 0.4
                if upper and position > 3:
                    z += 0.1
                anchor = np.r_[point + normal * shift[0], z]
                teeth[fdi] = Tooth(fdi, md, bl, crown, root, roots, anchor, distal, buccal, up, side * place, *extras)
    return teeth, arches


def tooth_boxes(teeth: dict[int, Tooth], axes: tuple, margin: float) -> dict[int, Box]:
    """Per tooth the (z, y, x) slices of the grid that can hold it, with margin mm; teeth outside the field
    are left out."""
    boxes = {}
    for fdi, t in teeth.items():
        corners = np.array(
            [
                t.at(m, b, w)
                for m in (-0.75 * t.width, 0.75 * t.width)
                for b in (-0.85 * t.depth, 0.85 * t.depth)
                for w in (-t.root - 0.5, t.crown + 0.5)
            ]
        )
        box = []
        for axis, grid in zip((2, 1, 0), reversed(axes), strict=True):
            lo = int(np.searchsorted(grid, corners[:, axis].min() - margin))
            hi = int(np.searchsorted(grid, corners[:, axis].max() + margin))
            box.append(slice(lo, hi))
        if all(s.stop > s.start for s in box):
            boxes[fdi] = box_of(box)
    return boxes
