"""Whatever bytes a file holds, it is read or refused: no other exception, no hang, no memory out of proportion."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mesh_files import dome, obj_text, ply_ascii, ply_binary, stl_ascii, stl_binary

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.meshes import clean, read_mesh, read_teeth3ds_json, vtp, write_ply, write_stl, write_vtp

VERTICES, FACES = dome(4)
MIXED = [*FACES.tolist(), [0, 1, 5, 4]]
VTP = vtp.to_bytes(VERTICES, FACES, {"FDI": np.arange(16, dtype=np.uint8)}, {"Label": np.arange(18)})


def appended(encoding: str) -> bytes:
    """A VTP file with its arrays behind the XML, uncompressed."""
    import base64

    arrays = [VERTICES.astype("<f4"), FACES.astype("<i4"), np.arange(3, 55, 3, dtype="<i4")]
    blocks = [len(a.tobytes()).to_bytes(4, "little") + a.tobytes() for a in arrays]
    blocks = [base64.b64encode(b) for b in blocks] if encoding == "base64" else blocks
    at = [0, len(blocks[0]), len(blocks[0]) + len(blocks[1])]
    text = (
        '<VTKFile type="PolyData" byte_order="LittleEndian"><PolyData><Piece NumberOfPoints="16" NumberOfPolys="18">'
        f'<Points><DataArray type="Float32" NumberOfComponents="3" format="appended" offset="{at[0]}"/></Points><Polys>'
        f'<DataArray type="Int32" Name="connectivity" format="appended" offset="{at[1]}"/>'
        f'<DataArray type="Int32" Name="offsets" format="appended" offset="{at[2]}"/></Polys></Piece></PolyData>'
        f'<AppendedData encoding="{encoding}">_'
    )
    return text.encode() + b"".join(blocks) + b"</AppendedData></VTKFile>"


SOUND = {
    "binary.stl": stl_binary(VERTICES, FACES),
    "ascii.stl": stl_ascii(VERTICES, FACES[:4]),
    "ascii.ply": ply_ascii(VERTICES, MIXED),
    "little.ply": ply_binary(VERTICES, MIXED),
    "big.ply": ply_binary(VERTICES, FACES, ">"),
    "text.obj": obj_text(VERTICES, MIXED, lambda i: f"{i}/{i}/{i}"),
    "inline.vtp": VTP,
    "raw.vtp": appended("raw"),
    "base64.vtp": appended("base64"),
}
WORDS = [
    b"-1",
    b"99999999999",
    b"1e400",
    b"nan",
    b" ",
    b"\n",
    b"\0",
    b"\xff\xff\xff\x7f",
    b"list",
    b'"',
    b"<",
    b"0,5",
    b"",
]


@st.composite
def damage(draw):
    """A sound file cut, with bytes flipped, pieces replaced, doubled or moved."""
    name = draw(st.sampled_from(sorted(SOUND)))
    content = SOUND[name]
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(content)))
        size = draw(st.integers(0, 30))
        match draw(st.sampled_from(["cut", "flip", "put", "double", "drop"])):
            case "cut":
                content = content[:at]
            case "flip":
                content = (
                    content[:at]
                    + bytes(b ^ draw(st.integers(1, 255)) for b in content[at : at + 1])
                    + content[at + 1 :]
                )
            case "put":
                content = content[:at] + draw(st.sampled_from(WORDS)) + content[at + size % 9 :]
            case "double":
                content = content[:at] + content[at : at + size] + content[at:]
            case "drop":
                content = content[:at] + content[at + size :]
    return name, content


def read_or_refuse(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.write_bytes(content)
    try:
        mesh, _ = read_mesh(path)
    except InputError as error:
        message = str(error)
        assert name in message and "\n" not in message and message.endswith(".") and len(message) < 500
        return
    assert len(mesh.faces) and mesh.faces.min() >= 0 and mesh.faces.max() < len(mesh.vertices)
    assert mesh.vertices.shape[1] == 3 and mesh.file_vertex.max() < len(mesh.vertices)
    assert all(len(values) == len(mesh.vertices) for values in mesh.point_data.values())
    assert all(len(values) == len(mesh.faces) for values in mesh.cell_data.values())
    try:
        surface, _ = clean(mesh, unit="mm")
    except InputError:
        return
    assert np.isfinite(surface.vertices).all()


@pytest.mark.filterwarnings("error")
@settings(max_examples=300, deadline=None)
@given(damage())
def test_damaged_files_are_read_or_refused(case):
    with tempfile.TemporaryDirectory() as folder:
        read_or_refuse(Path(folder), *case)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", SOUND)
def test_files_cut_anywhere_are_read_or_refused(tmp_path, name):
    content = SOUND[name]
    read_or_refuse(tmp_path, name, content)
    for size in range(1, len(content), max(1, len(content) // 60)):
        read_or_refuse(tmp_path, name, content[:size])


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.stl", "a.ply", "a.obj", "a.vtp"]))
def test_rubbish_is_refused(content, name):
    with tempfile.TemporaryDirectory() as folder:
        read_or_refuse(Path(folder), name, content)


LABELS = json.dumps({"id_patient": "", "jaw": "upper", "labels": [0, 11, 12], "instances": [0, 1, 2]})


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(LABELS)), st.sampled_from([w.decode("latin-1") for w in WORDS]), st.integers(0, 5))
def test_damaged_labels_are_read_or_refused(at, word, size):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "jaw.json"
        path.write_text(LABELS[:at] + word + LABELS[at + size :], encoding="utf-8")
        try:
            content = read_teeth3ds_json(path)
        except InputError:
            return
        assert len(content["labels"]) == len(content["instances"])


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 3), min_size=3, max_size=20),
    st.lists(st.tuples(*[st.integers(0, 2)] * 3), min_size=1, max_size=20),
    st.sampled_from([np.uint8, np.int16, np.int32, np.float32, np.float64]),
)
def test_what_is_written_is_read_back(points, faces, dtype):
    vertices, faces = np.array(points), np.array(faces, np.int32)
    values = np.arange(len(points)).astype(dtype)
    with tempfile.TemporaryDirectory() as folder:
        write_vtp(Path(folder) / "a.vtp", vertices, faces, {"fdi": values})
        write_ply(Path(folder) / "a.ply", vertices, faces, None, {"fdi": values})
        write_stl(Path(folder) / "a.stl", vertices, faces)
        for name in ("a.vtp", "a.ply"):
            mesh, _ = read_mesh(Path(folder) / name)
            np.testing.assert_array_equal(mesh.vertices, vertices)
            np.testing.assert_array_equal(mesh.faces, faces)
            np.testing.assert_array_equal(mesh.point_data["fdi"], values)
            assert mesh.point_data["fdi"].dtype == dtype
        mesh, _ = read_mesh(Path(folder) / "a.stl")
        np.testing.assert_array_equal(mesh.vertices[mesh.faces], vertices.astype(np.float32)[faces])
