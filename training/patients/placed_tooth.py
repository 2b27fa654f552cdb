"""A tooth in its place, with what has been done to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.patients.root_shapes import AS_STORED, RootShape, placed_apex
from training.patients.rooted_teeth import ToothModel


@dataclass(frozen=True)
class ImplantPlan:
    """A screw's radius and length in mm, and whether a crown stands on it."""

    radius: float = 1.9
    length: float = 11.0
    crown: bool = True


@dataclass(frozen=True)
class BoneDefect:
    """Bone lost along one side of a root: how deep below the neck and how wide at the crest, mm.

    side: "mesial", "distal" (a vertical defect), "buccal" or "lingual" (a dehiscence).
    """

    side: str
    depth_mm: float
    width_mm: float


@dataclass(frozen=True)
class PlacedTooth:
    """A tooth model in its place.

    Attributes
    ----------
    model : ToothModel
        The tooth.
    rotation, centre : numpy.ndarray
        (3, 3) and (3,) RAS mm as in `ToothModel`.
    scale : float
        Size as a multiple of the model's.
    restoration : str
        "", "filling", "amalgam", "onlay", "crown", "root_filling", "caries", "implant" or "pontic" (the tooth is
        replaced) or "absent" (only bone left).
    bracket : bool
        Metal on the buccal face.
    erupted : bool
        Whether the crown stands in the mouth, with gingiva around its neck.
    filling : tuple of float
        Centre (x, y, z) in the tooth's frame and radius of a filling, mm; of an amalgam or onlay half its width (y)
        and its depth (z).
    material : str
        "composite", "zirconia" or "metal": what a crown, an onlay or a pontic is made of.
    thickness, bulk : float
        Of a crown, mm: what it takes of the tooth (0: 1.2), and how far it reaches beyond the tooth.
    post : bool
        Metal down the root.
    bracket_scale : float
        Size of a bracket as a multiple of the usual.
    lesion_mm : float
        Radius of bone lost around the apex.
    defect : BoneDefect or None
        Bone lost beside the root.
    calculus_mm : float
        Thickness of calculus at the lingual neck.
    pulp_width : float
        Of the pulp as a multiple of the usual, roughly: below 1 obliterated, beyond it wide.
    implant : ImplantPlan
        What an implant is like.
    root : RootShape
        How the root differs from the model's.
    """

    model: ToothModel
    rotation: np.ndarray
    centre: np.ndarray
    scale: float = 1.0
    restoration: str = ""
    bracket: bool = False
    erupted: bool = True
    filling: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    material: str = "composite"
    thickness: float = 0.0
    bulk: float = 0.0
    post: bool = False
    bracket_scale: float = 1.0
    lesion_mm: float = 0.0
    defect: BoneDefect | None = None
    calculus_mm: float = 0.0
    pulp_width: float = 1.0
    implant: ImplantPlan = ImplantPlan()
    root: RootShape = AS_STORED

    @property
    def fdi(self) -> int:
        """FDI number."""
        return self.model.fdi

    @property
    def present(self) -> bool:
        """Whether a natural tooth stands here (an implant, a pontic or a gap is not one)."""
        return self.restoration not in ("implant", "pontic", "absent")

    @property
    def apex(self) -> np.ndarray:
        """Lowest point of the root (3,), tooth frame mm."""
        return placed_apex(self.model.apex, self.root, float(self.model.cej[0]))

    def to_ras(self, points: np.ndarray) -> np.ndarray:
        """Tooth frame (N, 3) mm -> RAS mm."""
        return np.atleast_2d(points) * self.scale @ self.rotation.T + self.centre


def extent(model: ToothModel) -> np.ndarray:
    """Crown size (mesiodistal, buccolingual) in mm, from the voxels of the model's upper 5 mm."""
    z = model.origin[2] + 0.5 * np.arange(model.sdf.shape[0])
    crown = (model.sdf[z > model.top - 5.0] < 0).any(0)
    return np.array([crown.any(0).sum(), crown.any(1).sum()]) * 0.5


def bracket_place(tooth: PlacedTooth) -> np.ndarray:
    """Where a bracket's middle sits, tooth frame mm (3,): on the buccal face, mid-crown."""
    return np.array([0.0, extent(tooth.model)[1] / 2 + 0.8, tooth.model.top - 4.5])
