"""Labelled, unlabelled and held-out phantoms for one table: the labels of the last two are hidden from the training.

The labelled scans come from a plain scanner that is painted (`fast_scanner`); the unlabelled and the held-out ones are
projected and reconstructed (`parallel_beam`), with motion and on a grey scale of their own: a style that no labelled
scan has. `labelled/`, `unlabelled/` (images only), `hidden/` (labels of the unlabelled, and copies of nothing else) and
`test/` hold files as `labelled_scans` names them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from DentalTopoSegLib.errors import InputError
from training.patients.anatomy import sample_patient
from training.patients.canvas import Grid
from training.patients.evaluation_sets import to_fdi
from training.patients.fast_scanner import acquire
from training.patients.labelled_scans import IMAGE, LABELS, write_pair
from training.patients.material_maps import render
from training.patients.rooted_teeth import ToothModel, load_dentition
from training.patients.sampler import turn_head
from training.patients.variety import FULL, Variety

FIELD_MM = (96.0, 112.0, 112.0)
"""Size (z, y, x) of a scan: both jaws, and square slices, as `parallel_beam` wants them."""
FOLDERS = ("labelled", "unlabelled", "test")


@dataclass(frozen=True)
class Style:
    """How scans of one kind look: projected or painted, what varies, and the exponent of the grey scale."""

    reconstructed: bool
    variety: Variety
    exponent: float


STYLES = {
    "labelled": Style(False, FULL.without("scanner", "fields"), 1.0),
    "unlabelled": Style(True, FULL.without("fields"), 0.7),
    "test": Style(True, FULL.without("fields"), 0.7),
}


@dataclass(frozen=True)
class Job:
    """A scan to draw: the folder it is for, whose teeth, which of the patient's mouths (from 0)."""

    folder: str
    file: Path
    mouth: int

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"phantom_{self.file.stem}" + (f"_{self.mouth + 1}" if self.mouth else "")


def jobs(cache: Path, plan: dict[str, Any]) -> list[Job]:
    """The scans of a plan. No patient is in two of the folders.

    Parameters
    ----------
    cache : Path
        Folder of rooted dentitions, as `root-teeth` writes it.
    plan : dict
        "seed"; "spacing_mm"; "patients": pattern of the training patients' names; "labelled": how many of them, by
        chance; the others stay unlabelled; "mouths": how many of each "unlabelled" and "test" patient; "limit",
        optional: the most patients of each folder.

    Raises
    ------
    InputError
        There are not enough dentitions.
    """
    files = sorted((cache / "train").glob(f"{plan['patients']}.npz"))
    held = sorted((cache / "validation").glob("*.npz"))
    if len(files) <= plan["labelled"] or not held:
        raise InputError(
            f"{cache} holds {len(files)} training and {len(held)} held-out dentitions, but {plan['labelled']} are to "
            "be labelled and some are to stay unlabelled and held out: run python -m training root-teeth first."
        )
    order = np.random.default_rng(plan["seed"]).permutation(len(files))
    drawn = [files[i] for i in order]
    sides = {"labelled": drawn[: plan["labelled"]], "unlabelled": drawn[plan["labelled"] :], "test": held}
    mouths = {"labelled": 1} | plan["mouths"]
    return [
        Job(folder, file, mouth)
        for folder in FOLDERS
        for mouth in range(mouths[folder])
        for file in sides[folder][: plan.get("limit")]
    ]


def draw_scan(
    models: list[ToothModel],
    donors: list[list[ToothModel]],
    rng: np.random.Generator,
    style: Style,
    spacing_mm: float,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A patient's scan.

    Parameters
    ----------
    models, donors : list
        The patient's teeth, and those of the patients that a tooth may be taken from.
    rng : numpy.random.Generator
        The only source of randomness.
    style : Style
        How it looks.
    spacing_mm : float
        Edge of a voxel.

    Returns
    -------
    image, labels : numpy.ndarray
        (z, y, x) along RAS+ axes: int16 grey values, uint8 FDI numbers.
    origin : numpy.ndarray
        (3,) RAS mm of voxel (0, 0, 0).
    """
    patient = sample_patient(models, donors, rng, style.variety)
    patient = turn_head(patient, rng.normal(0, np.deg2rad([6, 3, 4])))
    depth, height, width = (2 * round(side / spacing_mm / 2) for side in FIELD_MM)
    origin = patient.middle + [0.0, -16.0, 0.0] - np.array((width, height, depth)) * spacing_mm / 2
    drawn = render(patient, Grid(origin, spacing_mm, (depth, height, width)), warp_mm=1.0)
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    scan = acquire(
        drawn.image, drawn.metal, spacing_mm, generator, variety=style.variety, reconstructed=style.reconstructed
    ).numpy()
    return on_grey_scale(scan, style.exponent), to_fdi(drawn.labels), origin


def on_grey_scale(scan: np.ndarray, exponent: float) -> np.ndarray:
    """int16 grey values: of a scan's range between its 0.1 and 99.9 percentiles, 0 to 4000, the power `exponent`."""
    low, high = np.percentile(scan, (0.1, 99.9))
    share = np.clip((scan - low) / max(float(high - low), 1e-6), 0.0, 1.2)
    return (4000.0 * share**exponent).astype(np.int16)


def write_scan(job: Job, out: Path, plan: dict[str, Any], donors: Callable[[str], list]) -> None:
    """Draw one scan and write it where it belongs, the image last: where it is, all of the scan is."""
    split = "validation" if job.folder == "test" else "train"
    rng = np.random.default_rng([plan["seed"], FOLDERS.index(job.folder), job.mouth, *job.file.stem.encode()])
    spacing = plan["spacing_mm"]
    image, labels, origin = draw_scan(load_dentition(job.file), donors(split), rng, STYLES[job.folder], spacing)
    drawing = out / "drawing"
    write_pair(drawing, job.name, image, labels, spacing, origin)
    places = {LABELS: out / ("hidden" if job.folder == "unlabelled" else job.folder), IMAGE: out / job.folder}
    for end, folder in places.items():
        folder.mkdir(parents=True, exist_ok=True)
        os.replace(drawing / f"{job.name}{end}", folder / f"{job.name}{end}")


def make_scans(cache: Path, out: Path, plan: dict[str, Any], report: Callable[[str], None] = print) -> None:
    """Draw the scans of a plan that are not there yet, each the same whenever it is drawn."""
    todo = [job for job in jobs(cache, plan) if not (out / job.folder / f"{job.name}{IMAGE}").is_file()]
    known: dict[str, list] = {}

    def donors(split: str) -> list:
        if split not in known:
            pattern = plan["patients"] if split == "train" else "*"
            known[split] = [load_dentition(f) for f in sorted((cache / split).glob(f"{pattern}.npz"))]
        return known[split]

    for number, job in enumerate(todo, 1):
        write_scan(job, out, plan, donors)
        report(f"scan {number}/{len(todo)}: {job.folder}/{job.name}")
    if todo:
        (out / "drawing").rmdir()
