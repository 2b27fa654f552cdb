"""The teeth of a patient on a grid: labels, distances, enamel, pulp, restorations and metal (torch, any device)."""

from __future__ import annotations

import numpy as np
import torch

from training.patients.anatomy import Patient
from training.patients.canvas import FAR_MM, Canvas, Grid, Window, cover
from training.patients.disease import add_disease
from training.patients.drawn_teeth import CLASS_OF, DrawnTooth, ToothMaps, sample_grid
from training.patients.hardware import Rod
from training.patients.materials import NUMBER_OF
from training.patients.placed_tooth import PlacedTooth
from training.patients.restorations import add_bracket, add_post, add_restoration, draw_implant, draw_pontic
from training.patients.root_shapes import stored_points
from training.patients.rooted_teeth import GRID_MM, SDF_STEP_MM
from training.patients.surroundings import polyline


def draw_teeth(
    canvas: Canvas, patient: Patient, points: torch.Tensor, ridges: torch.Tensor, warp_mm: float
) -> ToothMaps:
    """Paint teeth, gingiva, ligament, restorations, brackets and wires.

    Parameters
    ----------
    canvas : Canvas
        Painted in place.
    patient : Patient
        Whose teeth.
    points : torch.Tensor
        (z, y, x, 3) RAS mm of every voxel in the patient's pose.
    ridges : torch.Tensor
        (z, y, x) mm, signed distance to the nearest jaw.
    warp_mm : float
        Standard deviation of the deformation of `points`, mm.

    Returns
    -------
    ToothMaps
        What the teeth left.
    """
    maps = ToothMaps.empty(canvas.grid.shape, canvas.image.device)
    for placed in patient.teeth:
        if placed.restoration == "absent":
            continue
        window = tooth_window(placed, patient, canvas.grid, 3.5 * warp_mm + 1.0)
        if window is None:
            continue
        local, outside = _local_points(placed, points[window])
        if placed.restoration in ("implant", "pontic"):
            draw = draw_implant if placed.restoration == "implant" else draw_pontic
            draw(placed, window, local, outside, canvas, patient, maps)
            continue
        tooth = _measure_tooth(placed, window, local, outside, patient, maps)
        _add_tooth(tooth, patient, maps)
        add_restoration(tooth, canvas, patient.grey, maps)
        if placed.post:
            add_post(tooth, canvas, maps)
        if placed.bracket:
            add_bracket(tooth, canvas, patient, maps)
        add_disease(tooth, canvas, patient.grey, maps)
    _paint_gingiva_and_ligament(canvas, patient, ridges, maps)
    _paint_rolls(canvas, patient, points, maps)
    _paint_hard_tissue(canvas, patient, maps)
    _paint_metal(canvas, patient, points, maps)
    return maps


def tooth_window(tooth: PlacedTooth, patient: Patient, grid: Grid, slack_mm: float) -> Window | None:
    """Voxels (z, y, x) a tooth's own grid can reach; None if it lies outside."""
    size = np.array(tooth.model.sdf.shape[::-1]) * GRID_MM
    corners = tooth.model.origin + size * np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, 8).T
    ras = (tooth.to_ras(corners) - patient.middle) @ patient.pose.T + patient.middle
    low = np.floor((ras.min(0) - slack_mm - grid.origin) / grid.spacing).astype(int)[::-1]
    high = np.ceil((ras.max(0) + slack_mm - grid.origin) / grid.spacing).astype(int)[::-1] + 1
    low, high = np.maximum(low, 0), np.minimum(high, grid.shape)
    return None if (low >= high).any() else tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


