"""The library's own path on labelled jaws of any source, in random frames with nothing given, scored.

    python -m training evaluate-jaws FOLDER -o scores.json

FOLDER and the folders in it hold jaws as .npz (`vertices`, `faces`, `face_fdi` or `vertex_fdi`) or as Teeth3DS has them
(.obj with .json); which jaw it is the file's name (`*_upper`, `*_lower`) or the labels say. Where the library asks for
the jaw it is told the right one. Each folder is a row of the table. Where milk teeth are found on a jaw whose labels
know none, a last row counts each as the permanent tooth in its place: which of both it is, such labels do not say.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.checks.metrics.surfaces import evaluate_mesh, merge_evaluations
from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.meshes import Mesh, Surface, clean
from DentalTopoSegLib.ios.deciding import UnknownJawError
from DentalTopoSegLib.ios.orienting import Frame, angles_deg
from DentalTopoSegLib.ios.segmenting import JawSegmentation, segment_jaws
from DentalTopoSegLib.networks.models import load_model
from DentalTopoSegLib.options import RunOptions
from training.evaluation.labelled import Scan, find_scans, frame_of_labels
from training.export import crowns, surface
from training.export.score_tables import markdown_table
from training.surfaces.clouds import graph_of
from training.surfaces.jaws import fold_of, patients, to_canonical
from training.volumes.finished import MODELS

LOW_DICE = 0.9
"""Scans below it are named."""
_PERMANENT = 48  # the largest number of a permanent tooth


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


def scores_of(scan: Scan, found: JawSegmentation, by_place: bool = False) -> dict[str, Any]:
    """Scores of `checks.metrics.surfaces` against the scan's labels, with the inferred jaw and its confidence.

    by_place: a milk tooth counts as the permanent tooth in its place, for labels that know no milk teeth.
    """
    surface = found.surface
    face = found.face_fdi[surface.of_face]
    face[surface.of_face < 0] = 0
    vertex = found.fdi[surface.of_vertex]
    vertex[surface.of_vertex < 0] = 0
    if by_place:
        face, vertex = (
            np.where(labels > _PERMANENT, labels - 40, labels).astype(np.uint8) for labels in (face, vertex)
        )
    truth = vertex_labels(scan)
    scores = evaluate_mesh(scan.vertices, scan.faces, vertex, truth, face_predicted=face, face_reference=scan.face_fdi)
    return {**scores, "jaw_inferred": found.jaw_inferred, "jaw_confidence": found.jaw_confidence}


def vertex_labels(scan: Scan) -> np.ndarray:
    """(V,) FDI of most of the faces around each vertex."""
    flat = scan.faces.ravel().astype(np.int64) * 128 + np.repeat(scan.face_fdi, 3)
    return np.bincount(flat, minlength=len(scan.vertices) * 128).reshape(-1, 128).argmax(1).astype(np.uint8)


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


def try_scan(scan: Scan, models: Mapping[str, Any], turn: np.ndarray) -> dict[str, Any]:
    """Scores of one jaw turned about the origin by (3, 3) with nothing given.

    Besides those of `scores_of`: "jaw" the right one, "asked" whether the library asked for it, "off_deg" of the frame
    from the one in which the labelled teeth stand best, "jaw_logits" what surface and crowns say; "by_place" the scores
    with milk teeth as permanent ones, where some are found and the labels know none.
    """
    asked = False
    try:
        found = segment(scan, models, turn=turn)
    except UnknownJawError:
        asked = True
        found = segment(scan, models, turn=turn, jaw=scan.jaw)
    true = frame_of_labels(scan).matrix[:3, :3] @ turn.T
    unknown = (found.face_fdi > _PERMANENT).any() and not (scan.face_fdi > _PERMANENT).any()
    return {
        **scores_of(scan, found),
        **({"by_place": scores_of(scan, found, by_place=True)} if unknown else {}),
        "jaw": scan.jaw,
        "group": scan.group,
        "asked": asked,
        "off_deg": float(angles_deg(true, found.frame[:3, :3])),
        "jaw_logits": found.provenance["jaw_logits"],
    }


def told(name: str, one: Mapping[str, Any]) -> str:
    """One line of a try."""
    jaw = "asked" if one["asked"] else f"{one['jaw_inferred']}, {100 * one['jaw_confidence']:.0f} %"
    if not one["asked"] and one["jaw_inferred"] != one["jaw"]:
        jaw += " WRONG"
    wrong = ", ".join(f"{true} as {given}" for true, given in one["wrong_fdi"]) or "none"
    lists = (", ".join(map(str, one[key])) or "none" for key in ("missed", "extra"))
    return (
        f"{name}: jaw {jaw}; frame {one['off_deg']:.1f} deg off; DSC {one['dice']:.3f}, whatever the number "
        f"{one['instance_dice']:.3f}; wrong: {wrong}; missed: {{}}; extra: {{}}".format(*lists)
    )


def group_table(scores: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: a row for each folder and one for all, and one with milk teeth by their places where some have both."""
    groups: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, one in scores.items():
        groups.setdefault(one["group"], {})[name] = one
    rows = [_row(group or "(folder)", mine) for group, mine in groups.items()]
    if len(groups) > 1:
        rows.append(_row("all", scores))
    if any("by_place" in one for one in scores.values()):
        rows.append(
            _row("milk teeth by place", {name: {**one, **one.get("by_place", {})} for name, one in scores.items()})
        )
    head = ("jaws", "tries", "jaw right", "asked", "jaw wrong", "frame off, median", "95 %", "DSC")
    more = ("whatever the number", "wrong numbers", "missed", "extra a jaw")
    return markdown_table((*head, *more), rows, right=True)


