"""Labelled jaws of any source, from the folders in which they are handed around."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from DentalTopoSegLib.dentition.numbering import mean_dentition
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.meshes import read_mesh
from DentalTopoSegLib.files.meshes.geometry import labels_of_faces
from DentalTopoSegLib.ios.orienting import Frame

UPPER = (1, 2, 5, 6)
"""Quadrants of the upper jaw."""


@dataclass(frozen=True)
class Scan:
    """vertices (V, 3) mm in any frame, faces (F, 3), face_fdi (F,); upper or lower. group: the folder it lies in."""

    name: str
    jaw: str
    vertices: np.ndarray
    faces: np.ndarray
    face_fdi: np.ndarray
    group: str = ""


def read_scan(path: Path, group: str = "") -> Scan:
    """One npz with `vertices`, `faces` and `face_fdi` or `vertex_fdi`, or an OBJ with Teeth3DS's JSON of the same name
    beside it."""
    if path.suffix == ".obj":
        mesh, _ = read_mesh(path)
        vertices, faces = mesh.vertices, mesh.faces
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        face_fdi = labels_of_faces(np.array(told["labels"], np.uint8)[mesh.file_vertex], faces)
    else:
        with np.load(path) as data:
            vertices, faces = data["vertices"].astype(np.float64), data["faces"].astype(np.int32)
            face_fdi = data["face_fdi"] if "face_fdi" in data else labels_of_faces(data["vertex_fdi"], faces)
    last = path.stem.rsplit("_", 1)[-1].lower()
    jaw = last if last in ("upper", "lower") else jaw_of_labels(face_fdi, path)
    return Scan(path.stem, jaw, vertices, faces, face_fdi.astype(np.uint8), group)


def jaw_of_labels(face_fdi: np.ndarray, path: Path) -> str:
    """The jaw whose quadrants most labels name. InputError where no face is a tooth."""
    teeth = face_fdi[face_fdi > 0]
    if not len(teeth):
        raise InputError(f"'{path}' has no teeth: every label is gum.")
    return "upper" if np.isin(teeth // 10, UPPER).mean() >= 0.5 else "lower"


def find_scans(folder: Path) -> Iterator[Scan]:
    """Every labelled jaw in a folder and the folders in it, in the order of their names."""
    paths = [*folder.rglob("*.npz"), *(p for p in folder.rglob("*.obj") if p.with_suffix(".json").is_file())]
    if not paths:
        raise InputError(f"'{folder}' holds no labelled jaw: no .npz, and no .obj with a .json of the same name.")
    for path in sorted(paths, key=lambda path: (path.stem, path)):
        group = path.parent.relative_to(folder)
        # Teeth3DS keeps every scan in a folder of its own
        yield read_scan(path, "" if path.suffix == ".obj" else str(group).replace(".", ""))


def frame_of_labels(scan: Scan) -> Frame:
    """The frame in which the labelled teeth stand as in a mean dentition, least squares, with full confidence."""
    mean, upper = mean_dentition(), scan.jaw == "upper"
    corners = scan.vertices[scan.faces]
    numbers = [n for n in np.unique(scan.face_fdi) if int(n) in mean]
    centres = np.array([corners[scan.face_fdi == n].mean((0, 1)) for n in numbers])
    places = np.array([mean[int(n)] for n in numbers])
    u, _, vt = np.linalg.svd((centres - centres.mean(0)).T @ (places - places.mean(0)))
    in_head = (u @ np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))]) @ vt).T
    turn = (np.diag([-1.0, 1.0, -1.0]) if upper else np.eye(3)) @ in_head
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, -turn @ corners.mean((0, 1))
    return Frame(matrix, 1.0, float(upper), False, 0.0)
