"""Toy dentitions for the training's tests, in the form of real ones."""

from __future__ import annotations

import numpy as np

from DentalTopoSegLib.dentition import CLASS_FDI
from training.patients.rooted_teeth import GRID_MM, SDF_STEP_MM, ToothModel, stored_pulp


def toy_tooth(fdi: int) -> ToothModel:
    """A tapered ellipsoid in the right place of a rough arch, its pulp as its distance gives it."""
    side = 1.0 if fdi // 10 in (1, 4) else -1.0
    upper = fdi < 30
    step = (fdi % 10 - 0.5) * 7.0
    centre = np.array([side * min(4.0 + step * 0.55, 26.0), 30.0 - (step / 9.0) ** 2, 5.0 if upper else -5.0])
    origin = np.array([-6.0, -6.0, -20.0])
    z, y, x = np.meshgrid(*[np.arange(n) * GRID_MM for n in (50, 24, 24)], indexing="ij")
    x, y, z = x + origin[0], y + origin[1], z + origin[2]
    distance = (np.sqrt((x / 3.2) ** 2 + (y / 3.6) ** 2 + ((z + 7.0) / 10.5) ** 2) - 1) * 3.2
    sdf = np.clip(np.round(distance / SDF_STEP_MM), -127, 127).astype(np.int8)
    occlusal = np.array([0, 0, -1.0 if upper else 1.0])
    mesial = np.array([-side, 0.0, 0.0])
    rotation = np.stack([mesial, np.cross(occlusal, mesial), occlusal], 1)
    rotation[:, 1] *= np.sign(rotation[1, 1])
    return ToothModel(
        fdi,
        rotation.astype(np.float32),
        centre.astype(np.float32),
        origin.astype(np.float32),
        sdf,
        stored_pulp(sdf),
        np.array([-3.0, 0, 0, 0, 0, 0], np.float32),
        np.array([0, 0, -17.5], np.float32),
        3.5,
    )


def toy_dentition(count: int = 28) -> list[ToothModel]:
    """The first of 28 of them."""
    return [toy_tooth(fdi) for fdi in CLASS_FDI[1:] if fdi % 10 < 8][:count]
