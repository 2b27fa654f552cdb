"""Two jaws in one file are told by their surfaces, whatever lies around them; one jaw is never taken apart."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from toy_jaws import toy_jaw

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.meshes import Surface
from DentalTopoSegLib.ios.jaw_pairs import jaw_of_faces

UPPER, LOWER = toy_jaw("upper"), toy_jaw("lower")
GAP = np.array([0, 0, 1.0])  # the toys' cusps lie in one plane
TURNED = Rotation.from_euler("xyz", (40, 100, -20), degrees=True).as_matrix()


def joined(*parts):
    """The surface of several (vertices, faces), and which part each face is of."""
    before = np.cumsum([0, *(len(vertices) for vertices, _ in parts)])
    vertices = np.concatenate([vertices for vertices, _ in parts]) @ TURNED.T
    faces = np.concatenate([faces + n for (_, faces), n in zip(parts, before, strict=False)]).astype(np.int32)
    rows = np.arange(len(vertices), dtype=np.int32), np.arange(len(faces), dtype=np.int32)
    return Surface(vertices, faces, 1.0, *rows), np.repeat(np.arange(len(parts)), [len(f) for _, f in parts])


def half(toy, side):
    """The left or right part of a jaw, without its front teeth."""
    part = toy.cropped(toy.vertices[:, 0] * side > 8)
    return part.vertices, part.faces


def assert_apart(surface, group):
    found = jaw_of_faces(surface, "x")
    assert found is not None
    assert np.array_equal(found, group) or np.array_equal(found, 1 - group)


def test_jaws_in_the_bite_are_two():
    surface, part = joined((UPPER.vertices + GAP, UPPER.faces), (LOWER.vertices, LOWER.faces))
    assert_apart(surface, part)


def test_jaws_of_several_shells_and_crumbs_are_two():
    crumb = LOWER.vertices[LOWER.faces[100]] + [0, 0, 0.3]
    surface, part = joined(
        half(LOWER, 1), half(LOWER, -1), (half(UPPER, 1)[0] + GAP, half(UPPER, 1)[1]),
        (half(UPPER, -1)[0] + GAP, half(UPPER, -1)[1]), (crumb, np.array([[0, 1, 2]])),
    )  # fmt: skip
    assert_apart(surface, np.isin(part, (2, 3)).astype(int))


def test_quadrants_in_the_bite_are_two():
    surface, part = joined((half(UPPER, 1)[0] + GAP, half(UPPER, 1)[1]), half(LOWER, 1))
    assert_apart(surface, part)


@pytest.mark.parametrize("turn", [(0, 0, 0), (180, 0, 0), (70, 30, 10)])
def test_jaws_beside_each_other_are_two_however_they_lie(turn):
    moved = UPPER.vertices @ Rotation.from_euler("xyz", turn, degrees=True).as_matrix().T + [95, 0, 5]
    surface, part = joined((moved, UPPER.faces), (LOWER.vertices, LOWER.faces))
    assert_apart(surface, part)


@pytest.mark.parametrize("inside_out", [False, True])
def test_one_jaw_stays_one(inside_out):
    turn = slice(None, None, -1) if inside_out else slice(None)
    for toy in (UPPER, LOWER):
        assert jaw_of_faces(joined((toy.vertices, toy.faces[:, turn]))[0], "x") is None
    halves = [(vertices, faces[:, turn]) for vertices, faces in (half(LOWER, 1), half(LOWER, -1))]
    assert jaw_of_faces(joined(*halves)[0], "x") is None


def test_a_jaw_and_its_base_stay_one():
    base = LOWER.vertices * [1.05, 1.05, 0] - [0, 0, 25]
    surface, _ = joined((LOWER.vertices, LOWER.faces), (base, LOWER.faces[:, ::-1]))
    assert jaw_of_faces(surface, "x") is None


def test_a_jaw_and_its_palate_stay_one():
    x, y = np.meshgrid(np.linspace(-14, 14, 30), np.linspace(-20, 12, 30), indexing="ij")
    i = np.arange(900).reshape(30, 30)
    a, b, c = i[:-1, :-1].ravel(), i[1:, :-1].ravel(), i[1:, 1:].ravel()
    palate = np.stack([x.ravel(), y.ravel() + UPPER.vertices[:, 1].mean(), np.full(900, 12.0)], 1)
    surface, _ = joined((UPPER.vertices, UPPER.faces), (palate, np.stack([a, c, b], 1)))
    assert jaw_of_faces(surface, "x") is None


def test_jaws_that_are_one_surface_are_refused():
    count = len(UPPER.vertices)
    bridge = [[np.argmin(UPPER.vertices[:, 1]), np.argmin(LOWER.vertices[:, 1]) + count, count]]
    vertices = np.concatenate([UPPER.vertices + GAP, LOWER.vertices])
    faces = np.concatenate([UPPER.faces, LOWER.faces + count, bridge])
    with pytest.raises(
        InputError, match="'bite' holds both jaws in one connected surface, which cannot be taken apart"
    ):
        jaw_of_faces(joined((vertices, faces))[0], "bite")
