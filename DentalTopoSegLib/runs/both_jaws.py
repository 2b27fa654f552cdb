"""Both jaws in one file: taken apart into two scans, and which of them is the upper one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError, UsageError
from .job import PAIR

if TYPE_CHECKING:
    from ..files.meshes import Mesh, Surface
    from ..networks.models import Model

#: Which of two jaws is the upper one must be at least so probable.
SURE = 0.9


@dataclass(frozen=True)
class ReadScan:
    """A scan of one jaw as it was read: its file's mesh, what is computed on, and what there is to say."""

    mesh: Mesh
    surface: Surface
    warnings: list[str]


def take_apart(scan: ReadScan, models: Mapping[str, Model]) -> list[ReadScan]:
    """The upper and the lower jaw where a scan holds both, each with its part of the file's mesh in the file's order;
    the scan itself where it holds one.

    Parameters
    ----------
    scan : ReadScan
        What was read.
    models : mapping
        Networks by task; the one that says which jaw a surface is, is asked of two.

    Raises
    ------
    InputError
        For two jaws that cannot be taken apart, or of which nobody can say which is the upper one.
    """
    from ..ios.jaw_pairs import jaw_of_faces

    name = scan.mesh.name
    group = jaw_of_faces(scan.surface, name)
    if group is None:
        return [scan]
    # index -1 (dropped from the surface) finds the appended -1
    of_face = np.append(group, -1)[scan.surface.of_face]
    meshes = [_part(scan.mesh, of_face == side) for side in (0, 1)]
    jaws = [_clean(mesh, scan.surface.scale) for mesh in meshes]
    probability = _first_is_upper(jaws, models["orientation"])
    if max(probability, 1 - probability) < SURE:
        raise InputError(
            f"'{name}' holds both jaws, but which of them is the upper one is not certain: export each as a file of "
            "its own, and give the upper one first."
        )
    order = (0, 1) if probability >= 0.5 else (1, 0)
    # without the file's name, which is the patient's in many clinics and which reports may not have
    told = "The file holds both jaws: they were taken apart, and each has results of its own."
    return [ReadScan(meshes[side], jaws[side], [told, *scan.warnings]) for side in order]


def require_one_jaw(scan: ReadScan) -> None:
    """Refuse a file with both jaws where two files are given. Raises UsageError."""
    from ..ios.jaw_pairs import jaw_of_faces

    if jaw_of_faces(scan.surface, scan.mesh.name) is not None:
        raise UsageError(f"'{scan.mesh.name}' holds both jaws: give this file alone, or two files with one jaw each.")


def stated_of_pair(jaws: list[str | None]) -> list[str | None]:
    """What was stated of two jaws out of one file: nothing. Raises UsageError where one jaw was named."""
    named = next((jaw for jaw in jaws if jaw), None)
    if named:
        raise UsageError(f"The file holds both jaws, so it cannot be the {named} jaw alone: leave --jaw out.")
    return [None] * len(PAIR)


def _part(mesh: Mesh, faces: np.ndarray) -> Mesh:
    """Some faces (F,) of a mesh and the points they use, in the file's order."""
    used = np.zeros(len(mesh.vertices), bool)
    used[mesh.faces[faces].ravel()] = True
    number = np.cumsum(used, dtype=np.int32) - 1
    return replace(
        mesh,
        vertices=mesh.vertices[used],
        faces=number[mesh.faces[faces]],
        file_vertex=np.arange(int(used.sum()), dtype=np.int32),
        point_data={key: values[used] for key, values in mesh.point_data.items()},
        cell_data={key: values[faces] for key, values in mesh.cell_data.items()},
    )


def _clean(mesh: Mesh, scale: float) -> Surface:
    from ..files.meshes import UNITS, clean

    unit = next(unit for unit, length in UNITS.items() if length == scale)
    return clean(mesh, unit)[0]  # what there is to say was said of the whole


def _first_is_upper(jaws: list[Surface], orientation: Model) -> float:
    """Probability that the first of two jaws is the upper one, when one of them is."""
    from ..ios.orienting import find_frame, sample_surface

    upper = []
    for jaw in jaws:
        points, rows = sample_surface(jaw.vertices, jaw.faces, np.random.default_rng(0), jaw.areas)
        upper.append(find_frame(points, jaw.normals[jaw.faces[rows]].mean(1), orientation).upper_probability)
    first, second = (np.clip(p, 1e-9, 1 - 1e-9) for p in upper)
    odds = first * (1 - second), second * (1 - first)
    return float(odds[0] / sum(odds))
