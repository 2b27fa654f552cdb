"""Training samples written to a rolling folder, read by the training while this runs.

    python -m training sample-patients CACHE OUT --task numbering --split train --keep 600

Each sample is two files that appear whole: `<id>_target.npy`, then `<id>_image.npy` (float16 grey values); what they
hold says `targets`. Sample number N of a seed is always the same sample (of `border` and `topology` too).
"""

from __future__ import annotations

import argparse
import contextlib
import os
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from training.patients.anatomy import Patient, sample_patient
from training.patients.canvas import Grid
from training.patients.fast_scanner import acquire
from training.patients.fields import FieldOfView, small_field
from training.patients.inner_anatomy import sample_inner
from training.patients.material_maps import render
from training.patients.parametric import make_parametric_sample
from training.patients.rooted_teeth import ToothModel, load_dentition
from training.patients.targets import SHAPES, SPACING, WHOLE_ARCH, finish
from training.patients.variety import FULL, Variety, add_variety_argument

SMALLEST_FIELD = 0.01
"""Share of a grid below which a field of view is not worth a sample."""

CUT_FIELD = 0.35
"""Share of a grid below which a sample is always cut to its field."""


def place_grid(task: str, patient: Patient, rng: np.random.Generator) -> np.ndarray:
    """RAS origin (3,) mm of a sample's grid: around the teeth, sometimes far from them."""
    shape, spacing = np.array(SHAPES[task][::-1]), SPACING[task]
    half = shape * spacing / 2
    if task == "canals":
        return _middle_of_a_canal(patient, rng) + rng.uniform(-1, 1, 3) * [6, 11, 9] - half
    if task in WHOLE_ARCH:
        if rng.random() < 0.12:  # a place with few teeth or none: skull, spine, sinus
            away = rng.normal(0, 1, 3) + [0, -0.8, 0.3]
            centre = patient.middle + away / np.linalg.norm(away) * rng.uniform(50, 120)
        else:
            centre = patient.middle + [0, -22, 0] + rng.uniform(-1, 1, 3) * [14, 22, 20]
        return centre - half
    teeth = [t for t in patient.teeth if t.present]
    if not teeth or rng.random() < 0.1:
        return patient.middle + rng.normal(0, [25, 25, 18]) - half
    tooth = teeth[int(rng.integers(len(teeth)))]
    return tooth.to_ras(np.array([0, 0, -4.0]))[0] + rng.uniform(-1, 1, 3) * half * 0.75 - half


def _middle_of_a_canal(patient: Patient, rng: np.random.Generator) -> np.ndarray:
    """RAS (3,) mm of the middle of the box round one side's mandibular canal; of the teeth where there is none."""
    canals = [tube for tube in sample_inner(patient).tubes if tube.structure.startswith("canal")]
    if not canals:
        return patient.middle
    line = canals[int(rng.integers(len(canals)))].line
    line = (line - patient.middle) @ patient.pose.T + patient.middle
    return 0.5 * (line.min(0) + line.max(0)) + [0, 0, 3.0]  # roots above tell more than what is under the jaw


def field_of_view(
    task: str, patient: Patient, grid: Grid, rng: np.random.Generator, variety: Variety = FULL
) -> FieldOfView | None:
    """Random field of view in a sample's grid; None for everything.

    A small field stands around a tooth; the others are cylinders and slabs as large as the grid.
    """
    if task not in WHOLE_ARCH and rng.random() >= (0.35 if variety.fields else 0.2):
        return None
    if rng.random() < 0.45:
        return None
    size = np.array(grid.shape) * grid.spacing
    if variety.fields and rng.random() < 0.45:
        field = small_field(_place_of_a_tooth(patient, grid, rng), float(size[1:].max()), rng)
    else:
        cy, cx, radius, low, high = 0.0, 0.0, np.inf, -np.inf, np.inf
        if rng.random() < 0.6:
            cy, cx = rng.uniform(0.3, 0.7, 2) * size[1:]
            radius = rng.uniform(0.35, 0.8) * min(size[1:])
        if rng.random() < 0.5:
            low = rng.uniform(0, 0.45) * size[0] if rng.random() < 0.6 else -np.inf
            high = size[0] - rng.uniform(0, 0.45) * size[0] if rng.random() < 0.6 else np.inf
        field = FieldOfView((float(cy), float(cx)), float(radius), float(low), float(high))
    inside = field.mask(grid.shape, grid.spacing)
    return field if float(inside.float().mean()) > SMALLEST_FIELD else None


def _place_of_a_tooth(patient: Patient, grid: Grid, rng: np.random.Generator) -> np.ndarray:
    """(3,) mm z, y, x from the grid's corner: the neck of a random tooth that lies in the grid, else its middle."""
    size = np.array(grid.shape) * grid.spacing
    necks = [tooth.to_ras(np.array([0.0, 0.0, -8.0]))[0] for tooth in patient.teeth if tooth.present]
    if not necks:
        return size / 2
    places = (np.array(necks) - patient.middle) @ patient.pose.T + patient.middle
    places = (places - grid.origin + grid.spacing / 2)[:, ::-1]
    places = places[((places > 0) & (places < size)).all(1)]
    return places[int(rng.integers(len(places)))] if len(places) else size / 2


