"""Every mesh format is read exactly, in the order of its file; the content, not the name, says which it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mesh_files import dome, obj_text, ply_ascii, ply_binary, shuffled, stl_ascii, stl_binary

from DentalTopoSegLib.files.meshes import mesh_stem, read_mesh, write_ply, write_stl, write_vtp

VERTICES, FACES = shuffled(*dome())
QUAD = [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9, 10, 11]]
FANNED = [[0, 1, 2], [0, 2, 3], [4, 5, 6], [7, 8, 9], [7, 9, 10], [7, 10, 11]]


def read(folder: Path, name: str, content: bytes):
    path = folder / name
    path.write_bytes(content)
    mesh, warnings = read_mesh(path)
    assert mesh.vertices.dtype == np.float64
    assert mesh.faces.dtype == np.int32 and mesh.file_vertex.dtype == np.int32
    return mesh, warnings


def assert_same_order(mesh, vertices=VERTICES, faces=FACES) -> None:
    np.testing.assert_array_equal(mesh.vertices, vertices)
    np.testing.assert_array_equal(mesh.faces, faces)
    np.testing.assert_array_equal(mesh.file_vertex, np.arange(len(vertices)))


def assert_welded(mesh) -> None:
    """An STL's points: each once, by first appearance; the way back to its corners is exact."""
    np.testing.assert_array_equal(mesh.vertices[mesh.file_vertex], VERTICES[FACES].reshape(-1, 3))
    np.testing.assert_array_equal(mesh.file_vertex, mesh.faces.ravel())
    assert len(np.unique(mesh.vertices, axis=0)) == len(mesh.vertices)
    first = [int(np.flatnonzero(mesh.file_vertex == i)[0]) for i in range(len(mesh.vertices))]
    assert first == sorted(first)


@pytest.mark.parametrize("header", [b"a scanner", b"solid exported by a scanner\nfacet"])
def test_binary_stl_is_welded_in_order_of_first_appearance(tmp_path, header):
    mesh, warnings = read(tmp_path, "jaw.stl", stl_binary(VERTICES, FACES, header))
    assert_welded(mesh)
    assert len(mesh.vertices) == len(VERTICES) and not warnings


def test_zero_and_minus_zero_are_one_place(tmp_path):
    corners = np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0], [-0.0, 0, 0], [0, 9, -0.0], [-9, 9, 0]])
    mesh, _ = read(tmp_path, "jaw.stl", stl_binary(corners, np.arange(6).reshape(2, 3)))
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 2, 3]]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_ascii_stl_in_any_line_ending(tmp_path, newline):
    mesh, warnings = read(tmp_path, "jaw.stl", stl_ascii(VERTICES, FACES, newline=newline))
    assert_welded(mesh)
    assert not warnings


def test_ascii_stl_with_several_solids_capitals_and_solid_in_names(tmp_path):
    two = stl_ascii(VERTICES, FACES[:5], "a solid endfacet?") + b"\n\n" + stl_ascii(VERTICES, FACES[5:], "")
    assert_welded(read(tmp_path, "jaw.stl", two)[0])
    assert_welded(read(tmp_path, "JAW2.STL", two.upper())[0])


def test_ascii_stl_with_a_byte_order_mark(tmp_path):
    mesh, warnings = read(tmp_path, "jaw.stl", b"\xef\xbb\xbf" + stl_ascii(VERTICES, FACES))
    assert_welded(mesh)
    assert not warnings


def test_ascii_stl_read_in_many_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("DentalTopoSegLib.files.meshes.stl._CHUNK_BYTES", 700)
    assert_welded(read(tmp_path, "jaw.stl", stl_ascii(VERTICES, FACES))[0])


@pytest.mark.parametrize("content", ["binary", "ascii"])
def test_stl_gives_what_trimesh_reads(tmp_path, content):
    trimesh = pytest.importorskip("trimesh")
    path = tmp_path / "jaw.stl"
    path.write_bytes((stl_binary if content == "binary" else stl_ascii)(VERTICES, FACES))
    theirs = trimesh.load(path, process=False)
    mesh, _ = read_mesh(path)
    np.testing.assert_allclose(mesh.vertices[mesh.faces], theirs.vertices[theirs.faces], rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["double", "float"])
def test_ascii_ply_in_file_order(tmp_path, kind):
    assert_same_order(read(tmp_path, "jaw.ply", ply_ascii(VERTICES, FACES, kind))[0])


def test_ascii_ply_with_polygons_blank_lines_and_cr_lf(tmp_path):
    content = ply_ascii(VERTICES, QUAD).replace(b"end_header\n", b"end_header\n\n").replace(b"\n", b"\r\n")
    assert_same_order(read(tmp_path, "jaw.ply", content)[0], faces=FANNED)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("faces", "triangles", "polygon"), [(FACES, FACES, None), (QUAD, FANNED, [0, 0, 1, 2, 2, 2])])
