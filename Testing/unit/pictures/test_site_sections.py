"""Cross-sections of a scan where a tooth is missing: mean and maximum of a slab along the arch."""

from __future__ import annotations

import numpy as np
import pytest
from bodies import directions, grid, places

from DentalTopoSegLib.pictures.site_sections import THICK_MM, site_pictures, slab


def scan_and_site(seed: int):
    """Bone of 1000 as a leaning plate 8 mm wide, with a bright sheet of 3000 across a part of the slab."""
    rng = np.random.default_rng(seed)
    volume, way = grid((0.4, 0.4, 0.4), 40.0, rng), directions(rng)
    outwards, along, deep = way[:, 0], way[:, 1], way[:, 2]
    where = places(volume)
    across, depth, aside = where @ outwards, where @ deep, where @ along
    array = np.where((np.abs(across) <= 4) & (depth >= -8), 1000.0, 0.0)
    array[(aside > 0.6) & (aside < 1.8) & (depth > 0) & (np.abs(across) <= 4)] = 3000.0
    line = [(-8 * deep).tolist(), (6 * deep).tolist()]
    site = {"fdi": 36, "line_ras": line, "outwards_ras": outwards.tolist()}
    return volume.with_array(array.astype(np.int16)), site


@pytest.mark.parametrize("seed", [1, 2])
def test_mean_and_maximum_are_those_of_the_slab(seed: int) -> None:
    scan, site = scan_and_site(seed)
    mean, maximum, (column, row, last_column, last_row) = slab(scan, site)
    assert column == last_column and (last_row - row) * 0.15 == pytest.approx(14.0)
    above, below = mean[round(row) + 20, round(column)], mean[round(last_row) - 10, round(column)]
    assert above == pytest.approx(1000, abs=1) and maximum[round(row) + 20, round(column)] == pytest.approx(1000, abs=1)
    assert maximum[round(last_row) - 10, round(column)] == pytest.approx(3000, abs=1)
    assert 1000 + 2000 * 0.8 / THICK_MM < below < 1000 + 2000 * 2.0 / THICK_MM  # 1.2 mm of the slab are brighter
    assert mean[round(row) - 20, round(column)] == pytest.approx(0, abs=1)  # before the crest
    bone = np.flatnonzero(mean[round(row) + 20] > 500) * 0.15
    assert np.ptp(bone) == pytest.approx(8.0, abs=0.5)


def test_pictures_show_the_axis_and_what_lies_outside_is_dark() -> None:
    scan, site = scan_and_site(3)
    (said, mean), (also, maximum) = site_pictures(scan, site, (0.0, 2000.0))
    assert "mean of 5 mm" in str(said) and "MIP" in str(also) and "tooth 36" in str(said)
    red = (mean[..., 0] == 255) & (mean[..., 1] == 70)
    assert np.ptp(np.flatnonzero(red.any(axis=1))) * 0.15 == pytest.approx(14.0, abs=0.5)
    assert mean.shape == maximum.shape and maximum.astype(int).sum() > mean.astype(int).sum()
    far = {**site, "line_ras": (np.array(site["line_ras"]) + 60.0).tolist()}
    (_, dark), _ = site_pictures(scan, far, (0.0, 2000.0))
    assert (dark[..., 2] <= 60).all()
