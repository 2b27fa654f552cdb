"""The teeth of a patient on a grid: labels, distances, enamel, pulp, restorations and metal (torch, any device)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from DentalTopoSegLib.dentition import CLASS_FDI
from training.patients.anatomy import Patient, PlacedTooth, bracket_place, extent
from training.patients.canvas import FAR_MM, Canvas, Grid, cover
from training.patients.rooted_teeth import GRID_MM, SDF_STEP_MM
from training.patients.surroundings import polyline

CLASS_OF = {fdi: i for i, fdi in enumerate(CLASS_FDI)}
METALLIC_FILLING = 3200
METALLIC_CROWN = 3000
"""Grey values beyond which a filling or a crown is metal."""

Window = tuple[slice, slice, slice]


@dataclass
class ToothMaps:
    """What the teeth leave on the grid, each (z, y, x).

    Attributes
    ----------
    labels, depth, second : torch.Tensor
        As in `material_maps.Rendered`.
    crown_depth : torch.Tensor
        mm of enamel allowed here.
    pulp : torch.Tensor
        Depth relative to the tooth's axis, 0 to 1.
    extra, extra_cover : torch.Tensor
        Grey value and coverage of a restoration inside the tooth.
    metal : torch.Tensor
        Coverage by metal.
    gingiva : torch.Tensor
        mm to a collar of gingiva.
    """

    labels: torch.Tensor
    depth: torch.Tensor
    second: torch.Tensor
    crown_depth: torch.Tensor
    pulp: torch.Tensor
    extra: torch.Tensor
    extra_cover: torch.Tensor
    metal: torch.Tensor
    gingiva: torch.Tensor

    @classmethod
    def empty(cls, shape: tuple[int, int, int], device: torch.device) -> ToothMaps:
        """No tooth yet."""

        def zeros() -> torch.Tensor:
            return torch.zeros(shape, device=device)

        def far() -> torch.Tensor:
            return torch.full(shape, FAR_MM, device=device)

        labels = torch.zeros(shape, dtype=torch.uint8, device=device)
        return cls(labels, far(), far(), zeros(), zeros(), zeros(), zeros(), zeros(), far())

    def add_metal(self, window: Window, coverage: torch.Tensor) -> None:
        """Metal inside a window, where there is more of it than before."""
        self.metal[window] = torch.maximum(self.metal[window], coverage)


@dataclass
class _Tooth:
    """One tooth inside its window of the grid, each tensor (z, y, x).

    local: (z, y, x, 3) mm in the tooth's frame; distance: mm to its surface; rim: mm above its cemento-enamel junction;
    canal: depth relative to the axis, 0 to 1; closer: where it is nearer than all teeth before it.
    """

    placed: PlacedTooth
    window: Window
    local: torch.Tensor
    distance: torch.Tensor
    rim: torch.Tensor
    canal: torch.Tensor
    closer: torch.Tensor


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
        if placed.restoration == "implant":
            _draw_implant(placed, window, local, outside, canvas, patient, maps)
            continue
        tooth = _measure_tooth(placed, window, local, outside, patient, maps)
        _add_tooth(tooth, patient, maps)
        _add_restoration(tooth, canvas, patient.grey, maps)
        if placed.bracket:
            _add_bracket(tooth, canvas, patient, maps)
    _paint_gingiva_and_ligament(canvas, patient, ridges, maps)
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


def sample_grid(values: np.ndarray, tooth: PlacedTooth, local: torch.Tensor, padding: str) -> torch.Tensor:
    """Trilinear values (z, y, x) of a tooth's own grid at local points (z, y, x, 3) mm."""
    size = torch.tensor(values.shape[::-1], dtype=local.dtype, device=local.device)
    index = (local - torch.as_tensor(tooth.model.origin, dtype=local.dtype, device=local.device)) / GRID_MM
    flow = (index / (size - 1) * 2 - 1)[None]
    volume = torch.as_tensor(values.astype(np.float32), device=local.device)[None, None]
    return functional.grid_sample(volume, flow, padding_mode=padding, align_corners=True)[0, 0]