def make_sample(
    task: str,
    dentitions: list[list[ToothModel]],
    rng: np.random.Generator,
    variety: Variety = FULL,
    reconstructed: float = 0.0,
    device: str = "cpu",
) -> tuple[np.ndarray, np.ndarray]:
    """One (image float16, target uint8) pair of a task, drawn on `device`: all randomness is the CPU's.

    `reconstructed`: how often by projections.
    """
    models = dentitions[int(rng.integers(len(dentitions)))]
    patient = sample_patient(models, dentitions, rng, variety)
    shape, spacing = SHAPES[task], SPACING[task]
    tilt = rng.normal(0, np.deg2rad([9, 5, 7]))
    patient = turn_head(patient, tilt)
    grid = Grid(place_grid(task, patient, rng), spacing, shape)
    drawn = render(patient, grid, rng.uniform(0.3, 2.0), device)
    field = field_of_view(task, patient, grid, rng, variety)
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    projected = reconstructed > 0 and rng.random() < reconstructed
    scan = acquire(drawn.image, drawn.metal, spacing, generator, field, variety, projected)
    if field is None:
        return finish(task, drawn, scan, None)
    inside = field.mask(shape, spacing)
    image, target = finish(task, drawn, scan, inside)
    # The file of a small field holds nothing else; and the grey values' statistics should not be those of the outside.
    if variety.fields and (float(inside.float().mean()) < CUT_FIELD or rng.random() < 0.5):
        box = field.box(shape, spacing)
        stride = shape[0] // target.shape[-3]
        image = image[box]
        target = target[(..., *(slice(b.start // stride, b.stop // stride) for b in box))]
    return np.ascontiguousarray(image), np.ascontiguousarray(target)


def turn_head(patient: Patient, tilt: np.ndarray) -> Patient:
    """Rotate a patient about the middle of the teeth by a rotation vector (3,) rad (head pose)."""
    turn = Rotation.from_rotvec(tilt).as_matrix()
    return replace(patient, pose=turn)


def write_sample(folder: Path, name: str, image: np.ndarray, target: np.ndarray) -> None:
    """Both files whole or not at all; the image last, so that a reader that sees it has the target too.

    Of a sample of that name the image goes first: a reader between the two never takes them for a pair.
    """
    (folder / f"{name}_image.npy").unlink(missing_ok=True)
    for kind, array in (("target", target), ("image", image)):
        temporary = folder / f".{name}_{kind}.tmp"
        with temporary.open("wb") as file:
            np.save(file, array)
        temporary.rename(folder / f"{name}_{kind}.npy")


def trim(folder: Path, keep: int) -> None:
    """Delete the oldest samples beyond `keep`; several processes may do so at once."""
    ages = {}
    for image in folder.glob("*_image.npy"):
        with contextlib.suppress(FileNotFoundError):  # another process has just deleted it
            ages[image] = image.stat().st_mtime
    for image in sorted(ages, key=ages.__getitem__)[: max(0, len(ages) - keep)]:
        image.unlink(missing_ok=True)
        image.with_name(image.name.replace("_image", "_target")).unlink(missing_ok=True)


def main(argv: list[str] | None = None) -> None:
    """Write samples until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--task", choices=sorted(SHAPES), required=True)
    parser.add_argument("--split", default="train")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--count", type=int, default=10**9)
    parser.add_argument("--keep", type=int, default=10**9)
    parser.add_argument("--parametric", type=float, default=0.0, help="share of library phantoms in the mix")
    parser.add_argument("--reconstructed", type=float, default=0.0, help="share that is projected and reconstructed")
    parser.add_argument("--device", default="cpu", help="where torch draws: cpu or cuda")
    add_variety_argument(parser)
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    dentitions = [load_dentition(f) for f in sorted((args.cache / args.split).glob("*.npz"))]
    if not dentitions:
        parser.error(f"no dentitions in {args.cache / args.split}: run python -m training root-teeth first")
    variety = FULL.without(*args.without)
    start = time.time()
    for number in range(args.first, args.first + args.count * args.stride, args.stride):
        name = f"{args.seed:03d}_{number:06d}"
        rng = np.random.default_rng([args.seed, number])
        if rng.random() < args.parametric:
            image, target = make_parametric_sample(args.task, rng, variety)
        else:
            image, target = make_sample(args.task, dentitions, rng, variety, args.reconstructed, args.device)
        write_sample(args.out, name, image, target)
        trim(args.out, args.keep)
        done = (number - args.first) // args.stride + 1
        if done % 20 == 0:
            print(f"{done} samples, {(time.time() - start) / done:.1f} s each, pid {os.getpid()}", flush=True)
