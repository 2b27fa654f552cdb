"""A folder of networks beside the installed ones: what it holds, and the networks of one kind of scan out of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..options import DEFAULTS, RunOptions
from .models import Model, list_models, load_model
from .tasks import task_names

SCANS = {"volume": "CBCT", "surface": "intraoral scans"}
"""What the networks of a kind are for, in words."""


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
    if folder is not None and not own:
        has = ", ".join(sorted(tasks_in(folder))) or "nothing"
        raise ModelError(f"'{folder}' holds no network for {SCANS[kind]} (it has: {has}): name another folder.")
    place = None if folder is None else Path(folder)
    return {
        task: load_model(
            task, options.threads, options.precision, folder=place if task in own else None, provider=options.provider
        )
        for task in wanted
    }


def load_own(kind: str, folder: str | os.PathLike[str], options: RunOptions = DEFAULTS) -> dict[str, Model]:
    """The networks of one kind that a folder has, by task; none where it has none. Else as `load_kind`."""
    return {
        task: load_model(task, options.threads, options.precision, provider=options.provider, folder=Path(folder))
        for task in task_names(kind)
        if task in tasks_in(folder)
    }
