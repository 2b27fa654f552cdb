"""Cutting components that hold several teeth, and growing labels: where the network is less sure of core first,
then by the coarse numbers, then by shape alone.

All arrays are (z, y, x) on the fine upright grid; labels are changed in place.
"""

from __future__ import annotations

import numpy as np

from ..dentition import CLASS_FDI, crown_width_mm, is_upper, usual_volume_mm3
from ..files.volumes import Volume
from .inference import CoarseMap

FULL = np.ones((3, 3, 3), bool)
#: Share of a tooth's volume that lies deeper than 0.6 mm.
CORE_SHARE = 0.65
_MERGED_SHARE = 0.6  # of the usual volume of two teeth; a component below it is one tooth
_APART = 0.5  # times their mean crown width: neighbours' middles are at least this far apart horizontally
_FLOOD_LEVELS = 12
_TOO_LARGE = 1.45  # times the usual volume: two teeth with one number, perhaps
_LEVELS = (153, 179, 204, 230, 242)  # of 255: how sure of core the network must be, tried in turn
_SUSPECT = 1.25  # times the usual volume: worth a look at higher levels
_LEAST_PART = 0.3  # of the usual volume: a part below it is no tooth of its own
LEAST_APART_MM = 2.5  # horizontally between the middles of two teeth; roots of one tooth are nearer or smaller
_TRACE = 3  # of 255: less is no word for a number
_DOUBT = 0.2  # share of a component with a second number
_NECK = 0.72  # cross-section of a contact between teeth, as a share of the smaller tooth's own


def usual_volume(class_index: int) -> float:
    """mm^3 of a whole tooth of this class (index into CLASS_FDI, not 0)."""
    return usual_volume_mm3(CLASS_FDI[class_index])


