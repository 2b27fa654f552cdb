"""Where a canal's surface shows nothing of the patient: it was drawn without being seen, or the scan ends there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...dentition.structure_origin import drawn_stretches

if TYPE_CHECKING:
    from ...files.volumes import Volume

DRAWN, CUT = "drawn", "cut"
#: A drawn stretch is a tube of at most this radius around its line, mm.
_TUBE_MM = 2.5
_STEP_MM = 0.5
#: The scan's end, from the middle of its last voxels on, voxels.
_EDGE_VOXELS = 1.0


def why_unseen(place: np.ndarray, key: str, structures: Volume) -> str:
    """Why a place (3,) RAS mm on a structure's surface was not seen: `DRAWN`, `CUT` where the structure goes on beyond
    the scan; "" where it was seen."""
    for stretch in drawn_stretches(structures.metadata, key):
        if np.linalg.norm(_finely(stretch) - place, axis=1).min() <= _TUBE_MM:
            return DRAWN
    index = structures.ras_to_index(place)
    last = np.array(structures.array.shape) - 1
    return CUT if (np.minimum(index, last - index) < _EDGE_VOXELS).any() else ""


def _finely(stretch: np.ndarray) -> np.ndarray:
    """A line (n, 3) in steps of `_STEP_MM`."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(stretch, axis=0), axis=1))])
    at = np.append(np.arange(0, length[-1], _STEP_MM), length[-1])
    return np.stack([np.interp(at, length, stretch[:, axis]) for axis in range(3)], axis=1)
