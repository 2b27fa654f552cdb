"""A Swin UNETR teaches the small numbering network: its answers on CBCTs that nobody has labelled become samples.

The samples are those of `train-volumes` (task numbering: grey values at 1 mm, class indices at 2 mm), so that the small
network learns from them as from any others, and is exported as any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.files.transactions import atomic_path
from training.contrastive.finetune import first_people, load_segmenter
from training.contrastive.pairs import Pair, load_pair, person_of
from training.contrastive.scoring import window_probabilities
from training.contrastive.views import KNOWN_SHARE
from training.nets.swin import SwinSegmenter
from training.volumes.data import IMAGE_SUFFIX, TARGET_SUFFIX
from training.volumes.losses import IGNORE

SPACING_MM = 0.5
"""Of the pairs that samples are made of: twice as fine as the small network's images, four times as its classes."""

SURE = 0.7
"""A cell of 2 mm where the teacher gives its likeliest classes less, voxel by voxel on the average, says nothing."""


def coarse_classes(probabilities: Tensor, inside: np.ndarray, sure: float) -> np.ndarray:
    """Class indices of cells of four voxels along each edge.

    Parameters
    ----------
    probabilities : torch.Tensor
        (33, z, y, x) of the voxels; sizes are multiples of 4.
    inside : numpy.ndarray
        (z, y, x) bool, the field of view.
    sure : float
        Least mean over a cell's voxels of the largest probability.

    Returns
    -------
    numpy.ndarray
        uint8 (z/4, y/4, x/4), 255 where nothing is known: outside of the field, and where the probabilities are unsure.
    """
    cells = functional.avg_pool3d(probabilities[None], 4)[0]
    trust = functional.avg_pool3d(probabilities.amax(0)[None, None], 4)[0, 0]
    known = functional.avg_pool3d(torch.from_numpy(inside)[None, None].float(), 4)[0, 0] >= KNOWN_SHARE
    classes = cells.argmax(0).to(torch.uint8)
    classes[~known | (trust < sure)] = IGNORE
    return classes.numpy()


def labelled(pair: Pair) -> Tensor:
    """(33, z, y, x) the labels as probabilities."""
    return functional.one_hot(torch.from_numpy(pair.labels).long(), len(CLASS_FDI)).movedim(-1, 0).float()


def write_sample(pair: Pair, probabilities: Tensor, sure: float, stem: Path) -> None:
    """Write a pair's CBCT as a sample of the task numbering, target last.

    Raises
    ------
    InputError
        The pair's voxels are not 0.5 mm, or its sizes no multiples of 4.
    """
    if pair.spacing != SPACING_MM or any(size % 4 for size in pair.image.shape):
        raise InputError(
            f"{stem.name} has {pair.image.shape} voxels of {pair.spacing:g} mm: the small network learns from pairs of "
            f"{SPACING_MM:g} mm whose sizes are multiples of 4."
        )
    image = functional.avg_pool3d(torch.from_numpy(pair.image.astype(np.float32))[None, None], 2)[0, 0].numpy()
    arrays = {
        IMAGE_SUFFIX: image.astype(np.float16),
        TARGET_SUFFIX: coarse_classes(probabilities, pair.inside, sure),
    }
    for suffix, array in arrays.items():
        with atomic_path(stem.with_name(stem.name + suffix)) as temporary, temporary.open("wb") as file:
            np.save(file, array)


def write_answers(
    files: Sequence[Path],
    people: int | None,
    teacher: tuple[SwinSegmenter, Sequence[int]] | None,
    out: Path,
    device: str = "cpu",
) -> dict[str, int]:
    """Write the samples that are not there yet.

    Parameters
    ----------
    files
        Pairs to learn from, of `pairs.split_pairs`.
    people
        The first so many are labelled: their samples have the labels. None: all are.
    teacher
        The network and the size of its windows; everybody else's samples have its answers. None: they are left out.
    out
        Folder of the samples.
    device
        Of the teacher.

    Returns
    -------
    dict
        How many samples have "labels", and "answers".
    """
    known = {person_of(p) for p in first_people(files, people)}
    counts = {"labels": 0, "answers": 0}
    for path in files:
        kind = "labels" if person_of(path) in known else "answers"
        if kind == "answers" and teacher is None:
            continue
        counts[kind] += 1
        stem = out / path.stem
        if stem.with_name(stem.name + TARGET_SUFFIX).exists():
            continue
        out.mkdir(parents=True, exist_ok=True)
        pair = load_pair(path)
        if kind == "labels":
            write_sample(pair, labelled(pair), 0.0, stem)
        else:
            net, crop = teacher
            write_sample(pair, window_probabilities(net, pair.image, crop, device), SURE, stem)
        print(f"{kind} {path.stem}", flush=True)
    return counts


def load_teacher(folder: Path, held: Sequence[Path]) -> tuple[SwinSegmenter, Sequence[int]]:
    """A run of `contrastive finetune` as `write_answers` takes it.

    InputError where it was trained on held-out people.
    """
    net, config = load_segmenter(folder)
    if both := {person_of(p) for p in held} & set(config.get("people", ())):
        raise InputError(
            f"The teacher {folder} has seen {', '.join(sorted(both))}, whom this holds out: take its fold."
        )
    return net, config["views"]["crop"]
