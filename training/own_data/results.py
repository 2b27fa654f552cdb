"""What a training hands on: a folder of networks like any other, with a model card and the learning curve."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from DentalTopoSegLib.cbct import segment_volume
from DentalTopoSegLib.checks.metrics.label_maps import aggregate, evaluate_pair
from DentalTopoSegLib.checks.metrics.surfaces import merge_evaluations
from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.transactions import atomic_path
from DentalTopoSegLib.networks.folders import load_kind
from DentalTopoSegLib.networks.models import list_models
from DentalTopoSegLib.options import RunOptions
from training.evaluation.jaws import scores_of, segment
from training.evaluation.labelled import Scan
from training.export.graph import write_graph
from training.export.int8_storage import with_int8_weights
from training.export.score_tables import TITLES, markdown_table
from training.export.shipping import describe_model, read_metadata, register, training_record, write_whole
from training.export.surface import AREA_PER_POINT, OUTPUTS, load_net, to_onnx
from training.export.volumes import compare, describe, load_run, rounding
from training.loop import read_log
from training.own_data.meanings import UNKNOWN
from training.own_data.reading import Labelled
from training.volumes.data import DataPlan, validation_samples

COLUMNS = ("dice", "nsd", "tooth_dice", "identification_accuracy", "detection_f1")
CURVE = "learning_curve.png"
LABELLED = "labelled scans of others"
SAMPLES = 16
"""Patches, at most, that ranges are measured on and that int8 is compared with fp32 on."""


def network_name(text: str) -> str:
    """A name that can be part of a file's."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:60] or "own"


def export_volume(
    run_folder: Path, samples: Path, held: Path, network: Path, name: str, licence: str, data: str = LABELLED
) -> dict[str, float]:
    """Write a run's network as int8 and fp32 with its entries; returns how the two compare on held-out patches.

    Ranges are measured on the samples of training patients. `data`: what the metadata says it was trained on.
    """
    run = load_run(run_folder)
    model_id = f"{run.task}-{name}"
    scales, quantizer, count = rounding(run, samples, SAMPLES)
    graphs = {}
    for precision, steps in (("fp32", None), ("int8", scales)):
        metadata = describe(run, model_id, precision, count)
        metadata["training"] |= {"data": data, "start": run.config["start"]}
        graphs[precision] = write_graph(run.net, metadata, steps, quantizer)
        register(network, graphs[precision], metadata, f"{name}.md", license=licence)
    pairs = list(validation_samples(held, DataPlan.from_config(run.config), SAMPLES))
    return compare(run.net, graphs["fp32"], graphs["int8"], pairs, run.task)


def export_surface(run_folder: Path, network: Path, name: str, licence: str, scans: int) -> None:
    """Write a run's surface network, weights stored as int8, with its entry."""
    net, run = load_net(run_folder)
    metadata = {
        "id": f"surface-{name}",
        "task": "surface",
        "precision": "int8",
        "outputs": list(OUTPUTS),
        "labels": "0 gingiva; 1-8 positions 1-8 at x > 0 (quadrants 2, 4); 9-16 positions 1-8 at x < 0 (1, 3)",
        "frame": "mm, +z occlusal, +y anterior, right-handed, origin at the mean of the points",
        "area_per_point": list(AREA_PER_POINT),
        "training": training_record(run, scans) | {"start": run["config"]["start"]},
    }
    model = with_int8_weights(to_onnx(net))
    describe_model(model, metadata)
    onnx.checker.check_model(model)
    register(network, model, metadata, f"{name}.md", license=licence)


def score_volumes(labelled: Sequence[Labelled], network: Path | None) -> dict[str, Any]:
    """Mean scores of the whole path over held-out scans, of a folder's networks or the installed ones."""
    rows = []
    for one in labelled:
        truth = one.scan.with_array(np.where(one.fdi == UNKNOWN, 0, one.fdi).astype(np.uint8))
        try:
            found = segment_volume(one.scan, models=load_kind("volume", network)).labels
        except NoTeethError:
            found = truth.with_array(np.zeros_like(truth.array))
        rows.append(evaluate_pair(found, truth))
    return aggregate(rows)


