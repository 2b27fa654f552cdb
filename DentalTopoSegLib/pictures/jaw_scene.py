"""One or two jaws placed for drawing: each in its own axes for the chewing side, in head axes for the sides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

#: The views from the cheeks look this far round from the front, as a photographer with a mirror would.
CHEEK_DEG = 65.0
#: A single jaw is seen a little from its chewing side, so that crowns hide less of each other.
TILT_DEG = 14.0
#: Jaws whose directions differ by no more than this lie in a common bite.
SAME_BITE_DEG = 25.0
APART_MM = 4.0
#: Canonical axes of an upper jaw in head axes (R, A, S); those of a lower jaw are the head's.
_UPPER_TO_HEAD = np.diag([-1.0, 1.0, -1.0])


@dataclass(frozen=True)
class DrawnJaw:
    """One jaw to be drawn: canonical mm (x, y, z), its way to head axes, labels and colours per face."""

    which: str
    points: np.ndarray
    faces: np.ndarray
    fdi: np.ndarray
    normals: np.ndarray
    rgb: np.ndarray
    doubtful: frozenset[int]
    frame: np.ndarray
    scale: float

    @property
    def to_head(self) -> np.ndarray:
        return _UPPER_TO_HEAD if self.which == "upper" else np.eye(3)

    def from_file(self, place: Iterable[float]) -> np.ndarray:
        """(3,) canonical mm of a point in the file's own coordinates."""
        return self.frame[:3, :3] @ (np.asarray(tuple(place), float) * self.scale) + self.frame[:3, 3]


#: Title, rotation (3, 3) and the letters left, right, above and below.
SideView = tuple[str, np.ndarray, tuple[str, str, str, str]]


@dataclass(frozen=True)
class Scene:
    """One or two jaws in head axes: points (V, 3) mm, faces and their groups (FDI + 100 for the second jaw), colours,
    unit normals; views: title, rotation and the letters around it."""

    points: np.ndarray
    faces: np.ndarray
    groups: np.ndarray
    rgb: np.ndarray
    normals: np.ndarray
    doubtful: frozenset[int]
    views: tuple[SideView, ...]


def build_scene(jaws: Sequence[DrawnJaw]) -> Scene:
    """Seen from the patient's right, the front, the left; two jaws in their bite, or apart where they have none."""
    placed, turns, apart = _in_head(jaws)
    offsets = np.cumsum([0, *(len(jaw.points) for jaw in jaws)])
    tilt = 0.0 if len(jaws) == 2 else (-TILT_DEG if jaws[0].which == "upper" else TILT_DEG)
    note = ", drawn apart (no common bite)" if apart else ""
    return Scene(
        np.concatenate(placed),
        np.concatenate([jaw.faces + offset for jaw, offset in zip(jaws, offsets, strict=False)]),
        # the same number on both jaws is an error, not one tooth: 100 tells the second jaw's faces apart
        np.concatenate([jaw.fdi.astype(np.int32) + 100 * i for i, jaw in enumerate(jaws)]),
        np.concatenate([jaw.rgb for jaw in jaws]),
        np.concatenate([jaw.normals @ turn.T for jaw, turn in zip(jaws, turns, strict=True)]),
        frozenset(number + 100 * i for i, jaw in enumerate(jaws) for number in jaw.doubtful),
        (
            (f"from the patient's right{note}", side_rotation(CHEEK_DEG, tilt), ("P", "A", "S", "I")),
            (f"from the front{note}", side_rotation(0.0, tilt), ("R", "L", "S", "I")),
            (f"from the patient's left{note}", side_rotation(-CHEEK_DEG, tilt), ("A", "P", "S", "I")),
        ),
    )


def side_rotation(azimuth_deg: float, tilt_deg: float) -> np.ndarray:
    """(3, 3) rows right, up, towards the viewer, in head axes (R, A, S).

    azimuth: 0 looks at the front, 90 at the patient's right side, -90 at the left; tilt: positive from above.
    """
    a, t = np.radians((azimuth_deg, tilt_deg))
    level, top = np.array([np.sin(a), np.cos(a), 0.0]), np.array([0.0, 0.0, 1.0])
    toward, up = np.cos(t) * level + np.sin(t) * top, np.cos(t) * top - np.sin(t) * level
    return np.stack([np.cross(up, toward), up, toward])


def _in_head(jaws: Sequence[DrawnJaw]) -> tuple[list[np.ndarray], list[np.ndarray], bool]:
    """Points of every jaw in head axes, the rotation (3, 3) of each to there, and whether two jaws had to be put above
    each other for want of a bite."""
    if len(jaws) == 1:
        return [jaws[0].points @ jaws[0].to_head.T], [jaws[0].to_head], False
    upper, lower = jaws
    # both in the lower jaw's axes: where the scans share a bite, nothing may move between them
    back = np.linalg.inv(upper.frame)
    shared = (upper.points @ back[:3, :3].T + back[:3, 3]) @ lower.frame[:3, :3].T + lower.frame[:3, 3]
    between = lower.frame[:3, :3] @ back[:3, :3]
    turn = upper.to_head @ between.T
    angle = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    step = _crown_centre(shared, upper) - _crown_centre(lower.points, lower)
    if angle <= SAME_BITE_DEG and np.hypot(*step[:2]) <= 12.0 and 0 < step[2] <= 25.0:
        return [shared, lower.points], [between, np.eye(3)], False
    own = upper.points @ upper.to_head.T
    own = own + np.append((_crown_centre(lower.points, lower) - _crown_centre(own, upper))[:2], 0.0)
    crowns = [
        points[np.unique(jaw.faces[jaw.fdi > 0])] if (jaw.fdi > 0).any() else points
        for points, jaw in ((own, upper), (lower.points, lower))
    ]
    own = own + [0.0, 0.0, crowns[1][:, 2].max() + APART_MM - crowns[0][:, 2].min()]
    return [own, lower.points], [upper.to_head, np.eye(3)], True


def _crown_centre(points: np.ndarray, jaw: DrawnJaw) -> np.ndarray:
    tooth = jaw.fdi > 0
    return points[jaw.faces[tooth if tooth.any() else slice(None), 0]].mean(axis=0)
