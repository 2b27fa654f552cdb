"""The section Segment: which scan, the one button, progress and what came of it."""

import logging

import slicer
from slicer.i18n import tr as _

from . import Messages
from .LibraryWords import sentenceOf
from .NetworkCards import LISTED_STRUCTURES
from .Packages import OPENVINO, PackagesDeclinedError, ensurePackages, requirements
from .Parameters import STRUCTURES, Dentition, Jaw, Provider, jawsOf


class SegmentPanel:
    """Drives the widgets above the result. onResult(node) is called with every new result."""

    def __init__(self, ui, logic, requirementsPath: str, absentTeeth, networkPanel, onResult) -> None:
        self.ui = ui
        self.logic = logic
        self.parameters = None
        self._absentTeeth = absentTeeth
        self._networkPanel = networkPanel
        self._scanBefore = None
        self._requirementsPath = requirementsPath
        self._onResult = onResult
        ui.applyButton.clicked.connect(lambda *_checked: self.onApplyButton())
        ui.progressBar.visible = False
        Messages.show(ui.messageLabel, "")

    def setParameters(self, parameters) -> None:
        """The wrapped parameter node of the scene, or None while there is none."""
        self.parameters = parameters
        self._scanBefore = _idOf(parameters.inputNode) if parameters is not None else None
        self.update()

    def inputNodes(self) -> list:
        """The chosen scan, and the other jaw's when both are models; nodes that are gone are none."""
        if self.parameters is None:
            return []
        chosen = [self.parameters.inputNode]
        if _isModel(chosen[0]):
            chosen.append(self.parameters.opposingNode)
        return [node for node in chosen if node is not None and slicer.mrmlScene.IsNodePresent(node)]

    def structures(self) -> tuple:
        """What is to be found in a CBCT besides the teeth (RunOptions.structures); a network of others, which names
        its structures itself, is asked for nothing."""
        if self.parameters is None or not self._networkPanel.isBuiltIn:
            return ()
        return tuple(group for group, name in STRUCTURES.items() if getattr(self.parameters, name))

    def update(self) -> None:
        """Show what belongs to the chosen scan, and whether the button can be pressed."""
        nodes = self.inputNodes()
        self._forgetOtherPatient()
        surface = bool(nodes) and _isModel(nodes[0])
        if len(nodes) == 2 and self.parameters.jaw is Jaw.AUTOMATIC:
            self.parameters.jaw = Jaw.UPPER  # of two jaws one is said, and the user sees which
        for widget in (self.ui.opposingLabel, self.ui.opposingSelector, self.ui.jawLabel, self.ui.jawComboBox):
            widget.visible = surface
        for widget in (
            self.ui.outputLabel, self.ui.outputSelector, self.ui.ttaCheckBox, self.ui.networkCollapsibleButton,
        ):  # fmt: skip
            widget.visible = not surface
        for widget in (self.ui.structuresLabel, self.ui.jawsCheckBox, self.ui.canalsCheckBox, self.ui.tissuesCheckBox):
            widget.visible = not surface and self._networkPanel.isBuiltIn
        new = surface or self.parameters is None or self.parameters.outputNode is None
        self.ui.outputNameEdit.enabled = new
        running = self.logic.isRunning
        same = len(nodes) == 2 and nodes[0] is nodes[1]
        self.ui.applyButton.enabled = not self.logic.isCancelling if running else bool(nodes) and not same
        self.ui.applyButton.text = _("Cancel") if running else _("Segment Teeth")
        if self.logic.isCancelling:
            self.ui.applyButton.text = _("Stopping ...")
        if running:
            hint = _("Stop the segmentation; the scene stays as it is.")
        elif same:
            hint = _("The other jaw is the same scan: choose another one, or none.")
        else:
            hint = _("Find, outline and number the teeth.") if nodes else _("Choose a scan first.")
        self.ui.applyButton.toolTip = hint
        for widget in (
            self.ui.inputSelector,
            self.ui.opposingSelector,
            self.ui.jawComboBox,
            self.ui.markAbsentButton,
            self.ui.dentitionComboBox,
        ):
            widget.enabled = not running
        self._networkPanel.setRunning(running)

    def _forgetOtherPatient(self) -> None:
        """What is known of one scan's teeth does not hold for another scan."""
        if self.parameters is None:
            return
        scan = _idOf(self.parameters.inputNode)
        known, self._scanBefore = self._scanBefore, scan
        if known is not None and scan != known:
            self._absentTeeth.clear()
            self.parameters.dentition = Dentition.AUTOMATIC

    # ---------------------------------------------------------------- the button

    def onApplyButton(self) -> None:
        """Segment Teeth, or Cancel while it runs."""
        if self.logic.isRunning:
            self.logic.cancel()
            self._showProgress(_("Stopping ..."), None)
            self.update()
            return
        from DentalTopoSegLib.errors import DentalTopoSegError

        nodes = self.inputNodes()
        if not nodes:
            return
        try:
            needed = requirements(self._requirementsPath, surfaces=_isModel(nodes[0]))
            if self.parameters.provider is Provider.OPENVINO:
                needed.append(OPENVINO)
            ensurePackages(needed)
            self._start(nodes)
        except (DentalTopoSegError, PackagesDeclinedError) as error:
            self.hideProgress()
            self._say(sentenceOf(error), "error")
        except RuntimeError as error:
            logging.exception("The segmentation could not be started")
            self.hideProgress()
            self._say(str(error), "error")
        self.update()

    def _start(self, nodes: list) -> None:
        parameters = self.parameters
        self._say("")
        self._showProgress(_("Starting ..."), 0.0)  # before the start, which may already be the end
        self.logic.start(
            nodes,
            jaws=jawsOf(parameters.jaw, len(nodes)) if _isModel(nodes[0]) else None,
            numbering=parameters.numbering.value,
            name=parameters.outputName.strip() or None,
            into=None if _isModel(nodes[0]) else parameters.outputNode,
            threads=parameters.threads or None,
            precision=parameters.precision.value,
            provider=parameters.provider.value,
            absent=self._absentTeeth.teeth(),
            milk=parameters.dentition.value,
            tta=parameters.tta,
            structures=() if _isModel(nodes[0]) else self.structures(),
            models=None if _isModel(nodes[0]) else self._networkPanel.models(),
            onProgress=self.onProgress,
            onFinished=self.onFinished,
        )

    def onProgress(self, progress) -> None:
        """Show the stage, how far it is and how long it will take."""
        text = progress.stage
        if progress.secondsLeft is not None and progress.secondsLeft >= 1:
            text += " · " + _timeLeft(progress.secondsLeft)
        self._showProgress(text, progress.fraction)

    def onFinished(self, result, outcome) -> None:
        """result: scene.SceneResult, None when there is none; outcome: how the worker ended."""
        self.hideProgress()
        self.update()
        if result is not None:
            self._say(_doneText(result), "done", _("It took {time}.").format(time=_duration(self.logic.lastSeconds)))
            if result.node is not None:
                self._onResult(result.node)
        elif outcome.wasCancelled:
            self._say(_("Stopped. The scene is as it was."), "info")
        else:
            logging.error("Segmentation failed: %s\n%s", outcome.message, "\n".join(outcome.lastLines))
            self._say(outcome.message, "error", "\n".join(outcome.lastLines))

    def stopped(self, why: str) -> None:
        """The run was abandoned; `why` is shown unless it is empty."""
        self.hideProgress()
        self._say(why)
        self.update()

    # ---------------------------------------------------------------- showing

    def hideProgress(self) -> None:
        self.ui.progressBar.visible = False
        self.ui.progressBar.value = 0

    def _showProgress(self, text: str, fraction: float | None) -> None:
        self.ui.progressBar.visible = True
        self.ui.progressBar.format = text.replace("%", "%%")
        if fraction is not None:
            self.ui.progressBar.value = round(1000 * fraction)

    def _say(self, text: str, kind: str = "info", details: str = "") -> None:
        Messages.show(self.ui.messageLabel, text, kind, details)


