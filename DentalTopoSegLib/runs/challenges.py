"""Folders of predictions against folders of references, scored as challenges do."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, UsageError
from ..files.volumes import SCAN_SUFFIXES, read_label_file

if TYPE_CHECKING:
    from ..files.volumes import Volume

CHALLENGES = ("teeth3ds", "toothfairy2", "toothfairy3")
_MESHES = (".obj", ".stl", ".ply")

#: `progress(done, total)`.
Progress = Callable[[int, int], None]


def evaluate_folders(
    prediction: str | os.PathLike[str],
    reference: str | os.PathLike[str],
    challenge: str,
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Score a folder of predictions as a challenge's script does.

    Parameters
    ----------
    prediction, reference : path
        Folders, in any depth; a case has the same name in both. "teeth3ds": <case>_upper.json and <case>_lower.json,
        in the reference with the mesh of that name beside it. "toothfairy2", "toothfairy3": label maps in the
        challenge's values.
    challenge : str
        One of `CHALLENGES`.
    progress : callable
        After each case.

    Returns
    -------
    dict
        "challenge", "cases" by name, "total", and "missing": cases without a prediction. They count 0 in Teeth3DS and,
        as an empty label map would, in ToothFairy.

    Raises
    ------
    InputError
        Where nothing can be compared, and for the first case whose two files do not belong together.
    """
    if challenge not in CHALLENGES:
        raise UsageError(f"The challenge '{challenge}' is unknown: use {', '.join(CHALLENGES)}.")
    suffixes = (".json",) if challenge == "teeth3ds" else SCAN_SUFFIXES
    mine, theirs = _cases(Path(prediction), suffixes), _cases(Path(reference), suffixes)
    if not theirs.keys() & mine.keys():
        raise InputError(
            f"'{prediction}' and '{reference}' have no case in common: a case's files are called alike in both."
        )
    score = _teeth3ds if challenge == "teeth3ds" else _toothfairy
    cases = {}
    for done, (name, file) in enumerate(sorted(theirs.items()), start=1):
        cases[name] = score(mine.get(name), file, challenge)
        progress(done, len(theirs))
    missing = sorted(theirs.keys() - mine.keys())
    return {"challenge": challenge, "total": _total(cases, challenge), "cases": cases, "missing": missing}


def _cases(folder: Path, suffixes: tuple[str, ...]) -> dict[str, Path]:
    if not folder.is_dir():
        raise InputError(f"'{folder}' is no folder: give the folder of all cases.")
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        ending = next((s for s in sorted(suffixes, key=len, reverse=True) if path.name.lower().endswith(s)), None)
        if ending is None or path.name == "dataset.json" or not path.is_file():
            continue
        name = path.name[: -len(ending)]
        if name in found:
            raise InputError(f"'{found[name]}' and '{path}' are the same case: keep one of them.")
        found[name] = path
    return found


def _teeth3ds(mine: Path | None, theirs: Path, challenge: str) -> dict[str, Any]:
    from ..checks.metrics.challenges import TEETH3DS_NONE, teeth3ds_script_scores
    from ..files.meshes import read_mesh
    from ..files.meshes.teeth3ds import read_teeth3ds_json

    if mine is None:
        return dict(TEETH3DS_NONE)
    mesh_file = next((f for s in _MESHES if (f := theirs.with_suffix(s)).is_file()), None)
    if mesh_file is None:
        raise InputError(f"The mesh of '{theirs}' is not beside it: keep {theirs.stem}.obj in the reference's folder.")
    mesh = read_mesh(mesh_file)[0]
    vertices = mesh.vertices[mesh.file_vertex]
    predicted, reference = read_teeth3ds_json(mine), read_teeth3ds_json(theirs)
    for path, labels in ((mine, predicted), (theirs, reference)):
        if len(labels["labels"]) != len(vertices):
            raise InputError(
                f"'{path}' has {len(labels['labels']):,} labels, but the mesh '{mesh_file.name}' {len(vertices):,} "
                "vertices."
            )
    return teeth3ds_script_scores(vertices, predicted, reference)


def _toothfairy(mine: Path | None, theirs: Path, challenge: str) -> dict[str, Any]:
    import numpy as np

    from ..checks.metrics.challenges import toothfairy_scores

    reference, _ = read_label_file(theirs)
    if mine is None:
        return toothfairy_scores(np.zeros_like(reference.array), reference.array, challenge)
    predicted, _ = read_label_file(mine)
    _require_same_grid(predicted, reference, mine, theirs)
    return toothfairy_scores(predicted.array, reference.array, challenge)


def _require_same_grid(predicted: Volume, reference: Volume, mine: Path, theirs: Path) -> None:
    if not predicted.same_grid(reference):
        raise InputError(f"'{mine}' and '{theirs}' lie on different grids: they must be of the same scan.")


def _total(cases: dict[str, dict[str, Any]], challenge: str) -> dict[str, float | None]:
    from ..checks.metrics.challenges import teeth3ds_total
    from ..checks.metrics.overlap import mean

    if challenge == "teeth3ds":
        return {**teeth3ds_total(cases)}
    return {key: mean(case[key] for case in cases.values()) for key in ("dice", "hd95")}
