"""The one button: progress, cancel, crash, kill, clearing the scene and closing the module in the middle of a run."""

from __future__ import annotations

import itertools
import os
import signal
import time

import pytest
from gui_steps import addScan, click, leftBehind, nodeNames, waitFor


@pytest.fixture(autouse=True)
def no_questions(slicer, monkeypatch):
    """The packages are there; a question would be a mistake."""
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *a, **k: pytest.fail(f"asked: {a}"))


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="finds the worker's processes in /proc (Linux)")


def _start(panel) -> None:
    click(panel.ui.applyButton)
    assert panel.logic.isRunning, panel.ui.messageLabel.text


def _working(panel) -> bool:
    """True once the networks are at work, in the middle of the run."""
    return panel.ui.progressBar.value > 200


def _processes_of(pid: int) -> set[int]:
    """The process and its descendants that are alive (Linux)."""
    children: dict[int, list[int]] = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stream:
                state, parent = stream.read().rsplit(")", 1)[1].split()[:2]
        except OSError:
            continue
        if state != "Z":
            children.setdefault(int(parent), []).append(int(entry))
    found, new = set(), [pid]
    while new:
        one = new.pop()
        found.add(one)
        new += children.get(one, [])
    return found


def _alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if os.path.exists(f"/proc/{pid}") and not _is_zombie(pid)}


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def test_nothing_can_be_pressed_without_a_scan(panel) -> None:
    assert not panel.ui.applyButton.enabled
    assert panel.ui.applyButton.text == "Segment Teeth"


def test_a_run_shows_stages_time_left_and_the_result(panel, scan) -> None:
    shown = []
    panel.ui.progressBar.valueChanged.connect(lambda value: shown.append((value, panel.ui.progressBar.format)))
    _start(panel)
    assert panel.ui.applyButton.text == "Cancel"
    assert panel.ui.progressBar.visible
    assert not panel.ui.inputSelector.enabled
    waitFor(lambda: not panel.logic.isRunning)
    assert panel.ui.messageLabel.text.startswith("Done: ")
    values = [value for value, _ in shown[:-1]]
    assert values == sorted(values) and values[-1] > 900
    assert len({text.split(" · ")[0] for _, text in shown}) >= 5, "stages"
    assert any("left" in text for _, text in shown), "time left"
    assert panel.ui.applyButton.text == "Segment Teeth" and panel.ui.applyButton.enabled
    assert not panel.ui.progressBar.visible
    assert panel.ui.resultSelector.currentNode().GetName() == "Scan teeth"
    assert leftBehind() == []


def test_the_panel_answers_while_the_worker_works(panel, scan) -> None:
    import qt

    ticks = []
    timer = qt.QTimer()
    timer.interval = 20
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    _start(panel)
    timer.start()
    waitFor(lambda: panel.ui.progressBar.value > 800)
    timer.stop()
    gaps = [b - a for a, b in itertools.pairwise(ticks)]
    assert max(gaps) < 1.0  # a panel that waits for the worker would be still for seconds
    panel.logic.abandon()


@needs_proc
def test_cancel_leaves_scene_and_disk_as_they_were(panel, scan, scene) -> None:
    before = nodeNames(scene)
    _start(panel)
    waitFor(lambda: _working(panel))
    family = _processes_of(panel.logic._worker.pid)
    started = time.monotonic()
    click(panel.ui.applyButton)
    assert not panel.ui.applyButton.enabled and panel.ui.applyButton.text == "Stopping ..."
    waitFor(lambda: not panel.logic.isRunning)
    assert time.monotonic() - started < 2.0
    assert panel.ui.messageLabel.text == "Stopped. The scene is as it was."
    assert nodeNames(scene) == before
    assert leftBehind() == []
    assert _alive(family) == set()


def test_after_a_cancel_it_can_be_clicked_again(panel, scan) -> None:
    _start(panel)
    waitFor(lambda: _working(panel))
    click(panel.ui.applyButton)
    waitFor(lambda: not panel.logic.isRunning)
    _start(panel)
    waitFor(lambda: not panel.logic.isRunning)
    assert panel.ui.messageLabel.text.startswith("Done: ")


@needs_proc
def test_a_worker_that_does_not_stop_is_ended_by_force(panel, scan, monkeypatch) -> None:
    worker = panel.logic._worker
    worker.graceMs = 300
    _start(panel)
    waitFor(lambda: _working(panel))
    pid = worker.pid
    os.kill(pid, signal.SIGSTOP)  # it hears nothing any more
    click(panel.ui.applyButton)
    waitFor(lambda: not panel.logic.isRunning, 10)
    assert panel.ui.messageLabel.text == "Stopped. The scene is as it was."
    assert leftBehind() == []


