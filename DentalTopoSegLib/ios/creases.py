"""Borders drawn into the creases of a surface: the graph of its faces or vertices, and what a border costs where.

The labels minimise E = sum over nodes of their unary cost + sum over neighbours with different labels of their
weight (`alpha_expansion`). Borders between teeth and of the gingiva lie in concave creases, so a border is cheap there
and dear on flat and convex surface. Both terms are integrals, over the surface and along the border, so that the
labels do not depend on how finely the scan is meshed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from ..files.meshes.geometry import adjacent_faces, face_areas, face_normals, unique_edges
from .alpha_expansion import graph_cut_labels

#: A border along a crease that bends by this much (1/mm) costs 1/e of one on flat or convex surface.
CREASE_CURVATURE = 0.6
#: Normals are averaged over this length, so that a crease counts alike however finely it is meshed.
SMOOTHING_MM = 0.25
#: Surface over which a network's errors are one and the same, mm^2: a node's unary cost is -ln p times its area / this.
UNARY_MM2 = 0.33
#: Cost of 1 mm of border on flat or convex surface.
LAMBDA = 2.0
_LEAST_PROBABILITY = 1e-4  # no network is surer than this; keeps one wrong point from outweighing its surroundings
_MOST_ROUNDS = 40  # of smoothing: enough for faces of 0.07 mm


@dataclass(frozen=True)
class SurfaceGraph:
    """Nodes (faces or vertices) of a surface: pairs (P, 2) int32 of neighbours, costs (P,) of a border between
    them (crease cost per mm times mm), lengths (P,) of that border in mm, areas (N,) in mm^2."""

    pairs: np.ndarray
    costs: np.ndarray
    lengths: np.ndarray
    areas: np.ndarray


def face_graph(vertices: np.ndarray, faces: np.ndarray, *, inside_out: bool = False) -> SurfaceGraph:
    """The graph whose nodes are the faces (F, 3); vertices (V, 3) in mm, normals outwards unless inside_out."""
    pairs, edges = adjacent_faces(faces, len(vertices))
    costs, lengths = crease_weights(vertices, faces, pairs, edges, inside_out=inside_out)
    return SurfaceGraph(pairs, costs, lengths, face_areas(vertices, faces))


def vertex_graph(vertices: np.ndarray, faces: np.ndarray, *, inside_out: bool = False) -> SurfaceGraph:
    """The graph whose nodes are the vertices (V, 3) in mm; a border crosses an edge from face to face."""
    edges, edge_faces = unique_edges(faces, len(vertices))
    _, normals = smooth_normals(vertices, faces)
    a, b = edges.T
    middle, centres = (vertices[a] + vertices[b]) / 2, vertices[faces].mean(axis=1)
    lengths = np.linalg.norm(centres[edge_faces[:, 0]] - middle, axis=1)
    inner = edge_faces[:, 1] >= 0
    lengths[inner] += np.linalg.norm(centres[edge_faces[inner, 1]] - middle[inner], axis=1)
    costs = crease_cost(_curvature(vertices, normals, edges, inside_out)) * lengths
    areas = np.bincount(faces.ravel(), np.repeat(face_areas(vertices, faces) / 3, 3), minlength=len(vertices))
    return SurfaceGraph(edges, costs, lengths, areas)


def crease_weights(
    vertices: np.ndarray, faces: np.ndarray, pairs: np.ndarray, edges: np.ndarray, *, inside_out: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """What it costs to let a border run along the edges (P, 2) between the face pairs (P, 2).

    Returns `costs` (P,), crease cost times edge length, and `lengths` (P,) in mm.
    """
    normals, _ = smooth_normals(vertices, faces)
    centres = (vertices[faces[:, 0]] + vertices[faces[:, 1]] + vertices[faces[:, 2]]) / 3
    lengths = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1)
    return crease_cost(_curvature(centres, normals, pairs, inside_out)) * lengths, lengths


def crease_cost(curvature: np.ndarray) -> np.ndarray:
    """Cost per mm of a border across which the surface bends by this much (1/mm, below 0 concave)."""
    return np.exp(np.minimum(curvature, 0) / CREASE_CURVATURE)


def smooth_normals(
    vertices: np.ndarray, faces: np.ndarray, scale: float = SMOOTHING_MM
) -> tuple[np.ndarray, np.ndarray]:
    """Unit normals of the faces (F, 3) and vertices (V, 3), averaged over `scale` (standard deviation, mm).

    Fine meshes show their creases as many flat angles, and noise as sharp ones: averaged over the same length,
    meshes of any fineness agree. Faces longer than the scale keep their own normals.
    """
    areas = face_areas(vertices, faces)
    normals = (face_normals(vertices, faces) * areas[:, None]).astype(np.float32)
    corners = sp.csr_matrix(
        (np.ones(faces.size, np.float32), faces.ravel(), np.arange(0, faces.size + 1, 3)),
        shape=(len(faces), len(vertices)),
    )
    to_vertices = corners.T
    around = np.maximum(np.bincount(faces.ravel(), minlength=len(vertices)), 1).astype(np.float32)[:, None]
    side2 = 4 / np.sqrt(3) * float(np.median(areas)) if len(areas) else 0.0
    # From faces to vertices and back spreads by side^2 / 3.
    rounds = round(3 * scale**2 / side2) if side2 > 0 else 0
    for _ in range(min(rounds, _MOST_ROUNDS)):
        normals = corners @ ((to_vertices @ normals) / around)
    return _unit(normals), _unit(to_vertices @ normals)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1), 1e-12)[:, None]


def _curvature(places: np.ndarray, normals: np.ndarray, pairs: np.ndarray, inside_out: bool) -> np.ndarray:
    """(P,) turn of the normal per mm on the way from one place to the other, above 0 where the surface is convex."""
    a, b = pairs.T
    way = places[b] - places[a]
    turn = np.einsum("ij,ij->i", normals[b] - normals[a], way) / np.maximum(np.einsum("ij,ij->i", way, way), 1e-6)
    return -turn if inside_out else turn


def unary_costs(probabilities: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """(N, K) float32 costs of the labels from their probabilities (N, K) and the nodes' areas (N,) in mm^2."""
    cost = np.log(np.maximum(probabilities, _LEAST_PROBABILITY, dtype=np.float32))
    cost *= (areas / -UNARY_MM2).astype(np.float32)[:, None]
    return cost


def cut_along_creases(probabilities: np.ndarray, graph: SurfaceGraph, strength: float = LAMBDA) -> np.ndarray:
    """(N,) int labels (columns of probabilities (N, K)) with borders drawn into the creases nearby."""
    return graph_cut_labels(unary_costs(probabilities, graph.areas), graph.pairs, strength * graph.costs)
