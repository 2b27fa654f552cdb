"""Marrow of the lower jaw: dense in front, hollow behind, never the same all over; and how thick its plates are.

In the one real CBCT that was compared (the data pack's) the body behind the premolars and the ramus hold marrow hardly
brighter than muscle, with few trabeculae, inside of plates of 2 mm; the canal shows there by its walls alone. Cone-beam
scans of posterior mandibles are like that in many patients, and evenly filled in others: all of it is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from training.patients.anatomy import Patient
from training.patients.canvas import noise_field

REGION_MM, SPACE_MM = 13.0, 3.5
"""Correlation lengths: of dense and hollow regions, and of single marrow spaces, which are as wide as the canal."""
BEHIND_MM = 40.0
"""From the incisors back: so far the jaw is as dense as in front, and as hollow as behind twice as far."""


@dataclass(frozen=True)
class Marrow:
    """A patient's spongy bone of the lower jaw.

    Attributes
    ----------
    front, behind : float
        Share of the patient's spongy bone that is there, 0 (marrow alone) to 1.
    regions, spaces : float
        Standard deviations of that share over `REGION_MM` and `SPACE_MM`.
    grey : float
        Of marrow without bone, from fat (0) to soft tissue (1).
    plate : float
        Thickness of the cortical plates against the phantoms' usual one.
    """

    front: float
    behind: float
    regions: float
    spaces: float
    grey: float
    plate: float

    def paint(
        self, patient: Patient, bone: torch.Tensor, points: torch.Tensor, spacing: float, generator: torch.Generator
    ) -> torch.Tensor:
        """Grey values (z, y, x) of the spongy bone.

        Parameters
        ----------
        bone : torch.Tensor
            (z, y, x) grey values of it where it is dense.
        points : torch.Tensor
            (z, y, x, 3) RAS mm in the patient's own pose.
        """
        front = max(float(tooth.centre[1]) for tooth in patient.teeth)
        back = ((front - points[..., 1] - 0.5 * BEHIND_MM) / BEHIND_MM).clamp(0, 1)
        share = self.front + (self.behind - self.front) * back
        for spread, cell in ((self.regions, REGION_MM), (self.spaces, SPACE_MM)):
            share = share + spread * noise_field(tuple(bone.shape), cell / spacing, generator).to(bone.device)
        empty = patient.grey["fat"] + self.grey * (patient.grey["soft"] - patient.grey["fat"])
        return empty + share.clamp(0, 1.3) * (bone - empty)


def sample_marrow(rng: np.random.Generator) -> Marrow:
    """How a lower jaw is filled."""
    front = float(rng.uniform(0.5, 1.1))
    behind = front * float(rng.uniform(0.0, 0.5) if rng.random() < 0.6 else rng.uniform(0.5, 1.1))
    return Marrow(
        front,
        behind,
        regions=float(rng.uniform(0.0, 0.25)),
        spaces=float(rng.uniform(0.0, 0.35)),
        grey=float(rng.uniform(0.2, 1.1)),
        plate=float(rng.uniform(0.4, 1.1)),
    )
