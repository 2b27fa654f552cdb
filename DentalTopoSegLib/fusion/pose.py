"""Where a jaw's scan lies in the CBCT: crowns matched by number first, by their surfaces then.

The first pose comes from three crowns at a time whose numbers agree or are shifted by one (SciPy's Kabsch solution),
judged by all the other crowns; from the best few, small_gicp's point-to-plane ICP goes on with ever smaller distances.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, product
from typing import Protocol

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from ..dentition import arch_order, is_deciduous, is_upper, jaw
from ..errors import InputError
from ..files.meshes import Surface
from ..files.packages import Package
from .surfaces import CbctTooth

SMALL_GICP = Package("small_gicp>=1.0", "fusion", "lays scans over one another", "Laying a scan over a CBCT needs", 2)
#: With fewer crowns in both, nothing holds the scan.
LEAST_TEETH = 3
#: Places of a scan nearer than this to the gum, or to another tooth, are left out, mm: there the two differ.
_FROM_GUM_MM, _FROM_TOOTH_MM = 1.0, 0.8
#: The distances within which surfaces are matched, mm, one stage of the ICP each.
_REACHES_MM = (3.0, 1.0, 0.4)
_ITERATIONS = 60
#: One of so many places does before the last stage.
_COARSE = 5
#: No other first pose is tried where this share of the places fits.
_SURELY_RIGHT = 0.8
_NORMAL_NEIGHBOURS = 12
_MAX_POINTS = 30_000
#: A place fits where the two surfaces are this near, mm, and face the same way (cosine).
FITS_MM, _SAME_WAY = 0.3, 0.7
#: A place further than this from every tooth counts as so far, mm.
FAR_MM = 1.0
#: Crowns' centres of a right pose lie this near to each other, mm.
_CENTRE_MM = 3.0
#: Triples tried, the widest first, and first poses that the ICP goes on with.
_TRIPLES, _STARTS = 40, 4


class NumberedScan(Protocol):
    """One scanned jaw: its surface in mm, and fdi (W,), the FDI number of every vertex, 0 gum."""

    @property
    def surface(self) -> Surface: ...

    @property
    def fdi(self) -> np.ndarray: ...


@dataclass(frozen=True)
class ToothResidual:
    """Distance of a scanned crown from the CBCT's edge after registration, mm: median and 95th percentile; places: of
    how many."""

    median_mm: float
    p95_mm: float
    places: int


@dataclass(frozen=True)
class Pose:
    """Where a scan lies.

    Parameters
    ----------
    matrix : ndarray
        (4, 4), rigid, scan mm -> CBCT LPS mm.
    residuals : dict
        `ToothResidual` by the scan's FDI number, of the teeth that could be judged.
    median_mm : float
        Over all places of all crowns.
    inliers : float
        Share of the places that fit, 0 to 1.
    flipped : bool
        The scan's normals point into the teeth.
    """

    matrix: np.ndarray
    residuals: dict[int, ToothResidual]
    median_mm: float
    inliers: float
    flipped: bool

    def apply(self, points: np.ndarray) -> np.ndarray:
        """(N, 3) scan mm -> (N, 3) CBCT LPS mm."""
        return points @ self.matrix[:3, :3].T + self.matrix[:3, 3]

    def turn(self, normals: np.ndarray) -> np.ndarray:
        """(N, 3) normals of the scan -> of the CBCT, outwards."""
        return normals @ self.matrix[:3, :3].T * (-1.0 if self.flipped else 1.0)


def crown_vertices(jaw_scan: NumberedScan) -> np.ndarray:
    """(W,) bool: vertices of a scan's crowns away from gum and neighbours."""
    vertices, fdi = jaw_scan.surface.vertices, jaw_scan.fdi
    taken = fdi > 0
    gum = vertices[fdi == 0]
    if len(gum):
        taken &= cKDTree(gum).query(vertices, distance_upper_bound=_FROM_GUM_MM)[0] > _FROM_GUM_MM
    for number in np.unique(fdi[fdi > 0]):
        own, others = fdi == number, vertices[(fdi > 0) & (fdi != number)]
        if len(others):
            near = cKDTree(others).query(vertices[own], distance_upper_bound=_FROM_TOOTH_MM)[0]
            taken[own] &= near > _FROM_TOOTH_MM
    return taken


