"""The materials of a phantom: what a voxel can be, and what X-rays meet there."""

from __future__ import annotations

from typing import NamedTuple


class Material(NamedTuple):
    """A material's name and its g/cm^3 of water, hydroxyapatite and iron."""

    name: str
    water: float
    hydroxyapatite: float
    iron: float


MATERIALS = (
    Material("air", 0.0, 0.0, 0.0),
    Material("soft", 1.05, 0.0, 0.0),
    Material("trabecular", 0.95, 0.20, 0.0),
    Material("cortical", 0.82, 0.90, 0.0),
    Material("dentin", 0.62, 1.35, 0.0),
    Material("enamel", 0.12, 2.75, 0.0),
    Material("metal", 0.0, 0.0, 7.87),
    Material("pulp", 1.03, 0.0, 0.0),
    Material("fat", 0.92, 0.0, 0.0),
)
"""By the number a voxel has. Densities and mineral contents after ICRU Report 44 (soft tissue, adipose, cortical bone)
and textbook values for dentin (2.0 g/cm^3, 70 % mineral by weight) and enamel (2.9 g/cm^3, 96 %); organic matrix counts
as water."""

NUMBER_OF = {material.name: number for number, material in enumerate(MATERIALS)}
"""Name -> number of a material."""
