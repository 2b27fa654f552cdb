"""DentalTopoSeg in 3D Slicer: segment teeth, review the findings, repair, export.

This file only ties things together: the widgets' behaviour is in DentalTopoSegModuleLib, what happens to the scene in
DentalTopoSegLib.scene, the segmentation itself in a child process (DentalTopoSegLib.runs.worker).
"""

import logging
import os
import sys
import time
import unittest
from typing import Annotated, Optional, Union

import qt
import slicer
import vtk
from DentalTopoSegModuleLib import (
    AbsentTeeth,
    ExportPanel,
    FusionPanel,
    NetworkPanel,
    Packages,
    PanoramicPanel,
    QueuePanel,
    ReviewPanel,
    SampleScans,
    SegmentPanel,
    Settings,
    SurfacesPanel,
    Views,
    WorkerProcess,
)
from DentalTopoSegModuleLib.Library import addLibraryToPath
from DentalTopoSegModuleLib.LibraryWords import sentenceOf
from DentalTopoSegModuleLib.Parameters import STRUCTURES, Dentition, Jaw, Numbering, Precision, Provider
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin


class DentalTopoSeg(ScriptedLoadableModule):
    """What Slicer shows about the module."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        if hasattr(slicer.app, "loadTranslations"):  # our own languages; those of Slicer's language packs are there
            slicer.app.loadTranslations(self.resourcePath("Translations"))
        parent.title = _("DentalTopoSeg")
        parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        parent.dependencies = []
        parent.contributors = ["The DentalTopoSeg developers"]
        parent.helpText = _(
            "Finds, outlines and numbers the teeth of a dental CBCT or of intraoral scans on this computer's own "
            "processor, checks the result and proposes repairs. "
            'See the <a href="https://github.com/DentalTopoSeg/SlicerDentalTopoSeg">tutorial</a>. '
            "Research software, not a medical device: a clinician must check every result."
        )
        parent.acknowledgementText = _(
            "The networks were trained on phantoms built from real patients' teeth and on public intraoral scans; "
            "their model cards name the data."
        )
        slicer.app.connect("startupCompleted()", self.onStartupCompleted)

    def onStartupCompleted(self):
        """Once all modules are there: sample scans, and the teeth in Slicer's terminologies."""
        SampleScans.register(self.resourcePath("Icons"))
        addLibraryToPath()
        Views.registerLayout()
        from DentalTopoSegLib.scene import SceneError, register_color_table, register_terminology

        register_color_table(slicer.mrmlScene)
        try:
            register_terminology(slicer.modules.terminologies.logic())
        except SceneError as error:
            logging.error(str(error))


@parameterNodeWrapper
class DentalTopoSegParameterNode:
    """What the panel is set to; saved with the scene.

    inputNode: a CBCT or an intraoral scan; opposingNode: the other jaw's scan; jaw: of the first scan; absentTeeth: FDI
    numbers of teeth that are not there, with commas; dentition: whether milk teeth may stand; numbering: how teeth are
    called; outputName: of the result, empty: the scan's; threads: 0 for all cores; precision: of the
    networks; provider: what runs them; tta: they look twice at a CBCT; alsoJaws,
    alsoCanals, alsoTissues: what else of a CBCT is segmented; network: the name of an added one that looks at
    a CBCT, empty: the built-in ones; outputNode: the segmentation that takes the teeth, none: a new one; resultNode:
    the result under review; fusionVolumeNode, fusionTeethNode, fusionUpperNode, fusionLowerNode: a CBCT, its numbered
    teeth (none: it is segmented too) and the jaws' scans to be fused.
    """

    inputNode: Union[slicer.vtkMRMLScalarVolumeNode, slicer.vtkMRMLModelNode, None]
    opposingNode: Optional[slicer.vtkMRMLModelNode]
    jaw: Jaw = Jaw.AUTOMATIC
    absentTeeth: str = ""
    dentition: Dentition = Dentition.AUTOMATIC
    numbering: Numbering = Numbering.FDI
    outputName: str = ""
    threads: Annotated[int, WithinRange(0, 256)] = 0
    precision: Precision = Precision.INT8
    provider: Provider = Provider.ONNXRUNTIME
    tta: bool = False
    alsoJaws: bool = False
    alsoCanals: bool = False
    alsoTissues: bool = False
    network: str = ""
    outputNode: Optional[slicer.vtkMRMLSegmentationNode]
    resultNode: Union[slicer.vtkMRMLSegmentationNode, slicer.vtkMRMLModelNode, None]
    fusionVolumeNode: Optional[slicer.vtkMRMLScalarVolumeNode]
    fusionTeethNode: Optional[slicer.vtkMRMLSegmentationNode]
    fusionUpperNode: Optional[slicer.vtkMRMLModelNode]
    fusionLowerNode: Optional[slicer.vtkMRMLModelNode]


class DentalTopoSegWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The module's panel."""

    # no __init__: without a parent Slicer's base class calls setup() already there
    logic = None
    _isClosed = False
    _parameterNode = None
    _parameterNodeGuiTag = None

    def setup(self):
        """Called when the user opens the module for the first time."""
        ScriptedLoadableModuleWidget.setup(self)
        addLibraryToPath()
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/DentalTopoSeg.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = DentalTopoSegLogic()
        self.absentTeeth = AbsentTeeth.AbsentTeeth(self.ui, self.onAbsentTeethChanged)
        self.networkPanel = NetworkPanel.NetworkPanel(self.ui, self.onParametersChanged)
        self.segmentPanel = SegmentPanel.SegmentPanel(
            self.ui,
            self.logic,
            self.resourcePath("requirements.txt"),
            self.absentTeeth,
            self.networkPanel,
            self.onResult,
        )
        self.reviewPanel = ReviewPanel.ReviewPanel(self.ui, self.absentTeeth)
        self.panoramicPanel = PanoramicPanel.PanoramicPanel(self.ui, self.reviewPanel)
        self.surfacesPanel = SurfacesPanel.SurfacesPanel(self.ui, self.reviewPanel)
        self.exportPanel = ExportPanel.ExportPanel(self.ui, self.reviewPanel)
        self.queuePanel = QueuePanel.QueuePanel(self.ui, self.resourcePath("requirements.txt"), self.runOptions)
        self.fusionPanel = FusionPanel.FusionPanel(
            self.ui, self.resourcePath("requirements.txt"), self.runOptions, self.onFused, self.onFusionUndone
        )
        self.ui.arrangeViewsCheckBox.checked = Settings.remembered("arrangeViews", True, Settings.asBool)
        self.ui.arrangeViewsCheckBox.toggled.connect(lambda on: Settings.remember("arrangeViews", bool(on)))
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.StartCloseEvent, self.onSceneStartClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.EndCloseEvent, self.onSceneEndClose)
        self.addObserver(slicer.mrmlScene, slicer.mrmlScene.NodeAboutToBeRemovedEvent, self.onNodeAboutToBeRemoved)
        self.initializeParameterNode()

    def cleanup(self):
        """The module is reloaded, or Slicer is closed: end everything that is going on. Safe to call twice."""
        if self.logic is None or self._isClosed:
            return
        self._isClosed = True
        self.logic.abandon()
        self.queuePanel.close()
        self.fusionPanel.abandon()
        self.exportPanel.close()
        self.panoramicPanel.clear()
        self.reviewPanel.close()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self):
        """The user opens the module."""
        if self._parameterNode is None:
            self.initializeParameterNode()
        else:
            self.chooseFirstScan()
            self.networkPanel.refresh()  # somebody may have added one by the command
        self.panoramicPanel.setActive(True)

    def exit(self):
        """The user opens another module; a running segmentation goes on."""
        self.panoramicPanel.setActive(False)

    def onReload(self):
        """For developers: take the helpers' new code too. This panel ends before its library does: it could not tell
        that library's errors from those of the new one."""
        self.cleanup()
        for name in [n for n in sys.modules if n.split(".")[0] in ("DentalTopoSegModuleLib", "DentalTopoSegLib")]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    # ---------------------------------------------------------------- the scene

    def onSceneStartClose(self, caller, event):
        """The scene is cleared: nothing of a running segmentation may come into the next one."""
        wasRunning = self.logic.isRunning
        self.logic.abandon()
        self.reviewPanel.clear()
        self.setParameterNode(None)
        self.segmentPanel.stopped(_("Stopped, because the scene was closed.") if wasRunning else "")
        wasFusing = self.fusionPanel.isRunning
        self.fusionPanel.abandon(_("Stopped, because the scene was closed.") if wasFusing else "")

    def onSceneEndClose(self, caller, event):
        """Start anew in the empty scene."""
        self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onNodeAboutToBeRemoved(self, caller, event, node):
        """A scan that is being segmented, or the result under review, is deleted."""
        if slicer.mrmlScene.IsClosing():
            return
        if self.logic.isSource(node):
            self.logic.abandon()
            self.segmentPanel.stopped(_("Stopped, because the scan was deleted."))
        if self.fusionPanel.isSource(node):
            self.fusionPanel.abandon(_("Stopped, because the scan was deleted."))
        if self.reviewPanel.review is not None and node in self.reviewPanel.review.nodes:
            self.reviewPanel.clear()
        qt.QTimer.singleShot(0, self.segmentPanel.update)
        qt.QTimer.singleShot(0, self.fusionPanel.update)

    # ---------------------------------------------------------------- parameters

    def initializeParameterNode(self):
        """Connect the panel to the scene's parameter node; a new one starts with what was used last."""
        parameters = self.logic.getParameterNode()
        node = parameters.parameterNode
        if not node.GetAttribute("DentalTopoSeg.Started"):
            node.SetAttribute("DentalTopoSeg.Started", "1")
            parameters.numbering = Settings.remembered("numbering", Numbering.FDI, Numbering)
            parameters.precision = Settings.remembered("precision", Precision.INT8, Precision)
            parameters.provider = Settings.remembered("provider", Provider.ONNXRUNTIME, Provider)
            parameters.tta = Settings.remembered("tta", False, Settings.asBool)
            for name in STRUCTURES.values():
                setattr(parameters, name, Settings.remembered(name, False, Settings.asBool))
            parameters.network = self.networkPanel.remembered()
            parameters.threads = Settings.remembered("threads", 0, lambda value: min(max(int(value), 0), 256))
        self.setParameterNode(parameters)
        self.chooseFirstScan()

    def chooseFirstScan(self):
        """Where nothing is chosen, choose the first volume that can be a scan."""
        if self._parameterNode.inputNode is None:
            volume = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
            if volume is not None and not volume.IsA("vtkMRMLLabelMapVolumeNode"):
                self._parameterNode.inputNode = volume

    def setParameterNode(self, parameters):
        """Connect the widgets to these parameters instead of the ones before; None: to none."""
        if self._parameterNode is not None:
            self._parameterNode.disconnectGui(self._parameterNodeGuiTag)
            node = self._parameterNode.parameterNode
            if self.hasObserver(node, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged):
                self.removeObserver(node, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
        self._parameterNode = parameters
        self.absentTeeth.setParameters(parameters)
        self.networkPanel.setParameters(parameters)
        self.segmentPanel.setParameters(parameters)
        self.fusionPanel.setParameters(parameters)
        if parameters is not None:
            self._parameterNodeGuiTag = parameters.connectGui(self.ui)
            self.addObserver(parameters.parameterNode, vtk.vtkCommand.ModifiedEvent, self.onParametersChanged)
            self.onParametersChanged()

    def onParametersChanged(self, caller=None, event=None):
        """Show what the new settings mean, and remember them."""
        parameters = self._parameterNode
        if parameters is None:
            return
        Settings.remember("numbering", parameters.numbering.value)
        Settings.remember("precision", parameters.precision.value)
        Settings.remember("provider", parameters.provider.value)
        Settings.remember("tta", parameters.tta)
        for name in STRUCTURES.values():
            Settings.remember(name, getattr(parameters, name))
        Settings.remember("threads", parameters.threads)
        self.absentTeeth.update()
        self.networkPanel.update()
        self.segmentPanel.update()
        self.reviewPanel.setNode(parameters.resultNode, parameters.numbering.value)
        self.reviewPanel.setNumbering(parameters.numbering.value)
        self.fusionPanel.update()

    def onAbsentTeethChanged(self):
        """The chart shows which teeth are marked as absent."""
        if self._parameterNode is not None:
            self.reviewPanel.refresh()

    def runOptions(self):
        """How to compute, as chosen under Advanced and Network; nothing that is known of one patient. Raises a
        DentalTopoSegError for a network that is not there."""
        from DentalTopoSegLib.options import RunOptions

        parameters = self._parameterNode
        return RunOptions(
            parameters.threads or None,
            parameters.precision.value,
            parameters.provider.value,
            tta=parameters.tta,
            structures=self.segmentPanel.structures(),
            models=self.networkPanel.models(),
        )

    def onResult(self, node):
        """A new result is reviewed at once."""
        self.absentTeeth.stopMarking()
        if self._parameterNode is None:
            self.initializeParameterNode()
        if self.reviewPanel.review is not None and node in self.reviewPanel.review.nodes:
            self.reviewPanel.onRecheck()  # the teeth of a result under review were replaced
        self._parameterNode.resultNode = node
        self.ui.reviewCollapsibleButton.collapsed = False
        if self.ui.arrangeViewsCheckBox.checked and self.reviewPanel.review is not None:
            Views.arrange(self.reviewPanel.review)
            self.panoramicPanel.update()

    def onFused(self, fusion):
        """The CBCT's teeth are reviewed, with what the scans say of their numbers; the fused teeth are shown."""
        fusion.teeth.GetDisplayNode().SetVisibility3D(False)  # both would be drawn at the same place
        self.onResult(fusion.teeth)
        self.reviewPanel.refresh()

    def onFusionUndone(self):
        """What was decided of the numbers is taken back too."""
        node = self._parameterNode.resultNode if self._parameterNode is not None else None
        if node is not None and node.IsA("vtkMRMLSegmentationNode") and node.GetDisplayNode() is not None:
            node.GetDisplayNode().SetVisibility3D(True)
        self.reviewPanel.refresh()


class DentalTopoSegLogic(ScriptedLoadableModuleLogic):
    """One segmentation at a time, in a child process; its result goes into the scene. Needs no widget."""

    def __init__(self):
        ScriptedLoadableModuleLogic.__init__(self)
        addLibraryToPath()
        self._worker = WorkerProcess.WorkerProcess(self._onProgress, self._onEnded)
        self._job = None
        self._started = 0.0
        self.lastSeconds = 0.0

    def getParameterNode(self):
        return DentalTopoSegParameterNode(super().getParameterNode())

    @property
    def isRunning(self):
        return self._worker.isRunning

    @property
    def isCancelling(self):
        return self._worker.isCancelling

    def isSource(self, node):
        """True for a node that is being segmented."""
        return self._job is not None and node is not None and node in self._job.sources

    def start(
        self,
        nodes,
        *,
        jaws=None,
        numbering="FDI",
        name=None,
        into=None,
        threads=None,
        precision="int8",
        provider="onnxruntime",
        absent=(),
        milk=None,
        tta=False,
        structures=(),
        models=None,
        onProgress,
        onFinished,
    ):
        """Segment one volume node, or one or two model nodes; arguments as scene.prepare_job and options.RunOptions.

        onProgress(WorkerProcess.Progress); onFinished(scene.SceneResult or None, WorkerProcess.Outcome). Raises a
        DentalTopoSegError, with one sentence for the user, for what cannot be segmented.
        """
        from DentalTopoSegLib.options import RunOptions
        from DentalTopoSegLib.scene import prepare_job

        if self.isRunning:
            raise RuntimeError(_("A segmentation is running already."))
        self._started = time.monotonic()
        self._numbering, self._name, self._into = numbering, name, into
        self._tellProgress, self._tellFinished = onProgress, onFinished
        known = {"absent": frozenset(absent), "milk": milk}
        options = RunOptions(threads, precision, provider, **known, tta=tta, structures=structures, models=models)
        self._job = prepare_job(nodes, options, jaws=jaws)
        self._worker.start(self._job.path, self._job.cancel_file)

    def cancel(self):
        """Ask the worker to stop; onFinished is called once it has."""
        self._worker.cancel()

    def abandon(self):
        """Stop at once, without telling anybody, and leave no files."""
        self._worker.abandon()
        self._discardJob()

    def _onProgress(self, progress):
        self._tellProgress(progress)

    def _onEnded(self, outcome):
        result = None
        try:
            if outcome.succeeded:
                result, outcome = self._addResult(outcome)
        finally:
            self._discardJob()
        self.lastSeconds = time.monotonic() - self._started
        self._tellFinished(result, outcome)

    def _addResult(self, outcome):
        from DentalTopoSegLib.errors import DentalTopoSegError
        from DentalTopoSegLib.scene import add_result

        try:
            return add_result(self._job, numbering=self._numbering, name=self._name, into=self._into), outcome
        except DentalTopoSegError as error:
            return None, WorkerProcess.Outcome(error.exit_code, sentenceOf(error), outcome.lastLines)
        except Exception as error:  # nobody expected it, yet the panel must come back to rest
            logging.exception("The result could not be put into the scene")
            message = _("The result could not be put into the scene ({error}): please report it.").format(error=error)
            return None, WorkerProcess.Outcome(1, message, outcome.lastLines)

    def _discardJob(self):
        from DentalTopoSegLib.errors import OutputError

        job, self._job = self._job, None
        try:
            if job is not None:
                job.discard()
        except OutputError as error:  # a virus scanner may hold a file; the system clears its temporary folder
            logging.warning(str(error))


class DentalTopoSegTest(ScriptedLoadableModuleTest):
    """Inside Slicer: the journey on a small phantom, from the button to a repaired finding's undo."""

    def setUp(self):
        slicer.mrmlScene.Clear()

    def runTest(self):
        self.setUp()
        try:
            self.test_journey()
        except unittest.SkipTest as reason:
            self.delayDisplay(f"Skipped: {reason}")

    def test_journey(self):
        absent = Packages.missing(Packages.requirements(_requirementsPath(), surfaces=False))
        if absent:
            self.skipTest(f"not installed in Slicer's Python: {', '.join(absent)}")
        self.delayDisplay("Segmenting a phantom")
        volume = SampleScans.addSmallPhantom()
        answers = []
        logic = DentalTopoSegLogic()
        logic.start(
            [volume],
            onProgress=lambda progress: None,
            onFinished=lambda result, outcome: answers.append((result, outcome)),
        )
        deadline = time.monotonic() + 300
        while not answers and time.monotonic() < deadline:
            slicer.app.processEvents()
            time.sleep(0.02)
        self.assertTrue(answers, "the segmentation did not end within five minutes")
        result, outcome = answers[0]
        self.assertIsNotNone(result, outcome.message)
        from DentalTopoSegLib.scene import review_of

        review = review_of(result.node)
        self.assertGreaterEqual(len(review.teeth()), 20)
        review.renumber(16, 18, swap_numbers=True)
        review.undo()
        self.assertIn(16, review.teeth())
        self.delayDisplay("The journey works")


def _requirementsPath():
    return os.path.join(os.path.dirname(slicer.modules.dentaltoposeg.path), "Resources", "requirements.txt")
