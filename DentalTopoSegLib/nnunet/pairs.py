"""What a folder of converted nnU-Nets finds in a scan: one network's answer, or that of a pair (`joining`)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from ..errors import ModelError
from ..files.volumes import Volume
from ..networks.folders import tasks_in
from ..options import DEFAULTS, RunOptions
from ..stages import FIND_TEETH, LOAD_NETWORKS
from .converted import PARTS_TASK, TASK
from .joining import number_separated, parts_of, separate_teeth
from .segmenting import NetworkSegmentation, load_nnunet, segment_with


def segment_by_folder(
    volume: Volume, folder: str | os.PathLike[str], options: RunOptions = DEFAULTS
) -> NetworkSegmentation:
    """Segment a scan with the converted nnU-Net of a folder; where the folder also holds one that takes teeth apart,
    its teeth get the first one's numbers.

    Parameters
    ----------
    volume, options
        As of `segment_with`.
    folder : path
        As `python -m training quantize-nnunet` writes it, once or twice.

    Raises
    ------
    ModelError
        As `load_nnunet`; also for a network that takes teeth apart with none that numbers them.
    InputError, Cancelled
        As `segment_with`.
    """
    tasks = tasks_in(folder)
    if TASK not in tasks:
        raise ModelError(
            f"The network in '{folder}' takes teeth apart and numbers none: convert the one that numbers them into the "
            "same folder (docs/nnunet.md)."
        )
    options.progress(LOAD_NETWORKS, 0, 1)
    networks = [load_nnunet(folder, options, task) for task in (TASK, PARTS_TASK) if task in tasks]
    options.progress(LOAD_NETWORKS, 1, 1)
    if len(networks) == 1:
        return segment_with(volume, *networks[0], options)
    parts = parts_of(networks[1][1].names)
    if parts is None:
        raise ModelError(f"The network {networks[1][0].path} knows no center and border of teeth: convert it again.")
    numbered = segment_with(volume, *networks[0], replace(options, progress=_half(options, 0)))
    apart = segment_with(volume, *networks[1], replace(options, progress=_half(options, 1)))
    teeth = separate_teeth(apart.structures.array, *parts, volume.spacing[::-1])
    first, second = numbered.provenance, apart.provenance
    seconds = {stage: round(first["seconds"][stage] + second["seconds"][stage], 3) for stage in first["seconds"]}
    return replace(
        numbered,
        labels=volume.with_array(number_separated(teeth, numbered.labels.array)),
        provenance={**first, "models": [*first["models"], *second["models"]], "seconds": seconds},
    )


def _half(options: RunOptions, which: int) -> Callable[[str, float, float], None]:
    """Progress of the first (0) or second network of two: the long stage goes on where the first one ended."""

    def progress(stage: str, done: float, total: float) -> None:
        if stage == FIND_TEETH:
            options.progress(stage, which * total + done, 2 * total)
        elif which == 0:
            options.progress(stage, done, total)

    return progress
