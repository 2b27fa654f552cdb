"""Usual sizes of crowns on intraoral scans: the surface above the gingiva and its width along the arch.

Measured with `JawCase` on the 119 labelled scans of 60 patients of 3D-IOSSeg (Li et al. 2024, Computers in
Biology and Medicine 168:107821), both sides together; crowns cut by the scan's border are left out of the
areas. Percentiles of few third molars (6 upper, 10 lower whole ones) say little, so theirs are widened by hand.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from . import crown_width_mm, is_deciduous, is_upper, position

# Per place from the midline: area mm^2 (1st percentile, median, 99th), width mm (the same).
_UPPER = (
    (131, 156, 196, 7.8, 8.5, 9.6),
    (84, 112, 156, 6.2, 7.1, 8.4),
    (63, 131, 167, 5.5, 7.9, 8.9),
    (105, 148, 185, 5.9, 7.5, 8.2),
    (100, 129, 206, 6.4, 7.1, 10.6),
    (154, 208, 275, 9.4, 10.6, 11.7),
    (110, 178, 264, 8.6, 9.9, 11.6),
    (60, 146, 250, 5.5, 8.6, 11.5),
)
_LOWER = (
    (70, 90, 111, 4.9, 5.5, 6.4),
    (76, 99, 137, 5.2, 6.1, 7.2),
    (72, 122, 178, 6.0, 7.0, 8.2),
    (92, 125, 201, 6.4, 7.4, 8.7),
    (90, 125, 237, 6.6, 7.4, 11.3),
    (148, 210, 264, 9.8, 11.2, 12.3),
    (103, 176, 248, 8.4, 10.6, 12.3),
    (15, 150, 260, 3.0, 10.0, 12.5),
)
#: How far beyond those percentiles a size is still believed: other scanners, worn or half erupted teeth.
_AREA_SLACK = (0.6, 1.4)
_WIDTH_SLACK = (0.75, 1.25)
#: Milk crowns are not in the data: a wide range about height times girth of a textbook crown.
_DECIDUOUS_AREA_PER_WIDTH = 13.0  # mm


def _row(fdi: int) -> tuple[float, ...]:
    if is_deciduous(fdi):
        width = crown_width_mm(fdi)
        area = _DECIDUOUS_AREA_PER_WIDTH * width
        return 0.5 * area, area, 1.6 * area, 0.8 * width, width, 1.2 * width
    return (_UPPER if is_upper(fdi) else _LOWER)[position(fdi) - 1]


def usual_area_mm2(fdi: int) -> float:
    """Median surface of the crown, mm^2. ValueError for what is no FDI number, as in all functions here."""
    return float(_row(fdi)[1])


def area_range_mm2(fdi: int) -> tuple[float, float]:
    """(smallest, largest) believable surface of the crown, mm^2."""
    low, _, high = _row(fdi)[:3]
    return _AREA_SLACK[0] * low, _AREA_SLACK[1] * high


def usual_width_mm(fdi: int) -> float:
    """Median width along the arch as `JawCase` measures it, mm."""
    return float(_row(fdi)[4])


def width_range_mm(fdi: int) -> tuple[float, float]:
    """(smallest, largest) believable width along the arch, mm."""
    low, _, high = _row(fdi)[3:]
    return _WIDTH_SLACK[0] * low, _WIDTH_SLACK[1] * high


def jaw_of_sizes(crowns: Iterable[tuple[int, float, float | None]]) -> tuple[str, float]:
    """Which jaw crowns of these sizes are from, by whatever jaw they are numbered in, and how sure that is, 0.5 to 1.

    crowns: (FDI number, area mm^2, width mm or None) of whole permanent crowns. Upper central incisors are half as
    wide again as lower ones; that decides it, where they are there.
    """
    odds = 0.0
    for fdi, area, width in crowns:
        if is_deciduous(fdi) or position(fdi) == 8:
            continue
        for value, column in ((area, 0), (width, 3)):
            if value is not None:
                upper, lower = (
                    _surprise(value, *table[position(fdi) - 1][column : column + 3]) for table in (_UPPER, _LOWER)
                )
                odds += _EVIDENCE * (lower - upper)
    sure = 1.0 / (1.0 + math.exp(-abs(odds)))
    return ("upper" if odds >= 0 else "lower"), sure


#: Sizes of one mouth go together, so a measure counts as a part of an independent one.
_EVIDENCE = 0.2
_MOST_SURPRISE = 8.0  # one odd crown must not decide


def _surprise(value: float, low: float, median: float, high: float) -> float:
    """-log density of the value, for a normal distribution with these percentiles (1, 50, 99)."""
    sd = (high - low) / 4.65
    return min(0.5 * ((value - median) / sd) ** 2, _MOST_SURPRISE) + math.log(sd)
