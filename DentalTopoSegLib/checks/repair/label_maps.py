"""Repairs of label maps: what a `Repair` changes, computed in bounding boxes, as an `Edit` that can be undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from ...dentition import arch_order, crown_width_mm, flipped_jaw, is_deciduous, jaw, mirrored, volume_range_mm3
from ...dentition.arch import fit_frame
from ...errors import InputError
from ...files.volumes import Volume
from ...files.volumes.boxes import Box, grow, tooth_boxes, union
from ..topology import betti_numbers
from . import shapes
from .proposals import NumberTakenError, Repair, swap

#: A piece is the one that a finding spoke of when its centre is within this many voxels.
_SAME_PLACE_VOXELS = 0.75


@dataclass(frozen=True)
class Edit:
    """The change that a repair makes to a label array (z, y, x): what the box held before, and what after.

    numbers: {old number: new number} of whole teeth that were renumbered, for what is kept by number elsewhere
    (confidences, segments). teeth: every number whose voxels changed, old and new.
    """

    repair: Repair
    box: Box
    before: np.ndarray
    after: np.ndarray
    numbers: Mapping[int, int] = field(default_factory=dict)

    @property
    def changed(self) -> np.ndarray:
        """bool, of the box's shape: the voxels that change."""
        return self.before != self.after

    @property
    def voxels(self) -> int:
        """How many voxels change."""
        return int(np.count_nonzero(self.changed))

    @property
    def teeth(self) -> tuple[int, ...]:
        """The numbers whose voxels change, old and new, in order."""
        changed = self.changed
        found = np.union1d(self.before[changed], self.after[changed])
        return tuple(int(fdi) for fdi in found if fdi)

    def apply(self, array: np.ndarray) -> None:
        """Make the change. Raises InputError, and changes nothing, where the voxels are not those it was made for."""
        self._write(array, self.before, self.after)

    def undo(self, array: np.ndarray) -> None:
        """Take it back, bit for bit. Raises InputError, and changes nothing, where its voxels were edited since."""
        self._write(array, self.after, self.before)

    def _write(self, array: np.ndarray, old: np.ndarray, new: np.ndarray) -> None:
        changed = self.changed
        view = array[self.box]
        if view.shape != changed.shape or (view[changed] != old[changed]).any():
            raise InputError(
                "The teeth were changed since: undo the later changes first, or check again for a new proposal."
            )
        view[changed] = new[changed]

    def confidence(self, known: Mapping[int, float]) -> dict[int, float]:
        """Confidences after the change, see `confidence_after`."""
        return confidence_after(self.repair, self.numbers, known)


def confidence_after(repair: Repair, numbers: Mapping[int, int], known: Mapping[int, float]) -> dict[int, float]:
    """Confidences after a repair. Numbers that the user has decided on are certain and left out, unless all of a jaw
    changed places; so are those of teeth that are gone."""
    whole = repair.kind in ("swap_sides", "swap_jaws")
    kept = {numbers.get(fdi, fdi): sure for fdi, sure in known.items() if whole or fdi not in numbers}
    if repair.kind == "delete":
        kept.pop(repair.teeth[0], None)
    return dict(sorted(kept.items()))


def repaired(labels: Volume, repair: Repair, boxes: Mapping[int, Box] | None = None) -> Edit:
    """What a repair changes in an FDI label map, which itself is left as it is.

    boxes: {FDI: bounding box} where known (topology.tooth_boxes); without them the map is searched. Raises InputError
    with the reason when the repair is not possible or would change nothing, NumberTakenError when it would give two
    teeth one number.
    """
    if repair.needs_number:
        raise InputError(f"Choose a number first: {repair.title.lower()}.")
    make = _MAKERS.get(repair.kind)
    if make is None:
        raise InputError(f"This repair is for intraoral scans: {repair.title.lower()}.")
    case = _Map(labels, dict(boxes) if boxes is not None else tooth_boxes(labels.array))
    try:
        edit = make(case, repair)
    except shapes.Refusal as refusal:
        raise InputError(f"Tooth {repair.teeth[0]} {refusal}.") from refusal
    if not edit.voxels:
        raise InputError(f"There is nothing to change: {repair.title.lower()}.")
    return edit


