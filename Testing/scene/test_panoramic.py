"""The panoramic view in the scene: where things lie, what is shown where, what is kept, and the dental layout."""

from __future__ import annotations

import numpy as np
import pytest
from scan_files import toy_dentition
from scene_steps import add_toy_segmentation, transform

from DentalTopoSegLib.scene import SceneError, add_volume, look_at, review_of
from DentalTopoSegLib.scene.layouts import (
    DENTAL_LAYOUT,
    PANORAMIC_GROUP,
    is_dental_layout_shown,
    register_dental_layout,
    show_volume,
)
from DentalTopoSegLib.scene.nodes import nodes_of
from DentalTopoSegLib.scene.panoramic import PanoramicView, _spread, panoramic_slice_node
from DentalTopoSegLib.scene.views import PANORAMIC_TAG


@pytest.fixture
def view(review):
    made = PanoramicView(review)
    made.draw()
    yield made
    made.close()


def _points(view, key: str) -> list[tuple[str, np.ndarray]]:
    node, found = view._nodes[key], []
    for i in range(node.GetNumberOfControlPoints()):
        place = [0.0, 0.0, 0.0]
        node.GetNthControlPointPositionWorld(i, place)
        found.append((node.GetNthControlPointLabel(i), np.array(place)))
    return found


def test_the_picture_is_one_slice_in_mm_and_far_from_the_head(view, scene) -> None:
    grey = view._nodes["grey"]
    rows, columns = view._known().surface.shape
    assert grey.GetImageData().GetDimensions() == (columns, rows, 1)
    np.testing.assert_allclose(grey.GetSpacing()[:2], view._known().surface.spacing)
    bounds = [0.0] * 6
    grey.GetRASBounds(bounds)
    assert bounds[2] > 1000
    for node in view._nodes.values():
        assert node.GetHideFromEditors() and not node.GetSaveWithScene()


def test_teeth_stand_in_order_from_the_patients_right_and_distances_are_true(view, review) -> None:
    places = dict(_points(view, "numbers"))
    assert set(places) == {str(fdi) for fdi in review.teeth()}
    upper = [str(fdi) for fdi in (18, 17, 16, 15, 14, 13, 12, 11, 21, 22, 23, 24, 25, 26, 27, 28) if str(fdi) in places]
    across = [places[label][0] for label in upper]
    assert across == sorted(across, reverse=True), "right is +R, on the left of a coronal view"
    heights = [review.look_at_tooth(fdi).position[2] for fdi in (16, 46)]
    flat = [view.to_flat(review.look_at_tooth(fdi).position)[2] for fdi in (16, 46)]
    assert flat[0] - flat[1] == pytest.approx(heights[0] - heights[1], abs=0.6)
    assert places["16"][2] > flat[0] and places["46"][2] < flat[1], "numbers outside the roots"


def test_a_place_goes_to_the_picture_and_back(view, review) -> None:
    for fdi in review.teeth():
        place = review.look_at_tooth(fdi).position
        flat = view.to_flat(place)
        look = view.look(flat)
        assert np.linalg.norm(np.array(look.position) - place) < 1.0, fdi
        assert look.teeth in ((fdi,), ())
    assert view.to_flat((0.0, -500.0, 0.0)) is None
    assert view.look((0.0, 0.0, 0.0)) is None and view.tooth_at((999.0, 5000.0, 0.0)) is None


def test_numbers_and_points_are_in_the_panoramic_view_only(view, scene) -> None:
    slice_node = panoramic_slice_node(scene)
    assert slice_node.GetViewGroup() == PANORAMIC_GROUP
    for key in ("numbers", "findings", "here"):
        display = view._nodes[key].GetDisplayNode()
        assert list(display.GetViewNodeIDs()) == [slice_node.GetID()]


def test_jumps_leave_the_panoramic_view_where_it_is(view, review, scene) -> None:
    view.fit()
    before = [panoramic_slice_node(scene).GetSliceToRAS().GetElement(i, 3) for i in range(3)]
    other = scene.AddNewNodeByClass("vtkMRMLSliceNode", "Red")
    look_at(review.look_at_tooth(16), scene)
    assert [panoramic_slice_node(scene).GetSliceToRAS().GetElement(i, 3) for i in range(3)] == before
    assert other.GetSliceToRAS().GetElement(1, 3) != 0.0


def test_the_whole_picture_fits_into_a_view_of_any_shape(view, scene) -> None:
    node, surface = panoramic_slice_node(scene), view._known().surface
    for width, height in ((900, 300), (300, 900)):
        node.SetDimensions(width, height, 1)
        view.fit()
        across, down = node.GetFieldOfView()[:2]
        assert across >= surface.shape[1] * surface.spacing and down >= surface.rows * surface.spacing
        assert across / down == pytest.approx(width / height)


