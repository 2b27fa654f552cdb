"""Nerve canals and sinuses on the panoramic view, and cross-sections where a tooth is nearest to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..checks.findings.nearness import shown_uncertainty
from ..checks.findings.words import STRUCTURE
from ..dentition import is_upper
from ..dentition.structure_origin import drawn_stretches
from ..dentition.structures import BY_KEY, BY_VALUE
from ..dentition.words import Sentence, Template
from ..files.volumes import Volume
from .drawing import NUMBER_PX
from .panorama import PANORAMIC, ArchSurface, draw_panorama, reformat, sample
from .shading import borders, palette

NEAR = Template(
    "Tooth {fdi:tooth}, cross-section where it is nearest to the {name:words}: {mm:.1f} mm (± {unsure:.1f} mm), the "
    "line; the cheek on the right"
)
#: What of the surroundings is drawn on the panoramic view.
SHOWN = tuple(key for key in BY_KEY if key.rpartition("_")[0] in ("canal", "sinus") or key in ("canal", "sinus"))
#: How far from the arch it may lie, mm; and in which steps it is looked for.
_ASIDE_MM, _LAYER_MM = 16.0, 1.0
#: Shown below a canal, mm.
_BELOW_MM = 4.0
_BLOCK_COLUMNS = 64
_EDGE, _FILL = 0.85, 0.3
#: Of a drawn stretch: long enough to be seen as one of dashes, mm.
_DASH_MM = 1.5

#: A tooth farther away than this has no cross-section; and how many there are of either at most.
NEAR_MM = {"canal": 6.0, "sinus": 2.0}
MOST_NEAR = 6
_WIDE_MM, _HIGH_MM, _PIXEL_MM, _THICK_MM = 24.0, 30.0, 0.06, 1.0
_LINE_RGB = (255, 70, 60)
#: Cosine of how far a section may lean.
_UPRIGHT = 0.7


# ---------------------------------------------------------------- on the panoramic view


def with_room(surface: ArchSurface, structures: Volume) -> ArchSurface:
    """The same surface, down to the canals where they lie deeper than it goes."""
    canals = [BY_KEY[key].value for key in SHOWN if key.startswith("canal")]
    found = np.argwhere(np.isin(structures.array, canals))
    if not len(found):
        return surface
    heights = structures.index_to_ras(found) @ surface.up
    lowest = float(np.percentile(heights, 1)) - _BELOW_MM
    rows = int(np.ceil((surface.top - lowest) / surface.spacing)) + 1
    return replace(surface, rows=max(surface.rows, rows))


def project(structures: Volume, surface: ArchSurface) -> np.ndarray:
    """Values of what of `SHOWN` lies near the arch, (rows, columns) uint8, canals before sinuses."""
    order = np.zeros(256, np.uint8)  # the larger wins
    for rank, key in enumerate(sorted(SHOWN, key=lambda key: key.startswith("canal")), start=1):
        order[BY_KEY[key].value] = rank
    back = np.zeros(len(SHOWN) + 1, np.uint8)
    back[order[order > 0]] = np.flatnonzero(order)
    flat = np.zeros(surface.shape, np.uint8)
    heights = (surface.top - surface.spacing * np.arange(surface.rows))[:, None, None] * surface.up
    wanted = structures.with_array(order[structures.array])
    for start in range(0, surface.shape[1], _BLOCK_COLUMNS):
        part = slice(start, start + _BLOCK_COLUMNS)
        for depth in np.arange(-_ASIDE_MM, _ASIDE_MM + _LAYER_MM / 2, _LAYER_MM):
            places = heights + surface.points[None, part] + depth * surface.outward[None, part]
            found, inside = sample(wanted, places, 0)
            np.maximum(flat[:, part], np.where(inside, found, 0).astype(np.uint8), out=flat[:, part])
    return back[flat]


def dashes(structures: Volume, surface: ArchSurface) -> list[tuple[float, float, float, float]]:
    """(column, row, column, row) of the dashes that mark where canals were drawn without being seen."""
    found = []
    for key in SHOWN:
        for line in drawn_stretches(structures.metadata, key):
            length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
            for begin in np.arange(0.0, length[-1], 2 * _DASH_MM):
                ends = [
                    [float(np.interp(at, length, line[:, axis])) for axis in range(3)]
                    for at in (begin, begin + _DASH_MM)
                ]
                (c0, r0, d0), (c1, r1, d1) = (surface.to_picture(np.array(end)) for end in ends)
                if max(abs(d0), abs(d1)) <= _ASIDE_MM:
                    found.append((c0, r0, c1, r1))
    return found


def overlay(flat: np.ndarray) -> np.ndarray:
    """(rows, columns, 4) uint8, as `draw_panorama` takes it: canals filled faintly, all outlined, in their colours."""
    canals = np.isin(flat, [BY_KEY[key].value for key in SHOWN if key.startswith("canal")])
    edge = borders(flat, np.ones(flat.shape, bool)) & (flat > 0)
    cover = np.where(edge, round(255 * _EDGE), np.where(canals, round(255 * _FILL), 0)).astype(np.uint8)
    return np.dstack([_colours()[flat], cover])


def outlined(picture: np.ndarray, flat: np.ndarray) -> np.ndarray:
    """A picture (h, w, 3) with the outlines of structures (h, w), in their colours."""
    out = picture.astype(np.float32)
    edge = borders(flat, np.ones(flat.shape, bool)) & (flat > 0)
    out[edge] = (1 - _EDGE) * out[edge] + _EDGE * _colours()[flat[edge]]
    return out.astype(np.uint8)


def _colours() -> np.ndarray:
    table = palette().copy()
    for value, one in BY_VALUE.items():
        table[value] = one.color
    return table


def draw_arch(
    image: Volume,
    labels: Volume,
    surface: ArchSurface,
    structures: Volume | None,
    width: int,
    height: int,
    findings: Sequence[tuple[int, Any]] = (),
    title: str = PANORAMIC,
    number_px: int = NUMBER_PX,
) -> np.ndarray:
    """`panorama.draw_panorama` of a scan and its teeth, with what lies around them where that is known."""
    if structures is None:
        return draw_panorama(reformat(image, labels, surface), width, height, findings, title, number_px)
    surface = with_room(surface, structures)
    over, marks = overlay(project(structures, surface)), dashes(structures, surface)
    return draw_panorama(reformat(image, labels, surface), width, height, findings, title, number_px, over, marks)


# ---------------------------------------------------------------- cross-sections


def near_sections(
    image: Volume,
    labels: Volume,
    structures: Volume,
    rows: Sequence[Mapping[str, Any]],
    surface: ArchSurface,
    window: tuple[float, float],
) -> list[tuple[Sentence, np.ndarray]]:
    """What is seen, in words, and the picture (h, w, 3) uint8: across the arch where teeth come nearest to a canal or
    sinus, with outlines and the line, the nearest first.

    Parameters
    ----------
    image, labels, structures : Volume
        Grey values, FDI numbers and values of `dentition.structures`, in one patient space.
    rows : sequence of mapping
        The teeth of the report.
    surface : ArchSurface
        Of `panorama.find_arch`.
    window : (float, float)
        Grey values that are shown black and white.
    """
    found = []
    for what, farthest in NEAR_MM.items():
        near = [(row["fdi"], row["around"][what]) for row in rows if what in row.get("around", {})]
        near = sorted((one for one in near if one[1]["mm"] <= farthest), key=lambda one: one[1]["mm"])
        for fdi, told in near[:MOST_NEAR]:
            said = NEAR(
                fdi=fdi,
                name=STRUCTURE[told["structure"]](),
                mm=told["mm"],
                unsure=shown_uncertainty(told["uncertainty_mm"]),
            )
            found.append((said, _section(image, labels, structures, fdi, told["line_ras"], surface, window)))
    return found


def _upward(line: np.ndarray, outward: np.ndarray, up: np.ndarray) -> np.ndarray:
    """(3,) the section's way up: that of the line, so that both of its ends are in the section, unless that leans far
    from the arch's."""
    across = line - (line @ outward) * outward
    length = np.linalg.norm(across)
    if length < 1e-6 or abs(across @ up) < _UPRIGHT * length:
        return up
    return across / length * (1 if across @ up > 0 else -1)


