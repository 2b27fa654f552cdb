"""What lies around the teeth of a scan: jaws, airway, nerve canals and sinuses, on the scan's own grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..dentition.structures import BY_VALUE, Structure, structure
from ..files.volumes import Volume
from ..files.volumes.boxes import box_of, grow
from .canal_maps import course_of, on_grid
from .canals import SEEN, Canal, find_canal
from .inference import check
from .instances import HALF
from .midplane import Midplane, find_midplane
from .placing import reach_on_scan
from .structure_maps import StructureMap
from .structure_placing import doubled, doubled_grid, place_labels, place_one
from .tissues import find_tissues

_JAWS = ("upper_jaw", "mandible", "airway")
_LEAST_MM3 = 300.0
"""Of a piece of a jaw, the airway or a sinus."""
_LEAST_PART = 0.02
"""Of the largest piece of a structure, for another to belong to it."""
_CLEAR_OF_TEETH_MM = 3.5
"""A canal that is drawn without being seen keeps this far from teeth: it must not make a root look endangered."""
_LARGE_GAP_MM = 3.0
"""Joined over more than this is told, and no distance to it is measured."""
_POINTS_APART = 3
"""Voxels of a canal's line from one kept point of a drawn stretch to the next."""
_SIDES = ("left", "right", None)
_FULL = np.ones((3, 3, 3), bool)

_JOINED = (
    "The {name} was seen in {pieces} pieces; {gap:.0f} mm between them are drawn along the jaw: look at the scan there "
    "before you rely on them."
)
_NO_SIDE = (
    "Whether the {name} is the left or the right one cannot be told: the scan shows neither teeth of both sides nor "
    "both halves of a jaw."
)


@dataclass(frozen=True)
class Surroundings:
    """Structures of a scan.

    Attributes
    ----------
    labels : Volume
        uint8 values of `dentition.structures` on the scan's grid; 0 where a tooth is.
    names : tuple of Structure
        What is there.
    notes : list of str
        What is doubtful, for people.
    canals : dict
        By key: the pieces that the network saw, and mm put between them.
    drawn : dict
        By key: the stretches (n, 3), RAS mm, of canals that were put between their pieces.
    """

    labels: Volume
    names: tuple[Structure, ...]
    notes: list[str] = field(default_factory=list)
    canals: dict[str, dict[str, Any]] = field(default_factory=dict)
    drawn: dict[str, list[np.ndarray]] = field(default_factory=dict)


def place_surroundings(
    around: StructureMap | None,
    tissues: StructureMap | None,
    grid_teeth: np.ndarray,
    teeth: Volume,
    groups: tuple[str, ...],
    cancelled: Callable[[], bool] | None = None,
    closer: StructureMap | None = None,
) -> Surroundings:
    """All that was asked for beside the teeth, on the scan's own grid.

    Parameters
    ----------
    around, tissues : StructureMap, optional
        What the networks say, None of what was not asked for.
    grid_teeth : numpy.ndarray
        uint8 FDI labels on the grid of the tissues.
    teeth : Volume
        The same on the scan's grid; changed in place where implants are.
    groups, cancelled, closer
        As `find_surroundings` takes them.
    """
    inner = None if tissues is None else find_tissues(tissues, grid_teeth, teeth, cancelled)
    outer = None if around is None else find_surroundings(around, teeth, groups, cancelled, closer)
    if outer is None:
        assert inner is not None  # nothing was asked for
        return Surroundings(teeth.with_array(inner.labels), _names(inner.labels), inner.notes)
    if inner is None:
        return outer
    np.copyto(outer.labels.array, inner.labels, where=inner.labels > 0)
    return replace(outer, names=_names(outer.labels.array), notes=[*inner.notes, *outer.notes])


def values_in(labels: np.ndarray) -> set[int]:
    """The values of a label map (uint8), without the background."""
    from scipy import ndimage

    return {value for value, box in enumerate(ndimage.find_objects(labels), start=1) if box is not None}


def _names(labels: np.ndarray) -> tuple[Structure, ...]:
    return tuple(BY_VALUE[value] for value in sorted(values_in(labels)))