def test_numbers_follow_the_numbering_and_findings_their_state(view, review) -> None:
    before = len(_points(view, "findings"))
    placed = [f for f in review.findings() if f.position is not None and view.to_flat(f.position) is not None]
    assert before == len(placed) > 0
    view.update(placed[0].key)
    node = view._nodes["findings"]
    assert [node.GetNthControlPointSelected(i) for i in range(before)].count(True) == 1
    review.set_numbering("Palmer")
    view.update()
    assert "UR6" in dict(_points(view, "numbers"))


def test_the_window_the_user_set_stays_until_the_picture_is_another(view) -> None:
    display = view._nodes["grey"].GetDisplayNode()
    display.SetWindowLevel(123.0, 45.0)
    view.draw()
    assert (display.GetWindow(), display.GetLevel()) == (123.0, 45.0)
    view.draw(14.0, "mip")
    assert display.GetWindow() != 123.0


def test_a_scan_that_was_moved_with_its_teeth(scene) -> None:
    volume = add_volume(scene, toy_dentition()[0], "CBCT")
    node = add_toy_segmentation(scene, volume)
    turn = np.eye(4)
    turn[:3, :3] = [[0.8, -0.6, 0], [0.6, 0.8, 0], [0, 0, 1]]
    turn[:3, 3] = 10, -20, 30
    moved = transform(scene, turn)
    for one in (volume, node):
        one.SetAndObserveTransformNodeID(moved.GetID())
    view = PanoramicView(review_of(node))
    view.draw()
    for fdi in (16, 26, 36, 46):
        place = view._review.look_at_tooth(fdi).position
        assert np.linalg.norm(np.array(view.look(view.to_flat(place)).position) - place) < 1.0


def test_a_scan_that_is_gone_is_told(view, review, scene) -> None:
    scene.RemoveNode(scene.GetFirstNodeByName("CBCT"))
    with pytest.raises(SceneError, match="not in the scene: load it"):
        PanoramicView(review).draw()


def test_closing_takes_everything_out(review, scene) -> None:
    before = {node.GetID() for node in nodes_of(scene)}
    view = PanoramicView(review)
    view.draw()
    view.close()
    left = [node for node in nodes_of(scene) if node.GetID() not in before]
    assert {node.GetClassName() for node in left} <= {"vtkMRMLSliceNode", "vtkMRMLSliceCompositeNode"}
    assert not view.drawn
    view.update()
    view.mark((0, 0, 0))


def test_neighbours_are_moved_apart_as_little_as_possible() -> None:
    np.testing.assert_allclose(_spread(np.array([10.0, 30.0, 60.0]), 5.0, 100), [10, 30, 60])
    np.testing.assert_allclose(_spread(np.array([10.0, 11.0, 60.0]), 5.0, 100), [8, 13, 60])
    np.testing.assert_allclose(np.diff(_spread(np.array([10.0, 10.0, 10.0, 12.0]), 5.0, 100)), 5.0)


# ---------------------------------------------------------------- the layout


def test_slicers_layout_logic_makes_the_views_of_the_dental_layout(slicer, scene, volume_node) -> None:
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    logic = slicer.vtkMRMLLayoutLogic()
    logic.SetMRMLScene(scene)
    layouts = logic.GetLayoutNode()
    register_dental_layout(layouts)
    register_dental_layout(layouts)
    assert not is_dental_layout_shown(scene)
    layouts.SetViewArrangement(DENTAL_LAYOUT)
    assert is_dental_layout_shown(scene)
    panoramic = panoramic_slice_node(scene)
    assert panoramic.GetViewGroup() == PANORAMIC_GROUP and panoramic.GetLayoutLabel() == "P"
    for name, kind in ((PANORAMIC_TAG, "vtkMRMLSliceNode"), ("Red", "vtkMRMLSliceNode"), ("1", "vtkMRMLViewNode")):
        assert scene.GetSingletonNode(name, kind) is not None
        assert f'singletontag="{name}"' in layouts.GetCurrentLayoutDescription()
    for name in ("Red", PANORAMIC_TAG):
        scene.AddNewNodeByClass("vtkMRMLSliceCompositeNode").SetLayoutName(name)
    show_volume(scene, volume_node)
    shown = {n.GetLayoutName(): n.GetBackgroundVolumeID() for n in nodes_of(scene, "vtkMRMLSliceCompositeNode")}
    assert shown == {"Red": volume_node.GetID(), PANORAMIC_TAG: None}
    logic.SetMRMLScene(None)


def test_looking_at_all_teeth_is_between_the_jaws(review) -> None:
    look = review.look_at_all()
    heights = [review.look_at_tooth(fdi).position[2] for fdi in (16, 46)]
    assert min(heights) < look.position[2] < max(heights)
    assert look.extent_mm > 50 and set(look.teeth) == set(review.teeth())
    assert look.camera[1] > look.position[1] + 50, "from the front"