def test_binary_ply_of_either_byte_order_keeps_scalars(tmp_path, order, faces, triangles, polygon):
    mesh, warnings = read(tmp_path, "jaw.ply", ply_binary(VERTICES, faces, order))
    assert_same_order(mesh, faces=triangles)
    assert not warnings
    assert set(mesh.point_data) == {"red", "green", "blue", "quality"}
    np.testing.assert_array_equal(mesh.point_data["quality"], np.arange(len(VERTICES)) / 3)
    assert mesh.point_data["red"].dtype == np.uint8
    label = np.arange(len(faces)) % 100 - 50
    np.testing.assert_array_equal(mesh.cell_data["label"], label if polygon is None else label[polygon])


def test_ply_from_old_macs_and_with_elements_nobody_needs(tmp_path):
    header = b"ply\rformat binary_little_endian 1.0\relement camera 1\rproperty float f\rproperty list uchar short s\r"
    header += b"element vertex 3\rproperty short x\rproperty short y\rproperty short z\r"
    header += b"element face 1\rproperty list int uchar vertex_indices\relement nothing 5\rend_header\r"
    body = np.array([1.5], "<f4").tobytes() + b"\x02\1\0\2\0" + np.arange(10, 19, dtype="<i2").tobytes()
    mesh, _ = read(tmp_path, "jaw.ply", header + body + b"\3\0\0\0\0\1\2")
    assert mesh.vertices.tolist() == [[10, 11, 12], [13, 14, 15], [16, 17, 18]]
    assert mesh.faces.tolist() == [[0, 1, 2]]


@pytest.mark.parametrize("encoding", ["ascii", "binary_little_endian"])
def test_ply_gives_what_trimesh_wrote(tmp_path, encoding):
    trimesh = pytest.importorskip("trimesh")
    path = tmp_path / "jaw.ply"
    path.write_bytes(
        trimesh.exchange.ply.export_ply(trimesh.Trimesh(VERTICES, FACES, process=False), encoding=encoding[:6])
    )
    mesh, _ = read_mesh(path)
    np.testing.assert_array_equal(mesh.faces, FACES)
    np.testing.assert_allclose(mesh.vertices, VERTICES, rtol=0, atol=1e-5)


CORNERS = {
    "plain": str,
    "texture": lambda i: f"{i}/{i % 7 + 1}",
    "texture and normal": lambda i: f"{i}/{i % 5 + 1}/{i % 3 + 1}",
    "normal": lambda i: f"{i}//{i}",
    "negative": lambda i: str(i - len(VERTICES) - 1),
    "negative with texture": lambda i: f"{i - len(VERTICES) - 1}/-1",
}


@pytest.mark.parametrize("corner", CORNERS)
def test_obj_is_never_split_at_texture_seams(tmp_path, corner):
    mesh, warnings = read(tmp_path, "jaw.obj", obj_text(VERTICES, FACES, CORNERS[corner]))
    assert_same_order(mesh)
    assert not warnings


def test_obj_with_polygons_colours_continued_lines_and_the_rest_of_the_format(tmp_path):
    content = obj_text(VERTICES, QUAD).replace(b"\nf 1 2 3 4", b"\nusemtl gum\n s 1\nvt 0 0\n  f 1 2 \\\r\n 3 4")
    assert_same_order(read(tmp_path, "jaw.obj", content)[0], faces=FANNED)
    lines = content.split(b"\n")
    lines[2] += b" 0.5 0.5 0.5"  # the first point only has a colour
    assert_same_order(read(tmp_path, "colour.obj", b"\n".join(lines))[0], faces=FANNED)


def test_obj_counts_backwards_from_where_the_face_stands(tmp_path):
    text = b"v 0 0 0\nv 9 0 0\nv 0 9 0\nf -3 -2 -1\nv 9 9 0\nv 9 9 9\nf -1 -2 -3\n"
    assert read(tmp_path, "jaw.obj", text)[0].faces.tolist() == [[0, 1, 2], [4, 3, 2]]


def test_obj_and_ply_read_in_many_chunks(tmp_path, monkeypatch):
    monkeypatch.setattr("DentalTopoSegLib.files.meshes.obj._CHUNK_LINES", 17)
    monkeypatch.setattr("DentalTopoSegLib.files.meshes.ply._CHUNK_LINES", 17)
    assert_same_order(read(tmp_path, "jaw.obj", obj_text(VERTICES, FACES, CORNERS["negative"]))[0])
    assert_same_order(read(tmp_path, "jaw.ply", ply_ascii(VERTICES, FACES))[0])


