"""Review of a segmentation: what is shown, what fades, where the views go."""

from __future__ import annotations

import numpy as np
import pytest
from scan_files import toy_dentition
from scene_steps import hollow

from DentalTopoSegLib.scene import SceneError


def shown(node) -> dict[str, tuple]:
    display, segmentation = node.GetDisplayNode(), node.GetSegmentation()
    keys = [segmentation.GetNthSegmentID(i) for i in range(segmentation.GetNumberOfSegments())]
    return {
        key: (
            display.GetSegmentVisibility(key),
            display.GetSegmentOpacity3D(key),
            display.GetSegmentOpacity2DFill(key),
            display.GetSegmentOpacity2DOutline(key),
        )
        for key in keys
    }


def test_other_teeth_fade_and_come_back_as_they_were(review) -> None:
    review.node.GetDisplayNode().SetSegmentVisibility("Tooth_11", False)
    review.node.GetDisplayNode().SetSegmentOpacity3D("Tooth_12", 0.4)
    before = shown(review.node)
    review.emphasise([16, 17])
    now = shown(review.node)
    assert now["Tooth_16"] == (True, 1.0, 1.0, 1.0)
    assert now["Tooth_26"][1] < 0.2
    review.emphasise([11])
    assert shown(review.node)["Tooth_11"][0]
    review.hide_others([16])
    assert [key for key, value in shown(review.node).items() if value[0]] == ["Tooth_16"]
    review.restore()
    assert shown(review.node) == before


def test_points_of_other_teeth_are_hidden_meanwhile(review) -> None:
    def labels() -> list[str]:
        points = review.points
        count = points.GetNumberOfControlPoints()
        shown = [points.GetNthControlPointLabel(i) for i in range(count) if points.GetNthControlPointVisibility(i)]
        return [line for label in shown for line in label.split("\n") if line]

    everything = labels()
    review.emphasise([16])
    assert labels() == ["16 size?"]
    hollow(review.node, 16)
    review.recheck()
    assert sorted(labels()) == ["16 hollow", "16 size?"]
    review.restore()
    assert set(labels()) == {*everything, "16 hollow"}


def test_labels_do_not_lie_upon_one_another(review) -> None:
    """None while all teeth are in sight; in a close look, one for points that are close together."""
    display = review.points.GetDisplayNode()
    assert review.points.GetNumberOfControlPoints() and not display.GetPointLabelsVisibility()
    hollow(review.node, 16)
    review.recheck()
    review.emphasise([16])
    assert display.GetPointLabelsVisibility()
    points = review.points
    shown = [i for i in range(points.GetNumberOfControlPoints()) if points.GetNthControlPointVisibility(i)]
    labels = [points.GetNthControlPointLabel(i) for i in shown]
    assert len(shown) == 2 and sorted(label.count("\n") for label in labels) == [0, 1] and "" in labels
    review.restore()
    assert not display.GetPointLabelsVisibility()
    assert "" not in [points.GetNthControlPointLabel(i) for i in range(points.GetNumberOfControlPoints())]


def test_restoring_when_a_faded_tooth_is_gone(review) -> None:
    review.emphasise([16])
    review.node.GetSegmentation().RemoveSegment("Tooth_26")
    review.restore()
    assert shown(review.node)["Tooth_27"][1] == 1.0


def test_looking_at_a_finding_and_at_a_tooth(slicer, scene, review) -> None:
    from DentalTopoSegLib.scene import look_at

    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    slices = [scene.AddNewNodeByClass("vtkMRMLSliceNode", name) for name in ("Red", "Green")]
    slices[0].SetOrientationToAxial()
    slices[1].SetOrientationToCoronal()
    for node in slices:
        node.SetDimensions(300, 200, 1)
        node.SetFieldOfView(300, 200, 1)
    camera = scene.AddNewNodeByClass("vtkMRMLCameraNode", "Camera")
    look = review.look_at_tooth(16)
    centre = toy_dentition()[1].index_to_ras(np.argwhere(toy_dentition()[1].array == 16).mean(0))
    np.testing.assert_allclose(look.position, centre, atol=1e-2)
    assert look.camera[0] > look.position[0] + 20  # from the patient's right, outside the arch
    look_at(look, scene)
    for node in slices:
        matrix = node.GetSliceToRAS()
        assert [round(matrix.GetElement(i, 3), 3) for i in range(3)] == [round(c, 3) for c in look.position]
        assert min(node.GetFieldOfView()[:2]) == pytest.approx(look.extent_mm)
        assert node.GetFieldOfView()[0] / node.GetFieldOfView()[1] == pytest.approx(1.5)
    np.testing.assert_allclose(camera.GetFocalPoint(), look.position)
    np.testing.assert_allclose(camera.GetPosition(), look.camera)
    placed = next(f for f in review.findings() if f.position)
    assert review.look(placed.key).position == tuple(placed.position)
    with pytest.raises(SceneError, match="There is no tooth 38"):
        review.look_at_tooth(38)
