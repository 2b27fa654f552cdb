"""How every surface is lit and coloured, and where a picture of labels has borders."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from .. import dentition

#: Direction of the light in view coordinates: (to the picture's right, up, towards the viewer).
LIGHT = np.array([-0.35, 0.45, 0.82]) / np.linalg.norm([-0.35, 0.45, 0.82])
#: Between the light and the viewer: surfaces that face this way shine.
HALFWAY = (LIGHT + (0.0, 0.0, 1.0)) / np.linalg.norm(LIGHT + (0.0, 0.0, 1.0))
AMBIENT = 0.30
#: A tooth gets its number where at least this share of its own outline is in sight.
VISIBLE_SHARE = 0.4


def brightness(toward_light: np.ndarray) -> np.ndarray:
    """Of a matt surface, from the cosine between its normal and `LIGHT`."""
    return AMBIENT + (1 - AMBIENT) * np.clip(toward_light, 0, 1)


@lru_cache(maxsize=2)
def palette(other: tuple[int, int, int] = (0, 0, 0)) -> np.ndarray:
    """(256, 3) uint8 colours by FDI number; what is no tooth has the colour `other`. Not to be written to."""
    table = np.tile(np.array(other, np.uint8), (256, 1))
    for fdi in dentition.FDI_PERMANENT + dentition.FDI_DECIDUOUS:
        table[fdi] = dentition.color(fdi)
    table.flags.writeable = False
    return table


def borders(values: np.ndarray, counts: np.ndarray, *, both_sides: bool = True) -> np.ndarray:
    """Pixels of a 2D picture with another value above, below, left or right; bool.

    Parameters
    ----------
    values : numpy.ndarray
        (height, width) labels.
    counts : numpy.ndarray
        (height, width) bool: only borders between two of these pixels are borders.
    both_sides : bool
        False marks only the lower and the right one of two such pixels, for a finer line.
    """
    edge = np.zeros(values.shape, bool)
    for axis in (0, 1):
        before, after = ((slice(None),) * axis + (part,) for part in (slice(None, -1), slice(1, None)))
        differ = (values[after] != values[before]) & counts[after] & counts[before]
        edge[after] |= differ
        if both_sides:
            edge[before] |= differ
    return edge
