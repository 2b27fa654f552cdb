"""What a mesh file announces is held against bounds before anything is read: small files that would take minutes."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest

from DentalTopoSegLib.errors import InputError, MemoryLimitError
from DentalTopoSegLib.files.meshes import clean, obj, ply, read_mesh, read_teeth3ds_json, vtp
from DentalTopoSegLib.files.meshes.mesh import Problem, TooMuch

POINTS = ["property float x", "property float y", "property float z"]
CORNERS = "property list uchar int vertex_indices"


def ply_file(*header: str, order: str = "binary_little_endian", body: bytes = b"") -> bytes:
    return "\n".join(["ply", f"format {order} 1.0", *header, "end_header", ""]).encode() + body


@pytest.mark.parametrize("order", ["ascii", "binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize(
    ("header", "said", "bound"),
    [
        (["element vertex 3", *POINTS, "element face 10000001", CORNERS], "10,000,001 faces", 10),
        (["element vertex 30000001", *POINTS, "element face 1", CORNERS], "30,000,001 points", 30),
        (["element vertex 99999999999999999999999", *POINTS, "element face 1", CORNERS], "far too many points", 30),
        (["element junk 30000001", "property uchar a", "element vertex 3", *POINTS], "30,000,001 'junk' entries", 30),
    ],
)
def test_a_ply_that_announces_too_much_is_refused_from_its_header(tmp_path, order, header, said, bound):
    path = tmp_path / "jaw.ply"
    path.write_bytes(ply_file(*header, order=order, body=bytes(1000)))
    with pytest.raises(MemoryLimitError, match=f"jaw.ply' announces {said}, more than the {bound} million"):
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


def vtp_file(points: str = "0 0 0 9 0 0 0 9 0", cells: str = "", tag: str = "Polys", corners: str = "0 1 2",
             ends: str = "3", form: str = "ascii", said: int = 3) -> bytes:  # fmt: skip
    """One cell; `form` is the form of the points, `said` the number of them announced."""
    return (
        '<VTKFile type="PolyData" compressor="vtkZLibDataCompressor" header_type="UInt64"><PolyData>'
        f'<Piece NumberOfPoints="{said}" NumberOf{tag}="1"><CellData>{cells}</CellData>'
        f'<Points><DataArray type="Float32" NumberOfComponents="3" format="{form}">{points}</DataArray></Points>'
        f'<{tag}><DataArray type="Int32" Name="connectivity" format="ascii">{corners}</DataArray>'
        f'<DataArray type="Int32" Name="offsets" format="ascii">{ends}</DataArray></{tag}>'
        "</Piece></PolyData></VTKFile>"
    ).encode()


def test_an_array_of_a_vtp_is_not_unpacked_beyond_what_its_header_expects(tmp_path):
    path = tmp_path / "jaw.vtp"
    path.write_bytes(vtp_file(points=vtp._encode(np.zeros(30_000_000, "<f4")), form="binary"))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=r"jaw.vtp' .*array 'Points' has 30,000,000 values, not 9"):
            read_mesh(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_words_of_a_vtp_are_not_split_beyond_what_its_header_expects(tmp_path):
    path = tmp_path / "jaw.vtp"
    path.write_bytes(vtp_file(points="0 " * 2_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="array 'Points' has more than 9 values"):
            read_mesh(path)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("tag", ["Polys", "Strips"])
def test_triangles_of_a_vtp_are_counted_before_they_are_made(tmp_path, tag):
    path = tmp_path / "jaw.vtp"
    path.write_bytes(vtp_file(tag=tag, ends="10000003"))
    with pytest.raises(MemoryLimitError, match=r"jaw.vtp' has 10,000,001 triangles, more than the 10 million"):
        read_mesh(path)


def test_points_of_a_vtp_are_counted_before_they_are_read(tmp_path):
    path = tmp_path / "jaw.vtp"
    path.write_bytes(vtp_file(said=30_000_001))
    with pytest.raises(MemoryLimitError, match=r"jaw.vtp' announces 30,000,001 points, more than the 30 million"):
        read_mesh(path)


def test_many_values_of_one_face_do_not_become_those_of_many_triangles(tmp_path):
    corners, arrays = 200_000, 700
    values = "".join(f'<DataArray type="Float64" Name="a{i}" format="ascii">1</DataArray>' for i in range(arrays))
    path = tmp_path / "jaw.vtp"
    path.write_bytes(vtp_file(cells=values, corners="0 1 " * (corners // 2), ends=str(corners)))
    with pytest.raises(
        MemoryLimitError, match=r"jaw.vtp' has 1,120 MB of values at its triangles, more than the 1,000"
    ):
        read_mesh(path)
    header = ["element vertex 3", *POINTS, "element face 1", "property list uint int vertex_indices"]
    header += [f"property double a{i}" for i in range(arrays)]
    body = bytes(36) + corners.to_bytes(4, "little") + bytes(4 * corners + 8 * arrays)
    path = tmp_path / "jaw.ply"
    path.write_bytes(ply_file(*header, body=body))
    with pytest.raises(
        MemoryLimitError, match=r"jaw.ply' has 1,120 MB of values at its triangles, more than the 1,000"
    ):
        read_mesh(path)


def test_an_impossible_size_is_told_in_words(tmp_path):
    path = tmp_path / "jaw.vtp"
    path.write_bytes(vtp_file(points="0 0 0 9e30 0 0 0 9e30 0"))
    with pytest.raises(InputError, match="would be more than 1 km across if its unit is millimetres"):
        clean(read_mesh(path)[0], "mm")


def test_a_file_of_labels_beyond_all_meshes_is_not_read(tmp_path):
    path = tmp_path / "jaw.json"
    with path.open("wb") as stream:
        stream.truncate(80_000_001)
    with pytest.raises(InputError, match="80,000,001 bytes, more than the 80,000,000"):
        read_teeth3ds_json(path)