def find_pose(jaw_scan: NumberedScan, teeth: Mapping[int, CbctTooth], name: str = "the scan") -> Pose:
    """Lay a scan over the CBCT's teeth of its jaw.

    Parameters
    ----------
    jaw_scan : NumberedScan
        One jaw with numbered teeth, in any pose.
    teeth : mapping
        `cbct_teeth` of that jaw by FDI number.
    name : str
        The scan, in refusals.

    Raises
    ------
    InputError
        Where fewer than three crowns are there in either, and where small_gicp is absent.
    """
    gicp = SMALL_GICP.require()
    taken = crown_vertices(jaw_scan)
    fdi = jaw_scan.fdi
    centres = {int(n): jaw_scan.surface.vertices[taken & (fdi == n)].mean(0) for n in np.unique(fdi[taken])}
    goals = {number: tooth.points.mean(0) for number, tooth in teeth.items() if len(tooth.points)}
    for found, where in ((centres, f"'{name}'"), (goals, "the CBCT's same jaw")):
        if len(found) < LEAST_TEETH:
            raise InputError(
                f"'{name}' cannot be laid over the CBCT: {where} shows the crowns of {len(found)} "
                f"{'tooth' if len(found) == 1 else 'teeth'}, and {LEAST_TEETH} are the least."
            )
    rows = np.flatnonzero(taken)
    rows = rows[:: -(-len(rows) // _MAX_POINTS)]
    target = gicp.PointCloud(jaw_scan.surface.vertices[rows])
    tree = gicp.KdTree(target)
    gicp.estimate_normals(target, tree, num_neighbors=_NORMAL_NEIGHBOURS)
    edge = np.concatenate([tooth.points for tooth in teeth.values()])
    sources = {reach: gicp.PointCloud(edge if reach == _REACHES_MM[-1] else edge[::_COARSE]) for reach in _REACHES_MM}
    best: Pose | None = None
    for first in _first_poses(centres, goals):
        matrix = np.linalg.inv(first)
        for reach in _REACHES_MM:
            matrix = gicp.align(
                target,
                sources[reach],
                tree,
                matrix,
                registration_type="PLANE_ICP",
                max_correspondence_distance=reach,
                rotation_epsilon=1e-6,
                translation_epsilon=1e-5,
                max_iterations=_ITERATIONS,
            ).T_target_source
        pose = _judged(np.linalg.inv(matrix), jaw_scan, rows, teeth)
        if best is None or pose.inliers > best.inliers:
            best = pose
        if pose.inliers >= _SURELY_RIGHT:
            break
    assert best is not None  # there is always a first pose
    return best


def _first_poses(centres: Mapping[int, np.ndarray], goals: Mapping[int, np.ndarray]) -> list[np.ndarray]:
    """(4, 4) candidates, scan -> CBCT, the likeliest first."""
    scan, goal = np.array(list(centres.values())), np.array(list(goals.values()))
    tree = cKDTree(goal)
    places, takers = _along_arch(centres), {place: number for number, place in _along_arch(goals).items()}
    triples = sorted(combinations(centres, 3), key=lambda three: -_area([centres[n] for n in three]))
    scored: list[tuple[float, np.ndarray]] = []
    for three in triples[:_TRIPLES]:
        for shifts in product((0, -1, 1), repeat=3):
            partners = [takers.get(places[n] + by) for n, by in zip(three, shifts, strict=True)]
            known = [number for number in partners if number is not None]
            if len(set(known)) < 3:
                continue
            matrix = _rigid(np.array([centres[n] for n in three]), np.array([goals[n] for n in known]))
            there = scan @ matrix[:3, :3].T + matrix[:3, 3]
            score = np.minimum(tree.query(there)[0], _CENTRE_MM).mean() + 0.1 * np.abs(shifts).mean()
            scored.append((float(score), matrix))
    scored.sort(key=lambda one: one[0])
    chosen: list[np.ndarray] = []
    for _, matrix in scored:
        there = scan @ matrix[:3, :3].T + matrix[:3, 3]
        # refined over all crowns that came near theirs
        distance, nearest = tree.query(there)
        near = distance < _CENTRE_MM
        if near.sum() >= LEAST_TEETH:
            matrix = _rigid(scan[near], goal[nearest[near]])
            there = scan @ matrix[:3, :3].T + matrix[:3, 3]
        others = [np.abs(scan @ m[:3, :3].T + m[:3, 3] - there).mean() for m in chosen]
        if all(apart > _CENTRE_MM / 2 for apart in others):
            chosen.append(matrix)
        if len(chosen) == _STARTS:
            break
    return chosen or [_rigid(scan[:3], goal[:3])]


def _along_arch(teeth: Mapping[int, np.ndarray]) -> dict[int, int]:
    """FDI -> place along its arch; a milk tooth has that of its successor."""
    order = {True: arch_order("upper"), False: arch_order("lower")}
    return {n: order[is_upper(n)].index(n - 40 if is_deciduous(n) else n) for n in teeth}


def _area(three: list[np.ndarray]) -> float:
    return float(np.linalg.norm(np.cross(three[1] - three[0], three[2] - three[0])))


def _rigid(scan: np.ndarray, goal: np.ndarray) -> np.ndarray:
    """(4, 4) that lays (N, 3) places over (N, 3) others, least squares (Kabsch)."""
    rotation = Rotation.align_vectors(goal - goal.mean(0), scan - scan.mean(0))[0].as_matrix()
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, goal.mean(0) - rotation @ scan.mean(0)
    return matrix


def _judged(matrix: np.ndarray, jaw_scan: NumberedScan, rows: np.ndarray, teeth: Mapping[int, CbctTooth]) -> Pose:
    """A pose with what it is worth. rows: the scan's crown vertices."""
    residual, judged, outwards = _residuals(jaw_scan.surface.vertices[rows] @ matrix[:3, :3].T + matrix[:3, 3], teeth)
    way = np.einsum("ij,ij->i", jaw_scan.surface.normals[rows] @ matrix[:3, :3].T, outwards)
    flipped = bool(np.median(way) < 0)
    fits = (residual <= FITS_MM) & ((-way if flipped else way) > _SAME_WAY)
    fdi = jaw_scan.fdi[rows]
    residuals = {}
    for number in np.unique(fdi):
        own = residual[judged & (fdi == number)]
        if len(own):
            residuals[int(number)] = ToothResidual(float(np.median(own)), float(np.percentile(own, 95)), len(own))
    if not judged.any():
        return Pose(matrix, {}, float("inf"), 0.0, flipped)
    return Pose(matrix, residuals, float(np.median(residual[judged])), float(fits[judged].mean()), flipped)


def _residuals(places: np.ndarray, teeth: Mapping[int, CbctTooth]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of (N, 3) LPS places: mm from the CBCT's edges (N,), which can be judged (N,), the edges' normals (N, 3).

    What lies under the CBCT's crowns is not judged; what is far from all teeth is.
    """
    vertices = np.concatenate([tooth.surface.vertices for tooth in teeth.values()])
    normals = np.concatenate([tooth.normals for tooth in teeth.values()])
    edge = np.concatenate([tooth.edge for tooth in teeth.values()])
    distance, nearest = cKDTree(vertices).query(places)
    along = np.abs(np.einsum("ij,ij->i", places - vertices[nearest], normals[nearest]))
    far = distance > FAR_MM
    return np.where(far, FAR_MM, along), edge[nearest] | far, normals[nearest]


def residuals_on(jaw_scan: NumberedScan, pose: Pose, teeth: Mapping[int, CbctTooth]) -> np.ndarray:
    """(W,) distance of every crown's vertex from the CBCT's edge, mm; NaN where there is no edge, and on the gum."""
    found = np.full(len(jaw_scan.fdi), np.nan, np.float32)
    rows = np.flatnonzero(jaw_scan.fdi)
    residual, judged, _ = _residuals(pose.apply(jaw_scan.surface.vertices[rows]), teeth)
    found[rows[judged]] = residual[judged]
    return found


def jaw_of(jaw_scan: NumberedScan) -> str:
    """ "upper" or "lower", as most of the crowns' vertices are numbered."""
    upper = [jaw(int(n)) == "upper" for n in np.unique(jaw_scan.fdi) if n]
    return "upper" if 2 * sum(upper) >= len(upper) else "lower"
