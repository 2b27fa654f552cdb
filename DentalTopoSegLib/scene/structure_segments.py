"""What lies around the teeth of a segmentation, as one label map on the teeth's grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..dentition.label_names import structure_of
from ..dentition.structure_origin import ORIGIN_TAGS, both_origins, origin_metadata
from ..dentition.structures import BY_VALUE, structure
from ..files.structures import structure_terminology
from ..files.volumes import Volume
from .nodes import Grid, to_world
from .segments import ToothSegments, fdi_of_segment, tag

#: From a segmentation of teeth to the one that holds what lies around them, where that is another.
STRUCTURES_ROLE = "DentalTopoSeg.structures"


class _StructureSegments(ToothSegments):
    """The structures of a segmentation by the names of its segments, seen on another's grid."""

    def __init__(self, node: Any, grid: Grid) -> None:
        self._teeth_grid = grid
        super().__init__(node)

    def _grid(self) -> tuple[Grid, np.ndarray]:
        to_node = np.linalg.inv(to_world(self.node, "The segmentation"))
        return self._teeth_grid, to_node @ self._teeth_grid.matrix

    def origin(self) -> dict[str, str]:
        """What the segments say of how they were found, places in the world."""
        segmentation = self.node.GetSegmentation()
        tags = []
        for i in range(segmentation.GetNumberOfSegments()):
            segment = segmentation.GetNthSegment(i)
            value = self._number_of(segment)
            if value is not None:
                tags.append((BY_VALUE[value].key, {name: tag(segment, name) for name in ORIGIN_TAGS}))
        return origin_metadata(tags, to_world(self.node, "The segmentation"))

    @staticmethod
    def _number_of(segment: Any) -> int | None:
        if fdi_of_segment(segment) is not None:
            return None
        key = structure_of(segment.GetName() or "")
        return None if key is None else structure(key).value


def exchange_sides(node: Any, names: Mapping[str, str]) -> None:
    """Call structures of a segmentation of teeth, and of the one it refers to, otherwise: {key before: key now}, with
    the names, colours and codes that belong to these."""
    found = []
    for other in (node.GetNodeReference(STRUCTURES_ROLE), node):
        segmentation = None if other is None else other.GetSegmentation()
        if segmentation is None:
            continue
        for i in range(segmentation.GetNumberOfSegments()):
            segment = segmentation.GetNthSegment(i)
            key = None if fdi_of_segment(segment) is not None else structure_of(segment.GetName() or "")
            if key is not None and key in names:
                found.append((segment, structure(names[key])))
    for segment, one in found:
        segment.SetName(one.name)
        segment.SetColor(*(c / 255 for c in one.color))
        segment.SetTag(segment.GetTerminologyEntryTagName(), structure_terminology(one))


def structures_around(node: Any, grid: Grid) -> Volume | None:
    """The structures that lie in a segmentation of teeth, and in the one it refers to, on the teeth's grid in the
    world: values of `dentition.structures`. None where there are none."""
    found, origin = None, dict[str, str]()
    for other in (node.GetNodeReference(STRUCTURES_ROLE), node):
        if other is None or other.GetSegmentation() is None:
            continue
        segments = _StructureSegments(other, grid)
        labels = segments.labels
        origin = both_origins(origin, segments.origin())
        if found is None:
            found = labels
        else:
            np.copyto(found.array, labels.array, where=labels.array > 0)
    return replace(found, metadata=origin) if found is not None and found.array.any() else None