def _local_points(placed: PlacedTooth, points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Points in the tooth's frame (z, y, x, 3) mm, and how far outside its grid they lie (z, y, x) mm."""
    kind = {"dtype": torch.float32, "device": points.device}
    model = placed.model
    local = (points - torch.as_tensor(placed.centre, **kind)) @ torch.as_tensor(placed.rotation, **kind) / placed.scale
    low, high = model.origin, model.origin + GRID_MM * (np.array(model.sdf.shape[::-1]) - 1)
    outside = torch.maximum(torch.as_tensor(low, **kind) - local, local - torch.as_tensor(high, **kind)).amax(-1)
    return local, outside


def _draw_implant(
    placed: PlacedTooth,
    window: Window,
    local: torch.Tensor,
    outside: torch.Tensor,
    canvas: Canvas,
    patient: Patient,
    maps: ToothMaps,
) -> None:
    """A threaded screw of metal under a crown of composite."""
    axis = local[..., :2].norm(dim=-1)
    body = torch.maximum(axis - 1.9 - 0.15 * torch.sin(local[..., 2] * 7), (local[..., 2] + 6.5).abs() - 5.5)
    crown = sample_grid(placed.model.sdf, placed, local, "border") * SDF_STEP_MM
    crown = torch.maximum(crown, (placed.model.cej[0] + 0.5) - local[..., 2])
    crown = torch.where(outside > 0, torch.full_like(crown, FAR_MM), crown)
    canvas.image[window] += canvas.cover(crown) * (patient.grey["composite"] - canvas.image[window])
    maps.add_metal(window, canvas.cover(body))


def _measure_tooth(
    placed: PlacedTooth,
    window: Window,
    local: torch.Tensor,
    outside: torch.Tensor,
    patient: Patient,
    maps: ToothMaps,
) -> _Tooth:
    """The maps of one natural tooth inside its window."""
    distance = sample_grid(placed.model.sdf, placed, local, "border") * SDF_STEP_MM * placed.scale
    distance = torch.where(outside > 0, distance.clamp(min=2.5) + outside.clamp(min=0), distance).clamp(max=FAR_MM)
    x, y, z = local.unbind(-1)
    c = placed.model.cej
    junction = c[0] + c[1] * x + c[2] * y + c[3] * x**2 + c[4] * y**2 + c[5] * x * y
    rim = z - junction.clamp(float(c[0]) - 3, float(c[0]) + 3) + patient.shape["crest_drop"] * 0.3
    canal = sample_grid(placed.model.pulp, placed, local, "zeros") / 255.0
    canal = canal * (z < placed.model.top - 2.8)
    return _Tooth(placed, window, local, distance, rim, canal, distance < maps.depth[window])


def _add_tooth(tooth: _Tooth, patient: Patient, maps: ToothMaps) -> None:
    """Label, distances, enamel, pulp and gingival collar of one tooth, where it is the nearest."""
    shape, window, d, closer = patient.shape, tooth.window, tooth.distance, tooth.closer
    maps.second[window] = torch.where(closer, maps.depth[window], torch.minimum(maps.second[window], d))
    maps.depth[window] = torch.where(closer, d, maps.depth[window])
    maps.labels[window][closer & (d < 0)] = CLASS_OF[tooth.placed.fdi]
    molar = 1.35 if tooth.placed.fdi % 10 > 3 else 0.85
    enamel = shape["enamel_mm"] * molar * (tooth.rim / 3.0).clamp(0, 1)
    maps.crown_depth[window] = torch.where(closer, enamel, maps.crown_depth[window])
    maps.pulp[window] = torch.where(closer, tooth.canal, maps.pulp[window])
    if tooth.placed.erupted:
        near = (tooth.rim > -2) & (tooth.rim < 1.8 * shape["gingiva_mm"])
        collar = torch.where(near, d, torch.full_like(d, FAR_MM))
        maps.gingiva[window] = torch.minimum(maps.gingiva[window], collar)


def _add_restoration(tooth: _Tooth, canvas: Canvas, grey: dict[str, float], maps: ToothMaps) -> None:
    """One tooth's filling, crown or root filling, if it has one."""
    d, closer, window, kind = tooth.distance, tooth.closer, tooth.window, tooth.placed.restoration
    metallic = False
    if kind == "filling":
        *centre, radius = tooth.placed.filling
        ball = (tooth.local - torch.tensor(centre, dtype=d.dtype, device=d.device)).norm(dim=-1) - radius
        coverage, value = canvas.cover(ball) * closer, grey["composite"]
        metallic = grey["composite"] > METALLIC_FILLING
    elif kind == "crown":
        coverage = canvas.cover(-d - 1.2) * canvas.cover(-tooth.rim) * closer
        value, metallic = grey["composite"] * 1.2, grey["composite"] > METALLIC_CROWN
    elif kind == "root_filling":
        coverage, value = ((tooth.canal - 0.85) * 8).clamp(0, 1) * (d < -0.6) * closer, grey["gutta"]
    else:
        return
    maps.extra[window] = torch.where(coverage > 0, value, maps.extra[window])
    maps.extra_cover[window] = torch.where(closer, coverage, maps.extra_cover[window])
    if metallic:
        maps.add_metal(window, coverage * (d < 0))


def _add_bracket(tooth: _Tooth, canvas: Canvas, patient: Patient, maps: ToothMaps) -> None:
    """One tooth's bracket, and the band around a molar."""
    d, placed = tooth.distance, tooth.placed
    position = placed.fdi % 10
    place = torch.as_tensor(bracket_place(placed), dtype=d.dtype, device=d.device)
    size = [extent(placed.model)[0] * 0.35, 0.9, 1.6] if position >= 6 else [1.5, 0.8, 1.4]
    box = ((tooth.local - place).abs() - torch.tensor(size, dtype=d.dtype, device=d.device)).amax(-1)
    maps.add_metal(tooth.window, canvas.cover(box) * (d > 0))
    if position >= 6 and patient.shape["band"] > (0.5 if position == 6 else 0.8):
        ring = torch.maximum((d - 0.25).abs() - 0.25, (tooth.rim - 3.0).abs() - 1.8)
        maps.add_metal(tooth.window, canvas.cover(ring) * (d > 0))


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


def _paint_metal(canvas: Canvas, patient: Patient, points: torch.Tensor, maps: ToothMaps) -> None:
    """Wires, and all metal over everything else."""
    flat, depth, everywhere = maps.metal.reshape(-1), maps.depth.reshape(-1), points.reshape(-1, 3)
    for line in patient.wires:
        low, high = (
            torch.as_tensor(edge, dtype=points.dtype, device=points.device)
            for edge in (line.min(0) - 2, line.max(0) + 2)
        )
        index = torch.nonzero(((everywhere > low) & (everywhere < high)).all(-1))[:, 0]
        near = canvas.cover(polyline(everywhere[index], line, (1.0, 1.0, 1.0)) - patient.shape["wire_mm"])
        flat[index] = torch.maximum(flat[index], near * (depth[index] > 0))
    canvas.image.add_(maps.metal * (patient.grey["metal"] - canvas.image))
    canvas.mark(maps.metal > 0.5, "metal")
