"""What is no tooth by its shape: the cylinder of a scan body, the die of one tooth."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from toy_jaws import segmented, toy_jaw

from DentalTopoSegLib.dentition import Known
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.meshes import Surface
from DentalTopoSegLib.ios.not_teeth import is_cylinder, require_no_die
from DentalTopoSegLib.ios.segmenting import JawSegmentation, segment_jaws, without_scan_bodies

TURNED = Rotation.from_euler("xyz", (40, 100, -20), degrees=True).as_matrix()
LOWER = toy_jaw("lower")


def surface_of(vertices, faces):
    rows = np.arange(len(vertices), dtype=np.int32), np.arange(len(faces), dtype=np.int32)
    return Surface(np.asarray(vertices) @ TURNED.T, np.asarray(faces, np.int32), 1.0, *rows)


def body(radius, height, count=40, rings=20, squeezed=1.0):
    """An upright cylinder with a lid and without a bottom, (vertices, faces); squeezed: its section an ellipse."""
    turn = np.arange(count) * 2 * np.pi / count
    ring = np.stack([radius * np.cos(turn), squeezed * radius * np.sin(turn), np.zeros(count)], 1)
    vertices = np.concatenate([ring + [0, 0, height * k / rings] for k in range(rings + 1)] + [[[0, 0, height]]])
    a = (np.arange(rings)[:, None] * count + np.arange(count)).ravel()
    b = (np.arange(rings)[:, None] * count + (np.arange(count) + 1) % count).ravel()
    last = rings * count + np.arange(count)
    lid = np.stack([last, np.roll(last, -1), np.full(count, len(vertices) - 1)], 1)
    return vertices, np.concatenate([np.stack([a, b, b + count], 1), np.stack([a, b + count, a + count], 1), lid])


@pytest.mark.parametrize(("radius", "height"), [(1.5, 8), (2.2, 10), (3.5, 12)])
def test_scan_bodies_are_cylinders(radius, height):
    vertices, faces = body(radius, height)
    assert is_cylinder(surface_of(vertices, faces), np.arange(len(faces)))


def test_finely_meshed_scan_bodies_are_cylinders():
    vertices, faces = body(2.2, 10, count=200, rings=100)
    assert is_cylinder(surface_of(vertices, faces), np.arange(len(faces)))
    vertices, faces = body(2.2, 10, count=200, rings=100, squeezed=0.85)
    assert not is_cylinder(surface_of(vertices, faces), np.arange(len(faces)))


@pytest.mark.parametrize("squeezed", [0.7, 0.85, 1.2])
def test_what_is_not_round_is_none(squeezed):
    vertices, faces = body(3.5, 8, squeezed=squeezed)
    assert not is_cylinder(surface_of(vertices, faces), np.arange(len(faces)))


def test_large_or_half_cylinders_are_none():
    vertices, faces = body(6.0, 8)
    assert not is_cylinder(surface_of(vertices, faces), np.arange(len(faces)))
    vertices, faces = body(3.0, 8)
    assert not is_cylinder(surface_of(vertices, faces), np.flatnonzero(vertices[faces][:, :, 0].max(1) < 0.5))


def test_no_tooth_of_the_toys_is_one():
    surface = surface_of(LOWER.vertices, LOWER.faces)
    for fdi in np.unique(LOWER.fdi[LOWER.fdi > 0]):
        assert not is_cylinder(surface, np.flatnonzero(LOWER.face_fdi == fdi))


def test_a_scan_body_is_no_tooth_and_it_is_said():
    toy = toy_jaw("lower", absent=(36,))
    vertices, faces = body(2.2, 9)
    place = LOWER.centre(36) - [0, 0, 6]
    surface = surface_of(
        np.concatenate([toy.vertices, vertices + place]), np.concatenate([toy.faces, faces + len(toy.vertices)])
    )
    fdi = np.concatenate([toy.fdi, np.full(len(vertices), 36, np.uint8)])
    of_face = np.concatenate([toy.face_fdi, np.full(len(faces), 36, np.uint8)])
    found = vars(segmented(toy)) | {
        "surface": surface, "fdi": fdi, "face_fdi": of_face, "instance": fdi.astype(np.int32),
        "confidence": {int(f): 0.9 for f in np.unique(fdi) if f}, "known": Known(),
    }  # fmt: skip
    jaw = JawSegmentation(**found)
    left = without_scan_bodies(jaw)
    assert set(left.confidence) == set(jaw.confidence) - {36} == set(np.unique(toy.fdi)) - {0}
    np.testing.assert_array_equal(left.fdi, np.where(fdi == 36, 0, fdi))
    assert 36 not in left.face_fdi and not left.instance[fdi == 36].any()
    assert left.warnings == [
        "What stands at 36 is a cylinder: it was taken for the scan body of an implant, not for a tooth."
    ]
    clean = replace(left, warnings=[])
    assert without_scan_bodies(clean) is clean


# ---------------------------------------------------------------- dies


def test_a_die_is_refused_before_anything_is_computed():
    vertices, faces = body(9.0, 26.0, 60, 60)
    surface = surface_of(vertices, faces)
    with pytest.raises(
        InputError, match=r"'die' is 18 mm wide and 26 mm high, the model of one or two teeth \(a die\)"
    ):
        segment_jaws([surface], names=["die"], models={"orientation": None})


@pytest.mark.parametrize("last", [3, 5])
def test_pieces_of_a_jaw_are_no_dies(last):
    """A quadrant, and its last teeth."""
    keep = (LOWER.vertices[:, 0] > 5) & (LOWER.vertices[:, 1] < LOWER.centre(40 + last)[1])
    for part in (LOWER.cropped(keep), LOWER):
        require_no_die(surface_of(part.vertices, part.faces), "x")
