"""The panoramic view: a CBCT reformatted along the dental arch and laid flat, as on an orthopantomogram.

The arch is that of the expected dentition, laid over the teeth that were found and bent to where they stand. The
reformat is upright (columns run along the teeth's long axes as a whole, not one by one) and true to scale along the
arch: neighbouring columns are one pixel's width apart on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..dentition import arch_order
from ..dentition.arch import SWAPS, ArchFrame, consistent_relabelling, expected_place
from ..errors import InputError
from ..files.volumes import Volume
from ..files.volumes.boxes import tooth_boxes
from .annotations import draw_badges
from .drawing import NUMBER_PX, draw_numbers, label_panel
from .shading import borders, palette

#: How the layers of the slab become one picture.
MODES = ("mean", "mip")
#: What stands in its corner.
PANORAMIC = "panoramic view"
THICKNESS_MM = 14.0
THICKNESS_RANGE_MM = (0.5, 40.0)
SPACING_MM = 0.25
#: Shown beyond the teeth: above, below, and behind the last molars.
MARGIN_MM = 10.0
#: From a tooth's middle to what is still of it, not a piece elsewhere in the scan; and from tooth to tooth in a mouth.
_TOOTH_MM = 30.0
_MOUTH_MM = 150.0
_LAYER_MM = 0.5
#: A finding farther from the arch than this is not on the picture, mm.
_NEAR_MM = 15.0
_TINT = 0.85
_DASH_RGB = (255, 70, 60)
# How far a tooth may bend the expected arch, and how stiff the arch is: the weight of a bend against a tooth's pull.
_FARTHEST_MM = 12.0
_STIFFNESS = 40.0
_FINE_MM = 0.5
_BLOCK_COLUMNS = 64


@dataclass(frozen=True)
class ArchSurface:
    """An upright surface through the teeth, from the patient's right to left: what becomes flat.

    Parameters
    ----------
    points : (columns, 3) array
        RAS mm, `spacing` apart, at height 0.
    outward : (columns, 3) array
        Unit vectors to the cheek and the lips.
    up : (3,) array
        Unit vector along the picture's columns.
    top, rows : float, int
        Height in mm of the first row's middle, and how many rows there are.
    spacing : float
        mm per pixel.
    """

    points: np.ndarray
    outward: np.ndarray
    up: np.ndarray
    top: float
    rows: int
    spacing: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        return self.rows, len(self.points)

    def to_ras(self, column: float, row: float, depth_mm: float = 0.0) -> np.ndarray:
        """(3,) RAS mm of a place on the picture, fractions allowed; depth_mm: towards the cheek."""
        inside = np.clip(column, 0, len(self.points) - 1)
        which = np.arange(len(self.points))
        point, outward = (
            np.array([np.interp(inside, which, values[:, axis]) for axis in range(3)])
            for values in (self.points, self.outward)
        )
        return point + (self.top - row * self.spacing) * self.up + depth_mm * outward

    def to_picture(self, ras: np.ndarray) -> tuple[float, float, float]:
        """(column, row, depth in mm) of a RAS point: where the nearest place of the arch is."""
        offset = np.asarray(ras, dtype=float) - self.points
        height = offset @ self.up
        flat = offset - height[:, None] * self.up
        nearest = int(np.argmin((flat**2).sum(axis=1)))
        along = np.cross(self.up, self.outward[nearest])
        column = nearest + float(flat[nearest] @ along) / self.spacing
        row = (self.top - float(height[nearest])) / self.spacing
        return float(np.clip(column, 0, len(self.points) - 1)), row, float(flat[nearest] @ self.outward[nearest])


@dataclass(frozen=True)
class Panorama:
    """A flat picture of an arch: grey values (rows, columns) float32, labels (rows, columns) uint8 FDI, and where every
    pixel lies."""

    grey: np.ndarray
    labels: np.ndarray
    surface: ArchSurface


def find_arch(labels: Volume, spacing_mm: float = SPACING_MM) -> ArchSurface | None:
    """The surface through the teeth of a label map; None where too few teeth show how the arch runs.

    Where sides or jaws are exchanged as a whole, the places of the teeth count and not their numbers.

    Parameters
    ----------
    labels : Volume
        FDI numbers.
    spacing_mm : float
        Of the picture's pixels.

    Raises
    ------
    InputError
        For labels that are no FDI numbers.
    """
    boxes = tooth_boxes(labels.array)
    centres = {fdi: _centre(labels, fdi, box) for fdi, box in boxes.items()}
    fitted = consistent_relabelling(centres)
    if fitted is None or np.ptp(list(centres.values()), axis=0).max() > _MOUTH_MM:
        return None
    swap, frame = fitted
    up = frame.rotation[:, 2]
    flat = _fine_curve(frame, {SWAPS[swap](fdi): centre for fdi, centre in centres.items()})
    flat -= (flat @ up)[:, None] * up
    points = _evenly(flat, spacing_mm)
    along = np.gradient(points, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    outward = np.cross(along, up)
    middles = [centre @ up for centre in centres.values()]
    heights = np.concatenate([_heights(labels, box, up) for box in boxes.values()])
    heights = np.clip(heights, min(middles) - _TOOTH_MM, max(middles) + _TOOTH_MM)
    top, bottom = heights.max() + MARGIN_MM, heights.min() - MARGIN_MM
    return ArchSurface(points, outward, up, float(top), int(np.ceil((top - bottom) / spacing_mm)) + 1, spacing_mm)


def reformat(
    image: Volume, labels: Volume, surface: ArchSurface, thickness_mm: float = THICKNESS_MM, mode: str = "mean"
) -> Panorama:
    """Lay a scan and its teeth flat.

    Parameters
    ----------
    image : Volume
        Grey values.
    labels : Volume
        FDI numbers, in the same patient space; any grid.
    surface : ArchSurface
        Of `find_arch`.
    thickness_mm : float
        Of the slab around the surface that is shown.
    mode : str
        "mean" of the slab, as an X-ray shows it, or "mip", its brightest voxels.

    Raises
    ------
    InputError
        For another mode or a thickness out of range.
    """
    low, high = THICKNESS_RANGE_MM
    if mode not in MODES:
        raise InputError(f"A panoramic view of the kind '{mode}' is unknown: use {' or '.join(MODES)}.")
    if not low <= thickness_mm <= high:
        raise InputError(f"A panoramic view may be {low:g} to {high:g} mm thick, not {thickness_mm:g} mm.")
    layers = max(1, 2 * round(thickness_mm / _LAYER_MM / 2) + 1)
    depths = np.linspace(-thickness_mm / 2, thickness_mm / 2, layers) if layers > 1 else np.zeros(1)
    depths = depths[np.argsort(np.abs(depths), kind="stable")]  # of two teeth in one pixel, the nearer to the surface
    grey, teeth = np.empty(surface.shape, np.float32), np.zeros(surface.shape, np.uint8)
    heights = (surface.top - surface.spacing * np.arange(surface.rows))[:, None, None] * surface.up
    for start in range(0, surface.shape[1], _BLOCK_COLUMNS):
        part = slice(start, start + _BLOCK_COLUMNS)
        base = heights + surface.points[None, part]
        block, seen = np.full(base.shape[:2], -np.inf if mode == "mip" else 0, np.float32), teeth[:, part]
        layers_inside = np.zeros(base.shape[:2], np.float32)
        for depth in depths:
            places = base + depth * surface.outward[None, part]
            values, inside = sample(image, places, 1)
            layers_inside += inside
            if mode == "mip":
                np.maximum(block, values, out=block, where=inside)
            else:
                np.add(block, values, out=block, where=inside)
            found, inside = sample(labels, places, 0)
            np.copyto(seen, found.astype(np.uint8), where=(seen == 0) & (found > 0) & inside)
        if mode != "mip":
            block /= np.maximum(layers_inside, 1)
        block[layers_inside == 0] = np.nan
        grey[:, part] = block
    darkest = np.nanmin(grey) if np.isfinite(grey).any() else 0.0
    return Panorama(np.where(np.isnan(grey), darkest, grey).astype(np.float32), teeth, surface)


def sample(volume: Volume, ras: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Values (...,) of a volume at RAS places (..., 3), 0 for the nearest voxel, 1 for linear, and whether (...,) they
    lie in a voxel of it at all."""
    from scipy import ndimage

    index = np.moveaxis(volume.ras_to_index(ras), -1, 0)
    size = np.array(volume.array.shape).reshape(3, *[1] * (index.ndim - 1))
    inside = np.asarray(((index >= -0.5) & (index <= size - 0.5)).all(axis=0))
    values = ndimage.map_coordinates(volume.array, index, np.float32, order=order, mode="nearest", prefilter=False)
    return values, inside


