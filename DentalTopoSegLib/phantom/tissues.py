"""What surrounds the teeth: jaws with cortical plates, gingiva, palate, sinuses, nose, tongue, lips, face,
throat and spine.

Painted slab by slab, so that memory stays a few megabytes above the image. Grey values are rough Hounsfield
units; all lengths are mm, all shapes approximate signed distances (negative inside).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .teeth import Arch, Tooth, make_arch, smooth_max, smooth_min, superellipse

HU = {
    "air": -1000.0,
    "fat": -80.0,
    "soft": 40.0,
    "gingiva": 60.0,
    "trabecular": 330.0,
    "cortical": 1250.0,
    "dentin": 1580.0,
    "enamel": 2500.0,
    "pulp": 150.0,
    "pdl": 150.0,
    "metal": 7000.0,
}


@dataclass(frozen=True)
class Face:
    """The numbers of one head (mm unless said otherwise), drawn once."""

    gap: float  # how far the mouth is open at the front teeth
    vestibule: float  # air between teeth and cheek
    tongue_height: float  # of its back over the biting plane
    tongue_slack: float  # from the arch's middle line to its side
    palate: float  # height of the vault over the crest
    jaw_height: float
    cortex: float  # factor on the thickness of the cortical plates
    density: float  # factor on the grey value of bone
    width: float
    sinus_drop: float
    nose: float

    @classmethod
    def draw(cls, rng: np.random.Generator, gap: float) -> Face:
        u = rng.uniform
        return cls(
            gap,
            u(0.1, 1.6) * (rng.random() < 0.6),
            u(-6, 16),
            u(4.0, 7.5),
            u(9, 14),
            u(25, 31),
            u(0.7, 1.3),
            u(0.8, 1.15),
            u(60, 70),
            u(-3, 4),
            u(0.8, 1.2),
        )


def coverage(distance: np.ndarray, spacing: float) -> np.ndarray:
    """Share (0..1) of a voxel that lies inside a surface at this signed distance."""
    return np.clip(np.float32(0.5) - distance / np.float32(spacing), 0, 1)


def paint(image: np.ndarray, distance: np.ndarray, value: float | np.ndarray, spacing: float) -> None:
    """Mix value into image (in place) by the coverage of the shape."""
    image += (value - image) * coverage(distance, spacing)


def hinge(y: np.ndarray, gap: float) -> np.ndarray:
    """How far the lower jaw lies lower at y (mm): it turns about a joint 95 mm behind the front teeth."""
    return gap * np.clip((95 + y) / 95, 0, 1)


def _bone_crest(teeth: dict[int, Tooth], upper: bool, s: np.ndarray, gap: float) -> tuple[np.ndarray, float]:
    """Height z (mm, lower jaw: mouth closed) of the bone's crest along the arch, and how far back the row of
    teeth reaches."""
    sign = 1.0 if upper else -1.0
    present = sorted((t for t in teeth.values() if (t.fdi < 30) == upper), key=lambda t: t.arch_mm)
    if not present:
        return np.full_like(s, sign * 12.0), 45.0
    necks = np.array([t.at(0, 0, 0) for t in present])
    height = necks[:, 2] + (0 if upper else hinge(necks[:, 1], gap)) + sign * 1.6
    places = np.array([t.arch_mm for t in present])
    ends = places[0] - present[0].width / 2, places[-1] + present[-1].width / 2
    crest = np.interp(s, places, height)
    hole = np.min(np.abs(s[..., None] - places) - np.array([t.width / 2 for t in present]), axis=-1)
    crest = crest + sign * np.clip(hole, 0, 3) * 0.6  # bone shrinks where a tooth is gone
    return crest.astype(np.float32), float(max(40.0, -ends[0], ends[1]))


class Anatomy:
    """The maps over a horizontal grid that every slab needs. x, y: voxel centres, mm."""

    def __init__(
        self, face: Face, teeth: dict[int, Tooth], arches: dict[str, Arch], x: np.ndarray, y: np.ndarray
    ) -> None:
        self.face, self.x, self.y = face, x[None, None, :], y[None, :, None]
        self.s_low, self.n_low = arches["lower"].map(x, y)
        self.s_up, self.n_up = arches["upper"].map(x, y)
        _, self.n_base = make_arch(0.72 * face.width, 92.0, 5.0).map(x, y)
        self.crest_low, self.end_low = _bone_crest(teeth, False, self.s_low, face.gap)
        self.crest_up, self.end_up = _bone_crest(teeth, True, self.s_up, face.gap)
        self.drop = hinge(self.y[0], face.gap).astype(np.float32)
        self.front = np.exp(-((self.s_low / 18) ** 2))
        self.palate_z = float(np.median(self.crest_up)) + face.palate

    def mandible(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Signed distance to the lower jaw and its cortical thickness. z (nz, 1, 1) mm."""
        zl = z + self.drop
        crest, height = self.crest_low, self.face.jaw_height
        base = -9.0 - height + 0.12 * np.clip(np.abs(self.s_low) - 30, 0, 60)
        deep = np.clip((crest - zl) / (crest - base), 0, 1)
        behind = np.clip((np.abs(self.s_low) - self.end_low + 4) / 16, 0, 1)
        blend = np.maximum(deep**1.5 * (1 - 0.25 * self.front), behind)
        # the plates follow the roots: front roots lie to the tongue's side of their crowns, molar roots to
        # the cheek's
        shift = self.front * (1.5 + 10 * deep * (1 - 0.7 * deep)) - (1 - self.front) * 2.0 * np.clip(3 * deep, 0, 1)
        n = (1 - blend) * (self.n_low + shift) + blend * (self.n_base + 4.0)
        half = (3.3 + 2.4 * (1 - self.front)) * (1 - deep) + 5.4 * deep
        half = half + (3.6 - half) * behind
        top = crest + 2.6 * np.clip(np.abs(self.s_low) - self.end_low - 3, 0, 25)
        body = smooth_max(smooth_max(np.abs(n) - half, zl - top, 2.5), base - zl, 6.0)
        return body, self.face.cortex * (1.0 + 1.5 * deep)

    def maxilla(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Signed distance to the upper jaw with the palate; the cortical thickness; and to the air of nose
        and sinuses."""
        f, crest, pz = self.face, self.crest_up, self.palate_z
        front = np.exp(-((self.s_up / 18) ** 2))
        deep = np.clip((z - crest) / 16, 0, 1.3)
        n = self.n_up + (2.0 + 4.0 * front) * deep
        half = 3.6 + 2.6 * (1 - front) + 1.8 * deep
        over = np.clip(np.abs(self.s_up) - self.end_up - 3, 0, 12)
        ridge = smooth_max(smooth_max(np.abs(n) - half, crest + over * 1.5 - z, 2.5), z - pz - 4 + over, 2.0)
        vault = crest + (pz - crest) * np.clip(-(self.n_up + 4) / 9, 0, 1) ** 0.8
        plate = np.maximum(np.maximum(np.abs(z - vault - 1.2) - 1.3, self.n_up + 3), -48 - self.y)
        bone = smooth_min(ridge, plate, 2.0)
        air = np.full(bone.shape, 9.0, np.float32)
        for side in (1, -1):
            r2 = (
                ((self.x - side * 25) / 11.5) ** 2
                + ((self.y + 38) / 16) ** 2
                + ((z - pz - 13 + f.sinus_drop) / 15) ** 2
            )
            sinus = (np.sqrt(r2) - 1) * 12.0
            bone = smooth_min(bone, np.abs(sinus - 0.8) - 0.8, 1.5)
            bone = np.maximum(bone, -sinus)
            air = np.minimum(air, sinus)
            # cheek bone: a bar from the sinus wall outwards and backwards
            a, b = np.array([side * 33.0, -22.0, pz + 12.0]), np.array([side * 58.0, -48.0, pz + 17.0])
            p = self.x - a[0], self.y - a[1], z - a[2]
            d = b - a
            t = np.clip((p[0] * d[0] + p[1] * d[1] + p[2] * d[2]) / (d @ d), 0, 1)
            bar = np.sqrt((p[0] - t * d[0]) ** 2 + (p[1] - t * d[1]) ** 2 + (p[2] - t * d[2]) ** 2) - 5.0
            bone = smooth_min(bone, np.maximum(bar, -sinus), 2.0)
        wide = 12.0 - 0.12 * np.abs(z - pz - 12)
        nose = smooth_max(
            superellipse(self.x, z - pz - 22, wide, np.float32(19.5), 2.4),
            np.maximum(-66 - self.y, self.y - 6 * f.nose + 0.15 * np.abs(z - pz - 12)),
            4.0,
        )
        bone = np.maximum(smooth_min(bone, np.maximum(np.abs(nose - 0.6) - 0.6, self.y + 2), 1.0), -nose)
        septum = np.abs(self.x - 1.5 * np.sin(z / 9)) - 0.9
        shells = np.minimum(*(np.hypot((np.abs(self.x) - 6.5) / 1.0, (z - pz - h)) - 4.2 for h in (10.0, 21.0)))
        nose = np.maximum(np.maximum(nose, -septum), -shells)
        thick = f.cortex * (1.1 + 0.3 * deep)
        return np.maximum(bone, -air), thick, np.minimum(air, nose)

    def skin(self, z: np.ndarray) -> np.ndarray:
        """Signed distance to the face: an oval with lips, chin and nose."""
        f = self.face
        jaw = np.clip((-12 - z) / 35, 0, 1)
        lips = 3.0 * np.exp(-(((z + 5 + f.gap / 2) / 13) ** 2))
        chin = 3.0 * np.exp(-(((z + 30 + f.gap) / 9) ** 2))
        half_y = 70 + lips + chin - 9 * np.clip((-34 - f.gap - z) / 12, 0, 2)
        half_x = f.width * (1 - 0.16 * jaw**1.5)
        oval = superellipse(self.x, self.y + 60, np.float32(half_x), np.float32(half_y), 2.25)
        r2 = (self.x / 15) ** 2 + ((self.y - 12) / (22 * f.nose)) ** 2 + ((z - self.palate_z - 12) / 17) ** 2
        return smooth_min(oval, (np.sqrt(r2) - 1) * 14.0, 5.0)

    def mouth(self, z: np.ndarray) -> np.ndarray:
        """Signed distance to the room inside cheeks, lips, floor and palate (gingiva and tongue not yet taken
        away)."""
        f = self.face
        up = np.clip((z + f.gap / 2) / 8 + 0.5, 0, 1)
        n = up * self.n_up + (1 - up) * self.n_low
        s = np.abs(np.where(z > -f.gap / 2, self.s_up, self.s_low))
        cheek = n - (1.8 + 0.06 * np.minimum(s, 40) + f.vestibule)
        low, high = self.crest_low - self.drop - 3, self.crest_up + 3 + f.palate
        room = smooth_max(smooth_max(cheek, low - z, 4.0), z - high, 4.0)
        return smooth_max(room, -52 - self.y, 6.0)

    def tongue(self, z: np.ndarray) -> np.ndarray:
        f = self.face
        up = np.clip((z + f.gap / 2) / 8 + 0.5, 0, 1)
        n = up * self.n_up + (1 - up) * self.n_low
        dome = f.tongue_height - 0.5 * f.gap + 7 * np.clip(1 - (self.x / 22) ** 2 - ((self.y + 45) / 40) ** 2, -1, 1)
        return smooth_max(n + f.tongue_slack, z - dome, 3.0)

    def throat(self, z: np.ndarray) -> np.ndarray:
        narrow = np.clip((z + 20) / 50, -0.4, 1)
        return superellipse(self.x, self.y + 72, np.float32(12 + 2 * narrow), np.float32(5.5 + 4 * narrow), 2.2)

    def spine(self, z: np.ndarray) -> np.ndarray:
        level = (z + 4) / 17.0
        high = (np.abs(level - np.round(level)) * 17.0) - 6.8
        lean = self.y + 97 + 0.08 * z
        body = smooth_max(superellipse(self.x, lean, np.float32(10.5), np.float32(7.5), 2.6), high, 2.0)
        ring = np.abs(superellipse(self.x, lean + 19, np.float32(15.0), np.float32(11.0), 2.0)) - 2.0
        masses = np.hypot(np.abs(self.x) - 19, lean + 8) - 6.0
        return np.minimum(body, np.maximum(np.minimum(ring, masses), high - 1))


def paint_slab(
    image: np.ndarray, z: np.ndarray, anatomy: Anatomy, root: np.ndarray, grain: np.ndarray, spacing: float
) -> None:
    """Paint all but the teeth into image (nz, ny, nx; in place). root: signed distance to the nearest root;
    grain: a random field of zero mean and unit sd, the spongy bone's texture; both of image's shape."""
    z = z[:, None, None]
    dense = anatomy.face.density
    image[:] = HU["air"]
    soft = HU["soft"] + 18 * grain
    skin = anatomy.skin(z)
    paint(image, skin, HU["fat"] + 12 * grain, spacing)
    paint(image, skin + 5.0, soft, spacing)
    low, thick_low = anatomy.mandible(z)
    up, thick_up, caves = anatomy.maxilla(z)
    crest = anatomy.crest_low - anatomy.drop
    sleeve = smooth_max(root - 1.1, z - crest, 1.0)  # bone always covers a root a little
    low = smooth_min(low, np.where(z < 0, sleeve, 9.0), 1.5)
    up = smooth_min(up, np.where(z > 0, smooth_max(root - 1.0, anatomy.crest_up - z, 1.0), 9.0), 1.5)
    mouth = anatomy.mouth(z)
    gingiva = np.minimum(np.where(z < 0, low, 9.0), np.where(z >= 0, up, 9.0)) - 1.9
    air = np.maximum(np.maximum(mouth, -gingiva), -anatomy.tongue(z))
    air = np.minimum(np.minimum(air, anatomy.throat(z)), caves)
    paint(image, np.maximum(air, skin - 2.0), HU["air"], spacing)
    spongy = np.clip(HU["trabecular"] * dense + 150 * grain, -60, 1100)
    spine = anatomy.spine(z)
    for bone, thick in ((low, thick_low), (up, thick_up), (spine, 1.0)):
        paint(image, bone, HU["cortical"] * dense, spacing)
        paint(image, bone + thick, spongy, spacing)
    inside = np.minimum(low, up)
    lamina = np.maximum(np.abs(root - 0.45) - 0.25, inside)
    paint(image, lamina, 950.0 * dense, spacing)
    paint(image, np.maximum(root - 0.22, inside), HU["pdl"], spacing)
