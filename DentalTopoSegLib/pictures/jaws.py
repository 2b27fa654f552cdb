"""One picture of one or two numbered jaws: from the chewing side, from the front and from both cheeks.

What a viewer really sees, nothing is mirrored: an upper jaw looked at from below has the patient's right on the
picture's left, a lower jaw looked at from above has it on the right. Letters at the sides say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from .. import dentition
from ..checks.measures.jaw import JawCase
from .annotations import MOST_FINDINGS, draw_badges, draw_legend, hatch
from .drawing import GAP, HEAD_PX, draw_numbers, label_panel, new_page, write_png
from .jaw_scene import DrawnJaw, Scene, SideView, build_scene
from .mesh_rendering import Rendering, labels_seen, render_mesh
from .shading import palette

OCCLUSAL_PX = 600
#: Coarser than this many triangles, a jaw costs little enough to be drawn with four samples per pixel.
FINE_FACES = 600_000
_PAINTERS = 2  # panels drawn at a time


def jaw_png(
    path: str | os.PathLike[str],
    jaws: Sequence[Mapping[str, Any]],
    title: str,
    findings: Iterable[Any] | None = None,
) -> Path:
    """Draw one labelled jaw, or the upper and the lower one, into a PNG, whole or not at all.

    Parameters
    ----------
    path : path-like
        Of the PNG.
    jaws : sequence of mappings
        `vertices` (V, 3) mm and their unit `normals` (V, 3), `faces` (F, 3), `face_fdi` (F,), `frame` (4, 4) from these
        mm to the canonical ones, `jaw` "upper" or "lower"; where known `confidence` {FDI: 0..1} (a tooth below
        `JawCase.low_confidence` is hatched, its number gets a question mark) and `scale`, mm per unit of the file
        (default 1).
    title : str
        Stands above it, before the number of teeth.
    findings : iterable of Finding, optional
        Numbered in the picture and listed below it. Their places are in file coordinates, `detail["jaw"]` says of
        which jaw.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    OutputError
        The file cannot be written.
    ValueError
        No jaw, or more than two.
    """
    # level 3 takes a third of the time of Pillow's usual one, for a file hardly larger
    return write_png(path, compose(jaws, title, findings), compress_level=3)


def compose(jaws: Sequence[Mapping[str, Any]], title: str, findings: Iterable[Any] | None = None) -> np.ndarray:
    """The picture of `jaw_png` as an (height, width, 3) uint8 array. ValueError without jaws or for more than two."""
    from PIL import Image

    if not 1 <= len(jaws) <= 2:
        raise ValueError(f"A picture shows one or two jaws, not {len(jaws)}.")
    drawn = sorted((prepare_jaw(jaw) for jaw in jaws), key=lambda jaw: jaw.which != "upper")
    listed = list(findings or ())
    shown = [(i, finding) for i, finding in enumerate(listed, 1) if i <= MOST_FINDINGS]
    width, body, size, places = _layout(len(drawn))
    scene = build_scene(drawn)
    with ThreadPoolExecutor(_PAINTERS) as pool:
        jobs = [pool.submit(draw_occlusal, jaw, shown, single=len(drawn) == 1) for jaw in drawn]
        jobs += [pool.submit(draw_side, scene, view, size) for view in scene.views]
        panels = [job.result() for job in jobs]
    legend = draw_legend(listed, shown, width - 2 * GAP)
    teeth = sum(int(np.count_nonzero(np.bincount(jaw.fdi)[1:])) for jaw in drawn)
    canvas, _ = new_page(width, body + GAP + legend.shape[0], title, teeth)
    for panel, (left, top) in zip(panels, places, strict=True):
        canvas.paste(Image.fromarray(panel), (left, HEAD_PX + top))
    canvas.paste(Image.fromarray(legend), (GAP, HEAD_PX + body + GAP))
    return np.asarray(canvas)


def _layout(jaws: int) -> tuple[int, int, tuple[int, int], list[tuple[int, int]]]:
    """Width of the page, height of its panels, size of a side view, and left and top of every panel, px."""
    if jaws == 1:
        size = (OCCLUSAL_PX - 40, (OCCLUSAL_PX - 2 * GAP) // 3)
        places = [(GAP, 0), *((2 * GAP + OCCLUSAL_PX, i * (size[1] + GAP)) for i in range(3))]
        return OCCLUSAL_PX + size[0] + 3 * GAP, OCCLUSAL_PX, size, places
    width = 2 * OCCLUSAL_PX + 3 * GAP
    size = ((width - 4 * GAP) // 3, 330)
    places = [(GAP, 0), (2 * GAP + OCCLUSAL_PX, 0)]
    places += [(GAP + i * (size[0] + GAP), OCCLUSAL_PX + GAP) for i in range(3)]
    return width, OCCLUSAL_PX + GAP + size[1], size, places


def prepare_jaw(jaw: Mapping[str, Any]) -> DrawnJaw:
    """A jaw as `jaw_png` takes it, ready to be drawn. ValueError for another jaw than "upper" and "lower"."""
    if jaw["jaw"] not in ("upper", "lower"):
        raise ValueError(f'The jaw must be "upper" or "lower", not {jaw["jaw"]!r}.')
    frame = np.asarray(jaw["frame"], float)
    points = np.asarray(jaw["vertices"], float) @ frame[:3, :3].T + frame[:3, 3]
    normals = np.asarray(jaw["normals"], float) @ frame[:3, :3].T
    faces, fdi = np.asarray(jaw["faces"]), np.asarray(jaw["face_fdi"]).astype(np.uint8, copy=False)
    confidence = jaw.get("confidence") or {}
    doubtful = frozenset(int(number) for number, sure in confidence.items() if not sure >= JawCase.low_confidence)
    return DrawnJaw(
        jaw["jaw"],
        points,
        faces,
        fdi,
        normals,
        palette(dentition.GINGIVA_RGB)[fdi],
        doubtful,
        frame,
        float(jaw.get("scale", 1.0)),
    )


def _samples(faces: np.ndarray) -> int:
    return 2 if len(faces) <= FINE_FACES else 1


def draw_occlusal(
    jaw: DrawnJaw, findings: Sequence[tuple[int, Any]], single: bool, title: str | None = None
) -> np.ndarray:
    """The chewing side, front up, with the findings of this jaw; title: None names the side."""
    from PIL import Image, ImageDraw

    size = (OCCLUSAL_PX, OCCLUSAL_PX)
    drawn = render_mesh(
        jaw.points,
        jaw.faces,
        jaw.rgb,
        np.eye(3),
        size,
        normals=jaw.normals,
        face_group=jaw.fdi,
        margin_px=34,
        supersampling=_samples(jaw.faces),
    )
    labels = labels_seen(drawn.face, jaw.fdi)
    image = Image.fromarray(hatch(drawn.image, labels, jaw.doubtful))
    draw = ImageDraw.Draw(image)
    draw_numbers(draw, labels, jaw.doubtful)
    mine = []
    for number, finding in findings:
        if finding.position_ras is not None and (single or finding.detail.get("jaw") == jaw.which):
            mine.append((number, finding, drawn.project(jaw.from_file(finding.position_ras))[0, :2]))
    draw_badges(draw, mine, size)
    upper = jaw.which == "upper"
    if title is None:
        title = "upper jaw, from below" if upper else "lower jaw, from above"
    label_panel(draw, title, ("R", "L", "A", "P") if upper else ("L", "R", "A", "P"), *size, drawn.spacing)
    return np.asarray(image)


def draw_side(scene: Scene, view: SideView, size: tuple[int, int]) -> np.ndarray:
    """One view of the scene."""
    from PIL import Image, ImageDraw

    title, rotation, letters = view
    drawn = render_mesh(
        scene.points,
        scene.faces,
        scene.rgb,
        rotation,
        size,
        normals=scene.normals,
        face_group=scene.groups,
        margin_px=22,
        supersampling=_samples(scene.faces),
    )
    labels = labels_seen(drawn.face, scene.groups)
    whole = outline_areas(scene.points, scene.faces, scene.groups, drawn)
    image = Image.fromarray(hatch(drawn.image, labels, scene.doubtful))
    draw = ImageDraw.Draw(image)
    draw_numbers(draw, labels, scene.doubtful, whole)
    label_panel(draw, title, letters, *size, drawn.spacing)
    return np.asarray(image)


def outline_areas(points: np.ndarray, faces: np.ndarray, groups: np.ndarray, drawn: Rendering) -> dict[int, float]:
    """{group: pixels inside the convex outline of the whole crown}, hidden parts included."""
    from scipy.spatial import ConvexHull, QhullError

    tooth = np.flatnonzero(groups % 100)
    order = tooth[np.argsort(groups[tooth], kind="stable")]
    areas = {}
    for part in np.split(order, np.flatnonzero(np.diff(groups[order])) + 1):
        if not len(part):
            continue
        few = part[:: len(part) // 400 + 1]
        try:
            areas[int(groups[part[0]])] = ConvexHull(drawn.project(points[faces[few].ravel()])[:, :2]).volume
        except QhullError:  # a crown of a few triangles seen edge-on has no outline, hence no number here
            continue
    return areas
