"""Triangles that run the other way round than their neighbours, as careless programs leave them: turned round."""

from __future__ import annotations

import numpy as np

from .geometry import edge_keys, face_areas, linked_components


def directed_keys(faces: np.ndarray, vertex_count: int) -> np.ndarray:
    """(3F,) uint64, one number per edge of every face: twice its `geometry.edge_keys`, and one more where the face runs
    along it from the larger to the smaller vertex."""
    keys = edge_keys(faces, vertex_count)
    keys <<= np.uint64(1)
    keys |= (faces > faces[:, [1, 2, 0]]).ravel()
    return keys


def _joints(faces: np.ndarray, vertex_count: int) -> tuple[np.ndarray, np.ndarray]:
    """(P, 2) the two faces of each edge that has two, and (P,) whether both run along it the same way."""
    keys = directed_keys(faces, vertex_count)
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    edges = keys >> np.uint64(1)
    begins = np.flatnonzero(np.r_[True, edges[1:] != edges[:-1]])
    first = begins[np.diff(begins, append=len(edges)) == 2]
    return np.stack([order[first], order[first + 1]], axis=1) // 3, keys[first] == keys[first + 1]


def turned_faces(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Which faces to turn round so that all of a piece run the same way, as most of its area does.

    Parameters
    ----------
    vertices, faces : ndarray
        (V, 3) mm, (F, 3).

    Returns
    -------
    ndarray
        (F,) bool. None of a piece that has but one side (a Möbius strip), where nothing helps.
    """
    count = len(faces)
    pairs, alike = _joints(faces, len(vertices))
    # every face as it is and turned round: those that go together are linked, so a piece becomes two, one the other
    # turned round, or a single one where it has but one side
    a, b = pairs[:, 0], pairs[:, 1] + count * alike
    links = np.concatenate([np.stack([a, b], axis=1), np.stack([a + count, (b + count) % (2 * count)], axis=1)])
    _, piece = linked_components(links, 2 * count)
    as_it_is, turned = piece[:count], piece[count:]
    group = np.minimum(as_it_is, turned)
    second = as_it_is > turned
    areas = face_areas(vertices, faces)
    balance = np.bincount(group, np.where(second, -areas, areas), 2 * count)
    return (second == (balance >= 0)[group]) & (as_it_is != turned)
