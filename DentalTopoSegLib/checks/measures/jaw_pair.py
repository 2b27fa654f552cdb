"""The two jaws of one dentition, measured against each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .jaw import JawCase


@dataclass(frozen=True)
class JawPair:
    """Two jaws in the order in which they were given."""

    first: JawCase
    second: JawCase

    def __iter__(self) -> Iterator[JawCase]:
        return iter((self.first, self.second))

    @property
    def upper(self) -> JawCase:
        """The jaw that is used as the upper one."""
        return self.first if self.first.which == "upper" else self.second

    @property
    def lower(self) -> JawCase:
        """The other one."""
        return self.second if self.first.which == "upper" else self.first

    @property
    def names(self) -> list[str]:
        """What the scans are called."""
        return [case.name for case in self]

    @property
    def looks(self) -> list[str]:
        """The jaws that they look like."""
        return [case.segmentation.jaw_inferred for case in self]

    @property
    def is_one_scan(self) -> bool:
        """True when both hold the very same points."""
        return self.first.same_surface(self.second)

    @property
    def is_one_jaw(self) -> bool:
        """True when both are the same scan, or look like the same jaw."""
        return self.is_one_scan or self.looks[0] == self.looks[1]

    @property
    def is_exchanged(self) -> bool:
        """True when each looks like the jaw that the other is used as."""
        return not self.is_one_jaw and all(case.segmentation.jaw_inferred != case.which for case in self)

    def meeting(self) -> tuple[float, float, np.ndarray]:
        """Smallest distance between the crowns of both jaws, how deep the lower ones run into the upper (99th
        percentile), both mm, and where in mm of the lower surface that is deepest."""
        from scipy.spatial import cKDTree

        target, normals = self.upper.cap(20_000)
        points, _ = self.lower.cap(4_000)
        distance, index = cKDTree(target).query(points)
        height = np.einsum("ij,ij->i", points - target[index], normals[index])
        # only where the nearest point lies straight under the surface: beyond a crown's margin there is no inside
        depth = np.where(-height > 0.7 * distance, -height, 0.0)
        return float(distance.min()), float(np.percentile(depth, 99)), points[int(depth.argmax())]
