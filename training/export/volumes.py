"""A finished run as the .onnx file that the library ships, with its entry in models.json and a model card.

    python -m training export-volume training/runs/border --data CALIBRATION --val VALIDATION

The averaged weights are taken, BatchNorm is folded, ranges are measured on calibration samples (unless the run was
trained with quantization and has its own), and the int8 model is compared with the fp32 one on validation samples.
Only the int8 file is shipped; the fp32 one goes to training/runs/fp32 with a models.json of its own, so that the
library can load it for comparison.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch

from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.networks.models import load_model
from training.export.card import model_card
from training.export.graph import OUTPUT, write_graph
from training.export.quantizer import Quantizer
from training.export.ranges import calibrate, session, static_baseline
from training.export.shipping import describe_model, read_metadata, register, write_whole
from training.export.timing import seconds
from training.export.tissues import compare_tissues, head_scales, write_tissues_graph
from training.loop import load_checkpoint
from training.nets.unet import UNet, UNetPlan
from training.patients.targets import CANAL_CLASSES, SPACING, STRUCTURE_CLASSES, TISSUE_CLASSES
from training.volumes.data import DataPlan, validation_samples
from training.volumes.finished import MODELS, TUNED, load_tuned, shipped_file
from training.volumes.losses import IGNORE, STRUCTURE_GROUPS

FP32 = Path(__file__).resolve().parents[1] / "runs" / "fp32"
# Voxels at a tile's edge to throw away: the output there lacks context. The whole-arch network wants all it can get.
MARGIN = {"numbering": 32, "border": 16, "structures": 16, "tissues": 16, "canals": 16}


LABELS = {
    "numbering": list(CLASS_FDI),
    "border": ["background", "core", "border"],
    "structures": list(STRUCTURE_CLASSES),
    "canals": list(CANAL_CLASSES),
    "tissues": list(TISSUE_CLASSES),
}
"""What a network's classes are called in its metadata."""
TWO_OUTPUTS = {"border": ["tooth", "core"], "canals": ["tube", "near"]}
"""Of networks of three classes, whose graphs give two probabilities: of either class that is not the background, and of
the first of them."""


@dataclass(frozen=True)
class Run:
    """A finished run: the network in evaluation mode, the configuration, the progress, and (after training with
    quantization) the quantizer and its steps."""

    net: UNet
    config: dict
    progress: dict
    scales: dict[str, float] | None = None
    quantizer: Quantizer = field(default_factory=Quantizer)

    @property
    def task(self) -> str:
        """What the network is shipped as."""
        return "border" if self.config["task"] in ("topology", "tissues") else self.config["task"]


def load_run(folder: Path) -> Run:
    """The averaged network of a run of `train-volumes` or `tune`."""
    if (folder / TUNED).is_file():
        net, tuned = load_tuned(folder)
        about = tuned["about"]
        progress = {"step": about["steps"], "seconds": about["seconds"], "history": about["validation"]}
        return Run(net, about["config"], progress, tuned["scales"], Quantizer.from_dict(tuned["quantizer"]))
    state = load_checkpoint(folder)
    net = UNet(UNetPlan.from_dict(state["config"]["net"]))
    net.load_state_dict(state["average"])
    return Run(net.eval(), state["config"], state["progress"])


def int8_report(optimised: onnx.ModelProto) -> dict[str, list[str]]:
    """Names of the convolutions that ONNX Runtime runs in int8 and of those it runs in fp32."""
    report: dict[str, list[str]] = {"int8": [], "fp32": []}
    for node in optimised.graph.node:
        if node.op_type == "QLinearConv":
            report["int8"].append(node.name)
        elif node.op_type in ("Conv", "FusedConv"):
            report["fp32"].append(node.name)
    return report


def hard_labels(output: np.ndarray, task: str) -> np.ndarray:
    """Class per voxel: border 0 background, 1 border, 2 core; canals 0 background, 1 near, 2 canal; otherwise the
    likeliest."""
    if task not in TWO_OUTPUTS:
        return output[0].argmax(0)
    whole, part = output[0] > 127
    return whole.astype(np.int64) + (whole & (part if task == "border" else ~part))


