"""From a repair to the edit that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, overload

import numpy as np

from ...files.volumes import Volume
from ...files.volumes.boxes import Box
from .edit import JawEdit, JawLabels, LabelMapEdit
from .jaw_bench import JawBench
from .label_map_bench import LabelMapBench
from .repair import Repair, RepairRefusedError

if TYPE_CHECKING:
    from ...ios.segmenting import JawSegmentation


@overload
def make_edit(labels: Volume, repair: Repair, boxes: Mapping[int, Box] | None = None) -> LabelMapEdit: ...
@overload
def make_edit(labels: JawSegmentation, repair: Repair) -> JawEdit: ...
def make_edit(
    labels: Volume | JawSegmentation, repair: Repair, boxes: Mapping[int, Box] | None = None
) -> LabelMapEdit | JawEdit:
    """What a repair changes; the labels themselves stay as they are.

    Parameters
    ----------
    labels : Volume or JawSegmentation
        A label map of FDI numbers, or a labelled jaw. A repair of both jaws is asked for each of them.
    repair : Repair
        What to do.
    boxes : mapping, optional
        Of a label map: {FDI number: bounding box} where known (`tooth_boxes`); without them the map is searched.

    Raises
    ------
    RepairRefusedError
        With the reason where the repair is not possible or would change nothing.
    NumberTakenError
        Where it would give two teeth one number.

    Examples
    --------
    >>> import numpy as np
    >>> from DentalTopoSegLib.checks.repair import renumber
    >>> array = np.zeros((3, 3, 3), np.uint8)
    >>> array[1, 1, 1] = 16
    >>> edit = make_edit(Volume(array, (1.0, 1.0, 1.0)), renumber(16, 17))
    >>> int(edit.apply(array)[1, 1, 1]), int(edit.undo(array)[1, 1, 1])
    (17, 16)
    """
    if repair.needs_number:
        raise RepairRefusedError("Choose a number first: {what:clause}.", what=repair.sentence)
    if not repair.changes_labels:
        return _nothing(labels, repair)
    bench = LabelMapBench(labels, boxes, repair.teeth) if isinstance(labels, Volume) else JawBench(labels)
    bench.carry_out(repair)
    edit = bench.edit(repair)
    if not edit.size:
        raise RepairRefusedError("There is nothing to change: {what:clause}.", what=repair.sentence)
    return edit


def _nothing(labels: Volume | JawSegmentation, repair: Repair) -> LabelMapEdit | JawEdit:
    """The edit of what only is stated."""
    if isinstance(labels, Volume):
        nowhere = (slice(0, 0), slice(0, 0), slice(0, 0))
        return LabelMapEdit(repair, labels.array[nowhere].copy(), labels.array[nowhere].copy(), box=nowhere)
    none = np.zeros(0, int)
    same = JawLabels(none, none, none, labels.jaw)
    return JawEdit(repair, same, same, vertices=none, faces=none)
