"""The bench of jaw surfaces: copies of the labels of an intraoral scan's vertices and faces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...dentition import flipped_jaw, is_tooth, mirrored
from ...files.meshes.geometry import face_areas, labels_of_faces, linked_components, unique_edges
from ..measures.jaw import NEGLIGIBLE_MM2, JawCase, Patch
from .bench import Bench, along_row, stands_before
from .edit import JawEdit, JawLabels
from .repair import Place, Repair, RepairRefusedError

if TYPE_CHECKING:
    from ...ios.segmenting import JawSegmentation

#: A piece is the one that a finding spoke of when its centre is this near, mm.
_SAME_PLACE_MM = 0.5
#: Centres of one piece, computed in two ways, differ by less than this, mm.
_SAME_PIECE_MM = 1e-6


class JawBench(Bench):
    """See `Bench`; a part is an array of vertex indices.

    Parameters
    ----------
    jaw : JawSegmentation
        The labelled surface; stays as it is.
    """

    def __init__(self, jaw: JawSegmentation) -> None:
        super().__init__()
        self.source = jaw
        self.vertices, self.faces = np.asarray(jaw.surface.vertices, float), np.asarray(jaw.surface.faces)
        self.fdi, self.instance = np.array(jaw.fdi), np.array(jaw.instance)
        self.face_fdi = np.array(jaw.face_fdi)
        self.which: str = jaw.jaw
        self._labelled = np.zeros(len(self.fdi), bool)

    @cached_property
    def teeth(self) -> Sequence[int]:
        return tuple(int(fdi) for fdi in np.unique(self.source.fdi) if is_tooth(int(fdi)))

    @cached_property
    def case(self) -> JawCase:
        """What is measured on the surface as it was."""
        return JawCase(self.source, "")

    @cached_property
    def edges(self) -> np.ndarray:
        """(E, 2) vertices of every edge."""
        return unique_edges(self.faces, len(self.vertices))[0]

    @cached_property
    def vertex_area(self) -> np.ndarray:
        """(V,) mm^2: a third of the triangles around each vertex."""
        areas = np.repeat(face_areas(self.vertices, self.faces) / 3, 3)
        return np.bincount(self.faces.ravel(), areas, len(self.vertices))

    # ------------------------------------------------------------ what there is

    def parts(self, fdi: int) -> list[np.ndarray]:
        self.require(fdi)
        return self.pieces(self.fdi == fdi)

    def pieces(self, mask: np.ndarray) -> list[np.ndarray]:
        """The connected pieces of a vertex mask (V,), the largest surface first."""
        index = np.flatnonzero(mask)
        new = np.cumsum(mask) - 1
        inside = self.edges[mask[self.edges].all(1)]
        count, piece = linked_components(new[inside], len(index))
        area = np.bincount(piece, self.vertex_area[index], count)
        return [index[piece == k] for k in np.argsort(-area, kind="stable")]

    def loose_parts(self, fdi: int, places: Iterable[Place] | None = None) -> list[np.ndarray]:
        parts = self.parts(fdi)[1:]
        return self._other_than(self.case.second_teeth(fdi) if fdi in self.case.crowns else (), parts)

    def specks(self, fdi: int) -> list[np.ndarray]:
        crown = self.case.crowns.get(fdi)
        large = [piece for piece in (crown.pieces if crown else ()) if piece.area_mm2 >= NEGLIGIBLE_MM2]
        return self._other_than(large, self.loose_parts(fdi))

    def _other_than(self, patches: Sequence[Patch], parts: list[np.ndarray]) -> list[np.ndarray]:
        """The parts that are none of the patches."""
        return [
            part
            for part in parts
            if not any(np.linalg.norm(self.vertices[part].mean(0) - p.centre) < _SAME_PIECE_MM for p in patches)
        ]

    def hollows(self, fdi: int) -> list[np.ndarray]:
        self.require(fdi)
        found = self.gaps(fdi)
        if not found:
            raise RepairRefusedError(
                "Tooth {fdi:tooth} has no patch of gum in its surface: there is nothing to fill.", fdi=fdi
            )
        return found

    def gaps(self, fdi: int) -> list[np.ndarray]:
        """Patches of gingiva that only this tooth surrounds, away from the scan's border."""
        edges, users = unique_edges(self.faces, len(self.vertices))
        border = np.zeros(len(self.fdi), bool)
        border[edges[users[:, 1] < 0]] = True
        crown = self.vertex_area[self.fdi == fdi].sum()
        found = []
        for part in self.pieces(self.fdi == 0):
            around = self.surrounding(part)
            enclosed = len(around) and (around == fdi).all() and not border[part].any()
            if enclosed and self.vertex_area[part].sum() < crown:
                found.append(part)
        return found

    def unnumbered(self) -> list[np.ndarray]:
        bare = (self.instance > 0) & (self.fdi == 0)
        return [np.flatnonzero(bare & (self.instance == i)) for i in np.unique(self.instance[bare])]

    def centre_distances(self, parts: Sequence[np.ndarray], place: Place) -> np.ndarray:
        at = np.asarray(place) * self.source.surface.scale
        return np.array([np.linalg.norm(self.vertices[part].mean(0) - at) for part in parts]) / _SAME_PLACE_MM

    def touching_parts(self, fdi: int, other: int) -> list[np.ndarray]:
        return [part for part in self.parts(fdi) if (self.surrounding(part) == other).any()]

    def surrounding(self, part: np.ndarray) -> np.ndarray:
        """As `Bench.surrounding`: a vertex counts once for every edge that joins it to the part."""
        inside = np.zeros(len(self.fdi), bool)
        inside[part] = True
        crossing = self.edges[inside[self.edges].sum(1) == 1]
        return self.fdi[np.where(inside[crossing[:, 0]], crossing[:, 1], crossing[:, 0])]

    def border(self, fdi: int, other: int) -> np.ndarray:
        """(V,) bool: the vertices of a tooth that an edge joins to another one."""
        ends = self.fdi[self.edges]
        found = np.zeros(len(self.fdi), bool)
        found[self.edges[(ends == (fdi, other)).all(1), 0]] = True
        found[self.edges[(ends == (other, fdi)).all(1), 1]] = True
        return found

    def directions(self, fdi: int, other: int) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors on the surface's axes: along the arch at `fdi` towards the place of `other`, and across it."""
        case = self.case
        if case.axes is None:
            raise RepairRefusedError(
                "Too few teeth are there to tell which half of tooth {fdi:tooth} is {other:tooth}.",
                fdi=fdi,
                other=other,
            )
        if case.frame is not None:
            along = case.axes.T @ case.frame.tangent(fdi)
        else:
            along = along_row({number: crown.centre for number, crown in case.crowns.items()}, fdi)
        top = case.axes[2]
        along = along - (along @ top) * top
        along = along / np.linalg.norm(along)
        if not stands_before(fdi, other):
            along = -along
        return along, np.cross(top, along)

    # ------------------------------------------------------------ changes

    def label(self, part: np.ndarray, fdi: int) -> None:
        """As `Bench.label`: vertices get the tooth's instance too, or one of their own where the tooth is new."""
        own = self.instance[self.fdi == fdi] if fdi else np.zeros(0, int)
        self.fdi[part] = fdi
        self._labelled[part] = True
        if fdi and not len(own):
            self.instance[part] = self.instance.max() + 1
        else:
            self.instance[part] = np.bincount(own).argmax() if fdi else 0

    def relabel(self, numbers: Mapping[int, int]) -> None:
        table = np.arange(256, dtype=np.uint8)
        for old, new in numbers.items():
            table[old] = new
        self.fdi, self.face_fdi = table[self.fdi], table[self.face_fdi]
        self.numbers.update(numbers)

    def turn_over(self) -> dict[int, int]:
        """A surface that is the other jaw after all lies turned over, so that its sides change too."""
        self.which = "lower" if self.which == "upper" else "upper"
        return {fdi: flipped_jaw(mirrored(fdi)) for fdi in self.teeth}

    def carry_out(self, repair: Repair) -> None:
        if repair.not_of_surfaces is not None:
            raise RepairRefusedError(repair.not_of_surfaces)
        repair.change_surface(self)

    def edit(self, repair: Repair) -> JawEdit:
        old = self.source
        touched = (self._labelled & (self.fdi != old.fdi))[self.faces].any(1)  # faces follow their corners
        self.face_fdi[touched] = labels_of_faces(self.fdi, self.faces[touched])
        moved = (self.fdi != old.fdi) | (self.instance != old.instance)
        vertices, faces = np.flatnonzero(moved), np.flatnonzero(self.face_fdi != old.face_fdi)
        before = JawLabels(
            np.asarray(old.fdi)[vertices], np.asarray(old.instance)[vertices], np.asarray(old.face_fdi)[faces], old.jaw
        )
        after = JawLabels(self.fdi[vertices], self.instance[vertices], self.face_fdi[faces], self.which)
        return JawEdit(repair, before, after, self.numbers, vertices=vertices, faces=faces)
