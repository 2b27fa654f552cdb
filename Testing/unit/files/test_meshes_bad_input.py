"""Every mesh file that cannot be used is refused in one sentence that names the file and says what to do."""

from __future__ import annotations

import gzip
import os
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from mesh_files import dome, obj_text, ply_ascii, ply_binary, stl_ascii, stl_binary

from DentalTopoSegLib.errors import InputError, MemoryLimitError, OutputError
from DentalTopoSegLib.files.meshes import (
    is_mesh_file,
    read_mesh,
    read_teeth3ds_json,
    write_ply,
    write_stl,
    write_teeth3ds_json,
    write_vtp,
)

VERTICES, FACES = dome(5)
BINARY, ASCII = stl_binary(VERTICES, FACES), stl_ascii(VERTICES, FACES)
OBJ = obj_text(VERTICES, FACES)


def refusal(path: Path, content: bytes | None = None, kind: type = InputError) -> str:
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(kind) as caught:
        read_mesh(path)
    message = str(caught.value)
    assert path.name in message
    assert "\n" not in message and message.endswith(".")
    assert not {"Exception", "Error", "None", "Traceback"} & set(message.replace(":", " ").split())
    return message


def test_paths_that_are_no_file(tmp_path):
    assert "does not exist" in refusal(tmp_path / "absent.stl")
    assert "is a folder" in refusal(tmp_path)
    assert "0 bytes" in refusal(tmp_path / "nothing.stl", b"")


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.stl")
    assert "no ordinary file" in refusal(tmp_path / "pipe.stl")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission(tmp_path):
    path = tmp_path / "locked.stl"
    path.write_bytes(BINARY)
    path.chmod(0)
    assert "may not be read" in refusal(path)


def test_disk_errors_while_reading_are_named(tmp_path, monkeypatch):
    path = tmp_path / "jaw.stl"
    path.write_bytes(BINARY)

    def broken(self):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", broken)
    assert "Input/output error" in refusal(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"Dear doctor, please find attached the scan.\n" * 9, "is a text file, but holds no mesh"),
        (b"solid advice: brush your teeth\n", "is a text file, but holds no mesh"),
        (b"\0" * 128 + b"DICM" + b"\2\0\0\0UL\4\0" * 20, "is a DICOM file"),
        (gzip.compress(BINARY), "gzip"),
        (b"PK\x03\x04" + bytes(200), "zip archive"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "is a picture"),
        (b"# vtk DataFile Version 4.2\n" + b"x" * 100, "save it as .vtp"),
        (b"NRRD0005\n" + bytes(200), "is a volume"),
        (b"glTF" + bytes(200), "is a glTF file: export it as STL, PLY, OBJ or VTP."),
        (b"PK\x03\x04" + bytes(26) + b"3D/3dmodel.model" + bytes(200), "is a 3MF file: export it as STL"),
        (b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n", "is an OFF file: export it as STL"),
        (b"solid jaw\n facet normal".decode().encode("utf-16"), "is text in UTF-16: save it as UTF-8"),
        (bytes(range(256)) * 4, "damaged"),
        (bytes(10), "cut short"),
    ],
)
def test_other_files_called_stl_are_named_for_what_they_are(tmp_path, content, reason):
    assert reason in refusal(tmp_path / "jaw.stl", content)


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("jaw.off", b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n", "an OFF file"),
        ("jaw.glb", b"glTF" + bytes(200), "a glTF file"),
        ("jaw.gltf", b'{"asset": {"version": "2.0"}}', "a glTF file"),
        ("jaw.3mf", b"PK\x03\x04" + bytes(26) + b"3D/3dmodel.model" + bytes(200), "a 3MF file"),
        ("jaw.dae", b"<?xml version='1.0'?><COLLADA></COLLADA>", "a Collada file"),
        ("jaw.xyz", b"0 0 0\n1 0 0\n", "a point cloud, without triangles"),
        ("jaw.vtk", b"# vtk DataFile Version 3.0\njaw\nASCII\nDATASET POLYDATA\n", "a legacy VTK file"),
    ],
)
def test_meshes_of_other_formats_are_taken_for_meshes_and_named(tmp_path, name, content, what):
    """Who gives one means an intraoral scan: what to do with a volume does not help."""
    message = refusal(tmp_path / name, content)
    assert f"is {what}: " in message and ("STL, PLY, OBJ or VTP" in message or ".vtp" in message)
    assert is_mesh_file(tmp_path / name)


