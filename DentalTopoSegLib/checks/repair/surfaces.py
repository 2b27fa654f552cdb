"""Repairs of labelled jaw surfaces: the same as `label_maps` for the vertices and faces of an intraoral scan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from ...dentition import arch_order, flipped_jaw, is_deciduous, mirrored
from ...dentition import jaw as jaw_of
from ...dentition.crown_sizes import usual_area_mm2
from ...errors import InputError
from ...files.meshes.geometry import face_areas, labels_of_faces, unique_edges, vertex_components
from ..findings.crowns import NEGLIGIBLE_MM2, second_crowns
from ..measures.jaw import JawCase
from .label_maps import confidence_after
from .proposals import NumberTakenError, Repair, swap
from .shapes import JOIN_MM, JOIN_SHARE, neck

if TYPE_CHECKING:
    from ...ios.segmenting import JawSegmentation

#: A piece is the one that a finding spoke of when its centre is this near, mm.
_SAME_PLACE_MM = 0.5
#: How far from the neck of two merged crowns their border may follow a crease, mm.
_CREASE_MM = 0.8


@dataclass(frozen=True)
class JawEdit:
    """The change that a repair makes to the labels of a surface.

    vertices, faces: which ones change. before, after: their (fdi, instance) and, for faces, FDI numbers. jaw: "upper"
    or "lower" before and after. numbers: as in `label_maps.Edit`.
    """

    repair: Repair
    vertices: np.ndarray
    faces: np.ndarray
    before: tuple[np.ndarray, np.ndarray, np.ndarray]
    after: tuple[np.ndarray, np.ndarray, np.ndarray]
    jaw: tuple[str, str]
    numbers: Mapping[int, int] = field(default_factory=dict)

    @property
    def teeth(self) -> tuple[int, ...]:
        """The numbers that vertices lose or get, in order."""
        return tuple(int(fdi) for fdi in np.union1d(self.before[0], self.after[0]) if fdi)

    def apply(self, jaw: JawSegmentation) -> JawSegmentation:
        """The jaw with the change made; the one given stays. Raises InputError where the labels are not those the
        change was made for."""
        return self._changed(jaw, self.before, self.after, self.jaw)

    def undo(self, jaw: JawSegmentation) -> JawSegmentation:
        """The jaw with the change taken back. Raises InputError where its labels were edited since."""
        return self._changed(jaw, self.after, self.before, self.jaw[::-1])

    def _changed(self, jaw: JawSegmentation, old: tuple, new: tuple, which: tuple[str, str]) -> JawSegmentation:
        arrays = [np.array(values) for values in (jaw.fdi, jaw.instance, jaw.face_fdi)]
        where = (self.vertices, self.vertices, self.faces)
        if jaw.jaw != which[0] or any((a[i] != o).any() for a, i, o in zip(arrays, where, old, strict=True)):
            raise InputError(
                "The teeth were changed since: undo the later changes first, or check again for a new proposal."
            )
        for array, index, values in zip(arrays, where, new, strict=True):
            array[index] = values
        fdi, instance, face_fdi = arrays
        return replace(jaw, fdi=fdi, instance=instance, face_fdi=face_fdi, jaw=which[1])

    def confidence(self, known: Mapping[int, float]) -> dict[int, float]:
        """Confidences after the change, see `label_maps.confidence_after`."""
        return confidence_after(self.repair, self.numbers, known)


def repaired_jaw(jaw: JawSegmentation, repair: Repair) -> JawEdit:
    """What a repair changes on a jaw, which itself is left as it is.

    Raises InputError with the reason when the repair is not possible or would change nothing, NumberTakenError when
    it would give two teeth one number. A repair of both jaws is asked for each of them.
    """
    if repair.needs_number:
        raise InputError(f"Choose a number first: {repair.title.lower()}.")
    make = _MAKERS.get(repair.kind)
    if make is None:
        raise InputError(f"This repair is for label maps of CBCT: {repair.title.lower()}.")
    work = _Jaw(jaw)
    numbers = make(work, repair)
    edit = work.edit(repair, numbers or {})
    if not (len(edit.vertices) or len(edit.faces)):
        raise InputError(f"There is nothing to change: {repair.title.lower()}.")
    return edit


class _Jaw:
    """A jaw with copies of its labels to change."""

    def __init__(self, jaw: JawSegmentation) -> None:
        self.source = jaw
        self.vertices, self.faces = np.asarray(jaw.surface.vertices, float), np.asarray(jaw.surface.faces)
        self.fdi, self.instance = np.array(jaw.fdi), np.array(jaw.instance)
        self.face_fdi = np.array(jaw.face_fdi)
        self.which: str = jaw.jaw

    @cached_property
    def case(self) -> JawCase:
        return JawCase(self.source, "")

    @cached_property
    def edges(self) -> np.ndarray:
        return unique_edges(self.faces, len(self.vertices))[0]

    @cached_property
    def vertex_area(self) -> np.ndarray:
        areas = np.repeat(face_areas(self.vertices, self.faces) / 3, 3)
        return np.bincount(self.faces.ravel(), areas, len(self.vertices))

    def require(self, fdi: int) -> None:
        if not (self.fdi == fdi).any():
            raise InputError(f"There is no tooth {fdi} here.")

    def pieces(self, mask: np.ndarray) -> list[np.ndarray]:
        """Vertices (indices) of the connected pieces of a vertex mask, the largest surface first."""
        index = np.flatnonzero(mask)
        new = np.cumsum(mask) - 1
        inside = self.edges[mask[self.edges].all(1)]
        count, piece = vertex_components(new[np.column_stack([inside, inside[:, 1]])], len(index))
        area = np.bincount(piece, self.vertex_area[index], count)
        return [index[piece == k] for k in np.argsort(-area, kind="stable")]

    def neighbours(self, part: np.ndarray) -> np.ndarray:
        """Vertices joined to a part by an edge, each once per edge."""
        inside = np.zeros(len(self.fdi), bool)
        inside[part] = True
        crossing = self.edges[inside[self.edges].sum(1) == 1]
        return np.where(inside[crossing[:, 0]], crossing[:, 1], crossing[:, 0])

    def give_away(self, part: np.ndarray) -> None:
        """A stray piece becomes gum, or part of the tooth that surrounds most of it."""
        around = self.fdi[self.neighbours(part)]
        counts = np.bincount(around, minlength=1)
        self.label(part, int(counts.argmax()) if 2 * counts.max() > len(around) else 0)

    def label(self, part: np.ndarray, fdi: int, new_instance: bool = False) -> None:
        """Vertices get a number, and with it the tooth's instance; a new one on request."""
        own = self.instance[self.fdi == fdi] if fdi else np.zeros(0, int)
        self.fdi[part] = fdi
        if new_instance or (fdi and not len(own)):
            self.instance[part] = self.instance.max() + 1
        else:
            self.instance[part] = np.bincount(own).argmax() if fdi else 0

    def renumbered(self, numbers: Mapping[int, int]) -> None:
        """Whole teeth get other numbers, their faces too."""
        table = np.arange(256, dtype=np.uint8)
        for old, new in numbers.items():
            table[old] = new
        self.fdi, self.face_fdi = table[self.fdi], table[self.face_fdi]

    def spoken_of(self, parts: list[np.ndarray], place: tuple, what: str) -> np.ndarray:
        """The part whose centre is at a place of the file. Raises InputError where none is there any more."""
        at = np.asarray(place) * self.source.surface.scale
        far = [float(np.linalg.norm(self.vertices[part].mean(0) - at)) for part in parts]
        if not far or min(far) > _SAME_PLACE_MM:
            raise InputError(f"{what} has changed since it was checked: check again for a new proposal.")
        return parts[int(np.argmin(far))]

    def edit(self, repair: Repair, numbers: Mapping[int, int]) -> JawEdit:
        old = self.source
        moved = (self.fdi != old.fdi) | (self.instance != old.instance)
        if not numbers:  # faces follow their corners where these changed
            touched = (self.fdi != old.fdi)[self.faces].any(1)
            self.face_fdi[touched] = labels_of_faces(self.fdi, self.faces[touched])
        vertices, faces = np.flatnonzero(moved), np.flatnonzero(self.face_fdi != old.face_fdi)
        return JawEdit(
            repair, vertices, faces,
            (np.asarray(old.fdi)[vertices], np.asarray(old.instance)[vertices], np.asarray(old.face_fdi)[faces]),
            (self.fdi[vertices], self.instance[vertices], self.face_fdi[faces]),
            (old.jaw, self.which), dict(numbers),
        )  # fmt: skip


