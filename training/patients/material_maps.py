"""A patient evaluated on a grid: tooth labels, materials and grey values (torch, any device).

Soft tissue and bone are implicit functions evaluated on a coarse grid (they are smooth) and interpolated; teeth are
signed distances sampled on the target grid, each inside its own box. Edges become partial volumes by turning
distances into coverage over one voxel, so no supersampling is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from DentalTopoSegLib.dentition import CLASS_FDI
from training.patients.anatomy import Patient, PlacedTooth, bracket_place, extent
from training.patients.rooted_teeth import GRID_MM, SDF_STEP_MM
from training.patients.surroundings import background, polyline

CLASS_OF = {fdi: i for i, fdi in enumerate(CLASS_FDI)}
MATERIALS = ("air", "soft", "trabecular", "cortical", "dentin", "enamel", "metal", "pulp", "fat")
FAR_MM = 6.0


@dataclass(frozen=True)
class Rendered:
    """A phantom on a grid (z, y, x), RAS+ axes.

    Attributes:
        image: float32 HU-like values, before acquisition.
        labels: uint8 class index (see `dentition.CLASS_FDI`).
        depth: float32 mm, signed distance to the nearest tooth surface (negative inside), clipped at `FAR_MM`.
        second: float32 mm, the same for the second nearest tooth.
        material: uint8 index into `MATERIALS`.
        metal: float32 coverage by metal in [0, 1].
    """

    image: torch.Tensor
    labels: torch.Tensor
    depth: torch.Tensor
    second: torch.Tensor
    material: torch.Tensor
    metal: torch.Tensor


def cover(distance: torch.Tensor, width: float) -> torch.Tensor:
    """Share of a voxel inside a surface at a signed distance (mm, negative inside); width: voxel size in mm."""
    return (0.5 - distance / width).clamp(0, 1)


def noise_field(shape: tuple[int, int, int], cell: float, generator: torch.Generator) -> torch.Tensor:
    """Smooth noise, unit variance, (z, y, x); cell: correlation length in voxels."""
    small = [max(2, int(np.ceil(n / max(cell, 1.0))) + 2) for n in shape]
    seed = torch.randn([1, 1, *small], generator=generator)
    value = (
        functional.interpolate(seed, size=list(shape), mode="trilinear", align_corners=True)[0, 0]
        if cell > 1
        else seed[0, 0, : shape[0], : shape[1], : shape[2]]
    )
    return value / (value.std() + 1e-6)


def tooth_window(
    tooth: PlacedTooth, patient: Patient, origin: np.ndarray, spacing: float, shape: tuple[int, int, int], slack: float
) -> tuple[slice, slice, slice] | None:
    """Voxels (z, y, x) a tooth's grid can reach; None if it lies outside."""
    size = np.array(tooth.model.sdf.shape[::-1]) * GRID_MM
    corners = tooth.model.origin + size * np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, 8).T
    ras = (tooth.to_ras(corners) - patient.middle) @ patient.pose.T + patient.middle
    low = np.floor((ras.min(0) - slack - origin) / spacing).astype(int)[::-1]
    high = np.ceil((ras.max(0) + slack - origin) / spacing).astype(int)[::-1] + 1
    low, high = np.maximum(low, 0), np.minimum(high, shape)
    return None if (low >= high).any() else tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


def sample_grid(grid: np.ndarray, tooth: PlacedTooth, local: torch.Tensor, padding: str) -> torch.Tensor:
    """Trilinear values of a tooth grid (z, y, x) at local points (..., 3) mm."""
    size = torch.tensor(grid.shape[::-1], dtype=local.dtype, device=local.device)
    index = (local - torch.as_tensor(tooth.model.origin, dtype=local.dtype, device=local.device)) / GRID_MM
    flow = (index / (size - 1) * 2 - 1)[None]
    volume = torch.as_tensor(grid.astype(np.float32), device=local.device)[None, None]
    return functional.grid_sample(volume, flow, padding_mode=padding, align_corners=True)[0, 0]


