"""A model folder of nnU-Net v2 as networks that the library runs without torch: fp32, and int8 where scans are given.

    python -m training quantize-nnunet MODEL_FOLDER -o FOLDER --calibrate SCANS

Nothing of the model folder is run: its plans are read as data, its checkpoints as weights. FOLDER gets the networks,
their list models.json and a card; `dentaltoposeg segment --models FOLDER` uses them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx

from DentalTopoSegLib.dentition.label_names import Labels
from DentalTopoSegLib.errors import DentalTopoSegError, InputError
from DentalTopoSegLib.files.volumes import SCAN_SUFFIXES, read_volume
from DentalTopoSegLib.networks.graphs import require_known_graph
from DentalTopoSegLib.nnunet.converted import PARTS_TASK, TASK
from DentalTopoSegLib.nnunet.description import Description
from DentalTopoSegLib.nnunet.joining import parts_of
from DentalTopoSegLib.nnunet.preprocessing import prepare
from DentalTopoSegLib.nnunet.segmenting import turned_as_trained
from DentalTopoSegLib.nnunet.window import tile_starts
from training.export.shipping import describe_model, register, write_whole
from training.nnunet.folder import ModelFolder, read_folder
from training.nnunet.graph import INPUT, OUTPUT, write_graph
from training.nnunet.quantize import quantize

TILES = 12
"""Tiles that ranges are measured on, where not told otherwise."""
STEPS = 500
"""Of the fine-tuning, where not told otherwise."""


def convert(
    path: Path,
    output: Path,
    *,
    calibrate: Path | None = None,
    folds: Sequence[str] | None = None,
    orientation: str | None = None,
    name: str | None = None,
    tiles: int = TILES,
    finetune_on: Path | None = None,
    steps: int = STEPS,
    run: Path | None = None,
) -> list[Path]:
    """Convert a model folder.

    Parameters
    ----------
    path : Path
        As nnunetv2 leaves it: plans.json, dataset.json, fold_*/checkpoint_final.pth.
    output : Path
        For the networks, models.json and the card.
    calibrate : Path, optional
        A scan, or a folder of scans, to measure ranges on: gives int8 too.
    folds : sequence of str, optional
        Which; None for all, whose mean is the answer.
    orientation : str, optional
        How the scans of the training lie, such as "LPS".
    name : str, optional
        Of the network; by default the data set's.
    tiles : int
        How many tiles ranges are measured on.
    finetune_on : Path, optional
        Labelled scans in nnU-Net's raw layout, for quantization-aware fine-tuning (`finetune`); needs `calibrate`.
    steps : int
        Of the fine-tuning.
    run : Path, optional
        Folder of its checkpoints; by default beside the output.

    Returns
    -------
    list of Path
        The written networks.

    Raises
    ------
    InputError
        For whatever cannot be converted; then nothing is written.
    """
    folder = read_folder(path, folds, orientation)
    model_id = re.sub(r"[^A-Za-z0-9]+", "-", name or folder.name).strip("-")[:80] or "nnunet"
    description = Description.of(folder.metadata, f"The model folder '{path}'")
    samples = calibration_tiles(calibrate, description, tiles) if calibrate is not None else []
    graphs = {"fp32": write_graph(folder)}
    tuning: dict[str, float | int] = {}
    if finetune_on is not None:
        if not samples:
            raise InputError("--finetune needs --calibrate: the ranges of int8 are measured on scans.")
        from training.nnunet.finetune import finetune

        run = run or output.with_name(f"{output.name}-finetune")
        graphs["int8"], tuning = finetune(graphs["fp32"], samples, finetune_on, description, run, steps=steps)
    elif samples:
        graphs["int8"] = quantize(graphs["fp32"], samples)
    task = PARTS_TASK if parts_of(description.names) else TASK
    for precision, model in graphs.items():
        describe_model(model, {"id": model_id, "task": task, "precision": precision, **folder.metadata})
        onnx.checker.check_model(model)
        require_known_graph(model.SerializeToString(), output / model_id, (INPUT,), (OUTPUT,))
    card = f"{model_id}.md"
    written = []
    for precision, model in graphs.items():
        metadata = {"id": model_id, "task": task, "precision": precision}
        written.append(register(output, model, metadata, card, license=licence_of(folder.metadata)))
    write_whole(output / card, card_text(folder, model_id, written, len(samples), tuning))
    return written


def calibration_tiles(path: Path, description: Description, count: int) -> list[np.ndarray]:
    """Tiles of scans, prepared as for the network, that show something: those of the largest deviation."""
    scans = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.name.lower().endswith(SCAN_SUFFIXES))
    if not scans:
        raise InputError(
            f"'{path}' holds no scan to measure ranges on: give a NIfTI, NRRD or MetaImage file, or a folder."
        )
    found: list[tuple[float, np.ndarray]] = []
    for scan in scans[:count]:
        volume = turned_as_trained(read_volume(scan)[0], description.orientation)
        image = prepare(volume.array, volume.spacing[::-1], description).image
        shape = image.shape[1:]
        short = [max(side - n, 0) for side, n in zip(description.patch, shape, strict=True)]
        image = np.pad(image, [(0, 0), *((n // 2, n - n // 2) for n in short)])
        starts = [tile_starts(n, side) for n, side in zip(image.shape[1:], description.patch, strict=True)]
        here = []
        for corner in np.stack(np.meshgrid(*starts, indexing="ij"), -1).reshape(-1, 3):
            part = tuple(slice(a, a + side) for a, side in zip(corner, description.patch, strict=True))
            tile = image[(slice(None), *part)]
            here.append((float(tile.std()), np.ascontiguousarray(tile[None])))
        found += sorted(here, key=lambda pair: -pair[0])[: -(-count // min(len(scans), count))]
    return [tile for _, tile in sorted(found, key=lambda pair: -pair[0])[:count]]


def licence_of(metadata: dict[str, Any]) -> str:
    """What the data set says of its terms, in one line."""
    source = metadata["source"]
    return str(source.get("licence") or source.get("license") or "not stated by its authors")[:200]


def card_text(
    folder: ModelFolder, model_id: str, written: Sequence[Path], tiles: int, tuning: Mapping[str, float]
) -> str:
    """The card in Markdown."""
    metadata, source = folder.metadata, folder.metadata["source"]
    meaning = Labels.of({int(value): label for value, label in metadata["labels"].items()})
    channel = metadata["channels"][0]
    teeth = ", ".join(map(str, sorted(meaning.teeth.values()))) or "none: it numbers no teeth"
    others = ", ".join(s.name for s in meaning.structures) or "none"
    files = "\n".join(f"| {path.name} | {path.stat().st_size / 1e6:.2f} MB |" for path in written)
    spacing = " x ".join(f"{n:.3g}" for n in metadata["spacing_mm"])
    return f"""# {model_id}

