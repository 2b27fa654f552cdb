"""The section Fuse: intraoral scans laid over the CBCT, scanned crowns on its roots, how well they fit, one undo.

What is not segmented yet is segmented too. The work is a job of its own in a child process, as that of Segment Teeth;
what goes into the scene is in DentalTopoSegLib.scene.
"""

import logging
from dataclasses import replace

import qt
import slicer
from slicer.i18n import tr as _

from . import Messages
from .LibraryWords import sentenceOf
from .Packages import OPENVINO, PackagesDeclinedError, ensurePackages, requirements
from .Parameters import Provider
from .QtProperties import assign
from .WorkerProcess import Outcome, WorkerProcess

#: The attribute of segmentations with fused teeth, as scene.fusions calls it: a look costs no import.
_FUSION = "DentalTopoSeg.Fusion"
_SELECTORS = ("fusionVolumeSelector", "fusionTeethSelector", "fusionUpperSelector", "fusionLowerSelector")


class FusionPanel:
    """Drives the section's widgets. options(): as the user chose under Advanced and Network; onFused(SceneFusion) is
    called with every new fusion, onUndone() once one was taken back."""

    def __init__(self, ui, requirementsPath: str, options, onFused, onUndone) -> None:
        self.ui = ui
        self.parameters = None
        self.fusion = None  # that which Undo takes back
        self._requirementsPath = requirementsPath
        self._options = options
        self._onFused, self._onUndone = onFused, onUndone
        self._worker = WorkerProcess(self.onProgress, self.onEnded)
        self._job = None
        table = ui.fusionTable
        table.columnCount = 5
        table.verticalHeader().visible = False
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        table.selectionBehavior = qt.QAbstractItemView.SelectRows
        assign(table, "editTriggers", qt.QAbstractItemView.NoEditTriggers)
        table.setHorizontalHeaderLabels([_("Tooth"), _("In the CBCT"), _("In the scan"), _("Fit, mm"), _("95 %, mm")])
        tips = (
            _("The number that holds."),
            _("The number in the CBCT before."),
            _("The number in the scan before."),
            _("Distance of the scanned crown from the CBCT's: half of the crown lies nearer."),
            _("95 % of the crown lies nearer."),
        )
        for column, tip in enumerate(tips):
            table.horizontalHeaderItem(column).setToolTip(tip)
        ui.fusionButton.clicked.connect(lambda *_checked: self.onButton())
        ui.fusionUndoButton.clicked.connect(lambda *_checked: self.onUndo())
        ui.fusionProgressBar.visible = False
        Messages.show(ui.fusionMessageLabel, "")
        self.update()

    @property
    def isRunning(self) -> bool:
        return self._worker.isRunning

    def setParameters(self, parameters) -> None:
        """The wrapped parameter node of the scene, or None while there is none."""
        self.parameters = parameters
        self.fusion = None
        self.update()

    def isSource(self, node) -> bool:
        """True for a node that is being fused."""
        return self._job is not None and node in (*self._job.sources, self._job.teeth)

    def update(self) -> None:
        """Show what can be done now, and the fused teeth of the scene."""
        chosen = self._chosen()
        ready = chosen is not None and chosen["volume"] is not None
        ready = ready and (chosen["upper"] is not None or chosen["lower"] is not None)
        running, stopping = self.isRunning, self._worker.isCancelling
        self.ui.fusionButton.text = _("Stopping ...") if stopping else _("Cancel") if running else _("Fuse")
        self.ui.fusionButton.enabled = not stopping if running else ready
        self.ui.fusionButton.toolTip = (
            _("Stop; the scene stays as it is.")
            if running
            else _("Lay the scans over the CBCT and put their crowns on its roots.")
            if ready
            else _("Choose the CBCT and the scan of one jaw, or of both.")
        )
        for name in _SELECTORS:
            getattr(self.ui, name).enabled = not running
        if self.fusion is not None and self.fusion.fused.GetScene() is None:
            self.fusion = None  # somebody deleted it
        self.ui.fusionUndoButton.visible = self.fusion is not None
        self.ui.fusionUndoButton.enabled = not running
        self._fillTable()

    def _chosen(self):
        parameters = self.parameters
        if parameters is None:
            return None
        return {
            "volume": _present(parameters.fusionVolumeNode),
            "teeth": _present(parameters.fusionTeethNode),
            "upper": _present(parameters.fusionUpperNode),
            "lower": _present(parameters.fusionLowerNode),
        }

    # ---------------------------------------------------------------- the button

    def onButton(self) -> None:
        """Fuse, or Cancel while it runs."""
        from DentalTopoSegLib.errors import DentalTopoSegError

        if self.isRunning:
            self._worker.cancel()
            self._showProgress(_("Stopping ..."), None)
            self.update()
            return
        try:
            self._start()
        except (DentalTopoSegError, PackagesDeclinedError) as error:
            self._stop(sentenceOf(error), "error")
        except RuntimeError as error:
            logging.exception("The fusion could not be started")
            self._stop(str(error), "error")

    def _start(self) -> None:
        from DentalTopoSegLib.exports.surfaces import TRIMESH
        from DentalTopoSegLib.fusion.pose import SMALL_GICP
        from DentalTopoSegLib.scene import prepare_fusion

        options = replace(self._options(), structures=())  # a fusion holds teeth only
        needed = [*requirements(self._requirementsPath), SMALL_GICP.requirement, TRIMESH.requirement]
        if self.parameters.provider is Provider.OPENVINO:
            needed.append(OPENVINO)
        ensurePackages(needed)
        Messages.show(self.ui.fusionMessageLabel, "")
        self._showProgress(_("Starting ..."), 0.0)
        self._job = prepare_fusion(**self._chosen(), options=options)
        self._worker.start(self._job.path, self._job.cancel_file)
        self.update()

    def onProgress(self, progress) -> None:
        """Show the stage and how far it is."""
        self._showProgress(progress.stage, progress.fraction)

    def onEnded(self, outcome) -> None:
        """The child has ended, well or not."""
        fusion = None
        try:
            if outcome.succeeded:
                fusion, outcome = self._added(outcome)
        finally:
            self._discard()
        if fusion is not None:
            self.fusion = fusion
            self._stop(_doneText(fusion), "done")
            self._onFused(fusion)
        elif outcome.wasCancelled:
            self._stop(_("Stopped. The scene is as it was."))
        else:
            logging.error("Fusion failed: %s\n%s", outcome.message, "\n".join(outcome.lastLines))
            self._stop(outcome.message, "error", "\n".join(outcome.lastLines))

    def _added(self, outcome):
        from DentalTopoSegLib.errors import DentalTopoSegError
        from DentalTopoSegLib.scene import add_fusion

        try:
            return add_fusion(self._job, numbering=self.parameters.numbering.value), outcome
        except DentalTopoSegError as error:
            return None, Outcome(error.exit_code, sentenceOf(error), outcome.lastLines)
        except Exception as error:  # nobody expected it, yet the panel must come back to rest
            logging.exception("The fusion could not be put into the scene")
            message = _("The result could not be put into the scene ({error}): please report it.").format(error=error)
            return None, Outcome(1, message, outcome.lastLines)

    def onUndo(self) -> None:
        """Take the last fusion back, whole."""
        from DentalTopoSegLib.errors import DentalTopoSegError

        try:
            self.fusion.undo()
        except DentalTopoSegError as error:
            Messages.show(self.ui.fusionMessageLabel, sentenceOf(error), "error")
            return
        self.fusion = None
        self._stop(_("Taken back: the scans lie where they were."), "done")
        self._onUndone()

    def abandon(self, why: str = "") -> None:
        """Stop at once, without telling anybody; `why` is shown unless it is empty."""
        self._worker.abandon()
        self._discard()
        self.fusion = None
        self._stop(why)

    def _discard(self) -> None:
        from DentalTopoSegLib.errors import OutputError

        job, self._job = self._job, None
        try:
            if job is not None:
                job.discard()
        except OutputError as error:  # a virus scanner may hold a file; the system clears its temporary folder
            logging.warning(str(error))

    # ---------------------------------------------------------------- showing

    def _stop(self, text: str, kind: str = "info", details: str = "") -> None:
        self.ui.fusionProgressBar.visible = False
        self.ui.fusionProgressBar.value = 0
        Messages.show(self.ui.fusionMessageLabel, text, kind, details)
        self.update()

    def _showProgress(self, text: str, fraction: float | None) -> None:
        self.ui.fusionProgressBar.visible = True
        self.ui.fusionProgressBar.format = text.replace("%", "%%")
        if fraction is not None:
            self.ui.fusionProgressBar.value = round(1000 * fraction)

    def _fillTable(self) -> None:
        from DentalTopoSegLib.scene import SceneError, tooth_text

        try:
            rows = self._rows()
        except SceneError as error:
            rows = []
            Messages.show(self.ui.fusionMessageLabel, sentenceOf(error), "error")
        table = self.ui.fusionTable
        table.visible = bool(rows)
        table.rowCount = len(rows)
        numbering = self.parameters.numbering.value if self.parameters is not None else "FDI"
        for i, row in enumerate(rows):
            numbers = [tooth_text(fdi, numbering) for fdi in (row.fdi, row.in_cbct, row.in_scan)]
            distances = [_distanceText(mm) for mm in (row.median_mm, row.p95_mm)]
            for column, text in enumerate((*numbers, *distances)):
                item = qt.QTableWidgetItem(text)
                item.setTextAlignment(qt.Qt.AlignCenter)
                if row.in_cbct != row.in_scan and column in (1, 2):
                    item.setToolTip(_("The two numbers differ: see the findings in Review."))
                    item.setForeground(qt.QBrush(qt.QColor("#a3501f")))
                table.setItem(i, column, item)

    def _rows(self) -> list:
        if self.fusion is not None:
            return self.fusion.rows
        if self.parameters is None or slicer.mrmlScene.IsClosing():
            return []
        found = slicer.mrmlScene.GetNodesByClass("vtkMRMLSegmentationNode")
        found.UnRegister(None)
        nodes = [found.GetItemAsObject(i) for i in range(found.GetNumberOfItems())]
        fused = [node for node in nodes if node.GetAttribute(_FUSION)]
        if not fused:
            return []
        from DentalTopoSegLib.scene import fused_rows

        return fused_rows(fused[-1])