def test_archives_and_volumes_are_no_meshes(tmp_path):
    volume = b"# vtk DataFile Version 3.0\nct\nASCII\nDATASET STRUCTURED_POINTS\n"
    for name, content in (("scan.zip", b"PK\x03\x04" + bytes(99)), ("scan.nrrd", b"NRRD0005\n"), ("a.vtk", volume)):
        (tmp_path / name).write_bytes(content)
        assert not is_mesh_file(tmp_path / name)


def test_binary_rubbish_of_no_known_suffix(tmp_path):
    assert "not a mesh this program can read" in refusal(tmp_path / "jaw.dat", bytes(range(256)))


def test_a_truncated_binary_stl_says_how_many_triangles_are_there(tmp_path):
    for cut in (1, 50, 777):
        held = (len(BINARY) - cut - 84) // 50
        message = refusal(tmp_path / "jaw.stl", BINARY[:-cut])
        assert f"announces {len(FACES)} triangles, but it holds only {held}." in message
    assert "cut short" in refusal(tmp_path / "jaw.stl", b"solid\0 x" + BINARY[8:-60])


def test_bytes_after_a_binary_stl_are_ignored_with_a_warning(tmp_path):
    (tmp_path / "jaw.stl").write_bytes(BINARY + b"colour")
    mesh, warnings = read_mesh(tmp_path / "jaw.stl")
    assert len(mesh.faces) == len(FACES)
    assert warnings == ["6 bytes after the last triangle of the STL file were ignored."]


def test_a_decimal_comma_is_named_with_its_line(tmp_path):
    lines = ASCII.decode().split("\n")
    lines[11] = lines[11].replace(".", ",")  # the second triangle's first point
    assert "vertex" in lines[11] and "," in lines[11]
    message = refusal(tmp_path / "jaw.stl", "\n".join(lines).encode())
    assert "decimal comma in line 12 ('" in message and "decimal points" in message


@pytest.mark.parametrize("make", [obj_text, ply_ascii])
def test_decimal_commas_in_other_text_formats(tmp_path, make):
    lines = make(VERTICES + 0.5, FACES).split(b"\n")
    first = next(i for i, line in enumerate(lines) if b".5" in line)
    lines[first + 2] = lines[first + 2].replace(b".", b",")
    assert f"decimal comma in line {first + 3} ('" in refusal(tmp_path / "jaw.txt", b"\n".join(lines))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"endloop", b"endlop", "line 7 has 'endlop' where 'endloop' should be"),
        (b"vertex", b"vertx", "where 'vertex' should be"),
        (b"endsolid jaw\n", b"facet normal 0 0 1\n outer loop\n", f"in the middle of triangle {len(FACES) + 1}"),
        (b"outer loop\n", b"outer loop\nvertex 0 0 zero\n", "'zero' in line 4 where a number should be"),
    ],
)
def test_damaged_ascii_stl(tmp_path, old, new, reason):
    assert reason in refusal(tmp_path / "jaw.stl", ASCII.replace(old, new, 1))


def test_an_ascii_stl_without_its_end_is_read_with_a_warning(tmp_path):
    (tmp_path / "jaw.stl").write_bytes(ASCII.replace(b"endsolid jaw\n", b""))
    mesh, warnings = read_mesh(tmp_path / "jaw.stl")
    assert len(mesh.faces) == len(FACES) and "cut short" in warnings[0]


