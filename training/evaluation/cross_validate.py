"""Five-fold cross-validation of the intraoral networks by patient: train, segment the held-out scans, one table.

    python -m training cross-validate --data DATA/ios/train --cache CACHE -o folds.json

Trains what is not yet trained (a run per fold and network). Every held-out scan goes through the library's own path
(`evaluation.jaws`), with the networks of the fold that never saw its patient, in its known frame and jaw:
finding those is measured apart (`evaluation.orientation`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from DentalTopoSegLib.checks.findings import check_cases
from DentalTopoSegLib.checks.measures.jaw import JawCase
from DentalTopoSegLib.ios import numbers
from DentalTopoSegLib.ios.segmenting import JawSegmentation
from DentalTopoSegLib.pictures.jaws import jaw_png
from training.evaluation.jaws import TorchCrowns, TorchNetwork, known_frame, scores_of, segment, table
from training.evaluation.labelled import read_scan
from training.loop import RUNS
from training.patients.doubtful_numbers import BY_SHAPE, by_shape
from training.surfaces.jaws import FOLDS, fold_of, patients

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


def train_surface(config: Path, data: Path, cache: Path, fold: int, runs: Path) -> Path:
    """Train one fold of the surface network to its end, from where it stopped; returns its folder."""
    _train("train-surface", config, data, fold, runs, "--cache", str(cache))
    return runs / f"{config.stem}_fold{fold}"


def train_crowns(config: Path, data: Path, fold: int, runs: Path) -> Path:
    """Train one fold of the crown network to its end, from where it stopped; returns its folder."""
    _train("train-crowns", config, data, fold, runs)
    return runs / f"{config.stem}_fold{fold}"


def _train(command: str, config: Path, data: Path, fold: int, runs: Path, *more: str) -> None:
    start = [sys.executable, "-m", "training", command, str(config), "--data", str(data), "--fold", str(fold)]
    subprocess.run([*start, "--runs", str(runs), *more], check=True)


def draw(scores: Mapping[str, Mapping[str, Any]], found: Mapping[str, JawSegmentation], folder: Path) -> None:
    """Pictures of the best, the median and the three worst scans by Dice."""
    folder.mkdir(parents=True, exist_ok=True)
    order = sorted(scores, key=lambda name: scores[name]["dice"])
    shown = {"worst_1": order[0], "worst_2": order[1], "worst_3": order[2]}
    shown |= {"median": order[len(order) // 2], "best": order[-1]}
    for which, name in shown.items():
        jaw = found[name]
        drawn = {
            "vertices": jaw.surface.vertices,
            "normals": jaw.surface.normals,
            "faces": jaw.surface.faces,
            "face_fdi": jaw.face_fdi,
            "frame": jaw.frame,
            "jaw": jaw.jaw,
            "confidence": jaw.confidence,
        }
        findings = check_cases([JawCase(jaw, name)])
        jaw_png(folder / f"{which}_{name}.png", [drawn], f"{name}, DSC {scores[name]['dice']:.3f}", findings)


def main(argv: list[str] | None = None) -> None:
    """Train what is missing, score, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--surface", type=Path, default=CONFIGS / "surface.yaml")
    parser.add_argument("--crowns", type=Path, default=CONFIGS / "crowns.yaml")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=RUNS)
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)), choices=range(FOLDS))
    parser.add_argument("--pictures", type=Path, help="folder for pictures of the best, the median and the worst scans")
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON with every scan's scores")
    parser.add_argument("--crowns-weight", type=float, help="0 to 1, share of the crown network (default: as shipped)")
    arguments = parser.parse_args(argv)
    if arguments.crowns_weight is not None:
        numbers.CROWNS_WEIGHT = arguments.crowns_weight
    everyone = patients(arguments.data)
    scores, others, found = {}, {}, {}
    for fold in arguments.folds:
        surface = train_surface(arguments.surface, arguments.data, arguments.cache, fold, arguments.runs)
        crowns = train_crowns(arguments.crowns, arguments.data, fold, arguments.runs)
        networks = {"surface": TorchNetwork(surface), "crowns": TorchCrowns(crowns)}
        for path in sorted(arguments.data.glob("*.npz")):
            if fold_of(path.stem, everyone) != fold:
                continue
            scan = read_scan(path)
            found[path.stem] = segment(scan, networks, frame=known_frame(scan))
            scores[path.stem] = {"fold": fold, **scores_of(scan, found[path.stem])}
            print(f"{path.stem} DSC {scores[path.stem]['dice']:.4f}", flush=True)
            if path.stem in BY_SHAPE:
                renumbered = replace(scan, face_fdi=by_shape(path.stem, scan.face_fdi))
                others[path.stem] = scores_of(renumbered, found[path.stem])
    text = json.dumps({"reference": scores, "by_shape": others}, indent=1)
    arguments.output.write_text(text, encoding="utf-8")
    print(table(scores))
    print(f"\nThe reference's numbers of {len(others)} scans replaced by those of the crowns' shape:")
    print(table({**scores, **others}).splitlines()[0])
    if arguments.pictures:
        draw(scores, found, arguments.pictures)
