"""What a mesh file announces is held against bounds before anything is read: small files that would take minutes."""

from __future__ import annotations

import time

import pytest

from DentalTopoSegLib.errors import InputError, MemoryLimitError
from DentalTopoSegLib.files.meshes import obj, ply, read_mesh, read_teeth3ds_json
from DentalTopoSegLib.files.meshes.mesh import Problem, TooMuch

POINTS = ["property float x", "property float y", "property float z"]
CORNERS = "property list uchar int vertex_indices"


def ply_file(*header: str, order: str = "binary_little_endian", body: bytes = b"") -> bytes:
    return "\n".join(["ply", f"format {order} 1.0", *header, "end_header", ""]).encode() + body


@pytest.mark.parametrize("order", ["ascii", "binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["element vertex 3", *POINTS, "element face 10000001", CORNERS], "10,000,001 faces"),
        (["element vertex 30000001", *POINTS, "element face 1", CORNERS], "30,000,001 points"),
        (["element vertex 99999999999999999999999", *POINTS, "element face 1", CORNERS], "far too many points"),
        (["element junk 30000001", "property uchar a", "element vertex 3", *POINTS], "30,000,001 'junk' entries"),
    ],
)
def test_a_ply_that_announces_too_much_is_refused_from_its_header(tmp_path, order, header, said):
    path = tmp_path / "jaw.ply"
    path.write_bytes(ply_file(*header, order=order, body=bytes(1000)))
    with pytest.raises(MemoryLimitError, match=f"jaw.ply' announces {said}, more than the 10 million"):
        read_mesh(path)


@pytest.mark.parametrize(
    "header",
    [["element vertex 3", *POINTS, *[f"property float a{i}" for i in range(1000)]], [*["element a 0"] * 101]],
    ids=["properties", "elements"],
)
def test_a_ply_header_without_end_is_refused(tmp_path, header):
    path = tmp_path / "jaw.ply"
    path.write_bytes(ply_file(*header, "element vertex 3", *POINTS, "element face 1", CORNERS))
    with pytest.raises(InputError, match=r"damaged PLY header \(more than 100 elements or 1,000 properties\)"):
        read_mesh(path)


def test_bounds_of_faces_are_those_asked_for():
    faces = ply_file("element vertex 3", *POINTS, "element face 3", CORNERS, body=bytes(100))
    with pytest.raises(TooMuch, match="3 faces"):
        ply.read(faces, max_faces=2)


def test_a_line_without_end_is_refused_with_its_number(tmp_path):
    start = b"v 0 0 0\nv 9 0 0\nv 0 9 0\n"
    with pytest.raises(Problem, match="line 4 has more than 1,048,576 characters"):
        obj.read(start + b"f " + b"1 2 3 " * 200_000 + b"\n", 10_000_000)
    text = ply_file("element vertex 3", *POINTS, "element face 1", CORNERS, order="ascii", body=b"0 " * 600_000)
    with pytest.raises(Problem, match="has more than 1,048,576 characters"):
        ply.read(text, 10_000_000)


def test_a_long_face_is_read():
    points = b"".join(b"v %d %d 0\n" % (i % 100, i // 100) for i in range(10_000))
    face = b"f " + b" ".join(b"%d" % i for i in range(1, 10_001)) + b"\n"
    assert len(obj.read(points + face, 10_000_000).faces) == 9_998


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.stl", b"solid a" + b"\n" * 1_000_000 + b"x"),
        ("a.vtp", b"<VTKFile " * 100_000),
        ("a.vtp", b'<VTKFile type="PolyData"><PolyData>' + b"<AppendedData " * 60_000),
    ],
    ids=["empty lines", "elements that never end", "appended data that never ends"],
)
def test_beginnings_without_end_are_refused_at_once(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    started = time.process_time()
    with pytest.raises(InputError):
        read_mesh(tmp_path / name)
    assert time.process_time() - started < 10


def test_a_file_of_labels_beyond_all_meshes_is_not_read(tmp_path):
    path = tmp_path / "jaw.json"
    with path.open("wb") as stream:
        stream.truncate(80_000_001)
    with pytest.raises(InputError, match="80,000,001 bytes, more than the 80,000,000"):
        read_teeth3ds_json(path)
