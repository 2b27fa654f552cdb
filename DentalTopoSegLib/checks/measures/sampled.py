"""Structures of a label map at places between its voxels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ...dentition.structures import structure
from .subvoxel import SMOOTHING_VOXELS

if TYPE_CHECKING:
    from ...files.volumes import Volume


class Sampled:
    """Structures at places between voxels, in the box around some corners."""

    def __init__(self, structures: Volume, corners: np.ndarray) -> None:
        index = structures.ras_to_index(corners)
        shape = np.array(structures.shape)
        low = np.clip(np.floor(index.min(axis=0)).astype(int) - 2, 0, shape - 1)
        high = np.clip(np.ceil(index.max(axis=0)).astype(int) + 3, low + 1, shape)
        self._structures, self._low = structures, low
        self._crop = structures.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]

    def of(self, keys: tuple[str, ...]) -> Callable[[np.ndarray], np.ndarray]:
        """How much of these structures is at (..., 3) RAS mm, half at their surface."""
        from scipy import ndimage

        mask = np.isin(self._crop, [structure(key).value for key in keys])
        field = ndimage.gaussian_filter(mask.astype(np.float32), SMOOTHING_VOXELS, truncate=6.0, mode="nearest")

        def at(places: np.ndarray) -> np.ndarray:
            index = np.moveaxis(self._structures.ras_to_index(places) - self._low, -1, 0)
            return ndimage.map_coordinates(field, index, order=1, mode="nearest")

        return at

    def inside(self, places: np.ndarray) -> np.ndarray:
        """Whether the scan goes there."""
        index = self._structures.ras_to_index(places)
        return np.asarray(((index >= -0.5) & (index <= np.array(self._structures.shape) - 0.5)).all(axis=-1))
