"""Where teeth stand: an expected dentition, laid over the measured one however the head was held.

The expected places are tooth centroids (crown and root) in millimetres, RAS axes: an average adult,
symmetric, made from one real rooted dentition (Open-Full-Jaw, patient 26) and the library's parametric
one, rounded to 0.5 mm. Milk teeth are expected where their successors stand. A fit turns, shifts and
scales this template onto the measured centroids; wrong numbers are outliers to it, so it can tell which
tooth stands on the wrong side.

`numbering.mean_dentition` is another one on purpose: measured on crowns, with the origin at the bite of the front teeth
and true distances between neighbours, it gives teeth their numbers. This one is of whole teeth with their roots, and
judges numbers that were given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from . import arch_order, flipped_jaw, is_deciduous, is_upper, jaw, mirrored, position

#: The patient's right half; the left is its mirror image. x right, y anterior, z superior.
_RIGHT_HALF = {
    True: (
        (4, 17.5, 8),
        (10, 15, 8),
        (15, 10, 9.5),
        (18, 4.5, 8),
        (21.5, -1.5, 8),
        (23.5, -9.5, 8),
        (24.5, -19, 8.5),
        (26, -26, 11),
    ),
    False: (
        (2, 17.5, -9),
        (7, 15.5, -10),
        (12.5, 12.5, -10.5),
        (17, 7.5, -9),
        (21, 1, -8.5),
        (24.5, -7.5, -7),
        (26.5, -18.5, -6),
        (30, -28, -4),
    ),
}

#: Fewer teeth, or teeth closer together than this, do not show where the arch lies.
MIN_TEETH = 5
MIN_SPREAD_MM = 10.0
#: Distance (mm) at which a tooth counts half in the robust fit: above normal variation, below a tooth's
#: width.
_SOFT_MM = 4.0
_SCALES = (0.7, 1.3)

#: What may have been exchanged as a whole: sides, jaws, both, or the sides of one jaw.
SWAPS: dict[str, Callable[[int], int]] = {
    "none": lambda fdi: fdi,
    "mirrored": mirrored,
    "flipped": flipped_jaw,
    "both": lambda fdi: flipped_jaw(mirrored(fdi)),
    "upper mirrored": lambda fdi: mirrored(fdi) if is_upper(fdi) else fdi,
    "lower mirrored": lambda fdi: fdi if is_upper(fdi) else mirrored(fdi),
}


def expected_place(fdi: int) -> np.ndarray:
    """(3,) centroid of the tooth in the template, mm, RAS axes, origin between the jaws in the midline."""
    place = np.array(_RIGHT_HALF[is_upper(fdi)][position(fdi) - 1], dtype=float)
    # 1, 4, 5 and 8 are the patient's right
    return place if fdi // 10 in (1, 4, 5, 8) else place * (-1, 1, 1)


@dataclass(frozen=True)
class ArchFrame:
    """A similarity from template to RAS mm: ras = scale * rotation @ place + shift.

    residual_mm: mean distance between the expected and the measured centroids, each counted as 15 mm at most.
    """

    rotation: np.ndarray
    scale: float
    shift: np.ndarray
    residual_mm: float

    def place(self, fdi: int) -> np.ndarray:
        """(3,) RAS position (mm) where the tooth is expected."""
        return self.scale * self.rotation @ expected_place(fdi) + self.shift

    def to_template(self, ras: np.ndarray) -> np.ndarray:
        """(..., 3) RAS mm -> template mm."""
        return (np.asarray(ras, dtype=float) - self.shift) @ self.rotation / self.scale

    @property
    def upright(self) -> bool:
        """False when the head would have to lie face backwards or upside down in the scan."""
        return bool(self.rotation[2, 2] > 0 and self.rotation[1, 1] > 0)

    def tangent(self, fdi: int) -> np.ndarray:
        """(3,) unit RAS vector along the arch at this tooth, from the patient's right to left."""
        order = arch_order(jaw(fdi), is_deciduous(fdi))
        i = order.index(fdi)
        step = expected_place(order[min(i + 1, len(order) - 1)]) - expected_place(order[max(i - 1, 0)])
        along = self.rotation @ step
        return along / np.linalg.norm(along)


