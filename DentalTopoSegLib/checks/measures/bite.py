"""The occlusal plane of a jaw, and how teeth stand to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ...dentition import is_upper
from .tooth_shape import ToothShape

#: Fewer teeth, or teeth on a narrower field than this, show no plane.
_LEAST_TEETH, _LEAST_SPREAD_MM = 4, 4.0
#: The plane is looked for through three teeth that span at least this much, and most others are this near to it.
_LEAST_AREA_MM2, _NEAR_MM = 60.0, 3.0


@dataclass(frozen=True)
class Stand:
    """How a tooth's long axis stands.

    Parameters
    ----------
    inclination_deg : float
        Angle between the axis and the normal of its jaw's occlusal plane, 0 to 180.
    tip_deg : float
        Mesiodistal angulation: seen along the plane from the cheek, positive where the crown leans to the midline.
    torque_deg : float
        Faciolingual inclination: seen along the arch, positive where the crown leans to the lip or cheek.
    """

    inclination_deg: float
    tip_deg: float
    torque_deg: float


def occlusal_normal(which: str, shapes: Mapping[int, ToothShape], up: np.ndarray) -> np.ndarray | None:
    """(3,) unit normal, to the head's top, of a jaw's occlusal plane; None where too few teeth show one.

    The plane of least squares through the points where the long axes of the jaw's teeth leave their crowns. Teeth more
    than 3 mm off the plane that most of them are near to (impacted, not yet through) are left out.

    Parameters
    ----------
    which : str
        "upper" or "lower".
    shapes : mapping
        By FDI number.
    up : (3,) array
        The head's upward direction, by which the normal gets its sign.
    """
    points = np.array([shape.crown_point for fdi, shape in shapes.items() if is_upper(fdi) == (which == "upper")])
    if len(points) < _LEAST_TEETH:
        return None
    fits = [_near_plane(points, chosen) for chosen in combinations(range(len(points)), 3)]
    near = max(fits, key=np.count_nonzero)
    points = points[near]
    if len(points) < _LEAST_TEETH:
        return None
    _, spread, axes = np.linalg.svd(points - points.mean(axis=0))
    if spread[1] / np.sqrt(len(points)) < _LEAST_SPREAD_MM:
        return None
    return axes[2] * (1 if axes[2] @ up > 0 else -1)


def _near_plane(points: np.ndarray, chosen: tuple[int, ...]) -> np.ndarray:
    """(n,) which points are near the plane through three of them; none where the three do not span one."""
    a, b, c = points[list(chosen)]
    normal = np.cross(b - a, c - a)
    size = np.linalg.norm(normal)
    if size < _LEAST_AREA_MM2:
        return np.zeros(len(points), bool)
    return np.abs((points - a) @ normal) <= _NEAR_MM * size


def stand_of(fdi: int, shape: ToothShape, normal: np.ndarray, tangent: np.ndarray, right: bool) -> Stand:
    """How a tooth stands, as Tong et al. (Am J Orthod Dentofacial Orthop 2012;142:133) measure whole teeth on CBCT:
    Andrews' angulation and inclination (Am J Orthod 1972;62:296), of the long axis instead of the crown's face.

    Parameters
    ----------
    fdi : int
        The tooth.
    shape : ToothShape
        Its axis.
    normal : (3,) array
        Of its jaw's occlusal plane, to the head's top.
    tangent : (3,) array
        Along the arch at the tooth, from the patient's right to left.
    right : bool
        Whether it stands on the patient's right.
    """
    along = tangent - (tangent @ normal) * normal
    along /= np.linalg.norm(along)
    outwards = np.cross(along, normal)
    mesial = along if right else -along
    to_bite = -normal if is_upper(fdi) else normal
    crown = -shape.axis
    height = float(crown @ to_bite)
    return Stand(
        float(np.degrees(np.arctan2(np.linalg.norm(np.cross(crown, to_bite)), height))),
        float(np.degrees(np.arctan2(crown @ mesial, height))),
        float(np.degrees(np.arctan2(crown @ outwards, height))),
    )
