"""Held-out phantoms for measuring: one per validation patient, as a scan or as materials for a real reconstruction.

    python -m training make-evaluation-set CACHE OUT --kind scans      # NIfTI pairs, the fast scanner
    python -m training make-evaluation-set CACHE OUT --kind materials  # npz for `python -m training reconstruct`
    python -m training make-evaluation-set CACHE OUT --split train --count 2 --part 1/4

The last one draws two mouths per training patient, a quarter of them, for `python -m training calibrate`. The teeth
come from patients no training sample was made of (`--split validation`), and so do their roots (`root_donors`). Beside
a scan's labels lies what surrounds the teeth and what they are made of (`labelled_scans.STRUCTURES`).
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import torch

from DentalTopoSegLib.dentition import CLASS_FDI
from training.patients.anatomy import sample_patient
from training.patients.canvas import Grid
from training.patients.fast_scanner import acquire
from training.patients.labelled_scans import write_pair
from training.patients.material_maps import Rendered, render
from training.patients.materials import MATERIALS
from training.patients.parts import WHOLE, Part, parse_part
from training.patients.rooted_teeth import load_dentition
from training.patients.sampler import turn_head
from training.patients.variety import FULL, Variety, add_variety_argument

SPACING_MM = 0.4
FIELD_MM = (110.0, 104.0, 88.0)
"""Field of view (x, y, z): a usual two-jaw dental scan."""


def draw(models: list, donors: list, rng: np.random.Generator, variety: Variety = FULL) -> tuple[Rendered, np.ndarray]:
    """A held-out patient on the evaluation grid; also its origin (3,) RAS mm."""
    patient = sample_patient(models, donors, rng, variety)
    patient = turn_head(patient, rng.normal(0, np.deg2rad([6, 3, 4])))
    origin = patient.middle + [0.0, -16.0, 0.0] - np.array(FIELD_MM) / 2
    shape = tuple(round(size / SPACING_MM) for size in FIELD_MM[::-1])
    return render(patient, Grid(origin, SPACING_MM, shape), warp_mm=1.0), origin


def to_fdi(labels: torch.Tensor) -> np.ndarray:
    """Class indices (z, y, x) -> FDI numbers, uint8."""
    return np.array(CLASS_FDI, np.uint8)[labels.numpy()]


def write_scan(
    out: Path,
    name: str,
    drawn: Rendered,
    origin: np.ndarray,
    rng: np.random.Generator,
    variety: Variety = FULL,
) -> None:
    """A labelled scan as `labelled_scans` names it, grey values int16."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
    image = acquire(drawn.image, drawn.metal, SPACING_MM, generator, variety=variety)
    image = image.clamp(-32000, 32000).numpy().astype(np.int16)
    write_pair(out, name, image, to_fdi(drawn.labels), SPACING_MM, origin, drawn.structures.numpy())


def write_materials(out: Path, name: str, drawn: Rendered, origin: np.ndarray, rng: np.random.Generator) -> None:
    """`<name>.npz` as `reconstruction` reads it."""
    density = 1.0 + rng.normal(0, 0.06, len(MATERIALS))
    np.savez_compressed(
        out / f"{name}.npz",
        material=drawn.material.numpy(),
        labels=to_fdi(drawn.labels),
        structures=drawn.structures.numpy(),
        spacing_mm=SPACING_MM,
        origin_ras=origin,
        density=density.astype(np.float32),
    )


def jobs(files: list[Path], count: int, part: Part = WHOLE) -> list[tuple[int, int, str]]:
    """(patient's place in files, which of its mouths (from 0), phantom's name) of a part.

    The first draw of a patient is named `phantom_<patient>`, the others `phantom_<patient>_2` and so on."""
    names = [
        (number, mouth, f"phantom_{file.stem}" + (f"_{mouth + 1}" if mouth else ""))
        for mouth in range(count)
        for number, file in enumerate(files)
    ]
    return part.of(names)


def stream(seed: int, number: int, kind: str, split: str, mouth: int) -> np.random.Generator:
    """Random numbers of one phantom: different for every patient, draw, split and kind, whatever the parts.

    The first draw of the validation patients keeps the stream of published tables."""
    words = [seed, number, int(kind == "scans")]
    if split != "validation" or mouth:
        words += [mouth, 1 + (split == "train")]
    return np.random.default_rng(words)


def main(argv: list[str] | None = None) -> None:
    """Write the phantoms of one split's patients, one each unless --count says more."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--kind", choices=("scans", "materials"), default="scans")
    parser.add_argument("--split", choices=("train", "validation"), default="validation", help="whose teeth")
    parser.add_argument("--count", type=int, default=1, help="phantoms per patient")
    parser.add_argument("--part", type=parse_part, default=WHOLE, metavar="k/n", help="only part k of n")
    parser.add_argument("--seed", type=int, default=2026)
    add_variety_argument(parser)
    args = parser.parse_args(argv)
    if args.count < 1:
        parser.error(f"--count {args.count}: at least one phantom per patient")
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    files = sorted((args.cache / args.split).glob("*.npz"))
    if not files:
        parser.error(f"no dentitions in {args.cache / args.split}: run python -m training root-teeth first")
    donors = [load_dentition(f) for f in files]
    variety = FULL.without(*args.without)
    write = partial(write_scan, variety=variety) if args.kind == "scans" else write_materials
    for number, mouth, name in jobs(files, args.count, args.part):
        rng = stream(args.seed, number, args.kind, args.split, mouth)
        drawn, origin = draw(donors[number], donors, rng, variety)
        write(args.out, name, drawn, origin, rng)
        print(f"{name.removeprefix('phantom_')}: {len(torch.unique(drawn.labels)) - 1} teeth", flush=True)