def test_numbers_that_windows_writes_for_nan_are_understood(tmp_path):
    content = ASCII.replace(b"vertex 0.0 0.0 0.0", b"vertex -1.#IND 1.#QNAN -nan(ind)")
    (tmp_path / "jaw.stl").write_bytes(content)
    mesh, _ = read_mesh(tmp_path / "jaw.stl")
    assert np.isnan(mesh.vertices).all(axis=1).sum() == 1


@pytest.mark.parametrize(
    "content",
    [
        b"solid empty\nendsolid empty\n",
        stl_binary(VERTICES, FACES[:0]),
        ply_ascii(VERTICES[:0], []),
        b'<VTKFile type="PolyData"><PolyData/></VTKFile>',
    ],
)
def test_empty_meshes(tmp_path, content):
    assert "empty mesh" in refusal(tmp_path / "jaw.stl", content)


@pytest.mark.parametrize("content", [ply_ascii(VERTICES, []), ply_binary(VERTICES, []), obj_text(VERTICES, [])])
def test_point_clouds(tmp_path, content):
    assert f"is a point cloud: {len(VERTICES)} points" in refusal(tmp_path / "jaw.ply", content)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"end_header", b"", "PLY header has no end"),
        (b"element vertex 25", b"element vertex 26", "too few or too many numbers"),
        (b"element face 32", b"element face 33", "announces 33 faces, but it holds only 32"),
        (b"element face 32", b"element face -2", "damaged PLY header (line 8"),
        (b"format ascii 1.0", b"format binary_middle_endian 1.0", "damaged PLY header (line 2"),
        (b"property double x", b"property triple x", "damaged PLY header (line 5"),
        (b"property double x", b"property double w", "no x, y and z"),
        (b"list uchar int", b"list float int", "damaged PLY header"),
        (b"\n3 0 5 6\n", b"\n3 0 5 99\n", "uses point 99, but there are only 25 points"),
        (b"\n3 0 5 6\n", b"\n3 0 5 -1\n", "uses point -1"),
        (b"\n3 0 5 6\n", b"\n9 0 5 6\n", "too few or too many numbers"),
        (b"\n3 0 5 6\n", b"\n3 0 5 six\n", "'six' in line"),
        (b"\n3 0 5 6\n", b"\n3 0 5 1e99\n", "no whole numbers"),
    ],
)
def test_damaged_ascii_ply(tmp_path, old, new, reason):
    content = ply_ascii(VERTICES, FACES)
    assert old in content
    assert reason in refusal(tmp_path / "jaw.ply", content.replace(old, new, 1))


@pytest.mark.parametrize("faces", [FACES, [*FACES.tolist(), [0, 1, 2, 3]]])
def test_truncated_binary_ply(tmp_path, faces):
    content = ply_binary(VERTICES, faces)
    assert f"announces {len(faces)} faces, but it holds only {len(faces) - 1}" in refusal(
        tmp_path / "a.ply", content[:-3]
    )
    body = content.index(b"end_header\n") + 11
    assert "announces 25 points, but it holds only 2." in refusal(tmp_path / "a.ply", content[: body + 60])


def test_a_ply_of_strips(tmp_path):
    content = ply_ascii(VERTICES, FACES[:1]).replace(b"element face", b"element tristrips")
    assert "strips" in refusal(tmp_path / "jaw.ply", content)


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        (b"f 1 2 99\n", "uses point 98, but there are only 25"),
        (b"f 1 2 -99\n", "damaged"),
        (b"f 0 1 2\n", "counts from 1"),
        (b"f 1 2\n", "three or more points"),
        (b"f 1 2 f\n", "'f' in line 60 where a number"),
        (b"f 1 2 3.5\n", "'3.5' in line"),
        (b"v 1 2\n", "does not have three coordinates"),
        (b"this is no obj line\n", "a line begins with 'this'"),
    ],
)
def test_damaged_obj(tmp_path, extra, reason):
    assert reason in refusal(tmp_path / "jaw.obj", OBJ + extra)