Converted from an nnU-Net v2 model folder ({source["name"]}, {folder.architecture.kind}, {source["trainer"]}, folds
{", ".join(source["folds"])}). **Made by others: its terms, its training and its limits are theirs.**

| | |
|---|---|
| Licence | {licence_of(metadata)} |
| Reference | {source.get("reference", "not stated")} |
| About | {source.get("description", "not stated")} |
| Teeth (FDI) | {teeth} |
| Other structures | {others} |
| Grid | {spacing} mm, patch {" x ".join(map(str, metadata["patch"]))} |
| Grey values | {channel["normalisation"]} of "{channel["name"]}" |
| Its training scans lie | {metadata["orientation"] or "as they are stored, not known how"} |
| Ranges measured on | {tiles} tiles |
{tuning_row(tuning)}
| File | Size |
|---|---|
{files}
"""


def tuning_row(tuning: Mapping[str, float]) -> str:
    """The card's row on the fine-tuning; nothing without one."""
    if not tuning:
        return ""
    taken = "taken" if tuning["tuned"] >= tuning["after_training"] else "not taken, it is no better"
    return (
        f"| Fine-tuned for int8 | {tuning['steps']} steps on {tuning['cases']} cases; Dice on {tuning['held_out']} "
        f"held out: {tuning['after_training']:.3f} without, {tuning['tuned']:.3f} with ({taken}) |\n"
    )


def main(argv: list[str] | None = None) -> int:
    """Convert a model folder; returns the exit code of a refusal, 0 otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path, help="model folder with plans.json, dataset.json and fold_*")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder for the networks")
    parser.add_argument("--calibrate", type=Path, metavar="SCANS", help="scan or folder of scans, for int8")
    parser.add_argument("--folds", nargs="+", metavar="FOLD", help="0 to 4 or all (default: the mean of all there are)")
    parser.add_argument("--orientation", metavar="LPS|RAS|...", help="how the scans of its training lie, where known")
    parser.add_argument("--name", help="of the network (default: its data set's)")
    parser.add_argument("--tiles", type=int, default=TILES, help="tiles that ranges are measured on")
    parser.add_argument(
        "--finetune",
        type=Path,
        metavar="LABELLED",
        help="imagesTr and labelsTr: int8 learned on labels, not only measured",
    )
    parser.add_argument("--steps", type=int, default=STEPS, help="of the fine-tuning")
    parser.add_argument("--run", type=Path, help="folder of its checkpoints (default: beside the output)")
    given = parser.parse_args(argv)
    try:
        written = convert(
            given.model,
            given.output,
            calibrate=given.calibrate,
            folds=given.folds,
            orientation=given.orientation,
            name=given.name,
            tiles=given.tiles,
            finetune_on=given.finetune,
            steps=given.steps,
            run=given.run,
        )
    except DentalTopoSegError as error:
        print(f"quantize-nnunet: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps({path.name: path.stat().st_size for path in written}, indent=2))
    return 0
