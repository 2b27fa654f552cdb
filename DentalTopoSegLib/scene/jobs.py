"""From nodes to a job for the worker: input files in a temporary folder, the scene untouched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class SceneJob:
    """A job for the worker, and what is needed to bring its result back to the scene.

    job: the dict of worker.py, JSON-ready. folder: temporary, holds input, output and job.json; nothing of the
    patient is in its file names. sources: the nodes the job was made of, by id.
    """

    job: dict
    folder: Path
    sources: tuple[str, ...]
    scene: object = field(repr=False)

    @property
    def path(self) -> Path:
        """job.json, the worker's argument."""

    @property
    def cancel_file(self) -> Path:
        """Create this file and the worker stops within a second."""

    @property
    def output(self) -> Path:
        """The folder the worker writes into."""

    def discard(self) -> None:
        """Delete the temporary folder; safe to call twice."""


def prepare_job(
    nodes: Sequence[object],
    *,
    jaws: Sequence[str | None] | None = None,
    name: str | None = None,
    threads: int | None = None,
    precision: str = "int8",
    per_tooth: bool = False,
    picture: bool = True,
    folder: str | os.PathLike[str] | None = None,
) -> SceneJob:
    """Write one volume node, or one or two model nodes, into a new temporary folder, as the worker reads them.

    jaws: per model "upper", "lower" or None (the shape decides). name: of the files written, "scan" by default, so
    that no patient's name gets there. folder: where the temporary folder is made, the system's by default.
    Positions are those of the world (RAS, mm) with the nodes' linear transforms applied. The scene is not changed.
    Raises SceneError, with one sentence for the user, for empty nodes, non-linear transforms, colour images and
    other things that are no scan; OutputError when the disk is full.
    """
    raise NotImplementedError
