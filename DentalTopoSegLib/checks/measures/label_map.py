"""A label map with everything measured on it that the rules share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...dentition import crown_width_mm, mirrored, volume_range_mm3
from ...dentition.arch import ArchFrame, consistent_relabelling
from ..topology import Part, ToothMeasure, contacts, locate_tunnels, tooth_measures

if TYPE_CHECKING:
    from ...files.volumes import Volume


class Case:
    """A label map with everything measured on it that the rules share.

    measures: of its teeth, where they are known already. calibrated: whether the confidences are measured
    probabilities (cbct.confidence) or only scores.
    """

    def __init__(
        self,
        labels: Volume,
        confidence: Mapping[int, float],
        image_valid_mask: np.ndarray | None,
        measures: dict[int, ToothMeasure] | None = None,
        calibrated: bool = True,
    ) -> None:
        self.labels = labels
        self.confidence = confidence
        self.calibrated = calibrated
        self.valid = image_valid_mask
        self.measures: dict[int, ToothMeasure] = tooth_measures(labels) if measures is None else measures
        #: Where each tooth stands: the centre of its largest piece, which stray pieces do not pull away.
        self.centres = {fdi: np.array(m.components[0].position_ras) for fdi, m in self.measures.items()}

    @cached_property
    def contacts(self) -> dict[tuple[int, int], float]:
        """Areas of contact, mm^2, by pairs of FDI numbers, the smaller first."""
        return contacts(self.labels)

    def tunnel_places(self, fdi: int) -> tuple[tuple[float, float, float], ...]:
        """Where the tooth's tunnels run, RAS mm."""
        return locate_tunnels(self.labels, self.measures[fdi])

    @cached_property
    def relabelling(self) -> tuple[str, ArchFrame] | None:
        """The swap of all numbers that the places call for, mostly "none", and the fitted arch."""
        return consistent_relabelling(self.centres)

    @property
    def frame(self) -> ArchFrame | None:
        return self.relabelling[1] if self.relabelling else None

    @property
    def numbers_trusted(self) -> bool:
        """True when an arch was fitted and the numbers are not swapped as a whole."""
        return self.relabelling is not None and self.relabelling[0] == "none"

    @property
    def sizes_comparable(self) -> bool:
        """False when the jaws are exchanged as a whole: then every tooth is held against another's size."""
        return self.relabelling is None or self.relabelling[0] not in ("flipped", "both")

    def mean_place(self, teeth: tuple[int, ...]) -> tuple[float, float, float]:
        """RAS mm in the middle of the teeth's centres."""
        return tuple(float(c) for c in np.mean([self.centres[fdi] for fdi in teeth], axis=0))

    def mask(self, fdi: int) -> np.ndarray:
        """The tooth's mask in its own bounding box."""
        return self.labels.array[self.measures[fdi].box] == fdi

    def points(self, fdi: int) -> np.ndarray:
        """(n, 3) RAS mm of the tooth's voxel centres."""
        start = [ends[0] for ends in self.measures[fdi].bbox]
        return self.labels.index_to_ras(np.argwhere(self.mask(fdi)) + start)

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

    def usual_volume(self, fdi: int) -> float:
        """Expected mm^3: that of its whole namesake on the other side, or the middle of the range."""
        low, high = volume_range_mm3(fdi)
        other = self.measures.get(mirrored(fdi))
        if other is not None and not other.touches_border and low <= other.components[0].volume_mm3 <= high:
            return other.components[0].volume_mm3
        return float(np.sqrt(low * high))

    def is_cut(self, fdi: int) -> bool:
        """True when the tooth reaches the edge of the volume, or voxels without image data."""
        measure = self.measures[fdi]
        if measure.touches_border or self.valid is None:
            return measure.touches_border
        from scipy import ndimage

        box = tuple(slice(max(a - 1, 0), b + 1) for a, b in measure.bbox)
        grown = ndimage.binary_dilation(self.labels.array[box] == fdi)
        return bool((grown & ~np.asarray(self.valid[box], dtype=bool)).any())