def tooth_dice(labels: np.ndarray, target: np.ndarray) -> float:
    """Dice of tooth against background where the target is known."""
    known = target != IGNORE
    a, b = (labels > 0)[known], ((target & 15) > 0)[known] if target.max() <= 19 else (target > 0)[known]
    return float(2 * (a & b).sum() / max(1, a.sum() + b.sum()))


def group_dice(fp32: np.ndarray, int8: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """Mean Dice of the classes of each of `STRUCTURE_GROUPS` that a patch (D, H, W) shows, of both precisions."""
    known, truth, row = target != IGNORE, target & 15, {}
    for group, classes in STRUCTURE_GROUPS.items():
        present = [number for number in classes if (truth == number)[known].any()]
        for precision, labels in (("fp32", fp32), ("int8", int8)):
            dice = [
                2
                * ((labels == n) & (truth == n))[known].sum()
                / ((labels == n)[known].sum() + (truth == n)[known].sum())
                for n in present
            ]
            if dice:
                row[f"{group}_{precision}"] = float(np.mean(dice))
    return row


def compare(
    net: UNet, fp32: onnx.ModelProto, int8: onnx.ModelProto, pairs: list[tuple[np.ndarray, np.ndarray]], task: str
) -> dict[str, float]:
    """Agreement on validation patches: torch with fp32 (largest difference), fp32 with int8 (share of equal labels)."""
    exact, quick = session(fp32), session(int8)
    rows = []
    for image, target in pairs:
        with torch.no_grad():
            p = torch.softmax(net(torch.from_numpy(image))[0][:, : net.plan.classes], 1).numpy()
        a, b = (runner.run([OUTPUT], {"image": image})[0] for runner in (exact, quick))
        if task in TWO_OUTPUTS:
            p = np.concatenate([1 - p[:, :1], p[:, 1:2]], 1) * 255
        if task == "structures":
            p = p * 255
        scale = 1.0 if task == "numbering" else 255.0
        x, y = hard_labels(a, task), hard_labels(b, task)
        row = {
            "torch_difference": float(np.abs(p - a).max() / scale),
            "int8_agreement": float((x == y).mean()),
            "int8_mean_difference": float(np.abs(a.astype(np.float32) - b).mean() / scale),
            "int8_tooth_agreement": float((x == y)[(x > 0) | (y > 0)].mean()) if (x > 0).any() else 1.0,
            "dice_fp32": tooth_dice(x, target[0]),
            "dice_int8": tooth_dice(y, target[0]),
        }
        if task == "structures":
            row |= group_dice(x, y, target[0])
        tooth = (target[0] > 0) & (target[0] != IGNORE)
        if task == "numbering" and tooth.any():
            row |= {f"number_{k}": float((v == target[0])[tooth].mean()) for k, v in (("fp32", x), ("int8", y))}
        rows.append(row)
    largest = {"torch_difference": max(row["torch_difference"] for row in rows)}
    names = [name for name in rows[0] if name not in largest]
    return largest | {name: float(np.mean([row[name] for row in rows if name in row])) for name in names}


def describe(run: Run, model_id: str, precision: str, samples: int, task: str = "") -> dict:
    """The metadata that the library reads from the file itself; `task`: of a file that is not the run's own."""
    task, progress, net = task or run.task, run.progress, run.net
    history = progress["history"]
    ideas = {
        name: run.config[name]
        for name in ("start", "quantization", "topology", "distillation", "gates")
        if name in run.config
    }
    return {
        "id": model_id,
        "task": task,
        "spacing_mm": SPACING[task],
        "divisor": net.plan.divisor,
        "output_stride": net.plan.output_stride,
        "output_scale": 1 if task == "numbering" else 255,
        "outputs": TWO_OUTPUTS.get(task, "one probability per label"),
        "labels": LABELS[task],
        "clip_percentiles": [0.5, 99.5],
        "normalisation": "clip, z-score",
        "core_depth_mm": 0.6,
        "receptive_margin_vox": MARGIN[task],
        "patch": run.config["data"]["patch"],
        "precision": precision,
        "training": {
            "steps": progress["step"],
            "minutes": round(progress["seconds"] / 60, 1),
            "seed": run.config.get("seed", 0),
            **ideas,
            "date": date.today().isoformat(),
            "data": "synthetic phantoms only",
            "calibration_samples": samples if precision == "int8" else 0,
            "validation": history[-1] if history else {},
            "plan": net.plan.to_dict(),
        },
    }


def rounding(
    run: Run, data: Path, count: int, quantizer: Quantizer | None = None
) -> tuple[dict[str, float], Quantizer, int]:
    """(steps, quantizer, samples looked at) of a run's int8 graph: what training with quantization has set, otherwise
    measured on `count` samples of `data` for `quantizer`, the shipped one by default. RuntimeError without samples."""
    if run.scales is not None:
        return run.scales, run.quantizer, 0
    images = [image for image, _ in validation_samples(data, DataPlan.from_config(run.config), count)]
    if not images:
        raise RuntimeError(f"No samples to measure ranges on in {data}; make phantoms first.")
    quantizer = quantizer or run.quantizer
    return calibrate(run.net, images, quantizer), quantizer, len(images)


def export_plain(
    folder: Path,
    models: Path,
    model_id: str,
    precision: str,
    data: Path,
    quantizer: Quantizer | None = None,
    count: int = 16,
    tool: bool = False,
) -> Path:
    """Write a run's network to the folder `models` as "fp32" or "int8" without comparing; returns the file.

    `quantizer`: of a run without steps of its own. `tool`: quantised after training by ONNX Runtime's own tool rather
    than by ours.
    """
    run = load_run(folder)
    if precision == "int8" and tool:
        images = [image for image, _ in validation_samples(data, DataPlan.from_config(run.config), count)]
        metadata = describe(run, model_id, precision, len(images))
        model = static_baseline(write_graph(run.net, metadata), images)
        describe_model(model, metadata)
        return register(models, model, metadata, None)
    if precision == "fp32":
        metadata = describe(run, model_id, precision, 0)
        return register(models, write_graph(run.net, metadata), metadata, None)
    scales, quantizer, samples = rounding(run, data, count, quantizer)
    metadata = describe(run, model_id, precision, samples)
    metadata["training"]["quantizer"] = quantizer.to_dict()
    return register(models, write_graph(run.net, metadata, scales, quantizer), metadata, None)


def copy_shipped(model_id: str, models: Path) -> Path:
    """Copy a border network as it is or was shipped, by its id, into the folder `models`; returns the file."""
    file = shipped_file(model_id)
    if file is None:
        raise RuntimeError(f"There is no network {model_id} in {MODELS} or {FP32.parent}; put its .onnx file there.")
    model = onnx.load(file)
    return register(models, model, read_metadata(model), None)


def distance_errors(result: Path) -> dict[str, float]:
    """By kind of structure: the error (mm) that 95 % of the distances of roots closer than 5 mm to it stay below.

    `result`: the JSON of `python -m training evaluate-structures`.
    """
    scans = json.loads(result.read_text(encoding="utf-8"))["scans"].values()
    errors = {kind: [e for scan in scans for e in scan.get(f"near_{kind}_mm", [])] for kind in ("canal", "sinus")}
    return {kind: round(float(np.quantile(values, 0.95)), 1) for kind, values in errors.items() if values}


def export(
    run_folder: Path,
    data: Path,
    val: Path,
    models: Path,
    version: str,
    count: int,
    tables: dict[str, Path],
    distances: Path | None = None,
) -> dict:
    """Export a run as the library's network; returns what was measured. RuntimeError if it differs from torch's.

    `tables`: results of `python -m training evaluate-volumes` (title -> JSON file) for the model card. `distances`: of
    a structures network, as `distance_errors` takes it.
    """
    run = load_run(run_folder)
    model_id = f"{run.task}-{version}"
    pairs = [
        (image, target[:, 0] if target.ndim == 5 else target)
        for image, target in validation_samples(val, DataPlan.from_config(run.config), count)
    ]
    if not pairs:
        raise RuntimeError(f"No samples to compare with in {val}; make phantoms first.")
    scales, quantizer, samples = rounding(run, data, count)
    measured_before = {"distance_errors_mm": distance_errors(distances)} if distances is not None else {}
    metadata = {p: describe(run, model_id, p, samples) | measured_before for p in ("fp32", "int8")}
    fp32 = write_graph(run.net, metadata["fp32"])
    int8 = write_graph(run.net, metadata["int8"], scales, quantizer)
    measured = compare(run.net, fp32, int8, pairs, run.task)
    if measured["torch_difference"] > 0.01:
        raise RuntimeError(f"ONNX Runtime and torch differ by {measured['torch_difference']:.4f}; nothing was written.")
    optimised = run_folder / "optimised.onnx"
    session(int8, optimised=optimised)
    report = int8_report(onnx.load(optimised))
    optimised.unlink()
    measured |= {"int8_convolutions": len(report["int8"]), "fp32_convolutions": report["fp32"]}
    register(FP32, fp32, metadata["fp32"], None)
    path = register(models, int8, metadata["int8"], f"{model_id}.md")
    measured["file"], measured["size_bytes"] = path.name, path.stat().st_size
    means = {title: json.loads(file.read_text(encoding="utf-8"))["means"] for title, file in tables.items()}
    write_whole(models / f"{model_id}.md", model_card(metadata["int8"], measured, means))
    if run.net.plan.tissues:
        measured["tissues"] = export_tissues(run, data, val, models, version, count, (fp32, int8))
    return measured


def export_tissues(
    run: Run, data: Path, val: Path, models: Path, version: str, count: int, border: tuple[onnx.ModelProto, ...]
) -> dict:
    """Export the second head of a border network (its fp32 and int8 graphs); returns what was measured.

    RuntimeError if it differs from torch's.
    """
    plan, model_id = DataPlan.from_config(run.config), f"tissues-{version}"
    scales, quantizer, samples = rounding(run, data, count)
    scales = scales | head_scales(run.net, [image for image, _ in validation_samples(data, plan, count)])
    reads = {"reads": f"{run.task}-{version}"}
    metadata = {p: describe(run, model_id, p, samples, "tissues") | reads for p in ("fp32", "int8")}
    fp32 = write_tissues_graph(run.net, metadata["fp32"])
    int8 = write_tissues_graph(run.net, metadata["int8"], scales, quantizer)
    pairs = [(image, target[0, 1]) for image, target in validation_samples(val, plan, count)]
    measured: dict[str, Any] = compare_tissues(run.net, (border[0], fp32), (border[1], int8), pairs)
    if measured["torch_difference"] > 0.01:
        raise RuntimeError(f"ONNX Runtime and torch differ by {measured['torch_difference']:.4f}; nothing was written.")
    register(FP32, fp32, metadata["fp32"], None)
    path = register(models, int8, metadata["int8"], f"{model_id}.md")
    measured |= {"file": path.name, "size_bytes": path.stat().st_size, "int8_convolutions": 1}
    write_whole(models / f"{model_id}.md", model_card(metadata["int8"], measured))
    return measured


def main(argv: list[str] | None = None) -> None:
    """Export a run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--data", type=Path, required=True, help="samples to measure the ranges on")
    parser.add_argument("--val", type=Path, required=True, help="samples to compare int8 with fp32 on")
    parser.add_argument("--models", type=Path, default=MODELS, help="where the int8 model goes")
    parser.add_argument("--version", default="1", help="last part of the model's id")
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--time", action="store_true", help="also time both precisions on 1 M voxels, 2 threads")
    parser.add_argument(
        "--table",
        nargs=2,
        action="append",
        default=[],
        metavar=("TITLE", "JSON"),
        help="result of evaluate-volumes",
    )
    parser.add_argument("--distances", type=Path, help="result of evaluate-structures, of a structures network")
    arguments = parser.parse_args(argv)
    tables = {title: Path(file) for title, file in arguments.table}
    measured = export(
        arguments.run,
        arguments.data,
        arguments.val,
        arguments.models,
        arguments.version,
        arguments.samples,
        tables,
        arguments.distances,
    )
    if arguments.time:
        task = load_run(arguments.run).task
        for folder, precision in ((arguments.models, "int8"), (FP32, "fp32")):
            network = load_model(task, 2, precision, folder=folder)
            measured[f"seconds_{precision}"] = round(seconds(network, (96, 96, 128)), 3)
    print(json.dumps(measured, indent=2))
