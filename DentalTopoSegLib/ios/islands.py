"""Small stray pieces of a label go to the label around them."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

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
