"""Left and right of what lies around the teeth, where the teeth's are exchanged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ...dentition import is_right, jaw
from ...dentition.structures import BY_KEY, Structure, structure
from ...files.volumes.boxes import Box, box_of, tooth_boxes, union
from .edit import LabelMapEdit
from .repair import Repair

if TYPE_CHECKING:
    from ...files.volumes import Volume

_JAWS = {"canal": "lower", "incisive_canal": "lower", "sinus": "upper"}


def sides_to_exchange(structures: Volume, teeth: Volume, which: str | None) -> dict[int, int]:
    """Which values of structures with a side become which when left and right of teeth are exchanged.

    A mirrored map is mirrored as a whole, but a canal or sinus that lies on the side of the teeth of its own side
    already as they are numbered afterwards was right before and stays.

    Parameters
    ----------
    structures : Volume
        Values of `dentition.structures` (z, y, x); stays as it is.
    teeth : Volume
        FDI numbers on the same grid, exchanged.
    which : str, optional
        The jaw whose teeth they are, "upper" or "lower"; None for both.

    Returns
    -------
    dict
        Empty where nothing has to change.
    """
    from scipy import ndimage

    boxes = {value: box_of(box) for value, box in enumerate(ndimage.find_objects(structures.array), 1) if box}
    change: dict[int, int] = {}
    for left, right in _pairs(which):
        lies = {
            one: _lies_on(one, _across(structures, one.value, boxes), teeth)
            for one in (left, right)
            if one.value in boxes
        }
        if all(where not in (None, one.side) for one, where in lies.items()):  # both sides cannot be one another's
            change |= {one.value: (right if one is left else left).value for one in lies}
    return change


def make_sides_edit(structures: Volume, teeth: Volume, repair: Repair) -> LabelMapEdit | None:
    """What `sides_to_exchange` makes of the voxels; None where nothing has to change. repair: `swap_sides`; the other
    parameters are those of `sides_to_exchange`."""
    from scipy import ndimage

    change = sides_to_exchange(structures, teeth, repair.arguments["jaw"])
    if not change:
        return None
    boxes = {value: box_of(box) for value, box in enumerate(ndimage.find_objects(structures.array), 1) if box}
    box = union(boxes[value] for value in change)
    before = structures.array[box].copy()
    table = np.arange(256, dtype=np.uint8)
    table[list(change)] = list(change.values())
    return LabelMapEdit(repair, before, table[before], box=box)


def _pairs(which: str | None) -> Iterator[tuple[Structure, Structure]]:
    for name, of_jaw in _JAWS.items():
        if which in (None, of_jaw) and f"{name}_left" in BY_KEY:
            yield structure(f"{name}_left"), structure(f"{name}_right")


def _across(labels: Volume, value: int, boxes: dict[int, Box]) -> float:
    """Middle of a label along the patient's left-right axis, RAS mm."""
    box = boxes[value]
    found = np.argwhere(labels.array[box] == value).mean(axis=0) + [part.start for part in box]
    return float(labels.index_to_ras(found)[0])


def _lies_on(one: Structure, across: float, teeth: Volume) -> str | None:
    """On which side's teeth of its jaw a structure lies; None where not both sides have teeth."""
    boxes = tooth_boxes(teeth.array)
    middles: dict[str, float] = {}
    for which in ("left", "right"):
        own = [
            fdi
            for fdi in boxes
            if is_right(fdi) == (which == "right") and jaw(fdi) == _JAWS[one.key.rpartition("_")[0]]
        ]
        if not own:
            return None
        middles[which] = float(np.mean([_across(teeth, fdi, boxes) for fdi in own]))
    return min(middles, key=lambda which: abs(middles[which] - across))
