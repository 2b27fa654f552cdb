"""A labelled jaw surface with everything measured on it that the rules for intraoral scans share.

Lengths are millimetres on the cleaned surface; only `JawCase.in_file` leaves them, because a finding's place
must lie on the user's own file, in the file's own unit and axes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...dentition import Confidence, arch_order, crown_width_mm, is_tooth, mirrored
from ...dentition.arch import expected_place
from ...dentition.crown_sizes import area_range_mm2, usual_area_mm2, usual_width_mm
from ...files.meshes.geometry import face_areas, face_crosses, linked_components, unique_edges
from .case import DentitionCase, Place

if TYPE_CHECKING:
    from ...ios.segmenting import JawSegmentation

#: A border edge chain shorter than this (mm) on a tooth is a pinhole of the scan, not a cut.
CUT_MM = 4.0
#: Loose pieces and holes smaller than this (mm^2) are mentioned together and need no action.
NEGLIGIBLE_MM2 = 1.0


@dataclass(frozen=True)
class Patch:
    """A connected piece of surface: its area and the mean of its vertices, mm."""

    area_mm2: float
    centre: np.ndarray

    @property
    def size(self) -> float:
        """mm^2, as rules that ask label maps and surfaces alike call it."""
        return self.area_mm2


@dataclass(frozen=True)
class Crown:
    """One number's surface.

    Parameters
    ----------
    fdi : int
        The number.
    area_mm2 : float
        Of all pieces.
    width_mm : float or None
        Extent of the largest piece along the arch; None where no second tooth shows how the arch runs.
    centre : (3,) array
        Of the largest piece, mm.
    pieces, holes : tuple of Patch
        Its connected pieces, and the gingiva patches inside it, the largest first.
    border_mm : float
        How much of the scan's border runs on it.
    """

    fdi: int
    area_mm2: float
    width_mm: float | None
    centre: np.ndarray
    pieces: tuple[Patch, ...]
    holes: tuple[Patch, ...]
    border_mm: float

    @property
    def is_cut(self) -> bool:
        """True where the scan ends on the tooth."""
        return self.border_mm >= CUT_MM


class JawCase(DentitionCase):
    """One jaw of an intraoral scan, measured. Teeth of any quadrant may be on it: a wrong number is a finding.

    Parameters
    ----------
    segmentation : JawSegmentation
        The numbered surface.
    name : str
        What the scan is called in messages.
    stated : str, optional
        The jaw the user gave, "upper" or "lower"; None: it was inferred.
    """

    size_name = "area_mm2"
    size_key = "mm2"
    #: The score of a surface's numbering is no measured probability, so it is asked for less than that of a label map.
    low_confidence = 0.6
    negligible = NEGLIGIBLE_MM2
    gathers_specks = True
    decimals = (0, 2)
    #: Numbers of the other jaw are findings of their own, and the sizes of crowns are told of each jaw alone.
    sizes_comparable = True

    def __init__(self, segmentation: JawSegmentation, name: str, stated: str | None = None) -> None:
        self.segmentation = segmentation
        self.name = name
        self.stated = stated
        self.which: str = segmentation.jaw
        self.confidence = Confidence.of(segmentation.confidence)
        self.absent = segmentation.known.stated.absent
        self.two_numbers = segmentation.known.two_numbers
        self._vertices = np.asarray(segmentation.surface.vertices, float)
        self._faces = np.asarray(segmentation.surface.faces)
        self._fdi = np.asarray(segmentation.fdi)
        self._measure()

    # ------------------------------------------------------------ teeth

    @property
    def measures(self) -> Mapping[int, Crown]:
        return self.crowns

    @property
    def jaws(self) -> tuple[str, ...]:
        return (self.which,)

    def teeth_in(self, which: str) -> list[int]:
        """All teeth: those with a number of the other jaw stand in this one too."""
        return list(self.crowns)

    def pieces(self, fdi: int) -> tuple[Patch, ...]:
        return self.crowns[fdi].pieces

    def second_teeth(self, fdi: int) -> list[Patch]:
        """Further pieces that are large enough and far enough from the first to be a tooth of their own."""
        crown = self.crowns[fdi]
        enough = max(0.5 * area_range_mm2(fdi)[0], 0.25 * crown.pieces[0].area_mm2)
        apart = 0.7 * crown_width_mm(fdi)
        return [
            part
            for part in crown.pieces[1:]
            if part.area_mm2 >= enough and np.linalg.norm(part.centre - crown.centre) >= apart
        ]

    def free_number(self, fdi: int, second: Patch) -> tuple[int | None, Patch]:
        """The unused number of this jaw that is expected within a tooth's width of one of the two, and that piece."""
        parts = (second, self.crowns[fdi].pieces[0])
        if self.frame is None:
            return None, second
        far = {
            (number, i): float(np.linalg.norm(self.frame.place(number) - self.axes @ part.centre))
            / crown_width_mm(number)
            for number in arch_order(self.which)
            if number not in self.crowns and number not in self.absent
            for i, part in enumerate(parts)
        }
        free, i = min(far, key=far.__getitem__, default=(None, 0))
        return (free, parts[i]) if free is not None and far[free, i] <= 1 else (None, second)

    def whole_size(self, fdi: int) -> float:
        return self.crowns[fdi].area_mm2

    def usual_size(self, fdi: int) -> float:
        low, high = area_range_mm2(fdi)
        other = self.crowns.get(mirrored(fdi))
        if other is not None and not other.is_cut and low <= other.pieces[0].area_mm2 <= high:
            return other.pieces[0].area_mm2
        return usual_area_mm2(fdi)

    def is_free(self, fdi: int) -> bool:
        """True when neither this tooth nor its milk tooth is there."""
        return fdi not in self.crowns and fdi + 40 not in self.crowns and fdi not in self.absent

    def is_cut(self, fdi: int) -> bool:
        return self.crowns[fdi].is_cut

    def is_as_wide_as_two(self, fdi: int, other: int) -> bool:
        """False when the crown is too narrow along the arch, or no second tooth shows how the arch runs."""
        width = self.crowns[fdi].width_mm
        return width is not None and width >= usual_width_mm(fdi) + 0.5 * usual_width_mm(other)

    # ------------------------------------------------------------ places

    def in_file(self, place: Iterable[float]) -> Place:
        """Surface mm -> the file's own coordinates."""
        x, y, z = (float(c) / self.segmentation.surface.scale for c in place)
        return x, y, z

    def middle(self, fdi: int) -> np.ndarray:
        return self.crowns[fdi].centre

    def points(self, fdi: int) -> np.ndarray:
        """(n, 3) mm: the vertices of the tooth's largest piece."""
        return self._points[fdi]

    def distance_mm(self, a: int, b: int) -> float:
        """Smallest distance between two crowns, mm, by at most 4,000 vertices of each."""
        from scipy.spatial import cKDTree

        few = [self._points[fdi][:: len(self._points[fdi]) // 4000 + 1] for fdi in (a, b)]
        return float(cKDTree(few[0]).query(few[1])[0].min())

    def cap(self, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Centres (n, 3) mm and outward unit normals (n, 3) of at most about `most` faces of the crowns."""
        faces = self._faces[np.asarray(self.segmentation.face_fdi) > 0]
        faces = faces[:: -(-len(faces) // most)]
        cross = face_crosses(self._vertices, faces) * (-1.0 if self.inside_out else 1.0)
        return _middles(self._vertices, faces), cross / np.maximum(np.linalg.norm(cross, axis=1), 1e-12)[:, None]

    def unnumbered(self) -> list[Patch]:
        """Pieces that were taken for teeth but have no number, largest first."""
        instance = np.asarray(self.segmentation.instance)
        where = (instance > 0) & (self._fdi == 0)
        if not where.any():
            return []
        faces = self._faces[where[self._faces].all(1)]
        area = face_areas(self._vertices, faces)
        owner = instance[faces[:, 0]]
        parts = [
            Patch(float(area[owner == i].sum()), self._vertices[where & (instance == i)].mean(0))
            for i in np.unique(owner)
        ]
        return sorted(parts, key=lambda part: -part.area_mm2)

    def same_surface(self, other: JawCase) -> bool:
        """True when both scans hold the very same points."""
        return self._vertices.shape == other._vertices.shape and bool(np.array_equal(self._vertices, other._vertices))

    # ------------------------------------------------------------ the arch

    @cached_property
    def axes(self) -> np.ndarray | None:
        """(3, 3): rows are the patient's right, front and top in the surface's axes; None where teeth do not show them.

        Taken from the surface's outward side and from which numbers stand in front, never from left and right:
        so numbers that run the wrong way round show.
        """
        if len(self.crowns) < 2 or self._outward is None:
            return None
        occlusal = self._outward / np.linalg.norm(self._outward)
        teeth = sorted(self.crowns)
        depth = np.array([expected_place(fdi)[1] for fdi in teeth])
        centres = np.array([self.crowns[fdi].centre for fdi in teeth])
        front = (depth - depth.mean()) @ (centres - centres.mean(0))
        front = front - (front @ occlusal) * occlusal
        if np.linalg.norm(front) < 1e-6:
            return None
        front /= np.linalg.norm(front)
        top = occlusal if self.which == "lower" else -occlusal
        return np.array([np.cross(front, top), front, top])

    def frame_matrix(self) -> np.ndarray:
        """(4, 4) rigid, surface mm -> mm with +z out of the jaw and +y to the front, from the numbers; identity where
        they do not show it."""
        matrix = np.eye(4)
        if self.axes is not None:
            right, front, top = self.axes
            matrix[:3, :3] = [right, front, top] if self.which == "lower" else [-right, front, -top]
            matrix[:3, 3] = -matrix[:3, :3] @ self._vertices.mean(0)
        return matrix

    @cached_property
    def centres(self) -> dict[int, np.ndarray]:
        """Where each tooth stands, mm to the patient's right, front and top; empty where that is unknown."""
        if self.axes is None:
            return {}
        return {fdi: self.axes @ crown.centre for fdi, crown in self.crowns.items()}

    # ------------------------------------------------------------ measuring

    def _measure(self) -> None:
        edges, users = unique_edges(self._faces, len(self._vertices))
        border = users[:, 1] < 0
        same = self._fdi[edges[:, 0]] == self._fdi[edges[:, 1]]
        piece = linked_components(edges[same], len(self._vertices))[1]
        face_area, face_piece, self._outward, self.inside_out = self._faces_of_teeth(piece)
        piece_area = np.bincount(face_piece, face_area, int(piece.max(initial=0)) + 1)
        holes = self._holes(edges[~same], edges[border], piece)
        border_mm = self._border_lengths(edges[border])

        tooth = np.flatnonzero(self._fdi)
        tooth = tooth[np.argsort(self._fdi[tooth], kind="stable")]
        numbers, first = np.unique(self._fdi[tooth], return_index=True)
        groups = np.split(tooth, first[1:]) if len(numbers) else []
        self._points: dict[int, np.ndarray] = {}
        pieces: dict[int, tuple[Patch, ...]] = {}
        for fdi, rows in zip(numbers.tolist(), groups, strict=True):
            if not is_tooth(fdi):
                continue
            ids, inverse = np.unique(piece[rows], return_inverse=True)
            # a piece of single vertices has no face of its own and so no area
            kept = sorted((i for i in range(len(ids)) if piece_area[ids[i]] > 0), key=lambda i: -piece_area[ids[i]])
            if not kept:
                continue
            pieces[fdi] = tuple(
                Patch(float(piece_area[ids[i]]), self._vertices[rows[inverse == i]].mean(0)) for i in kept
            )
            self._points[fdi] = self._vertices[rows[inverse == kept[0]]]
        widths = self._widths({fdi: parts[0].centre for fdi, parts in pieces.items()})
        self.crowns: dict[int, Crown] = {
            fdi: Crown(
                fdi,
                sum(part.area_mm2 for part in parts),
                widths.get(fdi),
                parts[0].centre,
                parts,
                # on a closed model with a single tooth all of the gingiva has this tooth for its only neighbour
                tuple(hole for hole in holes.get(fdi, ()) if hole.area_mm2 < parts[0].area_mm2),
                border_mm.get(fdi, 0.0),
            )
            for fdi, parts in pieces.items()
        }

    def _faces_of_teeth(self, piece: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, bool]:
        """Area and piece of each face on a tooth, the crowns' open side outwards, and whether normals point inwards."""
        faces = self._faces[np.asarray(self.segmentation.face_fdi) > 0]
        number = np.asarray(self.segmentation.face_fdi)[np.asarray(self.segmentation.face_fdi) > 0]
        owner = np.where(self._fdi[faces[:, 1]] == number, faces[:, 1], faces[:, 2])
        owner = np.where(self._fdi[faces[:, 0]] == number, faces[:, 0], owner)
        kept = self._fdi[owner] == number  # a face whose corners all say something else belongs to no piece
        faces, number, owner = faces[kept], number[kept], owner[kept]
        cross = face_crosses(self._vertices, faces)
        area = 0.5 * np.sqrt(np.einsum("ij,ij->i", cross, cross))
        total = float(area.sum())
        if not total:
            return area, piece[owner], None, False
        # a crown is a cap: seen from its middle, its outside faces away
        middle = _middles(self._vertices, faces)
        weight = np.bincount(number, area, 256)
        moment = np.stack([np.bincount(number, area * middle[:, k], 256) for k in range(3)], -1)
        centre = moment / np.maximum(weight, 1e-12)[:, None]
        away = float(np.einsum("ij,ij->", cross, middle - centre[number]))
        inside_out = away < 0
        outward = cross.sum(0) * (-1.0 if inside_out else 1.0)
        return area, piece[owner], outward if np.linalg.norm(outward) > 1e-3 * total else None, inside_out

    def _holes(self, mixed: np.ndarray, border: np.ndarray, piece: np.ndarray) -> dict[int, list[Patch]]:
        """Gingiva patches all of whose neighbours are one tooth, away from the scan's border: {FDI: patches}."""
        gingiva_end = np.where(self._fdi[mixed[:, 0]] == 0, mixed[:, 0], mixed[:, 1])
        other = np.where(self._fdi[mixed[:, 0]] == 0, mixed[:, 1], mixed[:, 0])
        here = self._fdi[gingiva_end] == 0
        pairs = np.unique(piece[gingiva_end[here]].astype(np.int64) * 256 + self._fdi[other[here]])
        patch, tooth = np.divmod(pairs, 256)
        ids, first, count = np.unique(patch, return_index=True, return_counts=True)
        inside = dict(zip(ids[count == 1].tolist(), tooth[first[count == 1]].tolist(), strict=True))
        for touching in np.unique(piece[border.ravel()]).tolist():
            inside.pop(touching, None)
        if not inside:
            return {}
        wanted = np.zeros(int(piece.max()) + 1, bool)
        wanted[list(inside)] = True
        marked = wanted[piece]
        faces = self._faces[marked[self._faces].any(1)]
        faces = faces[(self._fdi[faces] == 0).sum(1) >= 2]  # two corners of three: about the patch's own outline
        owner = piece[np.where(marked[faces[:, 0]], faces[:, 0], faces[:, 1])]
        area = face_areas(self._vertices, faces)
        found: dict[int, list[Patch]] = {}
        for patch_id in np.unique(owner).tolist():
            mine = owner == patch_id
            place = self._vertices[np.unique(faces[mine])].mean(0)
            found.setdefault(inside[patch_id], []).append(Patch(float(area[mine].sum()), place))
        for patches in found.values():
            patches.sort(key=lambda patch: -patch.area_mm2)
        return found

    def _border_lengths(self, border: np.ndarray) -> dict[int, float]:
        own = self._fdi[border[:, 0]]
        inside = (own > 0) & (own == self._fdi[border[:, 1]])
        border, own = border[inside], own[inside]
        length = np.linalg.norm(self._vertices[border[:, 0]] - self._vertices[border[:, 1]], axis=1)
        total = np.bincount(own, length, 256)
        return {int(fdi): float(total[fdi]) for fdi in np.flatnonzero(total)}

    def _widths(self, centres: Mapping[int, np.ndarray]) -> dict[int, float]:
        """Extent of each tooth along the line joining its neighbours, without the outermost 1 % of its vertices."""
        widths = {}
        for which in ("upper", "lower"):
            # milk teeth stand in one row with permanent ones, each on the place of its successor
            row = [fdi for place in arch_order(which) for fdi in (place + 40, place) if fdi in centres]
            for i, fdi in enumerate(row):
                beside = row[max(i - 1, 0) : i + 2]
                along = centres[beside[-1]] - centres[beside[0]]
                if np.linalg.norm(along) < 1e-6:
                    continue
                reach = self._points[fdi] @ (along / np.linalg.norm(along))
                low, high = np.percentile(reach, (1, 99))
                widths[fdi] = float(high - low)
        return widths


def _middles(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F, 3): the middle of each face's corners."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    return (a + b + c) / 3.0
