"""A row of cubes that stand for teeth, and what a network would say of it."""

from __future__ import annotations

import numpy as np

from DentalTopoSegLib.dentition.numbering import mean_dentition
from DentalTopoSegLib.files.volumes import Volume

#: A lower row with the incisors missing.
ROW = (47, 46, 45, 44, 43, 33, 34, 35, 36, 37)


def sure_of(classes: np.ndarray, confidence: float | np.ndarray = 1.0, rest: int = 32) -> np.ndarray:
    """Probabilities of a network that gives every voxel its class with this confidence, and another class the rest."""
    p = np.zeros((33, *classes.shape), np.float32)
    p[rest] = np.where(classes > 0, 1 - confidence, 0)
    np.put_along_axis(p, classes[None].astype(np.int64), np.where(classes > 0, confidence, 1.0)[None], 0)
    return p


def lower_row(numbers: dict[int, int]) -> tuple[np.ndarray, Volume]:
    """Cubes of 5 voxels at the mean places of lower teeth {FDI: class they bear}, on a grid of 1 mm around them."""
    places = {fdi: np.array(mean_dentition()[fdi]) for fdi in numbers}
    first = np.min(list(places.values()), axis=0) - 8
    shape = np.ceil(np.ptp(list(places.values()), axis=0) + 17).astype(int)[::-1]
    grid = Volume(
        np.zeros(shape, np.uint8), (1.0,) * 3, (-first[0], -first[1], first[2]), (-1, 0, 0, 0, -1, 0, 0, 0, 1)
    )
    classes = np.zeros(shape, np.uint8)
    for fdi, number in numbers.items():
        z, y, x = np.rint(places[fdi] - first).astype(int)[::-1]
        classes[z - 2 : z + 3, y - 2 : y + 3, x - 2 : x + 3] = number
    return classes, grid
