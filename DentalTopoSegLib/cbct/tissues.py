"""What teeth are made of and what dentists put there: the second head of the border network, tile by tile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..dentition.structures import structure
from ..errors import ModelError
from ..files.volumes import Volume
from ..files.volumes.boxes import Box
from ..networks.models import Model

FEATURES = "features"
"""The border network's second output, which the head reads."""
_OF_TEETH = ("pulp", "enamel")
# Pieces smaller than this are grains of noise; an implant is as large as a root.
_LEAST_MM3 = {"pulp": 0.6, "enamel": 1.0, "filling": 0.8, "crown": 6.0, "implant": 25.0, "bracket": 1.5}
_FULL = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class TissueMap:
    """The head's answer. probabilities: uint8 (classes, z, y, x), 255 = certain, on an upright grid; grid: that grid,
    without grey values; keys: of `dentition.structures`, one a class, the first the background."""

    probabilities: np.ndarray
    grid: Volume
    keys: tuple[str, ...]

    def of(self, key: str) -> np.ndarray:
        """uint8 (z, y, x) of one tissue."""
        return self.probabilities[self.keys.index(key)]


class TissueReader:
    """Collects the head's answers to the border network's tiles.

    Parameters
    ----------
    model : Model
        A network of the task "tissues".
    border : Model
        The network whose features it reads. ModelError where it was not made for that one.
    """

    def __init__(self, model: Model, border: Model) -> None:
        made_for = model.metadata.get("reads")
        if made_for != border.id or FEATURES not in border.session.outputs:
            raise ModelError(
                f"The network {model.id} goes with {made_for}, and the teeth are found by {border.id}: leave out the "
                "tissues, or use the networks that come together."
            )
        self.model, self.keys = model, tuple(str(key) for key in model.metadata["labels"])
        self._found: np.ndarray | None = None

    def add(
        self,
        features: np.ndarray,
        kept: Box,
        local: Box,
        shape: tuple[int, ...],
        cancelled: Callable[[], bool] | None,
    ) -> None:
        """Take one tile: what its features (1, C, D/2, H/2, W/2) say in `local` goes to `kept` of a grid of `shape`."""
        if self._found is None:
            self._found = np.zeros((len(self.keys), *shape), np.uint8)
        answer = self.model.run_named({FEATURES: features}, cancelled)["probabilities"][0]
        of_all, of_tile = (slice(None), *kept), (slice(None), *local)
        self._found[of_all] = answer[of_tile]

    def map_on(self, grid: Volume) -> TissueMap:
        """All answers on the border network's grid."""
        nothing = np.zeros((len(self.keys), *grid.array.shape), np.uint8)
        return TissueMap(nothing if self._found is None else self._found, grid, self.keys)


def clean_tissues(labels: np.ndarray, teeth: np.ndarray, voxel_mm3: float) -> None:
    """Take away, in place, what cannot be: pulp and enamel outside of teeth, grains of anything.

    Parameters
    ----------
    labels : numpy.ndarray
        uint8 (z, y, x) values of `dentition.structures`; those that are no tissue stay.
    teeth : numpy.ndarray
        uint8 (z, y, x) FDI labels.
    voxel_mm3 : float
        Volume of a voxel.
    """
    from scipy import ndimage

    for key, least in _LEAST_MM3.items():
        value = structure(key).value
        mask = labels == value
        if key in _OF_TEETH:
            labels[mask & (teeth == 0)] = 0
            mask &= teeth > 0
        pieces, count = ndimage.label(mask, _FULL)
        if count:
            small = np.bincount(pieces.ravel()) * voxel_mm3 < least
            small[0] = False
            labels[small[pieces]] = 0
