"""The best of two answers for every node of a graph, found as a minimum cut (scipy's Dinic, BSD licence)."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order, maximum_flow


def places_of(nodes: np.ndarray, count: int) -> np.ndarray:
    """(count,) int64: where each node stands in `nodes`, -1 for those that are not among them."""
    place = np.full(count, -1, np.int64)
    place[nodes] = np.arange(len(nodes))
    return place


def best_taken(take: np.ndarray, a: np.ndarray, b: np.ndarray, link: np.ndarray) -> np.ndarray:
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
        place = places_of(left, len(take))
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
