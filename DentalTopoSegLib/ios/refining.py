"""From class probabilities on a surface to clean labels: graph cut along creases, then islands.

The labels minimise E = sum over nodes of their unary cost + sum over neighbours with different labels of their
weight. Borders between teeth and of the gingiva lie in concave creases, so a border is cheap there and dear on
flat and convex surface (measured on real scans). Both terms are integrals, over the surface and
along the border, so that the labels do not depend on how finely the scan is meshed.

The solver is alpha-expansion (Boykov, Veksler, Zabih 2001) on scipy's maximum flow (Dinic, BSD licence). Labels
that cannot be part of the best solution are ruled out first, exactly; what is left are narrow bands.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order, connected_components, maximum_flow

from ..files.meshes.geometry import adjacent_faces, face_areas, face_normals, unique_edges

__all__ = [
    "SurfaceGraph",
    "crease_weights",
    "cut_along_creases",
    "face_graph",
    "graph_cut_labels",
    "labelling_energy",
    "remove_islands",
    "smooth_normals",
    "unary_costs",
    "vertex_graph",
]

#: A border along a crease that bends by this much (1/mm) costs 1/e of one on flat or convex surface.
CREASE_CURVATURE = 0.6
#: Normals are averaged over this length, so that a crease counts alike however finely it is meshed.
SMOOTHING_MM = 0.25
#: Surface over which a network's errors are one and the same, mm^2: a node's unary cost is -ln p times its area / this.
UNARY_MM2 = 0.33
#: Cost of 1 mm of border on flat or convex surface.
LAMBDA = 2.0
_LEAST_PROBABILITY = 1e-4  # no network is surer than this; keeps one wrong point from outweighing its surroundings

_UNIT = 4096  # whole numbers per unit of cost: the flow is exact, and so is the comparison of energies
_MOST_COST = 1 << 20  # in units of cost; larger ones act like this one
_CYCLES = 6
_RULING_OUT_ROUNDS = 3
_MOST_LABELS = 4  # that compete for one node; the less likely ones fall out
_MOST_NODES = 24_000  # in one flow network; above it, clusters of nodes are solved first
_BAND_RINGS = 2
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

    Returns ``costs`` (P,), crease cost times edge length, and ``lengths`` (P,) in mm.
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
    """Unit normals of the faces (F, 3) and vertices (V, 3), averaged over ``scale`` (standard deviation, mm).

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


def labelling_energy(unary: np.ndarray, pairs: np.ndarray, weights: np.ndarray, labels: np.ndarray) -> float:
    """The sum that graph_cut_labels makes small."""
    cut = labels[pairs[:, 0]] != labels[pairs[:, 1]]
    return float(unary[np.arange(len(labels)), labels].sum() + weights[cut].sum())


def graph_cut_labels(
    unary: np.ndarray, pairs: np.ndarray, weights: np.ndarray, *, most_nodes: int = _MOST_NODES
) -> np.ndarray:
    """Labels (N,) int64 of low energy: unary cost of every node's label + weights of the pairs that differ.

    unary: (N, K) costs, finite. pairs: (P, 2) neighbours. weights: (P,) >= 0. The energy is at most that of taking
    the cheapest label everywhere, to 1/4096 of a unit of cost per node and pair. most_nodes: larger graphs are
    solved on clusters of nodes first, then near the borders found.
    ValueError: arrays that do not fit together, costs not finite or weights below zero.
    """
    unary, weights = np.asarray(unary), np.asarray(weights)
    if unary.ndim != 2 or unary.shape[1] == 0 or pairs.shape != (len(weights), 2):
        raise ValueError(f"shapes do not fit: unary {unary.shape}, pairs {pairs.shape}, weights {weights.shape}")
    if not np.isfinite(unary.sum(dtype=np.float64)) or not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError("unary costs must be finite, weights finite and not negative")
    labels = np.argmin(unary, axis=1)
    if len(unary) == 0 or unary.shape[1] == 1:
        return labels
    return _solve(unary, pairs, weights, labels, most_nodes)


