"""From a mesh as the file has it to a surface that can be computed on: millimetres, welded, valid triangles."""

from __future__ import annotations

import numpy as np

from ...errors import InputError
from .geometry import equal_rows, face_areas, face_components
from .mesh import Mesh, Surface
from .winding import directed_keys, turned_faces

UNITS = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "inch": 25.4}  # to millimetres
_UNIT_NAMES = {"mm": "millimetres", "cm": "centimetres", "m": "metres", "inch": "inches"}

# Sizes are the diagonal of the bounding box. A full dental arch has 70 to 110 mm, with a base up to 130 mm; a
# quadrant 30 to 45 mm; a single crown 12 to 16 mm, a whole head 400 mm.
_ANY_SIZE_MM = (12.0, 400.0)  # taken as millimetres without a question
_JAW_SIZE_MM = (25.0, 130.0)  # what another unit must make of the mesh to be believed
#: Where two units are possible, the shape decides: width as a share of the length, and the lengths of whole arches and
#: of parts of them (sextants 18, front teeth up to 80).
_ARCH_SHAPE, _ARCH_LENGTH_MM = 0.6, (40.0, 100.0)
_PART_SHAPE, _PART_LENGTH_MM = 0.52, (18.0, 80.0)
_FORCED_SIZE_MM = (2.0, 1000.0)  # with a unit given by the user

_STRAY = 2.0  # a whole this many times larger than its bulk has something far away from it
_TINY_PIECE = 0.01  # of all triangles
_TINY_AREA_MM2 = 1e-10  # three corners on a line, to the precision of the coordinates


def clean(mesh: Mesh, unit: str | None = None) -> tuple[Surface, list[str]]:
    """Make a surface in millimetres of a mesh.

    Points that are not numbers go with their triangles, equal points are welded, triangles without area or present
    twice go.

    Parameters
    ----------
    mesh : Mesh
        As its file has it.
    unit : str, optional
        "mm", "cm", "m" or "inch"; None takes the format's own, or tells it from the size where only one is possible.

    Returns
    -------
    surface : Surface
        Vertices in mm.
    warnings : list of str
        What was dropped, guessed or looks wrong, in plain words.

    Raises
    ------
    InputError
        For what is no surface or of no believable size.
    """
    if unit is not None and unit not in UNITS:
        raise InputError(f"'{unit}' is no unit known here: use mm, cm, m or inch.")
    warnings: list[str] = []
    bad = ~np.isfinite(mesh.vertices).all(axis=1)
    keep = _drop_not_numbers(mesh, bad, warnings) if bad.any() else np.ones(len(mesh.faces), bool)
    used = np.zeros(len(mesh.vertices), bool)
    used[mesh.faces[keep].ravel()] = True
    scale, far = _scale(mesh, used, unit, warnings)
    if far.any():
        keep &= ~far[mesh.faces].any(axis=1)
        used[:] = False
        used[mesh.faces[keep].ravel()] = True

    of_vertex, first = _weld(mesh, used)
    vertices = mesh.vertices[first] * scale
    faces = of_vertex[mesh.faces]
    keep &= ~_degenerate(vertices, faces, keep, warnings)
    of_face = _drop_duplicates(faces, keep, warnings)
    faces = faces[keep]
    if not len(faces):
        raise InputError(f"'{mesh.name}' holds no triangle with an area: export the scan again.")
    needed = np.zeros(len(vertices), bool)
    needed[faces.ravel()] = True
    if not needed.all():
        renumbered = np.where(needed, np.cumsum(needed) - 1, -1).astype(np.int32)
        vertices, faces = vertices[needed], renumbered[faces]
        of_vertex = np.where(of_vertex >= 0, renumbered[of_vertex], np.int32(-1))
    faces = _look_at_edges(vertices, faces, warnings)
    _look_at_pieces(vertices, faces, warnings)
    return Surface(vertices, faces, scale, of_vertex, of_face), warnings


def _drop_not_numbers(mesh: Mesh, bad: np.ndarray, warnings: list[str]) -> np.ndarray:
    """(F,) which faces have only valid corners; refuses a mesh that has lost more than half."""
    keep = ~bad[mesh.faces].any(axis=1)
    lost_points, lost_faces = int(bad.sum()), int(len(keep) - keep.sum())
    share = max(lost_points / len(bad), lost_faces / len(keep))
    if share > 0.5:
        raise InputError(
            f"'{mesh.name}' has no valid number (NaN or infinite) in {_percent(share)} of its points or triangles: "
            "export the scan again."
        )
    warnings.append(
        f"{_count(lost_points, 'point')} held no valid number (NaN or infinite); dropped together with "
        f"{_count(lost_faces, 'triangle')}. There may be a hole."
    )
    return keep


