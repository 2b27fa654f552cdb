"""The section Network: adding a network of others by zip or folder, its licence, its card, a run with it, removing."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from pathlib import Path

import pytest
from gui_steps import addScan, click, leftBehind, nodeNames, waitFor

FROZEN = Path(__file__).resolve().parents[1] / "data" / "nnunet" / "phantom-teeth.zip"
NAME = "phantom-teeth"


@pytest.fixture(autouse=True)
def no_questions(slicer, monkeypatch):
    """Nothing is to be asked for but where a test says so."""
    monkeypatch.delenv("DENTALTOPOSEG_NETWORKS", raising=False)
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *a, **k: pytest.fail(f"asked: {a}"))


@pytest.fixture
def networks(panel):
    """The section, unfolded."""
    panel.ui.networkCollapsibleButton.collapsed = False
    return panel.networkPanel


@pytest.fixture
def added(networks, monkeypatch):
    """The frozen network, added and chosen."""
    add(networks, FROZEN, monkeypatch)
    return networks


def add(networks, path: Path, monkeypatch, agree: bool = True) -> list[str]:
    """As the user does it: the menu, the file dialog, the licence; returns what the licence's window said."""
    import qt

    chosen = "getOpenFileName" if path.suffix == ".zip" else "getExistingDirectory"
    monkeypatch.setattr(qt.QFileDialog, chosen, lambda *_a, **_k: str(path))
    said: list[str] = []

    def answer() -> None:
        dialog = qt.QApplication.activeModalWidget()
        if dialog is None:
            return
        try:
            said.extend(label.text for label in dialog.findChildren(qt.QLabel))
            said.extend(text.plainText for text in dialog.findChildren(qt.QTextEdit))
            accept = dialog.findChild(qt.QPushButton, "acceptNetworkButton")
            assert not accept.enabled, "it can be added without its licence being accepted"
            if agree:
                dialog.findChild(qt.QCheckBox, "acceptLicenceBox").click()
                click(accept)
            else:
                click(dialog.findChild(qt.QPushButton, "declineNetworkButton"))
        finally:
            if dialog.visible:  # something failed: nobody may wait for it
                dialog.reject()

    qt.QTimer.singleShot(0, answer)
    (networks.addZipAction if path.suffix == ".zip" else networks.addFolderAction).trigger()
    return said


def choices(panel) -> list[str]:
    box = panel.ui.networkComboBox
    return [box.itemText(i) for i in range(box.count)]


def unpacked(tmp_path: Path) -> Path:
    with zipfile.ZipFile(FROZEN) as archive:
        archive.extractall(tmp_path / "given")
    return tmp_path / "given" / NAME


def segments_of(node) -> dict[str, tuple]:
    segmentation = node.GetSegmentation()
    every = [segmentation.GetNthSegment(i) for i in range(segmentation.GetNumberOfSegments())]
    return {segment.GetName(): tuple(segment.GetColor()) for segment in every}


def test_without_added_networks_the_built_in_ones_are_chosen(panel, networks) -> None:
    assert choices(panel) == ["Built in: teeth in CBCT"]
    card = panel.ui.networkCardLabel.text
    for words in ("Trained on", "real patients' teeth", "Licence", "research use", "32 numbered teeth", "MB"):
        assert words.replace("'", "&#x27;") in card
    assert not panel.ui.removeNetworkButton.enabled
    assert networks.models() is None


def test_the_built_in_networks_licence_is_that_of_their_list(panel) -> None:
    from DentalTopoSegLib.networks.models import list_models

    licences = {entry["license"] for entry in list_models() if entry["task"] in ("numbering", "border")}
    assert len(licences) == 1 and licences.pop() in panel.ui.networkCardLabel.text


