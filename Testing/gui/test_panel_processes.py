"""Child processes and their lives: a Qt object that dies inside its own signal takes Slicer along."""

from __future__ import annotations

import ast
import gc
import weakref

import pytest
import stand_ins
from gui_steps import waitFor

MODULE = stand_ins.ROOT / "DentalTopoSeg"
#: Classes of Qt whose objects are no part of a layout, so that nothing but their maker gives them a parent.
PARENTLESS = (
    "QAction", "QActionGroup", "QButtonGroup", "QDialog", "QDialogButtonBox", "QEventLoop", "QFileDialog",
    "QFileSystemWatcher", "QMenu", "QMessageBox", "QProcess", "QProgressDialog", "QShortcut", "QStandardItemModel",
    "QThread", "QTimer",
)  # fmt: skip


@pytest.fixture
def processes(module, monkeypatch):
    """The QProcesses that the module makes, in order."""
    import qt

    made = []

    class Process(qt.QProcess):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(qt, "QProcess", Process)
    return made


@pytest.fixture
def worker(module, tmp_path):
    """(worker, outcomes); its jobs are not worth starting."""
    outcomes = []
    made = module.WorkerProcess.WorkerProcess(lambda progress: None, outcomes.append)
    yield made, outcomes
    made.abandon()


def test_a_worker_belongs_to_qt_and_not_to_python(worker, processes, tmp_path) -> None:
    import shiboken6

    one, outcomes = worker
    one.start(tmp_path / "no job.json", tmp_path / "cancel")
    assert processes[0].parent() is not None
    assert not shiboken6.ownedByPython(processes[0])
    waitFor(lambda: outcomes)
    assert outcomes[0].code > 0


def test_no_code_in_the_folder_that_slicer_was_started_in_is_run(worker, processes, tmp_path, monkeypatch) -> None:
    """A double click on a file starts Slicer in that file's folder."""
    for name in ("json", "signal", "DentalTopoSegLib"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'run.txt')!r}, 'w').close()")
    monkeypatch.chdir(tmp_path)
    one, outcomes = worker
    one.start(tmp_path / "no job.json", tmp_path / "cancel")
    waitFor(lambda: outcomes)
    assert not (tmp_path / "run.txt").exists()


def test_an_export_belongs_to_qt_and_not_to_python(panel, result, processes, tmp_path) -> None:
    import shiboken6

    exporter = panel.exportPanel.exporter
    exporter.start(panel.reviewPanel.review, ["csv", "json"], tmp_path / "out", "scan")
    waitFor(lambda: not exporter.isRunning)
    assert len(processes) == 2
    exporter.start(panel.reviewPanel.review, ["csv"], tmp_path / "out2", "scan")
    assert processes[2].parent() is not None and not shiboken6.ownedByPython(processes[2])
    exporter.cancel()


def test_nobody_is_told_inside_the_signal_and_the_process_outlives_it(worker, processes, tmp_path) -> None:
    one, outcomes = worker
    one.start(tmp_path / "no job.json", tmp_path / "cancel")
    process = weakref.ref(processes.pop())
    seen = []

    def afterOurs(*_arguments) -> None:  # connected last, so called after the module's own slot
        gc.collect()
        seen.append((len(outcomes), process() is not None))

    process().finished.connect(afterOurs)
    waitFor(lambda: outcomes)
    assert seen == [(0, True)]
    assert not one.isRunning


def test_who_is_told_may_throw_everything_away(module, processes, tmp_path) -> None:
    import shiboken6

    kept = {}
    destroyed = []

    def forgetAll(outcome) -> None:
        kept.clear()
        gc.collect()
        destroyed.append(shiboken6.isValid(processes[0]))

    kept["worker"] = module.WorkerProcess.WorkerProcess(lambda progress: None, forgetAll)
    kept["worker"].start(tmp_path / "no job.json", tmp_path / "cancel")
    waitFor(lambda: destroyed)
    assert destroyed == [True]
    waitFor(lambda: not shiboken6.isValid(processes[0]))  # the event loop deletes it, nothing piles up


@pytest.fixture
def failing(processes, monkeypatch):
    """Processes fail inside start(), as on Windows where a program is missing."""
    import qt

    def fail(self) -> None:
        self.errorOccurred.emit(qt.QProcess.FailedToStart)

    monkeypatch.setattr(qt.QProcess, "start", fail)


def test_a_process_that_fails_inside_its_start_is_told_later(worker, failing, processes, tmp_path) -> None:
    one, outcomes = worker
    one.start(tmp_path / "no job.json", tmp_path / "cancel")
    assert one.isRunning and outcomes == []
    waitFor(lambda: outcomes)
    assert "cannot be started" in outcomes[0].message


def test_the_bar_is_gone_after_a_failure_inside_the_start(panel, scan, failing, slicer, monkeypatch) -> None:
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *a, **k: pytest.fail("asked"))
    panel.ui.applyButton.click()
    waitFor(lambda: not panel.logic.isRunning)
    assert "cannot be started" in panel.ui.messageLabel.text
    assert not panel.ui.progressBar.visible
    assert panel.ui.applyButton.text == "Segment Teeth"


def test_the_bar_is_gone_when_the_scan_is_refused(panel, scan, slicer, monkeypatch) -> None:
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *a, **k: pytest.fail("asked"))
    scan.SetAndObserveImageData(None)
    panel.ui.applyButton.click()
    assert "holds no image" in panel.ui.messageLabel.text
    assert not panel.ui.progressBar.visible


def test_letters_that_come_in_two_pieces_stay_whole(module) -> None:
    import codecs

    import qt
    from DentalTopoSegModuleLib.Processes import textOf

    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    written = "Zähne".encode()
    assert "".join(textOf(qt.QByteArray(part), decoder) for part in (written[:2], written[2:])) == "Zähne"


@pytest.mark.parametrize("path", sorted(MODULE.rglob("*.py")), ids=lambda path: path.name)
def test_what_is_in_no_layout_is_given_a_parent(path) -> None:
    """`qt.QProcess()` is Python's own: only the one owner of all others may be so."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed = {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and function.name == "owner" and path.name == "Processes.py"
        for node in ast.walk(function)
    }
    bare = [
        f"{path.name}:{node.lineno} qt.{node.func.attr}()"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and getattr(node.func.value, "id", "") == "qt"
        and node.func.attr in PARENTLESS
        and not node.args
        and id(node) not in allowed
    ]
    assert bare == []