def _row(name: str, scores: Mapping[str, Mapping[str, Any]]) -> tuple[object, ...]:
    total, tries = merge_evaluations(scores), len(scores)
    asked = sum(one["asked"] for one in scores.values())
    right = sum(not one["asked"] and one["jaw_inferred"] == one["jaw"] for one in scores.values())
    off = [one["off_deg"] for one in scores.values()]
    return (
        name,
        tries,
        right,
        asked,
        tries - right - asked,
        f"{np.median(off):.1f}",
        f"{np.quantile(off, 0.95):.1f}",
        f"{total['dice']:.3f}",
        f"{total['instance_dice']:.3f}",
        f"{100 * total['wrong_fdi'] / max(total['teeth'], 1):.1f} %",
        total["missed"],
        f"{total['extra'] / tries:.2f}",
    )


def main(argv: list[str] | None = None) -> None:
    """Score every jaw of a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder of labelled jaws")
    parser.add_argument("--models", type=Path, default=MODELS, help="folder with models.json (default: the shipped)")
    parser.add_argument("--run", type=Path, help="a training run in place of the exported surface network")
    parser.add_argument("--crowns", type=Path, help="a training run in place of the exported crown network")
    parser.add_argument("--fold", type=int, choices=range(5), help="only the jaws of this fold's patients")
    parser.add_argument("--patients", type=Path, help="the data pack's ios/train, for the list of patients")
    parser.add_argument("--turns", type=int, default=3, help="random frames per jaw")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--known", action="store_true", help="also with frame and jaw given")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args(argv)
    models = load_networks(arguments.models, arguments.run, arguments.crowns)
    everyone = patients(arguments.patients or arguments.data)
    tries: dict[str, dict[str, Any]] = {}
    known: dict[str, dict[str, Any]] = {}
    for scan in find_scans(arguments.data):
        if arguments.fold is not None and fold_of(scan.name, everyone) != arguments.fold:
            continue
        name = f"{scan.group}/{scan.name}" if scan.group else scan.name
        rng = np.random.default_rng([arguments.seed, *scan.name.encode()])
        for k, turn in enumerate(Rotation.random(arguments.turns, rng=rng)):
            try:
                one = try_scan(scan, models, turn.as_matrix())
            except (InputError, NoTeethError) as error:  # too small a piece, or no tooth in it
                print(f"{name} {k}: {error}", flush=True)
                continue
            tries[f"{name} {k}"] = one
            print(told(f"{name} {k}", one), flush=True)
        if arguments.known:
            found = segment(scan, models, frame=frame_of_labels(scan), jaw=scan.jaw)
            known[name] = scores_of(scan, found)
        # after every jaw: a long run that is stopped has not been for nothing
        arguments.output.write_text(json.dumps({"tries": tries, "known": known}, indent=1), encoding="utf-8")
    if known:
        print("", "With frame and jaw given:", table(known), sep="\n")
    if tries:
        print("", "In random frames, nothing given:", table(tries), group_table(tries), sep="\n\n")
