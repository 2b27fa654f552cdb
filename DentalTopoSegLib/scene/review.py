"""One result under review: its teeth, its findings with their state, edits with undo, names, emphasis.

What a segmentation and coloured jaws have in common; `volume_review` and `jaw_review` have the rest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..checks.findings import SEVERITIES, Finding, repairs_for
from ..checks.repair import NumberTakenError, Repair, delete, renumber, swap
from ..dentition import FDI_DECIDUOUS, FDI_PERMANENT
from ..dentition.naming import NUMBERINGS, checked_numbering, sentence, spoken_teeth, tooth_text
from ..errors import InputError
from .finding_nodes import STANDING, FindingNodes, Row
from .nodes import SceneError, required
from .views import Look

NUMBERING = "DentalTopoSeg.Numbering"


@dataclass(frozen=True)
class ToothState:
    """fdi; title in the result's numbering; color (r, g, b) 0-255; confidence 0..1 or None; worst: the gravest open
    finding's severity ("error", "warning", "info") or None; visible."""

    fdi: int
    title: str
    color: tuple[int, int, int]
    confidence: float | None
    worst: str | None
    visible: bool


@dataclass(frozen=True)
class ReviewedFinding:
    """A finding as the panel shows it.

    key: stays the same while the finding stays, also over saving and loading the scene. severity: "error", "warning",
    "info". teeth: FDI numbers. sentence: in the result's numbering. position: world RAS mm or None. state: "open",
    "accepted", "repaired" (by us) or "resolved" (gone after an edit). repairs: what each proposed repair would do, in
    the user's words; empty when nothing can be done. needs_number: per repair, whether the user must choose a number.
    """

    key: str
    severity: str
    code: str
    teeth: tuple[int, ...]
    sentence: str
    position: tuple[float, float, float] | None
    state: str
    repairs: tuple[str, ...]
    needs_number: tuple[bool, ...]


@dataclass(frozen=True)
class Rechecked:
    """changed: the teeth that were looked at again (FDI). seconds: how long it took. new, gone: keys of findings."""

    changed: tuple[int, ...]
    seconds: float
    new: tuple[str, ...]
    gone: tuple[str, ...]


class Step(ABC):
    """An edit that was made. title: what it did, with FDI numbers in it. key: of the finding it was made for, or
    None. row_state: that finding's state before."""

    title: str
    key: str | None = None
    row_state: str = "open"

    @abstractmethod
    def undo(self) -> None:
        """Take it back. Raises SceneError when somebody changed the same place since."""

    @abstractmethod
    def redo(self) -> None:
        """Do it again; raises as `undo`."""


