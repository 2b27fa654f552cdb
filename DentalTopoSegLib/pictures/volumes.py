"""One picture that shows a whole result: slices through both arches, the panoramic view, and the teeth from three
sides.

Slices follow the radiological habit: the patient's right is on the picture's left, front and top are up.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import dentition
from ..files.label_maps import present_values
from ..files.volumes import Volume, find_outside, resample_ras
from ..files.volumes.boxes import union
from .annotations import MOST_FINDINGS, draw_legend
from .drawing import BACKGROUND, GAP, HEAD_PX, draw_number, draw_numbers, label_panel, new_page, write_png
from .panorama import find_arch
from .shading import borders, palette
from .structure_drawing import draw_arch
from .voxel_rendering import VIEWS, Field, View, render, tooth_fields

PANEL_PX = 460
#: Height of the panoramic view at most.
PANORAMA_PX = 760
MARGIN_MM = 9.0
# Finer pixels in the shaded views cost time and show nothing that the scan holds.
FINEST_PX_MM = 0.15
FILL_ALPHA = 0.30


@dataclass(frozen=True)
class Slice:
    """A plane across RAS axis `normal` (0 R, 1 A, 2 S) at `at` mm; letters name the picture's sides."""

    title: str
    normal: int
    at: float
    letters: tuple[str, str, str, str]  # left, right, top, bottom


def overlay_png(
    image: Volume,
    labels: Volume,
    path: str | os.PathLike[str],
    title: str | None = None,
    findings: Iterable[Any] | None = None,
    structures: Volume | None = None,
) -> Path:
    """Draw `labels` (FDI) over `image` (any grid, same patient space) into a PNG, whole or not at all.

    Axial slices at the crowns of both arches, a coronal and a sagittal one through most teeth, the panoramic view where
    there are teeth enough to see the arch, three shaded views, and the findings.

    Parameters
    ----------
    image : Volume
        Grey values.
    labels : Volume
        FDI numbers, 0 where no tooth is.
    path : path-like
        Of the PNG.
    title : str, optional
        Stands above it, before the number of teeth; the image's name where absent.
    findings : iterable of Finding, optional
        Numbered on the panoramic view and listed below.
    structures : Volume, optional
        Values of `dentition.structures`: nerve canals and sinuses are drawn on the panoramic view.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    return write_png(path, compose(image, labels, title or image.name, findings, structures))


def compose(
    image: Volume,
    labels: Volume,
    title: str,
    findings: Iterable[Any] | None = None,
    structures: Volume | None = None,
) -> np.ndarray:
    """The picture of overlay_png as an (height, width, 3) uint8 array."""
    from PIL import Image

    listed = list(findings or ())
    shown = list(enumerate(listed, 1))[:MOST_FINDINGS]

    lower, upper = dental_box(labels)
    outside = find_outside(image)
    if outside is not None:
        image = outside.filled(image)
    window = grey_window(image, lower, upper)
    slices = choose_slices(labels, lower, upper)
    count = int(np.count_nonzero(present_values(labels.array)))
    panels = [slice_panel(image, labels, s, (lower, upper), window) for s in slices]
    width = 4 * PANEL_PX + 5 * GAP
    flat = _panoramic_panel(image, labels, structures, width - 2 * GAP, shown)
    legend = draw_legend(listed, shown, width - 2 * GAP)
    canvas, _ = new_page(width, 2 * PANEL_PX + 3 * GAP + 26 + len(flat) + GAP + len(legend), title, count)
    for i, panel in enumerate(panels):
        canvas.paste(Image.fromarray(panel), (GAP + i * (PANEL_PX + GAP), HEAD_PX))
    below = HEAD_PX + PANEL_PX + GAP
    if flat.size:
        canvas.paste(Image.fromarray(flat), ((width - flat.shape[1]) // 2, below))
        below += len(flat) + GAP
    wide = (width - 4 * GAP) // 3
    for i, panel in enumerate(view_panels(labels, (lower, upper), wide)):
        canvas.paste(Image.fromarray(panel), (GAP + i * (wide + GAP), below))
    canvas.paste(Image.fromarray(legend), (GAP, below + PANEL_PX + GAP))
    return np.asarray(canvas)


def _panoramic_panel(
    image: Volume, labels: Volume, structures: Volume | None, width: int, findings: list[tuple[int, Any]]
) -> np.ndarray:
    """(h, w, 3) uint8; nothing where too few teeth show how the arch runs."""
    surface = find_arch(labels)
    if surface is None:
        return np.zeros((0, 0, 3), np.uint8)
    return draw_arch(image, labels, surface, structures, width, PANORAMA_PX, findings)


def views_png(labels: Volume, path: str | os.PathLike[str]) -> Path:
    """Draw a label map without its scan, from three sides, into a PNG, whole or not at all. Raises OutputError."""
    return write_png(path, np.concatenate(view_panels(labels, dental_box(labels), PANEL_PX), axis=1))


def view_panels(
    labels: Volume, box: tuple[np.ndarray, np.ndarray], width: int, titles: bool = True
) -> list[np.ndarray]:
    """The shaded teeth from all three sides at one scale; box: `dental_box`; width: of each, px."""
    extent = box[1] - box[0] - 2 * MARGIN_MM
    spacing = float(max(extent[:2].max() / (width - 40), extent[2] / (PANEL_PX - 70), FINEST_PX_MM))
    fields = tooth_fields(labels, spacing)
    views = VIEWS if titles else [replace(view, title="") for view in VIEWS]
    return [view_panel(fields, view, spacing, width, PANEL_PX) for view in views]


def dental_box(labels: Volume) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper RAS corner (mm) of all teeth with a margin; the whole volume when there are none."""
    from scipy import ndimage

    boxes = [box for box in ndimage.find_objects(labels.array) if box is not None]
    if not boxes:
        return labels.ras_bounds()
    ends = np.array([[s.start - 0.5, s.stop - 0.5] for s in union(boxes)])
    corners = labels.index_to_ras(np.array([[ends[a][i >> a & 1] for a in range(3)] for i in range(8)]))
    return corners.min(axis=0) - MARGIN_MM, corners.max(axis=0) + MARGIN_MM


