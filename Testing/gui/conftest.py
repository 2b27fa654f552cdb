"""The module's panel with real widgets, the real scene and the real worker; see stand_ins."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import stand_ins

#: Small and coarse, so that a run takes a few seconds; most teeth are found, and some findings come of the coarseness.
PHANTOM = {"seed": 3, "spacing_mm": 0.8, "fov_mm": (72.0, 60.0, 56.0), "missing": (18, 28, 38, 48)}
PATIENCE_S = 120


@pytest.fixture(scope="session")
def slicer():
    """The module slicer with the stand-ins in place; skips where the widgets or the scene are not installed."""
    try:
        return stand_ins.install()
    except ImportError as error:
        pytest.skip(f"the panel needs slicer-core and PySide6-Essentials: {error}")


@pytest.fixture(scope="session")
def module(slicer):
    """DentalTopoSeg.py, loaded as Slicer does."""
    return stand_ins.loadModule()


@pytest.fixture(scope="session")
def phantom(module):
    """The phantom that the scans of these tests hold."""
    module.addLibraryToPath()
    from DentalTopoSegLib.phantom import make_phantom

    return make_phantom(**PHANTOM)


@pytest.fixture
def scene(slicer):
    """The application's scene, empty."""
    slicer.mrmlScene.Clear(True)
    yield slicer.mrmlScene
    slicer.mrmlScene.Clear(True)


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch, request):
    """Settings and temporary files of a test's own, so that what is left behind can be seen."""
    if "slicer" not in request.fixturenames:
        return
    import tempfile

    import qt

    qt.QSettings.setPath(qt.QSettings.IniFormat, qt.QSettings.UserScope, str(tmp_path / "settings"))
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))


@pytest.fixture
def panel(module, scene):
    """The module's panel as the user opens it; closed at the end."""
    widget = module.DentalTopoSegWidget()
    widget.setup()
    widget.enter()
    widget.parent.resize(480, 1200)
    widget.parent.show()
    yield widget
    widget.cleanup()
    widget.parent.close()
    widget.parent.deleteLater()


@pytest.fixture
def scan(panel, phantom, slicer):
    """The phantom as a volume node, chosen as the scan."""
    return addScan(slicer, phantom, panel)


def addScan(slicer, phantom, panel=None, name: str = "Scan"):
    """Put the phantom into the scene; choose it in the panel if there is one."""
    import numpy as np

    image = phantom.image
    matrix = np.eye(4)
    matrix[:3, :3] = np.asarray(image.direction).reshape(3, 3) * np.asarray(image.spacing)
    matrix[:3, 3] = image.origin
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix))
    slicer.util.updateVolumeFromArray(node, image.array)
    node.CreateDefaultDisplayNodes()
    if panel is not None:
        panel.ui.inputSelector.setCurrentNode(node)
    return node


def waitFor(condition: Callable[[], object], seconds: float = PATIENCE_S) -> None:
    """Let the event loop run until the condition holds; fails after a while."""
    import qt

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        qt.QApplication.processEvents(qt.QEventLoop.AllEvents, 20)
        time.sleep(0.005)


def click(button) -> None:
    """A left click with the mouse, as the user does it."""
    import qt

    assert button.enabled, f"{button.text} cannot be pressed"
    qt.QTest.mouseClick(button, qt.Qt.LeftButton)
    qt.QApplication.processEvents()


def nodeNames(scene) -> list[str]:
    """Names and classes of all nodes, to compare a scene with itself."""
    nodes = [scene.GetNthNode(i) for i in range(scene.GetNumberOfNodes())]
    return sorted(f"{node.GetClassName()} {node.GetID()} {node.GetName()}" for node in nodes)


def leftBehind() -> list[str]:
    """Files in the folder for temporary files."""
    import tempfile

    return sorted(str(path) for path in Path(tempfile.gettempdir()).rglob("*"))
