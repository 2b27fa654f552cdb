"""Five-fold cross-validation of the Point Transformer by patient: train, segment the held-out scans, one table.

    python -m training.cross_validate training/configs/surface.yaml --data DATA/ios/train --cache CACHE -o folds.json

Trains what is not yet trained (a run per fold, resumed where it stopped). Every held-out scan goes through the
library's own path (training.scan_evaluation), with the network of the fold that never saw its patient, in its known
frame and jaw: finding those is measured apart (training.orientation_export).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from training.jaws import FOLDS, fold_of, patients
from training.scan_evaluation import TorchNetwork, evaluate_scan, known_frame, read_scan, table
from training.train import RUNS


def train_fold(config: Path, data: Path, cache: Path, fold: int, runs: Path) -> Path:
    """Train one fold to its end; returns its folder."""
    command = [sys.executable, "-m", "training.train_surface", str(config), "--data", str(data)]
    command += ["--cache", str(cache), "--fold", str(fold), "--runs", str(runs)]
    subprocess.run(command, check=True)
    return runs / f"{config.stem}_fold{fold}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--runs", type=Path, default=RUNS)
    parser.add_argument("--folds", type=int, nargs="+", default=list(range(FOLDS)), choices=range(FOLDS))
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON with every scan's scores")
    arguments = parser.parse_args()
    everyone = patients(arguments.data)
    scores = {}
    for fold in arguments.folds:
        folder = train_fold(arguments.config, arguments.data, arguments.cache, fold, arguments.runs)
        network = TorchNetwork(folder)
        for path in sorted(arguments.data.glob("*.npz")):
            if fold_of(path.stem, everyone) != fold:
                continue
            scan = read_scan(path)
            scores[path.stem] = {"fold": fold, **evaluate_scan(scan, {"surface": network}, frame=known_frame(scan))}
            print(f"{path.stem} DSC {scores[path.stem]['dice']:.4f}", flush=True)
    arguments.output.write_text(json.dumps(scores, indent=1), encoding="utf-8")
    print(table(scores))


if __name__ == "__main__":
    main()
