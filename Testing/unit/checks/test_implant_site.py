"""Height, width and axis of drawn ridges against the exact ones, on grids of any direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bodies import SPACINGS, directions, grid, places, tube

from DentalTopoSegLib.checks.measures.implant_site import SITE_VOXELS, Section, Site, measure_site
from DentalTopoSegLib.checks.measures.sampled import Sampled
from DentalTopoSegLib.dentition.structures import structure
from DentalTopoSegLib.files.volumes import Volume

CANAL = structure("canal_left").value
BONE = structure("mandible").value


def drawn(spacing: tuple[float, ...], seed: int, width: float, lean_deg: float, canal_deep: float | None) -> tuple:
    """A ridge that leans, 18 mm high, a canal of 1.5 mm radius so deep on its middle; and the site measured there."""
    rng = np.random.default_rng(seed)
    volume, way = grid(spacing, 29.0, rng), directions(rng)
    outwards, along, deep = way[:, 0], way[:, 1], way[:, 2]
    lean = np.radians(lean_deg)
    axis = np.cos(lean) * deep + np.sin(lean) * outwards
    across = np.cos(lean) * outwards - np.sin(lean) * deep
    crest = -9.0 * axis
    where = places(volume) - crest
    depth = where @ axis
    ridge = (np.abs(where @ across) <= width / 2) & (depth >= 0) & (depth <= 18.0)
    array = np.where(ridge, BONE, 0).astype(np.uint8)
    if canal_deep is not None:
        array[tube(where, canal_deep * axis, along, 1.5) <= 0] = CANAL
    labels = volume.with_array(array)
    section = Section(crest + rng.uniform(-2, 0) * deep, outwards, deep)
    return _measured(labels, section), axis, crest


def _measured(labels: Volume, section: Section) -> Site | None:
    sampled = Sampled(labels, section.corners())
    return measure_site(
        36,
        section,
        sampled.of(("mandible", "canal_left")),
        {"canal_left": sampled.of(("canal_left",))},
        sampled.inside,
        max(labels.spacing),
    )


@pytest.mark.parametrize("spacing", SPACINGS[1:4])
@pytest.mark.parametrize(("width", "lean", "canal"), [(8.0, 0.0, 12.0), (6.0, 15.0, None), (10.0, -12.0, 14.0)])
def test_a_drawn_ridge_is_measured(spacing: tuple[float, ...], width: float, lean: float, canal: float | None) -> None:
    site, axis, _ = drawn(spacing, int(10 * width), width, lean, canal)
    assert site is not None and site.uncertainty_mm == SITE_VOXELS * max(spacing)
    along = (site.end - site.crest) / site.height_mm
    assert np.degrees(np.arccos(np.clip(along @ axis, -1, 1))) <= 2.0
    assert all(found == pytest.approx(width, abs=site.uncertainty_mm) for found in site.widths)
    assert site.ended_by == ("bone" if canal is None else "canal_left")
    assert site.height_mm == pytest.approx(18.0 if canal is None else canal - 1.5, abs=site.uncertainty_mm + 0.15)


def test_where_the_scan_ends_the_height_is_said_to_end_there() -> None:
    labels = Volume(np.full((40, 40, 40), BONE, np.uint8), (0.5, 0.5, 0.5))
    labels.array[:8] = 0
    deep = np.array([0.0, 0.0, 1.0])
    middle = labels.index_to_ras((8.0, 20.0, 20.0))
    site = _measured(replace(labels, array=labels.array), Section(middle, np.array([1.0, 0.0, 0.0]), deep))
    assert site is not None and site.ended_by == "scan" and site.widths == (None, None, None)
    assert site.height_mm == pytest.approx(16.0, abs=0.3)
    nowhere = labels.with_array(np.zeros_like(labels.array))
    assert _measured(nowhere, Section(middle, np.array([1.0, 0.0, 0.0]), deep)) is None


@pytest.mark.parametrize(("lean", "is_site"), [(25.0, True), (55.0, False)])
def test_an_axis_that_no_implant_takes_is_not_told(lean: float, is_site: bool) -> None:
    site, _, _ = drawn((0.4, 0.4, 0.4), 3, 8.0, lean, None)
    assert (site is not None) == is_site
