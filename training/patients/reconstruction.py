"""Cone-beam acquisition and reconstruction of labelled material phantoms, for evaluation only.

The fast scanner of the training samples paints its artefacts; here they arise from physics (`cone_beam`).

    python -m training reconstruct IN_DIR OUT_DIR --seed 0

reads every `*.npz` of IN_DIR and writes `<name>_image.nii.gz`, `<name>_labels.nii.gz` and `<name>_scanner.json` into
OUT_DIR. A phantom holds, on one RAS+ grid (axis order z, y, x):

- `material` (D, H, W) uint8, numbers of `materials.MATERIALS`;
- `labels` (D, H, W) uint8, FDI numbers;
- `structures` optional: (D, H, W) uint8, values of `dentition.structures`, written beside the labels;
- `spacing_mm` one number (isotropic);
- `density` optional: one number per material, or a (D, H, W) volume (texture), relative to `MATERIALS`;
- `origin_ras` optional: (R, A, S) mm of voxel (0, 0, 0); without it the grid is centred on 0.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from DentalTopoSegLib.errors import DentalTopoSegError, InputError
from training.patients.cone_beam import Scanner, draw_scanner, field_of_view, reconstruct, set_threads
from training.patients.labelled_scans import write_pair


class MaterialPhantom(NamedTuple):
    """One phantom: material and labels (D, H, W) uint8, mm, relative densities or None, origin (R, A, S) mm, structures
    (D, H, W) uint8 or None."""

    material: np.ndarray
    labels: np.ndarray
    spacing: float
    density: np.ndarray | None
    origin: np.ndarray
    structures: np.ndarray | None = None


def load_phantom(path: Path) -> MaterialPhantom:
    """The phantom in `path`.

    Raises
    ------
    InputError
        A field is missing or the volumes do not fit each other.
    """
    with np.load(path) as data:
        missing = {"material", "labels", "spacing_mm"} - set(data.files)
        if missing:
            raise InputError(f"{path} has no {', '.join(sorted(missing))}: write the phantom again.")
        material, labels = data["material"], data["labels"]
        spacing = float(np.ravel(data["spacing_mm"])[0])
        structures = data["structures"] if "structures" in data.files else None
        density = data["density"] if "density" in data.files else None
        middle = -0.5 * spacing * (np.array(material.shape[::-1], float) - 1)
        origin = np.asarray(data["origin_ras"], float) if "origin_ras" in data.files else middle
    others = [labels] if structures is None else [labels, structures]
    if material.ndim != 3 or any(material.shape != other.shape for other in others):
        shapes = " and ".join(str(other.shape) for other in others)
        raise InputError(f"{path}: material {material.shape} and labels {shapes} must be one 3D grid.")
    return MaterialPhantom(material, labels, spacing, density, origin, structures)


def reconstruct_file(path: Path, out: Path, seed: int, fov_mm: float | None = None) -> Scanner:
    """Scan the phantom in `path`; write image, labels and scanner settings into the folder `out`.

    The same seed and file name give the same scan. Labels outside the field of view are dropped.
    """
    phantom = load_phantom(path)
    rng = np.random.default_rng([seed, *path.stem.encode()])
    scanner = replace(draw_scanner(rng), fov_mm=fov_mm)
    grey = reconstruct(phantom.material, phantom.spacing, scanner, rng, phantom.density)
    seen = field_of_view(phantom.labels.shape, phantom.spacing, scanner)
    structures = None if phantom.structures is None else phantom.structures * seen
    labels = phantom.labels.astype(np.uint8) * seen
    write_pair(out, path.stem, grey, labels, phantom.spacing, phantom.origin, structures)
    (out / f"{path.stem}_scanner.json").write_text(json.dumps(asdict(scanner), indent=1) + "\n", encoding="utf-8")
    return scanner


def main(argv: list[str] | None = None) -> int:
    """Command line, see the module's text."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("in_dir", type=Path, help="folder of phantoms (*.npz)")
    parser.add_argument("out_dir", type=Path, help="folder for the scans")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fov-mm", type=float, help="diameter of a truncated field of view (default: all)")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(argv)
    try:
        phantoms = sorted(args.in_dir.glob("*.npz"))
        if not phantoms:
            raise InputError(f"{args.in_dir} holds no phantom (*.npz): name the folder they were written to.")
        set_threads(args.threads)
        for number, path in enumerate(phantoms, 1):
            start = time.perf_counter()
            scanner = reconstruct_file(path, args.out_dir, args.seed, args.fov_mm)
            seconds = time.perf_counter() - start
            beam = f"{scanner.kvp:.0f} kVp, {scanner.photons:.0f} photons"
            print(f"{number}/{len(phantoms)} {path.stem}: {beam}, {seconds:.0f} s", flush=True)
    except DentalTopoSegError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0
