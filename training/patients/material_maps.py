"""A patient evaluated on a grid: tooth labels, materials and grey values (torch, any device).

Soft tissue and bone are implicit functions evaluated on a coarse grid (they are smooth) and interpolated; teeth are
signed distances sampled on the target grid, each inside its own box. Edges become partial volumes by turning
distances into coverage over one voxel, so no supersampling is needed. All noise comes from one generator on the CPU,
so that every device draws the same patient.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch.nn import functional

from training.patients.anatomy import Patient
from training.patients.canvas import FAR_MM, Canvas, Grid, noise_field
from training.patients.inner_anatomy import InnerAnatomy, sample_inner
from training.patients.nerve_canals import draw_tubes
from training.patients.sinuses import Sinus
from training.patients.structure_map import StructureMap
from training.patients.surroundings import background
from training.patients.tooth_maps import draw_teeth


@dataclass(frozen=True)
class Rendered:
    """A phantom on a grid (z, y, x), RAS+ axes.

    Attributes
    ----------
    image : torch.Tensor
        float32 HU-like values, before acquisition.
    labels : torch.Tensor
        uint8 class index (see `dentition.CLASS_FDI`).
    depth : torch.Tensor
        float32 mm, signed distance to the nearest tooth surface (negative inside), clipped at `FAR_MM`.
    second : torch.Tensor
        float32 mm, the same for the second nearest tooth.
    material : torch.Tensor
        uint8 number in `materials.MATERIALS`.
    metal : torch.Tensor
        float32 coverage by metal in [0, 1].
    structures : torch.Tensor
        uint8 value of `dentition.structures`, 0 for none: what surrounds the teeth, and pulp, enamel and foreign
        material inside of them.
    bed : torch.Tensor
        uint8, the same without the teeth: roots are the jaw in whose socket they stand, crowns are none.
    """

    image: torch.Tensor
    labels: torch.Tensor
    depth: torch.Tensor
    second: torch.Tensor
    material: torch.Tensor
    metal: torch.Tensor
    structures: torch.Tensor
    bed: torch.Tensor

    def to(self, device: str) -> Rendered:
        """The same on a device."""
        return Rendered(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def render(patient: Patient, grid: Grid, warp_mm: float = 1.5, device: str = "cpu") -> Rendered:
    """Evaluate a patient on a grid.

    Parameters
    ----------
    patient : Patient
        Whom to draw; its seed decides the noise.
    grid : Grid
        Where.
    warp_mm : float
        Standard deviation of a smooth random deformation (mm, about 30 mm correlation length).
    device : str
        Where torch computes.

    Returns
    -------
    Rendered
        Everything on the grid.

    Raises
    ------
    ValueError
        The grid is too small for the coarse one.
    """
    generator = torch.Generator().manual_seed(patient.seed)
    points = _posed_points(patient, grid, warp_mm, generator, device)
    inner = sample_inner(patient)
    surfaces = _Surfaces.of(points, patient, inner, grid, generator)
    canvas = Canvas(grid, patient.grey["air"], device)
    texture = noise_field(grid.shape, 9.0 / grid.spacing, generator).to(device)
    trabeculae = noise_field(grid.shape, max(1.0, patient.shape["trabecular_mm"] / grid.spacing), generator).to(device)
    found = StructureMap(grid.shape, device)
    _paint_soft_tissue(canvas, surfaces, patient, texture, found)
    bones = _Bones(canvas, surfaces, patient, texture, trabeculae, found)
    more = torch.Generator().manual_seed(patient.seed)  # of its own, so that whatever is drawn after it stays
    filling = inner.marrow.paint(patient, bones.spongy, points, grid.spacing, more) if "lower" in surfaces else None
    ridges = _paint_bones(bones, inner.marrow.plate, filling)
    if "lower" in surfaces:
        lumina = draw_tubes(canvas, inner.tubes, points, surfaces["lower"], patient.grey)
        for name, mask in lumina.items():
            found.mark(mask, name)
    _paint_upper_airways(canvas, surfaces, patient, inner.sinuses, found)
    if inner.nasopalatine:
        bone = torch.minimum(torch.minimum(surfaces["upper"], surfaces["palate"]), surfaces["nasal_wall"])
        for name, mask in draw_tubes(canvas, inner.nasopalatine, points, bone, patient.grey).items():
            found.mark(mask, name)
    teeth = draw_teeth(canvas, patient, points, ridges, warp_mm)
    bed = found.values.clone()
    found.add_teeth(teeth, canvas.material)
    return Rendered(
        canvas.image, teeth.labels, teeth.depth, teeth.second, canvas.material, teeth.metal, found.values, bed
    )


def _posed_points(
    patient: Patient, grid: Grid, warp_mm: float, generator: torch.Generator, device: str
) -> torch.Tensor:
    """(z, y, x, 3) RAS mm in the patient's own pose of every voxel, smoothly deformed."""
    points = grid.points(device)
    middle = torch.as_tensor(patient.middle, dtype=torch.float32, device=device)
    lattice = torch.randn(3, 8, 8, 8, generator=generator)
    where = ((points - middle) / 110.0).clamp(-1, 1)
    shift = functional.grid_sample(lattice[None].to(device), where[None], align_corners=True, padding_mode="border")[0]
    points = points + warp_mm * shift.permute(1, 2, 3, 0)
    return (points - middle) @ torch.as_tensor(patient.pose, dtype=torch.float32, device=device) + middle


