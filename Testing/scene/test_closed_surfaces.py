"""The teeth in 3D: smoothing, simplifying, shown or not; kept for later edits."""

from __future__ import annotations

import pytest
from scene_steps import hollow

from DentalTopoSegLib.scene import SceneError
from DentalTopoSegLib.scene.closed_surfaces import SurfaceSettings, show_surfaces, surface_settings, triangles_of


def test_simpler_surfaces_have_fewer_triangles_and_edits_keep_it(review, teeth_node) -> None:
    assert surface_settings(teeth_node) == SurfaceSettings(0.5, 0.0)
    all_of_them = show_surfaces(teeth_node)
    fewer = show_surfaces(teeth_node, settings=SurfaceSettings(0.5, 0.8))
    assert 0 < fewer < 0.5 * all_of_them
    assert surface_settings(teeth_node) == SurfaceSettings(0.5, 0.8)
    hollow(teeth_node, 16)
    assert triangles_of(teeth_node) < 0.5 * all_of_them


def test_smoother_surfaces_are_smoother(teeth_node) -> None:
    import vtk

    def area() -> float:
        properties = vtk.vtkMassProperties()
        properties.SetInputData(teeth_node.GetSegmentation().GetSegment("Tooth_16").GetRepresentation("Closed surface"))
        return properties.GetSurfaceArea()

    show_surfaces(teeth_node, settings=SurfaceSettings(0.0))
    steps = area()
    show_surfaces(teeth_node, settings=SurfaceSettings(1.0))
    assert area() < 0.98 * steps


def test_hidden_in_3d_the_slices_still_show_them(teeth_node) -> None:
    show_surfaces(teeth_node, False)
    display = teeth_node.GetDisplayNode()
    assert not display.GetVisibility3D() and display.GetVisibility2DFill()
    show_surfaces(teeth_node)
    assert display.GetVisibility3D()


def test_bounds_are_told() -> None:
    with pytest.raises(SceneError, match="Smoothing is from 0 to 1, not 2"):
        SurfaceSettings(2.0)
    with pytest.raises(SceneError, match=r"Simplifying is from 0 to 0\.95, not 1"):
        SurfaceSettings(0.5, 1.0)
