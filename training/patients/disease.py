"""What ails teeth and the bone around them, drawn (torch, any device); the labels know nothing of it.

Which tooth gets what says `treatment.ail`.
"""

from __future__ import annotations

import torch

from training.patients.canvas import Canvas
from training.patients.drawn_teeth import DrawnTooth, ToothMaps
from training.patients.materials import NUMBER_OF


def add_disease(tooth: DrawnTooth, canvas: Canvas, grey: dict[str, float], maps: ToothMaps) -> None:
    """A lesion at the apex, bone lost beside the root, calculus at the neck of one tooth."""
    placed, d = tooth.placed, tooth.distance
    if placed.lesion_mm:
        apex = torch.as_tensor(placed.model.apex, dtype=torch.float32, device=d.device)
        _soften(tooth, canvas, (tooth.local - apex).norm(dim=-1) - placed.lesion_mm, grey)
    if placed.defect is not None:
        depth, width = placed.defect.depth_mm, placed.defect.width_mm
        # a wedge: as wide as it gets at the crest, nothing at its bottom
        wedge = d - width * ((tooth.rim + depth) / depth).clamp(0, 1)
        defect = torch.maximum(wedge, (tooth.rim + depth / 2).abs() - depth / 2)
        _soften(tooth, canvas, torch.maximum(defect, _off_side(tooth, placed.defect.side)), grey)
    if placed.calculus_mm:
        # on lingual sides, thickest at the neck and rough
        rough = 0.7 + 0.3 * torch.sin(2.1 * tooth.local[..., 0]) * torch.sin(1.7 * tooth.local[..., 2])
        thickness = placed.calculus_mm * rough * (1 - tooth.rim.abs() / 2.5).clamp(min=0)
        layer = canvas.cover(torch.maximum(d - thickness, _off_side(tooth, "lingual"))) * (thickness > 0) * (d > 0)
        maps.deposits[tooth.window] = torch.maximum(maps.deposits[tooth.window], layer)


def _off_side(tooth: DrawnTooth, side: str) -> torch.Tensor:
    """mm outside the quarter of space on one side of a tooth, negative inside."""
    x, y = tooth.local[..., 0], tooth.local[..., 1]
    along, across = (x, y) if side in ("mesial", "distal") else (y, x)
    along = along if side in ("mesial", "buccal") else -along
    return (across.abs() - along) * 0.7


def _soften(tooth: DrawnTooth, canvas: Canvas, distance: torch.Tensor, grey: dict[str, float]) -> None:
    """Turn what is inside a surface (mm, negative inside) into soft tissue."""
    inside = canvas.cover(distance)
    image, material = canvas.image[tooth.window], canvas.material[tooth.window]
    bone = image > grey["mucosa"]
    image += inside * bone * (grey["mucosa"] - image)
    material[(inside > 0.5) & bone] = NUMBER_OF["soft"]
