"""What the teeth leave on a grid, and one tooth inside its window of it (torch, any device)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.dentition.structures import structure
from training.patients.canvas import FAR_MM, Window
from training.patients.placed_tooth import PlacedTooth
from training.patients.rooted_teeth import GRID_MM

CLASS_OF = {fdi: i for i, fdi in enumerate(CLASS_FDI)}


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
    deposits : torch.Tensor
        Coverage by calculus.
    foreign : torch.Tensor
        uint8 value of `dentition.structures` of what dentists left, 0 for none.
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
    deposits: torch.Tensor
    foreign: torch.Tensor

    @classmethod
    def empty(cls, shape: tuple[int, int, int], device: torch.device) -> ToothMaps:
        """No tooth yet."""

        def zeros() -> torch.Tensor:
            return torch.zeros(shape, device=device)

        def far() -> torch.Tensor:
            return torch.full(shape, FAR_MM, device=device)

        def numbers() -> torch.Tensor:
            return torch.zeros(shape, dtype=torch.uint8, device=device)

        return cls(numbers(), far(), far(), zeros(), zeros(), zeros(), zeros(), zeros(), far(), zeros(), numbers())

    def add_metal(self, window: Window, coverage: torch.Tensor) -> None:
        """Metal inside a window, where there is more of it than before."""
        self.metal[window] = torch.maximum(self.metal[window], coverage)

    def mark(self, window: Window, coverage: torch.Tensor, key: str) -> None:
        """Foreign material inside a window: the structure of this key where it covers more than half of a voxel."""
        self.foreign[window][coverage > 0.5] = structure(key).value


@dataclass
class DrawnTooth:
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


def sample_grid(values: np.ndarray, tooth: PlacedTooth, local: torch.Tensor, padding: str) -> torch.Tensor:
    """Trilinear values (z, y, x) of a tooth's own grid at local points (z, y, x, 3) mm."""
    size = torch.tensor(values.shape[::-1], dtype=local.dtype, device=local.device)
    index = (local - torch.as_tensor(tooth.model.origin, dtype=local.dtype, device=local.device)) / GRID_MM
    flow = (index / (size - 1) * 2 - 1)[None]
    volume = torch.as_tensor(values.astype(np.float32), device=local.device)[None, None]
    return functional.grid_sample(volume, flow, padding_mode=padding, align_corners=True)[0, 0]