@needs_proc
def test_a_killed_worker_is_told_in_words(panel, scan, scene) -> None:
    before = nodeNames(scene)
    _start(panel)
    waitFor(lambda: _working(panel))
    family = _processes_of(panel.logic._worker.pid)
    os.kill(panel.logic._worker.pid, signal.SIGKILL)
    waitFor(lambda: not panel.logic.isRunning)
    assert "ended by the system" in panel.ui.messageLabel.text
    assert nodeNames(scene) == before
    waitFor(lambda: not _alive(family), 5)
    assert leftBehind() == []
    assert panel.ui.applyButton.enabled


def test_a_crash_is_told_with_its_last_words(panel, scan, monkeypatch, tmp_path) -> None:
    # a library of the user's that breaks the worker's own imports
    (tmp_path / "onnxruntime.py").write_text("raise RuntimeError('the driver is on fire')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    _start(panel)
    waitFor(lambda: not panel.logic.isRunning)
    assert "the driver is on fire" in panel.ui.messageLabel.text + panel.ui.messageLabel.toolTip
    assert leftBehind() == []


def test_a_scan_without_teeth_is_refused_in_one_sentence(panel, scan, slicer) -> None:
    slicer.util.arrayFromVolume(scan)[:] = -1000
    slicer.util.arrayFromVolumeModified(scan)
    _start(panel)
    waitFor(lambda: not panel.logic.isRunning)
    text = panel.ui.messageLabel.text
    assert (text.endswith((".", "?")) and "teeth" in text.lower()) or "scan" in text
    assert "Traceback" not in text
    assert leftBehind() == []


def test_python_that_cannot_be_started_is_told(panel, scan, monkeypatch, module) -> None:
    from DentalTopoSegModuleLib import Processes

    monkeypatch.setattr(Processes, "pythonExecutable", lambda: "/nowhere/PythonSlicer")
    click(panel.ui.applyButton)
    waitFor(lambda: not panel.logic.isRunning, 10)
    assert "/nowhere/PythonSlicer" in panel.ui.messageLabel.text
    assert leftBehind() == []


@needs_proc
def test_clearing_the_scene_stops_the_run(panel, scan, scene, phantom, slicer) -> None:
    _start(panel)
    waitFor(lambda: _working(panel))
    family = _processes_of(panel.logic._worker.pid)
    scene.Clear(False)
    assert not panel.logic.isRunning
    assert "scene was closed" in panel.ui.messageLabel.text
    waitFor(lambda: not _alive(family), 5)
    assert leftBehind() == []
    assert not [name for name in nodeNames(scene) if "Segmentation" in name]
    addScan(slicer, phantom, panel)
    _start(panel)
    waitFor(lambda: not panel.logic.isRunning)
    assert panel.ui.messageLabel.text.startswith("Done: ")


def test_deleting_the_scan_stops_the_run(panel, scan, scene) -> None:
    _start(panel)
    waitFor(lambda: _working(panel))
    scene.RemoveNode(scan)
    assert not panel.logic.isRunning
    assert "scan was deleted" in panel.ui.messageLabel.text
    waitFor(lambda: not panel.ui.applyButton.enabled, 5)
    assert leftBehind() == []


@needs_proc
def test_closing_the_module_stops_the_run(panel, scan, slicer) -> None:
    _start(panel)
    waitFor(lambda: _working(panel))
    family = _processes_of(panel.logic._worker.pid)
    slicer.app.emit("moduleAboutToBeUnloaded(QString)", "DentalTopoSeg")
    assert not panel.logic.isRunning
    waitFor(lambda: not _alive(family), 5)
    assert leftBehind() == []


def test_another_module_can_be_opened_meanwhile(panel, scan) -> None:
    _start(panel)
    panel.exit()
    waitFor(lambda: not panel.logic.isRunning)
    panel.enter()
    assert panel.ui.resultSelector.currentNode() is not None


def test_several_scans_in_one_session(panel, scan, phantom, slicer) -> None:
    names = []
    for name in ("First", "Zähne 2"):
        addScan(slicer, phantom, panel, name)
        _start(panel)
        waitFor(lambda: not panel.logic.isRunning)
        names.append(panel.ui.resultSelector.currentNode().GetName())
    assert names == ["First teeth", "Zähne 2 teeth"]
