"""Graph cut along creases and island removal, on small surfaces whose right answer is known."""

import itertools

import numpy as np
import pytest

from DentalTopoSegLib.files.meshes.geometry import face_areas
from DentalTopoSegLib.ios import alpha_expansion, creases
from DentalTopoSegLib.ios.islands import remove_islands


def ridged(n: int = 24, size: float = 12.0, depth: float = 2.0, width: float = 1.2):
    """A sheet (n x n squares, mm, normals +z) with a groove along x = 0 and a ridge of the same shape along x = 4."""
    line = np.linspace(-size / 2, size / 2, n + 1)
    x, y = (part.ravel() for part in np.meshgrid(line, line, indexing="ij"))
    z = -depth * np.exp(-np.abs(x) / width) + depth * np.exp(-np.abs(x - 4) / width)
    corner = (np.arange(n)[:, None] * (n + 1) + np.arange(n)).ravel()
    across, along = corner + n + 1, corner + 1
    faces = np.stack([[corner, across, across + 1], [corner, across + 1, along]]).transpose(2, 0, 1).reshape(-1, 3)
    return np.column_stack([x, y, z]), faces


def subdivided(vertices, faces):
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    edges, of_side = np.unique(edges, axis=0, return_inverse=True)
    m = of_side.reshape(-1, 3) + len(vertices)
    a, b, c = faces.T
    parts = [[a, m[:, 0], m[:, 2]], [m[:, 0], b, m[:, 1]], [m[:, 2], m[:, 1], c], [m[:, 0], m[:, 1], m[:, 2]]]
    return np.vstack([vertices, vertices[edges].mean(axis=1)]), np.array(parts).transpose(2, 0, 1).reshape(-1, 3)


def random_problem(rng, nodes, classes):
    pairs = np.array([p for p in itertools.combinations(range(nodes), 2) if rng.random() < 0.5], int).reshape(-1, 2)
    unary = rng.integers(0, 8192, (nodes, classes)) / 4096  # whole numbers of the solver's unit: energies are exact
    return unary, pairs, rng.integers(0, 8192, len(pairs)) / 4096


def strip(labels, areas=None):
    """Labels of a row of nodes, its pairs and areas (default 1 mm^2)."""
    count = len(labels)
    pairs = np.column_stack([np.arange(count - 1), np.arange(1, count)])
    return np.array(labels), pairs, np.ones(count) if areas is None else np.array(areas, float)


@pytest.mark.parametrize("seed", range(12))
def test_an_expansion_is_the_best_of_all_and_the_whole_never_worse(seed):
    rng = np.random.default_rng(seed)
    classes = 2 + seed % 2
    unary, pairs, weights = random_problem(rng, 7, classes)
    whole = alpha_expansion._Problem(
        (unary * 4096).astype(np.int64), pairs, (weights * 4096).astype(np.int64), np.ones(unary.shape, bool)
    )
    start = rng.integers(0, classes, 7)

    def energy(labels):
        return alpha_expansion.labelling_energy(unary, pairs, weights, labels)

    for label in range(classes):
        moved = start.copy()
        changed = alpha_expansion._move(whole, moved, np.full(7, label))
        choices = itertools.product((False, True), repeat=7)
        assert energy(moved) == min(energy(np.where(taken, label, start)) for taken in choices)
        assert changed == (energy(moved) < energy(start))

    found = energy(alpha_expansion.graph_cut_labels(unary, pairs, weights))
    best = min(energy(np.array(labels)) for labels in itertools.product(range(classes), repeat=7))
    assert best <= found <= energy(unary.argmin(axis=1))
    if classes == 2:
        assert found == best
        assert energy(alpha_expansion.graph_cut_labels(unary, pairs, weights, most_nodes=2)) <= energy(
            unary.argmin(axis=1)
        )


def test_ruling_out_keeps_every_best_solution():
    rng = np.random.default_rng(3)
    ruled_out = 0
    for _ in range(20):
        unary, pairs, weights = random_problem(rng, 6, 3)
        weights /= 4
        problem = alpha_expansion._whole(unary, pairs, weights, unary.argmin(axis=1), np.arange(6))
        labellings = [np.array(labels) for labels in itertools.product(range(3), repeat=6)]
        best = min(labellings, key=lambda one: alpha_expansion.labelling_energy(unary, pairs, weights, one))
        assert problem.allowed[np.arange(6), best].all()
        ruled_out += int((~problem.allowed).sum())
    assert ruled_out > 50