@pytest.mark.parametrize("kind", ["zip", "folder"])
def test_a_network_is_added_once_its_licence_is_accepted(panel, networks, kind, tmp_path, monkeypatch) -> None:
    said = " ".join(add(networks, FROZEN if kind == "zip" else unpacked(tmp_path), monkeypatch))
    assert "CC0-1.0" in said and "teeth of phantoms" in said and "Upper Teeth, Lower Teeth" in said
    assert "Ranges measured on" in said and "---" not in said, "the whole card, not its Markdown"
    assert choices(panel) == ["Built in: teeth in CBCT", NAME]
    assert panel._parameterNode.network == NAME
    assert panel.ui.networkCollapsibleButton.text == f"Network: {NAME}"
    card = panel.ui.networkCardLabel.text
    assert all(words in card for words in ("6 scans", "no numbered teeth", "Upper Teeth", "CC0-1.0", "113 kB"))
    assert panel.ui.networkMessageLabel.text == f"'{NAME}' was added."
    assert Path(networks.models()).name == NAME


def test_without_the_licence_nothing_is_added(panel, networks, monkeypatch, tmp_path) -> None:
    assert add(networks, FROZEN, monkeypatch, agree=False)
    assert choices(panel) == ["Built in: teeth in CBCT"]
    assert panel.ui.networkMessageLabel.text == "Nothing was added."
    assert not list(tmp_path.rglob("*.onnx"))


def test_what_was_altered_is_refused_in_one_sentence(panel, networks, tmp_path, monkeypatch) -> None:
    folder = unpacked(tmp_path)
    network = next(folder.glob("*int8.onnx"))
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 1
    network.write_bytes(content)
    assert add(networks, folder, monkeypatch) == []
    text = panel.ui.networkMessageLabel.text
    assert (
        "damaged or was altered" in text and str(folder) in text and "\n" not in text and ".dentaltoposeg" not in text
    )
    assert choices(panel) == ["Built in: teeth in CBCT"]


def test_twice_the_same_is_refused(panel, added, monkeypatch) -> None:
    assert add(added, FROZEN, monkeypatch) == []
    assert "was added before" in panel.ui.networkMessageLabel.text


def test_a_run_shows_structures_by_name_and_colour(panel, added, phantom, slicer, scene) -> None:
    addScan(slicer, phantom, panel)
    click(panel.ui.applyButton)
    assert not panel.ui.networkComboBox.enabled and not panel.ui.removeNetworkButton.enabled
    waitFor(lambda: not panel.logic.isRunning)
    text = panel.ui.messageLabel.text
    assert text.startswith("Done. In 'Scan structures': Upper Teeth, Lower Teeth."), text
    assert "numbers no teeth" in text
    node = scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    assert node.GetName() == "Scan structures"
    found = segments_of(node)
    assert set(found) == {"Upper Teeth", "Lower Teeth"} and len(set(found.values())) == 2
    upper = slicer.util.arrayFromSegmentBinaryLabelmap(node, "Structure_1", addScan(slicer, phantom)) > 0
    true = (phantom.labels.array > 10) & (phantom.labels.array < 30)
    assert (upper & true).sum() > 0.5 * true.sum(), "the upper teeth are not where they are"
    assert leftBehind() == []


def test_numbered_teeth_are_reviewed_and_structures_lie_beside_them(
    panel, networks, phantom, slicer, scene, tmp_path, monkeypatch
) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed; it makes the network of this test")
    from toy_nnunet import DESCRIPTION, write_network

    # by grey values: bone from 685, and what is brighter than 2055, enamel and fillings, as one tooth
    enamel = {"name": "CT", "normalisation": "CTNormalization", "mean": 0, "std": 13.7, "low": -1000, "high": 3000}
    labels = {"1": "Mandible", "2": "Upper Right First Molar"}
    changes = {"patch": [64, 64, 64], "channels": [enamel], "labels": labels}
    add(networks, write_network(tmp_path / "toy", {**DESCRIPTION, **changes}), monkeypatch)
    addScan(slicer, phantom, panel)
    click(panel.ui.applyButton)
    waitFor(lambda: not panel.logic.isRunning)
    review = panel.reviewPanel.review
    assert review is not None, panel.ui.messageLabel.text
    assert list(review.teeth()) == [16]
    assert review.findings(), "teeth of any network are checked"
    assert set(segments_of(scene.GetFirstNodeByName("Scan structures"))) == {"Mandible"}
    before = review.labels().array.copy()
    review.renumber(16, 17)
    panel.reviewPanel.refresh()
    click(panel.ui.undoButton)
    assert (review.labels().array == before).all()
    click(panel.ui.redoButton)
    assert list(review.teeth()) == [17]