@dataclass(frozen=True)
class _Surfaces:
    """Signed distances of everything but teeth, kept on a coarse grid: every `step`-th voxel of `shape`."""

    coarse: dict[str, torch.Tensor]
    step: int
    shape: tuple[int, int, int]

    @classmethod
    def of(
        cls,
        points: torch.Tensor,
        patient: Patient,
        inner: InnerAnatomy,
        grid: Grid,
        generator: torch.Generator,
    ) -> _Surfaces:
        step = max(1, round((2.0 if grid.spacing < 0.8 else 3.0) / grid.spacing))
        coarse = points[::step, ::step, ::step]
        if min(coarse.shape[:3]) < 2:
            raise ValueError(f"the grid {grid.shape} is too small for spacing {grid.spacing} mm")
        lattice = torch.randn(1, 1, 28, 28, 28, generator=generator)
        middle = torch.as_tensor(patient.middle, dtype=torch.float32, device=points.device)
        wobble = functional.grid_sample(
            lattice.to(points.device), ((coarse - middle) / 90.0)[None], align_corners=True, padding_mode="reflection"
        )[0, 0]
        fields = background(coarse.reshape(-1, 3), patient, inner.sinuses, wobble.reshape(-1) * 1.5)
        return cls({name: field.reshape(coarse.shape[:3]) for name, field in fields.items()}, step, grid.shape)

    def __contains__(self, name: str) -> bool:
        return name in self.coarse

    def __getitem__(self, name: str) -> torch.Tensor:
        """(z, y, x) mm on the fine grid."""
        value = self.coarse[name]
        covered = [(n - 1) * self.step + 1 for n in value.shape]
        fine = functional.interpolate(value[None, None], size=covered, mode="trilinear", align_corners=True)
        rest = [size - have for size, have in zip(self.shape, covered, strict=True)]
        return functional.pad(fine, [0, rest[2], 0, rest[1], 0, rest[0]], mode="replicate")[0, 0]


def _paint_soft_tissue(
    canvas: Canvas, surfaces: _Surfaces, patient: Patient, texture: torch.Tensor, found: StructureMap
) -> None:
    """Skin with the fat beneath it, the air of throat and mouth."""
    grey, skin = patient.grey, surfaces["skin"]
    canvas.paint(canvas.cover(skin), grey["soft"] + 25 * texture, "soft")
    below = canvas.cover(-skin - patient.shape["gingiva_mm"] - 0.8)
    canvas.paint(canvas.cover(skin) * below * (texture > 0.3), grey["fat"], "fat")
    for name in ("airway", "oral_air"):
        distance = surfaces[name]
        canvas.paint(canvas.cover(distance), grey["air"], "air")
        if name == "airway":
            found.mark(distance < 0, "airway")