def test_a_border_falls_into_the_groove_and_not_onto_the_ridge():
    vertices, faces = ridged()
    graph = creases.face_graph(vertices, faces)
    x = vertices[faces].mean(axis=1)[:, 0]
    # The network is sure far away, undecided from -1 to 5 mm and leans towards a border at 2 mm.
    chance = np.clip(0.5 + (x - 2.0) / 40, 0.1, 0.9)
    chance[x < -1], chance[x > 5] = 0.02, 0.98
    labels = creases.cut_along_creases(np.column_stack([1 - chance, chance]), graph, strength=2.0)
    assert np.mean(labels == (x > 0)) > 0.97

    inverted = creases.face_graph(vertices, faces[:, ::-1], inside_out=True)
    np.testing.assert_allclose(np.sort(inverted.costs), np.sort(graph.costs), rtol=1e-4)
    bowl = creases.face_graph(vertices, faces[:, ::-1])  # seen from below the ridge is the groove
    labels = creases.cut_along_creases(np.column_stack([1 - chance, chance]), bowl, strength=2.0)
    assert np.mean(labels == (x > 4)) > 0.97


@pytest.mark.parametrize("nodes", ["faces", "vertices"])
def test_labels_do_not_depend_on_how_finely_the_surface_is_meshed(nodes):
    coarse = ridged(n=16)
    fine = subdivided(*subdivided(*coarse))
    cost = []
    for vertices, faces in (coarse, fine):
        build = creases.face_graph if nodes == "faces" else creases.vertex_graph
        graph = build(vertices, faces)
        place = vertices[faces].mean(axis=1) if nodes == "faces" else vertices
        assert graph.areas.sum() == pytest.approx(face_areas(vertices, faces).sum())
        # Cost of cutting straight through the flat part, across the sheet.
        side = place[:, 0] > -4.51  # a line of the grid
        cut = side[graph.pairs[:, 0]] != side[graph.pairs[:, 1]]
        cost.append(graph.costs[cut].sum())
        chance = np.where(place[:, 0] > 0.8, 0.6, 0.4)
        labels = creases.cut_along_creases(np.column_stack([1 - chance, chance]), graph, strength=3.0)
        away = np.abs(place[:, 0]) > 0.4
        assert np.mean(labels[away] == (place[away, 0] > 0)) > 0.98
    assert cost[1] == pytest.approx(cost[0], rel=0.4)


def test_large_graphs_are_solved_on_clusters_and_come_out_the_same():
    vertices, faces = subdivided(*ridged(n=30))
    graph = creases.face_graph(vertices, faces)
    place = vertices[faces].mean(axis=1)
    rng = np.random.default_rng(0)
    score = np.stack([-((place[:, 0] - c) ** 2) / 8 for c in (-4, -1, 2, 5)], axis=1) + rng.normal(
        0, 0.7, (len(faces), 4)
    )
    unary = creases.unary_costs(np.exp(score) / np.exp(score).sum(axis=1, keepdims=True), graph.areas)
    whole = alpha_expansion.graph_cut_labels(unary, graph.pairs, graph.costs, most_nodes=10**9)
    parts = alpha_expansion.graph_cut_labels(unary, graph.pairs, graph.costs, most_nodes=500)
    start = unary.argmin(axis=1)

    def energy(labels):
        return alpha_expansion.labelling_energy(unary, graph.pairs, graph.costs, labels)

    assert energy(whole) <= energy(parts) < energy(start)
    assert energy(parts) - energy(whole) < 0.03 * (energy(start) - energy(whole))
    again = alpha_expansion.graph_cut_labels(unary, graph.pairs, graph.costs, most_nodes=500)
    np.testing.assert_array_equal(parts, again)


@pytest.mark.parametrize(
    ("unary", "weights", "words"),
    [
        (np.full((3, 2), np.nan), [1.0, 1.0], "finite"),
        (np.zeros((3, 2)), [1.0, -1.0], "negative"),
        (np.zeros((3, 2)), [1.0], "shapes"),
        (np.zeros((3, 0)), [1.0, 1.0], "shapes"),
    ],
)
def test_costs_that_cannot_be_used_are_refused(unary, weights, words):
    with pytest.raises(ValueError, match=words):
        alpha_expansion.graph_cut_labels(unary, np.array([[0, 1], [1, 2]]), np.array(weights))


def test_nothing_to_decide():
    none = np.zeros((0, 2), int)
    assert alpha_expansion.graph_cut_labels(np.zeros((0, 4)), none, np.zeros(0)).shape == (0,)
    assert alpha_expansion.graph_cut_labels(np.ones((2, 1)), none, np.zeros(0)).tolist() == [0, 0]
    assert alpha_expansion.graph_cut_labels(np.array([[1.0, 0.0], [0.0, 9.0]]), none, np.zeros(0)).tolist() == [1, 0]
    labels, odd = remove_islands(np.zeros(0, int), none, np.zeros(0))
    assert len(labels) == 0 and odd == []
