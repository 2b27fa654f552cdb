"""The panoramic view and the arrangement of views: shown after a run, drawn when seen, clicks, marks, numbers."""

from __future__ import annotations

import numpy as np
import pytest
from gui_steps import HOLLOW, addDentition, addScan, click, waitFor

from DentalTopoSegLib.scene.layouts import DENTAL_LAYOUT
from DentalTopoSegLib.scene.nodes import nodes_of
from DentalTopoSegLib.scene.panoramic import panoramic_slice_node
from DentalTopoSegLib.scene.views import PANORAMIC_TAG


@pytest.fixture
def seen(layouts, panel, dentition, phantom, scene, slicer):
    """A result with its scan under review, in the dental layout."""
    scan = addScan(slicer, phantom, panel)
    node = addDentition(scene, dentition, phantom)
    node.SetReferenceImageGeometryParameterFromVolumeNode(scan)
    panel.ui.resultSelector.setCurrentNode(node)
    panel.ui.panoramicCollapsibleButton.collapsed = False
    click(panel.ui.panoramicButton)
    assert panel.panoramicPanel.view.drawn, panel.ui.panoramicMessageLabel.text
    return panel


def _nodes(panel) -> dict:
    return panel.panoramicPanel.view._nodes


def _labels(points) -> list[str]:
    return [points.GetNthControlPointLabel(i) for i in range(points.GetNumberOfControlPoints())]


def _place(points, index: int = 0) -> np.ndarray:
    place = [0.0, 0.0, 0.0]
    points.GetNthControlPointPositionWorld(index, place)
    return np.array(place)


def _pixel(scene, flat) -> tuple[int, int]:
    """Where a place of the picture is in its view."""
    import vtk

    inverse = vtk.vtkMatrix4x4()
    vtk.vtkMatrix4x4.Invert(panoramic_slice_node(scene).GetXYToRAS(), inverse)
    x, y = inverse.MultiplyPoint((*flat, 1.0))[:2]
    return round(x), round(y)


def _drag(layouts, begin: tuple[int, int], end: tuple[int, int]) -> None:
    interactor = layouts.sliceWidget(PANORAMIC_TAG).sliceView().interactor()
    interactor.SetEventPosition(*begin)
    interactor.InvokeEvent("LeftButtonPressEvent")
    interactor.SetEventPosition(*end)
    interactor.InvokeEvent("LeftButtonReleaseEvent")


def _tooth(panel, fdi: int):
    return panel.panoramicPanel.view.to_flat(panel.reviewPanel.review.look_at_tooth(fdi).position)


def _centre(scene) -> np.ndarray:
    red = next(node for node in nodes_of(scene, "vtkMRMLSliceNode") if node.GetLayoutName() == "Red").GetSliceToRAS()
    return np.array([red.GetElement(i, 3) for i in range(3)])


def test_the_view_is_shown_with_every_tooth_numbered(seen, layouts, slicer) -> None:
    assert layouts.layoutLogic().GetLayoutNode().GetViewArrangement() == DENTAL_LAYOUT
    teeth = seen.reviewPanel.review.teeth()
    assert sorted(_labels(_nodes(seen)["numbers"])) == sorted(str(fdi) for fdi in teeth)
    assert not seen.ui.panoramicButton.enabled, "it is up to date"
    listed = [seen.ui.inputSelector.itemText(i) for i in range(seen.ui.inputSelector.count)]
    assert not any("panoramic" in text for text in listed), "no scan to segment"


def test_a_click_on_a_tooth_goes_there_and_selects_it(seen, scene, layouts) -> None:
    x, y = _pixel(scene, _tooth(seen, HOLLOW))
    before = _centre(scene)
    _drag(layouts, (x, y), (x + 40, y))  # window and level, no click
    assert seen.reviewPanel.chart.selected is None and (_centre(scene) == before).all()
    _drag(layouts, (x, y), (x, y))
    assert seen.reviewPanel.chart.selected == HOLLOW
    tooth = np.array(seen.reviewPanel.review.look_at_tooth(HOLLOW).position)
    assert np.linalg.norm(_centre(scene) - tooth) < 2.5
    picture = panoramic_slice_node(scene).GetSliceToRAS()
    assert picture.GetElement(1, 3) > 1000, "the panoramic view itself stays where it is"
    assert np.linalg.norm(_place(_nodes(seen)["here"]) - _tooth(seen, HOLLOW)) < 2.5


def test_the_selected_finding_stands_out_and_its_place_is_marked(seen) -> None:
    panel = seen.reviewPanel
    key = next(f.key for f in panel.review.findings() if f.code == "void")
    panel.findings.select(key)
    panel.onFindingSelected(key)
    points = _nodes(seen)["findings"]
    chosen = [i for i in range(points.GetNumberOfControlPoints()) if points.GetNthControlPointSelected(i)]
    assert len(chosen) == 1
    place = seen.panoramicPanel.view.to_flat(panel.review.finding(key).position)
    assert np.allclose(_place(points, chosen[0]), place, atol=1e-3)
    assert np.allclose(_place(_nodes(seen)["here"]), place, atol=1e-3)
    click(seen.ui.showAllButton)
    assert _nodes(seen)["here"].GetNumberOfControlPoints() == 0


