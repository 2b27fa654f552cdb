"""A label map with everything measured on it that the rules share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from ...dentition import (
    FDI_PERMANENT,
    Confidence,
    TwoNumbers,
    crown_width_mm,
    jaw,
    mirrored,
    neighbours,
    volume_range_mm3,
)
from ..topology import Part, ToothMeasure, contacts, locate_tunnels, tooth_measures
from .case import DentitionCase, Place
from .surroundings import Memory, Surroundings

if TYPE_CHECKING:
    from ...files.volumes import Volume

#: Crumbs and bubbles smaller than this (mm^3) are mentioned, but need no action.
NEGLIGIBLE_MM3 = 1.0


def contact_limit_mm2(smaller_mm3: float, same_jaw: bool) -> float:
    """From this border area on two teeth, the smaller of this volume, are suspected to be one.

    A normal contact is a spot of 5-20 mm^2. The cut face of a tooth split in two grows with its volume. In a closed
    bite whole chewing surfaces may touch, so teeth of different jaws are allowed twice that.
    """
    return (15.0 + 0.5 * smaller_mm3 ** (2 / 3)) * (1 if same_jaw else 2)


class Case(DentitionCase):
    """A label map, measured. Sizes are mm³, places RAS mm.

    Parameters
    ----------
    labels : Volume
        FDI numbers.
    confidence : mapping
        {FDI number: 0..1} where known; a `dentition.Confidence` says what it means.
    image_valid_mask : (z, y, x) bool array, optional
        True where the scan holds image data.
    measures : mapping, optional
        Of its teeth, where they are known already.
    absent : collection of int
        Teeth that the clinician states are not there.
    two_numbers : mapping, optional
        By FDI number, of teeth that an intraoral scan numbers differently.
    find_contacts, find_tunnels : callable, optional
        What gives the areas of contact, and the places of a tooth's tunnels, where that is known already.
    structures : Volume, optional
        What lies around and in the teeth, values of `dentition.structures` on the same grid.
    memory : Memory, optional
        What is known of that already.
    """

    size_name = "volume_mm3"
    size_key = "mm3"
    #: More than 3 chances in 10 of being wrong are worth a look. What it flags, rightly and in vain, stands in the
    #: calibration's card (Resources/Models).
    low_confidence = 0.7
    negligible = NEGLIGIBLE_MM3
    gathers_specks = False
    decimals = (1, 3)
    jaws = ("upper", "lower")

    def __init__(
        self,
        labels: Volume,
        confidence: Mapping[int, float],
        image_valid_mask: np.ndarray | None = None,
        measures: Mapping[int, ToothMeasure] | None = None,
        *,
        absent: Collection[int] = (),
        two_numbers: Mapping[int, TwoNumbers] | None = None,
        find_contacts: Callable[[], dict[tuple[int, int], float]] | None = None,
        find_tunnels: Callable[[int], tuple[Place, ...]] | None = None,
        structures: Volume | None = None,
        memory: Memory | None = None,
    ) -> None:
        self.labels = labels
        #: The measures between teeth and what lies around them; None where nothing of that is labelled.
        self.around = None if structures is None else Surroundings(self, structures, memory)
        self.confidence = Confidence.of(confidence)
        self.valid = image_valid_mask
        self.absent = frozenset(absent)
        self.two_numbers = two_numbers or {}
        self._measures = tooth_measures(labels) if measures is None else measures
        self._centres = {fdi: m.components[0].centre for fdi, m in self._measures.items()}
        self._find_contacts = find_contacts or partial(contacts, labels)
        self._find_tunnels = find_tunnels or (lambda fdi: locate_tunnels(labels, self.measures[fdi]))

    @property
    def measures(self) -> Mapping[int, ToothMeasure]:
        return self._measures

    @cached_property
    def contacts(self) -> dict[tuple[int, int], float]:
        """Areas of contact, mm^2, by pairs of FDI numbers, the smaller first."""
        return self._find_contacts()

    def tunnel_places(self, fdi: int) -> tuple[Place, ...]:
        """Where the tooth's tunnels run, RAS mm."""
        return self._find_tunnels(fdi)

    # ------------------------------------------------------------ teeth

    def teeth_in(self, which: str) -> list[int]:
        return [fdi for fdi in self.measures if jaw(fdi) == which]

    def pieces(self, fdi: int) -> tuple[Part, ...]:
        return self.measures[fdi].components

    def second_teeth(self, fdi: int) -> list[Part]:
        """Further pieces with this number that are large and far enough to be a tooth of their own.

        A piece is a tooth when it has at least half of the smallest plausible volume, a quarter of the main
        piece, and stands at least 0.7 crown widths beside the main piece (not above it, as a root would).
        """
        main, *others = self.measures[fdi].components
        up = self.frame.rotation[:, 2] if self.frame else np.array([0.0, 0.0, 1.0])
        found = []
        for part in others:
            apart = np.subtract(part.position_ras, main.position_ras)
            beside = np.linalg.norm(apart - (apart @ up) * up)
            large = part.volume_mm3 >= max(0.5 * volume_range_mm3(fdi)[0], 0.25 * main.volume_mm3)
            if large and beside >= 0.7 * crown_width_mm(fdi):
                found.append(part)
        return found

    def free_number(self, fdi: int, second: Part) -> tuple[int | None, Part]:
        """The unused permanent number expected nearest to the second tooth, if within a tooth's width, and that tooth.

        Without an arch the neighbour that is not there, if only one is missing.
        """
        candidates = [n for n in FDI_PERMANENT if n not in self.measures and n not in self.absent]
        if self.frame is None:
            beside = [n for n in neighbours(fdi, self.absent) if n in candidates]
            return (beside[0] if len(beside) == 1 else None), second
        distance = {n: np.linalg.norm(self.frame.place(n) - second.position_ras) for n in candidates}
        near = [n for n in candidates if distance[n] <= crown_width_mm(n)]
        return (min(near, key=distance.__getitem__) if near else None), second

    def whole_size(self, fdi: int) -> float:
        return self.measures[fdi].volume_mm3

    def usual_size(self, fdi: int) -> float:
        low, high = volume_range_mm3(fdi)
        other = self.measures.get(mirrored(fdi))
        if other is not None and not other.touches_border and low <= other.components[0].volume_mm3 <= high:
            return other.components[0].volume_mm3
        return float(np.sqrt(low * high))

    @property
    def sizes_comparable(self) -> bool:
        """False when the jaws are exchanged as a whole."""
        return self.relabelling is None or self.relabelling[0] not in ("flipped", "both")

    def is_free(self, fdi: int) -> bool:
        return fdi not in self.measures and fdi not in self.absent

    def is_cut(self, fdi: int) -> bool:
        """True when the tooth reaches the edge of the volume, or voxels without image data."""
        measure = self.measures[fdi]
        if measure.touches_border or self.valid is None:
            return measure.touches_border
        from scipy import ndimage

        box = tuple(slice(max(a - 1, 0), b + 1) for a, b in measure.bbox)
        grown = ndimage.binary_dilation(self.labels.array[box] == fdi)
        return bool((grown & ~np.asarray(self.valid[box], dtype=bool)).any())

    def is_as_wide_as_two(self, fdi: int, other: int) -> bool:
        """False when the tooth is too narrow along the arch; True too where no arch shows how wide it is."""
        if self.frame is None:
            return True
        along = self.points(fdi) @ self.frame.tangent(fdi)
        extent = float(np.subtract(*np.percentile(along, (99, 1))))
        return extent >= crown_width_mm(fdi) + 0.5 * crown_width_mm(other)

    # ------------------------------------------------------------ places

    def in_file(self, place: Iterable[float]) -> Place:
        x, y, z = (float(c) for c in place)
        return x, y, z

    def middle(self, fdi: int) -> np.ndarray:
        return self._centres[fdi]

    @property
    def centres(self) -> Mapping[int, np.ndarray]:
        return self._centres

    def distance_mm(self, a: int, b: int) -> float:
        """Smallest distance between the voxel centres of two teeth, less one voxel."""
        from scipy.spatial import cKDTree

        distance = cKDTree(self.points(a)).query(self.points(b))[0].min()
        return max(float(distance) - float(np.mean(self.labels.spacing)), 0.0)

    def place_beside(self, standing: int, absent: int) -> Place | None:
        """Where an absent tooth next to a present one should stand, RAS mm; None where no arch shows it."""
        if self.frame is None:
            return None
        return self.in_file(self.middle(standing) + (self.frame.place(absent) - self.frame.place(standing)))

    def would_show(self, standing: int, absent: int) -> bool:
        """Whether the scan holds the place and the width of an absent tooth on the side of a present one; without an
        arch that shows its place, whether the present one is whole."""
        beside = self.place_beside(standing, absent)
        if self.frame is None or beside is None:
            return not self.is_cut(standing)
        places = [np.array(beside)]
        if self.is_cut(standing):  # what is left of it does not show where it stands
            places.append(self.frame.place(absent))
        half = crown_width_mm(absent) / 2 * self.frame.tangent(absent)
        return all(self.holds(self.in_file(place + shift)) for place in places for shift in (-half, 0 * half, half))

    def holds(self, place: Place) -> bool:
        """True when the scan has image data there."""
        index = np.round(self.labels.ras_to_index(place)).astype(int)
        if not all(0 <= i < n for i, n in zip(index, self.labels.array.shape, strict=True)):
            return False
        return self.valid is None or bool(self.valid[tuple(index)])

    def mask(self, fdi: int) -> np.ndarray:
        """The tooth's mask in its own bounding box."""
        return self.labels.array[self.measures[fdi].box] == fdi

    def points(self, fdi: int) -> np.ndarray:
        """(n, 3) RAS mm of the tooth's voxel centres."""
        start = [ends[0] for ends in self.measures[fdi].bbox]
        return self.labels.index_to_ras(np.argwhere(self.mask(fdi)) + start)
