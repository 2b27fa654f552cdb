"""One picture of one or two numbered jaws: from the chewing side, from the front and from both cheeks.

What a viewer really sees, nothing is mirrored: an upper jaw looked at from below has the patient's right on the
picture's left, a lower jaw looked at from above has it on the right. Letters at the sides say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .. import dentition
from ..checks.measures.jaw import JawCase
from .drawing import BACKGROUND, FAINT, GAP, TEXT, draw_number, font, label_panel
from .mesh_raster import Rendering, render_mesh
from .tooth_rendering import VISIBLE_SHARE, largest_pieces

__all__ = ["Rendering", "jaw_png", "render_mesh"]

GUM_RGB = (205, 165, 160)
OCCLUSAL_PX = 600
#: Coarser than this many triangles, a jaw costs little enough to be drawn with four samples per pixel.
FINE_FACES = 600_000
#: The views from the cheeks look this far round from the front, as a photographer with a mirror would.
CHEEK_DEG = 65.0
#: A single jaw is seen a little from its chewing side, so that crowns hide less of each other.
TILT_DEG = 14.0
#: Jaws whose directions differ by no more than this lie in a common bite.
SAME_BITE_DEG = 25.0
APART_MM = 4.0
MOST_FINDINGS = 12
_PAINTERS = 2  # panels drawn at a time
_SEVERITY_RGB = {"error": (255, 92, 84), "warning": (255, 190, 64), "info": (130, 180, 235)}
_BADGE_PX = 9
_HATCH_PX = 9
#: Canonical axes of an upper jaw in head axes (R, A, S); those of a lower jaw are the head's.
_UPPER_TO_HEAD = np.diag([-1.0, 1.0, -1.0])


@dataclass(frozen=True)
class _Jaw:
    """One jaw to be drawn: canonical mm (x, y, z), its way to head axes, labels and colours per face."""

    which: str
    points: np.ndarray
    faces: np.ndarray
    fdi: np.ndarray
    normals: np.ndarray
    rgb: np.ndarray
    doubtful: frozenset[int]
    frame: np.ndarray
    scale: float

    @property
    def to_head(self) -> np.ndarray:
        return _UPPER_TO_HEAD if self.which == "upper" else np.eye(3)

    def from_file(self, place: Iterable[float]) -> np.ndarray:
        """(3,) canonical mm of a point in the file's own coordinates."""
        return self.frame[:3, :3] @ (np.asarray(tuple(place), float) * self.scale) + self.frame[:3, 3]


def jaw_png(
    path: str | os.PathLike[str],
    jaws: Sequence[Mapping[str, Any]],
    title: str,
    findings: Iterable[Any] | None = None,
) -> Path:
    """Draw one labelled jaw, or the upper and the lower one, into a PNG, whole or not at all.

    jaws: dicts of ``vertices`` (V, 3) mm and their unit ``normals``, ``faces`` (F, 3), ``face_fdi`` (F,), ``frame``
    (4, 4) from these mm to the canonical ones, ``jaw`` "upper" or "lower", and where known ``confidence``
    {FDI: 0..1} (a tooth below `JawCase.low_confidence` is hatched, its number gets a question mark) and
    ``scale``, mm per unit of the file (default 1). findings: findings.Finding; their places are in file coordinates,
    ``detail["jaw"]`` says of which jaw. They are numbered in the picture and listed below it. Raises OutputError.
    """
    from PIL import Image

    from ..files.transactions import atomic_path

    canvas = compose(jaws, title, findings)
    path = Path(path)
    with atomic_path(path) as temporary:
        # level 3 takes a third of the time of Pillow's usual one, for a file 5 % larger
        Image.fromarray(canvas).save(temporary, format="PNG", compress_level=3)
    return path


