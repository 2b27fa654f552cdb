"""When it is doubtful how a jaw lies, its teeth are asked: where they are found tells how it should be turned.

The frame of a piece of a jaw (a quadrant above all) is often found 20 to 80 degrees off, turned about the vertical.
The surface network numbers teeth some 20 degrees off its usual frame, so from a few turns about the vertical the jaw
is brought step by step to where its teeth stand in a mean dentition. Of the turns that come to rest there, the one
in which the network is surest is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ..dentition.numbering import fit_frame
from .head import jaw_probabilities, to_head
from .instances import find_instances
from .network import PointNetwork, predict
from .sampling import Cloud

#: Turns about the vertical that are tried, degrees.
STARTS_DEG = (0.0, -40.0, 40.0, -80.0, 80.0)
_STEPS = 3
_AT_REST_DEG = 8.0
_FEWEST_TEETH = 2
#: Surface of a crown counts as much as this many mm^3 of a tooth, up to a whole one.
_MM3_PER_MM2, _WHOLE_MM3 = 3.0, 600.0


def settle(
    cloud: Cloud, area: np.ndarray, jaw: str, model: PointNetwork, cancelled: Callable[[], bool] | None = None
) -> np.ndarray:
    """Rotation (3, 3) that brings the cloud into the canonical frame, from one that is up to 90 degrees off about z.

    area (N,) mm^2 of surface per point. The identity where no turn shows teeth.
    """
    best, surest = np.eye(3), -np.inf
    for start in STARTS_DEG:
        turn = _about_z(start)
        for _ in range(_STEPS):
            posed = replace(cloud, points=_turn(cloud.points, turn), normals=_turn(cloud.normals, turn))
            prediction = predict(posed, model, mirror=False, cancelled=cancelled)
            sure = float(np.average(prediction.probabilities.max(1), weights=area))
            step = _step(prediction.probabilities, prediction.votes, area, jaw)
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
    return best


def _step(probabilities: np.ndarray, votes: np.ndarray, area: np.ndarray, jaw: str) -> np.ndarray | None:
    """Rotation (3, 3) that brings the teeth found nearer to their places in a mean dentition; None: too few."""
    teeth = find_instances(probabilities, votes, area)
    if len(teeth) < _FEWEST_TEETH:
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
