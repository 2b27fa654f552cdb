"""What a dentist measures between teeth and what lies around them, on a label map that has both.

Every number is that of the label map as it is; its uncertainty is the voxels' part alone (`subvoxel`, `tooth_shape`).
Places are RAS mm. Nothing here is worked out before it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ...cbct.mask_topology import pieces_and_cavities
from ...dentition import is_right, is_upper
from ...dentition.structures import BY_VALUE, structure
from ...files.volumes.boxes import Box, box_of
from .subvoxel import Line, distance_uncertainty_mm, shortest_line, surface_points
from .tooth_shape import Root, ToothShape, find_roots, named_roots, tooth_shape

if TYPE_CHECKING:
    from ...files.volumes import Volume
    from .label_map import Case

CANALS = ("canal_left", "canal_right", "canal")
SINUSES = ("sinus_left", "sinus_right", "sinus")


@dataclass(frozen=True)
class Clearance:
    """How near a tooth, or one of its roots, comes to a structure.

    Parameters
    ----------
    line : Line
        The shortest line, from the tooth to the structure.
    key : str
        Which structure.
    uncertainty_mm : float
        Expanded (95 %), of the voxels alone.
    root : str
        Which root, where it has a name.
    """

    line: Line
    key: str
    uncertainty_mm: float
    root: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As reports have it."""
        return {
            "structure": self.key,
            "mm": round(self.line.length_mm, 2),
            "uncertainty_mm": round(self.uncertainty_mm, 2),
            "root": self.root,
            "line_ras": [[round(float(c), 2) for c in end] for end in (self.line.start, self.line.end)],
        }