def _idOf(node):
    return None if node is None else node.GetID()


def _isModel(node) -> bool:
    return node is not None and node.IsA("vtkMRMLModelNode")


def _doneText(result) -> str:
    reports = result.report.get("jaws", [result.report])
    count = sum(report["count"]["total"] for report in reports)
    found = _("Done: {count} tooth found.") if count == 1 else _("Done: {count} teeth found.")
    said = [found.format(count=count) if result.node is not None else _("Done.")]
    if result.structures is not None:
        said.append(_structuresText(result.structures))
    return " ".join((*said, *result.warnings))


def _structuresText(node) -> str:
    segmentation = node.GetSegmentation()
    names = [segmentation.GetNthSegment(i).GetName() for i in range(segmentation.GetNumberOfSegments())]
    shown = ", ".join(names[:LISTED_STRUCTURES]) + (", ..." if len(names) > LISTED_STRUCTURES else "")
    return _("In '{name}': {structures}.").format(name=node.GetName(), structures=shown)


def _timeLeft(seconds: float) -> str:
    if seconds < 60:
        return _("about {seconds} s left").format(seconds=max(1, round(seconds)))
    return _("about {minutes} min left").format(minutes=round(seconds / 60))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return _("{seconds} s").format(seconds=round(seconds, 1))
    return _("{minutes} min").format(minutes=round(seconds / 60, 1))
