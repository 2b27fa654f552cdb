"""What can be said of label maps in which the teeth of a jaw are one label: sizes, pieces, hollows, and whether the
jaws are where they are called. Numbers, missing teeth and merged neighbours cannot be judged there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..cbct.mask_topology import pieces_and_cavities
from ..dentition import FDI_DECIDUOUS, FDI_PERMANENT, Layout, volume_range_mm3
from ..files.volumes.boxes import box_of

if TYPE_CHECKING:
    from ..files.volumes import Volume

#: No tooth is smaller, mm^3.
SMALLEST_TOOTH_MM3 = min(volume_range_mm3(fdi)[0] for fdi in (*FDI_PERMANENT, *FDI_DECIDUOUS))


@dataclass(frozen=True)
class Structure:
    """What was measured on one label.

    Parameters
    ----------
    value : int
        In the label map.
    name : str
        What it is.
    volume_mm3 : float
    pieces : int
        26-connected.
    specks : int
        Pieces smaller than any tooth; of labels that are teeth only.
    cavities : int
        Enclosed, 6-connected.
    cavities_mm3 : float
        All of them.
    remarks : tuple of str
        What looks wrong, one sentence each.
    """

    value: int
    name: str
    volume_mm3: float
    pieces: int
    specks: int
    cavities: int
    cavities_mm3: float
    remarks: tuple[str, ...]


def check_groups(labels: Volume, layout: Layout) -> tuple[list[Structure], list[str]]:
    """The structures of a label map whose teeth are grouped, and remarks on all of it.

    Parameters
    ----------
    labels : Volume
        Whole numbers (z, y, x).
    layout : Layout
        With `groups`.

    Returns
    -------
    structures : list of Structure
        One per label that is there, in the order of the values.
    remarks : list of str
        On what is absent or swapped, one sentence each.
    """
    from scipy import ndimage

    found, heights = [], {}
    for value, box in enumerate(ndimage.find_objects(labels.array), start=1):
        if box is None or value not in layout.others:
            continue
        mask = labels.array[box] == value
        found.append(_measure(mask, value, layout, labels))
        if value in layout.groups:
            heights[layout.groups[value]] = _height(mask, box_of(box), labels)
    remarks = [f"No {jaw} teeth are labelled." for jaw in ("upper", "lower") if jaw not in heights]
    if len(heights) == 2 and heights["upper"] < heights["lower"]:
        remarks.append(
            "The upper teeth lie below the lower teeth: the two labels are swapped, or the file says wrongly how it "
            "lies."
        )
    return found, remarks


def _measure(mask: np.ndarray, value: int, layout: Layout, labels: Volume) -> Structure:
    pieces, count, cavities, hollow = pieces_and_cavities(mask)
    voxel = labels.voxel_volume_mm3
    sizes = np.bincount(pieces.ravel())[1:] * voxel
    teeth, name = value in layout.groups, layout.others[value]
    specks = int((sizes < SMALLEST_TOOTH_MM3).sum()) if teeth else 0
    cavities_mm3 = float(np.count_nonzero(cavities) * voxel)
    remarks = []
    if specks:
        remarks.append(f"{specks} of the {count} pieces of the {name} are smaller than any tooth.")
    if teeth and hollow:
        remarks.append(f"The {name} hold {hollow} closed hollows of {cavities_mm3:.1f} mm³ together; teeth are solid.")
    return Structure(
        value,
        name,
        round(float(np.count_nonzero(mask) * voxel), 1),
        count,
        specks,
        hollow,
        round(cavities_mm3, 1),
        tuple(remarks),
    )


def _height(mask: np.ndarray, box: tuple[slice, ...], labels: Volume) -> float:
    """S mm of the middle of a mask that was cut out of the labels."""
    middle = np.argwhere(mask).mean(axis=0) + [part.start for part in box]
    return float(labels.index_to_ras(middle)[2])
