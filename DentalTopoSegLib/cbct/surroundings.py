"""What lies around and in the teeth of a scan: jaws, canals, sinuses, tissues, on the scan's own grid."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..dentition import mirrored
from ..dentition.structures import BY_VALUE, Structure, structure
from ..files.volumes import Volume, resample_like
from ..files.volumes.boxes import grow as enlarge
from .canals import find_canal
from .instances import HALF
from .placing import reach_on_scan, used_box
from .structure_maps import StructureMap
from .tissues import TissueMap, clean_tissues

#: Keys of `dentition.structures` of what may be asked for (`options.STRUCTURE_GROUPS`).
GROUPS: dict[str, tuple[str, ...]] = {
    "jaws": ("upper_jaw", "mandible", "airway"),
    "canals": ("canal_left", "canal_right", "sinus_left", "sinus_right"),
    "tissues": ("pulp", "enamel", "filling", "crown", "implant", "bracket"),
}
_LEAST_MM3 = {"upper_jaw": 300.0, "mandible": 300.0, "sinus": 200.0, "airway": 300.0, "canal": 4.0}
_LARGE_GAP_MM = 3.0  # joined over more than this is told
_SLAB_VOXELS = 48_000_000  # of the scan's grid placed at once


@dataclass(frozen=True)
class Surroundings:
    """Structures of a scan.

    Attributes
    ----------
    labels : Volume
        uint8 values of `dentition.structures` on the scan's grid; where a tooth is only its tissues.
    names : tuple of Structure
        What is there.
    notes : list of str
        What is doubtful, for people.
    canals : dict
        By key: the pieces that the network saw, and mm put between them.
    """

    labels: Volume
    names: tuple[Structure, ...]
    notes: list[str] = field(default_factory=list)
    canals: dict[str, dict[str, Any]] = field(default_factory=dict)


def find_surroundings(
    found: StructureMap | None, tissues: TissueMap | None, teeth: Volume, groups: tuple[str, ...]
) -> Surroundings:
    """Clean, sided and joined structures on the scan's own grid.

    Parameters
    ----------
    found : StructureMap or None
        What the structures network says; None where neither jaws nor canals are asked for.
    tissues : TissueMap or None
        What the border network's second head says; None where nobody asked it.
    teeth : Volume
        uint8 FDI labels on the scan's grid, of one tooth at least: they win over what surrounds them, hold their
        pulps and enamel, and tell where left and right are.
    groups : tuple of str
        Keys of `GROUPS`.
    """
    labels = np.zeros(teeth.array.shape, np.uint8)
    notes: list[str] = []
    canals: dict[str, dict[str, Any]] = {}
    if found is not None:
        masks, notes, canals = _around_teeth(found, teeth, groups)
        _place(masks, found, teeth, labels)
        labels[teeth.array > 0] = 0
    if tissues is not None:
        owner = tissues.probabilities.argmax(0)
        _place({key: owner == tissues.keys.index(key) for key in GROUPS["tissues"]}, tissues, teeth, labels)
        box = reach_on_scan((owner > 0).view(np.uint8), tissues.grid, teeth)
        if box is not None:
            clean_tissues(labels[box], teeth.array[box], teeth.voxel_volume_mm3)
    counts = np.bincount(labels.ravel(), minlength=256)
    names = tuple(BY_VALUE[int(value)] for value in np.flatnonzero(counts) if value)
    return Surroundings(teeth.with_array(labels), names, notes, canals)


def _around_teeth(
    found: StructureMap, teeth: Volume, groups: tuple[str, ...]
) -> tuple[dict[str, np.ndarray], list[str], dict[str, dict[str, Any]]]:
    """Masks by key on the network's grid, what is doubtful of the canals, and their pieces."""
    owner = found.probabilities.argmax(0).astype(np.uint8)
    cell = found.grid.spacing[0] ** 3
    masks: dict[str, np.ndarray] = {}
    if "jaws" in groups:
        for key in GROUPS["jaws"]:  # the lower jaw's canals are holes in it
            masks[key] = _large_pieces(owner == found.keys.index(key), _LEAST_MM3[key] / cell)
    if "canals" not in groups:
        return masks, [], {}
    right = _right_half(found, teeth)
    for side, where in (("right", right), ("left", ~right)):
        sinus = where & (owner == found.keys.index("sinus"))
        if sinus.any():
            masks[f"sinus_{side}"] = _large_pieces(sinus, _LEAST_MM3["sinus"] / cell)
    joined, notes, canals = _canals(found, owner, right)
    return masks | joined, notes, canals