Made = Mapping[int, int] | None  # {old number: new} of whole teeth that were renumbered


# ---------------------------------------------------------------- shapes


def _loose(jaw: _Jaw, fdi: int) -> list[np.ndarray]:
    """The pieces beside the largest one that are no tooth of their own."""
    jaw.require(fdi)
    crown = jaw.case.crowns.get(fdi)
    own = [part.centre for part in second_crowns(jaw.case, crown)] if crown else []
    parts = jaw.pieces(jaw.fdi == fdi)[1:]
    return [p for p in parts if not any(np.linalg.norm(jaw.vertices[p].mean(0) - c) < 1e-6 for c in own)]


def _remove_pieces(jaw: _Jaw, repair: Repair) -> Made:
    (fdi,) = repair.teeth
    for part in _loose(jaw, fdi):
        jaw.give_away(part)


def _remove_specks(jaw: _Jaw, repair: Repair) -> Made:
    for fdi in repair.teeth:
        crown = jaw.case.crowns.get(fdi)
        large = [part.centre for part in (crown.pieces if crown else ()) if part.area_mm2 >= NEGLIGIBLE_MM2]
        for part in _loose(jaw, fdi):
            if not any(np.linalg.norm(jaw.vertices[part].mean(0) - centre) < 1e-6 for centre in large):
                jaw.give_away(part)


