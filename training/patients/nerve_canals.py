"""Nerve and vessel canals of the lower jaw as tubes: mandibular, incisive and lingual canals.

Figures (docs/sources.md has the references and what was read of them):

* mandibular canal: 2.1 to 2.3 mm wide at the mental foramen (Chen 2013), drawn 1.8 to 4 mm wide; from its foramen on
  the ramus' inner side it runs lingually under the molars and crosses to the cheek before the mental foramen, 4 to 6 mm
  of bone being left outside of it (PMC6856235);
* mental foramen: at the second premolar or between the premolars in most, 3.1 mm high, 12 mm above the base of the jaw
  (dos Santos Oliveira 2018); an anterior loop in a quarter to most, in 48 % and 0.9 mm on average, up to 5.7 mm, by
  Apostolakis and Brown 2012;
* incisive canal: seen in three of four (Heliyon 2024), 1.8 mm wide where it begins (Mraiwa 2003), narrowing to the
  midline;
* lingual canals: in nearly every jaw on the midline (Liang 2007), mostly two (BMC Med Imaging 2022).

How far roots stay away varies per patient by more than these means do; third molars may touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from scipy.interpolate import PchipInterpolator

from training.patients.anatomy import Patient
from training.patients.arch_places import JawSide
from training.patients.canvas import FAR_MM, Canvas

NODE_MM = 1.5
"""Between two nodes of a tube."""

CLEARANCE_MM = {8: 0.8, 7: 3.0, 6: 5.0, 5: 4.5, 4: 5.0}
"""Mean bone between a lower root's tip and the roof of the canal, by place."""


@dataclass(frozen=True)
class Tube:
    """A canal in bone.

    Attributes
    ----------
    structure : str
        What its lumen is called, by `dentition.structures`; "": it is none.
    line : numpy.ndarray
        (N, 3) RAS mm along its middle.
    radii : numpy.ndarray
        (N,) mm of the lumen.
    wall : numpy.ndarray
        (N,) how much of its cortical wall can be seen, 0 to 1.
    lumen : float
        How much darker than spongy bone its inside is: 1 like soft tissue, 0 no darker.
    wall_mm : float
        Thickness of the wall.
    """

    structure: str
    line: np.ndarray
    radii: np.ndarray
    wall: np.ndarray
    lumen: float
    wall_mm: float


def sample_tubes(patient: Patient, rng: np.random.Generator) -> list[Tube]:
    """The canals of a patient's lower jaw.

    Parameters
    ----------
    patient : Patient
        Whose teeth and jaw they run through; without a lower jaw there are none.
    rng : numpy.random.Generator
        The only source of randomness.

    Returns
    -------
    list of Tube
        In the patient's own pose.
    """
    jaw = patient.jaws.get("lower")
    if jaw is None:
        return []
    look = sample_look(rng)
    diameter = float(np.clip(rng.normal(2.6, 0.5), 1.8, 4.0))
    away = float(rng.normal(0, 2.2))
    tubes = []
    for quadrant, ramus in ((3, _ramus(jaw.ramus, -1.0)), (4, _ramus(jaw.ramus, 1.0))):
        side = JawSide.of(patient, quadrant)
        if side is None or ramus is None:
            continue
        line, swell, loop = _mandibular(side, ramus, jaw.body_half_width, diameter, away, rng)
        name = "canal_right" if quadrant == 4 else "canal_left"
        tubes.append(smooth_tube(name, line, 0.5 * diameter * swell, look, rng))
        if rng.random() < 0.78:
            tubes.append(_incisive("incisive_" + name, side, loop, look, rng))
    tubes += _lingual(patient, jaw.body_half_width, look, rng)
    return tubes


@dataclass(frozen=True)
class Look:
    """How well a patient's canals are seen: their walls, how dark they are, thickness of the walls (mm)."""

    wall: float
    lumen: float
    wall_mm: float


def sample_look(rng: np.random.Generator) -> Look:
    """How a patient's canals look."""
    return Look(float(rng.uniform(0, 0.8)), float(rng.uniform(0.3, 1.0)), float(rng.uniform(0.3, 0.8)))


def _ramus(lines: np.ndarray, side: float) -> np.ndarray | None:
    """The line (3, 3) up the ramus of a side."""
    return next((line for line in lines if np.sign(line[0, 0]) == side), None)