def _section(
    image: Volume,
    labels: Volume,
    structures: Volume,
    fdi: int,
    line: Sequence[Sequence[float]],
    surface: ArchSurface,
    window: tuple[float, float],
) -> np.ndarray:
    from PIL import Image, ImageDraw

    start, end = (np.asarray(place, float) for place in line)
    middle = (start + end) / 2
    column, _, _ = surface.to_picture(middle)
    outward, up = surface.outward[round(column)], _upward(end - start, surface.outward[round(column)], surface.up)
    along = np.cross(outward, up)
    # the place lies a third of the picture from the end to which roots point, so that the tooth is in it
    centre = middle + (_HIGH_MM / 6) * (-up if is_upper(fdi) else up)
    columns = np.arange(-_WIDE_MM / 2, _WIDE_MM / 2, _PIXEL_MM)
    heights = np.arange(_HIGH_MM / 2, -_HIGH_MM / 2, -_PIXEL_MM)
    plane = centre + heights[:, None, None] * up + columns[None, :, None] * outward
    layers = [sample(image, plane + depth * along, 1) for depth in np.linspace(-_THICK_MM / 2, _THICK_MM / 2, 3)]
    grey = np.mean([np.where(inside, values, window[0]) for values, inside in layers], axis=0)
    level = np.clip((grey - window[0]) / max(window[1] - window[0], 1e-6), 0, 1) ** 0.9
    picture = np.repeat(np.uint8(255 * level)[..., None], 3, axis=2)
    shown = [BY_KEY[key].value for key in SHOWN]
    for volume in (structures, labels):
        values, inside = sample(volume, plane, 0)
        inside &= (values > 0) if volume is labels else np.isin(values, shown)
        picture = outlined(picture, np.where(inside, values, 0).astype(np.uint8))
    canvas = Image.fromarray(picture)
    draw = ImageDraw.Draw(canvas)
    ends = [
        (
            (place - centre) @ outward / _PIXEL_MM + len(columns) / 2,
            len(heights) / 2 - (place - centre) @ up / _PIXEL_MM,
        )
        for place in (start, end)
    ]
    draw.line([*ends[0], *ends[1]], fill=_LINE_RGB, width=3)
    return np.asarray(canvas)
