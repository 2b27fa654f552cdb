"""What Slicer sees of the module: metadata, settings, sample scans, first use, intraoral scans, reload, file scope."""

from __future__ import annotations

import ast
import importlib
import itertools
import logging
import os
import sys
import time
import types
import unittest
from pathlib import Path

import pytest
import stand_ins
from gui_steps import addScan, click, leftBehind, nodeNames, waitFor

MODULE = stand_ins.ROOT / "DentalTopoSeg"


# ---------------------------------------------------------------- what the application asks


@pytest.fixture
def descriptor(module, slicer):
    """The module's description, as Slicer makes it at its start."""
    parent = types.SimpleNamespace(path=slicer.modules.dentaltoposeg.path)
    return module.DentalTopoSeg(parent)


def test_the_module_says_what_it_is(descriptor) -> None:
    parent = descriptor.parent
    assert parent.categories == ["Segmentation"]
    assert "not a medical device" in parent.helpText
    assert not parent.icon.isNull()


def test_sample_scans_and_terminology_come_once_slicer_is_up(descriptor, slicer, monkeypatch) -> None:
    registered = []

    def register(
        category="Custom", sampleName=None, uris=None, fileNames=None, nodeNames=None, customDownloader=None,
        thumbnailFileName=None, loadFileTypes=None, loadFiles=None, loadFileProperties=None, checksums=None,
    ) -> None:  # what Slicer 5.10 takes  # fmt: skip
        registered.append(locals())

    sampleData = types.ModuleType("SampleData")
    sampleData.SampleDataLogic = types.SimpleNamespace(registerCustomSampleDataSource=register)
    monkeypatch.setitem(sys.modules, "SampleData", sampleData)
    slicer.app.emit("startupCompleted()")
    names = [source["sampleName"] for source in registered]
    assert names[:1] == ["CBCTPreDentalSurgery"]
    assert registered[0]["uris"].endswith(registered[0]["checksums"].removeprefix("SHA256:"))
    assert all(Path(source["thumbnailFileName"]).is_file() for source in registered)
    logic = slicer.modules.terminologies.logic()
    assert "Segmentation category and type - DentalTopoSeg" in _contexts(logic)


def _contexts(logic) -> list[str]:
    import vtk

    names = vtk.vtkStringArray() if hasattr(vtk, "vtkStringArray") else []
    logic.GetLoadedTerminologyNames(names)
    return [names.GetValue(i) for i in range(names.GetNumberOfValues())]


def test_the_phantom_is_made_while_the_window_stays_alive(module, scene, slicer, monkeypatch) -> None:
    import qt

    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, **k: pytest.fail(text))
    ticks = []
    timer = qt.QTimer()
    timer.interval = 20
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start()
    node = module.SampleScans.addPhantom()[0]
    timer.stop()
    assert node.IsA("vtkMRMLScalarVolumeNode") and node.GetImageData().GetNumberOfPoints() > 1e6
    gaps = [b - a for a, b in itertools.pairwise(ticks)]
    assert len(gaps) > 20 and max(gaps) < 1.0
    assert leftBehind() == []


def test_the_phantom_can_be_cancelled(module, scene, slicer, monkeypatch) -> None:
    import qt

    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, **k: pytest.fail(text))
    made = []
    create = slicer.util.createProgressDialog
    monkeypatch.setattr(slicer.util, "createProgressDialog", lambda **how: made.append(create(**how)) or made[-1])
    qt.QTimer.singleShot(300, lambda: made[0].cancel())
    before = nodeNames(scene)
    started = time.monotonic()
    assert module.SampleScans.addPhantom() == []
    assert time.monotonic() - started < 3
    assert nodeNames(scene) == before
    assert leftBehind() == []


def test_a_phantom_that_cannot_be_made_is_told(module, scene, slicer, monkeypatch, tmp_path) -> None:
    from DentalTopoSegModuleLib import Processes

    told = []
    monkeypatch.setattr(slicer.util, "errorDisplay", lambda text, **k: told.append(text))
    monkeypatch.setattr(Processes, "pythonExecutable", lambda: "/nowhere/PythonSlicer")
    assert module.SampleScans.addPhantom() == []
    monkeypatch.setattr(Processes, "pythonExecutable", lambda: sys.executable)
    (tmp_path / "DentalTopoSegLib").mkdir()
    (tmp_path / "DentalTopoSegLib" / "__init__.py").write_text("raise ImportError('DentalTopoSegLib is damaged')")
    monkeypatch.setattr(Processes, "pythonPath", lambda: str(tmp_path))
    assert module.SampleScans.addPhantom() == []
    assert "/nowhere/PythonSlicer" in told[0]
    assert "could not be made" in told[1] and "DentalTopoSegLib" in told[1]
    assert leftBehind() == []


# ---------------------------------------------------------------- its own test inside Slicer


def test_the_test_inside_slicer_runs_on_a_small_phantom(module, scene) -> None:
    result = unittest.TestResult()
    module.DentalTopoSegTest("test_journey").run(result)
    assert result.errors == result.failures == result.skipped == []
    assert scene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode").GetImageData().GetNumberOfPoints() < 1e6


