"""Measure the network that finds a jaw's frame on scans it never saw, calibrate its confidence, export it.

    python -m training.export.orientation measure training/runs/orientation_fold0 --data DATA/ios/train -o measured.json
    python -m training.export.orientation ship training/runs/orientation --measured measured.json

`measure` goes through the library's own path: vertices of a mesh, turned at random and moved anywhere.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from DentalTopoSegLib.files.meshes.geometry import vertex_normals
from DentalTopoSegLib.ios import orienting
from DentalTopoSegLib.networks.models import Model, load_model
from training.export.onnx_files import describe_model, without_traces
from training.export.volumes import MODELS, register, write_bytes
from training.nets.orientation import OrientationNet
from training.surfaces.jaws import Jaw, cropped, fold_of, on_base, patients, read_jaw
from training.surfaces.train_orientation import load_net

OPSET = 20
LOOKS_AT_ONCE = 4
GOOD_DEG = 15.0
#: What the file says before the confidence has been calibrated.
NEUTRAL = {"offset": 0.0, "weights": [0.0, 0.0, 0.0], "jaw_temperature": 1.0}


# --- how scans may come ---


def part(jaw: Jaw, keep: np.ndarray) -> Jaw:
    return Jaw(jaw.name, jaw.upper, jaw.vertices, jaw.faces[keep], jaw.classes[keep])


def quadrant(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """One side of the jaw, with a little beyond the midline or not quite up to it."""
    side = rng.choice([-1.0, 1.0])
    return part(jaw, side * jaw.vertices[jaw.faces].mean(1)[:, 0] > rng.uniform(-6.0, 4.0))


def few_teeth(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """What lies within 12 to 18 mm of a point on a tooth: three or four teeth."""
    centres = jaw.vertices[jaw.faces].mean(1)
    middle = centres[rng.choice(np.nonzero(jaw.classes > 0)[0])]
    return part(jaw, np.linalg.norm(centres - middle, axis=1) < rng.uniform(12.0, 18.0))


def solid(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """On a base that is closed below: rings from the base's edge to its middle."""
    based = on_base(jaw, rng)
    low = based.vertices[:, 2].min()
    edges = np.concatenate([based.faces[:, [0, 1]], based.faces[:, [1, 2]], based.faces[:, [2, 0]]])
    _, first, count = np.unique(np.sort(edges, 1), axis=0, return_index=True, return_counts=True)
    edges = edges[first[count == 1]]
    edges = edges[(based.vertices[edges][..., 2] < low + 1e-6).all(1)]
    rim, at = np.unique(edges, return_inverse=True)
    at, n, rings = at.reshape(-1, 2), len(rim), 16
    middle = based.vertices[rim].mean(0)
    inwards = np.linspace(1.0, 0.02, rings)[:, None, None]
    floor = (middle + inwards * (based.vertices[rim] - middle)).reshape(-1, 3)
    faces = []
    for ring in range(rings - 1):
        a, b = len(based.vertices) + ring * n + at[:, 1], len(based.vertices) + ring * n + at[:, 0]
        faces += [np.stack([a, b, b + n], 1), np.stack([a, b + n, a + n], 1)]
    faces = np.concatenate([based.faces, *faces])
    classes = np.concatenate([based.classes, np.zeros(len(faces) - len(based.faces), np.uint8)])
    return Jaw(jaw.name, jaw.upper, np.concatenate([based.vertices, floor]), faces, classes)