def find_surroundings(
    found: StructureMap,
    teeth: Volume,
    groups: tuple[str, ...],
    cancelled: Callable[[], bool] | None = None,
    closer: StructureMap | None = None,
) -> Surroundings:
    """Clean, sided and joined structures on the scan's own grid.

    Parameters
    ----------
    found : StructureMap
        What the network says.
    teeth : Volume
        uint8 FDI labels on the scan's grid: teeth win over structures, and tell where left and right are.
    groups : tuple of str
        Of `options.STRUCTURE_GROUPS`: "jaws" are the jaws and the airway, "canals" the nerve canals and the sinuses.
    cancelled : callable, optional
        Asked between structures.
    closer : StructureMap, optional
        What the canals network says (`canal_maps.CANAL_KEYS`): the canals are then taken from it.

    Raises
    ------
    Cancelled
        Once `cancelled` answers True.
    """
    owner = found.owners()
    lower = np.isin(owner, [found.keys.index(key) for key in ("mandible", "canal")])
    wide: dict[str, np.ndarray] = {}
    thin: dict[str, Canal] = {}
    notes: list[str] = []
    told: dict[str, dict[str, Any]] = {}
    if "jaws" in groups:
        for key in _JAWS:
            own = lower if key == "mandible" else owner == found.keys.index(key)
            wide[key] = _large_pieces(own, found.grid)
    check(cancelled)
    if "canals" in groups:
        middle = find_midplane(teeth, lower | (owner == found.keys.index("upper_jaw")), found.grid)
        check(cancelled)
        sinuses = _by_side("sinus", owner == found.keys.index("sinus"), found.grid, middle, _LEAST_MM3)
        wide |= {key: _large_pieces(mask, found.grid) for key, mask in sinuses.items()}
        lumen, grid = (found.of("canal"), found.grid) if closer is None else (closer.of("canal"), closer.grid)
        said = lumen if closer is None else course_of(closer)
        own = place_labels(teeth, grid) > 0
        free = on_grid(lower, found.grid, grid) & ~_near(own, grid)
        thin, notes, told = _canals(said, lumen, grid, free, own, middle)
        notes += [_NO_SIDE.format(name=structure(key).name) for key in ("sinus", "canal") if key in (*wide, *thin)]
    check(cancelled)
    labels = _place_wide(wide, found, teeth, cancelled)
    for key, canal in thin.items():
        check(cancelled)
        _paint(labels, canal, key, lumen, grid, teeth)
    labels *= teeth.array == 0
    drawn = {key: lines for key, canal in thin.items() if (lines := _drawn_stretches(canal, said, grid))}
    return Surroundings(teeth.with_array(labels), _names(labels), notes, told, drawn)


def _drawn_stretches(canal: Canal, said: np.ndarray, grid: Volume) -> list[np.ndarray]:
    """The long stretches of a canal's line (n, 3), RAS mm, that were put between its pieces; said: uint8 (z, y, x) on
    the grid, how sure it is that it passes there."""
    there = said[tuple(canal.line.T)] < SEEN
    stretches = []
    for begin, end in np.flatnonzero(np.diff(there, prepend=False, append=False)).reshape(-1, 2):
        kept = np.unique([*range(begin, end, _POINTS_APART), end - 1])
        line = grid.index_to_ras(canal.line[kept].astype(float))
        if np.linalg.norm(np.diff(line, axis=0), axis=1).sum() > _LARGE_GAP_MM:
            stretches.append(line)
    return stretches


def _near(teeth: np.ndarray, grid: Volume) -> np.ndarray:
    """bool on the grid: where a canal is not drawn without being seen, since a tooth is near."""
    from scipy import ndimage

    here = teeth.copy()
    used = ndimage.find_objects(here.view(np.uint8))
    if not used:
        return here
    box = grow(box_of(used[0]), int(np.ceil(_CLEAR_OF_TEETH_MM / grid.spacing[0])))
    here[box] = ndimage.distance_transform_edt(~here[box]) * grid.spacing[0] < _CLEAR_OF_TEETH_MM
    return here


def _canals(
    said: np.ndarray,
    lumen: np.ndarray,
    grid: Volume,
    jaw: np.ndarray,
    teeth: np.ndarray,
    middle: Midplane | None,
) -> tuple[dict[str, Canal], list[str], dict[str, dict[str, Any]]]:
    """The canals by key, what is doubtful of them, and their pieces; said, lumen, jaw, teeth: (z, y, x) on the
    grid, as `find_canal` takes them."""
    spacing = grid.spacing[0]
    canals, notes, told = {}, [], {}
    for key, where in _by_side("canal", said >= SEEN, grid, middle, 0.0).items():
        one = find_canal(np.where(where, said, 0).astype(np.uint8), jaw, spacing, lumen, teeth)
        if one is None:
            continue
        canals[key] = one
        told[key] = {"pieces": one.pieces, "joined_mm": round(one.joined_mm, 1)}
        if one.joined_mm > _LARGE_GAP_MM:
            notes.append(_JOINED.format(name=structure(key).name, pieces=one.pieces, gap=one.joined_mm))
    return canals, notes, told