def score_jaws(scans: Sequence[Scan], network: Path | None) -> dict[str, Any]:
    """Scores of the whole intraoral path over held-out jaws, told which jaw each is; "refused" counts those without a
    result."""
    models = load_kind("surface", network, RunOptions(threads=1))
    scores, refused = {}, 0
    for scan in scans:
        try:
            scores[scan.name] = scores_of(scan, segment(scan, models, jaw=scan.jaw))
        except (InputError, NoTeethError):
            refused += 1
    return {**(merge_evaluations(scores) if scores else {}), "refused": refused}


def draw_curve(runs: Mapping[str, Path], path: Path) -> None:
    """Draw the loss of every network over its steps, in training and on held-out patients.

    Raises
    ------
    InputError
        matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise InputError(
            'The learning curve needs matplotlib, which is not installed: python -m pip install "matplotlib>=3.7".'
        ) from error
    figure = Figure(figsize=(4.5 * len(runs), 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (task, folder) in zip(figure.subplots(1, len(runs), squeeze=False)[0], runs.items(), strict=True):
        steps, held = read_log(folder), read_log(folder, "validation")
        axes.plot([r["step"] for r in steps], [r["loss"] for r in steps], label="training: loss")
        key = "loss" if held and "loss" in held[0] else "dice"
        if held:
            axes.plot([r["step"] for r in held], [r[key] for r in held], "o-", label=f"held out: {key}")
        axes.set(title=task, xlabel="step", ylim=(0, None))
        axes.legend()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110)


def card(name: str, told: Mapping[str, Any]) -> str:
    """The model card in Markdown. No name of a scan or patient stands in it, for the folder may be handed on."""
    head, rows = ("held-out scans", *(TITLES[key] for key in COLUMNS)), []
    if told["layout"] == "teeth3ds":
        head = ("held-out jaws", "DSC", "DSC whatever the number", "teeth", "missed", "wrong numbers", "without result")
        keys = ("dice", "instance_dice", "teeth", "missed", "wrong_fdi", "refused")
    else:
        keys = COLUMNS
    for title, scores in told["scores"].items():
        rows.append((title, *(_cell(scores.get(key)) for key in keys)))
    compared = "\n".join(
        f"- {task}: int8 and fp32 give the same label in {100 * one['int8_agreement']:.2f} % of the voxels of held-out "
        "patches."
        for task, one in told["compared"].items()
    )
    starts = "\n".join(f"- `{one['id']}` (SHA-256 `{one['sha256'][:16]}...`): {one['license']}" for one in told["from"])
    return f"""# {name}

Networks trained on from those that came with DentalTopoSeg, with labelled scans of whoever made this folder.

**Research use only. Not a medical device; not for diagnosis or treatment planning without a qualified reader.**

| | |
|---|---|
| Date | {date.today().isoformat()} |
| Licence | {told["licence"]} |
| Layout of the data | {told["layout"]} |
| Scans | {told["train"]} to train on, {told["held"]} held out, of {told["patients"]} patients |
| Split | by patient: {told["how"]} |
| Teeth | {told["teeth"]} |
| Steps | {", ".join(f"{task} {steps}" for task, steps in told["steps"].items())} |

Started from:
{starts}

The terms of those networks hold for these as well.

## Measured on the held-out patients, the whole path, int8

{markdown_table(head, rows)}

Nothing was chosen by these patients: the weights are those of the last step, averaged. They also give the held-out line
of `{CURVE}`.
{compared}

Confidences are scores, not measured probabilities, until a calibration is fitted (`python -m training calibrate`).
"""


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, (list, tuple)):
        return str(len(value))
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def write_card(network: Path, name: str, told: Mapping[str, Any]) -> Path:
    """Write the card beside the networks; returns its path."""
    write_whole(network / f"{name}.md", card(name, told))
    return network / f"{name}.md"


def start_entries(tasks: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The installed networks' entries of these tasks, the newest of each."""
    return {entry["task"]: entry for entry in list_models() if entry["task"] in tasks}


def read_net(file: Path) -> dict[str, Any]:
    """What a surface network's file says of how it is built."""
    return read_metadata(onnx.load(file))["training"]["net"]
