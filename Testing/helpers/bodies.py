"""Bodies whose distances, lengths and axes are known exactly, drawn on grids of any spacing and direction."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.files.volumes import Volume

SPACINGS = ((0.2, 0.2, 0.2), (0.3, 0.3, 0.3), (0.5, 0.5, 0.5), (0.3, 0.3, 0.5), (0.2, 0.2, 0.4))
_LPS = np.diag([-1.0, -1.0, 1.0])


def grid(spacing: tuple[float, ...], size_mm: tuple[float, ...] | float, rng: np.random.Generator | None) -> Volume:
    """An empty uint8 grid around the origin, turned and shifted at random; straight without a generator."""
    sizes = np.broadcast_to(size_mm, 3)
    counts = np.ceil(sizes / spacing).astype(int)
    turn = np.eye(3) if rng is None else Rotation.random(random_state=rng).as_matrix()
    shift = np.zeros(3) if rng is None else rng.uniform(-0.3, 0.3, 3)
    first = shift - turn @ ((counts - 1) * np.array(spacing) / 2)
    direction = tuple((_LPS @ turn).ravel())
    return Volume(np.zeros(counts[::-1], np.uint8), tuple(spacing), tuple(_LPS @ first), direction, "bodies")


def places(volume: Volume) -> np.ndarray:
    """(z, y, x, 3) RAS mm of the voxels' centres."""
    return volume.index_to_ras(np.moveaxis(np.indices(volume.shape), 0, -1))


def round_cone(points: np.ndarray, a: np.ndarray, b: np.ndarray, ra: float, rb: float) -> np.ndarray:
    """Signed distance (mm, negative inside) to the hull of a ball of radius ra at a and one of radius rb at b."""
    ba = b - a
    l2, rr = ba @ ba, ra - rb
    a2, pa = l2 - rr**2, points - a
    y = pa @ ba
    z = y - l2
    x2 = ((pa * l2 - y[..., None] * ba) ** 2).sum(axis=-1)
    y2, z2, k = y**2 * l2, z**2 * l2, np.sign(rr) * rr**2 * x2
    side = (np.sqrt(x2 * a2 / l2) + y * rr) / l2 - ra
    low = np.sqrt(x2 + y2) / l2 - ra
    high = np.sqrt(x2 + z2) / l2 - rb
    return np.where(np.sign(z) * a2 * z2 > k, high, np.where(np.sign(y) * a2 * y2 < k, low, side))


def tube(points: np.ndarray, through: np.ndarray, along: np.ndarray, radius: float) -> np.ndarray:
    """Signed distance to an endless tube; along: unit vector."""
    away = points - through
    return np.linalg.norm(away - (away @ along)[..., None] * along, axis=-1) - radius


def ellipsoid(points: np.ndarray, centre: np.ndarray, axes: np.ndarray, radii: tuple[float, ...]) -> np.ndarray:
    """Negative inside; axes: unit vectors as columns."""
    return (((points - centre) @ axes / radii) ** 2).sum(axis=-1) - 1


def cone_to_tube(
    a: np.ndarray, b: np.ndarray, ra: float, rb: float, through: np.ndarray, along: np.ndarray, radius: float
) -> float:
    """The exact distance between a round cone and a tube: the least over the balls that make up the cone."""

    def of(t: float) -> float:
        return float(tube(a + t * (b - a), through, along, radius)) - (ra + t * (rb - ra))

    found = minimize_scalar(of, bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-9})
    return min(found.fun, of(0.0), of(1.0))


def directions(rng: np.random.Generator) -> np.ndarray:
    """Three unit vectors at right angles, as columns, any way round."""
    return Rotation.random(random_state=rng).as_matrix()
