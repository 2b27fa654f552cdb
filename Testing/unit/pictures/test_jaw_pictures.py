"""The picture of numbered jaws: what is on it, and that light falls on it as on the surface."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from toy_jaws import ToyJaw, toy_jaw

from DentalTopoSegLib.checks.findings import Finding
from DentalTopoSegLib.dentition import color
from DentalTopoSegLib.files.meshes import vertex_normals
from DentalTopoSegLib.pictures.jaw_scene import build_scene
from DentalTopoSegLib.pictures.jaws import compose, jaw_png, prepare_jaw

TURN = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
TURN *= np.linalg.det(TURN)


def drawn(toy: ToyJaw, **changes) -> dict:
    """A toy jaw as jaw_png wants it, in a frame of its own: turned away and shifted."""
    there = toy.moved(TURN, (5, -80, 12))
    matrix = np.eye(4)
    matrix[:3, :3] = (np.diag([-1.0, 1.0, -1.0]) if toy.which == "upper" else np.eye(3)) @ TURN.T
    matrix[:3, 3] = -matrix[:3, :3] @ (5, -80, 12)
    values = {
        "vertices": there.vertices,
        "normals": vertex_normals(there.vertices, there.faces),
        "faces": there.faces,
        "face_fdi": there.face_fdi,
        "frame": matrix,
        "jaw": toy.which,
    }
    return values | changes


def shows(picture: np.ndarray, fdi: int) -> bool:
    """Whether the tooth's hue covers a good part of it, shaded as it may be."""
    hue = np.array(color(fdi), float)
    pixels = picture.reshape(-1, 3).astype(float)
    cosine = pixels @ hue / (np.linalg.norm(pixels, axis=1) * np.linalg.norm(hue) + 1e-9)
    return bool(((cosine > 0.999) & (pixels.max(1) > 60)).sum() > 300)


@pytest.mark.parametrize("which", ["upper", "lower"])
def test_one_jaw_shows_its_teeth_and_no_others(which: str) -> None:
    toy = toy_jaw(which)
    picture = compose([drawn(toy)], "Case 7")
    absent = toy_jaw(which, absent=(16, 36))
    assert shows(picture, 16 if which == "upper" else 36)
    assert not shows(compose([drawn(absent)], "Case 7"), 16 if which == "upper" else 36)


def test_the_picture_is_the_same_every_time_and_is_written_whole(tmp_path: Path) -> None:
    from PIL import Image

    finding = Finding("missing_tooth", (36,), (0.0, 0.0, 0.0), "info")
    jaws = [drawn(toy_jaw("upper"), confidence={16: 0.2}), drawn(toy_jaw("lower"))]
    first = compose(jaws, "Case 7", [finding])
    np.testing.assert_array_equal(first, compose(jaws, "Case 7", [finding]))
    np.testing.assert_array_equal(np.asarray(Image.open(jaw_png(tmp_path / "a.png", jaws, "Case 7", [finding]))), first)
    assert first.shape[0] > compose(jaws, "Case 7").shape[0]  # the finding is listed below


@pytest.mark.parametrize("jaws", [["upper"], ["lower"], ["upper", "lower"], ["upper", "apart"]])
def test_normals_turn_with_the_jaws(jaws: list[str]) -> None:
    toys = [toy_jaw("lower").moved(np.eye(3), (90, 0, 0)) if w == "apart" else toy_jaw(w) for w in jaws]
    scene = build_scene([prepare_jaw(drawn(toy)) for toy in toys])
    np.testing.assert_allclose(scene.normals, vertex_normals(scene.points, scene.faces), atol=1e-9)
    assert ("drawn apart" in scene.views[0][0]) == ("apart" in jaws)
