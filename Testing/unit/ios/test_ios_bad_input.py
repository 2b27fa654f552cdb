"""What can be wrong with a file, through the command itself: refused in one sentence and with its exit code, or taken
with a note, and then labelled rightly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from mesh_files import ply_binary, stl_ascii, stl_binary
from toy_jaws import ToyJaw, toy_jaw
from toy_network import ToyNetwork, names

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.files.meshes import read_mesh, write_ply, write_stl

TOY = toy_jaw("lower")


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> ToyNetwork:
    return ToyNetwork(monkeypatch)


def run(scan: Path, capsys: pytest.CaptureFixture, *options: str) -> tuple[int, dict, str]:
    """Exit code, what --json prints, and stderr."""
    code = cli.main(["segment", str(scan), "-o", str(scan.parent / "out"), "--json", *options])
    shown = capsys.readouterr()
    return code, json.loads(shown.out), shown.err


def truncated() -> bytes:
    return stl_binary(TOY.vertices, TOY.faces)[:-1000]


def with_decimal_commas() -> bytes:
    return stl_ascii(TOY.vertices, TOY.faces).replace(b".", b",")


def without_numbers() -> bytes:
    return ply_binary(np.where(np.arange(len(TOY.vertices))[:, None] % 3, np.nan, TOY.vertices), TOY.faces)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.stl", stl_binary(TOY.vertices, TOY.faces[:0]), "is an empty mesh (no triangles)"),
        ("empty.ply", ply_binary(TOY.vertices[:0], []), "is an empty mesh (no triangles)"),
        ("cloud.ply", ply_binary(TOY.vertices, []), "is a point cloud: 8,184 points, but no triangles. Export"),
        ("nan.ply", without_numbers(), "has no valid number (NaN or infinite) in"),
        ("comma.stl", with_decimal_commas(), "has a decimal comma in line 4 ("),
        ("cut.stl", truncated(), "is cut short: its header announces 15,780 triangles, but it holds only 15,760."),
        ("text.stl", b"Dear doctor, the scan is attached.\n", "is a text file, but holds no mesh"),
        ("picture.stl", b"\x89PNG\r\n\x1a\n" + bytes(200), "is a picture, not a mesh: give STL, PLY, OBJ or VTP."),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path, network, capsys, name, content, reason) -> None:
    (tmp_path / name).write_bytes(content)
    code, body, err = run(tmp_path / name, capsys)
    assert code == 3
    assert body["error"]["kind"] == "InputError"
    assert name.split(".")[0] in body["error"]["message"] and reason in body["error"]["message"]
    assert err.splitlines()[-1] == f"dentaltoposeg: {body['error']['message']}"
    assert names(tmp_path) == [name]
    assert network.asked == []


def crown(fdi: int) -> ToyJaw:
    return TOY.cropped(TOY.fdi == fdi)


@pytest.mark.parametrize("fdi", [36, 33, 47])
def test_a_single_crown_is_refused_for_its_size(tmp_path, capsys, fdi) -> None:
    """With the shipped networks, which would find all sorts of teeth on it."""
    turn = np.linalg.qr(np.random.default_rng(fdi).normal(size=(3, 3)))[0]
    model = crown(fdi).moved(turn, (100, 0, 0))
    write_stl(tmp_path / "crown.stl", model.vertices, model.faces)
    code, body, _ = run(tmp_path / "crown.stl", capsys, "--unit", "mm")
    assert code == 3
    assert "the size of a single tooth: give the scan of a jaw, or its unit" in body["error"]["message"]
    assert "'crown' is only" in body["error"]["message"]
    assert names(tmp_path) == ["crown.stl"]


def test_a_jaw_in_centimetres_that_looks_like_a_crown_in_millimetres_is_asked_for_its_unit(tmp_path, capsys) -> None:
    """A jaw on a base is 13 cm across, a crown as many millimetres."""
    vertices = TOY.vertices * (12.8 / np.linalg.norm(np.ptp(TOY.vertices, axis=0)))
    write_stl(tmp_path / "jaw.stl", vertices, TOY.faces)
    code, body, _ = run(tmp_path / "jaw.stl", capsys)
    assert code == 3
    assert body["error"]["message"].endswith("or its unit if the file is not in millimetres (--unit cm).")
    write_stl(tmp_path / "tooth.stl", vertices / 10, TOY.faces)
    code, body, _ = run(tmp_path / "tooth.stl", capsys, "--unit", "cm")
    assert code == 3 and body["error"]["message"].endswith("the size of a single tooth: give the scan of a jaw.")


def labels(folder: Path, stem: str) -> tuple[np.ndarray, np.ndarray]:
    """FDI of the vertices and triangles of the VTP that was written."""
    mesh, _ = read_mesh(folder / "out" / f"{stem}_teeth.vtp")
    return mesh.point_data["FDI"], mesh.cell_data["Label"]


def accepted(scan: Path, capsys: pytest.CaptureFixture, note: str, *options: str) -> dict:
    """The report; the note is told, on stderr too."""
    code, report, err = run(scan, capsys, *options)
    assert code == 0
    assert any(note in text for text in report["warnings"]), report["warnings"]
    assert any(line.startswith("Note: ") and note in line for line in err.splitlines())
    assert report["count"]["total"] == 14
    return report


def test_edges_of_three_triangles_are_accepted_with_a_note(tmp_path, network, capsys) -> None:
    fin = [*TOY.faces[5000, :2], TOY.faces[0, 0]]
    write_ply(tmp_path / "fin.ply", TOY.vertices, np.vstack([TOY.faces, [fin]]))
    accepted(tmp_path / "fin.ply", capsys, "1 edge belongs to more than two triangles (non-manifold)")
    np.testing.assert_array_equal(labels(tmp_path, "fin")[0], TOY.fdi)


def test_some_points_that_are_no_numbers_are_left_out_with_a_note(tmp_path, network, capsys) -> None:
    vertices = TOY.vertices.copy()
    vertices[10], vertices[20] = np.nan, np.inf
    lost = np.isin(TOY.faces, [10, 20]).any(1).sum()
    write_ply(tmp_path / "nan.ply", vertices, TOY.faces)
    accepted(
        tmp_path / "nan.ply", capsys, f"2 points held no valid number (NaN or infinite); dropped together with {lost}"
    )
    fdi, face_fdi = labels(tmp_path, "nan")
    kept = np.arange(len(TOY.fdi))[~np.isin(np.arange(len(TOY.fdi)), [10, 20])]
    np.testing.assert_array_equal(fdi[kept], TOY.fdi[kept])
    assert len(face_fdi) == len(TOY.faces) - lost


def test_triangles_that_are_there_twice_get_the_same_label(tmp_path, network, capsys) -> None:
    again = np.roll(TOY.faces[:500], 1, axis=1)
    write_ply(tmp_path / "twice.ply", TOY.vertices, np.vstack([TOY.faces, again]))
    accepted(tmp_path / "twice.ply", capsys, "500 triangles were there twice; one of each was kept.")
    np.testing.assert_array_equal(labels(tmp_path, "twice")[1], [*TOY.face_fdi, *TOY.face_fdi[:500]])


def test_two_shells_are_accepted_with_a_note(tmp_path, network, capsys) -> None:
    stray = crown(36).moved(np.eye(3), (0, 0, 30))
    both = ToyJaw(
        "lower",
        np.vstack([TOY.vertices, stray.vertices]),
        np.vstack([TOY.faces, stray.faces + len(TOY.vertices)]),
        np.append(TOY.fdi, 0 * stray.fdi),
    )
    network.truth = [both]
    write_stl(tmp_path / "two.stl", both.vertices, both.faces)
    accepted(tmp_path / "two.stl", capsys, "The mesh is in 2 separate pieces")
    np.testing.assert_array_equal(labels(tmp_path, "two")[1], both.face_fdi)


def test_metres_are_recognised_by_the_size(tmp_path, network, capsys) -> None:
    write_stl(tmp_path / "m.stl", TOY.vertices / 1000, TOY.faces)
    report = accepted(tmp_path / "m.stl", capsys, "they were taken as metres")
    assert report["mm_per_unit"] == 1000
    np.testing.assert_array_equal(labels(tmp_path, "m")[1], TOY.face_fdi)


@pytest.mark.parametrize("suffix", ["ply", "obj", "vtp", "dat", "nii.gz"])
def test_a_wrong_suffix_is_seen_through(tmp_path, network, capsys, suffix) -> None:
    scan = tmp_path / f"scan.{suffix}"
    write_stl(scan, TOY.vertices, TOY.faces)
    accepted(scan, capsys, f"The file is called .{suffix.split('.')[-1]} but holds a mesh in STL format")
    (vtp,) = (tmp_path / "out").glob("*_teeth.vtp")
    np.testing.assert_array_equal(read_mesh(vtp)[0].cell_data["Label"], TOY.face_fdi)
