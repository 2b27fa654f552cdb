"""A tooth with its scanned crown on its root out of the CBCT, closed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from ..errors import InputError
from ..exports.surfaces import TRIMESH
from ..exports.tooth_surfaces import ToothSurface
from ..files.meshes import vertex_normals
from .pose import NumberedScan, Pose
from .surfaces import CbctTooth

#: A vertex goes to the scan where that is this near, mm, and faces the same way (cosine).
_REACH_MM, _SAME_WAY = 0.5, 0.5
#: Over this length from the scan's end the surface goes back to that of the CBCT, mm.
FADE_MM = 2.0
_NEIGHBOURS = 8
#: The tooth's triangles are halved until their edges are about so long, mm: finer scans show no more.
_EDGE_MM = 0.3
#: So near to the end of the scan's crown, or to where the scan is far from the tooth (gum, calculus), the CBCT's
#: surface counts, mm.
_BORDER_MM = 0.5


@dataclass(frozen=True)
class FusedTooth:
    """surface: closed, LPS mm, called as in the CBCT. scanned: (V,) bool, the vertices that lie on the scan; the others
    are the CBCT's."""

    surface: ToothSurface
    scanned: np.ndarray


def fused_tooth(tooth: CbctTooth, jaw_scan: NumberedScan, number: int, pose: Pose) -> FusedTooth:
    """The tooth's closed surface, its crown where the scan saw it.

    Parameters
    ----------
    tooth : CbctTooth
        Crown and root out of the CBCT.
    jaw_scan : NumberedScan
        The jaw with its crown.
    number : int
        The crown's FDI number in the scan.
    pose : Pose
        Where the scan lies.

    Returns
    -------
    FusedTooth
        Watertight.

    Raises
    ------
    InputError
        Where the CBCT's surface is not closed, and where trimesh is absent.
    """
    trimesh = TRIMESH.require()
    mesh = trimesh.Trimesh(tooth.surface.vertices, tooth.surface.faces, process=False)
    while np.median(mesh.edges_unique_length) > _EDGE_MM:
        mesh = mesh.subdivide()
    vertices, faces = np.asarray(mesh.vertices, float), np.asarray(mesh.faces, np.int32)
    crown_faces = (jaw_scan.fdi[jaw_scan.surface.faces] == number).all(axis=1)
    corners = jaw_scan.surface.faces[crown_faces]
    # besides the vertices the middles of the faces: the tangent planes then meet everywhere
    scanned = jaw_scan.surface.vertices
    own = np.unique(corners)
    places = pose.apply(np.concatenate([scanned[own], scanned[corners].mean(axis=1)]))
    normals = pose.turn(
        np.concatenate([jaw_scan.surface.normals[own], _unit(jaw_scan.surface.normals[corners].mean(axis=1))])
    )
    tree = cKDTree(places)
    far = cKDTree(vertices).query(places)[0] > _REACH_MM
    border = np.concatenate([_border_places(pose.apply(scanned), corners), places[far]])
    moved = vertices.copy()
    fixed = np.zeros(len(vertices), bool)
    for _ in range(2):  # the second time along the normals of the scanned shape
        facing = vertex_normals(moved, faces)
        distance, nearest = tree.query(moved)
        along = np.einsum("ij,ij->i", places[nearest] - moved, normals[nearest])
        target = moved + along[:, None] * normals[nearest]
        aside = np.linalg.norm(target - places[nearest], axis=1)
        same = np.einsum("ij,ij->i", facing, normals[nearest]) > _SAME_WAY
        fixed = (distance < _REACH_MM) & same & (aside < _EDGE_MM)
        if len(border):
            fixed &= cKDTree(border).query(target)[0] > _BORDER_MM
        start = vertices
        shift = np.where(fixed[:, None], target - start, 0.0)
        moved = start + _faded(start, shift, fixed)
    surface = replace(tooth.surface, vertices=moved, faces=faces)
    if not trimesh.Trimesh(moved, faces, process=False).is_watertight:
        raise InputError(f"Tooth {surface.fdi} of the CBCT has a surface that is not closed: repair the label map.")
    return FusedTooth(surface, fixed)


def _faded(vertices: np.ndarray, shift: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """(V, 3) shifts: as given where fixed, beyond that those of the nearest, less and less."""
    if not fixed.any() or fixed.all():
        return shift
    count = min(_NEIGHBOURS, int(fixed.sum()))
    distance, nearest = cKDTree(vertices[fixed]).query(vertices[~fixed], k=count)
    distance, nearest = distance.reshape(-1, count), nearest.reshape(-1, count)
    weight = 1.0 / (distance + 0.05) ** 2
    mean = (weight[..., None] * shift[fixed][nearest]).sum(1) / weight.sum(1, keepdims=True)
    left = np.clip(1.0 - distance[:, 0] / FADE_MM, 0.0, 1.0)
    faded = shift.copy()
    faded[~fixed] = mean * (left * left * (3 - 2 * left))[:, None]
    return faded


def _border_places(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(N, 3) middles of the edges that only one face has."""
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    once, counts = np.unique(edges, axis=0, return_counts=True)
    return vertices[once[counts == 1]].mean(axis=1)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