def grey_window(image: Volume, lower: np.ndarray, upper: np.ndarray) -> tuple[float, float]:
    """Black and white point: 2nd and 99.6th percentile of the dental box, so metal does not darken all."""
    values = resample_ras(image, 1.0, (lower, upper)).array
    low, high = np.percentile(values, (2.0, 99.6))
    return float(low), float(max(high, low + 1e-6))


def choose_slices(labels: Volume, lower: np.ndarray, upper: np.ndarray) -> list[Slice]:
    """Axial 4 mm inside the biting edges of each arch; coronal and sagittal where most tooth is cut."""
    coarse = resample_ras(labels, 0.8, (lower, upper), interpolation="nearest")
    array = coarse.array
    heights, depths, sides = (_places_along(coarse, axis) for axis in range(3))
    middle = (lower + upper) / 2
    slices = []
    for jaw in ("upper", "lower"):
        edges = []
        for fdi in np.unique(array[array > 0]):
            if dentition.jaw(int(fdi)) == jaw:
                own = heights[(array == fdi).any(axis=(1, 2))]
                edges.append(own.min() + 4.0 if jaw == "upper" else own.max() - 4.0)
        at = float(np.median(edges)) if edges else float(middle[2])
        slices.append(Slice(f"axial, {jaw} arch", 2, at, ("R", "L", "A", "P")))
    teeth = array > 0
    coronal = depths[int(teeth.sum(axis=(0, 2)).argmax())] if teeth.any() else middle[1]
    sagittal = sides[int(teeth.sum(axis=(0, 1)).argmax())] if teeth.any() else middle[0]
    slices.append(Slice("coronal", 1, float(coronal), ("R", "L", "S", "I")))
    slices.append(Slice("sagittal", 0, float(sagittal), ("A", "P", "S", "I")))
    return slices