def fit_frame(centroids: Mapping[int, np.ndarray]) -> ArchFrame | None:
    """The frame that lays the template over the centroids {FDI: (3,) RAS mm}, or None when too few are there.

    Weighted Procrustes alignment (Umeyama 1991; rotation and scale, never a reflection), re-weighted until
    misplaced teeth no longer pull. The head is taken to be roughly upright, which decides only where a few
    teeth on a straight line leave the rotation open.
    """
    teeth = sorted(centroids)
    if len(teeth) < MIN_TEETH:
        return None
    template = np.array([expected_place(fdi) for fdi in teeth])
    points = np.array([centroids[fdi] for fdi in teeth], dtype=float)
    if np.ptp(points, axis=0).max() < MIN_SPREAD_MM:
        return None
    weights = np.ones(len(teeth))
    for _ in range(25):
        rotation, scale, shift = _weighted_similarity(template, points, weights)
        distances = np.linalg.norm(scale * template @ rotation.T + shift - points, axis=1)
        weights = 1.0 / (1.0 + (distances / _SOFT_MM) ** 2)
    return ArchFrame(rotation, scale, shift, float(np.minimum(distances, 15.0).mean()))


def _weighted_similarity(
    template: np.ndarray, points: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray]:
    share = weights / weights.sum()
    a, b = template - share @ template, points - share @ points
    covariance = (b * weights[:, None]).T @ a
    # Four virtual points, 5 mm up, down, forward and back in both frames, each worth half a tooth.
    covariance += np.diag([0.0, 25.0, 25.0])
    u, _, vt = np.linalg.svd(covariance)
    sign = np.diag([1.0, 1.0, np.linalg.det(u @ vt)])
    rotation = u @ sign @ vt
    spread = float(weights @ (a**2).sum(1))
    scale = float(weights @ np.einsum("ij,ij->i", a @ rotation.T, b)) / spread
    scale = float(np.clip(scale, *_SCALES))
    return rotation, scale, share @ points - scale * rotation @ (share @ template)


def consistent_relabelling(centroids: Mapping[int, np.ndarray]) -> tuple[str, ArchFrame] | None:
    """Which swap of numbers fits the places best, one of `SWAPS`, and the frame of the swapped numbers.

    The numbers are believed unless a swap fits clearly better: at most 0.6 times the residual where the
    numbers as they are leave more than 3 mm, or when these would put the head upside down or face
    backwards. None when too few teeth are there to tell.
    """
    frames = {name: fit_frame({swap(f): c for f, c in centroids.items()}) for name, swap in SWAPS.items()}
    asis = frames["none"]
    if asis is None:
        return None
    believable = {name: f for name, f in frames.items() if name != "none" and f is not None and f.upright}
    if believable and (not asis.upright or asis.residual_mm > 3.0):
        best = min(believable, key=lambda name: believable[name].residual_mm)
        limit = 5.0 if not asis.upright else 0.6 * asis.residual_mm
        if believable[best].residual_mm < limit:
            return best, believable[best]
    return "none", asis


def place_along_arch(frame: ArchFrame, which: str, ras: np.ndarray) -> float:
    """Arc length (template mm) of the nearest point of the jaw's expected curve, growing from right to left.

    The curve joins the expected places seen from above and goes on straight beyond the third molars.
    """
    curve = np.array([expected_place(fdi)[:2] for fdi in arch_order(which)])
    curve = np.vstack([curve[0] + 4 * (curve[0] - curve[1]), curve, curve[-1] + 4 * (curve[-1] - curve[-2])])
    start, step = curve[:-1], np.diff(curve, axis=0)
    length = np.linalg.norm(step, axis=1)
    point = frame.to_template(ras)[:2]
    t = np.clip(((point - start) * step).sum(1) / length**2, 0, 1)
    nearest = int(np.argmin(np.linalg.norm(start + t[:, None] * step - point, axis=1)))
    return float(length[:nearest].sum() + t[nearest] * length[nearest])
