"""Grids and transforms as hypothesis draws them: any orientation that a scene may hold."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st


def rotation(angles) -> np.ndarray:
    """(3, 3) of three angles in degrees about x, y, z."""
    result = np.eye(3)
    for axis, angle in enumerate(np.deg2rad(angles)):
        c, s = np.cos(angle), np.sin(angle)
        turn = np.eye(3)
        i, j = [k for k in range(3) if k != axis]
        turn[i, i], turn[i, j], turn[j, i], turn[j, j] = c, -s, s, c
        result = turn @ result
    return result


_ANGLES = st.tuples(*[st.floats(-180, 180)] * 3)
_SHIFT = st.tuples(*[st.floats(-200, 200)] * 3)


@st.composite
def index_to_ras(draw, sheared: bool = False) -> np.ndarray:
    """(4, 4): turned, shifted, mirrored or with exchanged axes, any voxel size; with sheared, not perpendicular."""
    axes = rotation(draw(_ANGLES))[:, draw(st.permutations([0, 1, 2]))]
    axes = axes * [draw(st.sampled_from((-1, 1))) for _ in range(3)]
    if sheared:
        lean = np.eye(3)
        lean[0, 1] = draw(st.floats(0.1, 0.5)) * draw(st.sampled_from((-1, 1)))
        lean[1, 2] = draw(st.floats(-0.3, 0.3))
        axes = axes @ lean
    matrix = np.eye(4)
    matrix[:3, :3] = axes * [draw(st.floats(0.2, 1.5)) for _ in range(3)]
    matrix[:3, 3] = draw(_SHIFT)
    return matrix


@st.composite
def rigid(draw, scaled: bool = False) -> np.ndarray:
    """(4, 4): turned and shifted, with scaled also made larger or smaller alike in all directions."""
    matrix = np.eye(4)
    matrix[:3, :3] = rotation(draw(_ANGLES)) * (draw(st.floats(0.5, 2.0)) if scaled else 1.0)
    matrix[:3, 3] = draw(_SHIFT)
    return matrix
