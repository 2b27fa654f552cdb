"""Teeth that are marked as absent before a run: clicks on the chart, crossed out there and listed beside the scan."""

from slicer.i18n import tr as _

from .Parameters import Dentition


class AbsentTeeth:
    """Drives the row of absent teeth in the section Segment. onChanged() is called whenever the marks change, and when
    clicks begin or cease to set them."""

    def __init__(self, ui, onChanged) -> None:
        self.ui = ui
        self.parameters = None
        self._onChanged = onChanged
        ui.markAbsentButton.toggled.connect(lambda *_checked: self.onMarkToggled())
        self.update()

    def setParameters(self, parameters) -> None:
        """The wrapped parameter node of the scene, or None while there is none."""
        self.parameters = parameters
        self.stopMarking()
        self.update()

    @property
    def isMarking(self) -> bool:
        """True while clicks on the chart mark teeth, whatever result is under review."""
        return bool(self.ui.markAbsentButton.checked)

    @property
    def isChild(self) -> bool:
        """True where milk teeth may stand."""
        return self.parameters is not None and self.parameters.dentition is Dentition.MIXED

    def teeth(self) -> frozenset:
        """FDI numbers that the next run is told; what somebody edited into nonsense is none."""
        from DentalTopoSegLib.dentition import is_tooth

        words = self.parameters.absentTeeth.split(",") if self.parameters is not None else []
        return frozenset(int(word) for word in words if word.isdigit() and is_tooth(int(word)))

    def toggle(self, fdi: int) -> None:
        """A click on the chart: mark a tooth as absent, or take the mark away."""
        if self.parameters is None:
            return
        self._set(self.teeth() ^ {fdi})

    def clear(self) -> None:
        """Another patient's scan: nothing is known of its teeth."""
        if self.parameters is not None and self.parameters.absentTeeth:
            self._set(frozenset())

    def stopMarking(self) -> None:
        """Clicks on the chart select teeth again."""
        self.ui.markAbsentButton.checked = False

    def onMarkToggled(self) -> None:
        """The user wants to click teeth on the chart: it must be in sight."""
        if self.isMarking:
            self.ui.reviewCollapsibleButton.collapsed = False
        self.update()
        self._onChanged()

    def _set(self, teeth: frozenset) -> None:
        self.parameters.absentTeeth = ",".join(map(str, sorted(teeth)))
        self.update()
        self._onChanged()

    def update(self) -> None:
        """Show which teeth are marked."""
        from DentalTopoSegLib.scene import tooth_text

        numbering = self.parameters.numbering.value if self.parameters is not None else "FDI"
        marked = ", ".join(tooth_text(fdi, numbering) for fdi in sorted(self.teeth()))
        self.ui.absentTeethLabel.text = marked or (_("Click them on the chart") if self.isMarking else _("None known"))
