"""Many scans: every scan of a folder, one after the other, results as files; a row per scan, and one button to stop.

The scans are found, named and told done as the command `batch` does it (DentalTopoSegLib.runs.scans, .rows); each has a
process of its own, so one that cannot be used, or crashes, does not stop the rest. Begun again it goes on where it was.
"""

import json
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import qt
from slicer.i18n import tr as _

from . import Messages, Settings
from .LibraryWords import sentenceOf
from .Packages import PackagesDeclinedError, ensurePackages, requirements
from .QtProperties import assign
from .WorkerProcess import WorkerProcess


@dataclass
class Row:
    """A scan of the queue. state: "waiting", "running", or one of the library's batch; text: what is shown."""

    path: Path
    name: str
    state: str = "waiting"
    text: str = ""


class QueuePanel:
    """Drives the widgets of the section Many scans. options(): threads, precision and provider as the user chose."""

    def __init__(self, ui, requirementsPath: str, options) -> None:
        self.ui = ui
        self.rows = []
        self._requirementsPath = requirementsPath
        self._options = options
        self._chosen = self._networks = None  # what was chosen when the queue was begun, and its network's entries
        self._worker = WorkerProcess(self.onProgress, self.onEnded)
        self._workspace = None
        self._running = None  # the row that is being segmented
        self._stopping = False
        table = ui.queueTable
        table.columnCount = 2
        table.setHorizontalHeaderLabels([_("Scan"), _("State")])
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        table.verticalHeader().visible = False
        assign(table, "editTriggers", qt.QAbstractItemView.NoEditTriggers)
        for name in ("Folder", "Output"):
            edit = getattr(ui, f"queue{name}Edit")
            edit.text = Settings.remembered(f"queue{name}", "")
            edit.textChanged.connect(lambda *_text: self.update())
            button = getattr(ui, f"queue{name}Button")
            button.clicked.connect(lambda *_checked, edit=edit: self.onChoose(edit))
        ui.queueButton.clicked.connect(lambda *_checked: self.onButton())
        Messages.show(ui.queueMessageLabel, "")
        self.update()

    @property
    def isRunning(self) -> bool:
        return self._running is not None

    def onChoose(self, edit) -> None:
        """Let the user choose a folder."""
        folder = qt.QFileDialog.getExistingDirectory(edit, _("Choose a folder"), edit.text)
        if folder:
            edit.text = folder

    def update(self) -> None:
        """Show what can be done now."""
        ready = bool(self.ui.queueFolderEdit.text.strip()) and bool(self.ui.queueOutputEdit.text.strip())
        self.ui.queueButton.text = _("Cancel all") if self.isRunning else _("Segment all")
        self.ui.queueButton.enabled = (self.isRunning and not self._stopping) or (ready and not self.isRunning)
        for widget in (
            self.ui.queueFolderEdit, self.ui.queueFolderButton, self.ui.queueOutputEdit, self.ui.queueOutputButton,
        ):  # fmt: skip
            widget.enabled = not self.isRunning
        self.ui.queueTable.visible = bool(self.rows)

    # ---------------------------------------------------------------- the button

    def onButton(self) -> None:
        """Segment all, or Cancel all while it runs."""
        from DentalTopoSegLib.errors import DentalTopoSegError
        from DentalTopoSegLib.networks.folders import entries_of

        if self.isRunning:
            self._stopping = True
            self._worker.cancel()
            self.update()
            return
        Settings.remember("queueFolder", self.ui.queueFolderEdit.text)
        Settings.remember("queueOutput", self.ui.queueOutputEdit.text)
        try:
            self._chosen = self._options()
            self._networks = entries_of(self._chosen.models) if self._chosen.models is not None else None
            ensurePackages(requirements(self._requirementsPath))
            self._find()
        except (DentalTopoSegError, PackagesDeclinedError, RuntimeError) as error:
            Messages.show(self.ui.queueMessageLabel, sentenceOf(error), "error")
            return
        self._stopping = False
        self._workspace = Path(tempfile.mkdtemp(prefix="dentaltoposeg-"))
        self._next()

    def _find(self) -> None:
        from DentalTopoSegLib.errors import InputError
        from DentalTopoSegLib.files.hps import is_hps_file
        from DentalTopoSegLib.files.meshes.hps import OPEN3SDCM
        from DentalTopoSegLib.files.transactions import require_writable
        from DentalTopoSegLib.runs.scans import scans_in, unreadable_in

        folder, output = Path(self.ui.queueFolderEdit.text.strip()), Path(self.ui.queueOutputEdit.text.strip())
        self.rows = [Row(path, name) for path, name in scans_in(folder, output)]
        if any(is_hps_file(row.path) for row in self.rows):
            ensurePackages([OPEN3SDCM.requirement])
        unreadable = [Row(path, "", "failed", reason) for path, reason in unreadable_in(folder, output)]
        self.rows += unreadable
        if not self.rows:
            raise InputError(_("'{folder}' holds no scan.").format(folder=folder))
        require_writable(output)
        self.ui.queueTable.rowCount = len(self.rows)
        for i, row in enumerate(self.rows):
            item = qt.QTableWidgetItem(str(row.path.relative_to(folder)))
            item.setToolTip(str(row.path))
            self.ui.queueTable.setItem(i, 0, item)
            failed = row in unreadable
            text = _("cannot be read ({reason})").format(reason=row.text) if failed else _("waiting")
            self._show(row, row.state, text)

    # ---------------------------------------------------------------- one scan after the other

    def _next(self) -> None:
        from DentalTopoSegLib.errors import DentalTopoSegError
        from DentalTopoSegLib.files.meshes import is_mesh_file
        from DentalTopoSegLib.runs.rows import row_before

        output = Path(self.ui.queueOutputEdit.text.strip())
        while True:
            row = next((row for row in self.rows if row.state == "waiting"), None)
            if row is None or self._stopping:
                self._finish()
                return
            wanted = () if is_mesh_file(row.path) else self._chosen.structures
            before = row_before(output, row.name, own=self._ownNetworks(row), structures=wanted)
            if before is not None:
                self._show(row, before["state"], self._textOf(before))
                continue
            try:
                job, cancel = self._writeJob(row, output)
            except (DentalTopoSegError, OSError) as error:
                self._show(row, "failed", sentenceOf(error))
                continue
            self._running = row
            self._show(row, "running", _("Starting ..."))
            Messages.show(self.ui.queueMessageLabel, "")
            self.update()
            self._worker.start(job, cancel)
            return

    def _ownNetworks(self, row: Row) -> frozenset:
        """The checksums of the added network that looks at a scan; none where the built-in ones do."""
        from DentalTopoSegLib.files.meshes import is_mesh_file
        from DentalTopoSegLib.runs.rows import own_checksums

        return own_checksums(self._networks, is_mesh_file(row.path))

    def _writeJob(self, row: Row, output: Path) -> tuple:
        from DentalTopoSegLib.files.meshes import is_mesh_file
        from DentalTopoSegLib.runs.job import Job, JobFile

        mesh = is_mesh_file(row.path)
        kind = "mesh" if mesh else "volume"
        options = replace(self._chosen, models=None, structures=()) if mesh else self._chosen
        number = self.rows.index(row)
        path, cancel = self._workspace / f"{number}.json", self._workspace / f"{number}.cancel"
        job = Job([row.path.absolute()], output, kind, name=row.name)
        path.write_text(json.dumps(JobFile(job, options, str(cancel)).to_dict()), encoding="utf-8")
        return path, cancel

    def onProgress(self, progress) -> None:
        """Show in its row how far the scan is."""
        self._show(self._running, "running", f"{progress.stage} · {round(100 * progress.fraction)} %")

    def onEnded(self, outcome) -> None:
        """A scan has ended, well or not: the next one."""
        from DentalTopoSegLib.runs.rows import row_after

        row, self._running = self._running, None
        if outcome.succeeded:
            after = row_after(Path(self.ui.queueOutputEdit.text.strip()), row.name)
            self._show(row, after["state"], self._textOf(after))
        elif outcome.wasCancelled:
            self._show(row, "waiting", _("stopped"))
        else:
            self._show(row, "failed", outcome.message)
        self._next()

    def _finish(self) -> None:
        self._discard()
        counts = {state: sum(row.state == state for row in self.rows) for state in ("failed", "waiting")}
        text = _("{done} of {count} scans have results.").format(
            done=len(self.rows) - sum(counts.values()), count=len(self.rows)
        )
        if counts["waiting"]:
            text += " " + _("Stopped; Segment all goes on with the others.")
        Messages.show(self.ui.queueMessageLabel, text, "error" if counts["failed"] else "done")
        self.update()

    def _textOf(self, row: dict) -> str:
        if row["state"] == "changed":
            return _("changed since, left as it is")
        text = _("{count} teeth").format(count=row.get("teeth"))
        doubts = row.get("errors", 0) + row.get("warnings", 0)
        if doubts:
            text += ", " + _("{n} to look at").format(n=doubts)
        return text if row["state"] == "done" else _("{text} (done before)").format(text=text)

    def _show(self, row: Row, state: str, text: str) -> None:
        row.state, row.text = state, text
        item = qt.QTableWidgetItem(text)
        item.setToolTip(text)
        self.ui.queueTable.setItem(self.rows.index(row), 1, item)

    def _discard(self) -> None:
        workspace, self._workspace = self._workspace, None
        if workspace is not None:
            shutil.rmtree(workspace, ignore_errors=True)

    def close(self) -> None:
        """The module goes away: stop at once, tell nobody, leave no files."""
        self._running = None
        self._worker.abandon()
        self._discard()
