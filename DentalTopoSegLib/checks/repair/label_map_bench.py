"""The bench of label maps: a window of voxels around the teeth that a repair concerns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...dentition import flipped_jaw
from ...dentition.arch import fit_frame
from ...files.volumes import Volume
from ...files.volumes.boxes import Box, grow, tooth_boxes, union
from ..measures.label_map import NEGLIGIBLE_MM3
from . import shapes
from .bench import Bench, along_row, stands_before, tooth_words
from .edit import LabelMapEdit
from .repair import Place, Repair, RepairRefusedError

#: A piece is the one that a finding spoke of when its centre is within this many voxels.
_SAME_PLACE_VOXELS = 0.75
#: So many places of loose pieces a finding lists at most; smaller pieces than these are meant too.
_MOST_LISTED = 20


@dataclass(frozen=True)
class VoxelPart:
    """Some voxels: those of a number in a label image that covers a box of the window."""

    box: Box
    image: np.ndarray
    number: int
    size: int

    @property
    def mask(self) -> np.ndarray:
        """bool, of the box's shape."""
        return self.image == self.number


class LabelMapBench(Bench):
    """See `Bench`.

    Parameters
    ----------
    labels : Volume
        FDI numbers; stays as it is.
    boxes : mapping, optional
        {FDI number: bounding box} of its teeth where known; without them the map is searched.
    concerned : iterable of int
        The teeth that a repair concerns, () for all: the window is the box around them.
    """

    def __init__(self, labels: Volume, boxes: Mapping[int, Box] | None, concerned: Iterable[int]) -> None:
        super().__init__()
        self.labels = labels
        self.boxes = dict(boxes) if boxes is not None else tooth_boxes(labels.array)
        self._concerned = [fdi for fdi in concerned if fdi in self.boxes] or list(self.boxes)

    @property
    def teeth(self) -> Sequence[int]:
        return tuple(sorted(self.boxes))

    @cached_property
    def box(self) -> Box:
        """Where the window lies in the label map."""
        around = grow(union(self.boxes[fdi] for fdi in self._concerned), 1)
        z, y, x = (slice(s.start, min(s.stop, n)) for s, n in zip(around, self.labels.array.shape, strict=True))
        return z, y, x

    @cached_property
    def window(self) -> np.ndarray:
        """The labels of the window, to be changed."""
        return self.labels.array[self.box].copy()

    def crop(self, fdi: int, margin: int = 0) -> Box:
        """The part of the window that a tooth fills, grown by some voxels."""
        around = grow(self.boxes[fdi], margin)
        z, y, x = (
            slice(max(s.start - w.start, 0), min(s.stop, w.stop) - w.start)
            for s, w in zip(around, self.box, strict=True)
        )
        return z, y, x

    # ------------------------------------------------------------ what there is

    def parts(self, fdi: int) -> list[VoxelPart]:
        self.require(fdi)
        box = self.crop(fdi, margin=1)
        image, order = shapes.pieces(self.window[box] == fdi)
        sizes = np.bincount(image.ravel())
        return [VoxelPart(box, image, int(number), int(sizes[number])) for number in order]

    def loose_parts(self, fdi: int, places: Iterable[Place] | None = None) -> list[VoxelPart]:
        loose = self.parts(fdi)[1:]
        if places is not None and loose:
            places = list(places)
            listed = {self.part_at(loose, place, tooth_words(fdi)).number for place in places}
            least = min((part.size for part in loose if part.number in listed), default=0)
            crumbs = {part.number for part in loose if len(places) >= _MOST_LISTED and part.size <= least}
            loose = [part for part in loose if part.number in listed | crumbs]
        if not loose:
            raise RepairRefusedError("Tooth {fdi:tooth} is in one piece: there is nothing to remove.", fdi=fdi)
        return loose

    def specks(self, fdi: int) -> list[VoxelPart]:
        return [p for p in self.parts(fdi)[1:] if p.size * self.labels.voxel_volume_mm3 < NEGLIGIBLE_MM3]

    def hollows(self, fdi: int) -> list[VoxelPart]:
        self.require(fdi)
        box = self.crop(fdi)
        view = self.window[box]
        hollow = shapes.enclosed_hollows(view == fdi)
        if not hollow.any():
            raise RepairRefusedError("Tooth {fdi:tooth} has no enclosed hollow: there is nothing to fill.", fdi=fdi)
        for other in map(int, np.unique(view[hollow])):
            inside = np.count_nonzero(hollow & (view == other))
            if other and 2 * inside > np.count_nonzero(self.labels.array[self.boxes[other]] == other):
                raise RepairRefusedError(
                    "Tooth {other:tooth} lies inside tooth {fdi:tooth}: one of the two is no tooth, remove it first.",
                    other=other,
                    fdi=fdi,
                )
        return [VoxelPart(box, hollow, True, int(np.count_nonzero(hollow)))]

    def unnumbered(self) -> list[VoxelPart]:
        raise RepairRefusedError("This repair is for intraoral scans: in a label map nothing stands without a number.")

    def centre_distances(self, parts: Sequence[VoxelPart], place: Place) -> np.ndarray:
        from scipy import ndimage

        image, start = parts[0].image, [s.start + w.start for s, w in zip(parts[0].box, self.box, strict=True)]
        centres = np.array(ndimage.center_of_mass(image > 0, image, [part.number for part in parts]))
        apart = self.labels.index_to_ras(centres + start) - np.asarray(place)
        return np.linalg.norm(apart, axis=1) / (_SAME_PLACE_VOXELS * max(self.labels.spacing))

    def touching_parts(self, fdi: int, other: int) -> list[VoxelPart]:
        from scipy import ndimage

        near = ndimage.binary_dilation(self.window == other, shapes.FULL)
        return [part for part in self.parts(fdi) if near[part.box][part.mask].any()]

    def surrounding(self, part: VoxelPart) -> np.ndarray:
        from scipy import ndimage

        mask = part.mask
        return self.window[part.box][ndimage.binary_dilation(mask) & ~mask]

    def direction(self, fdi: int, other: int) -> np.ndarray:
        """(3,) unit RAS vector along the arch at tooth `fdi`, towards the place of its neighbour `other`."""
        centres = {number: self._centre(number) for number in self.boxes}
        frame = fit_frame(centres)
        along = frame.tangent(fdi) if frame is not None else along_row(centres, fdi)
        if not np.any(along):
            raise RepairRefusedError(
                "Too few teeth are there to tell which half of tooth {fdi:tooth} is {other:tooth}.",
                fdi=fdi,
                other=other,
            )
        if frame is None:
            along = along / np.linalg.norm(along)
        return along if stands_before(fdi, other) else -along

    def _centre(self, fdi: int) -> np.ndarray:
        """(3,) RAS mm of the middle of all voxels."""
        box = self.boxes[fdi]
        mask = self.labels.array[box] == fdi
        index = [
            float(np.average(np.arange(s.start, s.stop), weights=mask.sum(tuple(a for a in range(3) if a != k))))
            for k, s in enumerate(box)
        ]
        return self.labels.index_to_ras(index)

    # ------------------------------------------------------------ changes

    def label(self, part: VoxelPart, fdi: int) -> None:
        self.window[part.box][part.mask] = fdi

    def relabel(self, numbers: Mapping[int, int]) -> None:
        table = np.arange(256, dtype=np.uint8)
        for old, new in numbers.items():
            table[old] = new
        self.window[:] = table[self.window]
        self.numbers.update(numbers)

    def turn_over(self) -> dict[int, int]:
        return {fdi: flipped_jaw(fdi) for fdi in self.teeth}

    def carry_out(self, repair: Repair) -> None:
        if repair.not_of_label_maps is not None:
            raise RepairRefusedError(repair.not_of_label_maps)
        try:
            repair.change_label_map(self)
        except shapes.Refusal as refusal:
            raise RepairRefusedError(
                "{what:words} {why:words}.", what=tooth_words(repair.teeth[0]), why=refusal.sentence
            ) from refusal

    def edit(self, repair: Repair) -> LabelMapEdit:
        return LabelMapEdit(repair, self.labels.array[self.box].copy(), self.window, self.numbers, box=self.box)
