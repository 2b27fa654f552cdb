"""The whole way of a clinician, once on a phantom and once on a real scan: segment, cancel, segment again, erase by
hand, go to the finding, repair it, undo, repair again, export."""

from __future__ import annotations

import numpy as np
import pytest
from gui_steps import addScan, click, leftBehind, nodeNames, waitFor
from scipy import ndimage


@pytest.fixture(params=["phantom", "real CBCT"])
def scanNode(request, panel, scene, slicer):
    """A scan in the scene, chosen in the panel."""
    if request.param == "phantom":
        return addScan(slicer, request.getfixturevalue("phantom"), panel)
    from DentalTopoSegLib.files.volumes import read_volume
    from DentalTopoSegLib.scene import add_volume

    volume, _ = read_volume(request.getfixturevalue("real_data") / "cbct" / "cbct_dental_surgery_dicom")
    node = add_volume(scene, volume, "Real")
    panel.ui.inputSelector.setCurrentNode(node)
    return node


def test_from_the_first_click_to_the_files(panel, scanNode, scene, slicer, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *a, **k: pytest.fail(f"asked: {a}"))
    for kind in ("vtkMRMLSliceNode", "vtkMRMLCameraNode"):
        scene.AddNewNodeByClass(kind)
    before = nodeNames(scene)

    click(panel.ui.applyButton)
    waitFor(lambda: panel.ui.progressBar.value > 100)
    click(panel.ui.applyButton)
    waitFor(lambda: not panel.logic.isRunning)
    assert panel.ui.messageLabel.text == "Stopped. The scene is as it was."
    assert nodeNames(scene) == before

    click(panel.ui.applyButton)
    waitFor(lambda: not panel.logic.isRunning)
    assert panel.ui.messageLabel.text.startswith("Done: ")
    review = panel.reviewPanel.review
    teeth = list(review.teeth())
    assert len(teeth) >= 20 and len(set(teeth)) == len(teeth)
    assert f"{len(teeth)} teeth" in panel.ui.summaryLabel.text

    hollow(slicer, review.nodes[0], teeth[0], scanNode)
    waitFor(lambda: any(f.code == "void" for f in review.findings()))
    buttons = panel.reviewPanel.findings.buttons
    finding = next(f for f in review.findings() if f.code == "void" and f.position is not None)
    panel.ui.findingsTable.selectRow(panel.reviewPanel.findings.keys.index(finding.key))
    view = scene.GetFirstNodeByClass("vtkMRMLSliceNode").GetSliceToRAS()
    assert np.allclose([view.GetElement(i, 3) for i in range(3)], finding.position, atol=1e-3)

    labels = review.labels().array.copy()
    click(buttons[finding.key]["repair"])
    assert _state(panel, finding.key) == "repaired"
    assert (review.labels().array != labels).any()
    click(panel.reviewPanel.findings.buttons[finding.key]["undo"])
    assert _state(panel, finding.key) == "open"
    assert (review.labels().array == labels).all()
    click(panel.reviewPanel.findings.buttons[finding.key]["repair"])

    folder = tmp_path / "out"
    for kind, box in panel.exportPanel.boxes.items():
        box.checked = kind in ("stl", "seg.nrrd", "csv")
    panel.ui.exportFolderEdit.text = str(folder)
    panel.ui.exportCollapsibleButton.collapsed = False
    click(panel.ui.exportButton)
    waitFor(lambda: not panel.exportPanel.exporter.isRunning)
    names = {path.name for path in folder.iterdir()}
    assert {f"scan_{fdi}.stl" for fdi in teeth} <= names
    assert any(name.endswith(".seg.nrrd") for name in names) and any(name.endswith(".csv") for name in names)
    assert leftBehind() == []


def hollow(slicer, node, fdi: int, scanNode) -> None:
    """As an eraser in Segment Editor: voxels in the deepest place of a tooth are taken away."""
    voxels = slicer.util.arrayFromSegmentBinaryLabelmap(node, f"Tooth_{fdi}", scanNode).copy()
    deepest = np.unravel_index(ndimage.distance_transform_edt(voxels).argmax(), voxels.shape)
    voxels[tuple(slice(int(i) - 1, int(i) + 2) for i in deepest)] = 0
    slicer.util.updateSegmentBinaryLabelmapFromArray(voxels, node, f"Tooth_{fdi}", scanNode)


def _state(panel, key: str) -> str:
    return next(f.state for f in panel.reviewPanel.review.findings() if f.key == key)