def _canals(
    found: StructureMap, owner: np.ndarray, right: np.ndarray
) -> tuple[dict[str, np.ndarray], list[str], dict[str, dict[str, Any]]]:
    """The canals by key, what is doubtful of them, and their pieces."""
    probability = found.of("canal")
    jaw = np.isin(owner, [found.keys.index(key) for key in ("mandible", "canal")])
    masks, notes, told = {}, [], {}
    for key, where in (("canal_right", right), ("canal_left", ~right)):
        one = find_canal(np.where(where, probability, 0).astype(np.uint8), jaw & where, found.grid.spacing[0])
        if one is None:
            continue
        masks[key] = one.mask
        told[key] = {"pieces": one.pieces, "joined_mm": round(one.joined_mm, 1)}
        if one.joined_mm > _LARGE_GAP_MM:
            notes.append(
                f"The {structure(key).name} was seen in {one.pieces} pieces; {one.joined_mm:.0f} mm between them are "
                "drawn along the jaw: look at the scan there before you rely on them."
            )
    return masks, notes, told


# mm from the middle to a tooth's centre by its place from the middle: adults' arches, to a few millimetres
_FROM_MIDDLE_MM = (0.0, 4.0, 10.0, 16.0, 20.0, 23.0, 26.0, 29.0, 31.0)
_RIGHT_QUADRANTS = (1, 4, 5, 8)


def _right_half(found: StructureMap, teeth: Volume) -> np.ndarray:
    """bool (z, y, x) of the network's grid: which voxels lie on the patient's right.

    Teeth tell it by their numbers: the normal of the plane between the halves runs from left to right through the
    pairs of teeth of one kind, straight across where there is no pair, and every tooth says how far away it is.
    """
    centres = _centres(teeth)
    pairs = [(centres[f], centres[mirrored(f)]) for f in centres if _is_right(f) and mirrored(f) in centres]
    normal = np.sum([a - b for a, b in pairs], axis=0) if pairs else np.array([1.0, 0.0, 0.0])
    normal = normal / np.linalg.norm(normal)
    if pairs:
        middle = float(np.mean([normal @ (a + b) / 2 for a, b in pairs]))
    else:
        away = {f: _FROM_MIDDLE_MM[min(f % 10, 8)] * (1 if _is_right(f) else -1) for f in centres}
        middle = float(np.mean([normal @ centres[f] - away[f] for f in centres]))
    grid = found.grid
    zero = grid.index_to_ras(np.zeros(3))
    steps = [grid.index_to_ras(np.eye(3)[axis]) - zero for axis in range(3)]
    along = [
        (normal @ step) * np.arange(n).reshape([-1 if a == axis else 1 for a in range(3)])
        for axis, (step, n) in enumerate(zip(steps, grid.array.shape, strict=True))
    ]
    return along[0] + along[1] + along[2] > middle - normal @ zero


def _is_right(fdi: int) -> bool:
    return fdi // 10 in _RIGHT_QUADRANTS


def _centres(teeth: Volume) -> dict[int, np.ndarray]:
    """RAS (mm) of the middle of every tooth, from some of the voxels of a large scan."""
    from scipy import ndimage

    steps = [max(1, n // 120) for n in teeth.array.shape]
    thin = teeth.array[tuple(slice(None, None, step) for step in steps)]
    numbers = [int(n) for n in np.flatnonzero(np.bincount(thin.ravel(), minlength=256)) if n]
    middles = ndimage.center_of_mass(thin > 0, thin, numbers)
    return {f: teeth.index_to_ras(np.array(m) * steps) for f, m in zip(numbers, middles, strict=True)}


def _large_pieces(mask: np.ndarray, least_voxels: float) -> np.ndarray:
    """The largest piece of a mask, and others of at least so many voxels and a fiftieth of the largest."""
    from scipy import ndimage

    pieces, count = ndimage.label(mask, np.ones((3, 3, 3), bool))
    if count <= 1:
        return mask
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    keep = sizes >= max(least_voxels, sizes.max() / 50)
    keep[int(sizes.argmax())] = True
    keep[0] = False
    return keep[pieces]


def _place(masks: dict[str, np.ndarray], found: StructureMap | TissueMap, teeth: Volume, out: np.ndarray) -> None:
    """Put structures onto the scan's grid: their probability interpolated and cut at one half, canals last."""
    for key, mask in sorted(masks.items(), key=lambda item: item[0].startswith("canal")):
        box = reach_on_scan(mask.view(np.uint8), found.grid, teeth)
        used = used_box(mask)
        if box is None or used is None:
            continue
        used = enlarge(used, 2)
        mask, said = mask[used], found.of(key.removesuffix("_left").removesuffix("_right"))[used]
        soft = np.where(mask, np.maximum(said, HALF), np.minimum(said, HALF - 1)).astype(np.uint8)
        corner = found.grid.index_to_ras(np.array([side.start for side in used]))
        volume = replace(found.grid, array=soft, origin=(-corner[0], -corner[1], corner[2]))
        placed, value = out[box], structure(key).value
        rows = max(1, _SLAB_VOXELS // (placed.shape[1] * placed.shape[2]))
        for z in range(0, len(placed), rows):
            target = placed[z : z + rows]
            corner = teeth.index_to_ras(np.array([box[0].start + z, box[1].start, box[2].start]))
            empty = np.broadcast_to(np.zeros((), np.uint8), target.shape)
            part = replace(teeth, array=empty, origin=(-corner[0], -corner[1], corner[2]))
            target[resample_like(volume, part, "linear", default=0).array >= HALF] = value
