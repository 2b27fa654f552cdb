"""The path of one jaw with the shipped networks, on a jaw made by code and on what is no jaw."""

from __future__ import annotations

import numpy as np
import pytest

from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.meshes import Mesh, clean
from DentalTopoSegLib.ios.head import jaw_probabilities, to_head
from DentalTopoSegLib.ios.segmenting import segment_jaws
from DentalTopoSegLib.options import RunOptions


def sphere(radius: float, rings: int = 60) -> Mesh:
    """A ball in mm: no jaw."""
    t, p = np.meshgrid(np.linspace(0.05, np.pi - 0.05, rings), np.linspace(0, 2 * np.pi, 2 * rings), indexing="ij")
    vertices = radius * np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], -1).reshape(-1, 3)
    k = np.arange(rings * 2 * rings).reshape(rings, 2 * rings)
    a, b, c, d = (m.ravel() for m in (k[:-1, :-1], k[1:, :-1], k[1:, 1:], k[:-1, 1:]))
    faces = np.concatenate([np.stack([a, b, c], 1), np.stack([a, c, d], 1)]).astype(np.int32)
    return Mesh(vertices, faces, "ball", np.arange(len(vertices), dtype=np.int32))


def test_a_ball_has_no_dentition() -> None:
    surface, _ = clean(sphere(25.0), "mm")
    with pytest.raises(NoTeethError, match="ball"):
        segment_jaws([surface], RunOptions(threads=1), names=["ball"])


def test_a_scrap_of_surface_is_refused() -> None:
    mesh = sphere(25.0)
    surface, _ = clean(Mesh(mesh.vertices, mesh.faces[::1000][:10], "scrap", mesh.file_vertex), "mm")
    with pytest.raises(InputError, match="scrap"):
        segment_jaws([surface], RunOptions(threads=1), names=["scrap"])


def test_classes_become_numbers_of_the_jaw() -> None:
    one = np.zeros((2, 17))
    one[0, 6], one[1, 14] = 1, 1
    from DentalTopoSegLib.dentition import CLASS_FDI

    assert [CLASS_FDI[k] for k in jaw_probabilities(one, "upper").argmax(1)] == [26, 16]
    assert [CLASS_FDI[k] for k in jaw_probabilities(one, "lower").argmax(1)] == [46, 36]


def test_the_patients_right_is_at_plus_x_of_a_lower_and_minus_x_of_an_upper_jaw() -> None:
    point = np.array([[10.0, 5.0, 2.0]])
    assert to_head(point, "lower")[0] == pytest.approx([10.0, 5.0, -6.0])
    assert to_head(point, "upper")[0] == pytest.approx([-10.0, 5.0, 6.0])
