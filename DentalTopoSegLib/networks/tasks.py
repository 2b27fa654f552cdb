"""What every network of DentalTopoSeg is for: one entry per task. A new network is one entry and its file.

An entry says what the description inside an .onnx file of this task must hold, which outputs the network must have,
and how it is opened. Nothing here knows about teeth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: What every network says of itself.
_OF_ALL = ("id", "task")
_OF_VOLUMES = ("spacing_mm", "divisor", "output_stride", "clip_percentiles")


@dataclass(frozen=True)
class Task:
    """What one kind of network is for.

    Parameters
    ----------
    name : str
        As in models.json and in the networks' own descriptions.
    kind : str
        "volume": one array (D, H, W) in, "probabilities" out; "surroundings": likewise, of what lies around and
        in the teeth, only where that is asked for; "surface": named arrays of points in, named arrays out;
        "foreign": somebody's nnU-Net, a tile (1, C, D, H, W) in, logits out.
    required : tuple of str
        Keys that the description inside the file must have.
    outputs : tuple of str, optional
        Names of its outputs; None where the description names them itself, under "outputs".
    auto_provider : str
        Which provider "auto" means: one of `options.PROVIDERS`; "auto" leaves it to the processor.
    fp32_answers_int8 : bool
        Whether the fp32 file, where it is the only one, is the answer when int8 is asked for: quicker was asked for,
        exact is there, nothing is lost.
    graph : tuple, optional
        Of networks that others made: the names of the inputs and of the outputs. Such a file is opened only after
        `graphs.require_known_graph` has looked at it.
    """

    name: str
    kind: str
    required: tuple[str, ...]
    outputs: tuple[str, ...] | None = None
    auto_provider: str = "auto"
    fp32_answers_int8: bool = True
    graph: tuple[tuple[str, ...], tuple[str, ...]] | None = None

    def missing(self, metadata: Mapping[str, Any]) -> list[str]:
        """The required keys that a description lacks, in order."""
        return [key for key in (*_OF_ALL, *self.required) if key not in metadata]

    def promised_outputs(self, metadata: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the outputs that a network with this description must have."""
        return tuple(metadata["outputs"]) if self.outputs is None else self.outputs


def _volume(name: str) -> Task:
    return Task(name, "volume", _OF_VOLUMES, ("probabilities",))


def _surface(name: str, *required: str) -> Task:
    # Each jaw has a shape of its own and only two passes: preparing them takes OpenVINO longer than it saves.
    return Task(name, "surface", ("outputs", *required), auto_provider="onnxruntime")


#: Every task by its name.
TASKS: dict[str, Task] = {
    task.name: task
    for task in (
        _volume("numbering"),
        _volume("border"),
        Task("structures", "surroundings", (*_OF_VOLUMES, "labels"), ("probabilities",)),
        Task("canals", "surroundings", (*_OF_VOLUMES, "labels"), ("probabilities",)),
        Task("tissues", "surroundings", ("labels",), ("probabilities",)),
        _surface("orientation", "points"),
        _surface("surface", "labels", "area_per_point"),
        _surface("crowns", "labels", "crown_points"),
        Task("nnunet", "foreign", ("patch", "labels"), ("logits",), graph=(("image",), ("logits",))),
        Task("nnunet-parts", "foreign", ("patch", "labels"), ("logits",), graph=(("image",), ("logits",))),
    )
}


def task_names(kind: str) -> tuple[str, ...]:
    """The tasks of one kind ("volume" or "surface"), in the order of the table.

    Examples
    --------
    >>> task_names("volume")
    ('numbering', 'border')
    """
    return tuple(name for name, task in TASKS.items() if task.kind == kind)
