"""A border network on labelled scans: scores of what it says by itself, and of the library's path around it.

The library's path repairs much of what a network gets wrong (it cuts merged teeth, joins pieces, fills voids), so that
a difference between two networks shows twice: in full where the network stands alone, and as far as a clinician would
notice it where the rules follow. The numbering network is the same for every row; its answer is computed once a scan.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from DentalTopoSegLib.cbct.inference import CoarseMap, run_border, run_numbering
from DentalTopoSegLib.cbct.instances import HALF, ISLAND_MM3
from DentalTopoSegLib.cbct.placing import place
from DentalTopoSegLib.cbct.region import find_dental_region
from DentalTopoSegLib.cbct.segmenting import segment_volume
from DentalTopoSegLib.cbct.splitting import FULL, grow
from DentalTopoSegLib.checks.metrics.label_maps import evaluate_pair
from DentalTopoSegLib.checks.topology import betti_numbers
from DentalTopoSegLib.dentition import CLASS_FDI
from DentalTopoSegLib.errors import InputError, NoTeethError
from DentalTopoSegLib.files.volumes import Volume, read_labels, read_volume, resample_ras
from DentalTopoSegLib.files.volumes.boxes import tooth_boxes
from DentalTopoSegLib.networks.models import Model, load_model
from DentalTopoSegLib.options import RunOptions, silent
from training.patients.labelled_scans import find_pairs
from training.patients.parts import WHOLE, Part

SPECK_MM3 = 5.0
GROW_STEPS = 10
KEPT = (
    "dice",
    "iou",
    "bf1",
    "nsd",
    "tooth_dice",
    "tca",
    "acs",
    "cer",
    "cer_with_voids",
    "detection_f1",
    "identification_accuracy",
    "count_pred",
    "count_ref",
    "missed",
    "invented",
)


@dataclass
class Remembered:
    """A network that answers the same array a second time from memory, a scan's tiles; stands in for a `Model`."""

    model: Model
    answers: dict[tuple, np.ndarray] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)

    def run(self, array: np.ndarray, cancelled: Any = None) -> np.ndarray:
        key = (array.shape, array.tobytes())
        if key not in self.answers:
            self.answers[key] = self.model.run(array, cancelled)
        return self.answers[key]


@dataclass(frozen=True)
class Case:
    """A labelled scan with what all rows share: the coarse map of the numbering network and the dental box."""

    name: str
    scan: Volume
    truth: Volume
    numbering: Remembered
    coarse: CoarseMap | None
    box: Any