class _Map:
    """A label map with the boxes of its teeth."""

    def __init__(self, labels: Volume, boxes: dict[int, Box]) -> None:
        self.labels, self.array, self.boxes = labels, labels.array, boxes

    def box(self, fdi: int, margin: int = 0) -> Box:
        """The tooth's box, grow by some voxels. Raises InputError where the tooth is not there."""
        if fdi not in self.boxes:
            raise InputError(f"There is no tooth {fdi} here.")
        return grow(self.boxes[fdi], margin)

    def around(self, *teeth: int, margin: int = 0) -> Box:
        """The box around several teeth."""
        return union(self.box(fdi, margin) for fdi in teeth)

    def places(self, image: np.ndarray, numbers: np.ndarray, box: Box) -> np.ndarray:
        """(n, 3) RAS mm: centres of the regions of a label image that covers the box."""
        from scipy import ndimage

        start = [s.start for s in box]
        return self.labels.index_to_ras(np.array(ndimage.center_of_mass(image > 0, image, numbers)) + start)

    def nearest(self, image: np.ndarray, numbers: np.ndarray, box: Box, place: tuple, fdi: int) -> int:
        """The region whose centre is at `place`. Raises InputError where none is there any more."""
        far = np.linalg.norm(self.places(image, numbers, box) - np.asarray(place), axis=1)
        if far.min() > _SAME_PLACE_VOXELS * max(self.labels.spacing):
            raise InputError(f"Tooth {fdi} has changed since it was checked: check again for a new proposal.")
        return int(numbers[far.argmin()])

    def centre(self, fdi: int) -> np.ndarray:
        """(3,) RAS mm of the middle of all voxels."""
        box = self.box(fdi)
        mask = self.array[box] == fdi
        index = [
            float(np.average(np.arange(s.start, s.stop), weights=mask.sum(tuple(a for a in range(3) if a != k))))
            for k, s in enumerate(box)
        ]
        return self.labels.index_to_ras(index)

    def direction(self, fdi: int, other: int) -> np.ndarray:
        """(3,) unit RAS vector along the arch at tooth `fdi`, towards the place of its neighbour `other`."""
        order = arch_order(jaw(fdi), is_deciduous(fdi))
        towards_left = order.index(other) > order.index(fdi)
        centres = {number: self.centre(number) for number in self.boxes}
        frame = fit_frame(centres)
        if frame is not None:
            along = frame.tangent(fdi)
        else:
            row = [number for number in order if number in centres]
            i = row.index(fdi)
            along = centres[row[min(i + 1, len(row) - 1)]] - centres[row[max(i - 1, 0)]]
            if not np.any(along):
                raise InputError(f"Too few teeth are there to tell which half of tooth {fdi} is {other}.")
            along = along / np.linalg.norm(along)
        return along if towards_left else -along


def _edit(case: _Map, repair: Repair, box: Box, after: np.ndarray, numbers: Mapping[int, int] | None = None) -> Edit:
    return Edit(repair, box, case.array[box].copy(), after.astype(case.array.dtype, copy=False), dict(numbers or {}))


# ---------------------------------------------------------------- shapes


def _remove_pieces(case: _Map, repair: Repair) -> Edit:
    (fdi,) = repair.teeth
    box = case.box(fdi, margin=1)
    after = case.array[box].copy()
    image, order = shapes.pieces(after == fdi)
    gone = order[1:]
    places = repair.arguments.get("places")
    if places is not None and len(gone):
        listed = [case.nearest(image, gone, box, place, fdi) for place in places]
        sizes = np.bincount(image.ravel())
        # a finding lists its largest pieces only; the smaller ones are meant too
        crumbs = [n for n in gone if len(places) >= _MOST_LISTED and sizes[n] <= min(sizes[k] for k in listed)]
        gone = np.unique([*listed, *crumbs])
    if not len(gone):
        raise InputError(f"Tooth {fdi} is in one piece: there is nothing to remove.")
    for number in gone:
        _give_away(after, image == number)
    return _edit(case, repair, box, after)


#: So many places of loose pieces a finding lists at most.
_MOST_LISTED = 20


def _give_away(view: np.ndarray, part: np.ndarray) -> None:
    """A stray piece becomes background, or part of the tooth that encloses most of it, where it would leave a hole."""
    from scipy import ndimage

    shell = ndimage.binary_dilation(part) & ~part
    around = view[shell]
    counts = np.bincount(around, minlength=1)
    view[part] = int(counts.argmax()) if 2 * counts.max() > len(around) else 0


