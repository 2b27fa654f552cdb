"""The review panel on a dentition with known faults: chart, list, going there, repairs, undo, renumbering, edits."""

from __future__ import annotations

import numpy as np
import pytest
from gui_steps import HOLLOW, SPECK, addDentition, addScan, click, waitFor


def _key(panel, code: str) -> str:
    return next(f.key for f in panel.reviewPanel.review.findings() if f.code == code)


def _button(panel, code: str, action: str):
    return panel.reviewPanel.findings.buttons[_key(panel, code)][action]


def _state(panel, code: str) -> str:
    return next(f.state for f in panel.reviewPanel.review.findings() if f.code == code)


def _row(panel, code: str) -> int:
    return panel.reviewPanel.findings.keys.index(_key(panel, code))


def _clickRow(panel, code: str) -> None:
    import qt

    table = panel.ui.findingsTable
    place = table.visualItemRect(table.item(_row(panel, code), 1)).center()
    qt.QTest.mouseClick(table.viewport(), qt.Qt.LeftButton, qt.Qt.NoModifier, place)
    qt.QApplication.processEvents()


def _place(panel, fdi: int):
    return panel.reviewPanel.chart.place(fdi)


def _tooth(panel, fdi: int):
    return panel.reviewPanel.chart.buttons[fdi]


def _labels(panel):
    return panel.reviewPanel.review.labels().array


def test_the_list_has_the_gravest_first_and_the_chart_their_colours(panel, result) -> None:
    severities = [finding.severity for finding in panel.reviewPanel.review.findings()]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)
    assert panel.ui.findingsTable.rowCount == len(severities) >= 2
    assert _place(panel, SPECK).state in ("error", "warning", "info")
    assert _place(panel, 21).state == "fine"
    assert _place(panel, 18).state == "missing"
    assert "28 teeth" in panel.ui.summaryLabel.text
    assert not _tooth(panel, 55).visible, "milk teeth only where there are some"


def test_a_click_on_a_finding_goes_there_and_fades_the_rest(panel, result, scene) -> None:
    _clickRow(panel, "void")
    finding = next(f for f in panel.reviewPanel.review.findings() if f.code == "void")
    view = scene.GetFirstNodeByClass("vtkMRMLSliceNode").GetSliceToRAS()
    centre = [view.GetElement(i, 3) for i in range(3)]
    assert np.allclose(centre, finding.position, atol=1e-3)
    assert np.allclose(scene.GetFirstNodeByClass("vtkMRMLCameraNode").GetFocalPoint(), finding.position, atol=1e-3)
    opacity = _opacities(result)
    assert opacity[HOLLOW] == max(opacity.values())
    assert opacity[21] < opacity[HOLLOW]
    assert panel.reviewPanel.chart.selected == HOLLOW
    click(panel.ui.showAllButton)
    assert len(set(_opacities(result).values())) == 1
    assert panel.reviewPanel.chart.selected is None


def _opacities(node) -> dict[int, float]:
    display = node.GetDisplayNode()
    return {fdi: display.GetSegmentOpacity3D(f"Tooth_{fdi}") for fdi in (21, HOLLOW)}


def test_a_click_on_a_tooth_selects_it_and_its_finding(panel, result) -> None:
    click(_tooth(panel, HOLLOW))
    assert "lower left first molar" in panel.ui.toothLabel.text
    assert panel.reviewPanel.findings.selectedKey == _key(panel, "void")
    click(_tooth(panel, 18))
    assert "not in the result" in panel.ui.toothLabel.text
    assert not panel.ui.removeToothButton.enabled


def test_repair_and_its_own_undo(panel, result) -> None:
    before = _labels(panel)
    click(_button(panel, "void", "repair"))
    assert _state(panel, "void") == "repaired"
    assert (_labels(panel) != before).any()
    assert panel.ui.reviewMessageLabel.text.startswith("Done:")
    assert _place(panel, HOLLOW).settled
    click(_button(panel, "void", "undo"))
    assert _state(panel, "void") == "open"
    assert (_labels(panel) == before).all()
    click(panel.ui.redoButton)
    assert _state(panel, "void") == "repaired"


def test_accept_and_reopen(panel, result) -> None:
    click(_button(panel, "void", "accept"))
    assert _state(panel, "void") == "accepted"
    assert _place(panel, HOLLOW).settled
    assert panel.ui.findingsTable.item(_row(panel, "void"), 1).text().startswith("Accepted")
    click(_button(panel, "void", "reopen"))
    assert _state(panel, "void") == "open"


