"""The teeth of the result in 3D: shown or not, how smooth, how simple; and Segment Editor with that result."""

import qt
import slicer
from slicer.i18n import tr as _

from . import Messages
from .LibraryWords import sentenceOf

#: Surfaces are made anew once nothing changed for so long.
QUIET_MS = 400


class SurfacesPanel:
    """Drives the widgets of the section Teeth in 3D, and the button of Segment Editor."""

    def __init__(self, ui, reviewPanel) -> None:
        self.ui = ui
        self._reviewPanel = reviewPanel
        self._updating = False
        self._timer = qt.QTimer(ui.show3DCheckBox)
        self._timer.singleShot = True
        self._timer.interval = QUIET_MS
        self._timer.timeout.connect(self.apply)
        ui.show3DCheckBox.toggled.connect(lambda *_on: self.onSettings())
        ui.smoothingSlider.valueChanged.connect(lambda *_value: self.onSettings())
        ui.decimationSlider.valueChanged.connect(lambda *_value: self.onSettings())
        ui.segmentEditorButton.clicked.connect(lambda *_checked: self.onSegmentEditor())
        reviewPanel.refreshed.append(self.update)
        Messages.show(ui.surfacesMessageLabel, "")
        self.update()

    def _segmentation(self):
        """The segmentation under review, None where there is none, as with intraoral scans."""
        review = self._reviewPanel.review
        node = review.nodes[0] if review is not None else None
        return node if node is not None and node.IsA("vtkMRMLSegmentationNode") else None

    def update(self) -> None:
        """Show how the surfaces of the result are made."""
        from DentalTopoSegLib.scene.closed_surfaces import surface_settings

        node = self._segmentation()
        self.ui.surfacesCollapsibleButton.visible = node is not None
        self.ui.segmentEditorButton.visible = node is not None
        if node is None:
            self._timer.stop()
            return
        if self._timer.active:
            return  # what the user is about to choose is not taken back
        settings, display = surface_settings(node), node.GetDisplayNode()
        self._updating = True
        self.ui.show3DCheckBox.checked = display is not None and bool(display.GetVisibility3D())
        self.ui.smoothingSlider.value = round(100 * settings.smoothing)
        self.ui.decimationSlider.value = round(100 * settings.decimation)
        self._updating = False

    def onSettings(self) -> None:
        """The user chose something: soon."""
        if not self._updating:
            self._timer.start()

    def apply(self) -> None:
        """Make the surfaces as chosen."""
        from DentalTopoSegLib.errors import DentalTopoSegError
        from DentalTopoSegLib.scene.closed_surfaces import SurfaceSettings, show_surfaces

        node = self._segmentation()
        self._timer.stop()
        if node is None:
            return
        slicer.app.setOverrideCursor(qt.Qt.WaitCursor)
        try:
            settings = SurfaceSettings(self.ui.smoothingSlider.value / 100, self.ui.decimationSlider.value / 100)
            count = show_surfaces(node, self.ui.show3DCheckBox.checked, settings)
            Messages.show(self.ui.surfacesMessageLabel, _("{count} triangles.").format(count=f"{count:,}"))
        except DentalTopoSegError as error:
            Messages.show(self.ui.surfacesMessageLabel, sentenceOf(error), "error")
        finally:
            slicer.app.restoreOverrideCursor()

    def onSegmentEditor(self) -> None:
        """Open Segment Editor with the result, its scan and the selected tooth."""
        from DentalTopoSegLib.scene.panoramic import scan_of

        node = self._segmentation()
        if node is None:
            return
        review, fdi = self._reviewPanel.review, self._reviewPanel.chart.selected
        review.restore()  # faded teeth would look as if they were gone
        slicer.util.selectModule("SegmentEditor")
        editor = slicer.modules.segmenteditor.widgetRepresentation().self().editor
        editor.setSegmentationNode(node)
        scan = scan_of(review)
        if scan is not None:
            editor.setSourceVolumeNode(scan)
        segment = review.segment_of(fdi) if fdi is not None else None
        if segment is not None:
            editor.setCurrentSegmentID(segment)
