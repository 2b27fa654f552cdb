"""Pulp, enamel and what dentists put in, out of the second head's answer: cleaned by what they can be, on the scan's
own grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from ..dentition.structures import structure
from ..files.volumes import Volume
from ..files.volumes.boxes import Box, box_of
from ..files.volumes.boxes import grow as enlarge
from .implant_crowns import crowns_on_implants
from .inference import check
from .instances import HALF, ISLAND_MM3
from .placing import reach_on_scan
from .structure_maps import StructureMap
from .structure_placing import place_one

_INSIDE = ("enamel", "pulp", "filling", "crown")
"""What is a part of a tooth; later ones win where two meet."""
_ALONE = {"implant": 25.0, "bracket": 1.0}
"""What stands for itself, and mm³ that a piece has at least: the smallest implants have 40 (3 mm wide, 6 mm long)."""
_LEAST_MM3 = 1.0
"""Of a piece of what is in a tooth."""
_FULL = np.ones((3, 3, 3), bool)

_IS_CROWN = "What was taken for tooth {fdi} is a crown on an implant: it has no tooth's number."
_IS_IMPLANT = "Where tooth {fdi} would stand is an implant: it has no tooth's number."


@dataclass(frozen=True)
class Tissues:
    """labels: uint8 values of `dentition.structures` on the scan's grid. notes: sentences for people."""

    labels: np.ndarray
    notes: list[str] = field(default_factory=list)


def find_tissues(
    found: StructureMap, teeth: np.ndarray, placed: Volume, cancelled: Callable[[], bool] | None = None
) -> Tissues:
    """Tissues on the scan's own grid; implants and the crowns on them are taken away from the teeth.

    Enamel, pulp, fillings and crowns lie in a tooth; a pulp touches no other tooth, so it stays each tooth's own. A
    crown may stand on an implant instead.

    Parameters
    ----------
    found : StructureMap
        The head's answer on the border network's grid.
    teeth : numpy.ndarray
        uint8 FDI labels on that grid.
    placed : Volume
        The same teeth on the scan's grid; changed in place where implants are.
    cancelled : callable, optional
        Asked before each tooth.

    Raises
    ------
    Cancelled
        Once `cancelled` answers True.
    """
    from scipy import ndimage

    owner = found.owners()
    out = np.zeros(placed.array.shape, np.uint8)
    implants = np.zeros(owner.shape, bool)
    bodies: list[tuple[np.ndarray, Box]] = []
    for key, least in _ALONE.items():
        check(cancelled)
        for part, box in _pieces(owner == found.keys.index(key), least / found.grid.voxel_volume_mm3):
            _paint(out, part, box, key, found, placed, None)
            if key == "implant":
                implants[box] |= part
                bodies.append((part, box))
    notes = _take_away(out == structure("implant").value, placed) if implants.any() else []
    borne = crowns_on_implants(bodies, teeth, owner == found.keys.index("pulp"), found.grid)
    if borne:
        notes += [_IS_CROWN.format(fdi=fdi) for fdi in borne if (placed.array == fdi).any()]
        placed.array[np.isin(placed.array, borne)] = 0
        teeth = np.where(np.isin(teeth, borne), 0, teeth).astype(np.uint8)
    for fdi, tight in enumerate(ndimage.find_objects(teeth), start=1):
        if tight is None:
            continue
        check(cancelled)
        box = _within(enlarge(box_of(tight), 1), teeth.shape)
        own = teeth[box] == fdi
        others = ndimage.binary_dilation((teeth[box] > 0) & ~own, _FULL)
        for key in _INSIDE:
            mask = (owner[box] == found.keys.index(key)) & own
            if key == "pulp":
                mask &= ~others
            mask = _kept(mask, _LEAST_MM3 / found.grid.voxel_volume_mm3)
            if mask.any():
                _paint(out, mask, box, key, found, placed, fdi)
    if implants.any():
        free = (owner == found.keys.index("crown")) & (teeth == 0)
        on_implant = ndimage.binary_propagation(ndimage.binary_dilation(implants, _FULL) & free, _FULL, mask=free)
        for part, box in _pieces(on_implant, _LEAST_MM3 / found.grid.voxel_volume_mm3):
            _paint(out, part, box, "crown", found, placed, 0)
    return Tissues(out, notes)


def _take_away(implant: np.ndarray, placed: Volume) -> list[str]:
    """No tooth where an implant is; a tooth of which only crumbs stay is none."""
    touched = np.flatnonzero(np.bincount(placed.array[implant], minlength=256)[1:]) + 1
    placed.array[implant] = 0
    notes = []
    for fdi in touched:
        rest = placed.array == fdi
        if np.count_nonzero(rest) * placed.voxel_volume_mm3 < ISLAND_MM3:
            placed.array[rest] = 0
            notes.append(_IS_IMPLANT.format(fdi=fdi))
    return notes


def _pieces(mask: np.ndarray, least: float) -> Iterator[tuple[np.ndarray, Box]]:
    """Each piece of at least so many voxels, in its box grown by a voxel."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask, _FULL)
    for number, tight in enumerate(ndimage.find_objects(labels), start=1):
        box = _within(enlarge(box_of(tight), 1), mask.shape)
        part = labels[box] == number
        if np.count_nonzero(part) >= least:
            yield part, box


def _kept(mask: np.ndarray, least: float) -> np.ndarray:
    """The mask without its pieces of fewer voxels."""
    from scipy import ndimage

    labels, count = ndimage.label(mask, _FULL)
    keep = np.bincount(labels.ravel(), minlength=count + 1) >= least
    keep[0] = False
    return keep[labels]


def _within(box: Box, shape: tuple[int, ...]) -> Box:
    return box_of(slice(s.start, min(s.stop, n)) for s, n in zip(box, shape, strict=True))


def _paint(
    out: np.ndarray, mask: np.ndarray, box: Box, key: str, found: StructureMap, placed: Volume, inside: int | None
) -> None:
    """A structure's mask, in a box of the grid, into the scan's labels, its probability interpolated. inside: the tooth
    in which it must lie, 0 for outside of all, None for anywhere."""
    said = found.of(key)[box]
    soft = np.where(mask, np.maximum(said, HALF), np.minimum(said, HALF - 1)).astype(np.uint8)
    corner = found.grid.index_to_ras(np.array([s.start for s in box]))
    grid = replace(found.grid, array=soft, origin=(-corner[0], -corner[1], corner[2]))
    there = reach_on_scan(mask.view(np.uint8), grid, placed)
    if there is None:
        return
    where = place_one(soft, grid, placed, there)
    if inside is not None:
        where &= placed.array[there] == inside
    np.copyto(out[there], structure(key).value, where=where)
