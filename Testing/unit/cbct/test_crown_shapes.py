"""Crowns of a CBCT against the mirror images of the other side's."""

from __future__ import annotations

import numpy as np
import pytest

from DentalTopoSegLib.cbct.crown_shapes import unlike_crowns
from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.dentition.numbering import mean_dentition
from DentalTopoSegLib.files.volumes import Volume

SPACING_MM = 0.5
TEETH = (16, 15, 14, 13, 12, 11, 21, 22, 23, 24, 25, 26)
HALF_WIDTH_MM = {1: 4.4, 2: 2.8, 3: 4.0, 4: 2.8, 5: 4.0, 6: 5.2}
LOWEST, SIZE = np.array([-40.0, -50.0, -20.0]), (80, 130, 160)
"""R, A, S mm of the first voxel, and voxels z, y, x."""
UPRIGHT = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)


def scan(tilt_mm: float = 0.0, length: float = 12.0) -> tuple[np.ndarray, Volume, np.ndarray, np.ndarray]:
    """Labels, grid, class probabilities and centroids of egg-shaped teeth on the mean arch, mirrored across x."""
    labels = np.zeros(SIZE, np.int16)
    z, y, x = (np.arange(n) * SPACING_MM for n in SIZE)
    s, a, r = np.meshgrid(z + LOWEST[2], y + LOWEST[1], x + LOWEST[0], indexing="ij")
    mean, centroids = mean_dentition(), []
    for number, fdi in enumerate(TEETH, start=1):
        centre = mean[fdi] + [0, 0, tilt_mm * mean[fdi][0] / 30]
        half = HALF_WIDTH_MM[fdi % 10]
        labels[((r - centre[0]) / half) ** 2 + ((a - centre[1]) / 4) ** 2 + ((s - centre[2]) / length) ** 2 < 1] = (
            number
        )
        centroids.append(centre)
    votes = np.full((len(TEETH), 33), 1e-4)
    votes[np.arange(len(TEETH)), [CLASS_FDI.index(fdi) for fdi in TEETH]] = 1
    grid = Volume(
        array=labels, spacing=(SPACING_MM,) * 3, origin=(-LOWEST[0], -LOWEST[1], LOWEST[2]), direction=UPRIGHT
    )
    return labels, grid, votes / votes.sum(1, keepdims=True), np.array(centroids)


@pytest.mark.parametrize("tilt_mm", [0.0, 3.0])
def test_a_crown_is_more_like_its_counterpart_than_like_the_teeth_beside_that(tilt_mm: float) -> None:
    labels, grid, votes, centroids = scan(tilt_mm)
    everyone = np.arange(len(TEETH))
    apart = unlike_crowns(labels, everyone, grid, votes, centroids, np.full(len(TEETH), 400.0))
    for k, fdi in enumerate(TEETH[:6]):
        counterpart = TEETH.index(fdi + 10)
        others = [TEETH.index(f) for f in (fdi + 9, fdi + 11) if f in TEETH]
        assert apart[k, counterpart] < apart[k, others].min()
    np.testing.assert_array_equal(apart, apart.T)


def test_what_shows_too_little_of_a_crown_is_not_compared() -> None:
    labels, grid, votes, centroids = scan()
    labels[labels == 3] = 0
    labels[40, 60, 20:24] = 3
    apart = unlike_crowns(labels, np.arange(len(TEETH)), grid, votes, centroids, np.full(len(TEETH), 400.0))
    assert np.isnan(apart[2]).all() and np.isnan(apart[:, 2]).all()
    assert np.isfinite(np.delete(np.delete(apart, 2, 0), 2, 1)).all()


def test_jaws_are_not_compared_with_each_other_and_three_teeth_are_no_row() -> None:
    labels, grid, votes, centroids = scan()
    lower = votes.copy()
    for k in range(6):  # the right half is called lower teeth
        lower[k] = np.roll(votes[k], CLASS_FDI.index(TEETH[k] + 30) - CLASS_FDI.index(TEETH[k]))
    apart = unlike_crowns(labels, np.arange(len(TEETH)), grid, lower, centroids, np.full(len(TEETH), 400.0))
    assert np.isnan(apart[:6, 6:]).all()
    assert np.isfinite(apart[6:, 6:]).all()
    few = np.arange(3)
    assert np.isnan(unlike_crowns(labels, few, grid, votes[:3], centroids[:3], np.full(3, 400.0))).all()
