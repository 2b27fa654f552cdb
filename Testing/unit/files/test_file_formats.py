"""Every reader of the two registries meets the same toy: the same volume, the same mesh, whatever the format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mesh_files import dome, obj_text, ply_ascii, ply_binary, stl_ascii, stl_binary
from scan_files import block, oblique_direction, write_dicom, write_file, write_multi_frame

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.jaw_labels import read_labelled_jaw
from DentalTopoSegLib.files.meshes import formats as mesh_formats
from DentalTopoSegLib.files.meshes import is_mesh_file, read_mesh, write_vtp
from DentalTopoSegLib.files.volumes import SCAN_SUFFIXES, formats, read_labels, read_volume, safe_stem

# ---------------------------------------------------------------- volumes

VOLUME_KINDS = [(kind, suffix) for kind in formats.FORMATS for suffix in kind.suffixes]
TOY = replace(block(), direction=oblique_direction())


def _write_volume(folder: Path, kind: formats.VolumeFormat, suffix: str) -> Path:
    if kind.name != "DICOM":
        return write_file(TOY, folder / f"toy{suffix}")
    if suffix == ".dicom":
        return write_multi_frame(folder / f"toy{suffix}", TOY)
    write_dicom(folder / "toy", TOY)
    return folder / "toy"


@pytest.mark.parametrize(("kind", "suffix"), VOLUME_KINDS, ids=lambda value: getattr(value, "name", value))
def test_every_volume_format_gives_the_same_volume(tmp_path: Path, kind: formats.VolumeFormat, suffix: str) -> None:
    path = _write_volume(tmp_path, kind, suffix)
    assert formats.format_of(path) is kind
    read, warnings = read_volume(path)
    assert read.array.dtype == np.int16
    np.testing.assert_array_equal(read.array, TOY.array)
    np.testing.assert_allclose(read.spacing, TOY.spacing, rtol=1e-5)
    np.testing.assert_allclose(read.origin, TOY.origin, atol=1e-4)
    np.testing.assert_allclose(read.direction, TOY.direction, atol=1e-5)
    assert (read.name, warnings) == ("toy", [])


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [pair for pair in VOLUME_KINDS if pair[0].read_header],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_volume_that_is_cut_short_is_refused(tmp_path: Path, kind: formats.VolumeFormat, suffix: str) -> None:
    path = write_file(TOY, tmp_path / f"toy{suffix}")
    data = next((file for file in tmp_path.iterdir() if file != path), path)  # detached data
    data.write_bytes(data.read_bytes()[:-200])
    with pytest.raises(InputError, match="cut short"):
        read_volume(path)
    with pytest.raises(InputError, match="cut short"):
        read_labels(path)


def test_names_and_searches_follow_the_volume_formats() -> None:
    for kind, suffix in VOLUME_KINDS:
        assert formats.format_of_name(Path(f"a.b{suffix.upper()}")) is kind
        if kind.recognises is None:
            assert safe_stem(f"a.b{suffix}") == "a.b"
            assert (suffix in SCAN_SUFFIXES) == (suffix not in kind.sidecars)
    assert formats.format_of_name(Path("a.png")) is None


# ---------------------------------------------------------------- meshes

VERTICES, FACES = dome()


def _vtp(vertices: np.ndarray, faces: np.ndarray) -> Callable[[Path], object]:
    return lambda path: write_vtp(path, vertices, faces)


CONTENTS: dict[str, list[Callable[[Path], object]]] = {
    "STL": [
        lambda path: path.write_bytes(stl_binary(VERTICES, FACES)),
        lambda path: path.write_bytes(stl_ascii(VERTICES, FACES)),
    ],
    "PLY": [
        lambda path: path.write_bytes(ply_ascii(VERTICES, FACES.tolist())),
        lambda path: path.write_bytes(ply_binary(VERTICES, FACES.tolist())),
        lambda path: path.write_bytes(ply_binary(VERTICES, FACES.tolist(), ">")),
    ],
    "OBJ": [lambda path: path.write_bytes(obj_text(VERTICES, FACES.tolist()))],
    "VTP": [_vtp(VERTICES, FACES)],
}
#: Those of 3Shape, which have a suffix that is DICOM's: test_hps.py.
OWN_KINDS = [kind for kind in mesh_formats.FORMATS if kind.own_suffix]
MESH_KINDS = [(kind, i) for kind in OWN_KINDS for i in range(len(CONTENTS[kind.name]))]


@pytest.mark.parametrize(("kind", "variant"), MESH_KINDS, ids=lambda value: getattr(value, "name", str(value)))
def test_every_mesh_format_gives_the_same_mesh(tmp_path: Path, kind: mesh_formats.MeshFormat, variant: int) -> None:
    path = tmp_path / f"toy{kind.suffix}"
    CONTENTS[kind.name][variant](path)
    mesh, warnings = read_mesh(path)
    assert (mesh.name, warnings) == ("toy", [])
    np.testing.assert_array_equal(mesh.vertices[mesh.faces], VERTICES[FACES])
    assert len(mesh.vertices) == len(VERTICES)
    assert mesh_formats.format_of_name(path) is kind

    unnamed = path.rename(tmp_path / "toy")  # the content says which it is
    assert is_mesh_file(unnamed)
    again, warnings = read_mesh(unnamed)
    np.testing.assert_array_equal(again.vertices[again.faces], VERTICES[FACES])
    assert warnings == [f"The file has no suffix but holds a mesh in {kind.name} format; it was read as {kind.name}."]


@pytest.mark.parametrize("kind", OWN_KINDS, ids=lambda kind: kind.name)
def test_a_mesh_format_holds_labels_or_says_so(tmp_path: Path, kind: mesh_formats.MeshFormat) -> None:
    path = tmp_path / f"toy{kind.suffix}"
    if kind.write_labelled is None:
        CONTENTS[kind.name][0](path)
        with pytest.raises(InputError, match="has no tooth labels"):
            read_labelled_jaw(path)
        return
    fdi = np.where(VERTICES[:, 0] > 30, 16, 0).astype(np.uint8)
    face_fdi = fdi[FACES[:, 0]]
    kind.write_labelled(path, VERTICES, FACES, fdi, face_fdi, None)
    np.testing.assert_array_equal(read_labelled_jaw(path)[0].fdi, fdi)
