"""The library's own path on labelled scans (data pack's ios/train), scored: in their own frame or in random ones.

    python -m training.scan_evaluation DATA/ios/train --models Resources/Models --turns 24 -o turned.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.ios.orienting import Frame
from DentalTopoSegLib.ios.segmenting import segment_jaws
from DentalTopoSegLib.mesh_metrics import evaluate_mesh, merge_evaluations
from DentalTopoSegLib.meshes import Mesh, Surface, clean
from training.export_surface import load_net
from training.jaws import fold_of, patients, to_canonical
from training.surface_data import graph_of


@dataclass(frozen=True)
class Scan:
    """vertices (V, 3) mm as in the data pack, faces (F, 3), face_fdi (F,); upper or lower."""

    name: str
    jaw: str
    vertices: np.ndarray
    faces: np.ndarray
    face_fdi: np.ndarray


class TorchNetwork:
    """A trained run in place of its exported network."""

    def __init__(self, folder: Path) -> None:
        self.net, _ = load_net(folder)

    def run_named(self, feed: dict[str, np.ndarray], cancelled: Any = None) -> dict[str, np.ndarray]:
        with torch.no_grad():
            logits, offsets, whole = self.net(graph_of(feed))
        return {
            "probabilities": torch.softmax(logits, -1).numpy(), "offsets": offsets.numpy(), "whole": whole.numpy(),
        }  # fmt: skip


def read_scan(path: Path) -> Scan:
    """One npz of the data pack."""
    with np.load(path) as data:
        arrays = data["vertices"].astype(np.float64), data["faces"].astype(np.int32), data["face_fdi"]
    return Scan(path.stem, path.stem.rsplit("_", 1)[1], *arrays)


def known_frame(scan: Scan) -> Frame:
    """The frame that the data pack's axes give, with full confidence."""
    upper = scan.jaw == "upper"
    turn = to_canonical(np.vstack([np.eye(3), -np.eye(3)]), upper)[:3].T
    middle = scan.vertices[scan.faces].mean((0, 1))
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = turn, -turn @ middle
    return Frame(matrix, 1.0, float(upper), False, 0.0)


def surface_of(scan: Scan, turn: np.ndarray | None = None) -> Surface:
    """The scan as the library reads it, turned about the origin by (3, 3) if given."""
    vertices = scan.vertices if turn is None else scan.vertices @ turn.T
    mesh = Mesh(vertices, scan.faces, scan.name, np.arange(len(vertices), dtype=np.int32))
    return clean(mesh, "mm")[0]


def evaluate_scan(
    scan: Scan, models: Mapping[str, Any], *, frame: Frame | None = None, turn: np.ndarray | None = None,
    jaw: str | None = None, threads: int = 1,
) -> dict[str, Any]:  # fmt: skip
    """Scores of mesh_metrics for one scan, with the jaw that was inferred and its confidence."""
    surface = surface_of(scan, turn)
    found = segment_jaws([surface], jaws=[jaw], names=[scan.name], threads=threads, models=models, frames=[frame])[0]
    face = found.face_fdi[surface.of_face]
    face[surface.of_face < 0] = 0
    vertex = found.fdi[surface.of_vertex]
    vertex[surface.of_vertex < 0] = 0
    truth = vertex_labels(scan)
    scores = evaluate_mesh(
        scan.vertices, scan.faces, vertex, truth, face_predicted=face, face_reference=scan.face_fdi
    )
    return {**scores, "jaw_inferred": found.jaw_inferred, "jaw_confidence": found.jaw_confidence}


def vertex_labels(scan: Scan) -> np.ndarray:
    """(V,) FDI of most of the faces around each vertex."""
    flat = scan.faces.ravel().astype(np.int64) * 64 + np.repeat(scan.face_fdi, 3)
    return np.bincount(flat, minlength=len(scan.vertices) * 64).reshape(-1, 64).argmax(1).astype(np.uint8)
