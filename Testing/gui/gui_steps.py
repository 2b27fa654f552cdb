"""What the tests of the panel have in common: scans and results in the scene, clicks, waiting."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 120
#: Teeth with a fault in the fixture `dentition`: a stray piece in the air, a bubble inside.
SPECK, HOLLOW = 11, 36


def addDentition(scene, array, phantom, name: str = "Faulty"):
    from DentalTopoSegLib.scene import add_segmentation

    return add_segmentation(scene, array, phantom.labels.index_to_ras_matrix(), "FDI", name)


def addScan(slicer, phantom, panel=None, name: str = "Scan"):
    """Put the phantom into the scene; choose it in the panel if there is one."""
    from DentalTopoSegLib.scene.loading import add_volume

    node = add_volume(slicer.mrmlScene, phantom.image, name)
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

    assert button.enabled and button.visible, f"{button.text} cannot be pressed"
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
