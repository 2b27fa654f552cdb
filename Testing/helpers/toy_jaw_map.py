"""A lower jaw as a label map with what lies around its teeth, exactly known: ridge, canals, teeth with enamel
and pulp."""

from __future__ import annotations

import numpy as np
from toy_teeth import SPACING, place, tidy, volume

from DentalTopoSegLib.dentition import FDI_PERMANENT, position
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.files.volumes import Volume

#: RAS mm: the canals run from the front to the back below the lower molars, at this height and side.
CANAL_S, CANAL_R, CANAL_RADIUS = -21.5, 25.5, 1.5
#: The lower jaw's crest, and the sinuses' floor above the upper molars.
CREST_S, SINUS_S = -11.0, 21.0


def teeth(*absent: int) -> np.ndarray:
    """The tidy dentition without some teeth."""
    array = tidy().copy()
    array[np.isin(array, absent)] = 0
    return array


def axes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """R, A, S mm of the voxels, to be broadcast."""
    grid = volume(tidy())
    s, a, r = (np.arange(n, dtype=float) for n in grid.shape)
    first = grid.index_to_ras((0, 0, 0))
    return (
        (first[0] + r * SPACING)[None, None, :],
        (first[1] + a * SPACING)[None, :, None],
        (first[2] + s * SPACING)[:, None, None],
    )


def structures(array: np.ndarray) -> np.ndarray:
    """Jaw, canals, sinuses, enamel and pulp around and in these teeth."""
    right, front, up = axes()
    found = np.zeros(array.shape, np.uint8)
    outside = array == 0
    ridge = (up < CREST_S) & (up > -27.5) & (np.abs(np.abs(right) - 23.5) < 7.5) & (front < 12)
    ridge |= (up < CREST_S) & (up > -27.5) & (np.abs(right) < 24) & (front >= 12)
    found[ridge & outside] = structure("mandible").value
    for key, side in (("canal_right", 1), ("canal_left", -1)):
        nerve = np.hypot(right - side * CANAL_R, up - CANAL_S) <= CANAL_RADIUS
        found[nerve & (front < 8) & (front > -20) & outside] = structure(key).value
    for key, side in (("sinus_right", 1), ("sinus_left", -1)):
        air = (up > SINUS_S) & (side * right > 12) & (side * right < 30) & (front < 2) & (front > -25)
        found[air & outside] = structure(key).value
    for fdi in FDI_PERMANENT:
        if position(fdi) != 8 and (array == fdi).any():
            r, a, s = place(fdi)
            height = (up - s) * (1 if fdi < 30 else -1)  # towards the root tip
            reach = np.hypot(right - r, front - a)
            own = array == fdi
            found[own & (height < -0.5) & (reach > 1.8)] = structure("enamel").value
            found[own & (height > -3) & (reach <= 1.0)] = structure("pulp").value
    return found


def with_structures(*absent: int) -> tuple[Volume, Volume]:
    """The teeth, and what lies around them."""
    array = teeth(*absent)
    return volume(array), volume(structures(array))


def odd_structures() -> list[tuple[np.ndarray, np.ndarray]]:
    """Teeth and what lies around them, each with something to say of the latter."""
    right, front, up = axes()
    array = teeth()
    tidy_map = structures(array)
    broken_canal = tidy_map.copy()
    left = structure("canal_left").value
    broken_canal[(tidy_map == left) & (np.abs(front + 6) < 2.5)] = structure("mandible").value
    swapped = tidy_map.copy()
    for one, other in (("canal_left", "canal_right"), ("sinus_left", "sinus_right")):
        a, b = structure(one).value, structure(other).value
        swapped[tidy_map == a], swapped[tidy_map == b] = b, a
    branched = tidy_map.copy()
    branch = np.hypot(front + 6, up - CANAL_S) <= CANAL_RADIUS
    branched[branch & (right < -CANAL_R + 13) & (right > -CANAL_R) & (array == 0)] = left
    bare = tidy_map.copy()
    r, front_of, _ = place(37)
    bare[(tidy_map == structure("mandible").value) & (np.hypot(right - r, front - front_of) < 10) & (up > -26)] = 0
    on_implant, implant = array.copy(), tidy_map.copy()
    r, front_of, s = place(36)
    below = (np.hypot(right - r, front - front_of) <= 2.0) & (up < s) & (up > s - 12)
    implant[below], on_implant[below] = structure("implant").value, 0
    pulp_alone, without_tooth = array.copy(), tidy_map.copy()
    rest = (array == 36) & (tidy_map != structure("pulp").value)
    pulp_alone[rest], without_tooth[rest] = 0, 0
    return [
        *[(array, broken_canal), (array, swapped), (array, branched), (array, bare)],
        *[(on_implant, implant), (pulp_alone, without_tooth)],
    ]
