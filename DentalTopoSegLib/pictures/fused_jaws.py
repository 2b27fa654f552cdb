"""One picture of jaws whose scanned crowns stand on the roots of a CBCT, and of how well the two fit.

Above, from the patient's right, the front and the left: what the scanner saw in one colour, what only the CBCT shows in
another. Below, from the chewing side: how far each place of the scan lies from the CBCT's edge.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .drawing import FAINT, GAP, HEAD_PX, TEXT, draw_numbers, font, label_panel, new_page, write_png
from .jaw_scene import CHEEK_DEG, TILT_DEG, side_rotation
from .jaws import outline_areas
from .mesh_rendering import labels_seen, render_mesh

CROWN_RGB, ROOT_RGB, GUM_RGB = (236, 226, 201), (94, 148, 190), (196, 140, 136)
#: Colours of distances, mm; between them in proportion. Dark to light and blue to red, for every kind of sight.
SCALE = ((0.0, (44, 92, 160)), (0.1, (126, 196, 190)), (0.2, (250, 222, 112)), (0.3, (200, 44, 40)))
UNKNOWN_RGB = (128, 130, 136)
_OCCLUSAL_PX = (560, 430)
_BAR_PX = 56
_LPS_TO_RAS = np.array([-1.0, -1.0, 1.0])
#: From below and from above; rows to the picture's right, up, to the viewer, in head axes (R, A, S).
_OCCLUSAL = {
    "upper": ("upper jaw, from below", np.diag([-1.0, 1.0, -1.0]), ("R", "L", "A", "P")),
    "lower": ("lower jaw, from above", np.eye(3), ("L", "R", "A", "P")),
}


@dataclass(frozen=True)
class FusedJaw:
    """A jaw to be drawn; places in LPS mm.

    Parameters
    ----------
    jaw : str
        "upper" or "lower".
    teeth : list of (surface, (V,) bool)
        Surfaces with `fdi`, `vertices` and `faces`, and which of the vertices the scanner saw.
    scan : surface
        The whole scan, with `vertices` and `faces`.
    fdi : (W,) int array
        The number of every vertex of the scan, 0 gum.
    residuals : (W,) array
        Their distances from the CBCT, mm; NaN where unknown.
    median_mm : float
        Of these distances.
    """

    jaw: str
    teeth: Sequence[tuple[Any, np.ndarray]]
    scan: Any
    fdi: np.ndarray
    residuals: np.ndarray
    median_mm: float


def fused_jaws_png(path: str | os.PathLike[str], jaws: Sequence[FusedJaw], title: str) -> Path:
    """Draw one or two fused jaws into a PNG, whole or not at all.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    return write_png(path, compose(jaws, title), compress_level=6)