def compose(jaws: Sequence[Mapping[str, Any]], title: str, findings: Iterable[Any] | None = None) -> np.ndarray:
    """The picture of jaw_png as an (height, width, 3) uint8 array. ValueError without jaws or for more than two."""
    from PIL import Image, ImageDraw

    if not 1 <= len(jaws) <= 2:
        raise ValueError(f"A picture shows one or two jaws, not {len(jaws)}.")
    drawn = sorted((_prepared(jaw) for jaw in jaws), key=lambda jaw: jaw.which != "upper")
    listed = list(findings or ())
    shown = [(i, finding) for i, finding in enumerate(listed, 1) if i <= MOST_FINDINGS]
    if len(drawn) == 1:
        size = (OCCLUSAL_PX - 40, (OCCLUSAL_PX - 2 * GAP) // 3)
        width, body = OCCLUSAL_PX + size[0] + 3 * GAP, OCCLUSAL_PX
        places = [(GAP, 0), *((2 * GAP + OCCLUSAL_PX, i * (size[1] + GAP)) for i in range(3))]
    else:
        width = 2 * OCCLUSAL_PX + 3 * GAP
        size = ((width - 4 * GAP) // 3, 330)
        body = OCCLUSAL_PX + GAP + size[1]
        places = [(GAP, 0), (2 * GAP + OCCLUSAL_PX, 0)]
        places += [(GAP + i * (size[0] + GAP), OCCLUSAL_PX + GAP) for i in range(3)]
    scene = _scene(drawn)
    with ThreadPoolExecutor(_PAINTERS) as pool:
        jobs = [pool.submit(_occlusal, jaw, shown, single=len(drawn) == 1) for jaw in drawn]
        jobs += [pool.submit(_side, scene, view, size) for view in scene.views]
        panels = [job.result() for job in jobs]
    legend = _legend(listed, shown, width - 2 * GAP)
    head = 46
    canvas = Image.new("RGB", (width, head + body + GAP + legend.shape[0]), BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    teeth = sum(int(np.count_nonzero(np.bincount(jaw.fdi)[1:])) for jaw in drawn)
    draw.text(
        (GAP, 10), f"{title}: {teeth} {'tooth' if teeth == 1 else 'teeth'}, FDI numbers", fill=TEXT, font=font(22)
    )
    draw.text((width - GAP, 16), "Research software, not a medical device", fill=FAINT, font=font(15), anchor="ra")
    for panel, (left, top) in zip(panels, places, strict=True):
        canvas.paste(Image.fromarray(panel), (left, head + top))
    canvas.paste(Image.fromarray(legend), (GAP, head + body + GAP))
    return np.asarray(canvas)


def _prepared(jaw: Mapping[str, Any]) -> _Jaw:
    if jaw["jaw"] not in ("upper", "lower"):
        raise ValueError(f'The jaw must be "upper" or "lower", not {jaw["jaw"]!r}.')
    frame = np.asarray(jaw["frame"], float)
    points = np.asarray(jaw["vertices"], float) @ frame[:3, :3].T + frame[:3, 3]
    normals = np.asarray(jaw["normals"], float) @ frame[:3, :3].T
    faces, fdi = np.asarray(jaw["faces"]), np.asarray(jaw["face_fdi"]).astype(np.uint8, copy=False)
    table = np.tile(np.array(GUM_RGB, np.uint8), (256, 1))
    for number in np.flatnonzero(np.bincount(fdi)):
        if dentition.is_tooth(int(number)):
            table[number] = dentition.color(int(number))
    confidence = jaw.get("confidence") or {}
    doubtful = frozenset(int(number) for number, sure in confidence.items() if not sure >= JawCase.low_confidence)
    return _Jaw(
        jaw["jaw"],
        points,
        faces,
        fdi,
        normals,
        table[fdi],
        doubtful,
        frame,
        float(jaw.get("scale", 1.0)),
    )


def _samples(faces: np.ndarray) -> int:
    return 2 if len(faces) <= FINE_FACES else 1


# ---------------------------------------------------------------- panels


def _occlusal(jaw: _Jaw, findings: Sequence[tuple[int, Any]], single: bool) -> np.ndarray:
    """The chewing side, front up, with the findings of this jaw."""
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
    labels = _labels(drawn, jaw.fdi)
    image = Image.fromarray(_hatched(drawn.image, labels, jaw.doubtful))
    draw = ImageDraw.Draw(image)
    _numbers(draw, labels, jaw.doubtful)
    mine = []
    for number, finding in findings:
        if finding.position_ras is not None and (single or finding.detail.get("jaw") == jaw.which):
            mine.append((number, finding, drawn.project(jaw.from_file(finding.position_ras))[0, :2]))
    _badges(draw, mine, size)
    upper = jaw.which == "upper"
    title = "upper jaw, from below" if upper else "lower jaw, from above"
    label_panel(draw, title, ("R", "L", "A", "P") if upper else ("L", "R", "A", "P"), *size, drawn.spacing)
    return np.asarray(image)


@dataclass(frozen=True)
class _Scene:
    """One or two jaws in head axes: points (V, 3) mm, faces and their groups (FDI + 100 for the second jaw), colours,
    unit normals; views: title, rotation and the letters around it."""

    points: np.ndarray
    faces: np.ndarray
    groups: np.ndarray
    rgb: np.ndarray
    normals: np.ndarray
    doubtful: frozenset[int]
    views: tuple[tuple[str, np.ndarray, tuple[str, str, str, str]], ...]


def _scene(jaws: Sequence[_Jaw]) -> _Scene:
    """Seen from the patient's right, the front, the left; two jaws in their bite, or apart where they have none."""
    placed, turns, apart = _in_head(jaws)
    offsets = np.cumsum([0, *(len(jaw.points) for jaw in jaws)])
    tilt = 0.0 if len(jaws) == 2 else (-TILT_DEG if jaws[0].which == "upper" else TILT_DEG)
    note = ", drawn apart (no common bite)" if apart else ""
    return _Scene(
        np.concatenate(placed),
        np.concatenate([jaw.faces + offset for jaw, offset in zip(jaws, offsets, strict=False)]),
        # the same number on both jaws is an error, not one tooth: 100 tells the second jaw's faces apart
        np.concatenate([jaw.fdi.astype(np.int32) + 100 * i for i, jaw in enumerate(jaws)]),
        np.concatenate([jaw.rgb for jaw in jaws]),
        np.concatenate([jaw.normals @ turn.T for jaw, turn in zip(jaws, turns, strict=True)]),
        frozenset(number + 100 * i for i, jaw in enumerate(jaws) for number in jaw.doubtful),
        (
            (f"from the patient's right{note}", side_rotation(CHEEK_DEG, tilt), ("P", "A", "S", "I")),
            (f"from the front{note}", side_rotation(0.0, tilt), ("R", "L", "S", "I")),
            (f"from the patient's left{note}", side_rotation(-CHEEK_DEG, tilt), ("A", "P", "S", "I")),
        ),
    )


def side_rotation(azimuth_deg: float, tilt_deg: float) -> np.ndarray:
    """(3, 3) rows right, up, towards the viewer, in head axes (R, A, S).

    azimuth: 0 looks at the front, 90 at the patient's right side, -90 at the left; tilt: positive from above.
    """
    a, t = np.radians((azimuth_deg, tilt_deg))
    level, top = np.array([np.sin(a), np.cos(a), 0.0]), np.array([0.0, 0.0, 1.0])
    toward, up = np.cos(t) * level + np.sin(t) * top, np.cos(t) * top - np.sin(t) * level
    return np.stack([np.cross(up, toward), up, toward])


def _in_head(jaws: Sequence[_Jaw]) -> tuple[list[np.ndarray], list[np.ndarray], bool]:
    """Points of every jaw in head axes, the rotation (3, 3) of each to there, and whether two jaws had to be put above
    each other for want of a bite."""
    if len(jaws) == 1:
        return [jaws[0].points @ jaws[0].to_head.T], [jaws[0].to_head], False
    upper, lower = jaws
    # both in the lower jaw's axes: where the scans share a bite, nothing may move between them
    back = np.linalg.inv(upper.frame)
    shared = (upper.points @ back[:3, :3].T + back[:3, 3]) @ lower.frame[:3, :3].T + lower.frame[:3, 3]
    between = lower.frame[:3, :3] @ back[:3, :3]
    turn = upper.to_head @ between.T
    angle = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1)))
    step = _crown_centre(shared, upper) - _crown_centre(lower.points, lower)
    if angle <= SAME_BITE_DEG and np.hypot(*step[:2]) <= 12.0 and 0 < step[2] <= 25.0:
        return [shared, lower.points], [between, np.eye(3)], False
    own = upper.points @ upper.to_head.T
    own = own + np.append((_crown_centre(lower.points, lower) - _crown_centre(own, upper))[:2], 0.0)
    crowns = [
        points[np.unique(jaw.faces[jaw.fdi > 0])] if (jaw.fdi > 0).any() else points
        for points, jaw in ((own, upper), (lower.points, lower))
    ]
    own = own + [0.0, 0.0, crowns[1][:, 2].max() + APART_MM - crowns[0][:, 2].min()]
    return [own, lower.points], [upper.to_head, np.eye(3)], True


