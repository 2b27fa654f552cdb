"""Merged neighbours are cut apart where the network doubts or the shape has a neck; single teeth stay whole."""

from __future__ import annotations

import numpy as np
import pytest

from DentalTopoSegLib.cbct.inference import CoarseMap, smooth
from DentalTopoSegLib.cbct.splitting import CORE_SHARE, cut_at_levels, cut_at_necks, usual_volume
from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.files.volumes import Volume

SPACING = 0.5
GRID = Volume(np.zeros((40, 30, 40), np.uint8), (SPACING,) * 3, (0.0, 0.0, 0.0), (-1, 0, 0, 0, -1, 0, 0, 0, 1), "grid")
COARSE = CoarseMap(np.zeros((33, 10, 8, 10), np.uint8), np.zeros(3), 2.0)
CENTRAL, OTHER = CLASS_FDI.index(31), CLASS_FDI.index(41)


def rods(gap: float, radius: float = 2.0) -> np.ndarray:
    """Two upright rods, `gap` mm between their axes (0: a single rod), bool on the grid."""
    z, y, x = np.meshgrid(*(np.arange(n) * SPACING for n in GRID.array.shape), indexing="ij")
    return np.logical_or.reduce(
        [
            ((x - 10 - s * gap / 2) ** 2 + (y - 7.5) ** 2 < radius**2) & (z > 2) & (z < 18)
            for s in ((-1, 1) if gap else (0,))
        ]
    )


def regions(mask: np.ndarray, share: float) -> np.ndarray:
    """(1, 33) mm^3 of the mask called 31 and, to a share, 41."""
    volume = mask.sum() * SPACING**3
    table = np.zeros((1, len(CLASS_FDI)))
    table[0, CENTRAL], table[0, OTHER] = volume * (1 - share), volume * share
    return table


def test_a_bridge_the_network_doubts_is_cut():
    mask = rods(4.5)
    mask[15:18, 14:17, 16:25] = True  # the bridge
    core = np.where(mask, 250, 0).astype(np.uint8)
    core[15:18, 14:17, 19:22] = 140
    labels = mask.astype(np.int16)
    assert cut_at_levels(labels, regions(mask, 0.0), core, GRID)
    assert set(np.unique(labels)) == {0, 1, 2}
    left, right = (np.argwhere(labels == k)[:, 2].mean() for k in (1, 2))
    assert abs(left - right) * SPACING == pytest.approx(4.5, abs=0.5)
    assert ((labels > 0) == mask).all(), "a cut loses no voxel"


def test_a_single_tooth_with_a_doubtful_middle_is_not_cut():
    mask = rods(0.0)
    core = np.where(mask, 250, 0).astype(np.uint8)
    core[18:22][mask[18:22]] = 140  # crown and root fall apart, one above the other
    labels = mask.astype(np.int16)
    assert not cut_at_levels(labels, regions(mask, 0.0), core, GRID)
    assert labels.max() == 1


def test_touching_incisors_with_two_numbers_are_cut_at_their_neck():
    mask = rods(3.2, radius=1.4)
    mask[12:24, 14:17, 18:23] = True  # the contact
    expected = usual_volume(CENTRAL) * CORE_SHARE
    assert expected < mask.sum() * SPACING**3 < 1.45 * expected, "hardly larger than one tooth"
    labels = mask.astype(np.int16)
    assert not cut_at_necks(labels, regions(mask, 0.0), COARSE, GRID)
    assert cut_at_necks(labels, regions(mask, 0.35), COARSE, GRID)
    sizes = np.bincount(labels.ravel())[1:]
    assert len(sizes) == 2
    assert sizes.min() / sizes.max() > 0.8


def test_a_round_tooth_with_two_numbers_has_no_neck():
    mask = rods(0.0)
    labels = mask.astype(np.int16)
    assert not cut_at_necks(labels, regions(mask, 0.4), COARSE, GRID)


def test_smoothing_closes_a_pinhole_and_keeps_a_surface():
    tooth = np.zeros((20, 20, 20), np.uint8)
    tooth[5:15, 5:15, 5:15] = 255
    tooth[10, 10, 5:15] = 100
    smoothed = smooth(tooth)
    assert smoothed.dtype == np.uint8
    assert (smoothed[10, 10, 6:14] >= 128).all()
    assert ((smoothed >= 128) == (tooth > 0))[10, :, 8].all()
