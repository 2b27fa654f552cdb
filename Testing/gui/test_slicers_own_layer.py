"""The other way to run these tests: on the Python layer of a Slicer checkout (DENTALTOPOSEG_SLICER_PYTHON).

Here a little layer stands for Slicer's; given the real one, all tests of this folder run on it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import stand_ins

LAYER = {
    "i18n.py": (
        "def tr(text):\n    from slicer import app\n    return app.translate('context', text)\n"
        "def translate(context, text):\n    return text\n"
    ),
    "parameterNodeWrapper/__init__.py": (
        "import ctk, slicer\n"
        "class Connector:\n"
        "    def __init__(self, widget: ctk.ctkCheckablePushButton, other: slicer.qMRMLRangeWidget): ...\n"
    ),
    "ScriptedLoadableModule.py": "from slicer.i18n import tr\nTITLE = tr('Teeth')\n",
}


@pytest.fixture
def layer(tmp_path, slicer) -> Path:
    folder = tmp_path / "Base" / "Python" / "slicer"
    for name, text in LAYER.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def _run(folder: Path, script: str) -> subprocess.CompletedProcess:
    path = os.pathsep.join((str(stand_ins.ROOT), str(stand_ins.ROOT / "Testing" / "gui")))
    environment = os.environ | {stand_ins.SLICER_PYTHON: str(folder), "PYTHONPATH": path}
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False)


@pytest.mark.parametrize("up", [0, 1], ids=["slicer", "Base/Python"])
def test_the_layer_finds_what_it_names(layer, up) -> None:
    folder = layer.parents[up - 1] if up else layer
    run = _run(folder, "import stand_ins\nprint(stand_ins.install().ScriptedLoadableModule.TITLE)")
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "Teeth"


def test_another_folder_is_refused_and_not_quietly_left_out(layer, tmp_path) -> None:
    run = _run(tmp_path, "import stand_ins\nstand_ins.install()")
    assert run.returncode != 0
    assert "is not the folder Base/Python/slicer" in run.stderr


def test_names_that_nobody_has_are_no_widgets(layer) -> None:
    run = _run(layer, "import stand_ins\nstand_ins.install().vtkMRMLNoSuchNode")
    assert "AttributeError: vtkMRMLNoSuchNode" in run.stderr


@pytest.mark.skipif(
    not os.environ.get(stand_ins.SLICER_PYTHON), reason="runs on Slicer's own layer: set DENTALTOPOSEG_SLICER_PYTHON"
)
def test_these_tests_run_on_the_layer_that_was_given(module, slicer) -> None:
    given = Path(os.environ[stand_ins.SLICER_PYTHON]).resolve()
    for name in ("i18n", "parameterNodeWrapper", "ScriptedLoadableModule"):
        assert given in Path(getattr(slicer, name).__file__).resolve().parents
    assert module.ScriptedLoadableModule is slicer.ScriptedLoadableModule.ScriptedLoadableModule
