"""Cross-sections of a scan where an implant would stand: mean and maximum over a slab along the arch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..dentition.words import Sentence, Template
from ..files.volumes import Volume

MEAN = Template(
    "Place of tooth {fdi:tooth}, cross-section with the axis: mean of {thick:.0f} mm, the cheek on the right"
)
MAXIMUM = Template(
    "Place of tooth {fdi:tooth}, cross-section with the axis: maximum of {thick:.0f} mm (MIP), the cheek on the right"
)
#: How thick the slab is, and what it shows to each side of the axis, before its beginning and beyond its end, mm.
THICK_MM = 5.0
_ASIDE_MM, _BEFORE_MM, _BEYOND_MM = 12.0, 10.0, 8.0
_PIXEL_MM, _LAYER_MM = 0.15, 0.5
_AXIS_RGB = (255, 70, 60)


def slab(image: Volume, site: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, tuple[float, float, float, float]]:
    """The scan around a place without a tooth, seen along the arch.

    Parameters
    ----------
    image : Volume
        Grey values.
    site : mapping
        Of a report: `line_ras` from the crest into the bone, and `outwards_ras`, the direction to the cheek.

    Returns
    -------
    mean, maximum : (h, w) array
        Over a slab of `THICK_MM`; NaN where the scan does not go. Rows run into the bone, columns to the cheek.
    axis : (column, row, column, row)
        Where the axis begins and ends in them, pixels.
    """
    from scipy import ndimage

    crest, end = (np.asarray(place, float) for place in site["line_ras"])
    height = float(np.linalg.norm(end - crest))
    deep = (end - crest) / height
    outwards = np.asarray(site["outwards_ras"], float)
    outwards = outwards - (outwards @ deep) * deep
    outwards /= np.linalg.norm(outwards)
    along = np.cross(outwards, deep)
    columns = np.arange(-_ASIDE_MM, _ASIDE_MM + _PIXEL_MM / 2, _PIXEL_MM)
    rows = np.arange(-_BEFORE_MM, height + _BEYOND_MM, _PIXEL_MM)
    layers = np.arange(-THICK_MM / 2, THICK_MM / 2 + _LAYER_MM / 2, _LAYER_MM)
    n, v, u = np.meshgrid(layers, rows, columns, indexing="ij")
    places = crest + u[..., None] * outwards + v[..., None] * deep + n[..., None] * along
    index = np.moveaxis(image.ras_to_index(places), -1, 0)
    values = ndimage.map_coordinates(image.array, index, np.float32, order=1, mode="nearest")
    limits = np.array(image.shape).reshape(3, 1, 1, 1) - 0.5
    values[((index < -0.5) | (index > limits)).any(axis=0)] = np.nan
    seen = np.isfinite(values).any(axis=0)
    mean, maximum = np.full(seen.shape, np.nan), np.full(seen.shape, np.nan)
    mean[seen] = np.nanmean(values[:, seen], axis=0)
    maximum[seen] = np.nanmax(values[:, seen], axis=0)
    middle, first = _ASIDE_MM / _PIXEL_MM, _BEFORE_MM / _PIXEL_MM
    return mean, maximum, (middle, first, middle, first + height / _PIXEL_MM)


def site_pictures(
    image: Volume, site: Mapping[str, Any], window: tuple[float, float]
) -> list[tuple[Sentence, np.ndarray]]:
    """What is seen, in words, and the picture (h, w, 3) uint8: mean and maximum, with the axis drawn.

    window: grey values that are shown black and white.
    """
    mean, maximum, axis = slab(image, site)
    low, high = window
    found = []
    for what, values in ((MEAN, mean), (MAXIMUM, maximum)):
        grey = np.clip((np.nan_to_num(values, nan=low) - low) / max(high - low, 1e-6), 0, 1)
        found.append((what(fdi=site["fdi"], thick=THICK_MM), _with_axis(np.uint8(np.rint(255 * grey)), axis)))
    return found


def _with_axis(grey: np.ndarray, axis: tuple[float, float, float, float]) -> np.ndarray:
    from PIL import Image, ImageDraw

    canvas = Image.fromarray(grey).convert("RGB")
    ImageDraw.Draw(canvas).line(axis, fill=_AXIS_RGB, width=2)
    return np.asarray(canvas)
