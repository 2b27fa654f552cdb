"""The section Fuse: results of a CBCT and a scan are fused by the real worker; progress, table, findings, undo."""

from __future__ import annotations

import time
import types

import pytest
from fusion_scenes import WRONG, add_cbct, add_numbered_jaw, patient
from gui_steps import click, leftBehind, nodeNames, waitFor

from DentalTopoSegLib.scene.fusions import FusedRow

pytest.importorskip("small_gicp", reason="python -m pip install small_gicp")
pytest.importorskip("trimesh", reason="python -m pip install trimesh")
UPPER = ["11", "12", "13", "21", "22"]


@pytest.fixture(autouse=True)
def no_questions(slicer, monkeypatch):
    """The packages are there; a question would be a mistake."""
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *a, **k: pytest.fail(f"asked: {a}"))


@pytest.fixture
def ready(panel, scene):
    """A CBCT with its teeth and the upper jaw, in which one tooth is called wrong, chosen in the section."""
    phantom, scans = patient()
    volume, teeth = add_cbct(scene, phantom)
    jaw = add_numbered_jaw(scene, scans["upper"], "Upper", WRONG)
    ui = panel.ui
    ui.fusionCollapsibleButton.collapsed = False
    ui.fusionVolumeSelector.setCurrentNode(volume)
    ui.fusionTeethSelector.setCurrentNode(teeth)
    ui.fusionUpperSelector.setCurrentNode(jaw)
    return panel.fusionPanel


def _table(panel) -> list[list[str]]:
    table = panel.ui.fusionTable
    return [[table.item(row, column).text() for column in range(5)] for row in range(table.rowCount)]


def test_nothing_can_be_pressed_without_a_cbct_and_a_scan(panel, scene, ready) -> None:
    ui = panel.ui
    assert ui.fusionButton.enabled and ui.fusionButton.text == "Fuse"
    ui.fusionUpperSelector.setCurrentNode(None)
    assert not ui.fusionButton.enabled
    assert "Choose the CBCT" in ui.fusionButton.toolTip
    assert not ui.fusionTable.visible and not ui.fusionUndoButton.visible


def test_fused_teeth_their_fit_the_findings_and_one_undo(panel, scene, ready) -> None:
    ui, shown = panel.ui, []
    before = nodeNames(scene)
    ui.fusionProgressBar.valueChanged.connect(lambda value: shown.append((value, ui.fusionProgressBar.format)))
    click(ui.fusionButton)
    assert ui.fusionButton.text == "Cancel" and not ui.fusionUpperSelector.enabled
    waitFor(lambda: not ready.isRunning)
    assert ui.fusionMessageLabel.text.startswith("Upper: "), ui.fusionMessageLabel.text
    assert "of the crowns fit" in ui.fusionMessageLabel.text
    assert "decided: 1" in ui.fusionMessageLabel.text
    assert any("Laying the scans over the CBCT" in text and value > 0 for value, text in shown)
    rows = _table(panel)
    assert [row[0] for row in rows] == UPPER
    assert rows[2][:3] == ["13", "13", "14"]
    assert all(float(row[3]) < 0.2 and float(row[3]) < float(row[4]) for row in rows)
    assert leftBehind() == []

    fused = ready.fusion.fused
    assert fused.GetSegmentation().GetNumberOfSegments() == 5
    assert ui.resultSelector.currentNode() is ready.fusion.teeth
    review = panel.reviewPanel
    (found,) = [one for one in review.review.findings() if one.code == "two_numbers"]
    assert "13 (score 97 %) in the CBCT and 14 (score 60 %) in the intraoral scan" in found.sentence
    assert found.key in review.findings.keys

    ui.numberingComboBox.currentIndex = 1
    assert _table(panel)[2][:3] == ["6", "6", "5"]
    ui.numberingComboBox.currentIndex = 0

    click(ui.fusionUndoButton)
    assert ui.fusionMessageLabel.text.startswith("Taken back"), ui.fusionMessageLabel.text
    assert not ui.fusionUndoButton.visible and not ui.fusionTable.visible
    assert not any(one.code == "two_numbers" and one.state == "open" for one in review.review.findings())
    assert [name for name in nodeNames(scene) if "fused" in name or " on " in name] == []
    assert {name for name in before if "Transform" in name} == {
        name for name in nodeNames(scene) if "Transform" in name
    }


def test_cancel_leaves_the_scene_as_it_is(panel, scene, ready) -> None:
    before = nodeNames(scene)
    click(panel.ui.fusionButton)
    waitFor(lambda: panel.ui.fusionProgressBar.value > 0)
    asked = time.monotonic()
    click(panel.ui.fusionButton)
    assert panel.ui.fusionButton.text == "Stopping ..."
    waitFor(lambda: not ready.isRunning)
    assert time.monotonic() - asked < 5  # a busy test machine; it is ended by force after 3 s
    assert panel.ui.fusionMessageLabel.text == "Stopped. The scene is as it was."
    assert panel.ui.fusionButton.text == "Fuse" and panel.ui.fusionButton.enabled
    assert nodeNames(scene) == before and leftBehind() == []


def test_a_scan_given_as_the_other_jaw_is_refused_in_words(panel, scene, ready) -> None:
    before = nodeNames(scene)
    jaw = panel.ui.fusionUpperSelector.currentNode()
    panel.ui.fusionUpperSelector.setCurrentNode(None)
    panel.ui.fusionLowerSelector.setCurrentNode(jaw)
    click(panel.ui.fusionButton)
    waitFor(lambda: not ready.isRunning)
    assert "is given as the lower jaw, but it is the upper one" in panel.ui.fusionMessageLabel.text
    assert nodeNames(scene) == before and leftBehind() == []


def test_deleting_a_scan_ends_the_fusion(panel, scene, ready) -> None:
    click(panel.ui.fusionButton)
    waitFor(lambda: ready._worker.pid)
    scene.RemoveNode(panel.ui.fusionUpperSelector.currentNode())
    assert not ready.isRunning and leftBehind() == []
    assert panel.ui.fusionMessageLabel.text == "Stopped, because the scan was deleted."


def test_closing_the_scene_ends_the_fusion(panel, scene, ready) -> None:
    click(panel.ui.fusionButton)
    waitFor(lambda: ready._worker.pid)
    scene.Clear(False)
    assert not ready.isRunning and leftBehind() == []
    assert panel.ui.fusionMessageLabel.text == "Stopped, because the scene was closed."
    assert not panel.ui.fusionButton.enabled


def test_what_lays_scans_over_a_cbct_is_asked_for(panel, scene, ready, monkeypatch, slicer) -> None:
    from DentalTopoSegModuleLib import Packages

    asked = []
    monkeypatch.setattr(Packages, "_isSatisfied", lambda requirement: not requirement.startswith("small_gicp"))
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text, **_options: asked.append(text))
    click(panel.ui.fusionButton)
    assert len(asked) == 1 and "small_gicp" in asked[0] and "lays scans over one another" in asked[0]
    assert "small_gicp" in panel.ui.fusionMessageLabel.text and not ready.isRunning
    assert leftBehind() == []


def test_a_distance_beyond_what_is_measured_is_said_so(panel, ready, monkeypatch) -> None:
    monkeypatch.setattr(ready, "fusion", types.SimpleNamespace(rows=[FusedRow(16, 16, 16, 0.124, 1.0)]))
    ready.ui.fusionCollapsibleButton.collapsed = False
    ready._fillTable()
    assert _table(panel) == [["16", "16", "16", "0.12", "1.00 or more"]]