WRITTEN = {
    "STL": stl_binary(VERTICES, FACES),
    "PLY": ply_binary(VERTICES, FACES),
    "OBJ": obj_text(VERTICES, FACES),
}


@pytest.mark.parametrize("kind", WRITTEN)
@pytest.mark.parametrize("suffix", [".stl", ".ply", ".obj", ".vtp", ".mesh", ""])
def test_the_content_decides_what_a_file_is(tmp_path, kind, suffix):
    mesh, warnings = read(tmp_path, f"jaw{suffix}", WRITTEN[kind])
    assert len(mesh.faces) == len(FACES)
    if suffix == f".{kind.lower()}":
        assert not warnings
    else:
        assert len(warnings) == 1 and f"read as {kind}" in warnings[0] and "jaw" not in warnings[0]


def test_a_vtp_called_stl_is_read_as_vtp(tmp_path):
    write_vtp(tmp_path / "jaw.stl", VERTICES, FACES)
    mesh, warnings = read_mesh(tmp_path / "jaw.stl")
    assert_same_order(mesh)
    assert "read as VTP" in warnings[0]


def test_names_with_umlauts_capitals_and_blanks(tmp_path):
    path = tmp_path / "Müller ünten 牙.STL"
    path.write_bytes(WRITTEN["STL"])
    mesh, warnings = read_mesh(path)
    assert not warnings and mesh.name == "Müller ünten 牙"


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.b.stl", "a.b"),
        ("jaw.PLY", "jaw"),
        ("x?.obj", "x_"),
        ("jaw", "jaw"),
        ("jaw.mesh", "jaw.mesh"),
        (".stl", "stl"),
    ],
)
def test_results_are_called_after_the_file(name, stem):
    assert mesh_stem(f"/somewhere/{name}") == stem


def test_written_files_are_read_back_exactly(tmp_path):
    fdi = (np.arange(len(VERTICES)) % 48).astype(np.uint8)
    rgb = np.stack([fdi, fdi, fdi], axis=1)
    confidence = np.linspace(0, 1, len(VERTICES)).astype(np.float32)
    write_ply(tmp_path / "jaw.ply", VERTICES, FACES, rgb, {"fdi": fdi, "confidence": confidence})
    mesh, _ = read_mesh(tmp_path / "jaw.ply")
    assert_same_order(mesh)
    np.testing.assert_array_equal(mesh.point_data["fdi"], fdi)
    np.testing.assert_array_equal(mesh.point_data["green"], fdi)
    np.testing.assert_array_equal(mesh.point_data["confidence"], confidence)
    write_stl(tmp_path / "jaw.stl", VERTICES, FACES)
    assert_welded(read_mesh(tmp_path / "jaw.stl")[0])


def test_coordinates_that_float32_cannot_hold_are_kept(tmp_path):
    fine = VERTICES + 1e-9
    write_ply(tmp_path / "jaw.ply", fine, FACES)
    write_vtp(tmp_path / "jaw.vtp", fine, FACES)
    for suffix in ("ply", "vtp"):
        assert_same_order(read_mesh(tmp_path / f"jaw.{suffix}")[0], vertices=fine)


def test_trimesh_reads_the_coloured_ply_and_the_stl(tmp_path):
    trimesh = pytest.importorskip("trimesh")
    fdi = (np.arange(len(VERTICES)) % 48).astype(np.int64)
    rgb = np.stack([fdi, fdi + 1, fdi + 2], axis=1).astype(np.uint8)
    write_ply(tmp_path / "jaw.ply", VERTICES, FACES, rgb, {"fdi": fdi})
    theirs = trimesh.load(tmp_path / "jaw.ply", process=False)
    np.testing.assert_array_equal(theirs.vertices, VERTICES)
    np.testing.assert_array_equal(theirs.faces, FACES)
    np.testing.assert_array_equal(theirs.visual.vertex_colors[:, :3], rgb)
    write_stl(tmp_path / "jaw.stl", VERTICES, FACES)
    theirs = trimesh.load(tmp_path / "jaw.stl", process=False)
    np.testing.assert_array_equal(theirs.vertices.reshape(-1, 3, 3), VERTICES[FACES])


def test_real_scanner_files(real_data):
    """The pack's STL files: 16,000 triangles of one connected jaw, with the point count Euler's formula allows."""
    paths = sorted((real_data / "ios" / "samples").glob("*.stl"))
    assert len(paths) == 6
    for path in paths:
        mesh, warnings = read_mesh(path)
        assert not warnings
        assert mesh.faces.shape == (16000, 3) and 8000 < len(mesh.vertices) < 8500
        assert mesh.name == path.stem