def test_the_test_inside_slicer_is_skipped_where_onnxruntime_is_absent(module, scene, absent) -> None:
    result = unittest.TestResult()
    module.DentalTopoSegTest("test_journey").run(result)
    assert result.errors == result.failures == []
    assert "onnxruntime" in result.skipped[0][1]
    module.DentalTopoSegTest("runTest").runTest()  # as the button Reload and Test: no error window


# ---------------------------------------------------------------- reading the files


@pytest.mark.parametrize("path", sorted(MODULE.rglob("*.py")), ids=lambda path: path.name)
def test_nothing_runs_and_no_package_is_imported_when_the_file_is_read(path) -> None:
    allowed = {*sys.stdlib_module_names, "slicer", "vtk", "qt", "ctk", "numpy", "DentalTopoSegModuleLib"}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert node.level or node.module.split(".")[0] in allowed
        else:
            documented = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            assert documented or isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.Assign, ast.AnnAssign))


# ---------------------------------------------------------------- settings


def test_settings_are_remembered(module, panel, slicer) -> None:
    panel.ui.numberingComboBox.currentText = "Universal (1 to 32)"
    panel.ui.threadsSpinBox.value = 3
    panel.cleanup()
    slicer.mrmlScene.Clear(True)
    again = stand_ins.openPanel(module)
    assert again.ui.numberingComboBox.currentText == "Universal (1 to 32)"
    assert again.ui.threadsSpinBox.value == 3
    again.cleanup()


def test_the_panel_is_saved_with_the_scene(module, panel, scan) -> None:
    panel.ui.outputNameEdit.text = "Case 7"
    parameters = module.DentalTopoSegLogic().getParameterNode()
    assert parameters.outputName == "Case 7"
    assert parameters.inputNode is scan


# ---------------------------------------------------------------- first use


@pytest.fixture
def absent(module, monkeypatch):
    """onnxruntime seems not to be installed."""
    from DentalTopoSegModuleLib import Packages

    installed = []
    real = Packages._isSatisfied
    monkeypatch.setattr(
        Packages, "_isSatisfied", lambda r: real(r) and (not r.startswith("onnxruntime") or bool(installed))
    )
    monkeypatch.setattr(Packages, "_install", installed.extend)
    return installed


def test_first_use_tells_what_and_how_large_and_installs_on_consent(panel, scan, absent, slicer, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text, **k: asked.append(text) or True)
    click(panel.ui.applyButton)
    assert len(asked) == 1
    assert "onnxruntime>=1.18" in asked[0] and "MB" in asked[0] and "No torch" in asked[0]
    assert absent == ["onnxruntime>=1.18"]
    assert panel.logic.isRunning
    panel.logic.abandon()


def test_only_intraoral_scans_need_the_sampler(module, panel) -> None:
    from DentalTopoSegModuleLib.Packages import requirements

    path = panel.resourcePath("requirements.txt")
    assert [r.split(">")[0] for r in requirements(path, surfaces=False)] == ["onnxruntime"]
    assert [r.split(">")[0] for r in requirements(path)] == ["onnxruntime", "fpsample"]


def test_nothing_is_installed_without_consent(panel, scan, absent, slicer, monkeypatch) -> None:
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *a, **k: False)
    click(panel.ui.applyButton)
    assert absent == [] and not panel.logic.isRunning
    assert "onnxruntime" in panel.ui.messageLabel.text


def test_a_failed_installation_is_told(panel, scan, absent, slicer, monkeypatch, caplog) -> None:
    from DentalTopoSegModuleLib import Packages

    def refuse(wanted):
        raise OSError("no route to host")

    monkeypatch.setattr(Packages, "_install", refuse)
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *a, **k: True)
    with caplog.at_level(logging.CRITICAL):
        click(panel.ui.applyButton)
    assert "no route to host" in panel.ui.messageLabel.text
    assert panel.ui.applyButton.enabled


def test_another_build_of_a_package_will_do(module, monkeypatch) -> None:
    from DentalTopoSegModuleLib import Packages

    there = {"onnxruntime-gpu": "1.20.1"}

    def version(name: str) -> str:
        if name not in there:
            raise Packages.metadata.PackageNotFoundError(name)
        return there[name]

    monkeypatch.setattr(Packages.metadata, "version", version)
    assert Packages.missing(["onnxruntime>=1.18"]) == []
    there["onnxruntime-gpu"] = "1.10"
    assert Packages.missing(["onnxruntime>=1.18"]) == ["onnxruntime>=1.18"]


def test_slicer_before_5_12_installs_with_pip(module, slicer, monkeypatch) -> None:
    from DentalTopoSegModuleLib import Packages

    calls = []
    monkeypatch.delenv("PIP_ONLY_BINARY", raising=False)
    monkeypatch.setitem(sys.modules, "slicer.packaging", None)
    monkeypatch.setattr(
        slicer.util, "pip_install", lambda wanted: calls.append((wanted, os.environ["PIP_ONLY_BINARY"]))
    )
    Packages._install(["onnxruntime>=1.18"])
    assert calls == [(["onnxruntime>=1.18"], ":all:")], "wheels only: nothing is compiled"
    assert "PIP_ONLY_BINARY" not in os.environ