def _places_along(volume: Volume, axis: int) -> np.ndarray:
    """RAS mm of an upright volume's planes across an array axis (z, y, x): superior, anterior, right."""
    index = np.zeros((volume.array.shape[axis], 3))
    index[:, axis] = np.arange(len(index))
    return volume.index_to_ras(index)[:, 2 - axis]


def slice_panel(
    image: Volume,
    labels: Volume,
    plane: Slice,
    box: tuple[np.ndarray, np.ndarray],
    window: tuple[float, float],
) -> np.ndarray:
    """(PANEL_PX, PANEL_PX, 3) uint8: one slice, teeth tinted, outlined and numbered."""
    from PIL import Image, ImageDraw

    lower, upper = (np.array(c, dtype=float) for c in box)
    others = [a for a in range(3) if a != plane.normal]
    spacing = float(max(upper[a] - lower[a] for a in others)) / PANEL_PX
    for a in others:  # a square field, so that all panels have one scale each and no distortion
        centre = (lower[a] + upper[a]) / 2
        lower[a], upper[a] = centre - PANEL_PX * spacing / 2, centre + PANEL_PX * spacing / 2
    lower[plane.normal], upper[plane.normal] = plane.at - spacing / 2, plane.at + spacing / 2
    grey = _flat(resample_ras(image, spacing, (lower, upper)).array, plane)
    fdi = _flat(resample_ras(labels, spacing, (lower, upper), interpolation="label").array, plane)
    level = np.clip((grey.astype(np.float32) - window[0]) / (window[1] - window[0]), 0, 1) ** 0.9
    picture = np.repeat((255 * level)[..., None], 3, axis=2)
    colors = palette().astype(np.float32)
    tooth = fdi > 0
    picture[tooth] = (1 - FILL_ALPHA) * picture[tooth] + FILL_ALPHA * colors[fdi[tooth]]
    edge = outline(fdi)
    picture[edge] = 0.15 * picture[edge] + 0.85 * colors[fdi[edge]]
    canvas = Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(canvas)
    draw_numbers(draw, fdi)
    label_panel(draw, plane.title, plane.letters, PANEL_PX, PANEL_PX, spacing)
    return np.asarray(canvas)


def _flat(array: np.ndarray, plane: Slice) -> np.ndarray:
    """The middle layer of a thin RAS array as a picture: patient's right (or front) on the left, top up."""
    layer = np.take(array, array.shape[2 - plane.normal] // 2, axis=2 - plane.normal)
    return layer[:PANEL_PX, :PANEL_PX][::-1, ::-1]


def outline(labels: np.ndarray) -> np.ndarray:
    """Pixels of a 2D label picture that have another label above, below, left or right of them."""
    return borders(labels, np.ones(labels.shape, bool)) & (labels > 0)


def view_panel(fields: list[Field], view: View, spacing: float, width: int, height: int) -> np.ndarray:
    """(height, width, 3) uint8: the shaded teeth from one side, numbered; a pixel is `spacing` mm wide."""
    from PIL import Image, ImageDraw

    drawn, places = render(fields, view, spacing)
    canvas = Image.new("RGB", (width, height), BACKGROUND)
    left, top = (width - drawn.shape[1]) // 2, 30 + (height - 30 - drawn.shape[0]) // 2
    canvas.paste(Image.fromarray(drawn), (left, top))
    draw = ImageDraw.Draw(canvas)
    for fdi, (column, row) in places.items():
        draw_number(draw, (left + column, top + row), fdi)
    right = "RAS"[view.right[0]] if view.right[1] > 0 else "LPI"[view.right[0]]
    opposite = "LPI"[view.right[0]] if view.right[1] > 0 else "RAS"[view.right[0]]
    label_panel(draw, view.title, (opposite, right, "S", "I"), width, height, spacing)
    return np.asarray(canvas)