def test_renumbering_by_picking_on_the_chart(panel, result) -> None:
    before = _labels(panel)
    click(_tooth(panel, 17))
    click(panel.ui.renumberButton)
    click(_tooth(panel, 18))
    assert not panel.ui.renumberButton.checked
    assert _place(panel, 18).state != "missing" and _place(panel, 17).state == "missing"
    assert ((_labels(panel) == 18) == (before == 17)).all()
    assert panel.ui.reviewMessageLabel.text == "Tooth 17 is now 18."
    click(panel.ui.undoButton)
    assert (_labels(panel) == before).all()


def test_renumbering_onto_a_taken_place_exchanges_the_numbers(panel, result) -> None:
    before = _labels(panel)
    click(_tooth(panel, 14))
    click(panel.ui.renumberButton)
    click(_tooth(panel, 15))
    after = _labels(panel)
    assert ((after == 15) == (before == 14)).all() and ((after == 14) == (before == 15)).all()
    assert panel.ui.reviewMessageLabel.text == "Teeth 14 and 15 have exchanged their numbers."
    click(panel.ui.undoButton)
    assert (_labels(panel) == before).all()


def test_renumbering_can_be_called_off(panel, result) -> None:
    before = _labels(panel)
    click(_tooth(panel, 14))
    click(panel.ui.renumberButton)
    click(_tooth(panel, 14))
    assert not panel.ui.renumberButton.checked
    assert (_labels(panel) == before).all()


def test_what_is_no_tooth_can_be_taken_out(panel, result) -> None:
    click(_tooth(panel, 47))
    click(panel.ui.removeToothButton)
    assert _place(panel, 47).state == "missing"
    assert "27 teeth" in panel.ui.summaryLabel.text
    click(panel.ui.undoButton)
    assert _place(panel, 47).state != "missing"


def test_findings_follow_edits_by_hand(panel, result, slicer, phantom) -> None:
    """As in Segment Editor: the voxels of one segment change, nobody tells the panel."""
    scan = addScan(slicer, phantom)
    whole = slicer.util.arrayFromSegmentBinaryLabelmap(result, f"Tooth_{HOLLOW}", scan)
    filled = whole.copy()
    from scipy import ndimage

    filled[ndimage.binary_fill_holes(whole > 0)] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(filled, result, f"Tooth_{HOLLOW}", scan)
    waitFor(lambda: "void" not in [f.code for f in panel.reviewPanel.review.findings() if f.state == "open"], 10)
    assert "checked again" in panel.ui.reviewMessageLabel.text
    assert _place(panel, HOLLOW).state == "fine"


def test_a_removed_segment_is_missing_on_the_chart(panel, result) -> None:
    result.GetSegmentation().RemoveSegment("Tooth_21")
    waitFor(lambda: _place(panel, 21).state == "missing", 10)


def test_all_teeth_are_checked_on_request(panel, result) -> None:
    click(panel.ui.recheckButton)
    assert panel.ui.reviewMessageLabel.text.startswith("All teeth were checked again")


@pytest.mark.parametrize(("numbering", "text"), [("Universal (1 to 32)", "19"), ("Palmer (UR1 to LR8)", "LL6")])
def test_another_numbering_is_shown_everywhere(panel, result, numbering, text) -> None:
    panel.ui.numberingComboBox.currentText = numbering
    assert _tooth(panel, HOLLOW).text == text
    assert result.GetSegmentation().GetSegment(f"Tooth_{HOLLOW}").GetName().startswith(text)
    assert text in panel.ui.findingsTable.item(_row(panel, "void"), 1).text()


def test_what_is_no_dentition_is_refused_in_words(panel, scene) -> None:
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Liver")
    node.GetSegmentation().AddEmptySegment("liver", "Liver")
    panel.ui.resultSelector.setCurrentNode(node)
    assert panel.reviewPanel.review is None
    assert "'Liver' holds no numbered teeth" in panel.ui.reviewMessageLabel.text


def test_a_deleted_result_empties_the_panel(panel, result, scene) -> None:
    scene.RemoveNode(result)
    assert panel.reviewPanel.review is None
    assert _place(panel, 21).state == "missing"
    assert not panel.ui.findingsTable.visible


def test_clearing_the_scene_empties_the_panel(panel, result, scene) -> None:
    click(_tooth(panel, 21))
    scene.Clear(False)
    assert panel.reviewPanel.review is None
    assert _place(panel, 21).state == "missing"


def test_another_result_is_shown_and_the_first_gets_its_look_back(panel, result, scene, dentition, phantom) -> None:
    _clickRow(panel, "void")
    other = addDentition(scene, np.where(dentition == 21, 0, dentition), phantom, "Other")
    panel.ui.resultSelector.setCurrentNode(other)
    assert _place(panel, 21).state == "missing"
    assert len(set(_opacities(result).values())) == 1
    panel.ui.resultSelector.setCurrentNode(result)
    assert _place(panel, 21).state == "fine"
