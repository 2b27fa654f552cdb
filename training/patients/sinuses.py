"""Maxillary sinuses: bony cavities over the upper molars, with mucosa and septa.

Figures (docs/sources.md has the references and what was read of them):

* a cavity 27 mm wide and 36 mm long in adults (Ariji 1996), smaller in the young;
* mean distance from root tips to its floor 6 to 7 mm at the first premolar, 0.5 to 2 mm at the second molar (Eberhardt
  1992), roots reaching into it included; molars closer than premolars (Cihan 2024);
* septa in 28 % of sinuses, 7.5 mm high on average (Pommer 2012), mostly over the second molars (Cihan 2024);
* mucosa 1.6 mm thick, with a standard deviation of 1.2 (Kalyvas 2018); how often it is swollen is set by hand.

Where a tooth was lost the floor comes down towards the crest (pneumatisation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from training.patients.anatomy import Patient
from training.patients.arch_places import JawSide

FLOOR_MM = {3: 12.0, 4: 6.5, 5: 3.0, 6: 1.2, 7: 0.9, 8: 2.0}
"""Mean bone between an upper root's tip and the sinus floor, by place."""

SMALLEST_CREST_MM = 1.5
"""Bone that is left under a sinus at least."""


@dataclass(frozen=True)
class Sinus:
    """One maxillary sinus, RAS mm.

    Attributes
    ----------
    name : str
        "sinus_right" or "sinus_left".
    centre, radii : numpy.ndarray
        (3,) of its ellipsoid.
    medial : float
        |x| of its inner wall.
    floor : numpy.ndarray
        (N, 3) places of its floor.
    mucosa_mm : float
        Thickness of the lining.
    filled_mm : float
        Height over the floor up to which it is filled with swollen mucosa or fluid.
    septum : tuple of float, optional
        y, tilt, thickness and height over the floor of a septum.
    """

    name: str
    centre: np.ndarray
    radii: np.ndarray
    medial: float
    floor: np.ndarray
    mucosa_mm: float
    filled_mm: float
    septum: tuple[float, float, float, float] | None


def sample_sinuses(patient: Patient, rng: np.random.Generator) -> list[Sinus]:
    """The maxillary sinuses of a patient with an upper jaw.

    `Patient.shape["sinus"]` (0 to 1) says how large they are.
    """
    if "upper" not in patient.jaws:
        return []
    size = patient.shape["sinus"]
    low, wide = float(rng.normal(0, 1.6)), float(rng.uniform(0.85, 1.15))
    result = []
    for quadrant, name in ((1, "sinus_right"), (2, "sinus_left")):
        side = JawSide.of(patient, quadrant)
        if side is None:
            continue
        middle = side.apex(rng.uniform(6.1, 6.7))
        places = np.arange(3.0, 8.6, 0.5)
        gap = np.interp(places, list(FLOOR_MM), list(FLOOR_MM.values())) + low + rng.normal(0, 0.5, len(places))
        lost = np.interp(places, side.places, side.absent.astype(float)) * rng.uniform(0, 6)
        floor = side.apex(places)
        floor[:, 2] = np.maximum(floor[:, 2] + gap - lost, side.neck(places)[:, 2] + SMALLEST_CREST_MM + 2.0)
        radii = np.array([8.0 + 6.0 * size, 12.0 + 7.0 * size, 10.0 + 9.0 * size]) * rng.uniform(0.9, 1.1, 3)
        radii[0] *= wide
        bottom = float(np.interp(6.5, places, floor[:, 2])) - rng.uniform(0, 3)
        centre = np.array([middle[0], middle[1] + rng.uniform(-5, 2), bottom + radii[2]])
        centre[0] -= side.side * rng.uniform(-3, 3)
        swollen = rng.uniform(2, 12) if rng.random() < 0.3 else 0.0
        if rng.random() < 0.06:
            swollen = 60.0
        septum = None
        if rng.random() < 0.3:
            y = float(np.interp(rng.normal(7.0, 0.8), side.places, side.apices[:, 1]))
            septum = (y, float(rng.normal(0, 0.3)), float(rng.uniform(0.7, 1.4)), float(rng.uniform(3, 12)))
        result.append(
            Sinus(
                name,
                centre,
                radii,
                float(patient.middle[0] * side.side + rng.uniform(12.5, 15.0)),
                floor,
                float(rng.uniform(0.3, 1.5)),
                float(swollen),
                septum,
            )
        )
    return result


def sinus_fields(points: torch.Tensor, sinus: Sinus, wobble: torch.Tensor) -> dict[str, torch.Tensor]:
    """Signed distances (N,) mm at points (N, 3): of the bony cavity, and the height over its floor.

    Keys: the sinus' name, that with "_height", and with "_septum" the distance from the septum's plane.
    """
    kind = {"dtype": points.dtype, "device": points.device}
    floor = torch.as_tensor(sinus.floor, **kind)
    weight = 1.0 / (torch.cdist(points[:, :2].contiguous(), floor[:, :2].contiguous()) ** 2 + 4.0) ** 2
    height = points[:, 2] - (weight * floor[:, 2]).sum(1) / weight.sum(1)
    radii = torch.as_tensor(sinus.radii, **kind)
    q = (points - torch.as_tensor(sinus.centre, **kind)) / radii
    # Between an ellipsoid and a box: the walls are rather flat.
    body = ((q.abs() ** 2.6).sum(1) ** (1 / 2.6) - 1.0) * radii.min() + 1.8 * wobble
    side = 1.0 if sinus.name == "sinus_right" else -1.0
    cavity = _smooth_max(body, -height, 3.0)
    fields = {
        sinus.name: _smooth_max(cavity, sinus.medial - side * points[:, 0], 3.0),
        sinus.name + "_height": height,
    }
    if sinus.septum is not None:
        y, tilt, _, _ = sinus.septum
        fields[sinus.name + "_septum"] = points[:, 1] - y - tilt * (points[:, 0] - float(sinus.centre[0])) + wobble
    return fields


def _smooth_max(a: torch.Tensor, b: torch.Tensor, k: float) -> torch.Tensor:
    """The larger of two distances, its seam rounded over k mm."""
    h = (k - (a - b).abs()).clamp(min=0) / k
    return torch.maximum(a, b) + h * h * k * 0.25