class _Bones:
    """Paints bones: a cortical shell around spongy bone, both textured."""

    def __init__(
        self,
        canvas: Canvas,
        surfaces: _Surfaces,
        patient: Patient,
        texture: torch.Tensor,
        trabeculae: torch.Tensor,
        found: StructureMap,
    ) -> None:
        grey, shape = patient.grey, patient.shape
        self.canvas, self.surfaces, self.patient, self.found = canvas, surfaces, patient, found
        self.cortical = grey["cortical"] * (1 + 0.06 * texture)
        self.spongy = (grey["trabecular"] * (1 + shape["trabecular_contrast"] * trabeculae)).clamp(min=-200)

    def paint(
        self, name: str, shell_mm: float | torch.Tensor, structure: str = "", spongy: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Paint one bone with a shell of this thickness as a part of a structure, filled with `spongy` (grey values; by
        default the patient's usual ones); its distance (z, y, x) in mm."""
        distance = self.surfaces[name]
        self.canvas.paint(self.canvas.cover(distance), self.cortical, "cortical")
        filling = self.spongy if spongy is None else spongy
        self.canvas.paint(self.canvas.cover(distance + shell_mm), filling, "trabecular")
        self.found.mark(distance < 0, structure)
        return distance


OF_THE_UPPER_JAW = ("skull", "zygoma", "palate", "pterygoid")
"""Bones that count as upper jaw with skull base."""


def _paint_bones(bones: _Bones, lower_plate: float, lower_filling: torch.Tensor | None) -> torch.Tensor:
    """Paint every bone, the lower jaw with plates of so many times the usual thickness and a filling of its own; the
    signed distance (z, y, x) in mm to the nearest jaw."""
    patient = bones.patient
    for name in ("skull", "spine", "blobs", "hyoid", "zygoma", "pterygoid"):
        if name in bones.surfaces:
            solid = name == "skull" and patient.shape["diploe"] < 0.4
            bones.paint(name, FAR_MM if solid else 1.3, "upper_jaw" if name in OF_THE_UPPER_JAW else "")
    if "palate" in bones.surfaces:
        bones.paint("palate", 1.4, "upper_jaw")
    ridges = torch.full_like(bones.canvas.image, FAR_MM)
    for name in patient.jaws:
        plate = bones.surfaces[name + "_plate"]
        if name == "upper":
            bone = bones.paint(name, plate, "upper_jaw")
        else:
            bone = bones.paint(name, (plate * lower_plate).clamp(min=0.3), "mandible", lower_filling)
        ridges = torch.minimum(ridges, bone)
    return ridges


def _paint_upper_airways(
    canvas: Canvas, surfaces: _Surfaces, patient: Patient, sinuses: list[Sinus], found: StructureMap
) -> None:
    """Maxillary sinuses and nose with their thin walls, where there is an upper jaw."""
    if "nasal_air" not in surfaces:
        return
    grey = patient.grey
    inside = canvas.cover(surfaces["skin"])
    for sinus in sinuses:
        _paint_sinus(canvas, surfaces, patient, sinus, found)
    for name, value, material, structure in (
        ("nasal_wall", grey["cortical"] * 0.75, "cortical", "upper_jaw"),
        ("nasal_air", grey["air"], "air", ""),
        ("septum", grey["mucosa"], "soft", ""),
    ):
        coverage = canvas.cover(surfaces[name])
        if structure:
            coverage = coverage * inside
        canvas.paint(coverage, value, material)
        found.mark(coverage > 0.5, structure)


def _paint_sinus(canvas: Canvas, surfaces: _Surfaces, patient: Patient, sinus: Sinus, found: StructureMap) -> None:
    """A bony cavity with its wall, its lining and what fills it, a septum."""
    grey = patient.grey
    distance, height = surfaces[sinus.name], surfaces[sinus.name + "_height"]
    inside = canvas.cover(surfaces["skin"] + 2.0)
    shell = canvas.cover((distance - 0.5).abs() - 0.6) * inside
    canvas.paint(shell, grey["cortical"] * 0.8, "cortical")
    found.mark(shell > 0.5, "upper_jaw")
    canvas.paint(canvas.cover(distance) * inside, grey["mucosa"], "soft")
    found.mark((distance < 0) & (inside > 0.5), sinus.name)
    air = torch.maximum(distance + sinus.mucosa_mm, sinus.filled_mm - height)
    canvas.paint(canvas.cover(air) * inside, grey["air"], "air")
    if sinus.septum is not None:
        _, _, thickness, tall = sinus.septum
        plane = surfaces[sinus.name + "_septum"].abs() - 0.5 * thickness
        septum = canvas.cover(torch.maximum(torch.maximum(plane, height - tall), distance)) * inside
        canvas.paint(septum, grey["cortical"] * 0.8, "cortical")
        found.mark(septum > 0.5, "upper_jaw")
