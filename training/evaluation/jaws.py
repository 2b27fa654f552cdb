"""The library's own path on labelled scans (data pack's ios/train), scored: in their own frame or in random ones.

python -m training evaluate-jaws DATA/ios/train --models Resources/Models --turns 24 -o turned.json
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

from DentalTopoSegLib.checks.metrics.surfaces import evaluate_mesh, merge_evaluations
from DentalTopoSegLib.files.meshes import Mesh, Surface, clean
from DentalTopoSegLib.ios.orienting import Frame
from DentalTopoSegLib.ios.segmenting import JawSegmentation, segment_jaws
from DentalTopoSegLib.networks.models import load_model
from DentalTopoSegLib.options import RunOptions
from training.evaluation.conditions import CONDITIONS
from training.export import crowns, surface
from training.export.score_tables import markdown_table
from training.surfaces.clouds import graph_of
from training.surfaces.jaws import Jaw, fdi_of, fold_of, patients, read_jaw, to_canonical

LOW_DICE = 0.9
"""Scans below it are named."""


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
        self.net, _ = surface.load_net(folder)

    def run_named(self, feed: dict[str, np.ndarray], cancelled: Any = None) -> dict[str, np.ndarray]:
        with torch.no_grad():
            logits, offsets = self.net(graph_of(feed))
        return {"probabilities": torch.softmax(logits, -1).numpy(), "offsets": offsets.numpy()}


class TorchCrowns:
    """A trained crown network in place of its exported one."""

    def __init__(self, folder: Path) -> None:
        self.net, _ = crowns.load_net(folder)

    def run_named(self, feed: dict[str, np.ndarray], cancelled: Any = None) -> dict[str, np.ndarray]:
        with torch.no_grad():
            logits, _, upper = self.net(torch.from_numpy(feed["shapes"]), torch.from_numpy(feed["places"]))
        return {"probabilities": torch.softmax(logits, -1).numpy(), "upper_logit": upper.reshape(1).numpy()}


def read_scan(path: Path) -> Scan:
    """One npz of the data pack."""
    with np.load(path) as data:
        arrays = data["vertices"].astype(np.float64), data["faces"].astype(np.int32), data["face_fdi"]
    return Scan(path.stem, path.stem.rsplit("_", 1)[1], *arrays)


def scan_of(jaw: Jaw) -> Scan:
    """A jaw of `surfaces.jaws`, in its canonical axes, as a scan whose frame is not known."""
    used, faces = np.unique(jaw.faces, return_inverse=True)
    fdi = fdi_of(jaw.classes, jaw.upper)
    which = "upper" if jaw.upper else "lower"
    return Scan(jaw.name, which, jaw.vertices[used], faces.reshape(-1, 3).astype(np.int32), fdi)


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


def segment(
    scan: Scan,
    models: Mapping[str, Any],
    *,
    frame: Frame | None = None,
    turn: np.ndarray | None = None,
    jaw: str | None = None,
    threads: int = 1,
) -> JawSegmentation:
    """The scan through the library's own path, turned about the origin by (3, 3) if given."""
    surface = surface_of(scan, turn)
    options = RunOptions(threads=threads)
    return segment_jaws([surface], options, jaws=[jaw], names=[scan.name], models=models, frames=[frame])[0]


def scores_of(scan: Scan, found: JawSegmentation) -> dict[str, Any]:
    """Scores of `checks.metrics.surfaces` against the scan's labels, with the inferred jaw and its confidence."""
    surface = found.surface
    face = found.face_fdi[surface.of_face]
    face[surface.of_face < 0] = 0
    vertex = found.fdi[surface.of_vertex]
    vertex[surface.of_vertex < 0] = 0
    truth = vertex_labels(scan)
    scores = evaluate_mesh(scan.vertices, scan.faces, vertex, truth, face_predicted=face, face_reference=scan.face_fdi)
    return {**scores, "jaw_inferred": found.jaw_inferred, "jaw_confidence": found.jaw_confidence}


def vertex_labels(scan: Scan) -> np.ndarray:
    """(V,) FDI of most of the faces around each vertex."""
    flat = scan.faces.ravel().astype(np.int64) * 64 + np.repeat(scan.face_fdi, 3)
    return np.bincount(flat, minlength=len(scan.vertices) * 64).reshape(-1, 64).argmax(1).astype(np.uint8)


