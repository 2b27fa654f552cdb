"""What dentists leave in and on teeth, drawn (torch, any device): the tooth keeps its label under all of it.

A tooth with its filling, crown, post or band is one tooth. Implants, pontics, brackets and wires are background.
"""

from __future__ import annotations

import torch

from training.patients.anatomy import Patient
from training.patients.canvas import FAR_MM, Canvas, Window
from training.patients.drawn_teeth import DrawnTooth, ToothMaps, sample_grid
from training.patients.placed_tooth import PlacedTooth, bracket_place, extent
from training.patients.rooted_teeth import SDF_STEP_MM

METALLIC_FILLING = 3200
METALLIC_CROWN = 3000
"""Grey values beyond which a filling or a crown is metal."""
ZIRCONIA = 0.45
"""Of a metal's brightness and of its streaks, what zirconia has."""


def draw_implant(
    placed: PlacedTooth,
    window: Window,
    local: torch.Tensor,
    outside: torch.Tensor,
    canvas: Canvas,
    patient: Patient,
    maps: ToothMaps,
) -> None:
    """A threaded screw of metal, with or without a crown on it."""
    plan = placed.implant
    neck = placed.model.cej[0] - 1.0 if plan.crown else -1.0
    axis, z = local[..., :2].norm(dim=-1), local[..., 2]
    thread = 0.15 * torch.sin(z * 7)
    body = torch.maximum(axis - plan.radius - thread, (z - neck + plan.length / 2).abs() - plan.length / 2)
    if plan.crown:
        abutment = torch.maximum(axis - 0.7 * plan.radius, (z - neck - 2.0).abs() - 2.0)
        body = torch.minimum(body, abutment)
        draw_pontic(placed, window, local, outside, canvas, patient, maps)
    maps.add_metal(window, canvas.cover(body))
    maps.mark(window, canvas.cover(body), "implant")


def draw_pontic(
    placed: PlacedTooth,
    window: Window,
    local: torch.Tensor,
    outside: torch.Tensor,
    canvas: Canvas,
    patient: Patient,
    maps: ToothMaps,
) -> None:
    """A crown without a root: of a bridge, or on an implant."""
    crown = sample_grid(placed.model.sdf, placed, local, "border") * SDF_STEP_MM
    crown = torch.maximum(crown, (placed.model.cej[0] + 0.5) - local[..., 2])
    crown = torch.where(outside > 0, torch.full_like(crown, FAR_MM), crown)
    coverage = canvas.cover(crown)
    maps.mark(window, coverage, "crown" if placed.restoration == "implant" else "bridge")
    if placed.material == "composite":
        canvas.image[window] += coverage * (patient.grey["composite"] - canvas.image[window])
    else:
        maps.add_metal(window, coverage * (1.0 if placed.material == "metal" else ZIRCONIA))