@dataclass(frozen=True)
class _Problem:
    """Whole-number costs (N, K) int64 and weights (P,) int64; allowed (N, K) bool, labels that can be the best."""

    costs: np.ndarray
    pairs: np.ndarray
    weights: np.ndarray
    allowed: np.ndarray


def _solve(
    unary: np.ndarray, pairs: np.ndarray, weights: np.ndarray, labels: np.ndarray, most_nodes: int
) -> np.ndarray:
    """Better labels than ``labels``, the cheapest ones by themselves."""
    count = len(labels)
    nodes, everywhere = np.arange(count), True
    if count > most_nodes:
        clusters, cluster = _clusters(pairs, weights, labels)
        if clusters < 0.9 * count:
            # One label per cluster is a restriction of the problem, so its energies are energies of the whole.
            member = sp.csr_matrix((np.ones(count, unary.dtype), (cluster, np.arange(count))))
            start = np.empty(clusters, labels.dtype)
            start[cluster] = labels
            merged = _merge_pairs(pairs, weights, cluster, clusters)
            labels = _solve(member @ unary, *merged, start, most_nodes)[cluster]
        nodes, everywhere = np.flatnonzero(_near_borders(pairs, labels)), False
    if len(nodes) == 0:
        return labels
    problem = _whole(unary, pairs, weights, labels, nodes)
    if not everywhere:  # what a cluster may become was decided: here borders only move
        problem.allowed[:] &= _labels_around(problem, labels[nodes])
    # Whoever has one label left that is not its own must still get it.
    undecided = (problem.allowed.sum(axis=1) > 1) | ~problem.allowed[np.arange(len(nodes)), labels[nodes]]
    part = np.flatnonzero(undecided)
    if len(part):
        labels = labels.copy()
        labels[nodes[part]] = _expand(_restrict(problem, labels[nodes], part), labels[nodes[part]])
    return labels


def _clusters(pairs: np.ndarray, weights: np.ndarray, labels: np.ndarray) -> tuple[int, np.ndarray]:
    """Number of clusters and the cluster (N,) of every node: joined with its dearest neighbour of the same label."""
    a, b = pairs.T
    same = labels[a] == labels[b]
    a, b, weight = a[same], b[same], weights[same]
    most = np.full(len(labels), -1.0)
    np.maximum.at(most, a, weight)
    np.maximum.at(most, b, weight)
    dearest = np.arange(len(labels))
    for near, far in ((a, b), (b, a)):
        chosen = weight == most[near]
        dearest[near[chosen]] = far[chosen]
    links = sp.csr_matrix((np.ones(len(labels), np.int8), dearest, np.arange(len(labels) + 1)))
    links.resize(len(labels), len(labels))
    count, cluster = connected_components(links, directed=True, connection="weak")
    return int(count), cluster