def compose(jaws: Sequence[FusedJaw], title: str) -> np.ndarray:
    """The picture as an (height, width, 3) uint8 array."""
    from PIL import Image, ImageDraw

    width = 2 * _OCCLUSAL_PX[0] + 3 * GAP
    side = ((width - 4 * GAP) // 3, 380)
    teeth = sum(len(jaw.teeth) for jaw in jaws)
    canvas, _ = new_page(width, side[1] + _OCCLUSAL_PX[1] + _BAR_PX + 2 * GAP, title, teeth)
    for i, panel in enumerate(_side_views(jaws, side)):
        canvas.paste(Image.fromarray(panel), (GAP + i * (side[0] + GAP), HEAD_PX))
    top, left = HEAD_PX + side[1] + GAP, GAP
    if len(jaws) == 1:
        left = (width - _OCCLUSAL_PX[0]) // 2
    for i, jaw in enumerate(jaws):
        canvas.paste(Image.fromarray(_residual_view(jaw)), (left + i * (_OCCLUSAL_PX[0] + GAP), top))
    _draw_legend(ImageDraw.Draw(canvas), width, top + _OCCLUSAL_PX[1] + GAP)
    return np.asarray(canvas)


def _side_views(jaws: Sequence[FusedJaw], size: tuple[int, int]) -> list[np.ndarray]:
    from PIL import Image, ImageDraw

    points, faces, groups, rgb, offset = [], [], [], [], 0
    for i, jaw in enumerate(jaws):
        for surface, scanned in jaw.teeth:
            points.append(surface.vertices * _LPS_TO_RAS)
            faces.append(surface.faces + offset)
            groups.append(np.full(len(surface.faces), surface.fdi + 100 * i, np.int32))
            crown = scanned[surface.faces].mean(axis=1) >= 0.5
            rgb.append(np.where(crown[:, None], CROWN_RGB, ROOT_RGB))
            offset += len(surface.vertices)
    if not points:
        return []
    everything = [np.concatenate(part) for part in (points, faces, rgb, groups)]
    tilt = 0.0 if len(jaws) == 2 else (-TILT_DEG if jaws[0].jaw == "upper" else TILT_DEG)
    views = (
        ("from the patient's right", CHEEK_DEG, ("P", "A", "S", "I")),
        ("from the front", 0.0, ("R", "L", "S", "I")),
        ("from the patient's left", -CHEEK_DEG, ("A", "P", "S", "I")),
    )
    panels = []
    for title, azimuth, letters in views:
        drawn = render_mesh(
            everything[0],
            everything[1],
            everything[2],
            side_rotation(azimuth, tilt),
            size,
            face_group=everything[3],
            margin_px=26,
        )
        image = Image.fromarray(drawn.image)
        draw = ImageDraw.Draw(image)
        whole = outline_areas(everything[0], everything[1], everything[3], drawn)
        draw_numbers(draw, labels_seen(drawn.face, everything[3]), whole=whole)
        label_panel(draw, title, letters, *size, drawn.spacing)
        panels.append(np.asarray(image))
    return panels


def _residual_view(jaw: FusedJaw) -> np.ndarray:
    from PIL import Image, ImageDraw

    title, rotation, letters = _OCCLUSAL[jaw.jaw]
    faces = jaw.scan.faces
    of_corners = jaw.fdi[faces]
    groups = np.where((of_corners == of_corners[:, :1]).all(axis=1), of_corners[:, 0], 0).astype(np.int32)
    known = np.isfinite(jaw.residuals[faces])
    count = known.sum(axis=1)
    mean = np.where(known, jaw.residuals[faces], 0.0).sum(axis=1) / np.maximum(count, 1)
    rgb = np.where((count > 0)[:, None], residual_rgb(mean), UNKNOWN_RGB)
    rgb = np.where((groups == 0)[:, None], GUM_RGB, rgb)
    drawn = render_mesh(
        jaw.scan.vertices * _LPS_TO_RAS, faces, rgb, rotation, _OCCLUSAL_PX, face_group=groups, margin_px=34
    )
    image = Image.fromarray(drawn.image)
    draw = ImageDraw.Draw(image)
    draw_numbers(draw, labels_seen(drawn.face, groups))
    label_panel(draw, title, letters, *_OCCLUSAL_PX, drawn.spacing)
    style = {"font": font(14), "stroke_width": 2, "stroke_fill": (0, 0, 0)}
    draw.text((8, _OCCLUSAL_PX[1] - 8), f"median distance {jaw.median_mm:.2f} mm", fill=TEXT, anchor="ls", **style)
    return np.asarray(image)


def residual_rgb(millimetres: np.ndarray) -> np.ndarray:
    """(N, 3) colours 0-255 of (N,) distances."""
    at = [mm for mm, _ in SCALE]
    return np.stack([np.interp(millimetres, at, [rgb[k] for _, rgb in SCALE]) for k in range(3)], axis=-1)


def _draw_legend(draw: Any, width: int, top: int) -> None:
    style = {"font": font(14)}
    left = GAP
    swatches = (
        (CROWN_RGB, "crown: intraoral scan"),
        (ROOT_RGB, "root: CBCT"),
        (UNKNOWN_RGB, "not comparable"),
    )
    for rgb, text in swatches:
        draw.rectangle((left, top + 6, left + 22, top + 22), fill=rgb)
        draw.text((left + 30, top + 14), text, fill=TEXT, anchor="lm", **style)
        left += 44 + int(draw.textlength(text, **style))
    long, right = 260, width - GAP - 60
    draw.text((right - long - 12, top + 14), "scan to CBCT", fill=TEXT, anchor="rm", **style)
    for i in range(long):
        rgb = residual_rgb(np.array([SCALE[-1][0] * i / (long - 1)]))[0]
        draw.line((right - long + i, top + 6, right - long + i, top + 22), fill=tuple(int(c) for c in rgb))
    for mm, _ in SCALE:
        text = f"{mm:g}" if mm < SCALE[-1][0] else f"{mm:g} mm or more"
        draw.text((right - long + long * mm / SCALE[-1][0], top + 28), text, fill=FAINT, anchor="mt", **style)