def _local_points(placed: PlacedTooth, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Points in the tooth's frame (z, y, x, 3) mm, and how far outside its grid they lie (z, y, x) mm."""
    kind = {"dtype": torch.float32, "device": points.device}
    model = placed.model
    local = (points - torch.as_tensor(placed.centre, **kind)) @ torch.as_tensor(placed.rotation, **kind) / placed.scale
    local = stored_points(local, placed.root, float(model.cej[0]), float(model.apex[2]))
    low, high = model.origin, model.origin + GRID_MM * (np.array(model.sdf.shape[::-1]) - 1)
    outside = torch.maximum(torch.as_tensor(low, **kind) - local, local - torch.as_tensor(high, **kind)).amax(-1)
    return local, outside


def _measure_tooth(
    placed: PlacedTooth,
    window: Window,
    local: torch.Tensor,
    outside: torch.Tensor,
    patient: Patient,
    maps: ToothMaps,
) -> DrawnTooth:
    """The maps of one natural tooth inside its window."""
    distance = sample_grid(placed.model.sdf, placed, local, "border") * SDF_STEP_MM * placed.scale
    distance = torch.where(outside > 0, distance.clamp(min=2.5) + outside.clamp(min=0), distance).clamp(max=FAR_MM)
    x, y, z = local.unbind(-1)
    c = placed.model.cej
    junction = c[0] + c[1] * x + c[2] * y + c[3] * x**2 + c[4] * y**2 + c[5] * x * y
    rim = z - junction.clamp(float(c[0]) - 3, float(c[0]) + 3) + patient.shape["crest_drop"] * 0.3
    if placed.bulk:
        distance = distance - placed.bulk * rim.clamp(0, 1)
    canal = (sample_grid(placed.model.pulp, placed, local, "zeros") / 255.0 * placed.pulp_width).clamp(max=1.0)
    canal = canal * (z < placed.model.top - 2.8)
    return DrawnTooth(placed, window, local, distance, rim, canal, distance < maps.depth[window])


def _add_tooth(tooth: DrawnTooth, patient: Patient, maps: ToothMaps) -> None:
    """Label, distances, enamel, pulp and gingival collar of one tooth, where it is the nearest."""
    shape, window, d, closer = patient.shape, tooth.window, tooth.distance, tooth.closer
    maps.second[window] = torch.where(closer, maps.depth[window], torch.minimum(maps.second[window], d))
    maps.depth[window] = torch.where(closer, d, maps.depth[window])
    maps.labels[window][closer & (d < 0)] = CLASS_OF[tooth.placed.fdi]
    molar = 1.35 if tooth.placed.fdi % 10 > 3 else 0.85
    enamel = shape["enamel_mm"] * molar * (tooth.rim / 3.0).clamp(0, 1)
    maps.crown_depth[window] = torch.where(closer, enamel, maps.crown_depth[window])
    maps.pulp[window] = torch.where(closer, tooth.canal, maps.pulp[window])
    maps.extra_cover[window] = torch.where(closer, 0.0, maps.extra_cover[window])  # a neighbour's, drawn before
    if tooth.placed.erupted:
        near = (tooth.rim > -2) & (tooth.rim < 1.8 * shape["gingiva_mm"])
        collar = torch.where(near, d, torch.full_like(d, FAR_MM))
        maps.gingiva[window] = torch.minimum(maps.gingiva[window], collar)


def _paint_gingiva_and_ligament(canvas: Canvas, patient: Patient, ridges: torch.Tensor, maps: ToothMaps) -> None:
    """Collars and a cover of gingiva over the ridges, the lamina dura and the ligament around the roots."""
    grey, shape = patient.grey, patient.shape
    over_bone = ridges > 0
    canvas.paint(canvas.cover(maps.gingiva - shape["gingiva_mm"]) * over_bone, grey["mucosa"], "soft")
    in_air = canvas.image < -300
    canvas.paint(canvas.cover((ridges - 0.6).abs() - 0.6) * over_bone * in_air, grey["mucosa"], "soft")
    ligament = maps.depth - shape["pdl_mm"]
    lamina = canvas.cover((ligament - 0.35).abs() - 0.3) * canvas.cover(ridges + 0.3) * shape["lamina"]
    canvas.paint(lamina, grey["cortical"], "cortical")
    canvas.paint(canvas.cover(ligament) * cover(ridges - 2.0, 2.0), grey["mucosa"], "soft")


def _paint_hard_tissue(canvas: Canvas, patient: Patient, maps: ToothMaps) -> None:
    """Dentin, pulp, enamel and what restores them."""
    grey = patient.grey
    body = canvas.cover(maps.depth)
    canal = ((maps.pulp - patient.shape["pulp"]) * 7).clamp(0, 1) * canvas.cover(maps.depth + 0.5)
    value = torch.full_like(canvas.image, grey["dentin"])
    value = value + canal * (grey["pulp"] - value)
    shell = canvas.cover(-(maps.depth + maps.crown_depth)) * (maps.crown_depth > 0.05)
    value = value + shell * (grey["enamel"] - value)
    value = value + maps.extra_cover * (maps.extra - value)
    canvas.paint(body, value, "dentin")
    canvas.mark((body > 0.5) & (shell > 0.5), "enamel")
    canvas.mark((body > 0.5) & (canal > 0.5), "pulp")
    canvas.paint(maps.deposits * (maps.depth > 0), 0.8 * grey["dentin"], "dentin")


def _paint_metal(canvas: Canvas, patient: Patient, points: torch.Tensor, maps: ToothMaps) -> None:
    """Wires, screws and plates, and all metal over everything else."""
    flat, depth, everywhere = maps.metal.reshape(-1), maps.depth.reshape(-1), points.reshape(-1, 3)
    metal = [rod for rod in patient.hardware if rod.value is None]
    for rod in [Rod(line, patient.shape["wire_mm"]) for line in patient.wires] + metal:
        index, near = _near(rod, canvas, everywhere)
        flat[index] = torch.maximum(flat[index], near * (depth[index] > 0))
    canvas.image.add_(maps.metal * (patient.grey["metal"] - canvas.image))
    canvas.mark(maps.metal > 0.5, "metal")


def _paint_rolls(canvas: Canvas, patient: Patient, points: torch.Tensor, maps: ToothMaps) -> None:
    """Bite blocks and cotton rolls, where they find air between the teeth."""
    image, depth, everywhere = canvas.image.reshape(-1), maps.depth.reshape(-1), points.reshape(-1, 3)
    for rod in patient.hardware:
        if rod.value is None:
            continue
        index, near = _near(rod, canvas, everywhere)
        near = near * (depth[index] > 0) * (image[index] < -300)
        image[index] += near * (rod.value - image[index])
        canvas.material.view(-1)[index[near > 0.5]] = NUMBER_OF["soft" if rod.value > -300 else "air"]


def _near(rod: Rod, canvas: Canvas, everywhere: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Which of the points (N, 3) mm lie around a rod, and the coverage of these by it."""
    low, high = (
        torch.as_tensor(edge, dtype=everywhere.dtype, device=everywhere.device)
        for edge in (rod.line.min(0) - rod.radius - 1.5, rod.line.max(0) + rod.radius + 1.5)
    )
    index = torch.nonzero(((everywhere > low) & (everywhere < high)).all(-1))[:, 0]
    return index, canvas.cover(polyline(everywhere[index], rod.line, (1.0, 1.0, 1.0)) - rod.radius)