def labelled(folders: list[Path], part: Part = WHOLE) -> list[tuple[str, Path, Path]]:
    """(name, image, labels) of the part's labelled scans of the folders.

    Raises
    ------
    InputError
        Two scans have the same folder name and name, by which scores are kept.
    """
    pairs = [
        (f"{folder.name}/{name}", image, labels) for folder in folders for name, image, labels in find_pairs(folder)
    ]
    names = [name for name, *_ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InputError(f"Two scans are called {twice[0]}, so one score would stand for both: rename a folder.")
    return list(part.of(pairs))


def cases(folders: list[Path], threads: int, part: Part = WHOLE) -> Iterator[Case]:
    """`labelled` scans, one at a time; `coarse` is None where no teeth were found. InputError as there."""
    network = load_model("numbering", threads)
    for name, image, labels in labelled(folders, part):
        scan, _ = read_volume(image)
        truth = read_labels(labels)
        numbering = Remembered(network)
        whole = resample_ras(scan, float(numbering.metadata["spacing_mm"]))
        coarse = run_numbering(numbering, whole, scan, silent, None)
        try:
            box = find_dental_region(coarse, scan).box
        except NoTeethError:
            coarse, box = None, None
        yield Case(name, scan, truth, numbering, coarse, box)


def alone(case: Case, border: Model) -> tuple[Volume, int]:
    """What the networks say without the rules: (FDI labels on the scan's grid, pieces of core).

    Every 26-connected piece of core is a tooth, grown to the border, and has the number most of its voxels have in
    the coarse map; pieces of the same number are one label. Nothing is cut, joined, filled or smoothed.
    """
    if case.coarse is None:
        return case.truth.with_array(np.zeros_like(case.truth.array)), 0
    grid = resample_ras(case.scan, float(border.metadata["spacing_mm"]), case.box)
    tooth, core = run_border(border, grid, case.scan, case.coarse, silent, None)
    labels, _ = ndimage.label((core >= HALF) & (tooth >= HALF), FULL)
    keep = np.bincount(labels.ravel()) * grid.voxel_volume_mm3 >= SPECK_MM3
    keep[0] = False
    labels = (np.cumsum(keep) * keep).astype(np.int16)[labels]
    count = int(keep.sum())
    number = case.coarse.probabilities[1:].argmax(0)[np.ix_(*case.coarse.nearest(grid))]
    flat = np.flatnonzero(labels)
    votes = np.zeros((count + 1, 32))
    np.add.at(votes, (labels.ravel()[flat], number.ravel()[flat]), 1)
    fdi = np.array(CLASS_FDI, np.uint8)[votes.argmax(1) + 1]
    fdi[0] = 0
    labels = fdi[grow(labels, tooth >= HALF, core, GROW_STEPS)]
    return case.scan.with_array(place(labels, tooth, grid, case.scan)), count


def pieces(labels: Volume) -> int:
    """Teeth a count of connected components would find: 26-connected pieces of at least `ISLAND_MM3` per label."""
    total = 0
    for value, box in tooth_boxes(labels.array).items():
        parts, _ = ndimage.label(labels.array[box] == value, FULL)
        total += int((np.bincount(parts.ravel())[1:] * labels.voxel_volume_mm3 >= ISLAND_MM3).sum())
    return total


def errors_by_tooth(labels: Volume, truth: Volume) -> dict[str, list[str]]:
    """Topological errors of every reference tooth, by FDI number as text: "missed", "pieces", "tunnel", "void"."""
    boxes, found = tooth_boxes(truth.array), tooth_boxes(labels.array)
    result: dict[str, list[str]] = {}
    for fdi, box in boxes.items():
        if fdi not in found:
            result[str(fdi)] = ["missed"]
            continue
        have = betti_numbers(labels.array[found[fdi]] == fdi)
        want = betti_numbers(truth.array[box] == fdi)
        names = ("pieces", "tunnel", "void")
        result[str(fdi)] = [name for name, a, b in zip(names, have, want, strict=True) if a != b]
    return result


def score_case(case: Case, border: Model) -> dict[str, Any]:
    """{"alone": scores, "rules": scores, "seconds": of the library's path without its networks} of one scan."""
    border = Remembered(border)
    labels, count = alone(case, border)
    answer: dict[str, Any] = {}
    answer["alone"] = _scores(labels, case.truth) | {"pieces_of_core": count}
    start = time.process_time()
    try:
        segmentation = segment_volume(
            case.scan, RunOptions(threads=1), models={"numbering": case.numbering, "border": border}
        )
        labels = segmentation.labels
    except NoTeethError:
        labels = case.truth.with_array(np.zeros_like(case.truth.array))
    answer["seconds"] = time.process_time() - start
    answer["rules"] = _scores(labels, case.truth)
    return answer


def _scores(labels: Volume, truth: Volume) -> dict[str, Any]:
    scores = evaluate_pair(labels, truth)
    count = pieces(labels)
    return {key: scores[key] for key in KEPT} | {
        "pieces": count,
        "tca_pieces": float(count == scores["count_ref"]),
        "count_error": abs(count - scores["count_ref"]),
        "errors": errors_by_tooth(labels, truth),
        "teeth": {fdi: row["dice"] for fdi, row in scores["teeth"].items() if row["in_ref"]},
    }