def _join_pieces(jaw: _Jaw, repair: Repair) -> Made:
    from scipy.spatial import cKDTree

    (fdi,) = repair.teeth
    loose = _loose(jaw, fdi)
    if not loose:
        raise InputError(f"Tooth {fdi} is in one piece: there is nothing to join.")
    whole = np.zeros(len(jaw.fdi), bool)
    whole[np.concatenate([jaw.pieces(jaw.fdi == fdi)[0], *loose])] = True
    before = whole.copy()
    step = float(np.linalg.norm(np.diff(jaw.vertices[jaw.edges], axis=1), axis=2).mean())
    gum = np.flatnonzero(jaw.fdi == 0)
    while len(parts := jaw.pieces(whole)) > 1:
        main = cKDTree(jaw.vertices[parts[0]])
        gaps = [float(main.query(jaw.vertices[part])[0].min()) for part in parts[1:]]
        gap, other = min(gaps), parts[1 + int(np.argmin(gaps))]
        if gap > JOIN_MM:
            raise InputError(
                f"Tooth {fdi} is in pieces that lie {gap:.0f} mm apart, too far to be joined: draw the part between."
            )
        way = main.query(jaw.vertices[gum])[0] + cKDTree(jaw.vertices[other]).query(jaw.vertices[gum])[0]
        for slack in (1.0, 2.0, 3.0):
            grown = whole.copy()
            grown[gum[way <= gap + slack * step]] = True
            if len(jaw.pieces(grown)) < len(parts):
                break
        else:
            raise InputError(f"Tooth {fdi} is in pieces with another tooth between them: draw the part between.")
        whole = grown
    added = whole & ~before
    share = jaw.vertex_area[added].sum() / jaw.vertex_area[before].sum()
    if share > JOIN_SHARE:
        raise InputError(f"Tooth {fdi} would grow by {100 * share:.0f} % to become one piece: draw the part between.")
    jaw.label(np.flatnonzero(added), fdi)
    for hole in _holes(jaw, fdi):
        jaw.label(hole, fdi)