def _merge_pairs(
    pairs: np.ndarray, weights: np.ndarray, cluster: np.ndarray, clusters: int
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of clusters and the sums of the weights between them."""
    ends = cluster[pairs]
    apart = np.flatnonzero(ends[:, 0] != ends[:, 1])
    ends = np.sort(ends[apart], axis=1)
    merged = sp.coo_matrix((weights[apart], (ends[:, 0], ends[:, 1])), shape=(clusters, clusters)).tocsr().tocoo()
    return np.column_stack([merged.row, merged.col]), merged.data


def _near_borders(pairs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(N,) bool: within _BAND_RINGS of another label."""
    a, b = pairs.T
    border = labels[a] != labels[b]
    near = np.zeros(len(labels), bool)
    near[a[border]] = near[b[border]] = True
    for _ in range(_BAND_RINGS):
        from_a, from_b = near[a], near[b]
        near[b[from_a]] = True
        near[a[from_b]] = True
    return near


def _labels_around(problem: _Problem, labels: np.ndarray) -> np.ndarray:
    """(N, K) bool: labels within _BAND_RINGS of a node, its own among them."""
    count, classes = problem.costs.shape
    ends = np.concatenate([problem.pairs, problem.pairs[:, ::-1]])
    links = sp.csr_matrix((np.ones(len(ends), np.float32), (ends[:, 0], ends[:, 1])), shape=(count, count))
    around = labels[:, None] == np.arange(classes)
    for _ in range(_BAND_RINGS):
        around |= links @ around.astype(np.float32) > 0
    return around


def _places(nodes: np.ndarray, count: int) -> np.ndarray:
    place = np.full(count, -1, np.int64)
    place[nodes] = np.arange(len(nodes))
    return place


def _whole(
    unary: np.ndarray, pairs: np.ndarray, weights: np.ndarray, labels: np.ndarray, nodes: np.ndarray
) -> _Problem:
    """The problem of ``nodes`` in whole numbers, the other nodes' labels given; hopeless labels ruled out."""
    own = unary[nodes]
    extra = np.minimum(own - own.min(axis=1, keepdims=True), _MOST_COST)
    extra = np.rint(extra * float(_UNIT)).astype(np.int64)
    place = _places(nodes, len(labels))
    touching = np.flatnonzero((place[pairs] >= 0).any(axis=1))
    whole = np.rint(np.minimum(weights[touching], _MOST_COST) * float(_UNIT)).astype(np.int64)
    pairs, whole, agree = _split(pairs[touching], whole, labels, place, extra.shape)
    # Taking the cheapest label instead costs at most the weights towards neighbours that may have the same label:
    # a label dearer than the cheapest by more is in no best solution. Exact; repeated, it rules out more.
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    around = sp.csr_matrix((np.tile(whole, 2).astype(np.float64), (ends[:, 0], ends[:, 1])), shape=(len(nodes),) * 2)
    allowed = np.ones(extra.shape, bool)
    for _ in range(_RULING_OUT_ROUNDS):
        allowed &= extra <= agree + around @ allowed.astype(np.float64)
        allowed |= extra == 0
    if extra.shape[1] > _MOST_LABELS:
        dearest = np.partition(extra - agree, _MOST_LABELS - 1, axis=1)[:, _MOST_LABELS - 1]
        allowed &= extra - agree <= dearest[:, None]
    return _Problem(extra - agree, pairs, whole, allowed)


def _restrict(problem: _Problem, labels: np.ndarray, nodes: np.ndarray) -> _Problem:
    """The problem of ``nodes`` alone, the others' labels given."""
    place = _places(nodes, len(labels))
    costs = problem.costs[nodes]
    pairs, weights, agree = _split(problem.pairs, problem.weights, labels, place, costs.shape)
    return _Problem(costs - agree, pairs, weights, problem.allowed[nodes])


def _split(
    pairs: np.ndarray, weights: np.ndarray, labels: np.ndarray, place: np.ndarray, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs within the nodes that have a place, their weights, and what every label (N, K) saves by agreeing with
    neighbours that have none."""
    ends = place[pairs]
    inside = ends >= 0
    agree = np.zeros(shape[0] * shape[1], np.int64)
    for near, far in ((0, 1), (1, 0)):
        rim = inside[:, near] & ~inside[:, far]
        slot = ends[rim, near] * shape[1] + labels[pairs[rim, far]]
        agree += np.bincount(slot, weights[rim], minlength=len(agree)).astype(np.int64)
    both = inside.all(axis=1)
    return ends[both], weights[both], agree.reshape(shape)


def _expand(problem: _Problem, labels: np.ndarray) -> np.ndarray:
    """Expansion moves until none lowers the energy. Labels whose nodes nowhere touch share one flow network."""
    labels = labels.copy()
    groups = _label_groups(problem)
    last_change, step = 0, 0
    for _ in range(_CYCLES):
        for group in groups:
            proposal = np.full(len(labels), -1, np.int64)
            for label in group:
                proposal[problem.allowed[:, label]] = label
            step += 1
            if _move(problem, labels, proposal):
                last_change = step
            elif step - last_change >= len(groups):
                return labels
    return labels


def _label_groups(problem: _Problem) -> list[list[int]]:
    """Labels in as few groups as found greedily, such that no node or pair has two labels of one group."""
    present = sp.csr_matrix(problem.allowed.astype(np.float32))
    meet = (present.T @ present).toarray()
    meet += (present[problem.pairs[:, 0]].T @ present[problem.pairs[:, 1]]).toarray()
    meet = (meet + meet.T) > 0
    groups: list[list[int]] = []
    for label in np.flatnonzero(np.diag(meet)):
        for group in groups:
            if not meet[label, group].any():
                group.append(int(label))
                break
        else:
            groups.append([int(label)])
    return groups


def _move(problem: _Problem, labels: np.ndarray, proposal: np.ndarray) -> bool:
    """One expansion: every node keeps its label or takes its proposal (-1: none), whichever together is best.

    Changes labels in place and says whether it did; without a strict gain nothing changes. Neighbours' proposals
    must be equal or absent.
    """
    nodes = np.flatnonzero((proposal >= 0) & (proposal != labels))
    if len(nodes) == 0:
        return False
    place = _places(nodes, len(labels))
    # Everything twice, so that halves stay whole numbers. Gain of keeping over taking, per node:
    take = 2 * (problem.costs[nodes, proposal[nodes]] - problem.costs[nodes, labels[nodes]])
    a, b = problem.pairs.T
    free = place[problem.pairs] >= 0
    for near, far in ((a, b), (b, a)):
        rim = np.flatnonzero((place[near] >= 0) & (place[far] < 0))
        at, given, weight = near[rim], labels[far[rim]], 2 * problem.weights[rim]
        change = weight * (given != proposal[at]) - weight * (given != labels[at])
        take += np.bincount(place[at], change, minlength=len(nodes)).astype(np.int64)
    both = np.flatnonzero(free.all(axis=1))
    a, b, weight = a[both], b[both], problem.weights[both]
    # Labels equal now: a cut costs w, like a link of 2w/2 each way. Different now: cut already, taking both saves w;
    # taking one saves nothing: half the saving goes to each end, and a link of w/2 makes up for taking only one.
    differ = labels[a] != labels[b]
    link = np.where(differ, weight, 2 * weight)
    a, b = place[a], place[b]
    take -= np.bincount(np.concatenate([a, b]), np.tile(weight * differ, 2), minlength=len(nodes)).astype(np.int64)
    taken = _best_taken(take, a, b, link)
    if int(take[taken].sum()) + int(link[taken[a] != taken[b]].sum()) >= 0:  # also where the flow was rounded
        return False
    labels[nodes[taken]] = proposal[nodes[taken]]
    return True


def _best_taken(take: np.ndarray, a: np.ndarray, b: np.ndarray, link: np.ndarray) -> np.ndarray:
    """(N,) bool x, the smallest of those that minimise sum(take x) + sum(link |x_a - x_b|); few reach the network."""
    count = len(take)
    taken = np.zeros(count, bool)
    index = np.arange(count)
    take = take.copy()
    while (take < 0).any():  # links are not negative
        # Not taken by any best solution: whoever costs at least what all its links can save. Its links now cost
        # their other ends.
        around = np.bincount(np.concatenate([a, b]), np.tile(link, 2), minlength=len(take)).astype(np.int64)
        keeps = take >= around
        if np.count_nonzero(keeps) < 0.1 * len(take):
            # A terminal link stronger than all others of the node together acts like one just a little stronger.
            taken[index[_cut(np.clip(take, -around - 1, around + 1), a, b, link)]] = True
            break
        for near, far in ((a, b), (b, a)):
            rim = keeps[near] & ~keeps[far]
            take += np.bincount(far[rim], link[rim], minlength=len(take)).astype(np.int64)
        left = np.flatnonzero(~keeps)
        place = _places(left, len(take))
        inside = ~(keeps[a] | keeps[b])
        a, b, link, take, index = place[a[inside]], place[b[inside]], link[inside], take[left], index[left]
    return taken


def _cut(cost: np.ndarray, a: np.ndarray, b: np.ndarray, link: np.ndarray) -> np.ndarray:
    """(N,) bool x, the smallest of those that minimise sum(cost x) + sum(link |x_a - x_b|)."""
    count = len(cost)
    source, sink = count, count + 1
    most = int(max(np.abs(cost).max(), link.max(initial=0)))
    total = int(min(cost[cost > 0].sum(), -cost[cost < 0].sum()))  # bounds the flow
    shift = max(0, most.bit_length() - 29, total.bit_length() - 30)  # flows are 32-bit; seldom needed
    cost, link = cost >> shift, link >> shift
    held, pulled = np.flatnonzero(cost > 0), np.flatnonzero(cost < 0)
    rows = np.concatenate([a, b, np.full(len(held), source), held, pulled, np.full(len(pulled), sink)])
    columns = np.concatenate([b, a, held, np.full(len(held), source), np.full(len(pulled), sink), pulled])
    none = [np.zeros(len(held), np.int64), -cost[pulled], np.zeros(len(pulled), np.int64)]
    capacity = sp.csr_matrix(
        (np.concatenate([link, link, cost[held], *none]).astype(np.int32), (rows, columns)), shape=(count + 2,) * 2
    )
    residual = (capacity - maximum_flow(capacity, source, sink, method="dinic").flow).tocsr()
    residual.eliminate_zeros()
    # Only what can still reach the sink is taken: of equally good solutions the one that changes least.
    reached = breadth_first_order(residual.T.tocsr(), sink, directed=True, return_predecessors=False)
    taken = np.zeros(count + 2, bool)
    taken[reached] = True
    return taken[:count]


#: Gingiva that touches two teeth is kept from this size on, mm^2.
_PAPILLA_MM2 = 0.3


def remove_islands(
    labels: np.ndarray, pairs: np.ndarray, areas: np.ndarray, *, least_mm2: float = 12.0, least_share: float = 0.2
) -> tuple[np.ndarray, list[tuple[int, float]]]:
    """Give small stray pieces of a label to the label around them.

    labels (N,), pairs (P, 2) neighbours, areas (N,) mm^2. The largest piece of a label stays, and so does one
    that is large (at least least_mm2 and least_share of the largest): it is no noise but something to look at.
    Returns the labels and the pieces kept beside the largest, as (label, mm^2).
    """
    labels = labels.copy()
    if len(labels) == 0:
        return labels, []
    kept: list[tuple[int, float]] = []
    for _ in range(2):  # filling one hole may close another around it
        same = labels[pairs[:, 0]] == labels[pairs[:, 1]]
        count = len(labels)
        links = pairs[same]
        graph = sp.coo_matrix((np.ones(len(links), np.int8), (links[:, 0], links[:, 1])), shape=(count, count))
        pieces, piece = connected_components(graph, directed=False)
        size = np.bincount(piece, areas, pieces)
        label_of = np.zeros(pieces, np.int64)
        label_of[piece] = labels
        largest = np.zeros(int(labels.max()) + 1)
        np.maximum.at(largest, label_of, size)
        main = size >= largest[label_of]
        large = ~main & (size >= least_mm2) & (size >= least_share * largest[label_of]) & (label_of > 0)
        # a rim cut off from the gingiva by teeth is gingiva all the same
        large |= ~main & (label_of == 0) & (size >= least_mm2)
        stray = ~(main | large)
        kept = [(int(label_of[k]), float(size[k])) for k in np.flatnonzero(large) if label_of[k] > 0]
        if not stray.any():
            break
        a, b = pairs[~same].T
        ends = np.concatenate([np.stack([a, b], 1), np.stack([b, a], 1)])
        ends = ends[stray[piece[ends[:, 0]]] & ~stray[piece[ends[:, 1]]]]
        around = sp.coo_matrix(
            (np.ones(len(ends)), (piece[ends[:, 0]], labels[ends[:, 1]])), shape=(pieces, len(largest))
        ).tocsr()
        new = label_of.copy()
        neighbours = around.getnnz(axis=1)
        # gingiva between two teeth is a papilla, however small it looks from above
        papilla = (label_of == 0) & (neighbours > 1) & (size >= _PAPILLA_MM2)
        touched = np.flatnonzero(stray & (neighbours > 0) & ~papilla)
        new[touched] = np.asarray(around[touched].argmax(1)).ravel()
        labels = new[piece]
    return labels, kept