def mirrored(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    """As a bad exporter leaves it: x negated, faces as they were, so that they show their back."""
    return Jaw(jaw.name, jaw.upper, jaw.vertices * (-1.0, 1.0, 1.0), jaw.faces, jaw.classes)


def inside_out(jaw: Jaw, rng: np.random.Generator) -> Jaw:
    return Jaw(jaw.name, jaw.upper, jaw.vertices, jaw.faces[:, ::-1], jaw.classes)


CONDITIONS: dict[str, Callable[[Jaw, np.random.Generator], Jaw]] = {
    "unchanged": lambda jaw, rng: jaw, "cropped": cropped, "quadrant": quadrant, "on base": on_base, "solid": solid,
    "mirrored": mirrored, "inside out": inside_out, "3-4 teeth": few_teeth,
}  # fmt: skip
TURNED_OUT = ("mirrored", "inside out")


# --- measuring ---


def trial(jaw: Jaw, model: Model, rng: np.random.Generator) -> dict:
    """One scan put anywhere, found again: error (degrees), features of doubt, logit of "upper", whether it was
    seen inside out, seconds."""
    used, faces = np.unique(jaw.faces, return_inverse=True)
    faces = faces.reshape(-1, 3).astype(np.int32)
    turn = Rotation.from_quat(rng.standard_normal(4)).as_matrix()
    points = jaw.vertices[used] @ turn.T + rng.uniform(-200, 200, 3)
    normals = vertex_normals(points, faces)
    started = time.perf_counter()
    answer, middle = orienting.ask(points, model)
    inside = orienting.sees_inside((points - middle) @ answer.rotation.T, normals @ answer.rotation.T)
    return {
        "error": float(orienting.angles_deg(answer.rotation, turn.T)), "features": orienting.features(answer).tolist(),
        "logit": answer.logit, "upper": bool(jaw.upper), "inside": inside, "seconds": time.perf_counter() - started,
    }  # fmt: skip


def measure(run: Path, data: Path, rotations: int, others: int, fold: int | None = None) -> list[dict]:
    """Trials of every scan that the run never saw: `rotations` of the unchanged scan, `others` of each other kind."""
    net, state = load_net(run)
    fold = state["config"]["fold"] if fold is None else fold
    everyone = patients(data)
    trials = []
    with tempfile.TemporaryDirectory() as folder:
        ship(net, state, NEUTRAL, Path(folder), "measured", None)
        model = load_model("orientation", threads=1, folder=Path(folder))
        for path in sorted(data.glob("*.npz")):
            if fold is not None and fold_of(path.stem, everyone) != fold:
                continue
            jaw, rng = read_jaw(path), np.random.default_rng([1, *path.stem.encode()])
            for condition, change in CONDITIONS.items():
                for _ in range(rotations if condition == "unchanged" else others):
                    trials.append({"scan": path.stem, "condition": condition, **trial(change(jaw, rng), model, rng)})
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
    temperatures = np.geomspace(0.5, 20, 80)
    loss = [(weight * np.logaddexp(0, -sign / t)).sum() for t in temperatures]
    return {
        "offset": round(float(fit.x[0]), 4), "weights": [round(float(w), 4) for w in fit.x[1:]],
        "jaw_temperature": round(float(temperatures[int(np.argmin(loss))]), 3),
    }  # fmt: skip


def confidences(trials: list[dict], calibration: dict) -> np.ndarray:
    x = np.array([t["features"] for t in trials])
    return 1 / (1 + np.exp(-(calibration["offset"] + x @ np.array(calibration["weights"]))))


def by_others(trials: list[dict]) -> np.ndarray:
    """Confidence of every trial from a calibration on other persons (four groups)."""
    group = np.array([int(t["scan"][:3]) % 4 for t in trials])
    out = np.zeros(len(trials))
    for g in range(4):
        mine = np.nonzero(group == g)[0]
        rest = [t for t, k in zip(trials, group, strict=True) if k != g]
        if len(mine) and rest:
            out[mine] = confidences([trials[k] for k in mine], calibrate(rest))
    return out


def table(trials: list[dict]) -> str:
    """Markdown: errors, jaw, inside out per condition; then confidence against truth."""
    lines = ["| scans | trials | median | 95 % | 99 % | > 8 deg | > 15 deg | > 45 deg | jaw right | inside out right |"]
    lines += ["|---|" + 9 * "---:|"]
    confidence = by_others(trials)
    for condition in CONDITIONS:
        mine = [t for t in trials if t["condition"] == condition]
        if not mine:
            continue
        e = np.array([t["error"] for t in mine])
        jaw = np.mean([(t["logit"] > 0) == t["upper"] for t in mine])
        side = np.mean([t["inside"] == (condition in TURNED_OUT) for t in mine])
        over = " | ".join(f"{(e > d).mean():.1%}" for d in (8, 15, 45))
        lines.append(
            f"| {condition} | {len(mine)} | {np.median(e):.1f} | {np.quantile(e, 0.95):.1f} "
            f"| {np.quantile(e, 0.99):.1f} | {over} | {jaw:.1%} | {side:.1%} |"
        )
    good = np.array([t["error"] < GOOD_DEG for t in trials])
    lines += ["", "| confidence | trials | mean confidence | within 15 deg |", "|---|---:|---:|---:|"]
    for low, high in ((0, 0.5), (0.5, 0.8), (0.8, 0.95), (0.95, 0.99), (0.99, 1.01)):
        mine = (confidence >= low) & (confidence < high)
        if mine.any():
            sure, right = confidence[mine].mean(), good[mine].mean()
            lines.append(f"| {low:.2f}-{min(high, 1):.2f} | {mine.sum()} | {sure:.3f} | {right:.3f} |")
    seconds = [t["seconds"] for t in trials if t["condition"] == "unchanged"]
    lines += ["", f"Median time on an unchanged scan: {np.median(seconds) * 1000:.0f} ms (one thread, machine shared)."]
    return "\n".join(lines)


# --- exporting ---


def to_onnx(net: OrientationNet) -> onnx.ModelProto:
    """places (4, 256, 41) -> axes (4, 6), jaw (4,)."""
    example = torch.randn(LOOKS_AT_ONCE, orienting.PLACES, orienting.CHANNELS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes on itself
        program = torch.onnx.export(
            net.eval(), (example,), dynamo=True, opset_version=OPSET, input_names=["places"],
            output_names=["axes", "jaw"], verbose=False,
        )  # fmt: skip
    return without_traces(program.model_proto)


def ship(
    net: OrientationNet, state: dict, calibration: dict, folder: Path, version: str, card: str | None, scans: int = 119
) -> Path:
    """Write orientation-<version>.fp32.onnx and its entry in models.json. RuntimeError if ONNX Runtime and torch
    disagree; nothing is written then."""
    import onnxruntime

    model = to_onnx(net)
    metadata = {
        "id": f"orientation-{version}", "task": "orientation", "precision": "fp32", "outputs": ["axes", "jaw"],
        "points": orienting.POINTS, "places": orienting.PLACES, "sizes": [list(s) for s in orienting.SIZES],
        "axes": "occlusal, then anterior direction", "jaw": "logit of upper", "confidence": calibration,
        "training": {
            "steps": state["progress"]["step"], "cpu_minutes": round(state["progress"]["cpu_seconds"] / 60, 1), "scans": scans,
            "seed": state["config"]["seed"], "net": state["config"]["net"], "date": time.strftime("%Y-%m-%d"),
        },
    }  # fmt: skip
    describe_model(model, metadata)
    onnx.checker.check_model(model)
    places = torch.randn(LOOKS_AT_ONCE, orienting.PLACES, orienting.CHANNELS)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        apart = np.abs(session.run(["axes"], {"places": places.numpy()})[0] - net(places)[0].numpy()).max()
    if apart > 1e-3:
        raise RuntimeError(f"ONNX Runtime and torch differ by {apart:.4f}; nothing was written.")
    folder.mkdir(parents=True, exist_ok=True)
    return register(folder, model, metadata, card)


def card_text(metadata_id: str, state: dict, size: int, figures: str, fold_steps: int) -> str:
    """The model card, Markdown."""
    plan = ", ".join(f"{k} {v}" for k, v in state["config"]["net"].items())
    which = "The shipped network is this one." if state["config"]["fold"] is not None else "The shipped one saw all patients."
    return f"""# {metadata_id}

Finds how an intraoral scan of one jaw lies (occlusal and anterior direction) and whether it is an upper or a lower
jaw, whatever the frame of the file. Input: 256 places of the surface, each with moments of the points around it
(`DentalTopoSegLib/ios/orienting.py`), seen from four starts, each three times. Normals are not used.

**Research use only. Not a medical device; not for diagnosis or treatment planning without a qualified reader.**

## Model
{plan}; fp32 weights ({size / 1e6:.1f} MB). Everything a reader
needs, the calibration of the confidence too, is in the file's own metadata (key `dentaltoposeg`).

## Training
{state["progress"]["step"]} steps, {state["progress"]["cpu_seconds"] / 60:.1f} minutes on one CPU core, seed {state["config"]["seed"]},
{time.strftime("%Y-%m-%d")}. Data: 3D-IOSSeg, 119 intraoral scans of 60 real patients (Li et al. 2024, Computers in
Biology and Medicine 168:107821; no licence stated by its authors), with teeth removed, cropped, on bases,
mirrored, scaled and bent by this library's own code. No scan or mesh is contained in the model file.

## Terms
The weights are offered for research and evaluation. The source states no licence: whoever wants to use the weights
for anything else must settle that with its authors. The code that made them is Apache-2.0.

## Measured
A network of {fold_steps} steps with a fifth of the patients held out; these are scans of those patients, turned at
random. {which} Degrees are of the whole rotation against the
frame in which the source's scans lie, which itself differs by some degrees from scan to scan. The confidence
is calibrated on other persons than it is measured on.

{figures}

## Known limits
One scanner (3Shape TRIOS), adult permanent teeth. Pieces of three or four teeth are often put wrongly, and the
confidence says so. A jaw without teeth was never seen. A mirrored jaw is anatomically a jaw with sides exchanged: only
its inverted surface gives it away.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("measure", help="find held-out scans in random places")
    command.add_argument("run", type=Path)
    command.add_argument("--data", type=Path, required=True)
    command.add_argument("--rotations", type=int, default=24)
    command.add_argument("--others", type=int, default=6, help="trials of each changed kind per scan")
    command.add_argument("-o", "--output", type=Path, required=True)
    command = commands.add_parser("ship", help="export with the confidence calibrated by `measure`")
    command.add_argument("run", type=Path)
    command.add_argument("--measured", type=Path, required=True)
    command.add_argument("--models", type=Path, default=MODELS)
    command.add_argument("--version", default="1")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    net, state = load_net(arguments.run)
    if arguments.command == "measure":
        trials = measure(arguments.run, arguments.data, arguments.rotations, arguments.others)
        content = {"steps": state["progress"]["step"], "fold": state["config"]["fold"], "calibration": calibrate(trials), "trials": trials}
        arguments.output.write_text(json.dumps(content), encoding="utf-8")
        print(content["calibration"], table(trials), sep="\n")
        return
    measured = json.loads(arguments.measured.read_text(encoding="utf-8"))
    name = f"orientation-{arguments.version}"
    path = ship(net, state, measured["calibration"], arguments.models, arguments.version, f"{name}.md")
    card = card_text(name, state, path.stat().st_size, table(measured["trials"]), measured["steps"])
    write_bytes(arguments.models / f"{name}.md", card.encode())
    print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