def _crown_centre(points: np.ndarray, jaw: _Jaw) -> np.ndarray:
    tooth = jaw.fdi > 0
    return points[jaw.faces[tooth if tooth.any() else slice(None), 0]].mean(axis=0)


def _side(scene: _Scene, view: tuple[str, np.ndarray, tuple[str, str, str, str]], size: tuple[int, int]) -> np.ndarray:
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
    labels = _labels(drawn, scene.groups)
    whole = _outline_areas(scene.points, scene.faces, scene.groups, drawn)
    image = Image.fromarray(_hatched(drawn.image, labels, scene.doubtful))
    draw = ImageDraw.Draw(image)
    _numbers(draw, labels, scene.doubtful, whole)
    label_panel(draw, title, letters, *size, drawn.spacing)
    return np.asarray(image)


def _outline_areas(points: np.ndarray, faces: np.ndarray, groups: np.ndarray, drawn: Rendering) -> dict[int, float]:
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


# ---------------------------------------------------------------- what is drawn on a panel


def _labels(drawn: Rendering, groups: np.ndarray) -> np.ndarray:
    """(h, w) int32: the group seen at each pixel, -1 for none. A group is FDI + 100 for the second jaw."""
    if not len(groups):
        return np.full(drawn.face.shape, -1, np.int32)
    return np.where(drawn.face >= 0, groups[drawn.face].astype(np.int32), -1)


