"""The review of one result: chart and list of findings, going there, repairs, renumbering, undo.

What is done with the dentition is in DentalTopoSegLib.scene; this class asks it and shows the answers.
"""

import contextlib
from collections.abc import Callable

import qt
from slicer.i18n import tr as _

from . import Messages, Settings
from .FindingsTable import FindingsTable
from .LibraryWords import WORDS, sentenceOf, toothTitle
from .ToothChart import Place, ToothChart

#: Edits by hand are checked once nothing happened for so long.
QUIET_MS = 500


class ReviewPanel:
    """Drives the widgets of the section Review."""

    def __init__(self, ui, absentTeeth) -> None:
        self.ui = ui
        self.absentTeeth = absentTeeth  # marked before a run
        self.review = None
        self.refreshed = []  # called whenever something else is shown
        self.looked = []  # called with a place (RAS mm), or None, whenever the views go there
        self._pointedFinding = None  # key of the finding that the views went to
        self._waitingRepair = None  # (key, which) of a repair for which a number is picked on the chart
        self.chart = ToothChart(ui.toothChartPlace, self.onToothClicked)
        self.findings = FindingsTable(
            ui.findingsTable, self.onFindingSelected, self.onRepair, self.onAccept, self.onReopen, self.onUndo
        )
        self._quietTimer = qt.QTimer(ui.findingsTable)
        self._quietTimer.interval = QUIET_MS
        self._quietTimer.timeout.connect(self.onQuiet)
        ui.renumberButton.toggled.connect(self.onRenumberToggled)
        ui.absentButton.clicked.connect(lambda *_checked: self.onAbsent())
        ui.removeToothButton.clicked.connect(lambda *_checked: self.onRemoveTooth())
        ui.showAllButton.clicked.connect(lambda *_checked: self.onShowAll())
        ui.undoButton.clicked.connect(lambda *_checked: self.onUndo())
        ui.redoButton.clicked.connect(lambda *_checked: self.onRedo())
        ui.recheckButton.clicked.connect(lambda *_checked: self.onRecheck())
        ui.distancesCheckBox.checked = Settings.remembered("showDistances", True, Settings.asBool)
        ui.distancesCheckBox.toggled.connect(self.onDistancesToggled)
        Messages.show(ui.reviewMessageLabel, "")
        self.refresh()

    # ---------------------------------------------------------------- which result

    def setNode(self, node, numbering: str = "FDI") -> None:
        """Review this result node; None or what is no dentition: an empty panel that says why."""
        from DentalTopoSegLib.scene import SceneError, is_reviewable, review_of

        if self.review is not None and node is not None and node in self.review.nodes:
            return
        self.clear()
        if node is None or node.GetScene() is None:
            return
        if not is_reviewable(node):
            self._say(
                _(
                    "'{name}' holds no numbered teeth: choose a result of Segment Teeth, or a segmentation of teeth."
                ).format(name=node.GetName())
            )
            return
        try:
            self.review = review_of(node)
            self.review.language = WORDS
            if self.review.numbering != numbering:
                self.review.set_numbering(numbering)
            self.review.watch(self._quietTimer.start)  # every stroke starts the timer anew
            if self.review.needs_recheck():
                self.review.recheck()
        except SceneError as error:
            self.review = None
            self._say(sentenceOf(error), "error")
        self.refresh()

    def clear(self) -> None:
        """Forget the result; its nodes may be gone."""
        from DentalTopoSegLib.scene import NodeGoneError

        self._quietTimer.stop()
        self._stopPicking()
        review, self.review = self.review, None
        if review is not None:
            with contextlib.suppress(NodeGoneError):  # with the nodes their appearance went too
                review.restore()
        self.chart.select(None)
        self._say("")
        self.refresh()

    def close(self) -> None:
        """The module goes away: nothing may call this panel any more."""
        review = self.review
        self.clear()
        if review is not None:
            review.close()

    def setNumbering(self, numbering: str) -> None:
        """Call the teeth differently, everywhere."""
        if self.review is not None and self.review.numbering != numbering:
            self._do(lambda: self.review.set_numbering(numbering))

    # ---------------------------------------------------------------- edits by hand

    def onQuiet(self) -> None:
        """Nothing happened for a while: check what was edited by hand."""
        self._quietTimer.stop()
        if self.review is None:
            return
        from DentalTopoSegLib.scene import SceneError

        try:
            if not self.review.needs_recheck():
                return
            done = self.review.recheck()
        except SceneError as error:
            self._say(sentenceOf(error), "error")
            return
        self._tellRecheck(done)
        self.refresh()

    def onRecheck(self) -> None:
        """Check every tooth again."""
        done = self._do(lambda: self.review.recheck(whole=True))
        if done is not None:
            self._tellRecheck(done, whole=True)

    def _tellRecheck(self, done, whole: bool = False) -> None:
        some = _("{teeth} was") if len(done.changed) == 1 else _("{teeth} were")
        which = _("All teeth were") if whole else some
        which = which.format(teeth=", ".join(self._text(fdi) for fdi in done.changed))
        self._say(
            _("{which} checked again (findings: {new} new, {gone} gone).").format(
                which=which, new=len(done.new), gone=len(done.gone)
            )
        )

    # ---------------------------------------------------------------- looking

    def onFindingSelected(self, key: str) -> None:
        """Go to the finding, show the teeth concerned and fade the rest."""
        finding = self._finding(key)
        if finding is None:
            return
        self._stopPicking()
        self.chart.select(finding.teeth[0] if len(finding.teeth) == 1 else None, finding.teeth)
        self._lookAt(lambda: self.review.look(key), finding.teeth, key)
        self._updateTooth()

    def onToothClicked(self, fdi: int) -> None:
        """Select a tooth on the chart, or take it as the number that was asked for; before a run, mark it as absent."""
        if self.review is None or self.absentTeeth.isMarking:
            self.absentTeeth.toggle(fdi)
            return
        if self._waitingRepair is not None:
            key, which = self._waitingRepair
            self._stopPicking()
            self._repair(key, which, fdi)
            return
        if self.ui.renumberButton.checked:
            self._renumberTo(fdi)
            return
        self.chart.select(fdi)
        key = self._openFindingOf(fdi)
        self.findings.select(key)
        if fdi in self.review.teeth():
            nearest = self.ui.distancesCheckBox.checked
            self._lookAt(lambda: self.review.look_at_tooth(fdi, at_distance=nearest), (fdi,))
        elif key is not None:
            self._lookAt(lambda: self.review.look(key), self._finding(key).teeth)
        self._updateTooth()

    def onShowAll(self) -> None:
        """End the close look."""
        self._stopPicking()
        self.chart.select(None)
        self.findings.select(None)
        self._do(lambda: self.review.restore())
        self._tellLooked(None)

    def lookAtPlace(self, look) -> None:
        """Go to a place the user pointed at, and select the tooth there."""
        if self.review is None:
            return
        self._stopPicking()
        fdi = look.teeth[0] if look.teeth else None
        if fdi is not None:
            self.chart.select(fdi)
            self.findings.select(self._openFindingOf(fdi))
        self._lookAt(lambda: look, look.teeth)
        self._updateTooth()

    def _openFindingOf(self, fdi: int):
        return next((f.key for f in self.review.findings() if f.state == "open" and fdi in f.teeth), None)

    def _tellLooked(self, place) -> None:
        for listener in self.looked:
            listener(place)

    def _lookAt(self, where: Callable, teeth: tuple, key: str | None = None) -> None:
        """Go there; key: of the finding whose line is shown, where it measured one."""
        from DentalTopoSegLib.scene import SceneError, look_at

        try:
            look = where()
            self._pointOut(key)
            if look is not None:
                look_at(look, self.review.nodes[0].GetScene())
            self._tellLooked(None if look is None else look.position)
            if teeth:
                self.review.emphasise(teeth)
        except SceneError as error:
            self._say(sentenceOf(error), "error")

    def _pointOut(self, key: str | None = None) -> None:
        """Show the lines of a finding and of the selected tooth."""
        self._pointedFinding = key
        self.review.point_out(key, self.chart.selected if self.ui.distancesCheckBox.checked else None)

    def onDistancesToggled(self, on: bool) -> None:
        """Show the selected tooth's distances, or do without."""
        Settings.remember("showDistances", bool(on))
        if self.review is not None:
            self._do(lambda: self._pointOut(self._pointedFinding))

    # ---------------------------------------------------------------- changing

    def onRepair(self, key: str, which: int = 0) -> None:
        """Carry out a proposed repair; where it needs a number, the next click on the chart gives it."""
        finding = self._finding(key)
        if finding is None:
            return
        self._stopPicking()
        if finding.needs_number[which]:
            self._waitingRepair = key, which
            self.chart.pick(True)
            self._say(_("{repair}: click the right place on the chart.").format(repair=finding.repairs[which]))
        else:
            self._repair(key, which)

    def _repair(self, key: str, which: int, number: int | None = None) -> None:
        finding = self._finding(key)
        if finding is None or which >= len(finding.repairs):
            self._say(_("This finding has changed meanwhile: look at it again."))
            return
        repair = finding.repairs[which]
        if self._do(lambda: self.review.repair(key, which, number)) is not None:
            self._say(_("Done: {repair}").format(repair=repair), "done")

    def onAccept(self, key: str) -> None:
        """The user finds it right as it is."""
        self._do(lambda: self.review.accept(key))

    def onReopen(self, key: str) -> None:
        """Take an acceptance back."""
        self._do(lambda: self.review.reopen(key))

    def onUndo(self) -> None:
        """Take the last edit back."""
        title = self._do(lambda: self.review.undo())
        if title:
            self._say(_("Taken back: {title}").format(title=title), "done")

    def onRedo(self) -> None:
        """Do the edit last taken back again."""
        title = self._do(lambda: self.review.redo())
        if title:
            self._say(_("Done again: {title}").format(title=title), "done")

    def onRemoveTooth(self) -> None:
        """Take the selected tooth out."""
        fdi = self.chart.selected
        if fdi is None:
            return
        text = self._text(fdi)
        if self._do(lambda: self.review.remove_tooth(fdi)) is not None:
            self._say(_("Tooth {tooth} was taken out of the result.").format(tooth=text), "done")

    def onAbsent(self) -> None:
        """The selected tooth is not there, or is after all: the numbers of the others follow."""
        fdi = self.chart.selected
        if fdi is None or self.review is None:
            return
        absent = fdi not in self.review.stated.absent
        if self._do(lambda: self.review.state_absent(fdi, absent)) is not None:
            self._say(_("Done: {repair}").format(repair=self.review.undo_title), "done")

    def onRenumberToggled(self, on: bool) -> None:
        """The next click on the chart says which tooth the selected one is."""
        self.chart.pick(on)
        if on and self.chart.selected is not None:
            text = _("Click the place on the chart where tooth {tooth} belongs.")
            self._say(text.format(tooth=self._text(self.chart.selected)))

    def _renumberTo(self, fdi: int) -> None:
        old = self.chart.selected
        self._stopPicking()
        if old is None or old == fdi:
            self._say("")
            return
        taken = fdi in self.review.teeth()
        if self._do(lambda: self.review.renumber(old, fdi, swap_numbers=taken)) is None:
            return
        self.chart.select(fdi)
        self._pointOut()
        self._updateTooth()
        text = _("Teeth {old} and {new} have exchanged their numbers.") if taken else _("Tooth {old} is now {new}.")
        self._say(text.format(old=self._text(old), new=self._text(fdi)), "done")

    def _stopPicking(self) -> None:
        self._waitingRepair = None
        self.ui.renumberButton.checked = False
        self.chart.pick(False)

    def _do(self, act: Callable):
        """Call `act`, show its refusal in words or the changed dentition; None when it refused."""
        from DentalTopoSegLib.errors import DentalTopoSegError

        if self.review is None:
            return None
        try:
            answer = act()
        except DentalTopoSegError as error:
            self._say(sentenceOf(error), "error")
            self.refresh()
            return None
        self._say("")
        self.refresh()
        return answer

    # ---------------------------------------------------------------- showing

    def refresh(self) -> None:
        """Show the dentition as it is now."""
        from DentalTopoSegLib.scene import NodeGoneError

        if self.review is not None:
            try:
                teeth, findings = self.review.teeth(), self.review.findings()
            except NodeGoneError:
                self.review = None
        if self.review is None:
            teeth, findings = {}, []
        milkTeeth = self.absentTeeth.isMarking and self.absentTeeth.isChild
        self.chart.show(self._places(teeth, findings), milkTeeth)
        undoable = next((f.key for f in findings if self.review.edit_of(f.key)), None)
        self.findings.show(findings, undoable)
        self.ui.summaryLabel.text = self._summary(teeth, findings)
        self._updateTooth()
        self._updateButtons(bool(teeth))
        for listener in self.refreshed:
            listener()

    def _places(self, teeth: dict, findings: list) -> dict:
        from DentalTopoSegLib.dentition import FDI_DECIDUOUS, FDI_PERMANENT
        from DentalTopoSegLib.scene import tooth_text

        numbering = self._numbering()
        marking = self.review is None or self.absentTeeth.isMarking
        absent = self.absentTeeth.teeth() if marking else self.review.stated.absent
        notes: dict = {}
        for finding in findings:
            for fdi in finding.teeth:
                notes.setdefault(fdi, []).append(finding)
        places = {}
        for fdi in (*FDI_PERMANENT, *FDI_DECIDUOUS):
            tooth, mine = teeth.get(fdi), notes.get(fdi, [])
            state = "missing" if tooth is None else tooth.worst or "fine"
            if fdi in absent and (marking or tooth is None):
                state = "absent"
            settled = bool(mine) and all(finding.state in ("accepted", "repaired") for finding in mine)
            places[fdi] = Place(
                fdi, tooth_text(fdi, numbering), toothTitle(fdi, numbering), state,
                tooth.color if tooth else None, settled,
                tuple(finding.sentence for finding in mine if finding.state == "open"),
            )  # fmt: skip
        return places

    def _numbering(self) -> str:
        if self.review is not None:
            return self.review.numbering
        parameters = self.absentTeeth.parameters
        return parameters.numbering.value if parameters is not None else "FDI"

    def _summary(self, teeth: dict, findings: list) -> str:
        if not teeth:
            return " ".join(
                (
                    _("Segment a scan, or choose a tooth segmentation above, to review it here."),
                    _("Before a run, click on the chart the teeth that are not there."),
                )
            )
        from DentalTopoSegLib.dentition import is_upper

        upper = sum(is_upper(fdi) for fdi in teeth)
        counts = {s: sum(f.severity == s and f.state == "open" for f in findings) for s in ("error", "warning", "info")}
        settled = sum(f.state != "open" for f in findings)
        one = _("<b>{count} tooth</b> ({upper} upper, {lower} lower)")
        several = _("<b>{count} teeth</b> ({upper} upper, {lower} lower)")
        text = (one if len(teeth) == 1 else several).format(count=len(teeth), upper=upper, lower=len(teeth) - upper)
        parts = []
        if counts["error"]:
            parts.append(_("<b>{n} wrong</b>").format(n=counts["error"]))
        if counts["warning"]:
            parts.append(_("<b>{n} to look at</b>").format(n=counts["warning"]))
        if counts["info"]:
            notes = _("{n} note") if counts["info"] == 1 else _("{n} notes")
            parts.append(notes.format(n=counts["info"]))
        if settled:
            parts.append(_("{n} settled").format(n=settled))
        return text + " · " + (", ".join(parts) or _("nothing to look at"))

    def _updateTooth(self) -> None:
        fdi = self.chart.selected
        place = self.chart.place(fdi) if fdi is not None else None
        teeth = self.review.teeth() if self.review is not None else {}
        present = fdi in teeth
        if place is None:
            text = _("Click a tooth on the chart, or a finding in the list.") if teeth else ""
        elif not present:
            text = (
                _("<b>{title}</b>: stated absent")
                if place.state == "absent"
                else _("<b>{title}</b>: not in the result")
            )
            text = text.format(title=place.title)
        else:
            text = f"<b>{place.title}</b>"
            text += _confidenceText(teeth[fdi])
            text = "<br>".join((text, *(self.review.say(distance) for distance in self.review.distances(fdi))))
        self.ui.toothLabel.text = text
        self.ui.renumberButton.enabled = present
        self.ui.removeToothButton.enabled = present
        self.ui.absentButton.enabled = self.review is not None and place is not None
        self.ui.absentButton.checked = self.review is not None and fdi in self.review.stated.absent
        if not present:
            self.ui.renumberButton.checked = False

    def _updateButtons(self, some: bool) -> None:
        undo = self.review.undo_title if self.review else None
        redo = self.review.redo_title if self.review else None
        self.ui.undoButton.enabled = undo is not None
        self.ui.undoButton.toolTip = _("Take back: {title}").format(title=undo) if undo else ""
        self.ui.redoButton.enabled = redo is not None
        self.ui.redoButton.toolTip = _("Do again: {title}").format(title=redo) if redo else ""
        self.ui.recheckButton.enabled = some
        self.ui.showAllButton.enabled = some
        self.ui.findingsTable.visible = some
        self.ui.distancesCheckBox.visible = some and any(map(self.review.distances, self.review.teeth()))

    def _say(self, text: str, kind: str = "info") -> None:
        Messages.show(self.ui.reviewMessageLabel, text, kind)

    def _text(self, fdi: int) -> str:
        from DentalTopoSegLib.scene import tooth_text

        return tooth_text(fdi, self.review.numbering)

    def _finding(self, key: str):
        if self.review is None:
            return None
        return next((finding for finding in self.review.findings() if finding.key == key), None)


def _confidenceText(tooth) -> str:
    if tooth.confidence is None:
        return ""
    percent = round(100 * tooth.confidence)
    if tooth.calibrated:
        return _(", {percent} % of such teeth are right (estimated on synthetic scans)").format(percent=percent)
    return _(", score {percent} % (no probability)").format(percent=percent)
