"""Teeth in 3D, Segment Editor, teeth into a segmentation that is there, what runs the networks."""

from __future__ import annotations

import json
import types

import pytest
from gui_steps import addScan, click, waitFor

from DentalTopoSegLib.scene.closed_surfaces import SurfaceSettings, surface_settings


def test_smoothing_simplifying_and_hiding(panel, result) -> None:
    panel.ui.surfacesCollapsibleButton.collapsed = False
    assert panel.ui.show3DCheckBox.checked
    assert (panel.ui.smoothingSlider.value, panel.ui.decimationSlider.value) == (50, 0)
    panel.ui.smoothingSlider.value = 80
    panel.ui.decimationSlider.value = 60
    waitFor(lambda: surface_settings(result) == SurfaceSettings(0.8, 0.6))
    assert "triangles" in panel.ui.surfacesMessageLabel.text
    panel.ui.show3DCheckBox.checked = False
    waitFor(lambda: not result.GetDisplayNode().GetVisibility3D())
    panel.reviewPanel.refresh()
    assert panel.ui.smoothingSlider.value == 80 and not panel.ui.show3DCheckBox.checked


@pytest.fixture
def editor(slicer, monkeypatch):
    """Slicer's Segment Editor as the module sees it: what it was told."""
    told = []

    def method(name: str):
        return lambda *arguments: told.append((name, *arguments))

    widget = types.SimpleNamespace(
        **{name: method(name) for name in ("setSegmentationNode", "setSourceVolumeNode", "setCurrentSegmentID")}
    )
    own = types.SimpleNamespace(editor=widget)
    representation = types.SimpleNamespace(self=lambda: own)
    module = types.SimpleNamespace(widgetRepresentation=lambda: representation)
    monkeypatch.setattr(slicer.modules, "segmenteditor", module, raising=False)
    monkeypatch.setattr(slicer.util, "selectModule", method("selectModule"), raising=False)
    return told


def test_segment_editor_opens_with_result_scan_and_tooth(panel, result, editor, slicer, phantom) -> None:
    scan = addScan(slicer, phantom, panel)
    result.SetReferenceImageGeometryParameterFromVolumeNode(scan)
    click(panel.reviewPanel.chart.buttons[36])
    click(panel.ui.segmentEditorButton)
    assert editor == [
        ("selectModule", "SegmentEditor"),
        ("setSegmentationNode", result),
        ("setSourceVolumeNode", scan),
        ("setCurrentSegmentID", "Tooth_36"),
    ]
    assert result.GetDisplayNode().GetSegmentOpacity3D("Tooth_11") == 1.0, "nothing is faded there"


def test_teeth_into_a_segmentation_under_review_and_undo(panel, scan, result, scene) -> None:
    before = set(panel.reviewPanel.review.teeth())
    count = scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")
    panel.ui.outputSelector.setCurrentNode(result)
    assert not panel.ui.outputNameEdit.enabled
    click(panel.ui.applyButton)
    waitFor(lambda: not panel.logic.isRunning)
    assert panel.ui.messageLabel.text.startswith("Done"), panel.ui.messageLabel.text
    assert scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == count
    assert panel.reviewPanel.review.nodes[0] is result
    labels = panel.reviewPanel.review.labels().array
    assert set(panel.reviewPanel.review.teeth()) == {int(v) for v in set(labels.ravel().tolist())} - {0}
    click(panel.ui.undoButton)
    assert set(panel.reviewPanel.review.teeth()) == before


def test_what_else_is_segmented_reaches_the_worker(panel, scan, slicer, monkeypatch) -> None:
    from DentalTopoSegModuleLib import SegmentPanel

    started = []
    monkeypatch.setattr(SegmentPanel, "ensurePackages", lambda needed: None)
    monkeypatch.setattr(panel.logic._worker, "start", lambda path, cancel: started.append(json.loads(path.read_text())))
    panel.ui.jawsCheckBox.checked = panel.ui.tissuesCheckBox.checked = True  # any of them, without the others
    click(panel.ui.applyButton)
    assert started[0]["structures"] == ["jaws", "tissues"]
    assert panel.runOptions().structures == ("jaws", "tissues")
    panel.logic.abandon()
    panel.onSceneStartClose(None, None)
    slicer.mrmlScene.Clear(0)
    panel.onSceneEndClose(None, None)
    boxes = (panel.ui.jawsCheckBox, panel.ui.canalsCheckBox, panel.ui.tissuesCheckBox)
    assert [box.checked for box in boxes] == [True, False, True]  # what was used last


def test_surroundings_are_asked_for_only_of_the_built_in_networks_and_a_cbct(panel, scan, slicer) -> None:
    shown = (panel.ui.structuresLabel, panel.ui.jawsCheckBox, panel.ui.canalsCheckBox, panel.ui.tissuesCheckBox)
    assert all(widget.visible for widget in shown)
    panel.ui.canalsCheckBox.checked = True
    panel._parameterNode.network = "a colleague's"
    assert not any(widget.visible for widget in shown)
    assert panel.segmentPanel.structures() == ()
    panel._parameterNode.network = ""
    assert all(widget.visible for widget in shown) and panel.segmentPanel.structures() == ("canals",)
    panel.ui.inputSelector.setCurrentNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", "Jaw"))
    assert not any(widget.visible for widget in shown)


def test_the_provider_and_looking_twice_reach_the_worker(panel, scan, monkeypatch) -> None:
    from DentalTopoSegModuleLib import SegmentPanel

    asked, started = [], []
    monkeypatch.setattr(SegmentPanel, "ensurePackages", asked.append)
    monkeypatch.setattr(panel.logic._worker, "start", lambda path, cancel: started.append(path.read_text()))
    panel.ui.providerComboBox.currentIndex = 1
    panel.ui.ttaCheckBox.checked = True
    click(panel.ui.applyButton)
    assert any(requirement.startswith("openvino") for requirement in asked[0])
    assert '"openvino"' in started[0] and '"tta": true' in started[0]
    assert panel.runOptions().tta
    panel.logic.abandon()


def test_without_a_segmentation_there_is_nothing_to_smooth_or_edit(panel) -> None:
    assert not panel.ui.surfacesCollapsibleButton.visible
    assert not panel.ui.segmentEditorButton.visible
