"""A network as the file that the library ships: its graph, its description in it, its entry in models.json."""

from __future__ import annotations

import argparse
import hashlib
import json
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import onnx
import torch

from DentalTopoSegLib.files.volumes.writing import atomic_path
from DentalTopoSegLib.networks.models import METADATA_KEY
from training.export.int8_storage import stored_bytes
from training.loop import load_checkpoint

OPSET = 20
LICENSE = "research use; see the model card"
SCANS = 119
"""Labelled intraoral scans that a network trained on all patients has seen."""


def load_average(folder: Path, network: Callable[..., torch.nn.Module]) -> tuple[torch.nn.Module, dict[str, Any]]:
    """The averaged network of a run in evaluation mode, built by `network`, and the run's checkpoint."""
    run = load_checkpoint(folder)
    net = network(**run["config"]["net"])
    net.load_state_dict(run["average"])
    return net.eval(), run


def export_graph(
    net: torch.nn.Module,
    example: tuple[torch.Tensor, ...],
    inputs: Sequence[str],
    outputs: Sequence[str],
    dynamic_shapes: tuple | None = None,
) -> onnx.ModelProto:
    """The graph that torch's exporter makes of a network, without the stack traces and shapes it leaves in the file.

    Parameters
    ----------
    net : torch.nn.Module
        In evaluation mode.
    example : tuple of torch.Tensor
        Arguments of `forward`.
    inputs, outputs : sequence of str
        Names in the graph.
    dynamic_shapes : tuple, optional
        Dimensions that are free, as `torch.onnx.export` takes them.

    Returns
    -------
    onnx.ModelProto
        The graph.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes on its own renaming of dimensions
        program = torch.onnx.export(
            net,
            example,
            dynamo=True,
            dynamic_shapes=dynamic_shapes,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=list(outputs),
            verbose=False,
        )
    model = program.model_proto
    del model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    return model


def training_record(run: dict[str, Any], scans: int) -> dict[str, Any]:
    """What the metadata says of the training of an intraoral network, from its checkpoint."""
    config = run["config"]
    return {
        "steps": run["progress"]["step"],
        "cpu_minutes": round(run["progress"]["cpu_seconds"] / 60, 1),
        "seed": config["seed"],
        "scans": scans,
        "net": config["net"],
        "date": time.strftime("%Y-%m-%d"),
    }


def describe_model(model: onnx.ModelProto, metadata: dict[str, Any]) -> None:
    """Write the metadata that `networks.models.load_model` reads into the model, in place of any it had."""
    del model.metadata_props[:]
    entry = model.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, json.dumps(metadata)


def read_metadata(model: onnx.ModelProto) -> dict[str, Any]:
    """What `describe_model` wrote."""
    return json.loads(next(prop.value for prop in model.metadata_props if prop.key == METADATA_KEY))


def write_whole(path: Path, content: bytes | str) -> None:
    """Write bytes or text whole or not at all, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)


def register(
    folder: Path, model: onnx.ModelProto, metadata: dict[str, Any], card: str | None, license: str = LICENSE
) -> Path:
    """Write the model beside its entry in `folder`/models.json, replacing that of the same task and precision."""
    content = model.SerializeToString()
    name = f"{metadata['id']}.{metadata['precision']}.onnx"
    write_whole(folder / name, content)
    entry = {
        "id": metadata["id"],
        "task": metadata["task"],
        "precision": metadata["precision"],
        "file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "license": license,
        "card": card,
    }
    index = folder / "models.json"
    entries = json.loads(index.read_text(encoding="utf-8"))["models"] if index.exists() else []
    kept = [e for e in entries if (e["task"], e["precision"]) != (entry["task"], entry["precision"])]
    replaced = [e["file"] for e in entries if e not in kept and e["file"] != name]
    entries = sorted([*kept, entry], key=lambda e: (e["task"], e["precision"]))
    write_whole(index, json.dumps({"models": entries}, indent=2) + "\n")
    for file in replaced:  # only now: models.json never names a file that is gone
        (folder / file).unlink(missing_ok=True)
    return folder / name


def ship(folder: Path, model: onnx.ModelProto, metadata: dict[str, Any], card: str | None = None) -> dict[str, Any]:
    """Describe, check and register an intraoral network; returns its file, size, stored weights and metadata."""
    describe_model(model, metadata)
    model.producer_name, model.producer_version = "dentaltoposeg training", ""
    onnx.checker.check_model(model)
    path = register(folder, model, metadata, card)
    return {"file": str(path), "size_bytes": path.stat().st_size, "stored": stored_bytes(model), "metadata": metadata}


def run_export(description: str, export: Callable[..., dict[str, Any]], argv: list[str] | None) -> None:
    """Command line of an `export` that takes the run's folder, the models' folder, version, scans and card."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--models", type=Path, required=True, help="folder of the .onnx files and models.json")
    parser.add_argument("--version", default="1", help="last part of the model's id")
    parser.add_argument("--scans", type=int, default=SCANS, help="how many scans the network has seen")
    parser.add_argument("--card", help="file name of the model card")
    arguments = parser.parse_args(argv)
    result = export(arguments.run, arguments.models, arguments.version, arguments.scans, arguments.card)
    print(json.dumps(result, indent=2))