def _holes(jaw: _Jaw, fdi: int) -> list[np.ndarray]:
    """Patches of gum that only this tooth surrounds, away from the scan's border."""
    edges, users = unique_edges(jaw.faces, len(jaw.vertices))
    border = np.zeros(len(jaw.fdi), bool)
    border[edges[users[:, 1] < 0]] = True
    crown = jaw.vertex_area[jaw.fdi == fdi].sum()
    found = []
    for part in jaw.pieces(jaw.fdi == 0):
        around = jaw.fdi[jaw.neighbours(part)]
        if len(around) and (around == fdi).all() and not border[part].any() and jaw.vertex_area[part].sum() < crown:
            found.append(part)
    return found


def _fill(jaw: _Jaw, repair: Repair) -> Made:
    (fdi,) = repair.teeth
    jaw.require(fdi)
    patches = _holes(jaw, fdi)
    if not patches:
        raise InputError(f"Tooth {fdi} has no patch of gum in its surface: there is nothing to fill.")
    for patch in patches:
        jaw.label(patch, fdi)


def _split(jaw: _Jaw, repair: Repair) -> Made:
    from ...ios.creases import cut_along_creases, vertex_graph

    fdi, other = repair.teeth
    jaw.require(fdi)
    if (jaw.fdi == other).any():
        raise NumberTakenError(f"Tooth {other} is there already: tooth {fdi} cannot be split into it.", None)
    main = jaw.pieces(jaw.fdi == fdi)[0]
    towards, sideways = _direction(jaw, fdi, other)
    points = jaw.vertices[main]
    along, across = points @ towards, points @ sideways
    step = max(0.5, float(np.sqrt(jaw.vertex_area[main].mean())))
    slices = ((along - along.min()) / step).astype(int)
    low, high = np.full(slices.max() + 1, np.inf), np.full(slices.max() + 1, -np.inf)
    np.minimum.at(low, slices, across)
    np.maximum.at(high, slices, across)
    share = usual_area_mm2(fdi) / (usual_area_mm2(fdi) + usual_area_mm2(other))
    cut = neck(np.maximum(high - low, 0.0), along, step, share)

    inside = np.zeros(len(jaw.fdi), bool)
    inside[main] = True
    new = np.cumsum(inside) - 1
    faces = new[jaw.faces[inside[jaw.faces].all(1)]]
    beyond = 1 / (1 + np.exp(-np.clip((along - cut) / _CREASE_MM, -30, 30)))
    graph = vertex_graph(points, faces, inside_out=jaw.case.inside_out)
    second = cut_along_creases(np.column_stack([1 - beyond, beyond]), graph) == 1
    for side in (second.copy(), ~second):
        mask = np.zeros(len(jaw.fdi), bool)
        mask[main[side]] = True
        for crumb in jaw.pieces(mask)[1:]:
            second[new[crumb]] ^= True
    if not 0 < np.count_nonzero(second) < len(main):
        raise InputError(f"Tooth {fdi} shows no place where {other} could begin: draw the border by hand.")
    jaw.label(main[second], other, new_instance=True)


