"""One result under review: its teeth, its findings with their state, edits with undo, names, emphasis.

What a segmentation and coloured jaws have in common; `volume_review` and `jaw_review` have the rest.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..checks.findings import SEVERITIES, Finding, repairs_for
from ..checks.repair import Repair, RepairRefusedError, delete, renumber, swap, take_numbers
from ..dentition import Known, Stated, TwoNumbers, is_upper
from ..dentition.naming import NUMBERINGS, checked_numbering, tooth_text
from ..dentition.words import SOURCE_LANGUAGE, Language
from .distance_line import Distance, DistanceLines, distance_of_finding, nearest_place
from .finding_nodes import STANDING, FindingNodes, Row
from .nodes import SceneError, require
from .review_items import Rechecked, ReviewedFinding, ToothState
from .review_steps import Step
from .views import Look, look_from_outside

NUMBERING = "DentalTopoSeg.Numbering"


class Review(ABC):
    """See the module's first line. Every method raises NodeGoneError once the node is gone.

    Attributes
    ----------
    nodes : tuple
        The segmentation, or the models of one or two jaws.
    closed : bool
        True once `close` was called.
    language : str or Catalogue
        In which findings, repairs and refusals are told and the points labelled; the table in the scene stays English.
    """

    nodes: tuple[Any, ...]
    _what = "The result"

    def __init__(self, nodes: Sequence[Any]) -> None:
        self.nodes = tuple(nodes)
        self.closed = False
        self._language: Language = SOURCE_LANGUAGE
        self._listed = FindingNodes.of(self.nodes)
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._observed: list[tuple[Any, int]] = []
        self._lines = DistanceLines()
        self._pointed_out: tuple[str | None, int | None] = (None, None)

    # ------------------------------------------------------------ what there is

    @property
    def node(self) -> Any:
        """The segmentation node, or the first jaw's model node."""
        return require(self.nodes[0], self._what)

    @property
    def points(self) -> Any:
        """The markups node with a point per finding."""
        return self._lists().points

    @property
    def table(self) -> Any:
        """The table node with all findings and their state."""
        return self._lists().table

    @property
    def numbering(self) -> str:
        """ "FDI", "Universal" or "Palmer"; kept in the node."""
        said = self.node.GetAttribute(NUMBERING)
        return said if said in NUMBERINGS else "FDI"

    @property
    def language(self) -> Language:
        return self._language

    @language.setter
    def language(self, language: Language) -> None:
        self._language = language
        self._lists().speak(language, self.numbering)

    @abstractmethod
    def teeth(self) -> dict[int, ToothState]:
        """Teeth present, by FDI number."""

    def findings(self) -> list[ReviewedFinding]:
        """The gravest first; repaired and resolved ones last."""
        rows = self._lists().rows
        return [self._as_reviewed(row) for row in rows]

    def finding(self, key: str) -> ReviewedFinding:
        """One finding. Raises SceneError for a key that is not, or no longer, in the list."""
        return self._as_reviewed(self._row(key))

    # ------------------------------------------------------------ checking

    @abstractmethod
    def needs_recheck(self) -> bool:
        """True when a tooth was edited, added, removed or renamed since the last check; cheap, for a timer."""

    @abstractmethod
    def recheck(self, whole: bool = False) -> Rechecked:
        """Check the teeth that changed (whole: all), and update findings, markups and table."""

    @abstractmethod
    def watch(self, callback: Callable[[], None]) -> None:
        """Have callback called whenever `needs_recheck` may have become true; often, so it should only start a timer.
        It replaces the one before; `close` ends it."""

    # ------------------------------------------------------------ findings

    def look(self, key: str) -> Look | None:
        """Where to look for a finding; None when it has no place and no teeth."""
        finding = self._row(key).finding
        return self._look(finding.position_ras, finding.teeth)

    def distances(self, fdi: int) -> list[Distance]:
        """How near a tooth, or each of its roots, comes to the nerve canal or sinus, the nearest first, and why a
        distance was not measured; none where nothing of that is labelled, or there is no such tooth."""
        return []

    def say(self, distance: Distance) -> str:
        """A distance in words."""
        return distance.sentence.say(self.numbering, self.language)

    def point_out(self, key: str | None, fdi: int | None = None) -> list[Any]:
        """Show the line that a finding measured and those of a tooth's measured distances, labelled, beside the result,
        in place of those shown before; they follow every edit. Returns the lines' nodes; without both, none."""
        self._pointed_out = key, fdi
        return self._show_lines()

    def _show_lines(self) -> list[Any]:
        """The lines as they are now of what was pointed out last."""
        key, fdi = self._pointed_out
        row = None if key is None else self._lists().row(key)
        own = distance_of_finding(row.finding) if row is not None and row.state in STANDING else None
        of_tooth = [] if fdi is None else self.distances(fdi)
        told = [] if own is None else [own, *(one for one in of_tooth if not one.is_line_of(own))]
        shown = told or of_tooth
        measured = {row.key: distance_of_finding(row.finding) for row in self._lists().rows}
        hidden = (key for key, line in measured.items() if line and any(map(line.is_line_of, shown)))
        self._lists().give_way(hidden)
        return self._lines.show(self.node, [(one.ends, self.say(one)) for one in shown if one.ends])

    def _hide_lines(self) -> None:
        self._pointed_out = (None, None)
        self._lines.clear()
        if self._listed.alive():
            self._listed.give_way(())

    def look_at_tooth(self, fdi: int, *, at_distance: bool = False) -> Look:
        """Where to look for a tooth; at_distance: at its shortest distance, where that is small. Raises SceneError
        when it is not there."""
        self._lists()
        look = self._look(nearest_place(self.distances(fdi)) if at_distance else None, (fdi,))
        if look is None:
            raise SceneError("There is no tooth {number}.", number=self.tooth_text(fdi))
        return look

    def look_at_place(self, place: Iterable[float], teeth: Sequence[int] = ()) -> Look:
        """Where to look for a place in the world (RAS mm) and the teeth there. Raises SceneError where there are no
        teeth at all."""
        self._lists()
        if not self._centres():
            raise SceneError("There are no teeth to look at.")
        look = self._look(tuple(place), teeth)
        assert look is not None  # it has a place
        return look

    def look_at_all(self) -> Look | None:
        """Where to look to see all teeth, the slices at the height where the jaws meet; None without any."""
        self._lists()
        centres = self._centres()
        if not centres:
            return None
        jaws = [[place for fdi, place in centres.items() if is_upper(fdi) is upper] for upper in (True, False)]
        place = np.mean([np.mean(jaw, axis=0) for jaw in jaws if jaw], axis=0)
        return self._look(tuple(place), tuple(centres))

    def _look(self, place: Iterable[float] | None, teeth: Sequence[int]) -> Look | None:
        """The look at a place, or where none is given at the middle of the teeth; None where there is neither."""
        centres = self._centres()
        here = [fdi for fdi in teeth if fdi in centres]
        if place is None and not here:
            return None
        place = place or np.mean([centres[fdi] for fdi in here], axis=0)
        every = list(centres.values())
        middle = (np.min(every, axis=0) + np.max(every, axis=0)) / 2
        return look_from_outside(place, teeth, middle, self._extent(here), self._up(here))

    def accept(self, key: str) -> None:
        """The user has seen it and finds it right as it is."""
        self._set_state(key, "accepted")

    def reopen(self, key: str) -> None:
        """Take `accept` back."""
        self._set_state(key, "open")

    def _set_state(self, key: str, state: str) -> None:
        row = self._row(key)
        if row.state not in STANDING:
            raise SceneError("This finding is settled already.")
        row.state = state
        self._lists().show(self.numbering)
        self._mark()

    # ------------------------------------------------------------ edits, each undoable in the order they were done

    def repair(self, key: str, which: int = 0, number: int | None = None) -> Rechecked:
        """Carry out a proposed repair of a finding.

        Parameters
        ----------
        key : str
            The finding's.
        which : int
            Which of its repairs, from 0.
        number : int, optional
            The FDI number the user chose, where the repair needs one.

        Raises
        ------
        SceneError
            When there is no such repair.
        RepairRefusedError
            When it cannot be made; its text is in the result's numbering.
        """
        row = self._row(key)
        if row.state not in STANDING:
            raise SceneError("This finding is settled already.")
        repairs = self._repairs_of(row.finding)
        if not 0 <= which < len(repairs):
            raise SceneError("For this finding no repair can be made by itself: edit the tooth in Segment Editor.")
        chosen = repairs[which]
        if chosen.needs_number:
            if number is None:
                raise SceneError("Choose the number first.")
            chosen = chosen.with_number(number)
        state = row.state
        checked = self._make(chosen)
        self._done[-1].key, self._done[-1].row_state = key, state
        self._settle(key)
        return checked

    def renumber(self, fdi: int, to: int, *, swap_numbers: bool = False) -> Rechecked:
        """Give a tooth another number.

        Parameters
        ----------
        fdi, to : int
            Its FDI number now, and the one it gets.
        swap_numbers : bool
            Exchange them when the number is taken.

        Raises
        ------
        NumberTakenError
            When the number is taken and may not be exchanged; its text, in the result's numbering, offers to do so.
        """
        taken = to in self.teeth()
        return self._make(swap(fdi, to) if taken and swap_numbers else renumber(fdi, to))

    def remove_tooth(self, fdi: int) -> Rechecked:
        """Take a tooth out, as one that is none."""
        return self._make(delete(fdi))

    # ------------------------------------------------------------ what the clinician states

    @property
    def stated(self) -> Stated:
        """What is stated of the teeth."""
        return self.known().stated

    def state_absent(self, fdi: int, absent: bool = True) -> Rechecked:
        """State that a tooth is not there, or take that back; the numbers of the others follow. Raises
        RepairRefusedError when that is stated already, or nothing is kept of what the numbers were found from."""
        stated = self.stated
        return self.state(replace(stated, absent=stated.absent | {fdi} if absent else stated.absent - {fdi}))

    def state(self, stated: Stated) -> Rechecked:
        """State what is known of the teeth, in place of what was stated before; raises as `state_absent`."""
        if self.needs_recheck():
            self.recheck()  # hand edits first
        return self._make(lambda: self._number_again(stated))

    def take_numbers(self, numbers: Mapping[int, int], two_numbers: Mapping[int, TwoNumbers]) -> Rechecked:
        """Take the numbers {FDI number: new number} of a CBCT and the scan laid over it, and note by the new ones where
        the two differ. Raises RepairRefusedError when a number is another tooth's."""
        if self.needs_recheck():
            self.recheck()  # hand edits first
        return self._make(take_numbers(numbers, two_numbers))

    def _make(self, repair: Repair | Callable[[], Repair]) -> Rechecked:
        """Make a repair, check, and put its step on the stack. Refusals are said in the result's numbering."""
        started = time.perf_counter()
        try:
            step, changed = self._carry_out(repair if isinstance(repair, Repair) else repair())
        except RepairRefusedError as error:
            error.numbering, error.language = self.numbering, self.language
            raise
        self._done.append(step)
        self._undone.clear()
        new, gone = self._judge()
        return Rechecked(tuple(sorted(changed)), time.perf_counter() - started, new, gone)

    def undo(self) -> str:
        """Take the last edit back, bit for bit; returns its title. Raises SceneError when there is none, or when the
        place was changed by hand since."""
        if not self._done:
            raise SceneError("There is nothing to undo.")
        step = self._done[-1]
        step.undo()
        self._undone.append(self._done.pop())
        self.recheck()
        row = self._lists().row(step.key) if step.key else None
        if row is not None and row.state in STANDING and row.state != step.row_state:
            self._set_state(row.key, step.row_state)
        return self._title(step)

    def redo(self) -> str:
        """Do the edit last taken back again; returns its title. Raises as `undo`."""
        if not self._undone:
            raise SceneError("There is nothing to redo.")
        step = self._undone[-1]
        step.redo()
        self._done.append(self._undone.pop())
        self.recheck()
        self._settle(step.key)
        return self._title(step)

    def _settle(self, key: str | None) -> None:
        """What is gone after the repair of a finding was repaired by us."""
        row = self._lists().row(key) if key else None
        if row is not None and row.state == "resolved":
            row.state = "repaired"
            self._lists().show(self.numbering)

    @property
    def last_step(self) -> Step | None:
        """The edit that undo would take back."""
        return self._done[-1] if self._done else None

    @property
    def undo_title(self) -> str | None:
        """What undo would take back, or None."""
        return self._title(self._done[-1]) if self._done else None

    @property
    def redo_title(self) -> str | None:
        """What redo would do again, or None."""
        return self._title(self._undone[-1]) if self._undone else None

    def edit_of(self, key: str) -> bool:
        """True when the last edit was the repair of this finding, so that its own Undo button can be offered."""
        return bool(self._done) and self._done[-1].key == key

    # ------------------------------------------------------------ appearance

    @abstractmethod
    def set_numbering(self, numbering: str) -> None:
        """Rename all teeth and sentences: "FDI", "Universal", "Palmer"."""

    def emphasise(self, teeth: Iterable[int]) -> None:
        """Fade all other teeth in slice and 3D views; points of findings that concern none of these are hidden."""
        self._only(set(teeth), hide=False)

    def hide_others(self, teeth: Iterable[int]) -> None:
        """Hide all other teeth."""
        self._only(set(teeth), hide=True)

    @abstractmethod
    def restore(self) -> None:
        """Undo emphasise and hide_others: every tooth as it was shown before."""

    # ------------------------------------------------------------ hand over

    @abstractmethod
    def labels(self) -> Any:
        """The dentition as a volumes.Volume of FDI numbers on its reference grid in world space (a copy), for exports
        and reports. Raises SceneError for surfaces."""

    def _unwatch(self) -> None:
        for thing, observer in self._observed:
            thing.RemoveObserver(observer)
        self._observed.clear()

    def close(self) -> None:
        """Stop observing and restore the appearance; safe on nodes that are gone."""
        self._unwatch()
        self._hide_lines()
        if all(node.GetScene() is not None for node in self.nodes):
            self.restore()
        self.closed = True

    # ------------------------------------------------------------ for the two kinds

    @abstractmethod
    def _carry_out(self, repair: Repair) -> tuple[Step, Iterable[int]]:
        """Make a repair on the teeth as they are now, edits by hand included; returns its step, not yet on the stack,
        and the numbers of the teeth that changed. Raises RepairRefusedError where it cannot be made."""

    @abstractmethod
    def _judge(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Bring the findings in line with the teeth as they were last read; keys of new and of gone findings."""

    @abstractmethod
    def known(self) -> Known:
        """What is known of the teeth beside their labels."""

    @abstractmethod
    def _number_again(self, stated: Stated) -> Repair:
        """The repair that lets a statement hold. Raises RepairRefusedError where it cannot be."""

    @abstractmethod
    def _centres(self) -> dict[int, np.ndarray]:
        """(3,) middle of each tooth in the world, by FDI number."""

    @abstractmethod
    def _extent(self, teeth: Sequence[int]) -> float:
        """How much of the world to show around teeth."""

    def _up(self, teeth: Sequence[int]) -> np.ndarray | None:
        """(3,) the head's upward axis in the world at teeth; None: the world's."""
        return None

    @abstractmethod
    def _only(self, teeth: set[int], hide: bool) -> None:
        """Show only these teeth as they are; the others faded, or hidden."""

    @abstractmethod
    def _mark(self) -> None:
        """Bring what the nodes themselves show of findings (tags, flags) in line with the list."""

    def _lists(self) -> FindingNodes:
        for node in self.nodes:
            require(node, self._what)
        if not self._listed.alive():  # the user deleted the points or the table: the findings are still true
            rows = self._listed.rows
            self._listed = FindingNodes.of(self.nodes)
            self._listed.rows = rows
            self._listed.speak(self._language, self.numbering)
        return self._listed

    def _row(self, key: str) -> Row:
        row = self._lists().row(key)
        if row is None:
            raise SceneError("This finding is no longer in the list.")
        return row

    def _repairs_of(self, finding: Finding) -> list[Repair]:
        others = [row.finding for row in self._lists().rows if row.state in STANDING]
        # what lies around the teeth is edited with Slicer's own tools: its segments may be another program's
        return [repair for repair in repairs_for(finding, others) if not repair.of_structures]

    def _as_reviewed(self, row: Row) -> ReviewedFinding:
        numbering = self.numbering
        repairs = self._repairs_of(row.finding) if row.state in STANDING else []
        return ReviewedFinding(
            row.key,
            row.finding.severity,
            row.finding.code,
            row.finding.teeth,
            row.finding.say(numbering, self.language),
            row.finding.position_ras,
            row.state,
            tuple(repair.say(numbering, self.language) for repair in repairs),
            tuple(repair.needs_number for repair in repairs),
        )

    def _worst(self) -> dict[int, str]:
        """The gravest open finding's severity by tooth."""
        worst: dict[int, str] = {}
        for row in self._lists().rows:
            if row.state == "open":
                for fdi in row.finding.teeth:
                    severity = row.finding.severity
                    if fdi not in worst or SEVERITIES.index(severity) < SEVERITIES.index(worst[fdi]):
                        worst[fdi] = severity
        return worst

    def _title(self, step: Step) -> str:
        return step.sentence.say(self.numbering, self.language)

    def tooth_text(self, fdi: int) -> str:
        """The tooth's number in the result's numbering."""
        return tooth_text(fdi, self.numbering)

    def _rename(self, numbering: str) -> None:
        for node in self.nodes:
            require(node, self._what).SetAttribute(NUMBERING, checked_numbering(numbering))
        self._lists().show(numbering)
