"""Review of one or two coloured jaws: check, repairs on their labels with exact undo, names, emphasis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .. import dentition
from ..checks.findings import Finding, check_cases
from ..checks.measures.jaw import JawCase
from ..checks.repair import JawEdit, NumberTakenError, Repair, RepairRefusedError, make_edit, number_again
from ..checks.repair.kinds.numbering_again import numbers_within, together
from ..dentition import Known, Stated
from ..dentition.naming import checked_numbering, tooth_title
from ..dentition.words import Sentence
from .nodes import NodeGoneError, SceneError, to_world
from .review import Review
from .review_items import Rechecked, ToothState
from .review_steps import Step
from .surfaces import about, change_about, jaws_of, segmentation_of, show_teeth, write_back

#: How much is shown around the teeth, mm.
_AROUND_MM = 20.0


class _JawStep(Step):
    """An edit of one jaw or both, with the confidences and what else is known before and after."""

    def __init__(
        self, review: JawReview, sentence: Sentence, edits: dict[int, JawEdit], confidence: dict, known: dict
    ) -> None:
        super().__init__(review, sentence)
        self._edits, self._confidence, self._known = edits, confidence, known

    def undo(self) -> None:
        self._go("undo", 0)

    def redo(self) -> None:
        self._go("apply", 1)

    def _go(self, way: str, side: int) -> None:
        try:
            changed = {i: getattr(edit, way)(self.review.jaws[i]) for i, edit in self._edits.items()}
        except RepairRefusedError as error:
            raise SceneError(error.sentence) from error
        for i, jaw in changed.items():
            self.review.put(i, jaw, self._confidence[i][side], self._known[i][side])


class JawReview(Review):
    """The review of one model node that `add_result` coloured, or of the two jaws of one patient."""

    _what = "The model"

    def __init__(self, node: Any) -> None:
        super().__init__(jaws_of(node))
        self._read()
        self._judge()

    def _read(self) -> None:
        self.jaws = [segmentation_of(node) for node in self.nodes]
        self._signature = self._now()

    def _now(self) -> tuple:
        parts = []
        for node in self.nodes:
            if node.GetScene() is None:
                raise NodeGoneError("The model is no longer in the scene: choose another one.")
            surface = node.GetPolyData()
            parts.append((surface.GetMTime() if surface else 0, to_world(node, "The model").tobytes()))
        return tuple(parts)

    # ------------------------------------------------------------ checking

    def teeth(self) -> dict[int, ToothState]:
        worst, numbering = self._worst(), self.numbering
        self._lists()
        return {
            fdi: ToothState(
                fdi,
                tooth_title(fdi, numbering),
                dentition.color(fdi),
                case.confidence.get(fdi),
                case.confidence.calibrated,
                worst.get(fdi),
                True,
            )
            for case in self._cases
            for fdi in sorted(case.crowns)
        }

    def needs_recheck(self) -> bool:
        return self._now() != self._signature

    def recheck(self, whole: bool = False) -> Rechecked:
        started = time.perf_counter()
        changed: set[int] = set()
        if whole or self.needs_recheck():
            old = [jaw.fdi for jaw in self.jaws]
            self._read()
            same = [len(a) == len(b.fdi) for a, b in zip(old, self.jaws, strict=True)]
            if not all(same):  # another surface: steps remember points that are gone
                self._done.clear()
                self._undone.clear()
            for before, jaw, fits in zip(old, self.jaws, same, strict=True):
                moved = before != jaw.fdi if fits and not whole else np.ones(len(jaw.fdi), bool)
                changed |= {int(v) for v in np.unique(jaw.fdi[moved])}
                changed |= {int(v) for v in np.unique(before[moved])} if fits else set()
        new, gone = self._judge()
        return Rechecked(tuple(sorted(changed - {0})), time.perf_counter() - started, new, gone)

    def _judge(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        known = [about(node) for node in self.nodes]
        stated = [one["jaw"] if one["jaw_stated"] else None for one in known]
        names = [node.GetName() for node in self.nodes]
        self._cases = [JawCase(*given) for given in zip(self.jaws, names, stated, strict=True)]
        some = any(case.crowns for case in self._cases)
        self._found: list[Finding] = check_cases(self._cases) if some else []
        return self._lists().update(self._found, self.numbering)

    def watch(self, callback: Callable[[], None]) -> None:
        import vtk

        self._unwatch()
        for node in self.nodes:
            observer = node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: callback())
            self._observed.append((node, observer))

    def _mark(self) -> None:
        """Models show nothing of findings themselves."""

    # ------------------------------------------------------------ where to look

    def _centres(self) -> dict[int, np.ndarray]:
        """Middle of each crown in the world."""
        return {fdi: np.array(case.in_file(c.centre)) for case in self._cases for fdi, c in case.crowns.items()}

    def _extent(self, teeth: Sequence[int]) -> float:
        centres, unit = self._centres(), 1.0 / self.jaws[0].surface.scale
        spread = float(np.ptp([centres[fdi] for fdi in teeth], axis=0).max()) if teeth else 0.0
        return (spread / unit + _AROUND_MM) * unit

    def _up(self, teeth: Sequence[int]) -> np.ndarray | None:
        case = next((c for c in self._cases if set(teeth) & set(c.crowns)), self._cases[0])
        return None if case.axes is None else case.axes[2]

    # ------------------------------------------------------------ edits

    def known(self) -> Known:
        evidence = {fdi: basis for jaw in self.jaws for fdi, basis in jaw.known.evidence.items()}
        two_numbers = {fdi: two for jaw in self.jaws for fdi, two in jaw.known.two_numbers.items()}
        return Known(self.jaws[0].known.stated, evidence, two_numbers)

    def _number_again(self, stated: Stated) -> Repair:
        """Each jaw by itself, as they were numbered."""
        before = self.stated
        found = [
            number_again(replace(jaw.known, stated=before), case.crowns, stated)
            for jaw, case in zip(self.jaws, self._cases, strict=True)
        ]
        return together(found)

    def _carry_out(self, repair: Repair) -> tuple[Step, Iterable[int]]:
        if self.needs_recheck():
            self.recheck()
        edits = self._edits(repair)
        confidence = {
            i: (dict(self.jaws[i].confidence), edit.confidence(self.jaws[i].confidence)) for i, edit in edits.items()
        }
        known = {i: (self.jaws[i].known, edit.known(self.jaws[i].known)) for i, edit in edits.items()}
        for i, edit in edits.items():
            self.put(i, edit.apply(self.jaws[i]), confidence[i][1], known[i][1])
        changed = {fdi for edit in edits.values() for fdi in edit.teeth}
        return _JawStep(self, repair.sentence, edits, confidence, known), changed

    def _edits(self, repair: Repair) -> dict[int, JawEdit]:
        """The repair on the jaw or jaws that it concerns."""
        if repair.stated is not None or repair.two_numbers is not None:  # of the whole dentition
            return {i: make_edit(jaw, numbers_within(repair, self._cases[i].crowns)) for i, jaw in enumerate(self.jaws)}
        if not repair.teeth:
            edits, refusal = {}, None
            for i, jaw in enumerate(self.jaws):
                try:
                    edits[i] = make_edit(jaw, repair)
                except RepairRefusedError as error:
                    refusal = error
            if not edits and refusal is not None:
                raise refusal
            return edits
        owners = [i for i, case in enumerate(self._cases) if set(repair.teeth) & set(case.crowns)]
        if not owners:
            raise SceneError("There is no tooth {number}.", number=self.tooth_text(repair.teeth[0]))
        to = repair.arguments.get("to")
        if len(owners) > 1 or any(to in c.crowns for i, c in enumerate(self._cases) if i != owners[0]):
            raise NumberTakenError("The two teeth stand in different jaws: their numbers cannot be exchanged.")
        return {owners[0]: make_edit(self.jaws[owners[0]], repair)}

    def put(self, index: int, jaw: Any, confidence: dict[int, float], known: Known) -> None:
        """Make a jaw with other labels the current one, in its model too."""
        self.jaws[index] = replace(jaw, confidence=dict(confidence), known=known)
        node = self.nodes[index]
        write_back(node, self.jaws[index])
        sure = {str(fdi): value for fdi, value in confidence.items()}
        change_about(node, jaw=jaw.jaw, confidence=sure, known=known.to_dict())
        self._signature = self._now()

    # ------------------------------------------------------------ appearance

    def set_numbering(self, numbering: str) -> None:
        checked_numbering(numbering)
        self._rename(numbering)
        self.restore()

    def restore(self) -> None:
        self._show(None)

    def _only(self, teeth: set[int], hide: bool) -> None:
        self._show(teeth, hide)

    def _show(self, teeth: set[int] | None, hide: bool = False) -> None:
        self._lists().show_only(teeth)
        for node in self.nodes:
            show_teeth(node, self.numbering, teeth, hide)

    def labels(self) -> Any:
        raise SceneError("An intraoral scan has no voxels: export its models.")
