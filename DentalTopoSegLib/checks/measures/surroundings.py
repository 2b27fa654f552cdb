"""What a dentist measures between teeth and what lies around them, on a label map that has both.

Every number is that of the label map as it is; its uncertainty is the voxels' part (`subvoxel`, `tooth_shape`), and of
what a network found also how far it was off on held-out scans (`structures.error_of`).
Places are RAS mm. Nothing here is worked out before it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ...cbct.mask_topology import FULL, pieces_and_cavities
from ...dentition import arch_order, is_right, is_upper, jaw
from ...dentition.structures import BY_VALUE, TOOTH_MEASURES, error_of, structure
from ...files.volumes.boxes import Box, box_of
from .bite import Stand, occlusal_normal, stand_of
from .canals import Piece, pieces_of
from .implant_site import Section, Site, measure_site
from .periodontium import COVERED_MM, LEVEL_VOXELS, SOCKET_MM, Levels, bone_crest, by_side, crown_and_root, enamel_edge
from .sampled import Sampled
from .subvoxel import Line, distance_uncertainty_mm, search_tree, shortest_line, surface_points
from .tooth_shape import AXIS_DEG, LENGTH_VOXELS, Root, ToothShape, find_roots, named_roots, tooth_shape
from .unseen import DRAWN, why_unseen

if TYPE_CHECKING:
    from ...dentition.arch import ArchFrame
    from ...files.volumes import Volume
    from ..topology import ToothMeasure

CANALS = ("canal_left", "canal_right", "canal")
SMALL_CANALS = ("incisive_canal_left", "incisive_canal_right", "lingual_canal")
SINUSES = ("sinus_left", "sinus_right", "sinus")
JAWS = {"upper": "upper_jaw", "lower": "mandible"}
#: What is farther away than this is no tooth's neighbour, such as the canal of the other side, mm.
_FAR_MM = 20.0
#: So far around a tooth's box its socket's bone may lie, mm.
_SOCKET_BOX_MM = 2.0
#: A pulp of less than this share of its tooth was hardly seen: the tooth is filled, calcified or hidden by metal. All
#: pulps together have about 2 % of all teeth (docs/sources.md).
LEAST_PULP_SHARE = 0.01
#: An implant this near to the middle of where a tooth would stand takes its place, mm.
_IMPLANT_MM = 3.0


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
    unseen : str
        Why the line is no measured distance, of `unseen`; "" of one that is.
    """

    line: Line
    key: str
    uncertainty_mm: float
    root: str = ""
    unseen: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As reports have it."""
        return {
            "structure": self.key,
            "mm": round(self.line.length_mm, 2),
            "uncertainty_mm": round(self.uncertainty_mm, 2),
            "root": self.root,
            "line_ras": [[round(float(c), 2) for c in end] for end in (self.line.start, self.line.end)],
        }


class MeasuredTeeth(Protocol):
    """What is asked of the teeth: a `label_map.Case`."""

    labels: Volume

    @property
    def teeth(self) -> tuple[int, ...]: ...
    @property
    def measures(self) -> Mapping[int, ToothMeasure]: ...
    @property
    def frame(self) -> ArchFrame | None: ...
    @property
    def numbers_trusted(self) -> bool: ...
    def is_cut(self, fdi: int) -> bool: ...
    def mask(self, fdi: int) -> np.ndarray: ...
    def middle(self, fdi: int) -> np.ndarray: ...


@dataclass
class Memory:
    """What was measured on teeth and structures that may be asked for again when other teeth have changed."""

    surfaces: dict[int | str, np.ndarray] = field(default_factory=dict)
    shapes: dict[int, ToothShape | None] = field(default_factory=dict)
    roots: dict[int, list[Root]] = field(default_factory=dict)
    clearances: dict[int, list[Clearance]] = field(default_factory=dict)
    edges: dict[int, Levels | None] = field(default_factory=dict)
    sockets: dict[int, np.ndarray] = field(default_factory=dict)
    trees: dict[str, Any] = field(default_factory=dict)
    canals: dict[str, list[Piece]] = field(default_factory=dict)

    def forget(self, fdi: int) -> None:
        """A tooth has changed."""
        for kept in (self.surfaces, self.shapes, self.roots, self.clearances, self.edges, self.sockets):
            kept.pop(fdi, None)  # type: ignore[attr-defined]


class Surroundings:
    """Teeth and structures of one label map.

    Parameters
    ----------
    case : MeasuredTeeth
        The teeth, measured.
    structures : Volume
        Values of `dentition.structures` on the teeth's grid.
    memory : Memory, optional
        What is known already.
    """

    def __init__(self, case: MeasuredTeeth, structures: Volume, memory: Memory | None = None) -> None:
        self.case, self.structures = case, structures
        self._memory = memory or Memory()

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
        if key not in self._memory.surfaces:
            self._memory.surfaces[key] = surface_points(self.mask(key), self.boxes[key], self.structures)
        return self._memory.surfaces[key]

    def _search_tree(self, key: str) -> Any:
        """Of a structure's surface."""
        if key not in self._memory.trees:
            self._memory.trees[key] = search_tree(self.surface(key))
        return self._memory.trees[key]

    def canal_pieces(self, key: str) -> list[Piece]:
        """The connected pieces of a canal, without specks, the largest first; none where it is not labelled."""
        if key not in self._memory.canals:
            found = pieces_of(self.mask(key), self.boxes[key], self.structures) if key in self.boxes else []
            self._memory.canals[key] = found
        return self._memory.canals[key]

    def is_pulp_alone(self, fdi: int) -> bool:
        """Whether all that is labelled of a tooth is its pulp: a label map may have pulps of teeth that it lacks."""
        box = self.case.measures[fdi].box
        own = self.case.labels.array[box] == fdi
        return bool((self.structures.array[box][own] == structure("pulp").value).all())

    def near(self, fdi: int, keys: Iterable[str], within_mm: float) -> tuple[np.ndarray, Box]:
        """The mask of structures in the box of a tooth, grown by a length, and that box."""
        margin = np.ceil(within_mm / np.array(self.structures.spacing[::-1])).astype(int)
        sizes = zip(self.case.measures[fdi].box, margin, self.structures.shape, strict=True)
        around = box_of(slice(max(s.start - m, 0), min(s.stop + m, n)) for s, m, n in sizes)
        return np.isin(self.structures.array[around], [structure(key).value for key in keys]), around

    def socket(self, fdi: int) -> np.ndarray:
        """(n, 3) RAS mm of the surface of its jaw's bone within `SOCKET_MM` of a tooth."""
        if fdi not in self._memory.sockets:
            mask, around = self.near(fdi, (JAWS[jaw(fdi)],), _SOCKET_BOX_MM)
            bone = surface_points(mask, around, self.structures)
            away = search_tree(self.tooth_surface(fdi)).query(bone, distance_upper_bound=SOCKET_MM)[0]
            self._memory.sockets[fdi] = bone[np.isfinite(away)]
        return self._memory.sockets[fdi]

    def contact_mm2(self, fdi: int, key: str) -> float:
        """Over which area a tooth and a structure touch or overlap, counted over voxel faces as between teeth."""
        mask, around = self.near(fdi, (key,), 2 * max(self.structures.spacing))
        if not mask.any():
            return 0.0
        sides = np.where(self.case.labels.array[around] == fdi, 1, 0).astype(np.uint8)
        sides[mask] = 2
        (sx, sy, sz), area = self.case.labels.spacing, 0.0
        for axis, face in enumerate((sx * sy, sx * sz, sy * sz)):
            along = np.moveaxis(sides, axis, 0)
            area += face * int(((along[:-1] != along[1:]) & (along[:-1] > 0) & (along[1:] > 0)).sum())
        return float(area)

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
        if fdi not in self._memory.surfaces:
            box = self.case.measures[fdi].box
            self._memory.surfaces[fdi] = surface_points(self.tooth_mask(fdi), box, self.case.labels)
        return self._memory.surfaces[fdi]

    def shape(self, fdi: int) -> ToothShape | None:
        """A tooth's axis and length; None where it is cut by the scan or shows none."""
        if fdi not in self._memory.shapes:
            up, found = None if self.case.frame is None else self.case.frame.rotation[:, 2], None
            if not self.case.is_cut(fdi):
                found = tooth_shape(fdi, self.tooth_points(fdi), self.tooth_surface(fdi), up, self._crown(fdi))
            self._memory.shapes[fdi] = found
        return self._memory.shapes[fdi]

    def _crown(self, fdi: int) -> np.ndarray | None:
        """The middle of a tooth's enamel; None where none is labelled."""
        box = self.case.measures[fdi].box
        enamel = np.argwhere(self.inside_tooth(fdi, "enamel"))
        if not len(enamel):
            return None
        return self.case.labels.index_to_ras(enamel + [part.start for part in box]).mean(axis=0)

    def roots(self, fdi: int) -> list[Root]:
        """A tooth's roots, with names where they have several; none where its shape tells none."""
        if fdi not in self._memory.roots:
            shape = self.shape(fdi)
            found = [] if shape is None else find_roots(self.tooth_mask(fdi), self.tooth_points(fdi), shape)
            frame = self.case.frame
            if frame is not None:
                mesial = frame.tangent(fdi) * (1 if is_right(fdi) else -1)
                outwards = np.cross(frame.tangent(fdi), frame.rotation[:, 2])
                found = named_roots(fdi, found, outwards, mesial)
            self._memory.roots[fdi] = found
        return self._memory.roots[fdi]

    # ------------------------------------------------------------ distances

    def clearances(self, fdi: int) -> list[Clearance]:
        """How near a lower tooth comes to the mandibular canals, an upper one to the maxillary sinuses: the nearest of
        the two sides, for each root that has a name, the nearest first; else for the tooth as a whole.

        The distance is the Euclidean one between the two surfaces (`subvoxel`); between third molars and canal it tells
        the risk to the nerve (e.g. Monaco et al., J Am Dent Assoc 2004;135:312, on CT). It is 0 within its uncertainty
        where they touch. Lines that end where a structure was not seen are among them, and say so.
        """
        if fdi not in self._memory.clearances:
            self._memory.clearances[fdi] = self._measure_clearances(fdi)
        return self._memory.clearances[fdi]

    def _measure_clearances(self, fdi: int) -> list[Clearance]:
        keys = [key for key in (SINUSES if is_upper(fdi) else CANALS) if key in self.boxes]
        if not keys:
            return []
        surface, of_voxels = self.tooth_surface(fdi), distance_uncertainty_mm(self.structures)
        roots = self.roots(fdi)
        parts = self._parts(surface, roots) if len(roots) > 1 else {"": surface}
        found = []
        for name, points in parts.items():
            found_lines = ((shortest_line(points, self._search_tree(key), _FAR_MM), key) for key in keys)
            lines = [(line, key) for line, key in found_lines if line is not None]
            if lines:
                line, key = min(lines, key=lambda one: one[0].length_mm)
                unsure = float(np.hypot(of_voxels, error_of(self.structures.metadata, key)))
                found.append(Clearance(line, key, unsure, name, why_unseen(line.end, key, self.structures)))
        return sorted(found, key=lambda one: one.line.length_mm)

    @staticmethod
    def _parts(surface: np.ndarray, roots: list[Root]) -> dict[str, np.ndarray]:
        """The surface of each root, by name, and under "" what belongs to none."""
        near = np.array([search_tree(root.points).query(surface)[0] for root in roots])
        step = float(np.median(near.min(axis=0))) + 1.0
        nearest, close = near.argmin(axis=0), near.min(axis=0) <= step
        names = [root.name or str(i) for i, root in enumerate(roots, start=1)]
        parts = {name: surface[close & (nearest == i)] for i, name in enumerate(names)}
        return {**parts, "": surface[~close]}

    # ------------------------------------------------------------ how teeth stand

    @cached_property
    def normals(self) -> Mapping[str, np.ndarray]:
        """The normal of each jaw's occlusal plane, to the head's top, where the teeth show one."""
        if self.case.frame is None:
            return {}
        up = self.case.frame.rotation[:, 2]
        shapes = {fdi: shape for fdi in self.case.teeth if (shape := self.shape(fdi)) is not None}
        found = {which: occlusal_normal(which, shapes, up) for which in ("upper", "lower")}
        return {which: normal for which, normal in found.items() if normal is not None}

    def stand(self, fdi: int) -> Stand | None:
        """How a tooth's long axis stands to its jaw's occlusal plane and arch; None where one of them is not shown."""
        shape, normal = self.shape(fdi), self.normals.get(jaw(fdi))
        if shape is None or normal is None or self.case.frame is None or not self.case.numbers_trusted:
            return None
        return stand_of(fdi, shape, normal, self.case.frame.tangent(fdi), is_right(fdi))

    # ------------------------------------------------------------ crown, root, bone and pulp

    def inside_tooth(self, fdi: int, key: str) -> np.ndarray:
        """The mask of what of a structure (pulp, enamel) lies in a tooth, in the tooth's bounding box."""
        box = self.case.measures[fdi].box
        return (self.structures.array[box] == structure(key).value) & self.tooth_mask(fdi)

    def enamel_edge(self, fdi: int) -> Levels | None:
        """The tooth's cemento-enamel junction; None where no enamel is labelled."""
        if fdi not in self._memory.edges:
            self._memory.edges[fdi] = self._find_enamel_edge(fdi)
        return self._memory.edges[fdi]

    def _find_enamel_edge(self, fdi: int) -> Levels | None:
        shape, enamel = self.shape(fdi), self.inside_tooth(fdi, "enamel")
        if shape is None or not enamel.any():
            return None
        points = surface_points(enamel, self.case.measures[fdi].box, self.case.labels)
        return enamel_edge(points, shape, _across(shape))

    def bone_crest(self, fdi: int) -> Levels | None:
        """The crest of the bone around the tooth; None where the jaw is not labelled, or nowhere near."""
        shape = self.shape(fdi)
        if shape is None or JAWS[jaw(fdi)] not in self.boxes:
            return None
        crest = bone_crest(self.socket(fdi), shape, _across(shape))
        return crest if crest.mean is not None else None

    def bone_levels(self, fdi: int) -> dict[str, float]:
        """How far the bone's crest lies towards the root from the cemento-enamel junction, mm by the tooth's sides: 0.4
        to 1.9 mm without bone loss (Hausmann et al., J Periodontol 1991;62:570). None where enamel or jaw are not
        labelled, or bone covers the crown."""
        shape, edge, crest = self.shape(fdi), self.enamel_edge(fdi), self.bone_crest(fdi)
        frame = self.case.frame
        if shape is None or edge is None or crest is None or frame is None or not self.case.numbers_trusted:
            return {}
        outwards = np.cross(frame.tangent(fdi), frame.rotation[:, 2])
        mesial = frame.tangent(fdi) * (1 if is_right(fdi) else -1)
        inner = "palatal" if is_upper(fdi) else "lingual"
        sides = {"mesial": mesial, "distal": -mesial, "buccal": outwards, inner: -outwards}
        levels = by_side(crest.heights - edge.heights, shape, sides, _across(shape))
        return {side: level for side, level in levels.items() if level >= -COVERED_MM}

    # ------------------------------------------------------------ places without a tooth

    def sites(self) -> list[Site]:
        """The bone at every place between two teeth of a jaw where a tooth is missing and no implant stands, from the
        patient's right to left; none where the jaw is not labelled or the arch not shown."""
        return [site for which, key in JAWS.items() if key in self.boxes for site in self._sites_in(which, key)]

    def _sites_in(self, which: str, key: str) -> Iterator[Site]:
        frame, normal = self.case.frame, self.normals.get(which)
        if frame is None or normal is None or not self.case.numbers_trusted:
            return
        deep = normal if which == "upper" else -normal
        order = arch_order(which)
        there = [i for i, fdi in enumerate(order) if fdi in self.case.measures or fdi + 40 in self.case.measures]
        for i in range(min(there, default=0) + 1, max(there, default=0)):
            if i in there:
                continue
            fdi, ends = order[i], (max(k for k in there if k < i), min(k for k in there if k > i))
            beside = [order[k] if order[k] in self.case.measures else order[k] + 40 for k in ends]
            shifts = [self.case.middle(other) + frame.place(fdi) - frame.place(other) for other in beside]
            share = (i - ends[0]) / (ends[1] - ends[0])
            place = (1 - share) * shifts[0] + share * shifts[1]
            along = frame.tangent(fdi) - (frame.tangent(fdi) @ normal) * normal
            outwards = np.cross(along / np.linalg.norm(along), normal)
            section = Section(place, outwards, deep)
            if "implant" in self.boxes and section.passes(self.surface("implant"), _IMPLANT_MM):
                continue
            site = self._site(fdi, section, key)
            if site is not None:
                yield site

    def _site(self, fdi: int, section: Section, jaw_key: str) -> Site | None:
        stops = [key for key in (SINUSES if is_upper(fdi) else CANALS) if key in self.boxes]
        canals = [key for key in (*CANALS, *SMALL_CANALS) if key in self.boxes]
        sampled = Sampled(self.structures, section.corners())
        site = measure_site(
            fdi,
            section,
            sampled.of((jaw_key, *canals)),
            {key: sampled.of((key,)) for key in stops},
            sampled.inside,
            max(self.structures.spacing),
        )
        if site is None or site.ended_by not in stops:
            return site
        drawn = any(why_unseen(place, site.ended_by, self.structures) == DRAWN for place in site.end_places())
        error = error_of(self.structures.metadata, site.ended_by)
        return replace(site, end_error_mm=error, end_unseen=DRAWN if drawn else "")

    # ------------------------------------------------------------ for reports

    def structure_rows(self) -> list[dict[str, Any]]:
        """What is there around the teeth, for reports."""
        from scipy import ndimage

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
                    "pieces": int(ndimage.label(mask, FULL)[1]),
                }
            )
        return rows

    def tooth_row(self, fdi: int) -> dict[str, Any]:
        """What was measured around a tooth, for reports; what cannot be measured is left out."""
        row: dict[str, Any] = {}
        near, shape, roots = self.clearances(fdi), self.shape(fdi), self.roots(fdi)
        voxel = max(self.structures.spacing)
        errors = {what: error_of(self.structures.metadata, what) for what in TOOTH_MEASURES}
        if near:
            what = "sinus" if is_upper(fdi) else "canal"
            row |= {f"{what}_unseen": near[0].unseen} if near[0].unseen else {what: near[0].to_dict()}
        if len(roots) > 1:
            mm = {one.root: round(one.line.length_mm, 2) for one in near if not one.unseen}
            row["roots"] = [{"name": root.name, "tip_ras": _rounded(root.tip)} for root in roots]
            for told in row["roots"]:
                if told["name"] in mm:
                    told["distance_mm"] = mm[told["name"]]
        if shape is not None:
            unsure = float(np.hypot(LENGTH_VOXELS * voxel, errors["length"]))
            row |= {"length_mm": round(shape.length_mm, 1), "length_uncertainty_mm": round(unsure, 2)}
            row["axis_ras"] = [_rounded(shape.crown_point), _rounded(shape.root_point)]
            unsure = float(np.hypot(LEVEL_VOXELS * voxel, errors["length"]))
            row |= crown_and_root(shape, self.enamel_edge(fdi), self.bone_crest(fdi), unsure)
        stand = self.stand(fdi)
        if stand is not None:
            row |= {name: round(value, 1) for name, value in asdict(stand).items()}
            row["axis_uncertainty_deg"] = round(float(np.hypot(AXIS_DEG, errors["axis"])), 1)
        levels = self.bone_levels(fdi)
        if levels:
            row["bone_levels_mm"] = {side: round(value, 1) for side, value in levels.items()}
            row["level_uncertainty_mm"] = round(LEVEL_VOXELS * voxel, 2)
        pulp = int(np.count_nonzero(self.inside_tooth(fdi, "pulp")))
        if pulp:
            whole = int(np.count_nonzero(self.tooth_mask(fdi)))
            row |= {"pulp_mm3": round(pulp * self.structures.voxel_volume_mm3, 1), "pulp_share": round(pulp / whole, 4)}
            row["pulp_hardly_seen"] = pulp < LEAST_PULP_SHARE * whole
        return row


def _rounded(place: np.ndarray) -> list[float]:
    return [round(float(c), 2) for c in place]


def _across(shape: ToothShape) -> np.ndarray:
    """(3,) any direction across a tooth's axis: where its sectors begin."""
    return np.eye(3)[int(np.argmin(np.abs(shape.axis)))]
