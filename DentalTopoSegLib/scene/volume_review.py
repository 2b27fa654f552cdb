"""Review of a segmentation: live check, repairs on its segments with exact undo, names, emphasis."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks.findings.live import LiveCheck
from ..checks.repair import Repair, make_edit, number_again, sides_to_exchange
from ..dentition import Confidence, Known, Stated
from ..dentition.naming import checked_numbering, tooth_title
from ..dentition.structures import BY_VALUE
from ..dentition.words import Sentence
from ..files.seg_nrrd import CONFIDENCE_MEANING_TAG, CONFIDENCE_TAG, KNOWN_TAGS
from ..files.volumes import Volume
from ..files.volumes.boxes import Box
from . import replacing
from .distance_line import Distance, distances_of_tooth
from .finding_nodes import STANDING
from .nodes import SceneError, require
from .review import Review
from .review_items import Rechecked, ToothState
from .review_steps import Step
from .segments import (
    FDI_TAG,
    FINDINGS_TAG,
    LABELMAP,
    ToothSegments,
    fdi_of_segment,
    new_segment,
    segment_id,
    set_confidence,
    set_known,
    tag,
)
from .structure_segments import exchange_sides, structures_around

#: How faded teeth are shown: 3D, slice fill, slice outline.
_FADED = (0.12, 0.05, 0.25)


def holds_teeth(node: Any) -> bool:
    """True when a segmentation has voxels and a segment that is known to be a tooth."""
    segmentation = node.GetSegmentation()
    if segmentation is None:
        return False
    segments = [segmentation.GetNthSegment(i) for i in range(segmentation.GetNumberOfSegments())]
    return any(s.GetRepresentation(LABELMAP) is not None and fdi_of_segment(s) is not None for s in segments)


@dataclass(frozen=True)
class _Shown:
    """How a segment is displayed."""

    visible: bool
    opacities: tuple[float, float, float]


@dataclass
class _State:
    """What an edit found, or left: masks inside its box and metadata (a segment without voxels) by segment id."""

    masks: dict[str, np.ndarray]
    segments: dict[str, Any]
    shown: dict[str, _Shown]


class _VolumeStep(Step):
    """sides: the structures that changed sides with the teeth, {key before: key after}."""

    def __init__(
        self,
        review: VolumeReview,
        sentence: Sentence,
        box: Box,
        before: _State,
        after: _State,
        sides: Mapping[str, str],
    ) -> None:
        super().__init__(review, sentence)
        self._box, self._before, self._after, self._sides = box, before, after, sides

    def undo(self) -> None:
        self.review.exchange(self._box, self._after, self._before)
        self.review.exchange_sides({now: key for key, now in self._sides.items()})

    def redo(self) -> None:
        self.review.exchange(self._box, self._before, self._after)
        self.review.exchange_sides(self._sides)


class _ReplacementStep(Step):
    """A run put its teeth in place of those that were there: whole segmentations, before and after."""

    def __init__(self, review: VolumeReview, before: Any) -> None:
        import slicer

        super().__init__(review, replacing.SENTENCE)
        self._before, self._after = before, slicer.vtkSegmentation()
        self._after.DeepCopy(review.node.GetSegmentation())

    def undo(self) -> None:
        self._go(self._before)

    def redo(self) -> None:
        self._go(self._after)

    def _go(self, there: Any) -> None:
        """Everything as it was then: edits by hand since the run are part of what is taken back."""
        import slicer

        segmentation, geometry = self.review.node.GetSegmentation(), slicer.vtkSegmentationConverter
        name = geometry.GetReferenceImageGeometryParameterName()
        kept = segmentation.GetConversionParameter(name)
        segmentation.DeepCopy(there)
        if not segmentation.GetConversionParameter(name):  # it was empty, without a grid
            segmentation.SetConversionParameter(name, kept)
        if segmentation.GetNumberOfSegments():
            self.review.node.CreateClosedSurfaceRepresentation()


class VolumeReview(Review):
    """The review of a vtkMRMLSegmentationNode."""

    _what = "The segmentation"

    def __init__(self, node: Any) -> None:
        self._segments = ToothSegments(node)
        super().__init__([node])
        self._shown_before: dict[str, _Shown] = {}
        self._check = self._new_check(self.known(), self._segments.confidences())
        self._adopt_replacements()
        self._judge()

    def _adopt_replacements(self) -> None:
        """A run that replaced the teeth is one step that can be undone; those before it are of teeth that are gone."""
        for before in replacing.take_undo(self.node):
            self._done[:] = [_ReplacementStep(self, before)]
            self._undone.clear()

    # ------------------------------------------------------------ checking

    def teeth(self) -> dict[int, ToothState]:
        node, worst = self.node, self._worst()
        shown, confidence = node.GetDisplayNode(), self._segments.confidences()
        found = {}
        for fdi, key in sorted(self._segments.ids().items()):
            color = node.GetSegmentation().GetSegment(key).GetColor()
            found[fdi] = ToothState(
                fdi,
                node.GetSegmentation().GetSegment(key).GetName(),
                tuple(round(255 * c) for c in color),
                confidence.get(fdi),
                confidence.calibrated,
                worst.get(fdi),
                shown is None or bool(shown.GetSegmentVisibility(key)),
            )
        return found

    def needs_recheck(self) -> bool:
        return self._segments.changed()

    def recheck(self, whole: bool = False) -> Rechecked:
        started = time.perf_counter()
        self._adopt_replacements()
        self._adopt()
        shape = self.grid_shape
        changed, box = self._segments.sync()
        known = self.known()
        confidence, absent = self._segments.confidences(), known.stated.absent
        if self._segments.labels is not self._check.labels:
            self._check = self._new_check(known, confidence)
            if self.grid_shape != shape:  # steps remember boxes of a grid that is gone
                self._done.clear()
                self._undone.clear()
        else:
            check = self._check
            doubts = (confidence, absent, known.two_numbers) != (check.confidence, check.absent, check.two_numbers)
            check.confidence, check.absent, check.two_numbers = confidence, absent, known.two_numbers
            if whole:
                self._check.structures = structures_around(self.node, self._segments.grid)
                self._check.update_all()
            elif box is not None:
                self._check.update(changed, box)
            elif doubts:
                self._check.judge()
        if whole:
            changed = set(self._check.measures)
        new, gone = self._judge()
        return Rechecked(tuple(sorted(changed)), time.perf_counter() - started, new, gone)

    def _new_check(self, known: Known, confidence: Confidence) -> LiveCheck:
        around = structures_around(self.node, self._segments.grid)
        return LiveCheck(self._segments.labels, confidence, known.stated.absent, around, known.two_numbers)

    def _judge(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        changes = self._lists().update(self._check.findings, self.numbering)
        self._mark()
        self._show_lines()
        return changes

    def _adopt(self) -> None:
        """Where the user picked another tooth for a segment (its terminology), bring name and tag in line."""
        segmentation = self.node.GetSegmentation()
        for fdi, key in self._segments.ids().items():
            segment = segmentation.GetSegment(key)
            said = tag(segment, FDI_TAG)
            if said != str(fdi):
                if said:  # ours: its name said the old number
                    segment.SetName(tooth_title(fdi, self.numbering))
                    set_confidence(segment, fdi, Confidence())
                segment.SetTag(FDI_TAG, str(fdi))

    def _mark(self) -> None:
        import slicer

        logic = slicer.vtkSlicerSegmentationsModuleLogic
        codes: dict[int, list[str]] = {}
        for row in self._lists().rows:
            if row.state in STANDING:
                for fdi in row.finding.teeth:
                    codes.setdefault(fdi, []).append(row.finding.code)
        worst = self._worst()
        for fdi, key in self._segments.ids().items():
            segment = self.node.GetSegmentation().GetSegment(key)
            text = ",".join(dict.fromkeys(codes.get(fdi, [])))
            if tag(segment, FINDINGS_TAG) != text:
                segment.SetTag(FINDINGS_TAG, text)
            flagged = worst.get(fdi) in ("error", "warning")
            status = logic.GetSegmentStatus(segment)
            if flagged and status != logic.Flagged:
                logic.SetSegmentStatus(segment, logic.Flagged)
            elif not flagged and status == logic.Flagged:
                logic.SetSegmentStatus(segment, logic.InProgress)

    def watch(self, callback: Callable[[], None]) -> None:
        import slicer

        self._unwatch()
        segmentation, kind = self.node.GetSegmentation(), slicer.vtkSegmentation
        events = (kind.SourceRepresentationModified, kind.SegmentAdded, kind.SegmentRemoved, kind.SegmentModified)
        for event in events:
            self._observed.append((segmentation, segmentation.AddObserver(event, lambda *_: callback())))
        moved = slicer.vtkMRMLTransformableNode.TransformModifiedEvent
        self._observed.append((self.node, self.node.AddObserver(moved, lambda *_: callback())))

    @property
    def content(self) -> object:
        """Equal as long as nothing was changed in voxels, numbers or place of the teeth that were last checked."""
        return self._segments.content

    def segment_of(self, fdi: int) -> str | None:
        """The id of a tooth's segment, None where there is none."""
        return self._segments.ids().get(fdi)

    def distances(self, fdi: int) -> list[Distance]:
        return distances_of_tooth(self._check.clearances(fdi))

    # ------------------------------------------------------------ where to look

    def _centres(self) -> dict[int, np.ndarray]:
        return {fdi: np.asarray(measure.centroid_ras) for fdi, measure in self._check.measures.items()}

    def _extent(self, teeth: Sequence[int]) -> float:
        """Their box, half as much again, mm."""
        boxes = [self._check.measures[fdi].bbox for fdi in teeth]
        if not boxes:
            return 0.0
        size = [max(b[a][1] for b in boxes) - min(b[a][0] for b in boxes) for a in range(3)]
        return 1.5 * max(n * s for n, s in zip(size, self._segments.labels.spacing[::-1], strict=True))

    # ------------------------------------------------------------ edits

    @property
    def grid_shape(self) -> tuple[int, int, int]:
        """(z, y, x) of the reference grid."""
        return self._segments.labels.shape

    def known(self) -> Known:
        return self._segments.known()

    def _number_again(self, stated: Stated) -> Repair:
        return number_again(self.known(), self._check.measures, stated)

    def _carry_out(self, repair: Repair) -> tuple[Step, Iterable[int]]:
        self.recheck()  # hand edits first: the repair must see them
        boxes = {fdi: measure.box for fdi, measure in self._check.measures.items()}
        edit = make_edit(self._segments.labels, repair, boxes)
        # a segment that vanishes takes its overlapped voxels along, which the label map does not show
        ids = self._segments.ids()
        box = self._segments.box_around(edit.box, [ids[fdi] for fdi in edit.teeth if fdi in ids])
        before = self._state(box)
        confidence, known = edit.confidence(self._segments.confidences()), edit.known(self.known())
        self._write(edit.box, edit.after)
        changed, region = self._segments.sync()
        if region is not None:
            self._check.update(changed, region)
        for fdi, key in self._segments.ids().items():
            if fdi in changed and fdi not in self._check.measures:
                self._segments.remove(key)
            else:
                set_confidence(self.node.GetSegmentation().GetSegment(key), fdi, confidence)
                set_known(self.node.GetSegmentation().GetSegment(key), fdi, known)
        self._segments.sync()
        self._check.confidence, self._check.absent = self._segments.confidences(), known.stated.absent
        self._check.two_numbers = known.two_numbers
        sides = self._sides_after(repair)
        self.exchange_sides(sides)
        self._check.judge()
        return _VolumeStep(self, repair.sentence, box, before, self._state(box), sides), changed

    def _sides_after(self, repair: Repair) -> dict[str, str]:
        """What lies around the teeth changes sides with them: {key before: key now}."""
        if not repair.exchanges_sides or self._check.structures is None:
            return {}
        change = sides_to_exchange(self._check.structures, self._segments.labels, repair.arguments["jaw"])
        return {BY_VALUE[one].key: BY_VALUE[other].key for one, other in change.items()}

    def exchange_sides(self, names: Mapping[str, str]) -> None:
        """Call structures otherwise, {key before: key now}, and measure what lies around the teeth anew."""
        if names:
            exchange_sides(self.node, names)
            self._check.structures = self.structures()
            self._check.update_all()

    def _write(self, box: Box, after: np.ndarray) -> None:
        """Give the segments the label array's new content inside the box, adding segments that are needed."""
        before = self._segments.labels.array[box]
        different = before != after
        touched = {int(v) for v in np.unique(np.concatenate([before[different], after[different]]))} - {0}
        for fdi in sorted(touched - set(self._segments.ids())):
            self._segments.add(new_segment(fdi, self.numbering), self._free_id(fdi))
        ids, masks = self._segments.ids(), self._segments.masks(box)
        wanted = {}
        for fdi in sorted(touched):
            own = masks.get(ids[fdi], np.zeros(before.shape, bool))
            wanted[ids[fdi]] = (own & ~(different & (before == fdi))) | (different & (after == fdi))
        self._segments.put(box, wanted)

    def _free_id(self, fdi: int) -> str:
        segmentation, key = self.node.GetSegmentation(), segment_id(fdi)
        return segmentation.GenerateUniqueSegmentID(key) if segmentation.GetSegment(key) else key

    def _state(self, box: Box) -> _State:
        import slicer

        segmentation = self.node.GetSegmentation()
        copies, shown = {}, {}
        for key in self._segments.ids().values():
            copies[key] = slicer.vtkSegment()
            copies[key].DeepCopyMetadata(segmentation.GetSegment(key))
            shown[key] = self._shown(key)
        return _State(self._segments.masks(box), copies, shown)

    def exchange(self, box: Box, here: _State, there: _State) -> None:
        """Bring the segments from one state of a box to another: masks, segments, tags. Raises SceneError when
        what they are now is not `here`, leaving everything as it is."""
        import slicer

        empty = np.zeros([s.stop - s.start for s in box], bool)
        now = self._segments.masks(box)
        touched = []
        for key in {**here.masks, **there.masks}:
            a, b, c = (state.get(key, empty) for state in (here.masks, there.masks, now))
            different = a != b
            if different.any():
                touched.append(key)
                if not np.array_equal(a[different], c[different]):
                    raise SceneError(
                        "This place was edited by hand since, so the step cannot be taken back or done again: "
                        "use the undo of Segment Editor."
                    )
        segmentation = self.node.GetSegmentation()
        for key in sorted(set(there.segments) - set(here.segments)):
            if segmentation.GetSegment(key) is None:
                copy = slicer.vtkSegment()
                copy.DeepCopyMetadata(there.segments[key])
                self._segments.add(copy, key)
                self._show(key, there.shown[key])
        self._segments.put(box, {key: there.masks.get(key, empty) for key in touched})
        for key in set(here.segments) - set(there.segments):
            if segmentation.GetSegment(key) is not None:
                self._segments.remove(key)
        for key in set(here.segments) & set(there.segments):
            segment = segmentation.GetSegment(key)
            for name in (CONFIDENCE_TAG, CONFIDENCE_MEANING_TAG, *KNOWN_TAGS):
                was, wanted = (tag(state.segments[key], name) for state in (here, there))
                if segment is None or was == wanted:
                    continue
                if wanted:
                    segment.SetTag(name, wanted)
                else:
                    segment.RemoveTag(name)

    # ------------------------------------------------------------ appearance

    def set_numbering(self, numbering: str) -> None:
        checked_numbering(numbering)
        node, old = self.node, self.numbering
        for fdi, key in self._segments.ids().items():
            segment = node.GetSegmentation().GetSegment(key)
            if segment.GetName() == tooth_title(fdi, old):  # what the user has called it stays
                segment.SetName(tooth_title(fdi, numbering))
        self._rename(numbering)

    def _only(self, teeth: set[int], hide: bool) -> None:
        self._restore_look()
        self._lists().show_only(teeth)
        for fdi, key in self._segments.ids().items():
            shown = self._shown_before[key] = self._shown(key)
            if fdi in teeth:
                self._show(key, _Shown(True, (1.0, 1.0, 1.0)))
            else:
                self._show(key, _Shown(False, shown.opacities) if hide else _Shown(shown.visible, _FADED))

    def restore(self) -> None:
        self._hide_lines()
        self._restore_look()

    def _restore_look(self) -> None:
        self._lists().show_only(None)
        segmentation = self.node.GetSegmentation()
        for key, shown in self._shown_before.items():
            if segmentation.GetSegment(key) is not None:
                self._show(key, shown)
        self._shown_before.clear()

    def _shown(self, key: str) -> _Shown:
        display = self._display()
        opacities = (
            display.GetSegmentOpacity3D(key),
            display.GetSegmentOpacity2DFill(key),
            display.GetSegmentOpacity2DOutline(key),
        )
        return _Shown(bool(display.GetSegmentVisibility(key)), opacities)

    def _show(self, key: str, shown: _Shown) -> None:
        display = self._display()
        display.SetSegmentVisibility(key, shown.visible)
        display.SetSegmentOpacity3D(key, shown.opacities[0])
        display.SetSegmentOpacity2DFill(key, shown.opacities[1])
        display.SetSegmentOpacity2DOutline(key, shown.opacities[2])

    def _display(self) -> Any:
        node = require(self.nodes[0], self._what)
        if node.GetDisplayNode() is None:
            node.CreateDefaultDisplayNodes()
        return node.GetDisplayNode()

    # ------------------------------------------------------------ hand over

    def labels(self) -> Volume:
        self.recheck()
        return self._segments.labels.with_array(self._segments.labels.array.copy())

    def structures(self) -> Volume | None:
        """What lies around the teeth, values of `dentition.structures` on their grid; None where nothing does."""
        return structures_around(self.node, self._segments.grid)

    def confidences(self) -> dict[int, float]:
        """Confidence 0..1 by FDI number, where known."""
        return self._segments.confidences()