def _mandibular(
    side: JawSide, ramus: np.ndarray, half_width: float, diameter: float, away: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Control points (N, 3), width factors (N,), and the point (3,) where the incisive canal goes on."""
    outward = np.array([side.side, 0.0, 0.0])
    # The foramen lies on the inner side of the ramus, half way up.
    foramen = ramus[1] + [0, rng.uniform(-2, 2), rng.uniform(-3, 4)] - outward * 4.2
    points, widths = [foramen, ramus[1] + [0, 1.0, -4.0] - outward * rng.uniform(0.5, 1.5)], [1.25, 1.1]
    points.append(0.35 * ramus[1] + 0.65 * ramus[0] - outward * rng.uniform(0, 1.5) + [0, 0, rng.uniform(-2, 1)])
    widths.append(1.0)
    mental = float(np.clip(rng.normal(4.75, 0.35), 4.0, 5.4))
    loop = float(np.clip(abs(rng.normal(0, 1.6)), 0, 6.0)) if rng.random() < 0.6 else 0.0
    lingual = rng.uniform(0.0, 0.38) * half_width
    last = float(min(side.places[-1], 8.0))
    for place in np.arange(last, mental + 0.45, -0.5):
        apex = side.apex(place)
        clearance = np.interp(place, sorted(CLEARANCE_MM), [CLEARANCE_MM[p] for p in sorted(CLEARANCE_MM)])
        clearance = max(-0.6, clearance + away + rng.normal(0, 0.35))
        # From the tongue's side under the molars to the middle before the foramen.
        across = -lingual * np.clip((place - mental - 0.8) / 1.2, 0, 1)
        place_mm = apex + side.outward(place) * across
        points.append(place_mm - [0, 0, clearance + 0.5 * diameter])
        widths.append(1.0)
    out = side.outward(mental)
    forward = side.apex(mental - 0.5) - side.apex(mental + 0.5)
    forward = forward * [1, 1, 0] / (np.linalg.norm(forward[:2]) + 1e-6)
    depth = points[-1][2] - side.apex(mental + 0.5)[2]
    level = side.apex(mental)[2] + depth
    turn = side.apex(mental) * [1, 1, 0] + [0, 0, level - 0.5] + forward * loop + out * (0.25 * half_width)
    points.append(turn)
    widths.append(0.95)
    mouth = side.apex(mental) * [1, 1, 0] + [0, 0, level + rng.uniform(0.5, 3.0)] - forward * rng.uniform(0, 1.0)
    points += [mouth + out * (0.65 * half_width), mouth + out * (half_width + 3.0) + [0, 0, 1.0]]
    widths += [1.0, 1.2]
    return np.array(points), np.array(widths), turn


def _incisive(name: str, side: JawSide, start: np.ndarray, look: Look, rng: np.random.Generator) -> Tube:
    """The nerve's way on to the incisors, ever narrower."""
    places = np.linspace(3.6, rng.uniform(1.2, 2.8), 4)
    below = side.apex(4.0)[2] - start[2] + np.linspace(0, rng.uniform(0, 3), 4)
    line = np.vstack([start, side.apex(places) - below[:, None] * [0, 0, 1.0]])
    return smooth_tube(name, line, np.linspace(rng.uniform(0.5, 0.9), 0.3, 5), look, rng)


def _lingual(patient: Patient, half_width: float, look: Look, rng: np.random.Generator) -> list[Tube]:
    """One or two thin canals from the tongue's side into the chin, on the midline."""
    front = [t for t in patient.teeth if t.fdi in (31, 41)]
    if not front:
        return []
    apex = np.mean([t.to_ras(t.apex)[0] for t in front], 0)
    tubes = []
    for below in (rng.uniform(3, 7), rng.uniform(10, 16))[: 1 + (rng.random() < 0.7)]:
        inner = apex + [rng.normal(0, 0.5), half_width * 0.2, -below]
        outer = apex + [rng.normal(0, 0.5), -half_width - 2.0, -below + rng.uniform(-3, 4)]
        line = np.array([outer, 0.5 * (outer + inner), inner])
        tubes.append(smooth_tube("lingual_canal", line, np.full(3, rng.uniform(0.3, 0.6)), look, rng))
    return tubes


def smooth_tube(name: str, control: np.ndarray, radii: np.ndarray, look: Look, rng: np.random.Generator) -> Tube:
    """A smooth tube through control points (N, 3), of radii (N,) mm there, with a wall that comes and goes."""
    steps = np.maximum(np.linalg.norm(np.diff(control, axis=0), axis=1), 1e-3)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    nodes = np.linspace(0, along[-1], max(3, int(along[-1] / NODE_MM) + 1))
    seen = rng.uniform(-0.5, 0.5, max(2, int(along[-1] / 7) + 2))
    wall = np.interp(nodes, np.linspace(0, along[-1], len(seen)), seen) + look.wall
    return Tube(
        name,
        PchipInterpolator(along, control)(nodes),
        np.interp(nodes, along, radii) * rng.uniform(0.95, 1.05, len(nodes)),
        np.clip(wall, 0, 1),
        look.lumen,
        look.wall_mm,
    )


def draw_tubes(
    canvas: Canvas, tubes: list[Tube], points: torch.Tensor, bone: torch.Tensor, grey: dict[str, float]
) -> dict[str, torch.Tensor]:
    """Paint canals into a bone.

    Parameters
    ----------
    canvas : Canvas
        Painted in place.
    tubes : list of Tube
        What to draw.
    points : torch.Tensor
        (z, y, x, 3) RAS mm of every voxel in the patient's pose.
    bone : torch.Tensor
        (z, y, x) mm, signed distance of the bone: outside of it nothing is painted.
    grey : dict
        The patient's grey values.

    Returns
    -------
    dict
        (z, y, x) bool masks of the lumina, by structure.
    """
    masks: dict[str, torch.Tensor] = {}
    for tube in tubes:
        parts = [slice(first, first + 7) for first in range(0, len(tube.line) - 1, 6)]
        reach = float(tube.radii.max()) + 2.0
        windows = [_window(points, tube.line[part], reach, canvas.grid.spacing) for part in parts]
        seen = [(part, window) for part, window in zip(parts, windows, strict=True) if window is not None]
        whole = _window(points, tube.line, reach, canvas.grid.spacing)
        masks.setdefault(tube.structure, torch.zeros_like(bone, dtype=torch.bool))
        if whole is None or not seen:
            continue
        distance = torch.full_like(bone, FAR_MM)
        wall = torch.zeros_like(bone)
        for part, window in seen:
            _measure(points[window], tube, part, distance[window], wall[window])
        distance, wall = distance[whole], wall[whole]
        inside = canvas.cover(bone[whole])
        shell = canvas.cover(distance - tube.wall_mm) * wall * inside
        canvas.paint(shell, grey["cortical"] * 0.95, "cortical", whole)
        image = canvas.image[whole]
        # Under a visible wall the image is that wall: a lumen is never brighter than spongy bone.
        dark = torch.lerp(image, torch.full_like(image, grey["soft"]), tube.lumen)
        dark = dark.clamp(max=float(grey["trabecular"]))
        canvas.paint(canvas.cover(distance) * inside, dark, "soft", whole)
        masks[tube.structure][whole] |= (distance < 0) & (bone[whole] < 0.5)
    return masks


def _window(points: torch.Tensor, line: np.ndarray, margin: float, spacing: float) -> tuple[slice, ...] | None:
    """Voxels (z, y, x) around a line (N, 3) mm, found on every fourth voxel; None where it lies outside."""
    step = 4
    reach = margin + step * spacing
    kind = {"dtype": points.dtype, "device": points.device}
    low, high = (torch.as_tensor(edge, **kind) for edge in (line.min(0) - reach, line.max(0) + reach))
    coarse = points[::step, ::step, ::step]
    near = torch.nonzero(((coarse > low) & (coarse < high)).all(-1))
    if not len(near):
        return None
    first, last = near.amin(0) * step, near.amax(0) * step
    return tuple(
        slice(max(0, int(a) - step), min(size, int(b) + step + 1))
        for a, b, size in zip(first, last, points.shape[:3], strict=True)
    )


def _measure(points: torch.Tensor, tube: Tube, part: slice, distance: torch.Tensor, wall: torch.Tensor) -> None:
    """Lower `distance` (z, y, x) mm to that of a part of the tube's surface, and note its wall there."""
    kind = {"dtype": points.dtype, "device": points.device}
    line, radii, seen = (torch.as_tensor(v[part], **kind) for v in (tube.line, tube.radii, tube.wall))
    for (a, ra, wa), (b, rb, wb) in pairwise(zip(line, radii, seen, strict=True)):
        ab = b - a
        t = ((points - a) @ ab / (ab @ ab + 1e-9)).clamp(0, 1)
        d = (points - a - t[..., None] * ab).norm(dim=-1) - (ra + t * (rb - ra))
        closer = d < distance
        wall.copy_(torch.where(closer, wa + t * (wb - wa), wall))
        distance.copy_(torch.minimum(distance, d))
