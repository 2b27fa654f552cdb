"""Materials and textures that belong to a mesh, as its file names them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from DentalTopoSegLib.files.meshes.companions import companions_of


def test_materials_and_textures_are_found(tmp_path: Path) -> None:
    for name in ("jaw one.mtl", "the colours.png", "bumps.png", "tex.jpg"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "jaw one.mtl").write_bytes(
        b"newmtl a\r\n  map_Kd -s 1 1 1 the colours.png\r\nbump bumps.png \r\nmap_Ks gone.png\r\n"
    )
    (tmp_path / "jaw.obj").write_bytes(b"# mtllib no.mtl\n\n mtllib jaw one.mtl \nv 0 0 0\n")
    (tmp_path / "jaw.ply").write_bytes(b"ply\ncomment TextureFile tex.jpg\nend_header\n")
    (tmp_path / "jaw.stl").write_bytes(b"mtllib jaw one.mtl\n")
    assert [path.name for path in companions_of(tmp_path / "jaw.obj")] == [
        "jaw one.mtl",
        "the colours.png",
        "bumps.png",
    ]
    assert [path.name for path in companions_of(tmp_path / "jaw.ply")] == ["tex.jpg"]
    assert companions_of(tmp_path / "jaw.stl") == []


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lines.obj", b"\n" * 65536),
        ("spaces.obj", b"mtllib a" + b" " * 65000 + b"b\n"),
        ("spaces.ply", b"comment TextureFile a" + b" " * 65000 + b"b\n"),
    ],
)
def test_a_mesh_made_of_spaces_takes_no_time(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    started = time.monotonic()
    assert companions_of(tmp_path / name) == []
    assert time.monotonic() - started < 2
