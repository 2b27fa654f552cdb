"""Where a tooth's enamel ends and where its bone begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .tooth_shape import ToothShape

SECTORS = 12
#: Bone this near to a tooth's surface is its socket's: the ligament is 0.15 to 0.4 mm wide, and voxels are lost in it.
SOCKET_MM = 1.2
#: A sector of the circumference with fewer points than this tells nothing.
_LEAST_POINTS = 4
#: Expanded uncertainty (95 %) of a level by the voxels alone, in voxels; `Testing/unit/checks/test_surroundings.py`.
LEVEL_VOXELS = 1.5
#: Bone that stands over the cemento-enamel junction by more (mm): the tooth has not come through, or the map calls gum
#: and crown bone; neither is a level.
COVERED_MM = 2.0
#: Where a side begins and ends, in degrees from its middle.
_SIDE_DEG = 45.0


@dataclass(frozen=True)
class Levels:
    """Heights along a tooth's axis (mm from its centre, growing to the root) in `SECTORS` sectors around it.

    Parameters
    ----------
    heights : (SECTORS,) array
        NaN where nothing is seen.
    """

    heights: np.ndarray

    @property
    def mean(self) -> float | None:
        """Over the sectors; None where less than half of them tell anything."""
        seen = self.heights[np.isfinite(self.heights)]
        return float(seen.mean()) if len(seen) * 2 >= SECTORS else None


def _sectors(points: np.ndarray, shape: ToothShape, towards: np.ndarray) -> np.ndarray:
    """In which sector each point lies; sector 0 begins at the direction `towards`."""
    angles = _angles(points - shape.centre, shape.axis, towards)
    return np.floor(angles / (2 * np.pi / SECTORS)).astype(int) % SECTORS


def _angles(vectors: np.ndarray, axis: np.ndarray, towards: np.ndarray) -> np.ndarray:
    first = towards - (towards @ axis) * axis
    first /= np.linalg.norm(first)
    return np.arctan2(vectors @ np.cross(axis, first), vectors @ first) % (2 * np.pi)


def enamel_edge(enamel: np.ndarray, shape: ToothShape, towards: np.ndarray) -> Levels:
    """The cemento-enamel junction: in each sector the point of the enamel nearest to the root.

    enamel: (n, 3) RAS mm of its surface. towards: (3,) a direction across the axis, where the sectors begin.
    """
    return _extremes(enamel, shape, towards, np.max)


def bone_crest(socket: np.ndarray, shape: ToothShape, towards: np.ndarray) -> Levels:
    """The alveolar crest: in each sector the point of the socket's bone nearest to the crown.

    socket: (n, 3) RAS mm of the surface of bone within `SOCKET_MM` of the tooth.
    """
    return _extremes(socket, shape, towards, np.min)


def _extremes(points: np.ndarray, shape: ToothShape, towards: np.ndarray, which: np.ufunc | object) -> Levels:
    heights, sectors = shape.along(points), _sectors(points, shape, towards)
    own = [heights[sectors == k] for k in range(SECTORS)]
    return Levels(np.array([which(h) if len(h) >= _LEAST_POINTS else np.nan for h in own]))  # type: ignore[operator]


def crown_and_root(
    shape: ToothShape, edge: Levels | None, crest: Levels | None, uncertainty_mm: float
) -> dict[str, float]:
    """Lengths of crown and root along the axis, parted at the mean cemento-enamel junction, and their ratio; and the
    clinical ratio, what stands out of the bone to what is in it (Glossary of Prosthodontic Terms, J Prosthet Dent
    2017;117:e1, "crown-root ratio"), parted at the mean crest. For reports; what cannot be told is left out.

    uncertainty_mm: of each length, expanded (95 %); that of a ratio follows from it.
    """
    told: dict[str, float] = {}
    mean = None if edge is None else edge.mean
    if mean is not None:
        crown, root = mean - shape.crown_end, shape.root_end - mean
        told |= {"crown_mm": round(crown, 1), "root_mm": round(root, 1)}
        if root > 0:
            told |= _ratio("crown_root_ratio", crown, root, uncertainty_mm)
    highest = -np.inf if mean is None else mean - COVERED_MM
    if crest is not None and crest.mean is not None and highest <= crest.mean < shape.root_end:
        out, held = crest.mean - shape.crown_end, shape.root_end - crest.mean
        told |= {"in_bone_mm": round(held, 1), **_ratio("clinical_crown_root_ratio", out, held, uncertainty_mm)}
    return told | ({"part_uncertainty_mm": round(uncertainty_mm, 2)} if told else {})


def _ratio(name: str, upper: float, lower: float, uncertainty_mm: float) -> dict[str, float]:
    """A ratio of two lengths, and its uncertainty where both are off by themselves."""
    ratio = upper / lower
    return {name: round(ratio, 2), f"{name}_uncertainty": round(float(np.hypot(1, ratio)) * uncertainty_mm / lower, 2)}


def by_side(
    values: np.ndarray, shape: ToothShape, sides: dict[str, np.ndarray], towards: np.ndarray
) -> dict[str, float]:
    """The mean of sectors' values at each side, by its name; sides: their directions. Those that tell nothing are
    left out."""
    middles = (np.arange(SECTORS) + 0.5) * 2 * np.pi / SECTORS
    found = {}
    for name, direction in sides.items():
        turn = np.abs((middles - _angles(direction[None], shape.axis, towards)[0] + np.pi) % (2 * np.pi) - np.pi)
        there = values[(turn <= np.radians(_SIDE_DEG)) & np.isfinite(values)]
        if len(there):
            found[name] = float(there.mean())
    return found
