"""From a file's mesh to a surface in millimetres: what is dropped, what is guessed, and that both are said."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from mesh_files import dome, mesh_of, shuffled

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.meshes import UNITS, clean, face_areas, read_mesh, write_stl

VERTICES, FACES = dome()
LAST = len(VERTICES) - 1


def assert_maps(mesh, surface) -> None:
    """Every vertex and face kept is where the maps say; the surface is what its class promises."""
    kept = surface.of_vertex >= 0
    np.testing.assert_array_equal(mesh.vertices[kept] * surface.scale, surface.vertices[surface.of_vertex[kept]])
    faces = np.flatnonzero(surface.of_face >= 0)
    moved = surface.of_vertex[mesh.faces[faces]]
    np.testing.assert_array_equal(np.sort(moved, axis=1), np.sort(surface.faces[surface.of_face[faces]], axis=1))
    assert set(surface.of_face[faces].tolist()) == set(range(len(surface.faces)))
    assert np.unique(surface.faces).tolist() == list(range(len(surface.vertices)))
    assert len(np.unique(surface.vertices, axis=0)) == len(surface.vertices)
    assert len(np.unique(np.sort(surface.faces, axis=1), axis=0)) == len(surface.faces)
    assert (face_areas(surface.vertices, surface.faces) > 0).all()
    assert surface.faces.dtype == surface.of_vertex.dtype == surface.of_face.dtype == np.int32


def test_a_clean_mesh_stays_as_it_is():
    mesh = mesh_of(*shuffled(VERTICES, FACES))
    surface, warnings = clean(mesh)
    assert not warnings and surface.scale == 1.0
    assert_maps(mesh, surface)
    np.testing.assert_array_equal(surface.vertices, mesh.vertices)
    np.testing.assert_array_equal(surface.faces, mesh.faces)


def test_equal_points_are_welded_whatever_the_sign_of_zero():
    soup = VERTICES[FACES].reshape(-1, 3)
    soup = np.where(soup == 0, np.where(np.arange(len(soup))[:, None] % 2, 0.0, -0.0), soup)
    mesh = mesh_of(soup, np.arange(len(soup)).reshape(-1, 3))
    surface, warnings = clean(mesh)
    assert not warnings and len(surface.vertices) == len(VERTICES)
    assert_maps(mesh, surface)


def test_degenerate_duplicate_and_unused_go_and_the_maps_say_where():
    extra = [[0, 0, 1], *FACES[[5]][:, ::-1].tolist(), *FACES[[6]][:, [1, 2, 0]].tolist()]
    straight = np.vstack([VERTICES, [[0, 0, -5], [1, 1, -5], [3, 3, -5], [200, 0, 0]]])
    extra += [[LAST + 1, LAST + 2, LAST + 3]]
    mesh = mesh_of(straight, np.vstack([FACES, extra]))
    surface, warnings = clean(mesh)
    assert_maps(mesh, surface)
    count = len(FACES)
    assert surface.of_face[count] == -1 and surface.of_face[count + 3] == -1
    assert surface.of_face[count + 1 : count + 3].tolist() == [5, 6]
    assert surface.of_vertex[-4:].tolist() == [-1, -1, -1, -1]
    assert "2 triangles without area were dropped." in warnings
    assert "2 triangles were there twice; one of each was kept." in warnings


def test_points_that_are_no_numbers_go_with_their_triangles():
    vertices = VERTICES.copy()
    vertices[40, 1], vertices[41] = np.nan, -np.inf
    mesh = mesh_of(vertices, FACES)
    surface, warnings = clean(mesh)
    touching = np.isin(FACES, [40, 41]).any(axis=1)
    assert (surface.of_face[touching] == -1).all() and (surface.of_face[~touching] >= 0).all()
    assert surface.of_vertex[[40, 41]].tolist() == [-1, -1]
    assert np.isfinite(surface.vertices).all()
    assert warnings == [
        "2 points held no valid number (NaN or infinite); dropped together with "
        f"{touching.sum()} triangles. There may be a hole."
    ]


def test_mostly_invalid_is_refused():
    vertices = VERTICES.copy()
    vertices[: len(vertices) * 6 // 10] = np.nan
    with pytest.raises(InputError, match=r"'jaw' has no valid number .* in 6[0-9] %"):
        clean(mesh_of(vertices, FACES))


def test_nothing_with_an_area_is_refused():
    flat = VERTICES * [1, 0, 0]
    with pytest.raises(InputError, match="no triangle with an area"):
        clean(mesh_of(flat, FACES))
    with pytest.raises(InputError, match="no size"):
        clean(mesh_of(VERTICES * 0 + 5, FACES))


def test_an_edge_of_three_faces_is_accepted_with_a_warning():
    fin = [[*FACES[0][:2], LAST + 1], [*FACES[0][:2][::-1], LAST + 2]]
    vertices = np.vstack([VERTICES, [[0, 0, 9], [0, 0, -9]]])
    surface, warnings = clean(mesh_of(vertices, np.vstack([FACES, fin[1:]])))
    assert len(surface.faces) == len(FACES) + 1 and not warnings  # that edge was a border: two faces are fine
    shared = [*FACES[0][[0, 2]], LAST + 1]
    _, warnings = clean(mesh_of(vertices, np.vstack([FACES, [shared]])))
    assert len(warnings) == 1 and warnings[0].startswith("1 edge belongs to more than two triangles (non-manifold)")


def test_separate_pieces_are_counted_and_crumbs_named():
    other = VERTICES + [0, 70, 0]
    both = np.vstack([VERTICES, other]), np.vstack([FACES, FACES + len(VERTICES)])
    surface, warnings = clean(mesh_of(*both))
    assert len(surface.faces) == 2 * len(FACES)
    assert warnings == ["The mesh is in 2 separate pieces."]
    crumb = np.array([[1.0, 1, 20], [2, 1, 20], [1, 2, 20]])
    start = len(both[0])
    _, warnings = clean(mesh_of(np.vstack([both[0], crumb]), np.vstack([both[1], [[start, start + 1, start + 2]]])))
    assert warnings == ["The mesh is in 3 separate pieces; 1 is tiny (1 triangle), most likely stray bits of the scan."]


def test_a_mesh_of_loose_triangles_is_named():
    rng = np.random.default_rng(0)
    soup = (VERTICES[FACES] + rng.normal(0, 1e-3, (len(FACES), 3, 3))).reshape(-1, 3)
    _, warnings = clean(mesh_of(soup, np.arange(len(soup)).reshape(-1, 3)))
    assert f"falls into {len(FACES)} small pieces" in warnings[0]


@pytest.mark.parametrize(
    ("unit", "scale", "words"), [("m", 1000.0, "metres"), ("inch", 25.4, "inches"), ("cm", 10.0, "centimetres")]
)
@pytest.mark.parametrize("millimetres", [65, 90, 108])
def test_units_of_a_full_arch_are_guessed_and_said(unit, scale, words, millimetres):
    vertices = VERTICES * (millimetres / np.linalg.norm(np.ptp(VERTICES, axis=0)) / scale)
    surface, warnings = clean(mesh_of(vertices, FACES))
    assert surface.scale == scale
    assert len(warnings) == 1 and f"taken as {words}" in warnings[0] and f"({millimetres} mm)" in warnings[0]
    surface, warnings = clean(mesh_of(vertices, FACES), unit=unit)
    assert surface.scale == scale and not warnings
    assert np.linalg.norm(np.ptp(surface.vertices, axis=0)) == pytest.approx(millimetres)


def sized(diagonal: float):
    return mesh_of(VERTICES * (diagonal / np.linalg.norm(np.ptp(VERTICES, axis=0))), FACES)


@pytest.mark.parametrize(
    ("size", "scale", "said"),
    [
        (14, 1, ""),  # a single crown
        (38, 1, ""),  # a quadrant
        (90, 1, ""),
        (250, 1, ""),
        (0.04, 1000, "taken as metres (40 mm)"),
        (1.6, 25.4, "taken as inches (41 mm)"),
        (3.8, 25.4, "taken as inches (97 mm), but centimetres (38 mm) are possible too"),
        (4.8, 25.4, "taken as inches (122 mm), but centimetres (48 mm) are possible too"),
        (9, 10, "taken as centimetres (90 mm), and so is a very small piece in millimetres (9 mm)"),
    ],
)
def test_ambiguous_sizes_say_so(size, scale, said):
    surface, warnings = clean(sized(size))
    assert surface.scale == scale
    assert (said in warnings[0]) if said else not warnings


def shaped(length: float, width: float, scale: float):
    """A sheet of this size in mm, in another unit."""
    return mesh_of(VERTICES / np.ptp(VERTICES, axis=0) * (length, width, 12) / scale, FACES)


@pytest.mark.parametrize(
    ("length", "width", "unit"),
    [
        (38, 17, "cm"),
        (45, 20, "cm"),
        (60, 50, "inch"),
        (75, 55, "inch"),
        (75, 55, "cm"),
        (38, 17, "m"),
        (30, 14, "inch"),
    ],
)
def test_the_shape_decides_where_two_units_are_possible(length, width, unit):
    """A quadrant in centimetres is no arch in inches, whatever its size."""
    surface, _ = clean(shaped(length, width, UNITS[unit]))
    assert surface.scale == UNITS[unit]


@pytest.mark.parametrize(
    ("length", "width", "unit"), [(70, 32, "inch"), (28, 13, "cm"), (40, 22, "cm"), (70, 39, "inch")]
)
def test_a_unit_that_the_shape_leaves_open_is_asked_for(length, width, unit):
    mesh = shaped(length, width, UNITS[unit])
    with pytest.raises(
        InputError, match=r"'jaw' is .* in inches or .* in centimetres: give the unit \(--unit inch or cm\)"
    ):
        clean(mesh)
    assert clean(mesh, unit)[0].scale == UNITS[unit]


@pytest.mark.parametrize("size", [1e-6, 0.005, 0.5, 700, 85_000, 1e30, 1e200])
def test_sizes_no_jaw_has_are_refused(size):
    with pytest.raises(InputError, match=r"'jaw' is .* units across, in no unit the size of a jaw|no size"):
        clean(sized(size))


def test_a_unit_that_makes_no_jaw_is_refused():
    with pytest.raises(InputError, match="would be 90,000 mm across if its unit is metres"):
        clean(sized(90), unit="m")
    with pytest.raises(InputError, match="use mm, cm, m or inch"):
        clean(sized(90), unit="foot")


def test_a_stray_triangle_far_away_does_not_spoil_the_guess():
    vertices, faces = dome(30)
    far = np.array([[9000.0, 0, 0], [9001, 0, 0], [9000, 1, 0]])
    mesh = mesh_of(np.vstack([vertices, far]), np.vstack([faces, [[900, 901, 902]]]))
    surface, warnings = clean(mesh)
    assert surface.scale == 1.0
    assert any("far away from the rest" in w and "3 points there were left out" in w for w in warnings)
    assert len(surface.faces) == len(faces) and (surface.of_vertex[900:] == -1).all() and surface.of_face[-1] == -1


@pytest.mark.parametrize("place", [900.0, 3e38, 1e200])
def test_a_point_far_away_is_left_out_with_its_triangles(place):
    vertices, faces = dome(30)
    vertices[434] = [0, place, 0]
    surface, warnings = clean(mesh_of(vertices, faces))
    touched = (faces == 434).any(axis=1)
    assert "1 point there was left out" in warnings[0] and len(warnings) == 1
    assert surface.of_vertex[434] == -1 and (surface.of_face[touched] == -1).all()
    assert len(surface.faces) == len(faces) - touched.sum()
    assert np.ptp(surface.vertices, axis=0).max() < 100


@pytest.mark.parametrize("share", [0.001, 0.3, 0.49])
def test_triangles_that_run_the_other_way_are_turned(share):
    vertices, faces = dome(30)
    wrong = np.random.default_rng(0).random(len(faces)) < share
    given = np.where(wrong[:, None], faces[:, ::-1], faces)
    surface, warnings = clean(mesh_of(vertices, given))
    assert warnings == ([f"{wrong.sum():,} triangles ran the other way round than the rest and were turned."])
    assert (surface.crosses[:, 2] > 0).all()
    assert (surface.of_face == np.arange(len(faces))).all()


def test_a_surface_all_of_which_is_inside_out_stays_so():
    """Which side is out is for those to find who know what a jaw is."""
    vertices, faces = dome(12)
    surface, warnings = clean(mesh_of(vertices, faces[:, ::-1]))
    assert not warnings and (surface.crosses[:, 2] < 0).all()


def test_a_surface_with_one_side_only_stays_as_it_is():
    turn = np.linspace(0, np.pi, 40, endpoint=False)
    across = np.stack([np.cos(turn) * np.cos(2 * turn), np.cos(turn) * np.sin(2 * turn), np.sin(turn)], axis=1)
    ring = 30 * np.stack([np.cos(2 * turn), np.sin(2 * turn), 0 * turn], axis=1)
    vertices = np.concatenate([ring - 6 * across, ring + 6 * across])
    i = np.arange(40)
    low, high = np.where(i < 39, i + 1, 40), np.where(i < 39, i + 41, 0)  # the last is joined to the first, half turned
    faces = np.concatenate([np.stack([i, low, i + 40], 1), np.stack([low, high, i + 40], 1)])
    surface, warnings = clean(mesh_of(vertices, faces))
    assert not warnings and (surface.faces == faces).all()


def test_three_million_triangles_in_bounded_time_and_memory():
    vertices, faces = dome(1226)
    mesh = mesh_of(vertices, faces)
    tracemalloc.start()
    start = time.process_time()
    try:
        surface, warnings = clean(mesh)
        seconds, peak = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(surface.faces) == len(faces) > 3_000_000 and not warnings
    assert peak < 1.2e9
    assert seconds < 8


def test_real_scans_are_clean(real_data, tmp_path):
    """The pack's jaws lose nothing; the same jaws in metres give the same millimetres."""
    for path in sorted((real_data / "ios" / "samples").glob("*.stl")):
        mesh, _ = read_mesh(path)
        surface, _ = clean(mesh)
        assert len(surface.faces) == 16000 and surface.scale == 1.0
        write_stl(tmp_path / path.name, mesh.vertices / 1000, mesh.faces)
        metres, warnings = clean(read_mesh(tmp_path / path.name)[0])
        assert "taken as metres" in warnings[0]
        np.testing.assert_allclose(metres.vertices, surface.vertices, rtol=0, atol=1e-4)
