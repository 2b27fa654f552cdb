"""The module's panel with real widgets, the real scene and the real worker; see stand_ins."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import stand_ins
from gui_steps import HOLLOW, SPECK, addDentition, addScan

#: Small and coarse, so that a run takes a few seconds; most teeth are found, and some findings come of the coarseness.
PHANTOM = {"seed": 3, "spacing_mm": 0.8, "fov_mm": (72.0, 60.0, 56.0), "missing": (18, 28, 38, 48)}


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
def layouts(slicer, scene):
    """The application's views, as with a main window; ask for it before the panel."""
    slicer.app.layouts = stand_ins.LayoutManager(scene)
    yield slicer.app.layouts
    slicer.app.layouts.close()
    slicer.app.layouts = None


@pytest.fixture
def panel(module, scene):
    """The module's panel as the user opens it; closed at the end."""
    widget = stand_ins.openPanel(module)
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


@pytest.fixture
def dentition(phantom):
    """The phantom's true labels with two faults: a stray piece of 11 in the air, a bubble inside 36."""
    labels = phantom.labels.array.copy()
    for k in range(2, 5):
        labels[k, 2:5, 2:5] = SPECK
    inside = np.argwhere(_eroded(labels == HOLLOW, 2))
    labels[tuple(inside[len(inside) // 2])] = 0
    return labels


def _eroded(mask, times: int):
    from scipy import ndimage

    return ndimage.binary_erosion(mask, iterations=times)


@pytest.fixture
def result(panel, dentition, phantom, scene, slicer):
    """The dentition as a result under review, with a slice view and a camera to look with."""
    for kind in ("vtkMRMLSliceNode", "vtkMRMLCameraNode"):
        node = scene.AddNewNodeByClass(kind)
        if kind == "vtkMRMLSliceNode":
            node.SetOrientationToAxial()
    node = addDentition(scene, dentition, phantom)
    panel.ui.resultSelector.setCurrentNode(node)
    assert panel.reviewPanel.review is not None, panel.ui.reviewMessageLabel.text
    return node