def render(
    patient: Patient,
    origin: np.ndarray,
    spacing: float,
    shape: tuple[int, int, int],
    warp_mm: float = 1.5,
    device: str = "cpu",
) -> Rendered:
    """Evaluate a patient on a grid.

    Args:
        origin: (3,) RAS mm of voxel (0, 0, 0).
        spacing: voxel size, mm.
        shape: (z, y, x).
        warp_mm: standard deviation of a smooth random deformation (mm, about 30 mm correlation length).
    """
    g = torch.Generator().manual_seed(patient.seed)
    torch_kind = {"dtype": torch.float32, "device": device}
    # all noise comes from the CPU generator, so that every device draws the same patient
    z, y, x = (torch.arange(n, **torch_kind) * spacing + float(o) for n, o in zip(shape, origin[::-1], strict=True))
    points = torch.stack(torch.meshgrid(z, y, x, indexing="ij")[::-1], -1)
    lattice = torch.randn(3, 8, 8, 8, generator=g)
    where = ((points - torch.as_tensor(patient.middle, **torch_kind)) / 110.0).clamp(-1, 1)
    shift = functional.grid_sample(lattice[None].to(device), where[None], align_corners=True, padding_mode="border")[0]
    points = points + warp_mm * shift.permute(1, 2, 3, 0)
    middle = torch.as_tensor(patient.middle, **torch_kind)
    points = (points - middle) @ torch.as_tensor(patient.pose, **torch_kind) + middle

    # smooth things on a coarse grid
    step = max(1, round((2.0 if spacing < 0.8 else 3.0) / spacing))
    coarse = points[::step, ::step, ::step]
    if min(coarse.shape[:3]) < 2:
        raise ValueError(f"the grid {shape} is too small for spacing {spacing} mm")
    wobble_lattice = torch.randn(1, 1, 28, 28, 28, generator=g)
    wobble = functional.grid_sample(
        wobble_lattice.to(device),
        ((coarse - torch.as_tensor(patient.middle, **torch_kind)) / 90.0)[None],
        align_corners=True,
        padding_mode="reflection",
    )[0, 0]
    fields = background(coarse.reshape(-1, 3), patient, wobble.reshape(-1) * 1.5)
    covered = [(n - 1) * step + 1 for n in coarse.shape[:3]]

    def fine(name: str) -> torch.Tensor:
        value = functional.interpolate(
            fields[name].reshape(1, 1, *coarse.shape[:3]), size=covered, mode="trilinear", align_corners=True
        )
        pad = [0, shape[2] - covered[2], 0, shape[1] - covered[1], 0, shape[0] - covered[0]]
        return functional.pad(value, pad, mode="replicate")[0, 0]

    grey, s = patient.grey, patient.shape
    width = spacing
    image = torch.full(shape, grey["air"], **torch_kind)
    material = torch.zeros(shape, dtype=torch.uint8, device=device)

    def paint(coverage: torch.Tensor, value: torch.Tensor | float, name: str) -> None:
        image.add_(coverage * (value - image))
        material[coverage > 0.5] = MATERIALS.index(name)

    skin = fine("skin")
    texture = noise_field(shape, 9.0 / spacing, g).to(device)
    paint(cover(skin, width), grey["soft"] + 25 * texture, "soft")
    paint(cover(skin, width) * cover(-skin - s["gum_mm"] - 0.8, width) * (texture > 0.3), grey["fat"], "fat")
    trabeculae = noise_field(shape, max(1.0, s["trabecular_mm"] / spacing), g).to(device)
    spongy = (grey["trabecular"] * (1 + s["trabecular_contrast"] * trabeculae)).clamp(min=-200)
    paint(cover(fine("airway"), width), grey["air"], "air")
    paint(cover(fine("oral_air"), width), grey["air"], "air")

    def bone(name: str, shell: float) -> torch.Tensor:
        d = fine(name)
        paint(cover(d, width), grey["cortical"] * (1 + 0.06 * texture), "cortical")
        paint(cover(d + shell, width), spongy, "trabecular")
        return d

    for name in ("skull", "spine", "blobs", "hyoid", "zygoma"):
        if name in fields:
            solid = name == "skull" and s["diploe"] < 0.4
            bone(name, FAR_MM if solid else 1.3)
    ridges = torch.full(shape, FAR_MM, **torch_kind)
    if "palate" in fields:
        bone("palate", 1.4)
    for name in patient.jaws:
        d = bone(name, s["plate"])
        ridges = torch.minimum(ridges, d)
    if "nasal_air" in fields:
        for name in ("sinus_r", "sinus_l"):
            d = fine(name)
            away = cover(1.2 - ridges, 2.0)
            paint(cover((d - 0.5).abs() - 0.6, width) * cover(skin, width), grey["cortical"] * 0.8, "cortical")
            paint(cover(d, width) * torch.maximum(away, cover(d + 4.0, 2.0)), grey["air"], "air")
        paint(cover(fine("nasal_wall"), width), grey["cortical"] * 0.75, "cortical")
        paint(cover(fine("nasal_air"), width), grey["air"], "air")
        paint(cover(fine("septum"), width), grey["mucosa"], "soft")

    layers = _teeth(patient, points, origin, spacing, image, material, ridges, paint, warp_mm)
    return Rendered(image, layers.labels, layers.depth, layers.second, material, layers.metal)


