"""A folder of networks beside the installed ones: what it holds, and the networks of one kind of scan out of it."""

from __future__ import annotations

import os
from collections.abc import Container
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..options import DEFAULTS, RunOptions
from .models import Model, list_models, load_model
from .tasks import task_names

SCANS = {"volume": "CBCT", "surface": "intraoral scans"}
"""What the networks of a kind are for, in words."""
_AROUND = {"jaws": "structures", "canals": "structures", "tissues": "tissues"}
"""The task of the network that finds what may be asked for beside the teeth (`options.STRUCTURE_GROUPS`)."""

_FINER = {"structures": "canals"}
"""A network that looks again, closer, at what another has found, if it lies beside it: its task, and the group that it
is for."""


def entries_of(folder: str | os.PathLike[str]) -> list[dict[str, Any]]:
    """The entries of a folder's models.json.

    Raises
    ------
    ModelError
        The folder has no such list, or it cannot be read.
    """
    path = Path(folder)
    if not (path / "models.json").is_file():
        raise ModelError(
            f"'{path}' holds no converted network (no models.json): give the folder that "
            "'python -m training quantize-nnunet' writes for an nnU-Net model folder, or 'python -m training own-data' "
            "for networks trained on your own scans."
        )
    return list_models(path)


def tasks_in(folder: str | os.PathLike[str]) -> frozenset[str]:
    """The tasks (`tasks.TASKS`) that a folder has networks of. ModelError as `entries_of`."""
    return frozenset(str(entry["task"]) for entry in entries_of(folder))


def load_kind(
    kind: str, folder: str | os.PathLike[str] | None = None, options: RunOptions = DEFAULTS
) -> dict[str, Model]:
    """The networks of one kind of scan by task: those of the folder, and the installed ones for what it lacks.

    Parameters
    ----------
    kind : str
        "volume" or "surface", as in `tasks.Task`.
    folder : path, optional
        None for the installed networks only.
    options : RunOptions
        Precision, provider, threads.

    Raises
    ------
    ModelError
        The folder has no network of this kind, or a network cannot be used.
    """
    wanted = task_names(kind)
    own = frozenset() if folder is None else tasks_in(folder) & set(wanted)
    around = kind == "volume" and not own and folder is not None and any(t in tasks_in(folder) for t in _asked(options))
    if folder is not None and not own and not around:
        has = ", ".join(sorted(tasks_in(folder))) or "nothing"
        raise ModelError(f"'{folder}' holds no network for {SCANS[kind]} (it has: {has}): name another folder.")
    place = None if folder is None else Path(folder)
    return {
        task: load_model(
            task, options.threads, options.precision, folder=place if task in own else None, provider=options.provider
        )
        for task in wanted
    }


def _asked(options: RunOptions) -> dict[str, str]:
    """Tasks of the networks for what was asked for beside the teeth, with one of the groups that needs each."""
    return {_AROUND[group]: group for group in options.structures}


def load_around(options: RunOptions, there: Container[str] = ()) -> dict[str, Model]:
    """The networks that find what was asked for beside the teeth, by task: those of `options.models`, and the installed
    ones for what that folder lacks; without those tasks that are there already.

    Raises
    ------
    ModelError
        Neither has one, or it cannot be used.
    """
    nets: dict[str, Model] = {}
    for task, group in _asked(options).items():
        if task in there:
            continue
        own = options.models is not None and task in tasks_in(options.models)
        if not own and task not in {str(entry["task"]) for entry in list_models()}:
            places = "DentalTopoSeg's own networks" + (f" and '{options.models}'" if options.models else "")
            raise ModelError(
                f"What was asked for with '{group}' cannot be found here: {places} have no network for it (task "
                f'"{task}"). Ask for the teeth alone, or install a version that has it.'
            )
        folder = Path(options.models) if own and options.models is not None else None
        nets[task] = load_model(task, options.threads, options.precision, folder=folder, provider=options.provider)
        finer = _FINER.get(task, "")
        listed = list_models() if folder is None else list_models(folder)
        if finer in options.structures and finer not in there and finer in {str(entry["task"]) for entry in listed}:
            nets[finer] = load_model(
                finer, options.threads, options.precision, folder=folder, provider=options.provider
            )
    return nets
