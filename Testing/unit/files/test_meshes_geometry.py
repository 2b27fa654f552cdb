"""Normals, areas, edges, components and equal rows against trimesh and against definitions written out."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesh_files import dome, shuffled

from DentalTopoSegLib.files.meshes import (
    adjacent_faces,
    equal_rows,
    face_areas,
    face_components,
    face_normals,
    geometry,
    unique_edges,
    vertex_components,
    vertex_normals,
)

VERTICES, FACES = shuffled(*dome())
face_lists = st.lists(st.lists(st.integers(0, 7), min_size=3, max_size=3, unique=True), min_size=1, max_size=25)


def test_normals_and_areas_are_trimeshs():
    trimesh = pytest.importorskip("trimesh")
    theirs = trimesh.Trimesh(VERTICES, FACES, process=False)
    np.testing.assert_allclose(face_areas(VERTICES, FACES), theirs.area_faces, rtol=1e-12)
    np.testing.assert_allclose(face_normals(VERTICES, FACES), theirs.face_normals, atol=1e-12)
    weighted = np.zeros_like(VERTICES)
    for corner in range(3):
        np.add.at(weighted, FACES[:, corner], theirs.face_normals * theirs.area_faces[:, None])
    weighted /= np.linalg.norm(weighted, axis=1, keepdims=True)
    np.testing.assert_allclose(vertex_normals(VERTICES, FACES), weighted, atol=1e-12)


def test_normals_without_area_or_faces_are_zero():
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [5, 5, 5]])
    faces = np.array([[0, 1, 2]])
    assert not face_normals(vertices, faces).any() and not vertex_normals(vertices, faces).any()


def edges_by_hand(faces) -> dict[tuple[int, int], list[int]]:
    owners = defaultdict(list)
    for number, face in enumerate(faces):
        for a, b in zip(face, [*face[1:], face[0]], strict=True):
            owners[min(a, b), max(a, b)].append(number)
    return dict(sorted(owners.items()))


@settings(max_examples=60, deadline=None)
@given(faces=face_lists, large=st.booleans())
def test_edges_and_their_faces(faces, large):
    """`large`: vertex counts for which the faster of the two sorts has no room."""
    count = 2**31 - 1 if large else 8
    owners = edges_by_hand(faces)
    edges, sides = unique_edges(np.array(faces, np.int32), count)
    assert edges.tolist() == [list(edge) for edge in owners]
    assert sides.tolist() == [[*own[:2], -1][:2] for own in owners.values()]
    pairs, shared = adjacent_faces(np.array(faces, np.int32), count)
    chains = [(a, b, edge) for edge, own in owners.items() for a, b in itertools.pairwise(own)]
    assert [(a, b, (u, v)) for (a, b), (u, v) in zip(pairs.tolist(), shared.tolist(), strict=True)] == chains


@settings(max_examples=60, deadline=None)
@given(faces=face_lists, seed=st.integers(0, 99))
def test_components_are_what_walking_finds(faces, seed):
    array, labels = np.array(faces, np.int32), np.random.default_rng(seed).integers(0, 2, len(faces))
    for joined in (None, labels):
        parent = list(range(len(faces)))
        for own in edges_by_hand(faces).values():
            for a, b in itertools.pairwise(own):
                if joined is None or joined[a] == joined[b]:
                    old, new = parent[a], parent[b]
                    parent = [new if p == old else p for p in parent]
        number, piece = face_components(array, 8, joined)
        assert number == len(set(parent))
        assert len(set(zip(parent, piece.tolist(), strict=True))) == number
    number, piece = vertex_components(array, 8)
    assert all(len({int(piece[i]) for i in face}) == 1 for face in faces)
    assert number == len(set(piece.tolist()))
    by_vertex, of_face = face_components(array, 8, across="vertex")
    assert by_vertex == len({int(piece[face[0]]) for face in faces}) == len(set(of_face.tolist()))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from([0.0, -0.0, 1.0, 2.5, float("nan"), -1e300])] * 3), max_size=40))
def test_equal_rows_like_numpy_unique(rows):
    array = np.array(rows, np.float64).reshape(-1, 3)
    first, group = equal_rows(array)
    seen: dict[tuple, int] = {}
    for number, row in enumerate(array + 0.0):
        seen.setdefault(tuple(row.view(np.uint64).tolist()), number)
    assert first.tolist() == list(seen.values())
    assert group.tolist() == [list(seen).index(tuple(row.view(np.uint64).tolist())) for row in array + 0.0]


def test_equal_rows_are_exact_where_hashes_clash(monkeypatch):
    rows = np.random.default_rng(0).integers(0, 4, (500, 3)).astype(np.float64)
    wanted = equal_rows(rows)
    assert len(wanted[0]) == len(np.unique(rows, axis=0))
    for few in (1, 2, 5):
        monkeypatch.setattr(geometry, "_hash", lambda c, few=few: c[0] % np.uint64(few) << np.uint64(60))
        np.testing.assert_array_equal(equal_rows(rows)[0], wanted[0])
        np.testing.assert_array_equal(equal_rows(rows)[1], wanted[1])


def test_polygons_of_any_size_are_fanned():
    triangles, polygon = geometry.fan(np.arange(15), np.array([3, 2, 5, 1, 4]))
    assert triangles.tolist() == [[0, 1, 2], [5, 6, 7], [5, 7, 8], [5, 8, 9], [11, 12, 13], [11, 13, 14]]
    assert polygon.tolist() == [0, 2, 2, 2, 4, 4]