@dataclass
class _Layers:
    """What the teeth leave on the grid, each (z, y, x); see `Rendered` for the first three.

    crown_depth: mm of enamel allowed here. pulp: depth relative to the tooth's axis, 0..1. extra, extra_cover: grey
    value and coverage of a restoration inside the tooth. metal: coverage. gum: mm to a collar of gum.
    """

    labels: torch.Tensor
    depth: torch.Tensor
    second: torch.Tensor
    crown_depth: torch.Tensor
    pulp: torch.Tensor
    extra: torch.Tensor
    extra_cover: torch.Tensor
    metal: torch.Tensor
    gum: torch.Tensor

    @classmethod
    def empty(cls, shape: tuple[int, int, int], device: torch.device) -> _Layers:
        """No tooth yet."""

        def zeros() -> torch.Tensor:
            return torch.zeros(shape, device=device)

        def far() -> torch.Tensor:
            return torch.full(shape, FAR_MM, device=device)

        labels = torch.zeros(shape, dtype=torch.uint8, device=device)
        return cls(labels, far(), far(), zeros(), zeros(), zeros(), zeros(), zeros(), far())


def _teeth(patient, points, origin, spacing, image, material, ridges, paint, warp_mm):
    """Teeth, gum, ligament, restorations, brackets and wires onto image and material; returns what was drawn."""
    shape, width = tuple(image.shape), spacing
    grey, s = patient.grey, patient.shape
    kind = {"dtype": torch.float32, "device": image.device}
    layers = _Layers.empty(shape, image.device)
    for tooth in patient.teeth:
        if tooth.restoration == "absent":
            continue
        window = tooth_window(tooth, patient, origin, spacing, shape, 3.5 * warp_mm + 1.0)
        if window is None:
            continue
        local = (
            (points[window] - torch.as_tensor(tooth.centre, **kind))
            @ torch.as_tensor(tooth.rotation, **kind)
            / tooth.scale
        )
        low, high = tooth.model.origin, tooth.model.origin + GRID_MM * (np.array(tooth.model.sdf.shape[::-1]) - 1)
        outside = torch.maximum(torch.as_tensor(low, **kind) - local, local - torch.as_tensor(high, **kind)).amax(-1)
        if tooth.restoration == "implant":
            axis = local[..., :2].norm(dim=-1)
            body = torch.maximum(axis - 1.9 - 0.15 * torch.sin(local[..., 2] * 7), (local[..., 2] + 6.5).abs() - 5.5)
            crown = sample_grid(tooth.model.sdf, tooth, local, "border") * SDF_STEP_MM
            crown = torch.maximum(crown, (tooth.model.cej[0] + 0.5) - local[..., 2])
            crown = torch.where(outside > 0, torch.full_like(crown, FAR_MM), crown)
            image[window] += cover(crown, width) * (grey["composite"] - image[window])
            layers.metal[window] = torch.maximum(layers.metal[window], cover(body, width))
            continue
        d = sample_grid(tooth.model.sdf, tooth, local, "border") * SDF_STEP_MM * tooth.scale
        d = torch.where(outside > 0, d.clamp(min=2.5) + outside.clamp(min=0), d).clamp(max=FAR_MM)
        lx, ly, lz = local.unbind(-1)
        c = tooth.model.cej
        rim = (
            lz
            - (c[0] + c[1] * lx + c[2] * ly + c[3] * lx**2 + c[4] * ly**2 + c[5] * lx * ly).clamp(
                float(c[0]) - 3, float(c[0]) + 3
            )
            + s["crest_drop"] * 0.3
        )
        closer = d < layers.depth[window]
        layers.second[window] = torch.where(closer, layers.depth[window], torch.minimum(layers.second[window], d))
        layers.depth[window] = torch.where(closer, d, layers.depth[window])
        layers.labels[window][closer & (d < 0)] = CLASS_OF[tooth.fdi]
        molar = 1.35 if tooth.fdi % 10 > 3 else 0.85
        enamel = s["enamel_mm"] * molar * (rim / 3.0).clamp(0, 1)
        layers.crown_depth[window] = torch.where(closer, enamel, layers.crown_depth[window])
        canal = sample_grid(tooth.model.pulp, tooth, local, "zeros") / 255.0
        canal = canal * (lz < tooth.model.top - 2.8)
        layers.pulp[window] = torch.where(closer, canal, layers.pulp[window])
        if tooth.erupted:
            collar = torch.where((rim > -2) & (rim < 1.8 * s["gum_mm"]), d, torch.full_like(d, FAR_MM))
            layers.gum[window] = torch.minimum(layers.gum[window], collar)
        _restore(tooth, window, closer, d, local, rim, canal, layers, grey, width)
        if tooth.bracket and tooth.fdi % 10 >= 6 and s["band"] > (0.5 if tooth.fdi % 10 == 6 else 0.8):
            ring = torch.maximum((d - 0.25).abs() - 0.25, (rim - 3.0).abs() - 1.8)
            layers.metal[window] = torch.maximum(layers.metal[window], cover(ring, width) * (d > 0))
    _compose(patient, points, width, image, material, ridges, paint, layers)
    return layers