def add_restoration(tooth: DrawnTooth, canvas: Canvas, grey: dict[str, float], maps: ToothMaps) -> None:
    """One tooth's filling, crown, onlay, root filling or caries, if it has one."""
    d, closer, window, placed = tooth.distance, tooth.closer, tooth.window, tooth.placed
    kind, metallic = placed.restoration, False
    _, y, z = tooth.local.unbind(-1)
    if kind in ("filling", "caries"):
        *centre, radius = placed.filling
        ball = (tooth.local - torch.tensor(centre, dtype=d.dtype, device=d.device)).norm(dim=-1) - radius
        coverage, value = canvas.cover(ball) * closer, grey["composite"]
        metallic = kind == "filling" and grey["composite"] > METALLIC_FILLING
        if kind == "caries":
            value = 0.5 * (grey["pulp"] + grey["dentin"]) * 0.6
    elif kind == "amalgam":  # from one contact to the other, as deep as the fissures
        _, width, depth = placed.filling[:3]
        box = torch.maximum(y.abs() - width, (placed.model.top - depth) - z)
        coverage, value, metallic = canvas.cover(box) * closer, grey["metal"], True
    elif kind == "onlay":
        coverage = canvas.cover((placed.model.top - placed.filling[2]) - z) * closer
        value, metallic = grey["composite"] * 1.1, placed.material == "metal"
    elif kind == "crown":
        thickness = placed.thickness or 1.2
        coverage = canvas.cover(-d - thickness) * canvas.cover(-tooth.rim) * closer
        value = grey["composite"] * 1.2
        metallic = placed.material == "metal" or (placed.material == "composite" and grey["composite"] > METALLIC_CROWN)
    elif kind == "root_filling":
        coverage, value = ((tooth.canal - 0.85) * 8).clamp(0, 1) * (d < -0.6) * closer, grey["gutta"]
    else:
        return
    maps.extra[window] = torch.where(coverage > 0, value, maps.extra[window])
    maps.extra_cover[window] = torch.where(closer, coverage, maps.extra_cover[window])
    maps.foreign[window][closer & (d < 0)] = 0  # a neighbour's, drawn before
    if kind != "caries":
        maps.mark(window, coverage * (d < 0), "crown" if kind == "crown" else "filling")
    if metallic:
        maps.add_metal(window, coverage * (d < 0))
    elif placed.material == "zirconia":
        maps.add_metal(window, ZIRCONIA * coverage * (d < 0))


def add_post(tooth: DrawnTooth, canvas: Canvas, maps: ToothMaps) -> None:
    """A post of metal down the thickest root, with a core above it."""
    model, d = tooth.placed.model, tooth.distance
    neck = torch.tensor([0.0, 0.0, float(model.cej[0]) + 2.0], dtype=d.dtype, device=d.device)
    apex = torch.as_tensor(model.apex, dtype=d.dtype, device=d.device)
    along = apex - neck
    length = along.norm()
    part = ((tooth.local - neck) @ (along / length)).clamp(0.0, float(length) * 0.6)
    axis = (tooth.local - neck - part[..., None] * (along / length)).norm(dim=-1)
    coverage = canvas.cover(axis - 0.65) * (d < -0.5) * tooth.closer
    maps.add_metal(tooth.window, coverage)
    maps.mark(tooth.window, coverage, "post")


def add_bracket(tooth: DrawnTooth, canvas: Canvas, patient: Patient, maps: ToothMaps) -> None:
    """One tooth's bracket, and the band around a molar."""
    d, placed = tooth.distance, tooth.placed
    position = placed.fdi % 10
    place = torch.as_tensor(bracket_place(placed), dtype=d.dtype, device=d.device)
    size = [extent(placed.model)[0] * 0.35, 0.9, 1.6] if position >= 6 else [1.5, 0.8, 1.4]
    sides = torch.tensor(size, dtype=d.dtype, device=d.device) * placed.bracket_scale
    box = ((tooth.local - place).abs() - sides).amax(-1)
    _add_outside(tooth, canvas.cover(box), maps)
    if placed.bracket_scale != 1.0:  # the base follows the enamel, with the adhesive under it
        face = torch.maximum(
            ((tooth.local - place)[..., ::2].abs() - sides[::2] * 1.15).amax(-1), (d - 0.5).abs() - 0.3
        )
        _add_outside(tooth, canvas.cover(torch.maximum(face, place[1] * 0.3 - tooth.local[..., 1])), maps)
    if position >= 6 and patient.shape["band"] > (0.5 if position == 6 else 0.8):
        ring = torch.maximum((d - 0.25).abs() - 0.25, (tooth.rim - 3.0).abs() - 1.8)
        _add_outside(tooth, canvas.cover(ring), maps)


def _add_outside(tooth: DrawnTooth, coverage: torch.Tensor, maps: ToothMaps) -> None:
    """Orthodontic metal on a tooth's surface."""
    outside = coverage * (tooth.distance > 0)
    maps.add_metal(tooth.window, outside)
    maps.mark(tooth.window, outside, "bracket")
