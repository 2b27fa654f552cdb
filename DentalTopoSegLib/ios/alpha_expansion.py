"""Labels of least energy on a graph: alpha-expansion (Boykov, Veksler, Zabih 2001), in whole numbers.

Labels that cannot be part of the best solution are ruled out first, exactly; what is left are narrow bands. Large
graphs are solved on clusters of nodes first, then near the borders found.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from .binary_cut import best_taken, places_of

_UNIT = 4096  # whole numbers per unit of cost: the flow is exact, and so is the comparison of energies
_MOST_COST = 1 << 20  # in units of cost; larger ones act like this one
_CYCLES = 6
_RULING_OUT_ROUNDS = 3
_MOST_LABELS = 4  # that compete for one node; the less likely ones fall out
_MOST_NODES = 24_000  # in one flow network; above it, clusters of nodes are solved first
_BAND_RINGS = 2


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
    """Better labels than `labels`, the cheapest ones by themselves."""
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


def _whole(
    unary: np.ndarray, pairs: np.ndarray, weights: np.ndarray, labels: np.ndarray, nodes: np.ndarray
) -> _Problem:
    """The problem of `nodes` in whole numbers, the other nodes' labels given; hopeless labels ruled out."""
    own = unary[nodes]
    extra = np.minimum(own - own.min(axis=1, keepdims=True), _MOST_COST)
    extra = np.rint(extra * float(_UNIT)).astype(np.int64)
    place = places_of(nodes, len(labels))
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
    """The problem of `nodes` alone, the others' labels given."""
    place = places_of(nodes, len(labels))
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
    place = places_of(nodes, len(labels))
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
    taken = best_taken(take, a, b, link)
    if int(take[taken].sum()) + int(link[taken[a] != taken[b]].sum()) >= 0:  # also where the flow was rounded
        return False
    labels[nodes[taken]] = proposal[nodes[taken]]
    return True