def test_the_crosshair_of_other_views_is_marked(layouts, scene, slicer, panel, dentition, phantom) -> None:
    crosshair = scene.AddNewNodeByClass("vtkMRMLCrosshairNode")
    scan = addScan(slicer, phantom, panel)
    node = addDentition(scene, dentition, phantom)
    node.SetReferenceImageGeometryParameterFromVolumeNode(scan)
    panel.ui.resultSelector.setCurrentNode(node)
    panel.ui.panoramicCollapsibleButton.collapsed = False
    click(panel.ui.panoramicButton)
    crosshair.SetCrosshairRAS(*panel.reviewPanel.review.look_at_tooth(36).position)
    assert np.allclose(_place(_nodes(panel)["here"]), _tooth(panel, 36), atol=1e-3)
    crosshair.SetCrosshairRAS(0.0, -400.0, 0.0)
    assert _nodes(panel)["here"].GetNumberOfControlPoints() == 0


def test_it_follows_edits_numbering_and_settings(seen) -> None:
    from vtk.util.numpy_support import vtk_to_numpy

    def grey() -> np.ndarray:
        return vtk_to_numpy(_nodes(seen)["grey"].GetImageData().GetPointData().GetScalars()).copy()

    click(seen.reviewPanel.chart.buttons[36])
    click(seen.ui.removeToothButton)
    assert "36" in _labels(_nodes(seen)["numbers"]) and seen.ui.panoramicButton.enabled
    waitFor(lambda: "36" not in _labels(_nodes(seen)["numbers"]))
    seen.ui.numberingComboBox.currentIndex = 2
    assert "UR6" in _labels(_nodes(seen)["numbers"])
    before = grey()
    seen.ui.panoramicThicknessSlider.value = 3
    assert seen.ui.panoramicThicknessValueLabel.text == "3 mm"
    seen.ui.panoramicModeComboBox.currentIndex = 1
    waitFor(lambda: (grey() != before).any())
    assert grey().max() > before.max(), "the brightest voxels"


def test_nothing_is_drawn_while_another_layout_or_module_is_shown(seen, layouts) -> None:
    import qt

    drawn = []
    draw = seen.panoramicPanel.view.draw
    seen.panoramicPanel.view.draw = lambda *a: (drawn.append(a), draw(*a))
    seen.exit()
    seen.ui.panoramicThicknessSlider.value = 5
    qt.QTest.qWait(700)
    assert not drawn
    layouts.setLayout(3)
    seen.enter()
    qt.QTest.qWait(700)
    assert not drawn and seen.ui.panoramicButton.text == "Show panoramic view"
    layouts.setLayout(DENTAL_LAYOUT)
    waitFor(lambda: drawn, 20)
    assert len(drawn) == 1


def test_too_few_teeth_are_told_once(layouts, panel, phantom, scene, slicer) -> None:
    scan = addScan(slicer, phantom, panel)
    labels = np.where(phantom.labels.array == 36, phantom.labels.array, 0)
    node = addDentition(scene, labels, phantom)
    node.SetReferenceImageGeometryParameterFromVolumeNode(scan)
    panel.ui.resultSelector.setCurrentNode(node)
    panel.ui.panoramicCollapsibleButton.collapsed = False
    click(panel.ui.panoramicButton)
    assert panel.ui.panoramicMessageLabel.text.startswith("Too few teeth")


def test_the_picture_goes_with_the_result(seen, scene) -> None:
    assert any("panoramic" in node.GetName() for node in nodes_of(scene, "vtkMRMLVolumeNode"))
    seen.ui.resultSelector.setCurrentNode(None)
    assert not any("panoramic" in (node.GetName() or "") for node in nodes_of(scene, "vtkMRMLDisplayableNode"))
    assert not seen.ui.panoramicCollapsibleButton.visible


def test_a_deleted_picture_is_drawn_anew(seen, scene) -> None:
    scene.RemoveNode(_nodes(seen)["grey"])
    seen.panoramicPanel.update()
    waitFor(lambda: seen.panoramicPanel.view.drawn)


def test_the_views_are_arranged_after_a_run(layouts, panel, scan, scene) -> None:
    click(panel.ui.applyButton)
    waitFor(lambda: not panel.logic.isRunning)
    review = panel.reviewPanel.review
    assert layouts.layoutLogic().GetLayoutNode().GetViewArrangement() == DENTAL_LAYOUT
    centre = _centre(scene)
    heights = {
        upper: [t.position[2] for t in map(review.look_at_tooth, review.teeth()) if (t.teeth[0] < 30) is upper]
        for upper in (True, False)
    }
    assert np.mean(heights[False]) < centre[2] < np.mean(heights[True]), "between the jaws"
    waitFor(lambda: panel.panoramicPanel.view.drawn)
    layouts.setLayout(3)
    panel.ui.arrangeViewsCheckBox.checked = False
    panel.onResult(review.node)
    assert layouts.layoutLogic().GetLayoutNode().GetViewArrangement() == 3