def test_more_triangles_than_memory_allows_are_refused_by_their_header(tmp_path, monkeypatch):
    monkeypatch.setattr("DentalTopoSegLib.files.meshes.reading.MAX_FACES", 20)
    write_vtp(tmp_path / "jaw.vtp", VERTICES, FACES)
    files = {"stl": BINARY, "txt": ASCII, "ply": ply_binary(VERTICES, FACES), "obj": OBJ, "vtp": None}
    for suffix, content in files.items():
        assert "bounded memory" in refusal(tmp_path / f"jaw.{suffix}", content, MemoryLimitError)


def test_files_too_large_to_read_are_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr("DentalTopoSegLib.files.meshes.reading.MAX_BYTES", 1000)
    assert "bounded memory" in refusal(tmp_path / "jaw.stl", BINARY, MemoryLimitError)


def test_an_stl_header_that_announces_billions_makes_no_room_for_them(tmp_path):
    content = BINARY[:80] + struct.pack("<I", 90_000_000) + BINARY[84:]
    assert "announces 90,000,000 triangles" in refusal(tmp_path / "jaw.stl", content)


def test_writers_leave_nothing_behind_where_they_fail(tmp_path):
    folder = tmp_path / "absent"
    for write in (write_vtp, write_ply, write_stl):
        with pytest.raises(OutputError, match="cannot be written"):
            write(folder / "jaw", VERTICES, FACES)
    with pytest.raises(ValueError, match="FDI has 3 rows"):
        write_vtp(tmp_path / "jaw.vtp", VERTICES, FACES, {"FDI": np.zeros(3)})
    assert not list(tmp_path.iterdir())


LABELS = {"id_patient": "", "jaw": "upper", "labels": [0, 11, 48], "instances": [0, 1, 2]}


def test_teeth3ds_labels_round_trip(tmp_path):
    path = write_teeth3ds_json(tmp_path / "jaw.json", "lower", np.array([0, 36, 36], np.uint8), np.array([0, 2, 2]))
    assert path.read_text() == '{"id_patient": "", "jaw": "lower", "labels": [0, 36, 36], "instances": [0, 2, 2]}'
    content = read_teeth3ds_json(path)
    assert content["jaw"] == "lower" and content["id_patient"] == ""
    assert content["labels"].tolist() == [0, 36, 36] and content["instances"].tolist() == [0, 2, 2]
    with pytest.raises(ValueError, match="one entry per vertex"):
        write_teeth3ds_json(path, "lower", np.zeros(3), np.zeros(2))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"jaw": "middle"}, "which jaw it is ('middle')"),
        ({"labels": [0, 1]}, "2 labels but 3 instances"),
        ({"labels": [0, 1, 86]}, "whole numbers from 0 to 85"),
        ({"labels": [0, 1, 1.5]}, "whole numbers"),
        ({"labels": [0, 1, 10**400]}, "whole numbers"),
        ({"labels": [0, True, "x"]}, "whole numbers"),
        ({"labels": 3}, "whole numbers"),
        ({"instances": [0, -1, 2]}, '"instances" must be'),
    ],
)
def test_damaged_teeth3ds_labels(tmp_path, changes, reason):
    import json

    path = tmp_path / "jaw.json"
    path.write_text(json.dumps({**LABELS, **changes}))
    with pytest.raises(InputError, match=r"jaw\.json") as caught:
        read_teeth3ds_json(path)
    assert reason in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"[1]", b"{}", b"\xff\xfe\x00", b"[" * 100_000, b"solid x"])
def test_other_files_are_no_teeth3ds_labels(tmp_path, content):
    path = tmp_path / "jaw.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"jaw\.json"):
        read_teeth3ds_json(path)
    with pytest.raises(InputError, match="does not exist"):
        read_teeth3ds_json(tmp_path / "absent.json")
