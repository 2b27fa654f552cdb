"""A scan through somebody's nnU-Net: prepared, tile by tile, labels back on its own grid, teeth by FDI number."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..dentition import Confidence, Known, Stated, is_right, is_upper
from ..dentition.label_names import Labels, Structure
from ..errors import InputError
from ..files.volumes import Volume
from ..networks.folders import entries_of
from ..networks.graphs import read_graph
from ..networks.models import Model, describe_model, load_model
from ..networks.onnx_runtime import privacy_notes, version_notes
from ..options import DEFAULTS, RunOptions
from ..stages import FIND_TEETH, NUMBER_TEETH, PREPARE_SCAN
from .converted import INPUT, OUTPUT, TASK, require_fitting
from .description import Description
from .preprocessing import prepare
from .window import count_tiles, label_slices

_CLEAR_MM = 5.0  # this far on the wrong side of the others, and it is no matter of a few voxels
_LPS = "LPS"


@dataclass(frozen=True)
class NetworkSegmentation:
    """What somebody's network found.

    Parameters
    ----------
    labels : Volume
        uint8 FDI numbers on the scan's grid; nothing where the network numbers no teeth.
    structures : Volume
        The network's own values of all else.
    names : tuple of Structure
        What those values are called.
    provenance : dict
        Network, provider, seconds.
    warnings : list of str
        For the report.
    known : Known
        What is stated of the teeth.
    """

    labels: Volume
    structures: Volume
    names: tuple[Structure, ...]
    provenance: dict[str, Any]
    warnings: list[str] = field(default_factory=list)
    known: Known = field(default_factory=Known)
    confidence: Confidence = field(default_factory=Confidence)


def load_nnunet(
    folder: str | os.PathLike[str], options: RunOptions = DEFAULTS, task: str = TASK
) -> tuple[Model, Description]:
    """Open the converted nnU-Net of a folder, looked at before it is trusted: checksum, operators, inputs and outputs,
    description.

    Parameters
    ----------
    folder : path
        As `python -m training quantize-nnunet` writes it.
    options : RunOptions
        Precision, provider, threads.
    task : str
        Which of the folder's: the one that names what it finds, or that which takes teeth apart (`PARTS_TASK`).

    Raises
    ------
    ModelError
        For whatever is missing, altered, unknown or beyond a bound.
    """
    folder = Path(folder)
    entries_of(folder)
    model = load_model(task, options.threads, options.precision, folder=folder, provider=options.provider)
    description = Description.of(model.metadata, f"The network {model.path}")
    require_fitting(description, read_graph(model.path.read_bytes(), model.path), model.path)
    return model, description


def segment_with(
    volume: Volume, model: Model, description: Description, options: RunOptions = DEFAULTS
) -> NetworkSegmentation:
    """Segment a scan with somebody's nnU-Net.

    Parameters
    ----------
    volume : Volume
        Any orientation and spacing.
    model, description : Model, Description
        Of `load_nnunet`.
    options : RunOptions
        Who is told of the progress, who may stop it, what is stated of the teeth. `tta`: the mean over the mirrorings
        that the training knew, which nnU-Net itself computes unless it is told not to.

    Returns
    -------
    NetworkSegmentation
        The labels of nnU-Net's own predictor, teeth by FDI number.

    Raises
    ------
    InputError
        For a scan that shows nothing, and where the network's right teeth lie on the patient's left.
    ModelError
        Where the network fails.
    Cancelled
        Soon after `options.cancelled` answers True.
    """
    seconds: dict[str, float] = {}
    meaning = Labels.of(description.names)
    warnings = privacy_notes()
    with _stage(PREPARE_SCAN, seconds, options):
        if not np.isfinite(volume.array).all():
            raise InputError(
                f"The scan {volume.name} contains values that are no numbers (NaN or infinite): export it again."
            )
        turned, back = _as_trained(volume, description.orientation)
        prepared = prepare(turned.array, turned.spacing[::-1], description)
    with _stage(FIND_TEETH, seconds, options):
        total = count_tiles(prepared.image.shape[1:], description.patch)

        def network(tile: np.ndarray) -> np.ndarray:
            return model.run_named({INPUT: tile[None]}, options.cancelled)[OUTPUT][0]

        def done(tiles: int) -> None:
            options.stop_if_cancelled()
            options.progress(FIND_TEETH, tiles, total)

        values = label_slices(prepared, description, network, mirror=options.tta, done=done)
    with _stage(NUMBER_TEETH, seconds, options):
        values = np.ascontiguousarray(back(values.transpose(np.argsort(description.axes))))
        labels = volume.with_array(meaning.tooth_map(values))
        structures = volume.with_array(meaning.structure_map(values))
        sided = _require_sides(labels)
    if description.orientation is None and _letters(volume) != _LPS and not sided:
        warnings.append(
            "The network does not say how the scans it was trained on lie, and this one is stored otherwise than most: "
            "check left and right."
        )
    if options.tta and not description.mirror_axes:
        warnings.append("This network was trained without mirroring: test-time augmentation (--tta) changed nothing.")
    if not meaning.teeth:
        warnings.append("This network numbers no teeth: its structures keep their own names, and no tooth is checked.")
    return NetworkSegmentation(
        labels,
        structures,
        meaning.structures,
        {
            "models": [{**describe_model(model, model.task), "source": model.metadata.get("source", {})}],
            "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
            "threads": options.threads,
            "precision": options.precision,
            "tta": {"mirror_axes": list(description.mirror_axes)} if options.tta and description.mirror_axes else None,
            "runtime_notes": version_notes(),
        },
        warnings,
        Known(Stated(options.absent, options.milk)),
    )


def _letters(volume: Volume) -> str:
    """The sides of the patient to which columns, rows and slices run: "LPS" of ITK's identity."""
    directions = np.reshape(volume.direction, (3, 3))
    return "".join(("LPS" if directions[a, i] > 0 else "RAI")[a] for i, a in enumerate(np.abs(directions).argmax(0)))


