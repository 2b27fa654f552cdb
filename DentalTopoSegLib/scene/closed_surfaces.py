"""The teeth of a segmentation in 3D: how smooth their surfaces are, how many triangles they have, whether they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .nodes import SceneError, require

CLOSED_SURFACE = "Closed surface"


@dataclass(frozen=True)
class SurfaceSettings:
    """How surfaces are made from voxels.

    Parameters
    ----------
    smoothing : float
        0 (the voxels' steps) to 1 (round).
    decimation : float
        Share of the triangles that is left out, 0 to 0.95.

    Raises
    ------
    SceneError
        For values outside.
    """

    smoothing: float = 0.5
    decimation: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.smoothing <= 1:
            raise SceneError("Smoothing is from 0 to 1, not {value}.", value=self.smoothing)
        if not 0 <= self.decimation <= 0.95:
            raise SceneError("Simplifying is from 0 to 0.95, not {value}.", value=self.decimation)


def surface_settings(node: Any) -> SurfaceSettings:
    """How a segmentation's surfaces are made; what somebody else has set beyond our bounds is the nearest bound."""
    smoothing, decimation = (_parameter(node, name) for name in _names())
    return SurfaceSettings(
        0.5 if smoothing is None else min(max(smoothing, 0.0), 1.0),
        0.0 if decimation is None else min(max(decimation, 0.0), 0.95),
    )


def show_surfaces(node: Any, shown: bool = True, settings: SurfaceSettings | None = None) -> int:
    """Show a segmentation's teeth in 3D, or hide them there; returns the number of triangles.

    Parameters
    ----------
    node : vtkMRMLSegmentationNode
        Its surfaces are made where they are not there, and anew where the settings changed.
    shown : bool
        In the 3D views.
    settings : SurfaceSettings, optional
        Kept in the node, also for later edits; as they are by default.

    Raises
    ------
    SceneError
        Where Slicer cannot make the surfaces.
    """
    require(node, "The segmentation")
    segmentation = node.GetSegmentation()
    wanted = settings or surface_settings(node)
    if wanted != surface_settings(node) and segmentation.ContainsRepresentation(CLOSED_SURFACE):
        segmentation.RemoveRepresentation(CLOSED_SURFACE)
    for name, value in zip(_names(), (wanted.smoothing, wanted.decimation), strict=True):
        segmentation.SetConversionParameter(name, f"{value:.3f}")
    if not node.CreateClosedSurfaceRepresentation():
        raise SceneError("Slicer could not make surfaces of the teeth.")
    display = node.GetDisplayNode()
    display.SetPreferredDisplayRepresentationName3D(CLOSED_SURFACE)
    display.SetVisibility3D(bool(shown))
    return triangles_of(node)


def triangles_of(node: Any) -> int:
    """How many triangles a segmentation's surfaces have together."""
    segmentation = node.GetSegmentation()
    surfaces = (
        segmentation.GetNthSegment(i).GetRepresentation(CLOSED_SURFACE)
        for i in range(segmentation.GetNumberOfSegments())
    )
    return sum(surface.GetNumberOfPolys() for surface in surfaces if surface is not None)


def _names() -> tuple[str, str]:
    import slicer

    rule = slicer.vtkBinaryLabelmapToClosedSurfaceConversionRule
    return rule.GetSmoothingFactorParameterName(), rule.GetDecimationFactorParameterName()


def _parameter(node: Any, name: str) -> float | None:
    text = node.GetSegmentation().GetConversionParameter(name)
    try:
        return float(text)
    except (TypeError, ValueError):  # not set, or not by Slicer
        return None