def _weld(mesh: Mesh, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(V,) int32 welded number or -1 of every mesh vertex, and (W,) the mesh vertex each welded one is at."""
    where = np.flatnonzero(used)
    first, group = equal_rows(mesh.vertices if len(where) == len(used) else mesh.vertices[where])
    of_vertex = np.full(len(used), -1, np.int32)
    of_vertex[where] = group
    return of_vertex, where[first]


def _degenerate(vertices: np.ndarray, faces: np.ndarray, keep: np.ndarray, warnings: list[str]) -> np.ndarray:
    a, b, c = faces[:, 0], faces[:, 1], faces[:, 2]
    bad = (a == b) | (b == c) | (a == c)
    bad |= face_areas(vertices, faces) <= _TINY_AREA_MM2
    bad &= keep
    if count := int(bad.sum()):
        warnings.append(f"{_count(count, 'triangle')} without area {_were(count)} dropped.")
    return bad


def _drop_duplicates(faces: np.ndarray, keep: np.ndarray, warnings: list[str]) -> np.ndarray:
    """Clear `keep` for faces with the corners of an earlier one; (F,) int32 face -> place among those kept."""
    where = np.flatnonzero(keep)
    kept = faces[where]
    corners = np.empty_like(kept)
    corners[:, 0], corners[:, 2] = kept.min(axis=1), kept.max(axis=1)
    corners[:, 1] = kept.sum(axis=1, dtype=np.int64) - corners[:, 0] - corners[:, 2]
    first, group = equal_rows(corners)
    of_face = np.full(len(faces), -1, np.int32)
    of_face[where] = group
    if twice := len(where) - len(first):
        keep[:] = False
        keep[where[first]] = True
        warnings.append(f"{_count(twice, 'triangle')} {_were(twice)} there twice; one of each was kept.")
    return of_face


def _scale(mesh: Mesh, used: np.ndarray, unit: str | None, warnings: list[str]) -> tuple[float, np.ndarray]:
    """File unit -> mm, from what the user says or from the size of the bulk of the mesh; and (V,) which points lie
    farther from the bulk than it is large."""
    points = mesh.vertices[used]
    whole = _diagonal(points.min(axis=0), points.max(axis=0))
    sides = np.stack([_bulk(points[:, axis]) for axis in range(3)], axis=1)
    bulk = _diagonal(*sides)
    if not (whole > 0 and bulk < np.inf):
        raise InputError(f"'{mesh.name}' has no size: all its points lie in one place. Export the scan again.")
    stray = whole > _STRAY * bulk
    size = bulk if stray else whole
    unit = unit or mesh.unit
    scale = UNITS[unit] if unit else _guess(mesh.name, size, points, warnings)
    if unit and not _FORCED_SIZE_MM[0] <= size * scale <= _FORCED_SIZE_MM[1]:
        raise InputError(
            f"'{mesh.name}' would be {_millimetres(size * scale)} across if its unit is {_UNIT_NAMES[unit]}, which no "
            "jaw is: give the right unit."
        )
    far = np.zeros(len(used), bool)
    if stray:
        with np.errstate(over="ignore"):
            far[used] = ((points < sides[0] - bulk) | (points > sides[1] + bulk)).any(axis=1)
        count = int(far.sum())
        its = "its" if count == 1 else "their"
        cut = "cut it off in the scanner's software"
        told = f"{_count(count, 'point')} there {_were(count)} left out with {its} triangles"
        warnings.append(
            f"Some of the mesh lies far away from the rest ({_millimetres(whole * scale)} across in all, the bulk "
            f"{_millimetres(bulk * scale)}): {told if count else cut}."
        )
    return scale, far


def _bulk(values: np.ndarray) -> np.ndarray:
    """The range of the values without the outermost 0.5 % at either end."""
    ends = [len(values) // 200, len(values) - 1 - len(values) // 200]
    return np.partition(values, ends)[ends]


def _diagonal(low: np.ndarray, high: np.ndarray) -> float:
    with np.errstate(over="ignore"):
        return float(np.linalg.norm(high - low))


def _guess(name: str, size: float, points: np.ndarray, warnings: list[str]) -> float:
    """mm unless the size speaks against it; then the one unit that makes a jaw of it, with a warning."""
    if _ANY_SIZE_MM[0] <= size <= _ANY_SIZE_MM[1]:
        return 1.0
    low, high = _JAW_SIZE_MM
    possible = [unit for unit in ("m", "inch", "cm") if low <= size * UNITS[unit] <= high]
    if not possible:
        raise InputError(
            f"'{name}' is {_number(size)} units across, in no unit the size of a jaw (a full arch has about 70 to "
            "110 mm): check the export, or give the unit (mm, cm, m or inch)."
        )
    fitting = possible if len(possible) == 1 else [unit for unit in possible if _has_shape(points * UNITS[unit])]
    if len(fitting) != 1:
        sizes = " or ".join(f"{_millimetres(size * UNITS[unit])} in {_UNIT_NAMES[unit]}" for unit in possible)
        raise InputError(
            f"'{name}' is {_number(size)} units across, which may be {sizes}: give the unit "
            f"(--unit {' or '.join(possible)})."
        )
    chosen = fitting[0]
    text = (
        f"The mesh is only {_number(size)} units across; they were taken as {_UNIT_NAMES[chosen]} "
        f"({_millimetres(size * UNITS[chosen])})"
    )
    for other in possible:
        if other != chosen:
            text += f", but {_UNIT_NAMES[other]} ({_millimetres(size * UNITS[other])}) are possible too"
    if _ANY_SIZE_MM[0] * 0.5 <= size:
        text += f", and so is a very small piece in millimetres ({_millimetres(size)})"
    warnings.append(text + ". Give the unit if this is wrong.")
    return UNITS[chosen]


def _has_shape(points: np.ndarray) -> bool:
    """Whether points in mm have the length that their shape, that of an arch or of a quadrant, has in mouths."""
    few = points[:: len(points) // 20_000 + 1]
    axes = np.linalg.eigh(np.cov(few.T))[1]
    width, length = (float(np.subtract(*_bulk(few @ axes[:, k])[::-1])) for k in (1, 2))
    if width >= _ARCH_SHAPE * length:
        return _ARCH_LENGTH_MM[0] <= length <= _ARCH_LENGTH_MM[1]
    if width <= _PART_SHAPE * length:
        return _PART_LENGTH_MM[0] <= length <= _PART_LENGTH_MM[1]
    return False


def _look_at_edges(vertices: np.ndarray, faces: np.ndarray, warnings: list[str]) -> np.ndarray:
    """(G, 3) the faces, those turned round that run against their neighbours."""
    keys = directed_keys(faces, len(vertices))
    keys.sort()
    alike = keys[1:] == keys[:-1]
    keys >>= np.uint64(1)
    same = keys[1:] == keys[:-1]
    third = same[1:] & same[:-1]  # the third and later faces of an edge
    several = third.copy()
    third[1:] &= ~same[:-2]  # counted once
    if count := int(third.sum()):
        warnings.append(
            f"{_count(count, 'edge')} {'belongs' if count == 1 else 'belong'} to more than two triangles "
            "(non-manifold); accepted, but look closely at the labels there."
        )
    alike[1:] &= ~several
    alike[:-1] &= ~several
    if not alike.any():
        return faces
    turned = turned_faces(vertices, faces)
    if count := int(turned.sum()):
        warnings.append(f"{_count(count, 'triangle')} ran the other way round than the rest and {_were(count)} turned.")
    return np.where(turned[:, None], faces[:, ::-1], faces)


def _look_at_pieces(vertices: np.ndarray, faces: np.ndarray, warnings: list[str]) -> None:
    number, piece = face_components(faces, len(vertices), across="vertex")
    if number < 2:
        return
    size = np.bincount(piece, minlength=number)
    small = size[size < max(_TINY_PIECE * len(faces), 2)]
    tiny = len(small)
    if tiny == number:
        warnings.append(
            f"The mesh falls into {number:,} small pieces that are not connected: export it as one surface."
        )
        return
    text = f"The mesh is in {number:,} separate pieces"
    if tiny:
        largest = f"{_count(int(small.max()), 'triangle')}{'' if tiny == 1 else ' or fewer'}"
        text += f"; {tiny:,} {'is' if tiny == 1 else 'are'} tiny ({largest}), most likely stray bits of the scan"
    warnings.append(text + ".")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _number(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= value < 1e9 else f"{value:.3g}"


def _millimetres(value: float) -> str:
    if value >= 1e6:
        return "more than 1 km"
    return f"{value:,.0f} mm" if value >= 10 else f"{value:.2g} mm"