def _join_pieces(case: _Map, repair: Repair) -> Edit:
    (fdi,) = repair.teeth
    box = case.box(fdi)
    after = case.array[box].copy()
    mask = after == fdi
    if len(shapes.pieces(mask)[1]) < 2:
        raise InputError(f"Tooth {fdi} is in one piece: there is nothing to join.")
    after[shapes.joined(mask, after == 0, case.labels.spacing[::-1])] = fdi
    return _edit(case, repair, box, after)


def _fill(case: _Map, repair: Repair) -> Edit:
    (fdi,) = repair.teeth
    box = case.box(fdi)
    after = case.array[box].copy()
    hollow = shapes.enclosed(after == fdi)
    if not hollow.any():
        raise InputError(f"Tooth {fdi} has no enclosed hollow: there is nothing to fill.")
    for other in np.unique(after[hollow]):
        if other and 2 * np.count_nonzero(hollow & (after == other)) > np.count_nonzero(
            case.array[case.box(int(other))] == other
        ):
            raise InputError(f"Tooth {other} lies inside tooth {fdi}: one of the two is no tooth, remove it first.")
    after[hollow] = fdi
    return _edit(case, repair, box, after)


def _close_tunnels(case: _Map, repair: Repair) -> Edit:
    (fdi,) = repair.teeth
    box = case.box(fdi)
    after = case.array[box].copy()
    mask = after == fdi
    if betti_numbers(mask)[1] == 0:
        raise InputError(f"No hole runs through tooth {fdi}: there is nothing to close.")
    closed = shapes.without_tunnels(mask, after == 0)
    after[mask & ~closed] = 0
    after[closed] = fdi
    return _edit(case, repair, box, after)


def _split(case: _Map, repair: Repair) -> Edit:
    from ..findings.shape import contact_limit_mm2

    fdi, other = repair.teeth
    if other in case.boxes:
        raise NumberTakenError(f"Tooth {other} is there already: tooth {fdi} cannot be split into it.", None)
    box = case.box(fdi)
    after = case.array[box].copy()
    mask = after == fdi
    where = np.argwhere(mask)
    along = np.full(mask.shape, -np.inf)
    along[mask] = case.labels.index_to_ras(where + [s.start for s in box]) @ case.direction(fdi, other)
    apart = 0.5 * min(crown_width_mm(fdi), crown_width_mm(other))
    second = shapes.second_tooth(mask, along, max(case.labels.spacing), _share(fdi, other), apart)
    after[second] = other
    area = _contact_mm2(after, fdi, other, case.labels.spacing)
    smaller = min(np.count_nonzero(second), np.count_nonzero(after == fdi)) * case.labels.voxel_volume_mm3
    if area > contact_limit_mm2(smaller, same_jaw=True):
        after = _with_gap(after, fdi, other)
    return _edit(case, repair, box, after)


def _share(fdi: int, other: int) -> float:
    """The part of two merged teeth that the first should have."""
    first, second = (float(np.sqrt(np.prod(volume_range_mm3(number)))) for number in (fdi, other))
    return first / (first + second)


def _touching(view: np.ndarray, own: int, other: int) -> np.ndarray:
    """The voxels of `own` that share a face with `other`."""
    from scipy import ndimage

    return (view == own) & ndimage.binary_dilation(view == other)


