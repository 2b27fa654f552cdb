"""One result under review: its teeth, its findings with their state, edits with undo, names, emphasis."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .views import Look


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
    the user's words; empty when nothing can be done.
    """

    key: str
    severity: str
    code: str
    teeth: tuple[int, ...]
    sentence: str
    position: tuple[float, float, float] | None
    state: str
    repairs: tuple[str, ...]


@dataclass(frozen=True)
class Rechecked:
    """changed: the teeth that were looked at again (FDI). seconds: how long it took. new, gone: keys of findings."""

    changed: tuple[int, ...]
    seconds: float
    new: tuple[str, ...]
    gone: tuple[str, ...]


def is_reviewable(node: object) -> bool:
    """True for a segmentation whose segments can be told to be teeth (ours, or another program's with tooth codes or
    FDI names), and for a model coloured by `add_result`."""
    raise NotImplementedError


def review_of(node: object) -> Review:
    """The review of a result node; for a jaw of a pair, of both jaws. The same object while the node lives.

    Reads teeth, numbering and the findings' states from the nodes, so it works after loading a saved scene.
    Raises SceneError when the node is no dentition.
    """
    raise NotImplementedError


class Review:
    """See the module's first line. Every method raises NodeGoneError once the node is gone."""

    nodes: tuple[object, ...]
    points: object
    table: object
    numbering: str

    def teeth(self) -> dict[int, ToothState]:
        """Teeth present, by FDI number."""

    def findings(self) -> list[ReviewedFinding]:
        """The gravest first; repaired and resolved ones last."""

    # ---- checking
    def needs_recheck(self) -> bool:
        """True when a segment was edited, added, removed or renamed since the last check; cheap, for a timer."""

    def recheck(self, whole: bool = False) -> Rechecked:
        """Check the teeth that changed (whole: all), and update findings, markups and table."""

    # ---- findings
    def look(self, key: str) -> Look | None:
        """Where to look for a finding; None when it has no place and no teeth."""

    def look_at_tooth(self, fdi: int) -> Look:
        """Where to look for a tooth."""

    def accept(self, key: str) -> None:
        """The user has seen it and finds it right as it is."""

    def reopen(self, key: str) -> None:
        """Take `accept` back."""

    # ---- edits, each undoable in the order they were done
    def repair(self, key: str, which: int = 0) -> Rechecked:
        """Carry out the which-th proposed repair of a finding. Raises SceneError when it has none."""

    def renumber(self, fdi: int, to: int, *, swap: bool = False) -> Rechecked:
        """Give a tooth another number. Raises SceneError when the number is taken, unless swap: then both exchange."""

    def remove_tooth(self, fdi: int) -> Rechecked:
        """Take a tooth out, as one that is none."""

    def undo(self) -> str:
        """Take the last edit back, bit for bit; returns its title. Raises SceneError when the voxels were changed by
        hand since (only those that the edit touched matter)."""

    def redo(self) -> str:
        """Do the edit last taken back again."""

    @property
    def undo_title(self) -> str | None:
        """What undo would take back, or None."""

    @property
    def redo_title(self) -> str | None:
        """What redo would do again, or None."""

    def edit_of(self, key: str) -> bool:
        """True when the last edit was the repair of this finding, so that its own Undo button can be offered."""

    # ---- appearance
    def set_numbering(self, numbering: str) -> None:
        """Rename all teeth and sentences: "FDI", "Universal", "Palmer"."""

    def emphasise(self, teeth: Iterable[int]) -> None:
        """Fade all other teeth in slice and 3D views."""

    def hide_others(self, teeth: Iterable[int]) -> None:
        """Hide all other teeth."""

    def restore(self) -> None:
        """Undo emphasise and hide_others: every tooth as it was shown before."""

    # ---- hand over
    def labels(self) -> object:
        """The dentition as a volumes.Volume of FDI numbers on its reference grid in world space (a copy), for exports
        and reports. Raises SceneError for surfaces."""

    def close(self) -> None:
        """Stop observing; restores the appearance."""