class Surroundings:
    """Teeth and structures of one label map.

    Parameters
    ----------
    case : Case
        The teeth, measured.
    structures : Volume
        Values of `dentition.structures` on the teeth's grid.
    """

    def __init__(self, case: Case, structures: Volume) -> None:
        self.case, self.structures = case, structures
        self._surfaces: dict[int | str, np.ndarray] = {}
        self._shapes: dict[int, ToothShape | None] = {}
        self._roots: dict[int, list[Root]] = {}

    # ------------------------------------------------------------ structures

    @cached_property
    def boxes(self) -> Mapping[str, Box]:
        """Where each structure that is there lies, by key."""
        from scipy import ndimage

        found = ndimage.find_objects(self.structures.array)
        return {
            BY_VALUE[value].key: box_of(box)
            for value, box in enumerate(found, start=1)
            if box is not None and value in BY_VALUE
        }

    def mask(self, key: str) -> np.ndarray:
        """A structure's mask in its own bounding box."""
        return self.structures.array[self.boxes[key]] == structure(key).value

    def surface(self, key: str) -> np.ndarray:
        """(n, 3) RAS mm of a structure's surface."""
        if key not in self._surfaces:
            self._surfaces[key] = surface_points(self.mask(key), self.boxes[key], self.structures)
        return self._surfaces[key]

    # ------------------------------------------------------------ teeth

    def tooth_mask(self, fdi: int) -> np.ndarray:
        """A tooth's mask in its own bounding box: its largest piece, which stray pieces do not stretch."""
        mask = self.case.mask(fdi)
        if self.case.measures[fdi].betti[0] == 1:
            return mask
        pieces, _, _, _ = pieces_and_cavities(mask)
        return pieces == np.bincount(pieces.ravel())[1:].argmax() + 1

    def tooth_points(self, fdi: int) -> np.ndarray:
        """(n, 3) RAS mm of its voxels' centres."""
        start = [part.start for part in self.case.measures[fdi].box]
        return self.case.labels.index_to_ras(np.argwhere(self.tooth_mask(fdi)) + start)

    def tooth_surface(self, fdi: int) -> np.ndarray:
        """(n, 3) RAS mm of a tooth's surface."""
        if fdi not in self._surfaces:
            box = self.case.measures[fdi].box
            self._surfaces[fdi] = surface_points(self.tooth_mask(fdi), box, self.case.labels)
        return self._surfaces[fdi]

    def shape(self, fdi: int) -> ToothShape | None:
        """A tooth's axis and length; None where it is cut by the scan or shows none."""
        if fdi not in self._shapes:
            whole = not self.case.is_cut(fdi)
            up = None if self.case.frame is None else self.case.frame.rotation[:, 2]
            self._shapes[fdi] = (
                tooth_shape(fdi, self.tooth_points(fdi), self.tooth_surface(fdi), up, self._crown(fdi)) if whole else None
            )
        return self._shapes[fdi]

    def _crown(self, fdi: int) -> np.ndarray | None:
        """The middle of a tooth's enamel; None where none is labelled."""
        box = self.case.measures[fdi].box
        enamel = np.argwhere((self.structures.array[box] == structure("enamel").value) & self.case.mask(fdi))
        if not len(enamel):
            return None
        return self.case.labels.index_to_ras(enamel + [part.start for part in box]).mean(axis=0)

    def roots(self, fdi: int) -> list[Root]:
        """A tooth's roots, with names where they have several; none where its shape tells none."""
        if fdi not in self._roots:
            shape = self.shape(fdi)
            found = [] if shape is None else find_roots(self.tooth_mask(fdi), self.tooth_points(fdi), shape)
            frame = self.case.frame
            if frame is not None:
                mesial = frame.tangent(fdi) * (1 if is_right(fdi) else -1)
                outwards = np.cross(frame.tangent(fdi), frame.rotation[:, 2])
                found = named_roots(fdi, found, outwards, mesial)
            self._roots[fdi] = found
        return self._roots[fdi]

    # ------------------------------------------------------------ distances

    def clearances(self, fdi: int) -> list[Clearance]:
        """How near a lower tooth comes to the mandibular canals, an upper one to the maxillary sinuses: the nearest of
        the two sides, for each root that has a name, the nearest first; else for the tooth as a whole.

        The distance is the Euclidean one between the two surfaces (`subvoxel`), as Monaco et al. (J Am Dent Assoc
        2004;135:312) and others measure it by hand on CBCT. It is 0 within its uncertainty where they touch.
        """
        keys = [key for key in (SINUSES if is_upper(fdi) else CANALS) if key in self.boxes]
        if not keys:
            return []
        surface, unsure = self.tooth_surface(fdi), distance_uncertainty_mm(self.structures)
        roots = self.roots(fdi)
        parts = self._parts(surface, roots) if len(roots) > 1 else {"": surface}
        found = []
        for name, points in parts.items():
            lines = [(line, key) for key in keys if (line := shortest_line(points, self.surface(key))) is not None]
            if lines:
                line, key = min(lines, key=lambda one: one[0].length_mm)
                found.append(Clearance(line, key, unsure, name))
        return sorted(found, key=lambda one: one.line.length_mm)

    @staticmethod
    def _parts(surface: np.ndarray, roots: list[Root]) -> dict[str, np.ndarray]:
        """The surface of each root, by name, and under "" what belongs to none."""
        from scipy.spatial import cKDTree

        near = np.array([cKDTree(root.points).query(surface)[0] for root in roots])
        step = float(np.median(near.min(axis=0))) + 1.0
        nearest, close = near.argmin(axis=0), near.min(axis=0) <= step
        names = [root.name or str(i) for i, root in enumerate(roots, start=1)]
        parts = {name: surface[close & (nearest == i)] for i, name in enumerate(names)}
        return {**parts, "": surface[~close]}

    # ------------------------------------------------------------ for reports

    def structure_rows(self) -> list[dict[str, Any]]:
        """What is there around the teeth, for reports."""
        rows = []
        for key in self.boxes:
            one, mask = structure(key), self.mask(key)
            value, scheme, _ = one.code
            rows.append(
                {
                    "key": key,
                    "name": one.name,
                    "value": one.value,
                    "code": value,
                    "code_scheme": scheme,
                    "volume_mm3": round(float(np.count_nonzero(mask) * self.structures.voxel_volume_mm3), 1),
                    "pieces": pieces_and_cavities(mask)[1],
                }
            )
        return rows

    def tooth_row(self, fdi: int) -> dict[str, Any]:
        """What was measured around a tooth, for reports; what cannot be measured is left out."""
        row: dict[str, Any] = {}
        near = self.clearances(fdi)
        if near:
            row["sinus" if is_upper(fdi) else "canal"] = near[0].to_dict()
        return row
