"""When it is doubtful how a jaw lies, its teeth are asked: where they are found tells how it should be turned.

The frame of a piece of a jaw (a quadrant above all) is often found 20 to 80 degrees off, turned about the vertical.
The surface network numbers teeth some 20 degrees off its usual frame, so from a few turns about the vertical the jaw
is brought step by step to where its teeth stand in a mean dentition. Of the turns that come to rest there, the one
in which the network is surest is taken. What is vertical is seldom wrong, but often for front teeth alone:
where an open surface as a whole looks elsewhere, it is also turned to look up, and tried from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from ..dentition.numbering import fit_frame
from .head import jaw_probabilities, to_head
from .instances import find_instances
from .network import PointNetwork, predict
from .sampling import Cloud

#: Turns about the vertical that are tried, degrees.
STARTS_DEG = (0.0, -40.0, 40.0, -80.0, 80.0)
#: The same of a surface that was turned to look up, of whose front nothing is known.
ROUND_DEG = (0.0, -60.0, 60.0, -120.0, 120.0, 180.0)
#: Pieces at the side look up to within 25 degrees, front teeth within 60; the frame of a jaw is nearer.
_ELSEWHERE_DEG = 25.0
#: How much of a surface looks one way (length of its mean normal): closed models do nowhere.
_OPEN = 0.15
_STEPS = 3
_AT_REST_DEG = 8.0
#: Fewer crowns than this fit into too many places for the network's surety to say which way up they are.
FEWEST_UPRIGHT = 5
#: Surface of a crown counts as much as this many mm^3 of a tooth, up to a whole one.
_MM3_PER_MM2, _WHOLE_MM3 = 3.0, 600.0


def settle(
    cloud: Cloud,
    area: np.ndarray,
    jaw: str,
    model: PointNetwork,
    cancelled: Callable[[], bool] | None = None,
    starts: Sequence[float] = STARTS_DEG,
    fewest: int = 2,
) -> tuple[np.ndarray, float]:
    """Rotation (3, 3) that brings the cloud into the canonical frame, from one that is up to 90 degrees off about z,
    and how sure the network is there (mean probability; 1 less where it did not come to rest).

    area (N,) mm^2 of surface per point; starts: degrees about z. The identity, and minus infinity, where no turn shows
    the fewest teeth.
    """
    best, surest = np.eye(3), -np.inf
    for start in starts:
        turn = _about_z(start)
        for _ in range(_STEPS):
            prediction = predict(turned(cloud, turn), model, mirror=False, cancelled=cancelled)
            sure = float(np.average(prediction.probabilities.max(1), weights=area))
            step = _step(prediction.probabilities, prediction.votes, area, jaw, fewest)
            if step is None:
                break
            off = np.degrees(np.arccos(np.clip((np.trace(step) - 1) / 2, -1, 1)))
            # one still on its way is taken only when none has come to rest
            sure -= 1.0 if off > _AT_REST_DEG else 0.0
            if sure > surest:
                best, surest = turn, sure
            if off <= _AT_REST_DEG:
                break
            turn = step @ turn
    return best, surest


def look_up(cloud: Cloud, area: np.ndarray) -> np.ndarray | None:
    """Rotation (3, 3) that makes a surface look up (+z) as a whole; None where it does so already or is closed."""
    looks = np.average(cloud.normals, axis=0, weights=area).astype(float)
    length = float(np.linalg.norm(looks))
    if length < _OPEN or looks[2] >= length * np.cos(np.radians(_ELSEWHERE_DEG)):
        return None
    return Rotation.align_vectors([[0.0, 0.0, 1.0]], [looks / length])[0].as_matrix()


def turned(cloud: Cloud, turn: np.ndarray) -> Cloud:
    """The cloud turned about its origin by (3, 3)."""
    return replace(cloud, points=_turn(cloud.points, turn), normals=_turn(cloud.normals, turn))


def _step(probabilities: np.ndarray, votes: np.ndarray, area: np.ndarray, jaw: str, fewest: int) -> np.ndarray | None:
    """Rotation (3, 3) that brings the teeth found nearer to their places in a mean dentition; None: too few."""
    teeth = find_instances(probabilities, votes, area)
    if len(teeth) < fewest:
        return None
    weights = np.minimum(teeth.area * _MM3_PER_MM2, _WHOLE_MM3)
    in_head, _ = fit_frame(jaw_probabilities(teeth.classes, jaw), to_head(teeth.centres, jaw), weights)
    axes = np.eye(3) if jaw == "lower" else np.diag([-1.0, 1.0, -1.0])  # as to_head turns them
    return axes @ in_head @ axes


def _about_z(degrees: float) -> np.ndarray:
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def _turn(vectors: np.ndarray, turn: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(vectors @ turn.T, np.float32)