def test_the_choice_is_kept_in_the_scene_and_in_the_settings(panel, added, scene, module, tmp_path) -> None:
    import stand_ins

    scene.Clear(False)
    assert panel._parameterNode.network == NAME
    again = stand_ins.openPanel(module)
    assert again.networkPanel.models() == added.models()
    again.cleanup()
    panel.ui.networkComboBox.currentIndex = 0
    assert panel._parameterNode.network == "" and added.models() is None


def test_a_scene_with_a_network_that_is_not_here_says_so(panel, networks, scan, scene) -> None:
    panel._parameterNode.network = "elsewhere"
    assert choices(panel)[-1] == "elsewhere (not on this computer)"
    assert "was not added on this computer" in panel.ui.networkCardLabel.text
    before = nodeNames(scene)
    click(panel.ui.applyButton)
    assert not panel.logic.isRunning and "elsewhere" in panel.ui.messageLabel.text
    assert nodeNames(scene) == before


def test_a_damaged_network_is_told_and_can_be_removed(panel, added, slicer, monkeypatch) -> None:
    next(Path(added.models()).glob("*int8.onnx")).write_bytes(b"")
    added.refresh()
    assert choices(panel)[-1] == f"{NAME} (damaged)"
    asked = []
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text, **_k: asked.append(text) or True)
    click(panel.ui.removeNetworkButton)
    assert len(asked) == 1 and NAME in asked[0]
    assert choices(panel) == ["Built in: teeth in CBCT"] and panel._parameterNode.network == ""


def test_nothing_is_removed_without_agreement(panel, added, slicer, monkeypatch) -> None:
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *_a, **_k: False)
    click(panel.ui.removeNetworkButton)
    assert choices(panel)[-1] == NAME and os.path.isdir(added.models())


def test_many_scans_are_looked_at_by_the_chosen_network(panel, added, phantom, tmp_path) -> None:
    import SimpleITK as sitk

    scans, results = tmp_path / "scans", tmp_path / "results"
    scans.mkdir()
    sitk.WriteImage(phantom.image.to_sitk(), str(scans / "a.nii.gz"))
    panel.ui.queueFolderEdit.text, panel.ui.queueOutputEdit.text = str(scans), str(results)
    panel.ui.queueCollapsibleButton.collapsed = False
    click(panel.ui.queueButton)
    waitFor(lambda: not panel.queuePanel.isRunning)
    assert panel.queuePanel.rows[0].state == "done", panel.queuePanel.rows[0].text
    report = json.loads((results / "a_report.json").read_text())
    assert report["provenance"]["models"][0]["id"] == NAME
    assert (results / "a_structures.seg.nrrd").is_file()
    click(panel.ui.queueButton)
    waitFor(lambda: not panel.queuePanel.isRunning)
    assert panel.queuePanel.rows[0].state == "done before"
    chosen = panel.ui.networkComboBox.currentIndex
    panel.ui.networkComboBox.currentIndex = 0
    click(panel.ui.queueButton)
    waitFor(lambda: not panel.queuePanel.isRunning)
    assert panel.queuePanel.rows[0].state == "done", "results of another network do not count"
    panel.ui.networkComboBox.currentIndex = chosen
    shutil.rmtree(added.models())
    click(panel.ui.queueButton)
    assert NAME in panel.ui.queueMessageLabel.text and not panel.queuePanel.isRunning


def test_intraoral_scans_have_no_choice(panel, networks, slicer, scene) -> None:
    from mesh_files import dome

    from DentalTopoSegLib.scene.loading import add_surface

    panel.ui.inputSelector.setCurrentNode(add_surface(scene, *dome(), "Jaw"))
    assert not panel.ui.networkCollapsibleButton.visible


def test_a_card_brings_no_pictures_and_no_html(module, slicer) -> None:
    import qt
    from DentalTopoSegModuleLib.NetworkCards import _plainMarkdown

    document = qt.QTextDocument()
    document.setMarkdown(
        _plainMarkdown("a ![x](file:///etc/y.png) <img src='file:///etc/y.png'> ![z][1]\n\n[1]: y.png")
    )
    assert "<img" not in document.toHtml()
    assert "<img" in document.toPlainText()