def _by_side(
    kind: str, mask: np.ndarray, grid: Volume, middle: Midplane | None, least_mm3: float
) -> dict[str, np.ndarray]:
    """Pieces of a mask by the side on which they lie: "<kind>_left", "<kind>_right", and "<kind>" for what has none.
    What reaches across the midplane is cut there."""
    from scipy import ndimage

    where = np.argwhere(mask)
    if middle is None or not len(where):
        return {kind: mask} if len(where) else {}
    places = grid.index_to_ras(where)
    right = middle.distances(places) > 0
    halves = np.zeros(mask.shape, np.uint8)
    halves[tuple(where.T)] = 1 + right
    box = ndimage.find_objects(mask.view(np.uint8))[0]
    table = [0]  # of each piece: which of the sides
    owner = np.zeros(mask.shape, np.intp)
    for half in (1, 2):
        pieces, count = ndimage.label(halves[box] == half, _FULL)
        np.copyto(owner[box], pieces + len(table) - 1, where=pieces > 0)
        table += [0] * count
    piece = owner[tuple(where.T)]
    sizes = np.bincount(piece, minlength=len(table))
    sums = np.stack([np.bincount(piece, weights=places[:, axis], minlength=len(table)) for axis in range(3)], 1)
    for piece_number in np.flatnonzero(sizes * grid.spacing[0] ** 3 >= max(least_mm3, 1e-9)):
        place = sums[piece_number] / sizes[piece_number]
        table[int(piece_number)] = 1 + _SIDES.index(middle.side_of(place))
    sides = np.array(table)[piece]
    result: dict[str, np.ndarray] = {}
    for number, side in enumerate(_SIDES, start=1):
        own = where[sides == number]
        if len(own):
            key = kind if side is None else f"{kind}_{side}"
            result[key] = np.zeros(mask.shape, bool)
            result[key][tuple(own.T)] = True
    return result


def _large_pieces(mask: np.ndarray, grid: Volume) -> np.ndarray:
    """The pieces of a mask that are large enough, none where even the largest is not."""
    from scipy import ndimage

    out = np.zeros(mask.shape, bool)
    box = ndimage.find_objects(mask.view(np.uint8))
    if not box:
        return out
    pieces, count = ndimage.label(mask[box[0]], _FULL)
    sizes = np.bincount(pieces.ravel(), minlength=count + 1)
    sizes[0] = 0
    keep = sizes >= max(_LEAST_MM3 / grid.spacing[0] ** 3, sizes.max() * _LEAST_PART)
    out[box[0]] = keep[pieces]
    return out


def _place_wide(
    masks: dict[str, np.ndarray], found: StructureMap, teeth: Volume, cancelled: Callable[[], bool] | None
) -> np.ndarray:
    """Jaws, airway and sinuses on the scan's grid, uint8: at twice the network's resolution each place goes to the
    likeliest of them, or to none."""
    from scipy import ndimage

    shape = tuple(2 * n for n in found.grid.array.shape)
    best, owner, total = (np.zeros(shape, np.uint8) for _ in range(3))
    for key, mask in masks.items():
        check(cancelled)
        used = ndimage.find_objects(mask.view(np.uint8))
        if not used:
            continue
        box = box_of(slice(max(0, s.start - 1), min(n, s.stop + 1)) for s, n in zip(used[0], mask.shape, strict=True))
        # with what is said just outside: an edge cut off sharply there would lie a quarter of a voxel too far inside
        fine = doubled(_said(found, key)[box] * ndimage.binary_dilation(mask[box], _FULL))
        there = box_of(slice(2 * s.start, 2 * s.stop) for s in box)
        np.copyto(owner[there], structure(key).value, where=fine > best[there])
        np.maximum(best[there], fine, out=best[there])
        total[there] += fine  # at most 255, as all are parts of the network's certainty
    check(cancelled)
    owner *= best > 255 - total
    del best, total
    return place_labels(doubled_grid(found.grid, owner), teeth)


def _said(found: StructureMap, key: str) -> np.ndarray:
    """uint8: how sure the network is of a structure; the canals are a part of the lower jaw."""
    if key == "mandible":
        both = found.of(key).astype(np.uint16) + found.of("canal")
        return np.minimum(both, 255).astype(np.uint8)
    return found.of(key.split("_left")[0].split("_right")[0])


def _paint(labels: np.ndarray, canal: Canal, key: str, lumen: np.ndarray, grid: Volume, scan: Volume) -> None:
    """A canal into the scan's labels, its probability interpolated; in one piece, since its line is certain."""
    from scipy import ndimage

    soft = np.where(canal.mask, np.maximum(lumen, HALF), np.minimum(lumen, HALF - 1)).astype(np.uint8)
    soft[canal.drawn] = 255
    soft[tuple(canal.line.T)] = 255
    box = reach_on_scan(canal.mask.view(np.uint8), grid, scan)
    if box is None:
        return
    pieces, count = ndimage.label(place_one(soft, grid, scan, box))
    if count:
        labels[box][pieces == np.bincount(pieces.ravel())[1:].argmax() + 1] = structure(key).value