def _contact_mm2(view: np.ndarray, a: int, b: int, spacing: tuple[float, float, float]) -> float:
    sx, sy, sz = spacing
    total = 0.0
    for axis, area in enumerate((sx * sy, sx * sz, sy * sz)):
        first, second = (np.moveaxis(view, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        total += area * np.count_nonzero(((first == a) & (second == b)) | ((first == b) & (second == a)))
    return total


def _with_gap(view: np.ndarray, a: int, b: int) -> np.ndarray:
    """The view with the border voxels of the larger tooth taken away, or of the other where that would break it."""
    larger = sorted((a, b), key=lambda fdi: -np.count_nonzero(view == fdi))
    for own, other in (larger, larger[::-1]):
        before = view == own
        try:
            kept = shapes.trimmed(before & ~_touching(view, own, other), before)
        except shapes.Refusal:
            continue
        if betti_numbers(kept)[1:] <= betti_numbers(before)[1:]:
            after = view.copy()
            after[before & ~kept] = 0
            return after
    raise shapes.Refusal(f"would fall into pieces if a gap were left between {a} and {b}: draw the border by hand")


def _separate(case: _Map, repair: Repair) -> Edit:
    a, b = repair.teeth
    box = case.around(a, b)
    view = case.array[box]
    if not _touching(view, a, b).any():
        raise InputError(f"Teeth {a} and {b} do not touch: there is nothing to separate.")
    return _edit(case, repair, box, _with_gap(view, a, b))


def _merge(case: _Map, repair: Repair) -> Edit:
    from scipy import ndimage

    part, whole = repair.teeth
    box = case.around(part, whole)
    after = case.array[box].copy()
    image, order = shapes.pieces(after == part)
    near = ndimage.binary_dilation(after == whole, shapes.FULL)
    touching = np.unique(image[near & (image > 0)])
    if not len(touching):
        raise InputError(f"Nothing with the number {part} touches tooth {whole}: there is nothing to add to it.")
    after[np.isin(image, touching)] = whole
    return _edit(case, repair, box, after, {part: whole} if len(touching) == len(order) else None)


def _delete(case: _Map, repair: Repair) -> Edit:
    (fdi,) = repair.teeth
    box = case.box(fdi)
    after = case.array[box].copy()
    after[after == fdi] = 0
    return _edit(case, repair, box, after)


def _delete_piece(case: _Map, repair: Repair) -> Edit:
    box, after, part = _piece(case, repair)
    _give_away(after, part)
    return _edit(case, repair, box, after)


def _piece(case: _Map, repair: Repair) -> tuple[Box, np.ndarray, np.ndarray]:
    """The box around a tooth, a copy of what it holds, and the piece that the repair speaks of."""
    (fdi,) = repair.teeth
    box = case.box(fdi, margin=1)
    after = case.array[box].copy()
    image, order = shapes.pieces(after == fdi)
    if len(order) < 2:
        raise InputError(f"Tooth {fdi} is in one piece: there is no second tooth with its number.")
    return box, after, image == case.nearest(image, order, box, repair.arguments["place"], fdi)


# ---------------------------------------------------------------- numbers


def _renumber(case: _Map, repair: Repair) -> Edit:
    (fdi,), to = repair.teeth, repair.arguments["to"]
    if fdi == to:
        raise InputError(f"Tooth {fdi} has this number already.")
    case.box(fdi)
    if to in case.boxes:
        raise NumberTakenError(f"The number {to} is another tooth's: exchange the two numbers instead.", swap(fdi, to))
    return _relabelled(case, repair, {fdi: to})


def _renumber_piece(case: _Map, repair: Repair) -> Edit:
    to = repair.arguments["to"]
    if to in case.boxes:
        raise NumberTakenError(f"The number {to} is another tooth's: choose one that is free.", None)
    box, after, part = _piece(case, repair)
    after[part] = to
    return _edit(case, repair, box, after)


def _swap(case: _Map, repair: Repair) -> Edit:
    a, b = repair.teeth
    if a == b:
        raise InputError(f"Choose two teeth: {a} cannot change its number with itself.")
    return _relabelled(case, repair, {a: b, b: a})


def _renumber_run(case: _Map, repair: Repair) -> Edit:
    numbers = repair.arguments["numbers"]
    for new in numbers.values():
        if new in case.boxes and new not in numbers:
            raise NumberTakenError(f"The number {new} is another tooth's: give that tooth a number too.", None)
    return _relabelled(case, repair, numbers)


def _swap_sides(case: _Map, repair: Repair) -> Edit:
    which = repair.arguments["jaw"]
    return _relabelled(case, repair, {f: mirrored(f) for f in case.boxes if which in (None, jaw(f))})


def _swap_jaws(case: _Map, repair: Repair) -> Edit:
    return _relabelled(case, repair, {fdi: flipped_jaw(fdi) for fdi in case.boxes})


def _relabelled(case: _Map, repair: Repair, numbers: Mapping[int, int]) -> Edit:
    if not numbers:
        raise InputError(f"There is no tooth here to do this with: {repair.title.lower()}.")
    box = case.around(*numbers)
    table = np.arange(256, dtype=np.uint8)
    for old, new in numbers.items():
        table[old] = new
    return _edit(case, repair, box, table[case.array[box]], numbers)


_MAKERS: dict[str, Callable[[_Map, Repair], Edit]] = {
    "remove_pieces": _remove_pieces, "join_pieces": _join_pieces, "fill": _fill, "close_tunnels": _close_tunnels,
    "split": _split, "separate": _separate, "merge": _merge, "delete": _delete, "delete_piece": _delete_piece,
    "renumber": _renumber, "renumber_piece": _renumber_piece, "swap": _swap, "renumber_run": _renumber_run,
    "swap_sides": _swap_sides, "swap_jaws": _swap_jaws,
}  # fmt: skip