def _restore(tooth, window, closer, d, local, rim, canal, layers, grey, width) -> None:
    """One tooth's filling, crown, root filling, bracket."""
    if tooth.restoration == "filling":
        x, y, z, radius = tooth.filling
        ball = (local - torch.tensor([x, y, z], dtype=d.dtype, device=d.device)).norm(dim=-1) - radius
        c = cover(ball, width) * closer
        layers.extra[window] = torch.where(c > 0, grey["composite"], layers.extra[window])
        layers.extra_cover[window] = torch.where(closer, c, layers.extra_cover[window])
        if grey["composite"] > 3200:
            layers.metal[window] = torch.maximum(layers.metal[window], c * (d < 0))
    elif tooth.restoration == "crown":
        c = cover(-d - 1.2, width) * cover(-rim, width) * closer
        layers.extra[window] = torch.where(c > 0, grey["composite"] * 1.2, layers.extra[window])
        layers.extra_cover[window] = torch.where(closer, c, layers.extra_cover[window])
        if grey["composite"] > 3000:
            layers.metal[window] = torch.maximum(layers.metal[window], c * (d < 0))
    elif tooth.restoration == "root_filling":
        c = ((canal - 0.85) * 8).clamp(0, 1) * (d < -0.6) * closer
        layers.extra[window] = torch.where(c > 0, grey["gutta"], layers.extra[window])
        layers.extra_cover[window] = torch.where(closer, c, layers.extra_cover[window])
    if tooth.bracket:
        place = torch.as_tensor(bracket_place(tooth), dtype=d.dtype, device=d.device)
        half = torch.tensor([1.5, 0.8, 1.4], dtype=d.dtype, device=d.device)
        if tooth.fdi % 10 >= 6:
            half = torch.tensor([extent(tooth.model)[0] * 0.35, 0.9, 1.6], dtype=d.dtype, device=d.device)
        box = ((local - place).abs() - half).amax(-1)
        layers.metal[window] = torch.maximum(layers.metal[window], cover(box, width) * (d > 0))


def _compose(patient, points, width, image, material, ridges, paint, layers) -> None:
    """Layer gum, ligament, dentin, enamel, pulp and restorations from the tooth distances."""
    grey, s = patient.grey, patient.shape
    paint(cover(layers.gum - s["gum_mm"], width) * (ridges > 0), grey["mucosa"], "soft")
    paint(cover((ridges - 0.6).abs() - 0.6, width) * (ridges > 0) * (image < -300), grey["mucosa"], "soft")
    in_bone = cover(ridges + 0.3, width)
    lamina = cover((layers.depth - s["pdl_mm"] - 0.35).abs() - 0.3, width) * in_bone * s["lamina"]
    paint(lamina, grey["cortical"], "cortical")
    paint(cover(layers.depth - s["pdl_mm"], width) * cover(ridges - 2.0, 2.0), grey["mucosa"], "soft")
    body = cover(layers.depth, width)
    canal = ((layers.pulp - s["pulp"]) * 7).clamp(0, 1) * cover(layers.depth + 0.5, width)
    value = torch.full_like(image, grey["dentin"])
    value = value + canal * (grey["pulp"] - value)
    shell = cover(-(layers.depth + layers.crown_depth), width) * (layers.crown_depth > 0.05)
    value = value + shell * (grey["enamel"] - value)
    value = value + layers.extra_cover * (layers.extra - value)
    paint(body, value, "dentin")
    inside = body > 0.5
    material[inside & (shell > 0.5)] = MATERIALS.index("enamel")
    material[inside & (canal > 0.5)] = MATERIALS.index("pulp")
    for line in patient.wires:
        low, high = (
            torch.as_tensor(edge, dtype=points.dtype, device=points.device)
            for edge in (line.min(0) - 2, line.max(0) + 2)
        )
        index = torch.nonzero(((points > low) & (points < high)).all(-1).reshape(-1))[:, 0]
        near = cover(polyline(points.reshape(-1, 3)[index], line, (1.0, 1.0, 1.0)) - patient.shape["wire_mm"], width)
        flat = layers.metal.reshape(-1)
        flat[index] = torch.maximum(flat[index], near * (layers.depth.reshape(-1)[index] > 0))
    image.add_(layers.metal * (grey["metal"] - image))
    material[layers.metal > 0.5] = MATERIALS.index("metal")
