"""Every text that a user sees can be translated: the panel in a made-up language of texts in brackets."""

from __future__ import annotations

import re
import types

import pytest
import stand_ins
import translations
from gui_steps import HOLLOW, addScan, click, waitFor

OPEN, CLOSE = "⟦⟧"
#: What is no word of ours: names of nodes in these tests, kinds of files, packages, numbers of teeth.
NAMES = r"Faulty|Scan teeth|Scan|scan|[UL][RL][\dA-E]"


def _bracketed(one: translations.Message) -> str:
    return f"{OPEN}{one.source}{CLOSE}"


@pytest.fixture(scope="session")
def language(tmp_path_factory, slicer):
    """The folder with the made-up language, compiled as the shipped ones are."""
    folder = tmp_path_factory.mktemp("language")
    path = folder / "DentalTopoSeg_xx.ts"
    translations.write_ts(path, "xx", translations.messages(), _bracketed)
    translations.compile_ts(path, folder)
    return folder


@pytest.fixture
def abroad(language, slicer, module, scene, monkeypatch):
    """The panel in that language."""
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *a, **k: pytest.fail(f"asked: {a}"))
    slicer.app.language = "xx"
    slicer.app.loadTranslations(str(language))
    widget = stand_ins.openPanel(module)
    widget.parent.show()
    yield widget
    widget.cleanup()
    widget.parent.close()
    widget.parent.deleteLater()
    slicer.app.unloadTranslations()


def _outside(text: str) -> str:
    """What is not in brackets, without tags and names."""
    depth, left = 0, []
    for letter in text:
        depth += (letter == OPEN) - (letter == CLOSE)
        left.append(" " if depth or letter == CLOSE else letter)
    plain = re.sub(r"<[^>]*>", " ", "".join(left))
    return re.sub(rf"\b(?:{NAMES})\b", " ", plain)


def shownTexts(panel) -> set[str]:
    """All texts of the panel, shown or not."""
    import qt

    found = set()
    for widget in panel.parent.findChildren(qt.QWidget):
        for name in ("text", "toolTip", "placeholderText", "title", "format", "accessibleName", "specialValueText"):
            value = getattr(widget, name, None)
            if isinstance(value, str):
                found.add(value)
        if isinstance(widget, qt.QComboBox):
            found |= {widget.itemText(i) for i in range(widget.count)}
        if isinstance(widget, qt.QTableWidget):
            items = [widget.item(row, column) for row in range(widget.rowCount) for column in (0, 1)]
            found |= {said for item in items if item is not None for said in (item.text(), item.toolTip())}
        if isinstance(widget, qt.QMenu):
            found |= {action.text for action in widget.actions()}
    return found


def _untranslated(panel) -> list[str]:
    return sorted(text for text in shownTexts(panel) if re.search(r"[^\W\d_]{2}", _outside(text)))


def test_the_brackets_are_found(abroad) -> None:
    assert abroad.ui.applyButton.text == "⟦Segment Teeth⟧"
    abroad.ui.applyButton.text = "Plain"
    assert _untranslated(abroad) == ["Plain"]


def test_an_empty_panel(abroad) -> None:
    assert _untranslated(abroad) == []


@pytest.fixture
def reviewed(abroad, scene, dentition, phantom):
    """The panel with a result that has findings."""
    from gui_steps import addDentition

    abroad.ui.resultSelector.setCurrentNode(addDentition(scene, dentition, phantom))
    assert abroad.reviewPanel.review is not None
    return abroad


@pytest.mark.parametrize("numbering", [0, 1, 2], ids=["FDI", "Universal", "Palmer"])
def test_a_review(reviewed, numbering) -> None:
    reviewed.ui.numberingComboBox.currentIndex = numbering
    assert reviewed.reviewPanel.findings.keys
    assert _untranslated(reviewed) == []


def test_looking_repairing_accepting_undoing(reviewed) -> None:
    panel = reviewed.reviewPanel
    for key in list(panel.findings.keys):
        panel.onFindingSelected(key)
        finding = next(f for f in panel.review.findings() if f.key == key)
        acts = [panel.onAccept, panel.onReopen] if finding.state == "open" else []
        for act in (*acts, panel.onRepair) if finding.repairs else acts:
            act(key)
            assert _untranslated(reviewed) == []
    click(reviewed.ui.undoButton)
    assert OPEN in reviewed.ui.reviewMessageLabel.text
    click(reviewed.ui.redoButton)
    click(reviewed.ui.recheckButton)
    assert _untranslated(reviewed) == []


