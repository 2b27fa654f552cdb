"""The toy dentition with one defect each, as findings name them: what repairs are tried on."""

from __future__ import annotations

import numpy as np
from toy_teeth import TEETH, at, paint, relabel, tidy

from DentalTopoSegLib.dentition import flipped_jaw, is_upper, mirrored


def stray(array: np.ndarray, fdi: int) -> np.ndarray:
    z, y, x = np.round(at(fdi)).astype(int)
    array[z - 2 : z + 2, y - 2 : y + 2, x - 20 : x - 16] = fdi
    return array


def crumbs(array: np.ndarray, fdi: int) -> np.ndarray:
    z, y, x = np.round(at(fdi)).astype(int)
    free = np.argwhere(array[z - 12 : z + 12, y - 14 : y + 14, x - 14 : x + 14] == 0)
    lone = free[(free % 3 == 0).all(1)][:30] + (z - 12, y - 14, x - 14)
    array[tuple(lone.T)] = fdi
    return array


def broken(array: np.ndarray, fdi: int) -> np.ndarray:
    z = round(at(fdi)[0])
    part = array[z + 3 : z + 6]
    part[part == fdi] = 0
    return array


def drilled(array: np.ndarray, fdi: int, holes: int = 1) -> np.ndarray:
    z, y, _ = np.round(at(fdi)).astype(int)
    for k in range(holes):
        drill = array[z + 4 * k : z + 4 * k + 2, y : y + 2]
        drill[drill == fdi] = 0
    return array


def handled(array: np.ndarray, fdi: int) -> np.ndarray:
    """A thin handle on the crown: the tunnel under it is wide, the handle itself is not."""
    z, y, x = np.round(at(fdi)).astype(int)
    array[z - 6, y, x - 4 : x + 5] = array[z - 6 : z, y, x - 4] = array[z - 6 : z, y, x + 4] = fdi
    inner = array[z - 5 : z + 3, y - 9 : y + 10, x - 3 : x + 4]
    inner[inner == fdi] = 0
    array[z - 5 : z + 3, y, x - 4] = array[z - 5 : z + 3, y, x + 4] = fdi
    return array


def hollow(array: np.ndarray, fdi: int) -> np.ndarray:
    z, y, x = np.round(at(fdi)).astype(int)
    array[z : z + 3, y : y + 3, x : x + 2] = 0
    return array


def merged(array: np.ndarray, fdi: int, other: int) -> np.ndarray:
    array = relabel(array, {other: fdi})
    z, y, x = np.round((at(fdi) + at(other)) / 2).astype(int)
    bridge = array[z - 5 : z + 5, y - 5 : y + 6, x - 5 : x + 6]
    bridge[bridge == 0] = fdi
    return array


def halved(array: np.ndarray, fdi: int, other: int) -> np.ndarray:
    half = array[:, :, round(at(fdi)[2]) :]
    half[half == fdi] = other
    return array


def bitten(array: np.ndarray, fdi: int) -> np.ndarray:
    """The root half of an upper tooth under the number of the lower one."""
    other = flipped_jaw(fdi)
    array = relabel(array, {other: 0})
    z, y, x = np.round(at(fdi)).astype(int)
    below = array[: z + 1, y - 12 : y + 13, x - 12 : x + 13]
    below[below == fdi] = other
    return array


def supernumerary(array: np.ndarray) -> np.ndarray:
    paint(array, 11, at(11, 0, -24, -8))
    return array


CASES = {
    "stray piece": lambda: stray(tidy().copy(), 46),
    "many crumbs": lambda: crumbs(tidy().copy(), 24),
    "broken tooth": lambda: broken(tidy().copy(), 16),
    "tunnel": lambda: drilled(tidy().copy(), 26),
    "two tunnels": lambda: drilled(tidy().copy(), 36, 2),
    "hollow": lambda: hollow(tidy().copy(), 36),
    "merged molars": lambda: merged(tidy().copy(), 37, 36),
    "merged premolars": lambda: merged(tidy().copy(), 14, 15),
    "merged, one side open": lambda: merged(tidy().copy(), 46, 47),
    "one tooth under two numbers": lambda: halved(tidy().copy(), 36, 35),
    "one tooth in two jaws": lambda: bitten(tidy().copy(), 16),
    "sides exchanged": lambda: relabel(tidy(), {f: mirrored(f) for f in TEETH}),
    "jaws exchanged": lambda: relabel(tidy(), {f: flipped_jaw(f) for f in TEETH}),
    "both exchanged": lambda: relabel(tidy(), {f: flipped_jaw(mirrored(f)) for f in TEETH}),
    "upper sides exchanged": lambda: relabel(tidy(), {f: mirrored(f) for f in TEETH if is_upper(f)}),
    "one jaw, upside down": lambda: relabel(np.where(tidy() < 30, tidy(), 0), {f: flipped_jaw(f) for f in TEETH}),
    "wrong side": lambda: relabel(tidy(), {13: 23, 23: 0}),
    "two on wrong sides": lambda: relabel(tidy(), {13: 23, 23: 13}),
    "wrong jaw": lambda: relabel(tidy(), {46: 16, 16: 0}),
    "two in wrong jaws": lambda: relabel(tidy(), {46: 16, 16: 46}),
    "two overtaking": lambda: relabel(tidy(), {14: 15, 15: 14}),
    "three overtaking": lambda: relabel(tidy(), {33: 35, 34: 33, 35: 34}),
    "overtaking at the midline": lambda: relabel(tidy(), {11: 21, 21: 11}),
    "doubled, one free": lambda: relabel(tidy(), {15: 16}),
    "supernumerary": lambda: supernumerary(tidy().copy()),
    "milk tooth doubled": lambda: relabel(tidy(), {34: 75, 35: 75}),
}  # fmt: skip
