"""Measure the network that finds a jaw's frame on scans it never saw, and calibrate its confidence.

    python -m training evaluate-orientation training/runs/orientation_fold0 --data DATA/ios/train -o measured.json

Goes through the library's own path: a mesh, turned at random and moved anywhere.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.ios import orienting
from DentalTopoSegLib.networks.models import Model, load_model
from training.export.orientation import export
from training.export.score_tables import markdown_table
from training.surfaces.disturbances import DISTURBANCES, TURNED_OUT
from training.surfaces.jaws import Jaw, fold_of, patients, read_jaw
from training.surfaces.train_orientation import load_net

GOOD_DEG = 15.0
NEUTRAL = {"offset": 0.0, "weights": [0.0, 0.0, 0.0], "jaw_temperature": 1.0}
"""What a file says before the confidence has been calibrated."""
GROUPS = 4
"""Of persons, for measuring a calibration on others than it was made from."""


def trial(jaw: Jaw, model: Model, rng: np.random.Generator) -> dict:
    """One scan put anywhere, found again: error (degrees), features of doubt, logit of "upper", whether it was
    seen inside out, seconds."""
    turn = Rotation.from_quat(rng.standard_normal(4)).as_matrix()
    vertices = jaw.vertices @ turn.T + rng.uniform(-200, 200, 3)
    started = time.perf_counter()
    points, rows = orienting.sample_surface(vertices, jaw.faces, np.random.default_rng(0))
    a, b, c = np.moveaxis(vertices[jaw.faces[rows]], 1, 0)
    normals = np.cross(b - a, c - a)
    answer, middle = orienting.ask(points, model)
    inside = orienting.sees_inside((points - middle) @ answer.rotation.T, normals @ answer.rotation.T)
    return {
        "error": float(orienting.angles_deg(answer.rotation, turn.T)),
        "features": orienting.features(answer).tolist(),
        "logit": answer.logit,
        "upper": bool(jaw.upper),
        "inside": inside,
        "seconds": time.perf_counter() - started,
    }


def measure(
    run: Path,
    data: Path,
    rotations: int,
    others: int,
    fold: int | None = None,
    kinds: Sequence[str] = tuple(DISTURBANCES),
    every: int = 1,
) -> list[dict]:
    """Trials of every scan that the run never saw: `rotations` of the unchanged scan, `others` of each other kind."""
    net, state = load_net(run)
    fold = state["config"]["fold"] if fold is None else fold
    everyone = patients(data)
    trials = []
    with tempfile.TemporaryDirectory() as folder:
        export(net, state, NEUTRAL, Path(folder), "measured", None)
        model = load_model("orientation", threads=1, folder=Path(folder))
        paths = [p for p in sorted(data.glob("*.npz")) if fold is None or fold_of(p.stem, everyone) == fold]
        for path in paths[::every]:
            jaw, rng = read_jaw(path), np.random.default_rng([1, *path.stem.encode()])
            for condition in kinds:
                for _ in range(rotations if condition == "unchanged" else others):
                    trials.append(
                        {
                            "scan": path.stem,
                            "condition": condition,
                            **trial(DISTURBANCES[condition](jaw, rng), model, rng),
                        }
                    )
    return trials


def calibrate(trials: list[dict]) -> dict:
    """Logistic regression of "within 15 degrees" on the doubts, and the temperature of the jaw's logit; every
    condition weighs the same, and no doubt may raise the confidence."""
    conditions = [t["condition"] for t in trials]
    weight = np.array([1 / conditions.count(c) for c in conditions])
    weight /= weight.sum()
    x = np.array([t["features"] for t in trials])
    good = np.array([t["error"] < GOOD_DEG for t in trials])
    sign = np.where([t["upper"] for t in trials], 1.0, -1.0) * np.array([t["logit"] for t in trials])

    def frame_loss(p: np.ndarray) -> float:
        margin = np.where(good, 1.0, -1.0) * (p[0] + x @ p[1:])
        return float((weight * np.logaddexp(0, -margin)).sum() + 1e-3 * (p**2).sum())

    bounds = [(-20, 20)] + x.shape[1] * [(-20, 0)]
    fit = minimize(frame_loss, np.r_[3.0, -np.ones(x.shape[1])], bounds=bounds)
    # not sharper than trained: other scanners differ more from these than what is made
    temperatures = np.geomspace(1, 20, 80)
    loss = [(weight * np.logaddexp(0, -sign / t)).sum() for t in temperatures]
    return {
        "offset": round(float(fit.x[0]), 4),
        "weights": [round(float(w), 4) for w in fit.x[1:]],
        "jaw_temperature": round(float(temperatures[int(np.argmin(loss))]), 3),
    }


def confidences(trials: list[dict], calibration: dict) -> np.ndarray:
    """(N,) probability of each trial that its frame is right within `GOOD_DEG`."""
    x = np.array([t["features"] for t in trials])
    return 1 / (1 + np.exp(-(calibration["offset"] + x @ np.array(calibration["weights"]))))


def confidences_on_others(trials: list[dict]) -> np.ndarray:
    """Confidence of every trial from a calibration on other persons."""
    group = np.array([int(t["scan"][:3]) % GROUPS for t in trials])
    out = np.zeros(len(trials))
    for g in range(GROUPS):
        mine = np.nonzero(group == g)[0]
        rest = [t for t, k in zip(trials, group, strict=True) if k != g]
        if len(mine) and rest:
            out[mine] = confidences([trials[k] for k in mine], calibrate(rest))
    return out


def table(trials: list[dict]) -> str:
    """Markdown: errors, jaw, inside out per condition; then confidence against truth."""
    seconds = [t["seconds"] for t in trials if t["condition"] == "unchanged"]
    return "\n\n".join(
        [
            _error_table(trials),
            _confidence_table(trials),
            f"Median time on an unchanged scan: {np.median(seconds) * 1000:.0f} ms (one thread, machine shared).",
        ]
    )


def _error_table(trials: list[dict]) -> str:
    limits = (8, 15, 45)
    head = ["scans", "trials", "median", "95 %", "99 %", *(f"> {d} deg" for d in limits), "jaw right"]
    rows = []
    for condition in DISTURBANCES:
        mine = [t for t in trials if t["condition"] == condition]
        if mine:
            error = np.array([t["error"] for t in mine])
            jaw = np.mean([(t["logit"] > 0) == t["upper"] for t in mine])
            side = np.mean([t["inside"] == (condition in TURNED_OUT) for t in mine])
            middle = [f"{np.quantile(error, q):.1f}" for q in (0.5, 0.95, 0.99)]
            over = [f"{(error > d).mean():.1%}" for d in limits]
            rows.append((condition, len(mine), *middle, *over, f"{jaw:.1%}", f"{side:.1%}"))
    return markdown_table((*head, "inside out right"), rows, right=True)


def _confidence_table(trials: list[dict]) -> str:
    confidence = confidences_on_others(trials)
    good = np.array([t["error"] < GOOD_DEG for t in trials])
    rows = []
    for low, high in ((0, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 0.99), (0.99, 1.01)):
        mine = (confidence >= low) & (confidence < high)
        if mine.any():
            values = (f"{one[mine].mean():.3f}" for one in (confidence, good))
            rows.append((f"{low:.2f}-{min(high, 1):.2f}", mine.sum(), *values))
    return markdown_table(("confidence", "trials", "mean confidence", "within 15 deg"), rows, right=True)


def main(argv: list[str] | None = None) -> None:
    """Measure one fold's run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--data", type=Path, required=True, help="the data pack's ios/train")
    parser.add_argument("--rotations", type=int, default=6, help="trials of each unchanged scan")
    parser.add_argument("--others", type=int, default=1, help="trials of each changed kind per scan")
    parser.add_argument("--every", type=int, default=1, help="only every so many-th scan")
    parser.add_argument("--only", nargs="+", default=list(DISTURBANCES), choices=list(DISTURBANCES))
    parser.add_argument("-o", "--output", type=Path, required=True, help="JSON for export-orientation")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    trials = measure(
        arguments.run,
        arguments.data,
        arguments.rotations,
        arguments.others,
        kinds=arguments.only,
        every=arguments.every,
    )
    _, run = load_net(arguments.run)
    measured = {
        "steps": run["progress"]["step"],
        "fold": run["config"]["fold"],
        "calibration": calibrate(trials),
        "table": table(trials),
        "trials": trials,
    }
    arguments.output.write_text(json.dumps(measured), encoding="utf-8")
    print(measured["calibration"], measured["table"], sep="\n")