def neighbour_offsets(shape: tuple[int, ...], full: bool) -> list[int]:
    """Flat index offsets of the 26 (or 6) neighbours in an array of this shape."""
    _, h, w = shape
    steps = [(z, y, x) for z in (-1, 0, 1) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    return [(z * h + y) * w + x for z, y, x in steps if (abs(z) + abs(y) + abs(x)) in ((1, 2, 3) if full else (1,))]


def grow(labels: np.ndarray, allowed: np.ndarray, priority: np.ndarray, steps: int) -> np.ndarray:
    """Spread labels into allowed voxels, one layer of voxels per step, 6 and 26 neighbours in turn (nearly
    round).

    A voxel reached by several labels takes that of the neighbour with the highest priority (uint8), then the
    first in index order: deterministic. Returns a new array; the work grows with the labelled voxels, not
    with the volume.
    """
    shape = tuple(n + 2 for n in labels.shape)
    inner = (slice(1, -1),) * 3
    lab, rank = np.zeros(shape, labels.dtype), np.zeros(shape, np.uint8)
    lab[inner], rank[inner] = labels, priority
    flat, level = lab.reshape(-1), rank.reshape(-1)
    free = np.zeros(shape, bool)
    free[inner] = allowed & (labels == 0)
    free = free.ravel()
    older, newer = np.zeros(0, np.intp), np.flatnonzero(flat)
    for step in range(steps):
        full = step % 2 == 1
        offsets = neighbour_offsets(shape, full)
        # corners of the last layer but one were no neighbours in a step over faces
        seeds = np.concatenate([older, newer]) if full else newer
        parts = []
        for offset in offsets:
            near = seeds + offset
            near = near[free[near]]
            free[near] = False  # each voxel once
            parts.append(near)
        front = np.sort(np.concatenate(parts))
        best, chosen = np.full(len(front), -1, np.int16), np.zeros(len(front), labels.dtype)
        for offset in offsets:
            where = front + offset
            near = flat[where]
            value = np.where(near > 0, level[where].astype(np.int16), np.int16(-1))
            better = value > best
            np.copyto(best, value, where=better)
            np.copyto(chosen, near, where=better)
        flat[front] = chosen
        level[front] = np.minimum(level[front], 1)  # what grew late must not outrank a true core
        older, newer = newer, front
        if len(newer) == 0 and (full or len(older) == 0):
            break
    return lab[inner].copy()


def likely_numbers(probabilities: np.ndarray) -> np.ndarray:
    """Index of the likeliest number of coarse probabilities (33, ...), whatever the background's; 0 where none of them
    has a trace, or every tooth that the coarse map overlooks would look like the first number."""
    teeth = probabilities[1:]
    return np.where(teeth.max(0) >= _TRACE, 1 + teeth.argmax(0), 0)


def usual_cores(regions_mm3: np.ndarray) -> np.ndarray:
    """(33,) usual volume of each number's core, mm^3, at the scale of this mouth (infinite for the
    background).

    regions_mm3 (N, 33): volume of each component per most likely number. Teeth of one mouth are large or
    small together; the components that hold one number only tell how.
    """
    usual = np.array([np.inf, *(usual_volume(c) * CORE_SHARE for c in range(1, len(CLASS_FDI)))])
    volumes = regions_mm3.sum(1)
    best = 1 + regions_mm3[:, 1:].argmax(1)
    single = (
        (regions_mm3.max(1) >= 0.85 * volumes) & (volumes >= 0.4 * usual[best]) & (volumes < _TOO_LARGE * usual[best])
    )
    if single.any():
        usual = usual * np.clip(np.median((volumes / usual[best])[single]), 0.75, 1.25)
    return usual


def cut_at_levels(labels: np.ndarray, regions_mm3: np.ndarray, core: np.ndarray, grid: Volume) -> bool:
    """Cut components that fall into several tooth-sized parts, side by side, where the network must be surer of core
    (uint8, on grid): the thin bridge between two teeth is what it doubts. Returns True if anything was cut."""
    from scipy import ndimage

    usual = usual_cores(regions_mm3)
    new = count = int(labels.max())
    for k, box in enumerate(ndimage.find_objects(labels)):
        expected = float(usual[1 + int(regions_mm3[k, 1:].argmax())])
        if regions_mm3[k].sum() < _SUSPECT * expected:
            continue
        mask = labels[box] == k + 1
        for level in _LEVELS:
            parts, n = ndimage.label(mask & (core[box] >= level), FULL)
            sizes = np.bincount(parts.ravel(), minlength=n + 1)[1:] * grid.voxel_volume_mm3
            large = [int(i) + 1 for i in np.argsort(-sizes, kind="stable") if sizes[i] >= _LEAST_PART * expected]
            middles = np.array(ndimage.center_of_mass(parts > 0, parts, large)).reshape(-1, 3) * grid.spacing[0]
            kept: list[int] = []
            for i in range(len(large)):
                gaps = [np.hypot(*(middles[i, 1:] - middles[j, 1:])) for j in kept]
                if all(gap >= LEAST_APART_MM for gap in gaps):
                    kept.append(i)
            if len(kept) > 1:
                markers = np.zeros(mask.shape, np.int8)
                for j, i in enumerate(kept, start=1):
                    markers[parts == large[i]] = j
                new = _write(labels[box], grow(markers, mask, core[box], max(mask.shape) * 3), new)
                break
    return new > count


def cut_by_numbers(labels: np.ndarray, regions_mm3: np.ndarray, coarse: CoarseMap, grid: Volume) -> bool:
    """Cut components in which the coarse map sees several numbers. One is cut only if it is as large as the
    teeth it is cut into: two numbers inside one tooth are doubt, not two teeth. Returns True if anything was
    cut."""
    from scipy import ndimage

    usual = usual_cores(regions_mm3)
    new = count = int(labels.max())
    for k, box in enumerate(ndimage.find_objects(labels)):
        order = 1 + np.argsort(-regions_mm3[k, 1:], kind="stable")
        strong = [int(c) for c in order if regions_mm3[k][c] >= 0.25 * usual[c]]
        while len(strong) > 1 and regions_mm3[k].sum() < _MERGED_SHARE * sum(usual[c] for c in strong):
            strong.pop()
        if len(strong) < 2:
            continue
        mask = labels[box] == k + 1
        index = [c[s] for c, s in zip(coarse.nearest(grid), box, strict=True)]
        here = (slice(None), *np.ix_(*index))
        likely = likely_numbers(coarse.probabilities[here])
        strong = _side_by_side(mask, likely, strong, grid.spacing[0])
        if len(strong) > 1:
            new = _write(labels[box], watershed(mask, [mask & (likely == c) for c in strong]), new)
    return new > count


def cut_at_necks(labels: np.ndarray, regions_mm3: np.ndarray, coarse: CoarseMap, grid: Volume) -> bool:
    """Cut components that are too large for their one number where their cross-section along the arch has a
    neck: neighbours that the coarse map could not tell apart. Returns True if anything was cut."""
    from scipy import ndimage

    usual = usual_cores(regions_mm3)
    new = count = int(labels.max())
    for k, box in enumerate(ndimage.find_objects(labels)):
        best, volume = 1 + int(regions_mm3[k, 1:].argmax()), float(regions_mm3[k].sum())
        expected = float(usual[best])
        # small teeth that touch are hardly larger than one; two numbers inside and a neck between them tell. Not so
        # for molars, whose roots have a neck between them too.
        doubt = np.sort(regions_mm3[k, 1:])[-2] >= _DOUBT * volume and CLASS_FDI[best] % 10 <= 5
        if volume < (0.85 if doubt else _TOO_LARGE) * expected:
            continue
        mask = labels[box] == k + 1
        sides = _sides_of_neck(mask, grid.spacing[0])
        if sides is None:
            continue
        parts = watershed(mask, sides)
        if np.bincount(parts[mask], minlength=3)[1:].min() * grid.voxel_volume_mm3 >= 0.35 * expected:
            new = _write(labels[box], parts, new)
    return new > count


def _write(view: np.ndarray, parts: np.ndarray, last: int) -> int:
    """Part 1 keeps its label, the others get new ones after `last`; returns the last label used."""
    for j in range(2, int(parts.max()) + 1):
        last += 1
        view[parts == j] = last
    return last


def _sides_of_neck(mask: np.ndarray, spacing: float) -> list[np.ndarray] | None:
    """The two sides of the narrowest cross-section along the mask's longest horizontal axis, or None if there
    is no neck."""
    where = np.argwhere(mask)
    flat = where[:, 1:] - where[:, 1:].mean(0)
    axis = np.linalg.eigh(flat.T @ flat)[1][:, -1]
    along = flat @ axis * spacing
    low = along.min()
    area = np.bincount(((along - low) / spacing).astype(int)).astype(float)
    area = np.convolve(area, np.ones(3) / 3, mode="same")
    first, last = (int((np.quantile(along, q) - low) / spacing) for q in (0.2, 0.8))
    if last <= first:
        return None
    neck = first + int(np.argmin(area[first : last + 1]))
    if area[neck] > _NECK * min(area[: neck + 1].max(), area[neck:].max()):
        return None
    cut = low + (neck + 0.5) * spacing
    sides = []
    for side in (along < cut, along >= cut):
        part = np.zeros(mask.shape, bool)
        part[tuple(where[side].T)] = True
        sides.append(part)
    return sides


def watershed(mask: np.ndarray, regions: list[np.ndarray]) -> np.ndarray:
    """Cut a mask into len(regions) parts at its necks, 1 to n: flooding by depth from the deep middle of each
    region."""
    from scipy import ndimage

    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1, 1:-1]
    markers = np.zeros(mask.shape, np.int8)
    for j, region in enumerate(regions, start=1):
        parts, n = ndimage.label(region & (depth >= 0.6 * np.percentile(depth[region], 95)), FULL)
        # only the largest part: a stray seed inside the neighbour would tear it apart
        biggest = 1 + int(np.argmax(np.bincount(parts.ravel())[1:])) if n > 1 else 1
        markers[parts == biggest] = j
    even = np.ones(mask.shape, np.uint8)
    for level in np.linspace(float(depth.max()), 0.0, _FLOOD_LEVELS + 1)[1:]:  # deep voxels first: labels meet at necks
        markers = grow(markers, mask & (depth >= level), even, max(mask.shape) * 3)
    return markers


def _side_by_side(mask: np.ndarray, likely: np.ndarray, numbers: list[int], spacing: float) -> list[int]:
    """The numbers, strongest first, without those whose region lies above or below a stronger one of the same
    jaw: neighbours in an arch stand side by side, two numbers on top of each other are doubt about one
    tooth."""
    kept: list[tuple[int, np.ndarray]] = []
    for number in numbers:
        where = np.argwhere(mask & (likely == number))
        if len(where) == 0:
            continue
        centre = where.mean(0) * spacing
        fdi = CLASS_FDI[number]
        rivals = [(CLASS_FDI[other], place) for other, place in kept if is_upper(CLASS_FDI[other]) == is_upper(fdi)]
        if all(
            np.hypot(*(centre - place)[1:]) >= _APART * (crown_width_mm(fdi) + crown_width_mm(other)) / 2
            for other, place in rivals
        ):
            kept.append((number, centre))
    return [number for number, _ in kept]