def _hatched(image: np.ndarray, labels: np.ndarray, doubtful: Iterable[int]) -> np.ndarray:
    """Diagonal stripes over the teeth of low confidence."""
    mask = np.isin(labels, list(doubtful))
    if not mask.any():
        return image
    rows, columns = np.indices(labels.shape)
    stripe = mask & ((rows + columns) % _HATCH_PX < 3)
    out = image.astype(np.float32)
    out[stripe] = 0.45 * out[stripe] + 0.55 * np.array(TEXT, np.float32)
    return out.astype(np.uint8)


def _numbers(draw: Any, labels: np.ndarray, doubtful: Iterable[int], whole: Mapping[int, float] | None = None) -> None:
    """FDI numbers on the teeth; with ``whole`` (pixels of each whole outline) only where enough is in sight."""
    from scipy import ndimage

    tooth = np.where((labels > 0) & (labels % 100 > 0), labels, 0)
    for group, box in enumerate(ndimage.find_objects(tooth), start=1):
        if box is None:
            continue
        own = tooth[box] == group
        if own.sum() < 60 or (whole is not None and own.sum() < VISIBLE_SHARE * whole.get(group, np.inf)):
            continue
        text = f"{group % 100}?" if group in doubtful else group % 100
        for column, row in largest_pieces(own, share=0.35):  # a number given to two teeth stands on both
            draw_number(draw, (box[1].start + column, box[0].start + row), text)


def _badges(draw: Any, findings: Sequence[tuple[int, Any, np.ndarray]], size: tuple[int, int]) -> None:
    """A dot at each finding's place and its number beside it, pushed outward from the middle and off each other."""
    taken: list[np.ndarray] = []
    for number, finding, place in findings:
        outward = place - np.array(size) / 2
        outward = outward / max(np.linalg.norm(outward), 1e-6) if np.any(outward) else np.array([0.0, -1.0])
        at = place + 30 * outward
        for _ in range(6):
            at = np.clip(at, _BADGE_PX + 2, np.array(size) - _BADGE_PX - 3)
            near = [other for other in taken if np.linalg.norm(at - other) < 2 * _BADGE_PX + 4]
            if not near:
                break
            at = at + (2 * _BADGE_PX + 4) * np.array([-outward[1], outward[0]])
        taken.append(at)
        colour = _severity_rgb(finding)
        draw.line((*place, *at), fill=colour, width=2)
        draw.ellipse((*(place - 3), *(place + 3)), fill=colour, outline=(0, 0, 0))
        _badge(draw, at, number, colour)


def _badge(draw: Any, at: np.ndarray, number: int, colour: tuple[int, int, int]) -> None:
    draw.ellipse((*(at - _BADGE_PX), *(at + _BADGE_PX)), fill=colour, outline=(0, 0, 0), width=1)
    draw.text(tuple(at), str(number), fill=(0, 0, 0), font=font(12), anchor="mm")


def _severity_rgb(finding: Any) -> tuple[int, int, int]:
    return _SEVERITY_RGB.get(finding.severity, FAINT)


def _legend(listed: Sequence[Any], shown: Sequence[tuple[int, Any]], width: int) -> np.ndarray:
    """(h, width, 3): the findings by number, in the colour of their severity; at least a thin strip."""
    from PIL import Image, ImageDraw

    letters, line = font(15), 21
    rows: list[tuple[int | None, Any, str]] = []
    for number, finding in shown:
        for i, text in enumerate(_wrapped(finding.message, letters, width - 34)):
            rows.append((number if i == 0 else None, finding, text))
    if len(listed) > len(shown):
        rows.append((None, None, f"and {len(listed) - len(shown)} more: see the report."))
    canvas = Image.new("RGB", (width, line * len(rows) + (GAP if rows else 0)), BACKGROUND)
    draw = ImageDraw.Draw(canvas)
    for i, (number, finding, text) in enumerate(rows):
        middle = line * i + line / 2
        if number is not None:
            _badge(draw, np.array([_BADGE_PX + 4.0, middle]), number, _severity_rgb(finding))
        draw.text((30, middle), text, fill=TEXT if finding is not None else FAINT, font=letters, anchor="lm")
    return np.asarray(canvas).reshape(canvas.height, width, 3)


def _wrapped(text: str, letters: Any, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and letters.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
