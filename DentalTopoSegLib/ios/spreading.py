"""From the sampled points of a fine mesh to its faces or vertices: the nearest point's label, and a graph cut near
borders.

Three quarters of a jaw lie inside a tooth or inside the gingiva. A sampled point is settled when it is sure and all
points around it have its label; the faces or vertices nearest to it take that label without further work, and only
the surface in between is interpolated and cut.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from ..files.meshes import Surface
from ..files.meshes.geometry import adjacent_faces, unique_edges
from .creases import cut_along_creases, face_graph, vertex_graph
from .islands import remove_islands

#: Probability of its label from which a point can be settled.
SURE = 0.9
#: Sampled points that a vertex's probabilities are interpolated from.
INTERPOLATE = 3


def label_vertices(
    surface: Surface,
    points: np.ndarray,
    shares: np.ndarray,
    near: np.ndarray,
    *,
    inside_out: bool = False,
    workers: int = 1,
) -> tuple[np.ndarray, list[tuple[int, float]]]:
    """Labels (W,) of the surface's vertices and the pieces that remove_islands kept beside the largest.

    points (N, 3) mm sampled on it, their probabilities shares (N, K) and neighbours near (N, k), indices of points.
    The labels are columns of shares.
    """
    vertices, faces = surface.vertices, surface.faces
    tree = cKDTree(points)
    labels, unsettled = _nearest_labels(tree, shares, near, vertices, workers)

    part = faces[unsettled[faces].any(axis=1)]
    used = np.zeros(len(vertices), bool)
    used[part.ravel()] = True
    rows = np.flatnonzero(used)
    place = np.cumsum(used, dtype=np.int32) - np.int32(1)
    if len(rows):
        graph = vertex_graph(vertices[rows], place[part], inside_out=inside_out)
        cut = cut_along_creases(_interpolate(tree, shares, vertices[rows], workers), graph)
        inner = unsettled[rows]
        labels[rows[inner]] = cut[inner]
    around = np.bincount(faces.ravel(), np.repeat(surface.areas / 3, 3), minlength=len(vertices))
    return remove_islands(labels, unique_edges(faces, len(vertices))[0], around)


def label_faces(
    surface: Surface,
    points: np.ndarray,
    shares: np.ndarray,
    near: np.ndarray,
    *,
    inside_out: bool = False,
    workers: int = 1,
) -> tuple[np.ndarray, list[tuple[int, float]]]:
    """As label_vertices, for the surface's faces: labels (G,)."""
    vertices, faces = surface.vertices, surface.faces
    centres = vertices[faces].mean(axis=1)
    tree = cKDTree(points)
    labels, unsettled = _nearest_labels(tree, shares, near, centres, workers)
    pairs, _ = adjacent_faces(faces, len(vertices))
    used = unsettled.copy()
    beside = unsettled[pairs].any(axis=1)
    used[pairs[beside].ravel()] = True
    rows = np.flatnonzero(used)
    if len(rows):
        graph = face_graph(vertices, faces[rows], inside_out=inside_out)
        cut = cut_along_creases(_interpolate(tree, shares, centres[rows], workers), graph)
        inner = unsettled[rows]
        labels[rows[inner]] = cut[inner]
    return remove_islands(labels, pairs, surface.areas)


def _nearest_labels(
    tree: cKDTree, shares: np.ndarray, near: np.ndarray, places: np.ndarray, workers: int
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest point's label at each of the places (n, 3), and where it is not settled."""
    label = shares.argmax(axis=1)
    settled = (shares.max(axis=1) >= SURE) & (label[near] == label[:, None]).all(axis=1)
    nearest = tree.query(places, workers=workers)[1]
    return label[nearest], ~settled[nearest]


def _interpolate(tree: cKDTree, shares: np.ndarray, places: np.ndarray, workers: int) -> np.ndarray:
    """(n, K) shares at places (n, 3), weighted by how near the sampled points are."""
    distance, index = tree.query(places, k=INTERPOLATE, workers=workers)
    weight = 1.0 / (distance + 1e-3)
    weight /= weight.sum(axis=1, keepdims=True)
    out = np.zeros((len(places), shares.shape[1]))
    for k in range(INTERPOLATE):
        out += weight[:, k, None] * shares[index[:, k]]
    return out