def test_later_versions_install_through_slicer_packaging(module, monkeypatch) -> None:
    from DentalTopoSegModuleLib import Packages

    calls = []
    packaging = types.ModuleType("slicer.packaging")
    packaging.pip_ensure = lambda wanted, **options: calls.append((wanted, options))
    monkeypatch.setitem(sys.modules, "slicer.packaging", packaging)
    Packages._install(["onnxruntime>=1.18"])
    assert calls == [(["onnxruntime>=1.18"], {"prompt_install": False, "requester": "DentalTopoSeg"})]


# ---------------------------------------------------------------- intraoral scans


@pytest.fixture
def jaws(panel, real_data, slicer):
    """Two real jaws in the scene, in Slicer's coordinates."""
    from DentalTopoSegLib.files.meshes import read_mesh
    from DentalTopoSegLib.scene.loading import add_surface

    nodes = []
    for which in ("upper", "lower"):
        mesh, _ = read_mesh(real_data / "ios" / "samples" / f"007_{which}.stl")
        nodes.append(add_surface(slicer.mrmlScene, mesh.vertices * (-1, -1, 1), mesh.faces, which))
    return nodes


def test_questions_about_the_jaw_are_only_asked_for_surfaces(panel, scan, slicer) -> None:
    assert not panel.ui.jawComboBox.visible and not panel.ui.opposingSelector.visible
    sphere = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLModelNode", "Jaw")
    panel.ui.inputSelector.setCurrentNode(sphere)
    assert panel.ui.jawComboBox.visible and panel.ui.opposingSelector.visible
    panel.ui.opposingSelector.setCurrentNode(sphere)
    assert not panel.ui.applyButton.enabled
    assert "same scan" in panel.ui.applyButton.toolTip


def test_two_jaws_are_segmented_reviewed_and_exported(panel, jaws, tmp_path) -> None:
    panel.ui.inputSelector.setCurrentNode(jaws[1])
    panel.ui.opposingSelector.setCurrentNode(jaws[0])
    panel.ui.jawComboBox.currentText = "Lower jaw"
    click(panel.ui.applyButton)
    waitFor(lambda: not panel.logic.isRunning)
    assert panel.ui.messageLabel.text.startswith("Done: "), panel.ui.messageLabel.text
    review = panel.reviewPanel.review
    assert len(review.nodes) == 2 and len(review.teeth()) >= 20
    click(panel.reviewPanel.chart.buttons[16])
    assert "16" in panel.ui.toothLabel.text
    assert not panel.exportPanel.boxes["nifti"].enabled
    for kind, box in panel.exportPanel.boxes.items():
        box.checked = kind in ("stl", "nifti")
    panel.ui.exportFolderEdit.text = str(tmp_path / "out")
    panel.ui.exportCollapsibleButton.collapsed = False
    click(panel.ui.exportButton)
    waitFor(lambda: not panel.exportPanel.exporter.isRunning)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert "scan_upper_16.stl" in names and "scan_lower_gingiva.stl" in names
    assert leftBehind() == []


# ---------------------------------------------------------------- reload


def test_a_reloaded_module_works(module, panel, slicer, phantom, monkeypatch) -> None:
    """As Reload in Slicer's developer mode: the old panel is cleaned up, the file is read again."""
    panel.cleanup()
    again = stand_ins.openPanel(importlib.reload(module))
    addScan(slicer, phantom, again)
    again.parent.show()
    click(again.ui.applyButton)
    waitFor(lambda: not again.logic.isRunning)
    assert again.ui.messageLabel.text.startswith("Done: "), again.ui.messageLabel.text
    again.cleanup()


def test_a_reload_ends_the_old_panel_with_the_library_it_knows(panel, result, slicer) -> None:
    """The button Reload: what the old panel's end raises is caught, so the library must still be the one it caught
    errors of."""
    from DentalTopoSegLib.scene import NodeGoneError

    review = panel.reviewPanel.review
    patches = pytest.MonkeyPatch()

    def gone() -> None:
        patches.undo()
        raise NodeGoneError("The result is no longer in the scene.")

    loaded = {name: module for name, module in sys.modules.items() if name.startswith("DentalTopoSeg")}
    reloaded = []

    def reload(name: str) -> None:  # as Slicer's: the new file is read, then the old panel is cleaned up
        importlib.import_module("DentalTopoSegLib.scene")
        reloaded.append(name)
        panel.cleanup()

    reloader = pytest.MonkeyPatch()
    reloader.setattr(slicer.util, "reloadScriptedModule", reload)
    patches.setattr(review, "restore", gone)
    try:
        panel.onReload()
        assert sys.modules["DentalTopoSegLib.scene"] is not loaded["DentalTopoSegLib.scene"]
    finally:
        for name in [name for name in sys.modules if name.startswith("DentalTopoSeg")]:
            del sys.modules[name]
        sys.modules.update(loaded)
        reloader.undo()
    assert reloaded == ["DentalTopoSeg"]
    assert panel.reviewPanel.review is None