def _direction(jaw: _Jaw, fdi: int, other: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors on the surface's axes: along the arch at `fdi` towards the place of `other`, and across it."""
    order = arch_order(jaw_of(fdi), is_deciduous(fdi))
    case = jaw.case
    if case.axes is None:
        raise InputError(f"Too few teeth are there to tell which half of tooth {fdi} is {other}.")
    if case.frame is not None:
        along = case.axes.T @ case.frame.tangent(fdi)
    else:
        row = [number for number in order if number in case.crowns]
        i = row.index(fdi)
        along = case.crowns[row[min(i + 1, len(row) - 1)]].centre - case.crowns[row[max(i - 1, 0)]].centre
    top = case.axes[2]
    along = along - (along @ top) * top
    along = along / np.linalg.norm(along)
    if order.index(other) < order.index(fdi):
        along = -along
    return along, np.cross(top, along)


def _merge(jaw: _Jaw, repair: Repair) -> Made:
    part, whole = repair.teeth
    jaw.require(part)
    jaw.require(whole)
    touching = [p for p in jaw.pieces(jaw.fdi == part) if (jaw.fdi[jaw.neighbours(p)] == whole).any()]
    if not touching:
        raise InputError(f"Nothing with the number {part} touches tooth {whole}: there is nothing to add to it.")
    for piece in touching:
        jaw.label(piece, whole)


def _delete(jaw: _Jaw, repair: Repair) -> Made:
    (fdi,) = repair.teeth
    jaw.require(fdi)
    jaw.label(np.flatnonzero(jaw.fdi == fdi), 0)


def _delete_piece(jaw: _Jaw, repair: Repair) -> Made:
    part = _piece(jaw, repair)
    if repair.teeth:
        jaw.give_away(part)
    else:
        jaw.instance[part] = 0


def _piece(jaw: _Jaw, repair: Repair) -> np.ndarray:
    place = repair.arguments["place"]
    if not repair.teeth:
        bare = (jaw.instance > 0) & (jaw.fdi == 0)
        parts = [np.flatnonzero(bare & (jaw.instance == i)) for i in np.unique(jaw.instance[bare])]
        return jaw.spoken_of(parts, place, "What has no number")
    (fdi,) = repair.teeth
    parts = jaw.pieces(jaw.fdi == fdi)
    if len(parts) < 2:
        raise InputError(f"Tooth {fdi} is in one piece: there is no second tooth with its number.")
    return jaw.spoken_of(parts, place, f"Tooth {fdi}")


# ---------------------------------------------------------------- numbers


def _renumber(jaw: _Jaw, repair: Repair) -> Made:
    (fdi,), to = repair.teeth, repair.arguments["to"]
    if fdi == to:
        raise InputError(f"Tooth {fdi} has this number already.")
    jaw.require(fdi)
    if (jaw.fdi == to).any():
        raise NumberTakenError(f"The number {to} is another tooth's: exchange the two numbers instead.", swap(fdi, to))
    return _all(jaw, {fdi: to})


def _renumber_piece(jaw: _Jaw, repair: Repair) -> Made:
    to = repair.arguments["to"]
    if (jaw.fdi == to).any():
        raise NumberTakenError(f"The number {to} is another tooth's: choose one that is free.", None)
    part = _piece(jaw, repair)
    jaw.label(part, to, new_instance=bool(repair.teeth))


def _swap(jaw: _Jaw, repair: Repair) -> Made:
    a, b = repair.teeth
    if a == b:
        raise InputError(f"Choose two teeth: {a} cannot change its number with itself.")
    jaw.require(a)
    jaw.require(b)
    return _all(jaw, {a: b, b: a})


def _renumber_run(jaw: _Jaw, repair: Repair) -> Made:
    numbers = repair.arguments["numbers"]
    for old, new in numbers.items():
        jaw.require(old)
        if new not in numbers and (jaw.fdi == new).any():
            raise NumberTakenError(f"The number {new} is another tooth's: give that tooth a number too.", None)
    return _all(jaw, numbers)


def _swap_sides(jaw: _Jaw, repair: Repair) -> Made:
    which = repair.arguments["jaw"]
    return _all(jaw, {fdi: mirrored(fdi) for fdi in jaw.case.crowns if which in (None, jaw_of(fdi))})


def _swap_jaws(jaw: _Jaw, repair: Repair) -> Made:
    """A surface that is the other jaw after all lies turned over, so its sides change too."""
    jaw.which = "lower" if jaw.which == "upper" else "upper"
    return _all(jaw, {fdi: flipped_jaw(mirrored(fdi)) for fdi in jaw.case.crowns})


def _all(jaw: _Jaw, numbers: Mapping[int, int]) -> Made:
    if not numbers:
        raise InputError("There is no tooth here to do this with.")
    jaw.renumbered(numbers)
    return numbers


_MAKERS: dict[str, Callable[[_Jaw, Repair], Made]] = {
    "remove_pieces": _remove_pieces, "remove_specks": _remove_specks, "join_pieces": _join_pieces, "fill": _fill,
    "split": _split, "merge": _merge, "delete": _delete, "delete_piece": _delete_piece, "renumber": _renumber,
    "renumber_piece": _renumber_piece, "swap": _swap, "renumber_run": _renumber_run, "swap_sides": _swap_sides,
    "swap_jaws": _swap_jaws,
}  # fmt: skip