def turned_as_trained(volume: Volume, orientation: str | None) -> Volume:
    """The scan with its axes as those of the training's scans; as it is where that is not known."""
    return _as_trained(volume, orientation)[0]


def _as_trained(volume: Volume, orientation: str | None) -> tuple[Volume, Callable[[np.ndarray], np.ndarray]]:
    """The scan with its axes as those of the training's scans, and what turns an array back."""
    if orientation is None:
        return volume, lambda array: array
    have = _letters(volume)
    pairs = ("LR", "PA", "SI")
    kind = [next(i for i, pair in enumerate(pairs) if letter in pair) for letter in have]
    if sorted(kind) != [0, 1, 2]:
        raise InputError(f"The scan {volume.name} lies too obliquely to say which of its axes runs to the left.")
    wanted = [next(i for i, pair in enumerate(pairs) if letter in pair) for letter in orientation]
    order = [kind.index(k) for k in wanted]  # of x, y, z
    flips = [i for i, k in enumerate(order) if have[k] != orientation[i]]  # in the new order
    axes = tuple(2 - k for k in reversed(order))  # of z, y, x
    flipped = tuple(2 - i for i in flips)
    spacing = tuple(volume.spacing[k] for k in order)
    array = np.flip(volume.array.transpose(axes), flipped)

    def back(turned: np.ndarray) -> np.ndarray:
        return np.flip(turned, flipped).transpose(np.argsort(axes))

    return Volume(array, spacing, name=volume.name), back  # type: ignore[arg-type]


def _require_sides(labels: Volume) -> bool:
    """Whether teeth of both sides, or jaws, show where left and right are; InputError where they lie the other way
    round."""
    from scipy import ndimage

    teeth = [int(f) for f in np.flatnonzero(np.bincount(labels.array.ravel(), minlength=256)) if f]
    if not teeth:
        return False
    places = labels.index_to_ras(np.array(ndimage.center_of_mass(labels.array > 0, labels.array, teeth)))
    shown = False
    for axis, test, words in ((0, is_right, "right teeth on the patient's left"), (2, is_upper, "upper teeth below")):
        here = np.array([test(f) for f in teeth])
        if here.all() or not here.any():
            continue
        shown = shown or axis == 0
        if places[here, axis].mean() < places[~here, axis].mean() - _CLEAR_MM:
            raise InputError(
                f"The network puts the {words}: the scan {labels.name} is stored otherwise than those it was trained "
                "on. Convert the network again and say with --orientation how those lie."
            )
    return shown


@contextmanager
def _stage(name: str, seconds: dict[str, float], options: RunOptions) -> Iterator[None]:
    options.stop_if_cancelled()
    options.progress(name, 0, 1)
    started = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - started
    options.progress(name, 1, 1)