def test_renumbering_and_removing_and_their_refusals(reviewed) -> None:
    panel = reviewed.reviewPanel
    click(panel.chart.buttons[HOLLOW])
    click(reviewed.ui.renumberButton)
    assert _untranslated(reviewed) == []
    click(panel.chart.buttons[46])
    assert _untranslated(reviewed) == []
    for refused in (lambda: panel.review.renumber(16, 17), lambda: panel.review.look("no such finding")):
        panel._do(refused)
        assert reviewed.ui.reviewMessageLabel.text.startswith(OPEN)
        assert _untranslated(reviewed) == []
    click(reviewed.ui.removeToothButton)
    assert _untranslated(reviewed) == []


def test_the_panoramic_view_the_surfaces_and_the_queue(abroad, scene, phantom, slicer, tmp_path) -> None:
    from gui_steps import addDentition

    scan = addScan(slicer, phantom, abroad)
    node = addDentition(scene, phantom.labels.array * (phantom.labels.array == 36), phantom)
    node.SetReferenceImageGeometryParameterFromVolumeNode(scan)
    abroad.ui.resultSelector.setCurrentNode(node)
    abroad.panoramicPanel.draw()
    assert "Too few teeth" in abroad.ui.panoramicMessageLabel.text
    abroad.surfacesPanel.apply()
    assert "triangles" in abroad.ui.surfacesMessageLabel.text
    abroad.ui.queueFolderEdit.text = abroad.ui.queueOutputEdit.text = str(tmp_path / "temporary")
    abroad.queuePanel.onButton()
    assert "holds no scan" in abroad.ui.queueMessageLabel.text
    abroad.ui.queueFolderEdit.text = abroad.ui.queueOutputEdit.text = ""  # what the user wrote is hers
    assert _untranslated(abroad) == []


def test_a_run_and_a_refused_scan(abroad, phantom, slicer) -> None:
    scan = addScan(slicer, phantom, abroad)
    told = []
    show = abroad.segmentPanel.onProgress
    abroad.segmentPanel.onProgress = lambda progress: (show(progress), told.append(_untranslated(abroad)))
    click(abroad.ui.applyButton)
    assert _untranslated(abroad) == []
    waitFor(lambda: not abroad.logic.isRunning)
    assert abroad.ui.messageLabel.text.startswith("⟦Done"), abroad.ui.messageLabel.text
    assert told and not any(told)
    scan.SetAndObserveImageData(None)
    click(abroad.ui.applyButton)
    assert "holds no image" in abroad.ui.messageLabel.text
    assert _untranslated(abroad) == []


def test_the_question_about_packages(abroad) -> None:
    from DentalTopoSegModuleLib import Packages

    from DentalTopoSegLib.exports import FORMATS
    from DentalTopoSegLib.files.meshes.hps import OPEN3SDCM

    wanted = [package.requirement for kind in FORMATS for package in kind.packages]
    wanted = ["onnxruntime>=1.18", "fpsample>=0.3", Packages.OPENVINO, OPEN3SDCM.requirement, *wanted]
    question = Packages.question(wanted)
    for requirement in wanted:
        question = question.replace(requirement, "")
    assert not re.search(r"[^\W\d_]{2}", _outside(question)), question


def test_what_slicer_shows_of_the_module(abroad, module, slicer) -> None:
    parent = types.SimpleNamespace(path=slicer.modules.dentaltoposeg.path)
    module.DentalTopoSeg(parent)
    for text in (parent.title, parent.helpText, parent.acknowledgementText):
        assert text.startswith(OPEN) and text.endswith(CLOSE), text


def test_a_translation_with_other_fields_is_not_used(abroad, monkeypatch, caplog) -> None:
    from DentalTopoSegModuleLib import LibraryWords

    monkeypatch.setattr(LibraryWords, "translate", lambda context, text: "Zahn {zahn:tooth} und {")
    assert LibraryWords.WORDS.gettext("Tooth {fdi:tooth}") == "Tooth {fdi:tooth}"
    assert "other fields" in caplog.text
