"""The panoramic view of the result under review: thickness and kind, drawing it when it is seen, clicks on it.

What is drawn is in DentalTopoSegLib.scene.panoramic. Drawing takes about a second, so it is done when the view is in
sight and the teeth are others than those it shows, a moment after the last change.
"""

import qt
import slicer
import vtk
from slicer.i18n import tr as _

from . import Messages, Settings, Views
from .LibraryWords import sentenceOf

#: Drawn once nothing changed for so long.
QUIET_MS = 400
#: A mouse that moved farther between press and release was dragged, pixels.
_DRAG_PIXELS = 4
#: Before Slicer's own, which may keep the event to themselves.
_PRIORITY = 10.0


class PanoramicPanel:
    """Drives the widgets of the section Panoramic view."""

    def __init__(self, ui, reviewPanel) -> None:
        from DentalTopoSegLib.scene.panoramic import MODES

        self.ui = ui
        self.view = None
        self._reviewPanel = reviewPanel
        self._review = None
        self._drawn = None  # what the picture was made of
        self._failed = None  # and what none could be made of
        self._pressed = None
        self._observed = []
        self._clickable = None
        self._active = True
        self._modes = list(MODES)
        names = {"mean": _("Mean, as an X-ray"), "mip": _("Brightest voxels (MIP)")}
        for mode in self._modes:
            ui.panoramicModeComboBox.addItem(names[mode])
        ui.panoramicThicknessSlider.value = Settings.remembered("panoramicThickness", 14, int)
        ui.panoramicModeComboBox.currentIndex = self._modes.index(Settings.remembered("panoramicMode", "mean", _mode))
        self._timer = qt.QTimer(ui.panoramicButton)
        self._timer.singleShot = True
        self._timer.interval = QUIET_MS
        self._timer.timeout.connect(self.onQuiet)
        ui.panoramicThicknessSlider.valueChanged.connect(lambda *_value: self.onSettings())
        ui.panoramicModeComboBox.currentIndexChanged.connect(lambda *_index: self.onSettings())
        ui.panoramicButton.clicked.connect(lambda *_checked: self.onButton())
        Messages.show(ui.panoramicMessageLabel, "")
        reviewPanel.refreshed.append(self.update)
        reviewPanel.looked.append(self.onLooked)
        self._showThickness()
        self.update()

    # ---------------------------------------------------------------- what there is

    @property
    def isShown(self) -> bool:
        """True while the application's layout has the panoramic view."""
        from DentalTopoSegLib.scene.layouts import is_dental_layout_shown

        return is_dental_layout_shown(slicer.mrmlScene)

    @property
    def _wanted(self):
        """What a picture would be made of now."""
        return self._review.content, self.ui.panoramicThicknessSlider.value, self._mode()

    def _mode(self) -> str:
        return self._modes[max(self.ui.panoramicModeComboBox.currentIndex, 0)]

    def setActive(self, active: bool) -> None:
        """False while the user works in another module, where nothing is to be drawn under her hands."""
        self._active = active
        self.update()

    def update(self) -> None:
        """Follow the result under review."""
        from DentalTopoSegLib.scene.panoramic import PanoramicView, scan_of

        review = self._reviewPanel.review
        if review is not None and scan_of(review) is None:
            review = None  # intraoral scans, or a segmentation without its scan
        if review is not self._review:
            self.clear()
            self._review = review
            self.view = PanoramicView(review) if review is not None else None
        self.ui.panoramicCollapsibleButton.visible = review is not None
        if review is None:
            return
        self._watch()
        self.view.update(self._reviewPanel.findings.selectedKey)
        shown, current = self.isShown, self.view.drawn and self._drawn == self._wanted
        self.ui.panoramicButton.text = _("Update panoramic view") if shown else _("Show panoramic view")
        self.ui.panoramicButton.enabled = not (shown and current)
        if shown and not current and self._active and self._failed != self._wanted:
            self._timer.start()

    def clear(self) -> None:
        """Forget the result and its picture."""
        self._timer.stop()
        view, self.view, self._review = self.view, None, None
        self._drawn = self._failed = None
        if view is not None:
            view.close()
        self._unwatch()
        Messages.show(self.ui.panoramicMessageLabel, "")

    # ---------------------------------------------------------------- drawing

    def onButton(self) -> None:
        """Show the panoramic view, or bring it up to date."""
        Views.showDentalLayout()
        self.draw()

    def onSettings(self) -> None:
        """Another thickness or kind."""
        self._showThickness()
        Settings.remember("panoramicThickness", self.ui.panoramicThicknessSlider.value)
        Settings.remember("panoramicMode", self._mode())
        self.update()

    def onQuiet(self) -> None:
        """Nothing changed for a moment: draw what is in sight."""
        if self._review is not None and self.isShown:
            self.draw()

    def draw(self) -> None:
        """Draw it now, or say why not."""
        from DentalTopoSegLib.errors import DentalTopoSegError

        if self.view is None:
            return
        self._timer.stop()
        first, wanted = not self.view.drawn, self._wanted
        slicer.app.setOverrideCursor(qt.Qt.WaitCursor)
        try:
            self.view.draw(float(self.ui.panoramicThicknessSlider.value), self._mode())
        except DentalTopoSegError as error:
            self._failed = wanted
            Messages.show(self.ui.panoramicMessageLabel, sentenceOf(error), "error")
            return
        finally:
            slicer.app.restoreOverrideCursor()
        self._drawn = self._wanted
        Messages.show(self.ui.panoramicMessageLabel, "")
        if first:
            self.view.fit()
        self.update()

    def _showThickness(self) -> None:
        thickness = self.ui.panoramicThicknessSlider.value
        self.ui.panoramicThicknessValueLabel.text = _("{thickness} mm").format(thickness=thickness)

    # ---------------------------------------------------------------- looking

    def onLooked(self, place) -> None:
        """The views went to a place: mark it."""
        if self.view is not None:
            self.view.update(self._reviewPanel.findings.selectedKey)
            self.view.mark(place)

    def onCrosshair(self, caller, event) -> None:
        """The crosshair was moved in another view."""
        if self.view is not None and self.isShown:
            self.view.mark(caller.GetCrosshairRAS())

    def onPress(self, caller, event) -> None:
        self._pressed = caller.GetEventPosition()

    def onRelease(self, caller, event) -> None:
        """A click, not a drag: go there."""
        pressed, self._pressed = self._pressed, None
        x, y = caller.GetEventPosition()
        if pressed is None or max(abs(x - pressed[0]), abs(y - pressed[1])) > _DRAG_PIXELS:
            return
        self.onClicked(self._placeOf(x, y))

    def onClicked(self, flat) -> None:
        """A place of the picture was clicked: slices, 3D view and chart go there."""
        if self.view is None or not self.view.drawn:
            return
        look = self.view.look(flat)
        if look is not None:
            self._reviewPanel.lookAtPlace(look)

    def _placeOf(self, x: int, y: int) -> list:
        from DentalTopoSegLib.scene.panoramic import panoramic_slice_node

        matrix = panoramic_slice_node(slicer.mrmlScene).GetXYToRAS()
        return list(matrix.MultiplyPoint((x, y, 0.0, 1.0))[:3])

    # ---------------------------------------------------------------- what is observed

    def _watch(self) -> None:
        """Listen to the layout, the crosshair and the mouse in the panoramic view, as far as they are there."""
        from DentalTopoSegLib.scene.views import PANORAMIC_TAG

        if not self._observed:
            modified = vtk.vtkCommand.ModifiedEvent
            for kind, listener in (
                ("vtkMRMLLayoutNode", lambda *_arguments: self.onLayout()),
                ("vtkMRMLCrosshairNode", self.onCrosshair),
            ):
                node = slicer.mrmlScene.GetFirstNodeByClass(kind)
                if node is not None:
                    self._observed.append((node, node.AddObserver(modified, listener)))
        interactor = Views.interactorOf(PANORAMIC_TAG)
        if interactor is not None and interactor is not self._clickable:
            self._clickable = interactor
            for event, listener in (
                (vtk.vtkCommand.LeftButtonPressEvent, self.onPress),
                (vtk.vtkCommand.LeftButtonReleaseEvent, self.onRelease),
            ):
                self._observed.append((interactor, interactor.AddObserver(event, listener, _PRIORITY)))

    def onLayout(self) -> None:
        """The user chose another layout; its views are made after this event."""
        self._timer.start()
        qt.QTimer.singleShot(0, self.update)

    def _unwatch(self) -> None:
        for thing, observer in self._observed:
            thing.RemoveObserver(observer)
        self._observed, self._clickable = [], None


def _mode(text) -> str:
    from DentalTopoSegLib.scene.panoramic import MODES

    if text not in MODES:
        raise ValueError(text)
    return text
