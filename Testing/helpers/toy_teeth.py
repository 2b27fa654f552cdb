"""A made-up dentition for tests: label maps with a row of simple teeth (a cylinder for the crown, a cone for the root)
at the expected places of an adult dentition without third molars, about which there is nothing to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import numpy as np

from DentalTopoSegLib.dentition import (
    CLASS_FDI,
    FDI_PERMANENT,
    ToothEvidence,
    crown_width_mm,
    is_upper,
    position,
)
from DentalTopoSegLib.dentition.arch import expected_place
from DentalTopoSegLib.dentition.numbering import mean_dentition
from DentalTopoSegLib.files.volumes import Volume

SPACING = 0.5
SHAPE = (112, 124, 136)  # z, y, x
TEETH = tuple(fdi for fdi in FDI_PERMANENT if position(fdi) != 8)
#: RAS axes grow with the array's; the template's origin lies in the middle of the volume.
DIRECTION = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
ORIGIN_RAS = np.array([-(SHAPE[2] - 1), -(SHAPE[1] - 1), -(SHAPE[0] - 1)]) * SPACING / 2


def place(fdi: int) -> np.ndarray:
    """Where the tooth is painted: RAS mm of its centre."""
    return expected_place(fdi) + np.array([0.0, 6.0, 0.0])


def at(fdi: int, *offset: float) -> np.ndarray:
    """Centre of a tooth as (z, y, x) voxel indices, moved by an offset of voxels along z, y, x."""
    return ((place(fdi) - ORIGIN_RAS) / SPACING)[::-1] + (np.array(offset) if offset else 0)


def paint(array: np.ndarray, fdi: int, centre: np.ndarray | None = None, scale: float = 1.0) -> None:
    """Draw one tooth: an 8 mm high crown, a little narrower than usual, and a 12 mm cone as root."""
    centre = at(fdi) if centre is None else np.asarray(centre, dtype=float)
    upper = is_upper(fdi)
    z, y, x = np.ogrid[tuple(slice(0, n) for n in array.shape)]
    height = (z - centre[0]) * SPACING / scale * (1 if upper else -1)  # towards the root tip
    radius = np.where(height < 2, 1.0, 1 - (height - 2) / 12) * (crown_width_mm(fdi) / 2 * 0.8 * scale)
    reach = np.hypot(y - centre[1], x - centre[2]) * SPACING
    array[(height > -6) & (height < 12.5) & (reach <= radius)] = fdi


def evidence(teeth: Iterable[int] = TEETH) -> dict[int, ToothEvidence]:
    """What the numbers of teeth at their mean places were found from, by a network that is not quite sure: the tooth
    behind is possible too."""
    mean, found = mean_dentition(), {}
    for fdi in teeth:
        probabilities = dict.fromkeys(CLASS_FDI, 0.001) | {min(fdi + 1, fdi // 10 * 10 + 8): 0.3, fdi: 0.67}
        found[fdi] = ToothEvidence.of([probabilities[number] for number in CLASS_FDI], mean[fdi], 450.0)
    return found


@lru_cache
def tidy() -> np.ndarray:
    array = np.zeros(SHAPE, np.uint8)
    for fdi in TEETH:
        paint(array, fdi)
    return array


def volume(array: np.ndarray, direction=DIRECTION) -> Volume:
    origin = ORIGIN_RAS * (-1, -1, 1)
    return Volume(array, (SPACING,) * 3, tuple(origin), direction, "dentition")


def relabel(array: np.ndarray, change: dict[int, int]) -> np.ndarray:
    table = np.arange(100, dtype=np.uint8)
    for old, new in change.items():
        table[old] = new
    return table[array]
