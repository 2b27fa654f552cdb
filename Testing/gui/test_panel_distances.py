"""The distances to nerve canal and sinus in the panel: a click on a tooth or a finding shows their lines."""

from __future__ import annotations

import numpy as np
import pytest
from gui_steps import SPECK, addDentition, click

from DentalTopoSegLib.dentition.structure_origin import ERROR_TAG

MOLAR = 36


@pytest.fixture
def addTeethAndCanal(dentition, phantom, scene, slicer, panel):
    """Puts teeth and a canal, another program's, into the scene and reviews them; error: of the canal, mm."""
    from DentalTopoSegLib.scene.segments import LABELMAP, oriented_image

    if scene.GetFirstNodeByClass("vtkMRMLSliceNode") is None:
        scene.AddNewNodeByClass("vtkMRMLSliceNode")

    def add(error: str = ""):
        z, _, x = np.argwhere(dentition == MOLAR)[0]  # where its root ends
        canal = np.zeros(dentition.shape, np.uint8)
        canal[max(z - 5, 0) : z - 1, :, x - 2 : x + 2] = 1
        canal[dentition > 0] = 0
        node = addDentition(scene, dentition, phantom)
        segment = slicer.vtkSegment()
        segment.SetName("Left mandibular canal")
        segment.SetLabelValue(1)
        if error:
            segment.SetTag(ERROR_TAG, error)
        segment.AddRepresentation(LABELMAP, oriented_image(canal, (0, 0, 0), phantom.labels.index_to_ras_matrix()))
        assert node.GetSegmentation().AddSegment(segment)
        panel.ui.resultSelector.setCurrentNode(node)
        assert panel.reviewPanel.review is not None, panel.ui.reviewMessageLabel.text
        assert _lines(scene) == []
        return node

    return add


def _lines(scene) -> list:
    return [scene.GetNthNodeByClass(i, "vtkMRMLMarkupsLineNode") for i in range(_count(scene))]


def _count(scene) -> int:
    return scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode")


def _middle(line) -> np.ndarray:
    ends = np.zeros((2, 3))
    for i in range(2):
        line.GetNthControlPointPositionWorld(i, ends[i])
    return ends.mean(axis=0)


def _clickRow(panel, code: str, tooth: int) -> None:
    import qt

    finding = next(f for f in panel.reviewPanel.review.findings() if f.code == code and f.teeth == (tooth,))
    table, row = panel.ui.findingsTable, panel.reviewPanel.findings.keys.index(finding.key)
    table.scrollToItem(table.item(row, 1))
    place = table.visualItemRect(table.item(row, 1)).center()
    qt.QTest.mouseClick(table.viewport(), qt.Qt.LeftButton, qt.Qt.NoModifier, place)
    qt.QApplication.processEvents()


def _clickTooth(panel, fdi: int) -> None:
    click(panel.reviewPanel.chart.buttons[fdi])


def test_a_click_on_a_distance_shows_its_line(panel, scene, addTeethAndCanal) -> None:
    """It goes with the close look, and with another tooth."""
    addTeethAndCanal()
    _clickRow(panel, "near_canal", MOLAR)
    line, *_ = _lines(scene)  # the nearest root's
    finding = next(f for f in panel.reviewPanel.review.findings() if f.code == "near_canal" and f.teeth == (MOLAR,))
    assert line.GetDisplayVisibility()
    assert np.allclose(_middle(line), finding.position, atol=0.02)
    click(panel.ui.showAllButton)
    assert _lines(scene) == []
    _clickRow(panel, "near_canal", MOLAR)
    assert _count(scene) >= 1
    code = next(f.code for f in panel.reviewPanel.review.findings() if f.teeth == (SPECK,))
    _clickRow(panel, code, SPECK)
    assert _lines(scene) == []
    _clickRow(panel, "void", MOLAR)  # another finding of the same tooth
    assert _count(scene) >= 1


def test_a_selected_tooth_shows_its_distance_without_a_finding(panel, scene, addTeethAndCanal) -> None:
    addTeethAndCanal(error="3")
    assert not [f for f in panel.reviewPanel.review.findings() if f.code == "near_canal"]
    _clickTooth(panel, MOLAR)
    lines = _lines(scene)
    label = lines[0].GetNthControlPointLabel(1)
    assert "± 3.1 mm to the nerve canal" in label
    assert panel.ui.toothLabel.text.split("<br>")[1:] == label.split("\n"), "the panel says the same"
    assert len(lines) == len(label.split("\n"))
    view = scene.GetFirstNodeByClass("vtkMRMLSliceNode").GetSliceToRAS()
    assert np.allclose([view.GetElement(i, 3) for i in range(3)], _middle(lines[0]), atol=1e-3), "the views go there"
    _clickTooth(panel, 21)
    assert _lines(scene) == []
    assert "<br>" not in panel.ui.toothLabel.text


def test_the_check_box_takes_the_lines_away(panel, scene, addTeethAndCanal) -> None:
    addTeethAndCanal(error="3")
    box = panel.ui.distancesCheckBox
    _clickTooth(panel, MOLAR)
    shown = _count(scene)
    assert shown >= 1 and box.checked
    click(box)
    assert not box.checked and _lines(scene) == []
    click(box)
    assert _count(scene) == shown
    click(box)
    _clickTooth(panel, 35)
    _clickTooth(panel, MOLAR)
    assert _lines(scene) == []


def test_the_check_box_is_there_only_with_distances(panel, result, addTeethAndCanal) -> None:
    assert not panel.ui.distancesCheckBox.visible
    addTeethAndCanal()
    assert panel.ui.distancesCheckBox.visible


def test_no_line_is_left_by_an_edit_or_an_end(panel, scene, addTeethAndCanal) -> None:
    node = addTeethAndCanal(error="3")
    _clickTooth(panel, MOLAR)
    shown = _count(scene)
    click(panel.ui.removeToothButton)
    assert _lines(scene) == []
    click(panel.ui.undoButton)
    assert _count(scene) == shown >= 1
    click(panel.ui.redoButton)
    assert _lines(scene) == []
    click(panel.ui.undoButton)
    click(panel.ui.renumberButton)
    _clickTooth(panel, 38)
    assert panel.reviewPanel.chart.selected == 38
    assert _count(scene) == shown, "the tooth is the same, by another number"
    scene.RemoveNode(node)
    assert _lines(scene) == []


def test_a_closed_scene_keeps_no_line(panel, scene, addTeethAndCanal) -> None:
    addTeethAndCanal(error="3")
    _clickTooth(panel, MOLAR)
    assert _lines(scene) != []
    scene.Clear(False)
    assert _lines(scene) == [] and panel.reviewPanel.review is None