class Review(ABC):
    """See the module's first line. Every method raises NodeGoneError once the node is gone."""

    nodes: tuple[Any, ...]
    _what = "The result"

    def __init__(self, nodes: Sequence[Any]) -> None:
        self.nodes = tuple(nodes)
        self._listed = FindingNodes.of(self.nodes)
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._observed: list[tuple[Any, int]] = []

    # ------------------------------------------------------------ what there is

    @property
    def node(self) -> Any:
        """The segmentation node, or the first jaw's model node."""
        return required(self.nodes[0], self._what)

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

    @abstractmethod
    def teeth(self) -> dict[int, ToothState]:
        """Teeth present, by FDI number."""

    def findings(self) -> list[ReviewedFinding]:
        """The gravest first; repaired and resolved ones last."""
        rows = self._lists().rows
        return [self._reviewed(row) for row in rows]

    def finding(self, key: str) -> ReviewedFinding:
        """One finding. Raises SceneError for a key that is not, or no longer, in the list."""
        return self._reviewed(self._row(key))

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

    @abstractmethod
    def look(self, key: str) -> Look | None:
        """Where to look for a finding; None when it has no place and no teeth."""

    @abstractmethod
    def look_at_tooth(self, fdi: int) -> Look:
        """Where to look for a tooth."""

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
        """Carry out the which-th proposed repair of a finding; number: the FDI number the user chose, where the repair
        needs one. Raises SceneError when there is no such repair, InputError when it cannot be made."""
        row = self._row(key)
        if row.state not in STANDING:
            raise SceneError("This finding is settled already.")
        repairs = self._proposed(row.finding)
        if not 0 <= which < len(repairs):
            raise SceneError("For this finding no repair can be made by itself: edit the tooth in Segment Editor.")
        chosen = repairs[which]
        if chosen.needs_number:
            if number is None:
                raise SceneError("Choose the number first.")
            chosen = chosen.with_number(number)
        state = row.state
        checked = self._made(chosen)
        self._done[-1].key, self._done[-1].row_state = key, state
        row = self._lists().row(key)
        if row is not None and row.state == "resolved":
            row.state = "repaired"
            self._lists().show(self.numbering)
        return checked

    def renumber(self, fdi: int, to: int, *, swap_numbers: bool = False) -> Rechecked:
        """Give a tooth another number. swap_numbers: exchange them when the number is taken; without it that raises
        repair.NumberTakenError, an InputError whose sentence offers the exchange."""
        taken = to in self.teeth()
        return self._made(swap(fdi, to) if taken and swap_numbers else renumber(fdi, to))

    def remove_tooth(self, fdi: int) -> Rechecked:
        """Take a tooth out, as one that is none."""
        return self._made(delete(fdi))

    def _made(self, repair: Repair) -> Rechecked:
        """`_make`, its refusals in the result's numbering."""
        try:
            return self._make(repair)
        except NumberTakenError as error:
            raise NumberTakenError(self._in_numbering(str(error)), error.swap) from error
        except InputError as error:
            raise InputError(self._in_numbering(str(error))) from error

    @abstractmethod
    def _make(self, repair: Repair) -> Rechecked:
        """Make a repair, check, and put its step on the stack (`_push`)."""

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
        row = self._lists().row(step.key) if step.key else None
        if row is not None and row.state == "resolved":
            row.state = "repaired"
            self._lists().show(self.numbering)
        return self._title(step)

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

    def _push(self, step: Step) -> None:
        self._done.append(step)
        self._undone.clear()

    # ------------------------------------------------------------ appearance

    @abstractmethod
    def set_numbering(self, numbering: str) -> None:
        """Rename all teeth and sentences: "FDI", "Universal", "Palmer"."""

    @abstractmethod
    def emphasise(self, teeth: Iterable[int]) -> None:
        """Fade all other teeth in slice and 3D views; points of findings that concern none of these are hidden."""

    @abstractmethod
    def hide_others(self, teeth: Iterable[int]) -> None:
        """Hide all other teeth."""

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
        if all(node.GetScene() is not None for node in self.nodes):
            self.restore()
        _OPEN.pop(_address(self.nodes[0]), None)

    # ------------------------------------------------------------ for the two kinds

    @abstractmethod
    def _mark(self) -> None:
        """Bring what the nodes themselves show of findings (tags, flags) in line with the list."""

    def _lists(self) -> FindingNodes:
        for node in self.nodes:
            required(node, self._what)
        if not self._listed.alive():  # the user deleted the points or the table: the findings are still true
            rows = self._listed.rows
            self._listed = FindingNodes.of(self.nodes)
            self._listed.rows = rows
            self._listed.show(self.numbering)
        return self._listed

    def _row(self, key: str) -> Row:
        row = self._lists().row(key)
        if row is None:
            raise SceneError("This finding is no longer in the list.")
        return row

    def _proposed(self, finding: Finding) -> list[Repair]:
        others = [row.finding for row in self._lists().rows if row.state in STANDING]
        return repairs_for(finding, others)

    def _reviewed(self, row: Row) -> ReviewedFinding:
        numbering = self.numbering
        repairs = self._proposed(row.finding) if row.state in STANDING else []
        spoken = spoken_teeth(row.finding)
        return ReviewedFinding(
            row.key, row.finding.severity, row.finding.code, row.finding.teeth, row.sentence(numbering),
            row.finding.position_ras, row.state,
            tuple(sentence(r.title, spoken | set(r.teeth) | _numbers(r), numbering) for r in repairs),
            tuple(repair.needs_number for repair in repairs),
        )  # fmt: skip

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
        return self._in_numbering(step.title)

    def _in_numbering(self, text: str) -> str:
        return sentence(text, FDI_PERMANENT + FDI_DECIDUOUS, self.numbering)

    def tooth_text(self, fdi: int) -> str:
        """The tooth's number in the result's numbering."""
        return tooth_text(fdi, self.numbering)

    def _rename(self, numbering: str) -> None:
        for node in self.nodes:
            required(node, self._what).SetAttribute(NUMBERING, checked_numbering(numbering))
        self._lists().show(numbering)


def _numbers(repair: Repair) -> set[int]:
    """Further FDI numbers that a repair's title may name."""
    found: set[int] = set()
    for value in repair.arguments.values():
        if isinstance(value, int):
            found.add(value)
        elif isinstance(value, dict):
            found.update(value, value.values())
    return found


# ---------------------------------------------------------------- which review belongs to a node

_OPEN: dict[str, Review] = {}


def _address(node: Any) -> str:
    return node.GetAddressAsString("")


def is_reviewable(node: Any) -> bool:
    """True for a segmentation with voxels whose segments can be told to be teeth (ours, or another program's with tooth
    codes or FDI names), and for a model coloured by `add_result`."""
    if node is None or node.GetScene() is None:
        return False
    if node.IsA("vtkMRMLSegmentationNode"):
        from .volume_review import holds_teeth

        return holds_teeth(node)
    if node.IsA("vtkMRMLModelNode"):
        from .surfaces import is_coloured_jaw

        return is_coloured_jaw(node)
    return False


def review_of(node: Any) -> Review:
    """The review of a result node; for a jaw of a pair, of both jaws. The same object while the node lives.

    Reads teeth, numbering and the findings' states from the nodes, so it works after loading a saved scene.
    Raises SceneError when the node is no dentition, NodeGoneError when it is gone.
    """
    required(node, "The result")
    for address, review in list(_OPEN.items()):
        if any(n.GetScene() is None for n in review.nodes):
            del _OPEN[address]
        elif any(n is node for n in review.nodes):
            return review
    if not is_reviewable(node):
        raise SceneError(f"'{node.GetName()}' holds no teeth that can be told apart: segment a scan first.")
    if node.IsA("vtkMRMLSegmentationNode"):
        from .volume_review import VolumeReview

        review = VolumeReview(node)
    else:
        from .jaw_review import JawReview

        review = JawReview(node)
    _OPEN[_address(review.nodes[0])] = review
    return review