def _present(node):
    return node if node is not None and slicer.mrmlScene.IsNodePresent(node) else None


def _distanceText(mm) -> str:
    """Beyond FAR_MM nothing is measured, so that is where distances end."""
    from DentalTopoSegLib.fusion.pose import FAR_MM

    if mm is None:
        return "-"
    return f"{mm:.2f}" if mm < FAR_MM else _("{mm} or more").format(mm=f"{FAR_MM:.2f}")


def _doneText(fusion) -> str:
    jaws = fusion.report["jaws"]
    said = [
        _("{name}: {share} % of the crowns fit, half of them nearer than {mm} mm.").format(
            name=node.GetName(), share=round(100 * part["share_that_fits"]), mm=f"{part['residual_median_mm']:.2f}"
        )
        for node, part in zip(fusion.jaws, jaws, strict=True)
    ]
    open_ = sum(not two["decided"] for part in jaws for two in part["numbers"]["two_numbers"])
    decided = sum(two["decided"] for part in jaws for two in part["numbers"]["two_numbers"])
    if decided:
        said.append(_("Numbers that differed and were decided: {n}; see the findings.").format(n=decided))
    if open_:
        said.append(_("Numbers that differ, for you to decide: {n}; see the findings.").format(n=open_))
    notes = [note for part in jaws for note in part["notes"]]
    return "\n".join((*said, *notes))
