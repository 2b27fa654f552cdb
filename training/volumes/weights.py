"""Weights handed on in parts small enough for any channel, and put together again, every byte checked.

    python -m training join-weights PARTS RUNS

A file of weights is a checkpoint with averaged weights only: {"config", "progress", "average"}. Each is cut into parts
below 16 MiB; one JSON beside them (`RESULT`) tells their sizes and SHA-256, and what the training was worth.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from DentalTopoSegLib.errors import DentalTopoSegError, InputError
from DentalTopoSegLib.files.json_text import read_json
from DentalTopoSegLib.files.names import bare_name
from DentalTopoSegLib.files.transactions import atomic_path
from training.loop import CHECKPOINT, load_checkpoint, save_whole

PART_BYTES = 15 << 20
RESULT = "result.json"


def averaged_weights(run: Path, target: Path) -> dict[str, Any]:
    """Write a run's averaged weights to `target`, whole or not at all; returns its whole checkpoint."""
    checkpoint = load_checkpoint(run)
    save_whole({key: checkpoint[key] for key in ("config", "progress", "average")}, target)
    return checkpoint


def split_file(path: Path, folder: Path, part_bytes: int = PART_BYTES) -> dict[str, Any]:
    """Cut a file into parts.

    Parameters
    ----------
    path, folder : Path
        The file, and where its parts go, called like it with `.1of3` at their end.
    part_bytes : int
        Most bytes of a part.

    Returns
    -------
    dict
        {"file", "bytes", "sha256", "parts": [{"file", "bytes", "sha256"}, ...]}, what `join_file` takes.
    """
    content = path.read_bytes()
    pieces = [content[start : start + part_bytes] for start in range(0, len(content), part_bytes)] or [b""]
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for number, piece in enumerate(pieces, 1):
        part = folder / f"{path.name}.{number}of{len(pieces)}"
        with atomic_path(part) as temporary:
            temporary.write_bytes(piece)
        parts.append({"file": part.name, **_sum(piece)})
    return {"file": path.name, **_sum(content), "parts": parts}


def join_file(folder: Path, entry: dict[str, Any] | None, target: Path) -> None:
    """Put a file together from its parts, whole or not at all.

    Parameters
    ----------
    folder : Path
        Of the parts.
    entry : dict
        What `split_file` returned.
    target : Path
        The file.

    Raises
    ------
    InputError
        A part is absent or altered, or `entry` is no such dict.
    """
    said = f"{folder / RESULT} is damaged: a file's name"
    try:
        listed = (entry or {})["parts"]
        parts = [(bare_name(part["file"], said), part["bytes"], part["sha256"]) for part in listed]
        whole = {key: (entry or {})[key] for key in ("bytes", "sha256")}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder / RESULT} does not tell the parts of the weights: bring the file again.") from error
    content = b""
    for name, size, checksum in parts:
        path = folder / name
        if not path.is_file():
            raise InputError(f"{path}: this part of the weights is absent; bring it again.")
        piece = path.read_bytes()
        if _sum(piece) != {"bytes": size, "sha256": checksum}:
            raise InputError(f"{path}: this part of the weights was altered on its way; bring it again.")
        content += piece
    if _sum(content) != whole:
        raise InputError(f"{folder}: the parts are sound but do not make the weights; bring {RESULT} again.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as temporary:
        temporary.write_bytes(content)


def read_result(folder: Path) -> dict[str, Any]:
    """The JSON beside weights in parts.

    Raises
    ------
    InputError
        The folder has none, or it is no such JSON.
    """
    result = read_json(folder / RESULT)
    if not isinstance(result, dict) or not isinstance(result.get("networks"), dict):
        raise InputError(f"{folder / RESULT} tells of no weights: name the folder of a round that was handed on.")
    return result


def join_weights(folder: Path, runs: Path) -> dict[str, Path]:
    """Put the weights of a round together as runs that can be exported and gone on from.

    Parameters
    ----------
    folder : Path
        Of the parts and their JSON.
    runs : Path
        Gets a folder with a checkpoint for every network, called like it.

    Returns
    -------
    dict
        The checkpoint of every network.

    Raises
    ------
    InputError
        Something is absent or altered.
    """
    made = {}
    for name, network in read_result(folder)["networks"].items():
        target = runs / bare_name(name, f"{folder / RESULT} is damaged: a network's name") / CHECKPOINT
        join_file(folder, network.get("weights") if isinstance(network, dict) else None, target)
        made[name] = target
    return made


def write_result(folder: Path, result: dict[str, Any]) -> Path:
    """Write the JSON beside the weights, the last of the files: where it is, everything is."""
    path = folder / RESULT
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(result, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return path


def _sum(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def main(argv: list[str] | None = None) -> int:
    """Join the weights of a round."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("parts", type=Path, help="folder of the parts and their JSON")
    parser.add_argument("runs", type=Path, help="gets a run for every network, to export or to go on from")
    args = parser.parse_args(argv)
    try:
        for name, path in join_weights(args.parts, args.runs).items():
            print(f"{name}: {path}")
    except DentalTopoSegError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0
