"""Repairs of what lies around the teeth: the pieces of a canal become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...dentition.structures import structure
from ...files.volumes.boxes import box_of, union
from ..measures.canals import gaps_between, pieces_of
from .edit import LabelMapEdit
from .repair import Repair, RepairRefusedError

if TYPE_CHECKING:
    from ...files.volumes import Volume

#: A wider gap than this is not drawn, mm: too much would be made up.
JOIN_MM = 12.0


def make_structure_edit(structures: Volume, teeth: Volume, repair: Repair) -> LabelMapEdit:
    """What a repair of structures changes; the maps themselves stay as they are.

    The gap of a canal is drawn as a tube with the radius of its two pieces, on a smooth curve that leaves each in the
    direction in which it ends (`measures.canals.Gap.way`), in bone or in what is not labelled; teeth and other
    structures stay.

    Parameters
    ----------
    structures : Volume
        Values of `dentition.structures` (z, y, x).
    teeth : Volume
        FDI numbers on the same grid.
    repair : Repair
        One with `of_structures`.

    Raises
    ------
    RepairRefusedError
        Where the canal is in one piece, its gap too wide, or something else lies in it.
    """
    from scipy import ndimage
    from scipy.spatial import cKDTree

    one = structure(repair.arguments["structure"])
    found = ndimage.find_objects((structures.array == one.value).astype(np.uint8))
    if not found:
        raise RepairRefusedError("There is no {name:words} here.", name=one.name)
    box = box_of(found[0])
    pieces = pieces_of(structures.array[box] == one.value, box, structures)
    if len(pieces) < 2:
        raise RepairRefusedError("The {name:words} is in one piece: there is nothing to join.", name=one.name)
    gaps = gaps_between(pieces)
    widest = max(gap.line.length_mm for gap in gaps)
    if widest > JOIN_MM:
        raise RepairRefusedError(
            "The pieces of the {name:words} lie {gap:.0f} mm apart, too far to be joined: draw the part between.",
            name=one.name,
            gap=widest,
        )
    ways = [(gap.way(), gap.radius_mm) for gap in gaps]
    ends = np.concatenate([way + side * radius for way, radius in ways for side in (-1.0, 1.0)])
    index = structures.ras_to_index(ends)
    margin = np.ceil(2 * max(radius for _, radius in ways) / np.array(structures.spacing[::-1])).astype(int) + 1
    low = np.maximum(np.floor(index.min(axis=0)).astype(int) - margin, 0)
    high = np.minimum(np.ceil(index.max(axis=0)).astype(int) + margin + 1, structures.shape)
    region = union([box, box_of(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))])
    before = structures.array[region]
    free = (before == 0) | np.isin(before, [structure(key).value for key in ("mandible", "upper_jaw")])
    free &= teeth.array[region] == 0
    voxels = np.argwhere(free)
    places = structures.index_to_ras(voxels + [part.start for part in region])
    after = before.copy()
    for way, radius in ways:
        near = cKDTree(way).query(places, distance_upper_bound=radius)[0]
        after[tuple(voxels[np.isfinite(near)].T)] = one.value
    joined = pieces_of(after == one.value, region, structures)
    if len(joined) > 1:
        raise RepairRefusedError(
            "Something else lies in the gap of the {name:words}: draw the part between.", name=one.name
        )
    return LabelMapEdit(repair, before.copy(), after, box=region)
