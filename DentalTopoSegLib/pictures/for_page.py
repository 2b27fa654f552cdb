"""The single pictures of a page: the panoramic view, slices, views and a close-up of every finding.

Titles stand below them on the page, so none is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..dentition.words import Sentence, Template
from ..files.volumes import Volume, find_outside
from .annotations import severity_rgb
from .drawing import BACKGROUND, draw_numbers
from .jaw_scene import Scene, SideView, build_scene
from .jaws import OCCLUSAL_PX, draw_occlusal, draw_side, prepare_jaw
from .mesh_rendering import Rendering, labels_seen, render_mesh
from .panorama import find_arch
from .site_sections import site_pictures
from .structure_drawing import draw_arch, near_sections
from .volumes import PANORAMA_PX, Slice, choose_slices, dental_box, grey_window, slice_panel, view_panels
from .voxel_rendering import VIEWS, render, tooth_fields

PANORAMA = Template("Panoramic view, the patient's right on the left; findings have their numbers")
PANORAMA_AROUND = Template(
    "Panoramic view, the patient's right on the left, with nerve canals and sinuses; a canal is dashed where it is "
    "drawn, not seen; findings have their numbers"
)
SLICES = {
    "axial, upper arch": Template("Axial slice through the upper teeth, seen from below"),
    "axial, lower arch": Template("Axial slice through the lower teeth, seen from below"),
    "coronal": Template("Coronal slice, seen from the front"),
    "sagittal": Template("Sagittal slice, seen from the patient's right"),
}
SIDES = (
    Template("From the patient's right"),
    Template("From the front"),
    Template("From the patient's left"),
)
CHEWING = {"upper": Template("Upper jaw, from below"), "lower": Template("Lower jaw, from above")}
NEAR_AXIAL = Template("Axial slice at the place")
NEAR_CORONAL = Template("Coronal slice at the place")
NEAR = Template("Close-up")

#: More findings than these have no picture of their own: a page stays small.
MOST_PICTURED = 40
#: The same of places without a tooth.
MOST_SITES = 8
WIDE_PX = 1400
VIEW_PX = 460
_WIDE_NUMBER_PX = 20
_CLOSE_UP_PX = 320
#: What a close-up shows around the place, mm.
_AROUND_MM = 16.0
_RING_PX = 26
#: Voxels of the surfaces that close-ups of findings are cut from.
_FINE_MM = 0.2
_JPEG_QUALITY = 86


@dataclass(frozen=True)
class Drawn:
    """A picture, (h, w, 3) uint8, and what it shows, in words."""

    what: Sentence
    image: np.ndarray

    def jpeg(self) -> bytes:
        """As a file."""
        from PIL import Image

        stream = io.BytesIO()
        Image.fromarray(self.image).save(stream, format="JPEG", quality=_JPEG_QUALITY, optimize=True)
        return stream.getvalue()


@dataclass(frozen=True)
class Drawings:
    """panorama: None where there is none; pictures: the others; of_findings: by their place in the list, from 0."""

    panorama: Drawn | None
    pictures: Sequence[Drawn]
    of_findings: Mapping[int, Sequence[Drawn]]


# ---------------------------------------------------------------- label maps


def drawings_of_labels(
    labels: Volume,
    image: Volume | None,
    findings: Sequence[Any],
    sites: Sequence[Mapping[str, Any]] = (),
    structures: Volume | None = None,
    teeth: Sequence[Mapping[str, Any]] = (),
) -> Drawings:
    """Of a label map (FDI numbers) on its scan, or without it.

    Parameters
    ----------
    labels : Volume
        FDI numbers, at least one tooth.
    image : Volume or None
        Grey values in the same patient space, any grid: gives the panoramic view, slices and close-ups in grey.
    findings : sequence of Finding
        Those of the page, in its order.
    sites : sequence of mapping
        Places without a tooth, of the report: each gets its cross-sections from the scan.
    structures : Volume, optional
        What lies around the teeth, values of `dentition.structures`: canals and sinuses are on the panoramic view.
    teeth : sequence of mapping
        Those of the report: each that is near to a canal or sinus gets a cross-section there.
    """
    box = dental_box(labels)
    views = [
        Drawn(what(), panel) for what, panel in zip(SIDES, view_panels(labels, box, VIEW_PX, titles=False), strict=True)
    ]
    if image is None:
        return Drawings(None, views, _near_surfaces(labels, findings))
    outside = find_outside(image)
    grey = image if outside is None else outside.filled(image)
    window = grey_window(grey, *box)
    slices = [
        Drawn(SLICES[plane.title](), slice_panel(grey, labels, replace(plane, title=""), box, window))
        for plane in choose_slices(labels, *box)
    ]
    arch = find_arch(labels)
    panorama = None
    if arch is not None:
        listed = list(enumerate(findings, start=1))
        flat = draw_arch(grey, labels, arch, structures, WIDE_PX, PANORAMA_PX, listed, "", _WIDE_NUMBER_PX)
        panorama = Drawn((PANORAMA if structures is None else PANORAMA_AROUND)(), flat)
    near = {i: _near_slices(grey, labels, finding, window) for i, finding in _placed(findings)}
    sections = [Drawn(*seen) for site in sites[:MOST_SITES] for seen in site_pictures(grey, site, window)]
    if arch is not None and structures is not None:
        sections += [Drawn(*seen) for seen in near_sections(grey, labels, structures, teeth, arch, window)]
    return Drawings(panorama, [*views, *slices, *sections], near)


def _placed(findings: Iterable[Any]) -> list[tuple[int, Any]]:
    placed = [(i, finding) for i, finding in enumerate(findings) if finding.position_ras is not None]
    return placed[:MOST_PICTURED]


def _near_slices(image: Volume, labels: Volume, finding: Any, window: tuple[float, float]) -> list[Drawn]:
    place = np.asarray(finding.position_ras, float)
    box = place - _AROUND_MM, place + _AROUND_MM
    planes = (
        (NEAR_AXIAL, Slice("", 2, place[2], ("R", "L", "A", "P"))),
        (NEAR_CORONAL, Slice("", 1, place[1], ("R", "L", "S", "I"))),
    )
    return [
        Drawn(what(), _ringed(slice_panel(image, labels, plane, box, window), finding.severity))
        for what, plane in planes
    ]


def _near_surfaces(labels: Volume, findings: Sequence[Any]) -> dict[int, list[Drawn]]:
    """Close-ups of the teeth as surfaces, each from the side that its place lies on."""
    placed = _placed(findings)
    if not placed:
        return {}
    spacing = _FINE_MM
    fields = tooth_fields(labels, spacing)
    lower = np.min([corner for _, _, corner in fields], axis=0)
    middle = np.mean(dental_box(labels), axis=0)
    rendered: dict[int, tuple[np.ndarray, Mapping[int, tuple[float, float]]]] = {}
    near = {}
    for i, finding in placed:
        place = np.asarray(finding.position_ras, float)
        side = _side_of(place - middle)
        if side not in rendered:
            rendered[side] = render(fields, VIEWS[side], spacing)
        picture, _ = rendered[side]
        axis, sign = VIEWS[side].right
        along = (place[axis] - lower[axis]) / spacing
        column = along if sign > 0 else picture.shape[1] - along
        row = picture.shape[0] - (place[2] - lower[2]) / spacing
        cut = _cut_out(picture, column, row, _AROUND_MM / spacing)
        near[i] = [Drawn(SIDES[side](), _ringed(cut, finding.severity))]
    return near


def _side_of(offset: np.ndarray) -> int:
    """Of `VIEWS`: from the front what is in front of the middle by more than aside, else from its own cheek."""
    if offset[1] > abs(offset[0]):
        return 1
    return 0 if offset[0] > 0 else 2


# ---------------------------------------------------------------- jaws


def drawings_of_jaw(jaw: Mapping[str, Any], findings: Sequence[Any]) -> Drawings:
    """Of one labelled jaw, as `jaws.jaw_png` takes it.

    findings : sequence of Finding
        Those of the page; those of another jaw get no picture.
    """
    drawn = prepare_jaw(jaw)
    mine = [(i, finding) for i, finding in _placed(findings) if finding.detail.get("jaw", drawn.which) == drawn.which]
    chewing = draw_occlusal(drawn, [(i + 1, finding) for i, finding in mine], single=True, title="")
    scene = build_scene([drawn])
    sides = [_side(scene, view) for view in scene.views]
    pictures = [Drawn(CHEWING[drawn.which](), chewing)]
    pictures += [Drawn(what(), panel) for what, panel in zip(SIDES, sides, strict=True)]
    return Drawings(None, pictures, _near_crowns(drawn, mine))


def _side(scene: Scene, view: SideView) -> np.ndarray:
    _, rotation, letters = view
    return draw_side(scene, ("", rotation, letters), (OCCLUSAL_PX, OCCLUSAL_PX * 3 // 4))


def _near_crowns(jaw: Any, findings: Sequence[tuple[int, Any]]) -> dict[int, list[Drawn]]:
    """Close-ups from the chewing side, cut from one large picture with its numbers."""
    from PIL import Image, ImageDraw

    if not findings:
        return {}
    width, depth = np.ptp(jaw.points, axis=0)[:2]
    spacing = 2 * _AROUND_MM / _CLOSE_UP_PX
    size = int(width / spacing) + 40, int(depth / spacing) + 40
    drawn: Rendering = render_mesh(
        jaw.points,
        jaw.faces,
        jaw.rgb,
        np.eye(3),
        size,
        normals=jaw.normals,
        face_group=jaw.fdi,
        spacing=spacing,
        supersampling=1,
    )
    image = Image.fromarray(drawn.image)
    draw_numbers(ImageDraw.Draw(image), labels_seen(drawn.face, jaw.fdi), jaw.doubtful)
    near = {}
    for i, finding in findings:
        column, row, _ = drawn.project(jaw.from_file(finding.position_ras))[0]
        cut = _cut_out(np.asarray(image), column, row, _CLOSE_UP_PX / 2)
        near[i] = [Drawn(NEAR(), _ringed(cut, finding.severity))]
    return near


# ---------------------------------------------------------------- close-ups


def _cut_out(picture: np.ndarray, column: float, row: float, half: float) -> np.ndarray:
    """A square around a place, paper where the picture ends."""
    side, corner = round(2 * half), np.array([round(row - half), round(column - half)])
    cut = np.full((side, side, 3), BACKGROUND, np.uint8)
    begin = np.clip(corner, 0, picture.shape[:2])
    end = np.clip(corner + side, 0, picture.shape[:2])
    if (end > begin).all():
        into = begin - corner
        height, width = end - begin
        cut[into[0] : into[0] + height, into[1] : into[1] + width] = picture[begin[0] : end[0], begin[1] : end[1]]
    return cut


def _ringed(picture: np.ndarray, severity: str) -> np.ndarray:
    """The close-up in its size, with a ring around its middle."""
    from PIL import Image, ImageDraw

    canvas = Image.fromarray(picture).resize((_CLOSE_UP_PX, _CLOSE_UP_PX), Image.Resampling.LANCZOS)
    middle = _CLOSE_UP_PX / 2
    ring = (middle - _RING_PX, middle - _RING_PX, middle + _RING_PX, middle + _RING_PX)
    draw = ImageDraw.Draw(canvas)
    draw.ellipse(ring, outline=(0, 0, 0), width=5)
    draw.ellipse(ring, outline=severity_rgb(severity), width=3)
    return np.asarray(canvas)