def table(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: one line of totals, Dice per group of teeth and per tooth, the scans below `LOW_DICE`."""
    total = merge_evaluations(scores)
    share = 100 * total["wrong_fdi"] / max(total["teeth"], 1)
    groups = [(name, f"{g['dice']:.4f}", g["teeth"]) for name, g in total["groups"].items() if g["teeth"]]
    teeth = [(fdi, f"{one['dice']:.3f}", one["scans"]) for fdi, one in total["per_fdi"].items()]
    low = ", ".join(f"{name} {one['dice']:.3f}" for name, one in scores.items() if one["dice"] < LOW_DICE)
    lines = [
        f"{total['scans']} scans: DSC {total['dice']:.4f} (by area {total['dice_area']:.4f}), "
        f"whatever the number {total['instance_dice']:.4f}, border accuracy {total['border_accuracy']:.3f}; of "
        f"{total['teeth']} teeth {total['missed']} missed, {total['wrong_fdi']} with a wrong number ({share:.1f} %), "
        f"{total['extra']} extra",
        markdown_table(("group", "DSC", "teeth"), groups),
        markdown_table(("FDI", "DSC", "scans"), teeth),
        f"Below {LOW_DICE}: {low or 'none'}",
    ]
    return "\n\n".join(lines)


def load_networks(models: Path, surface_run: Path | None, crowns_run: Path | None) -> dict[str, Any]:
    """The networks of a folder with models.json by task; runs of the training in place of two of them, if named."""
    networks: dict[str, Any] = {"orientation": load_model("orientation", 1, folder=models)}
    networks["surface"] = TorchNetwork(surface_run) if surface_run else load_model("surface", 1, folder=models)
    networks["crowns"] = TorchCrowns(crowns_run) if crowns_run else load_model("crowns", 1, folder=models)
    return networks


def main(argv: list[str] | None = None) -> None:
    """Score every scan of a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--models", type=Path, required=True, help="folder with models.json")
    parser.add_argument("--run", type=Path, help="a training run in place of the exported surface network")
    parser.add_argument("--fold", type=int, choices=range(5), help="only the scans of this fold")
    parser.add_argument("--turns", type=int, default=0, help="random frames per scan beside its own")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--crowns", type=Path, help="a training run in place of the exported crown network")
    parser.add_argument("--changed", choices=list(CONDITIONS), help="change each scan (and number it by shape) first")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args(argv)
    models = load_networks(arguments.models, arguments.run, arguments.crowns)
    everyone, scores, right = patients(arguments.data), {}, []
    for path in sorted(arguments.data.glob("*.npz")):
        if arguments.fold is not None and fold_of(path.stem, everyone) != arguments.fold:
            continue
        rng = np.random.default_rng([arguments.seed, *path.stem.encode()])
        turns = Rotation.random(arguments.turns, rng=rng)
        if arguments.changed:
            jaw = CONDITIONS[arguments.changed](read_jaw(path), rng)
            scan, frame = scan_of(jaw), Frame(np.eye(4), 1.0, float(jaw.upper), False, 0.0)
        else:
            scan = read_scan(path)
            frame = known_frame(scan)
        scores[path.stem] = scores_of(scan, segment(scan, models, frame=frame, jaw=scan.jaw))
        for k in range(arguments.turns):
            one = scores_of(scan, segment(scan, models, turn=turns[k].as_matrix(), jaw=scan.jaw))
            right.append(one["jaw_inferred"] == scan.jaw)
            scores[f"{path.stem} turned {k}"] = one
        print(path.stem, *(f"{scores[n]['dice']:.3f}" for n in scores if n.startswith(path.stem)), flush=True)
    arguments.output.write_text(json.dumps(scores, indent=1), encoding="utf-8")
    print(table({n: s for n, s in scores.items() if " turned" not in n}))
    if right:
        print(table({n: s for n, s in scores.items() if " turned" in n}).splitlines()[0])
        print(f"jaw inferred right: {np.mean(right):.4f} of {len(right)}")