def _centre(labels: Volume, fdi: int, box: tuple[slice, slice, slice]) -> np.ndarray:
    index = np.argwhere(labels.array[box] == fdi).mean(axis=0) + [s.start for s in box]
    return labels.index_to_ras(index)


def _heights(labels: Volume, box: tuple[slice, slice, slice], up: np.ndarray) -> np.ndarray:
    ends = [(s.start, s.stop - 1) for s in box]
    corners = np.array([[ends[axis][i >> axis & 1] for axis in range(3)] for i in range(8)])
    return labels.index_to_ras(corners) @ up


def _fine_curve(frame: ArchFrame, centres: Mapping[int, np.ndarray]) -> np.ndarray:
    """(n, 3) RAS mm along the arch: the expected one of the jaws that have teeth, moved outward or inward to the teeth.

    The offsets along the curve are those that keep closest to the teeth and bend least (a discrete smoothing spline:
    Eilers, Anal. Chem. 2003, second differences).
    """
    jaws = [which for which in ("upper", "lower") if any(fdi in centres for fdi in arch_order(which))]
    rows = [np.array([expected_place(fdi) for fdi in arch_order(which)]) for which in jaws or ("upper", "lower")]
    expected = np.mean(rows, axis=0)
    expected[:, 2] = 0
    before = expected[0] + (expected[0] - expected[1]) / np.linalg.norm(expected[0] - expected[1]) * MARGIN_MM
    after = expected[-1] + (expected[-1] - expected[-2]) / np.linalg.norm(expected[-1] - expected[-2]) * MARGIN_MM
    curve = _evenly(_smooth_through(np.vstack([before, expected, after])), _FINE_MM)
    along = np.gradient(curve, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    outward = np.cross(along, (0.0, 0.0, 1.0))
    pull, wanted = np.zeros(len(curve)), np.zeros(len(curve))
    for centre in centres.values():
        place = frame.to_template(centre) * (1, 1, 0)
        nearest = int(np.argmin(((curve - place) ** 2).sum(axis=1)))
        pull[nearest] += 1
        wanted[nearest] += float(np.clip((place - curve[nearest]) @ outward[nearest], -_FARTHEST_MM, _FARTHEST_MM))
    bend = np.diff(np.eye(len(curve)), n=2, axis=0) / _FINE_MM**2
    offset = np.linalg.solve(np.diag(pull) + _STIFFNESS * bend.T @ bend, wanted)
    bent = curve + np.clip(offset, -_FARTHEST_MM, _FARTHEST_MM)[:, None] * outward
    return frame.scale * bent @ frame.rotation.T + frame.shift


def _smooth_through(points: np.ndarray) -> np.ndarray:
    """A smooth curve (n, 3) through points (m, 3)."""
    from scipy.interpolate import PchipInterpolator

    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    return PchipInterpolator(length, points)(np.linspace(0, length[-1], 400))


def _evenly(curve: np.ndarray, step: float) -> np.ndarray:
    """Points of a curve (n, 3) that are `step` apart along it."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    at = np.arange(0, length[-1], step)
    return np.stack([np.interp(at, length, curve[:, axis]) for axis in range(3)], axis=1)


def draw_panorama(
    panorama: Panorama,
    width: int,
    height: int,
    findings: Sequence[tuple[int, Any]] = (),
    title: str = PANORAMIC,
    number_px: int = NUMBER_PX,
    around: np.ndarray | None = None,
    dashes: Sequence[tuple[float, float, float, float]] = (),
) -> np.ndarray:
    """(h, w, 3) uint8: the panorama as large as fits into width x height pixels, teeth outlined and numbered.

    findings: `Finding`s with the number that stands for each. title: stands in its corner. number_px: height of a
    tooth's number. around: (rows, columns, 4) uint8, colours and how much they cover, drawn over the grey values below
    the teeth's outlines. dashes: (column, row, column, row) of the panorama, drawn over all.
    """
    from PIL import Image, ImageDraw

    rows, columns = panorama.surface.shape
    scale = min(width / columns, height / rows)
    size = max(1, int(columns * scale)), max(1, int(rows * scale))
    low, high = np.percentile(panorama.grey, (2.0, 99.6))
    level = np.clip((panorama.grey - low) / max(high - low, 1e-6), 0, 1) ** 0.9
    grey = Image.fromarray((255 * level).astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
    labels = np.asarray(Image.fromarray(panorama.labels).resize(size, Image.Resampling.NEAREST))
    picture = np.repeat(np.asarray(grey)[..., None], 3, axis=2).astype(np.float32)
    if around is not None:
        over = np.asarray(Image.fromarray(around).resize(size, Image.Resampling.NEAREST)).astype(np.float32)
        picture += over[..., 3:] / 255 * (over[..., :3] - picture)
    edge = borders(labels, np.ones(labels.shape, bool)) & (labels > 0)
    picture[edge] = (1 - _TINT) * picture[edge] + _TINT * palette()[labels[edge]]
    canvas = Image.fromarray(picture.astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    for dash in dashes:
        draw.line([(end + 0.5) * scale for end in dash], fill=_DASH_RGB, width=3)
    draw_numbers(draw, labels, size=number_px)
    places = []
    for number, finding in findings:
        if finding.position_ras is not None:
            column, row, depth = panorama.surface.to_picture(finding.position_ras)
            if abs(depth) <= _NEAR_MM and 0 <= row < rows:
                places.append((number, finding, np.array([(column + 0.5) * scale, (row + 0.5) * scale])))
    draw_badges(draw, places, size)
    label_panel(draw, title, ("R", "L", "S", "I"), *size, panorama.surface.spacing / scale)
    return np.asarray(canvas)
